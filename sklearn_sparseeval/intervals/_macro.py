"""The average over several tasks, whose errors are correlated."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.intervals._calibration import Calibration
from sklearn_sparseeval.numerics.conformal import N_PRIOR, smoothed_quantile

Array = NDArray[np.floating]

_PRIOR_CORRELATION, _N_PRIOR = 0.1, 20.0


def error_correlations(z: Array, once: Array) -> Array:
    """Correlate the errors of the tasks about zero, so that a bias that they share counts.

    Parameters
    ----------
    z : ndarray of shape (n_models, n_tasks)
        Errors in units of their usual size.
    once : ndarray of shape (n_models,)
        Weights of the models.

    Returns
    -------
    correlations : ndarray of shape (n_tasks, n_tasks)
        Drawn to 0.1 with the weight of 20 models.
    """
    n = once.sum()
    moments = z.T @ (once[:, np.newaxis] * z)
    size = np.sqrt(np.diag(moments))
    both = np.outer(size, size)
    raw = np.divide(moments, both, out=np.zeros_like(moments), where=both > 0)
    drawn: Array = (n * raw + _N_PRIOR * _PRIOR_CORRELATION) / (n + _N_PRIOR)
    np.fill_diagonal(drawn, 1)
    return drawn


def macro_half_widths(
    calibration: Calibration,
    sizes: Array,
    half: Array,
    like: NDArray[np.bool_],
    weights: Array,
    coverage: float,
) -> Array:
    """Return how far the weighted mean over the tasks may be from its estimate.

    Parameters
    ----------
    calibration : Calibration
        Of held-out models.
    sizes : ndarray of shape (n_models, n_tasks)
        Usual relative sizes of the models' errors.
    half : ndarray of shape (n_models, n_tasks)
        Half-widths of the tasks' intervals, at the same coverage.
    like : ndarray of shape (n_models,)
        Whether the errors are like those of held-out models.
    weights : ndarray of shape (n_tasks,)
        Of the tasks; they sum to one.
    coverage : float
        Share of the scores that the intervals are to hold.

    Returns
    -------
    half_widths : ndarray of shape (n_models,)
        Of unlike models the weighted mean of the half-widths, as if all erred to the same side.
    """
    z, once = calibration.z, calibration.once
    root_mean_square = np.sqrt(once @ z**2 / once.sum())
    correlations = error_correlations(z, once)

    def spread(of: Array) -> Array:
        scaled = weights * of * root_mean_square
        square = ((scaled @ correlations) * scaled).sum(axis=1)
        return np.asarray(np.sqrt(np.maximum(square, 1e-24)))

    errors = (calibration.sizes * z) @ weights / spread(calibration.sizes)
    n_prior = 0.0 if calibration.guaranteed else N_PRIOR
    factor = smoothed_quantile(errors, coverage, n_prior=n_prior, weight=once)
    together = half @ weights
    return np.where(like, np.minimum(factor * spread(sizes), together), together)
