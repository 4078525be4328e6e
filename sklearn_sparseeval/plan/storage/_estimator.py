"""The estimator of a predictor's file, and the closed list of what it may be made of.

The members are skops' own, but for the names of classes: a file holds public names, which are
translated to where the classes are today.
"""

import io
import json
import warnings
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import InconsistentVersionWarning

from sklearn_sparseeval._errors import PredictorError
from sklearn_sparseeval._messages import short
from sklearn_sparseeval._optional import import_optional
from sklearn_sparseeval.plan.storage._members import DESCRIPTION, SCHEMA, plain_archive
from sklearn_sparseeval.plan.storage._portable import portable, restored

_PACKAGE = "sklearn_sparseeval"
# The classes behind our fitted estimators, besides the public ones: the name in a file, and where
# the class is today. What they do with what a file hands them is to keep it. A name here stays as
# it is for good; the place is free to move.
_HELPERS = {
    "AnchorReader": "intervals._reader.AnchorReader",
    "Calibration": "intervals._calibration.Calibration",
    "FitParams": "intervals._sources.FitParams",
    "ItemCurves": "numerics.item_curves.ItemCurves",
    "LowRankModel": "imputers._low_rank.LowRankModel",
    "MonotoneMap": "regressors._monotone_map.MonotoneMap",
    "NeighborTree": "plan.storage._portable.NeighborTree",
    "NetArrays": "plan.storage._portable.NetArrays",
    "PairErrors": "intervals._pairs.PairErrors",
    "RefinementStep": "selectors.predictive._refinement.RefinementStep",
    "Scaling": "regressors.mlp._mlp.Scaling",
    "ScoreScale": "intervals._scale.ScoreScale",
    "SourceModels": "imputers._source_imputer.SourceModels",
    "TailoredSources": "selectors.representative._tailored._Sources",
    "TextArray": "plan.storage._portable.TextArray",
    "TreeArrays": "plan.storage._portable.TreeArrays",
    "Usual": "intervals._verdicts.Usual",
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


def store_estimator(estimator: Any, method: str) -> dict[str, bytes]:
    """Write an estimator as members of a zip file.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator.
    method : str
        Its name, for messages; may be empty.

    Returns
    -------
    members : dict of str to bytes
        Content by name.

    Raises
    ------
    PredictorError
        If it holds something that cannot be stored, or that loading would refuse.
    ImportError
        If skops is not installed.
    """
    skops = _import_skops()
    whose = f"The method {method!r}" if method else f"The {type(estimator).__name__}"
    try:
        dumped = skops.dumps(portable(estimator))
    except Exception as error:  # skops raises many types, for what it cannot take apart
        raise PredictorError(
            f"{whose} cannot be saved without pickle ({type(error).__name__}: {error}). "
            f"{_what_can_be_saved()}"
        ) from error
    with zipfile.ZipFile(io.BytesIO(dumped)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members[SCHEMA])
    known = with_public_names(schema)
    refused = refused_types(schema) or _refused_by_skops(dumped, known)
    if refused:
        raise PredictorError(
            f"{whose} cannot be saved: it holds {', '.join(refused)}, which loading would refuse. "
            f"{_what_can_be_saved()}"
        )
    members[SCHEMA] = json.dumps(schema).encode()
    return members


def load_estimator(path: Path, members: dict[str, bytes], method: str) -> Any:
    """Make the estimator, if all that it is made of can be trusted.

    Parameters
    ----------
    path : Path
        The file, for messages.
    members : dict of str to bytes
        All its members.
    method : str
        Name of the method, for messages.

    Returns
    -------
    estimator : object
        What was stored.

    Raises
    ------
    PredictorError
        If it holds types that cannot be trusted, is of a newer protocol of skops than is
        installed, or is damaged.
    ImportError
        If skops is not installed.
    """
    skops = _import_skops()
    try:
        schema = json.loads(members[SCHEMA])
        _check_protocol(path, schema)
        refused = refused_types(schema)
        if not refused:
            known = with_module_names(schema)
            named = members | {SCHEMA: json.dumps(schema).encode()}
            del named[DESCRIPTION]
            archive = plain_archive(named)
            refused = _refused_by_skops(archive, known)
        if refused:
            raise PredictorError(
                f"{path} is not to be trusted: it holds {', '.join(refused)}, which no predictor "
                "does. Nothing of it was loaded."
            )
        trusted = skops.get_untrusted_types(data=archive)  # all of them are on our list
        with warnings.catch_warnings():  # versions are compared once, not by each estimator
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            return restored(skops.loads(archive, trusted=trusted))
    except PredictorError:
        raise
    except Exception as error:  # a foreign file: anything may be anything
        raise PredictorError(
            f"{path} is damaged: its estimator, by the method {method!r}, cannot be loaded "
            f"({type(error).__name__}: {error}). Copy it again, or make it anew."
        ) from error


def _what_can_be_saved() -> str:
    return (
        "Make it of estimators of this package and these of scikit-learn, without functions of "
        f"your own: {', '.join(scikit_learn_names())}."
    )


def _check_protocol(path: Path, schema: Any) -> None:
    """Check that skops knows the way of writing; skops 0.13 reads any as if it were its own."""
    found, known = schema["protocol"], _known_protocol()
    if type(found) is not int or found < 0:
        raise ValueError(f"protocol is {found!r}")
    if found > known:
        raise PredictorError(
            f"{path} was written in protocol {found} of skops; the skops that is installed reads "
            f"protocols up to {known}. Update: pip install --upgrade skops."
        )


@cache
def _known_protocol() -> int:
    with zipfile.ZipFile(io.BytesIO(_import_skops().dumps(0))) as archive:
        return int(json.loads(archive.read(SCHEMA))["protocol"])


def _refused_by_skops(archive: bytes, known: set[str]) -> list[str]:
    """Ask skops too, after our own list: skops looks at the types, we at how they are loaded."""
    asked = _import_skops().get_untrusted_types(data=archive)
    return [name for name in asked if name not in known and name != "numpy.dtype"]


def _import_skops() -> Any:
    return import_optional("skops.io", "Saving or loading a predictor")
