"""The registered methods agree with the code their authors released, split by split.

The figures are those of the released code, run for this project on the two panels below with these
splits and 50 anchors (mean absolute error in percentage points, seeds 0 to 9):

- socialfoundations/benchmark-prediction at 2e98c82: RandomSampling, RandomSamplingAndLearn, AIPW,
  PCA and AnchorPointsWeighted;
- felipemaiapolo/tinyBenchmarks at e9a8b10: the "correctness" anchors of its notebook, and gp-IRT
  with its fork of py-irt;
- marvelcell/TailoredBench at e33061e: its GSM8K script;
- arubique/disco-public at a082b7c: Jensen-Shannon anchors, random forest of 100 trees, no PCA.
"""

import numpy as np
import pytest
from _panels import with_seed

from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm
from sklearn_sparseeval.methods import get_methods

pytestmark = pytest.mark.slow

PANELS = {"gsm": load_helm_lite(task="gsm"), "arc": load_open_llm(task="arc_challenge")}

PUBLISHED = {
    ("random-mean", "gsm"): [3.230, 8.605, 4.140, 3.225, 4.340, 4.030, 3.620, 3.885, 2.695, 3.565],
    ("random-mean", "arc"): [5.582, 3.879, 4.274, 3.638, 4.917, 3.610, 5.168, 4.392, 4.078, 4.530],
    ("random-ridge", "gsm"): [4.663, 2.748, 3.183, 3.241, 2.689, 3.936, 3.871, 3.093, 4.156, 4.318],
    ("random-ridge", "arc"): [2.918, 3.675, 2.801, 3.392, 3.028, 2.535, 2.973, 2.726, 3.255, 2.887],
    ("item-ridge", "gsm"): [3.632, 2.549, 4.122, 3.237, 3.533, 3.710, 4.042, 3.468, 3.302, 4.049],
    ("item-ridge", "arc"): [3.471, 3.510, 2.943, 3.180, 3.399, 2.654, 3.038, 3.517, 2.871, 3.334],
    ("low-rank", "gsm"): [4.052, 3.067, 3.846, 3.535, 2.813, 3.646, 3.710, 3.052, 3.192, 3.491],
    ("low-rank", "arc"): [3.075, 3.748, 2.951, 3.424, 3.362, 3.547, 3.234, 3.179, 3.234, 3.282],
    ("anchor-points", "gsm"): [
        6.705,
        6.070,
        6.010,
        4.590,
        5.525,
        5.265,
        6.310,
        5.250,
        5.825,
        3.270,
    ],
    ("anchor-points", "arc"): [
        6.829,
        6.617,
        7.068,
        7.445,
        7.210,
        5.058,
        7.657,
        7.174,
        8.822,
        5.709,
    ],
    ("tinybenchmarks-correctness", "gsm"): [
        3.625,
        3.115,
        4.040,
        5.470,
        5.420,
        4.235,
        3.630,
        5.125,
        5.145,
        4.485,
    ],
    ("tinybenchmarks-correctness", "arc"): [
        3.174,
        3.013,
        2.599,
        2.218,
        2.727,
        3.261,
        3.113,
        2.918,
        3.042,
        3.321,
    ],
    ("tinybenchmarks-gp-irt", "gsm"): [
        3.722,
        2.636,
        4.467,
        3.963,
        4.208,
        3.098,
        2.343,
        3.217,
        2.914,
        3.361,
    ],
    ("tinybenchmarks-gp-irt", "arc"): [
        3.647,
        3.122,
        3.401,
        3.808,
        3.092,
        2.574,
        3.445,
        2.890,
        2.854,
        2.831,
    ],
    ("tailoredbench", "gsm"): [
        3.330,
        3.701,
        3.209,
        3.530,
        3.915,
        3.992,
        3.223,
        3.959,
        5.668,
        3.045,
    ],
    ("tailoredbench", "arc"): [
        2.650,
        2.278,
        2.212,
        2.044,
        2.060,
        2.370,
        2.179,
        2.510,
        2.790,
        2.461,
    ],
    ("disco-random-forest", "gsm"): [
        5.177,
        4.539,
        5.765,
        5.643,
        4.284,
        6.059,
        5.906,
        5.991,
        5.584,
        7.545,
    ],
    ("disco-random-forest", "arc"): [
        2.869,
        3.840,
        3.436,
        2.711,
        2.858,
        3.136,
        2.890,
        3.155,
        2.998,
        3.302,
    ],
}
# SparseEval's anchor-points baseline (taolinzhang/SparseEval at 0b10306): its weights lie at the
# wrong anchors. Means over the ten seeds, as released and after the one-line repair.
MISALIGNED = {"gsm": 6.50, "arc": 10.63}
ALIGNED = {"gsm": 3.98, "arc": 2.87}

# What the released code draws from numpy's generator as ours does gives the same anchors.
EXACT = {"random-mean": 1e-3, "random-ridge": 0.02, "item-ridge": 0.12}

# Seeds of those that take seconds a split.
SLOW = {
    ("tinybenchmarks-gp-irt", "gsm"): 3,
    ("tinybenchmarks-gp-irt", "arc"): 2,
    ("tailoredbench", "gsm"): 3,
    ("tailoredbench", "arc"): 3,
}


def errors(estimator, panel, n_seeds):
    """Return the error of each seed's split in points."""
    X, y = PANELS[panel].data, PANELS[panel].target
    found = []
    for seed in range(n_seeds):
        order = np.random.RandomState(seed).permutation(len(y))
        new, old = order[: len(y) // 4], np.sort(order[len(y) // 4 :])
        fitted = with_seed(estimator(), seed).fit(X[old], y[old])
        found.append(100 * np.abs(fitted.predict(X[new]) - y[new]).mean())
    return np.array(found)


@pytest.mark.parametrize(("method", "panel"), [key for key in PUBLISHED if key[0] in EXACT])
def test_the_same_errors_split_by_split(method, panel):
    ours = errors(lambda: get_methods()[method](50), panel, 10)
    np.testing.assert_allclose(ours, PUBLISHED[method, panel], atol=EXACT[method])


@pytest.mark.parametrize(("method", "panel"), [key for key in PUBLISHED if key[0] not in EXACT])
def test_the_same_error_within_the_noise_of_the_splits(method, panel):
    n_seeds = SLOW.get((method, panel), 10)
    ours = errors(lambda: get_methods()[method](50), panel, n_seeds)
    differences = ours - PUBLISHED[method, panel][:n_seeds]
    noise = differences.std(ddof=1) / np.sqrt(n_seeds)
    assert differences.mean() < 2.5 * noise  # no worse
    assert differences.mean() > -0.15 * np.mean(PUBLISHED[method, panel])  # and the same method


@pytest.mark.parametrize("panel", PANELS)
def test_weights_at_the_right_anchors_are_what_the_repair_brings(panel):
    weighted = errors(lambda: get_methods()["tinybenchmarks-correctness"](50), panel, 10).mean()
    assert weighted == pytest.approx(ALIGNED[panel], abs=0.5)
    assert weighted < MISALIGNED[panel] - 1.5
