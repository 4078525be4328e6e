"""The checks: valid anchors, that nothing else decides them, and what missing results mean."""

import io
import pickle
import random
import re
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.utils import check_random_state

Array = NDArray[np.floating]

N_ANCHORS = 4


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


def _graded_scores(n_models: int = 24, n_items: int = 20, *, seed: int = 0) -> Array:
    """Make scores strictly between 0 and 1: no ties, and no two sums alike."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=(n_models, 1))
    noise = rng.normal(scale=rng.uniform(0.3, 2, size=n_items), size=(n_models, n_items))
    scores: Array = 1 / (1 + np.exp(rng.normal(size=n_items) - ability - noise))
    return scores


def _with_missing_results(X: Array, *, seed: int = 0) -> Array:
    """Take out a fifth of the results, but none from the first item: no row is left empty."""
    missing = np.random.default_rng(seed).random(X.shape) < 0.2
    missing[:, 0] = False
    return np.where(missing, np.nan, X)


def _fitted(selector: Any, X: Any, y: Any = None, sample_weight: Any = None, **params: Any) -> Any:
    """Fit a clone, with a few anchors and every seed fixed unless told otherwise."""
    return _prepared(selector, **params).fit(X, y, sample_weight=sample_weight)


def _prepared(selector: Any, **params: Any) -> Any:
    """Clone; a few anchors, missing ones refused and every seed fixed unless told otherwise."""
    fresh = clone(selector)
    if "missing_anchors" in fresh.get_params():
        params = {"missing_anchors": "raise", **params}
    seeds = {name: 0 for name in fresh.get_params() if name.split("__")[-1] == "random_state"}
    return fresh.set_params(**{"n_anchors": N_ANCHORS, **seeds, **params})


def _require(condition: Any, message: str) -> None:
    """Raise an AssertionError unless the condition holds."""
    if not condition:
        raise AssertionError(message)


def _require_same_anchors(got: Any, expected: Any, what: str) -> None:
    """Compare two fitted selectors."""
    _require(
        np.array_equal(got.anchors_, expected.anchors_),
        f"{what}: got anchors_ {got.anchors_.tolist()}, expected {expected.anchors_.tolist()}.",
    )


def _require_valid_anchors(selector: Any, n_anchors: int, what: str) -> None:
    """Check number, type, range and uniqueness of the anchors, and that the mask agrees."""
    anchors = selector.anchors_
    _require(
        isinstance(anchors, np.ndarray) and anchors.dtype.kind in "iu",
        f"{what}: anchors_ must be an array of integers, got {anchors!r}.",
    )
    _require(
        anchors.shape == (n_anchors,),
        f"{what}: anchors_ has shape {anchors.shape}, expected ({n_anchors},).",
    )
    _require(
        len(np.unique(anchors)) == n_anchors,
        f"{what}: anchors_ must not repeat an item, got {anchors.tolist()}.",
    )
    _require(
        (anchors >= 0).all() and (anchors < selector.n_features_in_).all(),
        f"{what}: anchors_ must lie in [0, {selector.n_features_in_}), got {anchors.tolist()}.",
    )
    support = selector.get_support(indices=True)
    _require(
        np.array_equal(support, np.sort(anchors)),
        f"{what}: get_support(indices=True) is {support.tolist()}, expected the sorted anchors "
        f"{np.sort(anchors).tolist()}.",
    )


def _require_value_error(call: Callable[[], Any], words: list[Any], what: str) -> None:
    """Check that a call raises a ValueError whose message has these words or numbers."""
    try:
        call()
    except ValueError as error:
        message = str(error)
    else:
        raise AssertionError(f"{what}: expected a ValueError, got none.")
    absent = [word for word in words if not re.search(rf"(?<!\w){word}(?!\w)", message)]
    _require(not absent, f"{what}: the message must name {absent}, got {message!r}.")


def check_anchors(selector: Any) -> None:
    """Check that anchors are as many columns as asked for, and that `transform` takes them."""
    X = _graded_scores()
    n_items = X.shape[1]
    for n_anchors in (1, N_ANCHORS, n_items):
        chosen = _fitted(selector, X, n_anchors=n_anchors)
        _require_valid_anchors(chosen, n_anchors, f"n_anchors={n_anchors} of {n_items} items")
        np.testing.assert_array_equal(
            chosen.transform(X),
            X[:, np.sort(chosen.anchors_)],
            err_msg="transform(X) must return the anchors' columns in the order of the items.",
        )


def check_fraction_of_items(selector: Any) -> None:
    """Check that a fraction is a share of all items, rounded, and at least one item."""
    X = _graded_scores(n_items=20)
    for fraction, n_anchors in ((0.26, 5), (0.28, 6), (0.001, 1)):
        chosen = _fitted(selector, X, n_anchors=fraction)
        _require_valid_anchors(chosen, n_anchors, f"n_anchors={fraction} of 20 items")


def check_more_anchors_than_items(selector: Any) -> None:
    """Check that more anchors than items, all or evaluated, is an error with both numbers."""
    X = _graded_scores(n_items=9)
    what = "n_anchors=13 of 9 items"
    _require_value_error(lambda: _fitted(selector, X, n_anchors=13), [13, 9], what)
    X[:, [2, 5]] = np.nan
    what = "n_anchors=8 of 9 items, of which 7 have a result"
    _require_value_error(lambda: _fitted(selector, X, n_anchors=8), [8, 7], what)


def check_awkward_items(selector: Any) -> None:
    """Check that constant and duplicated items are no obstacle, even if there are no others."""
    X = _graded_scores()
    X[:, 3:8] = [0.0, 0.0, 1.0, 1.0, 0.3]
    X[:, 12:] = X[:, [11]]
    _require_valid_anchors(_fitted(selector, X), N_ANCHORS, "constant and duplicated items")
    _require_valid_anchors(
        _fitted(selector, X, n_anchors=18), 18, "most items are constant or duplicated"
    )
    for value in (0.0, 0.3, 1.0):
        constant = np.full((12, 10), value)
        _require_valid_anchors(_fitted(selector, constant), N_ANCHORS, f"every score is {value}")


def check_low_rank(selector: Any) -> None:
    """Check that more anchors than the rank of the score matrix can be chosen."""
    X = np.outer(np.linspace(0.1, 0.9, 15), np.linspace(0.2, 1, 12))
    _require_valid_anchors(_fitted(selector, X, n_anchors=7), 7, "7 anchors of a rank-one matrix")


def check_few_models(selector: Any) -> None:
    """Check that more anchors than source models can be chosen."""
    for n_models in (2, 3):
        X = _graded_scores(n_models)
        what = f"10 anchors from {n_models} models"
        _require_valid_anchors(_fitted(selector, X, n_anchors=10), 10, what)


def check_score_ranges(selector: Any) -> None:
    """Check that scores can be 0/1, whole numbers, percentages or negative."""
    graded = _graded_scores()
    matrices = {
        "0/1 scores": (graded > 0.5).astype(float),
        "integer scores": np.round(10 * graded).astype(int),
        "scores from 0 to 100": 100 * graded,
        "negative scores": graded - 2,
    }
    for what, X in matrices.items():
        _require_valid_anchors(_fitted(selector, X), N_ANCHORS, what)


def check_float32(selector: Any) -> None:
    """Check that single precision works, and that `transform` keeps it."""
    X = _graded_scores().astype(np.float32)
    chosen = _fitted(selector, X, X.mean(axis=1))
    _require_valid_anchors(chosen, N_ANCHORS, "float32 scores")
    dtype = chosen.transform(X).dtype
    _require(dtype == np.float32, f"transform of float32 scores returned {dtype}.")


def check_several_tasks(selector: Any) -> None:
    """Check that `y` may have several columns, and that one column is a vector."""
    X = _graded_scores()
    tasks = np.column_stack([X[:, :8].mean(axis=1), X[:, 8:].mean(axis=1)])
    _require_valid_anchors(_fitted(selector, X, tasks), N_ANCHORS, "y with two tasks")
    flat, column = (_fitted(selector, X, y).anchors_ for y in (tasks[:, 0], tasks[:, :1]))
    _require(
        np.array_equal(flat, column),
        f"y of shape (n, 1): got anchors_ {column.tolist()}, expected those of y of shape (n,), "
        f"{flat.tolist()}.",
    )


def check_anchor_weights(selector: Any) -> None:
    """Check that the anchors' weights, where there are any, belong to their anchors."""
    rng = np.random.default_rng(0)
    sizes = [2, 3, 5, 8]
    X = np.repeat(rng.random((30, 4)), sizes, axis=1)  # four clear groups, of different size
    X = np.clip(X + rng.normal(scale=0.01, size=X.shape), 0, 1)
    # Where the listing of the items changes neither the choice nor the set of weights, it must
    # not change which anchor has which weight.
    orders = np.stack([np.arange(18), np.arange(18)[::-1], rng.permutation(18)])
    found = []
    for order in orders:
        chosen = _fitted(selector, X[:, order])
        weights = getattr(chosen, "anchor_weights_", None)
        if weights is None:
            return
        weights = np.asarray(weights)
        _require(
            len(weights) == N_ANCHORS and np.isfinite(weights).all() and (weights >= 0).all(),
            f"anchor_weights_ must hold {N_ANCHORS} finite numbers, not negative; got {weights}.",
        )
        by_item = np.argsort(order[chosen.anchors_])
        found.append((np.sort(order[chosen.anchors_]), weights[by_item]))
    items, weights = found[0]
    for other_items, other_weights in found[1:]:
        same = np.array_equal(items, other_items)
        if same and np.allclose(np.sort(weights, axis=0), np.sort(other_weights, axis=0)):
            np.testing.assert_allclose(
                other_weights,
                weights,
                err_msg=f"anchor_weights_ is not aligned with anchors_: the items {items} have "
                "other weights when the columns are listed in another order.",
            )


