"""Inspect: its logs are read, and anchors handed back to it."""

from sklearn_sparseeval.harness.inspect._read import HARNESS, read_inspect
from sklearn_sparseeval.harness.inspect._write import InspectSampleIds, to_inspect_sample_ids

__all__ = [
    "HARNESS",
    "InspectSampleIds",
    "read_inspect",
    "to_inspect_sample_ids",
]
