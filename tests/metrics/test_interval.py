"""Metrics of intervals: hand-computed values, loops over models, infinite bounds, refusals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import norm
from sklearn.metrics import mean_pinball_loss

from sklearn_sparseeval.metrics import interval_coverage, mean_interval_width, winkler_score

INF, NAN = float("inf"), float("nan")


def _width(y_true, y_lower, y_upper, **options):
    """The width with the signature of the other two."""
    return mean_interval_width(y_lower, y_upper, **options)


METRICS = [interval_coverage, _width, winkler_score]
METRIC_IDS = ["coverage", "width", "winkler"]
every_metric = pytest.mark.parametrize("metric", METRICS, ids=METRIC_IDS)


@st.composite
def _intervals(draw, *, infinite=False):
    """Scores and intervals of a few levels, so that scores on a bound are common."""
    n_models = draw(st.integers(1, 8))
    levels = hnp.arrays(np.float64, n_models, elements=st.integers(0, 4))
    y_true, low, high = draw(levels), draw(levels), draw(levels)
    y_lower, y_upper = np.minimum(low, high), np.maximum(low, high)
    if infinite:
        masks = hnp.arrays(np.bool_, n_models)
        y_lower[draw(masks)], y_upper[draw(masks)] = -INF, INF
    return y_true, y_lower, y_upper


def _by_loop(metric, y_true, y_lower, y_upper, weight):
    """Weigh what each model's interval is worth by the words of the docstrings."""
    total = 0.0
    for y, low, high, w in zip(y_true, y_lower, y_upper, weight, strict=True):
        if metric is interval_coverage:
            value = 1.0 if y in (low, high) or low < y < high else 0.0
        elif y < low and metric is winkler_score:
            value = high - low + 20 * (low - y)
        elif y > high and metric is winkler_score:
            value = high - low + 20 * (y - high)
        else:
            value = high - low
        total += w * value
    return total / sum(weight)


@pytest.mark.parametrize(
    ("y_true", "expected"),
    [(0.5, 1), (0.4, 1), (0.6, 1), (0.39, 0), (0.61, 0), (-7, 0)],
    ids=["inside", "on the lower bound", "on the upper bound", "below", "above", "far"],
)
def test_intervals_are_closed(y_true, expected):
    assert interval_coverage([y_true], [0.4], [0.6]) == expected


def test_coverage_by_hand():
    # Inside, above, on the bound of an interval of one point.
    y_true, y_lower, y_upper = [0.5, 0.7, 0.3], [0.4, 0.6, 0.3], [0.6, 0.65, 0.3]
    assert interval_coverage(y_true, y_lower, y_upper) == pytest.approx(2 / 3)
    assert interval_coverage(y_true, y_lower, y_upper, sample_weight=[1, 2, 1]) == 0.5


def test_width_by_hand():
    assert mean_interval_width([0.4, 0.6], [0.5, 0.9]) == pytest.approx(0.2)
    assert mean_interval_width([0.4, 0.6], [0.5, 0.9], sample_weight=[3, 1]) == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("y_true", "level", "expected"),
    [
        (0.5, 0.9, 0.2),
        (0.6, 0.9, 0.2),
        (0.65, 0.9, 0.2 + 20 * 0.05),
        (0.35, 0.9, 0.2 + 20 * 0.05),
        (0.65, 0.5, 0.2 + 4 * 0.05),
        (0.65, 0.95, 0.2 + 40 * 0.05),
    ],
)
def test_winkler_by_hand(y_true, level, expected):
    score = winkler_score([y_true], [0.4], [0.6], confidence_level=level)
    assert score == pytest.approx(expected)


def test_winkler_is_at_a_level_of_nine_tenths_by_default():
    assert winkler_score([1], [0], [0]) == winkler_score([1], [0], [0], confidence_level=0.9)


@pytest.mark.slow
@every_metric
@settings(deadline=None)
@given(_intervals(), st.data())
def test_every_metric_equals_a_loop(metric, intervals, data):
    weights = hnp.arrays(np.float64, len(intervals[0]), elements=st.floats(0.01, 10))
    weight = data.draw(weights)
    expected = _by_loop(metric, *intervals, weight)
    assert metric(*intervals, sample_weight=weight) == pytest.approx(expected, abs=1e-12)


