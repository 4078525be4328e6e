"""Scores as Inspect's scorers give them, as numbers."""

import json
import math
import tempfile
from pathlib import Path

import numpy as np
import pytest

from sklearn_sparseeval.harness.inspect import HARNESS


def read(scores):
    """Read a log of one sample; return its numbers by metric, and what is noted."""
    sample = {"id": 1, "epoch": 1, "input": "1 + 1?", "target": "2"}
    sample["scores"] = {name: {"value": value} for name, value in scores.items()}
    log = {"version": 2, "status": "success", "eval": {"task": "sums", "model": "acme/one"}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.json")
        path.write_text(json.dumps(log | {"samples": [sample]}))
        rows = HARNESS.parse(path)
    columns = rows.columns()
    names = [columns.texts["metric"][code] for code in columns.codes["metric"]]
    notes = [text for (kind, text) in rows.notes if kind == "not-a-score"]
    return dict(zip(names, columns.value.tolist(), strict=True)), notes


@pytest.mark.parametrize(
    ("value", "number"),
    [
        pytest.param("C", 1.0, id="correct"),
        pytest.param("I", 0.0, id="incorrect"),
        pytest.param("P", 0.5, id="partial"),
        pytest.param("N", 0.0, id="no-answer"),
        pytest.param("yes", 1.0, id="yes"),
        pytest.param("No", 0.0, id="no"),
        pytest.param("TRUE", 1.0, id="true-in-capitals"),
        pytest.param("false", 0.0, id="false"),
        pytest.param("0.25", 0.25, id="text-of-a-number"),
        pytest.param("-1e-1", -0.1, id="text-of-a-negative-number"),
        pytest.param(True, 1.0, id="bool"),
        pytest.param(False, 0.0, id="other-bool"),
        pytest.param(3, 3.0, id="integer"),
        pytest.param(0.75, 0.75, id="float"),
        pytest.param(math.nan, math.nan, id="nan"),
        pytest.param(None, math.nan, id="null"),
    ],
)
@pytest.mark.parametrize("in_dict", [False, True])
def test_values_become_numbers(value, number, in_dict):
    numbers, notes = read({"judge": {"mark": value} if in_dict else value})
    np.testing.assert_equal(numbers, {"judge.mark" if in_dict else "judge": number})
    assert notes == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("A", "'A'"),
        ("c", "'c'"),
        ("", "''"),
        ("nan", "'nan'"),
        ("inf", "'inf'"),
        ([True, False], "a list of True, False"),
        ([], "an empty list"),
        (math.inf, "inf"),
        (10**400, "a number beyond all floats"),
        ({"mark": "good"}, "'good'"),
    ],
    ids=repr,
)
def test_what_is_no_number_is_refused(value, shown):
    numbers, notes = read({"match": "C", "odd": value})
    assert numbers == {"match": 1.0}
    assert notes == [
        f"scores are not numbers and are left out: scorer 'odd' of task 'sums' gives {shown}"
    ]


@pytest.mark.parametrize("value", ["good", [1, 2], "nan", math.inf], ids=repr)
def test_texts_beside_numbers_of_one_scorer_are_passed_over(value):
    assert read({"judge": {"mark": 0.5, "why": value}}) == ({"judge.mark": 0.5}, [])


@pytest.mark.parametrize("scores", [{}, {"judge": {}}], ids=["none", "empty-dict"])
def test_nothing_gives_nothing(scores):
    assert read(scores) == ({}, [])
