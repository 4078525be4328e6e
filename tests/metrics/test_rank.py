"""Order of the models: hand-computed values, brute force over pairs and draws, invariants."""

import tracemalloc
import warnings
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import spearmanr
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_sparseeval.metrics import (
    kendall_tau_score,
    pairwise_accuracy_score,
    spearman_score,
    top_k_overlap_score,
)

METRICS = [
    kendall_tau_score,
    spearman_score,
    pairwise_accuracy_score,
    lambda y_true, y_pred: top_k_overlap_score(y_true, y_pred, k=2),
]
METRIC_IDS = ["kendall_tau", "spearman", "pairwise_accuracy", "top_k_overlap"]
Y_TRUE = [0.1, 0.2, 0.3, 0.4]


@st.composite
def _scores(draw, *, min_models=2, max_models=12, distinct=5):
    """Scores of a few levels, so that ties on either side and on both are common."""
    n_models = draw(st.integers(min_models, max_models))
    levels = hnp.arrays(np.float64, n_models, elements=st.integers(0, distinct - 1))
    return draw(levels), draw(levels)


def _pairwise_accuracy_by_pairs(y_true, y_pred, weight):
    earned = total = 0.0
    for i, j in combinations(range(len(y_true)), 2):
        if y_true[i] == y_true[j]:
            continue
        agreement = (y_true[i] - y_true[j]) * (y_pred[i] - y_pred[j])
        total += weight[i] * weight[j]
        earned += weight[i] * weight[j] * (1 if agreement > 0 else 0.5 if agreement == 0 else 0)
    return earned / total


def _tops(scores, k):
    """All the sets of k models that are a top k of the scores."""
    for chosen in combinations(range(len(scores)), k):
        left_out = np.delete(scores, chosen)
        if not len(left_out) or min(scores[list(chosen)]) >= left_out.max():
            yield set(chosen)


def _top_k_overlap_by_draws(y_true, y_pred, k):
    true_tops = list(_tops(y_true, k))
    best = [max(len(pred & true) for true in true_tops) for pred in _tops(y_pred, k)]
    return np.mean(best) / k


def test_kendall_tau_without_ties():
    # Six pairs, the one of the two middle models the other way round.
    assert kendall_tau_score(Y_TRUE, [1, 3, 2, 4]) == pytest.approx((5 - 1) / 6)


def test_kendall_tau_corrects_for_ties_on_both_sides():
    # Concordant 01, 02, 13, 03; tied in y_true only 12 (not tied in y_pred); in y_pred only 23.
    y_true, y_pred = [1, 2, 2, 3], [1, 2, 3, 3]
    assert kendall_tau_score(y_true, y_pred) == pytest.approx(4 / np.sqrt(5 * 5))


@pytest.mark.parametrize(
    ("y_true", "y_pred", "expected"),
    [
        (Y_TRUE, [1, 3, 2, 4], 1 - 6 * 2 / (4 * 15)),  # two ranks off by one
        ([10, 1, 7], [5, 6, 7], 1 - 6 * 6 / (3 * 8)),  # ranks 3, 1, 2 and 1, 2, 3
        ([1, 2, 2, 3], [1, 2, 3, 3], 3.75 / np.sqrt(4.5 * 4.5)),  # and 1, 2, 3.5, 3.5
        ([1, 2, 2, 3], [1, 2, 3, 4], 4.5 / np.sqrt(4.5 * 5)),  # ranks 1, 2.5, 2.5, 4
    ],
    ids=["swap", "rotation", "ties on both sides", "ties on one"],
)
def test_spearman_by_hand(y_true, y_pred, expected):
    assert spearman_score(y_true, y_pred) == pytest.approx(expected)


@pytest.mark.slow
@settings(deadline=None)
@given(_scores())
def test_spearman_is_that_of_scipy(scores):
    y_true, y_pred = scores
    y_true[:2], y_pred[:2] = (0, 1), (1, 2)  # neither is constant
    expected = spearmanr(y_true, y_pred).statistic
    assert spearman_score(y_true, y_pred) == pytest.approx(expected, abs=1e-12)


def test_spearman_is_inflated_by_a_wide_range():
    y_true, noise = np.random.default_rng(8).random((2, 40))
    y_pred = y_true + 0.12 * noise
    rho, tau = spearman_score(y_true, y_pred), kendall_tau_score(y_true, y_pred)
    assert rho == pytest.approx(0.987, abs=0.005)
    assert tau == pytest.approx(0.915, abs=0.015)


@pytest.mark.parametrize("monotone", [np.exp, np.sqrt, np.cbrt, np.arctan])
@pytest.mark.parametrize("metric", METRICS, ids=METRIC_IDS)
def test_rank_metrics_ignore_monotone_maps(metric, monotone):
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.integers(1, 9, size=(2, 30)).astype(float)
    expected = metric(y_true, y_pred)
    assert metric(y_true, monotone(y_pred)) == expected
    assert metric(monotone(y_true), y_pred) == expected


