"""Medoids: greedily as the naive algorithm, swaps to where none helps, more beside given ones."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_sparseeval.selectors.representative import _item_distances, _medoids
from sklearn_sparseeval.selectors.representative._item_distances import METRICS, ItemDistances
from sklearn_sparseeval.selectors.representative._item_vectors import ItemVectors
from sklearn_sparseeval.selectors.representative._medoids import (
    greedy_medoids,
    manhattan_distances,
    swap_medoids,
    with_more_medoids,
)


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


# ---- swaps ----


def exact_distances(n_items, seed, levels=2**20):
    """Euclidean distances in exact steps; few levels make many ties."""
    points = np.random.default_rng(seed).random((n_items, 3))
    matrix = np.linalg.norm(points[:, np.newaxis] - points, axis=2)
    return (np.rint(matrix * levels) / levels).astype(np.float32)


def inertia(matrix, medoids):
    return float(matrix[list(medoids)].min(axis=0).sum(dtype=np.float64))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n_medoids=st.integers(1, 6),
    levels=st.sampled_from([2, 2**20]),
    n_items=st.integers(6, 24),
)
def test_no_single_swap_is_an_improvement(seed, n_medoids, levels, n_items):
    matrix = exact_distances(n_items, seed, levels)
    start = matrix.sum(axis=0).argsort()[:n_medoids]
    medoids = swap_medoids(matrix, start)
    assert len(set(medoids)) == n_medoids
    least = inertia(matrix, medoids)
    assert least <= inertia(matrix, start)
    if n_medoids > 1:
        for leaving in medoids:
            rest = np.setdiff1d(medoids, [leaving])
            assert all(inertia(matrix, [*rest, item]) >= least for item in range(n_items))


@pytest.mark.parametrize("n_medoids", [2, 3, 4])
def test_the_result_is_near_the_best_of_all_sets(n_medoids):
    ratios = []
    for seed in range(15):
        matrix = exact_distances(12, seed)
        best = min(inertia(matrix, c) for c in combinations(range(12), n_medoids))
        ratios.append(inertia(matrix, swap_medoids(matrix, np.arange(n_medoids))) / best)
    assert np.mean(np.array(ratios) < 1 + 1e-9) >= 0.6
    assert np.mean(ratios) < 1.02


def test_clear_groups_are_found_from_any_start():
    group = np.repeat(np.arange(5), 20)
    points = 10 * group + np.random.default_rng(0).random(100)
    matrix = np.float32(np.rint(np.abs(points[:, np.newaxis] - points) * 2**10) / 2**10)
    medoids = swap_medoids(matrix, np.arange(5))
    assert set(group[medoids]) == set(range(5))


@pytest.mark.parametrize("block", [1, 7, 100])
def test_the_size_of_the_blocks_matters_little(block, monkeypatch):
    matrix = exact_distances(60, 3)
    expected = inertia(matrix, swap_medoids(matrix, np.arange(6)))
    monkeypatch.setattr(_medoids, "_BLOCK", block)
    assert inertia(matrix, swap_medoids(matrix, np.arange(6))) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("n_medoids", [1, 2, 7])
def test_equal_items_need_no_swap(n_medoids):
    start = np.arange(n_medoids)
    np.testing.assert_array_equal(swap_medoids(np.zeros((7, 7), np.float32), start), start)


def test_the_start_is_left_alone():
    start = np.arange(3)
    swap_medoids(exact_distances(20, 0), start)
    np.testing.assert_array_equal(start, [0, 1, 2])


# ---- beside given ones ----

NONE = np.arange(0)


def points(n_models=8, n_items=20, seed=0):
    return np.random.default_rng(seed).normal(size=(n_models, n_items))


def cost(distances, medoids):
    return distances[list(medoids)].min(axis=0).sum()


def greedy(distances, given_items, n_medoids):
    """Try every item at every step."""
    medoids = list(given_items)
    while len(medoids) < n_medoids:
        others = [item for item in range(len(distances)) if item not in medoids]
        medoids.append(min(others, key=lambda item: cost(distances, [*medoids, item])))
    return medoids


def test_distances_are_weighted_sums_of_absolute_differences():
    X, weight = points(), np.random.default_rng(1).random(8)
    expected = (weight[:, None, None] * np.abs(X[:, :, None] - X[:, None, :])).sum(axis=0)
    got = manhattan_distances(X, weight)
    assert_allclose(got / got.max(), expected / expected.max(), atol=1e-6)
    assert_array_equal(got, np.rint(got))
    assert got.max() == 2**24


def test_distances_of_items_that_are_all_alike_are_zero():
    assert not manhattan_distances(np.ones((3, 4)), np.ones(3)).any()


def test_ties_are_exact_however_the_models_are_listed():
    X = np.random.default_rng(0).choice([0.1, 0.2, 0.7], size=(9, 30))
    order = np.random.default_rng(1).permutation(9)
    assert_array_equal(
        manhattan_distances(X, np.ones(9)), manhattan_distances(X[order], np.ones(9))
    )


@given(st.integers(0, 999), st.integers(0, 4), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_each_addition_is_the_best_of_all(seed, n_given, n_more):
    distances = manhattan_distances(points(seed=seed), np.ones(8))
    given_items = np.random.default_rng(seed).permutation(20)[:n_given]
    got = with_more_medoids(distances, given_items, n_given + n_more)
    assert_array_equal(got, greedy(distances, given_items, n_given + n_more))


def test_those_given_stay_as_they_are():
    distances = manhattan_distances(points(), np.ones(8))
    given_items = np.array([7, 3, 15])
    assert_array_equal(with_more_medoids(distances, given_items, 3), given_items)
    assert_array_equal(with_more_medoids(distances, given_items, 9)[:3], given_items)


def test_more_beside_given_ones_are_nested():
    distances = manhattan_distances(points(), np.ones(8))
    whole = with_more_medoids(distances, NONE, 12)
    for n_medoids in (1, 5, 11):
        assert_array_equal(with_more_medoids(distances, NONE, n_medoids), whole[:n_medoids])


@pytest.mark.parametrize("n_medoids", [2, 3])
def test_greedy_is_near_the_best_choice(n_medoids):
    distances = manhattan_distances(points(n_items=12), np.ones(8))
    best = min(cost(distances, items) for items in combinations(range(12), n_medoids))
    assert cost(distances, with_more_medoids(distances, NONE, n_medoids)) < 1.1 * best


def test_beside_given_ones_copies_come_last_in_proportion():
    X = np.repeat(points(n_items=3), [2, 6, 4], axis=1)
    distances = manhattan_distances(X, np.ones(8))
    got = with_more_medoids(distances, NONE, 12)
    group = np.repeat([0, 1, 2], [2, 6, 4])
    assert set(group[got[:3]]) == {0, 1, 2}
    assert_array_equal(np.sort(got), range(12))
    assert_array_equal(np.bincount(group[got[:6]], minlength=3), [1, 3, 2])


def test_given_items_that_are_copies_of_each_other():
    X = np.repeat(points(n_items=2), [3, 3], axis=1)
    got = with_more_medoids(manhattan_distances(X, np.ones(8)), np.array([1, 0]), 6)
    assert_array_equal(got[:2], [1, 0])
    assert got[2] == 3
    assert_array_equal(np.sort(got), range(6))
