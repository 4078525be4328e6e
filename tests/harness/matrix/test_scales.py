"""Averages over tasks of different scales: said, and only then."""

import warnings

import numpy as np
import pytest

from sklearn_sparseeval import ResultsWarning
from sklearn_sparseeval.harness.matrix._comparability import warn_of_scales

NAN = np.nan


def test_fractions_beside_percentages():
    scores = np.array([[0.0, 1.0, 40.0, 3.0], [1.0, NAN, NAN, 2.0]])
    message = r"1 task\(s\) .* such as 'arc', and 2 go beyond, such as 'rouge' up to 40:"
    with pytest.warns(ResultsWarning, match=message):
        warn_of_scales(scores, ["arc", "arc", "rouge", "judge"])


@pytest.mark.parametrize(
    "scores",
    [
        [[0.0, 1.0], [0.5, NAN]],
        [[50.0, 2.0], [NAN, 1.5]],
        [[NAN, NAN], [NAN, NAN]],
    ],
    ids=["fractions", "percentages", "nothing"],
)
def test_one_scale(scores):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_scales(np.array(scores), ["a", "b"])
