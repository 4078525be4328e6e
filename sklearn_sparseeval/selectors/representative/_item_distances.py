"""Distances between items, a block at a time, in steps that rounding does not reach."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.selectors.representative._item_vectors import ItemVectors

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

METRICS = frozenset({"correlation", "cosine", "euclidean"})

_STEPS = 2.0**20  # per unit of distance
_BLOCK_CELLS = 2**22  # of float64 at a time, 32 MiB
_ROUNDING = 1e-12  # relative: what varies by less is constant
_SAME_LEVEL = 1e-9  # relative: constant items whose values differ by less are alike


class ItemDistances:
    """Distances between all items, computed when they are asked for.

    They are scaled to lie between 0 and 2 and rounded to multiples of ``2**-20``: sums of them
    are exact, so that what is a tie does not depend on the machine or on the order of a sum.

    Parameters
    ----------
    vectors : ItemVectors
        The items.
    metric : {"correlation", "cosine", "euclidean"}
        One minus the correlation or the cosine of two vectors, or the length of their difference.
        An item that is constant has no correlation: it counts as 0 with items that vary and with
        constant items of another value, and as 1 with those of the same value. So does a vector of
        zeros and its cosine.

    Attributes
    ----------
    unit : float
        What a distance is to be multiplied by to be in the units of the vectors.
    """

    def __init__(self, vectors: ItemVectors, metric: str) -> None:
        self.unit = 1.0
        self._matrix: NDArray[np.float32] | None = None
        self._squares: Array | None = None
        if metric == "euclidean":
            points = vectors._replace(values=vectors.values - vectors.values.mean(axis=0)).points()
            self.unit = float(np.linalg.norm(points, axis=1).max()) or 1.0
            self._points = points / self.unit
            self._squares = np.einsum("ij,ij->i", self._points, self._points)
            self._level = np.full(len(points), -1)
        else:
            share = vectors.weight / vectors.weight.sum()
            level = vectors.values @ share if metric == "correlation" else np.zeros(len(vectors[0]))
            points = vectors._replace(values=vectors.values - level[:, np.newaxis]).points()
            self._points, self._level = _directions(points, level)

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self._points)

    def __call__(self, items: Indices) -> Array:
        """Return the distances of some items to all, of shape (len(items), n_items)."""
        if self._matrix is not None:
            return self._matrix[items].astype(np.float64)
        product = self._points[items] @ self._points.T
        if self._squares is not None:
            squares = self._squares[items, np.newaxis] + self._squares - 2 * product
            distance = np.sqrt(np.maximum(squares, 0))
        else:
            distance = 1 - product
            level = self._level[items, np.newaxis]
            distance[(level == self._level) & (level >= 0)] = 0
        distance[np.arange(len(items)), items] = 0
        return np.asarray(np.rint(distance * _STEPS) / _STEPS)

    def blocks(self, items: Indices | None = None) -> Iterator[tuple[Indices, Array]]:
        """Go through the distances of some items to all, so that few are in memory at a time.

        Parameters
        ----------
        items : ndarray, default=None
            Positions of the items; by default all.

        Yields
        ------
        part : ndarray of shape (n_part,)
            Some of the items, in their order.
        block : ndarray of shape (n_part, n_items)
            Their distances.
        """
        wanted = np.arange(len(self)) if items is None else items
        step = max(1, _BLOCK_CELLS // len(self))
        for start in range(0, len(wanted), step):
            part = wanted[start : start + step]
            yield part, self(part)

    def matrix(self) -> NDArray[np.float32]:
        """Compute all distances at once, and keep them.

        Returns
        -------
        matrix : ndarray of shape (n_items, n_items)
            In single precision, which holds their steps exactly.
        """
        if self._matrix is None:
            matrix = np.empty((len(self), len(self)), dtype=np.float32)
            for part, block in self.blocks():
                matrix[part] = block
            self._matrix = matrix
        return self._matrix


def _directions(points: Array, level: Array) -> tuple[Array, Indices]:
    """Scale vectors to length one; number the levels of those that are zero, -1 for others."""
    length = np.linalg.norm(points, axis=1)
    zero = length <= _ROUNDING * np.abs(level)
    points = np.where(zero, 0.0, 1.0)[:, np.newaxis] * points
    points /= np.where(zero, 1.0, length)[:, np.newaxis]
    step = _SAME_LEVEL * np.abs(level).max() or 1.0
    number = np.full(len(points), -1)
    number[zero] = np.unique(np.round(level[zero] / step), return_inverse=True)[1].ravel()
    return points, number


def medoid(distances: ItemDistances) -> int:
    """Return the item with the least sum of distances to all items, the first of several.

    Parameters
    ----------
    distances : ItemDistances
        Distances between the items.

    Returns
    -------
    item : int
        Its position.
    """
    total = np.zeros(len(distances))
    for _, block in distances.blocks():
        total += block.sum(axis=0)
    return int(total.argmin())
