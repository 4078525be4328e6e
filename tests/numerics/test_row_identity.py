"""The canonical order of rows: the same list for every permutation."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sklearn_sparseeval.numerics.row_identity import canonical_row_order

_CELLS = st.sampled_from([0.0, 0.5, 1.0, np.nan])


@st.composite
def _rows(draw):
    n_rows = draw(st.integers(1, 12))
    X = draw(hnp.arrays(np.float64, (n_rows, 3), elements=_CELLS))
    y = draw(hnp.arrays(np.float64, (n_rows, 2), elements=st.sampled_from([0.1, 0.2])))
    weight = draw(hnp.arrays(np.float64, n_rows, elements=st.sampled_from([1.0, 2.0])))
    return X, y, weight, draw(st.permutations(range(n_rows)))


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
