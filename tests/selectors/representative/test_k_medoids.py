"""Anchor Points: near the best medoids there are, without chance, constant items by a rule."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.base import clone

from sklearn_sparseeval import FacilityLocationSelector, KMedoidsSelector, RandomSelector
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm, load_zeroeval_gsm
from sklearn_sparseeval.estimator_checks import check_anchor_selector

METRICS = ["correlation", "euclidean", "cosine"]


def scores(n_models=20, n_items=12, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_models, 3)) @ rng.normal(size=(3, n_items)) + rng.random(
        (n_models, n_items)
    )


def fitted(X, n_anchors=4, sample_weight=None, **params):
    return KMedoidsSelector(n_anchors, **params).fit(X, sample_weight=sample_weight)


def require_same(got, expected):
    np.testing.assert_array_equal(got.anchors_, expected.anchors_)
    np.testing.assert_array_equal(got.labels_, expected.labels_)
    np.testing.assert_array_equal(got.anchor_weights_, expected.anchor_weights_)


@pytest.mark.slow
@pytest.mark.parametrize("params", [{}, {"metric": "euclidean"}, {"metric": "cosine"}])
def test_the_contract_of_selectors(params):
    check_anchor_selector(KMedoidsSelector(**params))


@pytest.mark.parametrize("n_anchors", [1, 2, 3, 4])
def test_the_medoids_are_nearly_always_the_best_there_are(n_anchors):
    ratios = []
    for seed in range(15):
        X = scores(seed=seed)
        distance = 1 - np.corrcoef(X.T)
        best = min(distance[list(c)].min(axis=0).sum() for c in combinations(range(12), n_anchors))
        selector = fitted(X, n_anchors)
        got = distance[selector.anchors_].min(axis=0).sum()
        assert selector.inertia_ == pytest.approx(got, abs=1e-5)
        ratios.append(got / best)
    assert np.mean(np.array(ratios) < 1 + 1e-5) >= 0.7
    assert np.mean(ratios) < 1.03
    assert np.max(ratios) < 1.25


@pytest.mark.parametrize("metric", METRICS)
def test_items_go_to_the_anchor_that_is_nearest(metric):
    X = scores(n_items=40)
    selector = fitted(X, 6, metric=metric)
    distance = cdist(X.T[selector.anchors_], X.T, metric)
    np.testing.assert_array_equal(selector.labels_, distance.argmin(axis=0))
    np.testing.assert_allclose(selector.anchor_weights_, np.bincount(selector.labels_) / 40)
    assert (np.diff(selector.anchor_weights_) <= 0).all()
    scale = np.sqrt(len(X)) if metric == "euclidean" else 1.0  # root mean square over models
    assert selector.inertia_ == pytest.approx(distance.min(axis=0).sum() / scale, rel=1e-5)


def test_each_weight_is_at_its_own_anchor():
    rng = np.random.default_rng(0)
    sizes = [3, 9, 6, 4]
    group = rng.permutation(np.repeat(np.arange(4), sizes))
    X = rng.random((30, 4))[:, group] + 0.05 * rng.random((30, 22))
    selector = fitted(X, 4)
    np.testing.assert_array_equal(group[selector.anchors_], [1, 2, 3, 0])
    np.testing.assert_allclose(selector.anchor_weights_ * 22, [9, 6, 4, 3])


def test_weighted_correlation_is_that_of_repeated_models():
    X = scores(8, 30)
    weight = np.array([1, 5, 2, 1, 3, 1, 1, 4])
    repeated = np.repeat(X, weight, axis=0)
    selector = fitted(X, 5, sample_weight=weight)
    require_same(fitted(repeated, 5), selector)
    distance = 1 - np.corrcoef(repeated.T)[selector.anchors_]
    assert selector.inertia_ == pytest.approx(distance.min(axis=0).sum(), abs=1e-4)


def test_constant_items_stand_for_each_other_and_only_for_their_own_value():
    X = np.hstack([scores(20, 6), np.zeros((20, 5)), np.ones((20, 3)), np.full((20, 2), 0.1)])
    selector = fitted(X, 9)
    labels = selector.labels_
    for group in (range(6, 11), range(11, 14), range(14, 16)):
        assert len(set(labels[group])) == 1
        assert np.bincount(labels)[labels[group[0]]] == len(group)
    np.testing.assert_allclose(selector.anchor_weights_[:3] * 16, [5, 3, 2])


def test_the_difficulty_of_items_matters_to_euclidean_distances_alone():
    X = scores(20, 8)
    shifted = X + 10 * np.arange(8)
    require_same(fitted(shifted), fitted(X))
    assert (
        fitted(shifted, metric="euclidean").anchors_.tolist()
        != fitted(X, metric="euclidean").anchors_.tolist()
    )


@pytest.mark.parametrize("metric", METRICS)
def test_fewer_distinct_items_than_anchors(metric):
    kinds = np.repeat([0, 1, 2], [12, 6, 2])
    X = np.array([[0.0, 1.0, 0.2], [0.1, 0.5, 1.0], [1.0, 0.3, 0.4]])[:, kinds]
    selector = fitted(X, 10, metric=metric)
    np.testing.assert_array_equal(np.bincount(kinds[selector.anchors_]), [6, 3, 1])
    np.testing.assert_allclose(selector.anchor_weights_, 0.1)
    assert selector.inertia_ == 0


def test_two_models_leave_two_kinds_of_items_and_constants():
    # Any two items that vary over two models correlate with 1 or -1.
    X = np.array([[0.0, 1.0, 0.2, 0.9, 0.5, 0.5], [1.0, 0.0, 0.8, 0.1, 0.5, 0.5]])
    selector = fitted(X, 3)
    assert selector.inertia_ == 0
    assert sorted(np.bincount(selector.labels_)) == [2, 2, 2]


@pytest.mark.parametrize("metric", METRICS)
def test_swaps_improve_on_the_greedy_choice(metric):
    X, _ = load_helm_lite(task="commonsense", return_X_y=True)
    X = X[:, X.std(axis=0) > 0]
    distance = cdist(X.T, X.T, metric)
    sums = [
        distance[selector(30, metric=metric).fit(X).anchors_].min(axis=0).sum()
        for selector in (KMedoidsSelector, FacilityLocationSelector)
    ]
    assert sums[0] < sums[1]


def test_features_of_the_user_take_the_place_of_the_results():
    rng = np.random.default_rng(0)
    centres = 5 * rng.normal(size=(3, 8))
    group = rng.permutation(np.repeat(np.arange(3), [5, 12, 8]))
    features = centres[group] + rng.normal(size=(25, 8))
    for metric in METRICS:
        selector = fitted(np.zeros((1, 25)), 3, features=features, metric=metric)
        np.testing.assert_array_equal(group[selector.anchors_], [1, 2, 0])
        np.testing.assert_allclose(selector.anchor_weights_ * 25, [12, 8, 5])


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), metric=st.sampled_from(METRICS))
def test_order_and_repetition_of_models_do_not_matter(seed, metric):
    rng = np.random.default_rng(seed)
    n_models = int(rng.integers(1, 9))  # few models: many items are alike or constant
    X = rng.integers(0, 2, size=(n_models, 18)).astype(float)
    X[rng.random(X.shape) < 0.2] = np.nan
    X[0, :6] = X[:, 0] = 1
    weight = rng.integers(0, 3, n_models) + (np.arange(n_models) == 0)
    expected = fitted(X, 5, sample_weight=weight, metric=metric)
    rows = rng.permutation(np.repeat(np.arange(n_models), weight))
    require_same(fitted(X[rows], 5, metric=metric), expected)
    np.testing.assert_array_equal(expected.labels_[expected.anchors_], np.arange(5))


@pytest.mark.slow
def test_there_is_no_chance_in_it():
    X, _ = load_helm_lite(task="gsm", return_X_y=True)
    require_same(fitted(X, 50), fitted(X[::-1], 50))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "load"), [("arc_challenge", load_open_llm), ("mmlu", load_helm_lite)]
)
@pytest.mark.parametrize("metric", ["correlation", "euclidean"])
def test_right_weights_beat_misaligned_ones_on_real_scores(task, load, metric):
    X, y = load(task=task, return_X_y=True)
    selector = fitted(X[::2], 100, metric=metric)
    target, truth, weights = X[1::2], y[1::2], selector.anchor_weights_
    right = np.abs(target[:, selector.anchors_] @ weights - truth).mean()
    wrong = np.abs(target[:, np.sort(selector.anchors_)] @ weights - truth).mean()
    assert wrong > 1.3 * right


@pytest.mark.parametrize("task", ["mmlu", "commonsense"])
def test_euclidean_anchors_beat_random_ones_when_there_are_few(task):
    X, y = load_helm_lite(task=task, return_X_y=True)
    chosen = fitted(X[::2], 20, metric="euclidean")
    error = np.abs(X[1::2, chosen.anchors_] @ chosen.anchor_weights_ - y[1::2]).mean()
    chance = [
        np.abs(X[1::2, s.anchors_] @ s.anchor_weights_ - y[1::2]).mean()
        for s in (RandomSelector(20, random_state=seed).fit(X[::2]) for seed in range(20))
    ]
    assert error < np.mean(chance)


@pytest.mark.slow
def test_missing_results_on_real_scores():
    X, _ = load_zeroeval_gsm(return_X_y=True)
    selector = fitted(X, 40)
    assert len(set(selector.anchors_)) == 40
    assert selector.anchor_weights_.sum() == pytest.approx(1)
    assert np.isfinite(selector.inertia_)


@pytest.mark.parametrize("dtype", [np.uint8, np.bool_, np.float32])
def test_small_dtypes_give_the_same_anchors(dtype):
    X, _ = load_helm_lite(task="math", return_X_y=True)
    require_same(fitted(X.astype(dtype), 30), fitted(X, 30))


def test_a_clone_with_features_is_fitted_alike():
    selector = fitted(scores(), features=np.random.default_rng(0).normal(size=(12, 3)))
    require_same(clone(selector).fit(scores()), selector)
