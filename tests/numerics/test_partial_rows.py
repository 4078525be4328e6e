"""Cells of rows in which the others hold anything."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from sklearn_sparseeval.numerics.partial_rows import (
    full_width,
    results_in_cells,
    results_in_columns,
    rows_of_anything,
)

NAN = np.nan
X = np.arange(12.0).reshape(3, 4)
OWN = np.array([[0, 3], [2, 1], [3, 0]])
CELLS = [[0, 3], [6, 5], [11, 8]]


def with_junk(junk):
    """Put junk into every cell that is not a row's own, in columns that other rows need."""
    table = X.astype(object)
    own = np.zeros((3, 4), dtype=bool)
    np.put_along_axis(own, OWN, True, axis=1)
    table[~own] = junk
    return table


@pytest.mark.parametrize("junk", [NAN, np.inf, "not run", None, pd.NA])
class TestCells:
    def test_other_cells_of_an_array_are_not_looked_at(self, junk):
        table = with_junk(junk)
        assert_array_equal(results_in_cells(table, OWN), CELLS)
        assert_array_equal(results_in_cells(rows_of_anything(table.tolist()), OWN), CELLS)

    def test_other_cells_of_a_data_frame_are_not_looked_at(self, junk):
        frame = pd.DataFrame(with_junk(junk))
        assert_array_equal(results_in_cells(frame, OWN), CELLS)
        assert_array_equal(results_in_cells(frame.convert_dtypes(), OWN), CELLS)

    def test_other_cells_of_a_polars_frame_are_not_looked_at(self, junk):
        junk = None if junk is pd.NA else junk
        columns = {f"item{i}": column for i, column in enumerate(with_junk(junk).T.tolist())}
        assert_array_equal(results_in_cells(pl.DataFrame(columns, strict=False), OWN), CELLS)

    def test_nor_those_of_other_columns(self, junk):
        table = X.astype(object)
        table[:, 2] = junk
        for rows in (table, pd.DataFrame(table), rows_of_anything(table.tolist())):
            assert_array_equal(results_in_columns(rows, np.array([3, 0])), X[:, [3, 0]])


@pytest.mark.parametrize("missing", [NAN, None, pd.NA, pd.NaT])
def test_a_missing_cell_is_nan(missing):
    table = X.astype(object)
    table[1, 2] = missing
    expected = np.array(CELLS, dtype=float)
    expected[1, 0] = NAN
    assert_array_equal(results_in_cells(table, OWN), expected)
    assert_array_equal(results_in_cells(pd.DataFrame(table), OWN), expected)


@pytest.mark.parametrize("value", [True, np.True_, 1, np.float32(1), np.uint8(1)])
def test_numbers_of_any_kind_in_a_table_of_objects(value):
    table = X.astype(object)
    table[1, 2] = value
    assert results_in_cells(table, OWN)[1, 0] == 1


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.float32, np.float64, np.int64])
def test_results_are_floats(dtype):
    rows = (X > 5).astype(dtype)
    expected = np.float32 if dtype == np.float32 else np.float64
    assert results_in_cells(rows, OWN).dtype == expected
    assert results_in_columns(rows, np.array([1])).dtype == expected


@pytest.mark.parametrize("value", [np.inf, "not run"])
def test_a_cell_that_counts_must_be_a_number(value):
    table = X.astype(object)
    table[1, 2] = value
    with pytest.raises(ValueError, match=r"infinity|could not convert string"):
        results_in_cells(table, OWN)
    with pytest.raises(ValueError, match=r"infinity|could not convert string"):
        results_in_columns(table, np.array([2]))


def test_rows_of_a_list_are_objects_and_a_data_frame_stays_one():
    assert rows_of_anything([[1, "a"]]).dtype == object
    frame = pd.DataFrame(X)
    assert rows_of_anything(frame) is frame
    with pytest.raises(ValueError, match="Reshape your data"):
        rows_of_anything(X[0])


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([3, 1], [[NAN, 2, NAN, 1], [NAN, 4, NAN, 3]]),
        ([[3, 1], [0, 2]], [[NAN, 2, NAN, 1], [3, NAN, 4, NAN]]),
    ],
)
def test_results_are_put_back_into_their_columns(items, expected):
    results = np.array([[1, 2], [3, 4]], dtype=np.float32)
    rows = full_width(results, np.array(items), 4)
    assert_array_equal(rows, expected)
    assert rows.dtype == np.float32