@pytest.mark.parametrize("metric", METRICS, ids=METRIC_IDS)
def test_rank_metrics_ignore_the_order_of_the_models(metric):
    rng = np.random.default_rng(1)
    y_true, y_pred = rng.integers(0, 4, size=(2, 25))
    order = rng.permutation(25)
    assert metric(y_true[order], y_pred[order]) == pytest.approx(metric(y_true, y_pred))


@pytest.mark.parametrize("metric", METRICS, ids=METRIC_IDS)
def test_perfect_predictions_score_exactly_one(metric):
    y = np.random.default_rng(2).random(40)
    assert metric(y, y) == 1.0
    assert metric(y.round(1), y.round(1)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("metric", "worst"), list(zip(METRICS, [-1, -1, 0, 0], strict=True)), ids=METRIC_IDS
)
def test_reversed_predictions_score_the_lower_bound(metric, worst):
    assert metric(Y_TRUE, Y_TRUE[::-1]) == worst


@pytest.mark.parametrize("metric", METRICS, ids=METRIC_IDS)
def test_tasks_are_averaged_uniformly(metric):
    rng = np.random.default_rng(3)
    y_true, y_pred = rng.random((2, 12, 3))
    per_task = [metric(y_true[:, task], y_pred[:, task]) for task in range(3)]
    assert metric(y_true, y_pred) == pytest.approx(np.mean(per_task))
    assert metric(pd.DataFrame(y_true), pd.DataFrame(y_pred)) == metric(y_true, y_pred)


@pytest.mark.parametrize("metric", METRICS, ids=METRIC_IDS)
def test_a_column_is_a_vector_and_the_result_a_float(metric):
    y_pred = pd.Series([0.3, 0.1, 0.2, 0.9], index=list("abcd"))
    result = metric(np.array(Y_TRUE)[:, None], y_pred)
    assert type(result) is float
    assert result == metric(Y_TRUE, y_pred.tolist())


@pytest.mark.parametrize(
    ("y_true", "y_pred", "reason"),
    [
        ([1, 1, 1], [1, 2, 3], "y_true constant in task 0"),
        ([1, 2, 3], [0.5, 0.5, 0.5], "y_pred constant in task 0"),
        ([7], [8], r"y_true and y_pred constant in task 0 \(n_models=1\)"),
        ([[1, 1], [2, 2]], [[1, 5], [2, 5]], "y_pred constant in task 1"),
    ],
    ids=["y_true", "y_pred", "one model", "second task"],
)
@pytest.mark.parametrize(
    ("metric", "name"), [(kendall_tau_score, "tau"), (spearman_score, "rho")], ids=["tau", "rho"]
)
def test_rank_correlation_of_a_constant_is_nan_and_warns(metric, name, y_true, y_pred, reason):
    with pytest.warns(UndefinedMetricWarning, match=rf"{name} is undefined .*{reason}"):
        assert np.isnan(metric(y_true, y_pred))


@pytest.mark.parametrize("metric", [kendall_tau_score, spearman_score, pairwise_accuracy_score])
def test_the_warning_points_at_the_caller(metric):
    with pytest.warns(UndefinedMetricWarning) as record:
        metric([1, 1], [1, 2])
    assert [warning.filename for warning in record] == [__file__]


def test_pairwise_accuracy_by_hand():
    # Pairs 01 and 23 tied in truth: 4 count. 02 right, 03 right, 12 tied in y_pred, 13 wrong.
    assert pairwise_accuracy_score([1, 1, 2, 2], [1, 3, 3, 2]) == 2.5 / 4


def test_pairwise_accuracy_weighs_a_pair_by_the_product():
    # 01 right with weight 2, 02 wrong with weight 3, 12 wrong with weight 6.
    accuracy = pairwise_accuracy_score([1, 2, 3], [1, 2, 0], sample_weight=[1, 2, 3])
    assert accuracy == pytest.approx(2 / 11)


def test_pairwise_accuracy_of_constant_predictions_is_one_half():
    assert pairwise_accuracy_score(Y_TRUE, np.zeros(4)) == 0.5


def test_pairwise_accuracy_without_ties_is_kendall_tau_on_another_scale():
    y_true, y_pred = np.random.default_rng(4).random((2, 200))
    expected = (1 + kendall_tau_score(y_true, y_pred)) / 2
    assert pairwise_accuracy_score(y_true, y_pred) == pytest.approx(expected)


