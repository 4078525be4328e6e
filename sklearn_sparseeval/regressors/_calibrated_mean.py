"""The mean of the anchors, put on the scale of the benchmark by a monotone curve."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval._sklearn import Interval, StrOptions, _fit_context
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.regressors._base import (
    ScoreRegressor,
    checked_anchor_weights,
    fill_missing_results,
)
from sklearn_sparseeval.regressors._monotone_map import monotone_map

Array = NDArray[np.floating]


class CalibratedMeanRegressor(ScoreRegressor):
    """Predict the benchmark score by a monotone curve from the weighted mean of the anchors.

    One curve, fitted to the source models, is all there is to learn: the anchors may be harder or
    easier than the benchmark, but a model that is better on them is never predicted to be worse.
    It is the estimate of EssenceBench, and the first step of metabench.

    Parameters
    ----------
    calibration : {"spline", "isotonic"}, default="spline"
        The curve: a monotone cubic spline drawn to a straight line, or isotonic regression, whose
        steps are joined by straight lines.
    n_splines : int, default=25
        Number of B-splines on the range of the source models' means, 4 or more.
    alpha : "auto" or float, default="auto"
        Penalty of the spline's bends: the factor of the squared second differences of its
        coefficients, not negative; the larger, the straighter. "auto" takes the one of a grid
        with the least leave-one-out error, for each task. Isotonic regression does not use it.
    outside_slope : "auto" or float, default="auto"
        Slope of the curve beyond the range of the source models' means, where it goes on straight,
        not negative. "auto" is the standard deviation of the scores over that of the means, or 0
        where scores do not rise with the means. Where results and scores are in the same units and
        the anchors are a random sample, 1 is right for models of any strength; 0 predicts no model
        to be better than the best source models.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, predictions are clipped to it and
        a `y` outside it is refused.

    Attributes
    ----------
    anchor_weights_ : ndarray of shape (n_anchors,)
        Weights of the anchors in the mean; they sum to one.
    mean_range_ : tuple of (float, float)
        Least and greatest mean of a source model: between them the curve is fitted.
    alpha_ : float or ndarray of shape (n_tasks,)
        Penalty of the spline; 0 for isotonic regression.
    outside_slope_ : float or ndarray of shape (n_tasks,)
        Slope beyond `mean_range_`.
    n_features_in_ : int
        Number of anchors seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Defined only when `X` has feature names that are all strings.

    See Also
    --------
    WeightedMeanRegressor : The mean as it is.
    ResidualRidgeRegressor : Learns a weight for each anchor, too.
    GeneticSelector : Chooses anchors for this estimate.

    Notes
    -----
    A spline's curve is ``sum_j c_j B_j(mean)`` over equally wide cubic B-splines, with
    ``c_1 <= c_2 <= ...`` and the least sum of squared errors plus
    ``alpha * sum_j (c_j - 2 c_(j+1) + c_(j+2))**2``, by non-negative least squares. The grid of
    "auto" has 25 penalties, from 1e-6 to 1e6 times the mean square of the basis; their
    leave-one-out errors are those of the spline that need not be monotone, and the largest of
    several as good is taken. EssenceBench has 25 splines and a penalty of 5.

    Regressions on a mean of a few results shrink to the average source model, and isotonic
    regression is flat beyond the last model it has seen, so that models stronger than all sources
    are predicted too weak. The slope outside, by default, is that of a line that is not shrunk.

    A missing result (NaN), in `fit` or `predict`, is filled with the mean of the item over the
    source models that have it, plus the mean deviation of the model from such means over the
    anchors it has, by the weights of the anchors. A model without any result, or an anchor
    without a result in `fit`, is an error.

    References
    ----------
    .. [1] "EssenceBench", ICLR 2026, arXiv:2510.10457 (a generalised additive model of the subset
       mean).
    .. [2] "metabench", ICLR 2025, arXiv:2407.12844 (the same, to compare random subsets).
    .. [3] P. H. C. Eilers, B. D. Marx, "Flexible smoothing with B-splines and penalties",
       Statistical Science 11, 89-121, 1996.

    Examples
    --------
    >>> from sklearn_sparseeval import AnchoredRegressor, CalibratedMeanRegressor, RandomSelector
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> X, y = load_open_llm(task="ifeval", return_X_y=True)
    >>> model = AnchoredRegressor(RandomSelector(50, random_state=0), CalibratedMeanRegressor())
    >>> error = model.fit(X[::2], y[::2]).predict(X[1::2]) - y[1::2]
    >>> bool(abs(error).mean() < 0.05)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **ScoreRegressor._parameter_constraints,
        "calibration": [StrOptions({"spline", "isotonic"})],
        "n_splines": [Interval(Integral, 4, None, closed="left")],
        "alpha": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "outside_slope": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        calibration: str = "spline",
        n_splines: int = 25,
        alpha: float | str = "auto",
        outside_slope: float | str = "auto",
        score_range: tuple[float, float] | None = None,
    ) -> None:
        self.calibration = calibration
        self.n_splines = n_splines
        self.alpha = alpha
        self.outside_slope = outside_slope
        self.score_range = score_range

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        anchor_weights: ArrayLike | None = None,
    ) -> Self:
        """Fit the curve.

        Parameters
        ----------
        X : array-like of shape (n_models, n_anchors)
            Results on the anchors; NaN = not evaluated.
        y : array-like of shape (n_models,) or (n_models, n_tasks)
            Benchmark scores. Each task has a curve of its own.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each model, not negative; two counts as two rows, zero as none.
        anchor_weights : array-like of shape (n_anchors,), default=None
            Weight of each anchor in the mean, not negative; scaled to sum to one. By default all
            are equal.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If scores lie outside `score_range`, weights are not valid, or a model or an anchor
            has no result at all.
        """
        sources = self._source_scores(X, y, sample_weight)
        self.anchor_weights_: Array = checked_anchor_weights(anchor_weights, sources.X.shape[1])
        self._item_means = self._anchor_means(sources.X, sources.weight)
        means = self._means(sources.X, sources.rows)
        alpha, slope = _unless_auto(self.alpha), _unless_auto(self.outside_slope)
        self._maps = [
            monotone_map(
                means, task, sources.weight, calibration=self.calibration,
                n_splines=self.n_splines, alpha=alpha, outside_slope=slope,
            )
            for task in sources.y.T
        ]  # fmt: skip
        self._single = not sources.several
        self.mean_range_ = (float(means.min()), float(means.max()))
        alphas, slopes = np.array([(m.alpha, m.slope) for m in self._maps]).T
        self.alpha_, self.outside_slope_ = sources.by_task(alphas), sources.by_task(slopes)
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Predict benchmark scores.

        Parameters
        ----------
        X : array-like of shape (n_models, n_anchors)
            Results on the anchors; NaN = not evaluated.

        Returns
        -------
        y : ndarray of shape (n_models,) or (n_models, n_tasks)
            Predicted scores, in the units of the `y` of `fit`.

        Raises
        ------
        ValueError
            If a model has no result on any anchor.
        """
        means = self._means(self._target_results(X))
        y = np.stack([curve(means) for curve in self._maps], axis=1)
        return self._in_range(y[:, 0] if self._single else y)

    def _means(self, results: Array, row_numbers: NDArray[np.intp] | None = None) -> Array:
        """Return the weighted mean of each model's results, missing ones filled."""
        whole = fill_missing_results(results, self._item_means, self.anchor_weights_, row_numbers)
        return np.asarray(whole @ self.anchor_weights_)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that one mean is used, and AnchoredRegressor that it has weights."""
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return AnchorTags(takes_anchor_weights=True).added_to(tags)


def _unless_auto(value: float | str) -> float | None:
    return None if isinstance(value, str) else float(value)
