"""Missing results and labels: what counts as missing, means of what is there, filled gaps."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[np.floating]


def is_missing(entry: Any) -> bool:
    """Tell whether an entry is None, NaN, NaT or pandas.NA.

    Parameters
    ----------
    entry : object
        A label, a date or a result.

    Returns
    -------
    missing : bool
        Whether it stands for "not known".
    """
    if entry is None:
        return True
    differs = entry != entry  # NaN and NaT differ from themselves; pandas.NA answers pandas.NA
    return not isinstance(differs, bool | np.bool_) or bool(differs)


def missing_cells(block: Any) -> NDArray[np.bool_]:
    """Mark the missing entries of an array of any dtype or of a data frame.

    Parameters
    ----------
    block : ndarray or DataFrame
        Cells of any kind.

    Returns
    -------
    missing : ndarray of bool
        Of the same shape.
    """
    if hasattr(block, "isna"):
        return np.asarray(block.isna())
    if block.dtype == object:
        return np.asarray(np.frompyfunc(is_missing, 1, 1)(block), dtype=bool)
    return np.asarray(block != block)  # NaN and NaT alone differ from themselves


def row_means(
    X: NDArray[Any], *, dtype: DTypeLike = np.float64, empty: float = np.nan
) -> NDArray[np.float64]:
    """Return the mean of each row's evaluated items.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores of any real type; NaN = not evaluated.
    dtype : dtype, default=numpy.float64
        Type in which a row is summed.
    empty : float, default=NaN
        What stands for the mean of a row without a result.

    Returns
    -------
    means : ndarray of shape (n_models,)
        Always float64.
    """
    have = ~np.isnan(X)
    totals = np.where(have, X, 0).sum(axis=1, dtype=dtype)
    counts = have.sum(axis=1)
    means = np.full(len(X), float(empty))
    np.divide(totals, counts, out=means, where=counts > 0)
    return means


def item_means(
    X: NDArray[Any], weight: Array | None = None, *, empty: float = np.nan
) -> NDArray[np.float64]:
    """Return the mean of each item over the models that have a result on it.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores of any real type; NaN = not evaluated.
    weight : ndarray of shape (n_models,), default=None
        Positive weights of the models; by default all count alike.
    empty : float, default=NaN
        What stands for the mean of an item without a result.

    Returns
    -------
    means : ndarray of shape (n_items,)
        Always float64.
    """
    have = ~np.isnan(X)
    scores = np.where(have, X, 0)
    if weight is None:
        totals, counts = scores.sum(axis=0, dtype=np.float64), have.sum(axis=0)
    else:
        totals, counts = weight @ scores, weight @ have
    means = np.full(X.shape[1], float(empty))
    np.divide(totals, counts, out=means, where=counts > 0)
    return means


def mean_strength(X: Array, weight: Array) -> Array:
    """Return the mean over all items, with the missing ones as hard for a model as for others.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores, NaN = not evaluated; every item and every model has a result.
    weight : ndarray of shape (n_models,)
        Positive weights.

    Returns
    -------
    strength : ndarray of shape (n_models,)
        In units of the scores.
    """
    have = ~np.isnan(X)
    if have.all():
        return np.asarray(X.mean(axis=1))
    by_item = item_means(X, weight)
    return np.asarray(np.nanmean(X - by_item, axis=1) + by_item.mean())


def filled(X: Array, weight: Array) -> Array:
    """Put each item's mean where a result is missing; 0.5 where an item has none.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores, NaN = not evaluated.
    weight : ndarray of shape (n_models,)
        Positive weights of the models.

    Returns
    -------
    X_filled : ndarray of shape (n_models, n_items)
        Without NaN; `X` itself where none is missing.
    """
    missing = np.isnan(X)
    return np.where(missing, item_means(X, weight, empty=0.5), X) if missing.any() else X
