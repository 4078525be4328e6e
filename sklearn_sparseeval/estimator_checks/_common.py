"""What the checks share: small score matrices, fits with fixed seeds, and clear failures."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

Array = NDArray[np.floating]

N_ANCHORS = 4


def graded_scores(n_models: int = 24, n_items: int = 20, *, seed: int = 0) -> Array:
    """Make scores strictly between 0 and 1: no ties, and no two sums alike."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=(n_models, 1))
    noise = rng.normal(scale=rng.uniform(0.3, 2, size=n_items), size=(n_models, n_items))
    scores: Array = 1 / (1 + np.exp(rng.normal(size=n_items) - ability - noise))
    return scores


def with_missing_results(X: Array, *, seed: int = 0) -> Array:
    """Take out a fifth of the results, but none from the first item: no row is left empty."""
    missing = np.random.default_rng(seed).random(X.shape) < 0.2
    missing[:, 0] = False
    return np.where(missing, np.nan, X)


def fitted(selector: Any, X: Any, y: Any = None, sample_weight: Any = None, **params: Any) -> Any:
    """Fit a clone, with a few anchors and every seed fixed unless told otherwise."""
    return prepared(selector, **params).fit(X, y, sample_weight=sample_weight)


def prepared(selector: Any, **params: Any) -> Any:
    """Clone; a few anchors, missing ones refused and every seed fixed unless told otherwise."""
    fresh = clone(selector)
    if "missing_anchors" in fresh.get_params():
        params = {"missing_anchors": "raise", **params}
    seeds = {name: 0 for name in fresh.get_params() if name.split("__")[-1] == "random_state"}
    return fresh.set_params(**{"n_anchors": N_ANCHORS, **seeds, **params})


def require(condition: Any, message: str) -> None:
    """Raise an AssertionError unless the condition holds."""
    if not condition:
        raise AssertionError(message)


def require_same_anchors(got: Any, expected: Any, what: str) -> None:
    """Compare two fitted selectors."""
    require(
        np.array_equal(got.anchors_, expected.anchors_),
        f"{what}: got anchors_ {got.anchors_.tolist()}, expected {expected.anchors_.tolist()}.",
    )


def require_valid_anchors(selector: Any, n_anchors: int, what: str) -> None:
    """Check number, type, range and uniqueness of the anchors, and that the mask agrees."""
    anchors = selector.anchors_
    require(
        isinstance(anchors, np.ndarray) and anchors.dtype.kind in "iu",
        f"{what}: anchors_ must be an array of integers, got {anchors!r}.",
    )
    require(
        anchors.shape == (n_anchors,),
        f"{what}: anchors_ has shape {anchors.shape}, expected ({n_anchors},).",
    )
    require(
        len(np.unique(anchors)) == n_anchors,
        f"{what}: anchors_ must not repeat an item, got {anchors.tolist()}.",
    )
    require(
        (anchors >= 0).all() and (anchors < selector.n_features_in_).all(),
        f"{what}: anchors_ must lie in [0, {selector.n_features_in_}), got {anchors.tolist()}.",
    )
    support = selector.get_support(indices=True)
    require(
        np.array_equal(support, np.sort(anchors)),
        f"{what}: get_support(indices=True) is {support.tolist()}, expected the sorted anchors "
        f"{np.sort(anchors).tolist()}.",
    )


def require_value_error(call: Callable[[], Any], words: list[Any], what: str) -> None:
    """Check that a call raises a ValueError whose message has these words or numbers."""
    try:
        call()
    except ValueError as error:
        message = str(error)
    else:
        raise AssertionError(f"{what}: expected a ValueError, got none.")
    absent = [word for word in words if not re.search(rf"(?<!\w){word}(?!\w)", message)]
    require(not absent, f"{what}: the message must name {absent}, got {message!r}.")
