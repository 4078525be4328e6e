"""Weak sources, strong targets: plain loops, rounding, ties, errors, what extrapolation does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyRegressor
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.utils import check_random_state

from sklearn_sparseeval.datasets import load_open_llm, load_zeroeval_gsm
from sklearn_sparseeval.splitters import StrengthSplit


def _sides_by_loop(strength, models, source_share, target_share):
    """Sort the models one by one, then count off both ends."""
    ranked = []
    for model in models:
        place = 0
        while place < len(ranked) and strength[ranked[place]] <= strength[model]:
            place += 1
        ranked.insert(place, model)
    n_sources = round(source_share * len(ranked))
    n_targets = min(round(target_share * len(ranked)), len(ranked) - n_sources)
    return sorted(ranked[:n_sources]), sorted(ranked[len(ranked) - n_targets :])


def _drawn_by_loop(n_models, rng):
    drawn = []
    for model in rng.randint(n_models, size=n_models):
        if model not in drawn:
            drawn.append(model)
    return sorted(drawn)


def _lists(splits):
    return [(train.tolist(), test.tolist()) for train, test in splits]


shares = st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8)).filter(lambda pair: sum(pair) <= 1)
scores = st.lists(st.integers(0, 6), min_size=12, max_size=40)  # with many ties


@pytest.mark.slow
@given(scores, shares)
@settings(deadline=None)
def test_all_models_as_in_plain_loops(y, both):
    cv = StrengthSplit(1, source_share=both[0], target_share=both[1], bootstrap=False)
    expected = _sides_by_loop(y, range(len(y)), *both)
    assert _lists(cv.split(np.zeros((len(y), 1)), y)) == [expected]


@pytest.mark.slow
@given(scores, shares, st.integers(0, 99))
@settings(deadline=None)
def test_bootstrap_as_in_plain_loops(y, both, seed):
    cv = StrengthSplit(3, source_share=both[0], target_share=both[1], random_state=seed)
    rng = check_random_state(seed)
    expected = [_sides_by_loop(y, _drawn_by_loop(len(y), rng), *both) for _ in range(3)]
    assert _lists(cv.split(np.zeros((len(y), 1)), y)) == expected


@pytest.mark.slow
@given(scores, shares, st.integers(0, 99))
@settings(deadline=None)
def test_no_target_is_weaker_than_a_source(y, both, seed):
    y = np.array(y)
    cv = StrengthSplit(2, source_share=both[0], target_share=both[1], random_state=seed)
    for train, test in cv.split(y[:, np.newaxis], y):
        assert y[train].max() <= y[test].min()
        assert not set(train) & set(test)
        assert len(set(train)) == len(train)


@pytest.mark.parametrize(
    ("n_models", "source_share", "target_share", "sizes"),
    [
        (10, 0.5, 0.3, (5, 3)),
        (83, 0.5, 0.3, (42, 25)),
        (100, 0.29, 0.57, (29, 57)),  # 0.29 * 100 is a little less than 29
        (11, 0.5, 0.5, (6, 5)),  # 5.5 and 5.5 round to 12 together
        (10, 0.7, 0.3, (7, 3)),
        (10, 0.9, 0.1, (9, 1)),
        (2, 0.5, 0.5, (1, 1)),
    ],
)
def test_sizes(n_models, source_share, target_share, sizes):
    cv = StrengthSplit(1, source_share=source_share, target_share=target_share, bootstrap=False)
    y = np.random.default_rng(0).random(n_models)
    train, test = next(cv.split(np.zeros((n_models, 1)), y))
    assert (len(train), len(test)) == sizes


def test_equal_models_are_ranked_by_row():
    cv = StrengthSplit(1, source_share=0.5, target_share=0.25, bootstrap=False)
    assert _lists(cv.split(np.zeros((8, 1)), np.ones(8))) == [([0, 1, 2, 3], [6, 7])]


def test_the_order_of_the_rows_does_not_matter_without_ties():
    rng = np.random.default_rng(0)
    y, order = rng.permutation(20) / 20, rng.permutation(20)
    cv = StrengthSplit(1, bootstrap=False)
    train, test = next(cv.split(np.zeros((20, 1)), y))
    moved_train, moved_test = next(cv.split(np.zeros((20, 1)), y[order]))
    assert sorted(order[moved_train]) == train.tolist()
    assert sorted(order[moved_test]) == test.tolist()


def test_the_bootstrap_keeps_about_63_per_cent():
    n_models = 1000
    cv = StrengthSplit(20, source_share=0.6, target_share=0.4, random_state=0)
    y = np.arange(n_models)
    n_drawn = [len(train) + len(test) for train, test in cv.split(np.zeros((n_models, 1)), y)]
    assert np.mean(n_drawn) / n_models == pytest.approx(1 - np.exp(-1), abs=0.01)
    assert len(set(n_drawn)) > 5


def test_strength_is_the_mean_over_tasks():
    tasks = np.array([[0.9, 0.1], [0.6, 0.6], [0.2, 0.3], [1.0, 0.9]])  # means .5 .6 .25 .95
    cv = StrengthSplit(1, source_share=0.5, target_share=0.5, bootstrap=False)
    assert _lists(cv.split(np.zeros((4, 1)), tasks)) == [([0, 2], [1, 3])]


@pytest.mark.parametrize("as_frame", [False, True], ids=["array", "frame"])
def test_without_y_strength_is_the_mean_of_the_evaluated_items(as_frame):
    X, y = load_zeroeval_gsm(return_X_y=True, as_frame=as_frame)
    assert np.isnan(np.asarray(X)).any()
    cv = StrengthSplit(3, random_state=0)
    assert _lists(cv.split(X)) == _lists(cv.split(X, y))


def test_missing_results_are_no_wrong_answers():
    X = np.array([[1, np.nan, np.nan], [1, 0, 0], [0, 0, 0], [1, 1, 0]])
    cv = StrengthSplit(1, source_share=0.5, target_share=0.25, bootstrap=False)
    assert _lists(cv.split(X)) == [([1, 2], [0])]


def test_groups_are_ignored_with_a_warning():
    y = np.arange(10)
    cv = StrengthSplit(2, random_state=0)
    with pytest.warns(UserWarning, match="StrengthSplit ignores groups"):
        splits = _lists(cv.split(np.zeros((10, 1)), y, groups=y // 2))
    assert splits == _lists(cv.split(np.zeros((10, 1)), y))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"source_share": 0.7, "target_share": 0.4},
            r"source_share=0.7 and target_share=0.4 sum to 1.1, but .* at most 1",
        ),
        ({"bootstrap": False}, "one split, always the same, but n_splits=10. Set n_splits=1"),
        (
            {"n_splits": 1, "bootstrap": False, "random_state": 3},
            "random_state=3 has no effect, as bootstrap=False draws nothing",
        ),
    ],
    ids=["shares", "n_splits", "random_state"],
)
def test_parameters_that_contradict_each_other(parameters, message):
    with pytest.raises(ValueError, match=message):
        StrengthSplit(**parameters)


@pytest.mark.parametrize(
    ("parameters", "n_models", "message"),
    [
        ({"source_share": 0.04}, 10, r"source_share=0.04 of 10 models leaves no source\. Raise"),
        ({"target_share": 0.04}, 10, r"target_share=0.04 of 10 models leaves no target\. Raise"),
        ({}, 1, "source_share=0.5 of 1 models leaves no source"),
    ],
    ids=["source", "target", "one model"],
)
def test_an_empty_side_is_an_error(parameters, n_models, message):
    cv = StrengthSplit(1, bootstrap=False, **parameters)
    with pytest.raises(ValueError, match=message):
        next(cv.split(np.zeros((n_models, 1)), np.arange(n_models)))


def test_an_empty_side_after_the_bootstrap_says_what_was_drawn():
    cv = StrengthSplit(50, target_share=0.1, random_state=0)
    with pytest.raises(ValueError, match=r"of 8 models \([1-5] distinct ones drawn\) leaves no"):
        list(cv.split(np.zeros((8, 1)), np.arange(8)))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0.1, np.nan, np.inf, 0.2], r"no finite score for 2 model\(s\), the first at row 1: nan"),
        (
            [[0, 1], [0, 1], [0, np.nan], [1, 1]],
            r"no finite score for 1 model\(s\), the first at row 2: \[ ?0. nan\]",
        ),
    ],
    ids=["one task", "two tasks"],
)
def test_unknown_scores_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        next(StrengthSplit().split(np.zeros((4, 1)), y))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.nan, r"no result for 1 model\(s\), the first at row 2, so .* or give y\."),
        (np.inf, "Input X contains infinity"),
    ],
    ids=["empty row", "infinite"],
)
def test_results_without_a_mean_are_refused(bad, message):
    X = np.ones((4, 3))
    X[2] = bad
    with pytest.raises(ValueError, match=message):
        next(StrengthSplit().split(X))
    with_y = StrengthSplit(1, bootstrap=False).split(X, [3, 2, 1, 0])  # X is not looked at
    assert [side.tolist() for side in next(with_y)] == [[2, 3], [0]]


def test_extrapolation_is_harder_than_interpolation_on_real_models():
    X, y = load_open_llm(task="ifeval", return_X_y=True)
    errors = [
        -cross_val_score(DummyRegressor(), X, y, cv=cv, scoring="neg_mean_absolute_error").mean()
        for cv in (ShuffleSplit(10, random_state=0), StrengthSplit(10, random_state=0))
    ]
    assert errors[1] > 2 * errors[0]
