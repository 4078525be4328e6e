"""One row per model, item and epoch: what several runs of a model, or one file, say twice."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.harness._errors import ResultsError
from sklearn_sparseeval.harness._wording import warn
from sklearn_sparseeval.harness.matrix._chosen_scores import ChosenScores
from sklearn_sparseeval.harness.matrix._integer_codes import compact, occurring


class _Repeated(NamedTuple):
    """The rows that are not the only one of their model, item and epoch."""

    at: NDArray[np.intp]
    """Their positions among the scores."""
    cell: NDArray[np.int64]
    """Number of their model, item and epoch; ascending."""
    source: NDArray[np.int64]
    """Rank of the file's path."""
    date: NDArray[np.int64]
    """Rank of the run's date."""
    undated: NDArray[np.bool_]
    partial: NDArray[np.bool_]
    """Whether the run lacks items, or epochs, that the model has on the task."""
    value: NDArray[np.float64]
    content: NDArray[np.uint64]


def without_duplicates(scores: ChosenScores, duplicates: str) -> ChosenScores:
    """Keep one row per model, item and epoch.

    Of several runs of a model on a task the newest that holds all items of the task counts; where
    none does, each item's score is that of the newest run that holds it. A score goes before NaN.

    Parameters
    ----------
    scores : ChosenScores
        The chosen rows.
    duplicates : {"newest", "error"}
        What to do where there are several.

    Returns
    -------
    scores : ChosenScores
        One row each.

    Raises
    ------
    ResultsError
        If one file contradicts itself, runs contradict each other and none is the newest, or
        `duplicates` says so.

    Warns
    -----
    ResultsWarning
        With the number of rows that were left out.
    """
    first = scores.starts_cell()
    epoch = scores.table.epoch[scores.rows]
    first[1:] |= epoch[1:] != epoch[:-1]
    if first.all():
        return scores
    repeated = _repeated(scores, first)
    _refuse_contradictions(scores, repeated)
    if duplicates == "error":
        raise _recorded_twice(scores, repeated)
    keep = np.ones(len(first), dtype=bool)
    keep[repeated.at] = False
    keep[_kept_of_each(scores, repeated)] = True
    return scores.where(keep)


def _repeated(scores: ChosenScores, first: NDArray[np.bool_]) -> _Repeated:
    repeated = ~first
    repeated[:-1] |= ~first[1:]
    at = np.flatnonzero(repeated)
    rows, table = scores.rows[at], scores.table
    date = table.date.codes[rows]
    return _Repeated(
        at=at,
        cell=np.cumsum(first, dtype=np.int64)[at],
        source=table.source.ranks()[table.source.codes[rows]],
        date=table.date.ranks()[date],
        undated=np.array([not text for text in table.date.texts])[date],
        partial=_is_of_partial_run(scores, first, at),
        value=table.value[rows].astype(np.float64),
        content=table.fingerprints("content_hash")[rows],
    )


