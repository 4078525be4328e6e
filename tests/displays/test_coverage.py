"""How often intervals hold, by group: counted by hand, drawn, and what is refused."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from scipy.stats import binomtest
from sklearn.base import BaseEstimator

from sklearn_sparseeval import ScoreMatrix
from sklearn_sparseeval.datasets import load_helm_lite
from sklearn_sparseeval.displays import CoverageDisplay

TRUE = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
INTERVALS = [[0.0, 0.2], [0.3, 0.4], [0.2, 0.4], [0.4, 0.8], [0.0, 0.4], [0.6, 0.7]]
HELD = [1, 0, 1, 1, 0, 1]
WIDTH = [0.2, 0.1, 0.2, 0.4, 0.4, 0.1]


@pytest.mark.parametrize(
    ("by", "n_bins", "groups"),
    [
        (None, 3, {"0.1 to 0.2": [0, 1], "0.3 to 0.4": [2, 3], "0.5 to 0.6": [4, 5]}),
        (None, 1, {"0.1 to 0.6": [0, 1, 2, 3, 4, 5]}),
        ([50, 20, 50, 20, 20, 50], 3, {"20": [1, 3, 4], "50": [0, 2, 5]}),
        (["b", None, "a", "b", "a", "b"], 3, {"b": [0, 3, 5], "none": [1], "a": [2, 4]}),
    ],
)
def test_groups_are_counted(by, n_bins, groups):
    frame = CoverageDisplay.from_predictions(TRUE, INTERVALS, by=by, n_bins=n_bins).frame()
    assert frame["group"].tolist() == list(groups)
    for row, members in zip(frame.itertuples(), groups.values(), strict=True):
        n_held = sum(HELD[one] for one in members)
        assert row.covered == pytest.approx(n_held / len(members))
        assert row.width == pytest.approx(np.mean([WIDTH[one] for one in members]))
        assert row.n_models == len(members)
        limits = binomtest(n_held, len(members)).proportion_ci(0.95, method="wilson")
        assert (row.covered_low, row.covered_high) == pytest.approx(tuple(limits), abs=1e-9)


def test_what_is_drawn():
    display = CoverageDisplay.from_predictions(TRUE, INTERVALS, coverage=0.8, axis="strength")
    display.plot()
    covered, width = (line.get_xdata() for line in display.points_)
    np.testing.assert_allclose(covered, [50, 100, 50])
    np.testing.assert_allclose(width, [15, 30, 25])
    assert display.nominal_.get_xdata()[0] == 80
    left, right = display.axes_
    assert [text.get_text() for text in left.get_yticklabels()] == [
        "0.1 to 0.2 (2)", "0.3 to 0.4 (2)", "0.5 to 0.6 (2)",
    ]  # fmt: skip
    assert left.get_xlabel() == "covered of 80 %"
    assert right.get_xlabel() == "mean width (points)"
    assert left.get_ylabel() == "strength"
    plt.close(display.figure_)


class Wide(BaseEstimator):
    """Predicts the mean, give or take the coverage."""

    def predict_interval(self, X, coverage):
        return np.nanmean(X, axis=1)[:, np.newaxis] + [-coverage, coverage]


def test_an_estimator_is_asked_for_the_coverage():
    matrix = load_helm_lite(task="gsm", as_matrix=True)
    assert isinstance(matrix, ScoreMatrix)
    display = CoverageDisplay.from_estimator(Wide(), matrix, coverage=0.7, by=matrix.families)
    frame = display.frame()
    np.testing.assert_allclose(frame["width"], 1.4)
    assert (frame["covered"] == 1).all()
    assert frame["n_models"].sum() == 83


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"intervals": INTERVALS[:4]}, r"intervals \(4, 2\)"),
        ({"intervals": [[1.0, 0.0]] * 6}, "0 of|bound"),
        ({"by": ["a"]}, "by"),
        ({"n_bins": 0}, "n_bins"),
        ({"coverage": 90}, "coverage"),
        ({"y_true": [[0.1, 0.2]] * 6}, "each task"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        CoverageDisplay.from_predictions(**({"y_true": TRUE, "intervals": INTERVALS} | change))


def test_scores_are_needed():
    with pytest.raises(ValueError, match="y is None"):
        CoverageDisplay.from_estimator(Wide(), np.eye(3))
