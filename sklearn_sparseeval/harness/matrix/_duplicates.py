"""One run per model and item: what several runs of a model, or one file, say twice."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import ResultsError, warn
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval.harness.matrix._chosen_scores import ChosenScores
from sklearn_sparseeval.harness.table._coded_table import compact, occurring


class Runs(NamedTuple):
    """Runs of models on tasks; of those on one task the lower number goes before."""

    of_row: NDArray[np.int32]
    """Number of each row's run."""
    date: NDArray[np.int64]
    """Rank of each run's date."""
    undated: NDArray[np.bool_]
    partial: NDArray[np.bool_]
    """Whether a run lacks items that the model has on the task."""


class _Files(NamedTuple):
    """What each file says of one model and one task."""

    on_task: NDArray[np.int64]
    source: NDArray[np.int64]
    date: NDArray[np.int64]
    setting: NDArray[np.int64]


class _Repeated(NamedTuple):
    """All rows of the models' items that several files hold, or one file several times."""

    at: NDArray[np.intp]
    """Their positions among the scores."""
    cell: NDArray[np.int64]
    """Number of their model and item; ascending."""
    epoch: NDArray[np.int64]
    """Number of their model, item and epoch; ascending."""
    source: NDArray[np.int64]
    """Rank of the file's path."""
    value: NDArray[np.float64]
    content: NDArray[np.uint64]


class _LeftOut(NamedTuple):
    """Repeated rows that do not count."""

    row: NDArray[np.intp]
    """Their places among the repeated ones."""
    instead: NDArray[np.intp]
    """The rows that count: of the same epoch, where there is one."""
    is_copy: NDArray[np.bool_]
    """Whether that one is of the same epoch and the same value."""


def without_duplicates(scores: ChosenScores, duplicates: str) -> ChosenScores:
    """Keep one run per model and item, and one row of each of its epochs.

    Of several runs of a model on a task the newest that holds all items of the task counts; where
    none does, the newest that holds the item. A run with a score on the item goes before one that
    has NaN only.

    Parameters
    ----------
    scores : ChosenScores
        The chosen rows.
    duplicates : {"newest", "error"}
        What to do where there are several.

    Returns
    -------
    scores : ChosenScores
        One row per model, item and epoch; those of a model and an item are of one run.

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
    repeated = _repeated(scores)
    if not len(repeated.at):
        return scores
    _refuse_contradictions(scores, repeated)
    runs = runs_of(scores, repeated.at)
    keep = _kept(scores, repeated, runs)
    if keep.all():
        return scores
    left_out = _left_out(repeated, keep)
    if duplicates == "error":
        raise _recorded_twice(scores, repeated, left_out)
    _refuse_doubt(scores, repeated, runs, left_out)
    _warn_of_copies(scores, repeated, left_out)
    _warn_of_runs(scores, repeated, left_out)
    keep_of_all = np.ones(len(scores.rows), dtype=bool)
    keep_of_all[repeated.at] = keep
    return scores.where(keep_of_all)


def _repeated(scores: ChosenScores) -> _Repeated:
    starts, starts_epoch = scores.starts_cell(), scores.starts_epoch()
    source = scores.table.source.codes[scores.rows]
    again = ~starts[1:] & (~starts_epoch[1:] | (source[1:] != source[:-1]))
    cell = np.cumsum(starts) - 1
    concerned = np.zeros(len(starts), dtype=bool)
    concerned[cell[1:][again]] = True
    at = np.flatnonzero(concerned[cell])
    rows, table = scores.rows[at], scores.table
    return _Repeated(
        at=at,
        cell=np.cumsum(starts[at]) - 1,
        epoch=np.cumsum(starts_epoch[at]) - 1,
        source=table.source.ranks()[source[at]],
        value=table.value[rows].astype(np.float64),
        content=table.fingerprints("content_hash")[rows],
    )


def _refuse_contradictions(scores: ChosenScores, repeated: _Repeated) -> None:
    """Refuse a file that says two things of one item."""
    order = np.lexsort((repeated.value, repeated.content, repeated.source, repeated.epoch))
    before, after = order[:-1], order[1:]
    epoch, source, content = repeated.epoch, repeated.source, repeated.content
    same_file = (epoch[before] == epoch[after]) & (source[before] == source[after])
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


def _kept(scores: ChosenScores, repeated: _Repeated, runs: Runs) -> NDArray[np.bool_]:
    """Choose the run of each model and item, and a row of each of its epochs."""
    n_runs, unscored = len(runs.date), np.isnan(repeated.value)
    starts = np.flatnonzero(np.diff(repeated.cell, prepend=-1))
    # A run without a score goes behind all that have one.
    chosen = np.minimum.reduceat(runs.of_row + n_runs * unscored, starts) % n_runs
    keep: NDArray[np.bool_] = runs.of_row == chosen[repeated.cell]
    keep[_rows_said_again(scores, repeated, np.flatnonzero(keep))] = False
    return keep


def _rows_said_again(
    scores: ChosenScores, repeated: _Repeated, own: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Find the rows, of those chosen, whose epoch another one tells as well or better."""
    again = np.diff(repeated.epoch[own]) == 0
    own = own[np.append(again, False) | np.insert(again, 0, False)]
    rows, table = scores.rows[repeated.at[own]], scores.table
    order = np.lexsort(
        (  # the last one counts most; the first ones only make the choice a definite one
            table.fingerprints("prompt_hash")[rows],
            table.cost[rows],
            repeated.source[own],
            repeated.content[own] == 0,
            np.isnan(repeated.value[own]),
            repeated.epoch[own],
        )
    )
    own = own[order]
    said_again: NDArray[np.intp] = own[1:][np.diff(repeated.epoch[own]) == 0]
    return said_again


