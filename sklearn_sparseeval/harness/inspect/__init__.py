"""Inspect: its logs are read, and anchors handed back to it."""

from sklearn_sparseeval.harness._harnesses import Harness
from sklearn_sparseeval.harness.inspect._read import parse, read_inspect, result_files
from sklearn_sparseeval.harness.inspect._write import (
    InspectSampleIds,
    check_args,
    to_inspect_sample_ids,
    write_anchors,
)

__all__ = ["HARNESS", "InspectSampleIds", "read_inspect", "to_inspect_sample_ids"]

HARNESS = Harness(
    name="inspect",
    title="Inspect AI",
    files="<date>_<task>_<id>.eval or .json",
    nothing_found=(
        "There is no log of Inspect among the {n_files} files given; expected names that end with "
        '.eval, or JSON files that begin with "version", "status" and "eval".'
    ),
    result_files=result_files,
    parse=parse,
    write=write_anchors,
    check_args=check_args,
)
