"""The one way to ask for a package that only a part of this one needs."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

# The extra that brings each package; the first one that a user would want.
_EXTRAS = {
    "pandas": "harness",
    "pyarrow": "harness",
    "openpyxl": "harness",
    "zstandard": "harness",
    "skops": "harness",
    "matplotlib": "compare",
}


def import_optional(package: str, purpose: str) -> Any:
    """Import a package that comes with an extra, or say how to get it.

    Parameters
    ----------
    package : str
        Name of the package, or of a module of it.
    purpose : str
        What needs it, as the beginning of a sentence.

    Returns
    -------
    module : module
        The package.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    check_installed(package.partition(".")[0], purpose=purpose)
    return import_module(package)


def check_installed(*packages: str, purpose: str) -> None:
    """Say what is missing before the work is done, not after.

    Parameters
    ----------
    *packages : str
        Names of packages that come with an extra.
    purpose : str
        What needs them, as the beginning of a sentence.

    Raises
    ------
    ImportError
        If one of them is not installed.
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        extras = ",".join(sorted({_EXTRAS[name] for name in missing}))
        raise ImportError(
            f"{purpose} needs {' and '.join(missing)}, which {are} not installed. Install with "
            f"pip install 'sklearn-sparseeval[{extras}]'."
        )


def import_pandas(purpose: str = "A score matrix with names") -> Any:
    """Import pandas, or say how to get it.

    Parameters
    ----------
    purpose : str
        What needs it, as the beginning of a sentence.

    Returns
    -------
    pandas : module
        The module.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    return import_optional("pandas", purpose)
