"""Folds of whole families: plain loops, balance, fresh partitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils import check_random_state

from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm
from sklearn_sparseeval.splitters import RepeatedGroupKFold

families = st.lists(st.integers(0, 11), min_size=4, max_size=60).filter(lambda g: len(set(g)) > 3)


def _split(cv, groups):
    splits = cv.split(np.zeros((len(groups), 1)), groups=groups)
    return [(train.tolist(), test.tolist()) for train, test in splits]


def _folds_by_loop(groups, n_splits, rng):
    labels = sorted(set(groups), key=str)
    factors = rng.uniform(0.5, 1, size=len(labels))
    sizes = [groups.count(label) for label in labels]
    ranked = sorted(range(len(labels)), key=lambda family: -sizes[family] * factors[family])
    folds = [[] for _ in range(n_splits)]
    for family in ranked:
        smallest = min(folds, key=len)
        smallest += [model for model, label in enumerate(groups) if label == labels[family]]
    return [sorted(fold) for fold in folds]


@pytest.mark.slow
@given(families, st.integers(2, 4), st.integers(0, 99))
@settings(deadline=None)
def test_as_in_plain_loops(groups, n_splits, seed):
    rng = check_random_state(seed)
    expected = [fold for _ in range(3) for fold in _folds_by_loop(groups, n_splits, rng)]
    splits = _split(RepeatedGroupKFold(n_splits, n_repeats=3, random_state=seed), groups)
    assert [test for _, test in splits] == expected


@pytest.mark.slow
@given(families, st.integers(2, 4), st.integers(0, 99))
@settings(deadline=None)
def test_each_repeat_is_a_partition_into_whole_families(groups, n_splits, seed):
    groups = np.array(groups)
    splits = _split(RepeatedGroupKFold(n_splits, n_repeats=2, random_state=seed), groups)
    assert len(splits) == 2 * n_splits
    for repeat in (splits[:n_splits], splits[n_splits:]):
        targets = [model for _, test in repeat for model in test]
        assert sorted(targets) == list(range(len(groups)))
        sizes = [len(test) for _, test in repeat]
        assert min(sizes) > 0
        assert max(sizes) - min(sizes) <= np.bincount(groups).max()
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])
        assert sorted(train + test) == list(range(len(groups)))


@pytest.mark.parametrize("n_splits", [2, 5, 9])
def test_as_many_families_as_folds(n_splits):
    groups = np.repeat(np.arange(n_splits), np.arange(1, n_splits + 1))
    splits = _split(RepeatedGroupKFold(n_splits, n_repeats=1, random_state=0), groups)
    assert sorted(len(test) for _, test in splits) == list(range(1, n_splits + 1))


@pytest.mark.parametrize("n_splits", [4, 5])
@pytest.mark.parametrize(
    "load",
    [load_helm_lite, load_open_llm, lambda: load_open_llm(task="ifeval")],
    ids=["helm", "arc", "ifeval"],
)
def test_folds_of_real_panels_are_balanced_and_the_partitions_fresh(load, n_splits):
    groups = load().families
    splits = _split(RepeatedGroupKFold(n_splits, n_repeats=30, random_state=0), groups)
    sizes = np.reshape([len(test) for _, test in splits], (30, n_splits))
    assert np.mean(np.ptp(sizes, axis=1)) <= 2
    names, counts = np.unique(groups, return_counts=True)
    largest = names[np.argsort(-counts, kind="stable")[:8]]
    together = np.zeros((8, 8))
    for _, test in splits:
        inside = np.isin(largest, groups[test])
        together += np.outer(inside, inside)
    shares = together[np.triu_indices(8, k=1)] / 30
    assert shares.max() < 0.8  # by strict order of size some would always be together
    partitions = [
        tuple(sorted(tuple(test) for _, test in splits[start : start + n_splits]))
        for start in range(0, len(splits), n_splits)
    ]
    assert len(set(partitions)) == 30


def test_the_partitions_do_not_depend_on_the_order_of_the_models():
    groups = load_helm_lite().families
    order = np.random.default_rng(0).permutation(len(groups))
    cv = RepeatedGroupKFold(4, n_repeats=3, random_state=0)
    for (_, test), (_, moved) in zip(_split(cv, groups), _split(cv, groups[order]), strict=True):
        assert sorted(order[moved]) == test


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (list("aabbcc"), "groups holds 3 distinct families, but n_splits=5 needs at least 5"),
        ([*"abcde", None], r"1 missing family label\(s\), the first at index 5"),
    ],
    ids=["few families", "missing"],
)
def test_families_that_cannot_be_split(groups, message):
    with pytest.raises(ValueError, match=message):
        _split(RepeatedGroupKFold(), groups)
