"""K-means on the parameters of an item response model: tinyBenchmarks' "irt" anchors."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from sklearn_sparseeval._sklearn import Interval
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.item_response import ItemResponseModel
from sklearn_sparseeval.selectors.representative._k_means import KMeansSelector

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class IRTSelector(AnchorSelector):
    """Choose the item nearest to the centre of each cluster of the items' IRT parameters.

    Items are alike if they are as hard and draw on the same abilities: their discriminations and
    difficulties in an item response model of the source models are clustered by k-means. Each
    cluster is represented by one of its own items, and the share of all items that lie in the
    cluster is this anchor's weight.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    item_response_model : ItemResponseModel, default=None
        Describes the items. By default an :class:`ItemResponseModel` that chooses the number of
        abilities itself.
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
    item_response_model_ : ItemResponseModel
        The fitted model.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    GPIRTRegressor : The regressor that tinyBenchmarks pairs with these anchors.
    KMeansSelector : Clusters the items' results themselves, or features of yours.
    FisherInformationSelector : Takes the items that tell most about the ability.

    Notes
    -----
    The vectors are the discriminations a_i and the difficulty b_i of each item, in logits. Missing
    results (NaN) do not enter the model. Items without any result are never chosen, and weights
    are shares of the others. The order of the models does not matter.

    Two things differ from the released code, and on purpose: an anchor is the nearest of its
    cluster's own items, so that none is named twice and every weight stays with its anchor; and
    where there are fewer distinct items than anchors, clusters get further anchors by their size.

    References
    ----------
    .. [1] F. Maia Polo et al., "tinyBenchmarks: evaluating LLMs with fewer examples", ICML 2024,
       arXiv:2402.14992.

    Examples
    --------
    >>> from sklearn_sparseeval import IRTSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> selector = IRTSelector(n_anchors=50, random_state=0).fit(X[::2])
    >>> estimate = X[1::2, selector.anchors_] @ selector.anchor_weights_
    >>> bool(abs(estimate - y[1::2]).mean() < 0.04)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "item_response_model": [ItemResponseModel, None],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "item_weights": ["array-like", None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        item_response_model: ItemResponseModel | None = None,
        n_init: int = 10,
        item_weights: ArrayLike | None = None,
        missing_anchors: str = "raise",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_anchors = n_anchors
        self.item_response_model = item_response_model
        self.n_init = n_init
        self.item_weights = item_weights
        self.missing_anchors = missing_anchors
        self.random_state = random_state

    def _choose_anchors(self, X: Array, y: Array, sample_weight: Array, n_anchors: int) -> Indices:
        model = self.item_response_model
        model = ItemResponseModel() if model is None else clone(model)
        self.item_response_model_ = model.fit(X, sample_weight=sample_weight)
        parameters = np.column_stack([model.discriminations_, model.difficulties_])
        clusters = KMeansSelector(
            n_anchors,
            features=parameters,
            n_init=self.n_init,
            item_weights=self.item_weights,
            random_state=self.random_state,
        ).fit(X)
        self.anchor_weights_: Array = clusters.anchor_weights_
        self.labels_: Indices = clusters.labels_
        return np.asarray(clusters.anchors_)
