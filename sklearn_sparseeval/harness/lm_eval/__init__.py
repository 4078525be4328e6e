"""Logs of lm-evaluation-harness are read, and anchors handed back to it."""

from sklearn_sparseeval.harness._harnesses import Harness
from sklearn_sparseeval.harness.lm_eval._read import parse, read_lm_eval, result_files
from sklearn_sparseeval.harness.lm_eval._results_file import PARTIAL_TASK
from sklearn_sparseeval.harness.lm_eval._write import (
    HINTS,
    LmEvalSamples,
    check_args,
    to_lm_eval_samples,
    write_anchors,
)

__all__ = ["HARNESS", "LmEvalSamples", "read_lm_eval", "to_lm_eval_samples"]

HARNESS = Harness(
    name="lm_eval",
    title="lm-evaluation-harness",
    files="samples_<task>_<date>.jsonl, written with --log_samples",
    nothing_found=(
        "There is no file samples_<task>_<date>.jsonl among the {n_files} files of {paths}. "
        "lm-evaluation-harness writes them, one per task, if it is run with --log_samples and "
        "--output_path."
    ),
    result_files=result_files,
    parse=parse,
    write=write_anchors,
    check_args=check_args,
    hashes_whole_items=True,
    as_planned=frozenset({PARTIAL_TASK}),
    hints=HINTS,
)
