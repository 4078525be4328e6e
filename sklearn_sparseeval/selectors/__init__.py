"""Selectors: choose the anchor items of a benchmark."""

from sklearn_sparseeval.selectors._refinement import RefinementStep
from sklearn_sparseeval.selectors._sparse_eval import SparseEvalSelector

__all__ = ["RefinementStep", "SparseEvalSelector"]
