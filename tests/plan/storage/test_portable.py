"""An estimator is taken apart and put together again, and crafted parts are refused."""

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import BallTree, KDTree, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from sklearn_sparseeval import MLPScoreRegressor
from sklearn_sparseeval.plan.storage._portable import (
    NeighborTree,
    NetArrays,
    TextArray,
    TreeArrays,
    portable,
    restored,
)

NET_X = np.random.default_rng(0).random((40, 5))
NET_Y = np.column_stack([NET_X.mean(axis=1), NET_X[:, 0]])
TREE_X = np.random.default_rng(0).normal(size=(60, 4))
TREE_Y = np.column_stack([TREE_X[:, 0] * TREE_X[:, 1], TREE_X[:, 2]])
TREE_ROWS = TREE_X.astype(np.float32)
X = np.random.default_rng(0).random((30, 4))
Y = X.mean(axis=1)


class Pair(NamedTuple):
    """A named tuple."""

    first: Any
    second: Any


class Holder(BaseEstimator):
    """An estimator that holds whatever it is given."""

    def __init__(self, **attributes):
        vars(self).update(attributes)


@pytest.mark.parametrize(
    ("estimator", "stored"),
    [
        (RandomForestRegressor(2, random_state=0), lambda one: one.estimators_[0].tree_),
        (KNeighborsRegressor(3, algorithm="kd_tree"), lambda one: one._tree),
        (MLPScoreRegressor(max_iter=1, random_state=0), lambda one: one.net_),
        (make_pipeline(Ridge()), lambda one: None),
    ],
    ids=["forest", "neighbors", "networks", "pipeline"],
)
def test_what_is_restored_predicts_the_same(estimator, stored):
    estimator.fit(X, Y)
    expected = estimator.predict(X)
    copy = portable(estimator)
    kinds = (NeighborTree, NetArrays, TreeArrays, type(None))
    assert isinstance(stored(copy), kinds)
    assert not isinstance(stored(estimator), (NeighborTree, NetArrays, TreeArrays))
    np.testing.assert_array_equal(restored(copy).predict(X), expected)
    np.testing.assert_array_equal(estimator.predict(X), expected)


def test_containers_are_copied_all_the_way_down():
    names = np.array(["a", "b"], dtype=object)
    numbers = np.arange(3)
    inner = Holder(names=names)
    sources = Pair(names, numbers)
    holder = Holder(a=[inner], b={"key": (inner, 1)}, c=sources, d=numbers, e=inner, f="text")
    copy = portable(holder)
    assert isinstance(copy.a[0].names, TextArray)
    assert copy.a[0] is copy.b["key"][0] is copy.e
    assert type(copy.c) is Pair
    assert isinstance(copy.c[0], TextArray)
    assert copy.d is numbers
    assert inner.names is names
    again = restored(copy)
    np.testing.assert_array_equal(again.e.names, names)
    assert again.f == "text"


def test_an_estimator_that_holds_itself_is_copied():
    holder = Holder()
    holder.self_ = holder
    copy = portable(holder)
    assert copy.self_ is copy is not holder


def test_callbacks_and_caches_stay_behind():
    holder = Holder(memory="cache", callbacks=[print], _skl_callbacks=[print], other=1)
    assert vars(portable(holder)) == {"memory": None, "callbacks": None, "other": 1}
    assert holder.memory == "cache"


@given(st.lists(st.text(max_size=5), min_size=1))
def test_texts_come_back_as_they_were(texts):
    array = np.array([*texts, None], dtype=object)[:-1]
    stored = TextArray.of(array)
    again = stored.restored() if isinstance(stored, TextArray) else stored
    assert again.dtype == object
    assert again.tolist() == texts
    assert all(type(one) is str for one in again)


@pytest.mark.parametrize(
    "values",
    [[1, "a"], [None], [np.nan, "a"], ["ends in nul\0"], []],
    ids=["number", "none", "nan", "nul", "empty"],
)
def test_other_arrays_stay_as_they_are(values):
    array = np.array(values, dtype=object)
    assert TextArray.of(array) is array


def test_tables_keep_their_shape():
    array = np.array([["a", "bcd"], ["", "e"]], dtype=object)
    stored = TextArray.of(array)
    assert stored.texts.dtype.kind == "U"
    np.testing.assert_array_equal(stored.restored(), array)


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


