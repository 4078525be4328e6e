"""Residual ridge on the source models and their stronger twins."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval._sklearn import Interval, StrOptions, _fit_context
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.numerics.missing import item_means
from sklearn_sparseeval.numerics.ridge import fit_ridge_by_model
from sklearn_sparseeval.numerics.row_identity import merge_models
from sklearn_sparseeval.numerics.units import unit_slopes
from sklearn_sparseeval.regressors._base import (
    ScoreRegressor,
    checked_anchor_weights,
    checked_anchors,
    fill_missing_results,
)
from sklearn_sparseeval.regressors._raised_models import SHIFT, raise_models
from sklearn_sparseeval.regressors._whole_rows import items_with_a_result

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class RaisedRidgeRegressor(ScoreRegressor):
    """Predict benchmark scores by ridge regression on the sources and stronger twins of them.

    The regression of :class:`ResidualRidgeRegressor`, for models beyond the history: each source
    model stands in it several times, as it is and raised along the items' curves by
    :func:`raise_models`. The penalty has the least error for a model that is left out together
    with its twins.

    Parameters
    ----------
    n_twins : int or "auto", default="auto"
        Twins of each model. "auto" makes about 200 in all, one to eight of each model.
    shift : tuple of (float, float), default=(1.0, 3.0)
        By how much, at least and at most, a twin is stronger than its model, in standard
        deviations of the models' strengths.
    twin_weight : float, default=1.0
        Weight of all twins of a model together, beside the model itself; larger than 0.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, predictions are clipped to it and
        a `y` outside it is refused.
    random_state : int, RandomState instance or None, default=None
        Seeds the twins.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the items that `predict` reads: those given to `fit`, or all that have
        a result in the history.
    anchor_weights_ : ndarray of shape (n_anchors,)
        Weights of the mean that predictions are shrunk to, aligned with `anchors_`.
    coef_ : ndarray of shape (n_anchors,) or (n_tasks, n_anchors)
        Coefficients of the results on the anchors, aligned with `anchors_`, the weights of the
        mean included.
    intercept_ : float or ndarray of shape (n_tasks,)
        Intercepts.
    alpha_ : float or ndarray of shape (n_tasks,)
        The penalty taken, in the units of :class:`~sklearn.linear_model.Ridge`.
    best_error_ : float or ndarray of shape (n_tasks,)
        Root mean squared error of models and twins left out together, at `alpha_`; NaN for a
        single model. It flatters if the anchors were chosen on the same models.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    ResidualRidgeRegressor : The same from the history alone; better for models like it.
    DifferenceRegressor : Better for models unlike the history where the anchors are a sample.

    Notes
    -----
    For models stronger than the history its error is a half to two thirds of that of a ridge
    regression on the history alone, on the same anchors; for models like the history it is a
    fifth larger.

    The smallest penalty considered is n_anchors / n_models of the features' mean eigenvalue, as
    in :class:`ResidualRidgeRegressor`. Equal rows of equal scores are merged first, so a weight
    of two is two rows, and the order of the rows does not matter. A missing result (NaN) on an
    anchor is filled as there: with the item's mean over the source models, plus the model's mean
    deviation from such means.

    References
    ----------
    .. [1] "How Benchmark Prediction from Fewer Data Misses the Mark", NeurIPS 2025,
       arXiv:2506.07673 (how regressions fail on stronger models).

    Examples
    --------
    >>> from sklearn_sparseeval import AnchoredRegressor, RaisedRidgeRegressor, SparseRidgeSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="gsm", return_X_y=True)
    >>> weak, strong = y < 0.6, y >= 0.7
    >>> regressor = RaisedRidgeRegressor(random_state=0)
    >>> model = AnchoredRegressor(SparseRidgeSelector(n_anchors=50), regressor)
    >>> model = model.fit(X[weak], y[weak])
    >>> bool(abs(model.predict(X[strong]) - y[strong]).mean() < 0.07)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **ScoreRegressor._parameter_constraints,
        "n_twins": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "shift": [tuple, list],
        "twin_weight": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        n_twins: int | str = "auto",
        shift: tuple[float, float] = SHIFT,
        twin_weight: float = 1.0,
        score_range: tuple[float, float] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_twins = n_twins
        self.shift = shift
        self.twin_weight = twin_weight
        self.score_range = score_range
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        anchors: ArrayLike | None = None,
        anchor_weights: ArrayLike | None = None,
    ) -> Self:
        """Make the twins, fit the regression and choose its penalty.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Full-width score matrix of the source models; NaN = not evaluated.
        y : array-like of shape (n_models,) or (n_models, n_tasks)
            Benchmark scores. Each task has a penalty of its own.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each source model, not negative; two counts as two rows, zero as none.
        anchors : array-like of shape (n_anchors,), default=None
            Column indices of the items that `predict` reads. By default it reads whatever a row
            holds.
        anchor_weights : array-like of shape (n_anchors,), default=None
            Weights of the mean that predictions are shrunk to, aligned with `anchors`: not
            negative, scaled to sum to one. By default all are equal.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a model has no result on any anchor, an anchor is not an item with a result, or
            parameters contradict each other.
        """
        sources = self._source_scores(X, y, sample_weight)
        items = items_with_a_result(sources)
        anchors = checked_anchors(anchors, anchor_weights, items, sources.X.shape[1])
        weights = checked_anchor_weights(anchor_weights, len(anchors))
        self.anchors_, self.anchor_weights_ = anchors, weights
        # Anchors are items with a result, so every one has a mean.
        self._item_means: Array = item_means(sources.X[:, anchors], sources.weight)
        rows = merge_models(sources.X, sources.y, sources.weight)
        twins = raise_models(
            rows.X, rows.y, sample_weight=rows.weight, n_twins=self.n_twins, shift=self.shift,
            random_state=self.random_state,
        )  # fmt: skip
        n_models = len(rows.X)
        results = np.concatenate([rows.X[:, anchors], twins.X[:, anchors]])
        results = fill_missing_results(results, self._item_means, weights)
        y, own_mean = np.concatenate([rows.y, twins.y]), results @ weights
        slopes = unit_slopes(results[:n_models], own_mean[:n_models], rows.y, rows.weight)
        residual = y - np.outer(own_mean, slopes)
        each = len(twins.X) // n_models
        shares = np.append(1.0, np.full(each, self.twin_weight / each))
        ridge = fit_ridge_by_model(
            _by_model(results, n_models),
            _by_model(residual, n_models),
            np.outer(rows.weight, shares),
            left_out=np.outer(np.minimum(rows.weight, 1), shares),
            least_alpha=len(anchors) / max(float(sources.weight.sum()), len(sources.X)),
        )
        coef = ridge.coef.T + np.outer(slopes, weights)
        self.coef_, self.intercept_, self.alpha_, self.best_error_ = (
            sources.by_task(values) for values in (coef, ridge.intercept, ridge.alpha, ridge.error)
        )
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
        results = self._target_results(X)[:, self.anchors_]
        results = fill_missing_results(results, self._item_means, self.anchor_weights_)
        return self._in_range(results @ self.coef_.T + self.intercept_)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that R2 may be low, and AnchoredRegressor what `fit` takes."""
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return AnchorTags(reads_whole_rows=True, takes_anchor_weights=True).added_to(tags)


def _by_model(rows: Array, n_models: int) -> Array:
    """Put the rows of one model together, (n_models, n_rows, n_columns)."""
    return rows.reshape(-1, n_models, rows.shape[1]).transpose(1, 0, 2)
