"""The past predicts the future: models split by date."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._sklearn import Interval, check_parameters
from sklearn_sparseeval.numerics.missing import is_missing
from sklearn_sparseeval.splitters._missing_entries import refuse_missing
from sklearn_sparseeval.splitters._model_splitter import Masks, ModelSplitter

_DEFAULT_N_SPLITS = 5

_YEAR_OR_MONTH = re.compile(r"\d{4}(-\d{2})?")
_FORMS = (
    "dates (datetime, date, numpy.datetime64, pandas.Timestamp, ISO 8601 strings such as "
    "'2024-05-31' or '2024-05') or numbers"
)
_ADVICE = "Give every model a date, or leave out the models without one."


class ChronologicalSplit(ModelSplitter):
    """Learn from older models and predict newer ones, as one does in use.

    The models are put in order of date. The targets of each split are the models of a stretch of
    time, the sources are all models that are older. Unlike
    :class:`~sklearn.model_selection.TimeSeriesSplit`, which goes by the order of the rows, models
    of the same date never stand on both sides.

    Parameters
    ----------
    n_splits : int, default=None
        Number of stretches of targets, one split each. None means 5 without, and 1 with a
        `cutoff`.
    cutoff : date, str or number, default=None
        The date of the first target: all models before it are sources of every split, and the
        models from it on are parted into `n_splits` stretches. Without, the models are parted
        into ``n_splits + 1`` stretches, and the oldest one is source only.

    See Also
    --------
    StrengthSplit : Weak models as sources, strong ones as targets.
    sklearn.model_selection.TimeSeriesSplit : For rows in order of time, one row a moment.

    Notes
    -----
    The dates are the `groups` of `split`: so they are sliced with the rows in ``cross_validate``,
    in a grid search and in a search inside a cross-validation, and under metadata routing they
    are requested by themselves. They may be

    - dates or times: ``datetime64`` arrays, pandas or polars columns, lists of
      :class:`datetime.datetime`, :class:`datetime.date` or ISO 8601 strings. "2024-05" is the
      first of May and "2024" the first of January. Times with a time zone are compared in UTC,
      those without are taken as UTC; to the microsecond;
    - or numbers, such as years or training steps.

    Stretches have like numbers of models: without equal dates the splits are those of
    ``TimeSeriesSplit(n_splits)`` on the sorted models. Else each boundary moves to the nearest
    place between two dates (the earlier, if two are equally near) that leaves at least one date
    to every stretch. Two times of one day are two dates: cut times to days where that matters.

    References
    ----------
    .. [1] F. Maia Polo et al. (2024). tinyBenchmarks: evaluating LLMs with fewer examples. ICML.
       arXiv:2402.14992. Tests on the newest models of the Open LLM Leaderboard.
    .. [2] DISCO (2026). ICLR. arXiv:2510.07959. Splits by a cutoff date.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval.splitters import ChronologicalSplit
    >>> X = np.zeros((6, 1))
    >>> dates = ["2024-03-01", "2023-07-18", "2024-04-18", "2024-04-18", "2023-09-27", "2024-12"]
    >>> for sources, targets in ChronologicalSplit(n_splits=2).split(X, groups=dates):
    ...     print(sources, targets)
    [1 4] [0]
    [0 1 4] [2 3 5]
    >>> split = ChronologicalSplit(cutoff="2024-04-01")
    >>> split.get_n_splits()
    1
    >>> for sources, targets in split.split(X, groups=dates):
    ...     print(sources, targets)
    [0 1 4] [2 3 5]
    """

    __metadata_request__split = {"groups": True}

    @check_parameters(
        n_splits=[Interval(Integral, 1, None, closed="left"), None],
    )
    def __init__(self, n_splits: int | None = None, *, cutoff: Any = None) -> None:
        if cutoff is not None:
            _read_cutoff(cutoff)
        self.n_splits = n_splits
        self.cutoff = cutoff

    def _count_splits(self) -> int:
        if self.n_splits is None:
            return _DEFAULT_N_SPLITS if self.cutoff is None else 1
        return int(self.n_splits)

    def _iter_masks(self, X: Any, y: Any, groups: Any) -> Masks:
        if groups is None:
            raise ValueError(
                "ChronologicalSplit needs the date of each model, but groups is None. Pass "
                "groups=dates to split, cross_validate or the fit of a search; with metadata "
                "routing, params={'groups': dates} to cross_validate."
            )
        distinct, place, counts = np.unique(
            _read_dates(groups), return_inverse=True, return_counts=True
        )
        starts = self._place_starts(distinct, np.cumsum(counts))
        for start, stop in pairwise([*starts, len(distinct)]):
            yield place < start, (start <= place) & (place < stop)

    def _place_starts(self, dates: NDArray[Any], n_until: NDArray[np.intp]) -> list[int]:
        """Return the number of the date at which each stretch of targets begins."""
        n_splits, n_dates, n_models = self._count_splits(), len(dates), int(n_until[-1])
        n_older = np.concatenate([[0], n_until])  # models older than each date
        if self.cutoff is None:
            if n_dates <= n_splits:
                raise ValueError(
                    f"groups holds {n_dates} distinct date(s), but n_splits={n_splits} needs at "
                    f"least {n_splits + 1}, as models of one date stay together. Lower n_splits."
                )
            first = n_models - n_splits * (n_models // (n_splits + 1))
        else:
            first = int(n_older[self._place_cutoff(dates, n_splits)])
        starts: list[int] = []
        for number, wanted in enumerate(np.linspace(first, n_models, n_splits, endpoint=False)):
            lowest = starts[-1] + 1 if starts else 1
            highest = n_dates - (n_splits - number)
            distance = np.abs(n_older[lowest : highest + 1] - wanted)
            starts.append(lowest + int(distance.argmin()))
        return starts

    def _place_cutoff(self, dates: NDArray[Any], n_splits: int) -> int:
        """Return the number of the first date that is not before the cutoff."""
        cutoff = _read_cutoff(self.cutoff)
        if (cutoff.dtype.kind == "M") != (dates.dtype.kind == "M"):
            raise ValueError(
                f"cutoff={self.cutoff!r} cannot be compared with groups, which holds "
                f"{'dates' if dates.dtype.kind == 'M' else 'numbers'} such as {dates[0]}. Give "
                "both as dates or both as numbers."
            )
        place = int((dates < cutoff).sum())
        seen = f"groups reaches from {dates[0]} to {dates[-1]}."
        if place == 0:
            raise ValueError(f"No model is older than cutoff={self.cutoff!r}: {seen}")
        if len(dates) - place < n_splits:
            raise ValueError(
                f"groups holds {len(dates) - place} distinct date(s) from cutoff={self.cutoff!r} "
                f"on, fewer than the {n_splits} split(s) asked for: {seen}"
            )
        return place


def _read_dates(groups: Any) -> NDArray[Any]:
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


def _read_cutoff(cutoff: Any) -> np.generic:
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
        raise ValueError(f"cutoff={cutoff} is not a date. Give {_FORMS}; None for no cutoff.")
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
