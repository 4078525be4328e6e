"""Predict a language model's full-benchmark score from a few chosen items."""

from typing import TYPE_CHECKING

from sklearn_sparseeval._lazy import lazy_attributes

if TYPE_CHECKING:
    from sklearn_sparseeval._methods import methods
    from sklearn_sparseeval.anchored import AnchoredRegressor
    from sklearn_sparseeval.base import AnchorSelector
    from sklearn_sparseeval.regressors import (
        DifferenceRegressor,
        MLPScoreRegressor,
        ResidualRidgeRegressor,
        WeightedMeanRegressor,
    )
    from sklearn_sparseeval.selectors import (
        RandomSelector,
        SparseEvalSelector,
        SparseRidgeSelector,
        StraightThroughSelector,
        StratifiedSelector,
    )

__version__ = "0.1.0"

__all__ = [
    "AnchorSelector",
    "AnchoredRegressor",
    "DifferenceRegressor",
    "MLPScoreRegressor",
    "RandomSelector",
    "ResidualRidgeRegressor",
    "SparseEvalSelector",
    "SparseRidgeSelector",
    "StraightThroughSelector",
    "StratifiedSelector",
    "WeightedMeanRegressor",
    "__version__",
    "methods",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "AnchorSelector": ".base",
        "AnchoredRegressor": ".anchored",
        "DifferenceRegressor": ".regressors",
        "MLPScoreRegressor": ".regressors",
        "RandomSelector": ".selectors",
        "ResidualRidgeRegressor": ".regressors",
        "SparseEvalSelector": ".selectors",
        "SparseRidgeSelector": ".selectors",
        "StraightThroughSelector": ".selectors",
        "StratifiedSelector": ".selectors",
        "WeightedMeanRegressor": ".regressors",
        "methods": "._methods",
    },
)


def __dir__() -> list[str]:
    return __all__
