"""Many methods, one honest protocol, one table."""

from sklearn_sparseeval.comparison._compare import compare_estimators
from sklearn_sparseeval.comparison._comparison import Comparison
from sklearn_sparseeval.comparison._protocols import Protocol, make_protocol

__all__ = ["Comparison", "Protocol", "compare_estimators", "make_protocol"]
