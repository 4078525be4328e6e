"""The scale of the scores: its ends, strength as a logit, and how large errors are along it."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from sklearn_sparseeval.numerics.missing import row_means
from sklearn_sparseeval.numerics.score_scale import score_bounds
from sklearn_sparseeval.regressors._base import checked_score_range

Array = NDArray[np.floating]

_MEANS = 0.96, 0.02  # a score of 0 or 1 is not infinitely far away
_LEAST_VARIANCE = 0.03  # of a result, as at a score of .03 or .97


class ScoreScale(NamedTuple):
    """Smallest and largest possible score of each task."""

    low: Array  # (n_tasks,)
    high: Array  # (n_tasks,)

    def unit(self, y: Array) -> Array:
        """Map scores to 0 to 1; what lies outside the range comes to lie outside too."""
        return np.asarray((y - self.low) / (self.high - self.low))

    def clip(self, y: Array) -> Array:
        """Move scores outside the range to its ends."""
        return np.clip(y, self.low, self.high)

    def strength(self, y: Array) -> Array:
        """Return scores as logits, finite at both ends of the range."""
        shrink, shift = _MEANS
        return np.asarray(logit(np.clip(self.unit(y), 0, 1) * shrink + shift))

    def result_spread(self, y: Array) -> Array:
        """Return the standard deviation of one result that is right or wrong, in units of `y`."""
        share = self.unit(self.clip(y))
        variance = np.maximum(share * (1 - share), _LEAST_VARIANCE)
        return np.asarray(np.sqrt(variance) * (self.high - self.low))

    def error_size(self, y: Array) -> Array:
        """Return the relative size of errors: half-way between constant and binomial."""
        return np.asarray(np.sqrt(self.result_spread(y) * (self.high - self.low)))


def find_scale(scores: Array, y: Array, score_range: Any) -> tuple[tuple[float, float], ScoreScale]:
    """Find the ends of the results' and of the scores' scales.

    Parameters
    ----------
    scores : ndarray of shape (n_models, n_items)
        Results, NaN = not evaluated.
    y : ndarray of shape (n_models, n_tasks)
        Benchmark scores.
    score_range : tuple of (float, float) or None
        As the user gave it. None takes 0 and 1 where the scores lie between them, else the
        extremes of the results where the scores lie between those, else what the line of the
        scores on the models' means makes of them.

    Returns
    -------
    bounds : tuple of (float, float)
        Of the results, the second one larger.
    scale : ScoreScale
        Of the scores; no score lies outside.
    """
    bounds = score_bounds(scores)
    if bounds[1] <= bounds[0]:
        bounds = bounds[0], bounds[0] + 1
    known = checked_score_range(score_range, y)
    if known is None and y.min() >= 0 and y.max() <= 1:
        known = 0.0, 1.0
    if known is None and y.min() >= bounds[0] and y.max() <= bounds[1]:
        known = bounds
    if known is not None:
        ends = np.tile(np.array(known)[:, np.newaxis], y.shape[1])
        return bounds, ScoreScale(ends[0], ends[1])
    means = row_means(scores)
    centred = means - means.mean()
    square = float(centred @ centred)
    slope = centred @ y / square if square > 0 else np.zeros(y.shape[1])
    at_ends = y.mean(axis=0) + np.outer(np.array(bounds) - means.mean(), slope)
    both = np.vstack([at_ends, y])
    low, high = both.min(axis=0), both.max(axis=0)
    return bounds, ScoreScale(low, np.where(high > low, high, low + 1))
