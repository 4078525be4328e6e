"""Which types a predictor's file may hold: those of this list are made, no others."""

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from sklearn_sparseeval._messages import short

# The classes behind our fitted estimators, besides the public ones. What they do with what a
# file hands them is to keep it.
_HELPERS = frozenset(
    f"sklearn_sparseeval.{name}"
    for name in (
        "imputers._low_rank.LowRankModel",
        "imputers._source_imputer.SourceModels",
        "plan.storage._neighbor_tree.NeighborTree",
        "plan.storage._net_arrays.NetArrays",
        "plan.storage._text_array.TextArray",
        "plan.storage._tree_arrays.TreeArrays",
        "regressors._monotone_map.MonotoneMap",
        "regressors.mlp._scaling.Scaling",
        "selectors.predictive._refinement.RefinementStep",
        "selectors.representative._tailored._Sources",
    )
)
# Estimators of scikit-learn that compute with numpy, which checks shapes, or whose arrays
# check_fitted does. Others hand what a file holds to compiled code that reads beyond an array of
# another shape: support vectors, cluster centres, boosted trees.
_SCIKIT_LEARN = {
    "compose": ("TransformedTargetRegressor",),
    "cross_decomposition": ("PLSRegression",),
    "decomposition": ("PCA", "TruncatedSVD"),
    "dummy": ("DummyRegressor",),
    "ensemble": ("BaggingRegressor", "ExtraTreesRegressor", "RandomForestRegressor"),
    "feature_selection": ("VarianceThreshold",),
    "impute": ("KNNImputer", "MissingIndicator", "SimpleImputer"),
    "linear_model": (
        "ARDRegression",
        "BayesianRidge",
        "ElasticNet",
        "ElasticNetCV",
        "HuberRegressor",
        "Lars",
        "Lasso",
        "LassoCV",
        "LassoLars",
        "LassoLarsCV",
        "LinearRegression",
        "MultiTaskElasticNet",
        "MultiTaskElasticNetCV",
        "MultiTaskLasso",
        "MultiTaskLassoCV",
        "OrthogonalMatchingPursuit",
        "QuantileRegressor",
        "Ridge",
        "RidgeCV",
        "TheilSenRegressor",
    ),
    "multioutput": ("MultiOutputRegressor",),
    "neighbors": ("KNeighborsRegressor",),
    "pipeline": ("FeatureUnion", "Pipeline"),
    "preprocessing": (
        "FunctionTransformer",
        "MaxAbsScaler",
        "MinMaxScaler",
        "Normalizer",
        "PowerTransformer",
        "QuantileTransformer",
        "RobustScaler",
        "StandardScaler",
    ),
    "tree": ("DecisionTreeRegressor", "ExtraTreeRegressor"),
}
_SIMPLE = frozenset(f"builtins.{name}" for name in ("bool", "float", "int", "str"))
# What a node of skops' schema may be: the way of loading, and what may be loaded that way. Left
# out are all that call what the file names.
_PLAIN_NODES = {
    "DTypeNode": frozenset({"numpy.dtype"}),
    "DictNode": frozenset({"builtins.dict"}),
    "JsonNode": frozenset({"builtins.str"}),
    "ListNode": frozenset({"builtins.list"}),
    "RandomStateNode": frozenset({"numpy.random.mtrand.RandomState"}),
    "SetNode": frozenset({"builtins.set"}),
    "TupleNode": frozenset({"builtins.tuple"}),
}
_OTHER_NODES = ("FunctionNode", "NdArrayNode", "ObjectNode", "TypeNode")


def refused_types(schema: Any) -> list[str]:
    """Find what a file must not hold.

    Parameters
    ----------
    schema : object
        The file's schema.json, parsed; nothing is imported that it names, unless it is one of
        the package's public estimators.

    Returns
    -------
    names : list of str
        Full names of the types that are not on the list, sorted; those of functions are left to
        skops, which names all but numpy's and scipy's ufuncs.
    """
    refused: set[str] = set()
    to_visit = [schema]
    while to_visit:
        node = to_visit.pop()
        if isinstance(node, dict):
            to_visit.extend(node.values())
            if "__loader__" in node and not _is_trusted(node):
                refused.add(_named(node))
        elif isinstance(node, list):
            to_visit.extend(node)
    return sorted(refused)


def is_trusted_class(name: str) -> bool:
    """Tell whether a class may be made from what a file holds.

    Parameters
    ----------
    name : str
        Its full name, module and class.

    Returns
    -------
    trusted : bool
        Whether it is one of `scikit_learn_names`, a public estimator of this package, defined
        where the name says, or a class behind one.
    """
    return (
        name in _HELPERS
        or name == "numpy.dtype"
        or name in _sklearn_estimators()
        or _is_public_estimator(name)
    )


def scikit_learn_names() -> list[str]:
    """List the estimators of scikit-learn that a file may hold.

    Returns
    -------
    names : list of str
        Names of the classes, sorted.
    """
    return sorted(name for names in _SCIKIT_LEARN.values() for name in names)


def _named(node: dict[str, Any]) -> str:
    """Name a type, and how it would be loaded where that is the fault."""
    name, loader = f"{node.get('__module__')}.{node.get('__class__')}", node["__loader__"]
    known = isinstance(loader, str) and loader in (*_PLAIN_NODES, *_OTHER_NODES)
    return name if known else f"{name} (as {short(loader)})"


def _is_trusted(node: dict[str, Any]) -> bool:
    loader, name = node["__loader__"], f"{node.get('__module__')}.{node.get('__class__')}"
    if not isinstance(loader, str):
        return False
    if loader == "NdArrayNode":
        return name == "numpy.ndarray" or name in _numpy_scalars()
    if loader == "TypeNode":  # the types of a dict's keys
        return name in _SIMPLE or name in _numpy_scalars()
    if loader == "ObjectNode":
        return is_trusted_class(name)
    if loader == "FunctionNode":  # skops itself names all but the ufuncs of numpy and scipy
        return True
    if loader == "TupleNode" and name in _HELPERS:
        return True
    return name in _PLAIN_NODES.get(loader, ())


def _is_public_estimator(name: str) -> bool:
    from sklearn.base import BaseEstimator

    import sklearn_sparseeval as package

    last = name.rpartition(".")[2]
    if not name.startswith("sklearn_sparseeval.") or last not in package.__all__:
        return False
    found = getattr(package, last)  # our own, whatever the file says
    estimator = isinstance(found, type) and issubclass(found, BaseEstimator)
    return estimator and name == f"{found.__module__}.{found.__qualname__}"


@cache
def _sklearn_estimators() -> frozenset[str]:
    found = [
        getattr(import_module(f"sklearn.{module}"), name)
        for module, names in _SCIKIT_LEARN.items()
        for name in names
    ]
    return frozenset(f"{one.__module__}.{one.__qualname__}" for one in found)


@cache
def _numpy_scalars() -> frozenset[str]:
    kinds = (np.bool_, np.number, np.str_)
    return frozenset(
        f"numpy.{one.__name__}" for one in np.sctypeDict.values() if issubclass(one, kinds)
    )
