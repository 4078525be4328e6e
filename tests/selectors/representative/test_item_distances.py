"""Items as vectors and their distances: by definition, in exact steps, whatever the order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from sklearn_sparseeval.selectors.representative import _item_distances
from sklearn_sparseeval.selectors.representative._item_distances import (
    METRICS,
    ItemDistances,
    medoid,
)
from sklearn_sparseeval.selectors.representative._item_vectors import ItemVectors, item_vectors

STEP = 2.0**-20


def features(n_items=12, n_features=5, seed=0):
    return np.random.default_rng(seed).normal(size=(n_items, n_features))


def vectors_of(values):
    values = np.asarray(values, dtype=float)
    return ItemVectors(np.arange(len(values)), values, np.ones(values.shape[1]))


def all_distances(values, metric):
    return ItemDistances(vectors_of(values), metric)(np.arange(len(values)))


@pytest.mark.parametrize("metric", sorted(METRICS))
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_distances_equal_those_of_scipy(metric, offset):
    values = features() + offset
    distances = ItemDistances(vectors_of(values), metric)
    expected = cdist(values, values, metric)
    got = distances(np.arange(12)) * distances.unit
    np.testing.assert_allclose(got, expected, atol=distances.unit * STEP)


@pytest.mark.parametrize("metric", ["correlation", "euclidean"])
def test_weighted_models_are_repeated_models(metric):
    X = np.random.default_rng(1).random((5, 8))
    weight = np.array([1, 2, 1, 4, 3])
    distances = ItemDistances(item_vectors(X, weight.astype(float), "correctness"), metric)
    repeated = np.repeat(X, weight, axis=0).T
    expected = cdist(repeated, repeated, metric)
    if metric == "euclidean":
        expected /= np.sqrt(weight.sum())  # a root mean square over models
    got = distances(np.arange(8)) * distances.unit
    np.testing.assert_allclose(got, expected, atol=STEP)


@pytest.mark.parametrize("metric", sorted(METRICS))
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_distances_are_exact_steps_between_0_and_2(metric, scale):
    distances = all_distances(scale * features(), metric)
    np.testing.assert_array_equal(distances / STEP, np.rint(distances / STEP))
    np.testing.assert_array_equal(distances.astype(np.float32), distances)
    np.testing.assert_array_equal(np.diag(distances), 0)
    assert distances.min() == 0
    assert distances.max() <= 2


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_copies_of_an_item_are_at_distance_zero(metric):
    values = features(3, 300)[np.arange(60) % 3] + 1e3
    distances = all_distances(values, metric)
    same = np.arange(60) % 3 == np.arange(60)[:, np.newaxis] % 3
    np.testing.assert_array_equal(distances[same], 0)
    if metric != "cosine":  # of vectors with so large an offset it is next to nothing
        assert distances[~same].min() > 0.01


def test_a_constant_item_correlates_with_the_same_constant_only():
    varied = [0.0, 1.0, 0.0, 1.0]
    rows = [
        varied,
        [1.0] * 4,
        [0.1] * 4,
        [1.0] * 4,
        [0.1 + 2e-17] * 4,
        1 - np.array(varied),
        [0] * 4,
    ]
    expected = np.ones((7, 7))
    for group in ([0], [1, 3], [2, 4], [5], [6]):
        expected[np.ix_(group, group)] = 0
    expected[0, 5] = expected[5, 0] = 2
    np.testing.assert_array_equal(all_distances(rows, "correlation"), expected)


def test_the_mean_of_a_constant_item_may_be_rounded():
    X = np.full((3, 4), 0.1)
    X[:, 1] = [0.0, 1.0, 0.0]
    X[2, 2] = np.nan
    distances = ItemDistances(item_vectors(X, np.ones(3), "correctness"), "correlation")
    np.testing.assert_array_equal(distances(np.array([0]))[0], [0, 1, 0, 0])


def test_a_vector_of_zeros_is_like_itself_only():
    expected = [[0, 1, 0, 1], [1, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, 0]]
    np.testing.assert_array_equal(
        all_distances([[0, 0], [2, 0], [0, 0], [0, 5]], "cosine"), expected
    )


def test_items_that_are_all_equal():
    distances = ItemDistances(vectors_of(np.full((4, 3), 0.3)), "euclidean")
    np.testing.assert_array_equal(distances(np.arange(4)), np.zeros((4, 4)))
    assert distances.unit > 0


def test_the_largest_euclidean_distance_from_the_mean_is_the_unit():
    distances = ItemDistances(vectors_of([[0.0], [1.0], [5.0]]), "euclidean")
    assert distances.unit == 3
    np.testing.assert_allclose(distances(np.array([2]))[0] * 3, [5, 4, 0], atol=3 * STEP)


@pytest.mark.parametrize("cells", [1, 30, 10**6])
@pytest.mark.parametrize("metric", ["correlation", "euclidean"])
def test_blocks_make_up_the_whole(metric, cells, monkeypatch):
    monkeypatch.setattr(_item_distances, "_BLOCK_CELLS", cells)
    distances = ItemDistances(vectors_of(features()), metric)
    whole = distances(np.arange(12))
    parts, blocks = zip(*distances.blocks(), strict=True)
    assert len(parts) == -(-12 // max(1, cells // 12))
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(12))
    np.testing.assert_array_equal(np.vstack(blocks), whole)
    some = np.array([7, 2, 5])
    np.testing.assert_array_equal(np.vstack([b for _, b in distances.blocks(some)]), whole[some])
    matrix = distances.matrix()
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix, whole)
    assert distances.matrix() is matrix
    np.testing.assert_array_equal(distances(some), whole[some])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), metric=st.sampled_from(sorted(METRICS)))
def test_the_medoid_has_the_least_sum(seed, metric):
    values = np.random.default_rng(seed).integers(0, 2, size=(9, 6))
    total = all_distances(values, metric).sum(axis=1)
    best = medoid(ItemDistances(vectors_of(values), metric))
    assert best == np.flatnonzero(total == total.min())[0]


# ---- items as vectors ----

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
