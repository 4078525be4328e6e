"""IRTSelector: clusters of items with the same parameters, and weights on the right anchors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from sklearn_sparseeval import IRTSelector, ItemResponseModel, RandomSelector
from sklearn_sparseeval.datasets import load_helm_lite, make_score_matrix

X = make_score_matrix(50, 60, random_state=0).data
ONE = ItemResponseModel(n_dimensions=1)


def selector(n_anchors=8, **params):
    return IRTSelector(
        n_anchors, **{"item_response_model": ONE, "random_state": 0, "n_init": 3, **params}
    )


def parameters(model):
    return np.column_stack([model.discriminations_, model.difficulties_])


def groups_of_items(sizes=(2, 5, 9, 14), seed=0):
    """Return graded results on items that are as hard as others of their group."""
    abilities = np.random.default_rng(seed).normal(size=(40, 1))
    difficulties = np.repeat([-3.0, -1.0, 1.0, 3.0], sizes)
    return expit(1.5 * abilities - difficulties), np.repeat(np.arange(4), sizes)


@pytest.mark.parametrize("n_dimensions", [1, 2])
def test_anchors_are_nearest_to_the_centres_of_their_clusters(n_dimensions):
    model = ItemResponseModel(n_dimensions=n_dimensions)
    chosen = selector(item_response_model=model).fit(X)
    vectors = parameters(model.fit(X))
    assert_array_equal(parameters(chosen.item_response_model_), vectors)
    for number, anchor in enumerate(chosen.anchors_):
        members = np.flatnonzero(chosen.labels_ == number)
        distance = np.linalg.norm(vectors[members] - vectors[members].mean(axis=0), axis=1)
        assert anchor == members[distance.argmin()]
        assert_allclose(chosen.anchor_weights_[number], len(members) / 60)
    assert (np.diff(chosen.anchor_weights_) <= 0).all()


def test_weights_stay_with_their_anchors_however_items_are_listed():
    """The released SparseEval script sorts anchors but not weights."""
    scores, group = groups_of_items()
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(30)
        chosen = selector(4, random_state=seed).fit(scores[:, order])
        sizes = np.bincount(group)[group[order][chosen.anchors_]]
        assert_allclose(chosen.anchor_weights_, sizes / 30)
        estimate = scores[:, order][:, chosen.anchors_] @ chosen.anchor_weights_
        assert_allclose(estimate, scores.mean(axis=1), atol=1e-3)


def test_balance_weights_make_subjects_count_the_same():
    scores, group = groups_of_items()
    balance = 1 / np.bincount(group)[group]
    chosen = selector(4, item_weights=balance).fit(scores)
    assert_allclose(chosen.anchor_weights_, 1 / 4)
    estimate = scores[:, chosen.anchors_] @ chosen.anchor_weights_
    means_of_subjects = [scores[:, group == number].mean(axis=1) for number in range(4)]
    assert_allclose(estimate, np.mean(means_of_subjects, axis=0), atol=1e-3)


def test_items_without_weight_or_results_are_left_out():
    scores, weight = X.copy(), np.ones(60)
    scores[:, [3, 8]], weight[[4, 9]] = np.nan, 0
    chosen = selector(56, item_weights=weight).fit(scores)
    assert_array_equal(np.sort(chosen.anchors_), np.delete(np.arange(60), [3, 4, 8, 9]))
    assert_array_equal(chosen.labels_[[3, 4, 8, 9]], -1)
    assert_allclose(chosen.anchor_weights_, 1 / 56)


def test_copies_of_items_share_their_weight():
    scores = np.repeat(X[:, :3], [1, 4, 7], axis=1)
    chosen = selector(6).fit(scores)
    assert len(set(chosen.anchors_)) == 6
    original = np.repeat([0, 1, 2], [1, 4, 7])[chosen.anchors_]
    total = np.bincount(original, weights=chosen.anchor_weights_)
    assert_allclose(total, np.array([1, 4, 7]) / 12)


@pytest.mark.slow
def test_the_number_of_abilities_is_chosen_by_default():
    chosen = IRTSelector(5, random_state=0).fit(X)
    assert_array_equal(
        chosen.item_response_model_.discriminations_, ItemResponseModel().fit(X).discriminations_
    )


def test_more_starts_cluster_better():
    def within(n_init):
        chosen = selector(20, n_init=n_init).fit(X)
        vectors = parameters(chosen.item_response_model_)
        centres = np.stack([vectors[chosen.labels_ == c].mean(axis=0) for c in range(20)])
        return ((vectors - centres[chosen.labels_]) ** 2).sum()

    assert within(20) < within(1)


def test_the_seed_decides():
    first, again, other = (selector(random_state=seed).fit(X) for seed in (1, 1, 2))
    assert_array_equal(first.anchors_, again.anchors_)
    assert set(first.anchors_) != set(other.anchors_)


@pytest.mark.slow
def test_real_models_are_estimated_better_than_at_random():
    scores, y = load_helm_lite(task="mmlu", return_X_y=True)

    def error(chosen):
        chosen.fit(scores[::2])
        return np.abs(scores[1::2, chosen.anchors_] @ chosen.anchor_weights_ - y[1::2]).mean()

    seeds = range(6)
    ours = [error(selector(50, random_state=seed)) for seed in seeds]
    drawn = [error(RandomSelector(50, random_state=seed)) for seed in seeds]
    assert np.mean(ours) < 0.9 * np.mean(drawn)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"item_weights": np.ones(59)}, r"item_weights has shape \(59,\), but X has 60 items"),
        ({"item_weights": -np.ones(60)}, "must not be negative"),
        ({"item_response_model": 3}, "'item_response_model' parameter"),
        ({"n_init": 0}, "'n_init' parameter"),
    ],
)
def test_wrong_parameters_are_refused_with_their_value(params, message):
    with pytest.raises(ValueError, match=message):
        selector(**params).fit(X)
