"""Intervals of paired differences, ranks and wins of a summary, against hand-made values."""

import numpy as np
import pytest
from _panels import NAN, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ttest_1samp

from sklearn_sparseeval.comparison import Comparison

ENDS = ["difference", "difference_low", "difference_high"]


def summary(errors, sizes, level=0.95):
    """Summarise the errors of methods, a row each; the first is the baseline.

    `sizes` holds the numbers of source and target models of each split, or of all.
    """
    errors = np.atleast_2d(errors)
    n_methods, n_splits = errors.shape
    results = [
        Result(f"m{method}", 5, split, {"neg_mean_absolute_error": -errors[method, split]})
        for method in range(n_methods)
        for split in range(n_splits)
    ]
    splits = [
        (np.arange(sources), np.arange(sources, sources + targets))
        for sources, targets in np.broadcast_to(sizes, (n_splits, 2))
    ]
    comparison = Comparison(
        results, y=np.zeros(200), splits=splits, scorers=["neg_mean_absolute_error"], baseline="m0"
    )
    return comparison.summary(confidence_level=level)


def difference(values, sizes, level=0.95):
    """Mean, low and high end of paired differences."""
    return summary([np.zeros(len(values)), values], sizes, level)[ENDS].iloc[1].to_numpy()


def test_by_hand():
    # mean 2, variance 1, three splits, one target for four sources: 1 * sqrt(1/3 + 1/4) = .76376;
    # the 97.5 % quantile of t with two degrees of freedom is 4.302653.
    mean, low, high = difference([1, 2, 3], (4, 1))
    assert mean == 2
    assert high - 2 == pytest.approx(4.302653 * 0.763763, rel=1e-6)
    assert 2 - low == pytest.approx(high - 2)


def test_without_overlap_it_is_the_t_interval():
    values = np.random.default_rng(0).normal(size=12)
    interval = ttest_1samp(values, 0).confidence_interval(0.9)
    found = difference(values, (4, 0), 0.9)
    np.testing.assert_allclose(found, [values.mean(), interval.low, interval.high])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([NAN, NAN], [NAN, NAN, NAN]),
        ([0.5], [0.5, NAN, NAN]),
        ([0.5, NAN], [0.5, NAN, NAN]),
        ([0.5, 0.5, NAN], [0.5, 0.5, 0.5]),
    ],
)
def test_few_splits(values, expected):
    np.testing.assert_array_equal(difference(values, (10, 3)), expected)


def test_only_splits_with_a_difference_count():
    found = difference([1, NAN, 2, 3], [(4, 1), (1, 99), (10, 1), (5, 2)])
    assert found == pytest.approx(difference([1, 2, 3], (4, 1)))


@pytest.mark.slow
def test_the_interval_covers_the_truth_when_splits_overlap():
    """Two hundred panels of 80 models: the corrected interval covers, the plain one does not."""
    rng = np.random.default_rng(0)
    means = [np.zeros(20)]
    for _ in range(200):
        models = rng.normal(size=80)  # difference of two methods on each model; truth 0
        means.append([rng.choice(models, 20, replace=False).mean() for _ in range(20)])
    covered = {}
    for sizes in ((60, 20), (60, 0)):
        found = summary(means, sizes)[1:]
        covered[sizes] = ((found["difference_low"] <= 0) & (found["difference_high"] >= 0)).mean()
    assert covered[60, 20] > 0.9
    assert covered[60, 0] < 0.8


@pytest.mark.parametrize(
    ("errors", "expected_ranks", "expected_wins"),
    [
        ([1, 2, 3], [1, 2, 3], [1, 0, 0]),
        ([2, 2, 3], [1.5, 1.5, 3], [1, 1, 0]),
        ([NAN, 2, NAN], [2.5, 1, 2.5], [0, 1, 0]),
        ([NAN, NAN], [1.5, 1.5], [0, 0]),
    ],
    ids=["plain", "tie", "failures", "all fail"],
)
def test_ranks_and_wins(errors, expected_ranks, expected_wins):
    found = summary(np.transpose([errors]), (4, 1))
    assert found["average_rank"].tolist() == expected_ranks
    assert found["wins"].tolist() == expected_wins


@pytest.mark.slow
@settings(max_examples=40)
@given(arrays(float, (4, 1), elements=st.sampled_from([0.0, 0.5, 1.0, NAN])))
def test_ranks_of_a_split_always_add_up(errors):
    found = summary(errors, (4, 1))
    assert found["average_rank"].sum() == pytest.approx(10)
    assert (found["average_rank"][found["wins"] == 1] <= 2.5).all()
