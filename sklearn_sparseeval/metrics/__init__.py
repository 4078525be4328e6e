"""How good predicted benchmark scores are: their error, the order of the models, the intervals."""

from sklearn_sparseeval.metrics._detectable import minimum_detectable_difference
from sklearn_sparseeval.metrics._error import (
    max_absolute_error,
    percentile_absolute_error,
    score_bias,
    top_pick_regret,
)
from sklearn_sparseeval.metrics._interval import (
    interval_coverage,
    mean_interval_width,
    winkler_score,
)
from sklearn_sparseeval.metrics._interval_scorers import get_interval_scorers
from sklearn_sparseeval.metrics._noise import benchmark_standard_error, noise_ceiling
from sklearn_sparseeval.metrics._rank import (
    kendall_tau_score,
    pairwise_accuracy_score,
    spearman_score,
    top_k_overlap_score,
)
from sklearn_sparseeval.metrics._scorers import get_scorers

__all__ = [
    "benchmark_standard_error",
    "get_interval_scorers",
    "get_scorers",
    "interval_coverage",
    "kendall_tau_score",
    "max_absolute_error",
    "mean_interval_width",
    "minimum_detectable_difference",
    "noise_ceiling",
    "pairwise_accuracy_score",
    "percentile_absolute_error",
    "score_bias",
    "spearman_score",
    "top_k_overlap_score",
    "top_pick_regret",
    "winkler_score",
]
