"""Names that are imported on first use, so that importing the package stays light."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazy_attributes(package: str, modules: dict[str, str]) -> Callable[[str], Any]:
    """Make a module ``__getattr__`` (PEP 562) that imports a public name on first use.

    Parameters
    ----------
    package : str
        The ``__name__`` of the package the names live in.
    modules : dict of str to str
        Public name to the module, relative to `package`, that defines it.

    Returns
    -------
    getattr : callable
        To be bound to ``__getattr__`` in the package's ``__init__``.
    """

    def load(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(modules[name], package), name)

    return load
