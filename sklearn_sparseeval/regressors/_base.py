"""What every `fit` and `predict` of a score regressor begins and ends with."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._sklearn import _check_sample_weight, validate_data
from sklearn_sparseeval.numerics.missing import item_means

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class SourceScores(NamedTuple):
    """What a regressor learns from: the source models of positive weight."""

    X: Array  # (n_models, n_columns), NaN = not evaluated
    y: Array  # (n_models, n_tasks)
    weight: Array  # (n_models,), positive
    rows: Indices  # their numbers among the rows that the user gave
    several: bool  # whether the user's `y` has a second dimension

    def by_task(self, values: Array) -> Any:
        """Return one number per task in the shape of the user's `y`.

        Parameters
        ----------
        values : ndarray of shape (n_tasks, ...)
            What was computed for each task.

        Returns
        -------
        values : ndarray or float
            Those of the only task, without its dimension, where `y` has one dimension.
        """
        if self.several:
            return values
        return float(values[0]) if np.ndim(values) == 1 else values[0]


class ScoreRegressor(RegressorMixin, BaseEstimator):
    """Base of score regressors: validated source models, targets, and predictions in range.

    Results may be missing and there may be several tasks, unless a subclass's tags say otherwise.
    """

    _parameter_constraints: dict[str, list[Any]] = {"score_range": [tuple, list, None]}

    score_range: tuple[float, float] | None

    def _source_scores(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        multi_output: bool = True,
    ) -> SourceScores:
        """Validate what `fit` was given, and drop the models of weight zero."""
        X_valid, y_valid = validate_data(
            self, X, y, dtype=np.float64, ensure_all_finite="allow-nan",
            multi_output=multi_output, y_numeric=True,
        )  # fmt: skip
        rows, weight = positive_weights(sample_weight, X_valid)
        target: Array = y_valid[rows].astype(np.float64).reshape(len(rows), -1)
        checked_score_range(self.score_range, target)
        return SourceScores(X_valid[rows], target, weight, rows, y_valid.ndim > 1)

    def _anchor_means(self, X: Array, weight: Array) -> Array:
        """Return each anchor's mean over the source models, for `fill_missing_results`."""
        names = getattr(self, "feature_names_in_", np.arange(X.shape[1]))
        return anchor_means(X, weight, names)

    def _target_results(self, X: ArrayLike) -> Array:
        """Validate what `predict` was given."""
        check_is_fitted(self)
        results: Array = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False
        )
        return results

    def _in_range(self, y: Array) -> Array:
        return y if self.score_range is None else np.clip(y, *self.score_range)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that NaN and several tasks are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.multi_output = True
        return tags


def checked_anchors(
    anchors: ArrayLike | None, anchor_weights: ArrayLike | None, items: Indices, n_items: int
) -> Indices:
    """Return the anchors of a regressor that reads whole rows, all items with a result by default.

    Parameters
    ----------
    anchors : array-like of shape (n_anchors,) or None
        As the user gave them.
    anchor_weights : array-like of shape (n_anchors,) or None
        As the user gave them; they say nothing without anchors.
    items : ndarray of shape (n_known,)
        The items with a result.
    n_items : int
        Number of all items.

    Returns
    -------
    anchors : ndarray of shape (n_anchors,)
        Column indices.
    """
    if anchors is None:
        if anchor_weights is not None:
            raise ValueError(
                "anchor_weights are given without anchors. Give the column indices of the items "
                "that the weights belong to as anchors."
            )
        return items
    indices = np.asarray(anchors)
    if indices.ndim != 1 or indices.dtype.kind not in "iu" or not len(indices):
        raise ValueError(
            f"anchors has shape {indices.shape} and dtype {indices.dtype}, but must be column "
            "indices of X: a one-dimensional array of at least one integer."
        )
    unknown = indices[~np.isin(indices, items)]
    if len(unknown):
        raise ValueError(
            f"anchors holds {listing(unknown)}, which are not columns of X with a result: X has "
            f"{n_items} columns, {len(items)} of them with a result."
        )
    if len(np.unique(indices)) < len(indices):
        raise ValueError(
            f"anchors holds the same item more than once: {listing(indices)}. Give every item once."
        )
    return indices.astype(np.intp)


def checked_anchor_weights(anchor_weights: ArrayLike | None, n_anchors: int) -> Array:
    """Return the weights of the anchors, which sum to one.

    Parameters
    ----------
    anchor_weights : array-like of shape (n_anchors,) or None
        Finite, not negative, not all zero; None for equal weights.
    n_anchors : int
        Number of columns of the results.

    Returns
    -------
    weights : ndarray of shape (n_anchors,)
        In float64.
    """
    if anchor_weights is None:
        return np.full(n_anchors, 1 / n_anchors)
    weights: Array = check_array(
        anchor_weights, ensure_2d=False, dtype=np.float64, copy=True, input_name="anchor_weights"
    )
    if weights.shape != (n_anchors,):
        raise ValueError(
            f"anchor_weights has shape {weights.shape}, but X has {n_anchors} anchors. Give one "
            f"weight per column of X, shape ({n_anchors},)."
        )
    if weights.min() < 0:
        negative = np.flatnonzero(weights < 0)
        raise ValueError(
            f"anchor_weights must not be negative; got {listing(weights[negative])} at "
            f"{listing(negative)}."
        )
    if weights.max() == 0:
        raise ValueError("anchor_weights are all zero. Give at least one anchor a positive weight.")
    weights /= weights.max()  # the sum of huge ones would overflow
    weights /= weights.sum()
    return weights


