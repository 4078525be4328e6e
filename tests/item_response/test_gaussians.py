"""Many normal distributions at once, against numbers by hand, loops and quadrature."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import norm

from sklearn_sparseeval.item_response._gaussians import Gaussians


def some_gaussians(n=4, size=3, seed=0):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n, size, size))
    return Gaussians(rng.normal(size=(n, size)), root @ root.transpose(0, 2, 1) + np.eye(size))


def test_from_precision_has_the_density_it_says():
    precision, shift = np.array([[[2.0, 0.5], [0.5, 1.0]]]), np.array([[1.0, -1.0]])
    gaussians = Gaussians.from_precision(precision, shift)
    assert_allclose(gaussians.covariance[0] @ precision[0], np.eye(2), atol=1e-12)
    assert_allclose(precision[0] @ gaussians.mean[0], shift[0])


def test_second_moments_are_those_of_draws():
    gaussians = some_gaussians(n=1)
    draws = np.random.default_rng(0).multivariate_normal(
        gaussians.mean[0], gaussians.covariance[0], 200_000
    )
    assert_allclose(gaussians.second_moments()[0], draws.T @ draws / len(draws), rtol=0.05)


def test_a_constant_is_appended():
    full = some_gaussians().with_constant()
    assert_allclose(full.mean[:, 3], 1)
    assert_allclose(full.covariance[:, 3], 0)
    assert_allclose(full.covariance[:, :, 3], 0)
    assert_allclose(full.second_moments()[:, 3, :3], full.mean[:, :3])


@pytest.mark.parametrize("n_new", [1, 3, 5])
def test_a_linear_map_moves_mean_and_covariance(n_new):
    gaussians, matrix = some_gaussians(), np.random.default_rng(1).normal(size=(n_new, 3))
    moved = gaussians.mapped(matrix)
    for i in range(4):
        assert_allclose(moved.mean[i], matrix @ gaussians.mean[i])
        assert_allclose(moved.covariance[i], matrix @ gaussians.covariance[i] @ matrix.T)


@pytest.mark.parametrize(("mean", "variance"), [(0.0, 1.0), (1.0, 4.0), (-2.0, 0.3)])
def test_divergence_is_the_integral_it_stands_for(mean, variance):
    own = norm(mean, np.sqrt(variance))
    other = norm(0.5, np.sqrt(2.0))
    expected = quad(lambda z: own.pdf(z) * (own.logpdf(z) - other.logpdf(z)), -30, 30)[0]
    gaussians = Gaussians(np.array([[mean]]), np.array([[[variance]]]))
    assert_allclose(gaussians.divergence(np.array([0.5]), np.array([[2.0]])), [expected])


def test_divergence_is_zero_for_the_same_and_unchanged_by_a_map_of_both():
    gaussians = some_gaussians()
    mean, covariance = gaussians.mean[0], gaussians.covariance[0]
    divergence = gaussians.divergence(mean, covariance)
    assert_allclose(divergence[0], 0, atol=1e-12)
    assert (divergence[1:] > 0).all()
    matrix = np.random.default_rng(2).normal(size=(3, 3))
    moved = gaussians.mapped(matrix).divergence(matrix @ mean, matrix @ covariance @ matrix.T)
    assert_allclose(moved, divergence, atol=1e-9)


def test_pooled_moments_by_hand():
    # Half at -1 and half at 3, of variances 2 and 4: mean 1, variance 3 + 2 ** 2.
    gaussians = Gaussians(np.array([[-1.0], [3.0]]), np.array([[[2.0]], [[4.0]]]))
    mean, covariance = gaussians.pooled(np.array([0.5, 0.5]))
    assert_allclose(mean, [1])
    assert_allclose(covariance, [[7]])
