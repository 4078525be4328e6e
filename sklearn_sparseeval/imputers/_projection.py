"""Loadings of the items, and rows projected on them from the items they have a result on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from sklearn_sparseeval.numerics.latent_items import latent_item_features

Array = NDArray[np.floating]

_BLOCK_CELLS = 2**22  # of float64 at a time, 32 MiB
# Relative to the mean variance of an item, and absolute, for scores from 0 to 1: what keeps the
# projection on exact loadings well defined.
_LEAST_SHARE, _LEAST_NOISE = 1e-6, 1e-12


class LowRankModel(NamedTuple):
    """A row is the items' means, plus a level, plus loadings times coordinates of variance 1."""

    means: Array  # (n_items,)
    loadings: Array  # (n_items, rank)
    variance: float  # of the rows, summed over the items

    @classmethod
    def of(cls, scores: Array, weight: Array, rank: int) -> "LowRankModel":
        """Take the leading principal components of complete rows.

        Parameters
        ----------
        scores : ndarray of shape (n_models, n_items)
            Complete results.
        weight : ndarray of shape (n_models,)
            Positive weights.
        rank : int
            How many loadings, 0 or more; those beyond the rank of the scores are zero.

        Returns
        -------
        model : LowRankModel
            Fitted.
        """
        features = latent_item_features(scores, weight, rank)
        means, loadings = features[:, 0], features[:, 1:]
        squares = np.einsum("ij,ij->i", scores - means, scores - means)
        return cls(means, loadings, float(weight @ squares / weight.sum()))

    @property
    def noise(self) -> float:
        """Variance of a result about what the loadings say.

        Returns
        -------
        noise : float
            Never quite zero.
        """
        left = max(self.variance - float((self.loadings**2).sum()), _LEAST_SHARE * self.variance)
        return max(left / len(self.means), _LEAST_NOISE)

    def project(self, results: Array, alpha: float, fit_intercept: bool) -> Array:
        """Predict all items of each row from those it has, by ridge regression on the loadings.

        Parameters
        ----------
        results : ndarray of shape (n_rows, n_items)
            NaN = not evaluated; at least one result in a row.
        alpha : float
            Penalty of the coordinates in units of the noise, positive.
        fit_intercept : bool
            Whether each row has a level of its own, without a penalty.

        Returns
        -------
        predicted : ndarray of shape (n_rows, n_items)
            Without NaN.
        """
        level = np.ones((len(self.means), int(fit_intercept)))
        design = np.hstack([level, self.loadings])
        if not design.shape[1]:
            return np.tile(self.means, (len(results), 1))
        penalty = np.full(design.shape[1], alpha * self.noise)
        penalty[: level.shape[1]] = 0
        predicted = np.empty_like(results)
        for batch in gen_batches(len(results), max(1, _BLOCK_CELLS // (1 + len(penalty) ** 2))):
            rows = results[batch]
            have = ~np.isnan(rows)
            moments = _second_moments(have, design) + np.diag(penalty)
            products = np.where(have, rows - self.means, 0) @ design
            coordinates = np.linalg.solve(moments, products[:, :, np.newaxis])[:, :, 0]
            predicted[batch] = self.means + coordinates @ design.T
        return predicted


def complete_rows(
    scores: Array,
    weight: Array,
    filled: Array,
    rank: int,
    alpha: float,
    fit_intercept: bool,
    max_iter: int,
    tol: float,
) -> tuple[Array, int, bool]:
    """Fill missing results by principal components and projection in turn.

    Parameters
    ----------
    scores : ndarray of shape (n_models, n_items)
        NaN = not evaluated.
    weight : ndarray of shape (n_models,)
        Positive weights.
    filled : ndarray of shape (n_models, n_items)
        The same with a first guess in place of NaN. Not changed.
    rank : int
        Number of components.
    alpha : float
        Penalty of the projection.
    fit_intercept : bool
        Whether each row has a level of its own.
    max_iter : int
        Most rounds.
    tol : float
        Root mean squared change of the filled results at which to stop, in units of the results'
        standard deviation about the items' means.

    Returns
    -------
    filled : ndarray of shape (n_models, n_items)
        Complete.
    n_iter : int
        Number of rounds; 1 where nothing was missing.
    converged : bool
        Whether the change became small enough.
    """
    missing = np.isnan(scores)
    if not missing.any():
        return scores, 1, True
    filled = filled.copy()
    for n_iter in range(1, max_iter + 1):
        model = LowRankModel.of(filled, weight, rank)
        guess = model.project(scores, alpha, fit_intercept)[missing]
        change = np.sqrt(np.mean((guess - filled[missing]) ** 2))
        filled[missing] = guess
        if change <= tol * np.sqrt(model.variance / len(model.means)):
            return filled, n_iter, True
    return filled, max_iter, False


def _second_moments(have: NDArray[np.bool_], design: Array) -> Array:
    """Return the design's moments over the items of each row, (n_rows, n_columns, n_columns)."""
    n_columns = design.shape[1]
    moments = np.zeros((len(have), n_columns**2))
    for items in gen_batches(len(design), max(1, _BLOCK_CELLS // (1 + n_columns**2))):
        products = design[items, :, np.newaxis] * design[items, np.newaxis]
        moments += have[:, items].astype(np.float64) @ products.reshape(-1, n_columns**2)
    return moments.reshape(-1, n_columns, n_columns)
