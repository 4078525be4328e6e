"""Variational fit: its formulas against loops, its bound never falls, its axes are fixed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from sklearn_sparseeval.datasets import load_helm_lite, make_score_matrix
from sklearn_sparseeval.item_response import _model, _variational
from sklearn_sparseeval.item_response._variational import (
    Gaussians,
    _lower_bound,
    _Prior,
    _Results,
    _sweep,
    _Units,
    fit_item_response,
    principal_axes,
)
from sklearn_sparseeval.numerics import latent_items as _latent_items


def random_gaussians(n, size, rng):
    root = 0.3 * rng.normal(size=(n, size, size))
    return Gaussians(
        rng.normal(size=(n, size)), root @ root.transpose(0, 2, 1) + 0.05 * np.eye(size)
    )


def a_state(n_models=7, n_items=6, n_dimensions=2, seed=0):
    """Return results and some posterior of models and items, not the best one."""
    rng = np.random.default_rng(seed)
    X = rng.random((n_models, n_items))
    known = rng.random(X.shape) < 0.8
    results = _Results(np.where(known, X - 0.5, 0.0), known, rng.integers(1, 4, n_models) * 1.0)
    abilities = random_gaussians(n_models, n_dimensions, rng)
    items = random_gaussians(n_items, n_dimensions + 1, rng)
    prior = _Prior(rng.normal(size=n_dimensions + 1), np.diag(rng.uniform(0.5, 2, 3)))
    return results, abilities, items, prior


def bound_of(results, abilities, items, prior):
    """Return the bound, with the likelihood's part term by term."""
    evidence = 0.0
    for m, weight in enumerate(results.weight):
        ability = np.append(abilities.mean[m], 1.0)
        spread = np.zeros((3, 3))
        spread[:2, :2] = abilities.covariance[m]
        for i in np.flatnonzero(results.known[m]):
            first = ability @ items.mean[i]
            square = np.trace(
                (spread + np.outer(ability, ability))
                @ (items.covariance[i] + np.outer(items.mean[i], items.mean[i]))
            )
            root = np.sqrt(square)
            evidence += weight * (results.centred[m, i] * first - np.log(2 * np.cosh(root / 2)))
    return _lower_bound(evidence, abilities, results.weight, items, prior)


def test_a_sweep_knows_the_likelihood_bound_before_it():
    results, abilities, items, prior = a_state()
    sweep = _sweep(results, abilities, items)
    bound = _lower_bound(sweep.evidence, abilities, results.weight, items, prior)
    assert_allclose(bound, bound_of(results, abilities, items, prior))


def test_the_bound_is_below_the_likelihood():
    """With point masses the expectation is the log-likelihood itself."""
    rng = np.random.default_rng(1)
    abilities = Gaussians(rng.normal(size=(5, 2)), np.zeros((5, 2, 2)))
    items = Gaussians(rng.normal(size=(4, 3)), np.zeros((4, 3, 3)))
    X = (rng.random((5, 4)) < 0.5).astype(float)
    results = _Results(X - 0.5, np.ones((5, 4), dtype=bool), np.ones(5))
    logits = abilities.mean @ items.mean[:, :2].T + items.mean[:, 2]
    exact = (X * logits - np.logaddexp(0, logits)).sum()
    assert_allclose(_sweep(results, abilities, items).evidence, exact)
    vague = items._replace(covariance=np.tile(0.5 * np.eye(3), (4, 1, 1)))
    assert _sweep(results, abilities, vague).evidence < exact


def test_updates_raise_the_bound():
    results, abilities, items, prior = a_state()
    sweep = _sweep(results, abilities, items)
    precision = np.linalg.inv(prior.covariance)
    better = Gaussians.from_precision(
        sweep.precision + precision, sweep.shift + precision @ prior.mean
    )
    start = bound_of(results, abilities, items, prior)
    after_models = bound_of(results, sweep.abilities, items, prior)
    after_items = bound_of(results, sweep.abilities, better, prior)
    assert start < after_models < after_items


@pytest.mark.parametrize("seed", range(4))
def test_the_learned_prior_is_the_best(seed):
    results, abilities, items, _ = a_state(seed=seed)
    best = _Prior.learned(items)
    bound = bound_of(results, abilities, items, best)
    rng = np.random.default_rng(seed)
    for _ in range(30):
        root = np.eye(3) + 0.1 * rng.normal(size=(3, 3))
        other = _Prior(best.mean + 0.1 * rng.normal(size=3), root @ best.covariance @ root.T)
        assert bound_of(results, abilities, items, other) < bound


