"""Items as vectors: of results, without regard to the order of the models, or the user's own."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval.selectors.representative._item_vectors import checked_features, item_vectors

NAN = np.nan


def test_the_vectors_of_results_are_the_columns():
    X = np.array([[0.0, 1.0, 0.5], [1.0, 0.0, 0.25]])
    vectors = item_vectors(X, np.array([1.0, 3.0]), "correctness")
    np.testing.assert_array_equal(vectors.items, [0, 1, 2])
    order = np.argsort(vectors.weight)
    np.testing.assert_array_equal(vectors.values[:, order], X.T)
    np.testing.assert_array_equal(vectors.weight[order], [0.25, 0.75])


def test_points_have_the_mean_square_over_models_as_squared_distance():
    X = np.array([[0.0, 1.0], [1.0, 0.5], [0.0, 0.0]])
    points = item_vectors(X, np.array([1.0, 2.0, 1.0]), "correctness").points()
    assert np.sum((points[0] - points[1]) ** 2) == pytest.approx((1 * 1 + 2 * 0.25 + 0) / 4)


def test_a_missing_result_is_the_weighted_mean_of_the_item():
    X = np.array([[0.0, 1.0], [NAN, 0.5], [1.0, 0.0]])
    vectors = item_vectors(X, np.array([1.0, 5.0, 3.0]), "correctness")
    np.testing.assert_allclose(np.sort(vectors.values[0]), [0, 0.75, 1])


@pytest.mark.parametrize("features", ["correctness", np.arange(4.0)], ids=["results", "own"])
def test_items_without_results_are_left_out(features):
    X = np.array([[0.0, NAN, 1.0, NAN], [1.0, NAN, NAN, NAN]])
    vectors = item_vectors(X, np.ones(2), features)
    np.testing.assert_array_equal(vectors.items, [0, 2])
    assert len(vectors.values) == 2
    assert np.isfinite(vectors.values).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_order_and_repetition_of_models_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 3, size=(6, 4)) / 2
    X[rng.random(X.shape) < 0.2] = NAN
    X[:, 0] = np.arange(6) % 2
    weight = rng.integers(1, 4, size=6)
    expected = item_vectors(X, weight.astype(float), "correctness")
    rows = rng.permutation(np.repeat(np.arange(6), weight))
    got = item_vectors(X[rows], np.ones(len(rows)), "correctness")
    for part, other in zip(got, expected, strict=True):
        np.testing.assert_array_equal(part, other)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.bool_, np.float32])
def test_small_dtypes_give_the_same_vectors(dtype):
    X = np.random.default_rng(0).integers(0, 2, size=(7, 5)).astype(float)
    expected = item_vectors(X, np.ones(7), "correctness")
    got = item_vectors(X.astype(dtype), np.ones(7), "correctness")
    assert got.values.dtype == np.float64
    np.testing.assert_array_equal(got.values, expected.values)


def test_features_are_taken_as_they_are_and_models_do_not_matter():
    features = np.random.default_rng(0).normal(size=(3, 2)) * [1, 1e4]
    vectors = item_vectors(np.zeros((2, 3)), np.array([1.0, 9.0]), features)
    np.testing.assert_array_equal(vectors.values, features)
    np.testing.assert_array_equal(vectors.points(), features)


@pytest.mark.parametrize(
    "features",
    [
        [3, 1, 2],
        np.array([[3.0], [1.0], [2.0]]),
        pd.Series([3, 1, 2]),
        pd.DataFrame({"length": [3, 1, 2]}),
        np.array([3, 1, 2], dtype=object),
        np.float32([3, 1, 2]),
    ],
    ids=["list", "matrix", "series", "data frame", "objects", "float32"],
)
def test_features_of_any_container(features):
    np.testing.assert_array_equal(checked_features(features, 3), [[3.0], [1.0], [2.0]])


@pytest.mark.parametrize("features", [np.ones(2), np.ones((4, 2))])
def test_features_of_another_number_of_items_are_an_error(features):
    with pytest.raises(ValueError, match=f"features has {len(features)} entries, but X has 3 item"):
        checked_features(features, 3)


@pytest.mark.parametrize("features", [["a", "b", "c"], np.array([1, "b", 2], dtype=object)])
def test_labels_are_an_error_that_says_where_they_belong(features):
    with pytest.raises(ValueError, match=r"features must be numbers.*StratifiedSelector"):
        checked_features(features, 3)


@pytest.mark.parametrize("value", [NAN, np.inf])
def test_features_that_are_not_finite_are_an_error(value):
    with pytest.raises(ValueError, match=r"features contains (NaN|infinity)"):
        checked_features([1.0, value, 2.0], 3)
