"""Scores on one scale and without gaps."""

import numpy as np

from sklearn_sparseeval.numerics.score_scale import filled, unit_range

NAN = np.nan


def test_scores_inside_the_unit_range_stay_as_they_are():
    scores = np.array([[0.2, NAN], [0.9, 0.4]])
    assert unit_range(scores) is scores


def test_other_scores_are_mapped_by_their_extremes():
    got = unit_range(np.array([[-10.0, NAN], [30.0, 0.0]]))
    np.testing.assert_allclose(got, [[0, NAN], [1, 0.25]])
    np.testing.assert_array_equal(unit_range(np.array([[5.0, 5.0]])), [[0, 0]])


def test_gaps_take_the_weighted_mean_of_the_item():
    X = np.array([[1.0, NAN, NAN], [0.0, 0.6, NAN], [NAN, 0.2, NAN]])
    got = filled(X, np.array([3.0, 1.0, 1.0]))
    np.testing.assert_allclose(got, [[1, 0.4, 0.5], [0, 0.6, 0.5], [0.75, 0.2, 0.5]])


def test_scores_without_gaps_are_handed_back():
    X = np.ones((2, 2))
    assert filled(X, np.ones(2)) is X
