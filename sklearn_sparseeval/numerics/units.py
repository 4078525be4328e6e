"""Results in percent and scores in fractions: when a mean of results is no score."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

_SLACK, _MOST_TIMES = 0.05, 8
_ROUNDING, _LEVEL = 1e-20, 1e-9  # of a squared mean; of scores that are all the same


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
        By least squares where scores are many times larger than results, or means than scores;
        one elsewhere, and where the means are all the same.
    """
    slopes = np.ones(y.shape[1])
    share = sample_weight / sample_weight.sum()
    apart = means - share @ means
    power = float(share @ apart**2)
    for task in _in_much_other_units(results, means, y, power):
        slopes[task] = float((share * apart) @ y[:, task]) / power
    return slopes


def unit_factor(results: Array, means: Array, y: Array, sample_weight: Array) -> float:
    """Return how much larger scores are than means of results, if their units are others.

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
    factor : float
        The ratio of their spreads, the geometric mean over the tasks; one unless the units of
        all tasks are others.
    """
    share = sample_weight / sample_weight.sum()
    power = float(share @ (means - share @ means) ** 2)
    others = _in_much_other_units(results, means, y, power)
    if len(others) < y.shape[1]:
        return 1.0
    spreads = share @ (y - share @ y) ** 2
    return float(np.exp(np.log(spreads / power).mean() / 2))


def _in_much_other_units(results: Array, means: Array, y: Array, power: float) -> list[int]:
    """Return the tasks whose scores are many times larger than results, or means than scores."""
    if power <= _ROUNDING * float(np.square(means).max()):
        return []
    largest, mean = float(np.nanmax(np.abs(results))), float(np.abs(means).max())
    found = []
    for task, scores in enumerate(y.T):
        size = float(np.abs(scores).max())
        other = size > _MOST_TIMES * largest or mean > _MOST_TIMES * size
        if other and np.ptp(scores) > _LEVEL * size:
            found.append(task)
    return found
