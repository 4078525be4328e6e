"""How probable it is that one model scores higher than another."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import nnls

from sklearn_sparseeval.intervals._calibration import HeldOut
from sklearn_sparseeval.intervals._reader import Readings
from sklearn_sparseeval.numerics.proportions import effective_items

Array = NDArray[np.floating]
Rows = NDArray[np.intp]

_MOST_PER_FOLD = 1500
_FEWEST_PAIRS = 10
_N_PRIOR = 20.0
_PRIOR_DF = 5
_NORMAL_RATIO = 1.2533  # standard deviation over mean absolute value
_LEAST_SCALE = 1e-4
_INFLATION = 7.0  # of the variance of unlike models, whose estimates lean on few of the anchors
_LEAST_DF = 4


class PairErrors(NamedTuple):
    """How far the difference of two estimates was off, in units of its usual size."""

    coef: Array  # (n_tasks, 2), of 1 and the distance of the two on the anchors
    sizes: Array  # (n_pairs, n_tasks), sorted for each task
    n_models: int


def fit_pairs(
    held: HeldOut, estimate: Array, y: Array, width: float, rng: np.random.RandomState
) -> PairErrors:
    """Learn how errors of two models read by the same anchors differ.

    Parameters
    ----------
    held : HeldOut
        Models that were held out.
    estimate : ndarray of shape (n_held_out, n_tasks)
        Their estimated scores, on a scale from 0 to 1.
    y : ndarray of shape (n_held_out, n_tasks)
        Their scores, on the same scale.
    width : float
        Range of the results.
    rng : RandomState
        Draws pairs where there are many.

    Returns
    -------
    errors : PairErrors
        By non-negative least squares.
    """
    first, second = _pairs(held.fold, rng)
    error = estimate - y
    if len(first) < _FEWEST_PAIRS:
        coef = np.stack([np.sqrt(2) * np.abs(error).mean(axis=0), np.zeros(error.shape[1])], axis=1)
        return PairErrors(coef, np.empty((0, error.shape[1])), len(error))
    sizes = np.abs(error[first] - error[second])
    results = held.readings.results / width
    apart, _, _ = _distance(results[first], results[second])
    design = np.column_stack([np.ones(len(apart)), np.sqrt(apart)])
    coef = np.array([nnls(design, np.minimum(own, np.quantile(own, 0.99)))[0] for own in sizes.T])
    relative = sizes / np.maximum(design @ coef.T, _LEAST_SCALE)
    return PairErrors(coef, np.sort(relative, axis=0), len(error))


class Side(NamedTuple):
    """One of the two models of each pair."""

    readings: Readings
    estimate: Array  # (n_pairs, n_tasks), between 0 and 1
    like: NDArray[np.bool_]  # (n_pairs,)


def prob_better(a: Side, b: Side, errors: PairErrors, *, width: float, n_items: float) -> Array:
    """Return the probability that the first of two models scores higher.

    Parameters
    ----------
    a, b : Side
        The models.
    errors : PairErrors
        Of held-out models.
    width : float
        Range of the results.
    n_items : float
        Number of items that a score is the mean of.

    Returns
    -------
    probability : ndarray of shape (n_pairs, n_tasks)
        One half where nothing tells them apart.
    """
    square, mean, n = _distance(a.readings.results / width, b.readings.results / width)
    delta = a.estimate - b.estimate
    size = errors.coef[:, 0] + np.outer(np.sqrt(square), errors.coef[:, 1])
    z = np.abs(delta) / np.maximum(size, _LEAST_SCALE)
    alike = 0.5 + np.sign(delta) * _distribution(z, errors) / 2
    variance = (np.maximum(square - mean**2, 0) + 1 / n) / effective_items(n, n_items)
    spread = np.sqrt(_INFLATION * variance)[:, np.newaxis]
    apart = stats.t.cdf(delta / spread, np.maximum(n - 1, _LEAST_DF)[:, np.newaxis])
    return np.where((a.like & b.like)[:, np.newaxis], alike, apart)


def _pairs(fold: Rows, rng: np.random.RandomState) -> tuple[Rows, Rows]:
    firsts, seconds = [], []
    for number in np.unique(fold):
        rows = np.flatnonzero(fold == number)
        i, j = np.triu_indices(len(rows), 1)
        some = rng.permutation(len(i))[:_MOST_PER_FOLD]
        firsts.append(rows[i[some]])
        seconds.append(rows[j[some]])
    return np.concatenate(firsts), np.concatenate(seconds)


def _distance(a: Array, b: Array) -> tuple[Array, Array, Array]:
    """Return mean square and mean of the differences on common anchors, and how many those are."""
    both = ~np.isnan(a) & ~np.isnan(b)
    difference = np.where(both, a - b, 0)
    n = np.maximum(both.sum(axis=1), 1)
    return (difference**2).sum(axis=1) / n, difference.sum(axis=1) / n, n


def _distribution(z: Array, errors: PairErrors) -> Array:
    """Return the share of errors below z, in part by those seen and in part by Student's t."""
    n_pairs = len(errors.sizes)
    ratio: Any = _NORMAL_RATIO
    inside, n_seen = np.zeros_like(z), 0.0
    if n_pairs:
        ratio = np.sqrt((errors.sizes**2).mean(axis=0))
        ratio = np.where(ratio > 0, ratio, _NORMAL_RATIO)
        inside = np.column_stack(
            [
                np.searchsorted(own, values, side="right") / (n_pairs + 1)
                for own, values in zip(errors.sizes.T, z.T, strict=True)
            ]
        )
        n_seen = min(n_pairs, 3 * errors.n_models)  # pairs share models
    supposed = 2 * stats.t.cdf(z / ratio, _PRIOR_DF) - 1
    return np.asarray((n_seen * inside + _N_PRIOR * supposed) / (n_seen + _N_PRIOR))
