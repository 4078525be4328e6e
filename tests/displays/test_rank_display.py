"""Models in order: who is better than whom, what is joined, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.base import BaseEstimator

from sklearn_sparseeval.displays import RankDisplay

SCORES = np.array([0.3, 0.9, 0.5, 0.85, 0.52])


class Known(BaseEstimator):
    """Knows the scores of the five models; a difference of .2 is sure."""

    def predict(self, X):
        return SCORES[np.asarray(X)[:, 0].astype(int)]

    def predict_interval(self, X, coverage):
        return self.predict(X)[:, np.newaxis] + [-coverage / 10, coverage / 10]

    def applicability(self, X):
        return pd.DataFrame({"like": self.predict(X) < 0.8})

    def prob_better(self, XA, XB):
        return 0.5 + np.minimum(2.4 * (self.predict(XA) - self.predict(XB)), 0.48)


X = np.arange(5.0)[:, np.newaxis]
ORDER = [1, 3, 4, 2, 0]


def ranking():
    return pd.DataFrame(
        {
            "model": list("vwxyz"),
            "score": [0.9, 0.8, 0.7, 0.6, 0.5],
            "low": [0.8, 0.7, 0.6, 0.5, 0.4],
            "high": [1.0, 0.9, 0.8, 0.7, 0.6],
            "prob_better": [0.99, 0.94, 0.95, 0.6, np.nan],
            "like": [False, True, True, True, True],
        }
    )


@pytest.mark.parametrize("frame", [False, True])
def test_the_best_comes_first(frame):
    rows = pd.DataFrame(X, index=list("abcde")) if frame else X
    display = RankDisplay.from_estimator(Known(), rows)
    found = display.frame()
    assert found["model"].tolist() == (["b", "d", "e", "c", "a"] if frame else ORDER)
    np.testing.assert_allclose(found["score"], SCORES[ORDER])
    np.testing.assert_allclose(found["high"] - found["low"], 0.18)
    np.testing.assert_allclose(found["prob_better"][:-1], [0.62, 0.98, 0.548, 0.98])
    assert found["like"].tolist() == [False, False, True, True, True]
    assert found["place"].tolist() == [1, 1, 3, 3, 5]


def test_names_may_be_given():
    display = RankDisplay.from_estimator(Known(), X, model_names=list("abcde"), coverage=0.5)
    assert display.model_names == ["b", "d", "e", "c", "a"]
    np.testing.assert_allclose(np.ptp(display.intervals, axis=1), 0.1)


def test_a_ranking_is_drawn_as_it_is():
    display = RankDisplay.from_ranking(ranking()).plot()
    assert display.frame()["place"].tolist() == [1, 2, 2, 4, 4]
    np.testing.assert_allclose(display.points_.get_xdata(), [90, 80, 70, 60, 50])
    assert display.unlike_.get_ydata().tolist() == [0]
    spans = [bracket.get_ydata() for bracket in display.brackets_]
    np.testing.assert_allclose([(span.min(), span.max()) for span in spans],
                               [(0.75, 2.25), (2.75, 4.25)])  # fmt: skip
    assert all(bracket.get_xdata().max() > 100 for bracket in display.brackets_)
    texts = [text.get_text() for text in display.legend_.get_texts()]
    assert texts == ["too close to call (P < 0.95)", "unlike the history"]
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == list("vwxyz")
    assert display.ax_.get_ylim() == (4.5, -0.5)
    plt.close(display.figure_)


def test_what_is_decided_is_a_choice():
    display = RankDisplay.from_ranking(ranking().drop(columns="like"), decided=0.5).plot()
    assert display.frame()["place"].tolist() == [1, 2, 3, 4, 5]
    assert display.brackets_ == []
    assert display.legend_ is None
    assert display.unlike_ is None
    plt.close(display.figure_)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="low"), "lacks the columns .'low'."),
        (lambda table: table.iloc[:1], "1 rows"),
        (lambda table: table.assign(score=np.nan), "not finite"),
        (lambda table: table.assign(low=2.0), "above|cross|larger|lower"),
    ],
)
def test_what_is_no_ranking(change, message):
    with pytest.raises(ValueError, match=message):
        RankDisplay.from_ranking(change(ranking()))


def test_one_model_has_no_order():
    with pytest.raises(ValueError, match="at least 2 models"):
        RankDisplay.from_estimator(Known(), X[:1])