def check_default_target(selector: Any) -> None:
    """Check that without `y` the target is the mean of each model's evaluated items."""
    X = _graded_scores()
    X[np.arange(10), np.arange(10)] = np.nan
    _require_same_anchors(
        _fitted(selector, X), _fitted(selector, X, np.nanmean(X, axis=1)), "fit without y"
    )


def check_row_order(selector: Any) -> None:
    """Check that the order in which the models are listed does not matter."""
    X = _graded_scores()
    y, weight = X[:, 1:].mean(axis=1), 1.0 + np.arange(len(X)) % 3
    expected = _fitted(selector, X, y, weight)
    for seed in range(2):
        order = np.random.default_rng(seed).permutation(len(X))
        got = _fitted(selector, X[order], y[order], weight[order])
        _require_same_anchors(got, expected, "the models in another order")


def check_weights_are_repeated_rows(selector: Any) -> None:
    """Check that a weight of n is the same as n equal rows."""
    for seed in range(2):
        X = _graded_scores(12, seed=seed)
        y = X.mean(axis=1)
        weight = np.array([1, 1, 1, 1, 2, 2, 3, 1, 1, 12, 1, 15])
        repeated = np.repeat(np.arange(12), weight)
        _require_same_anchors(
            _fitted(selector, X, y, weight),
            _fitted(selector, X[repeated], y[repeated]),
            f"integer sample_weight {weight.tolist()} instead of repeated rows",
        )


