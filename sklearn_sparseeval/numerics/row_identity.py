"""Which rows are the same, and an order of the rows that does not depend on where they stand."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.numerics.missing import filled

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class MergedRows(NamedTuple):
    """Models that differ in their results or their target."""

    X: Array  # (n_rows, n_items)
    y: Array  # (n_rows, n_tasks)
    weight: Array  # (n_rows,)


def canonical_row_order(X: Array, y: Array, sample_weight: Array) -> Indices:
    """Order rows by their content, so that a stochastic fit forgets how they were listed.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Rows.
    y : ndarray of shape (n_rows, n_outputs)
        Targets; they order rows that are equal in `X`.
    sample_weight : ndarray of shape (n_rows,)
        Weights; they order rows that are equal in `X` and `y`.

    Returns
    -------
    order : ndarray of shape (n_rows,)
        ``X[order]`` is the same for every permutation of the rows.
    """
    digests = [
        int.from_bytes(blake2b(np.ascontiguousarray(row).tobytes(), digest_size=8).digest(), "big")
        for row in X
    ]
    return np.lexsort((sample_weight, *y.T, np.array(digests, dtype=np.uint64)))


def merge_equal_rows(X: Array, y: Array, sample_weight: Array) -> MergedRows:
    """Make one row of each run of equal rows, with the sum of their weights.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_items)
        Rows, equal ones next to each other; NaN equals NaN.
    y : ndarray of shape (n_rows, n_tasks)
        Targets; rows with other targets are not equal.
    sample_weight : ndarray of shape (n_rows,)
        Positive weights.

    Returns
    -------
    merged : MergedRows
        In the order of the rows.
    """
    rows = np.column_stack([X, y])
    new = np.ones(len(rows), dtype=bool)
    same = (rows[1:] == rows[:-1]) | (np.isnan(rows[1:]) & np.isnan(rows[:-1]))
    new[1:] = ~same.all(axis=1)
    first = np.flatnonzero(new)
    return MergedRows(X[first], y[first], np.add.reduceat(sample_weight, first))


def merge_models(X: Array, y: Array, sample_weight: Array) -> MergedRows:
    """Order the models by what they hold, and merge equal ones.

    The order in which the user lists the models then matters not even by rounding, and a weight
    of two is two rows.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores of any real type; NaN equals NaN.
    y : ndarray of shape (n_models, n_tasks)
        Targets; models with other targets are not equal.
    sample_weight : ndarray of shape (n_models,)
        Positive weights.

    Returns
    -------
    rows : MergedRows
        In double precision.
    """
    # Adding zero turns -0.0, which equals 0.0 but is another row to the eye of the order.
    X, y, sample_weight = (part.astype(np.float64) + 0.0 for part in (X, y, sample_weight))
    order = canonical_row_order(X, y, sample_weight)
    return merge_equal_rows(X[order], y[order], sample_weight[order])


def distinct_models(X: Array, y: Array, sample_weight: Array) -> MergedRows:
    """Merge equal models, as :func:`merge_models` does, and fill their missing results.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores of any real type, NaN = not evaluated.
    y : ndarray of shape (n_models, n_tasks)
        Targets.
    sample_weight : ndarray of shape (n_models,)
        Positive weights.

    Returns
    -------
    rows : MergedRows
        In double precision. A missing result is the item's weighted mean.
    """
    rows = merge_models(X, y, sample_weight)
    return rows._replace(X=filled(rows.X, rows.weight))


def distinct_rows(X: Array, sample_weight: Array) -> tuple[Indices, Array]:
    """Find the rows that differ in their results, whatever their targets.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores of any real type; NaN equals NaN.
    sample_weight : ndarray of shape (n_models,)
        Positive weights.

    Returns
    -------
    rows : ndarray of shape (n_rows,)
        One index per distinct row, ordered by content.
    weight : ndarray of shape (n_rows,)
        Sums of the weights of equal rows.
    """
    _, first, group = np.unique([_digest(row) for row in X], return_index=True, return_inverse=True)
    order = np.lexsort((sample_weight, group))  # a sum depends, by rounding, on its order
    weight = np.bincount(group[order], weights=sample_weight[order].astype(np.float64))
    return first, weight.astype(np.float64, copy=False)


def equal_rows(X: Array) -> Indices:
    """Label the rows such that equal rows, and no others, have the same number.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores of any real type; NaN equals NaN.

    Returns
    -------
    labels : ndarray of shape (n_models,)
        Numbers from 0, ordered by content.
    """
    return np.unique([_digest(row) for row in X], return_inverse=True)[1]


def rows_by_pattern(have: NDArray[np.bool_]) -> Iterator[tuple[Indices, Indices]]:
    """Group rows that were run on the same items, which one computation can serve.

    Parameters
    ----------
    have : ndarray of shape (n_rows, n_items)
        Where there is a result.

    Yields
    ------
    rows : ndarray
        Numbers of the rows of a group, rising.
    items : ndarray
        The items that these rows have a result on, and no other.
    """
    _, first, group = np.unique(
        np.packbits(have, axis=1), axis=0, return_index=True, return_inverse=True
    )
    order = np.argsort(group.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(group.ravel()))
    for row, rows in zip(first, np.split(order, ends[:-1]), strict=True):
        yield rows, np.flatnonzero(have[row])


def _digest(row: Array) -> str:
    """Hash a row's values, whatever their dtype."""
    values = row.astype(np.float64) + 0.0  # no negative zero
    values[np.isnan(values)] = np.nan  # of one kind
    return blake2b(values.tobytes(), digest_size=16).hexdigest()
