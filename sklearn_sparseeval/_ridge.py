"""Ridge regression in closed form: the penalty by cross-validation, without a single refit."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

# Relative to the mean eigenvalue of the anchors' second moments, so that scores from 0 to 1 and
# from 0 to 100 get the same fit.
RELATIVE_ALPHAS = np.logspace(-4, 3, 29)


class RidgeFit(NamedTuple):
    """A linear model ``X @ coef + intercept`` and the penalty it was fitted with."""

    coef: Array  # (n_features, n_outputs)
    intercept: Array  # (n_outputs,)
    alpha: Array  # (n_outputs,)


class _Spectrum(NamedTuple):
    """Weighted, centred least squares in the basis of the singular vectors."""

    X_mean: Array  # (n_features,)
    y_mean: Array  # (n_outputs,)
    left: Array  # (n_rows, rank)
    singular: Array  # (rank,)
    right: Array  # (rank, n_features)
    projected: Array  # (rank, n_outputs)
    target: Array  # (n_rows, n_outputs), weighted and centred
    alphas: Array  # (n_alphas,)

    def shrinkage(self) -> Array:
        """Return how much of each direction each penalty keeps, (n_alphas, rank)."""
        eigenvalues = self.singular**2
        return eigenvalues / (eigenvalues + self.alphas[:, np.newaxis])


def _decompose(X: Array, y: Array, sample_weight: Array) -> _Spectrum:
    total = sample_weight.sum()
    X_mean, y_mean = sample_weight @ X / total, sample_weight @ y / total
    root = np.sqrt(sample_weight)[:, np.newaxis]
    target = root * (y - y_mean)
    left, singular, right = np.linalg.svd(root * (X - X_mean), full_matrices=False)
    # Directions that are rounding noise would get a weight of noise / noise.
    keep = singular > np.finfo(singular.dtype).eps * max(X.shape) * singular.max(initial=0.0)
    left, singular, right = left[:, keep], singular[keep], right[keep]
    mean_eigenvalue = (singular**2).sum() / X.shape[1] if singular.size else 1.0
    return _Spectrum(
        X_mean, y_mean, left, singular, right, left.T @ target, target,
        RELATIVE_ALPHAS * mean_eigenvalue,
    )  # fmt: skip


def _leave_one_out_losses(s: _Spectrum, sample_weight: Array) -> Array:
    """Return the mean squared leave-one-out error per penalty and target.

    One copy of a row is left out at a time, so a row of weight two counts as two equal rows.
    """
    total = sample_weight.sum()
    root = np.sqrt(sample_weight)[:, np.newaxis]
    power = (s.left / root) ** 2
    losses = []
    for kept in s.shrinkage():
        leverage = power @ kept + 1 / total  # the intercept has the leverage of a mean
        residual = (s.target - s.left @ (kept[:, np.newaxis] * s.projected)) / root
        error = residual / np.maximum(1 - leverage, 1e-9)[:, np.newaxis]
        losses.append(sample_weight @ error**2 / total)
    return np.stack(losses)


def fit_ridge(X: Array, y: Array, sample_weight: Array) -> RidgeFit:
    """Fit a ridge regression whose penalty minimises the leave-one-out error.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Features.
    y : ndarray of shape (n_rows, n_outputs)
        Targets, each with a penalty of its own.
    sample_weight : ndarray of shape (n_rows,)
        Positive weights; a weight of two counts as two rows.

    Returns
    -------
    fit : RidgeFit
        Coefficients, intercepts and the chosen penalties.
    """
    s = _decompose(X, y, sample_weight)
    best = np.argmin(_leave_one_out_losses(s, sample_weight), axis=0)
    weight = s.shrinkage()[best].T / s.singular[:, np.newaxis]
    coef = s.right.T @ (weight * s.projected)
    return RidgeFit(coef, s.y_mean - s.X_mean @ coef, s.alphas[best])


def leave_one_out_error(X: Array, y: Array, sample_weight: Array) -> float:
    """Return the root mean squared leave-one-out error of the best ridge regression.

    Every row is predicted from the others in closed form (the diagonal of the hat matrix), with
    the penalty of the grid that has the least error, for each target.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Features.
    y : ndarray of shape (n_rows, n_outputs)
        Targets.
    sample_weight : ndarray of shape (n_rows,)
        Positive weights; a weight of two counts as two rows.

    Returns
    -------
    error : float
        In the units of `y`.
    """
    losses = _leave_one_out_losses(_decompose(X, y, sample_weight), sample_weight)
    return float(np.sqrt(losses.min(axis=0).mean()))
