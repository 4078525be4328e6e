"""Where a refinement starts: k-means on the items' vectors, or chance."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import pairwise_distances

Array = NDArray[np.floating]


def random_anchors(
    candidates: NDArray[np.intp], n_anchors: int, rng: np.random.RandomState
) -> NDArray[np.intp]:
    """Draw items at random, without replacement.

    Parameters
    ----------
    candidates : ndarray of shape (n_candidates,)
        Column indices to draw from.
    n_anchors : int
        How many to draw.
    rng : RandomState
        Source of chance.

    Returns
    -------
    anchors : ndarray of shape (n_anchors,)
        In the order drawn.
    """
    return rng.choice(candidates, size=n_anchors, replace=False)


def k_means_anchors(
    X: Array,
    sample_weight: Array,
    candidates: NDArray[np.intp],
    n_anchors: int,
    rng: np.random.RandomState,
) -> NDArray[np.intp]:
    """Take the item nearest to each centre of a k-means clustering of the items.

    An item's vector is its column of ``2 X - 1`` scaled to length one, over the rows given here:
    unlike the released code, which clusters on the rows it later tests on. Where two centres
    share their nearest item, items drawn at random fill the set.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores between 0 and 1 without NaN.
    sample_weight : ndarray of shape (n_models,)
        Positive weights of the models.
    candidates : ndarray of shape (n_candidates,)
        Column indices that may be chosen.
    n_anchors : int
        How many to choose.
    rng : RandomState
        Source of chance.

    Returns
    -------
    anchors : ndarray of shape (n_anchors,)
        Nearest items first, by falling size of their cluster, then the random fill.
    """
    vectors = np.sqrt(sample_weight) * (2 * X[:, candidates].T - 1)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.where(length == 0, 1.0, length)
    with warnings.catch_warnings():  # fewer distinct items than anchors: the fill below answers it
        warnings.simplefilter("ignore", ConvergenceWarning)
        k_means = KMeans(n_anchors, n_init=1, random_state=rng).fit(vectors)
    by_size = np.argsort(-np.bincount(k_means.labels_, minlength=n_anchors), kind="stable")
    distance = pairwise_distances(k_means.cluster_centers_[by_size], vectors)
    # Both items of a cluster of two are equally near: the first, not rounding, shall win.
    slack = 10 * np.sqrt(np.finfo(vectors.dtype).eps)
    nearest = (distance <= distance.min(axis=1, keepdims=True) + slack).argmax(axis=1)
    first_seen = np.sort(np.unique(nearest, return_index=True)[1])
    anchors = candidates[nearest[first_seen]]
    fill = random_anchors(np.setdiff1d(candidates, anchors), n_anchors - len(anchors), rng)
    return np.concatenate([anchors, fill])
