"""Which rows are of one run, and which of a model's runs on a task goes before the others."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.harness.matrix._chosen_scores import ChosenScores
from sklearn_sparseeval.harness.table._integer_codes import compact, occurring


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
