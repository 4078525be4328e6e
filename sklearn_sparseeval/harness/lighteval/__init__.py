"""Details of lighteval are read."""

from sklearn_sparseeval.harness._harnesses import Harness
from sklearn_sparseeval.harness.lighteval._read import parse, read_lighteval, result_files

__all__ = ["HARNESS", "read_lighteval"]

HARNESS = Harness(
    name="lighteval",
    title="lighteval",
    files="details_<task>_<date>.parquet, written with --save-details",
    nothing_found=(
        "No details of lighteval are under {paths}; expected files "
        "details_TASK|SHOTS_DATE.parquet, which lighteval writes with --save-details to "
        "OUTPUT/details/MODEL/DATE/."
    ),
    result_files=result_files,
    parse=parse,
)
