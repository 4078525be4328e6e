"""The base of our imputers: what they share about source models, units and missing results."""

from abc import abstractmethod
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._sklearn import _check_sample_weight, _fit_context, validate_data
from sklearn_sparseeval.numerics.missing import item_means
from sklearn_sparseeval.numerics.score_scale import score_bounds
from sklearn_sparseeval.numerics.threads import one_thread

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class SourceModels(NamedTuple):
    """The history, on the items for which it has a result, in units of the score range."""

    scores: Array  # (n_models, n_known), between 0 and 1; NaN = not evaluated
    weight: Array  # (n_models,), positive

    def filled(self) -> Array:
        """Fill missing results with the item's mean plus the model's mean deviation.

        Returns
        -------
        scores : ndarray of shape (n_models, n_known)
            Without NaN, between 0 and 1.
        """
        missing = np.isnan(self.scores)
        if not missing.any():
            return self.scores
        means = item_means(self.scores, self.weight)
        deviation = np.nanmean(self.scores - means, axis=1, keepdims=True)
        return np.where(missing, np.clip(means + deviation, 0, 1), self.scores)


class SourceImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill a target row's missing results with what the source models tell about the items.

    A subclass writes `_learn` and `_complete`. Both work in units of the score range, on the items
    for which a source model has a result.
    """

    _parameter_constraints: dict[str, list[Any]] = {"score_range": [tuple, list, None]}

    score_range: tuple[float, float] | None

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn from the results of the source models.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Score matrix of the source models; NaN = not evaluated.
        y : array-like, default=None
            Ignored.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each source model, not negative. A weight of two counts as two equal rows,
            a weight of zero as no row.

        Returns
        -------
        self : object
            The fitted imputer.

        Raises
        ------
        ValueError
            If a model has no result at all, or a score lies outside `score_range`.
        """
        del y
        X_valid: Array = validate_data(
            self, X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan"
        )
        weight: Array = _check_sample_weight(
            sample_weight, X_valid, dtype=np.float64, ensure_non_negative=True
        )
        rows = np.flatnonzero(weight)
        if not len(rows):  # scikit-learn 1.9 refuses them itself
            raise ValueError("All sample weights are zero. Give at least one a positive weight.")
        scores = X_valid[rows].astype(np.float64)
        evaluated = ~np.isnan(scores)
        _refuse(rows[~evaluated.any(axis=1)], "any item")
        self._known: Indices = np.flatnonzero(evaluated.any(axis=0))
        self._low, self._span = self._units(scores)
        scaled = (scores[:, self._known] - self._low) / self._span
        sources = SourceModels(scaled, weight[rows])
        self.item_means_: Array = np.full(X_valid.shape[1], np.nan)
        means = item_means(sources.scores, sources.weight)
        self.item_means_[self._known] = means * self._span + self._low
        with one_thread():  # the matrices are small, and results must not vary by machine
            self._learn(sources)
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Fill the missing results of target models, each on its own.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Rows of target models; NaN = not evaluated.

        Returns
        -------
        X_filled : ndarray of shape (n_models, n_items)
            The results where there are any, imputed ones elsewhere.

        Raises
        ------
        ValueError
            If a model has no result on any item for which a source model has one, or a score
            lies outside `score_range`.
        """
        check_is_fitted(self)
        completed: Array = validate_data(
            self, X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan", copy=True,
            reset=False,
        )  # fmt: skip
        self._refuse_out_of_range(completed)
        missing = np.isnan(completed)
        rows = np.flatnonzero(missing.any(axis=1))
        if not len(rows):
            return completed
        results = (completed[rows].astype(np.float64) - self._low) / self._span
        empty = np.isnan(results[:, self._known]).all(axis=1)
        _refuse(rows[empty], "any item for which a source model has one")
        completed[rows] = np.where(missing[rows], self._imputed(results), completed[rows])
        return completed

    def _imputed(self, results: Array) -> Array:
        """Return what to put in place of missing results, for all items, in the scores' units."""
        known = results[:, self._known]
        missing = np.isnan(known)
        holes = np.flatnonzero(missing.any(axis=1))
        if len(holes):
            with one_thread():
                known[missing] = self._complete(known[holes])[missing[holes]]
        imputed = np.repeat(known.mean(axis=1, keepdims=True), results.shape[1], axis=1)
        imputed[:, self._known] = known
        imputed = imputed * self._span + self._low
        return imputed if self.score_range is None else np.clip(imputed, *self.score_range)

    @abstractmethod
    def _learn(self, sources: SourceModels) -> None:
        """Learn what `_complete` needs."""

    @abstractmethod
    def _complete(self, results: Array) -> Array:
        """Predict all known items; what is predicted where there is a result is not used.

        Parameters
        ----------
        results : ndarray of shape (n_models, n_known)
            In units of the score range, NaN = not evaluated; every row has at least one result.
        """

    def _units(self, scores: Array) -> tuple[float, float]:
        """Return the score that counts as 0, and the range of scores that counts as 1."""
        bounds: Any = self.score_range
        if bounds is None:
            low, high = score_bounds(scores)
            return low, high - low if high > low else 1.0
        if len(bounds) != 2 or not bounds[0] < bounds[1]:
            raise ValueError(f"score_range={bounds!r} must be two numbers, the smaller one first.")
        self._refuse_out_of_range(scores)
        return float(bounds[0]), float(bounds[1] - bounds[0])

    def _refuse_out_of_range(self, scores: Array) -> None:
        if self.score_range is None:
            return
        low, high = self.score_range
        if (scores < low).any() or (scores > high).any():
            raise ValueError(
                f"X lies between {np.nanmin(scores):g} and {np.nanmax(scores):g}, outside the "
                f"score range {self.score_range}. Set score_range to the smallest and largest "
                "possible score."
            )

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that NaN is welcome and that single precision is kept."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _refuse(rows: Indices, what: str) -> None:
    if len(rows):
        raise ValueError(
            f"{len(rows)} models have no result (NaN) on {what}: rows {listing(rows)} of X. "
            "Evaluate them on some items, or remove them."
        )
