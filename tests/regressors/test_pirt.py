"""PIRTRegressor: the formula of p-IRT term by term, and the traps of the released code."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklearn_sparseeval import (
    AnchoredRegressor,
    ItemResponseModel,
    PIRTRegressor,
    RandomSelector,
    WeightedMeanRegressor,
)
from sklearn_sparseeval.datasets import load_open_llm, make_score_matrix

NAN = np.nan
MATRIX = make_score_matrix(66, 40, n_dimensions=1, random_state=0).data
SOURCES, TARGETS = MATRIX[:60], MATRIX[60:]
Y = SOURCES.mean(axis=1)
ANCHORS = np.array([30, 3, 12, 25, 7, 18])
ONE = ItemResponseModel(n_dimensions=1)


def off(X, anchors=ANCHORS):
    """Return full-width rows with results on the anchors only."""
    rows = np.full(X.shape, NAN)
    rows[:, anchors] = X[:, anchors]
    return rows


def regressor(**params):
    return PIRTRegressor(**{"item_response_model": ONE, **params})


def by_definition(row, item_weights=None):
    """Return lambda times the mean of what is seen plus 1 - lambda times what is expected."""
    model = ItemResponseModel(n_dimensions=1).fit(SOURCES)
    weights = np.ones(40) if item_weights is None else np.asarray(item_weights)
    seen = ~np.isnan(row)
    expected = model.inverse_transform(model.transform(row[np.newaxis]))[0]
    share = weights[seen].sum() / weights.sum()
    mean_seen = np.average(row[seen], weights=weights[seen])
    return share * mean_seen + (1 - share) * np.average(expected[~seen], weights=weights[~seen])


def test_seen_results_and_expected_scores_are_averaged():
    model = regressor().fit(SOURCES, Y, anchors=ANCHORS)
    expected = [by_definition(row) for row in off(TARGETS)]
    assert_allclose(model.predict(off(TARGETS)), expected)
    assert_array_equal(model.anchors_, ANCHORS)
    assert (model.slope_, model.intercept_) == (1.0, 0.0)


def test_only_the_anchors_are_read():
    model = regressor().fit(SOURCES, Y, anchors=ANCHORS)
    assert_array_equal(model.predict(TARGETS), model.predict(off(TARGETS)))
    anchored = AnchoredRegressor(RandomSelector(6, random_state=0), regressor()).fit(SOURCES, Y)
    rows = off(TARGETS, anchored.anchors_)
    assert_array_equal(anchored.predict(TARGETS), anchored.regressor_.predict(rows))


def test_without_anchors_whatever_a_row_holds_is_read():
    free = regressor().fit(SOURCES, Y)
    given = regressor().fit(SOURCES, Y, anchors=ANCHORS)
    assert_allclose(free.predict(off(TARGETS)), given.predict(off(TARGETS)))
    assert_allclose(free.predict(TARGETS), TARGETS.mean(axis=1))


def test_a_missing_anchor_is_expected_like_any_other_item():
    model = regressor().fit(SOURCES, Y, anchors=ANCHORS)
    rows = off(TARGETS)
    rows[0, ANCHORS[:5]], rows[1, ANCHORS[2]] = NAN, NAN
    assert_allclose(model.predict(rows), [by_definition(row) for row in rows])


@pytest.mark.parametrize("n_dimensions", [1, 5])
def test_all_anchors_right_or_wrong_is_neither_perfect_nor_hopeless(n_dimensions):
    """Maximum likelihood has no finite ability here, and expects every item right, or wrong."""
    model = regressor(item_response_model=ItemResponseModel(n_dimensions=n_dimensions))
    model.fit(SOURCES, Y, anchors=ANCHORS)
    perfect, hopeless = model.predict(off(np.array([[1.0] * 40, [0.0] * 40])))
    assert Y.min() - 0.15 < hopeless < Y.mean() < perfect < min(Y.max() + 0.15, 0.99)


def test_observed_items_have_the_share_of_their_weight():
    """The released code gives them the share of their number, whatever they weigh."""
    weights = np.where(np.arange(40) < 10, 5.0, 1.0)  # two subjects that shall count the same
    y = SOURCES @ weights / weights.sum()
    model = regressor(item_weights=weights).fit(SOURCES, y, anchors=ANCHORS)
    expected = [by_definition(row, weights) for row in off(TARGETS)]
    assert_allclose(model.predict(off(TARGETS)), expected)
    by_number = len(ANCHORS) / 40
    assert abs(weights[ANCHORS].sum() / weights.sum() - by_number) > 0.02


@pytest.mark.slow
def test_every_task_has_items_of_its_own():
    tasks = np.vstack([np.arange(40) < 25, np.arange(40) >= 25]).astype(float)
    y = SOURCES @ (tasks / tasks.sum(axis=1, keepdims=True)).T
    model = regressor(item_weights=tasks).fit(SOURCES, y, anchors=ANCHORS)
    expected = [[by_definition_of_task(row, task) for task in tasks] for row in off(TARGETS)]
    assert_allclose(model.predict(off(TARGETS)), expected)


def by_definition_of_task(row, task):
    model = ItemResponseModel(n_dimensions=1).fit(SOURCES)
    expected = model.inverse_transform(model.transform(row[np.newaxis]))[0]
    return np.where(np.isnan(row), expected, row)[task > 0].mean()


def test_the_target_in_other_units_is_reached_by_a_line():
    estimate = regressor().fit(SOURCES, Y).predict(off(TARGETS))
    model = regressor().fit(SOURCES, 20 + 50 * Y)
    assert_allclose(model.predict(off(TARGETS)), 20 + 50 * estimate)
    clipped = regressor(score_range=(20, 40)).fit(SOURCES[Y < 0.4], 20 + 50 * Y[Y < 0.4])
    assert clipped.predict(np.ones((1, 40))) == [40]


def test_other_targets_and_the_order_of_models_do_not_matter():
    model = regressor().fit(SOURCES, Y, anchors=ANCHORS)
    alone = [model.predict(row[np.newaxis])[0] for row in TARGETS]
    assert_allclose(model.predict(TARGETS), alone)
    order = np.random.default_rng(0).permutation(60)
    again = regressor().fit(SOURCES[order], Y[order], anchors=ANCHORS)
    assert_array_equal(again.predict(TARGETS), model.predict(TARGETS))


def test_a_weight_of_two_is_two_models():
    weight = np.arange(60) % 3
    weighted = regressor().fit(SOURCES, Y, sample_weight=weight)
    repeated = regressor().fit(np.repeat(SOURCES, weight, axis=0), np.repeat(Y, weight))
    assert_array_equal(weighted.predict(off(TARGETS)), repeated.predict(off(TARGETS)))


def test_items_without_source_results_are_neither_read_nor_estimated():
    wide = np.column_stack([SOURCES, np.full(60, NAN)])
    rows = np.column_stack([off(TARGETS), np.ones(6)])
    model = regressor().fit(wide, Y)
    assert_allclose(model.predict(rows), regressor().fit(SOURCES, Y).predict(off(TARGETS)))
    with pytest.raises(ValueError, match="anchors holds 40, which are not columns"):
        regressor().fit(wide, Y, anchors=[1, 40])


def test_a_target_without_results_on_the_anchors_is_named():
    rows = TARGETS.copy()
    rows[2, ANCHORS] = NAN
    with pytest.raises(ValueError, match=r"no result \(NaN\) on any anchor: rows 2 of X"):
        regressor().fit(SOURCES, Y, anchors=ANCHORS).predict(rows)


@pytest.mark.slow
def test_real_models_are_predicted_better_than_by_the_mean_of_the_anchors():
    X, y = load_open_llm(task="arc_challenge", return_X_y=True)

    def error(seed, model):
        anchored = AnchoredRegressor(RandomSelector(40, random_state=seed), model)
        return np.abs(anchored.fit(X[::3], y[::3]).predict(X[1::3]) - y[1::3]).mean()

    ours = [error(seed, regressor()) for seed in range(5)]
    means = [error(seed, WeightedMeanRegressor()) for seed in range(5)]
    assert np.mean(ours) < 0.75 * np.mean(means)


def test_clones_and_pickles_predict_alike():
    model = PIRTRegressor(score_range=(0, 1)).fit(SOURCES, Y, anchors=ANCHORS)
    assert model.item_response_model_ is model.imputer_.item_response_model_
    for twin in (
        pickle.loads(pickle.dumps(model)),
        clone(model).fit(SOURCES, Y, anchors=ANCHORS),
    ):
        assert_array_equal(twin.predict(TARGETS), model.predict(TARGETS))


def test_a_parameter_of_the_model_is_checked_with_its_name():
    with pytest.raises(ValueError, match="'item_response_model' parameter of PIRTRegressor"):
        PIRTRegressor("2PL").fit(SOURCES, Y)
    with pytest.raises(ValueError, match="'max_iter' parameter of ItemResponseModel"):
        PIRTRegressor(ItemResponseModel(max_iter=0)).fit(SOURCES, Y)
