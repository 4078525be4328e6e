"""What a method may use: so many anchors, one seed, and of the target models the anchors only."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import get_tags

from sklearn_sparseeval._tags import AnchorTags

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
    if not has_budget(estimator):
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


def has_budget(estimator: Any) -> bool:
    """Return whether an estimator, or a part of it, has a parameter `n_anchors`.

    Parameters
    ----------
    estimator : estimator
        The estimator.

    Returns
    -------
    has_budget : bool
        Whether it chooses items, then, or says it does.
    """
    return any(_last(key) == "n_anchors" for key in estimator.get_params())


class ReadItems(NamedTuple):
    """Which items a fitted estimator reads of a model, as sorted column indices."""

    items: Indices
    allow_nan: bool  # whether all parts that choose take rows that are NaN elsewhere


def read_items(estimator: Any, columns: Indices) -> ReadItems | None:
    """Find the items that a fitted estimator reads of a model.

    Parameters
    ----------
    estimator : estimator
        Fitted: has ``anchors_`` or ``get_support``, or parts that do (steps of a pipeline,
        members of an ensemble, the winner of a search).
    columns : ndarray of shape (n_columns,)
        The item of each column that the estimator sees.

    Returns
    -------
    read : ReadItems or None
        None where no part chooses items, or what it chooses from are no longer items.
    """
    chosen = _chosen(estimator, columns)
    if chosen is not None:
        return chosen
    if hasattr(estimator, "steps"):
        return _read_by_steps(estimator, columns)
    members = getattr(estimator, "estimators_", None)
    if members is None:
        members = [getattr(estimator, name) for name in _FITTED_INSIDE if hasattr(estimator, name)]
    found = [read_items(part, columns) for part in np.ravel(np.asarray(members, dtype=object))]
    known = [read for read in found if read is not None]
    if not known:
        return None
    items = np.unique(np.concatenate([read.items for read in known]))
    return ReadItems(items, all(read.allow_nan for read in known))


def anchors_of(estimator: Any, n_items: int) -> Indices:
    """Find the items that a fitted estimator reads of a model, in order of choice.

    Parameters
    ----------
    estimator : estimator
        Fitted, as for :func:`read_items`.
    n_items : int
        Number of items it was fitted on.

    Returns
    -------
    anchors : ndarray of shape (n_anchors,)
        Column indices, in the order of the selector where one part alone chooses from the items,
        else sorted.

    Raises
    ------
    ValueError
        If no part of it chooses items.
    """
    if hasattr(estimator, "anchors_"):
        return np.asarray(estimator.anchors_)
    columns = np.arange(n_items)
    read = read_items(estimator, columns)
    if read is None:
        raise ValueError(
            f"The estimator, a {type(estimator).__name__}, does not say which items it reads: "
            "neither it nor a part of it that sees the items has anchors_ or get_support. "
            "Expected an AnchoredRegressor, or a pipeline that begins with a selector."
        )
    order = _order_of_choice(estimator, columns)
    return read.items if order is None else order[np.isin(order, read.items)]


def personal_items(estimator: Any, X: Any) -> Indices | None:
    """Find the items that a fitted estimator reads of each model, where they differ.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X : {ndarray, DataFrame} of shape (n_models, n_items)
        Rows of the target models. The estimator is shown its probes only.

    Returns
    -------
    items : ndarray of shape (n_models, n_read) or None
        Column indices, the probes among them; None where the items are the same for all.
    """
    if not AnchorTags.of(estimator).anchors_for_each_model:
        return None
    probes = np.asarray(estimator.probes_)
    own: Indices = np.asarray(estimator.anchors_for(only_items(X, probes, np.nan)))
    return np.hstack([np.tile(probes, (len(own), 1)), own])


def only_items(X: Any, items: Indices, fill: Any) -> Any:
    """Hide all but some items of the target models.

    Parameters
    ----------
    X : {ndarray, DataFrame} of shape (n_models, n_items)
        Rows of the target models.
    items : ndarray of shape (n_read,) or (n_models, n_read)
        The columns to keep, the same for all models or each model's own.
    fill : float or ndarray of shape (n_items,)
        What stands in the other columns.

    Returns
    -------
    X : {ndarray, DataFrame} of shape (n_models, n_items)
        Float rows, a data frame where `X` is one.
    """
    values = np.asarray(X, dtype=np.float64)
    hidden = np.ones(values.shape, dtype=bool)
    np.put_along_axis(hidden, np.broadcast_to(items, (len(values), items.shape[-1])), False, axis=1)
    shown = np.where(hidden, fill, values)
    if hasattr(X, "iloc"):
        return type(X)(shown, index=X.index, columns=X.columns)
    if hasattr(X, "columns"):
        return type(X)(shown, schema=list(X.columns))
    return shown


def _chosen(estimator: Any, columns: Indices) -> ReadItems | None:
    """Return what an estimator chooses itself."""
    anchors = getattr(estimator, "anchors_", None)
    if anchors is not None:
        return ReadItems(np.sort(columns[np.asarray(anchors)]), True)
    if hasattr(estimator, "get_support"):
        items = np.sort(columns[estimator.get_support(indices=True)])
        return ReadItems(items, get_tags(estimator).input_tags.allow_nan)
    return None


def _read_by_steps(pipeline: Any, columns: Indices) -> ReadItems | None:
    """Follow the items through a pipeline, as long as its columns are items."""
    narrowed, allow_nan = False, True
    for _, step in pipeline.steps:
        if step in (None, "passthrough"):
            continue
        read = read_items(step, columns)
        if read is not None:
            narrowed, columns = True, read.items
            allow_nan = allow_nan and read.allow_nan
        elif not _keeps_columns(step, len(columns)):
            break
    return ReadItems(columns, allow_nan) if narrowed else None


def _order_of_choice(estimator: Any, columns: Indices) -> Indices | None:
    """Return the anchors of the only part that chooses from all items, None where there is none."""
    if hasattr(estimator, "anchors_"):
        return np.asarray(estimator.anchors_)
    if hasattr(estimator, "get_support"):
        return None
    if hasattr(estimator, "steps"):
        steps = [step for _, step in estimator.steps if step not in (None, "passthrough")]
        first = next((step for step in steps if read_items(step, columns) is not None), None)
        return None if first is None else _order_of_choice(first, columns)
    inside = [getattr(estimator, name) for name in _FITTED_INSIDE if hasattr(estimator, name)]
    if hasattr(estimator, "estimators_") or len(inside) != 1:
        return None
    return _order_of_choice(inside[0], columns)


def _keeps_columns(step: Any, n_columns: int) -> bool:
    """Return whether column i of what a transformer returns is column i of what it was given."""
    names = getattr(step, "feature_names_in_", np.array([f"x{i}" for i in range(n_columns)]))
    try:
        named = step.get_feature_names_out(names)
    except AttributeError:  # there is none, or a pipeline's last step has none
        return False
    return list(named) == list(names)


def _last(key: str) -> str:
    return key.rsplit("__", 1)[-1]
