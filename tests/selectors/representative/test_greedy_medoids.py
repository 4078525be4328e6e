"""Greedy facility location equals the naive algorithm, and adds copies last."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval.selectors.representative import _item_distances
from sklearn_sparseeval.selectors.representative._greedy_medoids import greedy_medoids
from sklearn_sparseeval.selectors.representative._item_distances import METRICS, ItemDistances
from sklearn_sparseeval.selectors.representative._item_vectors import ItemVectors


def distances_of(values, metric="euclidean"):
    values = np.asarray(values, dtype=float)
    vectors = ItemVectors(np.arange(len(values)), values, np.ones(values.shape[1]))
    return ItemDistances(vectors, metric)


def naive(matrix, n_medoids):
    """Try every item at every step, with all sums anew; the first of equal ones."""
    chosen = []
    for _ in range(n_medoids):
        sums = [
            np.inf if item in chosen else matrix[[*chosen, item]].min(axis=0).sum()
            for item in range(len(matrix))
        ]
        chosen.append(int(np.argmin(sums)))
    return chosen


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    metric=st.sampled_from(sorted(METRICS)),
    binary=st.booleans(),
    n_medoids=st.integers(1, 6),
)
def test_the_choice_equals_that_of_the_naive_algorithm(seed, metric, binary, n_medoids):
    rng = np.random.default_rng(seed)
    values = rng.random((15, 8))
    if binary:  # many ties
        values = np.unique(np.round(values), axis=0)
    distances = distances_of(values, metric)
    matrix = distances(np.arange(len(values)))
    n_distinct = len(np.unique(matrix, axis=0))
    n_medoids = min(n_medoids, n_distinct)
    np.testing.assert_array_equal(greedy_medoids(distances, n_medoids), naive(matrix, n_medoids))


@pytest.mark.parametrize("cells", [1, 100])
def test_the_size_of_the_blocks_does_not_matter(cells, monkeypatch):
    values = np.random.default_rng(0).random((40, 6))
    expected = greedy_medoids(distances_of(values), 12)
    monkeypatch.setattr(_item_distances, "_BLOCK_CELLS", cells)
    np.testing.assert_array_equal(greedy_medoids(distances_of(values), 12), expected)


def test_a_prefix_is_the_answer_for_fewer():
    distances = distances_of(np.random.default_rng(0).integers(0, 2, size=(30, 4)))  # with copies
    all_of_them = greedy_medoids(distances, 30)
    for n_medoids in range(1, 31):
        np.testing.assert_array_equal(greedy_medoids(distances, n_medoids), all_of_them[:n_medoids])


def test_copies_come_last_and_in_proportion():
    values = np.repeat([[0.0], [1.0], [5.0]], [12, 6, 2], axis=0)
    anchors = greedy_medoids(distances_of(values), 10)
    assert set(values[anchors[:3], 0]) == {0, 1, 5}
    assert np.unique(values[anchors], return_counts=True)[1].tolist() == [6, 3, 1]
    np.testing.assert_array_equal(np.sort(greedy_medoids(distances_of(values), 20)), np.arange(20))


def test_a_matrix_that_is_kept_gives_the_same():
    distances = distances_of(np.random.default_rng(0).random((40, 6)), "correlation")
    expected = greedy_medoids(distances, 12)
    distances.matrix()
    np.testing.assert_array_equal(greedy_medoids(distances, 12), expected)
