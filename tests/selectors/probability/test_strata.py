from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from sklearn_sparseeval.selectors.probability._strata import (
    anchors_per_group,
    one_per_stratum,
    principal_strata,
)

NO_TIES = np.arange(1000.0)


def as_lists(strata):
    return [items.tolist() for items in strata]


def as_sets(strata, names=None):
    names = np.arange(1000) if names is None else names
    return {frozenset(names[items].tolist()) for items in strata}


def test_one_feature_is_cut_into_ranges():
    features = np.array([[5.0], [1.0], [4.0], [2.0], [3.0], [0.0]])
    strata = principal_strata(features, 3, NO_TIES)
    assert as_lists(strata) == [[1, 5], [3, 4], [0, 2]]


def test_each_side_is_cut_along_a_direction_of_its_own():
    # Far apart along the first column, a pair on the left differs in the second column, on the
    # right in the third.
    left = [[0, 0, 0], [0, 9, 0.1], [0, 0, 0.1], [0, 9, 0]]
    right = [[99, 0, 0], [99, 0.1, 9], [99, 0.1, 0], [99, 0, 9]]
    strata = principal_strata(np.array(left + right, dtype=float), 4, NO_TIES)
    assert as_lists(strata) == [[0, 2], [1, 3], [4, 6], [5, 7]]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.data())
def test_strata_are_a_partition_into_sizes_that_differ_by_one_at_most(n_items, data):
    n_strata = data.draw(st.integers(1, n_items))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    features = rng.integers(0, 3, size=(n_items, 2)).astype(float)  # many items are alike
    strata = principal_strata(features, n_strata, rng.random(n_items))
    assert len(strata) == n_strata
    assert sorted(np.concatenate(strata).tolist()) == list(range(n_items))
    sizes = {len(items) for items in strata}
    assert sizes <= {n_items // n_strata, -(-n_items // n_strata)}
    assert all((np.diff(items) > 0).all() for items in strata)


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -7.7])
def test_equal_items_are_ordered_by_their_keys(value):
    features = np.full((6, 3), value)
    keys = np.array([0.5, 0.1, 0.9, 0.2, 0.8, 0.3])
    assert as_lists(principal_strata(features, 2, keys)) == [[1, 3, 5], [0, 2, 4]]


def test_the_rounding_of_equal_items_does_not_order_them():
    keys = np.array([0.5, 0.1, 0.9, 0.2, 0.8, 0.3])
    for seed in range(20):
        noise = 1e-16 * np.random.default_rng(seed).standard_normal((6, 3))
        strata = principal_strata(0.1 + noise, 2, keys)
        assert as_lists(strata) == [[1, 3, 5], [0, 2, 4]]


def test_rounding_does_not_order_items():
    rng = np.random.default_rng(0)
    features = rng.integers(0, 3, size=(40, 3)) / 3
    keys = rng.random(40)
    expected = as_lists(principal_strata(features, 7, keys))
    for seed in range(20):
        noise = 1e-15 * np.random.default_rng(seed).standard_normal(features.shape)
        assert as_lists(principal_strata(features + noise, 7, keys)) == expected


