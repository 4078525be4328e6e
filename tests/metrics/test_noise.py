"""The noise of a finite benchmark: closed forms, brute force with the same draws, real data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import sem
from sklearn.metrics import mean_absolute_error

from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm
from sklearn_sparseeval.metrics import (
    benchmark_standard_error,
    kendall_tau_score,
    max_absolute_error,
    noise_ceiling,
)

BOTH = [benchmark_standard_error, noise_ceiling]


def _ceiling_by_loop(X, metric, n_draws, seed):
    """Lay the drawn columns side by side, draw after draw."""
    n_items = X.shape[1]
    counts = np.random.RandomState(seed).multinomial(n_items, [1 / n_items] * n_items, n_draws)
    values = []
    for count in counts:
        drawn = X[:, np.repeat(np.arange(n_items), count)]
        rows = [row for row in range(len(X)) if not np.isnan(drawn[row]).all()]
        values.append(metric(np.nanmean(X[rows], axis=1), np.nanmean(drawn[rows], axis=1)))
    return np.mean(values)


def _binary(seed, n_models, n_items):
    rng = np.random.default_rng(seed)
    return (rng.random((n_models, n_items)) < rng.random((n_models, 1))).astype(float)


def test_standard_error_by_hand():
    X = [[1, 0, 1, 0], [1, 1, 1, np.nan], [0.2, np.nan, 0.4, np.nan], [np.nan, 1, np.nan, np.nan]]
    expected = [0.5 / 2, 0, 0.1 / np.sqrt(2), 0]
    np.testing.assert_allclose(benchmark_standard_error(X), expected, atol=1e-15)


@pytest.mark.slow
@settings(deadline=None)
@given(hnp.arrays(np.bool_, st.tuples(st.integers(1, 6), st.integers(1, 30))))
def test_standard_error_of_right_and_wrong_is_binomial(X):
    p = X.mean(axis=1)
    expected = np.sqrt(p * (1 - p) / X.shape[1])
    np.testing.assert_allclose(benchmark_standard_error(X), expected, atol=1e-12)


def test_standard_error_of_partial_rows_is_that_of_scipy():
    X = np.random.default_rng(0).random((8, 40))
    X[np.random.default_rng(1).random(X.shape) < 0.4] = np.nan
    expected = sem(X, axis=1, ddof=0, nan_policy="omit")
    np.testing.assert_allclose(benchmark_standard_error(X), expected)
    np.testing.assert_allclose(benchmark_standard_error(100 * X), 100 * expected)


def test_standard_error_is_the_spread_over_benchmarks():
    rng = np.random.default_rng(2)
    ability = np.array([0.2, 0.5, 0.9])[:, None]
    benchmarks = rng.random((2000, 3, 400)) < ability
    spread = benchmarks.mean(axis=2).std(axis=0)
    estimates = [benchmark_standard_error(benchmark) for benchmark in benchmarks[:50]]
    np.testing.assert_allclose(np.mean(estimates, axis=0), spread, rtol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("missing", [0.0, 0.3, 0.9], ids="missing={}".format)
@pytest.mark.parametrize("metric", [mean_absolute_error, max_absolute_error, kendall_tau_score])
def test_ceiling_equals_a_loop_over_the_same_draws(metric, missing):
    X = np.random.default_rng(3).random((9, 30))
    X[np.random.default_rng(4).random(X.shape) < missing] = np.nan
    X[:, 0] = np.linspace(0, 1, 9)  # a result in every row
    expected = _ceiling_by_loop(X, metric, n_draws=70, seed=5)  # more than one block
    assert noise_ceiling(X, metric, n_draws=70, random_state=5) == pytest.approx(expected)


def test_a_model_without_a_drawn_result_is_left_out_of_the_draw():
    X = _binary(6, 6, 20)
    X[0, 1:] = np.nan
    sizes = []

    def spy(y_true, y_pred):
        sizes.append(len(y_true))
        return mean_absolute_error(y_true, y_pred)

    result = noise_ceiling(X, spy, n_draws=50, random_state=0)
    assert set(sizes) == {5, 6}
    expected = _ceiling_by_loop(X, mean_absolute_error, n_draws=50, seed=0)
    assert result == pytest.approx(expected)


def test_the_metric_gets_the_full_scores_and_the_drawn_ones():
    X = _binary(7, 5, 50)
    calls = []
    noise_ceiling(X, lambda *scores: calls.append(scores) or 0, n_draws=3, random_state=0)
    assert len(calls) == 3
    for full, _ in calls:
        np.testing.assert_allclose(full, X.mean(axis=1))
    assert len({tuple(drawn) for _, drawn in calls}) == 3


@pytest.mark.slow
def test_ceiling_of_the_mean_absolute_error_is_in_closed_form():
    X = _binary(8, 80, 500)
    expected = np.sqrt(2 / np.pi) * benchmark_standard_error(X).mean()
    assert noise_ceiling(X, n_draws=1000, random_state=0) == pytest.approx(expected, rel=0.03)


@pytest.mark.slow
def test_ceiling_is_what_known_abilities_score_on_a_benchmark():
    rng = np.random.default_rng(9)
    difficulty, strength = rng.normal(size=(1, 20_000)), rng.normal(size=(40, 1))
    population = rng.random((40, 20_000)) < 1 / (1 + np.exp(difficulty - strength))
    ability = population.mean(axis=1)
    reached, ceilings = [], []
    for items in np.split(rng.permutation(20_000)[:18_000], 60):  # 60 benchmarks of 300 items
        benchmark = population[:, items].astype(float)
        reached.append(mean_absolute_error(ability, benchmark.mean(axis=1)))
        ceilings.append(noise_ceiling(benchmark, n_draws=20, random_state=0))
    assert np.mean(ceilings) == pytest.approx(np.mean(reached), rel=0.05)


@pytest.mark.slow
def test_fewer_items_are_noisier():
    X = load_helm_lite(task="gsm").data
    errors = [noise_ceiling(X[:, :k], random_state=0) for k in (100, 1000)]
    taus = [noise_ceiling(X[:, :k], kendall_tau_score, random_state=0) for k in (100, 1000)]
    assert errors[0] / errors[1] == pytest.approx(np.sqrt(10), rel=0.15)
    assert taus[0] < taus[1] < 1


@pytest.mark.slow
def test_models_alike_have_a_low_ceiling_of_rank():
    X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    alike = X[np.argsort(y)[100:140]]
    whole, part = (noise_ceiling(rows, kendall_tau_score, random_state=0) for rows in (X, alike))
    assert part < whole - 0.2


@pytest.mark.slow
@pytest.mark.parametrize("metric", [mean_absolute_error, kendall_tau_score])
def test_a_benchmark_without_noise_has_a_perfect_ceiling(metric):
    X = np.repeat(np.arange(4.0)[:, None], 25, axis=1)
    expected = 0 if metric is mean_absolute_error else 1
    assert noise_ceiling(X, metric, random_state=0) == expected


@pytest.mark.slow
def test_the_mean_absolute_error_over_200_draws_is_the_default():
    X = _binary(10, 10, 60)
    explicit = noise_ceiling(X, mean_absolute_error, n_draws=200, random_state=3)
    assert noise_ceiling(X, random_state=3) == explicit
    assert type(explicit) is float


@pytest.mark.slow
def test_the_seed_decides_and_the_global_state_is_left_alone():
    X = _binary(11, 10, 60)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    same = noise_ceiling(X, random_state=np.random.RandomState(3))
    assert noise_ceiling(X, random_state=3) == same
    assert noise_ceiling(X, random_state=4) != same
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_more_draws_begin_with_the_same_draws():
    X = _binary(12, 6, 40)
    first, both = [], []
    noise_ceiling(X, lambda _, drawn: first.append(drawn) or 0, n_draws=64, random_state=0)
    noise_ceiling(X, lambda _, drawn: both.append(drawn) or 0, n_draws=130, random_state=0)
    np.testing.assert_array_equal(both[:64], first)


def test_a_metric_that_is_nan_in_a_draw_makes_the_ceiling_nan():
    values = iter([0.5, float("nan"), 0.5])
    assert np.isnan(noise_ceiling(_binary(13, 4, 9), lambda *_: next(values), n_draws=3))


@pytest.mark.slow
@pytest.mark.parametrize("convert", [pd.DataFrame, list, lambda X: X.astype(np.int8)])
def test_other_matrices_of_the_same_results(convert):
    X = _binary(14, 7, 50)
    assert noise_ceiling(convert(X), random_state=0) == noise_ceiling(X, random_state=0)
    np.testing.assert_array_equal(benchmark_standard_error(convert(X)), benchmark_standard_error(X))


@pytest.mark.parametrize("function", BOTH)
def test_inputs_are_left_as_they_are(function):
    X = _binary(15, 5, 30)
    X[0, :9] = np.nan
    before = X.copy()
    function(X)
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("function", BOTH)
@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[1, 0], [np.nan, np.nan]], r"1 model\(s\) have no result at all .*: row\(s\) 1 of X"),
        ([[np.nan], [1], [np.nan]], r"2 model\(s\) have no result .* row\(s\) 0, 2 of X; .*Remove"),
        ([[1, np.inf]], r"Input X contains infinity"),
        ([1, 0, 1], r"Expected 2D array, got 1D array"),
        (np.empty((0, 3)), r"Found array with 0 sample"),
        (np.empty((3, 0)), r"0 feature\(s\)"),
        (None, r"'X' parameter of \w+ must be an array-like"),
    ],
    ids=["row", "rows", "inf", "1d", "no model", "no item", "none"],
)
def test_what_is_no_score_matrix_is_refused(function, X, message):
    with pytest.raises(ValueError, match=message):
        function(X)


def test_a_draw_without_any_result_is_an_error_that_counts_them():
    X = np.full((2, 30), np.nan)
    X[:, :4] = 1
    counts = np.random.RandomState(3).multinomial(30, [1 / 30] * 30, 200)
    first = 1 + np.flatnonzero(counts[:, :4].sum(axis=1) == 0)[0]
    assert first > 64  # in the second block of draws
    message = rf"any item of draw {first} of 200: X holds 8 result\(s\) of 2 model\(s\) on 30 items"
    with pytest.raises(ValueError, match=message):
        noise_ceiling(X, random_state=3)


@pytest.mark.parametrize(
    ("name", "value"),
    [("metric", "mae"), ("n_draws", 0), ("n_draws", 2.5), ("random_state", "seed")],
)
def test_other_parameters_are_refused(name, value):
    with pytest.raises(ValueError, match=rf"'{name}' parameter of noise_ceiling must be"):
        noise_ceiling([[1, 0]], **{name: value})