def positive_weights(sample_weight: ArrayLike | None, X: Array) -> tuple[NDArray[np.intp], Array]:
    """Return the rows that have a weight, and their weights.

    Parameters
    ----------
    sample_weight : array-like of shape (n_models,) or None
        Not negative, not all zero; None for equal weights.
    X : ndarray of shape (n_models, n_anchors)
        Validated results.

    Returns
    -------
    rows : ndarray of shape (n_used,)
        Row numbers of `X`.
    weights : ndarray of shape (n_used,)
        Positive, in float64.
    """
    weight: Array = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True
    )
    rows = np.flatnonzero(weight)
    if not len(rows):  # scikit-learn 1.9 refuses them itself
        raise ValueError("All sample weights are zero. Give at least one a positive weight.")
    return rows, weight[rows]


def checked_score_range(score_range: Any, y: Array) -> tuple[float, float] | None:
    """Return the smallest and largest possible score, where there are any.

    Parameters
    ----------
    score_range : tuple of (float, float) or None
        As the user gave it.
    y : ndarray
        Scores that must lie between the bounds.

    Returns
    -------
    bounds : tuple of (float, float) or None
        None if scores are unbounded.
    """
    if score_range is None:
        return None
    if len(score_range) != 2 or not score_range[0] < score_range[1]:
        raise ValueError(f"score_range={score_range!r} must be two numbers, the smaller one first.")
    if y.min() < score_range[0] or y.max() > score_range[1]:
        raise ValueError(
            f"y lies between {y.min():g} and {y.max():g}, outside the score range {score_range}. "
            "Set score_range to the smallest and largest possible score."
        )
    return float(score_range[0]), float(score_range[1])


def anchor_means(X: Array, sample_weight: Array, names: Any) -> Array:
    """Return each anchor's mean over the models that have a result on it.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_anchors)
        Results; NaN = not evaluated.
    sample_weight : ndarray of shape (n_models,)
        Positive weights.
    names : sequence of length n_anchors
        What the error calls the anchors.

    Returns
    -------
    means : ndarray of shape (n_anchors,)
        Without NaN; an anchor without any result is refused.
    """
    missing = np.isnan(X)
    if not missing.any():
        return np.asarray(sample_weight @ X / sample_weight.sum())
    empty = np.flatnonzero(missing.all(axis=0))
    if len(empty):
        raise ValueError(
            f"{len(empty)} of the {X.shape[1]} anchors have no result in training (every model is "
            f"NaN): {listing(np.asarray(names)[empty])}. Remove these columns."
        )
    return item_means(X, sample_weight)


def fill_missing_results(
    X: Array, means: Array, anchor_weights: Array, row_numbers: NDArray[np.intp] | None = None
) -> Array:
    """Fill a missing result with the item's mean plus the model's mean deviation from such means.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_anchors)
        Results; NaN = not evaluated. Not changed.
    means : ndarray of shape (n_anchors,)
        Each anchor's mean over the source models.
    anchor_weights : ndarray of shape (n_anchors,)
        Weights of the deviations. A model that has results only on anchors of weight zero gets
        their plain mean.
    row_numbers : ndarray of shape (n_models,), default=None
        What the error calls the rows; by default their position.

    Returns
    -------
    X_filled : ndarray of shape (n_models, n_anchors)
        Results without NaN; `X` itself where none is missing.
    """
    missing = np.isnan(X)
    holes = np.flatnonzero(missing.any(axis=1))
    if not len(holes):
        return X
    have = ~missing[holes]
    refuse_rows(holes[~have.any(axis=1)], row_numbers)
    weights = have * anchor_weights
    weights = np.where(weights.any(axis=1, keepdims=True), weights, have)
    deviations = (weights * np.where(have, X[holes] - means, 0)).sum(axis=1, keepdims=True)
    X = X.copy()
    X[holes] = np.where(have, X[holes], means + deviations / weights.sum(axis=1, keepdims=True))
    return X


def refuse_rows(
    empty: NDArray[np.intp],
    row_numbers: NDArray[np.intp] | None = None,
    *,
    anchors: str = "any anchor",
) -> None:
    """Raise an error if there are rows without a result.

    Parameters
    ----------
    empty : ndarray of shape (n_empty,)
        Positions of the rows without a result.
    row_numbers : ndarray of shape (n_models,), default=None
        What the error calls the rows; by default their position.
    anchors : str, default="any anchor"
        What there is no result on.
    """
    if not len(empty):
        return
    rows = empty if row_numbers is None else row_numbers[empty]
    raise ValueError(
        f"{len(empty)} models have no result (NaN) on {anchors}: rows {listing(rows)} of X. "
        "Evaluate them on some anchors, or remove them."
    )


def difference(a: Array, b: Array) -> Array:
    """Subtract, and return exactly zero where only rounding would be left.

    Parameters
    ----------
    a : ndarray
        Minuend.
    b : ndarray
        Subtrahend; broadcast.

    Returns
    -------
    difference : ndarray
        ``a - b``.
    """
    result: Array = a - b
    scale = np.maximum(np.abs(a), np.abs(b))
    result[np.abs(result) <= 1e-13 * scale] = 0
    return result
