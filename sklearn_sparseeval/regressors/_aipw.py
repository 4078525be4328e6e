"""Augmented inverse propensity weighting, cross-fitted over the anchors."""

from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from sklearn_sparseeval._sklearn import Interval, _fit_context
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.regressors._base import checked_anchor_weights, refuse_rows
from sklearn_sparseeval.regressors._whole_rows import ImputingRegressor

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class AIPWRegressor(ImputingRegressor):
    """Impute a target's row, and correct the mean by residuals on anchors that were left out.

    Augmented inverse propensity weighting: the mean of the imputed row plus the weighted mean of
    the residuals on the anchors. The anchors are split into folds, and the residuals of each fold
    are those of an imputation from the other folds. So they show what the imputer gets wrong, and
    with anchors drawn at random the estimate is unbiased for any target, whatever the imputer is
    worth.

    Parameters
    ----------
    imputer : estimator or None, default=None
        Completes the rows: an imputer of this package, one of :mod:`sklearn.impute`, or any
        transformer that fills NaN and returns every item. It is given the items for which a
        source model has a result. None is :class:`ItemRidgeImputer`.
    n_folds : int, default=10
        Number of folds, at least 2. Every anchor is a fold of its own where there are fewer.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, predictions are clipped to it and
        a `y` outside it is refused.
    random_state : int, RandomState instance or None, default=None
        Seeds the split of the anchors into folds.

    Attributes
    ----------
    imputer_ : estimator
        The fitted imputer, for the items for which a source model has a result.
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the items that `predict` reads: those given to `fit`, or all that have
        a result in the history.
    anchor_weights_ : ndarray of shape (n_anchors,)
        Weights of the residuals, aligned with `anchors_`; they sum to one.
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
    ImputedScoreRegressor : Without the correction: less variance, but a bias of its own.
    DifferenceRegressor : A correction of a regression on a few features, without folds.
    StratifiedSelector : Draws anchors, with weights, at random.

    Notes
    -----
    Let N items be estimated, v be the anchors' weights and F one of the folds of a target's
    anchors. The imputer completes the target's row from its results on the n anchors outside F.
    The estimate of the fold is the mean of this row plus ``(1 - n / N)`` times the mean residual
    on F, weighted by v: anchors of F are a sample of the N - n items that the imputer had to
    fill. The estimates of the folds are averaged by the folds' sums of v. With all items as
    anchors of equal weight the result is their exact mean. A target with a single result is
    estimated by the imputer alone.

    The anchors' weights are inverse propensities, the share of the items that each stands for;
    those of a selector that draws at random are right. Anchors chosen to be informative are not
    a random sample, and bias the estimate.

    BenchPred's AIPW takes the residuals on the very anchors its ridge regression was fitted on.
    With an intercept their mean is zero up to rounding, for every target, so its correction does
    nothing and the estimate is :class:`ItemRidgeImputer`'s. Ours is not zero. It costs some
    variance: on the matrices of this package, with 50 random anchors, the error is a little
    larger than without it for targets like the sources, a little smaller for stronger ones.

    Where `y` differs from the source models' row means by more than 1e-6 of the largest score, a
    least-squares line from the means to `y` is fitted for each task, and applied to the estimate.
    A missing result (NaN) on an anchor leaves the anchor out, for each model on its own, and the
    weights of the others are scaled to sum to one. Items without any source result are neither
    read nor estimated.

    References
    ----------
    .. [1] "How Benchmark Prediction from Fewer Data Misses the Mark", NeurIPS 2025,
       arXiv:2506.07673 (the method AIPW, and how it differs from its code).
    .. [2] V. Chernozhukov et al., "Double/debiased machine learning for treatment and structural
       parameters", The Econometrics Journal 21, C1-C68, 2018 (cross-fitting).

    Examples
    --------
    >>> from sklearn_sparseeval import AIPWRegressor, AnchoredRegressor, RandomSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> weak, strong = y < 0.8, y >= 0.9
    >>> regressor = AIPWRegressor(random_state=0)
    >>> model = AnchoredRegressor(RandomSelector(60, random_state=0), regressor)
    >>> model = model.fit(X[weak], y[weak])
    >>> bool(abs(model.predict(X[strong]) - y[strong]).mean() < 0.04)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **ImputingRegressor._parameter_constraints,
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        imputer: Any = None,
        *,
        n_folds: int = 10,
        score_range: tuple[float, float] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.imputer = imputer
        self.n_folds = n_folds
        self.score_range = score_range
        self.random_state = random_state

    # Parameters of the user's own imputer are checked too.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        anchors: ArrayLike | None = None,
        anchor_weights: ArrayLike | None = None,
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
            If a model has no result at all, an anchor is not an item with a result, or the imputer
            cannot take unequal weights.
        """
        history = self._fit_imputer(X, y, sample_weight, anchors, anchor_weights)
        self.anchor_weights_ = checked_anchor_weights(anchor_weights, len(self.anchors_))
        n_items = len(self._items)
        # In the order of the items, so that it does not matter how the anchors are listed.
        self._priority = check_random_state(self.random_state).permutation(n_items)
        self._residual_weights: Array = np.zeros(n_items)
        self._residual_weights[np.searchsorted(self._items, self.anchors_)] = self.anchor_weights_
        self.slope_, self.intercept_ = history.lines(np.full((1, n_items), 1 / n_items))
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
            If a model has no result on any anchor of positive weight, or the imputer leaves a
            result missing or changes the number of items.
        """
        results = self._anchor_results(X)
        weights = np.where(np.isnan(results), 0, self._residual_weights)
        total = weights.sum(axis=1, keepdims=True)
        refuse_rows(np.flatnonzero(total == 0), anchors="any anchor of positive weight")
        estimate = self._cross_fitted(results, weights / total)
        return self._in_units_of_y(estimate[:, np.newaxis], self.slope_, self.intercept_)

    def _cross_fitted(self, results: Array, weights: Array) -> Array:
        """Estimate the mean over the items; see the notes of the class for the formula."""
        estimate = np.zeros(len(results))
        single = (~np.isnan(results)).sum(axis=1) == 1
        if single.any():
            estimate[single] = self._completed(results[single]).mean(axis=1)
        rows = np.flatnonzero(~single)
        folds = self._folds(results)
        for fold in range(self.n_folds):
            rows = rows[(folds[rows] == fold).any(axis=1)]
            if not len(rows):
                break
            left_out = folds[rows] == fold
            completed = self._completed(np.where(left_out, np.nan, results[rows]))
            residual = np.where(left_out, results[rows] - completed, 0)
            own = np.where(left_out, weights[rows], 0)
            n_filled = ((folds[rows] < 0) | left_out).sum(axis=1)
            correction = n_filled / results.shape[1] * (own * residual).sum(axis=1)
            estimate[rows] += own.sum(axis=1) * completed.mean(axis=1) + correction
        return estimate

    def _folds(self, results: Array) -> Indices:
        """Return the fold of each result, -1 where there is none, as many in each as can be."""
        have = ~np.isnan(results)
        place = np.where(have, self._priority, len(self._priority)).argsort(axis=1).argsort(axis=1)
        return np.where(have, place % self.n_folds, -1)

    def __sklearn_tags__(self) -> Any:
        """Tell AnchoredRegressor that `fit` takes the weights of the anchors."""
        return AnchorTags(takes_anchor_weights=True).added_to(super().__sklearn_tags__())
