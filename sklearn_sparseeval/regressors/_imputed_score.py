"""Any imputer as a score regressor: the mean of the completed row."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._sklearn import _fit_context
from sklearn_sparseeval.regressors._whole_rows import ImputingRegressor

Array = NDArray[np.floating]


class ImputedScoreRegressor(ImputingRegressor):
    """Predict the benchmark score as the mean of a row that an imputer has completed.

    The imputer learns from the whole source matrix. In `predict` it fills what a target was not
    run on, and the mean of the results, observed and imputed, is the estimate.

    Parameters
    ----------
    imputer : estimator or None, default=None
        Completes the rows: an imputer of this package, one of :mod:`sklearn.impute`, or any
        transformer that fills NaN and returns every item. It is given the items for which a
        source model has a result. None is :class:`ItemRidgeImputer`.
    item_weights : array-like of shape (n_items,) or (n_tasks, n_items) or None, default=None
        What the mean weighs the items with, not negative; scaled to sum to one over the items
        for which a source model has a result. With one row per column of `y` every task has a
        mean of its own: ones where an item belongs to it and zeros elsewhere. By default all
        items are weighed alike.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, predictions are clipped to it and
        a `y` outside it is refused.

    Attributes
    ----------
    imputer_ : estimator
        The fitted imputer, for the items for which a source model has a result.
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
    AIPWRegressor : Adds the residuals of items that were left out.
    AnchoredRegressor : Hands the anchors of a selector to this regressor.
    ItemRidgeImputer : What fills the rows by default.

    Notes
    -----
    Where `y` differs from the source models' means by more than 1e-6 of the largest score,
    because it is in other units or covers more items than `X` holds, a least-squares line from
    the means to `y` is fitted for each task, and applied to the estimate. Source models with
    missing results enter that line with their mean deviation from the items' means. With several
    tasks and a single row of weights, each task's line starts from the same mean; that ties the
    tasks to each other, so give each task its items where they are among the columns of `X`.

    A missing result (NaN) on an anchor is one more to impute; one result is enough. Items
    without any source result are neither read nor estimated. `sample_weight` goes to the imputer
    too; one whose `fit` does not take it, as those of scikit-learn, can only be used with equal
    weights, beside zeros.

    References
    ----------
    .. [1] "How Benchmark Prediction from Fewer Data Misses the Mark", NeurIPS 2025,
       arXiv:2506.07673 (the default, there called AIPW, and PCA).

    Examples
    --------
    >>> from sklearn.impute import KNNImputer
    >>> from sklearn_sparseeval import AnchoredRegressor, ImputedScoreRegressor, RandomSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> for imputer in (None, KNNImputer(n_neighbors=10)):
    ...     regressor = ImputedScoreRegressor(imputer)
    ...     model = AnchoredRegressor(RandomSelector(50, random_state=0), regressor)
    ...     error = model.fit(X[:-10], y[:-10]).predict(X[-10:]) - y[-10:]
    ...     print(bool(abs(error).mean() < 0.04))
    True
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **ImputingRegressor._parameter_constraints,
        "item_weights": ["array-like", None],
    }

    def __init__(
        self,
        imputer: Any = None,
        *,
        item_weights: ArrayLike | None = None,
        score_range: tuple[float, float] | None = None,
    ) -> None:
        self.imputer = imputer
        self.item_weights = item_weights
        self.score_range = score_range

    # Parameters of the user's own imputer are checked too.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        anchors: ArrayLike | None = None,
    ) -> Self:
        """Fit the imputer, and the line from the mean over the items to `y`.

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
            If a model has no result at all, an anchor is not an item with a result, `item_weights`
            do not fit the items and tasks, or the imputer cannot take unequal weights.
        """
        history = self._fit_imputer(X, y, sample_weight, anchors)
        self._item_weights = self._checked_item_weights(history.target.shape[1])
        self.slope_, self.intercept_ = history.lines(self._item_weights)
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
            If a model has no result on any anchor, or the imputer leaves a result missing or
            changes the number of items.
        """
        completed = self._completed(self._anchor_results(X))
        return self._in_units_of_y(completed @ self._item_weights.T, self.slope_, self.intercept_)

    def _checked_item_weights(self, n_tasks: int) -> Array:
        """Return weights on the items with a result, of shape (n_tasks or 1, n_known)."""
        if self.item_weights is None:
            return np.full((1, len(self._items)), 1 / len(self._items))
        weights: Array = check_array(
            self.item_weights, ensure_2d=False, dtype=np.float64, input_name="item_weights"
        )
        if weights.ndim == 1:
            weights = weights[np.newaxis]
        if weights.shape not in {(1, self.n_features_in_), (n_tasks, self.n_features_in_)}:
            raise ValueError(
                f"item_weights has shape {np.shape(self.item_weights)}, but X has "
                f"{self.n_features_in_} items and y {n_tasks} tasks. Give one weight per item, or "
                "one row of them per task."
            )
        if weights.min() < 0:
            negative = np.flatnonzero((weights < 0).any(axis=0))
            raise ValueError(
                f"item_weights must not be negative; they are for items {listing(negative)}."
            )
        weights = weights[:, self._items]
        empty = np.flatnonzero(~weights.any(axis=1))
        if len(empty):
            raise ValueError(
                f"item_weights of task {empty[0]} are zero for all items for which a source model "
                "has a result. Give at least one of them a positive weight."
            )
        weights = weights / weights.max(axis=1, keepdims=True)  # the sum of huge ones overflows
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))
