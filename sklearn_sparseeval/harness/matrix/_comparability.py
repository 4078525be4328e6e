"""Which results can stand in one matrix: of one harness and setting, on the same items."""

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval._errors import ResultsError, warn
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval.harness.matrix._chosen_scores import ChosenScores
from sklearn_sparseeval.harness.matrix._epochs import Cells
from sklearn_sparseeval.harness.table._coded_table import Texts, occurring


class _Variant(NamedTuple):
    """A text that is recorded for a task, and for how many models."""

    text: str
    n_models: int
    model: str
    """The first of them."""


def harness_by_task(scores: ChosenScores) -> dict[str, str]:
    """Look up which harness each task was run with.

    Parameters
    ----------
    scores : ChosenScores
        The chosen rows.

    Returns
    -------
    harnesses : dict of str to str
        The harness of each task; "" = not recorded.

    Raises
    ------
    ResultsError
        If a task was run with two: they number items, prompt and score in different ways.
    """
    by_task = _variants(scores, scores.table.harness)
    for task, variants in by_task.items():
        if len(variants) > 1:
            first, second = variants[:2]
            raise ResultsError(
                f"Task {task!r} comes from two harnesses: {first.text} (model {first.model!r}) "
                f"and {second.text} (model {second.model!r}). They number items, prompt and score "
                "in different ways, so such results cannot stand in one matrix. Give the results "
                "of one of them, or rename the task of the other."
            )
    return {task: variants[0].text if variants else "" for task, variants in by_task.items()}


def setting_by_task(scores: ChosenScores, mixed_settings: str) -> dict[str, str]:
    """Look up the setting that each task was run in.

    Parameters
    ----------
    scores : ChosenScores
        The chosen rows.
    mixed_settings : {"raise", "warn"}
        What to do if there are several.

    Returns
    -------
    settings : dict of str to str
        The setting of each task, where there are several that of most models; "" = not recorded.

    Raises
    ------
    ResultsError
        If a task was run in several and `mixed_settings` says so.

    Warns
    -----
    ResultsWarning
        If not.
    """
    by_task = _variants(scores, scores.table.setting)
    mixed = {task: variants for task, variants in by_task.items() if len(variants) > 1}
    if mixed:
        task, (first, second, *others) = next(iter(mixed.items()))
        more = f" (and {len(others)} more settings)" if others else ""
        message = (
            f"{len(mixed)} task(s) were run in several settings, such as {task!r}: "
            f"{first.text!r} for {first.n_models} model(s), such as {first.model!r}, and "
            f"{second.text!r} for {second.n_models}, such as {second.model!r}{more}."
        )
        if mixed_settings == "raise":
            raise ResultsError(
                f"{message} Their scores do not mean the same. Give the results of one setting, "
                "for example results[results['setting'] != ...], or pass mixed_settings='warn' "
                "(--mixed-settings warn) to keep all."
            )
        warn(Note("other-settings", f"{message} All are kept.", where=task, count=len(mixed)))
    return {task: variants[0].text if variants else "" for task, variants in by_task.items()}


def refuse_other_contents(scores: ChosenScores) -> None:
    """Refuse models that were evaluated on different contents of one item.

    Items whose content is recorded for some of the models only are compared among these.

    Parameters
    ----------
    scores : ChosenScores
        The chosen rows.

    Raises
    ------
    ResultsError
        If there are such.
    """
    content = scores.table.fingerprints("content_hash")[scores.rows]
    recorded = content != 0
    of_item = np.zeros(len(scores.items.task), dtype=np.uint64)
    of_item[scores.item[recorded]] = content[recorded]
    differs = recorded & (content != of_item[scores.item])
    if not differs.any():
        return
    item = int(scores.item[differs].min())
    at = np.flatnonzero(recorded & (scores.item == item))
    counts = Counter(content[at].tolist())
    usual = max(counts, key=lambda one: (counts[one], one))
    model, task, name, source = scores.describe(at[content[at] == usual][0])
    other_model, *_, other_source = scores.describe(at[content[at] != usual][0])
    same_task = scores.items.task == scores.items.task[item]
    n_items = len(np.unique(scores.item[differs & same_task[scores.item]]))
    raise ResultsError(
        f"Item {name!r} of task {task!r} is not the same for all models: its content for model "
        f"{other_model!r} ({other_source}) is another than for model {model!r} ({source}); so it "
        f"is for {n_items} of the task's {np.count_nonzero(same_task)} items. They were run on "
        "different versions of the data set, or a list given to lm-eval's --samples was not "
        "sorted, which makes its item numbers wrong. Leave out the results that differ, or choose "
        "other tasks (tasks=, --tasks)."
    )


