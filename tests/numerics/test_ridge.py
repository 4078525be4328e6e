"""Ridge in closed form: scikit-learn's fit, brute-force leave-one-out, and degenerate inputs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge, RidgeCV

from sklearn_sparseeval.numerics.ridge import (
    RELATIVE_ALPHAS,
    fit_ridge,
    fit_ridge_by_model,
    leave_one_out_error,
)


def _regression(n_rows=25, n_features=5, n_outputs=1, *, seed=0):
    rng = np.random.default_rng(seed)
    X = (rng.random((n_rows, n_features)) < 0.6).astype(float)
    y = X @ rng.random((n_features, n_outputs)) + rng.normal(scale=0.3, size=(n_rows, n_outputs))
    return X, y


def _alphas(X, weight):
    """The grid: relative to the mean eigenvalue of the weighted, centred second moments."""
    centred = X - np.average(X, axis=0, weights=weight)
    return RELATIVE_ALPHAS * np.trace(centred.T @ (weight[:, np.newaxis] * centred)) / X.shape[1]


def _brute_force_loss(X, y, weight, alpha):
    """Mean squared error of single rows, predicted by a refit without one copy of them."""
    errors = []
    for i in range(len(X)):
        without = weight.copy()
        without[i] -= min(1, weight[i])
        used = without > 0
        model = Ridge(alpha=alpha).fit(X[used], y[used], sample_weight=without[used])
        errors.append(model.predict(X[[i]])[0] - y[i])
    return np.average(np.square(errors), weights=weight)


def _brute_force(X, y, weight):
    return min(_brute_force_loss(X, y, weight, alpha) for alpha in _alphas(X, weight))


@pytest.mark.parametrize("n_features", [3, 5, 40])
def test_fit_equals_ridge_cv(n_features):
    X, y = _regression(n_features=n_features)
    weight = np.ones(len(X))
    expected = RidgeCV(alphas=_alphas(X, weight)).fit(X, y[:, 0])
    got = fit_ridge(X, y, weight)
    assert got.alpha[0] == pytest.approx(expected.alpha_)
    np.testing.assert_allclose(got.coef[:, 0], expected.coef_, rtol=1e-6, atol=1e-9)
    assert got.intercept[0] == pytest.approx(expected.intercept_)


@pytest.mark.parametrize("n_features", [4, 40])
def test_weighted_fit_equals_ridge(n_features):
    X, y = _regression(n_features=n_features)
    weight = 0.5 + np.arange(25) % 4
    got = fit_ridge(X, y, weight)
    expected = Ridge(alpha=got.alpha[0]).fit(X, y[:, 0], sample_weight=weight)
    np.testing.assert_allclose(got.coef[:, 0], expected.coef_, rtol=1e-6, atol=1e-9)
    assert got.intercept[0] == pytest.approx(expected.intercept_)


def test_each_target_has_its_own_penalty():
    X, y = _regression(n_outputs=3)
    y[:, 2] = np.random.default_rng(1).normal(size=25)  # nothing to learn: a large penalty
    weight = np.ones(25)
    together = fit_ridge(X, y, weight)
    for task in range(3):
        alone = fit_ridge(X, y[:, [task]], weight)
        assert together.alpha[task] == pytest.approx(alone.alpha[0])
        np.testing.assert_allclose(together.coef[:, [task]], alone.coef)
    assert together.alpha[2] > 10 * together.alpha[0]


@pytest.mark.slow
@pytest.mark.parametrize("n_features", [2, 15])
@pytest.mark.parametrize("weighting", ["equal", "repeated", "normalised"])
def test_leave_one_out_error_equals_refits(n_features, weighting):
    X, y = _regression(12, n_features)
    weight = {
        "equal": np.ones(12),
        "repeated": 1.0 + np.arange(12) % 3,
        "normalised": (1.0 + np.arange(12) % 3) / 24,
    }[weighting]
    expected = np.sqrt(_brute_force(X, y[:, 0], weight))
    assert leave_one_out_error(X, y, weight) == pytest.approx(expected)


@pytest.mark.slow
def test_leave_one_out_error_averages_squared_errors_of_the_targets():
    X, y = _regression(12, 3, 2)
    weight = np.ones(12)
    losses = [_brute_force(X, y[:, task], weight) for task in range(2)]
    assert leave_one_out_error(X, y, weight) == pytest.approx(np.sqrt(np.mean(losses)))


@given(seed=st.integers(0, 999), n_features=st.integers(1, 12))
@settings(max_examples=25, deadline=None)
def test_weights_are_repeated_rows(seed, n_features):
    X, y = _regression(10, n_features, seed=seed)
    X[0], X[1] = 0, 1  # no feature is constant
    weight = np.random.default_rng(seed).integers(1, 4, size=10)
    X_repeated, y_repeated = np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0)
    ones = np.ones(len(X_repeated))
    assert leave_one_out_error(X, y, weight.astype(float)) == pytest.approx(
        leave_one_out_error(X_repeated, y_repeated, ones), rel=1e-5
    )
    got, expected = fit_ridge(X, y, weight.astype(float)), fit_ridge(X_repeated, y_repeated, ones)
    np.testing.assert_allclose(X @ got.coef, X @ expected.coef, rtol=1e-5, atol=1e-7)


@given(seed=st.integers(0, 999), factor=st.sampled_from([0.01, 10.0, 100.0]))
@settings(max_examples=25, deadline=None)
def test_scores_from_0_to_100_get_the_same_fit(seed, factor):
    X, y = _regression(seed=seed)
    weight = np.ones(25)
    got, expected = fit_ridge(factor * X, factor * y, weight), fit_ridge(X, y, weight)
    np.testing.assert_allclose(got.coef, expected.coef, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(got.intercept, factor * expected.intercept, rtol=1e-6, atol=1e-9)
    assert leave_one_out_error(factor * X, factor * y, weight) == pytest.approx(
        factor * leave_one_out_error(X, y, weight)
    )


def test_normalised_weights_choose_the_penalty_of_equal_rows():
    X, y = _regression()
    ones = np.ones(25)
    got, expected = fit_ridge(X, y, ones / 25), fit_ridge(X, y, ones)
    np.testing.assert_allclose(got.coef, expected.coef)


@pytest.mark.parametrize("value", [0.0, 0.1, 1.0, 70.0])
def test_constant_features_leave_the_mean(value):
    y = np.array([[0.1], [0.5], [0.6]])
    X = np.full((3, 2), value)
    fit = fit_ridge(X, y, np.ones(3))
    np.testing.assert_array_equal(fit.coef, [[0], [0]])
    np.testing.assert_allclose(fit.intercept, [0.4])
    # Each row against the mean of the other two: 0.45, -0.15 and -0.3.
    expected = np.sqrt((0.45**2 + 0.15**2 + 0.3**2) / 3)
    assert leave_one_out_error(X, y, np.ones(3)) == pytest.approx(expected)


def test_one_constant_feature_has_no_coefficient():
    X, y = _regression()
    padded = np.column_stack([X, np.full(25, 0.3)])
    got = fit_ridge(padded, y, np.ones(25))
    expected = Ridge(alpha=got.alpha[0]).fit(X, y[:, 0])
    np.testing.assert_allclose(got.coef[:5, 0], expected.coef_)
    assert got.coef[5, 0] == pytest.approx(0, abs=1e-9)


def test_duplicated_features_share_the_coefficient():
    X, y = _regression(n_features=2)
    fit = fit_ridge(np.column_stack([X, X]), y, np.ones(25))
    np.testing.assert_allclose(fit.coef[:2], fit.coef[2:])


def test_constant_target_is_predicted_without_error():
    X, _ = _regression()
    y = np.full((25, 1), 0.3)
    assert leave_one_out_error(X, y, np.ones(25)) == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(fit_ridge(X, y, np.ones(25)).coef, 0, atol=1e-12)


def test_single_row_is_its_own_mean():
    fit = fit_ridge(np.array([[1.0, 0.0]]), np.array([[0.7]]), np.ones(1))
    np.testing.assert_array_equal(fit.coef, [[0], [0]])
    np.testing.assert_allclose(fit.intercept, [0.7])


def test_the_least_penalty_is_relative_to_the_mean_eigenvalue():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4))
    y = X @ rng.normal(size=(4, 1))  # without noise the smallest penalty is the best
    mean_eigenvalue = ((X - X.mean(axis=0)) ** 2).sum() / 4
    weight = np.ones(50)
    for least_alpha, expected in ((0.0, 1e-4), (0.5, 1.0), (1e9, 1e3)):  # thirds of a decade
        alpha = fit_ridge(X, y, weight, least_alpha=least_alpha).alpha
        np.testing.assert_allclose(alpha, expected * mean_eigenvalue)


@pytest.mark.slow
def test_the_error_of_the_fit_is_the_least_of_its_target():
    X, y = _regression(12, 3, 2)
    weight = 1.0 + np.arange(12) % 3
    expected = [np.sqrt(_brute_force(X, y[:, task], weight)) for task in range(2)]
    np.testing.assert_allclose(fit_ridge(X, y, weight).error, expected)


def test_a_floor_raises_the_error_to_that_of_the_penalty_taken():
    X, y = _regression()
    weight = np.ones(25)
    fit = fit_ridge(X, y, weight, least_alpha=100.0)
    assert fit.error[0] == pytest.approx(np.sqrt(_brute_force_loss(X, y[:, 0], weight, fit.alpha)))
    assert fit.error[0] > 1.1 * fit_ridge(X, y, weight).error[0]


@pytest.mark.parametrize("n_features", [3, 40])
def test_a_grid_of_ones_own_is_in_the_units_of_ridge(n_features):
    X, y = _regression(n_features=n_features)
    alphas = np.array([30.0, 0.1, 1.0, 3.0])  # in any order
    expected = RidgeCV(alphas=alphas).fit(X, y[:, 0])
    got = fit_ridge(X, y, np.ones(25), alphas=alphas)
    assert got.alpha[0] == expected.alpha_
    np.testing.assert_allclose(got.coef[:, 0], expected.coef_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("alpha", [1e-4, 1e-8, 1e-12])
@pytest.mark.parametrize("weighting", ["equal", "repeated", "light"])
def test_tiny_penalties_that_interpolate_have_the_error_of_refits(alpha, weighting):
    X, y = _regression(12, 30)
    weight = {
        "equal": np.ones(12),
        "repeated": 1.0 + np.arange(12) % 3,
        "light": np.linspace(0.1, 0.9, 12),
    }[weighting]
    expected = np.sqrt(_brute_force_loss(X, y[:, 0], weight, alpha))
    got = fit_ridge(X, y, weight, alphas=np.array([alpha])).error[0]
    assert got == pytest.approx(expected, rel=1e-6)


def test_the_floor_holds_for_a_grid_of_ones_own():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4))
    y = X @ rng.normal(size=(4, 1))  # without noise the smallest penalty is the best
    mean_eigenvalue = ((X - X.mean(axis=0)) ** 2).sum() / 4
    alphas = np.array([0.5, 0.9, 2.0]) * mean_eigenvalue
    for least_alpha, expected in ((0.0, 0.5), (0.6, 0.9), (0.9, 0.9), (1.0, 2.0), (5.0, 2.0)):
        fit = fit_ridge(X, y, np.ones(50), least_alpha=least_alpha, alphas=alphas)
        np.testing.assert_allclose(fit.alpha, expected * mean_eigenvalue)


@pytest.mark.parametrize("value", [0.0, 0.1, 0.3, 70.0])
def test_among_equally_good_penalties_the_largest_is_taken(value):
    X, _ = _regression()
    alphas = np.array([0.01, 1.0, 100.0])
    assert fit_ridge(X, np.full((25, 1), value), np.ones(25), alphas=alphas).alpha[0] == 100
    constant = np.full((25, 2), value)
    y = np.linspace(0, 1, 25)[:, np.newaxis]
    assert fit_ridge(constant, y, np.ones(25), alphas=alphas).alpha[0] == 100
    # The built-in grid is relative to the mean eigenvalue, which is nothing but rounding here.
    assert fit_ridge(constant, y, np.ones(25)).alpha[0] == pytest.approx(1000)


def test_a_single_row_has_no_leave_one_out_error():
    row, y = np.array([[1.0, 0.0]]), np.array([[0.7]])
    assert np.isnan(fit_ridge(row, y, np.ones(1)).error[0])
    assert fit_ridge(row, y, np.full(1, 2.0)).error[0] == 0  # two equal rows


def _by_model(X, y, weight, left_out):
    """Loss of each penalty by refits without a model's rows."""
    rows, target = X.reshape(-1, X.shape[2]), y.ravel()
    losses = []
    for alpha in _alphas(rows, weight.ravel()):
        errors = np.empty(weight.shape)
        for model in range(len(X)):
            without = weight.copy()
            without[model] -= left_out[model]
            used = without.ravel() > 1e-12
            ridge = Ridge(alpha=alpha)
            ridge.fit(rows[used], target[used], sample_weight=without.ravel()[used])
            errors[model] = ridge.predict(X[model]) - y[model, :, 0]
        losses.append(np.average(errors**2, weights=weight))
    return losses


