"""How far target models' results lie from the source models', on the items both have."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from sklearn_sparseeval.numerics.row_identity import rows_by_pattern

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

_DECIMALS = 12  # distances that differ by rounding only are equal


def mean_absolute_differences(results: Array, scores: Array) -> Array:
    """Return the mean absolute difference of each row's results from each source model's.

    Parameters
    ----------
    results : ndarray of shape (n_rows, n_items)
        NaN = not evaluated; every row has at least one result.
    scores : ndarray of shape (n_models, n_items)
        NaN = not evaluated.

    Returns
    -------
    distances : ndarray of shape (n_rows, n_models)
        Over the items that both have; infinite where they have none in common.
    """
    distances = np.empty((len(results), len(scores)))
    for rows, items in rows_by_pattern(~np.isnan(results)):
        observed, others = results[np.ix_(rows, items)], scores[:, items]
        have = ~np.isnan(others)
        if have.all():
            distances[rows] = cdist(observed, others, "cityblock") / len(items)
            continue
        n_common = have.sum(axis=1)
        for row, result in zip(rows, observed, strict=True):
            total = np.where(have, np.abs(others - result), 0).sum(axis=1)
            apart = np.full(len(scores), np.inf)
            distances[row] = np.divide(total, n_common, out=apart, where=n_common > 0)
    return np.round(distances, _DECIMALS)


def differences_between_items(scores: Array, chosen: Indices, weight: Array) -> Array:
    """Return the weighted sum of the absolute differences between two items' results.

    Parameters
    ----------
    scores : ndarray of shape (n_models, n_items)
        Without NaN.
    chosen : ndarray of shape (n_chosen,)
        The items to compare all with.
    weight : ndarray of shape (n_models,)
        Positive weights, which sum to one.

    Returns
    -------
    differences : ndarray of shape (n_items, n_chosen)
        Of each item from each chosen one.
    """
    if ((scores == 0) | (scores == 1)).all():  # one product of matrices does it
        passed = weight @ scores
        both = (weight[:, np.newaxis] * scores).T @ scores[:, chosen]
        apart = passed[:, np.newaxis] + passed[chosen] - 2 * both
    else:
        apart = cdist(scores.T, scores[:, chosen].T, "cityblock", w=weight)
    return np.asarray(np.round(apart, _DECIMALS))


def mean_pairwise_differences(scores: Array, weight: Array) -> Array:
    """Return the mean absolute difference between two source models' results on each item.

    Parameters
    ----------
    scores : ndarray of shape (n_models, n_items)
        NaN = not evaluated; every item has a result.
    weight : ndarray of shape (n_models,)
        Positive weights; the two models are drawn by them, with replacement.

    Returns
    -------
    differences : ndarray of shape (n_items,)
        Gini's mean difference, over the models that have the item.
    """
    order = np.argsort(scores, axis=0)  # NaN last
    ordered = np.take_along_axis(scores, order, axis=0)
    mass = np.where(np.isnan(ordered), 0, weight[order])
    below = np.cumsum(mass, axis=0)
    total = below[-1]
    gaps = np.nan_to_num(np.diff(ordered, axis=0))  # of NaN: no model lies above
    return np.asarray(2 * (below[:-1] * (total - below[:-1]) * gaps).sum(axis=0) / total**2)
