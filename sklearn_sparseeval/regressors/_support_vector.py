"""Support vector regression across models: a loss that outlying models do not pull at."""

from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.svm import SVR

from sklearn_sparseeval._sklearn import Interval, _fit_context
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.numerics.row_identity import merge_models
from sklearn_sparseeval.regressors._base import (
    ScoreRegressor,
    checked_anchor_weights,
    fill_missing_results,
)

Array = NDArray[np.floating]

_TOLERANCE = 1e-4  # of the optimum, in standard deviations of the scores
_MEGABYTES = 200  # for kernel values that are needed again


class SupportVectorScoreRegressor(ScoreRegressor):
    """Predict benchmark scores by support vector regression with a Gaussian kernel.

    The loss is absolute beyond a small tolerance, so models that score unlike all others with
    the same results do not pull at the rest. On average about as good as
    :class:`KernelScoreRegressor`; what the two miss differs, and their mean is better than either.

    Parameters
    ----------
    gamma : float, default=1.5
        Positive rate of the Gaussian kernel, in units of one over twice the total variance of
        the anchors: with a rate of 1, models that are as far apart as two are on average have a
        kernel of 1/e.
    C : float, default=0.5
        Positive price of one model's error beside the norm of the function, as in
        :class:`~sklearn.svm.SVR` for scores of standard deviation one.
    epsilon : float, default=0.03
        Errors below it cost nothing, in standard deviations of the scores.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, predictions are clipped to it and
        a `y` outside it is refused.

    Attributes
    ----------
    support_vectors_ : ndarray of shape (n_support_vectors, n_anchors)
        Results of the models that the prediction is made of, of any task.
    dual_coef_ : ndarray of shape (n_support_vectors,) or (n_tasks, n_support_vectors)
        Coefficients of the kernel with each of them, in the units of `y`.
    intercept_ : float or ndarray of shape (n_tasks,)
        Intercepts.
    rate_ : float
        Rate of the Gaussian kernel in the units of the results.
    n_features_in_ : int
        Number of anchors seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Defined only when `X` has feature names that are all strings.

    See Also
    --------
    KernelScoreRegressor : Squared loss, with the anchors' mean and a linear part; the penalty is
        chosen.
    AveragedScoreRegressor : The mean of several regressors.

    Notes
    -----
    The prediction is ``kernel(X, support_vectors_) @ dual_coef_ + intercept_`` with the kernel
    ``exp(-rate_ |x - z|**2)`` [1]_. Results and scores may be in any units; the time grows with
    the square of the number of models: about three seconds for 4,000.

    A missing result (NaN), in `fit` or `predict`, is filled with the mean of the item over the
    source models that have it, plus the mean deviation of the model from such means. Equal
    rows of equal scores are merged first, so a weight of two is two rows, and the order of the
    rows does not matter.

    For models far from all sources the prediction tends to `intercept_`: a model that is much
    stronger than all of them is drawn back to what they scored.

    References
    ----------
    .. [1] A. J. Smola, B. Schoelkopf, "A tutorial on support vector regression", Statistics and
       Computing 14, 199-222, 2004.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_sparseeval import SparseRidgeSelector, SupportVectorScoreRegressor
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> X, y = load_open_llm(task="ifeval", return_X_y=True)
    >>> regressor = SupportVectorScoreRegressor()
    >>> pipeline = make_pipeline(SparseRidgeSelector(n_anchors=50), regressor)
    >>> error = pipeline.fit(X[::2], y[::2]).predict(X[1::2]) - y[1::2]
    >>> bool(abs(error).mean() < 0.03)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **ScoreRegressor._parameter_constraints,
        "gamma": [Interval(Real, 0, None, closed="neither")],
        "C": [Interval(Real, 0, None, closed="neither")],
        "epsilon": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        gamma: float = 1.5,
        C: float = 0.5,
        epsilon: float = 0.03,
        score_range: tuple[float, float] | None = None,
    ) -> None:
        self.gamma = gamma
        self.C = C
        self.epsilon = epsilon
        self.score_range = score_range

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        anchor_weights: ArrayLike | None = None,
    ) -> Self:
        """Fit one support vector regression per task.

        Parameters
        ----------
        X : array-like of shape (n_models, n_anchors)
            Results on the anchors; NaN = not evaluated.
        y : array-like of shape (n_models,) or (n_models, n_tasks)
            Benchmark scores.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each model, not negative; two counts as two rows, zero as none.
        anchor_weights : array-like of shape (n_anchors,), default=None
            Weights of a model's deviations when missing results are filled, such as the
            `anchor_weights_` of a selector: not negative. By default all are equal.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If weights are not valid, or a model or an anchor has no result at all.
        """
        sources = self._source_scores(X, y, sample_weight)
        weights = checked_anchor_weights(anchor_weights, sources.X.shape[1])
        means = self._anchor_means(sources.X, sources.weight)
        results = fill_missing_results(sources.X, means, weights, sources.rows)
        rows = merge_models(results, sources.y, sources.weight)
        share = rows.weight / rows.weight.sum()
        mean = share @ rows.X
        power = float((share @ (rows.X - mean) ** 2).sum())
        self.rate_ = self.gamma / (2 * power or 1.0)
        tasks = [self._fit_task(rows.X - mean, task, rows.weight) for task in rows.y.T]
        dual, intercept = np.stack([task[0] for task in tasks]), np.array([t[1] for t in tasks])
        used = dual.any(axis=0)
        self._item_means, self._anchor_weights = means, weights
        self.support_vectors_: Array = rows.X[used]
        self.dual_coef_, self.intercept_ = (
            sources.by_task(values) for values in (dual[:, used], intercept)
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
        # Differences from a point between the models: results far from zero would lose digits.
        results, vectors = results - self._item_means, self.support_vectors_ - self._item_means
        squares = (results**2).sum(axis=1)[:, np.newaxis] + (vectors**2).sum(axis=1)
        kernel = np.exp(-self.rate_ * np.maximum(squares - 2 * results @ vectors.T, 0))
        return self._in_range(kernel @ self.dual_coef_.T + self.intercept_)

    def _fit_task(self, X: Array, y: Array, weight: Array) -> tuple[Array, float]:
        """Return the coefficient of each model, in the units of `y`, and the intercept."""
        coefficients = np.zeros(len(X))
        mean = float(np.average(y, weights=weight))
        spread = float(np.sqrt(np.average((y - mean) ** 2, weights=weight)))
        if spread <= 1e-12 * abs(mean):  # rounding
            return coefficients, mean
        machine = SVR(
            gamma=self.rate_, C=self.C, epsilon=self.epsilon, tol=_TOLERANCE, cache_size=_MEGABYTES
        ).fit(X, (y - mean) / spread, sample_weight=weight)
        coefficients[machine.support_] = spread * machine.dual_coef_[0]
        return coefficients, mean + spread * float(machine.intercept_[0])

    def __sklearn_tags__(self) -> Any:
        """Tell AnchoredRegressor that `fit` takes the weights of the anchors."""
        return AnchorTags(takes_anchor_weights=True).added_to(super().__sklearn_tags__())
