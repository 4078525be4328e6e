"""An estimator is copied without what cannot be stored, and put together again."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import MLPScoreRegressor
from sklearn_sparseeval.imputers._source_imputer import SourceModels
from sklearn_sparseeval.plan.storage._neighbor_tree import NeighborTree
from sklearn_sparseeval.plan.storage._net_arrays import NetArrays
from sklearn_sparseeval.plan.storage._portable import portable, restored
from sklearn_sparseeval.plan.storage._text_array import TextArray
from sklearn_sparseeval.plan.storage._tree_arrays import TreeArrays

X = np.random.default_rng(0).random((30, 4))
Y = X.mean(axis=1)


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
    sources = SourceModels(names, numbers)
    holder = Holder(a=[inner], b={"key": (inner, 1)}, c=sources, d=numbers, e=inner, f="text")
    copy = portable(holder)
    assert isinstance(copy.a[0].names, TextArray)
    assert copy.a[0] is copy.b["key"][0] is copy.e
    assert type(copy.c) is SourceModels
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
