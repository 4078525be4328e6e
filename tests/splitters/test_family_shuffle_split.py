"""Whole families held out: plain loops, sizes, the share of models against that of families."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupShuffleSplit
from sklearn.utils import check_random_state

from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm
from sklearn_sparseeval.splitters import FamilyShuffleSplit

families = st.lists(st.integers(0, 9), min_size=2, max_size=40).filter(lambda g: len(set(g)) > 1)


def _split(cv, groups):
    splits = cv.split(np.zeros((len(groups), 1)), groups=groups)
    return [(train.tolist(), test.tolist()) for train, test in splits]


def _targets_by_loop(groups, order, n_wanted):
    """Take family after family, and go back to the number of models nearest to the wanted one."""
    labels = sorted(set(groups))
    out, best = [], None
    for family in order[:-1]:
        out = [*out, labels[family]]
        targets = [model for model, label in enumerate(groups) if label in out]
        distance = abs(len(targets) - n_wanted)
        if best is None or distance < best[0]:
            best = distance, targets
    return best[1]


@pytest.mark.slow
@given(families, st.floats(0.05, 0.95), st.integers(0, 99))
@settings(deadline=None)
def test_as_in_plain_loops(groups, test_size, seed):
    rng = check_random_state(seed)
    expected = []
    for _ in range(3):
        order = rng.permutation(len(set(groups)))
        targets = _targets_by_loop(groups, order, test_size * len(groups))
        expected.append(([m for m in range(len(groups)) if m not in targets], targets))
    assert _split(FamilyShuffleSplit(3, test_size=test_size, random_state=seed), groups) == expected


@pytest.mark.slow
@given(families, st.floats(0.05, 0.95), st.integers(0, 99))
@settings(deadline=None)
def test_no_family_on_both_sides_and_no_side_empty(groups, test_size, seed):
    groups = np.array(groups)
    n_wanted, largest = test_size * len(groups), np.bincount(groups).max()
    for train, test in _split(
        FamilyShuffleSplit(2, test_size=test_size, random_state=seed), groups
    ):
        assert not set(groups[train]) & set(groups[test])
        assert sorted(train + test) == list(range(len(groups)))
        assert train
        assert test
        assert abs(len(test) - n_wanted) <= largest


@pytest.mark.slow
@given(families, st.integers(0, 99), st.data())
@settings(deadline=None)
def test_a_number_of_models_is_the_share_that_it_is(groups, seed, data):
    n_targets = data.draw(st.integers(1, len(groups) - 1))
    number = FamilyShuffleSplit(2, test_size=n_targets, random_state=seed)
    share = FamilyShuffleSplit(2, test_size=n_targets / len(groups), random_state=seed)
    assert _split(number, groups) == _split(share, groups)


@pytest.mark.parametrize("test_size", [1, 3, 0.25, 0.5])
def test_families_of_one_are_met_exactly(test_size):
    n_targets = test_size if isinstance(test_size, int) else test_size * 12
    for train, test in _split(FamilyShuffleSplit(5, test_size=test_size), list("abcdefghijkl")):
        assert len(test) == n_targets
        assert len(train) == 12 - n_targets


def test_the_families_drawn_do_not_depend_on_the_order_of_the_models():
    groups = load_helm_lite().families
    order = np.random.default_rng(0).permutation(len(groups))
    cv = FamilyShuffleSplit(5, random_state=0)
    for (_, test), (_, moved) in zip(_split(cv, groups), _split(cv, groups[order]), strict=True):
        assert sorted(order[moved]) == test


def test_large_families_are_held_out_too():
    groups = ["large"] * 8 + ["a", "b", "c", "d"]
    splits = _split(FamilyShuffleSplit(100, test_size=0.25, random_state=0), groups)
    held_out = [test for _, test in splits if 0 in test]
    assert 10 < len(held_out) < 35  # where it comes first: one time in five
    assert all(test == list(range(8)) for test in held_out)


@pytest.mark.parametrize("task", ["arc_challenge", "ifeval"])
def test_the_share_of_models_is_met_on_a_real_leaderboard(task):
    groups = load_open_llm(task=task).families
    ours, of_families = (
        np.array([len(test) / len(groups) for _, test in _split(cv, groups)])
        for cv in (
            FamilyShuffleSplit(50, test_size=0.25, random_state=0),
            GroupShuffleSplit(50, test_size=0.25, random_state=0),
        )
    )
    assert np.abs(ours - 0.25).mean() < 0.02
    assert np.abs(of_families - 0.25).mean() > 3 * np.abs(ours - 0.25).mean()


@pytest.mark.parametrize(
    ("test_size", "groups", "message"),
    [
        (0.5, ["a", "a"], "groups holds 1 distinct families, but a split needs at least 2"),
        (3, ["a", "b", "c"], "test_size=3 leaves none of the 3 models as a source"),
        (0.5, ["a", None], r"1 missing family label\(s\), the first at index 1"),
    ],
    ids=["one family", "all models", "missing"],
)
def test_families_that_cannot_be_split(test_size, groups, message):
    with pytest.raises(ValueError, match=message):
        _split(FamilyShuffleSplit(test_size=test_size), groups)
