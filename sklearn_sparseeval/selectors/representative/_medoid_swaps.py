"""Swaps between medoids and other items, for as long as one lowers the sum of distances."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Distances = NDArray[np.float32]
Indices = NDArray[np.intp]

_BLOCK = 64  # candidates that are compared before the best of them is swapped in


class _Clusters(NamedTuple):
    """The items by the medoid nearest to them."""

    order: Indices  # (n_items,), cluster after cluster
    start: Indices  # (n_medoids,), of each cluster in the order
    first: Distances  # (n_items,), distance to the nearest medoid, in the order
    second: Distances  # (n_items,), to the second nearest


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
