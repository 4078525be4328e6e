"""Exactly so many anchors from the path of the Lasso."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Lasso, MultiTaskLasso, lars_path
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import LassoSelector, RandomSelector, ResidualRidgeRegressor
from sklearn_sparseeval.datasets import load_mathvision, load_open_llm, load_zeroeval_gsm
from sklearn_sparseeval.estimator_checks import check_anchor_selector

RNG = np.random.default_rng(0)


def scores(n_models=30, n_items=20, seed=0):
    rng = np.random.default_rng(seed)
    ability, easiness = rng.normal(size=(n_models, 1)), rng.normal(size=n_items)
    return (rng.random((n_models, n_items)) < 1 / (1 + np.exp(-ability - easiness))).astype(float)


@pytest.mark.slow
def test_the_contract_of_selectors():
    check_anchor_selector(LassoSelector())


@pytest.mark.slow
@pytest.mark.parametrize("n_anchors", [1, 5, 20, 60])
def test_a_lasso_with_the_penalty_has_the_anchors(n_anchors):
    X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    selector = LassoSelector(n_anchors).fit(X, y)
    lasso = Lasso(alpha=selector.alpha_ * (1 + 1e-6), max_iter=100_000, tol=1e-10).fit(X, y)
    assert_array_equal(np.flatnonzero(lasso.coef_), np.sort(selector.anchors_))
    assert selector.n_paths_ == 1


@pytest.mark.parametrize("n_anchors", [3, 8])
def test_weights_count_in_the_objective(n_anchors):
    X, weight = scores(60), RNG.integers(1, 5, 60).astype(float)
    y = X.mean(axis=1)
    selector = LassoSelector(n_anchors).fit(X, y, sample_weight=weight)
    lasso = Lasso(alpha=selector.alpha_ * (1 + 1e-6), max_iter=100_000, tol=1e-12)
    lasso.fit(X, y, sample_weight=weight)
    assert_array_equal(np.flatnonzero(lasso.coef_), np.sort(selector.anchors_))


class TestPastTheEndOfThePath:
    """A fixed grid of penalties gives fewer items than asked for, or none at all."""

    @pytest.mark.slow
    @pytest.mark.parametrize("n_anchors", [15, 16, 100])
    def test_with_fewer_models_than_anchors_there_are_as_many_as_asked_for(self, n_anchors):
        X, y = load_mathvision(return_X_y=True)  # 16 models
        selector = LassoSelector(n_anchors).fit(X, y)
        assert len(set(selector.anchors_)) == n_anchors
        assert selector.n_paths_ >= n_anchors / 15

    @pytest.mark.parametrize("seed", range(3))
    def test_the_next_path_sees_the_items_that_are_left(self, seed):
        X = np.random.default_rng(seed).random((6, 40))
        y = X.mean(axis=1)
        selector = LassoSelector(10).fit(X, y)
        left, expected = np.arange(40), []
        while len(expected) < 10:
            n_missing = 10 - len(expected)
            while True:  # as many as one path leads to
                path = LassoSelector(n_missing).fit(X[:, left], y)
                if path.n_paths_ == 1:
                    break
                n_missing -= 1
            expected += left[path.anchors_].tolist()
            left = np.delete(left, path.anchors_)
        assert_array_equal(selector.anchors_, expected)
        assert selector.n_paths_ > 1

    @pytest.mark.parametrize("n_tasks", [1, 2])
    def test_copies_come_on_the_next_path(self, n_tasks):
        X = scores(30, 6)
        y = X @ np.outer(np.arange(1.0, 7), np.ones(n_tasks))
        twice = LassoSelector(12).fit(np.hstack([X, X]), y)
        assert twice.n_paths_ == 2
        assert_array_equal(twice.anchors_[6:], twice.anchors_[:6] + 6)

    def test_items_that_tell_nothing_come_last_the_varying_ones_first(self):
        X = scores(30, 8)
        X[:, [1, 4]] = 1.0
        y = np.full(30, 0.1 + 0.2)
        selector = LassoSelector(8).fit(X, y)
        assert selector.n_paths_ == 0
        assert selector.alpha_ == 0
        assert_array_equal(selector.anchors_[-2:], [1, 4])
        assert_array_equal(selector.anchors_, np.argsort(-X.var(axis=0).round(9), kind="stable"))


def test_all_tasks_count():
    X = scores(80, 30)
    tasks = np.column_stack([X[:, :3].sum(axis=1), X[:, 10:13].sum(axis=1)])
    assert set(LassoSelector(6).fit(X, tasks).anchors_) == {0, 1, 2, 10, 11, 12}


def test_missing_results_count_as_the_items_mean():
    X = scores(40)
    y = X.mean(axis=1)
    X[RNG.random(X.shape) < 0.2] = np.nan
    filled = np.where(np.isnan(X), np.nanmean(X, axis=0), X)
    assert_array_equal(
        LassoSelector(8).fit(X, y).anchors_, LassoSelector(8).fit(filled, y).anchors_
    )


def test_nested_where_nothing_leaves_the_path():
    X, y = load_open_llm(task="ifeval", return_X_y=True)
    anchors = LassoSelector(20).fit(X, y).anchors_
    assert_array_equal(LassoSelector(10).fit(X, y).anchors_, anchors[:10])


@pytest.mark.slow
@pytest.mark.parametrize(("task", "n_anchors"), [("ifeval", 100), ("arc_challenge", 30)])
def test_it_beats_random_anchors_on_real_data(task, n_anchors):
    X, y = load_open_llm(task=task, return_X_y=True)

    def error(selector):
        model = make_pipeline(selector, ResidualRidgeRegressor())
        return abs(model.fit(X[::2], y[::2]).predict(X[1::2]) - y[1::2]).mean()

    random = np.mean([error(RandomSelector(n_anchors, random_state=seed)) for seed in range(5)])
    assert error(LassoSelector(n_anchors)) < 0.9 * random


@pytest.mark.slow
def test_real_data_with_missing_results():
    data = load_zeroeval_gsm()
    selector = LassoSelector(60).fit(data.data, data.target)
    assert len(set(selector.anchors_)) == 60
    assert selector.n_paths_ == 2


# ---- one path, against scikit-learn's coordinate descent ----


def linear_problem(n_rows=40, n_columns=15, n_tasks=1, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_columns)) + rng.normal(size=(n_rows, 1))
    y = X @ rng.normal(size=(n_columns, n_tasks)) + rng.normal(size=(n_rows, n_tasks))
    return X - X.mean(axis=0), y - y.mean(axis=0)


def solution(X, y, alpha):
    model = Lasso if y.shape[1] == 1 else MultiTaskLasso
    fitted = model(alpha=alpha, max_iter=100_000, tol=1e-12).fit(X, y)
    return np.abs(np.atleast_2d(fitted.coef_)).sum(axis=0)


@given(st.integers(0, 999), st.integers(1, 14))
@settings(max_examples=40, deadline=None)
def test_coordinate_descent_with_the_penalty_has_the_items(seed, n_items):
    X, y = linear_problem(seed=seed)
    selector = LassoSelector(n_items).fit(X, y)
    sizes = solution(X, y, selector.alpha_ * (1 + 1e-7))
    assert_array_equal(np.flatnonzero(sizes > 1e-9), np.sort(selector.anchors_))


@pytest.mark.parametrize("n_items", [1, 3, 7, 12])
@pytest.mark.parametrize("seed", range(4))
def test_a_lasso_of_several_tasks_has_the_items(n_items, seed):
    X, y = linear_problem(n_tasks=3, seed=seed)
    selector = LassoSelector(n_items).fit(X, y)
    sizes = solution(X, y, selector.alpha_)
    assert selector.n_paths_ == 1
    assert sizes[selector.anchors_].min() > 0
    assert (sizes > 1e-9).sum() <= n_items + 2  # that entered between two penalties


def test_items_come_in_the_order_of_their_entry():
    X = np.linalg.qr(linear_problem()[0])[0]  # orthogonal: the largest product enters first
    for n_tasks in (1, 2):
        y = X[:, :5] @ np.outer([1, 5, 2, 4, 3], np.ones(n_tasks))
        assert_array_equal(LassoSelector(4).fit(X, y).anchors_, [1, 3, 4, 2])


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5])
def test_items_that_leave_the_path_are_made_up_for(seed):
    X, y = linear_problem(n_rows=12, n_columns=40, seed=seed)
    after_ten_steps = lars_path(X, y[:, 0], method="lasso", max_iter=10)[1]
    assert len(after_ten_steps) < 10  # each step adds an item, unless one leaves
    selector = LassoSelector(10).fit(X, y)
    assert selector.n_paths_ == 1
    sizes = solution(X, y, selector.alpha_ * (1 + 1e-6))
    assert_array_equal(np.flatnonzero(sizes > 1e-9), np.sort(selector.anchors_))


@pytest.mark.parametrize("n_tasks", [1, 2])
def test_a_path_ends_at_the_rank(n_tasks):
    X, y = linear_problem(n_rows=6, n_columns=20, n_tasks=n_tasks)
    selector = LassoSelector(15).fit(X, y)
    assert selector.n_paths_ > 1
    if n_tasks == 1:
        first = selector.anchors_[:5]
        assert_array_equal(LassoSelector(5).fit(X, y).anchors_, first)
        fitted, *_ = np.linalg.lstsq(X[:, first], y, rcond=None)
        assert_allclose(X[:, first] @ fitted, y, atol=1e-9)


@pytest.mark.parametrize(("X_scale", "y_scale"), [(1e-6, 1e-5), (1e5, 1e-7), (1e-8, 1e8)])
@pytest.mark.parametrize("n_tasks", [1, 2])
def test_units_change_the_penalty_alone(X_scale, y_scale, n_tasks):
    X, y = linear_problem(n_tasks=n_tasks)
    path, scaled = LassoSelector(6).fit(X, y), LassoSelector(6).fit(X_scale * X, y_scale * y)
    assert_array_equal(scaled.anchors_, path.anchors_)
    assert_allclose(scaled.alpha_, X_scale * y_scale * path.alpha_)


def test_nothing_is_found_where_nothing_varies():
    X, y = linear_problem()
    for selector in (LassoSelector(3).fit(0 * X, y), LassoSelector(3).fit(X, 0 * y)):
        assert selector.n_paths_ == 0
        assert selector.alpha_ == 0
