"""What score regressors share: weights of anchors, missing results and score ranges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin

from sklearn_sparseeval import (
    AIPWRegressor,
    DifferenceRegressor,
    GPIRTRegressor,
    ImputedScoreRegressor,
    ResidualRidgeRegressor,
    SignatureRegressor,
    WeightedMeanRegressor,
)

NAN = np.nan
RNG = np.random.default_rng(0)
RESULTS = RNG.integers(0, 2, size=(12, 6)).astype(float)
SCORES = RESULTS.mean(axis=1)


class Recorder(RegressorMixin, BaseEstimator):
    """Keeps what it is given."""

    def fit(self, X, y):
        self.X_, self.y_ = X, y
        return self

    def predict(self, X):
        self.rows_ = X
        return np.zeros(len(X))


def weights_of(anchor_weights, n_anchors):
    X, y = np.ones((2, n_anchors)), [1.0, 1.0]
    return WeightedMeanRegressor().fit(X, y, anchor_weights=anchor_weights).coef_


def filled_rows(sources, rows):
    """Return what stands for the missing results of target rows."""
    regressor = SignatureRegressor(Recorder()).fit(sources, np.zeros(len(sources)))
    regressor.predict(rows)
    return regressor.regressor_.rows_


def test_anchors_have_equal_weights_by_default():
    assert_array_equal(weights_of(None, 4), [0.25, 0.25, 0.25, 0.25])


@pytest.mark.parametrize(
    "weights", [[2, 1, 0, 1], [1.6e308, 0.8e308, 0, 0.8e308], (0.5, 0.25, 0, 0.25)]
)
def test_weights_of_anchors_are_scaled_to_sum_to_one(weights):
    assert_allclose(weights_of(weights, 4), [0.5, 0.25, 0, 0.25])


def test_the_weights_given_are_not_changed():
    weights = np.array([2.0, 6.0])
    weights_of(weights, 2)
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
        weights_of(weights, 3)


@pytest.mark.parametrize("regressor", [AIPWRegressor, DifferenceRegressor, GPIRTRegressor])
def test_weights_without_anchors_are_refused(regressor):
    with pytest.raises(ValueError, match="anchor_weights are given without anchors"):
        regressor().fit(RESULTS, SCORES, anchor_weights=np.ones(6))


@pytest.mark.parametrize("regressor", [ImputedScoreRegressor, DifferenceRegressor])
@pytest.mark.parametrize(
    ("anchors", "message"),
    [
        ([0, 6], "anchors holds 6, which are not columns of X with a result: X has 6 columns"),
        ([[0, 1]], r"anchors has shape \(1, 2\)"),
        ([0.0, 1.0], "dtype float64"),
        ([], "at least one integer"),
        ([3, 3], "the same item more than once: 3, 3. Give every item once"),
    ],
)
def test_anchors_that_are_not_items_are_refused(regressor, anchors, message):
    with pytest.raises(ValueError, match=message):
        regressor().fit(RESULTS, SCORES, anchors=anchors)


def test_rows_of_weight_zero_are_not_used():
    wrong = np.vstack([RESULTS, np.full(6, NAN)])
    weighted = ResidualRidgeRegressor().fit(
        wrong, np.append(SCORES, 9.0), sample_weight=np.append(np.ones(12), 0)
    )
    assert_array_equal(weighted.coef_, ResidualRidgeRegressor().fit(RESULTS, SCORES).coef_)


def test_weights_of_zero_alone_are_refused():
    with pytest.raises(ValueError, match=r"(?i)sample weights (are zero|must contain)"):
        WeightedMeanRegressor().fit(RESULTS, SCORES, sample_weight=np.zeros(12))


@pytest.mark.parametrize("bounds", [(1, 0), (1, 1), (0,), (0, 1, 2), (0, NAN)])
def test_a_score_range_must_be_two_ascending_numbers(bounds):
    with pytest.raises(ValueError, match=r"must be two numbers, the smaller one first"):
        WeightedMeanRegressor(score_range=bounds).fit(RESULTS, SCORES)


@pytest.mark.parametrize("outside", [-0.1, 1.1])
def test_scores_outside_the_range_are_refused(outside):
    with pytest.raises(ValueError, match=r"outside the score range \(0, 1\)"):
        ResidualRidgeRegressor(score_range=(0, 1)).fit(RESULTS, np.append(SCORES[1:], outside))


def test_an_anchor_without_a_result_is_named():
    X = np.array([[1.0, NAN, NAN], [0.0, NAN, 1.0]])
    with pytest.raises(ValueError, match=r"1 of the 3 anchors have no result in training.*: 1\."):
        ResidualRidgeRegressor().fit(X, [0.5, 0.6])


def test_a_missing_result_is_the_items_mean_plus_the_models_mean_deviation():
    sources = np.array([[0.4, 0.1, 0.7], [0.6, 0.3, 0.9]])  # means 0.5, 0.2 and 0.8
    rows = np.array([[0.9, NAN, 1.0], [0.1, 0.2, 0.3], [NAN, NAN, 0.5]])
    # Deviations of the first row: 0.4 and 0.2, mean 0.3; of the last: -0.3.
    expected = [[0.9, 0.5, 1.0], [0.1, 0.2, 0.3], [0.2, -0.1, 0.5]]
    before = rows.copy()
    assert_allclose(filled_rows(sources, rows), expected)
    assert_array_equal(rows, before)


def test_means_are_over_the_models_that_have_the_item():
    sources = np.array([[1.0, NAN], [0.0, 0.5], [0.5, 0.0]])  # means 0.5 and 0.25
    assert_allclose(filled_rows(sources, [[0.6, NAN], [NAN, 0.25]]), [[0.6, 0.35], [0.5, 0.25]])


@pytest.mark.parametrize(
    ("weights", "filled"),
    [([0.6, 0.2, 0.2], 0.2 + (0.6 * 0.4 + 0.2 * 0.2) / 0.8), ([0.0, 1.0, 0.0], 0.2 + 0.3)],
)
def test_deviations_are_weighted_as_the_anchors_are_unless_those_weigh_nothing(weights, filled):
    sources = np.array([[0.4, 0.1, 0.7], [0.6, 0.3, 0.9]])
    regressor = ResidualRidgeRegressor().fit(sources, [0.3, 0.8], anchor_weights=weights)
    got, expected = regressor.predict([[0.9, NAN, 1.0], [0.9, filled, 1.0]])
    assert_allclose(got, expected)


@given(seed=st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_results_that_are_a_sum_of_model_and_item_are_restored(seed):
    rng = np.random.default_rng(seed)
    full = rng.random((6, 1)) + rng.random(5)
    missing = rng.random(full.shape) < 0.4
    missing[:, 2] = False
    assert_allclose(filled_rows(full, np.where(missing, NAN, full)), full)


def test_models_without_a_result_are_named_by_their_row():
    X = np.array([[NAN, NAN], [1.0, NAN], [NAN, NAN]])
    regressor = ResidualRidgeRegressor().fit(RESULTS[:, :2], SCORES)
    with pytest.raises(ValueError, match=r"2 models .* \(NaN\) on any anchor: rows 0, 2 "):
        regressor.predict(X)
    sources = np.array([[1, 1], [NAN, NAN], [1, 0], [NAN, NAN]])
    with pytest.raises(ValueError, match=r"rows 1, 3 of X"):  # those of weight zero count too
        regressor.fit(sources, np.ones(4), sample_weight=[0.0, 1.0, 1.0, 1.0])


def test_many_rows_without_a_result_are_counted():
    regressor = WeightedMeanRegressor().fit(RESULTS, SCORES)
    with pytest.raises(ValueError, match=r"8 models .* rows 0, 1, 2, 3, 4 and 3 more"):
        regressor.predict(np.full((8, 6), NAN))


@pytest.mark.parametrize("tasks", [0, 1, 2])
def test_what_is_learnt_has_the_shape_of_the_scores(tasks):
    y = SCORES if tasks == 0 else np.column_stack([SCORES, 1 - SCORES])[:, :tasks]
    regressor = ResidualRidgeRegressor().fit(RESULTS, y)
    assert np.shape(regressor.intercept_) == y.shape[1:]
    assert regressor.coef_.shape == (*y.shape[1:], 6)
    assert regressor.predict(RESULTS).shape == y.shape
