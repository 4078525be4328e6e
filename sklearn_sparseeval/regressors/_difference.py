"""The difference estimator: predict every item, correct by what the anchors say."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from sklearn_sparseeval._sklearn import Interval, StrOptions, _fit_context
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.numerics.latent_items import latent_item_features
from sklearn_sparseeval.numerics.missing import mean_strength
from sklearn_sparseeval.numerics.row_identity import rows_by_pattern
from sklearn_sparseeval.regressors._base import (
    ScoreRegressor,
    checked_anchor_weights,
    checked_anchors,
    refuse_rows,
)
from sklearn_sparseeval.regressors._whole_rows import (
    SAME_SCORE,
    items_with_a_result,
    score_lines,
)

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class DifferenceRegressor(ScoreRegressor):
    """Predict every item from its features across the anchors, and add the anchors' residuals.

    For each target model, a ridge regression of its results on features of the items, fitted on
    the anchors it was run on, predicts all items. The estimate is the mean prediction plus the
    weighted mean of the residuals. The source models only describe the items; nothing ties the
    prediction to their scores, so it holds for targets stronger than every source.

    Parameters
    ----------
    n_components : int, default=2
        Number of leading item loadings that the latent features hold beside the difficulty, 0
        or more. Not used with features of your own.
    alpha : float, default=4.0
        Penalty of the ridge regression, in units of the total variance of the features over the
        items: it weighs as much as so many anchors. Not negative; the larger, the nearer to the
        weighted mean of the anchors.
    features : "latent" or array-like of shape (n_items, n_item_features), default="latent"
        What the items are predicted from. "latent" is the items' difficulty and leading loadings
        in the source models. Numbers are features of your own, without NaN; each column is
        scaled to a standard deviation of 1.
    strength_tilt : float, default=1.0
        Source models count ``exp(strength_tilt * z)`` in the latent features, z being their
        standardised strength. 0 counts all alike; above 0 the items are described as strong
        models see them, because the models to come are usually strong.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, predictions are clipped to it and
        a `y` outside it is refused.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the items that `predict` reads: those given to `fit`, or all that have
        a result in the history.
    anchor_weights_ : ndarray of shape (n_anchors,)
        Weights of the residuals, aligned with `anchors_`; they sum to one.
    coef_ : ndarray of shape (n_anchors,)
        What the estimate multiplies each anchor's result with, where a model has all of them;
        aligned with `anchors_`, they sum to one.
    item_features_ : ndarray of shape (n_items, n_item_features)
        Features of the items.
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
    AnchoredRegressor : Hands the anchors and their weights of a selector to this regressor.
    StratifiedSelector : Draws anchors, with weights, for which this estimate is nearly unbiased.
    WeightedMeanRegressor : The same without a model of the items.

    Notes
    -----
    The estimate is that of survey sampling, where it is called the generalised regression
    estimator [1]_. With anchors drawn at random and weighted by the share of the items they stand
    for, its bias vanishes with the number of anchors, whatever the features are worth; good
    features lower its variance. It is linear in the results: ``results @ coef_``. Anchors chosen
    to be informative are not a random sample, and bias it.

    A missing result (NaN) on an anchor is left out, for each model on its own, and the weights of
    the others scaled to sum to one. One result is enough. In the source models a missing result
    counts as the item's mean; items without any result are neither used nor estimated.

    It estimates the mean over the items. Where `y` differs from the source models' row means by
    more than 1e-6 of the largest score, because it is in other units or covers more items than
    `X` holds, a least-squares line from the means to `y` is fitted for each task, and applied to
    the estimate. Source models with missing results enter that line with their mean deviation
    from the items' means.

    References
    ----------
    .. [1] C.-E. Särndal, B. Swensson, J. Wretman, "Model Assisted Survey Sampling", Springer,
       1992, chapter 6.
    .. [2] "How Benchmark Prediction from Fewer Data Misses the Mark", NeurIPS 2025,
       arXiv:2506.07673 (the extrapolation protocol, and AIPW as a baseline).

    Examples
    --------
    >>> from sklearn_sparseeval import AnchoredRegressor, DifferenceRegressor, StratifiedSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="gsm", return_X_y=True)
    >>> weak, strong = y < 0.5, y >= 0.7
    >>> selector = StratifiedSelector(n_anchors=50, random_state=0)
    >>> model = AnchoredRegressor(selector, DifferenceRegressor()).fit(X[weak], y[weak])
    >>> bool(abs(model.predict(X[strong]) - y[strong]).mean() < 0.05)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **ScoreRegressor._parameter_constraints,
        "n_components": [Interval(Integral, 0, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "features": [StrOptions({"latent"}), "array-like"],
        "strength_tilt": [Interval(Real, None, None, closed="neither")],
    }

    def __init__(
        self,
        *,
        n_components: int = 2,
        alpha: float = 4.0,
        features: str | ArrayLike = "latent",
        strength_tilt: float = 1.0,
        score_range: tuple[float, float] | None = None,
    ) -> None:
        self.n_components = n_components
        self.alpha = alpha
        self.features = features
        self.strength_tilt = strength_tilt
        self.score_range = score_range

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        anchors: ArrayLike | None = None,
        anchor_weights: ArrayLike | None = None,
    ) -> Self:
        """Learn the features of the items, and the line from their mean to `y`.

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
            If a model has no result at all, an anchor is not an item with a result, or parameters
            contradict each other.
        """
        sources = self._source_scores(X, y, sample_weight)
        scores, weight = sources.X, sources.weight
        items = items_with_a_result(sources)
        self.anchors_: Indices = checked_anchors(anchors, anchor_weights, items, scores.shape[1])
        self.anchor_weights_ = checked_anchor_weights(anchor_weights, len(self.anchors_))
        strength = mean_strength(scores[:, items], weight)
        self.item_features_: Array = self._describe(scores, weight, strength, items)
        described = self.item_features_[items]
        self._mean_features: Array = described.mean(axis=0)
        self._penalty = float(self.alpha * described.var(axis=0).sum())
        self.coef_: Array = self._coefficients(np.ones(len(self.anchors_), dtype=bool))
        means = np.nanmean(scores, axis=1)
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
            If a model has no result on any anchor of positive weight.
        """
        results = self._target_results(X)[:, self.anchors_]
        have = ~np.isnan(results)
        useful = (have & (self.anchor_weights_ > 0)).any(axis=1)
        refuse_rows(np.flatnonzero(~useful), anchors="any anchor of positive weight")
        results[~have] = 0
        estimate = np.empty(len(results))
        # Models that were run on the same anchors share the coefficients.
        for models, _ in rows_by_pattern(have):
            own = have[models[0]]
            coef = self.coef_ if own.all() else self._coefficients(own)
            estimate[models] = results[models] @ coef
        if np.ndim(self.slope_):
            estimate = estimate[:, np.newaxis]
        return self._in_range(estimate * self.slope_ + self.intercept_)

    def _coefficients(self, have: NDArray[np.bool_]) -> Array:
        """Return what the estimate multiplies the results with, zero where there is none.

        The ridge regression of the results r on the centred features Z of the anchors predicts
        ``mean(r) + (f - mean(f_anchors)) @ B @ r`` for an item of features f, where
        ``B = inv(Z.T @ Z + penalty) @ Z.T``. In the mean of the predictions plus the weighted
        mean of the residuals all but ``(mean(f_items) - weights @ f_anchors) @ B + weights``
        cancels.
        """
        weights = self.anchor_weights_[have] / self.anchor_weights_[have].sum()
        described = self.item_features_[self.anchors_[have]]
        gap = self._mean_features - weights @ described
        left, singular, right = np.linalg.svd(
            described - described.mean(axis=0), full_matrices=False
        )
        # Not just rounding, nor so small that its square is zero.
        real = singular > max(1e-10 * np.abs(described).max(initial=0), 1e-150)
        shrunk = np.zeros_like(singular)
        np.divide(singular, singular**2 + self._penalty, out=shrunk, where=real)
        coef = np.zeros(len(have))
        coef[have] = weights + left @ (shrunk * (right @ gap))
        return coef

    def _describe(self, X: Array, weight: Array, strength: Array, items: Indices) -> Array:
        """Return the features of all items."""
        if isinstance(self.features, str):
            tilt = self.strength_tilt * _standardised(strength, weight)
            tilted = weight * np.exp(tilt - tilt.max())
            return latent_item_features(X, tilted, self.n_components)
        columns: Array = check_array(self.features, dtype=np.float64, input_name="features")
        if len(columns) != X.shape[1]:
            raise ValueError(
                f"features has {len(columns)} rows, but X has {X.shape[1]} items. Give one row "
                "per item, in the order of the columns of X."
            )
        own = columns[items]
        centred, spread = columns - own.mean(axis=0), own.std(axis=0)
        constant = spread <= 1e-12 * np.abs(own).max(axis=0)
        return np.where(constant, 0.0, centred / np.where(constant, 1.0, spread))

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that R2 may be low, and AnchoredRegressor what `fit` takes."""
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return AnchorTags(reads_whole_rows=True, takes_anchor_weights=True).added_to(tags)


def _standardised(values: Array, weight: Array) -> Array:
    share = weight / weight.sum()
    centred = values - share @ values
    spread = np.sqrt(share @ centred**2)
    if spread <= 1e-9 * np.abs(values).max():
        return np.zeros_like(values)
    return np.asarray(centred / spread)
