"""Scores as Inspect's scorers give them: letters, words, numbers, and dicts of these."""

import math
from typing import Any, NamedTuple

from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness.table._values import NoSingleNumberError, scalar

_LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}  # correct, incorrect, partial, no answer
_WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}


class Refused(NamedTuple):
    """A value that is no number."""

    scorer: str
    shown: str
    has_numbers_beside: bool  # in the same dict


class SampleScores(NamedTuple):
    """What the scorers said of one sample."""

    numbers: dict[str, float]
    refused: dict[str, Refused]


def sample_scores(scores: dict[str, Any]) -> SampleScores:
    """Read the scores of a sample.

    Parameters
    ----------
    scores : dict
        By scorer, its value: a letter C, I, P or N, a word, a number, a bool, None; or a dict of
        these, whose entries become metrics ``scorer.key``.

    Returns
    -------
    scores : SampleScores
        By metric, the numbers (NaN = not scored), and what is no number.
    """
    found = SampleScores({}, {})
    for scorer, value in scores.items():
        entries, refused = {scorer: value}, {}
        if isinstance(value, dict):
            entries = {f"{scorer}.{key}": entry for key, entry in value.items()}
        for metric, entry in entries.items():
            try:
                found.numbers[metric] = _number(entry)
            except NoSingleNumberError as error:
                refused[metric] = str(error)
        beside = len(refused) < len(entries)
        for metric, shown in refused.items():
            found.refused[metric] = Refused(scorer, shown, beside)
    return found


def _number(value: Any) -> float:
    """Read a value as Inspect's ``value_to_float`` does; what that takes for 0 is refused."""
    if isinstance(value, list):
        raise NoSingleNumberError(short(value))
    if not isinstance(value, str):
        return scalar(value)
    if value in _LETTERS:
        return _LETTERS[value]
    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise NoSingleNumberError(short(value))
    return number
