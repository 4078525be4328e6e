"""VLMEvalKit: its tables are read, and anchors handed back to it."""

from sklearn_sparseeval.harness._harnesses import Harness
from sklearn_sparseeval.harness.vlmevalkit._read import parse, read_vlmevalkit, result_files
from sklearn_sparseeval.harness.vlmevalkit._write import advise_anchors, to_vlmevalkit_table

__all__ = ["HARNESS", "read_vlmevalkit", "to_vlmevalkit_table"]

HARNESS = Harness(
    name="vlmevalkit",
    title="VLMEvalKit",
    files="<model>/<run>/<model>_<dataset>_<judge>_result.xlsx, .tsv or .json",
    nothing_found=(
        "There is no table <model>/<run>/<model>_<dataset>_<judge>_result.xlsx (or .tsv, .json) "
        "among the {n_files} files of {paths}. VLMEvalKit writes them when it judges the "
        "predictions; the folder has to be called like the model."
    ),
    result_files=result_files,
    parse=parse,
    write=advise_anchors,
)
