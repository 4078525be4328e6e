"""Results in percent and scores in fractions: when a mean of results is no score."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

_SLACK, _MOST_TIMES = 0.05, 8


def in_other_units(results: Array, means: Array, y: Array) -> bool:
    """Tell whether scores cannot be means of results.

    Parameters
    ----------
    results : ndarray of shape (n_models, n_anchors)
        Results; NaN = not evaluated.
    means : ndarray of shape (n_models,)
        Their means.
    y : ndarray of shape (n_models,)
        Scores.

    Returns
    -------
    other : bool
        Whether scores lie outside the results' range, or are many times smaller than the means.
    """
    low, high = float(np.nanmin(results)), float(np.nanmax(results))
    slack = _SLACK * max(high - low, abs(low), abs(high))
    outside = y.min() < low - slack or y.max() > high + slack
    return bool(outside or np.abs(means).max() > _MOST_TIMES * np.abs(y).max())


def unit_slopes(results: Array, means: Array, y: Array, sample_weight: Array) -> Array:
    """Return what turns means of results into scores: one, unless their units are others.

    Parameters
    ----------
    results : ndarray of shape (n_models, n_anchors)
        Results.
    means : ndarray of shape (n_models,)
        Their means.
    y : ndarray of shape (n_models, n_tasks)
        Scores.
    sample_weight : ndarray of shape (n_models,)
        Positive weights.

    Returns
    -------
    slopes : ndarray of shape (n_tasks,)
        By least squares where scores cannot be means of results; one where the means are all
        the same.
    """
    slopes = np.ones(y.shape[1])
    share = sample_weight / sample_weight.sum()
    apart = means - share @ means
    power = float(share @ apart**2)
    for task, scores in enumerate(y.T):
        if power > 0 and in_other_units(results, means, scores):
            slopes[task] = float((share * apart) @ scores) / power
    return slopes