def _left_out(repeated: _Repeated, keep: NDArray[np.bool_]) -> _LeftOut:
    """Find out which rows count instead of those that do not."""
    kept, row = np.flatnonzero(keep), np.flatnonzero(~keep)
    place = np.searchsorted(repeated.epoch[kept], repeated.epoch[row])
    same_epoch = kept[np.minimum(place, len(kept) - 1)]
    has_epoch = repeated.epoch[same_epoch] == repeated.epoch[row]
    first = kept[np.searchsorted(repeated.cell[kept], repeated.cell[row])]
    instead = np.where(has_epoch, same_epoch, first)
    is_copy = has_epoch & _equal(repeated.value[row], repeated.value[instead])
    return _LeftOut(row, instead, is_copy)


def _refuse_doubt(
    scores: ChosenScores, repeated: _Repeated, runs: Runs, left_out: _LeftOut
) -> None:
    """Refuse runs that differ of which neither is the newer."""
    run, other = runs.of_row[left_out.instead], runs.of_row[left_out.row]
    doubt = (runs.date[run] == runs.date[other]) | runs.undated[run] | runs.undated[other]
    doubt &= (runs.partial[run] == runs.partial[other]) & ~left_out.is_copy
    doubt &= ~np.isnan(repeated.value[left_out.row])
    if doubt.any():
        place = int(np.argmax(doubt))
        pair = left_out.instead[place], left_out.row[place]
        model, task, item, source = scores.describe(repeated.at[pair[0]])
        *_, other_source = scores.describe(repeated.at[pair[1]])
        value, other_value = repeated.value[list(pair)]
        first, second = scores.table.epoch[scores.rows[repeated.at[list(pair)]]]
        epochs = f" (epochs {first} and {second})" if first != second else ""
        raise ResultsError(
            f"Model {model!r} has two scores on item {item!r} of task {task!r}, {value:g} in "
            f"{source} and {other_value:g} in {other_source}{epochs}, and by their dates neither "
            "is the newer. Leave one of the files out."
        )


def _recorded_twice(scores: ChosenScores, repeated: _Repeated, left_out: _LeftOut) -> ResultsError:
    model, task, item, source = scores.describe(repeated.at[left_out.instead[0]])
    *_, other = scores.describe(repeated.at[left_out.row[0]])
    n_cells = len(np.unique(repeated.cell[left_out.row]))
    return ResultsError(
        f"{n_cells} score(s) are recorded more than once, such as that of model {model!r} on item "
        f"{item!r} of task {task!r}: {_places(source, other)}. Leave one out, or pass "
        "duplicates='newest' (--duplicates newest)."
    )


def _warn_of_copies(scores: ChosenScores, repeated: _Repeated, left_out: _LeftOut) -> None:
    copies = np.flatnonzero(left_out.is_copy)
    if len(copies):
        model, task, item, source = scores.describe(repeated.at[left_out.instead[copies[0]]])
        *_, other = scores.describe(repeated.at[left_out.row[copies[0]]])
        warn(
            Note(
                "recorded-twice",
                f"{len(copies)} score(s) that are recorded more than once, with the same value, "
                "were "
                f"taken once, such as that of model {model!r} on item {item!r} of task {task!r}: "
                f"{_places(source, other)}.",
                count=len(copies),
            )
        )


def _warn_of_runs(scores: ChosenScores, repeated: _Repeated, left_out: _LeftOut) -> None:
    others = np.flatnonzero(~left_out.is_copy)
    if len(others):
        model, task, _, source = scores.describe(repeated.at[left_out.instead[others[0]]])
        *_, other = scores.describe(repeated.at[left_out.row[others[0]]])
        n_models = len(np.unique(scores.model[repeated.at[left_out.row[others]]]))
        warn(
            Note(
                "other-run",
                f"{len(others)} score(s) of {n_models} model(s) were left out, since another run "
                "says "
                "otherwise: the newest run that holds all items of a task counts, or else the "
                "newest "
                f"that holds the item. Of model {model!r} on task {task!r} it is {source}, not "
                f"{other}.",
                count=len(others),
            )
        )


