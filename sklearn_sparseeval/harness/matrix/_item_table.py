"""What the items are and how much each counts: the table that goes with a score matrix."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import ResultsError, warn
from sklearn_sparseeval._fingerprint import fingerprint_column
from sklearn_sparseeval._messages import listing, short
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval.harness.matrix._chosen_scores import ChosenScores
from sklearn_sparseeval.harness.matrix._epochs import Cells
from sklearn_sparseeval.harness.matrix._metric_choice import Choice
from sklearn_sparseeval.score_matrix import ITEM_COLUMNS


class TaskFacts(NamedTuple):
    """What is the same for all items of a task."""

    choice: Choice
    settings: dict[str, str]
    harnesses: dict[str, str]


def item_table(
    scores: ChosenScores,
    cells: Cells,
    names: list[str],
    keep: NDArray[np.bool_],
    facts: TaskFacts,
) -> Any:
    """Describe the items of a matrix.

    Parameters
    ----------
    scores : ChosenScores
        The chosen rows of the models that are kept.
    cells : Cells
        The same, one per model and item.
    names : list of str
        Names of all items.
    keep : ndarray of shape (n_items,)
        Which of them are in the matrix.
    facts : TaskFacts
        What is known by task.

    Returns
    -------
    items : pandas.DataFrame
        One row per item that is kept, with the columns of `ITEM_COLUMNS`; weights are 1.
    """
    pd = import_pandas()
    kept = np.flatnonzero(keep)
    table = scores.table
    tasks = [table.task.texts[code] for code in scores.items.task[kept]]
    columns: dict[str, Any] = {
        "task": tasks,
        "item": [table.item.texts[code] for code in scores.items.item[kept]],
        "group": _groups(scores, keep),
        "metric": [facts.choice.metrics[task] for task in tasks],
        "filter": [facts.choice.filters[task] for task in tasks],
        "weight": 1.0,
        "cost": _mean_costs(cells, len(keep))[kept],
        "content_hash": fingerprint_column(_common_fingerprints(scores, "content_hash")[kept]),
        "prompt_hash": fingerprint_column(_common_fingerprints(scores, "prompt_hash")[kept]),
        "setting": [facts.settings[task] for task in tasks],
        "harness": [facts.harnesses[task] for task in tasks],
    }
    index = pd.Index([names[item] for item in kept], name="name")
    return pd.DataFrame(columns, index=index)[list(ITEM_COLUMNS)]


def _mean_costs(cells: Cells, n_items: int) -> NDArray[np.float64]:
    """Average the cost of each item over the models whose cost is recorded."""
    recorded = ~np.isnan(cells.cost)
    item, cost = cells.item[recorded], cells.cost[recorded]
    totals = np.bincount(item, weights=cost, minlength=n_items)
    counts = np.bincount(item, minlength=n_items)
    means = np.full(n_items, np.nan)
    np.divide(totals, counts, out=means, where=counts > 0)
    return means


def _common_fingerprints(scores: ChosenScores, name: str) -> NDArray[np.uint64]:
    """Look up the fingerprint of each item; 0 where none is recorded, or models differ."""
    fingerprints = scores.table.fingerprints(name)[scores.rows]
    recorded = fingerprints != 0
    common = np.zeros(len(scores.items.task), dtype=np.uint64)
    common[scores.item[recorded]] = fingerprints[recorded]
    differs = recorded & (fingerprints != common[scores.item])
    common[scores.item[differs]] = 0
    return common


def _groups(scores: ChosenScores, keep: NDArray[np.bool_]) -> list[str]:
    """Look up the group of each item that is kept.

    A run of a single task does not say which group the task is part of: its own name then stands
    for none, where another run knows better.
    """
    texts = scores.table.group.texts
    group = scores.table.group.codes[scores.rows]
    of_item = np.zeros(len(keep), dtype=np.int64)
    of_item[scores.item] = group
    differs = (group != of_item[scores.item]) & keep[scores.item]
    disputed = np.flatnonzero(np.bincount(scores.item[differs], minlength=len(keep)))
    if len(disputed):
        _settle(scores, group, disputed, of_item)
    return [texts[code] for code in of_item[np.flatnonzero(keep)]]


def _settle(
    scores: ChosenScores,
    group: NDArray[Any],
    disputed: NDArray[np.intp],
    of_item: NDArray[np.int64],
) -> None:
    """Set the groups of items for which models have different ones."""
    table, texts = scores.table, scores.table.group.texts
    at = np.flatnonzero(np.isin(scores.item, disputed))
    at = at[np.argsort(scores.item[at], kind="stable")]
    bounds = np.searchsorted(scores.item[at], disputed)
    contested = []
    for item, rows in zip(disputed, np.split(at, bounds[1:]), strict=True):
        task = table.task.texts[scores.items.task[item]]
        codes, counts = np.unique(group[rows], return_counts=True)
        named = [
            (-count, texts[code], int(code))
            for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
            if texts[code] != task
        ]
        named.sort()
        of_item[item] = named[0][2]
        if len(named) > 1:
            contested.append((task, table.item.texts[scores.items.item[item]], named))
    if contested:
        task, name, named = contested[0]
        warn(
            Note(
                "other-group",
                f"{len(contested)} item(s) are in different groups for different models, such as "
                "item "
                f"{name!r} of task {task!r}, in {named[0][1]!r} and {named[1][1]!r}. The group of "
                "most "
                "models counts.",
                count=len(contested),
            )
        )


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
