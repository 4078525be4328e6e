"""What a method may use: so many anchors, one seed, and of the target models the anchors only."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import get_tags

Indices = NDArray[np.intp]

# Where estimators that wrap others keep what they fitted.
_FITTED_INSIDE = ("best_estimator_", "regressor_", "estimator_")


def prepared(method: Any, name: str, n_anchors: int, seed: int) -> Any:
    """Make an unfitted estimator of a method for a number of anchors and a seed.

    Parameters
    ----------
    method : estimator or callable
        An estimator with a parameter `n_anchors`, its own or of one of its parts, or a function
        that makes one: ``method(n_anchors=50)``.
    name : str
        Name of the method, for errors.
    n_anchors : int
        Number of anchors; set wherever a parameter has that name.
    seed : int
        Set wherever a parameter `random_state` is None.

    Returns
    -------
    estimator : estimator
        A new estimator.
    """
    if not hasattr(method, "fit"):
        return with_seed(method(n_anchors=n_anchors), seed)
    estimator = clone(method)
    keys = [key for key in estimator.get_params() if _last(key) == "n_anchors"]
    if not keys:
        raise ValueError(
            f"The method {name!r}, a {type(method).__name__}, has no parameter n_anchors, so it "
            "cannot be given a number of anchors. Put a selector into it, or pass a function "
            "that makes the estimator for a number: {"
            f"{name!r}: lambda n_anchors: ...}}."
        )
    return with_seed(estimator.set_params(**dict.fromkeys(keys, n_anchors)), seed)


def with_seed(estimator: Any, seed: int) -> Any:
    """Set every parameter `random_state` that is None.

    Parameters
    ----------
    estimator : estimator
        Changed in place.
    seed : int
        The seed, the same for all: methods that draw the same items by the same seed can then be
        compared without the luck of the draw.

    Returns
    -------
    estimator : estimator
        The same estimator.
    """
    unset = [
        key
        for key, value in estimator.get_params().items()
        if _last(key) == "random_state" and value is None
    ]
    return estimator.set_params(**dict.fromkeys(unset, seed))


def read_items(estimator: Any, n_items: int) -> tuple[Indices, bool]:
    """Find the items that a fitted estimator reads of a model.

    Parameters
    ----------
    estimator : estimator
        Fitted on `n_items` columns: has ``anchors_`` or ``get_support``, or parts that do (steps
        of a pipeline, members of an ensemble, the winner of a search).
    n_items : int
        Number of items. Parts that saw another number are not asked.

    Returns
    -------
    items : ndarray of shape (n_read,)
        Sorted column indices; empty where no part chooses items.
    allow_nan : bool
        Whether all that choose take rows that are NaN elsewhere.
    """
    selectors = list(_choosers(estimator, n_items))
    items = [
        selector.anchors_ if hasattr(selector, "anchors_") else selector.get_support(indices=True)
        for selector in selectors
    ]
    allow_nan = all(
        hasattr(selector, "anchors_") or get_tags(selector).input_tags.allow_nan
        for selector in selectors
    )
    return np.unique(
        np.concatenate([*items, np.empty(0, dtype=np.intp)]).astype(np.intp)
    ), allow_nan


def only_items(X: Any, items: Indices, fill: Any) -> Any:
    """Hide all but some items of the target models.

    Parameters
    ----------
    X : {ndarray, DataFrame} of shape (n_models, n_items)
        Rows of the target models.
    items : ndarray of shape (n_read,)
        The columns to keep.
    fill : float or ndarray of shape (n_items,)
        What stands in the other columns.

    Returns
    -------
    X : {ndarray, DataFrame} of shape (n_models, n_items)
        Float rows, a data frame where `X` is one.
    """
    values = np.asarray(X, dtype=np.float64)
    hidden = np.ones(values.shape[1], dtype=bool)
    hidden[items] = False
    shown = np.where(hidden, fill, values)
    if hasattr(X, "iloc"):
        return type(X)(shown, index=X.index, columns=X.columns)
    if hasattr(X, "columns"):
        return type(X)(shown, schema=list(X.columns))
    return shown


def item_means(X: Any) -> NDArray[np.float64]:
    """Return the mean of each item over the models that have a result on it; 0 where none has.

    Parameters
    ----------
    X : {ndarray, DataFrame} of shape (n_models, n_items)
        Rows of the source models.

    Returns
    -------
    means : ndarray of shape (n_items,)
        The means.
    """
    values = np.asarray(X, dtype=np.float64)
    counts = (~np.isnan(values)).sum(axis=0)
    means: NDArray[np.float64] = np.nansum(values, axis=0) / np.maximum(counts, 1)
    return means


def _choosers(estimator: Any, n_items: int) -> Any:
    """Yield the outermost parts that choose among all items."""
    chooses = hasattr(estimator, "anchors_") or hasattr(estimator, "get_support")
    if chooses and getattr(estimator, "n_features_in_", n_items) == n_items:
        yield estimator
        return
    for part in _parts(estimator):
        yield from _choosers(part, n_items)


def _parts(estimator: Any) -> list[Any]:
    if hasattr(estimator, "steps"):
        return [step for _, step in estimator.steps if hasattr(step, "fit")]
    if hasattr(estimator, "estimators_"):
        return list(np.ravel(np.asarray(estimator.estimators_, dtype=object)))
    return [getattr(estimator, name) for name in _FITTED_INSIDE if hasattr(estimator, name)]


def _last(key: str) -> str:
    return key.rsplit("__", 1)[-1]
