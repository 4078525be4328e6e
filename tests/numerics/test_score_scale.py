"""Scores on one scale, and centred."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_sparseeval.numerics.score_scale import centred, score_bounds, unit_range

NAN = np.nan


def test_scores_inside_the_unit_range_stay_as_they_are():
    scores = np.array([[0.2, NAN], [0.9, 0.4]])
    assert unit_range(scores) is scores


def test_other_scores_are_mapped_by_their_extremes():
    got = unit_range(np.array([[-10.0, NAN], [30.0, 0.0]]))
    np.testing.assert_allclose(got, [[0, NAN], [1, 0.25]])
    np.testing.assert_array_equal(unit_range(np.array([[5.0, 5.0]])), [[0, 0]])


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.2, NAN, 0.9], (0, 1)),
        ([0.0, 1.0], (0, 1)),
        ([-1.0, NAN, 0.5], (-1, 0.5)),
        ([5, 5], (5, 5)),
    ],
)
def test_bounds_are_the_unit_range_or_the_extremes(scores, expected):
    assert score_bounds(np.array(scores, dtype=float)) == expected


@pytest.mark.parametrize("value", [0.1, 1e6 / 3, 0.0, -1e-200])
def test_what_is_left_of_a_constant_column_is_zero(value):
    columns = np.column_stack([np.full(7, value), np.arange(7.0)])
    weight = np.random.default_rng(0).random(7)
    deviations = centred(columns, weight)
    assert_array_equal(deviations[:, 0], 0)
    assert_allclose(deviations[:, 1], np.arange(7) - np.average(np.arange(7), weights=weight))
