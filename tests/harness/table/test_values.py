"""One number per metric: what counts as one, and what is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval.harness.table import (
    NoSingleNumberError,
    Refusals,
    Rows,
    kind_of,
    scalar,
    scores_of,
)


@pytest.mark.parametrize(
    ("value", "score"),
    [
        (1, 1.0),
        (0.25, 0.25),
        (True, 1.0),
        (False, 0.0),
        (-3, -3.0),
        ([True, False, False, True], 0.5),
        ([True], 1.0),
    ],
)
def test_numbers_bools_and_lists_of_bools_are_scores(value, score):
    assert scalar(value) == score


@pytest.mark.parametrize("value", [None, math.nan], ids=["none", "nan"])
def test_what_was_not_scored_is_nan(value):
    assert math.isnan(scalar(value))


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ([0, 0], "a list of 0, 0"),
        ([], "an empty list"),
        ([True, 1], "a list of True, 1"),
        ([0, "[0.28 0.26]"], "a list of 0, '[0.28 0.26]'"),
        ("1.0", "'1.0'"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (10**400, "a number beyond all floats"),
        ({"a": 1}, "a dict with keys 'a'"),
    ],
    ids=str,
)
def test_what_is_no_single_number_is_refused_by_name(value, named):
    with pytest.raises(NoSingleNumberError) as refusal:
        scalar(value)
    assert str(refusal.value) == named[:60]


def test_a_dict_gives_a_metric_per_score_in_it():
    value = {"quality": 0.5, "comment": "good", "brevity": True, "pair": [1, 2]}
    assert list(scores_of("judge", value)) == [("judge.quality", 0.5), ("judge.brevity", 1.0)]


def test_a_number_keeps_the_name_of_its_metric():
    assert list(scores_of("acc", 1)) == [("acc", 1.0)]


@pytest.mark.parametrize("value", [{}, {"comment": "good"}, "C"], ids=str)
def test_values_without_a_score_are_refused(value):
    with pytest.raises(NoSingleNumberError):
        list(scores_of("judge", value))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("x", "texts"),
        ([1, 2], "lists"),
        ({"a": "b"}, "dicts without a score"),
        (math.inf, "infinite numbers"),
        (10**400, "infinite numbers"),
    ],
    ids=["text", "list", "dict", "infinity", "huge"],
)
def test_kinds_are_the_same_for_all_values_of_a_kind(value, kind):
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("abc", "'abc'"),
        ({}, "an empty dict"),
        ([1, [2], {"a": 3}, None], "a list of 1, list, dict, None"),
        ({"one": 1, "two": 2}, "a dict with keys 'one', 'two'"),
        (list(range(9)), "a list of 0, 1, 2, 3, 4"),
    ],
    ids=str,
)
def test_values_are_shown_without_following_them_down(value, shown):
    with pytest.raises(NoSingleNumberError) as refused:
        scalar(value)
    assert str(refused.value) == shown


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)


@given(json_values)
def test_what_is_refused_is_shown_in_few_characters(value):
    shown = ""
    try:
        scalar(value)
    except NoSingleNumberError as refused:
        shown = str(refused)
    assert len(shown) <= 60


@given(json_values)
def test_a_score_is_a_finite_number_or_nan(value):
    try:
        scores = [score for _, score in scores_of("metric", value)]
    except NoSingleNumberError:
        return
    assert scores
    assert all(type(score) is float and not math.isinf(score) for score in scores)


def test_refusals_are_counted_by_metric_with_the_first_value_of_each():
    rows = Rows(harness="h", model="m", task="sums")
    refusals = Refusals(rows)
    for metric, value in (("f1", "'a'"), ("f1", "'b'"), ("mcc", "a list of 0, 1")):
        refusals.add(metric, NoSingleNumberError(value))
    start = "scores were left out since they are not a single number: metric "
    assert rows.notes == {
        ("not-a-score", f"{start}'f1' of task 'sums' holds 'a'"): 2,
        ("not-a-score", f"{start}'mcc' of task 'sums' holds a list of 0, 1"): 1,
    }
