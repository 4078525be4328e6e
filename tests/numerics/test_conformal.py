"""The smoothed conformal quantile, by brute force and by the law that it promises."""

import numpy as np
import pytest
from scipy import stats

from sklearn_sparseeval.numerics.conformal import smoothed_quantile

RNG = np.random.default_rng(0)


def mixed(q, errors, n_prior, weight):
    """F(q) of the docstring, term by term."""
    n = sum(weight)
    inside = sum(w for e, w in zip(errors, weight, strict=True) if abs(e) <= q)
    square = sum(w * e * e for e, w in zip(errors, weight, strict=True)) / n
    t = 2 * stats.t.cdf(q / np.sqrt(square * (1 + 1 / n)), max(n - 1, 3)) - 1
    return (n * (inside + t) / (n + 1) + n_prior * t) / (n + n_prior)


@pytest.mark.parametrize("n", [1, 2, 5, 12, 40])
@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.99])
@pytest.mark.parametrize("n_prior", [0.5, 5.0])
def test_it_is_the_smallest_solution(n, coverage, n_prior):
    errors, weight = RNG.normal(size=n), RNG.choice([1.0, 0.5, 0.25], size=n)
    q = smoothed_quantile(errors, coverage, n_prior=n_prior, weight=weight)
    assert mixed(q * (1 - 1e-7), errors, n_prior, weight) < coverage
    assert mixed(q * (1 + 1e-7), errors, n_prior, weight) >= coverage - 1e-9


@pytest.mark.parametrize("n", [9, 10, 19, 50])
def test_without_a_prior_it_is_the_order_statistic(n):
    errors = RNG.normal(size=n)
    for coverage in (0.5, 0.8, 0.9):
        rank = int(np.ceil(round((n + 1) * coverage, 9)))
        expected = np.sort(np.abs(errors))[rank - 1]
        assert smoothed_quantile(errors, coverage, n_prior=0) == expected


def test_without_a_prior_too_few_errors_promise_nothing():
    assert smoothed_quantile(RNG.normal(size=8), 0.9, n_prior=0) == np.inf
    assert smoothed_quantile(RNG.normal(size=9), 0.9, n_prior=0) < np.inf


def test_copies_with_shared_weight_count_as_one():
    errors = RNG.normal(size=12)
    copied = np.repeat(errors, 3)
    once = smoothed_quantile(errors, 0.9)
    assert smoothed_quantile(copied, 0.9, weight=np.full(36, 1 / 3)) == pytest.approx(once)


def test_errors_of_nothing_are_covered_by_nothing():
    assert smoothed_quantile(np.zeros(5), 0.9) == 0


def test_the_coverage_follows_the_beta_law():
    n, coverage = 20, 0.8
    errors = np.random.default_rng(1).uniform(-1, 1, size=(3000, n))  # P(|e| <= q) is q
    reached = [smoothed_quantile(row, coverage, n_prior=0) for row in errors[:400]]
    rank = int(np.ceil((n + 1) * coverage))
    assert stats.kstest(reached, stats.beta(rank, n + 1 - rank).cdf).pvalue > 0.01
    assert np.mean(reached) == pytest.approx(rank / (n + 1), abs=0.015)


@pytest.mark.parametrize("n", [6, 12, 40])
def test_with_the_prior_few_normal_errors_are_covered_about_as_often_as_said(n):
    errors = np.random.default_rng(2).normal(size=(200, n))
    reached = [2 * stats.norm.cdf(smoothed_quantile(row, 0.9)) - 1 for row in errors]
    assert np.mean(reached) == pytest.approx(0.9, abs=0.025)
