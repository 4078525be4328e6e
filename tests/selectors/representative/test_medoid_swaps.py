"""Swaps of medoids end where none helps, near the best there is."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval.selectors.representative import _medoid_swaps
from sklearn_sparseeval.selectors.representative._medoid_swaps import swap_medoids


def distances(n_items, seed, levels=2**20):
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
    matrix = distances(n_items, seed, levels)
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
        matrix = distances(12, seed)
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
    matrix = distances(60, 3)
    expected = inertia(matrix, swap_medoids(matrix, np.arange(6)))
    monkeypatch.setattr(_medoid_swaps, "_BLOCK", block)
    assert inertia(matrix, swap_medoids(matrix, np.arange(6))) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("n_medoids", [1, 2, 7])
def test_equal_items_need_no_swap(n_medoids):
    start = np.arange(n_medoids)
    np.testing.assert_array_equal(swap_medoids(np.zeros((7, 7), np.float32), start), start)


def test_the_start_is_left_alone():
    start = np.arange(3)
    swap_medoids(distances(20, 0), start)
    np.testing.assert_array_equal(start, [0, 1, 2])
