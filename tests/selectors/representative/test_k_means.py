"""K-means anchors: the released clusterings, with each weight at its own anchor."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from sklearn_sparseeval import KMeansSelector
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm, load_zeroeval_gsm
from sklearn_sparseeval.estimator_checks import check_anchor_selector

SIZES = (6, 3, 9, 4)


def clustered(sizes=SIZES, n_models=30, seed=0):
    """Items in clear groups: graded copies of a few random answer sheets, without ties."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    X = rng.integers(0, 2, size=(n_models, len(sizes)))[:, group]
    return 0.8 * X + 0.2 * rng.random(X.shape), group


def fitted(X, n_anchors=4, sample_weight=None, **params):
    selector = KMeansSelector(n_anchors, **{"random_state": 0, **params})
    return selector.fit(X, sample_weight=sample_weight)


def require_same(got, expected):
    np.testing.assert_array_equal(got.anchors_, expected.anchors_)
    np.testing.assert_array_equal(got.labels_, expected.labels_)
    np.testing.assert_array_equal(got.anchor_weights_, expected.anchor_weights_)


def released_anchor_points(X, n_anchors, seed):
    """methods.md 1.2e: anchors sorted by np.unique, sizes in the order of the clusters."""
    vectors = (2 * X - 1).T
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-10)
    with threadpool_limits(1):
        k_means = KMeans(n_anchors, random_state=seed, n_init="auto").fit(vectors)
    nearest = cdist(vectors, k_means.cluster_centers_).argmin(axis=0)
    sizes = np.bincount(k_means.labels_, minlength=n_anchors) / X.shape[1]
    return np.unique(nearest), sizes, nearest


@pytest.mark.slow
@pytest.mark.parametrize("params", [{}, {"n_init": 1}])
def test_the_contract_of_selectors(params):
    check_anchor_selector(KMeansSelector(**params))


@pytest.mark.parametrize("seed", range(4))
def test_each_weight_is_at_its_own_anchor(seed):
    X, group = clustered(seed=seed)
    selector = fitted(X, random_state=seed)
    for anchor, weight in zip(selector.anchors_, selector.anchor_weights_, strict=True):
        assert weight == SIZES[group[anchor]] / 22
    np.testing.assert_array_equal(group[selector.anchors_][selector.labels_], group)


def test_the_released_script_attaches_weights_to_the_wrong_anchors():
    X, group = clustered()
    wrong = 0
    for seed in range(4):
        anchors, sizes, nearest = released_anchor_points(X, 4, seed)
        wrong += np.sum(sizes * 22 != np.array(SIZES)[group[anchors]])
        np.testing.assert_allclose(sizes * 22, np.array(SIZES)[group[nearest]])  # before the sort
        ours = fitted(X, random_state=seed)
        np.testing.assert_array_equal(np.sort(ours.anchor_weights_), np.sort(sizes))
    assert wrong >= 4


@pytest.mark.parametrize("seed", range(3))
def test_scores_of_0_and_1_give_the_clusters_of_the_released_code(seed):
    # Sharp answer sheets with a few answers flipped: vectors of 2 X - 1 all have one length.
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(4), SIZES)
    X = rng.integers(0, 2, size=(60, 4))[:, group]
    X = np.abs(X - (rng.random(X.shape) < 0.1)).astype(float)
    _, sizes, nearest = released_anchor_points(X, 4, seed)
    selector = fitted(X)
    by_size = np.argsort(-sizes)
    np.testing.assert_allclose(selector.anchor_weights_, sizes[by_size])
    for ours, theirs in zip(selector.anchors_, nearest[by_size], strict=True):
        mean = X[:, group == group[theirs]].mean(axis=1)
        # Whole numbers make ties, which the first item wins.
        distance = [np.sum((X[:, item] - mean) ** 2) for item in (ours, theirs)]
        assert distance[0] == pytest.approx(distance[1])
        assert group[ours] == group[theirs]


