"""Rows of which only some cells count: the others may hold anything."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from sklearn_sparseeval._inputs import without_mask
from sklearn_sparseeval._sklearn import _safe_indexing
from sklearn_sparseeval.numerics.missing import missing_cells

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


def rows_of_anything(X: Any) -> Any:
    """Return a data frame as it is, anything else as a two-dimensional array of any dtype.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_models, n_items)
        Cells of any kind.

    Returns
    -------
    rows : ndarray or DataFrame of shape (n_models, n_items)
        To take columns from.
    """
    if hasattr(X, "columns"):
        return X
    # A list with a string in it would turn every number into a string.
    rows = np.array(X, dtype=object) if isinstance(X, list | tuple) else X
    return check_array(without_mask(rows), dtype=None, ensure_all_finite=False, input_name="X")


def spread_out(X: Any, names: Any, items: Indices) -> Any:
    """Return full-width rows of a data frame that holds some columns alone, in any order.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_models, n_columns)
        What a user gave.
    names : ndarray of shape (n_items,) or None
        Names of all items; None where they have none.
    items : ndarray of shape (n_columns,)
        Indices of the columns that it may hold alone.

    Returns
    -------
    X : array-like or DataFrame
        A data frame with all items in their order, NaN off `items`, where the columns of `X` are
        exactly those of `items`; else `X` as it is.
    """
    columns = getattr(X, "columns", None)
    if columns is None or names is None or len(items) == len(names):
        return X
    if len(columns) != len(items) or set(columns) != set(names[items]):
        return X
    if hasattr(X, "reindex"):  # pandas
        return X.reindex(columns=list(names))
    full = np.full((len(X), len(names)), np.nan)
    full[:, items] = X.select(list(names[items])).to_numpy()
    return type(X)(full, schema=list(names))


def results_in_columns(rows: Any, items: Indices) -> Array:
    """Return some columns as numbers.

    Parameters
    ----------
    rows : ndarray or DataFrame of shape (n_models, n_items)
        Cells of any kind in other columns.
    items : ndarray of shape (n_columns,)
        Column indices.

    Returns
    -------
    results : ndarray of shape (n_models, n_columns)
        Finite or NaN.
    """
    columns = _safe_indexing(rows, items, axis=1)
    results: Array = check_array(
        columns, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan", input_name="X"
    )
    return results


def results_in_cells(rows: Any, items: Indices) -> Array:
    """Return some cells of each row as numbers.

    Parameters
    ----------
    rows : ndarray or DataFrame of shape (n_models, n_items)
        Cells of any kind elsewhere, in the same columns too.
    items : ndarray of shape (n_models, n_cells)
        Column indices, for each row its own.

    Returns
    -------
    results : ndarray of shape (n_models, n_cells)
        Finite or NaN.
    """
    columns = np.unique(items)
    block = _safe_indexing(rows, columns, axis=1)
    values = np.asarray(block.to_numpy() if hasattr(block, "to_numpy") else block)
    cells = np.take_along_axis(values, np.searchsorted(columns, items), axis=1)
    if cells.dtype == object:
        cells = np.where(missing_cells(cells), np.nan, cells)
    results: Array = check_array(
        cells, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan", input_name="X"
    )
    return results


def full_width(results: Array, items: Indices, n_items: int) -> Array:
    """Put results into rows of all items, NaN elsewhere.

    Parameters
    ----------
    results : ndarray of shape (n_models, n_results)
        Results.
    items : ndarray of shape (n_results,) or (n_models, n_results)
        Their columns, the same for all rows or for each its own.
    n_items : int
        Number of columns of the rows.

    Returns
    -------
    rows : ndarray of shape (n_models, n_items)
        Of the dtype of the results.
    """
    rows = np.full((len(results), n_items), np.nan, dtype=results.dtype)
    np.put_along_axis(rows, np.broadcast_to(items, results.shape), results, axis=1)
    return rows
