"""What missing results mean: in the history, in rows to transform, and off the anchors."""

from importlib import import_module
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval.estimator_checks._common import (
    N_ANCHORS,
    fitted,
    graded_scores,
    prepared,
    require,
    require_valid_anchors,
    require_value_error,
    with_missing_results,
)


def check_fit_with_missing_results(selector: Any) -> None:
    """Check that source models may lack results, and that an item without any is not chosen."""
    X = with_missing_results(graded_scores())
    weight = 1.0 + np.arange(len(X)) % 3
    for y, sample_weight in ((None, None), (np.nan_to_num(X)[:, :2], weight)):
        require_valid_anchors(
            fitted(selector, X, y, sample_weight), N_ANCHORS, "a history with missing results"
        )
    empty = [4, 11, 19]
    X[:, empty] = np.nan
    for n_anchors in (N_ANCHORS, X.shape[1] - len(empty)):
        chosen = fitted(selector, X, n_anchors=n_anchors)
        require_valid_anchors(chosen, n_anchors, f"items {empty} have no result")
        bad = np.intersect1d(chosen.anchors_, empty).tolist()
        require(not bad, f"items {bad} have no result, but were chosen.")


def check_model_without_results(selector: Any) -> None:
    """Check that a source model without any result is an error that names its row."""
    X = graded_scores()
    X[17] = np.nan
    what = "row 17 of 24 holds NaN only"
    require_value_error(lambda: fitted(selector, X), [17], what)


def check_missing_off_the_anchors(selector: Any) -> None:
    """Check that `transform` reads the anchors alone."""
    X = graded_scores()
    chosen = fitted(selector, X)
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
    X = graded_scores()
    chosen = fitted(selector, X)
    partial = X[:3].copy()
    partial[1, chosen.anchors_] = np.nan
    require_value_error(
        lambda: chosen.transform(partial), chosen.anchors_.tolist(), "NaN on all the anchors"
    )
    kept = fitted(selector, X, missing_anchors="keep").transform(partial)
    expected = partial[:, np.sort(chosen.anchors_)]
    np.testing.assert_array_equal(kept, expected, err_msg="transform with missing_anchors='keep'")

    X[::5] = with_missing_results(X[::5])
    X[2, 1:] = np.nan  # only the first item is complete in the history
    chosen = fitted(selector, X)
    rows = np.where(np.arange(X.shape[1]) > 0, np.nan, X[:3])
    np.testing.assert_array_equal(
        chosen.transform(rows),
        rows[:, np.sort(chosen.anchors_)],
        err_msg="transform of rows with NaN on anchors that were missing in the history too",
    )


def check_missing_anchor_by_name(selector: Any) -> None:
    """Check that NaN on an anchor is an error that names the item as the data frame does."""
    X = _data_frame(graded_scores())
    chosen = fitted(selector, X)
    partial = X.copy()
    partial.iloc[1, chosen.anchors_] = np.nan
    names = X.columns[chosen.anchors_].tolist()
    require_value_error(lambda: chosen.transform(partial), names, "NaN on anchors with names")


def check_inverse_transform(selector: Any) -> None:
    """Check that `inverse_transform` puts results in the anchors' columns, NaN elsewhere."""
    X = graded_scores()
    chosen = fitted(selector, X)
    items = np.sort(chosen.anchors_)
    results = graded_scores(3, N_ANCHORS, seed=1)
    full = chosen.inverse_transform(results)
    require(
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
    require_value_error(
        lambda: chosen.inverse_transform(results[:, :-1]),
        [N_ANCHORS - 1, N_ANCHORS],
        "inverse_transform of too few columns",
    )


def check_inverse_transform_of_data_frame(selector: Any) -> None:
    """Check that a data frame of the anchors' results comes back with all items' names."""
    X = _data_frame(graded_scores())
    chosen = fitted(selector, X)
    names = X.columns[np.sort(chosen.anchors_)]
    full = chosen.inverse_transform(X[names])
    got = list(getattr(full, "columns", []))
    require(
        got == list(X.columns),
        f"inverse_transform of a data frame: got columns {got}, expected {list(X.columns)}.",
    )
    require(
        full.index.equals(X.index),
        f"inverse_transform of a data frame: got index {full.index}, expected {X.index}.",
    )
    np.testing.assert_array_equal(full[names].to_numpy(), X[names].to_numpy())
    require(
        full.drop(columns=names).isna().all(axis=None),
        "inverse_transform of a data frame must fill NaN, not evaluated, off the anchors.",
    )


def check_pipeline_from_anchor_results(selector: Any) -> None:
    """Check that a fitted pipeline predicts from results on the anchors as from full rows."""
    X = graded_scores()
    pipeline = make_pipeline(prepared(selector), Ridge()).fit(X, X.mean(axis=1))
    targets = graded_scores(5, seed=1)
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
