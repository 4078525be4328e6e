"""Optimal transport between distributions on a line: from the scores on a task to another's."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class LineDistribution:
    """Weighted points on a line, and the monotone map from and to other distributions.

    Parameters
    ----------
    points : ndarray of shape (n_points,)
        Where the points are.
    weight : ndarray of shape (n_points,)
        Not negative, not all zero. Points without a weight are not there.
    """

    def __init__(self, points: Array, weight: Array) -> None:
        self._points, place = np.unique(points[weight > 0], return_inverse=True)
        mass = np.bincount(place, weights=weight[weight > 0])
        self._level = (np.cumsum(mass) - mass / 2) / mass.sum()

    def rank(self, value: float) -> tuple[float, float]:
        """Return the share of the distribution below a value, and how far beyond its ends it is.

        Parameters
        ----------
        value : float
            Any.

        Returns
        -------
        level : float
            Half of the mass at the value counts; linear between points, constant beyond the ends.
        beyond : float
            Distance from the nearer end, negative below; 0 between the ends.
        """
        inside = float(np.clip(value, self._points[0], self._points[-1]))
        return float(np.interp(inside, self._points, self._level)), value - inside

    def at(self, level: Array) -> Array:
        """Return the points below which these shares of the distribution lie.

        Parameters
        ----------
        level : ndarray
            Shares, as `rank` returns them.

        Returns
        -------
        points : ndarray
            Of the same shape; the ends for levels beyond theirs.
        """
        return np.asarray(np.interp(level, self._level, self._points))