def _places(source: str, other: str) -> str:
    return f"in {source} and in {other}" if source != other else f"twice in {source or 'the table'}"


def _equal(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.bool_]:
    equal: NDArray[np.bool_] = (first == second) | (np.isnan(first) & np.isnan(second))
    return equal


def runs_of(scores: ChosenScores, at: NDArray[np.intp]) -> Runs:
    """Tell the runs of some rows apart, and put them in order.

    What a file says of a model and a task is of one run. Harnesses may write a run to several
    files: those of one date and one setting are one run too, unless their scores contradict each
    other.

    Parameters
    ----------
    scores : ChosenScores
        The chosen rows, none of which contradicts another one of its file.
    at : ndarray of shape (n_rows,)
        Positions of rows, ascending; with a row all others of its model and item.

    Returns
    -------
    runs : Runs
        Runs that hold all items which the model has on the task go before others; of these the
        newest; of one date the one whose file is the first by name.
    """
    n_tasks = len(scores.table.task.texts)
    on_task = scores.model.astype(np.int64) * n_tasks + scores.task()  # a model on a task
    concerned = np.zeros(len(scores.models) * n_tasks, dtype=bool)
    concerned[on_task[at]] = True
    near = np.flatnonzero(concerned[on_task])
    file, files = _files(scores, near, on_task[near])
    own = np.searchsorted(near, at)
    run_of_file, n_runs = _runs_of_files(scores, at, file[own], files)
    run = run_of_file[file]
    of_task, date = of_run = np.empty((2, n_runs), dtype=np.int64)
    of_run[:, run_of_file] = files.on_task, files.date
    source = np.full(n_runs, len(scores.table.source.texts))
    np.minimum.at(source, run_of_file, files.source)
    n_items = np.bincount(on_task[scores.starts_cell()], minlength=len(concerned))
    partial = _n_items(scores, near, run, n_runs) < n_items[of_task]
    order = np.lexsort((source, -date, partial))
    number = np.empty(n_runs, dtype=np.int32)
    number[order] = np.arange(n_runs)
    undated = np.array([not text for text in sorted(scores.table.date.texts)])[date]
    return Runs(number[run[own]], date[order], undated[order], partial[order])


def _files(
    scores: ChosenScores, at: NDArray[np.intp], on_task: NDArray[np.int64]
) -> tuple[NDArray[np.int32], _Files]:
    """Give each file a number for every model and task in it."""
    table, rows = scores.table, scores.rows[at]
    n_sources = len(table.source.texts)
    size = len(scores.models) * len(table.task.texts) * n_sources
    file, files = compact(on_task * n_sources + table.source.codes[rows], size)
    return file, _Files(
        on_task=files // n_sources,
        source=table.source.ranks()[files % n_sources],
        date=_largest(table.date.ranks()[table.date.codes[rows]], file, len(files)),
        setting=_largest(table.setting.ranks()[table.setting.codes[rows]], file, len(files)),
    )


def _largest(
    numbers: NDArray[np.int64], group: NDArray[np.int32], n_groups: int
) -> NDArray[np.int64]:
    largest = np.zeros(n_groups, dtype=np.int64)
    np.maximum.at(largest, group, numbers)
    return largest


def _runs_of_files(
    scores: ChosenScores, at: NDArray[np.intp], file: NDArray[np.int32], files: _Files
) -> tuple[NDArray[np.int32], int]:
    """Put files of one date and setting together, where they do not contradict each other."""
    columns = np.stack([files.on_task, files.date, files.setting])
    together = np.unique(columns, axis=1, return_inverse=True)[1].ravel()  # numpy 2.0.0: 2-D
    own = np.flatnonzero((np.bincount(together) > 1)[together][file])
    group = together[file[own]]
    value = scores.table.value[scores.rows[at[own]]]
    cell = np.cumsum(scores.starts_epoch()[at])[own]
    order = np.lexsort((value, group, cell))
    before, after = order[:-1], order[1:]
    differs = (cell[before] == cell[after]) & (group[before] == group[after])
    differs &= value[before] < value[after]  # false for NaN, which contradicts nothing
    contradictory = np.zeros(len(files.date), dtype=bool)
    contradictory[group[after[differs]]] = True
    alone = contradictory[together]
    n_files = len(alone)
    run = np.where(alone, n_files + np.arange(n_files), together)
    run_of_file, runs = compact(run, 2 * n_files)
    return run_of_file, len(runs)


def _n_items(
    scores: ChosenScores, at: NDArray[np.intp], run: NDArray[Any], n_runs: int
) -> NDArray[np.int64]:
    """Count the items that each run holds, scored or not."""
    n_items = len(scores.items.task)
    held = occurring(run.astype(np.int64) * n_items + scores.item[at], n_runs * n_items)
    return np.bincount(held // n_items, minlength=n_runs)
