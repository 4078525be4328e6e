"""The mean of the anchors through a monotone curve."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.isotonic import IsotonicRegression

from sklearn_sparseeval import (
    AnchoredRegressor,
    CalibratedMeanRegressor,
    DisagreementSelector,
    RandomSelector,
    StratifiedSelector,
    WeightedMeanRegressor,
)
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm, load_zeroeval_gsm

NAN = np.nan
CALIBRATIONS = ["spline", "isotonic"]


def panel(n_models=40, n_anchors=6, seed=0):
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=(n_models, 1))
    X = 1 / (1 + np.exp(rng.normal(size=(n_models, n_anchors)) - ability))
    return X, X.mean(axis=1) ** 2 + 0.01 * rng.normal(size=n_models)


def extrapolation(task):
    """Return sources (the weaker half) and targets (the strongest 30 %)."""
    X, y = load_helm_lite(task=task, return_X_y=True)
    order = np.argsort(y, kind="stable")
    weak, strong = order[: len(y) // 2], order[-3 * len(y) // 10 :]
    return (X[weak], y[weak]), (X[strong], y[strong])


@pytest.mark.parametrize("calibration", CALIBRATIONS)
class TestCurve:
    @given(seed=st.integers(0, 999))
    @settings(max_examples=20, deadline=None)
    def test_better_on_every_anchor_is_never_predicted_worse(self, calibration, seed):
        X, y = panel(seed=seed)
        regressor = CalibratedMeanRegressor(calibration=calibration).fit(X, y)
        better = X + np.random.default_rng(seed).random(X.shape)
        assert (regressor.predict(better) >= regressor.predict(X) - 1e-9).all()

    def test_the_order_of_the_anchors_does_not_matter_without_weights(self, calibration):
        X, y = panel()
        regressor = CalibratedMeanRegressor(calibration=calibration).fit(X, y)
        assert_allclose(regressor.predict(X[:, ::-1]), regressor.predict(X))

    def test_weights_of_the_anchors_are_those_of_the_mean(self, calibration):
        X, y = panel()
        weights = np.arange(6.0)
        regressor = CalibratedMeanRegressor(calibration=calibration)
        regressor.fit(X, y, anchor_weights=weights)
        assert_allclose(regressor.anchor_weights_, weights / 15)
        mean = (X @ weights / 15)[:, np.newaxis]
        alone = CalibratedMeanRegressor(calibration=calibration).fit(mean, y)
        assert_allclose(regressor.predict(X), alone.predict(mean))
        assert_allclose(regressor.mean_range_, (mean.min(), mean.max()))

    def test_each_task_has_a_curve_of_its_own(self, calibration):
        X, y = panel()
        tasks = np.column_stack([y, 100 * X[:, 0], 1 - y])
        regressor = CalibratedMeanRegressor(calibration=calibration).fit(X, tasks)
        for number, task in enumerate(tasks.T):
            alone = CalibratedMeanRegressor(calibration=calibration).fit(X, task)
            assert_allclose(regressor.predict(X)[:, number], alone.predict(X))
            assert regressor.alpha_[number] == alone.alpha_
            assert regressor.outside_slope_[number] == alone.outside_slope_
        column = CalibratedMeanRegressor(calibration=calibration).fit(X, tasks[:, :1])
        assert column.predict(X).shape == (40, 1)

    def test_a_weight_of_two_is_two_models_and_zero_is_none(self, calibration):
        X, y = panel()
        weight = np.random.default_rng(0).integers(0, 3, 40)
        y = np.where(weight == 0, 1e9, y)
        weighted = CalibratedMeanRegressor(calibration=calibration).fit(X, y, weight)
        rows = np.repeat(np.arange(40), weight)
        repeated = CalibratedMeanRegressor(calibration=calibration).fit(X[rows], y[rows])
        assert_allclose(weighted.predict(X), repeated.predict(X), atol=1e-7)

    def test_the_range_of_the_scores_clips(self, calibration):
        X, y = panel()
        regressor = CalibratedMeanRegressor(calibration=calibration, score_range=(-1, 2)).fit(X, y)
        assert_array_equal(regressor.predict([[50.0] * 6, [-50.0] * 6]), [2, -1])
        free = CalibratedMeanRegressor(calibration=calibration).fit(X, y)
        assert free.predict([[50.0] * 6])[0] > 2
        with pytest.raises(ValueError, match="outside the score range"):
            regressor.set_params(score_range=(0.1, 0.2)).fit(X, y)

    def test_next_to_no_models(self, calibration):
        X, y = panel()
        regressor = CalibratedMeanRegressor(calibration=calibration)
        assert_allclose(regressor.fit(X[:1], y[:1]).predict(X[:3]), y[0])
        assert np.isfinite(regressor.fit(X[:2], y[:2]).predict(X)).all()

    def test_after_pickle(self, calibration):
        X, y = panel()
        regressor = CalibratedMeanRegressor(calibration=calibration).fit(X, y)
        again = pickle.loads(pickle.dumps(regressor))
        assert_array_equal(again.predict(X), regressor.predict(X))


def test_isotonic_regression_is_that_of_scikit_learn():
    X, y = panel()
    regressor = CalibratedMeanRegressor(calibration="isotonic").fit(X, y)
    expected = IsotonicRegression().fit(X.mean(axis=1), y).predict(X.mean(axis=1))
    assert_allclose(regressor.predict(X), expected)
    assert regressor.alpha_ == 0


@pytest.mark.parametrize(("alpha", "n_splines"), [(5.0, 25), (0.0, 10), (1e3, 4)])
def test_a_penalty_of_the_users_is_taken_as_it_is(alpha, n_splines):
    X, y = panel()
    regressor = CalibratedMeanRegressor(alpha=alpha, n_splines=n_splines).fit(X, y)
    assert regressor.alpha_ == alpha
    assert abs(regressor.predict(X) - y).mean() < 0.1


class TestMissingResults:
    def test_they_are_filled_by_the_items_mean_and_the_models_deviation(self):
        X, y = panel()
        regressor = CalibratedMeanRegressor().fit(X, y)
        row = X[:1].copy()
        row[0, [1, 4]] = NAN
        have = [0, 2, 3, 5]
        deviation = (row[0, have] - X[:, have].mean(axis=0)).mean()
        filled = row.copy()
        filled[0, [1, 4]] = X[:, [1, 4]].mean(axis=0) + deviation
        assert_allclose(regressor.predict(row), regressor.predict(filled))

    def test_they_are_named_where_there_is_nothing_else(self):
        X, y = panel()
        regressor = CalibratedMeanRegressor().fit(X, y)
        with pytest.raises(ValueError, match=r"1 models have no result .* rows 1 of X"):
            regressor.predict(np.vstack([X[:1], np.full((1, 6), NAN)]))
        empty = pd.DataFrame(X, columns=list("abcdef"))
        empty["c"] = NAN
        with pytest.raises(ValueError, match=r"1 of the 6 anchors have no result .*: 'c'"):
            CalibratedMeanRegressor().fit(empty, y)

    def test_real_data(self):
        data = load_zeroeval_gsm()
        model = AnchoredRegressor(
            RandomSelector(100, random_state=0), CalibratedMeanRegressor()
        ).fit(data.data[::2], data.target[::2])
        assert abs(model.predict(data.data[1::2]) - data.target[1::2]).mean() < 0.04


class TestModelsStrongerThanAllSources:
    @pytest.mark.parametrize("task", ["gsm", "mmlu", "commonsense"])
    @pytest.mark.parametrize("calibration", CALIBRATIONS)
    def test_they_are_not_predicted_to_be_like_the_best_source(self, task, calibration):
        (weak, y_weak), (strong, y_strong) = extrapolation(task)

        def errors(slope):
            model = AnchoredRegressor(
                RandomSelector(100),
                CalibratedMeanRegressor(calibration=calibration, outside_slope=slope),
            )
            predicted = [
                model.set_params(selector__random_state=seed).fit(weak, y_weak).predict(strong)
                for seed in range(5)
            ]
            return abs(np.array(predicted) - y_strong).mean()

        flat, auto, one = errors(0.0), errors("auto"), errors(1.0)
        assert auto < 0.8 * flat
        assert one < 0.8 * flat

    def test_the_slope_follows_the_units(self):
        X, y = panel()
        regressor = CalibratedMeanRegressor().fit(X, y)
        percent = CalibratedMeanRegressor().fit(X, 100 * y)
        assert_allclose(percent.outside_slope_, 100 * regressor.outside_slope_)
        assert_allclose(percent.predict(X + 2), 100 * regressor.predict(X + 2), rtol=1e-5)


class TestRealData:
    def test_it_puts_informative_anchors_on_the_scale_of_the_benchmark(self):
        X, y = load_open_llm(task="arc_challenge", return_X_y=True)

        def error(regressor):
            model = AnchoredRegressor(DisagreementSelector(50), regressor).fit(X[::2], y[::2])
            return abs(model.predict(X[1::2]) - y[1::2]).mean()

        assert error(CalibratedMeanRegressor()) < 0.6 * error(WeightedMeanRegressor())

    def test_weights_of_a_selector_reach_it(self):
        X, y = load_helm_lite(task="math", return_X_y=True)
        selector = StratifiedSelector(31, random_state=0)
        model = AnchoredRegressor(selector, CalibratedMeanRegressor()).fit(X, y)
        order = np.argsort(model.anchors_)
        assert_allclose(model.regressor_.anchor_weights_, model.anchor_weights_[order])


@pytest.mark.parametrize(
    "params",
    [{"calibration": "gam"}, {"n_splines": 3}, {"alpha": -1}, {"outside_slope": -0.1}],
)
def test_invalid_parameters_are_refused(params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        CalibratedMeanRegressor(**params).fit(*panel())
