"""Ridge regression in closed form: the penalty by cross-validation, without a single refit."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

# Relative to the mean eigenvalue of the anchors' second moments, so that scores from 0 to 1 and
# from 0 to 100 get the same fit.
RELATIVE_ALPHAS = np.logspace(-4, 3, 22)

# Penalties whose errors differ by rounding only are tied; the largest of them is taken.
_TIED = 1e-10
_ROUNDING = 1e-26  # of a squared number
_TINY = 1e-9  # keeps a model solvable that the others say nothing of


class RidgeFit(NamedTuple):
    """A linear model ``X @ coef + intercept`` and the penalty it was fitted with."""

    coef: Array  # (n_features, n_outputs)
    intercept: Array  # (n_outputs,)
    alpha: Array  # (n_outputs,)
    error: Array  # (n_outputs,), root mean squared leave-one-out error; NaN for a single row


class _Spectrum(NamedTuple):
    """Weighted, centred least squares in the basis of the singular vectors."""

    X_mean: Array  # (n_features,)
    y_mean: Array  # (n_outputs,)
    left: Array  # (n_rows, rank)
    singular: Array  # (rank,)
    right: Array  # (rank, n_features)
    projected: Array  # (rank, n_outputs)
    target: Array  # (n_rows, n_outputs), weighted and centred
    alphas: Array  # (n_alphas,), ascending
    mean_eigenvalue: float

    def shrinkage(self) -> Array:
        """Return how much of each direction each penalty keeps, (n_alphas, rank)."""
        eigenvalues = self.singular**2
        return eigenvalues / (eigenvalues + self.alphas[:, np.newaxis])

    def loss(self) -> Array:
        """Return how much of each direction each penalty takes away, (n_alphas, rank)."""
        alphas = self.alphas[:, np.newaxis]
        return alphas / (self.singular**2 + alphas)  # one less the shrinkage, without cancellation


def _decompose(X: Array, y: Array, sample_weight: Array, alphas: Array | None = None) -> _Spectrum:
    X, y = X.astype(np.float64, copy=False), y.astype(np.float64, copy=False)
    total = sample_weight.sum()
    X_mean, y_mean = sample_weight @ X / total, sample_weight @ y / total
    root = np.sqrt(sample_weight)[:, np.newaxis]
    centred, target = root * (X - X_mean), root * (y - y_mean)
    tall = X.shape[0] > X.shape[1]
    # The smaller of the two moment matrices has the same spectrum and is far cheaper than an SVD.
    moments = centred.T @ centred if tall else centred @ centred.T
    eigenvalues, vectors = np.linalg.eigh(moments)
    # Directions that are rounding noise would get a weight of noise / noise.
    squares = float(sample_weight @ np.einsum("ij,ij->i", X, X))
    noise = 1e-28 * squares  # all there is where every feature is constant
    keep = eigenvalues > max(1e-12 * eigenvalues.max(initial=0.0), noise)
    singular, vectors = np.sqrt(eigenvalues[keep]), vectors[:, keep]
    left = centred @ vectors / singular if tall else vectors
    right = (vectors if tall else centred.T @ vectors / singular).T
    mean_eigenvalue = float(np.trace(moments)) / X.shape[1] if keep.any() else 1.0
    alphas = RELATIVE_ALPHAS * mean_eigenvalue if alphas is None else np.unique(alphas)
    return _Spectrum(
        X_mean, y_mean, left, singular, right, left.T @ target, target, alphas, mean_eigenvalue
    )


def _leave_one_out_losses(s: _Spectrum, sample_weight: Array) -> Array:
    """Return the mean squared leave-one-out error per penalty and target.

    One copy of a row is left out at a time, so a row of weight two counts as two equal rows; a
    row of weight below one is left out whole.
    """
    total = sample_weight.sum()
    root = np.sqrt(sample_weight)[:, np.newaxis]
    left, lost = s.left / root, s.loss().T  # (n_rows, rank), (rank, n_alphas)
    left_out = np.minimum(sample_weight, 1)[:, np.newaxis]
    leverages = left_out * left**2
    # What a row keeps for itself without a penalty. Where that is nothing, the error is a ratio
    # of two numbers that vanish with the penalty: neither may hold rounding.
    free = 1 - leverages.sum(axis=1, keepdims=True) - left_out / total
    free[free < 1e-10] = 0
    held_in = np.maximum(free + leverages @ lost, np.finfo(np.float64).tiny)
    losses = []
    for target, projected in zip((s.target / root).T, s.projected.T, strict=True):
        rest = np.where(free > 0, (target - left @ projected)[:, np.newaxis], 0)
        error = (rest + left @ (lost * projected[:, np.newaxis])) / held_in
        losses.append(sample_weight @ error**2 / total)
    return np.stack(losses, axis=1)


def fit_ridge(
    X: Array,
    y: Array,
    sample_weight: Array,
    *,
    least_alpha: float = 0.0,
    alphas: Array | None = None,
) -> RidgeFit:
    """Fit a ridge regression whose penalty minimises the leave-one-out error.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Features.
    y : ndarray of shape (n_rows, n_outputs)
        Targets, each with a penalty of its own.
    sample_weight : ndarray of shape (n_rows,)
        Positive weights; a weight of two counts as two rows.
    least_alpha : float, default=0.0
        Smallest penalty considered, relative to the mean eigenvalue of the features' second
        moments; the largest of the grid is always considered.
    alphas : ndarray of shape (n_alphas,), default=None
        Positive penalties to choose from, in the units of :class:`~sklearn.linear_model.Ridge`.
        By default `RELATIVE_ALPHAS` times the mean eigenvalue.

    Returns
    -------
    fit : RidgeFit
        Coefficients, intercepts, the chosen penalties and their leave-one-out errors. Among
        penalties that are equally good the largest is chosen.
    """
    s = _decompose(X, y, sample_weight, alphas)
    allowed = _allowed(s, least_alpha)
    losses = np.full((len(s.alphas), y.shape[1]), np.inf)
    losses[allowed] = _leave_one_out_losses(s._replace(alphas=s.alphas[allowed]), sample_weight)
    return _best_fit(s, losses, y, sample_weight, alone=len(X) == 1 and sample_weight[0] <= 1)


def fit_ridge_by_model(
    X: Array, y: Array, sample_weight: Array, *, left_out: Array, least_alpha: float = 0.0
) -> RidgeFit:
    """Fit a ridge regression in which several rows are of one model, and left out together.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_rows, n_features)
        Features of each model's rows.
    y : ndarray of shape (n_models, n_rows, n_outputs)
        Targets, each with a penalty of its own.
    sample_weight : ndarray of shape (n_models, n_rows)
        Positive weights.
    left_out : ndarray of shape (n_models, n_rows)
        How much of its weight each row loses when its model is left out: the weight of one copy.
    least_alpha : float, default=0.0
        As in :func:`fit_ridge`.

    Returns
    -------
    fit : RidgeFit
        As of :func:`fit_ridge`; the error is that of leaving a model out.
    """
    rows, targets = X.reshape(-1, X.shape[2]), y.reshape(-1, y.shape[2])
    weight = sample_weight.ravel()
    s = _decompose(rows, targets, weight)
    allowed = _allowed(s, least_alpha)
    losses = np.full((len(s.alphas), targets.shape[1]), np.inf)
    losses[allowed] = _leave_model_out_losses(
        s._replace(alphas=s.alphas[allowed]), sample_weight, left_out
    )
    alone = len(X) == 1 and bool((left_out >= sample_weight).all())
    return _best_fit(s, losses, targets, weight, alone=alone)


def _leave_model_out_losses(s: _Spectrum, sample_weight: Array, left_out: Array) -> Array:
    """Return the mean squared error of models left out with all their rows.

    The residuals of a model's rows, times the inverse of one less its block of the hat matrix.
    """
    n_models, n_rows = sample_weight.shape
    total = sample_weight.sum()
    share = np.sqrt(left_out / sample_weight)[:, :, np.newaxis]
    left = s.left.reshape(n_models, n_rows, -1) * share
    gone = np.sqrt(left_out)[:, :, np.newaxis]
    free = (1 + _TINY) * np.eye(n_rows) - gone * gone.transpose(0, 2, 1) / total
    losses = []
    for shrinkage in s.shrinkage():
        rest = s.target - s.left @ (shrinkage[:, np.newaxis] * s.projected)
        block = (left * shrinkage) @ left.transpose(0, 2, 1)
        error = np.linalg.solve(free - block, rest.reshape(n_models, n_rows, -1) * share) / gone
        losses.append(np.einsum("mr,mrt->t", sample_weight, error**2) / total)
    return np.array(losses)


def _allowed(s: _Spectrum, least_alpha: float) -> NDArray[np.bool_]:
    """Mark the penalties from the floor on; the largest is always considered."""
    floor = min(least_alpha * s.mean_eigenvalue, s.alphas[-1])
    return np.asarray(s.alphas >= (1 - _TIED) * floor)


def _best_fit(
    s: _Spectrum, losses: Array, y: Array, sample_weight: Array, *, alone: bool
) -> RidgeFit:
    """Return the fit of the least loss, for each target, with the largest penalty of those tied."""
    rounding = _ROUNDING * (sample_weight @ y.astype(np.float64) ** 2) / sample_weight.sum()
    tied = losses <= (1 + _TIED) * losses.min(axis=0) + rounding
    best = len(tied) - 1 - np.argmax(tied[::-1], axis=0)
    weight = s.shrinkage()[best].T / s.singular[:, np.newaxis]
    coef = s.right.T @ (weight * s.projected)
    error = np.sqrt(np.take_along_axis(losses, best[np.newaxis], axis=0)[0])
    if alone:
        error[:] = np.nan  # no row is left to predict it from
    return RidgeFit(coef, s.y_mean - s.X_mean @ coef, s.alphas[best], error)


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
