"""Medoids one after another: greedy facility location."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.selectors.representative._item_distances import ItemDistances, medoid
from sklearn_sparseeval.selectors.representative._represented_items import (
    fill_by_share,
    nearest_anchor,
)

Indices = NDArray[np.intp]


def greedy_medoids(distances: ItemDistances, n_medoids: int) -> Indices:
    """Add, one at a time, the item that lowers the sum of distances to the nearest medoid most.

    The gain of every item is kept up to date: an addition changes it by the items that come nearer
    to a medoid alone, so that all additions together take the time of a few passes over all
    distances. Putting off the update of gains that are bounded by old ones ("lazy" greedy) finds
    the same items in more time.

    Parameters
    ----------
    distances : ItemDistances
        Distances between the items.
    n_medoids : int
        How many to choose, at most the number of items.

    Returns
    -------
    medoids : ndarray of shape (n_medoids,)
        Positions in the order of choice, a prefix of the answer for more; the first of several
        items that gain as much. Items that differ come before copies of them.
    """
    medoids = [medoid(distances)]
    nearest = distances(np.array(medoids))[0]
    gain = np.zeros(len(distances))
    for items, block in distances.blocks():
        gain += np.maximum(nearest[items, np.newaxis] - block, 0).sum(axis=0)
    while len(medoids) < n_medoids:
        gain[medoids] = 0  # more, where a distance is rounded differently from the other side
        best = int(gain.argmax())
        if gain[best] <= 0:
            chosen = np.array(medoids)
            labels = nearest_anchor(distances(chosen), chosen)
            return fill_by_share(labels, chosen, n_medoids)
        medoids.append(best)
        distance = distances(np.array([best]))[0]
        for items, block in distances.blocks(np.flatnonzero(distance < nearest)):
            before, after = nearest[items, np.newaxis], distance[items, np.newaxis]
            gain -= (np.maximum(before - block, 0) - np.maximum(after - block, 0)).sum(axis=0)
        nearest = np.minimum(nearest, distance)
    return np.array(medoids)
