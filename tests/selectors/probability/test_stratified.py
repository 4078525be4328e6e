from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from sklearn_sparseeval import RandomSelector, StratifiedSelector
from sklearn_sparseeval.datasets import load_helm_lite, load_zeroeval_gsm
from sklearn_sparseeval.estimator_checks import check_anchor_selector

FEATURES = {
    "latent": "latent",
    "difficulty": "difficulty",
    "numbers": np.random.default_rng(3).random((24, 2)),
    "labels": np.repeat(["algebra", "geometry", "logic"], [14, 7, 3]),
}


def scores(n_models=15, n_items=24, seed=0):
    rng = np.random.default_rng(seed)
    ability, easiness = rng.normal(size=(n_models, 1)), rng.normal(size=n_items)
    return (rng.random((n_models, n_items)) < 1 / (1 + np.exp(-ability - easiness))).astype(float)


def fitted(X, n_anchors=6, sample_weight=None, **params):
    selector = StratifiedSelector(n_anchors, **{"random_state": 0, **params})
    return selector.fit(X, sample_weight=sample_weight)


def require_same(got, expected):
    np.testing.assert_array_equal(got.anchors_, expected.anchors_)
    np.testing.assert_array_equal(got.strata_, expected.strata_)
    np.testing.assert_array_equal(got.anchor_weights_, expected.anchor_weights_)


