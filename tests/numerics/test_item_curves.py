"""Item curves against a general optimiser and a direct sum over the posterior."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import norm

from sklearn_sparseeval.numerics.item_curves import GRID, fit_item_curves

RNG = np.random.default_rng(0)
THETA = RNG.standard_normal(25)
SLOPE, LEVEL = RNG.uniform(0.2, 2, 12), RNG.normal(0.3, 1, 12)
CHANCE = expit(np.outer(THETA, SLOPE) + LEVEL)
X = (RNG.random(CHANCE.shape) < CHANCE).astype(float)
HOLES = np.where(RNG.random(X.shape) < 0.15, np.nan, X)


def strengths(scores):
    have = ~np.isnan(scores)
    by_item = np.array([column[~np.isnan(column)].mean() for column in scores.T])
    means = [(r - by_item)[h].mean() + by_item.mean() for r, h in zip(scores, have, strict=True)]
    raw = logit(0.96 * np.clip(means, 0, 1) + 0.02)
    return raw, (raw - raw.mean()) / raw.std()


@pytest.mark.parametrize("scores", [X, HOLES, 0.2 + 0.6 * CHANCE], ids=["full", "holes", "graded"])
def test_curves_maximise_the_penalised_likelihood(scores):
    curves = fit_item_curves(scores, slope_precision=3.0, intercept_spread=2.0)
    raw, theta = strengths(scores)
    assert_allclose(curves.strength, theta, atol=1e-8)
    assert_allclose([curves.centre, curves.spread], [raw.mean(), raw.std()])
    for item, column in enumerate(scores.T[:6]):
        have = ~np.isnan(column)
        level = logit((column[have].sum() + 0.5) / (have.sum() + 1))

        def loss(ab, column=column[have], theta=theta[have], level=level):
            line = ab[0] * theta + ab[1]
            likelihood = column @ -np.logaddexp(0, -line) + (1 - column) @ -np.logaddexp(0, line)
            prior = 1.5 * (ab[0] - raw.std()) ** 2 + (ab[1] - level) ** 2 / 8
            return prior - likelihood

        best = minimize(loss, [1, level], bounds=[(0, 6), (None, None)], options={"ftol": 1e-14})
        assert_allclose([curves.slope[item], curves.intercept[item]], best.x, atol=2e-4)


def test_the_common_slope_may_be_that_of_the_items():
    curves = fit_item_curves(X, slope_precision=3.0, rasch=False)
    _, theta = strengths(X)
    miss = X - expit(np.outer(theta, curves.slope) + curves.intercept)
    assert_allclose(theta @ miss, 3 * (curves.slope - curves.slope.mean()), atol=1e-3)
    tight = fit_item_curves(X, slope_precision=1e6, rasch=False).slope
    assert_allclose(tight, tight[0], rtol=1e-4)


def test_reading_is_a_sum_over_the_posterior():
    curves = fit_item_curves(X)
    anchors = np.array([4, 0, 9, 7])
    rows = np.array([[1, 0, 1, 1], [0, 0, np.nan, 1], [0.5, 1, 1, np.nan]])
    theta, score, misfit = curves.read(rows, anchors)
    for number, row in enumerate(rows):
        have = ~np.isnan(row)
        chance = expit(
            np.outer(GRID, curves.slope[anchors[have]]) + curves.intercept[anchors[have]]
        )
        chance = np.clip(chance, 0.01, 0.99)
        own = row[have]
        posterior = (chance**own * (1 - chance) ** (1 - own)).prod(axis=1) * norm.pdf(GRID, 0, 3)
        posterior /= posterior.sum()
        assert_allclose(theta[number], posterior @ GRID, atol=1e-12)
        means = expit(np.outer(GRID, curves.slope) + curves.intercept).mean(axis=1)
        assert_allclose(score[number], posterior @ means)
        p = chance[np.abs(GRID - theta[number]).argmin()]
        log = own * np.log(p) + (1 - own) * np.log(1 - p)
        expected = p * np.log(p) + (1 - p) * np.log(1 - p)
        variance = (p * (1 - p) * logit(p) ** 2).sum() + 0.3
        assert_allclose(misfit[number], (expected - log).sum() / np.sqrt(variance))


def test_expected_items_are_the_curves():
    curves = fit_item_curves(X)
    expected = curves.expected_items(np.array([-1.0, 2.0]))
    assert_allclose(expected[1, 3], 1 / (1 + np.exp(-curves.intercept[3] - 2 * curves.slope[3])))
    assert expected.shape == (2, 12)


def test_a_reversed_pattern_does_not_fit():
    big = (RNG.random((80, 40)) < expit(np.outer(RNG.standard_normal(80), np.ones(40))
           + np.linspace(-3, 3, 40))).astype(float)  # fmt: skip
    curves = fit_item_curves(big)
    pattern = (np.arange(40) >= 20).astype(float)  # the easy half right
    _, _, misfit = curves.read(np.array([pattern, 1 - pattern]), np.arange(40))
    assert misfit[0] < 0 < 5 < misfit[1]


@pytest.mark.parametrize("n_bins", [5, 30])
def test_a_weight_of_two_is_two_rows_in_any_order(n_bins):
    weight = np.arange(25) % 3 + 1
    weighted = fit_item_curves(HOLES, weight.astype(float), n_bins=n_bins)
    rows = np.random.default_rng(1).permutation(np.repeat(np.arange(25), weight))
    repeated = fit_item_curves(HOLES[rows], n_bins=n_bins)
    assert_allclose(weighted.slope, repeated.slope, atol=1e-7)
    assert_allclose(weighted.intercept, repeated.intercept, atol=1e-7)


def test_bins_lose_little():
    few, all_models = fit_item_curves(X, n_bins=10), fit_item_curves(X, n_bins=25)
    assert_allclose(few.slope, all_models.slope, atol=0.15)


def test_an_item_nobody_was_run_on_has_a_curve_but_no_vote():
    wide = np.column_stack([X, np.full(25, np.nan)])
    curves, without = fit_item_curves(wide), fit_item_curves(X)
    assert_allclose(curves.mean_score, without.mean_score)
    assert np.isfinite(curves.intercept).all()


def test_models_that_are_all_alike_have_a_curve():
    curves = fit_item_curves(np.ones((3, 4)))
    assert_array_equal(curves.strength, np.zeros(3))
    assert curves.read(np.ones((1, 2)), np.array([0, 1])).score[0] > 0.95
