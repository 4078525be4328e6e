"""The one file that touches scikit-learn's private names and its version differences.

Underscored names used here are the same in scikit-learn 1.6 to 1.9; when one moves, this file is
the only one to mend.
"""

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
    "validate_data",
    "validate_params",
]
