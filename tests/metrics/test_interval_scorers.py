"""The scorers of intervals where users put them: cross-validation, searches, processes."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn import clone, config_context
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval.metrics import (
    get_interval_scorers,
    get_scorers,
    interval_coverage,
    mean_interval_width,
    winkler_score,
)

EXPECTED = {
    "interval_coverage": interval_coverage,
    "neg_mean_interval_width": lambda y, low, high, **weight: (
        -mean_interval_width(low, high, **weight)
    ),
    "neg_winkler": lambda y, low, high, **weight: (
        -winkler_score(y, low, high, confidence_level=0.9, **weight)
    ),
}


class IntervalRidge(Ridge):
    """Ridge, give or take half a width."""

    def __init__(self, half_width=0.05):
        super().__init__(alpha=1.0)
        self.half_width = half_width

    def predict_interval(self, X):
        return self.predict(X)[:, np.newaxis] + [-self.half_width, self.half_width]


class Returning:
    """An estimator that returns what it is told to."""

    def __init__(self, intervals):
        self.intervals = intervals

    def predict_interval(self, X):
        return self.intervals


@pytest.fixture(scope="module")
def benchmark():
    """Sixty models, the anchors that were run and the score of all items."""
    results = np.random.default_rng(0).random((60, 30))
    return results[:, :12], results.mean(axis=1)


@pytest.fixture(scope="module")
def fitted(benchmark):
    return IntervalRidge().fit(benchmark[0][:30], benchmark[1][:30])


def test_the_names_are_those_documented():
    assert set(get_interval_scorers()) == set(EXPECTED)
    assert all(f'``"{name}"``' in get_interval_scorers.__doc__ for name in EXPECTED)
    assert not set(EXPECTED) & set(get_scorers())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_scorer_is_its_metric_on_the_intervals(benchmark, fitted, name):
    X, y = benchmark[0][30:], benchmark[1][30:]
    bounds = fitted.predict_interval(X).T
    scorer, weight = get_interval_scorers()[name], np.arange(30)
    assert scorer(fitted, X, y) == EXPECTED[name](y, *bounds)
    expected = EXPECTED[name](y, *bounds, sample_weight=weight)
    assert scorer(fitted, X, y, sample_weight=weight) == expected


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_only_the_winkler_score_depends_on_the_level(benchmark, fitted, level):
    X, y = benchmark
    fitted = clone(fitted).set_params(half_width=0.01).fit(X, y)
    default, scorers = get_interval_scorers(), get_interval_scorers(confidence_level=level)
    bounds = fitted.predict_interval(X).T
    expected = -winkler_score(y, *bounds, confidence_level=level)
    assert scorers["neg_winkler"](fitted, X, y) == expected != default["neg_winkler"](fitted, X, y)
    for name in ("interval_coverage", "neg_mean_interval_width"):
        assert scorers[name](fitted, X, y) == default[name](fitted, X, y)


@pytest.mark.parametrize("name", EXPECTED)
def test_scorers_pickle(benchmark, fitted, name):
    scorer = get_interval_scorers()[name]
    copy = pickle.loads(pickle.dumps(scorer))
    assert copy(fitted, *benchmark) == scorer(fitted, *benchmark)


def test_each_call_returns_scorers_of_its_own():
    first, second = get_interval_scorers(), get_interval_scorers()
    assert all(first[name] is not second[name] for name in EXPECTED)


def test_cross_validation_in_two_processes_equals_one(benchmark):
    class LocalIntervalRidge(Ridge):  # a class that the other process need not import
        def predict_interval(self, X):
            return self.predict(X)[:, np.newaxis] + [-0.05, 0.05]

    scoring = get_interval_scorers() | {"mae": "neg_mean_absolute_error"}
    runs = [
        cross_validate(LocalIntervalRidge(), *benchmark, scoring=scoring, cv=3, n_jobs=n_jobs)
        for n_jobs in (1, 2)
    ]
    for name in scoring:
        scores, parallel = (run[f"test_{name}"] for run in runs)
        assert np.isfinite(scores).all()
        np.testing.assert_allclose(parallel, scores, rtol=1e-12)


@pytest.mark.parametrize(
    ("refit", "chosen"),
    [("neg_winkler", 0.15), ("interval_coverage", 5.0), ("neg_mean_interval_width", 0.001)],
)
def test_a_search_by_winkler_takes_the_width_that_holds(benchmark, refit, chosen):
    X, y = benchmark[0], benchmark[0] @ np.linspace(0, 1, 12)
    noisy = y + np.random.default_rng(1).normal(0, 0.08, 60)
    grid = {"half_width": [0.001, 0.02, 0.15, 1.0, 5.0]}
    search = GridSearchCV(
        IntervalRidge(), grid, scoring=get_interval_scorers(), refit=refit, cv=KFold(4)
    ).fit(X, noisy)
    coverage = search.cv_results_["mean_test_interval_coverage"]
    assert list(coverage) == sorted(coverage)
    if refit == "interval_coverage":  # 1.0 and 5.0 cover all: the first of the best is taken
        chosen = 1.0
    assert search.best_params_ == {"half_width": chosen}


def test_infinite_intervals_score_minus_infinity(benchmark):
    X, y = benchmark
    estimator = Returning(np.full((60, 2), [-np.inf, np.inf]))
    scores = {name: scorer(estimator, X, y) for name, scorer in get_interval_scorers().items()}
    expected = {"interval_coverage": 1, "neg_mean_interval_width": -np.inf, "neg_winkler": -np.inf}
    assert scores == expected


@pytest.mark.parametrize("convert", [pd.DataFrame, np.ndarray.tolist])
@pytest.mark.parametrize("name", EXPECTED)
def test_intervals_may_be_a_table_or_lists(benchmark, fitted, name, convert):
    intervals = fitted.predict_interval(benchmark[0])
    scorer = get_interval_scorers()[name]
    assert scorer(Returning(convert(intervals)), *benchmark) == scorer(fitted, *benchmark)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("wrap", [False, True], ids=["estimator", "pipeline"])
def test_an_estimator_without_intervals_is_named(benchmark, name, wrap):
    estimator = (make_pipeline(IntervalRidge()) if wrap else Ridge()).fit(*benchmark)
    message = rf"{'Pipeline' if wrap else 'Ridge'} has no method predict_interval, .* around"
    with pytest.raises(AttributeError, match=message):
        get_interval_scorers()[name](estimator, *benchmark)


@pytest.mark.parametrize(
    ("intervals", "got"),
    [
        (np.zeros(60), r"an array of shape \(60,\)"),
        (np.zeros((60, 3)), r"an array of shape \(60, 3\)"),
        (np.zeros((2, 60)), r"an array of shape \(2, 60\)"),
        (np.zeros((59, 2)), r"an array of shape \(59, 2\)"),
        (np.zeros((60, 2, 1)), r"an array of shape \(60, 2, 1\)"),
        ((np.zeros(60), np.zeros((60, 2, 1))), r"a tuple of 2"),
        (None, r"an array of shape \(\)"),
    ],
    ids=["1d", "three", "transposed", "short", "3d", "tuple", "none"],
)
@pytest.mark.parametrize("name", EXPECTED)
def test_other_shapes_are_named(benchmark, name, intervals, got):
    message = rf"predict_interval of Returning returned {got}; expected .* shape \(60, 2\)"
    with pytest.raises(ValueError, match=message):
        get_interval_scorers()[name](Returning(intervals), *benchmark)


def test_crossed_bounds_are_an_error_of_the_metric(benchmark):
    estimator = Returning(np.full((60, 2), [1.0, 0.0]))
    for scorer in get_interval_scorers().values():
        with pytest.raises(ValueError, match=r"y_lower is above y_upper in 60 interval\(s\)"):
            scorer(estimator, *benchmark)


@pytest.mark.parametrize("name", EXPECTED)
def test_weights_arrive_by_metadata_routing(benchmark, fitted, name):
    X, y = benchmark
    weight = np.arange(60.0)
    with config_context(enable_metadata_routing=True):
        scorer = get_interval_scorers()[name].set_score_request(sample_weight="times")
        results = cross_validate(
            IntervalRidge(), X, y, scoring={name: scorer}, cv=KFold(2), params={"times": weight}
        )
    refitted = clone(fitted).fit(X[:30], y[:30])
    expected = get_interval_scorers()[name](refitted, X[30:], y[30:], sample_weight=weight[30:])
    assert results[f"test_{name}"][1] == pytest.approx(expected)


def test_weights_without_a_request_are_an_error_not_ignored(benchmark):
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(UnsetMetadataPassedError, match=r"sample_weight.*IntervalScorer"),
    ):
        cross_validate(
            IntervalRidge().set_fit_request(sample_weight=False),
            *benchmark,
            scoring=get_interval_scorers(),
            params={"sample_weight": np.ones(60)},
        )


@pytest.mark.parametrize("level", [0, 1, 90, None])
def test_other_levels_are_refused(level):
    with pytest.raises(ValueError, match="'confidence_level' parameter of get_interval_scorers"):
        get_interval_scorers(confidence_level=level)
