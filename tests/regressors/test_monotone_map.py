"""Monotone maps: least squares inside the range, straight lines outside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.interpolate import BSpline
from scipy.optimize import LinearConstraint, minimize
from sklearn.isotonic import IsotonicRegression

from sklearn_sparseeval.regressors._monotone_map import (
    RELATIVE_ALPHAS,
    monotone_map,
    spline_map,
)


def data(n_rows=40, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.random(n_rows)
    return x, x**3 + rng.normal(scale=noise, size=n_rows), rng.random(n_rows) + 0.5


def fitted(x, y, weight=None, **params):
    defaults = {"calibration": "spline", "n_splines": 25, "alpha": None, "outside_slope": None}
    weight = np.ones(len(x)) if weight is None else weight
    return monotone_map(x, y, weight, **{**defaults, **params})


@given(
    st.integers(0, 999), st.integers(2, 30), st.sampled_from(["spline", "isotonic"]),
    st.sampled_from([None, 0.0, 1e-3, 5.0, 1e6]), st.sampled_from([None, 0.0, 1.0]),
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
        at, before, after = curve(np.array([end, end - 1e-9, end + 1e-9]))
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
        basis = BSpline.design_matrix(np.clip(x, *curve.knots[[3, 8]]), curve.knots, 3).toarray()

        def objective(c):
            return weight @ (y - basis @ c) ** 2 + alpha * (np.diff(c, 2) ** 2).sum()

        best = minimize(
            objective, np.linspace(0, 1, 8), method="SLSQP",
            options={"maxiter": 1000, "ftol": 1e-14},
            constraints=[LinearConstraint(np.diff(np.eye(8), axis=0), 0, np.inf)],
        )  # fmt: skip
        assert objective(curve.coefficients) <= best.fun * (1 + 1e-6)
        assert_allclose(curve(x), basis @ best.x, atol=2e-3)

    def test_a_large_penalty_makes_a_straight_line(self):
        x, y, weight = data()
        line = np.polyval(np.polyfit(x, y, 1, w=np.sqrt(weight)), x)
        assert_allclose(fitted(x, y, weight, alpha=1e8)(x), line, atol=1e-4)

    def test_falling_data_make_a_constant(self):
        x, y, weight = data()
        for alpha in (None, 1.0):
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
        knots, n = curve.knots, n_splines
        basis = BSpline.design_matrix(np.clip(x, *knots[[3, n]]), knots, 3).toarray()
        bends = np.diff(np.eye(n), 2, axis=0)
        unit = _unit(basis)
        errors = []
        for alpha in RELATIVE_ALPHAS * unit:
            left_out = []
            for row in range(25):
                rest = np.delete(np.arange(25), row)
                design = np.vstack([basis[rest], np.sqrt(alpha) * bends])
                coef = np.linalg.lstsq(design, np.append(y[rest], np.zeros(n - 2)), rcond=None)[0]
                left_out.append(basis[row] @ coef - y[row])
            errors.append(np.mean(np.square(left_out)))
        assert_allclose(curve.alpha, RELATIVE_ALPHAS[np.argmin(errors)] * unit)

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


def test_a_penalty_of_zero_is_kept_apart_from_none():
    x, y, weight = data()
    curve = spline_map(x, y, weight, 0.0, 25, 0.0)
    assert curve.alpha == 0
    # With as many splines as that, the least squares alone are not unique.
    assert np.isfinite(curve(x)).all()
