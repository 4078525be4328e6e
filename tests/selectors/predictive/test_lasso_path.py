"""Paths of the Lasso against scikit-learn's coordinate descent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Lasso, MultiTaskLasso, lars_path

from sklearn_sparseeval.selectors.predictive import _lasso_path
from sklearn_sparseeval.selectors.predictive._lasso_path import follow_lasso_path


def problem(n_rows=40, n_columns=15, n_tasks=1, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_columns)) + rng.normal(size=(n_rows, 1))
    y = X @ rng.normal(size=(n_columns, n_tasks)) + rng.normal(size=(n_rows, n_tasks))
    return X - X.mean(axis=0), y - y.mean(axis=0)


def solution(X, y, alpha):
    model = Lasso if y.shape[1] == 1 else MultiTaskLasso
    fitted = model(alpha=alpha / len(X), max_iter=100_000, tol=1e-12).fit(X, y)
    return np.abs(np.atleast_2d(fitted.coef_)).sum(axis=0)


@given(st.integers(0, 999), st.integers(1, 15))
@settings(max_examples=40, deadline=None)
def test_a_lasso_with_the_penalty_has_the_items(seed, n_items):
    X, y = problem(seed=seed)
    path = follow_lasso_path(X, y, n_items)
    assert len(path.items) == n_items
    if n_items < 15:
        sizes = solution(X, y, path.alpha * (1 + 1e-7))
        assert_array_equal(np.flatnonzero(sizes > 1e-9), np.sort(path.items))


@pytest.mark.parametrize("n_items", [1, 3, 7, 12])
@pytest.mark.parametrize("seed", range(4))
def test_a_lasso_of_several_tasks_has_the_items(n_items, seed):
    X, y = problem(n_tasks=3, seed=seed)
    path = follow_lasso_path(X, y, n_items)
    sizes = solution(X, y, path.alpha)
    assert len(path.items) == n_items
    assert sizes[path.items].min() > 0
    assert (sizes > 1e-9).sum() <= n_items + 2  # that entered between two penalties


def test_items_come_in_the_order_of_their_entry():
    X = np.linalg.qr(problem()[0])[0]  # orthogonal: the largest product enters first
    for n_tasks in (1, 2):
        y = X[:, :5] @ np.outer([1, 5, 2, 4, 3], np.ones(n_tasks))
        assert_array_equal(follow_lasso_path(X, y, 4).items, [1, 3, 4, 2])


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5])
def test_items_that_leave_the_path_are_made_up_for(seed, monkeypatch):
    X, y = problem(n_rows=12, n_columns=40, seed=seed)
    n_runs = []

    def counted(*args, **params):
        n_runs.append(params["max_iter"])
        return lars_path(*args, **params)

    monkeypatch.setattr(_lasso_path, "lars_path", counted)
    path = follow_lasso_path(X, y, 10)
    assert len(n_runs) > 1  # each step an item, unless one leaves
    assert len(path.items) == 10
    sizes = solution(X, y, path.alpha * (1 + 1e-6))
    assert_array_equal(np.flatnonzero(sizes > 1e-9), np.sort(path.items))


@pytest.mark.parametrize("n_tasks", [1, 2])
def test_a_path_ends_at_the_rank(n_tasks):
    X, y = problem(n_rows=6, n_columns=20, n_tasks=n_tasks)
    path = follow_lasso_path(X, y, 15)
    assert len(path.items) == len(set(path.items)) < 15
    if n_tasks == 1:
        assert len(path.items) == 5
        fitted, *_ = np.linalg.lstsq(X[:, path.items], y, rcond=None)
        assert_allclose(X[:, path.items] @ fitted, y, atol=1e-9)


@pytest.mark.parametrize("n_tasks", [1, 2])
def test_copies_are_passed_by(n_tasks):
    X, y = problem(n_columns=4, n_tasks=n_tasks)
    twice = np.hstack([X, X, np.zeros((40, 3))])
    path = follow_lasso_path(twice, y, 8)
    if n_tasks == 1:
        assert_array_equal(np.sort(path.items % 4), np.arange(4))
        assert path.items.max() < 8
    else:  # coordinate descent shares a coefficient out among copies
        assert len(path.items) == 8


@pytest.mark.parametrize(("X_scale", "y_scale"), [(1e-6, 1e-5), (1e5, 1e-7), (1e-8, 1e8)])
@pytest.mark.parametrize("n_tasks", [1, 2])
def test_units_change_the_penalty_alone(X_scale, y_scale, n_tasks):
    X, y = problem(n_tasks=n_tasks)
    path, scaled = follow_lasso_path(X, y, 6), follow_lasso_path(X_scale * X, y_scale * y, 6)
    assert_array_equal(scaled.items, path.items)
    assert_allclose(scaled.alpha, X_scale * y_scale * path.alpha)


def test_nothing_is_found_where_nothing_varies():
    X, y = problem()
    for part in (follow_lasso_path(0 * X, y, 3), follow_lasso_path(X, 0 * y, 3)):
        assert_array_equal(part.items, [])
        assert part.alpha == 0
