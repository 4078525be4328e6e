"""How many abilities the source models tell apart, by what is predicted of held-out results."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.item_response._abilities import estimate_abilities
from sklearn_sparseeval.item_response._variational import fit_item_response

Array = NDArray[np.floating]

_CANDIDATES = (1, 2, 3, 5, 8)

_HELD_OUT = 5  # one result in so many


def choose_n_dimensions(
    X: Array, sample_weight: Array, *, max_iter: int, tol: float
) -> tuple[int, dict[int, float]]:
    """Try more and more abilities, as long as held-out results are predicted better.

    A fifth of the results is held out: the same share of every row and of every column, along
    diagonals. More abilities are better when the gain per model is larger than its standard error
    over the models.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores between 0 and 1 of distinct models, in an order that does not depend on how the user
        lists them; NaN = not evaluated.
    sample_weight : ndarray of shape (n_models,)
        Positive weights; a weight of two counts as two rows.
    max_iter : int
        Largest number of sweeps of a fit.
    tol : float
        Tolerance of a fit.

    Returns
    -------
    n_dimensions : int
        The last number of abilities that was better than the one before; 1 where there is too
        little to hold out.
    losses : dict of int to float
        Mean negative log-likelihood of the held-out results for each number that was tried.
    """
    held_out = np.add.outer(np.arange(X.shape[0]), np.arange(X.shape[1])) % _HELD_OUT == 0
    held_out &= ~np.isnan(X)
    training = np.where(held_out, np.nan, X)
    rows = np.flatnonzero(~np.isnan(training).all(axis=1) & held_out.any(axis=1))
    losses: dict[int, float] = {}
    if len(rows) < 2:
        return 1, losses
    training, held_out, weight = training[rows], held_out[rows], sample_weight[rows]
    chosen, least = 1, np.full(len(rows), np.inf)
    for n_dimensions in _CANDIDATES:
        fit = fit_item_response(training, weight, n_dimensions, max_iter=max_iter, tol=tol)
        abilities = estimate_abilities(training, fit.discriminations, fit.difficulties)
        logits = abilities @ fit.discriminations.T - fit.difficulties
        lost = np.where(held_out, np.logaddexp(0, logits) - np.nan_to_num(X[rows]) * logits, 0)
        loss = lost.sum(axis=1) / held_out.sum(axis=1)
        losses[n_dimensions] = float(np.average(loss, weights=weight))
        if n_dimensions > 1 and not _clearly_less(loss, least, weight):
            break
        chosen, least = n_dimensions, loss
    return chosen, losses


def _clearly_less(loss: Array, than: Array, weight: Array) -> bool:
    """Return whether the mean gain exceeds its standard error."""
    share = weight / weight.sum()
    gain = than - loss
    mean = share @ gain
    return bool(mean > np.sqrt(share @ (gain - mean) ** 2 / max(weight.sum(), len(weight))))