@pytest.mark.slow
@settings(deadline=None)
@given(_scores(), st.data())
def test_pairwise_accuracy_equals_brute_force(scores, data):
    y_true, y_pred = scores
    y_true[:2] = 0, 1  # at least one pair counts
    weights = st.floats(0.01, 10)
    weight = data.draw(st.none() | hnp.arrays(np.float64, len(y_true), elements=weights))
    accuracy = pairwise_accuracy_score(y_true, y_pred, sample_weight=weight)
    ones = np.ones(len(y_true))
    expected = _pairwise_accuracy_by_pairs(y_true, y_pred, ones if weight is None else weight)
    assert accuracy == pytest.approx(expected, abs=1e-12)


@pytest.mark.slow
@settings(deadline=None)
@given(_scores(), st.data())
def test_integer_weights_of_pairwise_accuracy_are_repetitions(scores, data):
    y_true, y_pred = scores
    y_true[:2] = 0, 1
    weight = data.draw(hnp.arrays(np.intp, len(y_true), elements=st.integers(0, 4)))
    weight[:2] += 1
    weighted = pairwise_accuracy_score(y_true, y_pred, sample_weight=weight)
    repeated = pairwise_accuracy_score(y_true.repeat(weight), y_pred.repeat(weight))
    assert weighted == pytest.approx(repeated)


def test_reversing_the_predictions_mirrors_pairwise_accuracy():
    y_true, y_pred = np.random.default_rng(5).integers(0, 6, size=(2, 50))
    total = pairwise_accuracy_score(y_true, y_pred) + pairwise_accuracy_score(y_true, -y_pred)
    assert total == pytest.approx(1)


@pytest.mark.parametrize("weight", [None, [1, 1, 0]], ids=["tied", "the other weighs nothing"])
def test_pairwise_accuracy_without_a_pair_is_nan_and_warns(weight):
    y_true = [1, 1, 1] if weight is None else [1, 1, 2]
    with pytest.warns(UndefinedMetricWarning, match="no two models of positive weight differ"):
        assert np.isnan(pairwise_accuracy_score(y_true, [1, 2, 3], sample_weight=weight))


def test_pairwise_accuracy_of_many_models_stays_small_in_memory():
    y_true, y_pred = np.random.default_rng(6).random((2, 10_000))
    tracemalloc.start()
    try:
        accuracy = pairwise_accuracy_score(y_true, y_pred)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert accuracy == pytest.approx((1 + kendall_tau_score(y_true, y_pred)) / 2)
    assert peak < 10_000 * 10_000 / 10  # a tenth of a matrix of one byte per pair


@pytest.mark.parametrize(
    ("y_true", "y_pred", "k", "expected"),
    [
        ([4, 3, 2, 1], [4, 1, 3, 2], 2, 1 / 2),
        ([4, 3, 2, 1], [1, 2, 3, 4], 2, 0),
        ([4, 3, 2, 1], [1, 2, 3, 4], 3, 2 / 3),
        ([4, 3, 2, 1], [1, 2, 3, 4], 4, 1),
        ([4, 3, 2, 1], [4, 3, 3, 1], 2, 3 / 4),  # a coin flip for the second place
        ([4, 3, 3, 1], [4, 2, 3, 1], 2, 1),  # either may be second
        ([4, 3, 3, 3], [1, 2, 2, 2], 2, 1 / 2),  # one of the two second places, not both
        ([4, 3, 2, 1], [0, 0, 0, 0], 2, 2 / 4),  # chance
    ],
)
def test_top_k_overlap_by_hand(y_true, y_pred, k, expected):
    assert top_k_overlap_score(y_true, y_pred, k=k) == pytest.approx(expected)


@pytest.mark.slow
@settings(deadline=None)
@given(_scores(max_models=7, distinct=4), st.data())
def test_top_k_overlap_equals_brute_force_over_all_draws(scores, data):
    k = data.draw(st.integers(1, len(scores[0])))
    expected = _top_k_overlap_by_draws(*scores, k)
    assert top_k_overlap_score(*scores, k=k) == pytest.approx(expected)


def test_top_k_overlap_takes_ten_models_by_default():
    y_true, y_pred = np.random.default_rng(7).random((2, 30))
    assert top_k_overlap_score(y_true, y_pred) == top_k_overlap_score(y_true, y_pred, k=10)


def test_top_k_overlap_of_fewer_models_than_k_names_both():
    with pytest.raises(ValueError, match=r"k=10 is more than n_models=4: .* k of at most 4"):
        top_k_overlap_score(Y_TRUE, Y_TRUE)


@pytest.mark.parametrize("k", [0, -1, 2.0, "3", None])
def test_top_k_overlap_rejects_other_k(k):
    with pytest.raises(ValueError, match=r"'k' parameter of top_k_overlap_score must be an int"):
        top_k_overlap_score(Y_TRUE, Y_TRUE, k=k)


def test_no_metric_warns_where_it_is_defined():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for metric in METRICS:
            metric([1, 2], [0, 1])
