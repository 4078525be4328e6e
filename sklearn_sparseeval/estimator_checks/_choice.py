"""Checks that the anchors are valid, whatever the matrix."""

from typing import Any

import numpy as np

from sklearn_sparseeval.estimator_checks._common import (
    N_ANCHORS,
    fitted,
    graded_scores,
    require,
    require_valid_anchors,
    require_value_error,
)


def check_anchors(selector: Any) -> None:
    """Check that anchors are as many columns as asked for, and that `transform` takes them."""
    X = graded_scores()
    n_items = X.shape[1]
    for n_anchors in (1, N_ANCHORS, n_items):
        chosen = fitted(selector, X, n_anchors=n_anchors)
        require_valid_anchors(chosen, n_anchors, f"n_anchors={n_anchors} of {n_items} items")
        np.testing.assert_array_equal(
            chosen.transform(X),
            X[:, np.sort(chosen.anchors_)],
            err_msg="transform(X) must return the anchors' columns in the order of the items.",
        )


def check_fraction_of_items(selector: Any) -> None:
    """Check that a fraction is a share of all items, rounded, and at least one item."""
    X = graded_scores(n_items=20)
    for fraction, n_anchors in ((0.26, 5), (0.28, 6), (0.001, 1)):
        chosen = fitted(selector, X, n_anchors=fraction)
        require_valid_anchors(chosen, n_anchors, f"n_anchors={fraction} of 20 items")


def check_more_anchors_than_items(selector: Any) -> None:
    """Check that more anchors than items, all or evaluated, is an error with both numbers."""
    X = graded_scores(n_items=9)
    what = "n_anchors=13 of 9 items"
    require_value_error(lambda: fitted(selector, X, n_anchors=13), [13, 9], what)
    X[:, [2, 5]] = np.nan
    what = "n_anchors=8 of 9 items, of which 7 have a result"
    require_value_error(lambda: fitted(selector, X, n_anchors=8), [8, 7], what)


def check_awkward_items(selector: Any) -> None:
    """Check that constant and duplicated items are no obstacle, even if there are no others."""
    X = graded_scores()
    X[:, 3:8] = [0.0, 0.0, 1.0, 1.0, 0.3]
    X[:, 12:] = X[:, [11]]
    require_valid_anchors(fitted(selector, X), N_ANCHORS, "constant and duplicated items")
    require_valid_anchors(
        fitted(selector, X, n_anchors=18), 18, "most items are constant or duplicated"
    )
    for value in (0.0, 0.3, 1.0):
        constant = np.full((12, 10), value)
        require_valid_anchors(fitted(selector, constant), N_ANCHORS, f"every score is {value}")


def check_low_rank(selector: Any) -> None:
    """Check that more anchors than the rank of the score matrix can be chosen."""
    X = np.outer(np.linspace(0.1, 0.9, 15), np.linspace(0.2, 1, 12))
    require_valid_anchors(fitted(selector, X, n_anchors=7), 7, "7 anchors of a rank-one matrix")


def check_few_models(selector: Any) -> None:
    """Check that more anchors than source models can be chosen."""
    for n_models in (2, 3):
        X = graded_scores(n_models)
        what = f"10 anchors from {n_models} models"
        require_valid_anchors(fitted(selector, X, n_anchors=10), 10, what)


def check_score_ranges(selector: Any) -> None:
    """Check that scores can be 0/1, whole numbers, percentages or negative."""
    graded = graded_scores()
    matrices = {
        "0/1 scores": (graded > 0.5).astype(float),
        "integer scores": np.round(10 * graded).astype(int),
        "scores from 0 to 100": 100 * graded,
        "negative scores": graded - 2,
    }
    for what, X in matrices.items():
        require_valid_anchors(fitted(selector, X), N_ANCHORS, what)


def check_float32(selector: Any) -> None:
    """Check that single precision works, and that `transform` keeps it."""
    X = graded_scores().astype(np.float32)
    chosen = fitted(selector, X, X.mean(axis=1))
    require_valid_anchors(chosen, N_ANCHORS, "float32 scores")
    dtype = chosen.transform(X).dtype
    require(dtype == np.float32, f"transform of float32 scores returned {dtype}.")


def check_several_tasks(selector: Any) -> None:
    """Check that `y` may have several columns, and that one column is a vector."""
    X = graded_scores()
    tasks = np.column_stack([X[:, :8].mean(axis=1), X[:, 8:].mean(axis=1)])
    require_valid_anchors(fitted(selector, X, tasks), N_ANCHORS, "y with two tasks")
    flat, column = (fitted(selector, X, y).anchors_ for y in (tasks[:, 0], tasks[:, :1]))
    require(
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
        chosen = fitted(selector, X[:, order])
        weights = getattr(chosen, "anchor_weights_", None)
        if weights is None:
            return
        weights = np.asarray(weights)
        require(
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
