"""One fitted set of anchors, and all that its results say about a model."""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.comparison._budget import anchors_of, personal_items, read_items
from sklearn_sparseeval.intervals._sources import FitParams, fit_estimator
from sklearn_sparseeval.numerics.item_curves import ItemCurves, fit_item_curves
from sklearn_sparseeval.numerics.missing import item_means, row_means
from sklearn_sparseeval.numerics.partial_rows import (
    full_width,
    results_in_cells,
    results_in_columns,
)
from sklearn_sparseeval.regressors import DifferenceRegressor, RaisedRidgeRegressor

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

# Beyond the sources the ridge regression on twins is mostly too low, and what is predicted across
# the items from chosen anchors is too high.
_SHARE_ACROSS = 0.25


class Readings(NamedTuple):
    """What the results on the anchors say about each model; scores in the units of `y`."""

    own: Array  # (n_models, n_tasks), the estimator's prediction: drawn back to what it has seen
    beyond: Array  # (n_models, n_tasks), for models stronger than all sources
    mean: Array  # (n_models,), of the anchors, the missing ones as hard as for others
    theta: Array  # (n_models,), strength by the item curves
    misfit: Array  # (n_models,), how badly the pattern of results suits the strength
    n_results: Array  # (n_models,)
    results: Array  # (n_models, n_columns), on the anchors

    def take(self, rows: Any) -> "Readings":
        """Return those of some models.

        Parameters
        ----------
        rows : ndarray
            Row numbers.

        Returns
        -------
        readings : Readings
            Of these models.
        """
        return Readings(*(part[rows] for part in self))


def stacked(parts: list[Readings]) -> Readings:
    """Put readings of several sets of models one below the other.

    Parameters
    ----------
    parts : list of Readings
        At least one; they need not be of the same anchors.

    Returns
    -------
    readings : Readings
        Results have as many columns as the most that a part has.
    """
    width = max(part.results.shape[1] for part in parts)
    wide = [
        part._replace(
            results=np.pad(
                part.results,
                ((0, 0), (0, width - part.results.shape[1])),
                constant_values=np.nan,
            )
        )
        for part in parts
    ]
    return Readings(*(np.concatenate(one) for one in zip(*wide, strict=True)))


