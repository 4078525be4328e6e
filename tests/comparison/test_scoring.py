"""Names of metrics, their sign, and the ceiling of a finite benchmark."""

import numpy as np
import pytest
from _panels import FirstItemsRegressor, answers
from sklearn.metrics import make_scorer, mean_absolute_error

from sklearn_sparseeval.comparison import compare_estimators
from sklearn_sparseeval.metrics import kendall_tau_score, noise_ceiling

ROWS = np.arange(12)
SPLITS = [(ROWS[:8], ROWS[8:]), (ROWS[4:], ROWS[:4])]


@pytest.fixture(scope="module")
def data():
    return answers(12, 40)


def compared(data, scoring, splits=SPLITS):
    method = FirstItemsRegressor()
    return compare_estimators({"m": method}, *data, cv=splits, n_anchors=10, scoring=scoring)


@pytest.mark.parametrize(
    ("scoring", "names"),
    [
        ("bias", ["bias"]),
        (["kendall_tau", "r2"], ["kendall_tau", "r2"]),
        ({"error": "neg_mean_absolute_error"}, ["error"]),
        ({"mine": make_scorer(mean_absolute_error)}, ["mine"]),
    ],
    ids=["name", "names", "renamed", "scorer"],
)
def test_what_is_given_becomes_metrics(data, scoring, names):
    comparison = compared(data, scoring)
    assert comparison.metrics == names
    assert np.isfinite(comparison.frame()["value"]).all()


@pytest.mark.slow
def test_by_default_the_mean_absolute_error_comes_first(data):
    metrics = compared(data, None).metrics
    assert metrics[0] == "mean_absolute_error"
    assert {"bias", "kendall_tau"} < set(metrics)


@pytest.mark.parametrize(
    ("scoring", "error", "message"),
    [
        ("mean_absolute_error", ValueError, "its scorer.*'neg_mean_absolute_error'"),
        ("accurazy", ValueError, "'accurazy' is not a scorer of sklearn_sparseeval"),
        ([], ValueError, "scoring is empty"),
        (3, TypeError, "scoring=3 is not a name"),
        (make_scorer(mean_absolute_error), TypeError, "Pass a callable as"),
        ([make_scorer(mean_absolute_error)], TypeError, "scoring holds make_scorer"),
        ({3: "bias"}, TypeError, "scoring holds 3: 'bias'"),
        (
            {"neg_x": "bias", "x": "bias"},
            ValueError,
            "both 'neg_x' and 'x', which would have the same name",
        ),
    ],
    ids=[
        "metric", "typo", "empty", "number", "bare callable", "list of callables", "other name",
        "two of one name",
    ],
)  # fmt: skip
def test_other_scoring_is_refused(data, scoring, error, message):
    with pytest.raises(error, match=message):
        compared(data, scoring)


@pytest.mark.slow
def test_errors_are_shown_positive_and_more_is_better_for_the_rest(data):
    X, y = data
    comparison = compared(data, ["neg_mean_absolute_error", "kendall_tau", "bias"])
    frame = comparison.frame().set_index(["metric", "split"])["value"]
    for split, (_, targets) in enumerate(SPLITS):
        true, predicted = y[targets], X[targets, :10].mean(axis=1)
        assert frame["mean_absolute_error", split] == pytest.approx(
            mean_absolute_error(true, predicted)
        )
        assert frame["kendall_tau", split] == pytest.approx(kendall_tau_score(true, predicted))
        assert frame["bias", split] == pytest.approx(np.mean(predicted - true))
    better = {name: comparison.greater_is_better(name) for name in comparison.metrics}
    assert better == {"mean_absolute_error": False, "kendall_tau": True, "bias": False}


@pytest.mark.slow
def test_ceilings_are_means_over_the_targets_of_the_splits(data):
    X, _ = data
    scoring = {
        name: name for name in ("kendall_tau", "neg_mean_absolute_error", "bias")
    } | {"mine": make_scorer(mean_absolute_error)}  # fmt: skip
    comparison = compared(data, scoring)
    assert comparison.noise_ceiling("bias") is comparison.noise_ceiling("mine") is None
    for name, metric in (
        ("kendall_tau", kendall_tau_score), ("mean_absolute_error", mean_absolute_error)
    ):  # fmt: skip
        expected = [
            noise_ceiling(X[targets], metric, n_draws=50, random_state=split)
            for split, (_, targets) in enumerate(SPLITS)
        ]
        assert comparison.noise_ceiling(name) == pytest.approx(np.mean(expected))
