"""Reads the samples that lmms-eval logs."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import NOT_RECORDED, text_fingerprint
from sklearn_sparseeval.harness._harnesses import Harness
from sklearn_sparseeval.harness._results import read_as
from sklearn_sparseeval.harness.lm_eval._model import LMMS_EVAL_KEYS
from sklearn_sparseeval.harness.lm_eval._results_file import (
    PARTIAL_TASK,
    Run,
    run_in_folder,
    run_of,
)
from sklearn_sparseeval.harness.lm_eval._samples import Samples, item_of, sample_records
from sklearn_sparseeval.harness.table._reading import PathLike
from sklearn_sparseeval.harness.table._rows import Rows

if TYPE_CHECKING:
    from pandas import DataFrame

_SAMPLES = re.compile(r"(?P<date>\d[\dT_.-]*?)_samples_(?P<task>.+)\.jsonl")
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)")
_NO_METRICS = frozenset(
    [
        "doc_id",
        "doc",
        "target",
        "input",
        "input_media",
        "arguments",
        "resps",
        "filtered_resps",
        "token_counts",
        "doc_hash",
        "filter",
        "metrics",
        "prompt_hash",
        "target_hash",
    ]
)
_SCORES = ("score", "acc", "accuracy", "correct", "is_correct")
# Last words of the names of numbers that say what an item is, or what was answered.
_NO_SCORES = frozenset(
    [
        "answer",
        "category",
        "choice",
        "count",
        "dim",
        "duration",
        "end",
        "fps",
        "frame",
        "frames",
        "gt",
        "height",
        "id",
        "ids",
        "idx",
        "index",
        "key",
        "label",
        "length",
        "level",
        "num",
        "number",
        "option",
        "page",
        "pred",
        "prediction",
        "question",
        "response",
        "round",
        "seed",
        "size",
        "start",
        "subtask",
        "target",
        "task",
        "time",
        "timestamp",
        "total",
        "truth",
        "turn",
        "type",
        "width",
        "year",
    ]
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_MOST_TOKENS = 2**53  # larger numbers are not counts


def result_files(files: list[Path]) -> list[Path]:
    """Pick the files of samples.

    Parameters
    ----------
    files : list of Path
        Any files.

    Returns
    -------
    files : list of Path
        Those called ``<date>_samples_<task>.jsonl``.
    """
    return [path for path in files if _SAMPLES.fullmatch(path.name)]


def read_lmms_eval(
    paths: PathLike | Iterable[PathLike],
    *,
    n_jobs: int | None = None,
    on_error: str = "raise",
    progress: bool | None = None,
) -> "DataFrame":
    """Read what lmms-eval logs with ``--log_samples``.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files ``<date>_samples_<task>.jsonl``, and folders that hold some, such as what was given as
        ``--output_path``. The run's results file, ``<date>_results.json``, has to lie beside them:
        it names the model.
    n_jobs : int, default=None
        How many files are read at a time, as joblib takes it; None is one.
    on_error : {"raise", "skip"}, default="raise"
        What to do with a file that cannot be read; "skip" leaves it out and warns.
    progress : bool, default=None
        Whether to show a bar; None shows it on a terminal.

    Returns
    -------
    results : pandas.DataFrame of shape (n_scores, 15)
        The long table: one row per model, task, item, metric and filter. Items are called by
        their ``doc_id``; ``cost`` is the number of tokens read and written, where it was logged.

    Raises
    ------
    ResultsError
        If there is no such file, or one cannot be read.

    Warns
    -----
    ResultsWarning
        Once for each kind of thing that was left out or decided, with how often.

    See Also
    --------
    read_results : Finds out which harness wrote the files.
    to_score_matrix : Makes a score matrix of the table.
    read_lm_eval : For lm-evaluation-harness, whose rules for models, groups and filters hold here.

    Notes
    -----
    A metric may be a dict. If exactly one of its entries score, acc, accuracy, correct and
    is_correct is a number, that is the metric's score. If several are, each becomes a metric
    ``metric.entry``; if none is, all other numbers do, except those whose names tell the item or
    the answer (question_id, answer, pred). Dicts that hold answers only, such as those of MMMU, are
    left out and counted: the harness scores them later.

    ``group`` is the topmost group with a score of its own of all its tasks, or the task; the
    categories within a task, which only some metrics carry, are not used.

    lmms-eval writes the same ``doc_hash`` for all items. ``content_hash`` is made of ``doc_id`` and
    ``target`` instead, which tells when two models were asked different items.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from sklearn_sparseeval.harness import read_lmms_eval
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "20260818_120102_results.json").write_text(json.dumps(
    ...     {"model_name": "acme/eyes", "versions": {"mme": 0.0}, "n-shot": {"mme": 0}}))
    >>> line = {"doc_id": 0, "target": "Yes", "input": "Is there a dog?",
    ...         "mme_perception_score": {"question_id": "7", "category": "OCR", "score": 1.0}}
    >>> _ = (folder / "20260818_120102_samples_mme.jsonl").write_text(json.dumps(line))
    >>> read_lmms_eval(folder)[["model", "task", "item", "metric", "value"]]
           model task item                metric  value
    0  acme/eyes  mme    0  mme_perception_score    1.0
    """
    return read_as("lmms_eval", paths, n_jobs=n_jobs, on_error=on_error, progress=progress)


def parse(path: Path) -> Rows:
    """Read one file of samples.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    rows : Rows
        Its scores.

    Raises
    ------
    ResultsError
        If it is not of the form expected.
    """
    match = _SAMPLES.fullmatch(path.name)
    if match is None:
        raise ResultsError("is not called <date>_samples_<task>.jsonl, which names the task.")
    task, date = match["task"], match["date"]
    run = _run(path, date)
    rows = run.rows("lmms_eval", task, _DATE.sub(r"\1-\2-\3T\4-\5-\6", date))
    samples = Samples(rows, run)
    for where, record in sample_records(path, rows):
        prompt = record.get("input")
        samples.add(
            item_of(record, where),
            record.get("filter"),
            _metrics(record),
            _content(record),
            text_fingerprint(prompt) if isinstance(prompt, str) else NOT_RECORDED,
            _tokens(record.get("token_counts")),
        )
    return samples.finish(task)


def _run(path: Path, date: str) -> Run:
    results = path.with_name(f"{date}_results.json")
    run = run_of(results, LMMS_EVAL_KEYS) if results.is_file() else None
    return run if run and run.model.name else run_in_folder(path)


def _metrics(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if name not in _NO_METRICS:
            yield name, _score(value) if isinstance(value, dict) else value


def _score(entries: Mapping[str, Any]) -> Any:
    """Take the score out of a metric's entries, or those that may be scores."""
    numbers = {key: one for key, one in entries.items() if isinstance(one, bool | int | float)}
    scores = {key: numbers[key] for key in _SCORES if key in numbers}
    if len(scores) == 1:
        return next(iter(scores.values()))
    if not scores and any(key in entries and entries[key] is None for key in _SCORES):
        return None  # not scored
    return scores or {key: one for key, one in numbers.items() if _may_be_score(key)}


