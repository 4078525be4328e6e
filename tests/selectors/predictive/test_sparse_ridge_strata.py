"""Sparse ridge with a quota of anchors for each stratum, and swaps for one penalty alone."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_sparseeval import ResidualRidgeRegressor, SparseRidgeSelector

RNG = np.random.default_rng(0)
X = (RNG.random((30, 24)) < np.clip(RNG.normal(0.5, 0.2, (30, 1)) + RNG.normal(0, 0.2, 24), 0, 1)
     ).astype(float)  # fmt: skip
Y = X.mean(axis=1)
LABELS = np.repeat(["a", "b", "c"], [12, 8, 4])


def objective(anchors, alpha):
    """Ridge objective on y, without a prior."""
    Z, t = X[:, anchors] - X[:, anchors].mean(axis=0), Y - Y.mean()
    w = np.linalg.solve(Z.T @ Z + alpha * np.eye(len(anchors)), Z.T @ t)
    return ((t - Z @ w) ** 2).sum() + alpha * w @ w


def selector(n_anchors=6, **params):
    plain = {"alpha": 1.0, "shrink_to_mean": 0.0, "n_components": 0, "strata": LABELS}
    return SparseRidgeSelector(n_anchors, **plain | params)


def test_the_path_is_greedy_as_far_as_the_quota_lets_it():
    chosen, left = [], {"a": 3, "b": 2, "c": 1}
    for _ in range(6):
        allowed = [i for i in range(24) if i not in chosen and left[LABELS[i]]]
        chosen.append(min(allowed, key=lambda i: objective([*chosen, i], 1.0)))
        left[LABELS[chosen[-1]]] -= 1
    fitted = selector(exchange=False).fit(X, Y)
    assert_array_equal(fitted.anchors_, chosen)
    assert_allclose(fitted.anchor_weights_[LABELS[fitted.anchors_] == "c"], 4 / 24)
    assert fitted.anchor_weights_.sum() == pytest.approx(1)


def test_no_swap_inside_a_stratum_lowers_the_objective():
    fitted = selector().fit(X, Y)
    best = objective(fitted.anchors_, 1.0)
    assert best < objective(fitted.path_, 1.0)
    counts = {label: int((LABELS[fitted.anchors_] == label).sum()) for label in "abc"}
    assert counts == {"a": 3, "b": 2, "c": 1}
    for anchor in fitted.anchors_:
        for item in np.setdiff1d(np.flatnonzero(LABELS[anchor] == LABELS), fitted.anchors_):
            swapped = np.where(fitted.anchors_ == anchor, item, fitted.anchors_)
            assert objective(swapped, 1.0) > best * (1 - 1e-6)


@pytest.mark.parametrize(("quota", "n_strata"), [(1, 6), (2, 3), (6, 1), (9, 1), ("auto", 6)])
def test_latent_strata_get_their_quota(quota, n_strata):
    fitted = SparseRidgeSelector(6, strata="latent", quota=quota).fit(X, Y)
    sizes = np.bincount(fitted.strata_)
    assert len(sizes) == n_strata
    assert np.ptp(sizes) <= 1
    assert_array_equal(
        np.bincount(fitted.strata_[fitted.anchors_]), np.full(n_strata, 6 // n_strata)
    )
    assert_allclose(
        fitted.anchor_weights_, sizes[fitted.strata_[fitted.anchors_]] / 24 / (6 / n_strata)
    )


def test_a_hundred_models_call_for_ten_anchors_of_a_stratum():
    many = np.tile(X, (4, 1))
    assert SparseRidgeSelector(20, strata="latent").fit(many).strata_.max() == 1
    assert SparseRidgeSelector(20, strata="latent").fit(X).strata_.max() == 19


def test_one_stratum_is_none():
    one = SparseRidgeSelector(6, strata=["all"] * 24).fit(X, Y)
    assert_array_equal(one.anchors_, SparseRidgeSelector(6).fit(X, Y).anchors_)
    assert_allclose(one.anchor_weights_, 1 / 6)
    assert not hasattr(one.set_params(strata=None).fit(X, Y), "strata_")


def test_included_excluded_and_empty_items():
    holes = X.copy()
    holes[:, 23] = np.nan
    fitted = selector(must_include=[20, 21], exclude=[0, 1]).fit(holes, Y)
    assert {20, 21} <= set(fitted.anchors_)
    assert_array_equal(np.flatnonzero(fitted.strata_ < 0), [0, 1, 23])
    assert len(fitted.anchors_) == 6


def test_what_is_refused():
    with pytest.raises(ValueError, match="labels of 3 groups, but n_anchors=2"):
        selector(2).fit(X, Y)
    with pytest.raises(ValueError, match="strata has 23 labels, but X has 24 items"):
        selector(strata=LABELS[1:]).fit(X, Y)


@pytest.mark.parametrize("strata", [None, "latent"])
def test_once_swaps_for_the_penalty_that_the_paths_settle(strata):
    path = SparseRidgeSelector(6, strata=strata, exchange=False).fit(X, Y)
    once = SparseRidgeSelector(6, strata=strata, exchange="once").fit(X, Y)
    assert once.alpha_ == path.alpha_
    assert_array_equal(once.path_, path.anchors_)
    again = SparseRidgeSelector(6, strata=strata, alpha=path.alpha_).fit(X, Y)
    assert_array_equal(once.anchors_, again.anchors_)


def test_the_penalty_is_that_of_the_least_error_about_the_weighted_mean():
    errors = {}
    unit = ((X - X.mean(axis=0)) ** 2).sum(axis=0).mean() * 6 / 30
    for multiple in (0.1, 0.3, 1, 3, 10):
        one = SparseRidgeSelector(6, strata=LABELS, exchange=False, alpha=multiple * unit).fit(X, Y)
        order = np.argsort(one.anchors_)
        ridge = ResidualRidgeRegressor()
        ridge.fit(X[:, one.anchors_[order]], Y, anchor_weights=one.anchor_weights_[order])
        errors[multiple] = ridge.best_error_
    best = SparseRidgeSelector(6, strata=LABELS, exchange=False).fit(X, Y)
    assert best.alpha_ == pytest.approx(min(errors, key=errors.get) * unit)
