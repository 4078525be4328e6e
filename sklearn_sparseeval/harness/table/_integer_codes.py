"""Integer codes made small: which ones occur, and the place of each among them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SMALL = 1 << 20


def compact(
    codes: NDArray[np.integer[Any]], size: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Find the codes that occur, and the place of each code among them.

    Parameters
    ----------
    codes : ndarray of shape (n_codes,)
        Integers from 0 to ``size - 1``.
    size : int
        How many different codes there could be.

    Returns
    -------
    places : ndarray of shape (n_codes,)
        Place of each code in `distinct`.
    distinct : ndarray of shape (n_distinct,)
        The codes that occur, sorted.
    """
    if size > max(_SMALL, 4 * len(codes)):  # a table of all codes would be the larger one
        distinct, places = np.unique(codes, return_inverse=True)
        return places.astype(np.int32), distinct.astype(np.int64)
    place_of = np.zeros(size, dtype=np.int32)
    place_of[codes] = 1
    distinct = np.flatnonzero(place_of)
    place_of[distinct] = np.arange(len(distinct), dtype=np.int32)
    return place_of[codes], distinct


def occurring(codes: NDArray[np.integer[Any]], size: int) -> NDArray[np.int64]:
    """List the codes that occur.

    Parameters
    ----------
    codes : ndarray of shape (n_codes,)
        Integers from 0 to ``size - 1``.
    size : int
        How many different codes there could be.

    Returns
    -------
    distinct : ndarray of shape (n_distinct,)
        The codes that occur, sorted.
    """
    if size > max(_SMALL, 4 * len(codes)):
        ordered = np.sort(codes.astype(np.int64))  # many times faster than np.unique's hashing
        first = np.ones(len(ordered), dtype=bool)
        first[1:] = ordered[1:] != ordered[:-1]
        return ordered[first]
    flags = np.zeros(size, dtype=bool)
    flags[codes] = True
    return np.flatnonzero(flags)
