"""How good predicted benchmark scores are: the error of a score and the order of the models."""

from sklearn_sparseeval.metrics._error import max_absolute_error, score_bias
from sklearn_sparseeval.metrics._rank import (
    kendall_tau_score,
    pairwise_accuracy_score,
    top_k_overlap_score,
)
from sklearn_sparseeval.metrics._scorers import get_scorers

__all__ = [
    "get_scorers",
    "kendall_tau_score",
    "max_absolute_error",
    "pairwise_accuracy_score",
    "score_bias",
    "top_k_overlap_score",
]
