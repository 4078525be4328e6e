"""What the cells of VLMEvalKit's tables mean: names of items, scores, texts."""

import math
import re
from collections.abc import Iterator
from typing import Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness.table._values import NoSingleNumberError, scalar

# The columns in which VLMEvalKit's data sets keep the score of a row. Others with numbers do not:
# gpt4_score is that of a reference's answer, log_score a text.
SCORES = (
    "hit",
    "score",
    "correct",
    "is_correct",
    "answer_correct",
    "perception_correct",
    "acc",
    "match",
    "partial_match",
    "eval_score",
    "verifier_match",
    "judge_score",
    "reason_score",
    "rating",
    "f1",
    "iou",
)
MATCHES = "eval_match"  # one per reference answer; eval_score is their mean, whatever they are
_DISTANCES, _BEST_MATCH = ("DocVQA", "InfoVQA"), ("ChartQA", "OCRVQA")
_LEAST_SIMILARITY = 0.5  # of an answer that counts at all, in the two with distances
_WHOLE = re.compile(r"(-?[0-9]+)\.0+")
_LARGEST_EXACT = 2**53
_LONGEST_TEXT = 32_000  # an Excel cell holds 32,767 characters
_WORDS = {"true": 1.0, "false": 0.0, "nan": math.nan, "none": math.nan}


def is_empty(cell: Any) -> bool:
    """Tell whether a cell holds nothing.

    Parameters
    ----------
    cell : object
        A cell.

    Returns
    -------
    empty : bool
        Whether it is None, NaN or an empty text.
    """
    return cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell))


def item_name(cell: Any, number: int) -> str:
    """Read the index of a row, the same text whatever the format of the table.

    Parameters
    ----------
    cell : object
        The cell of the column ``index``.
    number : int
        Number of the row, for the message.

    Returns
    -------
    name : str
        The item's name.

    Raises
    ------
    ResultsError
        If it is neither a text nor an integer.
    """
    whole = isinstance(cell, float) and cell.is_integer() and abs(cell) < _LARGEST_EXACT
    if isinstance(cell, str | int) and not isinstance(cell, bool) and cell != "":
        return plain_text(cell)
    if whole:
        return plain_text(cell)
    raise ResultsError(f"row {number} has the index {short(cell)}; expected an integer or a text.")


def plain_text(cell: Any) -> str:
    """Write a cell as a text that does not depend on the format of the table.

    Parameters
    ----------
    cell : object
        A cell.

    Returns
    -------
    text : str
        Whole numbers without a point, line breaks alike, and no longer than a cell of Excel.
    """
    if is_empty(cell):
        return ""
    text = str(cell).replace("_x000D_", "").replace("\r", "").strip()
    if whole := _WHOLE.fullmatch(text):
        text = whole[1]
    return text[:_LONGEST_TEXT]


def score_of(metric: str, cell: Any) -> float:
    """Read the score of a row.

    Parameters
    ----------
    metric : str
        Name of the column.
    cell : object
        The cell: a number, a bool, a text that is one of them, or nothing.

    Returns
    -------
    score : float
        The score; NaN = not scored.

    Raises
    ------
    NoSingleNumberError
        If it is anything else.
    """
    if not isinstance(cell, str):
        return scalar(cell)
    text = cell.strip().lower()
    if text in _WORDS or not text:
        return _WORDS.get(text, math.nan)
    try:
        return scalar(float(text))
    except ValueError:
        raise NoSingleNumberError(short(cell)) from None


def score_of_matches(task: str, cell: Any) -> float:
    """Compute the score of an answer from its match with each of the reference answers.

    VLMEvalKit's own rule depends on the data set: the least distance (DocVQA, InfoVQA), the best
    match (ChartQA, OCRVQA), or the mean.

    Parameters
    ----------
    task : str
        Name of the data set.
    cell : object
        The matches: a list, or the text of one.

    Returns
    -------
    score : float
        The score; NaN = not scored.

    Raises
    ------
    NoSingleNumberError
        If it is not a list of numbers.
    """
    matches = list(_numbers(cell))
    if not matches:
        return math.nan
    if any(name in task for name in _DISTANCES):
        similarity = 1 - min(matches)
        return similarity if similarity >= _LEAST_SIMILARITY else 0.0
    if any(name in task for name in _BEST_MATCH):
        return max(matches)
    return sum(matches) / len(matches)


def _numbers(cell: Any) -> Iterator[float]:
    if isinstance(cell, str):
        text = cell.strip()
        if not (text.startswith("[") and text.endswith("]")):
            raise NoSingleNumberError(short(cell))
        cell = [part for part in text[1:-1].split(",") if part.strip()]
    if not isinstance(cell, list):
        raise NoSingleNumberError(short(cell))
    for one in cell:
        yield score_of(MATCHES, one)


class Pairs:
    """The two questions on each image of MME, which count together as well as each alone."""

    def __init__(self) -> None:
        self._of_image: dict[tuple[str, str], list[tuple[str, float, dict[str, Any]]]] = {}

    def add(self, image: tuple[str, str], item: str, score: float, about: dict[str, Any]) -> None:
        """Add a question.

        Parameters
        ----------
        image : tuple of str
            Its category and image.
        item : str
            Its name.
        score : float
            Whether it was answered rightly.
        about : dict
            What else is recorded of it.
        """
        self._of_image.setdefault(image, []).append((item, score, about))

    def scores(self) -> Iterator[tuple[str, float, dict[str, Any]]]:
        """Score every question with its partner.

        Yields
        ------
        item : str
            Its name.
        score : float
            The product of the two scores; NaN where the image has not two questions.
        about : dict
            What else is recorded of it.
        """
        for questions in self._of_image.values():
            both = math.prod(score for _, score, _ in questions)
            for item, _, about in questions:
                yield item, both if len(questions) == 2 else math.nan, about