class AnchorReader(BaseEstimator):
    """An estimator with its anchors, and the other readings of these anchors.

    Parameters
    ----------
    estimator : estimator
        Chooses anchors and predicts.
    bounds : tuple of (float, float)
        Smallest and largest possible result.
    given : FitParams
        What is known of the models that `fit` will be given.
    once : ndarray of shape (n_models,)
        1 / number of models with the same results.
    seed : int
        Of the twins of the source models.
    """

    def __init__(
        self,
        estimator: Any,
        bounds: tuple[float, float],
        given: FitParams,
        once: Array,
        seed: int,
    ) -> None:
        self.estimator = estimator
        self.bounds = bounds
        self.given = given
        self.once = once
        self.seed = seed

    def fit(self, X: Any, y: Array) -> Self:
        """Choose the anchors, and fit all that reads them.

        Parameters
        ----------
        X : {ndarray, DataFrame} of shape (n_models, n_items)
            Results of the source models.
        y : ndarray of shape (n_models,) or (n_models, n_tasks)
            Their scores.

        Returns
        -------
        self : object
            The fitted reader.
        """
        self.estimator_ = fit_estimator(clone(self.estimator), X, y, self.given)
        scores = np.asarray(X, dtype=np.float64)
        self.n_items_ = scores.shape[1]
        self._find_anchors()
        weight = self.given.weight
        self.means_ = item_means(scores, weight, empty=0.0)
        self.known_items_ = np.flatnonzero(~np.isnan(scores).all(axis=0))
        self.curves_: ItemCurves = fit_item_curves(self._unit(scores), weight)
        chosen = np.intersect1d(self.items_, self.known_items_)
        self.difference_ = DifferenceRegressor().fit(scores, y, weight, anchors=chosen)
        self.raised_ = RaisedRidgeRegressor(random_state=self.seed)
        self.raised_.fit(scores, y, weight, anchors=chosen)
        self.source_means_ = self._filled(scores[:, self.items_]).mean(axis=1)
        self.source_y_ = np.asarray(y, dtype=np.float64).reshape(len(scores), -1)
        off = self.source_y_ - self._line(row_means(self._unit(scores)))
        self.line_spread_ = np.sqrt(weight @ off**2 / weight.sum())
        return self

    def predict(self, X: Any) -> Array:
        """Predict scores as the estimator does.

        Parameters
        ----------
        X : {ndarray, DataFrame} of shape (n_models, n_items)
            Rows that are NaN off the anchors.

        Returns
        -------
        y : ndarray of shape (n_models,) or (n_models, n_tasks)
            Predicted scores.
        """
        scores = np.asarray(X, dtype=np.float64)
        hidden = np.ones(scores.shape, dtype=bool)
        hidden[:, self.items_] = False
        empty = np.isnan(scores[:, self.items_]).all(axis=1)
        if self._must_fill or empty.any():
            # The average model in the place of one without a result, for whoever leaves it out.
            hidden &= self._must_fill
            hidden[empty] = True
            X = like_rows(X, np.where(hidden, self.means_, scores))
        return np.asarray(self.estimator_.predict(X), dtype=np.float64)

    def shown(self, rows: Any) -> Any:
        """Hide all but the anchors.

        Parameters
        ----------
        rows : {ndarray, DataFrame} of shape (n_models, n_items)
            Cells of any kind off the anchors.

        Returns
        -------
        rows : {ndarray, DataFrame} of shape (n_models, n_items)
            Numbers, NaN off the anchors.
        """
        items = personal_items(self, rows)
        if items is None:
            items = self.items_
            results = results_in_columns(rows, items)
        else:
            results = results_in_cells(rows, items)
        return like_rows(rows, full_width(results.astype(np.float64), items, self.n_items_))

    def read(self, X: Any, predicted: Array | None = None) -> Readings:
        """Read the anchors of some models in every way.

        Parameters
        ----------
        X : {ndarray, DataFrame} of shape (n_models, n_items)
            Rows that are NaN off the anchors.
        predicted : ndarray of shape (n_models,) or (n_models, n_tasks), default=None
            What `predict` returns for them, where it is known.

        Returns
        -------
        readings : Readings
            Of these models.
        """
        scores = np.asarray(X, dtype=np.float64)
        results = scores[:, self.items_]
        own = (self.predict(X) if predicted is None else predicted).reshape(len(scores), -1)
        curve = self.curves_.read(self._unit(results), self.items_)
        filled = self._filled(results)
        wide = full_width(filled, self.items_, self.n_items_)
        raised, across = (
            one.predict(wide).reshape(len(scores), -1) for one in (self.raised_, self.difference_)
        )
        beyond = (1 - _SHARE_ACROSS) * raised + _SHARE_ACROSS * across
        n_results = (~np.isnan(results)).sum(axis=1).astype(np.float64)
        mean = filled.mean(axis=1)
        return Readings(own, beyond, mean, curve.theta, curve.misfit, n_results, results)

    def expected_items(self, theta: Array) -> Array:
        """Return the results that models of some strengths are expected to have.

        Parameters
        ----------
        theta : ndarray of shape (n_models,)
            Strengths by the item curves.

        Returns
        -------
        expected : ndarray of shape (n_models, n_items)
            In the units of the results.
        """
        low, high = self.bounds
        return np.asarray(low + (high - low) * self.curves_.expected_items(theta))

    @property
    def probes_(self) -> Indices:
        """The items that every model is run on before its own anchors are known."""
        probes: Indices = self.estimator_.probes_
        return probes

    def anchors_for(self, X: Any) -> Indices:
        """Return the anchors of each model.

        Parameters
        ----------
        X : {ndarray, DataFrame} of shape (n_models, n_items)
            Only the probes are read.

        Returns
        -------
        anchors : ndarray of shape (n_models, n_anchors)
            Column indices.
        """
        return np.asarray(self.estimator_.anchors_for(X))

    def _find_anchors(self) -> None:
        """Find which items are read of a model: in order of choice, and sorted."""
        self._must_fill = False
        if AnchorTags.of(self.estimator_).anchors_for_each_model:
            self.anchors_ = np.asarray(self.estimator_.anchors_)
            self.items_ = np.arange(self.n_items_)
            return
        read = read_items(self.estimator_, np.arange(self.n_items_))
        self.anchors_ = anchors_of(self.estimator_, self.n_items_)
        self.items_ = np.sort(self.anchors_)
        self._must_fill = read is not None and not read.allow_nan

    @property
    def line_(self) -> tuple[Array, Array, Array]:
        """Slope, intercept and spread per task of the line from means in [0, 1] to scores."""
        low, high = self.bounds
        slope, intercept = np.ravel(self.difference_.slope_), np.ravel(self.difference_.intercept_)
        return (high - low) * slope, intercept + low * slope, self.line_spread_

    def _line(self, mean: Array) -> Array:
        low, high = self.bounds
        slope, intercept = np.ravel(self.difference_.slope_), np.ravel(self.difference_.intercept_)
        return np.asarray(np.outer(low + (high - low) * mean, slope) + intercept)

    def _unit(self, results: Array) -> Array:
        low, high = self.bounds
        return np.asarray(np.clip((results - low) / (high - low), 0, 1))

    def _filled(self, results: Array) -> Array:
        """Fill a gap with the item's mean, moved by what the model is above or below such means."""
        have, means = ~np.isnan(results), self.means_[self.items_]
        shift = np.where(have, results - means, 0).sum(axis=1)
        shift = shift / np.maximum(have.sum(axis=1), 1)
        return np.where(have, results, means + shift[:, np.newaxis])

    def __sklearn_tags__(self) -> Any:
        """Tell which kind of anchors there are."""
        own = AnchorTags.of(self.estimator).anchors_for_each_model
        return AnchorTags(anchors_for_each_model=own).added_to(super().__sklearn_tags__())


def like_rows(rows: Any, values: Array) -> Any:
    """Return numbers as a data frame where rows are one.

    Parameters
    ----------
    rows : {ndarray, DataFrame} of shape (n_models, n_items)
        The rows as they were given.
    values : ndarray of shape (n_models, n_items)
        The numbers.

    Returns
    -------
    rows : {ndarray, DataFrame} of shape (n_models, n_items)
        The numbers.
    """
    if hasattr(rows, "iloc"):
        return type(rows)(values, index=rows.index, columns=rows.columns)
    if hasattr(rows, "columns"):
        return type(rows)(values, schema=list(rows.columns))
    return values
