"""Support vector regression against its conditions of optimality, and refits."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics.pairwise import rbf_kernel

from sklearn_sparseeval import AnchoredRegressor, RandomSelector, SupportVectorScoreRegressor

RNG = np.random.default_rng(0)
X = (RNG.random((30, 6)) < RNG.random((30, 1))).astype(float)
X[:, 5] = RNG.random(30)  # all rows differ
Y = X.mean(axis=1) + 0.2 * np.sin(3 * X.sum(axis=1)) + 0.05 * RNG.standard_normal(30)
TARGETS = RNG.random((7, 6))


@pytest.mark.parametrize(("gamma", "C", "epsilon"), [(1.5, 0.5, 0.03), (4.0, 0.3, 0.3)])
def test_the_fit_is_optimal(gamma, C, epsilon):
    model = SupportVectorScoreRegressor(gamma=gamma, C=C, epsilon=epsilon).fit(X, Y)
    power = ((X - X.mean(axis=0)) ** 2).sum(axis=1).mean()
    kernel = rbf_kernel(X, model.support_vectors_, gamma / (2 * power))
    assert_allclose(model.predict(X), kernel @ model.dual_coef_ + model.intercept_)
    coefficient = np.zeros(30)
    for vector, value in zip(model.support_vectors_, model.dual_coef_, strict=True):
        coefficient[(vector == X).all(axis=1)] = value / Y.std()
    left = (Y - model.predict(X)) / Y.std()
    # Karush, Kuhn and Tucker: who is within the tolerance has no part, who is outside the full.
    assert abs(coefficient.sum()) < 1e-9
    assert (np.abs(coefficient) <= C + 1e-9).all()
    inside, outside = np.abs(left) < epsilon - 1e-3, np.abs(left) > epsilon + 1e-3
    assert not coefficient[inside].any()
    assert_allclose(coefficient[outside], C * np.sign(left[outside]))
    assert inside.any() or epsilon < 0.1
    assert outside.any()


def test_an_outlying_model_does_not_pull_at_the_rest():
    wrong = Y.copy()
    wrong[3] += 5 * Y.std()
    regressor = SupportVectorScoreRegressor()
    moved = regressor.fit(X, wrong).predict(X) - regressor.fit(X, Y).predict(X)
    assert np.abs(np.delete(moved, 3)).max() < 0.5 * Y.std()


def test_units_of_results_and_scores_do_not_matter():
    fractions = SupportVectorScoreRegressor().fit(X, Y).predict(TARGETS)
    percent = SupportVectorScoreRegressor().fit(100 * X + 7, 100 * Y).predict(100 * TARGETS + 7)
    assert_allclose(percent, 100 * fractions, rtol=1e-3)


def test_a_weight_of_two_is_two_rows_in_any_order():
    weight = np.arange(30) % 3
    rows = RNG.permutation(np.repeat(np.arange(30), weight))
    y = np.column_stack([Y, 1 - Y**2])
    weighted = SupportVectorScoreRegressor().fit(X, y, sample_weight=weight)
    repeated = SupportVectorScoreRegressor().fit(X[rows], y[rows])
    assert_allclose(weighted.predict(TARGETS), repeated.predict(TARGETS), atol=1e-4)
    alone = SupportVectorScoreRegressor().fit(X, y[:, 1], sample_weight=weight)
    assert_allclose(weighted.predict(TARGETS)[:, 1], alone.predict(TARGETS))


def test_missing_results_are_filled():
    holes = X.copy()
    holes[3, 0] = holes[4, 2] = np.nan
    model = AnchoredRegressor(RandomSelector(0.9, random_state=0), SupportVectorScoreRegressor())
    assert np.isfinite(model.fit(holes, Y).predict(X)).all()
    filled = holes.copy()  # the item's mean and the model's mean deviation from such means
    means = np.nanmean(holes, axis=0)
    for row, item in [(3, 0), (4, 2)]:
        filled[row, item] = means[item] + np.nanmean(holes[row] - means)
    model = SupportVectorScoreRegressor()
    expected = model.fit(filled, Y).predict(TARGETS)
    assert_allclose(model.fit(holes, Y).predict(TARGETS), expected, atol=1e-4)


def test_models_on_a_level_are_predicted_so():
    level = np.full(30, 0.7)
    assert_allclose(SupportVectorScoreRegressor().fit(X, level).predict(TARGETS), 0.7)
    model = SupportVectorScoreRegressor().fit(np.ones((30, 2)), Y)
    assert np.ptp(model.predict(TARGETS[:, :2])) >= 0
    assert_allclose(model.predict(np.ones((1, 2))), np.median(Y), atol=0.1)
