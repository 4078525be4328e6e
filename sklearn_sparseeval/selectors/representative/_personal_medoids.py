"""Items that stand for all others in the eyes of some models, beside items that are given."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from sklearn_sparseeval.selectors.representative._represented_items import (
    fill_by_share,
    nearest_anchor,
)

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

_STEPS = 2.0**24  # of the largest distance: sums of multiples of one step are exact


def manhattan_distances(scores: Array, weight: Array) -> Array:
    """Return the weighted sum of absolute differences of the models' results on two items.

    Parameters
    ----------
    scores : ndarray of shape (n_models, n_items)
        Without NaN.
    weight : ndarray of shape (n_models,)
        Positive weights.

    Returns
    -------
    distances : ndarray of shape (n_items, n_items)
        Multiples of a step so large that sums of distances are exact, and ties too.
    """
    points = np.ascontiguousarray((weight[:, np.newaxis] * scores).T)
    distances = cdist(points, points, "cityblock")
    step = distances.max() / _STEPS
    return np.asarray(np.rint(distances / step)) if step > 0 else distances


def with_more_medoids(distances: Array, given: Indices, n_medoids: int) -> Indices:
    """Add, one at a time, the item that lowers the sum of distances to the nearest medoid most.

    Parameters
    ----------
    distances : ndarray of shape (n_items, n_items)
        Distances in which ties are exact.
    given : ndarray of shape (n_given,)
        Medoids to begin with; none is allowed.
    n_medoids : int
        How many medoids in all, from `n_given` to the number of items, at least one.

    Returns
    -------
    medoids : ndarray of shape (n_medoids,)
        Those given, then the others in the order of choice; the first of several that are as
        good. Once every item is a copy of a medoid, copies follow, in proportion.
    """
    medoids = given.tolist() or [int(distances.sum(axis=0).argmin())]
    nearest = distances[medoids].min(axis=0)
    gain = np.maximum(nearest[:, np.newaxis] - distances, 0).sum(axis=0)
    while len(medoids) < n_medoids:
        best = int(gain.argmax())
        if gain[best] <= 0:
            chosen = np.array(medoids)
            return fill_by_share(nearest_anchor(distances[chosen], chosen), chosen, n_medoids)
        medoids.append(best)
        closer = np.flatnonzero(distances[best] < nearest)
        before, after = nearest[closer, np.newaxis], distances[best, closer, np.newaxis]
        block = distances[closer]
        gain -= (np.maximum(before - block, 0) - np.maximum(after - block, 0)).sum(axis=0)
        nearest[closer] = after[:, 0]
    return np.array(medoids)
