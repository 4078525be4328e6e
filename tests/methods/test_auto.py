"""The automatic choice: what it decides, by what folds, and that a file keeps it."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from sklearn_sparseeval import (
    AnchoredRegressor,
    AutoAnchoredRegressor,
    AveragedScoreRegressor,
    CurveScoreRegressor,
    KernelScoreRegressor,
    ResidualRidgeRegressor,
    ScoreMatrix,
    SparseRidgeSelector,
    SupportVectorScoreRegressor,
)
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.plan import load_predictor, save_predictor

RNG = np.random.default_rng(0)
ITEMS = RNG.normal(0, 1.2, 40)
X = (RNG.random((170, 40)) < expit(RNG.normal(0, 1, (170, 1)) + ITEMS)).astype(float)
Y = X.mean(axis=1)


@pytest.mark.parametrize(
    ("n_models", "n_anchors", "quota", "parts"),
    [
        (8, 12, 1, [ResidualRidgeRegressor]),
        (20, 20, 10, [ResidualRidgeRegressor]),
        (38, 39, 10, [ResidualRidgeRegressor, CurveScoreRegressor]),
        (60, 10, None, [ResidualRidgeRegressor, CurveScoreRegressor]),
        (170, 10, None, [KernelScoreRegressor, SupportVectorScoreRegressor]),
    ],
)
def test_the_choice_goes_by_the_number_of_models(n_models, n_anchors, quota, parts):
    model = AutoAnchoredRegressor(n_anchors, random_state=0).fit(X[:n_models])
    selector = model.estimator_.selector
    assert (selector.strata is None) == (quota is None)
    assert selector.quota == (quota or "auto")
    regressor = model.estimator_.regressor
    averaged = isinstance(regressor, AveragedScoreRegressor)
    assert [type(one) for one in (regressor.regressors if averaged else [regressor])] == parts
    assert [note.kind for note in model.notes_] == ["automatic-anchors", "automatic-regressor"]
    assert_array_equal(model.anchors_, model.estimator_.anchors_)


def test_copies_of_a_model_do_not_make_the_history_longer():
    many = AutoAnchoredRegressor(12).fit(np.tile(X[:8], (20, 1)))
    assert type(many.estimator_.regressor) is ResidualRidgeRegressor
    assert many.notes_[0] == AutoAnchoredRegressor(12).fit(X[:8]).notes_[0]


def test_the_weights_are_those_of_least_squares_over_folds_with_the_choice_inside():
    """With as many families as folds it is known which models are held out together."""
    families = np.repeat(["a", "b", "c", "d"], [30, 20, 12, 10])
    Z, y = X[:72], np.column_stack([Y[:72], 2 + 50 * Y[:72] ** 2])
    model = AutoAnchoredRegressor(10).fit(Z, y, groups=families)
    alpha = SparseRidgeSelector(10, exchange=False).fit(Z, y).alpha_
    ridge, curve = np.zeros((72, 2)), np.zeros((72, 2))
    for family in "abcd":
        out = families == family
        selector = SparseRidgeSelector(10, alpha=alpha, exchange=False)
        for regressor, into in ((ResidualRidgeRegressor(), ridge), (CurveScoreRegressor(), curve)):
            fitted = AnchoredRegressor(selector, regressor).fit(Z[~out], y[~out])
            into[out] = fitted.predict(Z[out])
    for task in range(2):
        apart, missed = (ridge - curve)[:, task], (y - curve)[:, task]
        grid = np.linspace(0, 1, 10001)[:, np.newaxis]
        loss = ((missed - grid * apart) ** 2).sum(axis=1)
        loss += 20 * (grid[:, 0] - 0.9) ** 2 * (apart**2).mean()
        share = model.estimator_.regressor.weights[:, task]
        assert_allclose(share, [grid[loss.argmin(), 0], 1 - grid[loss.argmin(), 0]], atol=2e-4)


def test_too_few_families_cannot_be_weighed():
    model = AutoAnchoredRegressor(10).fit(X[:72], groups=np.arange(72) % 3)
    assert type(model.estimator_.regressor) is ResidualRidgeRegressor


def test_the_prediction_is_that_of_its_parts_and_reads_the_anchors_only():
    model = AutoAnchoredRegressor(10).fit(X[:60], Y[:60])
    rows = np.full((110, 40), np.nan)
    rows[:, model.anchors_] = X[60:][:, model.anchors_]
    assert_array_equal(model.predict(rows), model.predict(X[60:]))
    again = AnchoredRegressor(SparseRidgeSelector(10), model.estimator_.regressor)
    assert_allclose(again.fit(X[:60], Y[:60]).predict(rows), model.predict(rows))
    rows[0, model.anchors_[:3]] = np.nan
    assert np.isfinite(model.predict(rows)).all()


def test_names_of_items_missing_results_and_weights():
    frame = pd.DataFrame(X[:60], columns=[f"item {i}" for i in range(40)])
    frame.iloc[3, :5] = np.nan
    weight = np.arange(60) % 3
    model = AutoAnchoredRegressor(10).fit(frame, Y[:60], sample_weight=weight)
    names = frame.columns[model.anchors_]
    assert_allclose(model.predict(frame[names[::-1]]), model.predict(frame))
    with sklearn.config_context(enable_metadata_routing=True):
        routed = AutoAnchoredRegressor(10).fit(frame, Y[:60], sample_weight=weight)
    assert_array_equal(routed.anchors_, model.anchors_)


@pytest.mark.slow
@pytest.mark.parametrize("n_models", [12, 60, 170])
def test_a_file_keeps_it(n_models, tmp_path):
    frame = pd.DataFrame(
        X[:n_models], index=[f"model {i}" for i in range(n_models)],
        columns=[f"item {i}" for i in range(40)],
    )  # fmt: skip
    matrix = ScoreMatrix.from_frame(frame)
    model = get_methods()["auto"](10).set_params(random_state=0)
    model.fit(matrix.data, matrix.targets["overall"])
    save_predictor(tmp_path / "auto.skops", model, matrix, method="auto")
    loaded = load_predictor(tmp_path / "auto.skops").estimator
    assert_array_equal(loaded.predict(matrix.data), model.predict(matrix.data))
    assert loaded.notes_ == model.notes_
