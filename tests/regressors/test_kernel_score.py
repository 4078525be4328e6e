"""Kernel regression against ridge on an exact factor of the kernel, and refits."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import rbf_kernel

from sklearn_sparseeval import (
    AnchoredRegressor,
    KernelScoreRegressor,
    RandomSelector,
    ResidualRidgeRegressor,
)

RNG = np.random.default_rng(0)
X = (RNG.random((30, 6)) < RNG.random((30, 1))).astype(float)
X[:, 5] = RNG.random(30)  # all rows differ
Y = X.mean(axis=1) + 0.2 * np.sin(3 * X.sum(axis=1)) + 0.05 * RNG.standard_normal(30)
TARGETS = RNG.random((7, 6))


def kernel(A, B, *gammas):
    mean = X.mean(axis=0)
    power = ((X - mean) ** 2).sum(axis=1).mean()
    return (A - mean) @ (B - mean).T / power + np.mean(
        [rbf_kernel(A, B, gamma / (2 * power)) for gamma in gammas], axis=0
    )


@pytest.mark.parametrize("gammas", [[1.0], [4.0, 16.0]])
def test_with_every_model_a_landmark_it_is_kernel_ridge(gammas):
    model = KernelScoreRegressor(gammas=gammas).fit(X, Y)
    both = np.vstack([X, TARGETS])
    values, vectors = np.linalg.eigh(kernel(both, both, *gammas))
    features = vectors * np.sqrt(np.maximum(values, 0))
    ridge = Ridge(alpha=model.alpha_).fit(features[:30], Y - X.mean(axis=1))
    expected = TARGETS.mean(axis=1) + ridge.predict(features[30:])
    assert_allclose(model.predict(TARGETS), expected, atol=1e-4)


def test_the_penalty_has_the_least_leave_one_out_error():
    model = KernelScoreRegressor().fit(X, Y)
    losses, residual, K = {}, Y - X.mean(axis=1), kernel(X, X, 4.0, 16.0)
    for alpha in np.logspace(-6, -1, 16) * 30:
        missed = []
        for one in range(30):  # the equations of kernel regression with an intercept
            used = np.delete(np.arange(30), one)
            system = np.ones((30, 30))
            system[:29, :29] = K[np.ix_(used, used)] + alpha * np.eye(29)
            system[29, 29] = 0
            dual = np.linalg.solve(system, np.append(residual[used], 0))
            missed.append(K[one, used] @ dual[:29] + dual[29] - residual[one])
        losses[alpha] = np.sqrt(np.mean(np.square(missed)))
    best = min(losses, key=losses.get)
    assert model.alpha_ == pytest.approx(best)
    assert model.best_error_ == pytest.approx(losses[best], rel=1e-3)


def test_what_is_not_linear_is_learnt():
    sources = RNG.random((200, 4))
    y = sources.mean(axis=1) + 0.3 * np.sin(6 * sources[:, 0])
    kernel_error = KernelScoreRegressor(n_landmarks=60, random_state=0).fit(sources, y).best_error_
    assert kernel_error < 0.8 * ResidualRidgeRegressor().fit(sources, y).best_error_


def test_a_weight_of_two_is_two_rows_in_any_order():
    weight = np.arange(30) % 3
    rows = RNG.permutation(np.repeat(np.arange(30), weight))
    y = np.column_stack([Y, 1 - Y**2])
    weighted = KernelScoreRegressor(n_landmarks=8, random_state=0).fit(X, y, sample_weight=weight)
    repeated = KernelScoreRegressor(n_landmarks=8, random_state=0).fit(X[rows], y[rows])
    assert_allclose(weighted.predict(TARGETS), repeated.predict(TARGETS), atol=1e-7)
    assert_allclose(weighted.best_error_, repeated.best_error_, rtol=1e-6)
    assert weighted.dual_coef_.shape == (2, 8)


def test_missing_results_are_filled_and_weights_of_anchors_are_handed_on():
    holes = X.copy()
    holes[3, 0] = holes[4, 2] = np.nan
    model = AnchoredRegressor(RandomSelector(0.9, random_state=0), KernelScoreRegressor())
    assert np.isfinite(model.fit(holes, Y).predict(X)).all()
    weights = np.array([3, 1, 1, 1, 1, 1])
    shifted = KernelScoreRegressor().fit(X, Y, anchor_weights=weights)
    assert_allclose(shifted.fit(X, X @ weights / 8, anchor_weights=weights).predict(TARGETS),
                    TARGETS @ weights / 8)  # fmt: skip


def test_what_is_refused():
    with pytest.raises(ValueError, match="rates larger than zero"):
        KernelScoreRegressor(gammas=[0.0]).fit(X, Y)
