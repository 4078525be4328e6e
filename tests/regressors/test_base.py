"""Weights of the anchors, missing results and score ranges, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_sparseeval.regressors._base import (
    anchor_means,
    checked_anchor_weights,
    checked_score_range,
    difference,
    fill_missing_results,
    positive_weights,
    refuse_rows,
)

NAN = np.nan


def test_anchors_have_equal_weights_by_default():
    assert_array_equal(checked_anchor_weights(None, 4), [0.25, 0.25, 0.25, 0.25])


@pytest.mark.parametrize(
    "weights", [[2, 1, 0, 1], [1.6e308, 0.8e308, 0, 0.8e308], (0.5, 0.25, 0, 0.25)]
)
def test_weights_of_anchors_are_scaled_to_sum_to_one(weights):
    assert_allclose(checked_anchor_weights(weights, 4), [0.5, 0.25, 0, 0.25])


def test_the_weights_given_are_not_changed():
    weights = np.array([2.0, 6.0])
    checked_anchor_weights(weights, 2)
    assert_array_equal(weights, [2, 6])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2], r"shape \(2,\), but X has 3 anchors"),
        ([[1, 2, 3]], r"shape \(1, 3\), but X has 3 anchors"),
        ([1, -2, 3], r"must not be negative; got -2.0 at 1"),
        ([0, 0, 0], "all zero"),
        ([1, NAN, 3], "anchor_weights contains NaN"),
        ([1, np.inf, 3], "anchor_weights contains infinity"),
    ],
)
def test_weights_that_make_no_mean_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        checked_anchor_weights(weights, 3)


def test_rows_of_weight_zero_are_not_used():
    rows, weight = positive_weights([2, 0, 0.5], np.zeros((3, 2)))
    assert_array_equal(rows, [0, 2])
    assert_array_equal(weight, [2, 0.5])


def test_weights_of_zero_alone_are_refused():
    with pytest.raises(ValueError, match=r"(?i)sample weights (are zero|must contain)"):
        positive_weights([0, 0], np.zeros((2, 2)))


def test_a_score_range_is_returned_as_floats():
    assert checked_score_range(None, np.array([3.0])) is None
    assert checked_score_range([0, 100], np.array([0.0, 100.0])) == (0.0, 100.0)


@pytest.mark.parametrize("bounds", [(1, 0), (1, 1), (0,), (0, 1, 2), (0, NAN)])
def test_a_score_range_must_be_two_ascending_numbers(bounds):
    with pytest.raises(ValueError, match=r"must be two numbers, the smaller one first"):
        checked_score_range(bounds, np.array([0.5]))


@pytest.mark.parametrize("outside", [-0.1, 1.1])
def test_scores_outside_the_range_are_refused(outside):
    with pytest.raises(ValueError, match=r"outside the score range \(0, 1\)"):
        checked_score_range((0, 1), np.array([0.5, outside]))


def test_anchor_means_are_weighted_and_over_the_models_that_have_the_item():
    X = np.array([[1.0, NAN], [0.0, 0.5], [0.5, 0.0]])
    assert_allclose(anchor_means(X, np.array([1.0, 1.0, 2.0]), "ab"), [0.5, 0.5 / 3])
    assert_allclose(anchor_means(X[1:], np.array([1.0, 3.0]), "ab"), [0.375, 0.125])


def test_an_anchor_without_a_result_is_named():
    X = np.array([[1.0, NAN, NAN], [0.0, NAN, 1.0]])
    with pytest.raises(ValueError, match=r"1 of the 3 anchors have no result in training.*: 'b'"):
        anchor_means(X, np.ones(2), ["a", "b", "c"])


def test_a_missing_result_is_the_items_mean_plus_the_models_mean_deviation():
    means = np.array([0.5, 0.2, 0.8])
    X = np.array([[0.9, NAN, 1.0], [0.1, 0.2, 0.3], [NAN, NAN, 0.5]])
    equal = np.full(3, 1 / 3)
    # Deviations of the first row: 0.4 and 0.2, mean 0.3; of the last: -0.3.
    expected = [[0.9, 0.5, 1.0], [0.1, 0.2, 0.3], [0.2, -0.1, 0.5]]
    before = X.copy()
    assert_allclose(fill_missing_results(X, means, equal), expected)
    assert_array_equal(X, before)


def test_deviations_are_weighted_as_the_anchors_are():
    means, X = np.array([0.5, 0.2, 0.8]), np.array([[0.9, NAN, 1.0]])
    filled = fill_missing_results(X, means, np.array([0.6, 0.2, 0.2]))
    assert_allclose(filled, [[0.9, 0.2 + (0.6 * 0.4 + 0.2 * 0.2) / 0.8, 1.0]])


def test_anchors_of_weight_zero_speak_where_there_are_no_others():
    means, X = np.array([0.5, 0.2, 0.8]), np.array([[0.9, NAN, 1.0]])
    filled = fill_missing_results(X, means, np.array([0.0, 1.0, 0.0]))
    assert_allclose(filled, [[0.9, 0.2 + 0.3, 1.0]])


def test_complete_results_are_handed_on():
    X = np.ones((2, 3))
    assert fill_missing_results(X, np.ones(3), np.ones(3)) is X


@given(seed=st.integers(0, 999), equal=st.booleans())
@settings(max_examples=40, deadline=None)
def test_results_that_are_a_sum_of_model_and_item_are_restored(seed, equal):
    rng = np.random.default_rng(seed)
    items = rng.random(5)
    full = rng.random((6, 1)) + items
    weights = np.full(5, 0.2) if equal else rng.dirichlet(np.ones(5))
    missing = rng.random(full.shape) < 0.4
    missing[:, 2] = False
    X = np.where(missing, NAN, full)
    # A constant added to all item means is taken up by the models' deviations.
    assert_allclose(fill_missing_results(X, 7 + items, weights), full)


def test_models_without_a_result_are_named_by_their_row():
    X = np.array([[NAN, NAN], [1.0, NAN], [NAN, NAN]])
    with pytest.raises(ValueError, match=r"2 models .* \(NaN\) on any anchor: rows 0, 2 "):
        fill_missing_results(X, np.zeros(2), np.ones(2))
    with pytest.raises(ValueError, match=r"rows 4, 9 of X"):
        fill_missing_results(X, np.zeros(2), np.ones(2), np.array([4, 5, 9]))


def test_many_rows_without_a_result_are_counted():
    with pytest.raises(ValueError, match=r"8 models .* rows 0, 1, 2, 3, 4 and 3 more"):
        refuse_rows(np.arange(8))
    refuse_rows(np.arange(0))


def test_a_difference_of_rounding_is_zero():
    a = np.array([[0.1 + 0.2, 1.0], [1e8 + 0.1, 0.0]])
    b = np.array([[0.3, 0.5], [1e8 + 0.1, 1e-9]])
    assert a[0, 0] != b[0, 0]
    assert_array_equal(difference(a, b), [[0, 0.5], [0, -1e-9]])