@pytest.mark.parametrize("n_points", [4, 8, 12])
def test_where_no_direction_leads_the_order_of_the_items_does_not_matter(n_points):
    angle = 2 * np.pi * np.arange(n_points) / n_points + 0.1
    features = np.column_stack([np.cos(angle), np.sin(angle)])  # the same spread in any direction
    keys = np.random.default_rng(0).random(n_points)
    expected = as_sets(principal_strata(features, 4, keys))
    # The direction is then the first axis: the half with the smaller cosines comes first.
    first_half = principal_strata(features, 2, keys)[0]
    assert set(first_half) == set(np.argsort(features[:, 0])[: n_points // 2])
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(n_points)
        strata = principal_strata(features[order], 4, keys[order])
        assert as_sets(strata, order) == expected


def test_the_sign_of_a_direction_is_fixed():
    rng = np.random.default_rng(0)
    features = np.outer(rng.random(20), [1.0, -2.0])
    first, last = principal_strata(features, 2, NO_TIES)
    assert features[first, 1].max() < features[last, 1].min()  # rising along the larger entry


def test_a_column_twice_does_no_harm():
    features = np.random.default_rng(0).random((30, 1))
    once = principal_strata(features, 6, NO_TIES)
    assert as_lists(principal_strata(np.tile(features, 2), 6, NO_TIES)) == as_lists(once)


def quotas_hold(sizes, counts, n_anchors):
    return counts.sum() == n_anchors and (counts >= 1).all() and (counts <= sizes).all()


@pytest.mark.parametrize(
    ("sizes", "n_anchors", "expected"),
    [
        ([50, 30, 20], 10, [5, 3, 2]),
        ([47, 33, 20], 10, [5, 3, 2]),  # 4.7, 3.3, 2.0
        ([44, 36, 20], 10, [4, 4, 2]),  # 4.4, 3.6, 2.0
        ([10, 10, 10], 4, [2, 1, 1]),  # equal remainders and sizes: the first
        ([6, 18], 4, [1, 3]),
        ([98, 1, 1], 10, [8, 1, 1]),  # at least one each
        ([1000, 60, 50, 40], 10, [7, 1, 1, 1]),
        ([1, 2, 3], 6, [1, 2, 3]),
        ([5], 3, [3]),
        ([9, 7, 4], 3, [1, 1, 1]),
    ],
)
def test_proportional_allocation_by_hand(sizes, n_anchors, expected):
    counts = anchors_per_group(np.array(sizes), n_anchors, "proportional")
    assert counts.tolist() == expected


@pytest.mark.parametrize(
    ("sizes", "n_anchors", "expected"),
    [
        ([50, 30, 20], 9, [3, 3, 3]),
        ([20, 50, 30], 8, [2, 3, 3]),  # the larger groups get the rest
        ([30, 30, 30], 4, [2, 1, 1]),
        ([2, 50, 50], 12, [2, 5, 5]),  # a full group
        ([2, 40, 50], 13, [2, 5, 6]),
        ([1, 3, 9], 13, [1, 3, 9]),
        ([7], 2, [2]),
    ],
)
def test_equal_allocation_by_hand(sizes, n_anchors, expected):
    assert anchors_per_group(np.array(sizes), n_anchors, "equal").tolist() == expected


group_sizes = st.lists(st.integers(1, 9), min_size=1, max_size=4)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(group_sizes, st.data())
def test_proportional_allocation_keeps_every_quota(sizes, data):
    n_anchors = data.draw(st.integers(len(sizes), sum(sizes)))
    sizes = np.array(sizes)
    counts = anchors_per_group(sizes, n_anchors, "proportional")
    assert quotas_hold(sizes, counts, n_anchors)
    quota = n_anchors * sizes / sizes.sum()
    if (quota >= 1).all():
        assert (np.abs(counts - quota) < 1).all()


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(group_sizes, st.data())
def test_equal_allocation_is_the_most_equal_there_is(sizes, data):
    n_anchors = data.draw(st.integers(len(sizes), sum(sizes)))
    counts = anchors_per_group(np.array(sizes), n_anchors, "equal")
    assert quotas_hold(np.array(sizes), counts, n_anchors)
    every = product(*(range(1, size + 1) for size in sizes))
    least = min(np.square(c).sum() for c in every if sum(c) == n_anchors)
    assert np.square(counts).sum() == least


def test_each_item_of_a_stratum_is_drawn_as_often():
    strata = [np.array([4]), np.array([0, 2, 5]), np.array([1, 3])]
    rng = np.random.RandomState(0)
    draws = np.array([one_per_stratum(strata, rng) for _ in range(6000)])
    assert (draws[:, 0] == 4).all()
    combinations, counts = np.unique(draws[:, 1:], axis=0, return_counts=True)
    assert len(combinations) == 6  # choices in two strata, independent of each other
    assert chisquare(counts).pvalue > 1e-3


def test_the_draw_depends_on_strata_and_seed_alone():
    strata = [np.arange(5), np.arange(5, 9)]
    first, second = (one_per_stratum(strata, np.random.RandomState(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.dtype == np.intp