@pytest.mark.slow
@settings(deadline=None)
@given(_intervals(), st.floats(0.05, 0.99))
def test_winkler_is_the_pinball_loss_of_both_bounds(intervals, level):
    y_true, y_lower, y_upper = intervals
    alpha = 1 - level
    losses = [
        mean_pinball_loss(y_true, bound, alpha=quantile)
        for bound, quantile in ((y_lower, alpha / 2), (y_upper, 1 - alpha / 2))
    ]
    score = winkler_score(*intervals, confidence_level=level)
    assert score == pytest.approx(2 / alpha * sum(losses))


@pytest.mark.slow
@settings(deadline=None)
@given(_intervals(), st.floats(0, 3))
def test_wider_intervals_cover_no_less(intervals, more):
    y_true, y_lower, y_upper = intervals
    wider = y_true, y_lower - more, y_upper + more
    assert interval_coverage(*wider) >= interval_coverage(*intervals)
    assert _width(*wider) == pytest.approx(_width(*intervals) + 2 * more)


@pytest.mark.slow
@settings(deadline=None)
@given(_intervals(infinite=True))
def test_winkler_is_at_least_the_width_and_equal_if_all_are_covered(intervals):
    score, width = winkler_score(*intervals), _width(*intervals)
    assert score >= width
    if np.isfinite(width):
        assert (score == width) == (interval_coverage(*intervals) == 1)


def test_winkler_is_lowest_for_the_quantiles():
    y_true = np.random.default_rng(0).standard_normal(20_000)
    bound = np.full(20_000, norm.ppf(0.95))
    scores = {
        scale: winkler_score(y_true, -scale * bound, scale * bound)
        for scale in (0.5, 0.8, 1.0, 1.25, 2.0)
    }
    assert min(scores, key=scores.get) == 1.0
    assert interval_coverage(y_true, -bound, bound) == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(("metric", "power"), list(zip(METRICS, [0, 1, 1], strict=True)))
def test_width_and_winkler_have_the_unit_of_the_scores(metric, power):
    y_true, center, half = np.random.default_rng(1).random((3, 30))
    expected = metric(y_true, center - half / 4, center + half / 4)
    percent = metric(100 * y_true, 100 * center - 25 * half, 100 * center + 25 * half)
    assert percent == pytest.approx(100**power * expected)


@pytest.mark.parametrize(
    ("y_lower", "y_upper", "coverage"),
    [
        ([-INF, 0.4], [INF, 0.6], 1),
        ([-INF, 0.4], [0.4, 0.6], 0.5),
        ([0.5, 0.6], [INF, 0.7], 0.5),
        ([-INF, -INF], [INF, INF], 1),
    ],
    ids=["both", "lower", "upper", "all"],
)
def test_infinite_bounds_cover_and_are_infinitely_wide(y_lower, y_upper, coverage):
    y_true = [0.5, 0.5]
    assert interval_coverage(y_true, y_lower, y_upper) == coverage
    assert mean_interval_width(y_lower, y_upper) == INF
    assert winkler_score(y_true, y_lower, y_upper) == INF


@pytest.mark.slow
@settings(deadline=None)
@given(_intervals(infinite=True))
def test_no_metric_is_nan(intervals):
    assert not np.isnan([metric(*intervals) for metric in METRICS]).any()


@every_metric
def test_an_infinite_interval_of_weight_zero_does_not_count(metric):
    y_true, y_lower, y_upper = [0.5, 0.5], [-INF, 0.4], [INF, 0.6]
    weighted = metric(y_true, y_lower, y_upper, sample_weight=[0, 2])
    assert weighted == metric(y_true[1:], y_lower[1:], y_upper[1:])


@pytest.mark.slow
@every_metric
@settings(deadline=None)
@given(_intervals(), st.data())
def test_integer_weights_are_repetitions(metric, intervals, data):
    weight = data.draw(hnp.arrays(np.intp, len(intervals[0]), elements=st.integers(0, 3)))
    weight[0] += 1
    repeated = metric(*(values.repeat(weight) for values in intervals))
    assert metric(*intervals, sample_weight=weight) == pytest.approx(repeated)


@every_metric
def test_tasks_are_averaged_uniformly(metric):
    y_true, center, half = np.random.default_rng(2).random((3, 12, 4))
    arrays = y_true, center - half, center + half
    weight = np.arange(12)
    per_task = [metric(*(a[:, task] for a in arrays), sample_weight=weight) for task in range(4)]
    assert metric(*arrays, sample_weight=weight) == pytest.approx(np.mean(per_task))
    frames = [pd.DataFrame(array) for array in arrays]
    assert metric(*frames, sample_weight=weight) == metric(*arrays, sample_weight=weight)


