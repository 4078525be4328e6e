"""The items that tell models apart most, in each task."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_sparseeval import CollaborativeFilteringSelector
from sklearn_sparseeval.datasets import load_helm_lite
from sklearn_sparseeval.estimator_checks import check_anchor_selector

RNG = np.random.default_rng(0)
X = (RNG.random((21, 30)) < np.linspace(0.15, 0.85, 30)).astype(float)
X[:2] = [[0.0], [1.0]]  # no item is constant


def test_importance_is_the_share_that_pass_times_the_share_that_fail():
    selector = CollaborativeFilteringSelector(8).fit(X)
    passing = X.mean(axis=0)
    assert_allclose(selector.importances_, passing * (1 - passing))
    rest = np.delete(np.arange(30), selector.anchors_)
    least = selector.importances_[selector.anchors_].min()
    assert least >= selector.importances_[rest].max() - 1e-12
    assert (np.diff(selector.importances_[selector.anchors_]) <= 1e-12).all()
    assert not hasattr(selector, "anchor_weights_")


def test_equally_important_items_are_taken_as_listed():
    scores = np.array([[1, 0, 0, 1, 1], [0, 0, 1, 1, 1], [0, 1, 1, 0, 1]])  # all but the last alike
    assert_array_equal(CollaborativeFilteringSelector(3).fit(scores).anchors_, [0, 1, 2])


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_items_that_all_pass_or_fail_are_taken_only_where_no_other_is_left(value):
    scores = X.copy()
    scores[:, [0, 4, 11]] = value
    selector = CollaborativeFilteringSelector(27).fit(scores)
    assert not np.isin([0, 4, 11], selector.anchors_).any()
    assert_array_equal(selector.importances_[[0, 4, 11]], 0)
    assert_array_equal(CollaborativeFilteringSelector(29).fit(scores).anchors_[-2:], [0, 4])


@pytest.mark.slow
@given(
    scores=hnp.arrays(float, (6, 5), elements=st.sampled_from([0.0, 0.3, 1.0, np.nan])),
    weight=hnp.arrays(int, 6, elements=st.integers(1, 4)),
)
def test_a_missing_result_counts_as_the_items_mean(scores, weight):
    scores[:, 0] = [0, 1, 0, 1, 0.3, 1]
    selector = CollaborativeFilteringSelector(1).fit(scores, sample_weight=weight)
    copies = np.repeat(scores, weight, axis=0)
    for item, got in enumerate(selector.importances_):
        results = copies[:, item]
        if np.isnan(results).all():
            assert np.isnan(got)
        else:
            filled = np.where(np.isnan(results), np.nanmean(results), results)
            assert_allclose(got, filled.var(), atol=1e-12)


def test_anchors_are_nested_without_tasks():
    longest = CollaborativeFilteringSelector(30).fit(X).anchors_
    for n_anchors in (1, 5, 17):
        selector = CollaborativeFilteringSelector(n_anchors).fit(X)
        assert_array_equal(selector.anchors_, longest[:n_anchors])


@pytest.mark.parametrize(
    ("n_anchors", "expected"), [(3, (1, 1, 1)), (10, (6, 3, 1)), (0.5, (9, 4, 2))]
)
def test_every_task_gets_anchors_in_proportion_to_its_items(n_anchors, expected):
    groups = np.repeat(["a", "b", "c"], [18, 8, 4])
    selector = CollaborativeFilteringSelector(n_anchors, groups=groups).fit(X)
    chosen = groups[selector.anchors_]
    assert tuple((chosen == task).sum() for task in "abc") == expected
    assert (np.diff(selector.importances_[selector.anchors_]) <= 1e-12).all()
    for task in "abc":
        importances = np.sort(selector.importances_[groups == task])[::-1]
        own = selector.importances_[selector.anchors_[chosen == task]]
        assert_allclose(own, importances[: len(own)])


def test_tasks_without_any_result_get_no_anchors():
    scores = np.where(np.arange(30) < 4, np.nan, X)
    groups = pd.Series(np.repeat(["empty", "a", "b"], [4, 13, 13]), dtype="category")
    selector = CollaborativeFilteringSelector(2, groups=groups).fit(scores)
    assert set(groups[selector.anchors_]) == {"a", "b"}
    assert np.isnan(selector.importances_[:4]).all()


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["a"] * 29, "groups has 29 labels, but X has 30 items"),
        (np.arange(30), r"groups has labels of 30 tasks with results, but n_anchors=6 anchors"),
        ([*["a"] * 29, None], r"groups has no label .* the first at position 29"),
    ],
)
def test_tasks_that_cannot_be_served_are_refused(groups, message):
    with pytest.raises(ValueError, match=message):
        CollaborativeFilteringSelector(6, groups=groups).fit(X)


def test_it_keeps_the_rules_of_every_selector():
    check_anchor_selector(CollaborativeFilteringSelector())


def test_the_mean_of_the_anchors_is_no_estimate_of_the_score():
    """Medium items only: the anchors' mean exaggerates how far models are apart."""
    scores, y = load_helm_lite(task="commonsense", return_X_y=True)
    selector = CollaborativeFilteringSelector(50).fit(scores)
    assert (selector.transform(scores).mean(axis=1) - y).mean() < -0.1
