"""VLMEvalKit: its tables are read, and anchors handed back to it."""

from sklearn_sparseeval.harness.vlmevalkit._read import HARNESS, read_vlmevalkit
from sklearn_sparseeval.harness.vlmevalkit._write import to_vlmevalkit_table

__all__ = [
    "HARNESS",
    "read_vlmevalkit",
    "to_vlmevalkit_table",
]
