"""Labels of items, such as the task each belongs to, as groups of column indices."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.numerics.missing import is_missing

Indices = NDArray[np.intp]


def item_groups(labels: Any, n_items: int, *, parameter: str = "groups") -> list[Indices]:
    """Return the items of each label.

    Parameters
    ----------
    labels : array-like of shape (n_items,)
        Strings, numbers or other hashable labels, one per item and none missing.
    n_items : int
        Number of items.
    parameter : str, default="groups"
        What the user calls the labels, for the error.

    Returns
    -------
    groups : list of ndarray
        Column indices of each label's items, rising; labels in the order of their first
        appearance.

    Raises
    ------
    ValueError
        If there is not exactly one label per item.
    """
    values = list(labels)
    if len(values) != n_items:
        raise ValueError(
            f"{parameter} has {len(values)} labels, but X has {n_items} items. Give one label per "
            "item, in the order of the columns of X."
        )
    missing = [item for item, label in enumerate(values) if is_missing(label)]
    if missing:
        raise ValueError(
            f"{parameter} has no label (None or NaN) for {len(missing)} of {n_items} items, the "
            f"first at position {missing[0]}. Give every item a label."
        )
    groups: dict[Any, list[int]] = {}
    for item, label in enumerate(values):
        groups.setdefault(label, []).append(item)
    return [np.array(items, dtype=np.intp) for items in groups.values()]
