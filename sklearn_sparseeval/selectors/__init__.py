"""Selectors: choose the anchor items of a benchmark."""

from typing import TYPE_CHECKING

from sklearn_sparseeval._lazy import lazy_attributes

if TYPE_CHECKING:
    from sklearn_sparseeval.selectors._random import RandomSelector
    from sklearn_sparseeval.selectors._refinement import RefinementStep
    from sklearn_sparseeval.selectors._sparse_eval import SparseEvalSelector
    from sklearn_sparseeval.selectors._sparse_ridge import SparseRidgeSelector
    from sklearn_sparseeval.selectors._straight_through import StraightThroughSelector
    from sklearn_sparseeval.selectors._stratified import StratifiedSelector

__all__ = [
    "RandomSelector",
    "RefinementStep",
    "SparseEvalSelector",
    "SparseRidgeSelector",
    "StraightThroughSelector",
    "StratifiedSelector",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "RandomSelector": "._random",
        "RefinementStep": "._refinement",
        "SparseEvalSelector": "._sparse_eval",
        "SparseRidgeSelector": "._sparse_ridge",
        "StraightThroughSelector": "._straight_through",
        "StratifiedSelector": "._stratified",
    },
)


def __dir__() -> list[str]:
    return __all__
