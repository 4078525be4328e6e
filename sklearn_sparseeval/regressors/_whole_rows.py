"""What regressors share that complete a target's row with an imputer."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import has_fit_parameter

from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._sklearn import HasMethods, validate_data
from sklearn_sparseeval.regressors._anchor_results import (
    checked_score_range,
    positive_weights,
    refuse_rows,
)
from sklearn_sparseeval.regressors._difference import _SAME_SCORE, _lines

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class History(NamedTuple):
    """Source models, on the items for which one of them has a result."""

    scores: Array  # (n_models, n_known); NaN = not evaluated
    target: Array  # (n_models, n_tasks)
    weight: Array  # (n_models,), positive
    several: bool  # whether `y` had a second dimension

    def lines(self, item_weights: Array) -> tuple[Any, Any]:
        """Return slope and intercept per task of the line from the items' mean to `y`.

        Parameters
        ----------
        item_weights : ndarray of shape (n_tasks, n_known) or (1, n_known)
            What the mean of each task weighs the items with; rows sum to one.

        Returns
        -------
        slope, intercept : float or ndarray of shape (n_tasks,)
            1 and 0 where `y` is that mean.
        """
        size = _SAME_SCORE * float(np.nanmax(np.abs(self.scores)))
        pairs = []
        for task, weights in enumerate(np.broadcast_to(item_weights, self._tasks_by_items())):
            means, strength = self._means(weights)
            pairs.append(_lines(self.target[:, [task]], means, strength, self.weight, size))
        slope, intercept = (np.concatenate(values) for values in zip(*pairs, strict=True))
        if self.several:
            return slope, intercept
        return float(slope[0]), float(intercept[0])

    def _tasks_by_items(self) -> tuple[int, int]:
        return self.target.shape[1], self.scores.shape[1]

    def _means(self, item_weights: Array) -> tuple[Array, Array]:
        """Return the mean of each model's results; and of all items, as hard as for others."""
        have = ~np.isnan(self.scores)
        scores = np.where(have, self.scores, 0)
        item_means = self.weight @ scores / (self.weight @ have)
        weights = have * item_weights
        if have.all():
            means = scores @ item_weights
            return means, means
        weighed = weights.sum(axis=1)
        means = np.full(len(scores), np.nan)  # of models without a result on this task
        np.divide((weights * scores).sum(axis=1), weighed, out=means, where=weighed > 0)
        weights[weighed == 0] = have[weighed == 0]
        deviation = (weights * (scores - item_means)).sum(axis=1) / weights.sum(axis=1)
        return means, deviation + item_means @ item_weights


class ImputingRegressor(RegressorMixin, BaseEstimator):
    """Base of score regressors that learn an imputer from the whole source matrix."""

    _parameter_constraints: dict[str, list[Any]] = {
        "imputer": [HasMethods(["fit", "transform"]), None],
        "score_range": [tuple, list, None],
    }

    imputer: Any
    score_range: tuple[float, float] | None

    def _fit_imputer(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None, anchors: Any
    ) -> History:
        X_valid, y_valid = validate_data(
            self, X, y, dtype=np.float64, ensure_all_finite="allow-nan", multi_output=True,
            y_numeric=True,
        )  # fmt: skip
        rows, weight = positive_weights(sample_weight, X_valid)
        scores = X_valid[rows]
        target: Array = y_valid[rows].astype(np.float64).reshape(len(rows), -1)
        checked_score_range(self.score_range, target)
        have = ~np.isnan(scores)
        refuse_rows(np.flatnonzero(~have.any(axis=1)), rows, anchors="any item")
        self._items: Indices = np.flatnonzero(have.any(axis=0))
        self.anchors_: Indices = _checked_anchors(anchors, X_valid.shape[1], self._items)
        imputer = _item_ridge_imputer() if self.imputer is None else clone(self.imputer)
        given = {} if sample_weight is None else _weights_for(imputer, weight)
        self.imputer_ = imputer.fit(scores[:, self._items], **given)
        return History(scores[:, self._items], target, weight, y_valid.ndim > 1)

    def _anchor_results(self, X: ArrayLike) -> Array:
        """Return the rows on the items with a source result, NaN off the anchors."""
        X_valid: Array = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False
        )
        results = np.full(X_valid.shape, np.nan)
        results[:, self.anchors_] = X_valid[:, self.anchors_]
        refuse_rows(np.flatnonzero(np.isnan(results).all(axis=1)))
        return results[:, self._items]

    def _completed(self, results: Array) -> Array:
        """Let the imputer fill NaN; results that are there stay."""
        completed = np.asarray(self.imputer_.transform(results), dtype=np.float64)
        name = type(self.imputer_).__name__
        if completed.shape != results.shape:
            raise ValueError(
                f"The imputer {name} returned shape {completed.shape} for rows of shape "
                f"{results.shape}. Take one that returns every item once, without indicators "
                "(add_indicator=False)."
            )
        if np.isnan(completed).any():
            raise ValueError(
                f"The imputer {name} left {int(np.isnan(completed).sum())} results missing (NaN). "
                "Take one that fills all NaN."
            )
        return np.where(np.isnan(results), completed, results)

    def _in_units_of_y(self, estimate: Array, slope: Any, intercept: Any) -> Array:
        """Apply the line of each task to estimates of shape (n_models, n_tasks or 1)."""
        if not np.ndim(slope):
            estimate = estimate[:, 0]
        y: Array = estimate * slope + intercept
        return y if self.score_range is None else np.clip(y, *self.score_range)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that NaN and several tasks are welcome, and that R2 may be low."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = True
        return tags


def _item_ridge_imputer() -> Any:
    from sklearn_sparseeval.imputers import ItemRidgeImputer

    return ItemRidgeImputer()


def _weights_for(imputer: Any, weight: Array) -> dict[str, Array]:
    if has_fit_parameter(imputer, "sample_weight"):
        return {"sample_weight": weight}
    if (weight == weight[0]).all():
        return {}
    raise ValueError(
        f"sample_weight is given, but the imputer {type(imputer).__name__} does not take "
        "sample_weight in fit. Leave it out, or take another imputer, such as ItemRidgeImputer."
    )


def _checked_anchors(anchors: Any, n_items: int, items: Indices) -> Indices:
    """Return the anchors, all items with a result by default."""
    if anchors is None:
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
            f"anchors holds {listing(unknown)}, which are no columns of X with a result: X has "
            f"{n_items} columns, {len(items)} of them with a result."
        )
    if len(np.unique(indices)) < len(indices):
        raise ValueError(f"anchors holds the same item more than once: {listing(indices)}.")
    return indices.astype(np.intp)
