"""lm-evaluation-harness: its logs are read, and anchors handed back to it."""

from sklearn_sparseeval.harness.lm_eval._read import HARNESS, read_lm_eval
from sklearn_sparseeval.harness.lm_eval._write import LmEvalSamples, to_lm_eval_samples

__all__ = [
    "HARNESS",
    "LmEvalSamples",
    "read_lm_eval",
    "to_lm_eval_samples",
]
