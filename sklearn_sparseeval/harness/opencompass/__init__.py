"""OpenCompass: its predictions and results are read, and anchors handed back to it."""

from sklearn_sparseeval.harness._harnesses import Harness
from sklearn_sparseeval.harness.opencompass._read import parse, read_opencompass, result_files
from sklearn_sparseeval.harness.opencompass._write import to_opencompass_test_ranges, write_anchors

__all__ = ["HARNESS", "read_opencompass", "to_opencompass_test_ranges"]

HARNESS = Harness(
    name="opencompass",
    title="OpenCompass",
    files="results/<model>/<dataset>.json with details, as --dump-eval-details writes them",
    nothing_found=(
        "No results of OpenCompass are under {paths}; expected files results/MODEL/DATASET.json, "
        "which opencompass writes to outputs/default/DATE_TIME/."
    ),
    result_files=result_files,
    parse=parse,
    write=write_anchors,
)