@pytest.mark.slow
def test_the_anchor_is_the_item_of_its_cluster_that_is_nearest_to_the_mean():
    X, _ = load_helm_lite(task="math", return_X_y=True)
    selector = fitted(X, 60)
    for number, anchor in enumerate(selector.anchors_):
        members = np.flatnonzero(selector.labels_ == number)
        offset = X[:, members] - X[:, members].mean(axis=1, keepdims=True)
        distance = (offset**2).sum(axis=0)
        assert distance[members == anchor] <= distance.min() * (1 + 1e-6) + 1e-9
        assert selector.anchor_weights_[number] == len(members) / X.shape[1]
    assert (np.diff(selector.anchor_weights_) <= 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_clusters_are_those_of_scikit_learn(seed):
    X, _ = clustered((30, 5, 12, 8, 21), seed=seed)
    labels = KMeans(5, n_init=10, random_state=seed).fit(X.T).labels_
    selector = fitted(X, 5, random_state=seed)
    pairs = set(zip(labels.tolist(), selector.labels_.tolist(), strict=True))
    assert len(pairs) == 5  # one to one


def test_two_centres_never_name_one_item():
    # Nearest of all items, as released: centres of a ring and of its middle name the same one.
    angle = np.linspace(0, 2 * np.pi, 13)[:-1]
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    features = np.vstack([ring, [[0.0, 0.0]], [[50.0, 0.0]]])
    selector = fitted(np.zeros((1, 14)), 2, features=features)
    np.testing.assert_array_equal(selector.anchors_, [12, 13])
    np.testing.assert_allclose(selector.anchor_weights_, [13 / 14, 1 / 14])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "load", "n_anchors"),
    [
        ("arc_challenge", load_open_llm, 100),
        ("gsm", load_helm_lite, 100),
        ("mmlu", load_helm_lite, 100),
        ("mmlu", load_helm_lite, 20),
    ],
)
def test_misaligned_weights_at_least_double_the_error_on_real_scores(task, load, n_anchors):
    X, y = load(task=task, return_X_y=True)
    right, wrong = [], []
    for seed in range(3):
        rows = np.random.default_rng(seed).permutation(len(X))
        source, target = rows[len(X) // 4 :], rows[: len(X) // 4]
        selector = fitted(X[source], n_anchors, n_init=1, random_state=seed)
        weights = selector.anchor_weights_
        right.append(np.abs(X[target][:, selector.anchors_] @ weights - y[target]).mean())
        sorted_anchors = np.sort(selector.anchors_)
        wrong.append(np.abs(X[target][:, sorted_anchors] @ weights - y[target]).mean())
    assert np.mean(wrong) > 2 * np.mean(right)
    assert np.mean(right) < (0.045 if n_anchors == 100 else 0.07)


@pytest.mark.slow
def test_on_real_scores_the_released_script_itself_is_as_far_off():
    X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    source, target = X[::2], X[1::2]
    anchors, sizes, _ = released_anchor_points(source, 100, 0)
    assert len(anchors) == 100
    released = np.abs(target[:, anchors] @ sizes - y[1::2]).mean()
    selector = fitted(source, 100)
    ours = np.abs(target[:, selector.anchors_] @ selector.anchor_weights_ - y[1::2]).mean()
    assert released > 2 * ours


@pytest.mark.parametrize("n_anchors", [3, 5, 10, 20])
def test_fewer_distinct_items_than_anchors(n_anchors):
    kinds = np.repeat([0, 1, 2], [10, 6, 4])
    X = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])[:, kinds]
    selector = fitted(X, n_anchors)
    counts = np.bincount(kinds[selector.anchors_], minlength=3)
    expected = {3: [1, 1, 1], 5: [3, 1, 1], 10: [5, 3, 2], 20: [10, 6, 4]}
    np.testing.assert_array_equal(counts, expected[n_anchors])
    for kind in range(3):
        weights = selector.anchor_weights_[kinds[selector.anchors_] == kind]
        assert weights.sum() == pytest.approx([0.5, 0.3, 0.2][kind])
        assert np.ptp(weights) <= 1 / 20 + 1e-12
    np.testing.assert_array_equal(kinds[selector.anchors_][selector.labels_], kinds)


