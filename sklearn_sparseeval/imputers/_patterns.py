"""Rows that were run on the same items, which one computation can serve."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]


def rows_by_pattern(have: NDArray[np.bool_]) -> Iterator[tuple[Indices, Indices]]:
    """Group rows by the items they have a result on.

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
