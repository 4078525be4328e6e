"""The list of types that a file may hold is no pattern that a stranger could match."""

from importlib import import_module

import pytest
from sklearn.base import BaseEstimator

import sklearn_sparseeval
from sklearn_sparseeval.plan.storage._trusted import (
    _HELPERS,
    is_trusted_class,
    refused_types,
)

PUBLIC = [
    name
    for name in sklearn_sparseeval.__all__
    if isinstance(getattr(sklearn_sparseeval, name), type)
    and issubclass(getattr(sklearn_sparseeval, name), BaseEstimator)
]


@pytest.mark.parametrize("name", sorted(_HELPERS))
def test_a_helper_is_a_class_of_ours_that_is_defined_there(name):
    module, _, last = name.rpartition(".")
    helper = getattr(import_module(module), last)
    assert isinstance(helper, type)
    assert helper.__module__ == module
    assert module.startswith("sklearn_sparseeval.")


@pytest.mark.parametrize("name", PUBLIC)
def test_public_estimators_are_trusted_where_they_are_defined(name):
    found = getattr(sklearn_sparseeval, name)
    assert is_trusted_class(f"{found.__module__}.{name}")
    assert not is_trusted_class(f"sklearn_sparseeval.{name}")
    assert not is_trusted_class(f"sklearn_sparseeval.evil.{name}")
    assert not is_trusted_class(f"elsewhere.{name}")


@pytest.mark.parametrize(
    ("name", "trusted"),
    [
        ("sklearn.linear_model._ridge.Ridge", True),
        ("sklearn.pipeline.Pipeline", True),
        ("sklearn.linear_model.Ridge", False),
        ("sklearn.evil.Ridge", False),
        ("sklearn.svm._classes.SVR", False),
        ("sklearn.cluster._kmeans.KMeans", False),
        ("sklearn.ensemble._gb.GradientBoostingRegressor", False),
        ("sklearn.tree._tree.Tree", False),
        ("sklearn.neighbors._kd_tree.KDTree", False),
        ("sklearn.utils.Bunch", False),
        ("sklearn_sparseeval.methods", False),
        ("sklearn_sparseeval.methods._registry.methods", False),
        ("sklearn_sparseeval.__version__", False),
        ("sklearn_sparseeval.score_matrix.ScoreMatrix", False),
        ("os.system", False),
        ("builtins.eval", False),
        ("", False),
        (".", False),
    ],
)
def test_others_are_trusted_by_name(name, trusted):
    assert is_trusted_class(name) is trusted


def test_a_name_that_leads_elsewhere_is_not_trusted(monkeypatch):
    class Evil(BaseEstimator):
        pass

    monkeypatch.setattr(sklearn_sparseeval, "AnchoredRegressor", Evil, raising=False)
    assert not is_trusted_class("sklearn_sparseeval.anchored.AnchoredRegressor")


def test_types_are_found_however_deep():
    evil = {"__loader__": "TypeNode", "__module__": "os", "__class__": "system"}
    deep = evil
    for _ in range(10_000):
        deep = {"content": [deep]}
    assert refused_types(deep) == ["os.system"]
    assert refused_types([1, "text", None, {"a": 1}]) == []


def test_numbers_texts_and_arrays_are_plain_data():
    plain = [
        ("JsonNode", "builtins", "str"),
        ("NdArrayNode", "numpy", "ndarray"),
        ("NdArrayNode", "numpy", "float64"),
        ("TypeNode", "builtins", "int"),
        ("TypeNode", "numpy", "int64"),
        ("DictNode", "builtins", "dict"),
        ("TupleNode", "builtins", "tuple"),
        ("DTypeNode", "numpy", "dtype"),
    ]
    keys = ("__loader__", "__module__", "__class__")
    assert refused_types([dict(zip(keys, one, strict=True)) for one in plain]) == []
