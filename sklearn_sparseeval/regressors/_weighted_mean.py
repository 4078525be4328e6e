"""The weighted mean of the anchors as a score regressor."""

import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import column_or_1d

from sklearn_sparseeval._sklearn import _fit_context
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.numerics.units import in_other_units
from sklearn_sparseeval.regressors._base import (
    ScoreRegressor,
    checked_anchor_weights,
    refuse_rows,
)

Array = NDArray[np.floating]

# Before scores count as in other units: how far outside the results' range they may lie, as a
# share of it, and how many times larger the means may be than the scores.


class WeightedMeanRegressor(ScoreRegressor):
    """Predict the benchmark score as the weighted mean of the results on the anchors.

    Nothing is learnt from the source models, so nothing ties the prediction to them: with anchors
    drawn at random it is unbiased for models of any strength. It is the estimate to beat.

    Parameters
    ----------
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, predictions are clipped to it and
        a `y` outside it is refused.

    Attributes
    ----------
    coef_ : ndarray of shape (n_anchors,)
        Weights of the anchors; they sum to one.
    intercept_ : float
        Zero.
    n_features_in_ : int
        Number of anchors seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Defined only when `X` has feature names that are all strings.

    See Also
    --------
    ResidualRidgeRegressor : Learns from the source models what this mean misses.

    Notes
    -----
    A missing result (NaN) is left out: the mean is over the anchors that a model has, their
    weights scaled to sum to one. A model without a result on any anchor of positive weight is
    an error in `predict`.

    References
    ----------
    .. [1] "How Benchmark Prediction from Fewer Data Misses the Mark", NeurIPS 2025,
       arXiv:2506.07673 (the "random sampling" baseline).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval import WeightedMeanRegressor
    >>> X = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])  # results on three anchors
    >>> regressor = WeightedMeanRegressor().fit(X, [0.7, 0.4], anchor_weights=[2, 1, 1])
    >>> regressor.predict(X)
    array([0.75, 0.25])
    """

    def __init__(self, *, score_range: tuple[float, float] | None = None) -> None:
        self.score_range = score_range

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        anchor_weights: ArrayLike | None = None,
    ) -> Self:
        """Store the weights of the anchors, and check that a mean can predict `y`.

        Parameters
        ----------
        X : array-like of shape (n_models, n_anchors)
            Results on the anchors; NaN = not evaluated.
        y : array-like of shape (n_models,)
            Benchmark scores. Only their range is looked at.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each model, not negative. Models of weight zero are not looked at.
        anchor_weights : array-like of shape (n_anchors,), default=None
            Weight of each anchor, not negative; scaled to sum to one. By default all are equal.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If `y` has several columns, or scores lie outside `score_range`.

        Warns
        -----
        UserWarning
            If scores lie outside the range of the results, or are all far smaller than the means
            of the anchors, as where one is in percent and the other a fraction.
        """
        sources = self._source_scores(X, y, sample_weight)
        if sources.y.shape[1] != 1:
            raise ValueError(
                f"y has shape {np.shape(y)}, but one mean cannot predict {sources.y.shape[1]} "
                "tasks. Fit one regressor per task on its own anchors, or use "
                "ResidualRidgeRegressor."
            )
        target: Array = column_or_1d(sources.y if sources.several else sources.y[:, 0], warn=True)
        weights = checked_anchor_weights(anchor_weights, sources.X.shape[1])
        _warn_of_other_units(sources.X, target, weights)
        self.coef_ = weights
        self.intercept_ = 0.0
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Predict benchmark scores.

        Parameters
        ----------
        X : array-like of shape (n_models, n_anchors)
            Results on the anchors; NaN = not evaluated.

        Returns
        -------
        y : ndarray of shape (n_models,)
            Weighted mean of each model's results.

        Raises
        ------
        ValueError
            If a model has no result on any anchor of positive weight.
        """
        results = self._target_results(X)
        y, has_any = _weighted_means(results, self.coef_)
        refuse_rows(np.flatnonzero(~has_any), anchors="any anchor of positive weight")
        return self._in_range(y)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that `y` is not learnt, and AnchoredRegressor that it has weights."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False
        tags.regressor_tags.poor_score = True
        return AnchorTags(takes_anchor_weights=True).added_to(tags)


def _weighted_means(X: Array, weights: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return the mean of each row's results, and which rows have any of positive weight."""
    missing = np.isnan(X)
    if not missing.any():
        return np.asarray(X @ weights), np.ones(len(X), dtype=bool)
    total = ~missing @ weights
    sums = np.where(missing, 0, X) @ weights
    return sums / np.where(total == 0, 1, total), total > 0


def _warn_of_other_units(X: Array, y: Array, weights: Array) -> None:
    means, has_any = _weighted_means(X, weights)
    if not has_any.any():
        return
    means = means[has_any]
    if in_other_units(X, means, y):
        low, high = float(np.nanmin(X)), float(np.nanmax(X))
        warnings.warn(
            f"y lies between {y.min():g} and {y.max():g}, but the results on the anchors lie "
            f"between {low:g} and {high:g}, their means between {means.min():g} and "
            f"{means.max():g}: a mean cannot predict such scores. Put both into the same units, "
            "or use ResidualRidgeRegressor, which learns the difference.",
            UserWarning,
            stacklevel=5,
        )
