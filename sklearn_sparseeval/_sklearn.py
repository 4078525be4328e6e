"""The one file that touches scikit-learn's private names and its version differences.

Underscored names used here are the same in scikit-learn 1.6 to 1.9; when one moves, this file is
the only one to mend.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from sklearn.base import _fit_context
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    RealNotInt,
    StrOptions,
    validate_params,
)
from sklearn.utils.metadata_routing import _raise_for_params
from sklearn.utils.validation import _check_sample_weight, _num_samples, validate_data

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn < 1.9 has no callbacks: same code path, nothing to call

    class _NoContext:
        """A callback context without callbacks."""

        def subcontext(self, **kwargs):  # type: ignore[no-untyped-def]
            """Return the same empty context."""
            return self

        def call_on_fit_task_begin(self, **kwargs):  # type: ignore[no-untyped-def]
            """Do nothing."""
            return self

        def call_on_fit_task_end(self, **kwargs):  # type: ignore[no-untyped-def]
            """Ask for no early stop."""
            return False

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stand-in for scikit-learn 1.9's callback support."""

        def _init_callback_context(self, **kwargs):  # type: ignore[no-untyped-def]
            return _NoContext()


Function = TypeVar("Function", bound=Callable[..., Any])


def check_parameters(**constraints: list[Any]) -> Callable[[Function], Function]:
    """Decorate a function with scikit-learn's parameter constraints, keeping its type hints.

    Parameters
    ----------
    **constraints : list
        What each parameter may be, in the words of ``validate_params``.

    Returns
    -------
    decorator : callable
        The decorator.
    """
    decorator = validate_params(constraints, prefer_skip_nested_validation=True)
    return cast("Callable[[Function], Function]", decorator)


def tree_from_state(n_features: int, n_classes: Any, state: dict[str, Any]) -> Any:
    """Make the tree of a fitted decision tree from what its ``__getstate__`` returned."""
    from sklearn.tree._tree import Tree

    tree = Tree(n_features, n_classes, len(n_classes))
    tree.__setstate__(state)
    return tree


def search_tree(estimator: Any) -> tuple[Any, Any] | None:
    """Return the search tree of a nearest-neighbours estimator and its points; None without."""
    attributes = vars(estimator)
    if attributes.get("_tree") is None or "_fit_X" not in attributes:
        return None
    return attributes["_tree"], attributes["_fit_X"]


def with_search_tree(attributes: dict[str, Any], tree: Any) -> dict[str, Any]:
    """Return attributes of a nearest-neighbours estimator with another search tree."""
    return {**attributes, "_tree": tree}


def without_callbacks(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return attributes of an estimator without the callbacks it reports to."""
    return {name: value for name, value in attributes.items() if name != "_skl_callbacks"}


__all__ = [
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "RealNotInt",
    "StrOptions",
    "_check_sample_weight",
    "_fit_context",
    "_num_samples",
    "_raise_for_params",
    "_safe_indexing",
    "check_parameters",
    "search_tree",
    "tree_from_state",
    "validate_data",
    "validate_params",
    "with_search_tree",
    "without_callbacks",
]
