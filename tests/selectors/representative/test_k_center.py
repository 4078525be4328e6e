"""Greedy k-center equals the naive algorithm, and its radius is within twice the best."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.base import clone

from sklearn_sparseeval import KCenterSelector
from sklearn_sparseeval.datasets import load_helm_lite, load_zeroeval_gsm
from sklearn_sparseeval.estimator_checks import check_anchor_selector

METRICS = ["correlation", "euclidean", "cosine"]


def fitted(X, n_anchors=4, sample_weight=None, **params):
    return KCenterSelector(n_anchors, **params).fit(X, sample_weight=sample_weight)


def on_features(features, n_anchors, **params):
    return fitted(np.zeros((1, len(features))), n_anchors, features=features, **params)


def require_same(got, expected):
    for name in ("anchors_", "labels_", "anchor_weights_", "radii_"):
        np.testing.assert_array_equal(getattr(got, name), getattr(expected, name))


def naive(distance, n_anchors):
    centers = [int(distance.sum(axis=0).argmin())]
    radii = [distance[centers].min(axis=0).max()]
    while len(centers) < n_anchors:
        centers.append(int(distance[centers].min(axis=0).argmax()))
        radii.append(distance[centers].min(axis=0).max())
    return centers, radii


@pytest.mark.slow
@pytest.mark.parametrize("params", [{}, {"metric": "correlation"}, {"metric": "cosine"}])
def test_the_contract_of_selectors(params):
    check_anchor_selector(KCenterSelector(**params))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("seed", range(5))
def test_the_choice_equals_that_of_the_naive_algorithm(metric, seed):
    features = np.random.default_rng(seed).normal(size=(40, 6))
    centers, radii = naive(cdist(features, features, metric), 10)
    selector = on_features(features, 10, metric=metric)
    np.testing.assert_array_equal(selector.anchors_, centers)
    np.testing.assert_allclose(selector.radii_, radii, rtol=1e-5)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), n_anchors=st.integers(1, 4))
def test_the_radius_is_at_most_twice_the_least_there_is(seed, n_anchors):
    features = np.random.default_rng(seed).normal(size=(10, 2))
    distance = cdist(features, features)
    best = min(distance[list(c)].min(axis=0).max() for c in combinations(range(10), n_anchors))
    selector = on_features(features, n_anchors)
    assert selector.radii_[-1] <= 2 * best * (1 + 1e-5)


def test_points_on_a_line_by_hand():
    # The item at 4 has the least sum of distances, 4 + 3 + 0 + 3 + 6; then the ends.
    selector = on_features([0.0, 1.0, 4.0, 7.0, 10.0], 4)
    np.testing.assert_array_equal(selector.anchors_, [2, 4, 0, 3])
    np.testing.assert_allclose(selector.radii_, [6, 4, 3, 1], rtol=1e-5)
    np.testing.assert_array_equal(selector.labels_, [2, 2, 0, 3, 1])
    np.testing.assert_allclose(selector.anchor_weights_, [0.2, 0.2, 0.4, 0.2])


def test_the_radius_of_results_is_a_root_mean_square_over_models():
    X = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    assert fitted(X, 1).radii_[0] == pytest.approx(np.sqrt(0.5), rel=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_a_prefix_is_the_answer_for_fewer(metric):
    X, _ = load_helm_lite(task="commonsense", return_X_y=True)
    many = fitted(X, 60, metric=metric)
    for n_anchors in (1, 17, 59):
        few = fitted(X, n_anchors, metric=metric)
        np.testing.assert_array_equal(few.anchors_, many.anchors_[:n_anchors])
        np.testing.assert_array_equal(few.radii_, many.radii_[:n_anchors])


def test_an_item_unlike_all_others_is_an_anchor_of_small_weight():
    X = np.random.default_rng(0).random((30, 25)) * 0.2
    X[:, 13] = 1 - X[:, 13]
    selector = fitted(X, 2)
    assert selector.anchors_[1] == 13
    np.testing.assert_allclose(selector.anchor_weights_, [24 / 25, 1 / 25])


@pytest.mark.parametrize("n_anchors", [3, 10, 20])
def test_fewer_distinct_items_than_anchors(n_anchors):
    kinds = np.repeat([0, 1, 2], [12, 6, 2])
    X = np.array([[0.0, 1.0, 0.2], [0.1, 0.5, 1.0]])[:, kinds]
    selector = fitted(X, n_anchors)
    expected = {3: [1, 1, 1], 10: [6, 3, 1], 20: [12, 6, 2]}
    np.testing.assert_array_equal(np.bincount(kinds[selector.anchors_]), expected[n_anchors])
    assert selector.radii_.shape == (n_anchors,)
    assert selector.radii_[1] > 0
    np.testing.assert_array_equal(selector.radii_[2:], 0)
    by_kind = [
        selector.anchor_weights_[kinds[selector.anchors_] == kind].sum() for kind in range(3)
    ]
    np.testing.assert_allclose(by_kind, [0.6, 0.3, 0.1])


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), metric=st.sampled_from(METRICS))
def test_order_and_repetition_of_models_do_not_matter(seed, metric):
    rng = np.random.default_rng(seed)
    n_models = int(rng.integers(2, 9))  # few models: many items are alike or constant
    X = rng.integers(0, 2, size=(n_models, 18)).astype(float)
    X[rng.random(X.shape) < 0.2] = np.nan
    X[0, :6] = X[:, 0] = 1
    weight = rng.integers(0, 3, n_models) + (np.arange(n_models) == 0)
    expected = fitted(X, 5, sample_weight=weight, metric=metric)
    rows = rng.permutation(np.repeat(np.arange(n_models), weight))
    require_same(fitted(X[rows], 5, metric=metric), expected)
    np.testing.assert_array_equal(expected.labels_[expected.anchors_], np.arange(5))
    shares = np.bincount(expected.labels_[expected.labels_ >= 0], minlength=5)
    np.testing.assert_allclose(expected.anchor_weights_, shares / shares.sum())


def test_missing_results_on_real_scores():
    X, _ = load_zeroeval_gsm(return_X_y=True)
    selector = fitted(X, 40)
    assert len(set(selector.anchors_)) == 40
    assert (np.diff(selector.radii_) <= 0).all()


def test_a_clone_with_features_is_fitted_alike():
    selector = on_features(np.random.default_rng(0).normal(size=(12, 3)), 4)
    require_same(clone(selector).fit(np.zeros((1, 12))), selector)
