"""Items that a user names, by index or by name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def checked_items(
    items: Any, parameter: str, n_items: int, names: NDArray[Any] | None
) -> NDArray[np.intp]:
    """Return column indices for a list of indices or names.

    Parameters
    ----------
    items : array-like of int or str, or None
        Column indices, or item names where `names` are known; None = no item.
    parameter : str
        What the user calls the list, for the error.
    n_items : int
        Number of items.
    names : ndarray of shape (n_items,) or None
        Names of the items.

    Returns
    -------
    indices : ndarray
        In the order given.

    Raises
    ------
    ValueError
        If an item is unknown or repeated.
    """
    if items is None or len(items) == 0:
        return np.arange(0)
    values = given = np.asarray(items)
    if values.ndim == 1 and values.dtype.kind in "UO" and names is not None:
        position = {name: index for index, name in enumerate(names.tolist())}
        unknown = [name for name in values.tolist() if name not in position]
        if unknown:
            raise ValueError(
                f"{parameter} names {unknown[0]!r}, which is not among the {n_items} items of X "
                f"({names[0]!r}, ...)."
            )
        values = np.array([position[name] for name in values.tolist()], dtype=np.intp)
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise ValueError(
            f"{parameter}={items!r} must be a list of column indices, or of item names where X is "
            "a data frame with names."
        )
    if values.min() < 0 or values.max() >= n_items:
        raise ValueError(
            f"{parameter} holds {values.min()} to {values.max()}, but X has {n_items} items: give "
            f"column indices from 0 to {n_items - 1}."
        )
    if len(np.unique(values)) < len(values):
        raise ValueError(f"{parameter} names an item twice: {given.tolist()}. Name each once.")
    return values.astype(np.intp)