@pytest.mark.parametrize("seed", range(4))
def test_the_best_units_are_the_best(seed):
    results, abilities, items, prior = a_state(seed=seed)

    def bound_in(units):
        matrix = units.matrix()
        return bound_of(results, units.of(abilities), items.mapped(matrix), prior.mapped(matrix))

    best = _Units.best(abilities, results.weight, prior)
    bound = bound_in(best)
    assert bound > bound_of(results, abilities, items, prior)
    rng = np.random.default_rng(seed)
    for _ in range(30):
        root = best.root @ (np.eye(2) + 0.1 * rng.normal(size=(2, 2)))
        assert bound_in(_Units(best.origin + 0.1 * rng.normal(size=2), root)) < bound


def test_units_leave_the_logits_alone():
    results, abilities, items, _ = a_state()
    units = _Units.standard(abilities, results.weight)
    moved, along = units.of(abilities), items.mapped(units.matrix())
    for models, parameters in ((abilities, items), (moved, along)):
        squares = np.einsum(
            "mij,nij->mn", models.with_constant().second_moments(), parameters.second_moments()
        )
        means = models.with_constant().mean @ parameters.mean.T
        if models is abilities:
            expected = squares, means
    assert_allclose(squares, expected[0])
    assert_allclose(means, expected[1])
    mean, covariance = moved.pooled(results.weight / results.weight.sum())
    assert_allclose(mean, 0, atol=1e-12)
    assert_allclose(covariance, np.eye(2), atol=1e-12)


MATRICES = {
    "simulated": make_score_matrix(40, 60, random_state=0).data,
    "with gaps": make_score_matrix(40, 60, missing=0.4, random_state=1).data,
    "graded": make_score_matrix(30, 50, graded=True, random_state=2).data,
    "few models": make_score_matrix(4, 80, random_state=3).data,
    "few items": make_score_matrix(60, 3, random_state=4).data,
    "real": load_helm_lite(task="gsm").data[::2, ::5],
}


@pytest.mark.parametrize("n_dimensions", [1, 3])
@pytest.mark.parametrize("name", MATRICES)
def test_the_bound_never_falls(name, n_dimensions, monkeypatch):
    bounds = []

    def recorded(*args):
        bounds.append(_lower_bound(*args))
        return bounds[-1]

    monkeypatch.setattr(_variational, "_lower_bound", recorded)
    X = MATRICES[name]
    weight = 1.0 + np.arange(len(X)) % 3
    fit = fit_item_response(X, weight, n_dimensions, max_iter=300, tol=1e-6)
    assert fit.converged
    assert len(bounds) == fit.n_iter > 3
    assert (np.diff(bounds) > -1e-9 * np.abs(bounds[:-1])).all()
    assert_allclose(fit.lower_bound, bounds[-1] / (weight @ ~np.isnan(X)).sum())


def test_sweeps_are_counted_and_the_tolerance_ends_them():
    X = MATRICES["simulated"]
    few = fit_item_response(X, np.ones(40), 1, max_iter=5, tol=1e-5)
    assert (few.n_iter, few.converged) == (5, False)
    loose, tight = (
        fit_item_response(X, np.ones(40), 1, max_iter=1000, tol=tol) for tol in (1e-3, 1e-8)
    )
    assert loose.n_iter < tight.n_iter < 1000
    assert loose.lower_bound < tight.lower_bound


def test_blocks_of_models_give_the_same(monkeypatch):
    X = MATRICES["with gaps"]
    expected = fit_item_response(X, np.ones(40), 2, max_iter=50, tol=1e-5)
    monkeypatch.setattr(_latent_items, "_BLOCK_CELLS", 7 * 60)
    got = fit_item_response(X, np.ones(40), 2, max_iter=50, tol=1e-5)
    assert_allclose(got.discriminations, expected.discriminations, atol=1e-9)
    assert_allclose(got.difficulties, expected.difficulties, atol=1e-9)


def test_a_weight_of_two_is_two_rows():
    X, weight = MATRICES["few models"], np.array([1, 2, 3, 1])
    weighted = fit_item_response(X, weight * 1.0, 2, max_iter=50, tol=1e-6)
    repeated = fit_item_response(np.repeat(X, weight, axis=0), np.ones(7), 2, max_iter=50, tol=1e-6)
    assert_allclose(weighted.discriminations, repeated.discriminations, atol=1e-8)
    assert_allclose(weighted.lower_bound, repeated.lower_bound)


