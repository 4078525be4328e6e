"""Scores on one scale, and as deviations from their means."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

_ROUNDING = 1e-12  # what varies by less, relative to its size, is constant


def score_bounds(values: Array) -> tuple[float, float]:
    """Return 0 and 1 for scores that lie between them, and the extremes of others.

    Parameters
    ----------
    values : ndarray
        Scores, NaN where there is none; at least one is a number.

    Returns
    -------
    low, high : float
        Equal where all scores are, outside [0, 1].
    """
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def unit_range(values: Array) -> Array:
    """Map values that leave [0, 1] to it by their extremes; leave others alone.

    Parameters
    ----------
    values : ndarray
        Scores, NaN where there is none; at least one is a number.

    Returns
    -------
    scaled : ndarray
        Of the same shape, between 0 and 1; `values` itself where they are.
    """
    low, high = score_bounds(values)
    if (low, high) == (0.0, 1.0):
        return values
    return (values - low) / (high - low if high > low else 1.0)


def centred(columns: Array, weight: Array) -> Array:
    """Subtract the weighted mean of each column; what is left of a constant one is zero.

    Parameters
    ----------
    columns : ndarray of shape (n_models, n_columns)
        Numbers.
    weight : ndarray of shape (n_models,)
        Positive weights.

    Returns
    -------
    centred : ndarray of shape (n_models, n_columns)
        Deviations from the means.
    """
    deviation = columns - weight @ columns / weight.sum()
    constant = np.abs(deviation).max(axis=0) <= _ROUNDING * np.abs(columns).max(axis=0)
    return np.where(constant, 0.0, deviation)
