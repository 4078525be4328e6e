"""Wilson's limits and the finite-population correction."""

import numpy as np
import pytest
from scipy import stats

from sklearn_sparseeval.numerics.proportions import effective_items, wilson_limits


@pytest.mark.parametrize(("right", "n"), [(0, 10), (3, 10), (47, 50), (100, 100)])
@pytest.mark.parametrize("coverage", [0.8, 0.95])
def test_limits_are_those_of_scipy(right, n, coverage):
    expected = stats.binomtest(right, n).proportion_ci(coverage, method="wilson")
    low, high = wilson_limits(right / n, n, stats.norm.ppf((1 + coverage) / 2))
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high))


def test_limits_of_huge_samples_close_in_on_the_share():
    low, high = wilson_limits(np.array([0.0, 0.3, 1.0]), 1e12, 1.645)
    assert np.abs(low - [0, 0.3, 1]).max() < 1e-5
    assert np.abs(high - [0, 0.3, 1]).max() < 1e-5
    assert (low <= [0, 0.3, 1]).all()
    assert (high >= [0, 0.3, 1]).all()


def test_correction_gives_the_variance_of_sampling_without_replacement():
    values = np.array([0.0, 1, 1, 0, 1, 1])
    from itertools import combinations

    means = [np.mean(sample) for sample in combinations(values, 4)]
    # The variance about the mean of all is p (1 - p) / n_effective, up to m / (m - 1).
    expected = values.var() / effective_items(4, 6) * 6 / 5
    assert np.var(means) == pytest.approx(float(expected))


def test_nothing_to_correct_in_an_unlimited_supply():
    assert effective_items(50, np.inf) == 50
    assert effective_items(100, 100) > 1e6
