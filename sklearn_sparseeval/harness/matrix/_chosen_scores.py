"""The chosen rows of the long table, sorted by model, item and epoch."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval.harness.table._coded_table import CodedTable, compact
from sklearn_sparseeval.harness.table._natural_order import natural_key


class Items(NamedTuple):
    """Items: tasks in natural order, and within each its items in natural order."""

    task: NDArray[np.int64]
    """Code of each item's task."""
    item: NDArray[np.int64]
    """Code of each item's text."""


@dataclass(frozen=True)
class ChosenScores:
    """Rows of a table, each with the places of its model and its item in the matrix."""

    table: CodedTable
    models: list[str]
    items: Items
    rows: NDArray[np.intp]
    model: NDArray[np.int32]
    item: NDArray[np.int32]

    def where(self, keep: NDArray[Any]) -> "ChosenScores":
        """Keep some of the rows.

        Parameters
        ----------
        keep : ndarray
            A flag per row, or ascending positions.

        Returns
        -------
        scores : ChosenScores
            These rows, of the same models and items.
        """
        return replace(self, rows=self.rows[keep], model=self.model[keep], item=self.item[keep])

    def without_models(self, keep: NDArray[np.bool_]) -> "ChosenScores":
        """Keep some of the models.

        Parameters
        ----------
        keep : ndarray of shape (n_models,)
            Which.

        Returns
        -------
        scores : ChosenScores
            Their rows.
        """
        if keep.all():
            return self
        place = np.cumsum(keep, dtype=np.int32) - np.int32(1)
        kept = self.where(keep[self.model])
        models = [name for name, stays in zip(self.models, keep, strict=True) if stays]
        return replace(kept, models=models, model=place[kept.model])

    def starts_cell(self) -> NDArray[np.bool_]:
        """Tell where a model's next item begins.

        Returns
        -------
        starts : ndarray of shape (n_rows,)
            Whether a row is the first of its model and item.
        """
        starts = np.ones(len(self.rows), dtype=bool)
        starts[1:] = self.model[1:] != self.model[:-1]
        starts[1:] |= self.item[1:] != self.item[:-1]
        return starts

    def starts_epoch(self) -> NDArray[np.bool_]:
        """Tell where the next epoch of a model's item begins, or the model's next item.

        Returns
        -------
        starts : ndarray of shape (n_rows,)
            Whether a row is the first of its model, item and epoch.
        """
        starts, epoch = self.starts_cell(), self.table.epoch[self.rows]
        starts[1:] |= epoch[1:] != epoch[:-1]
        return starts

    def task(self, at: Any = slice(None)) -> NDArray[np.int64]:
        """Look up the tasks of rows.

        Parameters
        ----------
        at : slice or ndarray, default=slice(None)
            Which rows.

        Returns
        -------
        task : ndarray
            Codes of their tasks.
        """
        task: NDArray[np.int64] = self.items.task[self.item[at]]
        return task

    def describe(self, position: int) -> tuple[str, str, str, str]:
        """Name a row in a message.

        Parameters
        ----------
        position : int
            Which of the rows.

        Returns
        -------
        model, task, item, source : str
            Their names.
        """
        row, table = int(self.rows[position]), self.table
        return table.model.at(row), table.task.at(row), table.item.at(row), table.source.at(row)


def chosen_scores(table: CodedTable, rows: NDArray[np.intp]) -> ChosenScores:
    """Find the models and items of rows, and sort the rows.

    Parameters
    ----------
    table : CodedTable
        The long table.
    rows : ndarray of shape (n_rows,)
        Rows of one metric and filter per task.

    Returns
    -------
    scores : ChosenScores
        The rows, sorted; its models are all of the table's.
    """
    present = zip(table.model.texts, table.model.present(), strict=True)
    models = sorted(text for text, is_present in present if is_present)
    places = {text: place for place, text in enumerate(models)}
    place_of_code = np.array([places.get(text, -1) for text in table.model.texts], dtype=np.int32)
    model = place_of_code[table.model.codes[rows]]
    item, items = _items(table, rows)
    first = int(table.epoch[rows].min(initial=1))
    span = int(table.epoch[rows].max(initial=1)) - first + 1
    epoch, epochs = compact(table.epoch[rows].astype(np.int64) - first, span)
    key = model.astype(np.int64)
    key *= len(items.task)
    key += item
    key *= len(epochs)
    key += epoch
    order = np.argsort(key, kind="stable")
    return ChosenScores(table, models, items, rows[order], model[order], item[order])


def item_names(table: CodedTable, items: Items) -> list[str]:
    """Name the items for the whole benchmark: task, colon, item.

    Parameters
    ----------
    table : CodedTable
        The long table.
    items : Items
        Its items.

    Returns
    -------
    names : list of str
        All different.

    Raises
    ------
    ResultsError
        If two items get one name, since tasks or items have colons in their own.
    """
    parts = [
        (table.task.texts[task], table.item.texts[item])
        for task, item in zip(items.task.tolist(), items.item.tolist(), strict=True)
    ]
    names = [f"{task}:{item}" for task, item in parts]
    if len(set(names)) < len(names):
        order = sorted(range(len(names)), key=lambda place: names[place])
        first, second = next(pair for pair in pairwise(order) if names[pair[0]] == names[pair[1]])
        raise ResultsError(
            f"Item {parts[first][1]!r} of task {parts[first][0]!r} and item {parts[second][1]!r} "
            f"of task {parts[second][0]!r} would both be called {names[first]!r}. Rename one of "
            "the tasks in the table's column 'task'."
        )
    return names


def _items(table: CodedTable, rows: NDArray[np.intp]) -> tuple[NDArray[np.int32], Items]:
    """Find the items of rows, and put them in natural order."""
    task_ranks, item_ranks = table.task.ranks(natural_key), table.item.ranks(natural_key)
    pairs = task_ranks[table.task.codes[rows]]
    pairs *= len(item_ranks)
    pairs += item_ranks[table.item.codes[rows]]
    item, distinct = compact(pairs, len(task_ranks) * len(item_ranks))
    task_rank, item_rank = np.divmod(distinct, len(item_ranks))
    return item, Items(np.argsort(task_ranks)[task_rank], np.argsort(item_ranks)[item_rank])
