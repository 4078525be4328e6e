"""Intervals of paired differences, ranks and wins, against hand-made values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ttest_1samp

from sklearn_sparseeval.comparison._paired import best, corrected_difference, ranks

NAN = float("nan")


def test_by_hand():
    # mean 2, variance 1, three splits, one target for four sources: 1 * sqrt(1/3 + 1/4) = .76376;
    # the 97.5 % quantile of t with two degrees of freedom is 4.302653.
    found = corrected_difference([1, 2, 3], [0.25] * 3, 0.95)
    assert found.mean == 2
    assert found.high - 2 == pytest.approx(4.302653 * 0.763763, rel=1e-6)
    assert 2 - found.low == pytest.approx(found.high - 2)


def test_without_overlap_it_is_the_t_interval():
    values = np.random.default_rng(0).normal(size=12)
    interval = ttest_1samp(values, 0).confidence_interval(0.9)
    found = corrected_difference(values, np.zeros(12), 0.9)
    np.testing.assert_allclose(found, [values.mean(), interval.low, interval.high])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], [NAN, NAN, NAN]),
        ([NAN, NAN], [NAN, NAN, NAN]),
        ([0.5], [0.5, NAN, NAN]),
        ([0.5, NAN], [0.5, NAN, NAN]),
        ([0.5, 0.5, NAN], [0.5, 0.5, 0.5]),
    ],
)
def test_few_splits(values, expected):
    np.testing.assert_array_equal(corrected_difference(values, [0.3] * len(values), 0.95), expected)


def test_only_splits_with_a_difference_count():
    found = corrected_difference([1, NAN, 2, 3], [0.25, 99, 0.1, 0.4], 0.95)
    assert found == pytest.approx(corrected_difference([1, 2, 3], [0.25] * 3, 0.95))


def test_the_interval_covers_the_truth_when_splits_overlap():
    """Two hundred panels of 80 models: the corrected interval covers, the plain one does not."""
    rng = np.random.default_rng(0)
    covered = {0.0: 0, 1 / 3: 0}
    for _ in range(200):
        models = rng.normal(size=80)  # difference of two methods on each model; truth 0
        means = [rng.choice(models, 20, replace=False).mean() for _ in range(20)]
        for ratio in covered:
            found = corrected_difference(means, [ratio] * 20, 0.95)
            covered[ratio] += found.low <= 0 <= found.high
    assert covered[1 / 3] / 200 > 0.9
    assert covered[0.0] / 200 < 0.8


@pytest.mark.parametrize(
    ("losses", "expected_ranks", "expected_best"),
    [
        ([[1.0], [2.0], [3.0]], [[1], [2], [3]], [[True], [False], [False]]),
        ([[2.0], [2.0], [3.0]], [[1.5], [1.5], [3]], [[True], [True], [False]]),
        ([[NAN], [2.0], [NAN]], [[2.5], [1], [2.5]], [[False], [True], [False]]),
        ([[NAN], [NAN]], [[1.5], [1.5]], [[False], [False]]),
    ],
    ids=["plain", "tie", "failures", "all fail"],
)
def test_ranks_and_wins(losses, expected_ranks, expected_best):
    np.testing.assert_array_equal(ranks(np.array(losses)), expected_ranks)
    np.testing.assert_array_equal(best(np.array(losses)), expected_best)


@given(arrays(float, (4, 3), elements=st.sampled_from([0.0, 0.5, 1.0, NAN])))
def test_ranks_of_a_split_always_add_up(losses):
    assert ranks(losses).sum(axis=0) == pytest.approx([10, 10, 10])
    marked = best(losses)
    assert (ranks(losses)[marked] <= 2.5).all()