def _variants(scores: ChosenScores, column: Texts) -> dict[str, list[_Variant]]:
    """Count models by the texts recorded for each task, the most frequent first; "" is left out."""
    n_texts, n_models = len(column.texts), len(scores.models)
    triples = scores.task() * n_texts
    triples += column.codes[scores.rows]
    triples *= n_models
    triples += scores.model
    size = len(scores.table.task.texts) * n_texts * n_models
    models_of: dict[str, dict[str, list[int]]] = {}
    for triple in occurring(triples, size).tolist():
        pair, model = divmod(triple, n_models)
        task, text = divmod(pair, n_texts)
        own = models_of.setdefault(scores.table.task.texts[task], {})
        if column.texts[text]:
            own.setdefault(column.texts[text], []).append(model)
    return {
        task: [
            _Variant(text, len(models), scores.models[models[0]])
            for text, models in sorted(own.items(), key=lambda one: (-len(one[1]), one[0]))
        ]
        for task, own in sorted(models_of.items())
    }


def warn_of_scales(scores: NDArray[np.float64], task: ArrayLike) -> None:
    """Warn if some tasks have scores from 0 to 1, and others go far beyond.

    Parameters
    ----------
    scores : ndarray of shape (n_models, n_items)
        The score matrix; NaN = not evaluated.
    task : array-like of shape (n_items,)
        The task of each item.

    Warns
    -----
    ResultsWarning
        If so, with a task of each kind.
    """
    tasks, of_item = np.unique(np.asarray(task, dtype=str), return_inverse=True)
    largest = np.zeros(len(tasks))
    np.maximum.at(largest, of_item, np.nan_to_num(np.abs(scores)).max(axis=0, initial=0.0))
    fractions, others = np.flatnonzero(largest <= 1), np.flatnonzero(largest > 1)
    if not len(fractions) or not len(others):
        return
    widest = others[np.argmax(largest[others])]
    warn(
        Note(
            "other-scale",
            f"{len(fractions)} task(s) have scores up to 1, such as {str(tasks[fractions[0]])!r}, "
            "and "
            f"{len(others)} go beyond, such as {str(tasks[widest])!r} up to {largest[widest]:g}: "
            "the "
            "overall score is mostly that of the latter. Leave tasks out (--tasks), choose other "
            "metrics (--metric), or divide the table's column 'value'.",
            where=str(tasks[widest]),
        )
    )


def models_to_keep(
    cells: Cells, models: list[str], n_items: int, min_coverage: float | None
) -> NDArray[np.bool_]:
    """Leave out models without a score, and those with too few.

    Parameters
    ----------
    cells : Cells
        The recorded scores.
    models : list of str
        Names of the models.
    n_items : int
        Number of items, scored or not.
    min_coverage : float or None
        The least share of the items that any model has a score on.

    Returns
    -------
    keep : ndarray of shape (n_models,)
        Which of the models to keep.

    Raises
    ------
    ResultsError
        If none is left.

    Warns
    -----
    ResultsWarning
        If some are left out.
    """
    scored = ~np.isnan(cells.value)
    n_scored = np.bincount(cells.model[scored], minlength=len(models))
    n_known = int(np.count_nonzero(np.bincount(cells.item[scored], minlength=n_items)))
    if not n_known:
        raise ResultsError(
            "None of the chosen results is a score: all of them are NaN. Choose another metric or "
            "other tasks."
        )
    keep = n_scored > 0
    if not keep.all():
        without = _names(models, ~keep)
        warn(
            Note(
                "models-left-out",
                f"{len(without)} of {len(models)} models were left out, since they have no score "
                "on "
                f"the chosen tasks: {listing(without)}.",
                count=len(without),
            )
        )
    if min_coverage is not None:
        keep &= _is_covered(n_scored, n_known, models, keep, min_coverage)
    return keep


