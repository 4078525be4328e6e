"""HELM: its run folders are read."""

from sklearn_sparseeval.harness.helm._read import HARNESS, read_helm

__all__ = [
    "HARNESS",
    "read_helm",
]
