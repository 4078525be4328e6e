"""Errors in the unit of the scores, and what every metric refuses."""

from itertools import permutations
from math import factorial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import max_error, mean_absolute_error, median_absolute_error

from sklearn_sparseeval.metrics import (
    kendall_tau_score,
    max_absolute_error,
    minimum_detectable_difference,
    pairwise_accuracy_score,
    percentile_absolute_error,
    score_bias,
    spearman_score,
    top_k_overlap_score,
    top_pick_regret,
)

ERRORS = [score_bias, max_absolute_error, percentile_absolute_error, top_pick_regret]
RANKS = [kendall_tau_score, spearman_score, pairwise_accuracy_score, top_k_overlap_score]
ALL = [*ERRORS, *RANKS, minimum_detectable_difference]
WEIGHTED = [score_bias, pairwise_accuracy_score]


def test_bias_by_hand():
    assert score_bias([0.5, 0.6, 0.7], [0.6, 0.6, 0.9]) == pytest.approx(0.1)
    assert score_bias([1, 2], [3, 1], sample_weight=[3, 1]) == pytest.approx((3 * 2 - 1) / 4)


@pytest.mark.parametrize("shift", [-0.25, 0.0, 0.25])
def test_bias_is_positive_where_the_prediction_is_too_high(shift):
    y = np.linspace(0, 1, 9)
    assert score_bias(y, y + shift) == pytest.approx(shift)


def test_bias_is_within_the_mean_absolute_error():
    y_true, y_pred = np.random.default_rng(0).random((2, 50))
    assert abs(score_bias(y_true, y_pred)) <= mean_absolute_error(y_true, y_pred)


def test_integer_weights_of_the_bias_are_repetitions():
    rng = np.random.default_rng(1)
    y_true, y_pred = rng.random((2, 20))
    weight = rng.integers(0, 4, size=20)
    repeated = score_bias(y_true.repeat(weight), y_pred.repeat(weight))
    assert score_bias(y_true, y_pred, sample_weight=weight) == pytest.approx(repeated)


def test_max_absolute_error_by_hand():
    assert max_absolute_error([0.5, 0.6, 0.7], [0.6, 0.6, 0.4]) == pytest.approx(0.3)


def test_max_absolute_error_of_one_task_is_that_of_scikit_learn():
    y_true, y_pred = np.random.default_rng(2).random((2, 50))
    assert max_absolute_error(y_true, y_pred) == max_error(y_true, y_pred)


@pytest.mark.parametrize(
    ("percentile", "expected"),
    [(0, 1.0), (25, 2.0), (50, 3.0), (95, 4.0 + 0.8 * 3.0), (100, 7.0)],
)
def test_percentile_absolute_error_by_hand(percentile, expected):
    # Errors 1, 2, 3, 4, 7: the 95th percentile is at place 1 + .95 * 4 = 4.8 of 5.
    error = percentile_absolute_error(np.zeros(5), [-7, 1, 4, -2, 3], percentile=percentile)
    assert error == pytest.approx(expected)


def test_percentile_absolute_error_is_the_95th_by_default():
    errors = np.random.default_rng(6).permutation(101)
    assert percentile_absolute_error(np.zeros(101), errors) == 95


@pytest.mark.slow
@settings(deadline=None)
@given(hnp.arrays(np.float64, st.integers(1, 12), elements=st.floats(-9, 9)), st.floats(0, 100))
def test_percentile_absolute_error_interpolates_the_sorted_errors(errors, percentile):
    places = np.linspace(0, 100, len(errors)) if len(errors) > 1 else [50]
    expected = np.interp(percentile, places, np.sort(np.abs(errors)))
    error = percentile_absolute_error(np.zeros(len(errors)), errors, percentile=percentile)
    assert error == pytest.approx(expected, abs=1e-9)


def test_percentiles_end_in_the_median_and_the_largest_error():
    y_true, y_pred = np.random.default_rng(7).random((2, 30))
    errors = [percentile_absolute_error(y_true, y_pred, percentile=p) for p in (50, 90, 95, 100)]
    assert errors == sorted(errors)
    assert errors[0] == pytest.approx(median_absolute_error(y_true, y_pred))
    assert errors[-1] == max_absolute_error(y_true, y_pred)


@pytest.mark.parametrize("percentile", [-1, 100.5, "95", None])
def test_other_percentiles_are_refused(percentile):
    with pytest.raises(ValueError, match=r"'percentile' parameter of .* range \[0\.?0?, 100"):
        percentile_absolute_error([1, 2], [1, 2], percentile=percentile)


@pytest.mark.parametrize(
    ("y_pred", "expected"),
    [
        ([1, 0, 0, 0], 0),
        ([0, 1, 0, 0], 0),  # as good as the first
        ([0, 0, 1, 0], 9 - 6),
        ([2, 3, 4, 5], 9 - 1),
        ([5, 2, 5, 1], (0 + 3) / 2),  # a coin flip
        ([5, 5, 5, 1], (0 + 0 + 3) / 3),
        ([7, 7, 7, 7], (0 + 0 + 3 + 8) / 4),  # chance
    ],
)
def test_top_pick_regret_by_hand(y_pred, expected):
    assert top_pick_regret([9, 9, 6, 1], y_pred) == pytest.approx(expected)


