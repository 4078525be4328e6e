"""Ridge regression on what the mean of the anchors misses."""

from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from sklearn_sparseeval._sklearn import Interval, StrOptions, _fit_context
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.numerics.ridge import fit_ridge
from sklearn_sparseeval.numerics.units import unit_slopes
from sklearn_sparseeval.regressors._base import (
    ScoreRegressor,
    checked_anchor_weights,
    difference,
    fill_missing_results,
)

Array = NDArray[np.floating]


class ResidualRidgeRegressor(ScoreRegressor):
    """Predict benchmark scores by ridge regression on what the mean of the anchors misses.

    The ridge regression is fitted to `y` minus the weighted mean of the anchors, and the mean is
    added back. The penalty so shrinks a prediction towards the model's own sample mean; plain
    ridge shrinks it towards the average of the source models, which fails for models stronger
    than all of them.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,) or None, default=None
        Positive penalties to choose from, in the units of :class:`~sklearn.linear_model.Ridge`.
        The one with the least leave-one-out error is taken. None is a grid of 22 penalties from
        1e-4 to 1e3, three to a factor of ten, times the mean eigenvalue of the features' second
        moments.
    least_alpha : float or "auto", default="auto"
        Smallest penalty considered, relative to the mean eigenvalue of the features' second
        moments, not negative; the largest of the grid is always considered. Anchors that were
        chosen on the same models make the leave-one-out error of small penalties look too good.
        "auto" is n_anchors / n_models for the built-in grid, and 0 for `alphas`, which are taken
        as they are. 0 leaves the choice to the leave-one-out error alone.
    sum_to_one : bool, default=False
        Whether the coefficients of the anchors must sum to one. The regression then sees each
        model's results less their mean, and a model whose results are all higher by `c` is
        predicted to score higher by `c`: better for models stronger than the source models, a
        little worse for models like them.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, predictions are clipped to it and
        a `y` outside it is refused.

    Attributes
    ----------
    coef_ : ndarray of shape (n_anchors,) or (n_tasks, n_anchors)
        Coefficients of the results themselves, the weights of the mean included:
        ``predict(X) = X @ coef_.T + intercept_`` for complete rows, before any clipping.
    intercept_ : float or ndarray of shape (n_tasks,)
        Intercepts.
    alpha_ : float or ndarray of shape (n_tasks,)
        The penalty taken, in the units of :class:`~sklearn.linear_model.Ridge`.
    best_error_ : float or ndarray of shape (n_tasks,)
        Root mean squared leave-one-out error at `alpha_`, in the units of `y`; NaN for a single
        model. It flatters if the anchors were chosen on the same models.
    n_features_in_ : int
        Number of anchors seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Defined only when `X` has feature names that are all strings.

    See Also
    --------
    WeightedMeanRegressor : The mean alone.
    MLPScoreRegressor : Starts from this regression and learns its error with small networks.

    Notes
    -----
    A missing result (NaN), in `fit` or `predict`, is filled with the mean of the item over the
    source models that have it, plus the mean deviation of the model from such means over the
    anchors it has, by the weights of the anchors. A model without any result, or an anchor
    without a result in `fit`, is an error.

    The features are the results, or with `sum_to_one` the results less the model's mean; their
    second moments are about the mean and a sum over models, weighted by `sample_weight`. Where
    several penalties are equally good the largest is taken.

    Give results and scores in the same units. Where one is in percent and the other a fraction,
    the mean is not an estimate of the score, and shrinking to it is no better than plain ridge.

    References
    ----------
    .. [1] "How Benchmark Prediction from Fewer Data Misses the Mark", NeurIPS 2025,
       arXiv:2506.07673 (plain ridge on random items, and how it fails on stronger models).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval import ResidualRidgeRegressor
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="gsm", return_X_y=True)
    >>> anchors = np.random.default_rng(0).choice(X.shape[1], size=50, replace=False)
    >>> weaker, stronger = y < 0.6, y > 0.8
    >>> regressor = ResidualRidgeRegressor(least_alpha=0)
    >>> regressor.fit(X[weaker][:, anchors], y[weaker])
    ResidualRidgeRegressor(least_alpha=0)
    >>> error = regressor.predict(X[stronger][:, anchors]) - y[stronger]
    >>> bool(abs(error).mean() < 0.06)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **ScoreRegressor._parameter_constraints,
        "alphas": ["array-like", None],
        "least_alpha": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"})],
        "sum_to_one": ["boolean"],
    }

    def __init__(
        self,
        *,
        alphas: ArrayLike | None = None,
        least_alpha: float | str = "auto",
        sum_to_one: bool = False,
        score_range: tuple[float, float] | None = None,
    ) -> None:
        self.alphas = alphas
        self.least_alpha = least_alpha
        self.sum_to_one = sum_to_one
        self.score_range = score_range

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        anchor_weights: ArrayLike | None = None,
    ) -> Self:
        """Fit the regression and choose its penalty.

        Parameters
        ----------
        X : array-like of shape (n_models, n_anchors)
            Results on the anchors; NaN = not evaluated.
        y : array-like of shape (n_models,) or (n_models, n_tasks)
            Benchmark scores. Each task has a penalty of its own.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each model, not negative; two counts as two rows, zero as none.
        anchor_weights : array-like of shape (n_anchors,), default=None
            Weights of the mean that predictions are shrunk to, such as the `anchor_weights_` of
            a selector: not negative, scaled to sum to one. By default all are equal.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If scores lie outside `score_range`, `alphas` or weights are not valid, or a model or
            an anchor has no result at all.
        """
        sources = self._source_scores(X, y, sample_weight)
        alphas = self._checked_alphas()
        weights = checked_anchor_weights(anchor_weights, sources.X.shape[1])
        means = self._anchor_means(sources.X, sources.weight)
        results = fill_missing_results(sources.X, means, weights, sources.rows)
        own_mean = (results @ weights)[:, np.newaxis]
        slopes = unit_slopes(results, own_mean[:, 0], sources.y, sources.weight)
        if self.sum_to_one:  # which says that the units are the same
            slopes = np.ones_like(slopes)
        ridge = fit_ridge(
            difference(results, own_mean) if self.sum_to_one else results,
            difference(sources.y, own_mean * slopes),
            sources.weight,
            least_alpha=self._least_alpha(results, sources.weight),
            alphas=alphas,
        )
        on_mean = 1 - ridge.coef.sum(axis=0) if self.sum_to_one else 1.0
        coef: Array = ridge.coef.T + np.outer(slopes * on_mean, weights)
        self._item_means, self._anchor_weights = means, weights
        self.coef_, self.intercept_, self.alpha_, self.best_error_ = (
            sources.by_task(values) for values in (coef, ridge.intercept, ridge.alpha, ridge.error)
        )
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
        results = self._target_results(X)
        results = fill_missing_results(results, self._item_means, self._anchor_weights)
        return self._in_range(results @ self.coef_.T + self.intercept_)

    def _checked_alphas(self) -> Array | None:
        if self.alphas is None:
            return None
        alphas: Array = check_array(
            self.alphas, ensure_2d=False, dtype=np.float64, input_name="alphas"
        )
        if alphas.ndim != 1 or alphas.min() <= 0:
            raise ValueError(
                f"alphas={self.alphas!r} must be a list of penalties larger than zero. Give "
                "alphas=[1.0] for a single one."
            )
        return alphas

    def _least_alpha(self, X: Array, sample_weight: Array) -> float:
        if not isinstance(self.least_alpha, str):
            return float(self.least_alpha)
        if self.alphas is not None:
            return 0.0
        # Weights that are scaled to sum to one say nothing about the number of models.
        n_models = max(float(sample_weight.sum()), len(X))
        return float(X.shape[1] / n_models)

    def __sklearn_tags__(self) -> Any:
        """Tell AnchoredRegressor that `fit` takes the weights of the anchors."""
        return AnchorTags(takes_anchor_weights=True).added_to(super().__sklearn_tags__())
