"""Reads the samples that lm-evaluation-harness logs."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import (
    NOT_RECORDED,
    hash_fingerprint,
    text_fingerprint,
)
from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness._results import read_as
from sklearn_sparseeval.harness.lm_eval._model import LM_EVAL_KEYS
from sklearn_sparseeval.harness.lm_eval._results_file import (
    Run,
    run_in_folder,
    run_of,
)
from sklearn_sparseeval.harness.lm_eval._samples import Samples, item_of, sample_records
from sklearn_sparseeval.harness.table._reading import PathLike
from sklearn_sparseeval.harness.table._rows import Rows

if TYPE_CHECKING:
    from pandas import DataFrame

_NO_METRICS = frozenset(
    [
        "doc_id",
        "doc",
        "target",
        "arguments",
        "resps",
        "filtered_resps",
        "filter",
        "metrics",
        "doc_hash",
        "prompt_hash",
        "target_hash",
    ]
)
_DATE = r"\d{4}-\d\d-\d\d(?:T\d\d[-:]\d\d[-:]\d\d(?:\.\d+)?)?"
_SAMPLES = re.compile(rf"samples_(?P<task>.+?)(?:_(?P<date>{_DATE}))?\.jsonl")
_SAMPLES_JSON = re.compile(rf"samples_(?P<task>.+?)_(?P<date>{_DATE})\.json")
_RESULTS = re.compile(rf".+_(?P<date>{_DATE})\.json")
_RESULTS_START = re.compile(rb'\s*\{\s*"results"\s*:')


def result_files(files: list[Path]) -> list[Path]:
    """Pick the files of samples.

    Parameters
    ----------
    files : list of Path
        Any files.

    Returns
    -------
    files : list of Path
        Those called ``samples_<task>_<date>.jsonl``; or ``.json``, as on the Open LLM Leaderboard.
    """
    return [path for path in files if is_samples(path)]


def read_lm_eval(
    paths: PathLike | Iterable[PathLike],
    *,
    n_jobs: int | None = None,
    on_error: str = "raise",
    progress: bool | None = None,
) -> "DataFrame":
    r"""Read what lm-evaluation-harness logs with ``--log_samples``.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files ``samples_<task>_<date>.jsonl``, and folders that hold some, such as what was given
        as ``--output_path``. The run's results file, ``results_<date>.json``, has to lie beside
        them: it names the model.
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
        their ``doc_id``.

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
    to_lm_eval_samples : Hands anchors back to the harness.

    Notes
    -----
    The model is called what the results file says; two of one name and different ``--model_args``
    (revision, dtype, adapter; not device or batch size), chat template, system instruction or
    ``--gen_kwargs`` are kept apart. Runs whose arguments name no model are called after
    ``--model`` and its arguments, since the harness makes up a random name for each. Without a
    results file, the model is called after the folder, with a warning.

    Metrics that are not a single number per item are left out and counted: pairs of gold and
    prediction (mcc, f1), texts, and log-likelihoods (perplexity). A list of bools is its mean.

    ``group`` is the topmost group with a score of its own of all its tasks: mmlu for mmlu_anatomy,
    but leaderboard_bbh, not leaderboard, which mixes benchmarks.

    Logs of before version 0.4.7 do not name their filters, and have a line per item and filter.
    The n-th line of an item is of the n-th filter of the task. It is called as the results file
    does, and without that block0, block1 and so on.

    Lines of one item and filter are all kept, each with the hash of its contents: where a list of
    ``--samples`` was not sorted, the harness logs wrong ``doc_id``, and right hashes.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from sklearn_sparseeval.harness import read_lm_eval
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "results_2026-11-22T10-41-46.1.json").write_text(json.dumps(
    ...     {"model_name": "acme/one", "versions": {"demo": 1.0}, "n-shot": {"demo": 5}}))
    >>> lines = [{"doc_id": 0, "filter": "none", "metrics": ["acc"], "acc": 1.0},
    ...          {"doc_id": 1, "filter": "none", "metrics": ["acc"], "acc": 0.0}]
    >>> _ = (folder / "samples_demo_2026-11-22T10-41-46.1.jsonl").write_text(
    ...     "\n".join(map(json.dumps, lines)))
    >>> results = read_lm_eval(folder)
    >>> results[["model", "task", "item", "metric", "value", "setting"]]
          model  task item metric  value                setting
    0  acme/one  demo    0    acc    1.0  version=1.0 n-shot=5
    1  acme/one  demo    1    acc    0.0  version=1.0 n-shot=5
    """
    return read_as("lm_eval", paths, n_jobs=n_jobs, on_error=on_error, progress=progress)


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
    task, date = task_and_date(path.name)
    run = run_of_samples(path, date)
    rows = run.rows("lm_eval", task, date)
    samples = Samples(rows, run)
    for where, record in sample_records(path, rows):
        samples.add(
            item_of(record, where),
            record.get("filter"),
            _metrics(record, where),
            _content(record),
            _prompt(record),
        )
    return samples.finish(task)


def _metrics(record: Mapping[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    names = record.get("metrics")
    if names is None:  # before version 0.4.7
        names = [key for key in record if key not in _NO_METRICS]
    if not isinstance(names, list):
        raise ResultsError(f"metrics in {where} is {short(names)}; expected a list of names.")
    for name in names:
        if not isinstance(name, str) or name not in record:
            raise ResultsError(f"{where} lists the metric {short(name)} and has no value of it.")
        yield name, record[name]


def _content(record: Mapping[str, Any]) -> int:
    """Take the fingerprint of an item's contents, or make the one that the harness would make."""
    recorded = hash_fingerprint(record.get("doc_hash"))
    document = record.get("doc")
    if recorded or not isinstance(document, dict):
        return recorded
    return text_fingerprint(json.dumps(document, indent=2, ensure_ascii=False))


