"""Leave-one-out errors of cubic curves, against refitting without each model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from sklearn_sparseeval import RandomSearchSelector


def errors_of(X, y, weight, sets):
    """Return the error of each set: of all items, of which there is one set only."""
    params = {"criterion": "mean", "n_candidates": 1, "random_state": 0}
    selectors = [
        RandomSearchSelector(len(items), **params).fit(X[:, items], y, sample_weight=weight)
        for items in sets
    ]
    return np.array([selector.best_error_ for selector in selectors])


def brute_force(X, y, items, degree):
    """Refit without each model; with too few left to fit the curve, the mean of the others."""
    mean = X[:, items].mean(axis=1)
    powers = np.vander(mean, degree + 1)
    errors = []
    for row in range(len(X)):
        others = np.arange(len(X)) != row
        coef = np.linalg.lstsq(powers[others], y[others], rcond=None)[0]
        errors.append(powers[row] @ coef - y[row])
    return np.sqrt(np.mean(np.square(errors)))


def problem(n_models, n_tasks=1, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.random((n_models, 12))
    y = np.column_stack([X[:, t:].mean(axis=1) ** (t + 1) for t in range(n_tasks)])
    sets = np.array([rng.permutation(12)[:4] for _ in range(5)])
    return X, y, sets


@pytest.mark.parametrize(
    ("n_models", "degree"), [(40, 3), (15, 3), (14, 2), (10, 2), (9, 1), (4, 1)]
)
@pytest.mark.parametrize("n_tasks", [1, 2])
def test_it_equals_refitting_without_each_model(n_models, degree, n_tasks):
    X, y, sets = problem(n_models, n_tasks)
    got = errors_of(X, y, np.ones(n_models), sets)
    assert_allclose(got, [brute_force(X, y, items, degree) for items in sets], rtol=1e-6)


@pytest.mark.slow
@given(st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_a_weight_of_two_is_two_models(seed):
    X, y, sets = problem(20, 2, seed)
    weight = np.random.default_rng(seed).integers(1, 4, 20)
    got = errors_of(X, y, weight.astype(float), sets)
    rows = np.repeat(np.arange(20), weight)
    assert_allclose(got, [brute_force(X[rows], y[rows], items, 3) for items in sets], rtol=1e-6)


def test_a_weight_below_one_leaves_the_model_out_whole():
    X, y, sets = problem(20)
    # Three half models: leaving one out whole, the others keep their weights.
    weight = np.where(np.arange(20) < 3, 0.5, 1.0)
    mean = X[:, sets[0]].mean(axis=1)
    powers, errors = np.vander(mean, 4), []
    for row in range(20):
        root = np.sqrt(np.where(np.arange(20) == row, 0, weight))[:, np.newaxis]
        coef = np.linalg.lstsq(root * powers, root * y, rcond=None)[0]
        errors.append((powers[row] @ coef - y[row]).item())
    expected = np.sqrt(np.average(np.square(errors), weights=weight))
    assert_allclose(errors_of(X, y, weight, sets[:1]), expected)


def test_a_mean_that_does_not_vary_predicts_the_mean_of_the_other_models():
    X, y, _ = problem(20)
    X[:, :4] = 0.3
    got = errors_of(X, y, np.ones(20), np.array([[0, 1, 2, 3]]))
    assert_allclose(got, np.sqrt(np.mean(((y - y.mean()) * 20 / 19) ** 2)))


def test_a_model_that_alone_fixes_the_slope_is_predicted_by_the_mean_of_the_others():
    X = np.zeros((20, 1))
    X[7] = 1
    y = np.random.default_rng(0).random((20, 1))
    others = np.delete(y, 7)
    errors = np.append(others - (others.sum() - others) / 18, y[7] - others.mean())
    got = errors_of(X, y, np.ones(20), np.array([[0]]))
    assert_allclose(got, np.sqrt(np.mean(errors**2)))


def test_more_distinct_means_than_powers_are_not_needed():
    X = np.repeat([[0.0], [1.0]], 10, axis=0)  # two values: a line is all there is
    y = X + np.random.default_rng(0).normal(scale=0.1, size=(20, 1))
    got = errors_of(X, y, np.ones(20), np.array([[0]]))
    assert_allclose(got, brute_force(X, y, [0], 1))


@pytest.mark.parametrize(("n_models", "expected"), [(1, 0.0), (2, 0.5)])
def test_next_to_no_models(n_models, expected):
    X = np.array([[0.1, 0.2], [0.5, 0.1]])[:n_models]
    y = np.array([[0.25], [0.75]])[:n_models]
    got = errors_of(X, y, np.ones(n_models), np.array([[0, 1], [1, 0]]))
    assert_allclose(got, expected)


@pytest.mark.parametrize(("scale", "shift"), [(100, 0), (1e-6, 0), (1, 1e4), (-3, 7)])
def test_units_of_the_scores_do_not_matter(scale, shift):
    X, y, sets = problem(30)
    expected = errors_of(X, y, np.ones(30), sets)
    got = errors_of(scale * X + shift, y, np.ones(30), sets)
    assert_allclose(got, expected, rtol=1e-6)
    got = errors_of(X, scale * y + shift, np.ones(30), sets)
    assert_allclose(got, abs(scale) * expected, rtol=1e-6)
