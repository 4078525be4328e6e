"""Anchors that tell most about the ability, all along its range: metabench's filter."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from sklearn_sparseeval._sklearn import Interval
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.item_response import ItemResponseModel

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class FisherInformationSelector(AnchorSelector):
    """Choose the items with the most information about the ability, for every range of ability.

    The source models are cut into bins of equal number by their ability in an item response model,
    and each bin in turn takes the item that tells most, of those still free, about abilities in
    its middle. Items that all models solve, or none, or that strong models solve no more often
    than weak ones, are passed over.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    item_response_model : ItemResponseModel, default=None
        Describes models and items. By default ``ItemResponseModel(n_dimensions=1)``. With several
        abilities the bins are along the first, and an item's information is that about the ability
        in its own direction.
    n_bins : int or None, default=None
        Number of bins of ability, at most as many as anchors. With fewer bins than anchors each
        takes several items, one per round. None is one bin per anchor.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items: those of the weakest bin first, round by round. Nested
        only where `n_bins` stays the same and every round is complete.
    information_ : ndarray of shape (n_anchors,)
        Information of each anchor at the ability it was chosen for, in inverse squared standard
        deviations of the source models.
    bin_abilities_ : ndarray of shape (n_bins, n_dimensions)
        Abilities of the source model in the middle of each bin.
    item_response_model_ : ItemResponseModel
        The fitted model.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    IRTSelector : Represents all items, not only the informative ones.
    PIRTRegressor : Predicts the benchmark score from the ability.

    Notes
    -----
    Item i has the information ``P (1 - P) * |a_i|**2`` at an ability of probability P to be right.
    The anchors measure the ability well, but they are not like the benchmark: their mean is not an
    estimate of the score, and there are no weights that would make it one. Use a regressor that
    learns from the source models.

    In metabench [1]_ there are 250 bins, a threshold of information below which a bin takes no
    item, found with the number of bins by Bayesian optimisation, and items are dropped beforehand.
    Here the number of anchors is the user's. Nothing is random; of items that are equally
    informative the first is taken, and the order of the models does not matter. Missing results
    (NaN) do not enter the model, and items without any are never chosen.

    References
    ----------
    .. [1] A. Kipnis et al., "metabench: a sparse benchmark of reasoning and knowledge in large
       language models", ICLR 2025, arXiv:2407.12844 (the information filter).

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_sparseeval import FisherInformationSelector, ResidualRidgeRegressor
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    >>> pipeline = make_pipeline(FisherInformationSelector(n_anchors=50), ResidualRidgeRegressor())
    >>> error = pipeline.fit(X[::2], y[::2]).predict(X[1::2]) - y[1::2]
    >>> bool(abs(error).mean() < 0.035)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "item_response_model": [ItemResponseModel, None],
        "n_bins": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        item_response_model: ItemResponseModel | None = None,
        n_bins: int | None = None,
        missing_anchors: str = "raise",
    ) -> None:
        self.n_anchors = n_anchors
        self.item_response_model = item_response_model
        self.n_bins = n_bins
        self.missing_anchors = missing_anchors

    def _choose_anchors(self, X: Array, y: Array, sample_weight: Array, n_anchors: int) -> Indices:
        model = self.item_response_model
        model = ItemResponseModel(n_dimensions=1) if model is None else clone(model)
        self.item_response_model_ = model.fit(X, sample_weight=sample_weight)
        n_bins = n_anchors if self.n_bins is None else min(self.n_bins, n_anchors)
        abilities = np.asarray(model.transform(X))
        middles = _middle_models(abilities[:, 0], sample_weight, n_bins)
        self.bin_abilities_: Array = abilities[middles]
        information = model.item_information(self.bin_abilities_)
        free: NDArray[np.bool_] = np.asarray(~np.isnan(X).all(axis=0))
        anchors = np.empty(n_anchors, dtype=np.intp)
        for position in range(n_anchors):
            here = np.where(free, information[position % n_bins], -np.inf)
            anchors[position] = here.argmax()
            free[anchors[position]] = False
        self.information_: Array = information[np.arange(n_anchors) % n_bins, anchors]
        return anchors


def _middle_models(ability: Array, weight: Array, n_bins: int) -> Indices:
    """Return the model in the middle of each bin; a weight of two counts as two models."""
    order = np.argsort(ability, kind="stable")
    passed = np.cumsum(weight[order].astype(np.float64))
    middles = (np.arange(n_bins) + 0.5) / n_bins * passed[-1]
    return np.asarray(order[np.searchsorted(passed, middles)])
