"""Ridge on a history and its twins, against refits."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.linear_model import Ridge

from sklearn_sparseeval import (
    AnchoredRegressor,
    RaisedRidgeRegressor,
    ResidualRidgeRegressor,
    SparseRidgeSelector,
)

RNG = np.random.default_rng(0)
ITEMS = RNG.normal(0, 1.2, 60)
X = (RNG.random((40, 60)) < expit(RNG.normal(0, 1, (40, 1)) + ITEMS)).astype(float)
STRONG = (RNG.random((60, 60)) < expit(2.5 + ITEMS)).astype(float)
Y = X.mean(axis=1)
ANCHORS = np.array([31, 4, 50, 17, 9, 22, 40, 3])


def test_hardly_raised_twins_of_no_weight_leave_residual_ridge():
    model = RaisedRidgeRegressor(shift=(0, 0), twin_weight=1e-9).fit(X, Y, anchors=ANCHORS)
    plain = ResidualRidgeRegressor().fit(X[:, ANCHORS], Y)
    assert_allclose(model.coef_, plain.coef_, atol=1e-6)
    assert model.best_error_ == pytest.approx(plain.best_error_, rel=1e-4)
    assert_allclose(model.predict(STRONG), plain.predict(STRONG[:, ANCHORS]), atol=1e-6)


def test_twins_that_are_their_models_count_as_copies():
    """Unraised, all rows of a model are equal: a ridge regression on models of weight two."""
    model = RaisedRidgeRegressor(shift=(0, 0), n_twins=3).fit(X, Y, anchors=ANCHORS)
    results = X[:, ANCHORS]
    residual = Y - results.mean(axis=1)
    ridge = Ridge(alpha=model.alpha_ / 2).fit(results, residual)
    assert_allclose(model.coef_ - 1 / 8, ridge.coef_, atol=1e-9)
    assert model.intercept_ == pytest.approx(ridge.intercept_)


def test_models_stronger_than_all_sources_are_predicted_better():
    weak = np.argsort(Y)[:25]
    errors = []
    for regressor in (RaisedRidgeRegressor(random_state=0), ResidualRidgeRegressor()):
        model = AnchoredRegressor(SparseRidgeSelector(20), regressor).fit(X[weak], Y[weak])
        errors.append(np.abs(model.predict(STRONG) - STRONG.mean(axis=1)).mean())
    assert errors[0] < 0.8 * errors[1]


def test_a_weight_of_two_is_two_rows_in_any_order():
    holes = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
    weight = np.arange(40) % 3
    rows = RNG.permutation(np.repeat(np.arange(40), weight))
    given = {"anchors": ANCHORS, "anchor_weights": np.arange(1, 9)}
    weighted = RaisedRidgeRegressor(random_state=0).fit(holes, Y, sample_weight=weight, **given)
    repeated = RaisedRidgeRegressor(random_state=0).fit(holes[rows], Y[rows], **given)
    assert_allclose(weighted.coef_, repeated.coef_, atol=1e-9)
    assert_allclose(weighted.best_error_, repeated.best_error_)


def test_only_the_anchors_are_read_and_several_tasks_are_predicted():
    y = np.column_stack([Y, 100 * Y])
    model = RaisedRidgeRegressor(random_state=0).fit(X, y, anchors=ANCHORS)
    rows = np.full_like(STRONG, np.nan)
    rows[:, ANCHORS] = STRONG[:, ANCHORS]
    assert_array_equal(model.predict(rows), model.predict(STRONG))
    rows[:, ANCHORS[0]] = np.nan
    one = RaisedRidgeRegressor(random_state=0).fit(X, Y, anchors=ANCHORS)
    assert_allclose(model.predict(rows)[:, 0], one.predict(rows))
    assert model.coef_.shape == (2, 8)
