"""How much each item counts in the overall score."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._messages import listing, short


def item_weights(weights: Any, items: Any) -> NDArray[np.float64]:
    """Weigh the items of a matrix.

    Parameters
    ----------
    weights : {"item", "task", "group"}, mapping of str to float, pandas.Series or array-like
        "item" weighs all items alike; "task" all tasks, and the items of a task alike; "group" all
        groups, the tasks of a group and the items of a task. A mapping gives the total weight of
        each task or group, which its items share alike. Otherwise one weight per item: by name
        (Series), or in the order of `items`.
    items : pandas.DataFrame of shape (n_items, n_columns)
        The items, with columns ``task`` and ``group``; its index holds the names.

    Returns
    -------
    weights : ndarray of shape (n_items,)
        At least 0; their sum is 1.

    Raises
    ------
    ResultsError
        If weights are given that do not fit the items.
    """
    if isinstance(weights, str):
        total = _RULES[weights](items)
    elif isinstance(weights, Mapping):
        total = _shared_totals(weights, items)
    else:
        total = _given(weights, items)
    relative = total / total.max()
    return np.asarray(relative / relative.sum())


def _alike(items: Any) -> NDArray[np.float64]:
    return np.ones(len(items))


def _by_task(items: Any) -> NDArray[np.float64]:
    return 1.0 / _counts(items, ["task"])


def _by_group(items: Any) -> NDArray[np.float64]:
    n_tasks = items.groupby("group")["task"].transform("nunique").to_numpy(dtype=np.float64)
    return np.asarray(1.0 / (n_tasks * _counts(items, ["group", "task"])))


_RULES = {"item": _alike, "task": _by_task, "group": _by_group}


def _counts(items: Any, columns: list[str]) -> NDArray[np.float64]:
    """Count the items that are in the same task, or group and task, as each item."""
    counts = items.groupby(columns)["item"].transform("size")
    return np.asarray(counts.to_numpy(dtype=np.float64))


def _shared_totals(totals: Mapping[Any, Any], items: Any) -> NDArray[np.float64]:
    tasks, groups = items["task"].to_numpy(), items["group"].to_numpy()
    shares = np.zeros(len(items))
    claimed = np.full(len(items), -1)
    keys = list(totals)
    for number, key in enumerate(keys):
        weight = _number(totals[key], f"weights[{key!r}]")
        own = (tasks == key) | (groups == key)
        if not own.any():
            names = [*dict.fromkeys(tasks), *dict.fromkeys(groups)]
            raise ResultsError(
                f"weights has the key {key!r}, which is neither a task nor a group of the matrix. "
                f"These are {listing(list(dict.fromkeys(names)), 20)}."
            )
        if (claimed[own] >= 0).any():
            item = int(np.argmax(own & (claimed >= 0)))
            raise ResultsError(
                f"weights gives item {items.index[item]!r} to both {keys[claimed[item]]!r} and "
                f"{key!r}. Name either the group or its tasks."
            )
        claimed[own] = number
        shares[own] = weight / np.count_nonzero(own)
    if (claimed < 0).any():
        left = list(dict.fromkeys(tasks[claimed < 0]))
        raise ResultsError(
            f"weights says nothing of {len(left)} task(s): {listing(left)}. Give them a weight, 0 "
            "if they should not count."
        )
    return _checked(shares)


def _given(weights: Any, items: Any) -> NDArray[np.float64]:
    if hasattr(weights, "reindex"):
        if not weights.index.is_unique:
            name = weights.index[weights.index.duplicated()][0]
            raise ResultsError(f"weights names item {name!r} twice. Give each item one weight.")
        lacking = items.index.difference(weights.index, sort=False)
        if len(lacking):
            raise ResultsError(
                f"weights lacks {len(lacking)} of the matrix's {len(items)} items: "
                f"{listing(list(lacking))}. Its index has to hold the items' names, such as "
                f"{items.index[0]!r}."
            )
        weights = weights.reindex(items.index)
    try:
        numbers = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ResultsError(f"weights is {short(weights)}; expected numbers: {error}.") from error
    if numbers.shape != (len(items),):
        raise ResultsError(
            f"weights has shape {numbers.shape}; expected ({len(items)},), one weight for each "
            "item of the matrix. A pandas Series with the items' names as index is safer."
        )
    wrong = ~(np.isfinite(numbers) & (numbers >= 0))
    if wrong.any():
        item = int(np.argmax(wrong))
        raise ResultsError(
            f"weights holds {numbers[item]:g} for item {items.index[item]!r}; expected finite "
            "weights of at least 0."
        )
    return _checked(numbers)


def _number(weight: Any, what: str) -> float:
    try:
        number = float(weight)
    except (TypeError, ValueError):
        number = np.nan
    if not (np.isfinite(number) and number >= 0):
        raise ResultsError(f"{what} is {short(weight)}; expected a finite weight of at least 0.")
    return number


def _checked(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    if not weights.any():
        raise ResultsError("weights is 0 for all items; expected a positive weight for some.")
    return weights
