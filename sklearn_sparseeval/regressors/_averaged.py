"""The weighted mean of what several score regressors make of the same anchors."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import check_array, get_tags
from sklearn.utils.validation import has_fit_parameter

from sklearn_sparseeval._sklearn import _fit_context
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.regressors._base import (
    ScoreRegressor,
    SourceScores,
    checked_anchor_weights,
    checked_anchors,
    refuse_rows,
)
from sklearn_sparseeval.regressors._whole_rows import items_with_a_result

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class AveragedScoreRegressor(ScoreRegressor):
    """Predict the weighted mean of what several regressors predict from the same anchors.

    Regressions across models are drawn back to what the sources scored, estimates across items
    overshoot on chosen anchors, and item curves know a single ability: biases that partly cancel.

    Parameters
    ----------
    regressors : list of estimators or None, default=None
        Score regressors of any kind; each is handed what its :class:`AnchorTags` ask for. None is
        :class:`ResidualRidgeRegressor`, :class:`CurveScoreRegressor` and
        :class:`DifferenceRegressor`, whose plain mean is a robust estimate for models unlike the
        history.
    weights : array-like of shape (n_regressors,) or (n_regressors, n_tasks), default=None
        Weights of the regressors, not negative; they are scaled to sum to one. By default all
        are equal.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, predictions are clipped to it and
        a `y` outside it is refused.

    Attributes
    ----------
    regressors_ : list of estimators
        The fitted regressors, but for those of weight zero, which are None.
    weights_ : ndarray of shape (n_regressors,) or (n_regressors, n_tasks)
        Their weights, which sum to one.
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the items that `predict` reads: those given to `fit`, or all that have
        a result in the history.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    AnchoredRegressor : Hands the anchors of a selector to this regressor.
    sklearn.ensemble.VotingRegressor : The same for ordinary regressors.

    Notes
    -----
    A regressor that takes no NaN is refused where there is any on the anchors. Sample weights are
    handed to all regressors.

    References
    ----------
    .. [1] J. M. Bates, C. W. J. Granger, "The combination of forecasts", Journal of the
       Operational Research Society 20, 451-468, 1969.

    Examples
    --------
    >>> from sklearn_sparseeval import AnchoredRegressor, SparseRidgeSelector
    >>> from sklearn_sparseeval import AveragedScoreRegressor
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="gsm", return_X_y=True)
    >>> weak, strong = y < 0.6, y >= 0.7
    >>> model = AnchoredRegressor(SparseRidgeSelector(n_anchors=50), AveragedScoreRegressor())
    >>> error = model.fit(X[weak], y[weak]).predict(X[strong]) - y[strong]
    >>> bool(abs(error).mean() < 0.08)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **ScoreRegressor._parameter_constraints,
        "regressors": [list, tuple, None],
        "weights": ["array-like", None],
    }

    def __init__(
        self,
        regressors: list[Any] | None = None,
        *,
        weights: ArrayLike | None = None,
        score_range: tuple[float, float] | None = None,
    ) -> None:
        self.regressors = regressors
        self.weights = weights
        self.score_range = score_range

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        anchors: ArrayLike | None = None,
        anchor_weights: ArrayLike | None = None,
    ) -> Self:
        """Fit the regressors.

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
            Share of the items that each anchor stands for, aligned with `anchors`, for the
            regressors that take them.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If there is not a weight for each regressor, a regressor does not take
            `sample_weight`, or a model has no result at all.
        """
        sources = self._source_scores(X, y, sample_weight)
        items = items_with_a_result(sources)
        self.anchors_: Indices = checked_anchors(anchors, anchor_weights, items, sources.X.shape[1])
        own_weights: Array | None = None
        if anchor_weights is not None:
            own_weights = checked_anchor_weights(anchor_weights, len(self.anchors_))
        regressors = _default_regressors() if self.regressors is None else list(self.regressors)
        self.weights_: Array = self._checked_weights(len(regressors), sources.y.shape[1])
        self._several = sources.several
        given = {} if sample_weight is None else {"sample_weight": sources.weight}
        self.regressors_: list[Any] = [
            self._fitted(regressor, sources, given, own_weights) if weight.any() else None
            for regressor, weight in zip(regressors, self.weights_, strict=True)
        ]
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
        given = self._target_results(X)
        rows = np.full(given.shape, np.nan)
        rows[:, self.anchors_] = given[:, self.anchors_]
        refuse_rows(np.flatnonzero(np.isnan(rows).all(axis=1)))
        results, shape = rows[:, self.anchors_], (len(rows), -1) if self._several else (len(rows),)
        estimates = [
            weight * regressor.predict(rows if _whole(regressor) else results).reshape(shape)
            for weight, regressor in zip(self.weights_, self.regressors_, strict=True)
            if regressor is not None
        ]
        return self._in_range(np.sum(estimates, axis=0))

    def _fitted(
        self, regressor: Any, sources: SourceScores, given: dict[str, Any], weights: Array | None
    ) -> Any:
        name, own = type(regressor).__name__, dict(given)
        if own and not has_fit_parameter(regressor, "sample_weight"):
            raise ValueError(
                f"sample_weight is given, but the regressor {name} does not take sample_weight in "
                "fit. Leave it out, or take another regressor."
            )
        tags, whole = AnchorTags.of(regressor), _whole(regressor)
        if whole:
            own["anchors"] = self.anchors_
        if weights is not None and tags.takes_anchor_weights:
            own["anchor_weights"] = weights
        inputs = sources.X if whole else sources.X[:, self.anchors_]
        target = sources.y if sources.several else sources.y[:, 0]
        return clone(regressor).fit(inputs, target, **own)

    def _checked_weights(self, n_regressors: int, n_tasks: int) -> Array:
        if self.weights is None:
            return np.full(n_regressors, 1 / n_regressors)
        weights: Array = check_array(
            self.weights, ensure_2d=False, dtype=np.float64, input_name="weights"
        )
        shapes = ((n_regressors,), (n_regressors, n_tasks))
        if weights.shape not in shapes or weights.min() < 0 or not (weights.sum(axis=0) > 0).all():
            raise ValueError(
                f"weights={self.weights!r} must be a number for each of the {n_regressors} "
                "regressors, or a row of one for each task, not negative and not all zero."
            )
        return np.asarray(weights / weights.sum(axis=0))

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that R2 may be low, and AnchoredRegressor what `fit` takes."""
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        if self.regressors is not None:
            members = [get_tags(regressor) for regressor in self.regressors]
            tags.input_tags.allow_nan = all(one.input_tags.allow_nan for one in members)
            tags.target_tags.multi_output = all(one.target_tags.multi_output for one in members)
        return AnchorTags(reads_whole_rows=True, takes_anchor_weights=True).added_to(tags)


def _default_regressors() -> list[Any]:
    from sklearn_sparseeval.regressors import (
        CurveScoreRegressor,
        DifferenceRegressor,
        ResidualRidgeRegressor,
    )

    return [ResidualRidgeRegressor(), CurveScoreRegressor(), DifferenceRegressor()]


def _whole(regressor: Any) -> bool:
    return AnchorTags.of(regressor).reads_whole_rows
