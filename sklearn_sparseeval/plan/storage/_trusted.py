"""The closed list: what a predictor's file may name, and the class that each name stands for."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from sklearn_sparseeval._messages import short

_PACKAGE = "sklearn_sparseeval"
# The classes behind our fitted estimators, besides the public ones: the name in a file, and where
# the class is today. What they do with what a file hands them is to keep it. A name here stays as
# it is for good; the place is free to move.
_HELPERS = {
    "LowRankModel": "imputers._low_rank.LowRankModel",
    "MonotoneMap": "regressors._monotone_map.MonotoneMap",
    "NeighborTree": "plan.storage._portable.NeighborTree",
    "NetArrays": "plan.storage._portable.NetArrays",
    "RefinementStep": "selectors.predictive._refinement.RefinementStep",
    "Scaling": "regressors.mlp._scaling.Scaling",
    "SourceModels": "imputers._source_imputer.SourceModels",
    "TailoredSources": "selectors.representative._tailored._Sources",
    "TextArray": "plan.storage._portable.TextArray",
    "TreeArrays": "plan.storage._portable.TreeArrays",
}
# What the registered methods are made of and the documentation recommends. They compute with
# numpy, which checks shapes, or check_fitted checks their arrays. Others hand what a file holds to
# compiled code that reads beyond an array of another shape: cluster centres, boosted trees.
_SCIKIT_LEARN = {
    "decomposition": ("PCA",),
    "ensemble": ("RandomForestRegressor",),
    "feature_selection": ("SelectKBest",),
    "impute": ("SimpleImputer",),
    "linear_model": ("Ridge", "RidgeCV"),
    "multioutput": ("MultiOutputRegressor",),
    "neighbors": ("KNeighborsRegressor",),
    "pipeline": ("Pipeline",),
    "svm": ("SVR",),
    "tree": ("DecisionTreeRegressor",),
}
_FUNCTIONS = {"feature_selection": ("f_regression",)}  # of SelectKBest; fit calls it, predict not
_RANDOM_STATE = "numpy.random.RandomState"
_SIMPLE = frozenset(f"builtins.{name}" for name in ("bool", "float", "int", "str"))
# What a node of skops' schema may be: the way of loading, and what may be loaded that way. Left
# out are all that call what the file names.
_PLAIN_NODES = {
    "DTypeNode": frozenset({"numpy.dtype"}),
    "DictNode": frozenset({"builtins.dict"}),
    "JsonNode": frozenset({"builtins.str"}),
    "ListNode": frozenset({"builtins.list"}),
    "RandomStateNode": frozenset({_RANDOM_STATE}),
    "SetNode": frozenset({"builtins.set"}),
    "TupleNode": frozenset({"builtins.tuple"}),
}
_OTHER_NODES = ("FunctionNode", "NdArrayNode", "ObjectNode", "TypeNode")


def refused_types(schema: Any) -> list[str]:
    """Find what a file must not hold.

    Parameters
    ----------
    schema : object
        The file's schema.json, parsed; nothing is imported that it names, unless it is on the
        list.

    Returns
    -------
    names : list of str
        Names of the types and functions that are not on the list, sorted.
    """
    return sorted({_named(node) for node in _nodes(schema) if not _is_trusted(node)})


def with_public_names(schema: Any) -> set[str]:
    """Write the names of a file in the place of those of modules.

    Parameters
    ----------
    schema : object
        What skops wrote, parsed; changed in place. What is not on the list keeps its name.

    Returns
    -------
    names : set of str
        Module and name of each class and function that got another name.
    """
    renamed = set()
    for node in _nodes(schema):
        name = _full_name(node)
        public = public_name(name)
        if public is not None:
            renamed.add(name)
            _rename(node, public)
    return renamed


def with_module_names(schema: Any) -> set[str]:
    """Undo :func:`with_public_names`.

    Parameters
    ----------
    schema : object
        The file's schema.json, parsed, in which `refused_types` found nothing; changed in place.

    Returns
    -------
    names : set of str
        Module and name of each class and function that got another name.
    """
    renamed = set()
    for node in _nodes(schema):
        name = module_name(_full_name(node))
        if name is not None:
            renamed.add(name)
            _rename(node, name)
    return renamed


def public_name(name: str) -> str | None:
    """Return the name by which a file knows a class or function.

    Parameters
    ----------
    name : str
        Where it is defined: module and name.

    Returns
    -------
    public : str or None
        None where it is not on the list.
    """
    room, last = ".".join(name.split(".")[:2]), name.rpartition(".")[2]
    helpers = [f"{_PACKAGE}.{one}" for one in _HELPERS]
    candidates = [f"{_PACKAGE}.{last}", f"{room}.{last}", *helpers, _RANDOM_STATE]
    return next((one for one in candidates if module_name(one) == name), None)


def module_name(public: str) -> str | None:
    """Return where a class or function is defined that a file names.

    Parameters
    ----------
    public : str
        The name in the file.

    Returns
    -------
    name : str or None
        Module and name; None where it is not on the list.
    """
    module, _, last = public.rpartition(".")
    if public == _RANDOM_STATE:
        return f"{np.random.RandomState.__module__}.RandomState"
    if module == _PACKAGE and last in _HELPERS:
        return f"{_PACKAGE}.{_HELPERS[last]}"
    room = module.removeprefix("sklearn.")
    if module == _PACKAGE:
        found = _public_estimator(last)
    elif room != module and last in (*_SCIKIT_LEARN.get(room, ()), *_FUNCTIONS.get(room, ())):
        found = getattr(import_module(module), last)
    else:
        return None
    return None if found is None else f"{found.__module__}.{found.__qualname__}"


def scikit_learn_names() -> list[str]:
    """List the estimators of scikit-learn that a file may hold.

    Returns
    -------
    names : list of str
        Names of the classes, sorted.
    """
    return sorted(name for names in _SCIKIT_LEARN.values() for name in names)


def _nodes(schema: Any) -> list[dict[str, Any]]:
    """Return all that skops would load, however deep."""
    nodes: list[dict[str, Any]] = []
    to_visit = [schema]
    while to_visit:
        node = to_visit.pop()
        if isinstance(node, dict):
            to_visit.extend(node.values())
            if "__loader__" in node:
                nodes.append(node)
        elif isinstance(node, list):
            to_visit.extend(node)
    return nodes


def _full_name(node: dict[str, Any]) -> str:
    return f"{node.get('__module__')}.{node.get('__class__')}"


def _rename(node: dict[str, Any], name: str) -> None:
    node["__module__"], _, node["__class__"] = name.rpartition(".")


def _named(node: dict[str, Any]) -> str:
    """Name a type, and how it would be loaded where that is the fault."""
    name, loader = _full_name(node), node["__loader__"]
    known = isinstance(loader, str) and loader in (*_PLAIN_NODES, *_OTHER_NODES)
    return name if known else f"{name} (as {short(loader)})"


def _is_trusted(node: dict[str, Any]) -> bool:
    loader, name = node["__loader__"], _full_name(node)
    if not isinstance(loader, str):
        return False
    if loader == "NdArrayNode":
        return name == "numpy.ndarray" or name in _numpy_scalars()
    if loader == "TypeNode":  # the types of a dict's keys
        return name in _SIMPLE or name in _numpy_scalars()
    if loader == "FunctionNode":
        return name in _listed(_FUNCTIONS)
    if loader == "ObjectNode":
        return name not in _listed(_FUNCTIONS) and module_name(name) is not None
    if loader == "TupleNode" and name in {f"{_PACKAGE}.{one}" for one in _HELPERS}:
        return True
    return name in _PLAIN_NODES.get(loader, ())


def _listed(names: Mapping[str, tuple[str, ...]]) -> set[str]:
    return {f"sklearn.{room}.{name}" for room in names for name in names[room]}


def _public_estimator(name: str) -> Any:
    """Return a public estimator of this package, or None; no other name is looked up."""
    from sklearn.base import BaseEstimator

    import sklearn_sparseeval as package

    if name not in package.__all__:
        return None
    found = getattr(package, name)
    return found if isinstance(found, type) and issubclass(found, BaseEstimator) else None


@cache
def _numpy_scalars() -> frozenset[str]:
    kinds = (np.bool_, np.number, np.str_)
    return frozenset(
        f"numpy.{one.__name__}" for one in np.sctypeDict.values() if issubclass(one, kinds)
    )
