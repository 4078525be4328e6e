"""What regressors share that learn from whole rows, most of them with an imputer."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from sklearn_sparseeval._sklearn import HasMethods
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.numerics.missing import item_means
from sklearn_sparseeval.regressors._base import (
    ScoreRegressor,
    SourceScores,
    checked_anchors,
    refuse_rows,
)

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

SAME_SCORE = 1e-6  # of the largest score: y counts as the mean of the items


class History(NamedTuple):
    """Source models, on the items for which one of them has a result."""

    scores: Array  # (n_models, n_known); NaN = not evaluated
    target: Array  # (n_models, n_tasks)
    weight: Array  # (n_models,), positive
    sources: SourceScores  # on all items

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
        size = SAME_SCORE * float(np.nanmax(np.abs(self.scores)))
        pairs = []
        for task, weights in enumerate(np.broadcast_to(item_weights, self._tasks_by_items())):
            means, strength = self._means(weights)
            pairs.append(score_lines(self.target[:, [task]], means, strength, self.weight, size))
        slope, intercept = (np.concatenate(values) for values in zip(*pairs, strict=True))
        return self.sources.by_task(slope), self.sources.by_task(intercept)

    def _tasks_by_items(self) -> tuple[int, int]:
        return self.target.shape[1], self.scores.shape[1]

    def _means(self, item_weights: Array) -> tuple[Array, Array]:
        """Return the mean of each model's results; and of all items, as hard as for others."""
        have = ~np.isnan(self.scores)
        scores = np.where(have, self.scores, 0)
        by_item = item_means(self.scores, self.weight)
        weights = have * item_weights
        if have.all():
            means = scores @ item_weights
            return means, means
        weighed = weights.sum(axis=1)
        means = np.full(len(scores), np.nan)  # of models without a result on this task
        np.divide((weights * scores).sum(axis=1), weighed, out=means, where=weighed > 0)
        weights[weighed == 0] = have[weighed == 0]
        deviation = (weights * (scores - by_item)).sum(axis=1) / weights.sum(axis=1)
        return means, deviation + by_item @ item_weights


class ImputingRegressor(ScoreRegressor):
    """Base of score regressors that learn an imputer from the whole source matrix."""

    _parameter_constraints: dict[str, list[Any]] = {
        **ScoreRegressor._parameter_constraints,
        "imputer": [HasMethods(["fit", "transform"]), None],
    }

    imputer: Any

    def _fit_imputer(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        anchors: Any,
        anchor_weights: Any = None,
    ) -> History:
        sources = self._source_scores(X, y, sample_weight)
        self._items: Indices = items_with_a_result(sources)
        self.anchors_: Indices = checked_anchors(
            anchors, anchor_weights, self._items, sources.X.shape[1]
        )
        scores, weight = sources.X[:, self._items], sources.weight
        imputer = _item_ridge_imputer() if self.imputer is None else clone(self.imputer)
        given = {} if sample_weight is None else _weights_for(imputer, weight)
        self.imputer_ = imputer.fit(scores, **given)
        return History(scores, sources.y, weight, sources)

    def _anchor_results(self, X: ArrayLike) -> Array:
        """Return the rows on the items with a source result, NaN off the anchors."""
        given = self._target_results(X)
        results = np.full(given.shape, np.nan)
        results[:, self.anchors_] = given[:, self.anchors_]
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
        return self._in_range(estimate * slope + intercept)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that R2 may be low, and AnchoredRegressor that whole rows are read."""
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return AnchorTags(reads_whole_rows=True).added_to(tags)


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


def items_with_a_result(sources: SourceScores) -> Indices:
    """Return the items that a source model was run on; a model that was run on none is refused.

    Parameters
    ----------
    sources : SourceScores
        Whole rows of the source models.

    Returns
    -------
    items : ndarray of shape (n_known,)
        Column indices, rising.
    """
    have = ~np.isnan(sources.X)
    refuse_rows(np.flatnonzero(~have.any(axis=1)), sources.rows, anchors="any item")
    return np.flatnonzero(have.any(axis=0))


def score_lines(
    y: Array, means: Array, strength: Array, weight: Array, size: float
) -> tuple[Array, Array]:
    """Return slope and intercept per task of the line from the mean over the items to `y`.

    Parameters
    ----------
    y : ndarray of shape (n_models, n_tasks)
        Targets.
    means : ndarray of shape (n_models,)
        Means of the models' results; a task that they are those of has slope 1 and intercept 0.
    strength : ndarray of shape (n_models,)
        Means over all items, which the line starts from.
    weight : ndarray of shape (n_models,)
        Positive weights.
    size : float
        What differs by no more is equal.

    Returns
    -------
    slope, intercept : ndarray of shape (n_tasks,)
        Of weighted least squares.
    """
    share = weight / weight.sum()
    centre = share @ strength
    centred = strength - centre
    variance = share @ centred**2
    y_means = share @ y
    slope = np.zeros(y.shape[1])
    if variance > size**2:  # else there is nothing to learn a slope from
        slope = (share * centred) @ (y - y_means) / variance
    intercept = y_means - slope * centre
    same = (np.abs(y - means[:, np.newaxis]) <= size).all(axis=0)
    return np.where(same, 1.0, slope), np.where(same, 0.0, intercept)
