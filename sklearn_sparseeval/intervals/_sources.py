"""The history as it is held out: equal models once, relatives together, in an order of its own."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from sklearn_sparseeval._sklearn import _safe_indexing
from sklearn_sparseeval.numerics.row_identity import canonical_row_order, equal_rows
from sklearn_sparseeval.numerics.score_scale import unit_range
from sklearn_sparseeval.splitters import RepeatedGroupKFold, group_similar_models

Array = NDArray[np.floating]
Rows = NDArray[np.intp]

_FEW, _FOLDS_OF_FEW, _FOLDS = 100, 10, 5
_LEAST_SOURCES = 3  # one part in so many of the models must remain to fit on
_DECIMALS = 9
_CALIBRATION_SHARE = 3  # of method="split": one part in so many


class Sources(NamedTuple):
    """Source models that differ in their results or scores, ordered by what they hold."""

    X: Any  # (n_models, n_items), a data frame where the user gave one
    scores: Array  # the same as numbers, NaN = not evaluated
    y: Array  # (n_models, n_tasks)
    weight: Array  # (n_models,), sums over equal rows
    groups: Rows  # (n_models,), what is held out together
    once: Array  # (n_models,), 1 / number of models with the same results
    weighted: bool  # whether the weights are the user's; else they count copies
    places: Rows  # (n_given,), where each model that the user gave stands; -1 for weight zero

    @property
    def target(self) -> Array:
        """The scores as estimators take them: one task as a vector."""
        return self.y[:, 0] if self.y.shape[1] == 1 else self.y

    def fit_params(self, rows: Rows) -> "FitParams":
        """Return what is known of some of the models, for `fit_estimator`."""
        return FitParams(self.weight[rows], self.weighted, self.groups[rows])


class FitParams(NamedTuple):
    """What is known of the models of a fit besides their results and scores."""

    weight: Array  # (n_models,)
    weighted: bool  # whether the weights are the user's; else they count copies
    groups: Rows  # (n_models,)


def order_sources(X: Any, scores: Array, y: Array, sample_weight: Any, groups: Any) -> Sources:
    """Merge equal models and order them by content, so that their order of listing is forgotten.

    Parameters
    ----------
    X : {ndarray, DataFrame} of shape (n_models, n_items)
        What estimators are handed.
    scores : ndarray of shape (n_models, n_items)
        The same in float64.
    y : ndarray of shape (n_models, n_tasks)
        Benchmark scores.
    sample_weight : ndarray of shape (n_models,) or None
        Not negative; None counts copies.
    groups : array-like of shape (n_models,) or None
        Families.

    Returns
    -------
    sources : Sources
        Models of weight zero are left out.
    """
    weight = np.ones(len(scores)) if sample_weight is None else np.asarray(sample_weight)
    used = np.flatnonzero(weight > 0)
    labels = None if groups is None else _encoded(groups)[used]
    plain = scores[used] + 0.0  # no negative zeros
    target = y[used] + 0.0
    # Scores on another scale are in the same order, up to rounding.
    content = np.round(unit_range(plain), _DECIMALS) + 0.0
    order = canonical_row_order(content, target, weight[used])
    plain, target = plain[order], target[order]
    same = equal_rows(np.column_stack([plain, target]))
    _, first, merged = np.unique(same, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))  # numbers in the order of the rows
    merged, first = rank[merged], np.sort(first)
    if labels is not None:
        labels = _joined(labels[order], merged)[first]
    alike = equal_rows(plain[first])
    rows = used[order][first]
    places = np.full(len(scores), -1)
    places[used[order]] = merged
    return Sources(
        _safe_indexing(X, rows),
        plain[first],
        target[first],
        np.bincount(merged, weights=weight[used][order]).astype(np.float64),
        _held_out_together(plain[first], labels, alike),
        1 / np.bincount(alike)[alike],
        sample_weight is not None,
        places,
    )


def make_folds(
    groups: Rows, n_folds: int | None, rng: np.random.RandomState
) -> list[tuple[Rows, Rows]]:
    """Deal whole groups to folds of about the same number of models.

    Parameters
    ----------
    groups : ndarray of shape (n_models,)
        What is held out together.
    n_folds : int or None
        How many folds; None is 10 with fewer than 100 models, else 5. At most one per group.
    rng : RandomState
        Deals them.

    Returns
    -------
    folds : list of (ndarray, ndarray)
        Rows to fit on and rows held out; every model is held out once.
    """
    wanted = n_folds or (_FOLDS_OF_FEW if len(groups) < _FEW else _FOLDS)
    number = min(wanted, len(np.unique(groups)))
    cv = RepeatedGroupKFold(number, n_repeats=1, random_state=rng.randint(2**31 - 1))
    return list(cv.split(groups, groups=groups))


def split_once(groups: Rows, rng: np.random.RandomState) -> tuple[Rows, Rows]:
    """Set a third of the models aside, in whole groups.

    Parameters
    ----------
    groups : ndarray of shape (n_models,)
        What is held out together.
    rng : RandomState
        Draws them.

    Returns
    -------
    fitted, calibrated : ndarray
        Rows of the models to fit on, and of those to calibrate with.
    """
    number = min(_CALIBRATION_SHARE, len(np.unique(groups)))
    cv = RepeatedGroupKFold(number, n_repeats=1, random_state=rng.randint(2**31 - 1))
    return next(iter(cv.split(groups, groups=groups)))


def fit_estimator(estimator: Any, X: Any, y: Array, given: FitParams) -> Any:
    """Fit an estimator whether or not it takes weights and groups.

    Parameters
    ----------
    estimator : estimator
        Fitted in place.
    X : {ndarray, DataFrame} of shape (n_models, n_items)
        Results.
    y : ndarray of shape (n_models,) or (n_models, n_tasks)
        Scores.
    given : FitParams
        Numbers of copies are handed on as copies, weights of the user as weights, and groups to
        an estimator that takes them.

    Returns
    -------
    estimator : estimator
        The same.
    """
    weight, params = given.weight, {}
    if has_fit_parameter(estimator, "groups"):
        params["groups"] = given.groups
    if (weight == 1).all():
        return estimator.fit(X, y, **params)
    if not given.weighted:
        rows = np.repeat(np.arange(len(weight)), weight.astype(np.intp))
        params = {name: values[rows] for name, values in params.items()}
        return estimator.fit(_safe_indexing(X, rows), y[rows], **params)
    if not isinstance(estimator, Pipeline):
        return estimator.fit(X, y, sample_weight=weight, **params)
    names = [
        f"{name}__sample_weight"
        for name, step in estimator.steps
        if hasattr(step, "fit") and has_fit_parameter(step, "sample_weight")
    ]
    return estimator.fit(X, y, **dict.fromkeys(names, weight))


def _held_out_together(scores: Array, families: Any, alike: Rows) -> Rows:
    """Join families and near-identical models, as widely as leaves enough models to fit on."""
    near = group_similar_models(scores, groups=families)
    for labels in (near, alike) if families is None else (near, families, alike):
        left = len(labels) - np.bincount(labels).max()
        if left >= max(2, len(labels) / _LEAST_SOURCES):
            return np.asarray(labels)
    return np.arange(len(scores))


def _encoded(groups: Any) -> Rows:
    return np.unique(np.asarray(groups), return_inverse=True)[1].ravel()


def _joined(labels: Rows, merged: Rows) -> Rows:
    """Join labels that are given to copies of one model."""
    size = max(labels.max(), merged.max()) + 1
    edges = coo_array((np.ones(len(labels)), (labels, merged + size)), shape=(2 * size, 2 * size))
    component = connected_components(edges, directed=False)[1]
    return _encoded(component[labels])
