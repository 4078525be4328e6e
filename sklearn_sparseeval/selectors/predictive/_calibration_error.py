"""How well the mean over many sets of items, put through a smooth curve, predicts a score."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from sklearn_sparseeval.numerics.row_identity import MergedRows
from sklearn_sparseeval.numerics.score_scale import centred

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

# A cubic, or less where there are few models: one power for so many of them.
_DEGREE, _MODELS_PER_POWER = 3, 5
_CONSTANT = 1e-20  # of a mean square: what varies by less is constant
_NEW = 1e-10  # of a power's mean square: less than this is left of it, the lower ones hold it all
_KNOWN = 1e-6  # share of its own value that a row does not give itself


class CalibrationError:
    """Leave-one-out error of a cubic regression of scores on the mean over a set of items.

    For many sets at once: the powers of the means are made orthogonal one by one, which gives
    residuals and leverages without a single matrix to invert.

    Parameters
    ----------
    rows : MergedRows
        The models, without missing results.
    """

    def __init__(self, rows: MergedRows) -> None:
        self._scores = np.ascontiguousarray(rows.X.T)
        self._weight, self._share = rows.weight, rows.weight / rows.weight.sum()
        self._target = centred(rows.y, rows.weight)
        self._degree = min(_DEGREE, max(1, len(rows.X) // _MODELS_PER_POWER))
        # One copy of a row is left out at a time; the mean alone already depends on the row.
        self._left_out = np.minimum(rows.weight, 1)
        self._free = 1 - self._left_out / rows.weight.sum()
        self._from_mean = self._target.T / np.where(self._free > 0, self._free, 1)

    def __call__(self, sets: Indices) -> Array:
        """Evaluate sets of items.

        Parameters
        ----------
        sets : ndarray of shape (n_sets, n_anchors)
            Column indices.

        Returns
        -------
        errors : ndarray of shape (n_sets,)
            Root mean squared errors, over tasks too.
        """
        means = self._means(sets)
        residual = np.repeat(self._target.T[:, np.newaxis], len(sets), axis=1)
        taken = np.zeros_like(means)  # of each row's own value, by the powers of the mean
        powers: list[Array] = []
        power = np.ones_like(means)
        for _ in range(self._degree):
            power = power * means
            direction = self._orthogonal(power, powers)
            powers.append(direction)
            taken += direction**2
            for left, task in zip(residual, self._target.T, strict=True):
                left -= (direction @ (self._share * task))[:, np.newaxis] * direction
        kept = self._free - self._left_out / self._weight.sum() * taken
        known = kept > _KNOWN
        errors = np.where(
            known, residual / np.where(known, kept, 1), self._from_mean[:, np.newaxis]
        )
        return np.asarray(np.sqrt((errors**2 @ self._share).mean(axis=0)))

    def _means(self, sets: Indices) -> Array:
        """Return the standardised mean of each model over each set; zero where it is constant."""
        n_sets, n_anchors = sets.shape
        ends = np.arange(0, sets.size + 1, n_anchors)
        share = np.full(sets.size, 1 / n_anchors)
        chosen = csr_array((share, sets.ravel(), ends), shape=(n_sets, len(self._scores)))
        means = chosen @ self._scores
        centre = means @ self._share
        means -= centre[:, np.newaxis]
        variance = means**2 @ self._share
        varies = variance > _CONSTANT * centre**2
        scale = np.where(varies, 1 / np.sqrt(np.where(varies, variance, 1)), 0)
        return np.asarray(means * scale[:, np.newaxis])

    def _orthogonal(self, power: Array, lower: list[Array]) -> Array:
        """Return the part of a power that a constant and the lower ones lack, of mean square 1."""
        size = power**2 @ self._share
        part = power
        for _ in range(2):  # once is not enough in finite precision
            part = part - (part @ self._share)[:, np.newaxis]
            for other in lower:
                part = part - ((part * other) @ self._share)[:, np.newaxis] * other
        left = part**2 @ self._share
        new = left > _NEW * size
        return np.asarray(part * np.where(new, 1 / np.sqrt(np.where(new, left, 1)), 0)[:, None])
