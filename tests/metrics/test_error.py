"""Errors in the unit of the scores, and what every metric refuses."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import max_error, mean_absolute_error

from sklearn_sparseeval.metrics import (
    kendall_tau_score,
    max_absolute_error,
    pairwise_accuracy_score,
    score_bias,
    top_k_overlap_score,
)

ERRORS = [score_bias, max_absolute_error]
ALL = [*ERRORS, kendall_tau_score, pairwise_accuracy_score, top_k_overlap_score]
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
    y_true, y_pred = np.random.default_rng(5).random((2, 12))
    before = y_true.copy(), y_pred.copy()
    metric(y_true, y_pred)
    np.testing.assert_array_equal((y_true, y_pred), before)