def extrapolation(task):
    """Return the scores of the weaker half of the models, and of the strongest 30 %."""
    X, y = load_helm_lite(task=task, return_X_y=True)
    order = np.argsort(y, kind="stable")
    return X[order[: len(y) // 2]], X[order[-len(y) * 3 // 10 :]]


@pytest.mark.slow
@pytest.mark.parametrize("params", [{}, {"features": "difficulty"}, {"allocation": "equal"}])
def test_the_contract_of_selectors(params):
    check_anchor_selector(StratifiedSelector(**params))


@pytest.mark.parametrize("features", FEATURES.values(), ids=FEATURES)
@pytest.mark.parametrize("allocation", ["proportional", "equal"])
@pytest.mark.parametrize("n_anchors", [3, 5])
def test_the_average_over_all_draws_is_the_mean_of_any_target(features, allocation, n_anchors):
    X = scores()
    selector = fitted(X, n_anchors, features=features, allocation=allocation)
    strata = [np.flatnonzero(selector.strata_ == s) for s in range(n_anchors)]
    if isinstance(features, str):  # a few per stratum, so that all draws can be listed
        kept = np.sort(np.concatenate([items[:4] for items in strata]))
        selector = fitted(X[:, kept], n_anchors, features=features, allocation=allocation)
        strata = [np.flatnonzero(selector.strata_ == s) for s in range(n_anchors)]
    n_items = sum(map(len, strata))
    target = np.random.default_rng(9).normal(size=n_items) ** 3  # like no source model
    draws = np.array(list(product(*(target[items] for items in strata))))
    assert np.mean(draws @ selector.anchor_weights_) == pytest.approx(target.mean(), rel=1e-9)
    assert np.std(draws @ selector.anchor_weights_) > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("features", FEATURES.values(), ids=FEATURES)
def test_the_average_over_seeds_is_the_mean_of_a_target(features):
    X, target = scores(), np.random.default_rng(9).normal(size=24) ** 3
    estimates = []
    for seed in range(200):
        selector = fitted(X, 5, features=features, random_state=seed)
        estimates.append(target[selector.anchors_] @ selector.anchor_weights_)
    error = np.mean(estimates) - target.mean()
    assert abs(error) < 4 * np.std(estimates) / np.sqrt(200)


@pytest.mark.slow
@pytest.mark.parametrize("task", ["gsm", "mmlu"])
def test_the_squared_error_on_stronger_models_is_below_that_of_random_anchors(task):
    weak, strong = extrapolation(task)
    errors = {}
    for selector in (StratifiedSelector(50), RandomSelector(50)):
        errors[type(selector)] = [
            np.mean(np.square(strong[:, s.anchors_] @ s.anchor_weights_ - strong.mean(axis=1)))
            for s in (selector.set_params(random_state=seed).fit(weak) for seed in range(100))
        ]
    ratio = np.mean(errors[StratifiedSelector]) / np.mean(errors[RandomSelector])
    assert ratio < 0.9


@pytest.mark.parametrize("n_anchors", [1, 7, 23, 24])
@pytest.mark.parametrize("features", ["latent", "difficulty", FEATURES["numbers"]])
def test_strata_are_balanced_and_aligned_with_anchors_and_weights(features, n_anchors):
    selector = fitted(scores(), n_anchors, features=features)
    np.testing.assert_array_equal(selector.strata_[selector.anchors_], np.arange(n_anchors))
    sizes = np.bincount(selector.strata_, minlength=n_anchors)
    assert set(sizes) <= {24 // n_anchors, -(-24 // n_anchors)}
    np.testing.assert_allclose(selector.anchor_weights_, sizes / 24)


def test_items_without_results_have_no_stratum_and_no_weight():
    X = scores()
    X[:, [0, 5, 23]] = np.nan
    X[:3, 7] = np.nan
    selector = fitted(X, 6)
    np.testing.assert_array_equal(np.flatnonzero(selector.strata_ < 0), [0, 5, 23])
    assert set(selector.strata_) == {-1, *range(6)}
    assert not set(selector.anchors_) & {0, 5, 23}
    assert selector.anchor_weights_.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.sort(selector.anchor_weights_ * 21), [3, 3, 3, 4, 4, 4])


def test_strata_of_difficulty_are_ranges_of_it():
    X = np.linspace(0, 1, 10) * np.ones((3, 1))
    selector = fitted(X[:, ::-1], 5, features="difficulty")
    np.testing.assert_array_equal(selector.strata_, [4, 4, 3, 3, 2, 2, 1, 1, 0, 0])


def test_latent_strata_tell_items_apart_that_are_equally_hard():
    # Two skills that different models have: every item has the mean 0.5.
    skills = np.tile([[1.0, 0.0], [0.0, 1.0]], (6, 1))
    X = np.repeat(skills, 5, axis=1)
    selector = fitted(X, 2)
    assert selector.anchors_[0] // 5 != selector.anchors_[1] // 5
    assert len(set(selector.strata_[:5])) == len(set(selector.strata_[5:])) == 1


def test_columns_of_numbers_are_standardised():
    rng = np.random.default_rng(0)
    numbers = rng.random((24, 2)) * [1, 0.7]
    scaled = numbers * [1e-3, 1e5] + [1e3, -1e7]
    X = scores()
    standard = (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)
    got = fitted(X, features=scaled)
    require_same(got, fitted(X, features=standard))
    require_same(got, fitted(X, features=pd.DataFrame(scaled)))


def test_a_single_column_of_numbers_is_cut_into_ranges():
    numbers = list(range(24))[::-1]
    expected = np.repeat(np.arange(6)[::-1], 4)
    np.testing.assert_array_equal(fitted(scores(), features=numbers).strata_, expected)


def test_constant_columns_of_numbers_change_nothing():
    X, numbers = scores(), np.random.default_rng(0).random(24)
    padded = np.column_stack([np.full(24, 0.1), numbers, np.zeros(24)])
    require_same(fitted(X, features=padded), fitted(X, features=numbers))


def test_numbers_of_items_without_results_do_not_matter():
    X, numbers = scores(), np.random.default_rng(0).random((24, 2))
    X[:, 3] = np.nan
    other = numbers.copy()
    other[3] = 1e6
    require_same(fitted(X, features=other), fitted(X, features=numbers))


def test_proportional_groups_get_anchors_by_their_size():
    labels = FEATURES["labels"]  # 14, 7 and 3 items
    selector = fitted(scores(), 8, features=labels)
    groups, counts = np.unique(labels[selector.anchors_], return_counts=True)
    assert groups.tolist() == ["algebra", "geometry", "logic"]
    assert counts.tolist() == [5, 2, 1]  # 4.67, 2.33 and 1
    np.testing.assert_allclose(selector.anchor_weights_ * 24, [3, 3, 3, 2, 3, 4, 3, 3])


def test_equal_groups_get_the_same_number_of_anchors():
    labels = FEATURES["labels"]
    selector = fitted(scores(), 9, features=labels, allocation="equal")
    assert np.unique(labels[selector.anchors_], return_counts=True)[1].tolist() == [3, 3, 3]
    for label, size in (("algebra", 14), ("geometry", 7), ("logic", 3)):
        weight = selector.anchor_weights_[labels[selector.anchors_] == label].sum()
        assert weight == pytest.approx(size / 24)


def test_groups_are_cut_further_along_latent_features():
    X = scores(60)
    labels = np.array(["b", "a"])[np.arange(24) % 2]
    selector = fitted(X, 4, features=labels, n_components=1)
    assert set(selector.strata_[::2]) == {0, 1}  # "b" appears first
    assert set(selector.strata_[1::2]) == {2, 3}
    alone = fitted(X, 2, n_components=1)
    assert set(alone.strata_) == {0, 1}
    for group, numbers in ((labels == "b", [0, 1]), (labels == "a", [2, 3])):
        means = [X[:, group & (selector.strata_ == s)].mean() for s in numbers]
        assert abs(means[0] - means[1]) > 0.1


def test_allocation_does_not_matter_without_labels():
    require_same(fitted(scores(), allocation="equal"), fitted(scores()))


def label_containers():
    labels = FEATURES["labels"]
    numbers = np.repeat([3, 1, 2], [14, 7, 3])
    return {
        "list": labels.tolist(),
        "objects": labels.astype(object),
        "numbers as objects": numbers.astype(object),
        "series": pd.Series(labels),
        "categorical": pd.Series(labels, dtype="category"),
        "categorical of numbers": pd.Categorical(numbers),
        "polars": pl.Series(labels),
        "polars categorical": pl.Series(labels, dtype=pl.Categorical),
    }


@pytest.mark.parametrize("labels", label_containers().values(), ids=label_containers())
def test_labels_of_any_container(labels):
    expected = fitted(scores(), features=FEATURES["labels"])
    require_same(fitted(scores(), features=labels), expected)


def test_booleans_are_labels():
    seen = np.arange(24) < 6
    selector = fitted(scores(), 4, features=seen)
    assert set(selector.strata_[:6]) == {0}
    require_same(fitted(scores(), 4, features=np.where(seen, "yes", "no")), selector)


def test_a_group_without_results_gets_no_anchors():
    X = scores()
    X[:, 21:] = np.nan
    selector = fitted(X, 2, features=FEATURES["labels"])
    assert FEATURES["labels"][selector.anchors_].tolist() == ["algebra", "geometry"]
    np.testing.assert_allclose(selector.anchor_weights_, [14 / 21, 7 / 21])


def test_more_groups_than_anchors_is_an_error_with_both_numbers():
    with pytest.raises(ValueError, match=r"3 groups.*n_anchors=2 .*at least 3 anchors, or merge"):
        fitted(scores(), 2, features=FEATURES["labels"])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT], ids=str)
