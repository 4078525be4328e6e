"""One number per metric, from whatever a harness wrote."""

import math
from collections.abc import Iterator
from typing import Any

from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness.table._rows import Rows


class NoSingleNumberError(Exception):
    """A value that stands for no score of one item, such as a pair of gold and prediction."""


def scalar(value: Any) -> float:
    """Read a value as the score of one item.

    Parameters
    ----------
    value : object
        A bool, a number, None or NaN (not scored), or a list of bools, whose mean is taken.

    Returns
    -------
    score : float
        The score; NaN = not scored.

    Raises
    ------
    NoSingleNumberError
        If the value is anything else: a text, a pair, a number without bound.
    """
    if value is None:
        return math.nan
    if isinstance(value, bool | int | float):
        return _bounded(value)
    if isinstance(value, list) and value and all(isinstance(one, bool) for one in value):
        return sum(value) / len(value)
    raise NoSingleNumberError(short(value))


def scores_of(metric: str, value: Any) -> Iterator[tuple[str, float]]:
    """Read a value, or each entry of a dict, as scores.

    Parameters
    ----------
    metric : str
        Name of the metric.
    value : object
        As :func:`scalar` takes it; or a dict, whose entries that are scores become metrics
        ``metric.key``.

    Yields
    ------
    metric : str
        Name of the metric.
    score : float
        The score; NaN = not scored.

    Raises
    ------
    NoSingleNumberError
        If there is no score in it.
    """
    if not isinstance(value, dict):
        yield metric, scalar(value)
        return
    found = False
    for key, entry in value.items():
        try:
            score = scalar(entry)
        except NoSingleNumberError:
            continue
        found = True
        yield f"{metric}.{key}", score
    if not found:
        raise NoSingleNumberError(short(value))


def kind_of(value: Any) -> str:
    """Name the kind of a value that is not a score, the same for all of its kind.

    Parameters
    ----------
    value : object
        What :func:`scores_of` refused.

    Returns
    -------
    kind : str
        In the plural, such as "lists".
    """
    return _KINDS.get(type(value), "infinite numbers")


_KINDS: dict[type, str] = {str: "texts", list: "lists", dict: "dicts without a score"}


def _bounded(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise NoSingleNumberError("a number beyond all floats") from None
    if math.isinf(number):
        raise NoSingleNumberError(short(value))
    return number


class Refusals:
    """Counts what is refused of one file, with the first such value of each metric.

    Parameters
    ----------
    rows : Rows
        The rows of the file, whose notes are written.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._messages: dict[str, str] = {}

    def add(self, metric: str, error: NoSingleNumberError) -> None:
        """Count one score that is left out.

        Parameters
        ----------
        metric : str
            Name of the metric.
        error : NoSingleNumberError
            Says what it is.
        """
        message = self._messages.setdefault(
            metric,
            "scores were left out since they are not a single number: metric "
            f"{metric!r} of task {self._rows.task!r} holds {error}",
        )
        self._rows.note("not-a-score", message)
