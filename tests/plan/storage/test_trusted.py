"""The list of what a file may hold is not a pattern that a stranger could match."""

from importlib import import_module

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils import all_estimators

import sklearn_sparseeval
from sklearn_sparseeval.plan.storage._estimator import (
    _HELPERS,
    module_name,
    public_name,
    refused_types,
    scikit_learn_names,
)

PUBLIC = [
    name
    for name in sklearn_sparseeval.__all__
    if isinstance(getattr(sklearn_sparseeval, name), type)
    and issubclass(getattr(sklearn_sparseeval, name), BaseEstimator)
]


@pytest.mark.parametrize("short", sorted(_HELPERS))
def test_a_helper_is_a_class_of_ours_that_is_defined_there(short):
    module, _, last = module_name(f"sklearn_sparseeval.{short}").rpartition(".")
    helper = getattr(import_module(module), last)
    assert isinstance(helper, type)
    assert helper.__module__ == module
    assert module.startswith("sklearn_sparseeval.")
    assert public_name(f"{module}.{last}") == f"sklearn_sparseeval.{short}"


def test_names_of_helpers_in_files_are_never_changed():
    assert sorted(_HELPERS) == [
        "AnchorReader",
        "Calibration",
        "FitParams",
        "ItemCurves",
        "LowRankModel",
        "MonotoneMap",
        "NeighborTree",
        "NetArrays",
        "PairErrors",
        "RefinementStep",
        "Scaling",
        "ScoreScale",
        "SourceModels",
        "TailoredSources",
        "TextArray",
        "TreeArrays",
        "Usual",
    ]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_estimators_are_known_by_their_public_name(name):
    found = getattr(sklearn_sparseeval, name)
    actual = f"{found.__module__}.{name}"
    assert module_name(f"sklearn_sparseeval.{name}") == actual
    assert public_name(actual) == f"sklearn_sparseeval.{name}"
    assert public_name(f"sklearn_sparseeval.evil.{name}") is None
    assert public_name(f"elsewhere.{name}") is None
    assert module_name(f"elsewhere.{name}") is None
    assert module_name(actual) is None


@pytest.mark.parametrize("name", scikit_learn_names())
def test_estimators_of_scikit_learn_are_known_by_their_public_name(name):
    found = dict(all_estimators())[name]
    actual = f"{found.__module__}.{name}"
    public = public_name(actual)
    assert public == f"sklearn.{actual.split('.')[1]}.{name}"
    assert "._" not in public
    assert module_name(public) == actual


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.linear_model._ridge.Ridge",
        "sklearn.evil.Ridge",
        "sklearn.svm.Ridge",
        "sklearn.svm.NuSVR",
        "sklearn.cluster.KMeans",
        "sklearn.ensemble.GradientBoostingRegressor",
        "sklearn.linear_model.Lasso",
        "sklearn.tree._tree.Tree",
        "sklearn.utils.Bunch",
        "sklearn.Ridge",
        "linear_model.Ridge",
        "sklearn_sparseeval.methods",
        "sklearn_sparseeval.get_methods",
        "sklearn_sparseeval.__version__",
        "sklearn_sparseeval.ScoreMatrix",
        "sklearn_sparseeval.PredictorError",
        "sklearn_sparseeval",
        "os.system",
        "builtins.eval",
        "",
        ".",
    ],
)
def test_other_names_stand_for_nothing(name):
    assert module_name(name) is None
    assert len(refused_types({"__loader__": "ObjectNode", **split(name)})) == 1


def split(name):
    module, _, last = name.rpartition(".")
    return {"__module__": module, "__class__": last}


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
