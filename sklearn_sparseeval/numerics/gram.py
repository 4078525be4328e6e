"""Second moments of the items, column by column, so that items x items is seldom formed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from sklearn.utils import gen_batches

Array = NDArray[np.floating]

# Below this many items all columns at once are cheaper than a few at a time.
_ALL_AT_ONCE = 2048
# One product with so many columns takes hardly longer than with one: memory is the bottleneck.
_TOGETHER = 32
# Cells from which on graded scores are kept in single precision.
_LARGE = 25_000_000
_BLOCK = 512  # items
_ROUNDING = 1e-22  # of a squared mean of up to a million models


class GramColumns:
    """Weighted second moments of the centred items, each column computed once, when needed.

    A missing result counts as the item's mean. The moments of a pair of items are then those of
    the models that have both, shrunk by the share of models that do.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores of any real type; NaN = not evaluated.
    sample_weight : ndarray of shape (n_models,)
        Positive weights.

    Attributes
    ----------
    mean : ndarray of shape (n_items,)
        Weighted mean of each item's results; 0 where it has none.
    diagonal : ndarray of shape (n_items,)
        Weighted sum of squares of each centred item.
    complete : bool
        Whether all columns were computed at once.
    """

    def __init__(self, X: NDArray[Any], sample_weight: Array) -> None:
        self._weight = np.asarray(sample_weight, dtype=np.float64)
        self._columns: dict[int, Array] = {}
        # Sums of zeros, ones and small counts are exact in single precision, in any order.
        counts = (self._weight == np.round(self._weight)).all() and self._weight.sum() < 2**24
        self._exact = bool(counts) and _is_binary(X)
        self._set_scores(X)
        self.complete = X.shape[1] <= _ALL_AT_ONCE
        if self.complete:
            items = np.arange(X.shape[1])
            self._columns = dict(enumerate(self._products(items).T))

    def _set_scores(self, X: NDArray[Any]) -> None:
        total = self._weight.sum()
        if self._exact:
            self._scores: Array = np.asarray(X, dtype=np.float32)
            self._sums = (self._weight.astype(np.float32) @ self._scores).astype(np.float64)
            self.mean = self._sums / total
            self.diagonal = self._sums * (1 - self.mean)
            return
        dtype = np.float32 if X.dtype == np.float32 and X.size > _LARGE else np.float64
        self._scores = np.empty(X.shape, dtype=dtype)
        self.mean, self.diagonal = np.zeros(X.shape[1]), np.zeros(X.shape[1])
        root = np.sqrt(self._weight)[:, np.newaxis]
        for block in gen_batches(X.shape[1], _BLOCK):
            part = X[:, block].astype(np.float64)
            missing = np.isnan(part)
            part[missing] = 0
            counted = self._weight @ ~missing
            sums = self._weight @ part
            self.mean[block] = np.divide(sums, counted, out=np.zeros_like(sums), where=counted > 0)
            part = np.where(missing, 0, part - self.mean[block]) * root
            self.diagonal[block] = np.einsum("ij,ij->j", part, part)
            # What is left of a constant item is rounding, which would pass for a signal.
            scale = total * self.mean[block] ** 2
            constant = self.diagonal[block] <= _ROUNDING * scale
            part[:, constant] = 0
            self.diagonal[block][constant] = 0
            self._scores[:, block] = part

    def products_with(self, y: Array) -> tuple[Array, Array]:
        """Return the weighted products of centred targets with the centred items.

        Parameters
        ----------
        y : ndarray of shape (n_models, n_targets)
            Targets.

        Returns
        -------
        products : ndarray of shape (n_targets, n_items)
            With each item, in double precision.
        squares : ndarray of shape (n_targets,)
            With the target itself.
        """
        centred = _centred(y, self._weight)
        weight = self._weight if self._exact else np.sqrt(self._weight)
        weighted = centred * weight[:, np.newaxis]
        products = np.empty((y.shape[1], self._scores.shape[1]))
        for block in gen_batches(self._scores.shape[1], _BLOCK):
            products[:, block] = weighted.T @ self._scores[:, block].astype(np.float64)
        return products, self._weight @ centred**2

    def leading_components(self, n_components: int) -> Array:
        """Return the models' scores on the leading principal components of the items.

        Parameters
        ----------
        n_components : int
            How many; at most as many as there are models and items.

        Returns
        -------
        components : ndarray of shape (n_models, n_components)
            Their weighted sums of squares are the eigenvalues of the items' second moments.
        """
        root = np.sqrt(self._weight)[:, np.newaxis]
        n_models, n_items = self._scores.shape
        between = np.zeros((n_models, n_models))
        for block in gen_batches(n_items, _BLOCK):
            part = self._scores[:, block].astype(np.float64)
            if self._exact:
                part = (part - self.mean[block]) * root
            between += part @ part.T
        n_components = min(n_components, n_models, n_items)
        values, vectors = eigh(between, subset_by_index=[n_models - n_components, n_models - 1])
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0)) / root)

    def column(self, item: int, priority: Array) -> Array:
        """Return the moments of one item with all.

        Parameters
        ----------
        item : int
            Which.
        priority : ndarray of shape (n_items,)
            The higher, the sooner an item's column may be asked for: where the column is not
            there yet, those of a few such items are computed with it.

        Returns
        -------
        column : ndarray of shape (n_items,)
            In double precision.
        """
        if item not in self._columns:
            n_likely = min(_TOGETHER, len(priority))
            likely = np.argpartition(-priority, n_likely - 1)[:n_likely]
            fresh = [i for i in likely.tolist() if i not in self._columns and i != item]
            items = np.array([item, *fresh[: _TOGETHER - 1]])
            self._columns.update(zip(items.tolist(), self._products(items).T, strict=True))
        return self._columns[item]

    def rows(self, items: NDArray[np.intp]) -> Array:
        """Return the moments of some items with all.

        Parameters
        ----------
        items : ndarray of shape (n_chosen,)
            Which.

        Returns
        -------
        rows : ndarray of shape (n_chosen, n_items)
            In double precision.
        """
        missing = np.array([i for i in items.tolist() if i not in self._columns], dtype=np.intp)
        if len(missing):
            self._columns.update(zip(missing.tolist(), self._products(missing).T, strict=True))
        return np.stack([self._columns[item] for item in items.tolist()])

    def _products(self, items: NDArray[np.intp]) -> Array:
        chosen = self._scores[:, items]
        if not self._exact:
            return (self._scores.T @ chosen).astype(np.float64, copy=False)
        chosen = chosen * self._weight.astype(np.float32)[:, np.newaxis]
        products = (self._scores.T @ chosen).astype(np.float64)
        # Not the sums times the means: a constant item must have no moments but zero.
        centre = np.outer(self._sums, self._sums[items]) / self._weight.sum()
        return np.asarray(products - centre)


def _centred(y: Array, sample_weight: Array) -> Array:
    """Subtract each target's weighted mean; a constant target becomes exactly zero."""
    y = y.astype(np.float64)
    centred = y - sample_weight @ y / sample_weight.sum()
    centred[:, (y == y[0]).all(axis=0)] = 0
    return np.asarray(centred)


def _is_binary(X: NDArray[Any]) -> bool:
    if X.dtype == np.bool_:
        return True
    items = gen_batches(X.shape[1], _BLOCK)
    return all(bool(((X[:, block] == 0) | (X[:, block] == 1)).all()) for block in items)