@pytest.mark.parametrize("n_features", [3, 12])
def test_a_model_is_left_out_with_all_its_rows(n_features):
    X, y = _regression(24, n_features)
    X, y = X.reshape(8, 3, n_features), y.reshape(8, 3, 1)
    copies = np.array([1, 2, 0.5, 1, 3, 1, 1, 2])
    weight, left_out = (np.outer(w, [1, 0.3, 0.7]) for w in (copies, np.minimum(copies, 1)))
    got = fit_ridge_by_model(X, y, weight, left_out=left_out)
    losses = _by_model(X, y, weight, left_out)
    assert got.error[0] == pytest.approx(np.sqrt(min(losses)), rel=1e-5)
    rows = X.reshape(24, -1)
    assert got.alpha[0] == pytest.approx(_alphas(rows, weight.ravel())[np.argmin(losses)])
    ridge = Ridge(alpha=got.alpha[0]).fit(rows, y.ravel(), sample_weight=weight.ravel())
    np.testing.assert_allclose(got.coef[:, 0], ridge.coef_, atol=1e-9)


def test_models_of_one_row_are_rows():
    X, y = _regression(n_outputs=2)
    weight = 1.0 + np.arange(25) % 3
    got = fit_ridge_by_model(
        X[:, np.newaxis], y[:, np.newaxis], weight[:, np.newaxis],
        left_out=np.ones((25, 1)), least_alpha=0.3,
    )  # fmt: skip
    for one, other in zip(got, fit_ridge(X, y, weight, least_alpha=0.3), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