def _prompt(record: Mapping[str, Any]) -> int:
    """Take the fingerprint of a prompt, or make the one that the harness would make."""
    recorded = hash_fingerprint(record.get("prompt_hash"))
    if recorded:
        return recorded
    arguments = record.get("arguments")
    first = arguments.get("gen_args_0") if isinstance(arguments, dict) else None
    prompt = first.get("arg_0") if isinstance(first, dict) else None
    if isinstance(arguments, list) and arguments and isinstance(arguments[0], list):
        prompt = next(iter(arguments[0]), None)
    return text_fingerprint(prompt) if isinstance(prompt, str) else NOT_RECORDED


def is_samples(path: Path) -> bool:
    """Tell samples from other files: by the name, and where that leaves a doubt by the start.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    is_samples : bool
        Whether it is called ``samples_<task>_<date>.jsonl``; or ``.json``, as on the Open LLM
        Leaderboard, and holds no results of whole tasks.
    """
    if _SAMPLES.fullmatch(path.name):
        return True
    if not _SAMPLES_JSON.fullmatch(path.name):
        return False
    try:
        with path.open("rb") as file:  # `--output_path samples_x.json` names results like this
            return _RESULTS_START.match(file.read(256)) is None
    except OSError:  # a link that leads nowhere, say: who reads it tells, or skips it
        return True


def task_and_date(name: str) -> tuple[str, str]:
    """Read the name of a file of samples.

    Parameters
    ----------
    name : str
        Name of the file, without its folder.

    Returns
    -------
    task : str
        Name of the task.
    date : str
        When the run was, "" if the name does not tell.

    Raises
    ------
    ResultsError
        If the name is another.
    """
    match = _SAMPLES.fullmatch(name) or _SAMPLES_JSON.fullmatch(name)
    if match is None:
        raise ResultsError("is not called samples_<task>_<date>.jsonl, which names the task.")
    return match["task"], _plain(match["date"] or "")


def run_of_samples(path: Path, date: str) -> Run:
    """Find the results file of a run; the date in its name is the only link to it.

    Parameters
    ----------
    path : Path
        File of samples.
    date : str
        Its date.

    Returns
    -------
    run : Run
        What the results file says; without one, the folder's name.

    Raises
    ------
    ResultsError
        If several files could be it, or it cannot be read.
    """
    results = path.with_name(f"results_{date}.json")
    if not results.is_file():  # `--output_path X.json` makes it X_<date>.json
        found = _results_files(path.parent, path.parent.stat().st_mtime_ns).get(date, [])
        if len(found) > 1:
            raise ResultsError(
                f"{len(found)} files beside it could be the results file of its run: "
                f"{', '.join(found[:3])}. Expected one; move the others."
            )
        results = path.with_name(found[0]) if found else results
    run = run_of(results, LM_EVAL_KEYS) if results.is_file() else None
    return run if run and run.model.name else run_in_folder(path)


@lru_cache(maxsize=64)
def _results_files(folder: Path, changed: int) -> Mapping[str, list[str]]:
    """List the results files of a folder by their dates."""
    by_date: dict[str, list[str]] = {}
    for name in sorted(os.listdir(folder)):
        match = _RESULTS.fullmatch(name)
        if match and not is_samples(folder / name):
            by_date.setdefault(_plain(match["date"]), []).append(name)
    return by_date


def _plain(date: str) -> str:
    return date.replace(":", "-")
