"""Names of metrics, their sign, and the ceiling of a finite benchmark."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer, mean_absolute_error

from sklearn_sparseeval.comparison._scoring import (
    ceilings,
    check_scorers,
    loss,
    shown_name,
    shown_value,
)
from sklearn_sparseeval.metrics import get_scorers, kendall_tau_score, noise_ceiling


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
def test_what_is_given_becomes_scorers(scoring, names):
    scorers = check_scorers(scoring)
    assert list(scorers) == names
    X, y = np.eye(4), np.arange(4.0)
    assert all(np.isfinite(scorer(Ridge().fit(X, y), X, y)) for scorer in scorers.values())


def test_by_default_the_mean_absolute_error_comes_first():
    scorers = check_scorers(None)
    assert next(iter(scorers)) == "neg_mean_absolute_error"
    assert {"bias", "kendall_tau"} < set(scorers)


@pytest.mark.parametrize(
    ("scoring", "error", "message"),
    [
        ("mean_absolute_error", ValueError, "its scorer.*'neg_mean_absolute_error'"),
        ("accurazy", ValueError, "'accurazy' is no scorer of sklearn_sparseeval"),
        ([], ValueError, "scoring is empty"),
        (3, TypeError, "scoring=3 is no name"),
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
def test_other_scoring_is_refused(scoring, error, message):
    with pytest.raises(error, match=message):
        check_scorers(scoring)


@pytest.mark.parametrize(
    ("scorer", "name", "shown", "less_is_better"),
    [
        ("neg_mean_absolute_error", "mean_absolute_error", 0.2, 0.2),
        ("kendall_tau", "kendall_tau", -0.2, 0.2),
        ("bias", "bias", -0.2, 0.2),
    ],
)
def test_errors_are_shown_positive(scorer, name, shown, less_is_better):
    assert shown_name(scorer) == name
    assert shown_value(scorer, -0.2) == shown
    assert loss(scorer, np.array([shown])) == less_is_better


def test_ceilings_are_means_over_the_targets_of_the_splits():
    X = (np.random.default_rng(0).random((12, 40)) < 0.6).astype(float)
    rows = np.arange(12)
    splits = [(rows[:8], rows[8:]), (rows[4:], rows[:4])]
    found = ceilings(X, splits, ["kendall_tau", "mean_absolute_error", "bias", "mine"], n_draws=9)
    assert set(found) == {"kendall_tau", "mean_absolute_error"}
    for name, metric in (
        ("kendall_tau", kendall_tau_score), ("mean_absolute_error", mean_absolute_error)
    ):  # fmt: skip
        expected = [
            noise_ceiling(X[targets], metric, n_draws=9, random_state=i)
            for i, (_, targets) in enumerate(splits)
        ]
        assert found[name] == pytest.approx(np.mean(expected))


def test_the_default_names_are_scorers_of_the_package():
    assert set(check_scorers(None)) <= set(get_scorers())
