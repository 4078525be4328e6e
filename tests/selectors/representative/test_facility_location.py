"""Facility location: the greedy answer, nested, from results or from embeddings alone."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.base import clone

from sklearn_sparseeval import FacilityLocationSelector, RandomSelector
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm, load_zeroeval_gsm
from sklearn_sparseeval.estimator_checks import check_anchor_selector

METRICS = ["correlation", "euclidean", "cosine"]


def fitted(X, n_anchors=4, sample_weight=None, **params):
    return FacilityLocationSelector(n_anchors, **params).fit(X, sample_weight=sample_weight)


def on_features(features, n_anchors, **params):
    return fitted(np.zeros((1, len(features))), n_anchors, features=features, **params)


def require_same(got, expected):
    for name in ("anchors_", "labels_", "anchor_weights_"):
        np.testing.assert_array_equal(getattr(got, name), getattr(expected, name))


def naive_greedy(similarity, n_anchors):
    """Add the item with which the sum of the largest similarities is largest."""
    chosen = []
    for _ in range(n_anchors):
        sums = [
            -np.inf if item in chosen else similarity[[*chosen, item]].max(axis=0).sum()
            for item in range(len(similarity))
        ]
        chosen.append(int(np.argmax(sums)))
    return chosen


@pytest.mark.slow
@pytest.mark.parametrize("params", [{}, {"metric": "correlation"}, {"metric": "cosine"}])
def test_the_contract_of_selectors(params):
    check_anchor_selector(FacilityLocationSelector(**params))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("seed", range(4))
def test_the_choice_equals_that_of_the_naive_algorithm(metric, seed):
    X = np.random.default_rng(seed).random((12, 40))
    similarity = 5 - cdist(X.T, X.T, metric)
    selector = fitted(X, 10, metric=metric)
    np.testing.assert_array_equal(selector.anchors_, naive_greedy(similarity, 10))
    labels = similarity[selector.anchors_].argmax(axis=0)
    np.testing.assert_array_equal(selector.labels_, labels)
    np.testing.assert_allclose(selector.anchor_weights_, np.bincount(labels) / 40)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), n_anchors=st.integers(1, 4))
def test_the_gain_is_at_least_the_guaranteed_share_of_the_best(seed, n_anchors):
    features = np.random.default_rng(seed).normal(size=(10, 3))
    similarity = np.maximum(1 - cdist(features, features, "cosine"), -1) + 1  # not negative
    best = max(similarity[list(c)].max(axis=0).sum() for c in combinations(range(10), n_anchors))
    selector = on_features(features, n_anchors, metric="cosine")
    got = similarity[selector.anchors_].max(axis=0).sum()
    assert got >= (1 - 1 / np.e) * best
    assert got <= best + 1e-9


@pytest.mark.parametrize("metric", METRICS)
def test_a_prefix_is_the_answer_for_fewer(metric):
    X, _ = load_helm_lite(task="commonsense", return_X_y=True)
    many = fitted(X, 60, metric=metric)
    for n_anchors in (1, 17, 59):
        few = fitted(X, n_anchors, metric=metric)
        np.testing.assert_array_equal(few.anchors_, many.anchors_[:n_anchors])


@pytest.mark.parametrize("metric", METRICS)
def test_embeddings_serve_a_benchmark_without_history(metric):
    rng = np.random.default_rng(0)
    topic = rng.permutation(np.repeat(np.arange(4), [40, 30, 20, 10]))
    embeddings = 4 * rng.normal(size=(4, 16))[topic] + rng.normal(size=(100, 16))
    selector = on_features(embeddings, 4, metric=metric)
    assert set(topic[selector.anchors_]) == {0, 1, 2, 3}
    sizes = np.array([40, 30, 20, 10])[topic[selector.anchors_]]
    np.testing.assert_allclose(selector.anchor_weights_ * 100, sizes)
    # A new model that knows some topics: its score is estimated from one item of each.
    knows = np.array([0.0, 1.0, 1.0, 0.0])
    estimate = knows[topic[selector.anchors_]] @ selector.anchor_weights_
    assert estimate == pytest.approx(0.5)
    require_same(fitted(rng.random((6, 100)), 4, features=embeddings, metric=metric), selector)


def test_items_without_results_are_left_out_even_with_embeddings():
    X = np.zeros((2, 30))
    X[:, ::3] = np.nan
    embeddings = np.random.default_rng(0).normal(size=(30, 5))
    selector = fitted(X, 20, features=embeddings)
    assert not set(selector.anchors_) & set(range(0, 30, 3))
    np.testing.assert_array_equal(np.flatnonzero(selector.labels_ < 0), np.arange(0, 30, 3))
    np.testing.assert_allclose(selector.anchor_weights_, 1 / 20)


@pytest.mark.parametrize("metric", METRICS)
def test_each_weight_is_at_its_own_anchor(metric):
    rng = np.random.default_rng(0)
    sizes = np.array([3, 9, 6, 4])
    group = rng.permutation(np.repeat(np.arange(4), sizes))
    X = rng.random((30, 4))[:, group] + 0.05 * rng.random((30, 22))
    selector = fitted(X, 4, metric=metric)
    np.testing.assert_allclose(selector.anchor_weights_ * 22, sizes[group[selector.anchors_]])


@pytest.mark.parametrize("n_anchors", [3, 10, 20])
def test_fewer_distinct_items_than_anchors(n_anchors):
    kinds = np.repeat([0, 1, 2], [12, 6, 2])
    X = np.array([[0.0, 1.0, 0.2], [0.1, 0.5, 1.0]])[:, kinds]
    selector = fitted(X, n_anchors)
    expected = {3: [1, 1, 1], 10: [6, 3, 1], 20: [12, 6, 2]}
    np.testing.assert_array_equal(np.bincount(kinds[selector.anchors_]), expected[n_anchors])
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "load"), [("arc_challenge", load_open_llm), ("mmlu", load_helm_lite)]
)
def test_right_weights_beat_misaligned_ones_on_real_scores(task, load):
    X, y = load(task=task, return_X_y=True)
    selector = fitted(X[::2], 100)
    target, truth, weights = X[1::2], y[1::2], selector.anchor_weights_
    right = np.abs(target[:, selector.anchors_] @ weights - truth).mean()
    wrong = np.abs(target[:, np.sort(selector.anchors_)] @ weights - truth).mean()
    assert wrong > 1.5 * right


@pytest.mark.parametrize("task", ["mmlu", "commonsense"])
def test_the_anchors_beat_random_ones_when_there_are_few(task):
    X, y = load_helm_lite(task=task, return_X_y=True)
    chosen = fitted(X[::2], 20)
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


@pytest.mark.parametrize("dtype", [np.uint8, np.bool_, np.float32])
def test_small_dtypes_give_the_same_anchors(dtype):
    X, _ = load_helm_lite(task="math", return_X_y=True)
    require_same(fitted(X.astype(dtype), 30), fitted(X, 30))


def test_a_clone_with_features_is_fitted_alike():
    selector = on_features(np.random.default_rng(0).normal(size=(12, 3)), 4)
    require_same(clone(selector).fit(np.zeros((1, 12))), selector)
