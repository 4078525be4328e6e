"""Importing the package is light; its public names are all there, and written once."""

import ast
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import sklearn_sparseeval

FOLDER = Path(sklearn_sparseeval.__file__).parent
ROOMS = ["sklearn_sparseeval"] + [
    f"sklearn_sparseeval.{path.parent.name}"
    for path in sorted(FOLDER.glob("*/__init__.py"))
    if not path.parent.name.startswith("_")
]
STUBS = [room for room in ROOMS[1:] if (FOLDER / room.split(".")[1] / "__init__.pyi").exists()]
HEAVY = {"torch", "skorch", "matplotlib"}

IMPORTS = """
import json, sys
steps = {}
def step(name):
    steps[name] = sorted({module.split(".")[0] for module in sys.modules})
import sklearn_sparseeval
dir(sklearn_sparseeval)
step("package")
import sklearn.metrics
step("scikit-learn")
from sklearn_sparseeval import base, datasets, metrics, regressors, selectors
step("light rooms")
from sklearn_sparseeval import MLPScoreRegressor
step("network")
print(json.dumps(steps))
"""


@pytest.fixture(scope="module")
def loaded():
    """The top-level modules that a fresh interpreter has loaded after each step of `IMPORTS`."""
    run = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True, timeout=600
    )
    return {step: set(names) for step, names in json.loads(run.stdout).items()}


@pytest.mark.slow
def test_importing_the_package_imports_nothing_heavy(loaded):
    assert "sklearn_sparseeval" in loaded["package"]
    assert not loaded["package"] & (HEAVY | {"pandas", "sklearn", "scipy", "numpy"})


def test_importing_the_light_rooms_imports_no_torch(loaded):
    # scikit-learn imports pandas where it is installed; that is its own business.
    assert not (loaded["light rooms"] - loaded["scikit-learn"]) & (HEAVY | {"pandas", "polars"})


def test_the_mlp_imports_torch_when_it_is_named(loaded):
    assert {"torch", "skorch"} <= loaded["network"]
    assert "matplotlib" not in loaded["network"]


@pytest.mark.parametrize("module", ["sklearn_sparseeval", "sklearn_sparseeval.regressors"])
def test_an_unknown_attribute_is_named_in_the_error(module):
    with pytest.raises(AttributeError, match=rf"{module}'? .*attribute '?Nonsense'?"):
        import_module(module).Nonsense  # noqa: B018


def test_an_unknown_name_cannot_be_imported():
    with pytest.raises(ImportError, match="cannot import name 'Nonsense'"):
        exec("from sklearn_sparseeval import Nonsense")


@pytest.mark.parametrize("name", ROOMS)
def test_every_public_name_is_there_once_and_listed(name):
    module = import_module(name)
    public = list(getattr(module, "__all__", []))
    assert len(set(public)) == len(public)
    assert [item for item in public if getattr(module, item, None) is None] == []
    assert set(public) <= set(dir(module))


def exported(stub):
    """Return what a stub exports, `import name as name`, and the modules of which it takes all."""
    names, whole = [], []
    for node in ast.parse(stub.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            names += [alias.asname for alias in node.names if alias.name != "*"]
            whole += [node.module for alias in node.names if alias.name == "*"]
    return names, whole


@pytest.mark.parametrize("name", STUBS)
def test_a_stub_holds_what_its_room_exports(name):
    names, whole = exported(FOLDER / name.split(".")[1] / "__init__.pyi")
    assert whole == []
    assert sorted(names) == sorted(import_module(name).__all__)


def test_the_names_of_the_package_are_those_of_its_rooms():
    names, rooms = exported(FOLDER / "__init__.pyi")
    assert set(rooms) <= set(ROOMS)
    names += [name for room in rooms for name in import_module(room).__all__]
    assert sorted(names) == sorted(sklearn_sparseeval.__all__)


def test_a_name_is_of_one_room_only():
    _, rooms = exported(FOLDER / "__init__.pyi")
    names = [name for room in rooms for name in import_module(room).__all__]
    assert len(set(names)) == len(names)
    for room in rooms:
        for name in import_module(room).__all__:
            assert getattr(sklearn_sparseeval, name) is getattr(import_module(room), name)


def test_a_star_import_gives_the_public_names():
    namespace = {}
    exec("from sklearn_sparseeval import *", namespace)
    assert set(sklearn_sparseeval.__all__) <= set(namespace)
