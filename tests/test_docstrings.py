"""Every public docstring is complete: sections, parameters as in the signature, examples."""

import inspect
import pkgutil
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from numpydoc.validate import ERROR_MSGS, validate

import sklearn_sparseeval

pytestmark = pytest.mark.contract

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def configured_checks():
    """Return numpydoc's codes as its pre-commit hook reads them: "all" but those listed."""
    listed = tomllib.loads(PYPROJECT.read_text())["tool"]["numpydoc_validation"]["checks"]
    return set(ERROR_MSGS) - set(listed) if "all" in listed else set(listed)


def public_modules():
    yield "sklearn_sparseeval"
    for info in pkgutil.walk_packages(sklearn_sparseeval.__path__, "sklearn_sparseeval."):
        if "._" not in info.name:
            yield info.name


def public_names():
    """Yield the import path of every public class and function, and of our public methods."""
    for module in public_modules():
        for name in getattr(import_module(module), "__all__", []):
            item = getattr(import_module(module), name)
            if inspect.isclass(item) or inspect.isfunction(item):
                yield f"{module}.{name}"
            if inspect.isclass(item):
                yield from (f"{module}.{name}.{method}" for method in our_methods(item))


def our_methods(item):
    """Return the names of the public methods that this package defines."""
    return sorted(
        {
            name
            for owner in item.__mro__
            if owner.__module__.startswith("sklearn_sparseeval")
            for name, value in vars(owner).items()
            if not name.startswith("_")
            and (inspect.isroutine(value) or isinstance(value, property | classmethod))
        }
    )


NAMES = sorted(set(public_names()))
CHECKS = configured_checks()


@pytest.mark.parametrize("name", NAMES)
def test_docstring_is_valid(name):
    errors = [(code, text) for code, text in validate(name)["errors"] if code in CHECKS]
    assert errors == []


@pytest.mark.parametrize("name", list(public_modules()))
def test_module_says_what_it_is(name):
    assert import_module(name).__doc__


def test_the_estimators_and_their_methods_are_among_the_names():
    for name in ("MLPScoreRegressor.input_gradient", "SparseEvalSelector.inverse_transform"):
        assert f"sklearn_sparseeval.{name}" in NAMES


def test_parameters_are_among_the_checks():
    assert {"PR01", "PR02", "PR03", "PR04", "PR07"} <= CHECKS
