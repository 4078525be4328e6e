"""Columns of a table of scores that are no items: averages, sizes, dates, other scales."""

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._messages import listing, short
from sklearn_sparseeval._notes import Note

if TYPE_CHECKING:
    from pandas import DataFrame

Array = NDArray[np.float64]

_AVERAGES = r"avg|average|mean|overall|total|sum|macro|micro|aggregate|final"
_OF_WHAT = r"score|scores|acc|accuracy|avg|average|mean"
_ABOUT_MODELS = (
    r"n?(um)?_?#?_?(params?|parameters)(_b|_in_b)?|model_?size|size|rank|ranking|year|date|"
    r"release(_?(date|year))?|context_?(length|size)|price|cost|latency|tokens|n_?items|count|"
    r"std(err)?|stderr|se"
)
_AVERAGE = re.compile(rf"(({_AVERAGES})[ _-]?({_OF_WHAT})?|({_OF_WHAT})[ _-]?({_AVERAGES}))")
_ABOUT = re.compile(_ABOUT_MODELS)
_FEWEST_MODELS, _FEWEST_ITEMS = 3, 3
_MOST_ROWS = 50  # looked at before all are
_MOST_DECIMALS = 6
_OTHER_SCALE = {True: 10.0, False: 100.0}  # times the usual, for scores from 0 to 1 and others


def set_aside(scores: "DataFrame") -> tuple["DataFrame", list[Note]]:
    """Leave out the columns that are no items, and say which and why.

    Parameters
    ----------
    scores : pandas.DataFrame of shape (n_models, n_columns)
        Scores, NaN = not evaluated.

    Returns
    -------
    items : pandas.DataFrame of shape (n_models, n_items)
        The scores without columns that are the mean or the sum of the others, whatever they are
        called, and without those that are called an average or a model's size, rank or date and
        hold more than right and wrong.
    notes : list of Note
        One for each kind that was left out.

    Raises
    ------
    ValueError
        If a column is on another scale than the others.
    """
    values = scores.to_numpy(dtype=np.float64)
    found = _averages(values) if _is_large_enough(values) else np.zeros(values.shape[1], dtype=bool)
    named = [
        place
        for place, name in enumerate(scores.columns)
        if (text := str(name).strip().lower())
        and (_AVERAGE.fullmatch(text) or _ABOUT.fullmatch(text))
        and _is_graded(values[:, place])
    ]
    kept = ~found
    kept[named] = False
    notes = []
    if found.any():
        text = "they are the mean or the sum of the other columns, not items"
        notes.append(_note(list(scores.columns[found]), text))
    if left := [scores.columns[place] for place in named if not found[place]]:
        text = "by their names and values they are no items. Give such an item another name"
        notes.append(_note(left, text))
    items = scores.loc[:, kept]
    _refuse_other_scales(items)
    return items, notes


def _note(names: list[str], why: str) -> Note:
    text = f"Columns set aside: {listing(names)}; {why}."
    return Note("no-items", text, count=len(names))


def _is_large_enough(values: Array) -> bool:
    return len(values) >= _FEWEST_MODELS and len(values.T) > _FEWEST_ITEMS


def _is_graded(column: Array) -> bool:
    known = column[~np.isnan(column)]
    return bool(len(known)) and not bool(np.isin(known, (0, 1)).all())


def _averages(values: Array) -> NDArray[np.bool_]:
    """Mark columns that are the mean of the others, in any unit, or their sum."""
    some = values[:_MOST_ROWS]
    candidates = np.array([_is_graded(column) for column in some.T])
    for rows in (some, values):
        left = ~np.isnan(rows)
        n, total = left.sum(axis=1), np.where(left, rows, 0).sum(axis=1)
        for place in np.flatnonzero(candidates):
            own, known = rows[:, place], left[:, place]
            others = n - known
            rest = total - np.where(known, own, 0)
            usable = known & (others >= _FEWEST_ITEMS)
            candidates[place] = usable.sum() >= _FEWEST_MODELS and _equal(
                own[usable], rest[usable], others[usable]
            )
    return candidates


def _equal(own: Array, rest: Array, n_others: Array) -> bool:
    """Tell whether numbers are means or sums, as far as their decimals tell."""
    if np.ptp(own) == 0:
        return False
    decimals = next(
        (d for d in range(_MOST_DECIMALS) if np.abs(own - own.round(d)).max() < 1e-9),
        _MOST_DECIMALS,
    )
    close = 0.51 * 10.0**-decimals
    mean = rest / n_others
    spread = np.ptp(own)
    return bool(close < spread / 4) and any(
        bool(np.abs(own - expected).max() <= close)
        for expected in (mean, 100 * mean, mean / 100, rest)
    )


def _refuse_other_scales(scores: "DataFrame") -> None:
    """Refuse a column, or a cell, that is far beyond what the other columns hold."""
    with np.errstate(invalid="ignore"):
        largest = np.nan_to_num(np.nanmax(np.abs(scores.to_numpy()), axis=0, initial=0.0))
    usual = float(np.median(largest[largest > 0])) if (largest > 0).any() else 0.0
    beyond = np.flatnonzero(largest > _OTHER_SCALE[usual <= 1] * usual)
    if len(largest) <= _FEWEST_ITEMS or not len(beyond):
        return
    column = scores.iloc[:, beyond[0]].abs()
    raise ValueError(
        f"Column {short(scores.columns[beyond[0]])} reaches {largest[beyond[0]]:g} (model "
        f"{short(column.idxmax())}), where most columns reach {usual:g}: another scale, or a cell "
        "that is wrong. Scores are averaged, so all items need one scale: rescale the column, mend "
        "the cell, or leave the column out."
    )
