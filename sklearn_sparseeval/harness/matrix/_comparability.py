"""Whether the results of a task can stand in one matrix: one harness, one setting, same items."""

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval._errors import ResultsError, warn
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval.harness.matrix._chosen_scores import ChosenScores
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
    """Count models by the texts recorded for each task, the most frequent first; "" is none."""
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
