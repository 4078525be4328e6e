"""What the splits over models have in common."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import indexable

Masks = Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]


class ModelSplitter(BaseCrossValidator):
    """Base of the splits over models: a subclass says which are sources, which are targets.

    Unlike scikit-learn's, whose training rows are all rows that are not tested, a split may leave
    models out on both sides.

    See Also
    --------
    sklearn.model_selection.BaseCrossValidator : Base of scikit-learn's splits.
    """

    n_splits: Any

    def split(
        self, X: Any, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the row numbers of the source and of the target models of each split.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Score matrix; NaN = not evaluated.
        y : array-like of shape (n_models,) or (n_models, n_tasks), default=None
            Benchmark scores.
        groups : array-like of shape (n_models,), default=None
            What the class asks for: the family or the date of each model.

        Yields
        ------
        train : ndarray of shape (n_sources,)
            Rows of the source models, ascending.
        test : ndarray of shape (n_targets,)
            Rows of the target models, ascending; none of them is a source.
        """
        X, y, groups = indexable(X, y, groups)
        for sources, targets in self._iter_masks(X, y, groups):
            yield np.flatnonzero(sources), np.flatnonzero(targets)

    def get_n_splits(
        self, X: Any = None, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> int:
        """Return how many splits `split` yields.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items), default=None
            Not needed, present for the interface of scikit-learn.
        y : array-like of shape (n_models,), default=None
            Not needed, present for the interface of scikit-learn.
        groups : array-like of shape (n_models,), default=None
            Not needed, present for the interface of scikit-learn.

        Returns
        -------
        n_splits : int
            Number of splits.
        """
        return self._count_splits()

    def _count_splits(self) -> int:
        return int(self.n_splits)

    @abstractmethod
    def _iter_masks(self, X: Any, y: Any, groups: Any) -> Masks:
        """Yield, for each split, which models are sources and which are targets."""
