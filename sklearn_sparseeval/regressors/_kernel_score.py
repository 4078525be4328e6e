"""Kernel regression on what the mean of the anchors misses, in closed form."""

from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_random_state

from sklearn_sparseeval._sklearn import Interval, _fit_context
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.numerics.ridge import fit_ridge
from sklearn_sparseeval.numerics.row_identity import merge_models
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.numerics.units import unit_slopes
from sklearn_sparseeval.regressors._base import (
    ScoreRegressor,
    checked_anchor_weights,
    difference,
    fill_missing_results,
)

Array = NDArray[np.floating]

# Penalties, as shares of the total weight: the features' variances sum to about one.
_RELATIVE_ALPHAS = np.logspace(-6, -1, 16)
_LEAST_EIGENVALUE = 1e-8  # of the landmarks' kernel, relative to the largest


class KernelScoreRegressor(ScoreRegressor):
    """Predict benchmark scores by kernel regression on what the mean of the anchors misses.

    A Gaussian process with the anchors' mean as mean function and the sum of a linear and
    Gaussian kernels: what :class:`ResidualRidgeRegressor` does, and what is not linear besides.
    By landmarks it is a ridge regression on a few hundred features, so the penalty is chosen by
    leave-one-out in closed form: half a second for thousands of models.

    Parameters
    ----------
    gammas : array-like of shape (n_gammas,), default=(4.0, 16.0)
        Positive rates of the Gaussian kernels, whose mean is taken, in units of one over twice
        the total variance of the anchors: with a rate of 1, models that are as far apart as two
        are on average have a kernel of 1/e.
    n_landmarks : int, default=400
        Largest number of models that the kernel is spanned by; with fewer models it is exact.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, predictions are clipped to it and
        a `y` outside it is refused.
    random_state : int, RandomState instance or None, default=None
        Seeds the draw of the landmarks where there are more models.

    Attributes
    ----------
    landmarks_ : ndarray of shape (n_landmarks, n_anchors)
        Results of the landmarks.
    coef_ : ndarray of shape (n_anchors,) or (n_tasks, n_anchors)
        Coefficients of the results in the linear part, the weights of the mean included.
    dual_coef_ : ndarray of shape (n_landmarks,) or (n_tasks, n_landmarks)
        Coefficients of the Gaussian kernels with each landmark.
    intercept_ : float or ndarray of shape (n_tasks,)
        Intercepts.
    rates_ : ndarray of shape (n_gammas,)
        Rates of the Gaussian kernels in the units of the results.
    alpha_ : float or ndarray of shape (n_tasks,)
        The penalty taken.
    best_error_ : float or ndarray of shape (n_tasks,)
        Root mean squared leave-one-out error at `alpha_`, in the units of `y`; NaN for a single
        model. It flatters if the anchors were chosen on the same models.
    n_features_in_ : int
        Number of anchors seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Defined only when `X` has feature names that are all strings.

    See Also
    --------
    ResidualRidgeRegressor : The linear part alone; as good for fewer than about 150 models.
    MLPScoreRegressor : Networks in the place of the kernel; as good, and slower.

    Notes
    -----
    The prediction is ``X @ coef_ + kernel(X, landmarks_) @ dual_coef_ + intercept_`` with the
    mean over the rates of ``exp(-rate |x - z|**2)``. The features are those of Nystroem's method
    [1]_, the penalties a grid of 16 from 1e-6 to 0.1 of the total weight.

    A missing result (NaN), in `fit` or `predict`, is filled with the mean of the item over the
    source models that have it, plus the mean deviation of the model from such means. Equal
    rows of equal scores are merged first, so a weight of two is two rows, and the order of the
    rows does not matter.

    For models far from all sources the Gaussian kernel vanishes, and the linear part is left.

    References
    ----------
    .. [1] C. K. I. Williams, M. Seeger, "Using the Nystroem method to speed up kernel machines",
       NeurIPS 2000.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_sparseeval import KernelScoreRegressor, SparseRidgeSelector
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> X, y = load_open_llm(task="ifeval", return_X_y=True)
    >>> pipeline = make_pipeline(SparseRidgeSelector(n_anchors=50), KernelScoreRegressor())
    >>> error = pipeline.fit(X[::2], y[::2]).predict(X[1::2]) - y[1::2]
    >>> bool(abs(error).mean() < 0.03)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **ScoreRegressor._parameter_constraints,
        "gammas": ["array-like"],
        "n_landmarks": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        gammas: ArrayLike = (4.0, 16.0),
        n_landmarks: int = 400,
        score_range: tuple[float, float] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.gammas = gammas
        self.n_landmarks = n_landmarks
        self.score_range = score_range
        self.random_state = random_state

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
            If `gammas` or weights are not valid, or a model or an anchor has no result at all.
        """
        sources = self._source_scores(X, y, sample_weight)
        gammas = self._checked_gammas()
        weights = checked_anchor_weights(anchor_weights, sources.X.shape[1])
        means = self._anchor_means(sources.X, sources.weight)
        results = fill_missing_results(sources.X, means, weights, sources.rows)
        rows = merge_models(results, sources.y, sources.weight)
        own_mean = rows.X @ weights
        slopes = unit_slopes(rows.X, own_mean, rows.y, rows.weight)
        residual = difference(rows.y, np.outer(own_mean, slopes))
        total = rows.weight.sum()
        mean = rows.weight @ rows.X / total
        power = float((rows.weight @ (rows.X - mean) ** 2).sum() / total) or 1.0
        self.landmarks_, self.rates_ = self._landmarks(rows.X), gammas / (2 * power)
        with one_thread():  # matrices of a few hundred rows only wait for a second thread
            root = _inverse_root(self._kernel(self.landmarks_))
            ridge = fit_ridge(
                np.hstack([(rows.X - mean) / np.sqrt(power), self._kernel(rows.X) @ root]),
                residual, rows.weight, alphas=_RELATIVE_ALPHAS * total,
            )  # fmt: skip
        n_anchors = len(weights)
        linear = ridge.coef[:n_anchors].T / np.sqrt(power)
        self._item_means, self._anchor_weights = means, weights
        intercept, dual = ridge.intercept - linear @ mean, (root @ ridge.coef[n_anchors:]).T
        coef = linear + np.outer(slopes, weights)
        self.coef_, self.dual_coef_, self.intercept_, self.alpha_, self.best_error_ = (
            sources.by_task(values) for values in (coef, dual, intercept, ridge.alpha, ridge.error)
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
        kernel = self._kernel(results)
        return self._in_range(results @ self.coef_.T + kernel @ self.dual_coef_.T + self.intercept_)

    def _landmarks(self, X: Array) -> Array:
        if len(X) <= self.n_landmarks:
            return X
        rng = check_random_state(self.random_state)
        return np.asarray(X[np.sort(rng.choice(len(X), self.n_landmarks, replace=False))])

    def _kernel(self, X: Array) -> Array:
        """Return the mean of the Gaussian kernels of results with the landmarks."""
        Z = self.landmarks_
        squares = (X**2).sum(axis=1)[:, np.newaxis] + (Z**2).sum(axis=1) - 2 * X @ Z.T
        squares = np.maximum(squares, 0)
        kernels: Array = np.exp(-self.rates_[0] * squares)
        for rate in self.rates_[1:]:
            kernels += np.exp(-rate * squares)
        return kernels / len(self.rates_)

    def _checked_gammas(self) -> Array:
        gammas: Array = check_array(
            self.gammas, ensure_2d=False, dtype=np.float64, input_name="gammas"
        )
        if gammas.ndim != 1 or gammas.min() <= 0:
            raise ValueError(
                f"gammas={self.gammas!r} must be a list of rates larger than zero. Give "
                "gammas=[4.0] for a single one."
            )
        return gammas

    def __sklearn_tags__(self) -> Any:
        """Tell AnchoredRegressor that `fit` takes the weights of the anchors."""
        return AnchorTags(takes_anchor_weights=True).added_to(super().__sklearn_tags__())


def _inverse_root(kernel: Array) -> Array:
    """Return what turns kernels of the landmarks into features, (n_landmarks, rank)."""
    values, vectors = np.linalg.eigh(kernel)
    real = values > _LEAST_EIGENVALUE * values[-1]
    return np.asarray(vectors[:, real] / np.sqrt(values[real]))
