"""The filter of items that another one stands for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from sklearn_sparseeval.selectors.predictive import _redundant_items
from sklearn_sparseeval.selectors.predictive._redundant_items import without_redundant_items


def centred(X):
    return X - X.mean(axis=0)


def brute_force(X, max_correlation):
    kept = []
    for item in range(X.shape[1]):
        if X[:, item].any() and all(
            np.corrcoef(X[:, item], X[:, k])[0, 1] <= max_correlation for k in kept
        ):
            kept.append(item)
    return kept


@given(st.integers(0, 999), st.floats(0.0, 0.95), st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_it_equals_the_scan_item_by_item(seed, max_correlation, block):
    rng = np.random.default_rng(seed)
    X = centred(rng.normal(size=(15, 3)) @ rng.normal(size=(3, 20)) + rng.normal(size=(15, 20)))
    X[:, [4, 9]] = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_redundant_items, "_BLOCK", block)
        got = without_redundant_items(X, max_correlation, 1)
    assert_array_equal(got, brute_force(X, max_correlation))


def test_an_item_dropped_does_not_stand_for_others():
    # b is like a, and c is like b but not like a: with b out, c stays.
    angles = np.deg2rad([0, 25, 50])
    plane = np.linalg.qr(centred(np.random.default_rng(0).normal(size=(20, 2))))[0]
    X = plane @ np.array([np.cos(angles), np.sin(angles)])
    assert_array_equal(without_redundant_items(X, 0.8, 1), [0, 2])


def test_the_opposite_of_an_item_is_not_redundant():
    a = centred(np.random.default_rng(0).normal(size=(20, 1)))
    assert_array_equal(without_redundant_items(np.hstack([a, -a, a]), 0.9, 1), [0, 1])


@pytest.mark.parametrize(
    ("n_least", "expected"), [(2, [1, 3]), (3, [1, 3, 5]), (4, [1, 3, 4, 5]), (6, range(6))]
)
def test_items_come_back_the_least_redundant_first_and_constant_ones_last(n_least, expected):
    rng = np.random.default_rng(0)
    a, b, noise = (centred(rng.normal(size=(50, 1))) for _ in range(3))
    X = np.hstack([0 * a, a, 0 * a, b, a, a + 0.3 * noise])
    assert_array_equal(without_redundant_items(X, 0.5, n_least), expected)


def test_constant_items_alone():
    assert_array_equal(without_redundant_items(np.zeros((4, 5)), 0.5, 3), [0, 1, 2])


def test_with_a_largest_correlation_of_one_nothing_but_constant_items_is_left_out():
    X = centred(np.random.default_rng(0).random((9, 6)))
    X[:, 2] = 0
    assert_array_equal(without_redundant_items(X, 1.0, 1), [0, 1, 3, 4, 5])
