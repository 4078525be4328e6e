"""Greedy k-center: no item is far from an anchor."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval._sklearn import StrOptions
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.selectors.representative._item_distances import (
    METRICS,
    ItemDistances,
    medoid,
)
from sklearn_sparseeval.selectors.representative._item_vectors import item_vectors
from sklearn_sparseeval.selectors.representative._represented_items import (
    fill_by_share,
    nearest_anchor,
    representation,
)

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class KCenterSelector(AnchorSelector):
    """Choose, again and again, the item that is farthest from all anchors: greedy k-center.

    It makes the largest distance of an item to its nearest anchor small, so that every kind of
    item is there, the odd ones too. This is the coreset of LMMs-Eval Lite, where items are
    embeddings of their text and image. There is no chance in it.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    features : "correctness" or array-like of shape (n_items,) or (n_items, n_features), \
            default="correctness"
        What makes items alike. "correctness" is an item's column of `X`. Numbers, without NaN, are
        features of your own, one row per item, such as embeddings; they are used as they are.
    metric : {"euclidean", "correlation", "cosine"}, default="euclidean"
        Distance of two items: the length of the difference of their vectors, one minus their
        correlation, or one minus their cosine.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items, in order of choice. Nested: a prefix is the answer for
        fewer anchors.
    anchor_weights_ : ndarray of shape (n_anchors,)
        Share of the items that each anchor is the nearest of; they sum to 1. Unlike the anchors,
        the weights for fewer anchors call for another fit.
    labels_ : ndarray of shape (n_items,)
        Position in `anchors_` of the anchor nearest to each item, -1 for items without any result.
    radii_ : ndarray of shape (n_anchors,)
        Largest distance of an item to its nearest anchor, for 1, 2, ... of the anchors.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    FacilityLocationSelector : Nested too, but for the mean distance, which odd items hardly move.

    Notes
    -----
    The first anchor is the item with the least sum of distances to all others. No choice of as
    many anchors has less than half the radius [1]_.

    Items that are far from all others are seldom typical. On matrices of 0 and 1 the weighted mean
    of these anchors tends to be further from the benchmark score than the mean of as many random
    ones. They are of use where every kind of item has to be there, and with embeddings.

    Euclidean distances on "correctness" are root mean squares over the source models. Distances
    are rounded to steps of ``2**-20`` (of the largest, if they are Euclidean), and among equal
    ones the first item wins. A constant item counts as uncorrelated with all others but those of
    the same constant. Where there are fewer distinct items than anchors, copies of items are
    chosen in proportion to how many there are, and share the weight.

    With "correctness" a missing result (NaN) counts as the item's mean over the source models that
    have it, and the order of the models does not matter. With `features` of your own, `X` only
    says which items there are. In either case items without any result are never chosen, and
    weights are shares of the others.

    References
    ----------
    .. [1] T. F. Gonzalez, "Clustering to minimize the maximum intercluster distance", Theoretical
       Computer Science 38, 293-306, 1985.
    .. [2] K. Zhang et al., "LMMs-Eval: Reality Check on the Evaluation of Large Multimodal Models",
       2024, arXiv:2407.12772 (section on LMMs-Eval Lite).

    Examples
    --------
    >>> from sklearn_sparseeval import KCenterSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> selector = KCenterSelector(n_anchors=20).fit(X)
    >>> selector.transform(X).shape
    (83, 20)
    >>> bool((selector.radii_[1:] <= selector.radii_[:-1]).all())
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "features": [StrOptions({"correctness"}), "array-like"],
        "metric": [StrOptions(set(METRICS))],
    }

    _score_dtypes = (np.float64, np.float32, np.uint8, np.int8, np.bool_)

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        features: str | ArrayLike = "correctness",
        metric: str = "euclidean",
        missing_anchors: str = "raise",
    ) -> None:
        self.n_anchors = n_anchors
        self.features = features
        self.metric = metric
        self.missing_anchors = missing_anchors

    def _choose_anchors(
        self, X: Array, y: Array, sample_weight: Array, n_anchors: int
    ) -> NDArray[np.intp]:
        with one_thread():  # the last digits must not depend on the machine
            vectors = item_vectors(X, sample_weight, self.features)
            distances = ItemDistances(vectors, self.metric)
            centers, radii = _farthest_first(distances, n_anchors)
            labels = nearest_anchor(distances(centers), centers)
        result = representation(X.shape[1], vectors.items, centers, labels)
        anchors, self.anchor_weights_, self.labels_ = result
        self.radii_: Array = radii * distances.unit
        return anchors


def _farthest_first(distances: ItemDistances, n_centers: int) -> tuple[Indices, Array]:
    """Return the centers in the order of choice, and the radius that each leaves."""
    centers = [medoid(distances)]
    nearest = distances(np.array(centers))[0]
    radii = [nearest.max()]
    while len(centers) < n_centers and radii[-1] > 0:
        centers.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, distances(np.array(centers[-1:]))[0])
        radii.append(nearest.max())
    chosen = np.array(centers)
    labels = nearest_anchor(distances(chosen), chosen)
    n_copies = n_centers - len(chosen)
    return fill_by_share(labels, chosen, n_centers), np.append(radii, np.zeros(n_copies))