def test_item_weights_count_as_repeated_items():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(12, 2)) * 0.1 + np.repeat(3 * np.eye(2), 6, axis=0)
    weight = rng.integers(1, 4, size=12)
    weighted = fitted(np.zeros((1, 12)), 2, features=features, item_weights=weight / 7)
    rows = np.repeat(np.arange(12), weight)
    repeated = fitted(np.zeros((1, len(rows))), 2, features=features[rows])
    np.testing.assert_array_equal(rows[repeated.anchors_], weighted.anchors_)
    np.testing.assert_allclose(repeated.anchor_weights_, weighted.anchor_weights_)


@pytest.mark.parametrize(("weight", "labels"), [(None, [0, 0, 1]), ([10, 10, 1], [0, 1, 1])])
def test_clusters_are_tight_where_item_weights_are_large(weight, labels):
    # Sums of squares, unweighted: 8 for the first two together, 18 for the last two. Weighted: 80
    # and 10 * 1 / 11 * 36 = 32.7.
    X, features = np.zeros((1, 3)), [0.0, 4.0, 10.0]
    selector = fitted(X, 2, features=features, item_weights=weight)
    together = selector.labels_ == selector.labels_[1]
    np.testing.assert_array_equal(together, np.array(labels) == labels[1])
    expected = np.bincount(labels, weights=weight)
    np.testing.assert_allclose(selector.anchor_weights_, np.sort(expected / sum(expected))[::-1])


def test_balance_weights_make_subjects_count_the_same():
    # Two subjects of which one has nine times as many items; the score is the mean of their means.
    rng = np.random.default_rng(1)
    subject = np.repeat([0, 1], [90, 10])
    ability = rng.random((40, 2))
    X = (rng.random((40, 100)) < ability[:, subject]).astype(float)
    balance = 100 / (2 * np.array([90, 10]))[subject]
    y = X @ balance / 100
    error = {}
    for name, weight in (("balanced", balance), ("plain", None)):
        selector = fitted(X, 20, item_weights=weight)
        error[name] = np.abs(X[:, selector.anchors_] @ selector.anchor_weights_ - y).mean()
    assert error["balanced"] < 0.7 * error["plain"]


def test_items_of_weight_zero_are_left_out():
    X, _ = clustered()
    weight = np.where(np.arange(22) % 3 == 0, 0.0, 1.0)
    selector = fitted(X, item_weights=weight)
    kept = np.flatnonzero(weight)
    alone = fitted(X[:, kept])
    np.testing.assert_array_equal(selector.anchors_, kept[alone.anchors_])
    np.testing.assert_array_equal(selector.anchor_weights_, alone.anchor_weights_)
    np.testing.assert_array_equal(np.flatnonzero(selector.labels_ < 0), np.flatnonzero(weight == 0))


def test_equal_item_weights_change_nothing():
    X, _ = clustered()
    weighted, plain = fitted(X, item_weights=np.full(22, 0.3)), fitted(X)
    np.testing.assert_array_equal(weighted.anchors_, plain.anchors_)
    np.testing.assert_array_equal(weighted.labels_, plain.labels_)
    np.testing.assert_allclose(weighted.anchor_weights_, plain.anchor_weights_)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(21), r"item_weights has shape \(21,\), but X has 22 items"),
        (np.ones((22, 2)), r"item_weights has shape \(22, 2\)"),
        (np.arange(22) - 1.0, r"item_weights holds -1 for item 0"),
        (np.where(np.arange(22) == 3, np.nan, 1), r"(?s)item_weights contains NaN"),
        (np.arange(22) < 3, r"n_anchors=4 is more than the 3 items \(of 22\)"),
    ],
)
def test_bad_item_weights_are_an_error(weight, message):
    with pytest.raises(ValueError, match=message):
        fitted(clustered()[0], item_weights=weight)


def test_features_of_the_user_are_clustered():
    X, _ = clustered()
    features = np.repeat([0.0, 100.0, 7.0], [2, 9, 11])
    selector = fitted(X, 3, features=features)
    np.testing.assert_array_equal(features[selector.anchors_], [7, 100, 0])
    np.testing.assert_allclose(selector.anchor_weights_ * 22, [11, 9, 2])
    require_same(fitted(1 - X[:4], 3, features=features), selector)  # X plays no part


