"""The mean of the anchors through a monotone curve."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.interpolate import BSpline
from scipy.optimize import LinearConstraint, minimize
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
ALPHAS = np.logspace(-6, 6, 25)  # tried by "auto", relative to the basis


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
    @pytest.mark.slow
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


def data(n_rows=40, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.random(n_rows)
    return x, x**3 + rng.normal(scale=noise, size=n_rows), rng.random(n_rows) + 0.5


class Curve:
    """What a regressor on a single anchor has learnt, as a function of its result."""

    def __init__(self, regressor):
        self.regressor = regressor
        self.low, self.high = regressor.mean_range_
        self.slope, self.alpha = regressor.outside_slope_, regressor.alpha_

    def __call__(self, x):
        return self.regressor.predict(np.reshape(x, (-1, 1)))

    def knots(self, n_splines):
        step = (self.high - self.low) / (n_splines - 3)
        return self.low + step * np.arange(-3, n_splines + 1)

    def basis(self, x, n_splines):
        inside = np.clip(x, self.low, self.high)
        knots = self.knots(n_splines)
        return BSpline.design_matrix(inside, knots, 3, extrapolate=True).toarray()


def fitted(x, y, weight=None, **params):
    regressor = CalibratedMeanRegressor(**params)
    return Curve(regressor.fit(x[:, np.newaxis], y, sample_weight=weight))


@given(
    st.integers(0, 999), st.integers(2, 30), st.sampled_from(["spline", "isotonic"]),
    st.sampled_from(["auto", 0.0, 1e-3, 5.0, 1e6]), st.sampled_from(["auto", 0.0, 1.0]),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_it_never_falls_and_has_no_jump_at_the_ends(seed, n_rows, calibration, alpha, slope):
    x, y, weight = data(n_rows, noise=0.5, seed=seed)
    curve = fitted(x, y, weight, calibration=calibration, alpha=alpha, outside_slope=slope)
    grid = np.linspace(x.min() - 1, x.max() + 1, 500)
    values = curve(grid)
    assert np.isfinite(values).all()
    assert (np.diff(values) >= -1e-9).all()
    assert curve.slope >= 0
    for end in (curve.low, curve.high):
        # So near that the steepest spline of noise (a slope of 1,400 was seen) hardly moves.
        at, before, after = curve(np.array([end, end - 1e-12, end + 1e-12]))
        assert_allclose([before, after], at, atol=1e-6)
    at, beyond = curve(np.array([curve.high, curve.high + 2.0]))
    assert_allclose(beyond, at + 2 * curve.slope)


class TestSpline:
    @pytest.mark.parametrize("alpha", [0.01, 1.0, 100.0])
    @pytest.mark.parametrize("noise", [0.02, 0.6])
    def test_it_minimises_the_penalised_squares_among_coefficients_that_never_fall(
        self, alpha, noise
    ):
        x, y, weight = data(noise=noise)
        curve = fitted(x, y, weight, alpha=alpha, n_splines=8)
        basis = curve.basis(x, 8)
        grid = np.linspace(curve.low, curve.high, 200)
        coefficients = np.linalg.lstsq(curve.basis(grid, 8), curve(grid), rcond=None)[0]

        def objective(c):
            return weight @ (y - basis @ c) ** 2 + alpha * (np.diff(c, 2) ** 2).sum()

        best = minimize(
            objective, np.linspace(0, 1, 8), method="SLSQP",
            options={"maxiter": 1000, "ftol": 1e-14},
            constraints=[LinearConstraint(np.diff(np.eye(8), axis=0), 0, np.inf)],
        )  # fmt: skip
        assert objective(coefficients) <= best.fun * (1 + 1e-6)
        assert_allclose(curve(x), basis @ best.x, atol=2e-3)

    def test_a_large_penalty_makes_a_straight_line(self):
        x, y, weight = data()
        line = np.polyval(np.polyfit(x, y, 1, w=np.sqrt(weight)), x)
        assert_allclose(fitted(x, y, weight, alpha=1e8)(x), line, atol=1e-4)

    def test_falling_data_make_a_constant(self):
        x, y, weight = data()
        for alpha in ("auto", 1.0):
            curve = fitted(x, -y, weight, alpha=alpha)
            assert_allclose(curve(x), np.average(-y, weights=weight))
            assert curve.slope == 0

    def test_without_noise_it_meets_a_smooth_curve(self):
        x, y, _ = data(200, noise=0)
        assert np.abs(fitted(x, y)(x) - y).max() < 1e-3

    @pytest.mark.parametrize("n_splines", [4, 6])
    def test_auto_takes_the_penalty_with_the_least_error_on_rows_left_out(self, n_splines):
        x, y, _ = data(25)
        curve = fitted(x, y, n_splines=n_splines)
        n = n_splines
        basis = curve.basis(x, n)
        bends = np.diff(np.eye(n), 2, axis=0)
        unit = _unit(basis)
        errors = []
        for alpha in ALPHAS * unit:
            left_out = []
            for row in range(25):
                rest = np.delete(np.arange(25), row)
                design = np.vstack([basis[rest], np.sqrt(alpha) * bends])
                coef = np.linalg.lstsq(design, np.append(y[rest], np.zeros(n - 2)), rcond=None)[0]
                left_out.append(basis[row] @ coef - y[row])
            errors.append(np.mean(np.square(left_out)))
        assert_allclose(curve.alpha, ALPHAS[np.argmin(errors)] * unit)

    @given(st.integers(0, 999))
    @settings(max_examples=25, deadline=None)
    def test_a_weight_of_two_is_two_rows(self, seed):
        x, y, _ = data(15, seed=seed)
        weight = np.random.default_rng(seed).integers(1, 4, 15)
        once = fitted(x, y, weight.astype(float))
        repeated = fitted(np.repeat(x, weight), np.repeat(y, weight))
        assert_allclose(once.alpha, repeated.alpha)
        assert_allclose(once(x), repeated(x), atol=1e-7)

    @pytest.mark.parametrize("n_rows", [2, 3])
    def test_next_to_no_rows_make_a_straight_line(self, n_rows):
        x, y = np.array([0.2, 0.6, 0.7])[:n_rows], np.array([0.1, 0.5, 0.8])[:n_rows]
        curve = fitted(x, y)
        line = np.polyfit(x, y, 1)
        assert_allclose(curve(x), np.polyval(line, x), atol=1e-3)

    @pytest.mark.parametrize(
        ("x_scale", "y_scale", "shift"), [(100, 1, 0), (1, 1e-4, 3), (1e-5, 1e3, -1)]
    )
    def test_units_do_not_matter(self, x_scale, y_scale, shift):
        x, y, weight = data()
        grid = np.linspace(-0.5, 1.5, 50)
        expected = fitted(x, y, weight)(grid)
        got = fitted(x_scale * x + shift, y_scale * y - shift, weight)(x_scale * grid + shift)
        assert_allclose((got + shift) / y_scale, expected, atol=1e-6)


def _unit(basis):
    rises = np.cumsum(basis[:, :0:-1], axis=1)[:, ::-1]
    bends = np.diff(np.eye(rises.shape[1]), axis=0)
    return ((rises - rises.mean(axis=0)) ** 2).sum() / (bends**2).sum()


class TestIsotonic:
    def test_it_is_that_of_scikit_learn_inside_the_range(self):
        x, y, weight = data()
        expected = IsotonicRegression().fit(x, y, weight)
        grid = np.linspace(x.min(), x.max(), 300)
        assert_allclose(fitted(x, y, weight, calibration="isotonic")(grid), expected.predict(grid))

    def test_rows_with_equal_numbers_are_averaged(self):
        x, y = np.array([0.1, 0.1, 0.5, 0.5]), np.array([0.0, 1.0, 1.0, 3.0])
        curve = fitted(x, y, calibration="isotonic", outside_slope=0.0)
        assert_allclose(curve(np.array([0.0, 0.1, 0.3, 0.5, 0.9])), [0.5, 0.5, 1.25, 2, 2])


class TestOutside:
    def test_the_slope_is_the_ratio_of_the_standard_deviations(self):
        x, y, weight = data()
        spread = [np.sqrt(np.cov(v, aweights=weight)) for v in (y, x)]
        for calibration in ("spline", "isotonic"):
            assert_allclose(
                fitted(x, y, weight, calibration=calibration).slope, spread[0] / spread[1]
            )

    @pytest.mark.parametrize("calibration", ["spline", "isotonic"])
    def test_or_what_it_is_told(self, calibration):
        x, y, _ = data()
        curve = fitted(x, y, calibration=calibration, outside_slope=0.25)
        ends = curve(np.array([curve.low - 1, curve.low, curve.high, curve.high + 1]))
        assert_allclose(ends[[1, 3]] - ends[[0, 2]], 0.25)


@pytest.mark.parametrize("calibration", ["spline", "isotonic"])
@pytest.mark.parametrize("value", [0.3, 0.0, -1e6, 1e12])
def test_where_nothing_varies_the_map_is_the_mean(calibration, value):
    x = np.full(4, value) * (1 + np.array([0, 1e-15, 0, 0]))
    curve = fitted(x, np.array([1.0, 2, 3, 6]), np.array([1.0, 1, 1, 2]), calibration=calibration)
    assert_allclose(curve(np.array([value, value - 5, value + 5])), 18 / 5)
    assert curve.slope == curve.alpha == 0


def test_a_penalty_of_zero_is_kept_apart_from_auto():
    x, y, weight = data()
    curve = fitted(x, y, weight, alpha=0.0, outside_slope=0.0)
    assert curve.alpha == 0
    # With as many splines as that, the least squares alone are not unique.
    assert np.isfinite(curve(x)).all()
