"""Importing the package is light; its public names are all there."""

import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

import sklearn_sparseeval

HEAVY = {"torch", "skorch", "matplotlib"}
MODULES = ["sklearn_sparseeval"] + [
    info.name
    for info in pkgutil.walk_packages(sklearn_sparseeval.__path__, "sklearn_sparseeval.")
    if not info.name.endswith("__main__")
]


def modules_after(statement):
    """Return the top-level modules of a fresh interpreter that has run `statement`."""
    program = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    return set(run.stdout.split())


def test_importing_the_package_imports_nothing_heavy():
    loaded = modules_after("import sklearn_sparseeval; dir(sklearn_sparseeval)")
    assert "sklearn_sparseeval" in loaded
    assert not loaded & (HEAVY | {"pandas", "sklearn", "scipy", "numpy"})


def test_importing_the_light_rooms_imports_no_torch():
    rooms = ("base", "datasets", "metrics", "regressors", "selectors")
    loaded = modules_after("\n".join(f"import sklearn_sparseeval.{room}" for room in rooms))
    # scikit-learn imports pandas where it is installed; that is its own business.
    assert not (loaded - modules_after("import sklearn.metrics")) & (HEAVY | {"pandas", "polars"})


def test_the_mlp_imports_torch_when_it_is_named():
    loaded = modules_after("from sklearn_sparseeval import MLPScoreRegressor")
    assert {"torch", "skorch"} <= loaded
    assert "matplotlib" not in loaded


@pytest.mark.parametrize("module", ["sklearn_sparseeval", "sklearn_sparseeval.regressors"])
def test_an_unknown_attribute_is_named_in_the_error(module):
    with pytest.raises(AttributeError, match=rf"module '{module}' has no attribute 'Nonsense'"):
        import_module(module).Nonsense  # noqa: B018


def test_an_unknown_name_cannot_be_imported():
    with pytest.raises(ImportError, match="cannot import name 'Nonsense'"):
        exec("from sklearn_sparseeval import Nonsense")


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_there_once_and_listed(name):
    module = import_module(name)
    public = getattr(module, "__all__", [])
    assert len(set(public)) == len(public)
    for item in public:
        assert getattr(module, item) is not None
    assert set(public) <= set(dir(module))


@pytest.mark.parametrize("name", MODULES)
def test_public_names_are_sorted(name):
    public = getattr(import_module(name), "__all__", [])
    key = lambda item: (not item.isupper(), not item[0].isupper(), item)  # noqa: E731
    assert list(public) == sorted(public, key=key)


def test_a_star_import_gives_the_public_names():
    namespace = {}
    exec("from sklearn_sparseeval import *", namespace)
    assert set(sklearn_sparseeval.__all__) <= set(namespace)