def items_to_keep(
    cells: Cells, models: list[str], names: list[str], tasks: list[str], alignment: str
) -> NDArray[np.bool_]:
    """Leave out items that some of the models, or all of them, have no score on.

    Parameters
    ----------
    cells : Cells
        The recorded scores of the models that are kept.
    models : list of str
        Their names.
    names : list of str
        Names of the items.
    tasks : list of str
        Task of each item.
    alignment : {"common", "all"}
        "common" keeps the items that all models have a score on; "all" those that any has.

    Returns
    -------
    keep : ndarray of shape (n_items,)
        Which of the items to keep.

    Raises
    ------
    ResultsError
        If none is left.

    Warns
    -----
    ResultsWarning
        If some are left out.
    """
    scored = ~np.isnan(cells.value)
    n_models_of = np.bincount(cells.item[scored], minlength=len(tasks))
    known = n_models_of > 0
    if not known.all():
        warn(
            Note(
                "items-left-out",
                f"{np.count_nonzero(~known)} of {len(names)} items were left out, since no model "
                "has "
                f"a score on them: {listing(_names(names, ~known))}.",
                count=int(np.count_nonzero(~known)),
            )
        )
    if alignment == "all":
        return known
    common: NDArray[np.bool_] = n_models_of == len(models)
    n_lost = int(np.count_nonzero(known & ~common))
    if n_lost:
        n_scored = np.bincount(cells.model[scored], minlength=len(models))
        lacking = _lacking(n_scored, int(np.count_nonzero(known)), models)
        if not common.any():
            raise _none_left(n_lost, lacking, len(models))
        lost_tasks = sorted(set(_names(tasks, known)) - set(_names(tasks, common)))
        whole = f" All items of {listing(lost_tasks)} are among them." if lost_tasks else ""
        warn(
            Note(
                "items-not-common",
                f"{n_lost} of {np.count_nonzero(known)} items were left out, since not all models "
                "have "
                f"a score on them: {lacking}.{whole} {_ADVICE}",
                count=n_lost,
            )
        )
    return common


_ADVICE = (
    "To leave out models that lack many items instead, pass min_coverage=0.9 "
    "(--min-coverage 0.9); to keep all items, alignment='all' (--alignment all)."
)


def _names(names: list[str], keep: NDArray[np.bool_]) -> list[str]:
    return [name for name, kept in zip(names, keep.tolist(), strict=True) if kept]


def _is_covered(
    n_scored: NDArray[np.int64],
    n_items: int,
    models: list[str],
    candidates: NDArray[np.bool_],
    min_coverage: float,
) -> NDArray[np.bool_]:
    share = n_scored / n_items
    covered: NDArray[np.bool_] = share >= min_coverage
    few = candidates & ~covered
    if not few.any():
        return covered
    if not (candidates & covered).any():
        best = int(np.argmax(share))
        raise ResultsError(
            f"No model has a score on {min_coverage:.4g} of the {n_items} items: {models[best]!r} "
            f"has the most, {n_scored[best]} ({share[best]:.4g}). Lower min_coverage "
            "(--min-coverage), or choose fewer tasks."
        )
    shown = np.flatnonzero(few)[:5]
    named = ", ".join(f"{models[model]!r} ({n_scored[model]})" for model in shown)
    n_few = int(np.count_nonzero(few))
    more = f" and {n_few - 5} more" if n_few > 5 else ""
    warn(
        Note(
            "models-left-out",
            f"{n_few} of {len(models)} models were left out, since they have scores on less than "
            f"{min_coverage:.4g} of the {n_items} items: {named}{more}.",
            count=n_few,
        )
    )
    return covered


def _lacking(n_scored: NDArray[np.int64], n_items: int, models: list[str]) -> str:
    """Name the models that lack the most items."""
    order = np.argsort(n_scored, kind="stable")
    order = order[n_scored[order] < n_items]
    texts = [f"model {models[model]!r} lacks {n_items - n_scored[model]}" for model in order[:3]]
    more = f" and {len(order) - 3} more models lack some" if len(order) > 3 else ""
    return ", ".join(texts) + more


def _none_left(n_items: int, lacking: str, n_models: int) -> ResultsError:
    return ResultsError(
        f"None of the {n_items} items has a score of all {n_models} models: {lacking}. Choose the "
        f"tasks that all models were evaluated on (tasks=, --tasks). {_ADVICE}"
    )
