"""Medoids beside given ones, against trying every item."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_sparseeval.selectors.representative._personal_medoids import (
    manhattan_distances,
    with_more_medoids,
)

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


def test_nested():
    distances = manhattan_distances(points(), np.ones(8))
    whole = with_more_medoids(distances, NONE, 12)
    for n_medoids in (1, 5, 11):
        assert_array_equal(with_more_medoids(distances, NONE, n_medoids), whole[:n_medoids])


@pytest.mark.parametrize("n_medoids", [2, 3])
def test_greedy_is_near_the_best_choice(n_medoids):
    distances = manhattan_distances(points(n_items=12), np.ones(8))
    best = min(cost(distances, items) for items in combinations(range(12), n_medoids))
    assert cost(distances, with_more_medoids(distances, NONE, n_medoids)) < 1.1 * best


def test_copies_come_last_in_proportion():
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
