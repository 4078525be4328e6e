"""Performance-IRT: the mean of observed results and of those that an IRT model expects."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval._sklearn import _fit_context
from sklearn_sparseeval.item_response import ItemResponseModel
from sklearn_sparseeval.regressors._imputed_score import ImputedScoreRegressor
from sklearn_sparseeval.regressors._whole_rows import History

Array = NDArray[np.floating]


class PIRTRegressor(ImputedScoreRegressor):
    """Predict the benchmark score from the results and what an item response model expects.

    The source models teach the model how hard the items are and which abilities they draw on. A
    target's abilities are estimated from its results on the anchors; the estimate is the mean over
    all items of the result, where there is one, and of the expected score elsewhere.

    Parameters
    ----------
    item_response_model : ItemResponseModel, default=None
        Describes the items. By default an :class:`ItemResponseModel` that chooses the number of
        abilities itself.
    item_weights : array-like of shape (n_items,) or (n_tasks, n_items) or None, default=None
        What the mean weighs the items with, not negative; scaled to sum to one over the items
        for which a source model has a result. With one row per column of `y` every task has a
        mean of its own: ones where an item belongs to it and zeros elsewhere. By default all
        items are weighed alike.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, predictions are clipped to it and
        a `y` outside it is refused. The range of the items' scores is a parameter of the item
        response model.

    Attributes
    ----------
    item_response_model_ : ItemResponseModel
        The fitted model, of the items for which a source model has a result.
    imputer_ : IRTImputer
        What completes the rows.
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the items that `predict` reads: those given to `fit`, or all that have
        a result in the history.
    slope_ : float or ndarray of shape (n_tasks,)
        Change of `y` per unit of the mean over the items; 1 where `y` is that mean.
    intercept_ : float or ndarray of shape (n_tasks,)
        Value of `y` where the mean over the items is 0; 0 where `y` is that mean.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    GPIRTRegressor : Mixes it with the weighted mean of the anchors.
    IRTImputer : Completes the rows, item by item.
    AnchoredRegressor : Hands the anchors of a selector to this regressor.

    Notes
    -----
    With the set A of anchors that a target has results x on, and weights w of the items, the
    estimate is ``sum(w[A] * x[A]) + sum(w[rest] * P[rest])``, P being the expected scores. The
    prior draws the abilities to those of the source models: a target stronger than all of them is
    underestimated, the more so the fewer anchors there are.

    The weights of a selector's anchors play no part, so `fit` does not take them. Where `y`
    differs from the source models' means by more than 1e-6 of the largest score, a least-squares
    line from the means to `y` is fitted for each task, and applied to the estimate. A missing
    result (NaN) on an anchor is expected like that of any other item; one result is enough. Items
    without any source result are neither read nor estimated.

    Of the released code it differs in that abilities have a prior, so that they do not diverge
    where every anchor is right, that graded scores are not turned into 0 and 1, and that observed
    items have the share of their weights, not of their number.

    References
    ----------
    .. [1] F. Maia Polo et al., "tinyBenchmarks: evaluating LLMs with fewer examples", ICML 2024,
       arXiv:2402.14992 (p-IRT).

    Examples
    --------
    >>> from sklearn_sparseeval import AnchoredRegressor, PIRTRegressor, RandomSelector
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    >>> model = AnchoredRegressor(RandomSelector(n_anchors=50, random_state=0), PIRTRegressor())
    >>> error = model.fit(X[::2], y[::2]).predict(X[1::2]) - y[1::2]
    >>> bool(abs(error).mean() < 0.035)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "item_response_model": [ItemResponseModel, None],
        "item_weights": ["array-like", None],
        "score_range": [tuple, list, None],
    }

    def __init__(
        self,
        item_response_model: ItemResponseModel | None = None,
        *,
        item_weights: ArrayLike | None = None,
        score_range: tuple[float, float] | None = None,
    ) -> None:
        self.item_response_model = item_response_model
        self.item_weights = item_weights
        self.score_range = score_range

    # Parameters of the user's own model are checked too.
    @_fit_context(prefer_skip_nested_validation=False)  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        anchors: ArrayLike | None = None,
    ) -> Self:
        """Learn the items, and the line from the mean over them to `y`.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Full-width score matrix of the source models; NaN = not evaluated.
        y : array-like of shape (n_models,) or (n_models, n_tasks)
            Benchmark scores.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each source model, not negative; two counts as two rows, zero as none.
        anchors : array-like of shape (n_anchors,), default=None
            Column indices of the items that `predict` reads. By default it reads whatever a row
            holds.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a model has no result at all, an anchor is not an item with a result, or
            `item_weights` do not fit the items and tasks.
        """
        self._fit_rows(X, y, sample_weight, anchors)
        return self

    def _fit_rows(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        anchors: Any,
        anchor_weights: Any = None,
    ) -> History:
        history = self._fit_imputer(X, y, sample_weight, anchors, anchor_weights)
        self.item_response_model_: ItemResponseModel = self.imputer_.item_response_model_
        self._item_weights = self._checked_item_weights(history.target.shape[1])
        self.slope_, self.intercept_ = history.lines(self._item_weights)
        return history

    @property
    def imputer(self) -> Any:
        """What completes the rows.

        Returns
        -------
        imputer : IRTImputer
            With the parameters of this regressor, not fitted.
        """
        from sklearn_sparseeval.imputers import IRTImputer  # on use, as in ImputedScoreRegressor

        return IRTImputer(item_response_model=self.item_response_model)
