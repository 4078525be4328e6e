"""Monotone maps of one number to another: fitted inside the data's range, straight beyond."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from scipy.optimize import nnls
from sklearn.isotonic import IsotonicRegression

Array = NDArray[np.floating]

_DEGREE = 3
# Penalties tried, relative to the basis: from none to speak of to a straight line.
RELATIVE_ALPHAS = np.logspace(-6, 6, 25)
_TIED = 1e-6  # errors that differ by rounding only; the largest penalty is taken
_UNKNOWN = 1e-4  # share of a row's own value that the fit does not take from the row itself
_CONSTANT = 1e-9  # of the largest number: what varies by less is constant


@dataclass(frozen=True)
class MonotoneMap:
    """A monotone spline between `low` and `high`, continued by a straight line on either side."""

    knots: Array
    coefficients: Array
    degree: int
    low: float
    high: float
    slope: float  # of the lines outside
    alpha: float  # penalty of the curve; 0 where it has none

    def __call__(self, x: Array) -> Array:
        """Return the value of the map at each `x`."""
        inside = np.clip(x, self.low, self.high)
        spline = BSpline(self.knots, self.coefficients, self.degree)
        return np.asarray(spline(inside) + self.slope * (x - inside))


def constant_map(x: Array, y: Array, weight: Array) -> MonotoneMap:
    """Return the map to the weighted mean of `y`, for an `x` that does not vary.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        One number, over and over, but for rounding.
    y : ndarray of shape (n_rows,)
        Values.
    weight : ndarray of shape (n_rows,)
        Positive weights.

    Returns
    -------
    constant : MonotoneMap
        Flat everywhere.
    """
    at = float(x.mean())
    knots = at + max(abs(at), 1.0) * np.array([-1.0, 1.0])
    value = np.average(y, weights=weight)
    return MonotoneMap(knots, np.array([value]), 0, at, at, 0.0, 0.0)


def isotonic_map(x: Array, y: Array, weight: Array, slope: float) -> MonotoneMap:
    """Fit the monotone step function of least squares, its steps joined by straight lines.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Numbers that vary.
    y : ndarray of shape (n_rows,)
        Values to be met, increasing in `x` but for noise.
    weight : ndarray of shape (n_rows,)
        Positive weights.
    slope : float
        Of the lines outside the range of `x`, not negative.

    Returns
    -------
    fitted : MonotoneMap
        Nowhere falling.
    """
    isotonic = IsotonicRegression().fit(x, y, sample_weight=weight)
    ends = isotonic.X_thresholds_[[0, -1]]
    knots = np.concatenate([ends[:1], isotonic.X_thresholds_, ends[1:]])
    low, high = float(x.min()), float(x.max())
    return MonotoneMap(knots, isotonic.y_thresholds_, 1, low, high, slope, 0.0)


def spline_map(
    x: Array, y: Array, weight: Array, slope: float, n_splines: int, alpha: float | None
) -> MonotoneMap:
    """Fit a monotone cubic spline whose coefficients are drawn to a straight line.

    The coefficients of the B-splines never fall, so the spline does not either; the squares of
    their second differences, times `alpha`, are added to the squared errors.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Numbers that vary.
    y : ndarray of shape (n_rows,)
        Values to be met.
    weight : ndarray of shape (n_rows,)
        Positive weights.
    slope : float
        Of the lines outside the range of `x`, not negative.
    n_splines : int
        Number of B-splines, four or more.
    alpha : float or None
        Penalty, not negative; None for the one with the least leave-one-out error, in closed form,
        of the spline that may also fall.

    Returns
    -------
    fitted : MonotoneMap
        Nowhere falling.
    """
    low, high = float(x.min()), float(x.max())
    step = (high - low) / (n_splines - _DEGREE)
    knots = low + step * np.arange(-_DEGREE, n_splines + 1)
    basis = BSpline.design_matrix(np.clip(x, low, high), knots, _DEGREE, extrapolate=True)
    # Column j, the sum of the splines from j + 1 on, goes with the rise from one coefficient to
    # the next. The first coefficient is what is left: all splines together are one.
    rises = np.cumsum(basis.toarray()[:, :0:-1], axis=1)[:, ::-1]
    share = weight / weight.sum()
    rises_mean, y_mean = share @ rises, share @ y
    root = np.sqrt(weight)
    design = root[:, np.newaxis] * (rises - rises_mean)
    target = root * (y - y_mean)
    bends = np.diff(np.eye(n_splines - 1), axis=0)
    unit = float((design**2).sum() / (bends**2).sum())
    if alpha is None:
        alpha = _best_alpha(design, target, weight, bends.T @ bends, unit)
    # A trace of it keeps rises apart that no row tells apart.
    penalty = np.sqrt(max(alpha, RELATIVE_ALPHAS[0] * unit)) * bends
    rise, _ = nnls(
        np.vstack([design, penalty]), np.append(target, np.zeros(len(bends))),
        maxiter=100 * n_splines,
    )  # fmt: skip
    coefficients = y_mean - rises_mean @ rise + np.append(0.0, np.cumsum(rise))
    return MonotoneMap(knots, coefficients, _DEGREE, low, high, slope, alpha)


def _best_alpha(design: Array, target: Array, weight: Array, penalty: Array, unit: float) -> float:
    """Return the penalty whose spline predicts each row best from the others."""
    losses = []
    free = 1 - np.minimum(weight, 1) / weight.sum()  # one copy of a row is left out at a time
    for alpha in RELATIVE_ALPHAS * unit:
        inverse = np.linalg.inv(design.T @ design + alpha * penalty)
        error = target - design @ (inverse @ (design.T @ target))
        leverage = (design @ inverse * design).sum(axis=1)
        kept = free - np.minimum(1, 1 / weight) * leverage
        # A row that the others say nothing about cannot be predicted from them.
        known = kept > _UNKNOWN
        losses.append(float((error[known] / kept[known]) @ (error[known] / kept[known])))
        losses[-1] += 0.0 if known.all() else np.inf
    tied = np.array(losses) <= (1 + _TIED) * min(losses)
    return float(RELATIVE_ALPHAS[np.flatnonzero(tied)[-1]] * unit)


def monotone_map(
    x: Array,
    y: Array,
    weight: Array,
    *,
    calibration: str,
    n_splines: int,
    alpha: float | None,
    outside_slope: float | None,
) -> MonotoneMap:
    """Fit a map that does not fall.

    Parameters
    ----------
    x : ndarray of shape (n_rows,)
        Numbers.
    y : ndarray of shape (n_rows,)
        Values to be met.
    weight : ndarray of shape (n_rows,)
        Positive weights.
    calibration : {"spline", "isotonic"}
        Which kind of map.
    n_splines : int
        Number of B-splines.
    alpha : float or None
        Penalty of the spline; None to find it.
    outside_slope : float or None
        Slope outside the range of `x`; None for the ratio of the standard deviations, or 0 where
        `y` does not rise with `x`.

    Returns
    -------
    fitted : MonotoneMap
        Constant where `x` is.
    """
    if np.ptp(x) <= _CONSTANT * np.abs(x).max():
        return constant_map(x, y, weight)
    if outside_slope is None:
        share = weight / weight.sum()
        x_off, y_off = x - share @ x, y - share @ y
        rising = share @ (x_off * y_off) > 0
        outside_slope = float(np.sqrt((share @ y_off**2) / (share @ x_off**2))) if rising else 0.0
    if calibration == "isotonic":
        return isotonic_map(x, y, weight, outside_slope)
    return spline_map(x, y, weight, outside_slope, n_splines, alpha)
