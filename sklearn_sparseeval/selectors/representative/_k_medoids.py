"""Anchor Points: k-medoids of the items by the correlation of their results."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval._sklearn import StrOptions
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.selectors.representative._item_distances import METRICS, ItemDistances
from sklearn_sparseeval.selectors.representative._item_vectors import item_vectors
from sklearn_sparseeval.selectors.representative._medoids import greedy_medoids, swap_medoids
from sklearn_sparseeval.selectors.representative._represented_items import (
    nearest_anchor,
    representation,
)

Array = NDArray[np.floating]


class KMedoidsSelector(AnchorSelector):
    """Choose the medoids of the items, by the correlation of their results: Anchor Points.

    The anchors are the items to which all others are nearest in sum, each the representative of
    the items it is the nearest anchor of. Their share of all items is its weight. There is no
    chance in it.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    features : "correctness" or array-like of shape (n_items,) or (n_items, n_features), \
            default="correctness"
        What makes items alike. "correctness" is an item's column of `X`. Numbers, without NaN, are
        features of your own, one row per item, such as embeddings; they are used as they are.
    metric : {"correlation", "euclidean", "cosine"}, default="correlation"
        Distance of two items: one minus the correlation of their results across the source models,
        as published; the length of the difference of their vectors, which tells items of
        different difficulty apart and makes the better weighted mean of few anchors; or one minus
        the cosine, for embeddings.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items, by falling weight. Not nested: fewer anchors call for
        another fit.
    anchor_weights_ : ndarray of shape (n_anchors,)
        Share of the items that each anchor represents; they sum to 1.
    labels_ : ndarray of shape (n_items,)
        Position in `anchors_` of the anchor that represents each item, -1 for items without any
        result.
    inertia_ : float
        Sum of the items' distances to the nearest anchor.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    KMeansSelector : Clusters around centres, by squared distance.
    FacilityLocationSelector : The same sum, greedily: nested, in less memory.

    Notes
    -----
    A greedy start is followed by swaps of an anchor for another item, for as long as one lowers
    the sum of distances: PAM [2]_ in the form of FasterPAM [3]_, which judges all swaps with a
    candidate at once and makes the good ones as it finds them. The released code starts from
    random items without a seed.

    Distances are rounded to steps of ``2**-20`` (of the largest, if they are Euclidean): nearer
    than that is a tie. An item that several anchors are equally near to goes to them in turn.

    An item on which all source models have the same result has no correlation. It counts as 1
    with items whose results are the same constant, as 0 with all others; a vector of zeros and its
    cosine likewise. Where there are fewer distinct items than anchors, copies of items are chosen
    in proportion to how many there are, and share the weight.

    With "correctness" a missing result (NaN) counts as the item's mean over the source models that
    have it, and the order of the models does not matter. With `features` of your own, `X` only
    says which items there are. In either case items without any result are never chosen, and
    weights are shares of the others.

    The distances of all pairs of items are held in single precision: 16 MB for 2,000 items, 784
    MB for 14,000.

    References
    ----------
    .. [1] R. Vivek, K. Ethayarajh, D. Yang and D. Kiela, "Anchor Points: Benchmarking Models with
       Much Fewer Examples", EACL 2024, arXiv:2309.08638 (APW).
    .. [2] L. Kaufman and P. J. Rousseeuw, "Finding Groups in Data", chapter 2, Wiley, 1990.
    .. [3] E. Schubert and P. J. Rousseeuw, "Fast and eager k-medoids clustering: O(k) runtime
       improvement of the PAM, CLARA, and CLARANS algorithms", Information Systems 101, 101804,
       2021.

    Examples
    --------
    >>> from sklearn_sparseeval import KMedoidsSelector
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    >>> selector = KMedoidsSelector(n_anchors=50).fit(X[::2])
    >>> estimate = X[1::2, selector.anchors_] @ selector.anchor_weights_
    >>> bool(abs(estimate - y[1::2]).mean() < 0.06)
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
        metric: str = "correlation",
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
            matrix = distances.matrix()
            medoids = swap_medoids(matrix, greedy_medoids(distances, n_anchors))
        distance = matrix[medoids]
        self.inertia_ = float(distance.min(axis=0).sum(dtype=np.float64)) * distances.unit
        labels = nearest_anchor(distance, medoids)
        result = representation(X.shape[1], vectors.items, medoids, labels)
        anchors, self.anchor_weights_, self.labels_ = result.by_falling_weight()
        return anchors
