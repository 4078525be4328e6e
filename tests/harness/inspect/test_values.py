"""Scores as Inspect's scorers give them, as numbers."""

import math

import numpy as np
import pytest

from sklearn_sparseeval.harness.inspect._read import Refused, sample_scores


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
    scores = sample_scores({"judge": {"mark": value} if in_dict else value})
    np.testing.assert_equal(scores.numbers, {"judge.mark" if in_dict else "judge": number})
    assert scores.refused == {}


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
    scores = sample_scores({"match": "C", "odd": value})
    assert scores.numbers == {"match": 1.0}
    (refused,) = scores.refused.values()
    assert refused == Refused("odd", shown, False)


@pytest.mark.parametrize("value", ["good", [1, 2], "nan", math.inf], ids=repr)
def test_what_is_no_number_is_refused_by_key(value):
    scores = sample_scores({"judge": {"mark": 0.5, "why": value}})
    assert scores.numbers == {"judge.mark": 0.5}
    assert scores.refused["judge.why"].has_numbers_beside


@pytest.mark.parametrize("scores", [{}, {"judge": {}}], ids=["none", "empty-dict"])
def test_nothing_gives_nothing(scores):
    assert sample_scores(scores) == ({}, {})
