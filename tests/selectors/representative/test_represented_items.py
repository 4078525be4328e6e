"""Which anchor stands for which items: ties are shared, shares add up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval.selectors.representative._represented_items import (
    Representation,
    fill_by_share,
    nearest_anchor,
    representation,
)


def test_items_go_to_the_nearest_anchor():
    position = np.array([0.0, 1, 2, 10, 11, 30])
    anchors = np.array([4, 0])
    distance = np.abs(position[anchors, np.newaxis] - position)
    np.testing.assert_array_equal(nearest_anchor(distance, anchors), [1, 1, 1, 0, 0, 0])


def test_items_equally_near_to_several_anchors_are_dealt_out():
    # Items 1 to 5 are as near to anchor 0 as to anchor 6, and item 7 is nearest to 6.
    distance = np.array([[0, 2, 2, 2, 2, 2, 4, 4.0], [4, 2, 2, 2, 2, 2, 0, 1]])
    labels = nearest_anchor(distance, np.array([0, 6]))
    np.testing.assert_array_equal(labels, [0, 0, 1, 0, 1, 0, 1, 1])


def test_different_ties_are_dealt_out_apart():
    # By columns: the three anchors, three between the first two, two between the last two.
    distance = np.array(
        [[0, 9, 9, 1, 1, 1, 5, 5.0], [9, 0, 9, 1, 1, 1, 1, 1], [9, 9, 0, 5, 5, 5, 1, 1]]
    )
    labels = nearest_anchor(distance, np.array([0, 1, 2]))
    np.testing.assert_array_equal(labels, [0, 1, 2, 0, 1, 0, 1, 2])


def test_an_anchor_stands_for_itself_even_beside_a_copy():
    distance = np.zeros((3, 8))
    labels = nearest_anchor(distance, np.array([5, 2, 7]))
    assert labels[[5, 2, 7]].tolist() == [0, 1, 2]
    assert np.bincount(labels).tolist() == [3, 3, 2]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_label_is_one_of_the_nearest_and_ties_are_balanced(seed):
    rng = np.random.default_rng(seed)
    n_items, n_anchors = int(rng.integers(4, 30)), int(rng.integers(1, 5))
    distance = rng.integers(1, 3, size=(n_anchors, n_items)).astype(float)
    anchors = rng.permutation(n_items)[:n_anchors]
    distance[np.arange(n_anchors), anchors] = 0
    labels = nearest_anchor(distance, anchors)
    np.testing.assert_array_equal(distance[labels, np.arange(n_items)], distance.min(axis=0))
    np.testing.assert_array_equal(labels[anchors], np.arange(n_anchors))
    others = np.setdiff1d(np.arange(n_items), anchors)
    tied = (distance == distance.min(axis=0)).T
    for pattern in np.unique(tied[others], axis=0):
        group = others[(tied[others] == pattern).all(axis=1)]
        counts = np.bincount(labels[group], minlength=n_anchors)[pattern]
        assert counts.max() - counts.min() <= 1


def test_copies_are_added_in_proportion_and_in_order():
    labels = np.array([0, 1, 0, 0, 1, 0, 2, 0, 0, 0])  # 7, 2 and 1 items
    chosen = np.array([2, 1, 6])
    # Claims of the further copies: 7/3, 7/5, 7/7, 7/9, 7/11 and 7/13 of the first, 2/3 of the
    # second; the copies of the first are items 0, 3, 5, 7, 8 and 9, of the second item 4.
    expected = [2, 1, 6, 0, 3, 5, 7, 4, 8, 9]
    for n_anchors in range(3, 11):
        got = fill_by_share(labels, chosen, n_anchors)
        np.testing.assert_array_equal(got, expected[:n_anchors])


@settings(max_examples=50, deadline=None)
@given(sizes=st.lists(st.integers(1, 12), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_filled_anchors_are_distinct_and_shares_nearly_in_proportion(sizes, seed):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    chosen = np.array([rng.choice(np.flatnonzero(labels == n)) for n in range(len(sizes))])
    n_anchors = int(rng.integers(len(sizes), len(labels) + 1))
    anchors = fill_by_share(labels, chosen, n_anchors)
    assert len(set(anchors)) == n_anchors
    np.testing.assert_array_equal(anchors[: len(sizes)], chosen)
    counts = np.bincount(labels[anchors], minlength=len(sizes))
    # Sainte-Laguë: nobody's next claim is above a claim that was met, but for the first anchors.
    met = [s / (2 * c - 1) for s, c in zip(sizes, counts, strict=True) if c > 1]
    waiting = [s / (2 * c + 1) for s, c in zip(sizes, counts, strict=True) if c < s]
    assert not met or not waiting or min(met) >= max(waiting)


@pytest.mark.parametrize(
    ("item_weights", "expected"), [(None, [0.25, 0.75]), (np.array([6.0, 1, 1, 2]), [0.2, 0.8])]
)
def test_weights_are_shares_of_the_items_that_have_a_label(item_weights, expected):
    items = np.array([1, 2, 5, 6])
    result = representation(8, items, np.array([3, 0]), np.array([1, 1, 1, 0]), item_weights)
    np.testing.assert_array_equal(result.anchors, [6, 1])
    np.testing.assert_allclose(result.weights, expected)
    np.testing.assert_array_equal(result.labels, [-1, 1, 1, -1, -1, 1, 0, -1])


def test_by_falling_weight_keeps_weights_and_labels_with_their_anchors():
    given_order = Representation(
        np.array([6, 1, 4, 3]), np.array([0.2, 0.4, 0.2, 0.2]), np.array([-1, 1, 1, 3, 2, -1, 0])
    )
    anchors, weights, labels = given_order.by_falling_weight()
    np.testing.assert_array_equal(anchors, [1, 3, 4, 6])
    np.testing.assert_array_equal(weights, [0.4, 0.2, 0.2, 0.2])
    np.testing.assert_array_equal(labels, [-1, 0, 0, 1, 2, -1, 3])
