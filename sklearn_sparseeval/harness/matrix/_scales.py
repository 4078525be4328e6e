"""Whether scores of several tasks can be averaged."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval._errors import warn
from sklearn_sparseeval._notes import Note


def warn_of_scales(scores: NDArray[np.float64], task: ArrayLike) -> None:
    """Warn if some tasks have scores from 0 to 1, and others go far beyond.

    Parameters
    ----------
    scores : ndarray of shape (n_models, n_items)
        The score matrix; NaN = not evaluated.
    task : array-like of shape (n_items,)
        The task of each item.

    Warns
    -----
    ResultsWarning
        If so, with a task of each kind.
    """
    tasks, of_item = np.unique(np.asarray(task, dtype=str), return_inverse=True)
    largest = np.zeros(len(tasks))
    np.maximum.at(largest, of_item, np.nan_to_num(np.abs(scores)).max(axis=0, initial=0.0))
    fractions, others = np.flatnonzero(largest <= 1), np.flatnonzero(largest > 1)
    if not len(fractions) or not len(others):
        return
    widest = others[np.argmax(largest[others])]
    warn(
        Note(
            "other-scale",
            f"{len(fractions)} task(s) have scores up to 1, such as {str(tasks[fractions[0]])!r}, "
            "and "
            f"{len(others)} go beyond, such as {str(tasks[widest])!r} up to {largest[widest]:g}: "
            "the "
            "overall score is mostly that of the latter. Leave tasks out (--tasks), choose other "
            "metrics (--metric), or divide the table's column 'value'.",
            where=str(tasks[widest]),
        )
    )
