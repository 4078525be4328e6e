import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from sklearn_sparseeval.imputers._transport import LineDistribution

POINTS = np.array([0.5, 0.1, 0.2, 0.1])
WEIGHT = np.array([1.0, 1.0, 2.0, 0.0])


@pytest.mark.parametrize(
    ("value", "level", "beyond"),
    [
        (0.1, 0.125, 0.0),  # half of its quarter
        (0.2, 0.5, 0.0),
        (0.5, 0.875, 0.0),
        (0.15, 0.3125, 0.0),  # half-way between the points is half-way between the levels
        (0.7, 0.875, 0.2),
        (0.0, 0.125, -0.1),
    ],
)
def test_ranks_by_hand(value, level, beyond):
    assert_allclose(LineDistribution(POINTS, WEIGHT).rank(value), (level, beyond), atol=1e-12)


def test_points_at_levels_by_hand():
    line = LineDistribution(POINTS, WEIGHT)
    assert_allclose(line.at(np.array([0.0, 0.125, 0.3125, 0.5, 1.0])), [0.1, 0.1, 0.15, 0.2, 0.5])


@given(points=st.lists(st.floats(-5, 5), min_size=1, max_size=6), value=st.floats(-9, 9))
def test_a_distribution_is_transported_to_itself_unchanged(points, value):
    points = np.round(points, 3)
    line = LineDistribution(points, np.ones(len(points)))
    level, beyond = line.rank(value)
    assert_allclose(line.at(level) + beyond, value, atol=1e-9)


def test_equal_numbers_of_points_are_transported_in_their_order():
    here, there = np.array([0.3, 0.1, 0.9]), np.array([5.0, 7.0, 6.0])
    start, end = LineDistribution(here, np.ones(3)), LineDistribution(there, np.ones(3))
    got = [end.at(start.rank(value)[0]) for value in here]
    assert_allclose(got, [6, 5, 7])
