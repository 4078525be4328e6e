"""The detectable gap: hand-computed bins, brute force over pairs, invariants, real anchors."""

import tracemalloc
import warnings
from collections import defaultdict
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_predict

from sklearn_sparseeval.datasets import load_open_llm
from sklearn_sparseeval.metrics import minimum_detectable_difference
from sklearn_sparseeval.metrics._detectable import _first_bin

Y_TRUE = [0.50, 0.51, 0.53, 0.56]


@st.composite
def _scores(draw, *, levels=13):
    """Integer scores, so that gaps on the edge of a bin, ties and empty bins are common."""
    n_models = draw(st.integers(2, 9))
    scores = hnp.arrays(np.float64, n_models, elements=st.integers(0, levels - 1))
    return draw(scores), draw(scores)


def _difference(y_true, y_pred, **options):
    """Return the difference, without the warning where it is NaN."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        return minimum_detectable_difference(y_true, y_pred, **options)


def _difference_by_pairs(y_true, y_pred, probability, bin_width):
    """Compute the definition in fractions; isotonic regression by its max-min formula."""
    bins = defaultdict(list)
    for i, j in combinations(range(len(y_true)), 2):
        gap = Fraction(y_true[i] - y_true[j])
        if gap:
            agreement = gap * Fraction(y_pred[i] - y_pred[j])
            right = Fraction(1 + (agreement > 0) - (agreement < 0), 2)
            bins[int(abs(gap) / bin_width + Fraction(1, 2))].append(right)
    numbers = sorted(bins)

    def mean(first, last):
        inside = [right for number in numbers[first : last + 1] for right in bins[number]]
        return sum(inside) / len(inside)

    for place, number in enumerate(numbers):
        rising = max(
            min(mean(first, last) for last in range(place, len(numbers)))
            for first in range(place + 1)
        )
        if rising >= Fraction(probability):
            return number * bin_width
    return np.nan


@pytest.mark.parametrize(
    ("y_pred", "expected"),
    [
        ([1, 2, 3, 4], 0.01),  # all right: the smallest gap that occurs
        ([2, 1, 3, 4], 0.02),  # 01 wrong, a gap of .01
        ([1, 3, 2, 4], 0.03),  # 12 wrong, .02, pooled with 01, .01, which is right: 1/2
        ([3, 1, 2, 4], 0.05),  # 01 and 02 wrong: .02 is right, but pooled with .03 it is 2/3
        ([1, 1, 3, 4], 0.02),  # 01 a coin flip
        ([1, 2, 3, 3], 0.01),  # 23 a coin flip: .03 has 1.5 of 2, pooled with .01 and .02 3.5 of 4
    ],
)
def test_by_hand(y_pred, expected):
    # Pairs in ascending gap: 01 .01, 12 .02, 02 .03 and 23 .03, 13 .05, 03 .06.
    assert minimum_detectable_difference(Y_TRUE, y_pred) == pytest.approx(expected)


def test_one_lucky_pair_does_not_decide():
    # The one pair a gap of 1 apart is right; of the eight at 2 and 3, three are.
    y_true = [0, 1, 3, 3, 3, 3]
    y_pred = [0, 1, 2, 2, -1, -1]
    # At 2: right, right, wrong, wrong; at 3 the same; at 1 right: 5 of 9 all in all.
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(minimum_detectable_difference(y_true, y_pred, bin_width=1))
    assert minimum_detectable_difference(y_true, y_pred, bin_width=1, probability=5 / 9) == 1


@pytest.mark.parametrize(
    ("gap", "expected"),
    [(0.0001, 0.0), (0.0024, 0.0), (0.0025, 0.005), (0.0074, 0.005), (0.0075, 0.01), (0.9, 0.9)],
)
@pytest.mark.parametrize("low", [0.0, 0.1, 0.3, 0.7], ids="low={}".format)
def test_bins_are_centred_on_multiples_and_hold_their_lower_edge(low, gap, expected):
    # 0.7 + 0.0025 - 0.7 and its like are not 0.0025: rounding must not decide.
    assert minimum_detectable_difference([low, low + gap], [0, 1]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("probability", "expected"), [(0.6, 1), (0.8, 1), (0.81, np.nan), (1, np.nan)]
)
def test_an_agreement_equal_to_the_probability_reaches_it(probability, expected):
    # Five pairs a gap of 1 apart, four of them right.
    result = _difference([0] * 5 + [1], [0, 0, 0, 0, 2, 1], probability=probability, bin_width=1)
    np.testing.assert_equal(result, expected)


def test_an_agreement_that_rounding_lowers_reaches_the_probability():
    # 94.5 of 155 and then 4.5 of 10 make 0.6 exactly, but 0.6 - 1e-16 in floating point.
    assert _first_bin(np.array([94.5, 4.5]), np.array([155, 10]), 0.6) == 0


def test_four_fifths_and_half_a_point_are_the_defaults():
    rng = np.random.default_rng(0)
    y_true = rng.random(60)
    y_pred = y_true + 0.1 * rng.standard_normal(60)
    explicit = minimum_detectable_difference(y_true, y_pred, probability=0.8, bin_width=0.005)
    assert minimum_detectable_difference(y_true, y_pred) == explicit
    assert type(explicit) is float


@pytest.mark.slow
@settings(deadline=None)
@given(_scores(), st.sampled_from(["0.55", "0.6", "0.75", "0.8", "1"]), st.integers(1, 4))
def test_equals_brute_force_over_pairs(scores, probability, bin_width):
    expected = _difference_by_pairs(*scores, probability, bin_width)
    result = _difference(*scores, probability=float(probability), bin_width=bin_width)
    np.testing.assert_equal(result, expected)


@pytest.mark.slow
def test_blocks_of_pairs_equal_one_matrix():
    rng = np.random.default_rng(1)
    y_true = rng.integers(0, 800, size=1500).astype(float)  # more pairs than two blocks hold
    y_pred = y_true + rng.normal(0, 60, size=1500)
    gap = y_true[:, None] - y_true
    bins, right = np.floor(gap / 10 + 0.5).astype(int), y_pred[:, None] > y_pred
    agreement = np.array([right[(bins == b) & (gap > 0)].mean() for b in range(30)])
    assert (np.diff(agreement[2:15]) > 0).all()  # it rises by itself there
    expected = 10 * np.flatnonzero(agreement >= 0.8)[0]
    assert 2 < expected / 10 < 15
    assert minimum_detectable_difference(y_true, y_pred, bin_width=10) == expected


@pytest.mark.slow
def test_many_models_stay_small_in_memory():
    rng = np.random.default_rng(2)
    y_true = rng.random(5000)
    y_pred = y_true + 0.05 * rng.standard_normal(5000)
    tracemalloc.start()
    try:
        difference = minimum_detectable_difference(y_true, y_pred)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Two normal errors of .05: right with probability .8 from .05 * sqrt(2) * .8416 = .0595 on.
    assert difference == pytest.approx(0.06, abs=0.0051)
    assert peak < 1e8  # a matrix of one float per pair has 2e8 bytes


@pytest.mark.slow
@settings(deadline=None)
@given(_scores(), st.randoms(use_true_random=False))
def test_the_order_of_the_models_does_not_matter(scores, random):
    order = random.sample(range(len(scores[0])), len(scores[0]))
    moved = [values[order] for values in scores]
    np.testing.assert_equal(_difference(*moved, bin_width=2), _difference(*scores, bin_width=2))


@pytest.mark.slow
@settings(deadline=None)
@given(_scores(), st.sampled_from([np.exp, np.cbrt, lambda y: 4 * y - 7]))
def test_only_the_order_of_the_predictions_matters(scores, monotone):
    y_true, y_pred = scores
    expected = _difference(y_true, y_pred, bin_width=1)
    np.testing.assert_equal(_difference(y_true, monotone(y_pred), bin_width=1), expected)


@pytest.mark.slow
@settings(deadline=None)
@given(_scores(), st.sampled_from([0.25, 4.0, 100.0]), st.sampled_from([0.0, -3.0, 50.0]))
def test_it_has_the_unit_of_the_scores(scores, scale, shift):
    y_true, y_pred = scores
    expected = scale * _difference(y_true, y_pred, bin_width=1)
    result = _difference(scale * y_true + shift, y_pred, bin_width=scale)
    np.testing.assert_equal(result, expected)


@pytest.mark.slow
@settings(deadline=None)
@given(_scores(), st.floats(0.51, 0.99), st.floats(0, 0.01))
def test_a_higher_probability_takes_a_larger_gap(scores, probability, more):
    low = _difference(*scores, probability=probability, bin_width=1)
    high = _difference(*scores, probability=probability + more, bin_width=1)
    assert np.nan_to_num(low, nan=np.inf) <= np.nan_to_num(high, nan=np.inf)


def test_tasks_are_averaged_uniformly():
    rng = np.random.default_rng(3)
    y_true = rng.random((40, 3))
    y_pred = y_true + 0.05 * rng.standard_normal((40, 3))
    per_task = [minimum_detectable_difference(y_true[:, t], y_pred[:, t]) for t in range(3)]
    assert len(set(per_task)) > 1
    assert minimum_detectable_difference(y_true, y_pred) == pytest.approx(np.mean(per_task))


@pytest.mark.parametrize(
    ("y_true", "y_pred", "reason"),
    [
        ([1, 1, 1], [1, 2, 3], r"no two models differ in y_true in task 0 \(n_models=3\)"),
        ([7], [8], r"no two models differ in y_true in task 0 \(n_models=1\)"),
        ([1, 2, 3], [5, 5, 5], r"no gap has an agreement of probability=0\.8 in task 0"),
        ([1, 2, 3], [3, 2, 1], r"no gap has an agreement of probability=0\.8 in task 0"),
        ([[1, 1], [2, 2]], [[1, 2], [2, 1]], r"no gap has an agreement .* in task 1"),
    ],
    ids=["tied", "one model", "constant", "reversed", "second task"],
)
def test_undefined_is_nan_and_warns_the_caller(y_true, y_pred, reason):
    with pytest.warns(UndefinedMetricWarning, match=reason) as record:
        assert np.isnan(minimum_detectable_difference(y_true, y_pred, bin_width=1))
    assert [warning.filename for warning in record] == [__file__]


@pytest.mark.parametrize("y_true", [[0, 1e6], [0, 1e300]], ids=["million", "overflow"])
def test_too_many_bins_are_an_error_that_names_the_unit(y_true):
    with pytest.raises(ValueError, match=r"bin_width=1e-09 divides .* up to 1e\+\d+ into .* unit"):
        minimum_detectable_difference(y_true, [1, 2], bin_width=1e-9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("probability", 0.5),
        ("probability", 1.01),
        ("probability", "0.8"),
        ("bin_width", 0),
        ("bin_width", -0.005),
        ("bin_width", None),
    ],
)
def test_other_parameters_are_refused(name, value):
    with pytest.raises(ValueError, match=rf"'{name}' parameter of minimum_detectable_difference"):
        minimum_detectable_difference(Y_TRUE, Y_TRUE, **{name: value})


def test_more_anchors_tell_closer_models_apart():
    X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    items = np.random.default_rng(4).permutation(X.shape[1])
    differences = [
        np.mean([minimum_detectable_difference(y, X[:, part].mean(axis=1)) for part in parts])
        for parts in (
            np.split(items[:500], 20),
            np.split(items[:500], 5),
            np.split(items[:1000], 2),
        )
    ]
    # 25, 100 and 500 items. Of 470 models on MMLU-Pro the paper reports 6, 3 and 1 points.
    assert differences == sorted(differences, reverse=True)
    np.testing.assert_allclose(differences, [0.085, 0.04, 0.015], rtol=0.25)


def test_few_models_give_the_answer_of_many():
    X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    rng = np.random.default_rng(5)
    few = []
    for _ in range(60):
        models, items = rng.choice(len(X), 30, replace=False), rng.choice(X.shape[1], 100)
        few.append(minimum_detectable_difference(y[models], X[np.ix_(models, items)].mean(axis=1)))
    assert np.mean(few) == pytest.approx(0.04, abs=0.01)


def test_the_way_that_get_scorers_names():
    X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    anchors = X[:, :: X.shape[1] // 50]
    predictions = cross_val_predict(Ridge(alpha=10), anchors, y, cv=5)
    assert 0.005 < minimum_detectable_difference(y, predictions) < 0.1
