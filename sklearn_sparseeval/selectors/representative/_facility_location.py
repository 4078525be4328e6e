"""Facility location: anchors to which all items are similar, one after another."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval._sklearn import StrOptions
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.selectors.representative._item_distances import METRICS, ItemDistances
from sklearn_sparseeval.selectors.representative._item_vectors import item_vectors
from sklearn_sparseeval.selectors.representative._medoids import greedy_medoids
from sklearn_sparseeval.selectors.representative._represented_items import (
    nearest_anchor,
    representation,
)

Array = NDArray[np.floating]


class FacilityLocationSelector(AnchorSelector):
    """Choose, one after another, the item that makes all items most similar to an anchor.

    Items are served by the anchor most similar to them, and the next anchor is the one that
    raises the sum of these similarities most: a submodular function, of which the greedy choice
    reaches nearly all there is to reach. With embeddings of the items it needs no history at all.
    There is no chance in it.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    features : "correctness" or array-like of shape (n_items,) or (n_items, n_features), \
            default="correctness"
        What makes items similar. "correctness" is an item's column of `X`. Numbers, without NaN,
        are features of your own, one row per item, such as embeddings; they are used as they are.
    metric : {"euclidean", "correlation", "cosine"}, default="euclidean"
        Similarity of two items: a constant less the length of the difference of their vectors,
        their correlation, or their cosine. The latter is usual with embeddings.
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
        Share of the items that each anchor serves; they sum to 1. Unlike the anchors, the weights
        for fewer anchors call for another fit.
    labels_ : ndarray of shape (n_items,)
        Position in `anchors_` of the anchor that serves each item, -1 for items without any
        result.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    KMedoidsSelector : Goes on with swaps: a little closer, no longer nested.
    KCenterSelector : Nested too, but for the largest distance, so that no item is far away.

    Notes
    -----
    The anchors A maximise ``sum_i max_{a in A} s(i, a)``; the similarities are the distances of
    the same name with the opposite sign. The gain of every item is kept exact while anchors come
    in, which costs no more than a few passes over all pairs of items, with no more than a part of
    them in memory. The answer is that of the lazy greedy algorithm [1]_.

    Distances are rounded to steps of ``2**-20`` (of the largest, if they are Euclidean), and among
    items that gain as much the first wins. An item that several anchors serve as well goes to
    them in turn. A constant item counts as uncorrelated with all others but those of the same
    constant. Where there are fewer distinct items than anchors, copies of items are chosen in
    proportion to how many there are, and share the weight.

    With "correctness" a missing result (NaN) counts as the item's mean over the source models that
    have it, and the order of the models does not matter. With `features` of your own, `X` only
    says which items there are; before there is any history, one row of zeros will do. In either
    case items without any result are never chosen, and weights are shares of the others.

    References
    ----------
    .. [1] M. Minoux, "Accelerated greedy algorithms for maximizing submodular set functions",
       Optimization Techniques, Lecture Notes in Control and Information Sciences 7, 234-243, 1978.
    .. [2] "Coresets Before Score Sets", 2026, arXiv:2607.09739 (facility location on embeddings of
       the prompts).

    Examples
    --------
    >>> from sklearn_sparseeval import FacilityLocationSelector
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    >>> selector = FacilityLocationSelector(n_anchors=50).fit(X[::2])
    >>> estimate = X[1::2, selector.anchors_] @ selector.anchor_weights_
    >>> bool(abs(estimate - y[1::2]).mean() < 0.03)
    True

    A new benchmark, from embeddings of its items alone:

    >>> import numpy as np
    >>> embeddings = np.random.default_rng(0).normal(size=(300, 16))
    >>> selector = FacilityLocationSelector(n_anchors=30, features=embeddings, metric="cosine")
    >>> selector.fit(np.zeros((1, 300))).anchors_.shape
    (30,)
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
            chosen = greedy_medoids(distances, n_anchors)
            labels = nearest_anchor(distances(chosen), chosen)
        result = representation(X.shape[1], vectors.items, chosen, labels)
        anchors, self.anchor_weights_, self.labels_ = result
        return anchors
