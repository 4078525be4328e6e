"""OpenCompass: its predictions and results are read, and anchors handed back to it."""

from sklearn_sparseeval.harness.opencompass._read import HARNESS, read_opencompass
from sklearn_sparseeval.harness.opencompass._write import to_opencompass_test_ranges

__all__ = [
    "HARNESS",
    "read_opencompass",
    "to_opencompass_test_ranges",
]
