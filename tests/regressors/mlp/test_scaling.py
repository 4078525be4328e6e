"""What stands between the user's units and the networks', against arithmetic done by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge

from sklearn_sparseeval.numerics.ridge import fit_ridge
from sklearn_sparseeval.regressors.mlp._mlp import Scaling

X = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
Y = np.array([[0.2], [0.9], [0.6], [0.3]])
ONES = np.ones(4)
PLAIN = {"baseline": None, "scale_inputs": True, "output_range": None}


@pytest.fixture
def noisy(rng):
    """Forty models, six anchors, two tasks, uneven weights."""
    scores = rng.random((40, 6))
    targets = np.column_stack([scores.mean(axis=1), scores[:, 0]]) + 0.1 * rng.random((40, 2))
    return scores, targets, rng.uniform(0.5, 2.0, size=40)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_without_a_baseline_the_mean_is_predicted_and_the_spread_is_the_scale():
    scaling = Scaling.fit(X, Y, ONES, **PLAIN)
    assert_allclose(scaling.X_mean, [0.5, 0.5])
    assert scaling.X_scale == pytest.approx(0.5)  # root of the mean of the variances .25 and .25
    assert_allclose(scaling.coef, [[0], [0]])
    assert_allclose(scaling.intercept, [0.5])
    assert_allclose(scaling.y_scale, [np.sqrt((0.09 + 0.16 + 0.01 + 0.04) / 4)])


def test_one_scale_serves_all_anchors():
    # Variances 0.25 and 0: the square root of their mean, the constant anchor is not blown up.
    scaling = Scaling.fit(np.array([[0.0, 3.0], [1.0, 3.0]]), Y[:2], ONES[:2], **PLAIN)
    assert scaling.X_scale == pytest.approx(np.sqrt(0.125))
    assert_allclose(scaling.inputs(np.array([[1.0, 3.0]])), [[0.5 / np.sqrt(0.125), 0.0]])


def test_weights_count_as_so_many_rows(noisy):
    scores, targets, _ = noisy
    counts = np.arange(40) % 3 + 1
    weighted = Scaling.fit(scores, targets, counts.astype(float), **PLAIN)
    repeated = Scaling.fit(
        np.repeat(scores, counts, axis=0), np.repeat(targets, counts, axis=0),
        np.ones(counts.sum()), **PLAIN,
    )  # fmt: skip
    for one, other in zip(weighted, repeated, strict=True):
        assert_allclose(one, other, atol=1e-15)


def test_without_scaling_the_networks_see_the_anchors_as_they_are():
    scaling = Scaling.fit(X, Y, ONES, baseline=None, scale_inputs=False, output_range=None)
    assert_allclose(scaling.inputs(X), X)


def test_a_sigmoid_spans_the_output_range():
    scaling = Scaling.fit(X, Y, ONES, baseline=None, scale_inputs=True, output_range=(-1.0, 3.0))
    output = np.array([[0.0], [0.25], [0.5], [1.0]])
    assert_allclose(scaling.predictions(X, output), [[-1], [0], [1], [3]])


@pytest.mark.parametrize("value", [0.0, 0.1, 0.4, 1e8])  # the mean of three 0.4 is not 0.4
def test_constant_data_gets_a_scale_of_one(value):
    scores, targets = np.full((3, 2), value), np.full((3, 1), value)
    scaling = Scaling.fit(scores, targets, np.ones(3), **PLAIN)
    assert scaling.X_scale == 1
    assert_allclose(scaling.y_scale, [1])
    assert_allclose(scaling.targets(scores, targets), 0, atol=1e-7)


@pytest.mark.parametrize("baseline", [None, "ridge"])
def test_the_targets_of_the_networks_give_the_scores_back(noisy, baseline):
    scores, targets, weight = noisy
    scaling = Scaling.fit(scores, targets, weight, **PLAIN | {"baseline": baseline})
    assert_allclose(
        scaling.predictions(scores, scaling.targets(scores, targets)), targets, atol=1e-14
    )


def test_where_the_mean_of_the_anchors_is_the_score_the_baseline_is_that_mean(rng):
    scores = rng.random((30, 5))
    targets = scores.mean(axis=1, keepdims=True)
    scaling = Scaling.fit(scores, targets, np.ones(30), **PLAIN | {"baseline": "ridge"})
    assert_allclose(scaling.coef, np.full((5, 1), 0.2), atol=1e-12)
    assert_allclose(scaling.intercept, [0], atol=1e-12)


def test_the_baseline_is_a_ridge_regression_on_the_score_less_the_mean(noisy):
    scores, targets, weight = noisy
    scaling = Scaling.fit(scores, targets, weight, **PLAIN | {"baseline": "ridge"})
    rest = targets - scores.mean(axis=1, keepdims=True)
    share = scores.shape[1] / max(weight.sum(), len(scores))
    alpha = fit_ridge(scores, rest, weight, least_alpha=share).alpha
    by_sklearn = Ridge(alpha=alpha).fit(scores, rest, sample_weight=weight)
    assert_allclose(scaling.coef, by_sklearn.coef_.T + 1 / 6, rtol=1e-7)
    assert_allclose(scaling.intercept, by_sklearn.intercept_, rtol=1e-7)


def test_gradients_follow_the_chain_rule():
    scaling = Scaling(
        X_mean=np.array([7.0, 7.0]),
        X_scale=0.5,
        coef=np.array([[1.0, 2.0], [3.0, 4.0]]),
        intercept=np.array([9.0, 9.0]),
        y_scale=np.array([10.0, 20.0]),
    )
    jacobian = np.array([[[1.0, -1.0], [0.5, 0.0]]])  # one row, two tasks, two anchors
    # task 0: coef[:, 0] + 10 / 0.5 * (1, -1); task 1: coef[:, 1] + 20 / 0.5 * (0.5, 0)
    assert_allclose(scaling.gradients(jacobian), [[[21, -17], [22, 4]]])


@pytest.mark.parametrize("baseline", [None, "ridge"])
def test_single_precision_stays_single(noisy, baseline):
    scores, targets, weight = (part.astype(np.float32) for part in noisy)
    scaling = Scaling.fit(scores, targets, weight, **PLAIN | {"baseline": baseline})
    for part in (scaling.X_mean, scaling.coef, scaling.intercept, scaling.y_scale):
        assert part.dtype == np.float32
    assert scaling.inputs(scores).dtype == np.float32
    assert scaling.targets(scores, targets).dtype == np.float32
    assert scaling.predictions(scores, targets).dtype == np.float32
