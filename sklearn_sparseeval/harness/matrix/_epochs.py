"""One score per model and item, from its repeats."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval.harness.matrix._chosen_scores import ChosenScores
from sklearn_sparseeval.harness.table._coded_table import CodedTable


class Cells(NamedTuple):
    """The cells of the matrix that are recorded, one after the other: by model, then by item."""

    model: NDArray[np.int32]
    item: NDArray[np.int32]
    value: NDArray[np.float64]
    cost: NDArray[np.float64]

    def where(self, keep: NDArray[np.bool_]) -> "Cells":
        """Keep some of the cells.

        Parameters
        ----------
        keep : ndarray of shape (n_cells,)
            Which.

        Returns
        -------
        cells : Cells
            These.
        """
        return Cells(self.model[keep], self.item[keep], self.value[keep], self.cost[keep])


def rows_of_epochs(table: CodedTable, rows: NDArray[np.intp], epochs: Any) -> NDArray[np.intp]:
    """Keep the rows of one epoch, if one is asked for.

    Parameters
    ----------
    table : CodedTable
        The long table.
    rows : ndarray of shape (n_rows,)
        Rows of it.
    epochs : {"mean", "first"} or int
        An int keeps that epoch; the words keep all.

    Returns
    -------
    rows : ndarray
        The rows to use.

    Raises
    ------
    ResultsError
        If no row is of that epoch.
    """
    if isinstance(epochs, str):
        return rows
    kept: NDArray[np.intp] = rows[table.epoch[rows] == epochs]
    if not len(kept):
        there = np.unique(table.epoch[rows]).tolist()
        raise ResultsError(
            f"epochs={epochs}, but no result is of that epoch; there are {listing(there, 10)}. "
            "Choose one of these, or 'mean' or 'first'."
        )
    return kept


def one_score_each(scores: ChosenScores, epochs: Any) -> tuple[ChosenScores, Cells]:
    """Make one score of each model and item out of its epochs.

    Parameters
    ----------
    scores : ChosenScores
        One row per model, item and epoch.
    epochs : {"mean", "first"} or int
        "mean" averages the epochs that are scored; "first" takes the lowest epoch.

    Returns
    -------
    scores : ChosenScores
        The rows that were used.
    cells : Cells
        The scores, NaN where none of the epochs is scored, and the costs of one epoch.
    """
    starts = np.flatnonzero(scores.starts_cell())
    if epochs == "first":
        scores = scores.where(starts)
        starts = np.arange(len(starts))
    rows, table = scores.rows, scores.table
    value, cost = _means(table.value[rows], starts), _means(table.cost[rows], starts)
    return scores, Cells(scores.model[starts], scores.item[starts], value, cost)


def _means(numbers: NDArray[np.floating[Any]], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Average the numbers from each start to the next; NaN where all of them are."""
    values = numbers.astype(np.float64)
    if len(starts) == len(values):
        return values
    known = ~np.isnan(values)
    sums = np.add.reduceat(np.where(known, values, 0.0), starts)
    counts = np.add.reduceat(known, starts, dtype=np.int64)
    means = np.full(len(starts), np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means
