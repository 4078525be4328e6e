"""The canonical order of rows, equal rows merged, and distinct models and results."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_sparseeval.numerics.row_identity import (
    canonical_row_order,
    distinct_models,
    distinct_rows,
    equal_rows,
    merge_equal_rows,
    rows_by_pattern,
)

NAN = np.nan

_CELLS = st.sampled_from([0.0, 0.5, 1.0, np.nan])


@st.composite
def _rows(draw):
    n_rows = draw(st.integers(1, 12))
    X = draw(hnp.arrays(np.float64, (n_rows, 3), elements=_CELLS))
    y = draw(hnp.arrays(np.float64, (n_rows, 2), elements=st.sampled_from([0.1, 0.2])))
    weight = draw(hnp.arrays(np.float64, n_rows, elements=st.sampled_from([1.0, 2.0])))
    return X, y, weight, draw(st.permutations(range(n_rows)))


@pytest.mark.slow
@given(_rows())
@settings(max_examples=100, deadline=None)
def test_order_is_a_permutation_that_forgets_the_listing(rows):
    X, y, weight, permutation = rows
    table = np.column_stack([X, y, weight])
    order = canonical_row_order(X, y, weight)
    np.testing.assert_array_equal(np.sort(order), np.arange(len(X)))
    shuffled = canonical_row_order(X[permutation], y[permutation], weight[permutation])
    np.testing.assert_array_equal(table[permutation][shuffled], table[order])


def test_equal_rows_are_ordered_by_target_then_weight():
    X = np.zeros((4, 2))
    y = np.array([[0.2], [0.1], [0.1], [0.2]])
    weight = np.array([1.0, 3.0, 2.0, 0.5])
    np.testing.assert_array_equal(canonical_row_order(X, y, weight), [2, 1, 3, 0])


def test_equal_rows_stand_together():
    X = np.random.default_rng(0).integers(0, 2, size=(60, 3)).astype(float)
    ordered = X[canonical_row_order(X, np.zeros((60, 1)), np.ones(60))]
    changes = (np.diff(ordered, axis=0) != 0).any(axis=1).sum()
    assert changes == len(np.unique(X, axis=0)) - 1


def test_memory_layout_does_not_matter():
    X = np.random.default_rng(0).random((10, 4))
    y, weight = np.zeros((10, 1)), np.ones(10)
    np.testing.assert_array_equal(
        canonical_row_order(np.asfortranarray(X), y, weight), canonical_row_order(X, y, weight)
    )


@given(st.integers(0, 999))
@settings(max_examples=50, deadline=None)
def test_neither_order_nor_repetition_changes_a_bit(seed):
    rng = np.random.default_rng(seed)
    X = rng.choice([0.0, 1.0, 0.3, NAN], size=(6, 4), p=[0.4, 0.3, 0.2, 0.1])
    y = rng.choice([0.2, 0.7], size=(6, 1))
    weight = rng.integers(1, 4, 6)
    expected = distinct_models(X, y, weight.astype(float))
    rows = rng.permutation(np.repeat(np.arange(6), weight))
    for got, part in zip(
        distinct_models(X[rows], y[rows], np.ones(len(rows))), expected, strict=True
    ):
        assert_array_equal(got, part)


def test_equal_rows_are_merged_and_negative_zeros_are_equal():
    X = np.array([[0.0, 1.0], [-0.0, 1.0], [0.0, 1.0]])
    rows = distinct_models(X, np.array([[1.0], [1.0], [2.0]]), np.array([1.0, 2.5, 4.0]))
    assert_array_equal(
        np.column_stack([rows.X, rows.y, rows.weight]), [[0, 1, 1, 3.5], [0, 1, 2, 4]]
    )


def test_missing_results_are_the_weighted_means_of_the_items():
    X = np.array([[1.0, NAN], [0.0, 0.5], [NAN, 1.0]])
    rows = distinct_models(X, np.arange(3.0)[:, np.newaxis], np.array([3.0, 1.0, 1.0]))
    by_target = rows.X[np.argsort(rows.y[:, 0])]
    assert_allclose(by_target, [[1, 0.75], [0, 0.5], [0.75, 1]])


def test_small_types_become_double_precision():
    rows = distinct_models(np.eye(2, dtype=np.uint8), np.ones((2, 1), np.float32), np.ones(2))
    assert {part.dtype for part in rows} == {np.dtype(np.float64)}


def test_equal_neighbours_become_one_row_with_the_sum_of_their_weights():
    X = np.array([[1.0, NAN], [1.0, NAN], [1.0, 0.0], [1.0, 0.0], [1.0, NAN]])
    y = np.array([[0.5], [0.5], [0.5], [0.6], [0.5]])
    merged = merge_equal_rows(X, y, np.array([1.0, 2.5, 1.0, 1.0, 4.0]))
    np.testing.assert_array_equal(merged.X, X[[0, 2, 3, 4]])
    np.testing.assert_array_equal(merged.y, y[[0, 2, 3, 4]])
    np.testing.assert_array_equal(merged.weight, [3.5, 1, 1, 4])


def test_rows_of_equal_value_are_merged():
    X = np.array([[0.0, np.nan, 1.0], [1.0, 0.0, 0.0], [-0.0, -np.nan, 1.0]])
    rows, weight = distinct_rows(X, np.array([1.0, 2.0, 4.0]))
    assert dict(zip((rows % 2).tolist(), weight.tolist(), strict=True)) == {0: 5, 1: 2}


@given(have=hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_every_row_is_in_one_group_with_its_own_items(have):
    seen = []
    patterns = set()
    for rows, items in rows_by_pattern(have):
        assert (np.diff(rows) > 0).all()
        for row in rows:
            np.testing.assert_array_equal(np.flatnonzero(have[row]), items)
        seen += rows.tolist()
        patterns.add(tuple(items.tolist()))
    assert sorted(seen) == list(range(len(have)))
    assert len(patterns) == len({tuple(row) for row in have.tolist()})


@pytest.mark.parametrize("n_items", [1, 8, 9])  # packed into one byte, or two
def test_rows_that_differ_in_the_last_item_only(n_items):
    have = np.ones((3, n_items), dtype=bool)
    have[1, -1] = False
    groups = sorted((rows.tolist(), len(items)) for rows, items in rows_by_pattern(have))
    assert groups == [([0, 2], n_items), ([1], n_items - 1)]


def test_equal_rows_share_a_label():
    nan = float("nan")
    X = np.array([[0.0, 1], [1, nan], [-0.0, 1], [1, nan], [1, 1]])
    labels = equal_rows(X)
    assert labels[0] == labels[2] != labels[1] == labels[3]
    assert len(set(labels.tolist())) == 3
    assert (equal_rows(X[::-1])[::-1] == labels).all()  # by content, not by place