def _is_of_partial_run(
    scores: ChosenScores, first: NDArray[np.bool_], repeated_at: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Tell which of some rows are of a run that lacks cells which the model has on the task."""
    table = scores.table
    n_tasks, n_sources = len(table.task.texts), len(table.source.texts)
    size = len(scores.models) * n_tasks
    on_task = scores.model.astype(np.int64) * n_tasks + scores.task()  # a model on a task
    n_cells = np.bincount(on_task[first], minlength=size)
    concerned = np.zeros(size, dtype=bool)
    concerned[on_task[repeated_at]] = True
    at = np.flatnonzero(concerned[on_task])
    source = table.source.codes[scores.rows[at]]
    run, runs = compact(on_task[at] * n_sources + source, size * n_sources)
    cell, n_all_cells = np.cumsum(first)[at] - 1, int(np.count_nonzero(first))
    held = occurring(run.astype(np.int64) * n_all_cells + cell, len(runs) * n_all_cells)
    n_held = np.bincount(held // n_all_cells, minlength=len(runs))
    is_partial: NDArray[np.bool_] = n_held < n_cells[runs // n_sources]
    return is_partial[run[np.searchsorted(at, repeated_at)]]


def _refuse_contradictions(scores: ChosenScores, repeated: _Repeated) -> None:
    """Refuse a file that says two things of one item."""
    order = np.lexsort((repeated.value, repeated.content, repeated.source, repeated.cell))
    before, after = order[:-1], order[1:]
    cell, source, content = repeated.cell, repeated.source, repeated.content
    same_file = (cell[before] == cell[after]) & (source[before] == source[after])
    other_content = same_file & (content[before] != content[after]) & (content[before] != 0)
    other_value = same_file & ~_equal(repeated.value[before], repeated.value[after])
    if other_content.any():
        place = int(np.argmax(other_content))
        found = "rows about different contents"
        hint = (
            "So its item numbers are wrong: lm-eval writes wrong ones where the list that was "
            "given to --samples is not sorted, or names an item twice."
        )
    elif other_value.any():
        place = int(np.argmax(other_value))
        values = repeated.value[[before[place], after[place]]]
        found = f"scores {values[0]:g} and {values[1]:g}"
        hint = "Is it the log of several runs, or are its item numbers wrong?"
    else:
        return
    model, task, item, path = scores.describe(repeated.at[after[place]])
    raise ResultsError(
        f"{path or 'The table'} holds {found} for item {item!r} of task {task!r} (model "
        f"{model!r}). {hint} Leave it out, or evaluate again."
    )


def _kept_of_each(scores: ChosenScores, repeated: _Repeated) -> NDArray[np.intp]:
    """Choose a row of each cell, and say what became of the others."""
    rows, table, cell = scores.rows[repeated.at], scores.table, repeated.cell
    order = np.lexsort(
        (  # the last one counts most; the first ones only make the choice a definite one
            table.fingerprints("prompt_hash")[rows],
            table.cost[rows],
            repeated.content == 0,
            repeated.source,
            -repeated.date,
            repeated.partial,
            np.isnan(repeated.value),
            cell,
        )
    )
    starts = np.ones(len(order), dtype=bool)
    starts[1:] = cell[order[1:]] != cell[order[:-1]]
    kept = order[starts]
    left_out, instead = order[~starts], kept[np.cumsum(starts) - 1][~starts]
    same = _equal(repeated.value[left_out], repeated.value[instead])
    _refuse_doubt(scores, repeated, instead[~same], left_out[~same])
    if same.any():
        _warn_of_copies(scores, repeated.at[instead[same]], repeated.at[left_out[same]])
    if not same.all():
        _warn_of_runs(scores, repeated.at[instead[~same]], repeated.at[left_out[~same]])
    return np.sort(repeated.at[kept])


def _refuse_doubt(
    scores: ChosenScores,
    repeated: _Repeated,
    kept: NDArray[np.intp],
    left_out: NDArray[np.intp],
) -> None:
    """Refuse different scores of which neither is the newer."""
    doubt = (repeated.date[kept] == repeated.date[left_out]) | repeated.undated[left_out]
    doubt |= repeated.undated[kept]
    doubt &= repeated.partial[kept] == repeated.partial[left_out]
    doubt &= ~np.isnan(repeated.value[left_out])
    if doubt.any():
        place = int(np.argmax(doubt))
        pair = kept[place], left_out[place]
        model, task, item, source = scores.describe(repeated.at[pair[0]])
        *_, other = scores.describe(repeated.at[pair[1]])
        value, other_value = repeated.value[list(pair)]
        raise ResultsError(
            f"Model {model!r} has two scores on item {item!r} of task {task!r}, {value:g} in "
            f"{source} and {other_value:g} in {other}, and by their dates neither is the newer. "
            "Leave one of the files out."
        )


def _recorded_twice(scores: ChosenScores, repeated: _Repeated) -> ResultsError:
    model, task, item, source = scores.describe(repeated.at[0])
    *_, other = scores.describe(repeated.at[1])
    return ResultsError(
        f"{len(np.unique(repeated.cell))} score(s) are recorded more than once, such as that of "
        f"model {model!r} on item {item!r} of task {task!r}: {_places(source, other)}. Leave one "
        "out, or pass duplicates='newest'."
    )


def _warn_of_copies(
    scores: ChosenScores, kept: NDArray[np.intp], left_out: NDArray[np.intp]
) -> None:
    model, task, item, source = scores.describe(kept[0])
    *_, other = scores.describe(left_out[0])
    warn(
        f"{len(left_out)} score(s) that are recorded more than once, with the same value, were "
        f"taken once, such as that of model {model!r} on item {item!r} of task {task!r}: "
        f"{_places(source, other)}."
    )


def _warn_of_runs(scores: ChosenScores, kept: NDArray[np.intp], left_out: NDArray[np.intp]) -> None:
    model, task, _, source = scores.describe(kept[0])
    *_, other = scores.describe(left_out[0])
    n_models = len(np.unique(scores.model[left_out]))
    warn(
        f"{len(left_out)} score(s) of {n_models} model(s) were left out, since another run says "
        "otherwise: the newest run that holds all items of a task counts, or else each item's "
        f"newest score. Of model {model!r} on task {task!r} it is {source}, not {other}."
    )


def _places(source: str, other: str) -> str:
    return f"in {source} and in {other}" if source != other else f"twice in {source or 'the table'}"


def _equal(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.bool_]:
    equal: NDArray[np.bool_] = (first == second) | (np.isnan(first) & np.isnan(second))
    return equal
