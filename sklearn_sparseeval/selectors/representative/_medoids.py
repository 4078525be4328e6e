"""Medoids, the items that stand for all others: chosen greedily, swapped, added to given ones."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from sklearn_sparseeval.selectors.representative._item_distances import ItemDistances, medoid
from sklearn_sparseeval.selectors.representative._represented_items import (
    fill_by_share,
    nearest_anchor,
)

Array = NDArray[np.floating]
Distances = NDArray[np.float32]
Indices = NDArray[np.intp]

_BLOCK = 64  # candidates that are compared before the best of them is swapped in
_STEPS = 2.0**24  # of the largest distance: sums of multiples of one step are exact


class _Clusters(NamedTuple):
    """The items by the medoid nearest to them."""

    order: Indices  # (n_items,), cluster after cluster
    start: Indices  # (n_medoids,), of each cluster in the order
    first: Distances  # (n_items,), distance to the nearest medoid, in the order
    second: Distances  # (n_items,), to the second nearest


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


def _clusters(matrix: Distances, medoids: Indices) -> _Clusters:
    distance = matrix[medoids]
    nearest = distance.argmin(axis=0)
    nearest[medoids] = np.arange(len(medoids))  # no cluster is empty, even where medoids are equal
    order = np.argsort(nearest, kind="stable")
    start = np.searchsorted(nearest[order], np.arange(len(medoids)))
    first, second = np.partition(distance, 1, axis=0)[:2, order]
    return _Clusters(order, start, first, second)


def _best_swap(
    matrix: Distances, clusters: _Clusters, candidates: Indices
) -> tuple[float, int, int]:
    """Return how much the best swap adds to the sum of distances, the medoid's number, the item.

    First the candidate comes in, and what that gains does not depend on which medoid leaves. Then
    one leaves, and only its own items lose: they go to the second nearest medoid or to the
    candidate. A medoid as a candidate gains nothing.
    """
    order, start, first, second = clusters
    distance = matrix[candidates][:, order]
    with_both = np.minimum(distance, first)
    gained = (with_both - first).sum(axis=1, dtype=np.float64)
    lost = np.minimum(distance, second) - with_both
    total = gained[:, np.newaxis] + np.add.reduceat(lost, start, axis=1, dtype=np.float64)
    row, number = np.unravel_index(total.argmin(), total.shape)
    return float(total[row, number]), int(number), int(candidates[row])


def swap_medoids(matrix: Distances, medoids: Indices) -> Indices:
    """Swap medoids for other items until no swap lowers the sum of distances to the nearest.

    Parameters
    ----------
    matrix : ndarray of shape (n_items, n_items)
        Distances in steps that a sum does not round.
    medoids : ndarray of shape (n_medoids,)
        The start.

    Returns
    -------
    medoids : ndarray of shape (n_medoids,)
        Where no single swap is an improvement.
    """
    medoids = medoids.copy()
    if len(medoids) == 1:  # the start is the best: there is no second nearest
        return medoids
    blocks = np.array_split(np.arange(len(matrix)), -(-len(matrix) // _BLOCK))
    clusters = _clusters(matrix, medoids)
    number, n_without_swap = 0, 0
    while n_without_swap < len(blocks):
        change, leaving, item = _best_swap(matrix, clusters, blocks[number])
        if change < 0:
            medoids[leaving] = item
            clusters = _clusters(matrix, medoids)
            n_without_swap = 0
        else:
            number = (number + 1) % len(blocks)
            n_without_swap += 1
    return medoids


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
