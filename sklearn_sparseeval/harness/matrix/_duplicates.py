"""One run per model and item: what several runs of a model, or one file, say twice."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import ResultsError, warn
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval.harness.matrix._chosen_scores import ChosenScores
from sklearn_sparseeval.harness.matrix._runs import Runs, runs_of


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
