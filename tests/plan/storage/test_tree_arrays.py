"""Trees are taken apart and put together, and crafted ones are refused."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from sklearn_sparseeval.plan.storage._tree_arrays import TreeArrays

X = np.random.default_rng(0).normal(size=(60, 4))
Y = np.column_stack([X[:, 0] * X[:, 1], X[:, 2]])
ROWS = X.astype(np.float32)


@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeRegressor(random_state=0).fit(X, Y),
        DecisionTreeRegressor(max_leaf_nodes=9, random_state=0).fit(X, Y[:, 0]),
        DecisionTreeClassifier(random_state=0).fit(X, (Y > 0).astype(int)),
        DecisionTreeRegressor().fit(X[:1], Y[:1]),
    ],
    ids=["depth-first", "best-first", "classes", "single-leaf"],
)
def test_a_tree_comes_back_as_it_was(estimator):
    tree = estimator.tree_
    again = TreeArrays.of(tree).restored()
    np.testing.assert_array_equal(again.predict(ROWS), tree.predict(ROWS))
    assert again.max_depth == tree.max_depth
    assert (again.decision_path(ROWS) != tree.decision_path(ROWS)).nnz == 0


@pytest.fixture
def arrays():
    arrays = TreeArrays.of(DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, Y).tree_)
    return arrays._replace(nodes=arrays.nodes.copy())


@pytest.mark.parametrize(
    ("field", "node", "value", "match"),
    [
        ("left_child", 0, 10**9, "a child that does not exist"),
        ("right_child", 0, 10**9, "a child that does not exist"),
        ("right_child", 0, -1, "a child that does not exist"),
        ("left_child", 0, -5, "a child that does not exist"),
        ("left_child", 1, 0, "a child that does not exist"),
        ("right_child", 1, 1, "a child that does not exist"),
        ("feature", 0, 4, "a feature that does not exist"),
        ("feature", 0, -2, "a feature that does not exist"),
    ],
)
def test_numbers_out_of_range_are_refused(field, node, value, match, arrays):
    arrays.nodes[field][node] = value
    with pytest.raises(ValueError, match=match):
        arrays.restored()


@pytest.mark.parametrize(
    "changes",
    [
        {"n_classes": np.array([1])},
        {"n_classes": np.array([1, 1, 1])},
        {"n_classes": np.array([[1, 1]])},
        {"n_classes": np.array([1, 0])},
        {"n_classes": np.array([1, 10**6])},
        {"n_classes": np.array([1.0, 1.0])},
        {"nodes": np.zeros(3)},
        {"values": np.zeros((2, 2, 1))},
        {"n_features": "four"},
    ],
    ids=["few", "many", "table", "zero", "large", "floats", "nodes", "values", "features"],
)
def test_parts_that_do_not_fit_are_refused(changes, arrays):
    with pytest.raises((ValueError, IndexError, TypeError)):
        arrays._replace(**changes).restored()


def test_a_tree_without_nodes_is_refused(arrays):
    with pytest.raises(ValueError, match="has no nodes"):
        arrays._replace(nodes=arrays.nodes[:0], values=arrays.values[:0]).restored()


def test_depth_is_computed_not_believed(arrays):
    # A depth that is too small would make decision_path write beyond its array.
    assert arrays.restored().max_depth == 3