def _may_be_score(name: str) -> bool:
    words = _WORDS.findall(name)
    return bool(words) and len(words[-1]) > 1 and words[-1].lower() not in _NO_SCORES


def _content(record: Mapping[str, Any]) -> int:
    """Make a fingerprint of an item; the harness's own is that of "null", whatever the item."""
    target = record.get("target")
    if not isinstance(target, str) or " at 0x" in target:  # an object of Python, other every time
        return NOT_RECORDED
    return text_fingerprint(f"{record['doc_id']}\n{target}")


def _tokens(counts: Any) -> float:
    """Add the tokens that an item's requests read and wrote; NaN where none were counted."""
    known = [
        request[key]
        for request in (counts if isinstance(counts, list) else ())
        if isinstance(request, dict)
        for key in ("input_tokens", "output_tokens")
        if isinstance(request.get(key), int | float) and 0 <= request[key] < _MOST_TOKENS
    ]
    return float(sum(known)) if known else math.nan


HARNESS = Harness(
    name="lmms_eval",
    title="lmms-eval",
    files="<date>_samples_<task>.jsonl, written with --log_samples",
    nothing_found=(
        "There is no file <date>_samples_<task>.jsonl among the {n_files} files of {paths}. "
        "lmms-eval writes them, one per task, if it is run with --log_samples and --output_path."
    ),
    result_files=result_files,
    parse=parse,
    as_planned=frozenset({PARTIAL_TASK}),
)
