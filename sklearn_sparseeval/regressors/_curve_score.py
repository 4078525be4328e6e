"""The score that logistic item curves expect of a model of the strength that its anchors show."""

from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval._sklearn import Interval, _fit_context
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.numerics.item_curves import ItemCurves, Readings, fit_item_curves
from sklearn_sparseeval.numerics.missing import mean_strength
from sklearn_sparseeval.numerics.score_scale import score_bounds
from sklearn_sparseeval.regressors._base import ScoreRegressor, checked_anchors, refuse_rows
from sklearn_sparseeval.regressors._whole_rows import (
    SAME_SCORE,
    items_with_a_result,
    score_lines,
)

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class CurveScoreRegressor(ScoreRegressor):
    """Read the strength of a model off its anchors, and the score off the items' curves.

    One logistic curve per item says how likely source models of each strength got it right: an
    item response model whose strengths are known. The anchors tell a target's strength, the mean
    of all curves there is its score. It is a second opinion beside a regression: biased
    otherwise, and not drawn back to what the sources scored.

    Parameters
    ----------
    slope_precision : float, default=4.0
        How firmly the slopes of the curves are drawn to a common one, larger than 0: one over
        their prior variance, strength being measured in standard deviations of the sources.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, predictions are clipped to it and
        a `y` outside it is refused.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the items that `predict` reads: those given to `fit`, or all that have
        a result in the history.
    item_slopes_ : ndarray of shape (n_items,)
        Slope of each item's curve, not negative.
    item_intercepts_ : ndarray of shape (n_items,)
        Logit of the chance of a model as strong as the average source.
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
    DifferenceRegressor : Predicts every item from the anchors, without a model of strength.
    PIRTRegressor : Keeps the results on the anchors, and learns strengths of several dimensions.
    ItemResponseModel : Learns the strengths of the sources with the items.

    Notes
    -----
    The strength of a source is the logit of its mean score. The curves have the largest
    likelihood that a penalty allows, which draws slopes to those of the Rasch model; the sources
    are binned by strength, 30 bins at most. The strength of a target has the posterior over a
    grid; the estimate is the posterior mean of the score, and is brought to `y`'s scale by the
    least-squares line from the sources' means to `y`, as in :class:`DifferenceRegressor`.

    Scores outside [0, 1] are mapped to it by the extremes of the history; graded scores count as
    shares of a success. A missing result (NaN) is left out, in the history and in targets; one
    result is enough. Items without any result in the history are neither used nor estimated.

    One number cannot say what a model is good at: with many anchors a regression is better for
    models like the sources.

    References
    ----------
    .. [1] F. M. Lord, "Applications of Item Response Theory to Practical Testing Problems",
       Erlbaum, 1980.

    Examples
    --------
    >>> from sklearn_sparseeval import AnchoredRegressor, CurveScoreRegressor, SparseRidgeSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="gsm", return_X_y=True)
    >>> weak, strong = y < 0.6, y >= 0.7
    >>> model = AnchoredRegressor(SparseRidgeSelector(n_anchors=50), CurveScoreRegressor())
    >>> error = model.fit(X[weak], y[weak]).predict(X[strong]) - y[strong]
    >>> bool(abs(error).mean() < 0.06)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **ScoreRegressor._parameter_constraints,
        "slope_precision": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        *,
        slope_precision: float = 4.0,
        score_range: tuple[float, float] | None = None,
    ) -> None:
        self.slope_precision = slope_precision
        self.score_range = score_range

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        anchors: ArrayLike | None = None,
    ) -> Self:
        """Fit the curves, and the line from the items' mean to `y`.

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
            If a model has no result at all, or an anchor is not an item with a result.
        """
        sources = self._source_scores(X, y, sample_weight)
        scores, weight = sources.X, sources.weight
        items = items_with_a_result(sources)
        self.anchors_: Indices = checked_anchors(anchors, None, items, scores.shape[1])
        self._bounds = score_bounds(scores)
        curves = fit_item_curves(
            self._on_unit_scale(scores), weight, slope_precision=float(self.slope_precision)
        )
        self.item_slopes_: Array = curves.slope
        self.item_intercepts_: Array = curves.intercept
        self._mean_score: Array = curves.mean_score
        means = np.nanmean(scores, axis=1)
        strength = mean_strength(scores[:, items], weight)
        size = SAME_SCORE * float(np.nanmax(np.abs(scores)))
        slope, intercept = score_lines(sources.y, means, strength, weight, size)
        self.slope_, self.intercept_ = sources.by_task(slope), sources.by_task(intercept)
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
            If a model has no result on any anchor.
        """
        score = self._read(X).score
        low, high = self._bounds
        estimate = low + (high - low) * score
        if np.ndim(self.slope_):
            estimate = estimate[:, np.newaxis]
        return self._in_range(estimate * self.slope_ + self.intercept_)

    def strengths(self, X: ArrayLike) -> Array:
        """Return how strong models are.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Rows as for :meth:`predict`.

        Returns
        -------
        strengths : ndarray of shape (n_models,)
            In standard deviations of the sources about their mean.
        """
        return self._read(X).theta

    def misfits(self, X: ArrayLike) -> Array:
        """Return how badly the pattern of a model's results suits its strength.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Rows as for :meth:`predict`.

        Returns
        -------
        misfits : ndarray of shape (n_models,)
            The person-fit statistic ``-l_z``: about standard normal for a model that the curves
            describe, and large for one that fails easy items and gets hard ones right.
        """
        return self._read(X).misfit

    def _read(self, X: ArrayLike) -> Readings:
        results = self._target_results(X)[:, self.anchors_]
        refuse_rows(np.flatnonzero(np.isnan(results).all(axis=1)))
        curves = ItemCurves(
            self.item_slopes_, self.item_intercepts_, self._mean_score, 0.0, 1.0, np.empty(0)
        )
        return curves.read(self._on_unit_scale(results), self.anchors_)

    def _on_unit_scale(self, scores: Array) -> Array:
        low, high = self._bounds
        scaled: Array = np.clip((scores - low) / (high - low if high > low else 1.0), 0, 1)
        return scaled

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that R2 may be low, and AnchoredRegressor that whole rows are read."""
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return AnchorTags(reads_whole_rows=True).added_to(tags)