def test_a_missing_label_is_an_error(missing):
    labels = [*FEATURES["labels"][:5], missing, *FEATURES["labels"][6:]]
    for container in (labels, np.array(labels, dtype=object), pd.Series(labels)):
        with pytest.raises(ValueError, match=r"no label .* for 1 of 24 items, the first at .* 5"):
            fitted(scores(), features=container)


@pytest.mark.parametrize("features", [np.ones(23), np.ones((25, 2)), ["a"] * 20])
def test_features_of_another_number_of_items_are_an_error(features):
    with pytest.raises(ValueError, match=f"{len(features)} entries, but X has 24 items"):
        fitted(scores(), features=features)


def test_missing_numbers_are_an_error():
    with pytest.raises(ValueError, match=r"(?s)features contains NaN"):
        fitted(scores(), features=np.where(np.arange(24) == 3, np.nan, 1.0))


@pytest.mark.parametrize("features", FEATURES.values(), ids=FEATURES)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_order_and_repetition_of_models_do_not_matter(features, seed):
    rng = np.random.default_rng(seed)
    X = scores(rng.integers(1, 9), seed=seed)  # few models: many items are alike
    X[:, 5:9] = X[:, [4]]
    X[rng.random(X.shape) < 0.2] = np.nan
    X[:, 0] = np.arange(len(X)) % 2
    weight = rng.integers(0, 3, len(X)) + (np.arange(len(X)) == 0)
    expected = fitted(X, features=features, sample_weight=weight)
    rows = rng.permutation(np.repeat(np.arange(len(X)), weight))
    require_same(fitted(X[rows], features=features), expected)


@pytest.mark.parametrize(
    "X",
    [
        np.full((5, 24), 0.1),
        np.tile(scores(5, 2), 12),
        scores(1),
        scores(2),
        np.eye(24),
        1 - np.tile(np.eye(24), (2, 1)),
        scores(300),
    ],
    ids=["constant", "duplicates", "1 model", "2 models", "identity", "complement", "many models"],
)
@pytest.mark.parametrize("n_anchors", [1, 5, 24])
def test_awkward_scores(X, n_anchors):
    selector = fitted(X, n_anchors, n_components=8)
    np.testing.assert_array_equal(selector.strata_[selector.anchors_], np.arange(n_anchors))
    assert selector.anchor_weights_.sum() == pytest.approx(1)
    reversed_rows = fitted(X[::-1], n_anchors, n_components=8)
    require_same(reversed_rows, selector)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.bool_, np.float32])
def test_small_dtypes_give_the_same_anchors(dtype):
    X, _ = load_helm_lite(task="math", return_X_y=True)
    require_same(fitted(X.astype(dtype), 30), fitted(X, 30))


def test_missing_results_on_real_scores():
    X, _ = load_zeroeval_gsm(return_X_y=True)
    assert np.isnan(X).any()
    selector = fitted(X, 40)
    sizes = np.bincount(selector.strata_[selector.strata_ >= 0])
    assert sizes.max() - sizes.min() <= 1
    assert len(sizes) == 40


def test_the_target_does_not_matter():
    X = scores()
    other = StratifiedSelector(6, random_state=0).fit(X, np.arange(15.0))
    require_same(other, fitted(X))


def test_strata_of_distinct_items_do_not_depend_on_the_seed():
    X = np.random.default_rng(0).random((15, 24))
    first, second = (fitted(X, random_state=seed) for seed in (0, 1))
    np.testing.assert_array_equal(first.strata_, second.strata_)
    assert first.anchors_.tolist() != second.anchors_.tolist()


def test_chance_decides_between_equal_items():
    X = np.full((3, 24), 0.1)
    together = [np.diff(fitted(X, 2, random_state=s).strata_).tolist() for s in range(5)]
    assert len({tuple(jumps) for jumps in together}) == 5
    assert all(np.count_nonzero(jumps) > 1 for jumps in together)


def test_a_clone_with_labels_is_fitted_alike():
    selector = fitted(scores(), features=FEATURES["labels"])
    require_same(clone(selector).fit(scores()), selector)