def check_weight_zero_is_no_row(selector: Any) -> None:
    """Check that a model of weight zero, whatever its results, cannot change the anchors."""
    X = _graded_scores(20)
    y = X.mean(axis=1)
    outside = np.arange(20) % 3 == 1
    expected = _fitted(selector, X[~outside], y[~outside])
    weight = (~outside).astype(float)
    leaky = {
        "as they are": X,
        "turned round": np.where(outside[:, np.newaxis], 1 - X, X),
        "far out of range": np.where(outside[:, np.newaxis], 1e3 * X, X),
        "without results": np.where(outside[:, np.newaxis], np.nan, X),
    }
    for what, rows in leaky.items():
        got = _fitted(selector, rows, y, weight)
        _require_same_anchors(got, expected, f"rows of weight zero, {what}, instead of absent")


def check_refit(selector: Any) -> None:
    """Check that a fit is repeatable, and remembers nothing of other data."""
    X, other = _graded_scores(), 1 - _graded_scores(10, 15, seed=1)
    expected = _fitted(selector, X)
    _require_same_anchors(_fitted(selector, X), expected, "a second fit with the same seed")
    _require_same_anchors(_prepared(expected).fit(X), expected, "a clone of the fitted selector")
    veteran = _prepared(selector).fit(other)
    expected_other = veteran.anchors_.copy()
    _require_same_anchors(veteran.fit(X), expected, "a fit after a fit on other data")
    veteran.transform(1 - X)
    _require_same_anchors(veteran, expected, "after transforming other rows")
    _require_same_anchors(veteran.fit(X), expected, "a second fit of the same instance")
    again = _fitted(selector, other).anchors_
    _require(
        np.array_equal(again, expected_other),
        f"a fit after fits on other data: got anchors_ {again.tolist()}, expected "
        f"{expected_other.tolist()}.",
    )


