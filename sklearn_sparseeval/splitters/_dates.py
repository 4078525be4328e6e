"""Dates in whatever form the user has them, as an array that can be sorted."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.numerics.missing import is_missing
from sklearn_sparseeval.splitters._missing_entries import refuse_missing

_YEAR_OR_MONTH = re.compile(r"\d{4}(-\d{2})?")
_FORMS = (
    "dates (datetime, date, numpy.datetime64, pandas.Timestamp, ISO 8601 strings such as "
    "'2024-05-31' or '2024-05') or numbers"
)
_ADVICE = "Give every model a date, or leave out the models without one."


def read_dates(groups: Any) -> NDArray[Any]:
    """Read the dates of the models.

    Parameters
    ----------
    groups : array-like of shape (n_models,)
        Dates or numbers: see :class:`ChronologicalSplit`.

    Returns
    -------
    dates : ndarray of shape (n_models,)
        ``datetime64[us]``, in UTC, or numbers as they are.

    Raises
    ------
    ValueError
        If there is not one date per model, or one is missing or cannot be read.
    """
    # A list goes through objects: numpy would make the string 'nan' of a NaN among strings.
    is_list = isinstance(groups, list | tuple)
    entries: NDArray[Any] = np.asarray(groups, dtype=object) if is_list else np.asarray(groups)
    if entries.ndim != 1:
        raise ValueError(
            f"groups has shape {entries.shape}; expected (n_models,), one date per model."
        )
    refuse_missing(entries, "date", _ADVICE)
    if entries.dtype.kind == "M":
        return entries.astype("datetime64[us]")
    if all(_is_number(entry) for entry in entries):
        numbers = _as_numbers(entries.tolist())
        _refuse_infinite(numbers)
        return numbers
    return np.array([_read_date(entry, f"groups[{i}]") for i, entry in enumerate(entries)])


def read_cutoff(cutoff: Any) -> np.generic:
    """Read the date that parts the sources from the targets.

    Parameters
    ----------
    cutoff : object
        A date or number: see :class:`ChronologicalSplit`.

    Returns
    -------
    date : numpy scalar
        ``datetime64[us]``, in UTC, or a number.

    Raises
    ------
    ValueError
        If it is missing or cannot be read.
    """
    is_number = _is_number(cutoff)
    if is_missing(cutoff) or (is_number and not np.isfinite(float(cutoff))):
        raise ValueError(f"cutoff={cutoff} is no date. Give {_FORMS}; None for no cutoff.")
    return _as_numbers([cutoff])[0] if is_number else _read_date(cutoff, "cutoff")


def _is_number(value: Any) -> bool:
    # To Python, truth values and numpy's durations are integers.
    return isinstance(value, Real) and not isinstance(value, bool | np.timedelta64)


def _as_numbers(values: Sequence[Any]) -> NDArray[Any]:
    numbers = np.array(values)
    if numbers.dtype == object:  # fractions, and integers that no numpy integer can hold
        return numbers.astype(np.float64)
    return numbers


def _refuse_infinite(numbers: NDArray[Any]) -> None:
    infinite = np.flatnonzero(~np.isfinite(numbers))
    if len(infinite):
        raise ValueError(
            f"groups holds {len(infinite)} date(s) that are not finite, the first at index "
            f"{infinite[0]}: {numbers[infinite[0]]}. {_ADVICE}"
        )


def _read_date(value: Any, place: str) -> np.datetime64:
    """Read one date; a time with a zone becomes UTC."""
    moment = _parse_iso(value) if isinstance(value, str) else value
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    if isinstance(moment, date):
        return np.datetime64(moment, "us")
    if isinstance(moment, np.datetime64):
        in_microseconds: np.datetime64 = moment.astype("datetime64[us]")
        return in_microseconds
    raise ValueError(
        f"{place} is {value!r}, which cannot be read as a date. Give {_FORMS}, all models in one "
        "of the two ways."
    )


def _parse_iso(text: str) -> datetime | None:
    if _YEAR_OR_MONTH.fullmatch(text):  # the first day of it
        text += "-01" * (2 - text.count("-"))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
