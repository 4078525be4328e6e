"""What the source models tell about the items: how hard, and along which lines they differ."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from sklearn_sparseeval.numerics.missing import item_means
from sklearn_sparseeval.numerics.row_identity import distinct_rows
from sklearn_sparseeval.numerics.threads import one_thread

Array = NDArray[np.floating]

_BLOCK_CELLS = 2**22  # of float64 at a time, 32 MiB


def latent_item_features(X: Array, sample_weight: Array, n_components: int) -> Array:
    """Describe each item by its difficulty and its loadings on the models' main differences.

    The loadings are the leading right singular vectors of the weighted, item-centred score
    matrix, each times its singular value over the root of the total weight: in the units of the
    scores, so that a column's size says how much the models differ along it. Several rows with
    the same results are merged first, in an order of their own: the order of the rows does not
    matter, and a weight of two is two rows.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores, of float, small integer or bool dtype; NaN = not evaluated, which counts as the
        item's mean.
    sample_weight : ndarray of shape (n_models,)
        Positive weights.
    n_components : int
        How many loadings, 0 or more.

    Returns
    -------
    features : ndarray of shape (n_items, 1 + n_components)
        Column 0 is the weighted mean over the models that have a result, the others are the
        loadings, zero beyond the rank of the matrix. The loading of largest magnitude is
        positive. Items without any result are all zeros; leave them out. Always float64.
    """
    rows, weight = distinct_rows(X, sample_weight)
    share = weight / weight.sum()
    features = np.zeros((X.shape[1], 1 + n_components))
    with one_thread():
        features[:, 0] = _item_means(X, rows, share)
        n_found = min(n_components, len(rows), X.shape[1])
        if n_found:
            features[:, 1 : 1 + n_found] = _loadings(X, rows, share, features[:, 0], n_found)
    return features


def blocks(length: int, width: int) -> Iterator[slice]:
    """Cut lines of a matrix into runs that fit into memory one after the other.

    Parameters
    ----------
    length : int
        How many lines there are.
    width : int
        Numbers in a line.

    Returns
    -------
    blocks : iterator of slice
        The runs, in order.
    """
    step = max(1, _BLOCK_CELLS // max(width, 1))
    return (slice(start, start + step) for start in range(0, length, step))


def _item_means(X: Array, rows: NDArray[np.intp], share: Array) -> Array:
    return np.concatenate(
        [
            item_means(X[:, items][rows].astype(np.float64), share, empty=0)
            for items in blocks(X.shape[1], len(rows))
        ]
    )


def _centred(block: Array, means: Array, share: Array) -> Array:
    """Return the weighted deviations from the items' means; missing results deviate by 0."""
    return np.sqrt(share)[:, np.newaxis] * np.nan_to_num(block.astype(np.float64) - means)


def _loadings(X: Array, rows: NDArray[np.intp], share: Array, means: Array, n_found: int) -> Array:
    """Return the leading singular vectors times their singular values, (n_items, n_found)."""
    n_rows, n_items = len(rows), X.shape[1]
    tall = n_rows > n_items
    moments = np.zeros((n_items, n_items) if tall else (n_rows, n_rows))  # the smaller one
    if tall:
        for part in blocks(n_rows, n_items):
            centred = _centred(X[rows[part]], means, share[part])
            moments += centred.T @ centred
    else:
        for items in blocks(n_items, n_rows):
            centred = _centred(X[:, items][rows], means[items], share)
            moments += centred @ centred.T
    # Where every item is constant, all there is is the rounding of its mean.
    noise = 1e-24 * (np.trace(moments) + means @ means)
    size = len(moments)
    values, vectors = eigh(moments, subset_by_index=[size - n_found, size - 1])
    values, vectors = values[::-1], vectors[:, ::-1]
    vectors = vectors * (values > max(1e-11 * values[0], noise))
    if tall:
        loadings = vectors * np.sqrt(np.maximum(values, 0))
    else:
        loadings = np.concatenate(
            [
                _centred(X[:, items][rows], means[items], share).T @ vectors
                for items in blocks(n_items, n_rows)
            ]
        )
    return np.asarray(loadings * _signs(loadings))


def _signs(loadings: Array) -> Array:
    """Return the sign of each column's largest entry; of the first, where several are as large."""
    magnitude = np.abs(loadings)
    largest = (magnitude >= (1 - 1e-6) * magnitude.max(axis=0)).argmax(axis=0)
    return np.where(loadings[largest, np.arange(loadings.shape[1])] < 0, -1.0, 1.0)
