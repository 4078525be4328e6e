"""What OpenCompass's results say of each item.

The formats are those of opencompass 0.5.3: a list that `openicl/icl_evaluator/
icl_base_evaluator.py` makes of what an evaluator found, or the dict of `tasks/openicl_eval.py`
where it found nothing, as in all releases before 0.4.1.
"""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import NOT_RECORDED, content_fingerprint
from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness.table._json_text import expect
from sklearn_sparseeval.harness.table._rows import Rows
from sklearn_sparseeval.harness.table._values import NoSingleNumberError, scalar

_POSITION = re.compile(r".*_(\d{1,15})", re.DOTALL)
_CORRECT = ("correct", "is_correct", "cascade_correct")  # as OpenCompass looks them up
_OTHER_METRICS = re.compile(r"score|model_extract_correct|m?G-Pass@.+")
_GOLD = ("answer", "answers", "references", "reference", "refr", "ref", "gold")
_ACCURACY = re.compile(r"accuracy(?: \(\d+ runs average\))?")
_VERDICT = re.compile("[AB]")  # a judge's: A is correct, B is not


class Item(NamedTuple):
    """What details say of one item."""

    position: int
    entry: dict[str, Any]
    has_replicas: bool  # each value is a list, of one value per replica of the dataset


def items_of(details: Any, rows: Rows) -> Iterator[Item]:
    """Find the entries of items, and the positions of these in the dataset.

    Parameters
    ----------
    details : list or dict
        The details in a results file.
    rows : Rows
        Takes notes of what is left out.

    Yields
    ------
    item : Item
        Position and entry.

    Raises
    ------
    ResultsError
        If details are of another form, or hold an item twice.
    """
    entries: Iterable[tuple[int, Any]]
    if isinstance(details, list):
        entries = enumerate(details)
    else:
        entries = _numbered(expect(details, dict, "'details'"), rows)
    seen: set[int] = set()
    kinds = set()
    for number, entry in entries:
        what = f"entry {number} of 'details'"
        label = expect(entry, dict, what).get("example_abbr")
        found = None if label is None else _POSITION.fullmatch(expect(label, str, f"{what}: name"))
        if label is not None and found is None:
            raise ResultsError(f"{what} is called {short(label)}; expected DATASET_POSITION.")
        position = number if found is None else int(found[1])
        kinds.add(found is None)
        if len(kinds) > 1:
            raise ResultsError(f"{what} has, unlike others, {'no' if found is None else 'a'} name.")
        if position in seen:
            raise ResultsError(f"'details' hold item {position} twice.")
        seen.add(position)
        yield Item(position, _flattened(entry), found is not None)


def _numbered(details: dict[str, Any], rows: Rows) -> Iterator[tuple[int, Any]]:
    """Pick the entries of details that are a dict, which holds other things beside."""
    for key, entry in details.items():
        if key.isascii() and key.isdecimal() and len(key) < 16:
            yield int(key), entry
        elif isinstance(entry, dict):
            rows.note(
                "no-position",
                "entries of 'details' were left out since their keys are no positions",
            )


def _flattened(entry: dict[str, Any]) -> dict[str, Any]:
    """Make lists of one value per replica, as OpenCompass does itself since 0.4.2."""
    replicas = entry.get("predictions")
    if not isinstance(replicas, list) or not all(isinstance(one, dict) for one in replicas):
        return entry
    keys = dict.fromkeys(key for one in replicas for key in one)
    return entry | {key: [one.get(key) for one in replicas] for key in keys}


def add_scores(items: list[Item], results: dict[str, Any], rows: Rows) -> None:
    """Add the scores of items.

    Parameters
    ----------
    items : list of Item
        The items of a results file.
    results : dict
        What else the file says.
    rows : Rows
        Takes the scores.
    """
    is_scored = False
    for item in items:
        content = _content(item)
        for metric, values in _metrics(item.entry):
            is_scored = True
            replicas = values if isinstance(values, list) else [values]
            for epoch, value in enumerate(replicas, start=1):
                score = _score(metric, value, rows)
                if score is not None:
                    rows.add(str(item.position), metric, score, epoch=epoch, content_hash=content)
    if not is_scored and not _add_verdicts(items, results, rows):
        rows.note(
            "no-verdicts",
            "result files were left out since their details say of no item whether it is correct",
        )


def _metrics(entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Find the scores of an item: per metric one value, or a list of one per replica."""
    found = [entry[key] for key in _CORRECT if key in entry]
    if not found and "rule_evaluation" in entry and "llm_evaluation" not in entry:
        # No item was left for the judge of a cascade, which then writes no cascade_correct.
        found = [_inside(entry["rule_evaluation"])]
    known = [values for values in found if not _is_empty(values)]
    if found:
        yield "correct", (known or found)[0]
    for key, values in entry.items():
        if _OTHER_METRICS.fullmatch(key):
            yield key, values


def _inside(evaluations: Any) -> Any:
    """Take 'correct' out of the rule's evaluations, one per replica."""
    several = evaluations if isinstance(evaluations, list) else [evaluations]
    return [one.get("correct", False) if isinstance(one, dict) else None for one in several]


def _is_empty(values: Any) -> bool:
    return all(one is None for one in values) if isinstance(values, list) else values is None


def _score(metric: str, value: Any, rows: Rows) -> float | None:
    try:
        score = scalar(value)
    except NoSingleNumberError:
        rows.note(
            "not-a-score",
            f"scores were left out since they are no single number: {metric!r} holds a "
            f"{type(value).__name__}",
        )
        return None
    if metric == "correct" and not (math.isnan(score) or 0 <= score <= 1):
        rows.note(
            "other-scale",
            "scores 'correct' are not from 0 to 1; they were kept as the evaluator wrote them",
        )
    return score


def _add_verdicts(items: list[Item], results: dict[str, Any], rows: Rows) -> bool:
    """Read a judge's answers, if their mean is the accuracy that OpenCompass found."""
    verdicts = [_verdicts(item.entry.get("prediction")) for item in items]
    flat = [one for several in verdicts for one in several]
    key = next((key for key in results if _ACCURACY.fullmatch(key)), None)
    try:
        accuracy = scalar(results.get(key)) if key else math.nan
    except NoSingleNumberError:
        return False
    if not all(verdicts) or not flat:
        return False
    if not math.isclose(100 * sum(flat) / len(flat), accuracy, abs_tol=1e-6):
        return False
    for item, several in zip(items, verdicts, strict=True):
        content = _content(item)
        for epoch, value in enumerate(several, start=1):
            rows.add(str(item.position), "correct", value, epoch=epoch, content_hash=content)
    rows.note(
        "judge-read",
        "result files hold no scores of items but a judge's answers, which were read: A is correct",
    )
    return True


def _verdicts(answers: Any) -> list[float]:
    """Read a judge's answers on one item, one per replica; none where one is no text."""
    several = answers if isinstance(answers, list) else [answers]
    if not all(isinstance(one, str) for one in several):
        return []
    letters = [_VERDICT.search(one) for one in several]
    return [float(one is not None and one[0] == "A") for one in letters]


def _content(item: Item) -> int:
    """Fingerprint the gold answer at its position.

    Details hold no question. The answer alone is that of many items, and must not lead from one to
    another; at one position it tells that data differ, or that positions are not comparable.
    """
    gold = next((item.entry[key] for key in _GOLD if item.entry.get(key) is not None), None)
    if item.has_replicas and isinstance(gold, list) and gold:
        gold = gold[0]
    return NOT_RECORDED if gold is None else content_fingerprint([item.position, gold])
