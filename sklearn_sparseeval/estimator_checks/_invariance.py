"""What the choice must not depend on, and that nothing leaks into it."""

import io
import pickle
import random
import sys
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sklearn_sparseeval.estimator_checks._common import (
    fitted,
    graded_scores,
    prepared,
    require,
    require_same_anchors,
)


def check_default_target(selector: Any) -> None:
    """Check that without `y` the target is the mean of each model's evaluated items."""
    X = graded_scores()
    X[np.arange(10), np.arange(10)] = np.nan
    require_same_anchors(
        fitted(selector, X), fitted(selector, X, np.nanmean(X, axis=1)), "fit without y"
    )


def check_row_order(selector: Any) -> None:
    """Check that the order in which the models are listed does not matter."""
    X = graded_scores()
    y, weight = X[:, 1:].mean(axis=1), 1.0 + np.arange(len(X)) % 3
    expected = fitted(selector, X, y, weight)
    for seed in range(2):
        order = np.random.default_rng(seed).permutation(len(X))
        got = fitted(selector, X[order], y[order], weight[order])
        require_same_anchors(got, expected, "the models in another order")


def check_weights_are_repeated_rows(selector: Any) -> None:
    """Check that a weight of n is the same as n equal rows."""
    for seed in range(2):
        X = graded_scores(12, seed=seed)
        y = X.mean(axis=1)
        weight = np.array([1, 1, 1, 1, 2, 2, 3, 1, 1, 12, 1, 15])
        repeated = np.repeat(np.arange(12), weight)
        require_same_anchors(
            fitted(selector, X, y, weight),
            fitted(selector, X[repeated], y[repeated]),
            f"integer sample_weight {weight.tolist()} instead of repeated rows",
        )


def check_weight_zero_is_no_row(selector: Any) -> None:
    """Check that a model of weight zero, whatever its results, cannot change the anchors."""
    X = graded_scores(20)
    y = X.mean(axis=1)
    outside = np.arange(20) % 3 == 1
    expected = fitted(selector, X[~outside], y[~outside])
    weight = (~outside).astype(float)
    leaky = {
        "as they are": X,
        "turned round": np.where(outside[:, np.newaxis], 1 - X, X),
        "far out of range": np.where(outside[:, np.newaxis], 1e3 * X, X),
        "without results": np.where(outside[:, np.newaxis], np.nan, X),
    }
    for what, rows in leaky.items():
        got = fitted(selector, rows, y, weight)
        require_same_anchors(got, expected, f"rows of weight zero, {what}, instead of absent")


def check_refit(selector: Any) -> None:
    """Check that a fit is repeatable, and remembers nothing of other data."""
    X, other = graded_scores(), 1 - graded_scores(10, 15, seed=1)
    expected = fitted(selector, X)
    require_same_anchors(fitted(selector, X), expected, "a second fit with the same seed")
    require_same_anchors(prepared(expected).fit(X), expected, "a clone of the fitted selector")
    veteran = prepared(selector).fit(other)
    expected_other = veteran.anchors_.copy()
    require_same_anchors(veteran.fit(X), expected, "a fit after a fit on other data")
    veteran.transform(1 - X)
    require_same_anchors(veteran, expected, "after transforming other rows")
    require_same_anchors(veteran.fit(X), expected, "a second fit of the same instance")
    again = fitted(selector, other).anchors_
    require(
        np.array_equal(again, expected_other),
        f"a fit after fits on other data: got anchors_ {again.tolist()}, expected "
        f"{expected_other.tolist()}.",
    )


def check_pickle(selector: Any) -> None:
    """Check that a fitted selector comes back from pickle as it went."""
    X = graded_scores()
    chosen = fitted(selector, X)
    restored = _through_pickle(chosen)
    require_same_anchors(restored, chosen, "after pickle")
    np.testing.assert_array_equal(
        restored.transform(X), chosen.transform(X), err_msg="transform(X) after pickle"
    )


def check_global_random_state(selector: Any) -> None:
    """Check that a fit with a seed neither reads nor changes a global random state."""
    X = graded_scores()
    numpy_state = check_random_state(None)  # numpy's global one
    before = numpy_state.get_state(), random.getstate()
    torch = sys.modules.get("torch")
    torch_before = None if torch is None else torch.random.get_rng_state()
    try:
        numpy_state.seed(1)
        random.seed(1)
        expected, untouched = prepared(selector), _global_states()
        expected.fit(X)
        after = _global_states()  # of torch too, if only this fit has imported it
        for name, state in untouched.items():
            require(after[name] == state, f"fit changed the global random state of {name}.")
        numpy_state.seed(2)
        random.seed(2)
        if torch is not None:
            torch.random.manual_seed(2)
        require_same_anchors(
            fitted(selector, X), expected, "another global random state, the same random_state"
        )
    finally:
        numpy_state.set_state(before[0])
        random.setstate(before[1])
        if torch is not None:
            torch.random.set_rng_state(torch_before)


def _global_states() -> dict[str, Any]:
    states = {"numpy": str(check_random_state(None).get_state()), "random": random.getstate()}
    if "torch" in sys.modules:
        states["torch"] = sys.modules["torch"].random.get_rng_state().numpy().tobytes()
    return states


class _Pickler(pickle.Pickler):
    """Leaves the selector's own class out: it may live in a notebook or a function."""

    def __init__(self, file: io.BytesIO, own_class: type) -> None:
        super().__init__(file)
        self.own_class = own_class

    def persistent_id(self, obj: Any) -> str | None:
        return "own class" if obj is self.own_class else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, own_class: type) -> None:
        super().__init__(file)
        self.own_class = own_class

    def persistent_load(self, pid: Any) -> type:
        return self.own_class


def _through_pickle(selector: Any) -> Any:
    file = io.BytesIO()
    _Pickler(file, type(selector)).dump(selector)
    file.seek(0)
    return _Unpickler(file, type(selector)).load()
