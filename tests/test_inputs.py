"""Named inputs are paired by name, masks are kept, units are minded, whatever the estimator."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import (
    AnchoredIntervalRegressor,
    AnchoredRegressor,
    AutoAnchoredRegressor,
    CurveScoreRegressor,
    DifferenceRegressor,
    KernelScoreRegressor,
    MLPScoreRegressor,
    RaisedRidgeRegressor,
    RandomSelector,
    ResidualRidgeRegressor,
    SparseEvalSelector,
    SparseRidgeSelector,
    StraightThroughSelector,
    SupportVectorScoreRegressor,
)
from sklearn_sparseeval.comparison import compare_estimators
from sklearn_sparseeval.datasets import load_helm_lite

X = load_helm_lite(task="commonsense").data[:40, :60].astype(float)
Y = X.mean(axis=1)
NAMES = [f"m{row}" for row in range(40)]
ORDER = np.random.default_rng(1).permutation(60)
QUICK = SparseRidgeSelector(8, exchange=False)

COLUMNS = {
    "integers": list(range(100, 160)),
    "floats": [0.5 * column for column in range(60)],
    "tuples": [("a", column) for column in range(60)],
    "levels": pd.MultiIndex.from_tuples([("ab"[c % 2], c) for c in range(60)]),
    "texts": [f"q{column}" for column in range(60)],
}


def anchored(regressor=None):
    return AnchoredRegressor(QUICK, regressor or ResidualRidgeRegressor())


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize(
    "estimator",
    [
        anchored(),
        AutoAnchoredRegressor(8, exchange=False),
        ResidualRidgeRegressor(),
        AnchoredIntervalRegressor(anchored(), n_folds=2, random_state=0),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_columns_in_another_order_are_refused_whatever_their_names(columns, estimator):
    frame = pd.DataFrame(X, columns=columns)
    model = estimator.fit(frame, Y)
    with pytest.raises(ValueError, match=r"in another order|same order"):
        model.predict(frame.iloc[:, ORDER])
    np.testing.assert_array_equal(model.predict(frame), model.predict(frame.copy()))


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
def test_the_anchors_alone_are_found_by_name(columns):
    frame = pd.DataFrame(X, columns=columns)
    model = anchored().fit(frame, Y)
    alone = frame.iloc[:, model.anchors_[::-1]]
    np.testing.assert_allclose(model.predict(alone), model.predict(frame))
    selector = QUICK.fit(frame, Y)
    np.testing.assert_array_equal(selector.transform(alone), selector.transform(frame))
    full = selector.inverse_transform(alone)
    anchors = np.sort(selector.anchors_)
    np.testing.assert_array_equal(full.iloc[:, anchors], X[:, anchors])
    with pytest.raises(ValueError, match=r"in another order|same order"):
        selector.transform(frame.iloc[:, ORDER])


@pytest.mark.parametrize(
    "estimator", [anchored(), QUICK, ResidualRidgeRegressor(), AutoAnchoredRegressor(8)]
)
def test_targets_and_weights_in_another_order_are_refused(estimator):
    frame = pd.DataFrame(X, NAMES, COLUMNS["texts"])
    y, weight = pd.Series(Y, NAMES), pd.Series(1.0, NAMES)
    with pytest.raises(ValueError, match=r"y names the same models .* y\.loc\[X\.index\]"):
        estimator.fit(frame, y[::-1])
    with pytest.raises(ValueError, match="sample_weight names the same models"):
        estimator.fit(frame, y, sample_weight=weight.iloc[::-1])
    estimator.fit(frame, y, sample_weight=weight)
    estimator.fit(frame, pd.Series(Y))  # other names say nothing of the order


def test_masked_cells_are_not_evaluated():
    holes = np.random.default_rng(0).random(X.shape) < 0.05
    missing = np.where(holes, np.nan, X)
    masked = np.ma.masked_array(np.where(holes, -1, X).astype(int), mask=holes)
    y = np.nanmean(missing, axis=1)
    right, got = anchored().fit(missing, y), anchored().fit(masked, y)
    np.testing.assert_array_equal(got.anchors_, right.anchors_)
    np.testing.assert_array_equal(got.predict(masked), right.predict(missing))
    np.testing.assert_array_equal(
        SparseRidgeSelector(8, exchange=False, missing_anchors="keep").fit_transform(masked, y),
        SparseRidgeSelector(8, exchange=False, missing_anchors="keep").fit_transform(missing, y),
    )
    with pytest.raises(ValueError, match="alignment"):
        compare_estimators(["random-mean"], masked, n_anchors=[5], cv=2, random_state=0)


@pytest.mark.parametrize(
    "regressor",
    [
        ResidualRidgeRegressor(),
        KernelScoreRegressor(),
        SupportVectorScoreRegressor(),
        RaisedRidgeRegressor(random_state=0),
        CurveScoreRegressor(),
        DifferenceRegressor(),
        MLPScoreRegressor(max_iter=5, n_networks=1, random_state=0),
    ],
    ids=lambda regressor: type(regressor).__name__,
)
@pytest.mark.parametrize(("of_results", "of_scores"), [(100, 1), (1, 100)])
def test_results_and_scores_may_be_in_other_units(regressor, of_results, of_scores):
    def error(results, scores):
        model = anchored(regressor).fit(results * X[::2], scores * Y[::2])
        return np.abs(model.predict(results * X[1::2]) / scores - Y[1::2]).mean()

    assert error(of_results, of_scores) < 1.15 * error(1, 1) + 0.002


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(
            RandomSelector(8, random_state=0),
            MLPScoreRegressor(max_iter=3, n_networks=1, random_state=0),
        ),
        StraightThroughSelector(6, max_iter=5, random_state=0),
        SparseEvalSelector(6, n_init=1, n_refinements=1, random_state=0),
    ],
    ids=["mlp", "straight-through", "sparseeval"],
)
def test_networks_train_where_gradients_are_switched_off(estimator, off):
    def found():
        fitted = estimator.fit(X, Y)
        return fitted.predict(X) if hasattr(fitted, "predict") else fitted.anchors_

    expected = found()
    with off():
        np.testing.assert_allclose(found(), expected)
