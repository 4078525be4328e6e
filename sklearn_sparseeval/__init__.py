"""Predict a language model's full-benchmark score from a few chosen items."""

from importlib import import_module
from typing import Any

from sklearn_sparseeval._version import __version__ as __version__

# Rooms whose public names are those of the package too; the names stand in the rooms alone.
_ROOMS = ("imputers", "intervals", "item_response", "methods", "plan", "regressors", "selectors")
# Public names of modules that are not rooms.
_MODULES = {
    "AnchorSelector": "base",
    "AnchorTags": "_tags",
    "AnchoredRegressor": "anchored",
    "Note": "_notes",
    "NotedWarning": "_notes",
    "PredictorError": "_errors",
    "ResultsError": "_errors",
    "ResultsWarning": "_errors",
    "ScoreMatrix": "score_matrix",
}
_WHERE = _MODULES | {
    name: room for room in _ROOMS for name in import_module(f"{__name__}.{room}").__all__
}

__all__ = sorted([*_WHERE, "__version__"])


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return __all__
