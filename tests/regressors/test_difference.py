"""The difference estimator against hand-made numbers, its definition, and real models."""

import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import Ridge

from sklearn_sparseeval import DifferenceRegressor, ResidualRidgeRegressor, StratifiedSelector
from sklearn_sparseeval.anchored import AnchoredRegressor
from sklearn_sparseeval.datasets import load_helm_lite, make_score_matrix

RNG = np.random.default_rng(0)
SOURCES = (RNG.random((30, 12)) < np.linspace(0.2, 0.9, 12)).astype(float)
MEANS = SOURCES.mean(axis=1)
TARGETS = RNG.random((5, 12))
ANCHORS = np.array([7, 2, 9, 4, 0])
WEIGHTS = np.array([0.1, 0.3, 0.2, 0.25, 0.15])


def off(X, anchors):
    """Return full-width rows with results on the anchors only."""
    rows = np.full_like(X, np.nan)
    rows[:, anchors] = X[:, anchors]
    return rows


def by_definition(model, row, anchors, weights):
    """Return the mean prediction of scikit-learn's ridge plus the weighted mean residual."""
    features = model.item_features_
    penalty = model.alpha * features.var(axis=0).sum()
    predicted = Ridge(alpha=penalty).fit(features[anchors], row[anchors]).predict(features)
    residual = row[anchors] - predicted[anchors]
    return predicted.mean() + weights @ residual / weights.sum()


