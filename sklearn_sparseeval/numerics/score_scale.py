"""Scores on one scale and without gaps, for methods that need both."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def unit_range(values: Array) -> Array:
    """Map values that leave [0, 1] to it by their extremes; leave others alone.

    Parameters
    ----------
    values : ndarray
        Scores, NaN where there is none; at least one is a number.

    Returns
    -------
    scaled : ndarray
        Of the same shape, between 0 and 1.
    """
    low, high = np.nanmin(values), np.nanmax(values)
    if low >= 0 and high <= 1:
        return values
    return (values - low) / (high - low if high > low else 1.0)


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
        Without NaN.
    """
    missing = np.isnan(X)
    if not missing.any():
        return X
    total = weight @ ~missing
    mean = (weight @ np.where(missing, 0, X)) / np.where(total == 0, 1, total)
    return np.where(missing, np.where(total == 0, 0.5, mean), X)
