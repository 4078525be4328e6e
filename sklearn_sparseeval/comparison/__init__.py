"""Many methods, one honest protocol, one table."""

from sklearn_sparseeval.comparison._compare import compare_estimators
from sklearn_sparseeval.comparison._comparison import Comparison

__all__ = ["Comparison", "compare_estimators"]
