"""The swaps a refinement weighs against each other, by hand."""

import numpy as np

from sklearn_sparseeval.selectors.predictive._refinement import Swap, shortlist

ANCHOR_IMPORTANCE = np.array([0.5, 0.1, 0.3])
CANDIDATE_IMPORTANCE = np.array([-np.inf, 2.0, -np.inf, 5.0, -np.inf, 5.0])


def test_the_scores_own_choice_comes_first():
    assert shortlist(ANCHOR_IMPORTANCE, CANDIDATE_IMPORTANCE, set(), 1, 1) == [Swap(1, 3)]


def test_weakest_anchors_times_strongest_items():
    swaps = shortlist(ANCHOR_IMPORTANCE, CANDIDATE_IMPORTANCE, set(), 2, 2)
    assert swaps == [Swap(1, 3), Swap(1, 5), Swap(2, 3), Swap(2, 5)]


def test_refused_anchors_and_taken_items_are_left_out():
    swaps = shortlist(ANCHOR_IMPORTANCE, CANDIDATE_IMPORTANCE, {1}, 9, 9)
    assert swaps == [Swap(a, item) for a in (2, 0) for item in (3, 5, 1)]


def test_a_swap_keeps_places_and_copies():
    anchors = np.array([7, 4, 9])
    np.testing.assert_array_equal(Swap(1, 2).apply(anchors), [7, 2, 9])
    np.testing.assert_array_equal(anchors, [7, 4, 9])
