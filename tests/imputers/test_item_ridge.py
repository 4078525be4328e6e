"""Ridge across items against scikit-learn's Ridge, the published trap, and real models."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge, RidgeCV

from sklearn_sparseeval import ImputedScoreRegressor, ItemRidgeImputer
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm
from sklearn_sparseeval.imputers import _item_ridge
from sklearn_sparseeval.numerics.ridge import RELATIVE_ALPHAS

RNG = np.random.default_rng(0)
SOURCES = (RNG.random((7, 40)) < np.linspace(0.1, 0.9, 40)).astype(float)
TARGETS = (RNG.random((6, 40)) < np.linspace(0.3, 0.95, 40)).astype(float)


def by_scikit_learn(row, regressor, features):
    observed = ~np.isnan(row)
    predicted = regressor.fit(features[observed], row[observed]).predict(features)
    return np.where(observed, row, predicted)


def hidden(X, share, seed=1):
    return np.where(np.random.default_rng(seed).random(X.shape) < share, np.nan, X)


@pytest.mark.parametrize("alpha", [0.1, 10.0, 1000.0])
# Fewer items than source models, and more: one solves in the one dimension, one in the other.
@pytest.mark.parametrize("share", [0.9, 0.3])
def test_it_is_scikit_learns_ridge_over_the_items(alpha, share):
    rows = hidden(TARGETS, share)
    completed = ItemRidgeImputer(alpha).fit(SOURCES).transform(rows)
    expected = [by_scikit_learn(row, Ridge(alpha=alpha), SOURCES.T) for row in rows]
    assert_allclose(completed, expected)


def test_targets_of_one_pattern_share_one_fit(monkeypatch):
    calls = []

    def counted(X, y, *args, **kwargs):
        calls.append(y.shape)
        return fit_ridge(X, y, *args, **kwargs)

    fit_ridge = _item_ridge.fit_ridge
    monkeypatch.setattr(_item_ridge, "fit_ridge", counted)
    rows = TARGETS.copy()
    rows[:, 15:] = np.nan
    model = ItemRidgeImputer().fit(SOURCES)
    expected = [by_scikit_learn(row, Ridge(alpha=10), SOURCES.T) for row in rows]
    assert_allclose(model.transform(rows), expected)
    assert calls == [(15, 6)]


def test_auto_chooses_a_penalty_for_each_target_by_leave_one_out():
    rows = hidden(TARGETS, 0.4)
    completed = ItemRidgeImputer("auto").fit(SOURCES).transform(rows)
    for row, got in zip(rows, completed, strict=True):
        observed = ~np.isnan(row)
        centred = SOURCES.T[observed] - SOURCES.T[observed].mean(axis=0)
        alphas = RELATIVE_ALPHAS * (centred**2).sum() / centred.shape[1]
        assert_allclose(got, by_scikit_learn(row, RidgeCV(alphas), SOURCES.T))


def test_weights_are_copies_of_the_features():
    weight = np.array([2, 0, 1, 3, 1, 1, 1])
    rows = hidden(TARGETS, 0.6)
    completed = ItemRidgeImputer().fit(SOURCES, sample_weight=weight).transform(rows)
    copies = np.repeat(SOURCES, weight, axis=0).T
    assert_allclose(completed, [by_scikit_learn(row, Ridge(alpha=10), copies) for row in rows])


def test_a_missing_source_result_is_the_items_mean_plus_the_models_deviation():
    history = SOURCES.copy()
    history[0, 3:20] = history[2, 30] = np.nan
    means = np.nanmean(history, axis=0)
    deviation = np.nanmean(history - means, axis=1, keepdims=True)
    filled = np.where(np.isnan(history), np.clip(means + deviation, 0, 1), history)
    rows = hidden(TARGETS, 0.5)
    completed = ItemRidgeImputer().fit(history).transform(rows)
    assert_allclose(completed, [by_scikit_learn(row, Ridge(alpha=10), filled.T) for row in rows])


def test_a_single_result_is_what_every_item_gets():
    row = np.full((1, 40), np.nan)
    row[0, 4] = 0.3
    assert_allclose(ItemRidgeImputer().fit(SOURCES).transform(row), 0.3)


def test_the_published_correction_is_zero_and_its_estimate_the_imputation():
    """BenchPred adds the mean residual on the items of the fit: it vanishes, for every target."""
    observed = np.arange(0, 40, 3)
    unseen = np.setdiff1d(np.arange(40), observed)
    rows = np.full_like(TARGETS, np.nan)
    rows[:, observed] = TARGETS[:, observed]
    completed = ItemRidgeImputer().fit(SOURCES).transform(rows)
    for row, got in zip(TARGETS, completed, strict=True):
        ridge = Ridge(alpha=10).fit(SOURCES.T[observed], row[observed])
        correction = np.mean(row[observed] - ridge.predict(SOURCES.T[observed]))
        assert abs(correction) < 1e-12
        published = ridge.predict(SOURCES.T[unseen]).mean() + correction / (1 + 14 / 40)
        assert_allclose(got[unseen].mean(), published)


MATRICES = [
    *(load_helm_lite(task=task, return_X_y=True) for task in ("gsm", "mmlu", "commonsense")),
    *(load_open_llm(task=task, return_X_y=True) for task in ("arc_challenge", "ifeval")),
]


def split(y, kind, rng):
    """Return sources and targets: at random, or the weakest half and the strongest 30 %."""
    n_models, order = len(y), np.argsort(y, kind="stable")
    if kind == "extrapolation":
        return order[: n_models // 2], order[-(3 * n_models // 10) :]
    order = rng.permutation(n_models)
    return order[n_models // 4 :], order[: n_models // 4]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "least", "most"), [("interpolation", 0.030, 0.038), ("extrapolation", 0.033, 0.041)]
)
def test_errors_on_real_models_are_as_published(kind, least, most):
    """About 3.4 percentage points in interpolation, 3.7 in extrapolation, with 50 random items."""
    errors, of_the_sources_mean = [], []
    for X, y in MATRICES:
        for seed in range(4):
            rng = np.random.default_rng(seed)
            sources, targets = split(y, kind, rng)
            anchors = rng.choice(X.shape[1], 50, replace=False)
            model = ImputedScoreRegressor().fit(X[sources], y[sources], anchors=anchors)
            errors.append(np.abs(model.predict(X[targets]) - y[targets]).mean())
            of_the_sources_mean.append(np.abs(y[targets] - y[sources].mean()).mean())
    assert least < np.mean(errors) < most
    assert np.mean(of_the_sources_mean) > 2.5 * np.mean(errors)