@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeRegressor(random_state=0).fit(TREE_X, TREE_Y),
        DecisionTreeRegressor(max_leaf_nodes=9, random_state=0).fit(TREE_X, TREE_Y[:, 0]),
        DecisionTreeClassifier(random_state=0).fit(TREE_X, (TREE_Y > 0).astype(int)),
        DecisionTreeRegressor().fit(TREE_X[:1], TREE_Y[:1]),
    ],
    ids=["depth-first", "best-first", "classes", "single-leaf"],
)
def test_a_tree_comes_back_as_it_was(estimator):
    tree = estimator.tree_
    again = TreeArrays.of(tree).restored()
    np.testing.assert_array_equal(again.predict(TREE_ROWS), tree.predict(TREE_ROWS))
    assert again.max_depth == tree.max_depth
    assert (again.decision_path(TREE_ROWS) != tree.decision_path(TREE_ROWS)).nnz == 0


@pytest.fixture
def tree_arrays():
    arrays = TreeArrays.of(
        DecisionTreeRegressor(max_depth=3, random_state=0).fit(TREE_X, TREE_Y).tree_
    )
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
def test_numbers_out_of_range_are_refused(field, node, value, match, tree_arrays):
    tree_arrays.nodes[field][node] = value
    with pytest.raises(ValueError, match=match):
        tree_arrays.restored()


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
def test_parts_that_do_not_fit_are_refused(changes, tree_arrays):
    with pytest.raises((ValueError, IndexError, TypeError)):
        tree_arrays._replace(**changes).restored()


def test_a_tree_without_nodes_is_refused(tree_arrays):
    with pytest.raises(ValueError, match="has no nodes"):
        tree_arrays._replace(nodes=tree_arrays.nodes[:0], values=tree_arrays.values[:0]).restored()


def test_depth_is_computed_not_believed(tree_arrays):
    # A depth that is too small would make decision_path write beyond its array.
    assert tree_arrays.restored().max_depth == 3


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"hidden_layer_sizes": (), "n_networks": 1},
        {"dropout": 0.2, "activation": "gelu"},
        {"baseline": None, "output_activation": "sigmoid", "hidden_layer_sizes": (3, 4, 5)},
    ],
    ids=["default", "linear", "dropout", "sigmoid"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_net_comes_back_as_it_was(params, dtype):
    regressor = MLPScoreRegressor(max_iter=2, random_state=0, **params)
    regressor.fit(NET_X.astype(dtype), NET_Y.astype(dtype))
    expected = regressor.predict(NET_X.astype(dtype))
    gradient = regressor.input_gradient(NET_X.astype(dtype))
    regressor.net_ = NetArrays.of(regressor.net_).restored()
    np.testing.assert_array_equal(regressor.predict(NET_X.astype(dtype)), expected)
    np.testing.assert_array_equal(regressor.input_gradient(NET_X.astype(dtype)), gradient)


def test_a_net_can_be_trained_on():
    regressor = MLPScoreRegressor(max_iter=2, random_state=0, warm_start=True).fit(NET_X, NET_Y)
    copy = MLPScoreRegressor(**regressor.get_params())
    copy.net_ = NetArrays.of(regressor.net_).restored()
    expected = regressor.fit(NET_X, NET_Y).predict(NET_X)
    np.testing.assert_array_equal(copy.fit(NET_X, NET_Y).predict(NET_X), expected)


def test_arrays_are_copies():
    regressor = MLPScoreRegressor(max_iter=1, random_state=0).fit(NET_X, NET_Y)
    arrays = NetArrays.of(regressor.net_)
    before = arrays.parameters[0].copy()
    with torch.no_grad():
        next(regressor.net_.module_.parameters()).zero_()
    np.testing.assert_array_equal(arrays.parameters[0], before)


def test_torchs_random_stream_is_left_alone():
    arrays = NetArrays.of(MLPScoreRegressor(max_iter=1, random_state=0).fit(NET_X, NET_Y).net_)
    before = torch.random.get_rng_state()
    arrays.restored()
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda parameters: parameters[:-1],
        lambda parameters: [*parameters, parameters[-1]],
        lambda parameters: [parameters[0], parameters[1][:, :, :-1], *parameters[2:]],
        lambda parameters: [*parameters[:2], parameters[2][:, :-1], *parameters[3:]],
        lambda parameters: [parameters[0][:1], *parameters[1:]],
        lambda parameters: [],
    ],
    ids=["short", "long", "bias", "width", "networks", "none"],
)
def test_weights_that_do_not_fit_are_refused(spoil):
    arrays = NetArrays.of(MLPScoreRegressor(max_iter=1, random_state=0).fit(NET_X, NET_Y).net_)
    with pytest.raises((ValueError, IndexError)):
        arrays._replace(parameters=spoil(arrays.parameters)).restored()
