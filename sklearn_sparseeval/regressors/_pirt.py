"""Performance-IRT: results, those that an IRT model expects, and a mix with the anchors' mean."""

from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from sklearn_sparseeval._sklearn import Interval, _fit_context
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.item_response import ItemResponseModel
from sklearn_sparseeval.numerics.row_identity import distinct_rows
from sklearn_sparseeval.regressors._base import checked_anchor_weights, refuse_rows
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
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
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
    @_fit_context(prefer_skip_nested_validation=False)
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


class GPIRTRegressor(PIRTRegressor):
    """Mix what an item response model expects with the weighted mean of the anchors.

    The mean of the anchors needs no model, but varies by chance; p-IRT varies less, but is biased
    where the model is wrong. How much of each is best is learned from the source models: each is
    predicted from its results on the anchors by a model that has not seen it.

    Parameters
    ----------
    item_response_model : ItemResponseModel, default=None
        Describes the items. By default an :class:`ItemResponseModel` that chooses the number of
        abilities itself.
    n_folds : int, default=5
        Number of parts that the source models are split into; the models of each part are
        predicted from the others. Source models with the same results are in one part.
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
    lambda_ : float or ndarray of shape (n_tasks,)
        Share of the anchors' mean in the estimate, between 0 and 1; the rest is p-IRT. An array
        where every task has item weights of its own.
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the items that `predict` reads: those given to `fit`, or all that have
        a result in the history.
    anchor_weights_ : ndarray of shape (n_anchors,)
        Weights of the anchors in their mean, aligned with `anchors_`; they sum to one.
    item_response_model_ : ItemResponseModel
        The fitted model, of the items for which a source model has a result.
    imputer_ : IRTImputer
        What completes the rows.
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
    PIRTRegressor : The model's part alone.
    WeightedMeanRegressor : The anchors' part alone.
    IRTSelector : Chooses the anchors, with weights, that tinyBenchmarks pairs with it.

    Notes
    -----
    The estimate is ``lambda * s + (1 - lambda) * p``, s being the weighted mean of the results on
    the anchors and p the estimate of :class:`PIRTRegressor`. With the true mean t of every source
    model, and p from a model of the other parts, `lambda_` is the least-squares solution
    ``sum((t - p) * (s - p)) / sum((s - p) ** 2)``, clipped to [0, 1], times n_models / (n_models +
    n_anchors): the anchors were chosen on the same source models, which flatters their mean, the
    more so the more anchors there are per model. With fewer distinct source models than parts the
    items are hardly known, and `lambda_` is 1.

    tinyBenchmarks [1]_ takes ``b**2 / (b**2 + v / (4 k))``, v being the variance of a result and b
    the mean error of the model's prediction from *half of all items*. That is a small part of its
    error from k anchors, and the formula takes the two errors for independent although they come
    from the same results. Here both are measured, from the k anchors.

    `lambda_` is best for targets like the source models; for one stronger than all of them p is
    too low and more weight on s would be better. Give `anchors`: without them `lambda_` is for
    rows that hold all items, where it does not matter. See :class:`PIRTRegressor` for `y` in other
    units and missing results; the anchors' mean leaves missing results out and scales the weights
    of the others to sum to one.

    References
    ----------
    .. [1] F. Maia Polo et al., "tinyBenchmarks: evaluating LLMs with fewer examples", ICML 2024,
       arXiv:2402.14992 (gp-IRT).

    Examples
    --------
    >>> from sklearn_sparseeval import AnchoredRegressor, GPIRTRegressor, IRTSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> model = AnchoredRegressor(IRTSelector(n_anchors=50, random_state=0), GPIRTRegressor())
    >>> error = model.fit(X[::2], y[::2]).predict(X[1::2]) - y[1::2]
    >>> bool(abs(error).mean() < 0.035)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **PIRTRegressor._parameter_constraints,
        "n_folds": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(
        self,
        item_response_model: ItemResponseModel | None = None,
        *,
        n_folds: int = 5,
        item_weights: ArrayLike | None = None,
        score_range: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(item_response_model, item_weights=item_weights, score_range=score_range)
        self.n_folds = n_folds

    # Parameters of the user's own model are checked too.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        anchors: ArrayLike | None = None,
        anchor_weights: ArrayLike | None = None,
    ) -> Self:
        """Learn the items, how to mix, and the line from the mean over the items to `y`.

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
        anchor_weights : array-like of shape (n_anchors,), default=None
            Share of the items that each anchor stands for, not negative, aligned with `anchors`;
            scaled to sum to one. By default all are equal.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a model has no result at all, an anchor is not an item with a result, weights are
            given without anchors, or `item_weights` do not fit the items and tasks.
        """
        history = self._fit_rows(X, y, sample_weight, anchors, anchor_weights)
        self.anchor_weights_: Array = checked_anchor_weights(anchor_weights, len(self.anchors_))
        mix = self._cross_fitted_mix(history)
        self.lambda_ = mix if len(mix) > 1 else float(mix[0])
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Predict benchmark scores.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Full-width rows; of the anchors that were given to `fit` only. NaN = not evaluated.

        Returns
        -------
        y : ndarray of shape (n_models,) or (n_models, n_tasks)
            Predicted scores, in the units of the `y` of `fit`.

        Raises
        ------
        ValueError
            If a model has no result on any anchor of positive weight.
        """
        results = self._anchor_results(X)
        mean = self._anchor_mean(results)
        refuse_rows(np.flatnonzero(np.isnan(mean)), anchors="any anchor of positive weight")
        expected = self._completed(results) @ self._item_weights.T
        estimate = expected + self.lambda_ * (mean[:, np.newaxis] - expected)
        return self._in_units_of_y(estimate, self.slope_, self.intercept_)

    def _anchor_mean(self, results: Array) -> Array:
        """Return each row's weighted mean over the anchors; NaN where there is no result."""
        on_anchors = results[:, np.searchsorted(self._items, self.anchors_)]
        weights = np.where(np.isnan(on_anchors), 0.0, self.anchor_weights_)
        total = weights.sum(axis=1)
        mean = np.full(len(results), np.nan)
        sums = (weights * np.nan_to_num(on_anchors)).sum(axis=1)
        return np.asarray(np.divide(sums, total, out=mean, where=total > 0))

    def _cross_fitted_mix(self, history: History) -> Array:
        """Return the share of the anchors' mean for each row of item weights."""
        first, weight = distinct_rows(history.scores, history.weight)
        if len(first) < self.n_folds:
            return np.ones(len(self._item_weights))
        scores = history.scores[first]
        results = np.full_like(scores, np.nan)
        columns = np.searchsorted(self._items, self.anchors_)
        results[:, columns] = scores[:, columns]
        mean = self._anchor_mean(results)
        rows = np.flatnonzero(~np.isnan(mean))
        expected = self._expected_by_others(scores, results, weight, rows) @ self._item_weights.T
        error = (self._completed(scores) @ self._item_weights.T)[rows] - expected
        apart = mean[rows, np.newaxis] - expected
        moment, square = weight[rows] @ (error * apart), weight[rows] @ apart**2
        best = np.divide(moment, square, out=np.zeros_like(moment), where=square > 0)
        n_models = max(float(weight.sum()), len(weight))
        return np.asarray(np.clip(best, 0, 1) * n_models / (n_models + len(self.anchors_)))

    def _expected_by_others(
        self, scores: Array, results: Array, weight: Array, rows: NDArray[np.intp]
    ) -> Array:
        """Complete some rows from their results, each with a model of the other parts' scores."""
        model = self.item_response_model_
        alike = clone(model).set_params(
            n_dimensions=model.n_dimensions_, score_range=model.score_range_
        )
        part = np.arange(len(scores)) % self.n_folds
        completed = results.copy()
        for number in range(self.n_folds):
            own, others = rows[part[rows] == number], part != number
            if len(own):
                imputer = clone(self.imputer).set_params(item_response_model=alike)
                imputer.fit(scores[others], sample_weight=weight[others])
                completed[own] = imputer.transform(results[own])
        return completed[rows]

    def __sklearn_tags__(self) -> Any:
        """Tell AnchoredRegressor that `fit` takes the weights of the anchors."""
        return AnchorTags(takes_anchor_weights=True).added_to(super().__sklearn_tags__())
