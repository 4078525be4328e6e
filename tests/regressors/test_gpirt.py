"""GPIRTRegressor: lambda from the k anchors by loops, and what it must and must not depend on."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklearn_sparseeval import (
    AnchoredRegressor,
    GPIRTRegressor,
    IRTSelector,
    ItemResponseModel,
    PIRTRegressor,
)
from sklearn_sparseeval.datasets import load_helm_lite, make_score_matrix
from sklearn_sparseeval.numerics.row_identity import distinct_rows

NAN = np.nan
MATRIX = make_score_matrix(66, 40, n_dimensions=3, graded=True, random_state=1).data
SOURCES, TARGETS = MATRIX[:60], MATRIX[60:]
Y = SOURCES.mean(axis=1)
ANCHORS = np.array([30, 3, 12, 25, 7, 18])
WEIGHTS = np.array([0.3, 0.1, 0.2, 0.15, 0.15, 0.1])
ONE = ItemResponseModel(n_dimensions=1)


def off(X, anchors=ANCHORS):
    """Return full-width rows with results on the anchors only."""
    rows = np.full(X.shape, NAN)
    rows[:, anchors] = X[:, anchors]
    return rows


def regressor(**params):
    return GPIRTRegressor(**{"item_response_model": ONE, **params})


def p_irt(sources, targets):
    model = ItemResponseModel(n_dimensions=1, score_range=(0, 1)).fit(sources)
    completed = model.inverse_transform(model.transform(targets))
    return np.where(np.isnan(targets), completed, targets).mean(axis=1)


def lambda_by_definition(sources, anchors, weights, n_folds=5):
    """Predict every source model from its anchors, by a model of the other parts."""
    sources = sources[distinct_rows(sources, np.ones(len(sources)))[0]]
    above, below = 0.0, 0.0
    for number in range(n_folds):
        part = np.arange(len(sources)) % n_folds == number
        predicted = p_irt(sources[~part], off(sources[part], anchors))
        mean = sources[part][:, anchors] @ weights
        truth = sources[part].mean(axis=1)
        above += ((truth - predicted) * (mean - predicted)).sum()
        below += ((mean - predicted) ** 2).sum()
    shrunk = len(sources) / (len(sources) + len(anchors))
    return min(max(above / below, 0), 1) * shrunk


@pytest.mark.slow
@pytest.mark.parametrize("n_folds", [2, 5])
def test_lambda_is_cross_fitted_from_the_anchors(n_folds):
    model = regressor(n_folds=n_folds)
    model.fit(SOURCES, Y, anchors=ANCHORS, anchor_weights=WEIGHTS)
    expected = lambda_by_definition(SOURCES, ANCHORS, WEIGHTS, n_folds)
    assert 0.02 < expected < 0.9
    assert_allclose(model.lambda_, expected, rtol=1e-6)


@pytest.mark.slow
def test_the_estimate_is_a_mixture_of_the_mean_and_of_p_irt():
    model = regressor().fit(SOURCES, Y, anchors=ANCHORS, anchor_weights=7 * WEIGHTS)
    mean = TARGETS[:, ANCHORS] @ WEIGHTS
    expected = PIRTRegressor(ONE).fit(SOURCES, Y, anchors=ANCHORS).predict(TARGETS)
    mixture = model.lambda_ * mean + (1 - model.lambda_) * expected
    assert_allclose(model.predict(TARGETS), mixture)
    assert_allclose(model.anchor_weights_, WEIGHTS)
    assert_array_equal(model.predict(off(TARGETS)), model.predict(TARGETS))


def test_the_error_from_half_of_the_items_is_not_that_from_the_anchors():
    """tinyBenchmarks weighs p-IRT by its error with half of all items seen."""
    X = load_helm_lite(task="gsm").data[:, ::3]
    train, test = X[::2], X[1::2]

    def error(seen):
        return np.abs(p_irt(train, off(test, seen)) - test.mean(axis=1)).mean()

    anchors = np.arange(0, X.shape[1], X.shape[1] // 15)[:15]
    half = np.arange(0, X.shape[1], 2)
    assert error(anchors) > 3 * error(half)


@pytest.mark.slow
def test_the_worse_the_model_knows_the_items_the_more_the_mean_counts():
    """Anchors that stand exactly for the benchmark need no model; misleading ones get none."""
    rng = np.random.default_rng(0)
    abilities = rng.random((60, 4))  # four subjects that have nothing to do with each other
    scores = np.repeat(abilities, 10, axis=1)
    exact, misleading = np.array([0, 10, 20, 30]), np.array([0, 1, 2, 3])
    y = scores.mean(axis=1)
    right = regressor().fit(scores, y, anchors=exact).lambda_
    wrong = regressor().fit(scores, y, anchors=misleading).lambda_
    assert_allclose(right, 60 / 64, rtol=0.02)
    assert wrong < 0.3


def test_with_few_models_only_the_mean_counts():
    model = regressor().fit(SOURCES[:4], Y[:4], anchors=ANCHORS, anchor_weights=WEIGHTS)
    assert model.lambda_ == 1
    assert_allclose(model.predict(TARGETS), TARGETS[:, ANCHORS] @ WEIGHTS)
    copies = regressor().fit(np.tile(SOURCES[:4], (9, 1)), np.tile(Y[:4], 9), anchors=ANCHORS)
    assert copies.lambda_ == 1
    assert regressor().fit(SOURCES[:5], Y[:5], anchors=ANCHORS).lambda_ < 1


def test_many_anchors_per_model_flatter_their_mean():
    few = regressor().fit(SOURCES[:12], Y[:12], anchors=np.arange(0, 40, 2)).lambda_
    assert few <= 12 / 32


def test_all_items_give_the_exact_mean():
    model = regressor().fit(SOURCES, Y)
    assert model.lambda_ == 0
    assert_allclose(model.predict(TARGETS), TARGETS.mean(axis=1))
    assert_array_equal(model.anchors_, np.arange(40))


def test_a_missing_anchor_is_left_out_of_the_mean():
    model = regressor().fit(SOURCES, Y, anchors=ANCHORS, anchor_weights=WEIGHTS)
    rows = off(TARGETS)
    rows[0, ANCHORS[:2]] = NAN
    mean = TARGETS[0, ANCHORS[2:]] @ WEIGHTS[2:] / WEIGHTS[2:].sum()
    expected = PIRTRegressor(ONE).fit(SOURCES, Y).predict(rows[:1])
    assert_allclose(model.predict(rows)[:1], model.lambda_ * mean + (1 - model.lambda_) * expected)


def test_sources_without_results_on_the_anchors_teach_the_model_only():
    gaps = SOURCES.copy()
    gaps[::3, ANCHORS] = NAN
    gaps[1, ANCHORS[:3]] = NAN
    model = regressor().fit(gaps, Y, anchors=ANCHORS)
    assert 0 <= model.lambda_ < 1
    assert np.isfinite(model.predict(TARGETS)).all()
    # Of all models of a part: that part is then not predicted.
    sparse = SOURCES.copy()
    sparse[np.arange(60) != 7, ANCHORS[0]] = NAN
    alone = regressor().fit(sparse, Y, anchors=ANCHORS[:1])
    assert 0 <= alone.lambda_ <= 1


@pytest.mark.slow
def test_weights_stay_with_their_anchors():
    model = regressor().fit(SOURCES, Y, anchors=ANCHORS, anchor_weights=WEIGHTS)
    order = np.array([5, 2, 0, 1, 4, 3])
    other = regressor().fit(SOURCES, Y, anchors=ANCHORS[order], anchor_weights=WEIGHTS[order])
    assert_allclose(other.predict(TARGETS), model.predict(TARGETS))
    swapped = regressor().fit(SOURCES, Y, anchors=ANCHORS[order], anchor_weights=WEIGHTS)
    assert np.abs(swapped.predict(TARGETS) - model.predict(TARGETS)).max() > 1e-4


@pytest.mark.slow
@given(seed=st.integers(0, 1000), n_anchors=st.integers(1, 20))
@settings(max_examples=10, deadline=None)
def test_lambda_is_a_share_and_the_order_of_models_does_not_matter(seed, n_anchors):
    rng = np.random.default_rng(seed)
    anchors, order = rng.permutation(40)[:n_anchors], rng.permutation(60)
    model = regressor(n_folds=2).fit(SOURCES, Y, anchors=anchors)
    again = regressor(n_folds=2).fit(SOURCES[order], Y[order], anchors=anchors)
    assert 0 <= model.lambda_ <= 1
    assert again.lambda_ == model.lambda_
    rows = rng.random((5, 40))
    p, s = PIRTRegressor(ONE).fit(SOURCES, Y, anchors=anchors).predict(rows), rows[:, anchors]
    low, high = np.minimum(p, s.mean(axis=1)), np.maximum(p, s.mean(axis=1))
    predicted = model.predict(rows)
    assert ((low - 1e-12 <= predicted) & (predicted <= high + 1e-12)).all()


@pytest.mark.slow
def test_a_weight_of_two_is_two_models():
    weight = np.arange(60) % 3
    weighted = regressor().fit(SOURCES, Y, weight, ANCHORS, WEIGHTS)
    repeated = regressor().fit(
        np.repeat(SOURCES, weight, axis=0), np.repeat(Y, weight), None, ANCHORS, WEIGHTS
    )
    assert_allclose(weighted.lambda_, repeated.lambda_)
    assert_allclose(weighted.predict(TARGETS), repeated.predict(TARGETS))


def test_every_task_with_items_of_its_own_has_a_lambda_of_its_own():
    tasks = np.vstack([np.arange(40) < 25, np.arange(40) >= 25]).astype(float)
    y = SOURCES @ (tasks / tasks.sum(axis=1, keepdims=True)).T
    model = regressor(item_weights=tasks).fit(SOURCES, y, anchors=ANCHORS)
    assert model.lambda_.shape == (2,)
    mean = TARGETS[:, ANCHORS].mean(axis=1, keepdims=True)
    expected = PIRTRegressor(ONE, item_weights=tasks).fit(SOURCES, y, anchors=ANCHORS)
    mixture = model.lambda_ * mean + (1 - model.lambda_) * expected.predict(TARGETS)
    assert_allclose(model.predict(TARGETS), mixture)


@pytest.mark.slow
def test_the_target_in_other_units_is_reached_by_a_line():
    model = regressor().fit(SOURCES, Y, anchors=ANCHORS)
    other = regressor(score_range=(0, 100)).fit(SOURCES, 100 * Y, anchors=ANCHORS)
    assert other.lambda_ == model.lambda_
    assert_allclose(other.predict(TARGETS), 100 * model.predict(TARGETS))


def test_scores_outside_the_range_of_a_part_are_no_obstacle():
    """One source model alone goes beyond (0, 1): the parts without it must know."""
    scores = SOURCES.copy()
    scores[11, 5] = 1.7
    model = regressor().fit(scores, scores.mean(axis=1), anchors=ANCHORS)
    assert 0 <= model.lambda_ < 1


@pytest.mark.slow
def test_the_selector_hands_its_weights_on():
    selector = IRTSelector(6, item_response_model=ONE, random_state=0)
    anchored = AnchoredRegressor(selector, regressor()).fit(SOURCES, Y)
    assert_array_equal(anchored.regressor_.anchors_, anchored.anchors_)
    assert_allclose(anchored.regressor_.anchor_weights_, anchored.anchor_weights_)


@pytest.mark.slow
def test_the_mixture_is_no_worse_than_the_better_part_on_real_models():
    X, y = load_helm_lite(task="gsm", return_X_y=True)

    def errors(seed):
        order = np.random.default_rng(seed).permutation(83)
        train, test = order[:60], order[60:]
        selector = IRTSelector(60, item_response_model=ONE, n_init=3, random_state=seed)
        model = AnchoredRegressor(selector, regressor()).fit(X[train], y[train])
        mixed = model.regressor_
        p = PIRTRegressor(ONE).fit(X[train], y[train], anchors=model.anchors_).predict(X[test])
        s = X[test][:, model.anchors_] @ mixed.anchor_weights_
        estimates = (model.predict(X[test]), p, s)
        return [np.abs(estimate - y[test]).mean() for estimate in estimates]

    mixture, p, s = np.mean([errors(seed) for seed in range(4)], axis=0)
    assert mixture < 1.02 * min(p, s)


@pytest.mark.slow
def test_clones_and_pickles_predict_alike():
    model = GPIRTRegressor(n_folds=3).fit(SOURCES, Y, anchors=ANCHORS)
    for twin in (pickle.loads(pickle.dumps(model)), clone(model).fit(SOURCES, Y, anchors=ANCHORS)):
        assert_array_equal(twin.predict(TARGETS), model.predict(TARGETS))


@pytest.mark.parametrize(
    ("params", "given_to_fit", "message"),
    [
        ({}, {"anchor_weights": np.ones(40)}, "anchor_weights are given without anchors"),
        ({}, {"anchors": [1, 2], "anchor_weights": [1.0]}, r"anchor_weights has shape \(1,\)"),
        ({}, {"anchors": [1, 2], "anchor_weights": [1, -1]}, "must not be negative"),
        ({"n_folds": 1}, {}, "'n_folds' parameter"),
    ],
)
def test_wrong_input_is_refused_with_its_value(params, given_to_fit, message):
    with pytest.raises(ValueError, match=message):
        regressor(**params).fit(SOURCES, Y, **given_to_fit)


def test_a_target_without_a_result_of_weight_is_named():
    model = regressor().fit(SOURCES, Y, anchors=ANCHORS, anchor_weights=[0, 1, 1, 1, 1, 1])
    rows = off(TARGETS)
    rows[3, ANCHORS[1:]] = NAN
    with pytest.raises(ValueError, match="on any anchor of positive weight: rows 3 of X"):
        model.predict(rows)
