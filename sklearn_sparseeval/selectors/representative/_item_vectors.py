"""One vector per item: its results across the source models, or features that the user gives."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from sklearn_sparseeval.numerics.missing import filled
from sklearn_sparseeval.numerics.row_identity import distinct_rows

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class ItemVectors(NamedTuple):
    """The vectors of the items that may be chosen."""

    items: Indices  # (n_candidates,), columns of the score matrix
    values: Array  # (n_candidates, n_dimensions)
    weight: Array  # (n_dimensions,), of each dimension in sums over them

    def points(self) -> Array:
        """Scale the dimensions so that plain Euclidean distances are the weighted ones.

        Returns
        -------
        points : ndarray of shape (n_candidates, n_dimensions)
            The values times the roots of the weights.
        """
        return np.ascontiguousarray(self.values * np.sqrt(self.weight))


def item_vectors(X: Array, sample_weight: Array, features: str | ArrayLike) -> ItemVectors:
    """Describe each item by a vector.

    With "correctness" a dimension is a source model. Several models with the same results are
    merged first, in an order of their own: the order of the models does not matter, and a weight
    of two is two models.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores, of float, small integer or bool dtype; NaN = not evaluated, which counts as the
        item's mean.
    sample_weight : ndarray of shape (n_models,)
        Positive weights of the models; of use with "correctness" alone.
    features : "correctness" or array-like of shape (n_items,) or (n_items, n_features)
        Where the vectors come from: the scores, or numbers taken as they are.

    Returns
    -------
    vectors : ItemVectors
        Of the items that have a result. The weights of the models sum to one, so that squares are
        means over models; the weights of features are ones.

    Raises
    ------
    ValueError
        If `features` are not numbers, or not those of so many items.
    """
    items = np.flatnonzero(~np.isnan(X).all(axis=0))
    if isinstance(features, str):
        rows, weight = distinct_rows(X, sample_weight)
        scores = X[np.ix_(rows, items)].astype(np.float64)
        return ItemVectors(items, filled(scores, weight).T, weight / weight.sum())
    values = checked_features(features, X.shape[1])[items]
    return ItemVectors(items, values, np.ones(values.shape[1]))


def checked_features(features: Any, n_items: int) -> Array:
    """Return the user's features of the items as a matrix.

    Parameters
    ----------
    features : array-like of shape (n_items,) or (n_items, n_features)
        Finite numbers.
    n_items : int
        Number of items.

    Returns
    -------
    values : ndarray of shape (n_items, n_features)
        Always float64.

    Raises
    ------
    ValueError
        If `features` are not finite numbers, or not those of so many items.
    """
    given = np.asarray(features)
    if given.dtype.kind in "USO" and any(isinstance(value, str) for value in given.flat):
        raise ValueError(
            "features must be numbers, one row per item, but holds text. For labels of groups, "
            "such as subjects, use StratifiedSelector(features=labels)."
        )
    values: Array = check_array(features, ensure_2d=False, dtype=np.float64, input_name="features")
    if len(values) != n_items:
        raise ValueError(
            f"features has {len(values)} entries, but X has {n_items} items. Give one entry per "
            "item, in the order of the columns of X."
        )
    return values.reshape(n_items, -1)
