"""Models in an order of their own, equal ones merged, and centred columns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_sparseeval.numerics.distinct_models import centred, distinct_models

NAN = np.nan


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


@pytest.mark.parametrize("value", [0.1, 1e6 / 3, 0.0, -1e-200])
def test_what_is_left_of_a_constant_column_is_zero(value):
    columns = np.column_stack([np.full(7, value), np.arange(7.0)])
    weight = np.random.default_rng(0).random(7)
    deviations = centred(columns, weight)
    assert_array_equal(deviations[:, 0], 0)
    assert_allclose(deviations[:, 1], np.arange(7) - np.average(np.arange(7), weights=weight))
