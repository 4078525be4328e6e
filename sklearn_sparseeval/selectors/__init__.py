"""Selectors: choose the anchor items of a benchmark."""

from sklearn_sparseeval.selectors._sparse_eval import RefinementStep, SparseEvalSelector

__all__ = ["RefinementStep", "SparseEvalSelector"]
