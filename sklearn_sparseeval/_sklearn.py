"""The one file that touches scikit-learn's private names and its version differences.

Underscored names used here are the same in scikit-learn 1.6 to 1.9; when one moves, this file is
the only one to mend.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from sklearn.base import _fit_context as _sklearn_fit_context
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    RealNotInt,
    StrOptions,
    validate_params,
)
from sklearn.utils.metadata_routing import _raise_for_params
from sklearn.utils.validation import _check_sample_weight, _num_samples
from sklearn.utils.validation import validate_data as _sklearn_validate_data

from sklearn_sparseeval._inputs import (
    check_columns,
    refuse_other_order,
    remember_columns,
    training_allowed,
    without_mask,
)

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


def _fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Function], Function]:
    """Decorate `fit` as scikit-learn does, and see to its named inputs, masks and gradients.

    Parameters
    ----------
    prefer_skip_nested_validation : bool
        Whether parameters of estimators inside are not validated.

    Returns
    -------
    decorator : callable
        Before `fit`: what names the rows of `X` in another order is refused, and masked cells
        become NaN. During `fit` networks may train, whatever the caller has switched off.
    """
    decorate = _sklearn_fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)

    def decorator(fit: Function) -> Function:
        validated, signature = decorate(fit), inspect.signature(fit)

        @functools.wraps(validated)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind(*args, **kwargs)
            parts = given.arguments
            if "X" in parts:
                named = {name: parts[name] for name in _BY_MODEL if name in parts}
                refuse_other_order(parts["X"], **named)
                parts["X"] = without_mask(parts["X"])
            with training_allowed():
                return validated(*given.args, **given.kwargs)

        return cast("Function", wrapper)

    return decorator


_BY_MODEL = ("y", "sample_weight", "groups")


def validate_data(estimator: Any, X: Any, *args: Any, reset: bool = True, **options: Any) -> Any:
    """Validate as scikit-learn does; masks become NaN, and names of any type are compared.

    Parameters
    ----------
    estimator : estimator
        Being fitted, or fitted.
    X : object
        What the user gave.
    *args : object
        `y`, where there is one.
    reset : bool, default=True
        Whether the estimator is being fitted.
    **options : object
        As :func:`sklearn.utils.validation.validate_data` takes them.

    Returns
    -------
    validated : object
        What that returns.
    """
    if not reset:
        check_columns(estimator, X)
    validated = _sklearn_validate_data(estimator, without_mask(X), *args, reset=reset, **options)
    if reset:
        remember_columns(estimator, X)
    return validated


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
