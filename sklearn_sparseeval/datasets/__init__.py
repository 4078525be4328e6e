"""Score matrices: real ones that ship with the package, and synthetic ones of any size."""

from sklearn_sparseeval.datasets._loaders import (
    SHIPPED,
    load_helm_lite,
    load_mathvision,
    load_open_llm,
    load_shipped,
    load_zeroeval_gsm,
)
from sklearn_sparseeval.datasets._synthetic import make_score_matrix

__all__ = [
    "SHIPPED",
    "load_helm_lite",
    "load_mathvision",
    "load_open_llm",
    "load_shipped",
    "load_zeroeval_gsm",
    "make_score_matrix",
]
