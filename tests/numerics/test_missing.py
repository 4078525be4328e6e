"""What is missing, means of what is there, and filled gaps."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from sklearn_sparseeval.numerics.missing import (
    filled,
    is_missing,
    item_means,
    missing_cells,
    row_means,
)

NAN = np.nan


@pytest.mark.parametrize(
    "entry", [None, NAN, np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT")]
)
def test_every_kind_of_nothing_is_missing(entry):
    assert is_missing(entry)


@pytest.mark.parametrize("entry", ["nan", "", 0, False, np.inf, (NAN,), np.datetime64("2026-01")])
def test_labels_and_numbers_are_not_missing(entry):
    assert not is_missing(entry)


@pytest.mark.parametrize(
    "block",
    [
        np.array([[1.0, NAN], [NAN, 2.0]]),
        np.array([[1.0, NAN], [NAN, 2.0]], dtype=np.float32),
        np.array([["a", None], [pd.NA, 2]], dtype=object),
        pd.DataFrame({"a": [1.0, NAN], "b": [None, "x"]}),
        pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [None, "x"]}),
    ],
    ids=["float64", "float32", "objects", "frame", "nullable"],
)
def test_missing_cells_are_marked_in_every_dtype(block):
    assert_array_equal(missing_cells(block), [[False, True], [True, False]])


@pytest.mark.parametrize("dtype", [np.int8, bool, str])
def test_types_without_nan_have_no_missing_cells(dtype):
    assert not missing_cells(np.ones((2, 3)).astype(dtype)).any()


def test_row_means_leave_out_what_is_missing():
    X = np.array([[1.0, 0.0, NAN], [NAN, NAN, NAN], [0.25, 0.5, 0.75]])
    assert_array_equal(row_means(X), [0.5, NAN, 0.5])
    assert_array_equal(row_means(X, empty=0), [0.5, 0, 0.5])


@pytest.mark.parametrize("dtype", [np.int8, bool, np.float32, np.float64])
def test_row_means_of_every_type_are_those_of_numpy(dtype):
    X = np.random.default_rng(0).integers(0, 2, size=(7, 40)).astype(dtype)
    assert_array_equal(row_means(X), X.mean(axis=1, dtype=np.float64))


def test_rows_are_summed_in_the_type_asked_for():
    X = np.random.default_rng(0).random((5, 1000), dtype=np.float32)
    single = X.sum(axis=1).astype(np.float64) / 1000
    assert_array_equal(row_means(X, dtype=np.float32), single)
    assert np.abs(row_means(X) - X.astype(np.float64).mean(axis=1)).max() < 1e-15


def test_item_means_leave_out_what_is_missing():
    X = np.array([[1.0, NAN, NAN], [0.0, 1.0, NAN]])
    assert_array_equal(item_means(X), [0.5, 1, NAN])
    assert_array_equal(item_means(X, np.array([3.0, 1.0]), empty=0), [0.75, 1, 0])


def test_gaps_take_the_weighted_mean_of_the_item():
    X = np.array([[1.0, NAN, NAN], [0.0, 0.6, NAN], [NAN, 0.2, NAN]])
    got = filled(X, np.array([3.0, 1.0, 1.0]))
    np.testing.assert_allclose(got, [[1, 0.4, 0.5], [0, 0.6, 0.5], [0.75, 0.2, 0.5]])


def test_scores_without_gaps_are_handed_back():
    X = np.ones((2, 2))
    assert filled(X, np.ones(2)) is X