_LEVELS = hnp.arrays(np.float64, 5, elements=st.integers(0, 3).map(lambda level: level / 3))


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(_LEVELS, _LEVELS)
def test_top_pick_regret_equals_brute_force_over_the_orders_of_tied_models(y_true, y_pred):
    total = 0.0
    for order in permutations(range(5)):
        pick = max(order, key=lambda model: y_pred[model])  # the first of the order, where tied
        total += y_true.max() - y_true[pick]
    regret = top_pick_regret(y_true, y_pred)
    assert regret == pytest.approx(total / factorial(5), abs=1e-12)
    assert 0 <= regret <= np.ptp(y_true)


def test_top_pick_regret_is_exactly_zero_for_equal_models():
    assert top_pick_regret([0.1, 0.1, 0.1], [1, 1, 1]) == 0  # the mean of three 0.1 is above 0.1


@pytest.mark.parametrize("metric", [max_absolute_error, percentile_absolute_error, top_pick_regret])
def test_errors_have_the_unit_of_the_scores(metric):
    y_true, y_pred = np.random.default_rng(8).random((2, 25))
    assert metric(100 * y_true, 100 * y_pred) == pytest.approx(100 * metric(y_true, y_pred))
    assert metric(y_true + 3, y_pred + 3) == pytest.approx(metric(y_true, y_pred))


@pytest.mark.parametrize("metric", ERRORS)
def test_tasks_are_averaged_uniformly(metric):
    y_true, y_pred = np.random.default_rng(3).random((2, 8, 3))
    per_task = [metric(y_true[:, task], y_pred[:, task]) for task in range(3)]
    assert metric(y_true, y_pred) == pytest.approx(np.mean(per_task))
    assert metric(pd.DataFrame(y_true), pd.DataFrame(y_pred)) == metric(y_true, y_pred)


def test_weights_apply_within_each_task():
    y_true, y_pred = np.random.default_rng(4).random((2, 8, 2))
    weight = np.arange(8)
    for metric in WEIGHTED:
        per_task = [metric(y_true[:, t], y_pred[:, t], sample_weight=weight) for t in range(2)]
        assert metric(y_true, y_pred, sample_weight=weight) == pytest.approx(np.mean(per_task))


@pytest.mark.parametrize("metric", ERRORS)
def test_errors_of_perfect_predictions_are_a_float_zero(metric):
    result = metric([[1, 2]], [[1, 2]])
    assert type(result) is float
    assert result == 0


@pytest.mark.parametrize("metric", ALL)
@pytest.mark.parametrize(
    ("y_true", "y_pred", "message"),
    [
        ([1, 2, 3], [1, 2], r"y_true holds the scores of 3 model\(s\) and y_pred of 2; .*same"),
        ([[1, 2]], [1], r"y_true holds the scores of 2 task\(s\) and y_pred of 1"),
        ([1, np.nan, 3], [1, 2, 3], r"y_true holds 1 value\(s\) .* at index 1: nan; expected"),
        ([1, 2], [np.inf, np.nan], r"y_pred holds 2 value\(s\) .* at index 0: inf; expected"),
        ([[1, 2]], [[1, -np.inf]], r"y_pred holds .* index \(0, 1\): -inf; .* Leave out"),
        ([], [], r"Found array with 0 sample"),
        ([[[1]]], [[[1]]], r"y_true|dim 3"),
        (1.0, [1], r"'y_true' parameter of \w+ must be an array-like"),
        ([1], None, r"'y_pred' parameter of \w+ must be an array-like"),
    ],
    ids=["models", "tasks", "nan", "inf", "2d", "empty", "3d", "scalar", "none"],
)
def test_every_metric_refuses_what_are_not_scores(metric, y_true, y_pred, message):
    with pytest.raises(ValueError, match=message):
        metric(y_true, y_pred)


@pytest.mark.parametrize("metric", WEIGHTED)
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2], r"sample_weight has shape \(2,\); expected \(3,\), one weight for each model"),
        ([[1, 2, 3]], r"sample_weight has shape \(1, 3\); expected \(3,\)"),
        ([1, -2, 1], r"negative weights \(lowest: -2\); expected .* at least 0"),
        ([0, 0, 0], r"sample_weight is 0 for every model; give at least one"),
        ([1, np.nan, 1], r"sample_weight holds 1 value\(s\) that are not finite, .* index 1: nan"),
        (2, r"'sample_weight' parameter of \w+ must be an array-like or None"),
    ],
    ids=["length", "shape", "negative", "zero", "nan", "scalar"],
)
def test_weights_that_are_not_weights_are_refused(metric, weight, message):
    with pytest.raises(ValueError, match=message):
        metric([1, 2, 3], [1, 2, 3], sample_weight=weight)


@pytest.mark.parametrize("metric", ALL)
def test_inputs_are_left_as_they_are(metric):
    y_true, noise = np.random.default_rng(5).random((2, 12))
    y_pred = y_true + noise / 10
    before = y_true.copy(), y_pred.copy()
    metric(y_true, y_pred)
    np.testing.assert_array_equal((y_true, y_pred), before)