@every_metric
def test_a_column_is_a_vector_and_the_result_a_float(metric):
    y_true, y_lower, y_upper = [0.5, 0.7], [0.4, 0.3], [0.6, 0.5]
    result = metric(y_true, np.array(y_lower)[:, None], pd.Series(y_upper, index=list("ab")))
    assert type(result) is float
    assert result == metric(y_true, y_lower, y_upper)


@every_metric
def test_inputs_are_left_as_they_are(metric):
    y_true, y_lower = np.random.default_rng(3).random((2, 12))
    arrays = y_true, y_lower, y_lower + 0.1
    before = [array.copy() for array in arrays]
    metric(*arrays)
    np.testing.assert_array_equal(arrays, before)


@every_metric
@pytest.mark.parametrize(
    ("y_lower", "y_upper", "message"),
    [
        ([0, 0.7, 2], [1, 0.2, 1], r"above y_upper in 2 interval\(s\), .* index 1: \[0\.7, 0\.2\]"),
        (
            [0, NAN, 0],
            [1, 1, 1],
            r"y_lower holds 1 .* are not bounds, .* index 1: nan; .*-inf",
        ),
        (
            [0, 0, 0],
            [1, NAN, NAN],
            r"y_upper holds 2 .* index 1: nan; expected .* or inf",
        ),
        ([0, 0, INF], [1, 1, INF], r"y_lower holds 1 value\(s\) .* index 2: inf; .* or -inf where"),
        ([-INF, 0, 0], [-INF, 1, 1], r"y_upper holds 1 value\(s\) .* index 0: -inf"),
        ([0, 0], [1, 1, 1], r"y_lower holds the bounds of 2 model\(s\) and y_upper of 3; .*same"),
        ([[0, 0]] * 3, [1] * 3, r"y_lower holds the bounds of 2 task\(s\) and y_upper of 1"),
        ([], [], r"Found array with 0 sample"),
        (None, [1], r"'y_lower' parameter of \w+ must be an array-like"),
        ([1], 1.0, r"'y_upper' parameter of \w+ must be an array-like"),
    ],
    ids=["crossed", "nan", "nans", "+inf", "-inf", "models", "tasks", "empty", "none", "scalar"],
)
def test_what_are_no_intervals_is_refused(metric, y_lower, y_upper, message):
    with pytest.raises(ValueError, match=message):
        metric([0.5] * 3, y_lower, y_upper)


@every_metric
def test_crossed_bounds_of_several_tasks_are_named_by_model_and_task(metric):
    y_lower = np.zeros((3, 2))
    y_lower[1, 1] = 2
    with pytest.raises(ValueError, match=r"first at index \(1, 1\): \[2, 1\]; expected lower"):
        metric(np.zeros((3, 2)), y_lower, np.ones((3, 2)))


@pytest.mark.parametrize("metric", [interval_coverage, winkler_score])
@pytest.mark.parametrize(
    ("y_true", "message"),
    [
        ([0, 0], r"y_true holds the scores of 2 model\(s\) and y_lower of 3"),
        ([[0, 0]] * 3, r"y_true holds the scores of 2 task\(s\) and y_lower of 1"),
        ([0, INF, 0], r"y_true holds 1 value\(s\) that are not finite, .* index 1: inf"),
        (None, r"'y_true' parameter of \w+ must be an array-like"),
    ],
    ids=["models", "tasks", "inf", "none"],
)
def test_scores_that_do_not_fit_the_intervals_are_refused(metric, y_true, message):
    with pytest.raises(ValueError, match=message):
        metric(y_true, [0, 0, 0], [1, 1, 1])


@every_metric
@pytest.mark.parametrize("weight", [[1, 2], [1, -1, 1], [0, 0, 0], [1, NAN, 1]], ids=str)
def test_weights_that_are_not_weights_are_refused(metric, weight):
    with pytest.raises(ValueError, match=r"sample_weight (has|holds|is 0)|negative weights"):
        metric([0, 0, 0], [0, 0, 0], [1, 1, 1], sample_weight=weight)


@pytest.mark.parametrize("level", [0, 1, 90, "0.9", None])
def test_other_levels_are_refused(level):
    with pytest.raises(ValueError, match=r"'confidence_level' parameter of winkler_score must be"):
        winkler_score([0], [0], [1], confidence_level=level)