def test_a_small_case_computed_by_hand():
    # One feature, -1 and 1 after scaling, two anchors: results 0.2 and 0.8 at features -1 and 1.
    # Slope (0.2 * -1 + 0.8 * 1) / (2 + penalty), penalty = alpha * variance = 2 * 1: 0.15.
    # Three of four items have feature 1 before scaling: mean 0.75, spread sqrt(3) / 4.
    feature = np.array([[0.0], [1.0], [1.0], [1.0]])
    X = np.array([[0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    model = DifferenceRegressor(features=feature, alpha=2.0)
    model.fit(X, X.mean(axis=1), anchors=[0, 1])
    low, high = -np.sqrt(3.0), 1 / np.sqrt(3.0)
    assert_allclose(model.item_features_.ravel(), [low, high, high, high])
    half = (high - low) / 2
    slope = half * (0.8 - 0.2) / (2 * half**2 + 2.0)
    # Mean prediction 0.5 + slope * (0 - centre); both residuals lie opposite each other.
    expected = 0.5 - slope * (low + high) / 2
    assert_allclose(model.predict([[0.2, 0.8, np.nan, np.nan]]), [expected])


@pytest.mark.parametrize("alpha", [0.01, 4.0, 100.0])
@pytest.mark.parametrize("n_components", [0, 2, 30])
def test_the_estimate_is_a_ridge_prediction_plus_weighted_residuals(alpha, n_components):
    model = DifferenceRegressor(alpha=alpha, n_components=n_components)
    model.fit(SOURCES, MEANS, anchors=ANCHORS, anchor_weights=7 * WEIGHTS)
    expected = [by_definition(model, row, ANCHORS, WEIGHTS) for row in TARGETS]
    assert_allclose(model.predict(TARGETS), expected)
    assert_allclose(TARGETS[:, ANCHORS] @ model.coef_, expected)
    assert_allclose(model.coef_.sum(), 1)


def test_every_row_is_estimated_from_the_anchors_it_has():
    model = DifferenceRegressor().fit(SOURCES, MEANS, anchors=ANCHORS, anchor_weights=WEIGHTS)
    rows = off(TARGETS, ANCHORS)
    rows[1, [7, 9]] = np.nan
    rows[2, [7, 2, 9, 4]] = np.nan
    rows[3, [7, 9]] = np.nan
    predicted = model.predict(rows)
    for row, estimate in zip(rows, predicted, strict=True):
        have = ~np.isnan(row[ANCHORS])
        assert_allclose(estimate, by_definition(model, row, ANCHORS[have], WEIGHTS[have]))
    assert_allclose(predicted[2], TARGETS[2, 0])  # one result: that result
    assert_allclose(predicted, [model.predict(row[np.newaxis])[0] for row in rows])


def test_without_anchors_it_takes_what_a_row_holds_with_equal_weights():
    rows = off(TARGETS, ANCHORS)
    free = DifferenceRegressor().fit(SOURCES, MEANS)
    given_anchors = DifferenceRegressor().fit(SOURCES, MEANS, anchors=ANCHORS)
    assert_allclose(free.predict(rows), given_anchors.predict(rows))
    assert_array_equal(free.anchors_, np.arange(12))


def test_a_huge_penalty_gives_the_weighted_mean():
    model = DifferenceRegressor(alpha=1e12)
    model.fit(SOURCES, MEANS, anchors=ANCHORS, anchor_weights=WEIGHTS)
    assert_allclose(model.predict(TARGETS), TARGETS[:, ANCHORS] @ WEIGHTS)
    model.fit(SOURCES, MEANS)
    assert_allclose(model.predict(off(TARGETS, ANCHORS)), TARGETS[:, ANCHORS].mean(axis=1))


def test_without_a_penalty_results_on_a_line_in_the_features_are_estimated_exactly():
    feature = RNG.random((12, 1))
    rows = 0.3 + np.outer([0.5, -0.2], feature)
    model = DifferenceRegressor(features=feature, alpha=0).fit(SOURCES, MEANS, anchors=ANCHORS)
    assert_allclose(model.predict(rows), rows.mean(axis=1))
    biased = DifferenceRegressor(alpha=1e12).fit(SOURCES, MEANS, anchors=ANCHORS)
    assert np.abs(biased.predict(rows) - rows.mean(axis=1)).max() > 0.01


@pytest.mark.slow
@given(
    X=hnp.arrays(float, (4, 6), elements=st.floats(0, 1)),
    alpha=st.sampled_from([0.0, 1e-3, 4.0, 1e6]),
)
def test_all_items_give_the_exact_mean(X, alpha):
    model = DifferenceRegressor(alpha=alpha).fit(X, X.mean(axis=1))
    assert_allclose(model.predict(X), X.mean(axis=1), atol=1e-9)


@pytest.mark.slow
@given(shift=st.floats(-100, 100), scale=st.floats(0.01, 1000))
def test_other_units_give_the_same_estimate(shift, scale):
    def predict(scores, rows):
        model = DifferenceRegressor().fit(scores, scores.mean(axis=1), anchors=ANCHORS)
        return model.predict(rows)

    in_units = predict(scale * SOURCES + shift, scale * TARGETS + shift)
    expected = scale * predict(SOURCES, TARGETS) + shift
    assert_allclose(in_units, expected, rtol=1e-7, atol=1e-7 * scale)


def test_the_target_of_another_unit_is_reached_by_a_line():
    y = np.column_stack([MEANS, 20 + 80 * MEANS])
    one = DifferenceRegressor().fit(SOURCES, MEANS, anchors=ANCHORS)
    two = DifferenceRegressor().fit(SOURCES, y, anchors=ANCHORS)
    assert (one.slope_, one.intercept_) == (1.0, 0.0)
    assert_allclose(two.slope_, [1, 80])
    assert_allclose(two.intercept_, [0, 20], atol=1e-9)
    estimate = one.predict(TARGETS)
    assert_allclose(two.predict(TARGETS), np.column_stack([estimate, 20 + 80 * estimate]))


def test_the_line_is_a_weighted_least_squares_fit():
    weight = RNG.integers(0, 4, len(SOURCES)).astype(float)
    y = 0.1 + 0.7 * MEANS + 0.05 * RNG.standard_normal(len(SOURCES))
    model = DifferenceRegressor().fit(SOURCES, y, sample_weight=weight)
    slope, intercept = np.polyfit(MEANS, y, 1, w=np.sqrt(weight))
    assert_allclose([model.slope_, model.intercept_], [slope, intercept])


def test_sources_that_are_all_alike_give_their_mean_target():
    model = DifferenceRegressor().fit(np.eye(4), [1.0, 2.0, 3.0, 6.0])
    assert (model.slope_, model.intercept_) == (0.0, 3.0)


def test_one_column_of_targets_comes_back_as_one_column():
    assert DifferenceRegressor().fit(SOURCES, MEANS[:, None]).predict(TARGETS).shape == (5, 1)


def test_missing_source_results_are_taken_as_hard_as_they_are_for_others():
    """A model without its hard half is not taken for a strong one when the line is fitted."""
    X, items = np.meshgrid(np.linspace(0, 1, 8), np.linspace(0, 1, 10), indexing="ij")
    scores = 0.2 * X + 0.8 * items
    y = 100 * scores.mean(axis=1)
    scores[0, :5] = np.nan  # the weakest model without the hard half
    model = DifferenceRegressor().fit(scores, y)
    assert_allclose(model.slope_, 100, rtol=0.03)
    naive_slope = np.polyfit(np.nanmean(scores, axis=1), y, 1)[0]
    assert naive_slope < 40


def test_y_equal_to_the_means_of_evaluated_items_counts_as_the_mean():
    scores = SOURCES.copy()
    scores[3, :4] = np.nan
    model = DifferenceRegressor().fit(scores, np.nanmean(scores, axis=1))
    assert (model.slope_, model.intercept_) == (1.0, 0.0)


def test_items_without_any_source_result_are_neither_used_nor_estimated():
    wide = np.column_stack([SOURCES, np.full(len(SOURCES), np.nan)])
    rows = np.column_stack([off(TARGETS, ANCHORS), np.full(len(TARGETS), 1.0)])
    model = DifferenceRegressor().fit(wide, MEANS)
    without = DifferenceRegressor().fit(SOURCES, MEANS)
    assert_allclose(model.predict(rows), without.predict(off(TARGETS, ANCHORS)))


def test_a_weight_of_two_is_two_rows():
    weight = np.arange(len(SOURCES)) % 3
    y = 2 * MEANS + RNG.random(len(MEANS))
    weighted = DifferenceRegressor().fit(SOURCES, y, sample_weight=weight, anchors=ANCHORS)
    repeated = DifferenceRegressor().fit(
        np.repeat(SOURCES, weight, axis=0), np.repeat(y, weight), anchors=ANCHORS
    )
    assert_allclose(weighted.predict(TARGETS), repeated.predict(TARGETS), rtol=1e-9)


def test_the_tilt_describes_items_as_strong_models_see_them():
    def hardness(tilt):
        return DifferenceRegressor(strength_tilt=tilt).fit(SOURCES, MEANS).item_features_[:, 0]

    assert_allclose(hardness(0.0), SOURCES.mean(axis=0))
    strongest = SOURCES[np.flatnonzero(MEANS.max() == MEANS)].mean(axis=0)
    assert_allclose(hardness(1000.0), strongest, atol=1e-9)
    z = (MEANS - MEANS.mean()) / MEANS.std()
    assert_allclose(hardness(1.0), np.average(SOURCES, axis=0, weights=np.exp(z)))


def test_the_score_range_clips():
    rows = np.full((1, 12), 0.98)
    rows[0, 0] = 1.0
    sources = np.clip(SOURCES, 0, 0.7)
    y = 1.4 * sources.mean(axis=1)
    free = DifferenceRegressor().fit(sources, y).predict(rows)
    assert free[0] > 1.3
    assert_array_equal(DifferenceRegressor(score_range=(0, 1)).fit(sources, y).predict(rows), [1])


@pytest.mark.slow
def test_the_bias_of_a_probability_sample_is_small():
    """Over the draws, the mean error of every target is within three standard errors of 0.3 %."""
    matrix = make_score_matrix(n_models=60, n_items=300, random_state=0)
    order = np.argsort(matrix.data.mean(axis=1))
    sources, targets = matrix.data[order[:30]], matrix.data[order[-10:]]
    errors = []
    for seed in range(100):
        selector = StratifiedSelector(n_anchors=30, random_state=seed)
        model = AnchoredRegressor(selector, DifferenceRegressor()).fit(sources)
        errors.append(model.predict(targets) - targets.mean(axis=1))
    bias = np.mean(errors, axis=0)
    standard_error = np.std(errors, axis=0) / 10
    assert (np.abs(bias) < 0.003 + 3 * standard_error).all()
    assert np.abs(errors).mean() > 0.01  # or there would be nothing to test


def extrapolation_error(regressor, data):
    X, y = data
    order = np.argsort(y, kind="stable")
    sources, targets = order[: len(y) // 2], order[-25:]
    errors = []
    for seed in range(5):
        selector = StratifiedSelector(n_anchors=50, random_state=seed)
        model = AnchoredRegressor(selector, regressor).fit(X[sources], y[sources])
        errors.append(model.predict(X[targets]) - y[targets])
    return np.abs(errors).mean(), abs(np.mean(errors))


@pytest.mark.slow
def test_stronger_models_than_any_source_are_predicted_where_regression_fails():
    data = load_helm_lite(task="mmlu", return_X_y=True)
    error, bias = extrapolation_error(DifferenceRegressor(), data)
    assert error < 0.045
    assert bias < 0.02
    assert extrapolation_error(Ridge(), data)[0] > 2 * error
    assert extrapolation_error(ResidualRidgeRegressor(), data)[0] > 0.9 * error


def test_clones_and_pickles_predict_alike():
    model = DifferenceRegressor().fit(SOURCES, MEANS, anchors=ANCHORS)
    expected = model.predict(TARGETS)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(TARGETS), expected)
    assert_array_equal(clone(model).fit(SOURCES, MEANS, anchors=ANCHORS).predict(TARGETS), expected)


@pytest.mark.parametrize(
    ("params", "given_to_fit", "message"),
    [
        ({}, {"anchors": [0, 12]}, "anchors holds 12, which are not columns of X with a result"),
        ({}, {"anchors": [-1]}, "anchors holds -1"),
        ({}, {"anchors": [0.5]}, "dtype float64, but must be column indices"),
        ({}, {"anchors": [[0]]}, r"shape \(1, 1\)"),
        ({}, {"anchors": []}, "at least one integer"),
        ({}, {"anchors": [3, 3]}, "the same item more than once"),
        ({}, {"anchor_weights": np.ones(12)}, "anchor_weights are given without anchors"),
        ({}, {"anchors": [1, 2], "anchor_weights": [1.0]}, r"anchor_weights has shape \(1,\)"),
        ({}, {"sample_weight": np.zeros(30)}, "(?i)sample weights .*zero"),
        ({"features": np.ones((11, 2))}, {}, "features has 11 rows, but X has 12 items"),
        ({"score_range": (0, 0.1)}, {}, "outside the score range"),
        ({"score_range": (1, 0)}, {}, "the smaller one first"),
    ],
)
def test_wrong_input_is_refused_with_its_value(params, given_to_fit, message):
    with pytest.raises(ValueError, match=message):
        DifferenceRegressor(**params).fit(SOURCES, MEANS, **given_to_fit)


def test_a_source_without_any_result_is_named():
    X = SOURCES.copy()
    X[[4, 7]] = np.nan
    with pytest.raises(ValueError, match=r"2 models have no result \(NaN\) on any item: rows 4, 7"):
        DifferenceRegressor().fit(X, MEANS)


def test_a_target_without_any_result_is_named():
    model = DifferenceRegressor().fit(
        SOURCES, MEANS, anchors=ANCHORS, anchor_weights=[0, 1, 1, 1, 1]
    )
    rows = off(TARGETS, ANCHORS)
    rows[1, ANCHORS] = np.nan
    rows[3, ANCHORS[1:]] = np.nan  # what is left has no weight
    with pytest.raises(ValueError, match=re.escape("rows 1, 3 of X")):
        model.predict(rows)


def test_an_item_without_source_results_is_no_anchor():
    wide = np.column_stack([SOURCES, np.full(len(SOURCES), np.nan)])
    with pytest.raises(ValueError, match="has 13 columns, 12 of them with a result"):
        DifferenceRegressor().fit(wide, MEANS, anchors=[0, 12])
