"""The scorers where users put them: cross-validation, searches, other processes."""

import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import get_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import Pipeline

from sklearn_sparseeval.metrics import (
    get_scorers,
    kendall_tau_score,
    max_absolute_error,
    pairwise_accuracy_score,
    percentile_absolute_error,
    score_bias,
    spearman_score,
    top_k_overlap_score,
    top_pick_regret,
)

EXPECTED = {
    "neg_mean_absolute_error": lambda y, p: -mean_absolute_error(y, p),
    "neg_root_mean_squared_error": lambda y, p: -np.sqrt(np.mean((y - p) ** 2)),
    "neg_percentile_absolute_error": lambda y, p: -percentile_absolute_error(y, p, percentile=95),
    "neg_max_absolute_error": lambda y, p: -max_absolute_error(y, p),
    "bias": score_bias,
    "kendall_tau": kendall_tau_score,
    "spearman": spearman_score,
    "pairwise_accuracy": pairwise_accuracy_score,
    "top_k_overlap": lambda y, p: top_k_overlap_score(y, p, k=3),
    "neg_top_pick_regret": lambda y, p: -top_pick_regret(y, p),
}


@pytest.fixture(scope="module")
def benchmark():
    """Sixty models, the anchors that were run and the score of all items."""
    results = np.random.default_rng(0).random((60, 30))
    return results[:, :12], results.mean(axis=1)


@pytest.fixture(scope="module")
def fitted(benchmark):
    return Ridge().fit(benchmark[0][:30], benchmark[1][:30])


def test_the_names_are_those_documented():
    assert set(get_scorers()) == set(EXPECTED)
    assert all(f'``"{name}"``' in get_scorers.__doc__ for name in EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_scorer_is_its_metric_on_the_predictions(benchmark, fitted, name):
    X, y = benchmark[0][30:], benchmark[1][30:]
    expected = EXPECTED[name](y, fitted.predict(X))
    assert get_scorers(k=3)[name](fitted, X, y) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["neg_mean_absolute_error", "neg_root_mean_squared_error"])
def test_names_of_scikit_learn_mean_the_same(benchmark, fitted, name):
    assert get_scorers()[name](fitted, *benchmark) == get_scorer(name)(fitted, *benchmark)


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - {"bias"}))
def test_greater_is_better(benchmark, name):
    X, y = benchmark
    scorer = get_scorers(k=3)[name]
    good, bad = Ridge(alpha=0.01).fit(X, y), Ridge().fit(X, 1 - 2 * y)
    assert scorer(good, X, y) > scorer(bad, X, y)


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_bias_keeps_its_sign(benchmark, sign):
    X, y = benchmark
    model = DummyRegressor(strategy="constant", constant=y.mean() + 0.1 * sign).fit(X, y)
    assert get_scorers()["bias"](model, X, y) == pytest.approx(0.1 * sign)


@pytest.mark.parametrize("name", EXPECTED)
def test_scorers_pickle(benchmark, fitted, name):
    scorer = get_scorers(k=3)[name]
    copy = pickle.loads(pickle.dumps(scorer))
    assert copy(fitted, *benchmark) == scorer(fitted, *benchmark)


def test_each_call_returns_a_dict_of_its_own():
    scorers = get_scorers()
    scorers.clear()
    assert get_scorers()


def test_cross_validation_in_two_processes_equals_one(benchmark):
    runs = [
        cross_validate(Ridge(), *benchmark, scoring=get_scorers(k=3), cv=KFold(4), n_jobs=n_jobs)
        for n_jobs in (1, 2)
    ]
    for name in EXPECTED:
        scores, parallel = (run[f"test_{name}"] for run in runs)
        assert np.isfinite(scores).all()
        np.testing.assert_allclose(parallel, scores, rtol=1e-12)


def test_a_search_in_two_processes_equals_one(benchmark):
    searches = [
        GridSearchCV(
            Ridge(),
            {"alpha": [0.01, 1, 100]},
            scoring=get_scorers(k=3),
            refit="neg_mean_absolute_error",
            cv=3,
            n_jobs=n_jobs,
        ).fit(*benchmark)
        for n_jobs in (1, 2)
    ]
    assert searches[0].best_params_ == searches[1].best_params_ == {"alpha": 0.01}
    for name in EXPECTED:
        scores, parallel = (search.cv_results_[f"mean_test_{name}"] for search in searches)
        np.testing.assert_allclose(parallel, scores, rtol=1e-12)


def test_several_tasks(benchmark):
    X, y = benchmark
    results = cross_validate(
        Ridge(), X, np.column_stack([y, X[:, 0]]), scoring=get_scorers(k=3), cv=3
    )
    assert all(np.isfinite(results[f"test_{name}"]).all() for name in EXPECTED)


@pytest.mark.parametrize("k", [20, 25], ids=["fold of k models", "fold of fewer"])
def test_a_fold_without_a_model_below_the_top_is_undefined(benchmark, k):
    scoring = get_scorers(k=k)
    with pytest.warns(UndefinedMetricWarning, match=rf"k={k} and n_models=20 in the fold"):
        results = cross_validate(Ridge(), *benchmark, scoring=scoring, cv=3, error_score="raise")
    assert np.isnan(results["test_top_k_overlap"]).all()
    assert np.isfinite(results["test_kendall_tau"]).all()


# GridSearchCV repeats in a warning of its own that the constant candidate scored NaN.
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_a_constant_candidate_never_wins_by_rank(benchmark):
    models = [DummyRegressor(), Ridge()]
    scoring = get_scorers()["kendall_tau"]
    search = GridSearchCV(Pipeline([("model", None)]), {"model": models}, scoring=scoring, cv=3)
    with pytest.warns(UndefinedMetricWarning, match="y_pred constant"):
        search.fit(*benchmark)
    assert search.best_params_ == {"model": models[1]}


@pytest.mark.parametrize("name", ["neg_mean_absolute_error", "bias", "pairwise_accuracy"])
def test_weights_arrive_by_metadata_routing(benchmark, fitted, name):
    X, y = benchmark
    weight = np.arange(60.0)
    with config_context(enable_metadata_routing=True):
        scorer = get_scorers()[name].set_score_request(sample_weight=True)
        results = cross_validate(
            Ridge().set_fit_request(sample_weight=False),
            X,
            y,
            scoring={name: scorer},
            cv=KFold(2),
            params={"sample_weight": weight},
        )
    expected = get_scorers()[name](fitted, X[30:], y[30:], sample_weight=weight[30:])
    assert results[f"test_{name}"][1] == pytest.approx(expected)


@pytest.mark.parametrize("k", [0, 1.5, "all"])
def test_other_k_are_refused(k):
    with pytest.raises(ValueError, match="'k' parameter of get_scorers must be an int"):
        get_scorers(k=k)
