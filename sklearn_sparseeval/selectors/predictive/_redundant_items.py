"""Items that another item already stands for."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

_BLOCK = 256  # items


def without_redundant_items(scores: Array, max_correlation: float, n_least: int) -> Indices:
    """Keep the items that no kept earlier one is correlated with too closely.

    Parameters
    ----------
    scores : ndarray of shape (n_models, n_items)
        Centred items, each row times the root of its weight; constant items are zero.
    max_correlation : float
        Largest correlation of two kept items.
    n_least : int
        How many items to keep at least, at most as many as there are.

    Returns
    -------
    items : ndarray of shape (n_kept,)
        Rising column indices. Constant items are not among them, unless there are not `n_least`
        others: then items come back, the least redundant first and constant ones last.
    """
    length = np.sqrt((scores**2).sum(axis=0))
    varies = length > 0
    directions = scores / np.where(varies, length, 1)
    redundancy = np.where(varies, -np.inf, np.inf)  # largest correlation with a kept earlier item
    kept = np.zeros(len(length), dtype=bool)
    for start in range(0, len(length), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(length)))
        if kept.any():
            with_kept = directions[:, kept].T @ directions[:, block]
            redundancy[block] = np.maximum(redundancy[block], with_kept.max(axis=0))
        inside = directions[:, block].T @ directions[:, block]
        for position, item in enumerate(block):
            if redundancy[item] <= max_correlation:
                kept[item] = True
                later = block[position + 1 :]
                redundancy[later] = np.maximum(redundancy[later], inside[position, position + 1 :])
    n_missing = n_least - int(kept.sum())
    if n_missing > 0:
        dropped = np.flatnonzero(~kept)
        closeness = np.round(redundancy[dropped], 10)  # that of copies is one, but for rounding
        kept[dropped[np.argsort(closeness, kind="stable")[:n_missing]]] = True
    return np.flatnonzero(kept)
