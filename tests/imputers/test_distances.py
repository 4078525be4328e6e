import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose

from sklearn_sparseeval.imputers._distances import (
    differences_between_items,
    mean_absolute_differences,
    mean_pairwise_differences,
)

CELLS = st.sampled_from([0.0, 0.3, 1.0, np.nan])


@pytest.mark.slow
@given(
    results=hnp.arrays(float, (4, 6), elements=CELLS),
    scores=hnp.arrays(float, (5, 6), elements=CELLS),
)
def test_distances_are_means_over_the_items_both_have(results, scores):
    results[:, 0] = 0.3
    distances = mean_absolute_differences(results, scores)
    for row, result in enumerate(results):
        for model, score in enumerate(scores):
            common = ~np.isnan(result) & ~np.isnan(score)
            expected = np.abs(result - score)[common].mean() if common.any() else np.inf
            assert_allclose(distances[row, model], expected, atol=1e-12)


@pytest.mark.slow
@given(
    X=hnp.arrays(float, (5, 3), elements=CELLS),
    weight=hnp.arrays(int, 5, elements=st.integers(1, 4)),
)
def test_pairwise_differences_are_those_of_all_ordered_pairs(X, weight):
    X[0] = 0.3
    differences = mean_pairwise_differences(X, weight.astype(float))
    for item, got in enumerate(differences):
        have = ~np.isnan(X[:, item])
        copies = np.repeat(X[have, item], weight[have])
        assert_allclose(got, np.abs(copies[:, np.newaxis] - copies).mean(), atol=1e-12)


@pytest.mark.parametrize("binary", [True, False])
def test_items_differ_by_the_weighted_sum_over_models(binary):
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 2, (6, 8)) * 1.0 if binary else rng.random((6, 8))
    weight = rng.dirichlet(np.ones(6))
    chosen = np.array([5, 0, 2])
    expected = [[weight @ np.abs(scores[:, i] - scores[:, j]) for j in chosen] for i in range(8)]
    assert_allclose(differences_between_items(scores, chosen, weight), expected, atol=1e-11)


def test_distances_that_differ_by_rounding_are_equal():
    scores = np.array([[0.1 + 0.2, 0.0], [0.3, 0.0]])
    one, other = mean_absolute_differences(np.array([[1.0, 0.0]]), scores)[0]
    assert one == other
