"""Search trees are built again, of the same points."""

import numpy as np
import pytest
from sklearn.neighbors import BallTree, KDTree

from sklearn_sparseeval.plan.storage._neighbor_tree import NeighborTree

POINTS = np.random.default_rng(0).random((50, 3))


@pytest.mark.parametrize("kind", [KDTree, BallTree])
@pytest.mark.parametrize(
    ("metric", "params"), [("euclidean", {}), ("minkowski", {"p": 3})], ids=["euclidean", "cubic"]
)
def test_the_same_tree_is_built(kind, metric, params):
    tree = kind(POINTS, 5, metric=metric, **params)
    again = NeighborTree(kind.__name__, POINTS, 5, metric, params).restored()
    for expected, found in zip(tree.get_arrays(), again.get_arrays(), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("kind", "metric"), [("os", "euclidean"), ("VALID_METRICS", "euclidean"), ("KDTree", len)]
)
def test_anything_else_is_refused(kind, metric):
    with pytest.raises(ValueError, match="there is no search tree"):
        NeighborTree(kind, POINTS, 5, metric, {}).restored()