@pytest.mark.slow
@pytest.mark.parametrize(("n_true", "n_found"), [(1, 1), (2, 2), (3, 3)])
def test_abilities_that_the_results_do_not_support_fade(n_true, n_found):
    rng = np.random.default_rng(n_true)
    logits = rng.normal(size=(300, n_true)) @ rng.normal(size=(n_true, 150)) + rng.normal(size=150)
    X = (rng.random(logits.shape) < expit(logits)).astype(float)
    fit = fit_item_response(X, np.ones(300), 5, max_iter=300, tol=1e-5)
    squares = (fit.discriminations**2).mean(axis=0)
    assert (squares[:n_found] > 0.5).all()
    assert (squares[n_found:] < 0.05).all()


@given(seed=st.integers(0, 1000), n_dimensions=st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_axes_do_not_depend_on_those_given(seed, n_dimensions):
    rng = np.random.default_rng(seed)
    discriminations = rng.normal(0.5, np.arange(1, n_dimensions + 1), size=(30, n_dimensions))
    rotation = np.linalg.qr(rng.normal(size=(n_dimensions, n_dimensions)))[0]
    turned = principal_axes(discriminations)
    assert_allclose(principal_axes(discriminations @ rotation), turned, atol=1e-8)
    assert_allclose(turned @ turned.T, discriminations @ discriminations.T, atol=1e-8)
    products = turned.T @ turned
    assert_allclose(products, np.diag(np.diag(products)), atol=1e-8 * products[0, 0])
    assert (np.diff(np.diag(products)) <= 0).all()
    assert (turned.sum(axis=0) >= 0).all()


def test_fitted_probabilities_are_those_of_the_frequencies():
    """For every item the expected scores of the models add up to the results, nearly."""
    X = MATRICES["simulated"]
    fit = fit_item_response(X, np.ones(40), 1, max_iter=300, tol=1e-6)
    abilities = np.linspace(-3, 3, 601)
    density = np.exp(-(abilities**2) / 2)
    curves = expit(np.outer(abilities, fit.discriminations[:, 0]) - fit.difficulties)
    assert_allclose(density @ curves / density.sum(), X.mean(axis=0), atol=0.08)


# ---- many normal distributions at once ----


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


# ---- how many abilities: the rule step by step ----


LIMITS = {"max_iter": 300, "tol": 1e-5}


def simulated(n_dimensions, n_models=250, n_items=120, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n_models, n_dimensions)) @ rng.normal(size=(n_dimensions, n_items))
    right = expit(1.5 * logits + rng.normal(size=n_items))
    return (rng.random(right.shape) < right).astype(float)


def test_the_loss_is_that_of_diagonals_that_no_fit_has_seen():
    X, weight = simulated(1, 30, 20), np.arange(1.0, 31.0)
    X[3, 5] = np.nan
    training = X.copy()
    for row in range(30):
        for column in range(20):
            if (row + column) % 5 == 0:
                training[row, column] = np.nan
    fit = fit_item_response(training, weight, 1, **LIMITS)
    abilities = _model._estimate_abilities(training, fit.discriminations, fit.difficulties)
    expected = expit(abilities @ fit.discriminations.T - fit.difficulties)
    total = 0.0
    for row in range(30):
        cells = [i for i in range(20) if (row + i) % 5 == 0 and not np.isnan(X[row, i])]
        losses = [-np.log(expected[row, i] if X[row, i] else 1 - expected[row, i]) for i in cells]
        total += weight[row] * np.mean(losses)
    losses = _model._choose_n_dimensions(X, weight, **LIMITS)[1]
    assert_allclose(losses[1], total / weight.sum())


def test_the_gain_must_exceed_its_standard_error():
    gain = np.array([0.3, -0.1, 0.4, 0.2])  # mean 0.2, standard deviation 0.187: error 0.094
    than = np.ones(4)
    assert _model._clearly_less(than - gain, than, np.ones(4))
    assert not _model._clearly_less(than - (gain - 0.11), than, np.ones(4))
    # Four models of weight 4 are 16 models; of weight 1/4 they are still 4.
    assert _model._clearly_less(than - (gain - 0.11), than, np.full(4, 4.0))
    assert not _model._clearly_less(than - (gain - 0.11), than, np.full(4, 0.25))
