"""The mean of the completed row, weighed by items and tasks."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.model_selection import GridSearchCV

from sklearn_sparseeval import (
    AnchoredRegressor,
    ImputedScoreRegressor,
    ItemRidgeImputer,
    LowRankImputer,
    NeighborImputer,
    RandomSelector,
)
from sklearn_sparseeval.datasets import load_helm_lite

RNG = np.random.default_rng(0)
SOURCES = (RNG.random((25, 12)) < np.linspace(0.2, 0.9, 12)).astype(float)
MEANS = SOURCES.mean(axis=1)
ROWS = np.where(RNG.random((6, 12)) < 0.5, np.nan, RNG.random((6, 12)))
ROWS[:, 0] = 0.5
TASKS = np.stack([np.arange(12) < 5, np.arange(12) >= 5]).astype(float)
WEIGHTS = RNG.integers(1, 9, 12).astype(float)


@pytest.mark.parametrize(
    "imputer", [ItemRidgeImputer(3.0), NeighborImputer(4), LowRankImputer(2), KNNImputer()]
)
def test_it_is_the_mean_of_the_completed_row(imputer):
    model = ImputedScoreRegressor(imputer).fit(SOURCES, MEANS)
    expected = clone(imputer).fit(SOURCES).transform(ROWS).mean(axis=1)
    assert_allclose(model.predict(ROWS), expected)


def test_the_default_is_item_ridge():
    model = ImputedScoreRegressor().fit(SOURCES, MEANS)
    assert isinstance(model.imputer_, ItemRidgeImputer)
    expected = ItemRidgeImputer().fit(SOURCES).transform(ROWS).mean(axis=1)
    assert_allclose(model.predict(ROWS), expected)
    assert model.imputer is None


def test_a_small_case_computed_by_hand():
    sources = np.array([[0.0, 0.2, 1.0], [1.0, 0.6, 0.0]])
    model = ImputedScoreRegressor(SimpleImputer(), item_weights=[2, 1, 1])
    model.fit(sources, [0.3, 0.65])
    assert (model.slope_, model.intercept_) == (1.0, 0.0)  # y are these weighted means
    assert_allclose(model.predict([[0.8, np.nan, np.nan]]), [(2 * 0.8 + 0.4 + 0.5) / 4])


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e300])
def test_weights_of_items_are_scaled_to_sum_to_one(scale):
    y = SOURCES @ WEIGHTS / WEIGHTS.sum()
    model = ImputedScoreRegressor(item_weights=scale * WEIGHTS).fit(SOURCES, y)
    completed = ItemRidgeImputer().fit(SOURCES).transform(ROWS)
    assert_allclose(model.predict(ROWS), completed @ WEIGHTS / WEIGHTS.sum())
    assert (model.slope_, model.intercept_) == (1.0, 0.0)


def test_every_task_has_a_mean_of_its_own():
    y = SOURCES @ TASKS.T / TASKS.sum(axis=1)
    model = ImputedScoreRegressor(item_weights=TASKS).fit(SOURCES, y)
    completed = ItemRidgeImputer().fit(SOURCES).transform(ROWS)
    expected = [completed[:, :5].mean(axis=1), completed[:, 5:].mean(axis=1)]
    assert_allclose(model.predict(ROWS), np.transpose(expected))
    assert_array_equal(model.slope_, [1, 1])
    graded = ImputedScoreRegressor(item_weights=TASKS).fit(SOURCES, y * [1, 100])
    assert_allclose(graded.slope_, [1, 100])
    assert_allclose(graded.predict(ROWS), np.transpose(expected) * [1, 100])


def test_one_row_of_weights_is_for_all_tasks():
    y = np.column_stack([MEANS, 1 - MEANS])
    for weights in (WEIGHTS, WEIGHTS[np.newaxis]):
        model = ImputedScoreRegressor(item_weights=weights).fit(SOURCES, y)
        means = SOURCES @ WEIGHTS / WEIGHTS.sum()
        lines = [np.polyfit(means, column, 1) for column in y.T]
        assert_allclose(np.column_stack([model.slope_, model.intercept_]), lines)


def test_items_without_a_source_result_are_left_out_of_the_mean():
    wide = np.column_stack([SOURCES, np.full(25, np.nan)])
    rows = np.column_stack([ROWS, np.ones(6)])
    weights = np.append(WEIGHTS, 1000.0)
    y = SOURCES @ WEIGHTS / WEIGHTS.sum()
    wider = ImputedScoreRegressor(item_weights=weights).fit(wide, y)
    model = ImputedScoreRegressor(item_weights=WEIGHTS).fit(SOURCES, y)
    assert_allclose(wider.predict(rows), model.predict(ROWS))


def test_a_source_without_results_on_a_task_enters_its_line_by_the_other():
    """It is as far above the items' means on the task as it is on the other."""
    ability, ease = np.meshgrid(np.linspace(0, 1, 9), np.linspace(0, 1, 12), indexing="ij")
    scores = 0.3 * ability + 0.7 * ease
    y = 100 * scores @ TASKS.T / TASKS.sum(axis=1)
    scores[8, 5:] = np.nan
    model = ImputedScoreRegressor(item_weights=TASKS).fit(scores, y)
    assert_allclose(model.slope_, 100, rtol=0.05)


@pytest.mark.slow
@given(rows=hnp.arrays(float, (3, 12), elements={"min_value": 0, "max_value": 1}))
def test_observed_results_count_as_observed(rows):
    model = ImputedScoreRegressor(item_weights=WEIGHTS).fit(
        SOURCES, SOURCES @ WEIGHTS / WEIGHTS.sum()
    )
    assert_allclose(model.predict(rows), rows @ WEIGHTS / WEIGHTS.sum(), atol=1e-9)


@pytest.mark.parametrize(
    ("item_weights", "message"),
    [
        (np.ones(11), r"item_weights has shape \(11,\), but X has 12 items and y 2 tasks"),
        (np.ones((3, 12)), r"item_weights has shape \(3, 12\), but X has 12 items and y 2 tasks"),
        (np.r_[np.ones(10), -1, -2], "must not be negative; they are for items 10, 11"),
        (np.stack([np.ones(12), np.zeros(12)]), "item_weights of task 1 are zero for all items"),
        (np.r_[np.nan, np.ones(11)], "contains NaN"),
    ],
)
def test_item_weights_that_do_not_fit_are_refused(item_weights, message):
    model = ImputedScoreRegressor(item_weights=item_weights)
    with pytest.raises(ValueError, match=message):
        model.fit(SOURCES, np.column_stack([MEANS, MEANS]))


def test_clones_and_pickles_predict_alike():
    model = ImputedScoreRegressor(NeighborImputer(4), item_weights=WEIGHTS).fit(SOURCES, MEANS)
    expected = model.predict(ROWS)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(ROWS), expected)
    assert_array_equal(clone(model).fit(SOURCES, MEANS).predict(ROWS), expected)


def test_imputers_can_be_searched():
    X, y = load_helm_lite(task="commonsense", return_X_y=True)
    model = AnchoredRegressor(RandomSelector(40, random_state=0), ImputedScoreRegressor())
    imputers = [SimpleImputer(), ItemRidgeImputer(), NeighborImputer(), LowRankImputer(2)]
    search = GridSearchCV(
        model, {"regressor__imputer": imputers}, cv=3, scoring="neg_mean_absolute_error"
    ).fit(X, y)
    errors = -search.cv_results_["mean_test_score"]
    assert errors[1:].max() < 0.04
    assert errors[0] > 2 * errors[1:].max()
