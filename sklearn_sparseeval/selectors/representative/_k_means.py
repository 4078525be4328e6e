"""K-means on the items: tinyBenchmarks' "correctness" anchors, and SparseEval's anchor points."""

import warnings
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state

from sklearn_sparseeval._sklearn import Interval, StrOptions
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.selectors.probability._strata import anchors_per_group
from sklearn_sparseeval.selectors.representative._item_vectors import item_vectors
from sklearn_sparseeval.selectors.representative._represented_items import representation

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

_TIED = 1e-9  # of the largest squared distance: steps that rounding does not reach


class KMeansSelector(AnchorSelector):
    """Choose the item nearest to the centre of each cluster of a k-means clustering.

    An item is a vector of the source models' results on it, or of features of yours such as an
    embedding of its text. Each cluster is represented by one of its own items, and the share of
    all items that lie in the cluster is this anchor's weight.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    features : "correctness" or array-like of shape (n_items,) or (n_items, n_features), \
            default="correctness"
        The vectors to cluster. "correctness" is an item's column of `X`. Numbers, without NaN, are
        vectors of your own, one row per item: embeddings, or the parameters of an item response
        model. They are used as they are; scale columns that are in different units.
    n_init : int, default=10
        How many times to run k-means from different starts; the clustering with the least sum of
        squares is kept.
    item_weights : array-like of shape (n_items,), default=None
        How much each item counts in the benchmark score, not negative: tinyBenchmarks' balance
        weights, where subjects of different size count the same. Both the clustering and the
        anchors' weights heed them; an item of weight zero is left out. By default all are equal.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.
    random_state : int, RandomState instance or None, default=None
        Seeds the starts of k-means.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items, by falling weight. Not nested: fewer anchors call for
        another fit.
    anchor_weights_ : ndarray of shape (n_anchors,)
        Share of the items, or of their weights, in each anchor's cluster; they sum to 1.
    labels_ : ndarray of shape (n_items,)
        Cluster of each item, as the position of its anchor: ``labels_[anchors_[c]] == c``. -1 for
        items that are left out.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    KMedoidsSelector : Clusters around items by their correlation, without chance.
    StratifiedSelector : Strata of equal size; the weighted mean is unbiased for any target.

    Notes
    -----
    The centres minimise ``sum_i w_i min_c ||v_i - m_c||**2`` over vectors v_i of the items. For
    scores of 0 and 1, this is the clustering of SparseEval's baseline "anchor points" [2]_, whose
    vectors ``2 X - 1`` all have the same length, and of tinyBenchmarks' "correctness" [1]_.

    Two things differ from the released code, and on purpose:

    - SparseEval's script sorts the anchors, but not the clusters' sizes, and so gives most anchors
      the weight of another, which doubles or triples the errors.
    - Both take the nearest of all items, which may lie in another cluster and be named twice.
      Here it is the nearest of the cluster's own items. Where there are fewer distinct items than
      anchors, clusters get further anchors by their size, and their items are dealt out among
      these.

    With "correctness" a missing result (NaN) counts as the item's mean over the source models that
    have it, and the order of the models does not matter. With `features` of your own, `X` only
    says which items there are. In either case items without any result are never chosen, and
    weights are shares of the others.

    References
    ----------
    .. [1] F. Maia Polo et al., "tinyBenchmarks: evaluating LLMs with fewer examples", ICML 2024,
       arXiv:2402.14992.
    .. [2] "SparseEval", ICLR 2026, arXiv:2602.07909 (its baseline "anchor points").

    Examples
    --------
    >>> from sklearn_sparseeval import KMeansSelector
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    >>> selector = KMeansSelector(n_anchors=50, random_state=0).fit(X[::2])
    >>> estimate = X[1::2, selector.anchors_] @ selector.anchor_weights_
    >>> bool(abs(estimate - y[1::2]).mean() < 0.04)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "features": [StrOptions({"correctness"}), "array-like"],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "item_weights": ["array-like", None],
        "random_state": ["random_state"],
    }

    _score_dtypes = (np.float64, np.float32, np.uint8, np.int8, np.bool_)

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        features: str | ArrayLike = "correctness",
        n_init: int = 10,
        item_weights: ArrayLike | None = None,
        missing_anchors: str = "raise",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_anchors = n_anchors
        self.features = features
        self.n_init = n_init
        self.item_weights = item_weights
        self.missing_anchors = missing_anchors
        self.random_state = random_state

    def _choose_anchors(
        self, X: Array, y: Array, sample_weight: Array, n_anchors: int
    ) -> NDArray[np.intp]:
        with one_thread():  # the last digits must not depend on the machine
            vectors = item_vectors(X, sample_weight, self.features)
            weight = self._checked_item_weights(X.shape[1])[vectors.items]
            counted = np.flatnonzero(weight)
            if n_anchors > len(counted):
                raise ValueError(
                    f"n_anchors={n_anchors} is more than the {len(counted)} items (of "
                    f"{X.shape[1]}) that have a result and a positive item_weights. Choose fewer "
                    "anchors."
                )
            weight = weight[counted]
            clusters = self._clusters(vectors.points()[counted], weight, n_anchors)
        anchors, labels = _represent(clusters, n_anchors)
        result = representation(X.shape[1], vectors.items[counted], anchors, labels, weight)
        chosen, self.anchor_weights_, self.labels_ = result.by_falling_weight()
        return chosen

    def _checked_item_weights(self, n_items: int) -> Array:
        if self.item_weights is None:
            return np.ones(n_items)
        weight: Array = check_array(
            self.item_weights, ensure_2d=False, dtype=np.float64, input_name="item_weights"
        )
        if weight.shape != (n_items,):
            raise ValueError(
                f"item_weights has shape {weight.shape}, but X has {n_items} items. Give one "
                "weight per item, in the order of the columns of X."
            )
        if weight.min() < 0:
            raise ValueError(
                f"item_weights holds {weight.min():g} for item {int(weight.argmin())}. Weights "
                "must not be negative."
            )
        return weight

    def _clusters(self, points: Array, weight: Array, n_anchors: int) -> list[Indices]:
        """Return the items of each cluster, those nearest to its centre first."""
        with warnings.catch_warnings():  # fewer distinct items than anchors: see _represent
            warnings.simplefilter("ignore", ConvergenceWarning)
            k_means = KMeans(
                n_anchors, n_init=self.n_init, random_state=check_random_state(self.random_state)
            ).fit(points, sample_weight=weight / weight.mean())
        offset = points - k_means.cluster_centers_[k_means.labels_]
        squares = np.einsum("ij,ij->i", offset, offset)
        # Both items of a cluster of two are equally near: the first, not rounding, shall win.
        steps = np.round(squares / (_TIED * float(squares.max()) or 1.0))
        order = np.lexsort((steps, k_means.labels_))
        cuts = np.flatnonzero(np.diff(k_means.labels_[order])) + 1
        return np.split(order, cuts)


def _represent(clusters: list[Indices], n_anchors: int) -> tuple[Indices, Indices]:
    """Return the anchors, one or more of each cluster, and the number of each item's anchor."""
    sizes = np.array([len(members) for members in clusters])
    counts = anchors_per_group(sizes, n_anchors, "proportional")
    labels = np.empty(int(sizes.sum()), dtype=np.intp)
    for members, first, count in zip(clusters, np.cumsum(counts) - counts, counts, strict=True):
        labels[members] = first + np.arange(len(members)) % count
    anchors = [members[:count] for members, count in zip(clusters, counts, strict=True)]
    return np.concatenate(anchors), labels
