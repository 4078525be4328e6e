"""What a user hands to an estimator: named inputs are paired by name, and no mask is lost."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._messages import listing


def without_mask(X: Any) -> Any:
    """Return a masked array with NaN (not evaluated) where it is masked; anything else as it is.

    Parameters
    ----------
    X : object
        What the user gave.

    Returns
    -------
    X : object
        Without a mask, which scikit-learn would drop and count what lies under it.
    """
    if not isinstance(X, np.ma.MaskedArray):
        return X
    masked: Any = X.astype(np.float64) if np.ma.is_masked(X) else X
    return masked.filled(np.nan) if np.ma.is_masked(X) else masked.data


def refuse_other_order(X: Any, **given: Any) -> None:
    """Refuse what names the rows of X in another order: rows are paired by their place.

    Parameters
    ----------
    X : object
        Score matrix; only a pandas frame names its rows.
    **given : object
        Targets, weights and the like, by name.
    """
    if not hasattr(X, "iloc"):
        return
    for name, values in given.items():
        if not hasattr(values, "iloc"):
            continue
        ours, theirs = list(X.index), list(values.index)
        if ours != theirs and sorted(map(str, ours)) == sorted(map(str, theirs)):
            raise ValueError(
                f"{name} names the same models as X in another order, and rows are paired by "
                f"their place. Pass {name}.loc[X.index]."
            )


def column_names(estimator: Any) -> NDArray[Any] | None:
    """Return the names of the columns that an estimator was fitted with.

    Parameters
    ----------
    estimator : estimator
        Fitted.

    Returns
    -------
    names : ndarray of shape (n_features,) or None
        `feature_names_in_`, which scikit-learn keeps where all names are texts; else those of any
        other type. None where there were no names.
    """
    names = getattr(estimator, "feature_names_in_", None)
    return getattr(estimator, "_other_names", None) if names is None else names


def remember_columns(estimator: Any, X: Any) -> None:
    """Keep the names of columns that are not texts, which scikit-learn forgets.

    Parameters
    ----------
    estimator : estimator
        Being fitted; scikit-learn has looked at `X`.
    X : object
        What it is fitted with.
    """
    vars(estimator).pop("_other_names", None)
    if hasattr(X, "iloc") and hasattr(X, "columns") and not hasattr(estimator, "feature_names_in_"):
        estimator._other_names = _as_objects(X.columns)


def check_columns(estimator: Any, X: Any) -> None:
    """Refuse columns whose names, which are not texts, are others or in another order.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X : object
        What it is to predict or transform.
    """
    names = getattr(estimator, "_other_names", None)
    if names is None or not (hasattr(X, "iloc") and hasattr(X, "columns")):
        return
    given = list(X.columns)
    if given == list(names):
        return
    if len(given) == len(names) and set(given) == set(names):
        raise ValueError(
            "The columns of X are those of fit in another order: they begin with "
            f"{listing(given, 3)}, in fit with {listing(list(names), 3)}. Bring them into that "
            "order."
        )
    unknown = [name for name in given if name not in set(names)]
    if unknown and len(given) == len(names):
        raise ValueError(
            f"X has columns that were not there in fit: {listing(unknown)}. In fit they began "
            f"with {listing(list(names), 3)}."
        )


@contextmanager
def training_allowed() -> Iterator[None]:
    """Train networks also where the caller has switched gradients off.

    Yields
    ------
    None
        Nothing.
    """
    torch = sys.modules.get("torch")
    with ExitStack() as stack:
        if torch is not None:
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.enable_grad())
        yield


def _as_objects(names: Any) -> NDArray[Any]:
    """Make an array of names, of which some may be tuples."""
    array = np.empty(len(names), dtype=object)
    array[:] = list(names)
    return array