def test_items_without_results_are_no_part_of_it():
    X, _ = clustered()
    X[:, [0, 7]] = np.nan
    selector = fitted(X)
    assert not set(selector.anchors_) & {0, 7}
    np.testing.assert_array_equal(np.flatnonzero(selector.labels_ < 0), [0, 7])
    np.testing.assert_allclose(np.sort(selector.anchor_weights_ * 20), [2, 4, 5, 9])


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_order_and_repetition_of_models_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    n_models = int(rng.integers(2, 9))  # few models: many items are alike
    X = rng.integers(0, 2, size=(n_models, 18)).astype(float)
    X[rng.random(X.shape) < 0.2] = np.nan
    X[:, 0] = np.arange(n_models) % 2
    weight = rng.integers(0, 3, n_models) + (np.arange(n_models) == 0)
    expected = fitted(X, 5, sample_weight=weight)
    rows = rng.permutation(np.repeat(np.arange(n_models), weight))
    require_same(fitted(X[rows], 5), expected)
    for number, anchor in enumerate(expected.anchors_):
        assert expected.labels_[anchor] == number
    shares = np.bincount(expected.labels_[expected.labels_ >= 0], minlength=5)
    np.testing.assert_allclose(expected.anchor_weights_, shares / shares.sum())


@pytest.mark.slow
def test_more_starts_find_clusters_at_least_as_tight():
    X, _ = load_helm_lite(task="commonsense", return_X_y=True)

    def spread(selector):
        return sum(
            X[:, selector.labels_ == number].var(axis=1).sum() * weight
            for number, weight in enumerate(selector.anchor_weights_)
        )

    once, often = (
        [spread(fitted(X, 20, n_init=n, random_state=s)) for s in range(4)] for n in (1, 8)
    )
    assert np.mean(often) < np.mean(once)


def test_missing_results_on_real_scores():
    X, _ = load_zeroeval_gsm(return_X_y=True)
    assert np.isnan(X).any()
    selector = fitted(X, 40, n_init=2)
    assert len(set(selector.anchors_)) == 40
    assert selector.anchor_weights_.sum() == pytest.approx(1)


@pytest.mark.parametrize("n_items", [1, 5])
def test_all_items_as_anchors(n_items):
    X = np.random.default_rng(0).random((3, n_items))
    selector = fitted(X, n_items)
    np.testing.assert_array_equal(selector.anchors_, np.arange(n_items))
    np.testing.assert_allclose(selector.anchor_weights_, 1 / n_items)


def test_a_clone_with_arrays_is_fitted_alike():
    X, _ = clustered()
    params = {
        "features": np.random.default_rng(0).normal(size=(22, 3)),
        "item_weights": range(1, 23),
    }
    selector = fitted(X, **params)
    require_same(clone(selector).fit(X), selector)


LENGTHS = [3, 1, 2, 40, 41]


@pytest.mark.parametrize(
    "features",
    [
        LENGTHS,
        np.array(LENGTHS, dtype=float)[:, np.newaxis],
        pd.Series(LENGTHS),
        pd.DataFrame({"length": LENGTHS}),
        np.array(LENGTHS, dtype=object),
        np.float32(LENGTHS),
    ],
    ids=["list", "matrix", "series", "data frame", "objects", "float32"],
)
def test_features_of_any_container(features):
    selector = KMeansSelector(2, features=features, random_state=0).fit(np.zeros((3, 5)))
    assert sorted(selector.anchors_) == [2, 3]
    np.testing.assert_allclose(selector.anchor_weights_, [0.6, 0.4])


@pytest.mark.parametrize("features", [np.ones(2), np.ones((4, 2))])
def test_features_of_another_number_of_items_are_an_error(features):
    with pytest.raises(ValueError, match=f"features has {len(features)} entries, but X has 3 item"):
        KMeansSelector(2, features=features).fit(np.zeros((3, 3)))


@pytest.mark.parametrize("features", [["a", "b", "c"], np.array([1, "b", 2], dtype=object)])
def test_labels_are_an_error_that_says_where_they_belong(features):
    with pytest.raises(ValueError, match=r"features must be numbers.*StratifiedSelector"):
        KMeansSelector(2, features=features).fit(np.zeros((3, 3)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_not_finite_are_an_error(value):
    with pytest.raises(ValueError, match=r"features contains (NaN|infinity)"):
        KMeansSelector(2, features=[1.0, value, 2.0]).fit(np.zeros((3, 3)))
