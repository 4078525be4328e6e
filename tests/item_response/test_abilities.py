"""Abilities by penalised Newton, against general optimisers and girth; and that they are finite."""

import numpy as np
import pytest
from girth import ability_map
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import expit

from sklearn_sparseeval.item_response import _abilities
from sklearn_sparseeval.item_response._abilities import estimate_abilities
from sklearn_sparseeval.numerics import latent_items as _latent_items


def simulated(n_models=20, n_items=30, n_dimensions=2, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    discriminations = scale * rng.normal(size=(n_items, n_dimensions))
    difficulties = rng.normal(size=n_items)
    abilities = rng.normal(size=(n_models, n_dimensions))
    right = expit(abilities @ discriminations.T - difficulties)
    X = (rng.random(right.shape) < right).astype(float)
    X[rng.random(X.shape) < 0.2] = np.nan
    return X, discriminations, difficulties


def by_general_optimiser(row, discriminations, difficulties):
    """Maximise likelihood times prior for one model, term by term."""
    known = ~np.isnan(row)

    def loss(ability):
        total = ability @ ability / 2
        for result, a, b in zip(
            row[known], discriminations[known], difficulties[known], strict=True
        ):
            logit = ability @ a - b
            total -= result * -np.logaddexp(0, -logit) + (1 - result) * -np.logaddexp(0, logit)
        return total

    start = np.zeros(discriminations.shape[1])
    return minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12}).x


@pytest.mark.parametrize("n_dimensions", [1, 2, 3])
def test_a_general_optimiser_finds_the_same(n_dimensions):
    X, a, b = simulated(6, 15, n_dimensions)
    expected = [by_general_optimiser(row, a, b) for row in X]
    assert_allclose(estimate_abilities(X, a, b), expected, atol=1e-5)


def test_girth_finds_the_same_with_one_ability():
    X, a, b = simulated(40, 25, 1)
    X, a = np.nan_to_num(X), np.abs(a)
    expected = ability_map(X.T.astype(int), b / a[:, 0], a[:, 0])  # girth: a * (theta - b)
    assert_allclose(estimate_abilities(X, a, b)[:, 0], expected, atol=1e-4)


@pytest.mark.parametrize("n_dimensions", [1, 5, 10])
@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0, 1e4])
def test_all_right_and_all_wrong_stay_finite(n_dimensions, scale):
    """The maximum-likelihood ability of the released code is infinite here."""
    _, a, b = simulated(1, 100, n_dimensions, scale=scale)
    a = np.abs(a)
    abilities = estimate_abilities(np.array([[1.0] * 100, [0.0] * 100]), a, b)
    assert np.isfinite(abilities).all()
    assert (abilities[0] > abilities[1]).all()
    assert np.abs(abilities).max() < 10


def test_without_a_prior_the_same_results_diverge():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0.5, 2, 50), rng.normal(size=50)

    def unpenalised(ability):
        return np.logaddexp(0, -(ability[0] * a - b)).sum()

    likeliest = minimize(unpenalised, [0.0], method="BFGS").x[0]
    ours = estimate_abilities(np.ones((1, 50)), a[:, np.newaxis], b)[0, 0]
    assert likeliest > 10 > 4 > ours > 1


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([0.01, 1.0, 20.0]))
@settings(max_examples=40, deadline=None)
def test_the_slope_vanishes_whatever_the_results(seed, scale):
    X, a, b = simulated(5, 12, 2, seed=seed, scale=scale)
    X[0] = np.random.default_rng(seed).random(12)  # graded
    abilities = estimate_abilities(X, a, b)
    residual = np.nan_to_num(X - expit(abilities @ a.T - b))
    assert_allclose(residual @ a - abilities, 0, atol=1e-7 * (1 + scale))


def test_a_step_too_long_is_halved():
    """From 0 the likelihood of a hard, sharp item is flat: Newton's first step overshoots."""
    a, b = np.full((1, 1), 40.0), np.array([10.0])
    expected = by_general_optimiser(np.array([1.0]), a, b)
    assert_allclose(estimate_abilities(np.ones((1, 1)), a, b)[0], expected, atol=1e-6)
    likelihood = _abilities._Likelihood(np.ones((1, 1)), np.ones((1, 1), dtype=bool), a, b)
    full = likelihood.newton_step(np.zeros((1, 1)))[0]
    short = _abilities._shortened_step(likelihood, np.zeros((1, 1)))
    assert_allclose(full / short, 2 ** np.round(np.log2(full / short)))
    assert full[0, 0] > 50 * expected
    assert short[0, 0] < 10 * expected


def test_a_model_without_results_is_average_and_changes_nothing():
    X, a, b = simulated()
    alone = estimate_abilities(X, a, b)
    with_empty = estimate_abilities(np.vstack([np.full((1, 30), np.nan), X]), a, b)
    assert_array_equal(with_empty[0], [0, 0])
    assert_allclose(with_empty[1:], alone, rtol=1e-12)


def test_the_other_models_do_not_matter():
    X, a, b = simulated(30, 40)
    together = estimate_abilities(X, a, b)
    for row, expected in zip(X, together, strict=True):
        assert_allclose(estimate_abilities(row[np.newaxis], a, b)[0], expected, rtol=1e-10)


def test_blocks_of_models_give_the_same(monkeypatch):
    X, a, b = simulated(30, 40)
    expected = estimate_abilities(X, a, b)
    monkeypatch.setattr(_latent_items, "_BLOCK_CELLS", 3 * 40)
    assert_allclose(estimate_abilities(X, a, b), expected, rtol=1e-10)


def test_steps_are_counted(monkeypatch):
    X, a, b = simulated(4, 10)
    monkeypatch.setattr(_abilities, "_MAX_STEPS", 1)
    once = estimate_abilities(X, a, b)
    known = ~np.isnan(X)
    likelihood = _abilities._Likelihood(np.nan_to_num(X), known, a, b)
    assert_allclose(once, likelihood.newton_step(np.zeros((4, 2)))[0])
