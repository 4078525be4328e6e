"""Predict a language model's full-benchmark score from a few chosen items."""

from typing import TYPE_CHECKING

from sklearn_sparseeval._lazy import lazy_attributes

if TYPE_CHECKING:
    from sklearn_sparseeval.base import AnchorSelector
    from sklearn_sparseeval.regressors import MLPScoreRegressor
    from sklearn_sparseeval.selectors import SparseEvalSelector

__version__ = "0.1.0"

__all__ = ["AnchorSelector", "MLPScoreRegressor", "SparseEvalSelector", "__version__"]

__getattr__ = lazy_attributes(
    __name__,
    {
        "AnchorSelector": ".base",
        "MLPScoreRegressor": ".regressors",
        "SparseEvalSelector": ".selectors",
    },
)


def __dir__() -> list[str]:
    return __all__
