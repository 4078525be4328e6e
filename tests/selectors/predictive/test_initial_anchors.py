"""Starting sets: k-means as the released code does it, on training rows alone, and chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from sklearn_sparseeval.selectors.predictive._initial_anchors import k_means_anchors, random_anchors


def _clustered(sizes=(6, 3, 9, 4), n_models=30, seed=0):
    """Items in clear groups: graded copies of a few random answer sheets, without ties."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    X = rng.integers(0, 2, size=(n_models, len(sizes)))[:, group]
    return 0.8 * X + 0.2 * rng.random(X.shape), group


def _released_code(X, n_anchors, k_means_seed):
    """methods.md 1.1, steps 1 and 3, without the random fill."""
    vectors = (2 * X - 1).T
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors / np.where(norms == 0, 1e-10, norms)
    k_means = KMeans(n_anchors, random_state=k_means_seed, n_init="auto").fit(vectors)
    distances = np.linalg.norm(vectors[:, np.newaxis] - k_means.cluster_centers_, axis=2)
    return np.unique(distances.argmin(axis=0))


@pytest.mark.parametrize("seed", range(3))
def test_k_means_equals_the_released_code(seed):
    X, _ = _clustered(seed=seed)
    anchors = k_means_anchors(X, np.ones(30), np.arange(22), 4, np.random.RandomState(seed))
    expected = _released_code(X, 4, np.random.RandomState(seed))
    np.testing.assert_array_equal(np.sort(anchors), expected)


def test_k_means_lists_the_largest_group_first():
    X, group = _clustered()
    anchors = k_means_anchors(X, np.ones(30), np.arange(22), 4, np.random.RandomState(1))
    np.testing.assert_array_equal(group[anchors], [2, 0, 3, 1])  # of 9, 6, 4 and 3 items


def test_k_means_takes_the_item_nearest_to_the_mean_vector():
    X, group = _clustered()
    vectors = (2 * X - 1).T
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    anchors = k_means_anchors(X, np.ones(30), np.arange(22), 4, np.random.RandomState(1))
    for anchor in anchors:
        members = np.flatnonzero(group == group[anchor])
        distances = np.linalg.norm(vectors[members] - vectors[members].mean(axis=0), axis=1)
        assert distances[members == anchor] == pytest.approx(distances.min())


def test_k_means_chooses_candidates_only():
    X, group = _clustered()
    candidates = np.flatnonzero(group != 2)
    anchors = k_means_anchors(X, np.ones(30), candidates, 3, np.random.RandomState(0))
    np.testing.assert_array_equal(group[anchors], [0, 3, 1])


def test_k_means_weights_are_repeated_rows():
    X = np.random.default_rng(0).random((12, 40))
    weight = np.array([1, 1, 1, 1, 2, 2, 3, 1, 1, 12, 1, 15])
    repeated = np.repeat(X, weight, axis=0)
    for seed in range(20):
        got = k_means_anchors(X, weight, np.arange(40), 12, np.random.RandomState(seed))
        expected = k_means_anchors(
            repeated, np.ones(len(repeated)), np.arange(40), 12, np.random.RandomState(seed)
        )
        np.testing.assert_array_equal(got, expected)


def test_k_means_takes_the_first_of_two_items_equally_near():
    """Both items of a cluster of two are; rounding differs from row order to row order."""
    X, _ = _clustered(sizes=(2, 2, 2, 2))
    for seed in range(20):
        rows = np.random.default_rng(seed).permutation(30)
        anchors = k_means_anchors(X[rows], np.ones(30), np.arange(8), 4, np.random.RandomState(3))
        np.testing.assert_array_equal(np.sort(anchors), [0, 2, 4, 6])


@given(seed=st.integers(0, 99), n_anchors=st.integers(1, 10), n_distinct=st.integers(1, 10))
@settings(max_examples=20, deadline=None)
def test_duplicates_are_filled_up_by_chance(seed, n_anchors, n_distinct):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, size=(15, n_distinct)).astype(float)[:, np.arange(10) % n_distinct]
    anchors = k_means_anchors(X, np.ones(15), np.arange(10), n_anchors, np.random.RandomState(0))
    assert anchors.shape == (n_anchors,)
    assert len(np.unique(anchors)) == n_anchors
    assert set(anchors) <= set(range(10))
    found = len(np.unique(X[:, anchors], axis=1).T)
    assert found == min(n_anchors, len(np.unique(X, axis=1).T))


def test_items_of_length_zero_are_no_obstacle():
    X = np.full((5, 6), 0.5)  # 2 X - 1 is zero
    anchors = k_means_anchors(X, np.ones(5), np.arange(6), 3, np.random.RandomState(0))
    assert len(np.unique(anchors)) == 3


@given(seed=st.integers(0, 999), n_anchors=st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_random_anchors_are_different_candidates(seed, n_anchors):
    candidates = np.array([2, 3, 5, 7, 11])
    anchors = random_anchors(candidates, n_anchors, np.random.RandomState(seed))
    assert len(anchors) == len(np.unique(anchors)) == n_anchors
    assert set(anchors) <= set(candidates)


def test_random_anchors_reach_every_candidate():
    rng = np.random.RandomState(0)
    drawn = [random_anchors(np.array([2, 3, 5]), 1, rng)[0] for _ in range(60)]
    assert set(drawn) == {2, 3, 5}
