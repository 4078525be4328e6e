"""From the long table of results to a score matrix."""

from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from sklearn_sparseeval._errors import warn
from sklearn_sparseeval._notes import Note, noted
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval._sklearn import Interval, StrOptions, check_parameters
from sklearn_sparseeval.harness.matrix._chosen_scores import ChosenScores, chosen_scores, item_names
from sklearn_sparseeval.harness.matrix._comparability import (
    harness_by_task,
    items_to_keep,
    models_to_keep,
    refuse_other_contents,
    setting_by_task,
    warn_of_scales,
)
from sklearn_sparseeval.harness.matrix._duplicates import without_duplicates
from sklearn_sparseeval.harness.matrix._epochs import Cells, one_score_each, rows_of_epochs
from sklearn_sparseeval.harness.matrix._item_table import TaskFacts, item_table, item_weights
from sklearn_sparseeval.harness.matrix._metric_choice import choose, warn_of_other_metrics
from sklearn_sparseeval.harness.table._coded_table import coded_table
from sklearn_sparseeval.score_matrix import ScoreMatrix

if TYPE_CHECKING:
    from pandas import DataFrame


@check_parameters(
    tasks=[str, Iterable, None],
    metric=[str, Mapping, None],
    filter=[str, Mapping, None],
    epochs=[StrOptions({"mean", "first"}), Interval(Integral, 1, None, closed="left")],
    duplicates=[StrOptions({"newest", "error"})],
    alignment=[StrOptions({"common", "all"})],
    min_coverage=[Interval(Real, 0, 1, closed="right"), None],
    weights=[StrOptions({"item", "task", "group"}), Mapping, "array-like"],
    mixed_settings=[StrOptions({"raise", "warn"})],
)
def to_score_matrix(
    results: "DataFrame",
    *,
    tasks: str | Iterable[str] | None = None,
    metric: str | Mapping[str, str] | None = None,
    filter: str | Mapping[str, str] | None = None,
    epochs: Literal["mean", "first"] | int = "mean",
    duplicates: Literal["newest", "error"] = "newest",
    alignment: Literal["common", "all"] = "common",
    min_coverage: float | None = None,
    weights: str | Mapping[str, float] | ArrayLike = "item",
    mixed_settings: Literal["raise", "warn"] = "raise",
) -> ScoreMatrix:
    r"""Make a score matrix of the long table, one number per model and item.

    Each step that leaves something out or decides something is counted in a warning; what cannot
    be decided is an error that says what there is to choose from.

    Parameters
    ----------
    results : pandas.DataFrame or polars.DataFrame
        The long table, as :func:`read_results` makes it: one row per model, task, item, metric,
        filter and epoch. Of a table from elsewhere only ``model``, ``task``, ``item``, ``metric``
        and ``value`` (float; NaN = not scored) are needed. It is not modified.

    tasks : str or iterable of str, default=None
        Which tasks: their names, or globs such as ``"mmlu_*"``. None takes all.

    metric : str or mapping of str to str, default=None
        Which metric: one name for all tasks, or globs of tasks and the name for each; a task's own
        name goes before globs, and of those the first that matches counts. None, and tasks without
        a match, take the only one, else the first that there is of ``acc_norm``, ``acc``,
        ``final_number_exact_match``, ``math_equiv_chain_of_thought``, ``exact_match``, ``score``,
        ``accuracy``, ``correct``, ``hit``, ``quasi_exact_match``, ``extractive_match``,
        ``pass@1``, ``prompt_level_strict_acc``.

    filter : str or mapping of str to str, default=None
        Which filter (the way the answer is taken from the model's text, where a harness has
        several), in the same form. None takes the only one; several are never averaged, nor
        is one of them taken by itself.

    epochs : {"mean", "first"} or int, default="mean"
        What to do with repeats: average those that are scored, take the one of the lowest number,
        or take that of a number from 1.

    duplicates : {"newest", "error"}, default="newest"
        What to do where several runs of a model hold the same item of a task. "newest" takes whole
        runs: the newest that holds all items which the model has on the task, whatever the number
        of its epochs. A later run of a few items, such as anchors, does not replace a part of it.
        Where no run holds all, each item's score is that of the newest run that holds it. A score
        goes before NaN. Epochs of several runs are never averaged.

    alignment : {"common", "all"}, default="common"
        Which items: those that every model has a score on, or all, NaN where a model was not
        evaluated.

    min_coverage : float in (0, 1], default=None
        Leave out models that have a score on a smaller share of the items, before the items are
        aligned. None keeps all that have any.

    weights : {"item", "task", "group"}, mapping, Series or array-like, default="item"
        How much each item counts in the overall score. "item" counts all items alike (micro
        average); "task" all tasks alike; "group" all groups alike, the tasks of a group and the
        items of a task alike. A mapping of str to float gives the total weight of each task or
        group, which its items share alike. A Series gives the weight of each item by its name, an
        array of shape (n_items,) in the order of the matrix.

    mixed_settings : {"raise", "warn"}, default="raise"
        What to do if models were run on a task in different settings, such as other versions of
        the task or other numbers of shots: refuse, or keep all.

    Returns
    -------
    matrix : ScoreMatrix
        Models by name; tasks, and the items within each, in natural order ("2" before "10"),
        whatever the order of rows and files. An item is called by its task, a colon and its name.
        The weights of the items sum to 1.

    Raises
    ------
    ResultsError
        If the table is not as expected, a name or glob fits nothing, several metrics or filters
        are left, a file contradicts itself, runs of different results are of one date, models
        were run on other contents of an item, in other settings or by other harnesses, or no
        model or item is left.

    Warns
    -----
    ResultsWarning
        If models, items or rows are left out, or tasks are on different scales.

    See Also
    --------
    read_results : Makes the long table.
    sklearn_sparseeval.ScoreMatrix : What is returned.

    Notes
    -----
    With the weights :math:`w_i`, the overall score of model :math:`m` on its evaluated items
    :math:`E_m` is

    .. math::

        y_m = \frac{\sum_{i \in E_m} w_i x_{mi}}{\sum_{i \in E_m} w_i}.

    With alignment "all" the models' scores are therefore about different items.

    What a file says of a model and a task is of one run. Files of one date and one setting are one
    run too, in which their items and epochs complete each other, unless their scores contradict
    each other; so are files without a date.

    Contents are compared by their fingerprints where the harness wrote them; items of which it
    wrote none are taken to be the same if task and item are.

    Harnesses differ in their own averages of the same results: for MMLU lm-evaluation-harness
    weighs items alike (``weights="item"``), lighteval and OpenCompass subjects (``"task"``).

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_sparseeval.harness import to_score_matrix
    >>> results = pd.DataFrame(
    ...     [
    ...         ("acme/one", "arc", "0", "acc", 1.0),
    ...         ("acme/one", "arc", "1", "acc", 0.0),
    ...         ("acme/one", "gsm8k", "0", "exact_match", 1.0),
    ...         ("acme/two", "arc", "0", "acc", 0.0),
    ...         ("acme/two", "arc", "1", "acc", 0.0),
    ...         ("acme/two", "gsm8k", "0", "exact_match", 1.0),
    ...     ],
    ...     columns=["model", "task", "item", "metric", "value"],
    ... )
    >>> matrix = to_score_matrix(results, weights="task")
    >>> matrix.data
              arc:0  arc:1  gsm8k:0
    acme/one    1.0    0.0      1.0
    acme/two    0.0    0.0      1.0
    >>> matrix.targets
              overall  arc  gsm8k
    acme/one     0.75  0.5    1.0
    acme/two     0.50  0.0    1.0
    """
    notes: list[Note] = []
    try:
        with noted(notes):
            table = coded_table(results)
            choice = choose(table, tasks, metric, filter)
            rows = choice.rows(table)
            warn_of_other_metrics(table, choice, rows)
            scores = chosen_scores(table, rows_of_epochs(table, rows, epochs))
            scores, cells = one_score_each(without_duplicates(scores, duplicates), epochs)
            scores, cells = _kept_models(scores, cells, min_coverage)
            harnesses = harness_by_task(scores)
            settings = setting_by_task(scores, mixed_settings)
            refuse_other_contents(scores)
            names = item_names(table, scores.items)
            task_of_item = [table.task.texts[code] for code in scores.items.task]
            keep = items_to_keep(cells, scores.models, names, task_of_item, alignment)
            items = item_table(scores, cells, names, keep, TaskFacts(choice, settings, harnesses))
            items["weight"] = item_weights(weights, items)
            data = _pivot(cells, scores.models, items.index, keep)
            warn_of_scales(data.to_numpy(), items["task"])
    finally:
        for note in notes:
            warn(note)
    return ScoreMatrix(data, items, notes=notes)


def _kept_models(
    scores: ChosenScores, cells: Cells, min_coverage: float | None
) -> tuple[ChosenScores, Cells]:
    keep = models_to_keep(cells, scores.models, len(scores.items.task), min_coverage)
    if keep.all():
        return scores, cells
    cells = cells.where(keep[cells.model])
    place = np.cumsum(keep, dtype=np.int32) - np.int32(1)
    return scores.without_models(keep), cells._replace(model=place[cells.model])


def _pivot(cells: Cells, models: list[str], names: Any, keep: Any) -> "DataFrame":
    """Lay the cells out, one row per model and one column per item that is kept."""
    pd = import_pandas()
    place = np.cumsum(keep) - 1
    inside = keep[cells.item]
    data = np.full((len(models), len(names)), np.nan)
    data[cells.model[inside], place[cells.item[inside]]] = cells.value[inside]
    frame: DataFrame = pd.DataFrame(
        data, index=pd.Index(models), columns=names.rename(None), copy=False
    )
    return frame