def check_pickle(selector: Any) -> None:
    """Check that a fitted selector comes back from pickle as it went."""
    X = _graded_scores()
    chosen = _fitted(selector, X)
    restored = _through_pickle(chosen)
    _require_same_anchors(restored, chosen, "after pickle")
    np.testing.assert_array_equal(
        restored.transform(X), chosen.transform(X), err_msg="transform(X) after pickle"
    )


def check_global_random_state(selector: Any) -> None:
    """Check that a fit with a seed neither reads nor changes a global random state."""
    X = _graded_scores()
    numpy_state = check_random_state(None)  # numpy's global one
    before = numpy_state.get_state(), random.getstate()
    torch = sys.modules.get("torch")
    torch_before = None if torch is None else torch.random.get_rng_state()
    try:
        numpy_state.seed(1)
        random.seed(1)
        expected, untouched = _prepared(selector), _global_states()
        expected.fit(X)
        after = _global_states()  # of torch too, if only this fit has imported it
        for name, state in untouched.items():
            _require(after[name] == state, f"fit changed the global random state of {name}.")
        numpy_state.seed(2)
        random.seed(2)
        if torch is not None:
            torch.random.manual_seed(2)
        _require_same_anchors(
            _fitted(selector, X), expected, "another global random state, the same random_state"
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


def _through_pickle(selector: Any) -> Any:
    file = io.BytesIO()
    _Pickler(file, type(selector)).dump(selector)
    file.seek(0)
    return _Unpickler(file, type(selector)).load()


def check_fit_with_missing_results(selector: Any) -> None:
    """Check that source models may lack results, and that an item without any is not chosen."""
    X = _with_missing_results(_graded_scores())
    weight = 1.0 + np.arange(len(X)) % 3
    for y, sample_weight in ((None, None), (np.nan_to_num(X)[:, :2], weight)):
        _require_valid_anchors(
            _fitted(selector, X, y, sample_weight), N_ANCHORS, "a history with missing results"
        )
    empty = [4, 11, 19]
    X[:, empty] = np.nan
    for n_anchors in (N_ANCHORS, X.shape[1] - len(empty)):
        chosen = _fitted(selector, X, n_anchors=n_anchors)
        _require_valid_anchors(chosen, n_anchors, f"items {empty} have no result")
        bad = np.intersect1d(chosen.anchors_, empty).tolist()
        _require(not bad, f"items {bad} have no result, but were chosen.")


def check_model_without_results(selector: Any) -> None:
    """Check that a source model without any result is an error that names its row."""
    X = _graded_scores()
    X[17] = np.nan
    what = "row 17 of 24 holds NaN only"
    _require_value_error(lambda: _fitted(selector, X), [17], what)


def check_missing_off_the_anchors(selector: Any) -> None:
    """Check that `transform` reads the anchors alone."""
    X = _graded_scores()
    chosen = _fitted(selector, X)
    off = np.delete(np.arange(X.shape[1]), chosen.anchors_)
    partial = X.copy()
    partial[:, off] = np.nan
    np.testing.assert_array_equal(
        chosen.transform(partial),
        X[:, np.sort(chosen.anchors_)],
        err_msg="transform of rows with NaN off the anchors",
    )


def check_missing_anchor(selector: Any) -> None:
    """Check that NaN on an anchor is an error that names the item, or is kept if told so."""
    X = _graded_scores()
    chosen = _fitted(selector, X)
    partial = X[:3].copy()
    partial[1, chosen.anchors_] = np.nan
    _require_value_error(
        lambda: chosen.transform(partial), chosen.anchors_.tolist(), "NaN on all the anchors"
    )
    kept = _fitted(selector, X, missing_anchors="keep").transform(partial)
    expected = partial[:, np.sort(chosen.anchors_)]
    np.testing.assert_array_equal(kept, expected, err_msg="transform with missing_anchors='keep'")

    X[::5] = _with_missing_results(X[::5])
    X[2, 1:] = np.nan  # only the first item is complete in the history
    chosen = _fitted(selector, X)
    rows = np.where(np.arange(X.shape[1]) > 0, np.nan, X[:3])
    np.testing.assert_array_equal(
        chosen.transform(rows),
        rows[:, np.sort(chosen.anchors_)],
        err_msg="transform of rows with NaN on anchors that were missing in the history too",
    )


def check_missing_anchor_by_name(selector: Any) -> None:
    """Check that NaN on an anchor is an error that names the item as the data frame does."""
    X = _data_frame(_graded_scores())
    chosen = _fitted(selector, X)
    partial = X.copy()
    partial.iloc[1, chosen.anchors_] = np.nan
    names = X.columns[chosen.anchors_].tolist()
    _require_value_error(lambda: chosen.transform(partial), names, "NaN on anchors with names")


def check_inverse_transform(selector: Any) -> None:
    """Check that `inverse_transform` puts results in the anchors' columns, NaN elsewhere."""
    X = _graded_scores()
    chosen = _fitted(selector, X)
    items = np.sort(chosen.anchors_)
    results = _graded_scores(3, N_ANCHORS, seed=1)
    full = chosen.inverse_transform(results)
    _require(
        np.shape(full) == (3, X.shape[1]),
        f"inverse_transform returned shape {np.shape(full)}, expected (3, {X.shape[1]}).",
    )
    expected = np.full((3, X.shape[1]), np.nan)
    expected[:, items] = results
    np.testing.assert_array_equal(
        full, expected, err_msg="inverse_transform must fill NaN, not evaluated, off the anchors."
    )
    np.testing.assert_array_equal(
        chosen.transform(full), results, err_msg="transform(inverse_transform(results))"
    )
    _require_value_error(
        lambda: chosen.inverse_transform(results[:, :-1]),
        [N_ANCHORS - 1, N_ANCHORS],
        "inverse_transform of too few columns",
    )


def check_inverse_transform_of_data_frame(selector: Any) -> None:
    """Check that a data frame of the anchors' results comes back with all items' names."""
    X = _data_frame(_graded_scores())
    chosen = _fitted(selector, X)
    names = X.columns[np.sort(chosen.anchors_)]
    full = chosen.inverse_transform(X[names])
    got = list(getattr(full, "columns", []))
    _require(
        got == list(X.columns),
        f"inverse_transform of a data frame: got columns {got}, expected {list(X.columns)}.",
    )
    _require(
        full.index.equals(X.index),
        f"inverse_transform of a data frame: got index {full.index}, expected {X.index}.",
    )
    np.testing.assert_array_equal(full[names].to_numpy(), X[names].to_numpy())
    _require(
        full.drop(columns=names).isna().all(axis=None),
        "inverse_transform of a data frame must fill NaN, not evaluated, off the anchors.",
    )


def check_pipeline_from_anchor_results(selector: Any) -> None:
    """Check that a fitted pipeline predicts from results on the anchors as from full rows."""
    X = _graded_scores()
    pipeline = make_pipeline(_prepared(selector), Ridge()).fit(X, X.mean(axis=1))
    targets = _graded_scores(5, seed=1)
    chosen = pipeline[0]
    results = targets[:, chosen.get_support(indices=True)]
    np.testing.assert_array_equal(
        pipeline.predict(chosen.inverse_transform(results)),
        pipeline.predict(targets),
        err_msg="pipeline.predict(selector.inverse_transform(results)) on full rows' anchors",
    )


def _data_frame(scores: Any) -> Any:
    """Name items and models."""
    n_models, n_items = scores.shape
    return import_module("pandas").DataFrame(
        scores,
        index=[f"model-{i}" for i in range(n_models)],
        columns=[f"question-{j}" for j in range(n_items)],
    )
