"""AIPW: the trap of the published code, cross-fitting by brute force, and no bias."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.linear_model import Ridge

from sklearn_sparseeval import (
    AIPWRegressor,
    AnchoredRegressor,
    ImputedScoreRegressor,
    NeighborImputer,
    RandomSelector,
)
from sklearn_sparseeval.datasets import load_helm_lite, make_score_matrix

RNG = np.random.default_rng(0)
SOURCES = (RNG.random((20, 30)) < np.linspace(0.2, 0.9, 30)).astype(float)
MEANS = SOURCES.mean(axis=1)
TARGETS = RNG.random((4, 30))
ANCHORS = np.array([17, 2, 9, 24, 0, 5, 28, 11, 13, 20])
WEIGHTS = np.arange(1.0, 11) / 55


def by_definition(row, anchors, weights, folds):
    """Return the two terms of the estimate: the imputed mean, and the correction."""
    imputed = correction = 0.0
    for fold in np.unique(folds):
        left_out, rest = anchors[folds == fold], anchors[folds != fold]
        ridge = Ridge(alpha=10).fit(SOURCES.T[rest], row[rest])
        completed = ridge.predict(SOURCES.T)
        completed[rest] = row[rest]
        share = weights[folds == fold]
        imputed += share.sum() * completed.mean()
        residual = row[left_out] - completed[left_out]
        correction += (1 - len(rest) / 30) * share @ residual
    return imputed, correction


@pytest.mark.parametrize("n_folds", [2, 3, 10, 99])
def test_estimates_by_brute_force(n_folds):
    model = AIPWRegressor(n_folds=n_folds, random_state=0)
    model.fit(SOURCES, MEANS, anchors=ANCHORS, anchor_weights=3 * WEIGHTS)
    assert_allclose(model.anchor_weights_, WEIGHTS)
    # The folds: the anchors in a random order, dealt out in turn.
    order = np.argsort(np.random.RandomState(0).permutation(30)[ANCHORS])
    folds = np.empty(10, dtype=int)
    folds[order] = np.arange(10) % n_folds
    expected = [sum(by_definition(row, ANCHORS, WEIGHTS, folds)) for row in TARGETS]
    assert_allclose(model.predict(TARGETS), expected)


def test_the_correction_is_zero_without_cross_fitting_and_not_zero_with_it():
    """The released code fits and corrects on the same anchors: its correction does nothing."""
    equal = np.full(10, 0.1)
    for row in TARGETS:
        ridge = Ridge(alpha=10).fit(SOURCES.T[ANCHORS], row[ANCHORS])
        in_sample = equal @ (row[ANCHORS] - ridge.predict(SOURCES.T[ANCHORS]))
        assert abs(in_sample) < 1e-12
        _, correction = by_definition(row, ANCHORS, equal, np.arange(10) % 5)
        assert abs(correction) > 1e-4
    imputation = ImputedScoreRegressor().fit(SOURCES, MEANS, anchors=ANCHORS).predict(TARGETS)
    model = AIPWRegressor(random_state=0).fit(SOURCES, MEANS, anchors=ANCHORS)
    assert np.abs(model.predict(TARGETS) - imputation).min() > 1e-4


class Wrong(TransformerMixin, BaseEstimator):
    """Fills every missing result with the same number, whatever the models are."""

    def __init__(self, value=5.0):
        self.value = value

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.where(np.isnan(X), self.value, X)


@pytest.mark.parametrize("value", [-3.0, 0.5, 5.0])
@pytest.mark.parametrize("n_folds", [2, 4, 10])
def test_an_imputer_that_is_wrong_everywhere_is_corrected(value, n_folds):
    model = AIPWRegressor(Wrong(value), n_folds=n_folds, random_state=0)
    predicted = model.fit(SOURCES, MEANS, anchors=ANCHORS).predict(TARGETS)
    uncorrected = ImputedScoreRegressor(Wrong(value)).fit(SOURCES, MEANS, anchors=ANCHORS)
    assert_allclose(predicted, TARGETS[:, ANCHORS].mean(axis=1), atol=0.02)
    assert np.abs(uncorrected.predict(TARGETS) - predicted).min() > 0.02 * (value != 0.5)


@pytest.mark.parametrize("n_results", [1, 2, 5])
def test_every_row_is_estimated_from_the_anchors_it_has(n_results):
    rows = np.full((3, 30), np.nan)
    rows[:2, ANCHORS] = TARGETS[:2, ANCHORS]
    rows[2, ANCHORS[:n_results]] = TARGETS[2, ANCHORS[:n_results]]
    fit = {"anchors": ANCHORS, "anchor_weights": WEIGHTS}
    together = AIPWRegressor(random_state=0).fit(SOURCES, MEANS, **fit).predict(rows)
    fit = {"anchors": ANCHORS[:n_results], "anchor_weights": WEIGHTS[:n_results]}
    alone = AIPWRegressor(random_state=0).fit(SOURCES, MEANS, **fit).predict(rows[2:])
    assert_allclose(together[2], alone[0])
    if n_results == 1:  # nothing is left to fit on: the imputation, that result everywhere
        assert_allclose(together[2], TARGETS[2, ANCHORS[0]])


def test_anchors_without_weight_help_to_impute_but_do_not_correct():
    weights = np.where(np.arange(10) < 4, 0.0, 1.0)
    model = AIPWRegressor(n_folds=10, random_state=0)
    model.fit(SOURCES, MEANS, anchors=ANCHORS, anchor_weights=weights)
    expected = [sum(by_definition(row, ANCHORS, weights / 6, np.arange(10))) for row in TARGETS]
    assert_allclose(model.predict(TARGETS), expected)
    rows = TARGETS.copy()
    rows[1, ANCHORS[4:]] = np.nan
    with pytest.raises(ValueError, match="on any anchor of positive weight: rows 1 of X"):
        model.predict(rows)


def test_the_split_is_seeded():
    def predict(seed):
        model = AIPWRegressor(n_folds=3, random_state=seed)
        return model.fit(SOURCES, MEANS, anchors=ANCHORS).predict(TARGETS)

    assert_array_equal(predict(0), predict(0))
    assert np.abs(predict(0) - predict(1)).max() > 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("imputer", [None, NeighborImputer(5, calibration=None), Wrong()])
def test_the_mean_over_random_draws_is_unbiased(imputer):
    """For targets stronger than all sources, which an imputer may get wrong by any amount."""
    matrix = make_score_matrix(n_models=50, n_items=160, random_state=0)
    order = np.argsort(matrix.data.mean(axis=1))
    sources, targets = matrix.data[order[:25]], matrix.data[order[-5:]]
    errors = []
    for seed in range(60):
        regressor = AIPWRegressor(imputer, n_folds=4, random_state=seed)
        model = AnchoredRegressor(RandomSelector(20, random_state=seed), regressor).fit(sources)
        errors.append(model.predict(targets) - targets.mean(axis=1))
    bias, standard_error = np.mean(errors, axis=0), np.std(errors, axis=0) / np.sqrt(60)
    assert (np.abs(bias) < 3.5 * standard_error).all()
    assert abs(np.mean(bias)) < 0.015
    assert np.abs(errors).mean() > 0.02  # or there would be nothing to test


@pytest.mark.slow
def test_errors_on_real_models_are_near_those_of_the_imputation():
    X, y = load_helm_lite(task="commonsense", return_X_y=True)
    order = np.argsort(y, kind="stable")
    sources, targets = order[:41], order[-24:]
    errors = {"imputed": [], "corrected": [], "ridge": []}
    for seed in range(8):
        anchors = np.random.default_rng(seed).choice(X.shape[1], 50, replace=False)
        for name, regressor in (
            ("imputed", ImputedScoreRegressor()),
            ("corrected", AIPWRegressor(random_state=seed)),
        ):
            model = regressor.fit(X[sources], y[sources], anchors=anchors)
            errors[name].append(np.abs(model.predict(X[targets]) - y[targets]).mean())
        ridge = Ridge().fit(X[sources][:, anchors], y[sources])
        errors["ridge"].append(np.abs(ridge.predict(X[targets][:, anchors]) - y[targets]).mean())
    assert np.mean(errors["corrected"]) < 0.026
    assert np.mean(errors["corrected"]) < 1.1 * np.mean(errors["imputed"])
    assert np.mean(errors["ridge"]) > 2 * np.mean(errors["corrected"])


def test_clones_and_pickles_predict_alike():
    model = AIPWRegressor(random_state=0).fit(SOURCES, MEANS, anchors=ANCHORS)
    expected = model.predict(TARGETS)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(TARGETS), expected)
    assert_array_equal(clone(model).fit(SOURCES, MEANS, anchors=ANCHORS).predict(TARGETS), expected)


@pytest.mark.parametrize(
    ("given_to_fit", "message"),
    [
        ({"anchor_weights": np.ones(30)}, "anchor_weights are given without anchors"),
        ({"anchors": [1, 2], "anchor_weights": [1.0]}, r"anchor_weights has shape \(1,\)"),
        ({"anchors": [1, 2], "anchor_weights": [1.0, -1.0]}, "must not be negative; got -1.0"),
    ],
)
def test_weights_that_do_not_fit_the_anchors_are_refused(given_to_fit, message):
    with pytest.raises(ValueError, match=message):
        AIPWRegressor().fit(SOURCES, MEANS, **given_to_fit)
