"""The weighted mean of several readings, against the regressors on their own."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor

from sklearn_sparseeval import (
    AveragedScoreRegressor,
    CurveScoreRegressor,
    DifferenceRegressor,
    ResidualRidgeRegressor,
)

RNG = np.random.default_rng(0)
X = (RNG.random((40, 20)) < RNG.random((40, 1))).astype(float)
Y = X.mean(axis=1)
TARGETS = (RNG.random((9, 20)) < 0.6).astype(float)
ANCHORS = np.array([7, 2, 11, 19, 5])
SHARES = np.array([2.0, 1, 1, 1, 1])


def alone(y, weight=None):
    given = {"sample_weight": weight}
    ridge = ResidualRidgeRegressor().fit(X[:, ANCHORS], y, anchor_weights=SHARES, **given)
    curve = CurveScoreRegressor().fit(X, y, anchors=ANCHORS, **given)
    item = DifferenceRegressor().fit(X, y, anchors=ANCHORS, anchor_weights=SHARES, **given)
    return ridge.predict(TARGETS[:, ANCHORS]), curve.predict(TARGETS), item.predict(TARGETS)


@pytest.mark.parametrize("weight", [None, np.arange(40) % 3])
def test_each_regressor_is_handed_what_it_takes(weight):
    y = np.column_stack([Y, 5 - Y])
    model = AveragedScoreRegressor()
    model.fit(X, y, sample_weight=weight, anchors=ANCHORS, anchor_weights=SHARES)
    assert_allclose(model.predict(TARGETS), sum(alone(y, weight)) / 3)
    one = AveragedScoreRegressor().fit(X, Y, weight, ANCHORS, SHARES)
    assert_allclose(one.predict(TARGETS), sum(alone(Y, weight)) / 3)


def test_weights_may_differ_between_tasks():
    y = np.column_stack([Y, 5 - Y])
    parts = [ResidualRidgeRegressor(), CurveScoreRegressor()]
    model = AveragedScoreRegressor(parts, weights=[[3, 0], [1, 2]])
    model.fit(X, y, anchors=ANCHORS, anchor_weights=SHARES)
    ridge, curve, _ = alone(y)
    assert_allclose(model.weights_, [[0.75, 0], [0.25, 1]])
    assert_allclose(model.predict(TARGETS), 0.75 * ridge * [1, 0] + curve * [0.25, 1])


def test_a_regressor_of_no_weight_is_not_fitted():
    model = AveragedScoreRegressor([Ridge(), KNeighborsRegressor(99)], weights=[1, 0])
    model.fit(X, Y, anchors=ANCHORS)
    assert model.regressors_[1] is None
    assert_allclose(model.predict(TARGETS), Ridge().fit(X[:, ANCHORS], Y).predict(
        TARGETS[:, ANCHORS]))  # fmt: skip


def test_only_the_anchors_are_read():
    model = AveragedScoreRegressor().fit(X, Y, anchors=ANCHORS)
    rows = np.full_like(TARGETS, np.nan)
    rows[:, ANCHORS] = TARGETS[:, ANCHORS]
    assert_array_equal(model.predict(rows), model.predict(TARGETS))
    rows[0, ANCHORS[0]] = np.nan
    assert np.isfinite(model.predict(rows)).all()


@pytest.mark.parametrize("weights", [[1, 2], [1, 1, -1], [0, 0, 0], [[1, 1]] * 3])
def test_weights_that_do_not_fit_are_refused(weights):
    with pytest.raises(ValueError, match="must be a number for each of the 3"):
        AveragedScoreRegressor(weights=weights).fit(X, Y)


def test_weights_of_models_need_regressors_that_take_them():
    model = AveragedScoreRegressor([Ridge(), KNeighborsRegressor()])
    with pytest.raises(ValueError, match="KNeighborsRegressor does not take sample_weight"):
        model.fit(X, Y, sample_weight=np.ones(40))
