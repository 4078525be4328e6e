"""lighteval: its details are read."""

from sklearn_sparseeval.harness.lighteval._read import HARNESS, read_lighteval

__all__ = [
    "HARNESS",
    "read_lighteval",
]
