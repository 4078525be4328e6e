"""Names and units of metrics on an axis."""

import pytest

from sklearn_sparseeval.displays._metrics import (
    UNIT,
    direction_words,
    metric_factor,
    metric_label,
    metric_words,
)
from sklearn_sparseeval.metrics import get_scorers

ERRORS = ["bias", *(name[4:] for name in get_scorers() if name.startswith("neg_"))]
OTHERS = ["kendall_tau", "pairwise_accuracy", "spearman", "top_k_overlap", "r2", "of_my_own"]


@pytest.mark.parametrize("metric", ERRORS)
def test_every_error_of_the_package_is_shown_in_points(metric):
    assert metric_factor(metric, "points") == 100
    assert metric_factor(metric, "score") == 1
    assert metric_label(metric, "points") == f"{metric_words(metric)} (points)"
    assert metric_label(metric, "score") == metric_words(metric)


@pytest.mark.parametrize("metric", OTHERS)
@pytest.mark.parametrize("unit", ["points", "score"])
def test_what_is_no_error_has_no_unit(metric, unit):
    assert metric_factor(metric, unit) == 1
    assert metric_label(metric, unit) == metric_words(metric)


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("bias", "bias"),
        ("kendall_tau", "Kendall's tau"),
        ("max_absolute_error", "largest absolute error"),
        ("mean_absolute_error", "mean absolute error"),
        ("of_my_own", "of my own"),
        ("pairwise_accuracy", "pairwise accuracy"),
        ("percentile_absolute_error", "high percentile of absolute errors"),
        ("root_mean_squared_error", "root mean squared error"),
        ("top_k_overlap", "top-k overlap"),
        ("top_pick_regret", "regret of the top pick"),
    ],
)
def test_metrics_are_named_in_words(metric, words):
    assert metric_words(metric) == words


@pytest.mark.parametrize(
    ("metric", "greater_is_better", "words"),
    [
        ("mean_absolute_error", False, "lower is better"),
        ("kendall_tau", True, "higher is better"),
        ("bias", False, "zero is best"),
        ("bias", True, "zero is best"),
    ],
)
def test_which_way_is_good(metric, greater_is_better, words):
    assert direction_words(metric, greater_is_better) == words


@pytest.mark.parametrize(("unit", "known"), [("points", True), ("score", True), ("percent", False)])
def test_the_units(unit, known):
    assert UNIT[0].is_satisfied_by(unit) is known
