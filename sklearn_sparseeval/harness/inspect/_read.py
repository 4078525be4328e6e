"""Logs of Inspect AI."""

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness._results import read_as
from sklearn_sparseeval.harness.inspect._log import (
    UNNAMED_SCORER,
    InspectLog,
    Sample,
    read_log,
    run_rows,
)
from sklearn_sparseeval.harness.table._json_text import expect
from sklearn_sparseeval.harness.table._reading import PathLike
from sklearn_sparseeval.harness.table._rows import Rows
from sklearn_sparseeval.harness.table._values import NoSingleNumberError, scalar

if TYPE_CHECKING:
    from pandas import DataFrame

_LOG_BEGINS = re.compile(
    rb'(\xef\xbb\xbf)?\s*\{\s*"version"\s*:\s*\d+\s*,\s*'
    rb'"status"\s*:\s*"(started|success|cancelled|error)"\s*,\s*"eval"\s*:\s*\{'
)
_PEEK = 512
_MOST_TOKENS = 1 << 53
_LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}  # correct, incorrect, partial, no answer
_WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}


class Refused(NamedTuple):
    """A value that is not a number."""

    scorer: str
    shown: str
    has_numbers_beside: bool  # in the same dict


class SampleScores(NamedTuple):
    """What the scorers said of one sample."""

    numbers: dict[str, float]
    refused: dict[str, Refused]


def read_inspect(
    paths: PathLike | Iterable[PathLike],
    *,
    n_jobs: int | None = None,
    on_error: str = "raise",
    progress: bool | None = None,
) -> "DataFrame":
    """Read the logs of Inspect AI into a long table.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Logs, ``.eval`` or ``.json``, and folders that are searched for them.
    n_jobs : int, default=None
        How many files are read at a time; -1 = as many as there are processors, None = one, unless
        a ``joblib.parallel_config`` says otherwise.
    on_error : {"raise", "skip"}, default="raise"
        What to do with a file that cannot be read: stop, or leave it out and warn.
    progress : bool, default=None
        Whether to show a bar; None = where the terminal can.

    Returns
    -------
    results : pandas.DataFrame
        One row per model, task, item, metric and epoch. `item` is the sample's id as a text,
        `metric` the scorer's name, or ``scorer.key`` for each key of a scorer that gives a dict;
        `cost` is the sample's total tokens over all models that it called; `group` is the task.

    Raises
    ------
    ResultsError
        If there is no log, or one cannot be read.

    Warns
    -----
    ResultsWarning
        For what was left out or decided, once for each kind, with how often: runs that did not end
        well, samples that stopped with an error, scores that are not numbers.

    See Also
    --------
    read_results : Reads the results of any harness.
    to_score_matrix : Makes a matrix of the table.
    to_inspect_sample_ids : Hands chosen items back to Inspect.

    Notes
    -----
    Values are read as Inspect's own ``value_to_float`` reads them: C = 1, P = 0.5, I = N = 0,
    yes = true = 1, no = false = 0, texts that are numbers; but any other text is left out, where
    Inspect takes it for 0. NaN = not scored. A sample that stopped with an error counts as not
    scored, unless the run was asked to score those (``score_on_error``); so does one that was
    invalidated. All epochs are kept.

    A model is told from another of its name by its arguments and the options of its generation,
    save those that say how it was run (`max_connections`, `device`, `seed`, ...) or how long it may
    answer (`max_tokens`). `setting` holds the task's version and arguments, the models in other
    roles (a grader), and the solver, where one was given in place of the task's own.

    The content hash is of a sample's input and target, each text cut to its first 5120 characters,
    since the summaries in a log hold no more. Logs before Python 3.14 need the package zstandard.

    References
    ----------
    .. [1] Inspect AI, `"Log Files" <https://inspect.aisi.org.uk/eval-logs.html>`_.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from sklearn_sparseeval.harness import read_inspect
    >>> sample = {"epoch": 1, "input": "1 + 1?", "target": "2"}
    >>> log = {
    ...     "version": 2,
    ...     "status": "success",
    ...     "eval": {"task": "sums", "model": "acme/one", "created": "2026-11-24T09:00:00+00:00"},
    ...     "samples": [
    ...         {"id": "q1", "scores": {"match": {"value": "C"}}, **sample},
    ...         {"id": "q2", "scores": {"match": {"value": "I"}}, **sample},
    ...     ],
    ... }
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "log.json").write_text(json.dumps(log))
    ...     results = read_inspect(folder)
    >>> results[["model", "task", "item", "metric", "value"]]
          model  task item metric  value
    0  acme/one  sums   q1  match    1.0
    1  acme/one  sums   q2  match    0.0
    """
    return read_as("inspect", paths, n_jobs=n_jobs, on_error=on_error, progress=progress)


def result_files(files: list[Path]) -> list[Path]:
    """List the logs among files.

    Parameters
    ----------
    files : list of Path
        Any files.

    Returns
    -------
    logs : list of Path
        The logs of Inspect, by name and, for JSON, by how they begin.
    """
    return [file for file in files if file.suffix == ".eval" or _is_json_log(file)]


def _is_json_log(file: Path) -> bool:
    if file.suffix != ".json":
        return False
    try:
        with file.open("rb") as stream:
            return _LOG_BEGINS.match(stream.read(_PEEK)) is not None
    except OSError:  # a link to nothing, or no permission; it may be anything
        return False


def parse(path: Path) -> Rows:
    """Read one log.

    Parameters
    ----------
    path : Path
        The log.

    Returns
    -------
    rows : Rows
        Its scores.

    Raises
    ------
    ResultsError
        If it cannot be read.
    """
    log = read_log(path)
    spec = expect(log.header.get("eval"), dict, "'eval'")
    rows = run_rows(spec)
    _note_the_run(rows, log, spec)
    _add_scores(rows, log.samples, _readings(rows, log, spec))
    return rows


def _note_the_run(rows: Rows, log: InspectLog, spec: dict[str, Any]) -> None:
    status = log.header.get("status", "started")
    if status != "success":
        rows.note(
            "unfinished-run",
            f"logs are of runs that did not end well (status {short(status)}); what they hold was "
            "read",
        )
    if not log.samples:
        rows.note("no-samples", "logs hold no samples")
    dataset = spec.get("dataset")
    is_shuffled = isinstance(dataset, dict) and dataset.get("shuffled") is True
    if is_shuffled and any(isinstance(sample.id, int) for sample in log.samples):
        rows.note(
            "shuffled",
            "logs are of shuffled datasets whose samples have numbers for ids: if they were "
            "numbered after the shuffle, one number is another sample in each run. Give the "
            "samples ids of their own",
        )


def _readings(rows: Rows, log: InspectLog, spec: dict[str, Any]) -> Iterator[SampleScores]:
    """Read the scores of each sample; those that do not count are empty."""
    config = spec.get("config")
    errors_count = isinstance(config, dict) and config.get("score_on_error") is True
    for sample in log.samples:
        scores = sample.scores
        if sample.is_invalidated:
            rows.note("invalidated", "samples were invalidated and count as not scored")
            scores = None
        elif sample.has_error and not errors_count:
            rows.note("stopped-samples", "samples stopped with an error and count as not scored")
            scores = None
        elif not scores:
            rows.note("not-scored", "samples have no score")
        scores = expect(scores or {}, dict, f"'scores' of sample {short(sample.id)}")
        if UNNAMED_SCORER in scores:
            scores = {_scorer_name(log.header): scores[UNNAMED_SCORER]}
        yield sample_scores(scores)


def _scorer_name(header: dict[str, Any]) -> str:
    """Find the name of the only scorer of an old log."""
    results = header.get("results")
    results = results if isinstance(results, dict) else {}
    listed = results.get("scores")
    for scorer in (results.get("scorer"), *(listed if isinstance(listed, list) else [])):
        if isinstance(scorer, dict) and isinstance(scorer.get("name"), str):
            return cast("str", scorer["name"])
    return "score"


def _add_scores(rows: Rows, samples: list[Sample], readings: Iterable[SampleScores]) -> None:
    """Add a row per sample and metric; a sample without a score for a metric gets NaN there."""
    readings = list(readings)
    usual = next((dict.fromkeys(one.numbers, math.nan) for one in readings if one.numbers), {})
    metrics = {metric for reading in readings for metric in reading.numbers}
    for sample, reading in zip(samples, readings, strict=True):
        refused = {metric: math.nan for metric in reading.refused if metric in metrics}
        cost = _cost(sample.usage)
        for metric, value in (usual | refused | reading.numbers).items():
            rows.add(
                str(sample.id),
                metric,
                value,
                epoch=sample.epoch,
                cost=cost,
                content_hash=sample.content_hash,
            )
    _note_refused(rows, readings, metrics)


def _note_refused(rows: Rows, readings: list[SampleScores], metrics: set[str]) -> None:
    notes: dict[str, str] = {}
    for reading in readings:
        for metric, (scorer, shown, has_numbers_beside) in reading.refused.items():
            if metric not in metrics and has_numbers_beside:
                continue  # such as a judge's reasons beside its marks
            example = f"scorer {scorer!r} of task {rows.task!r} gives {shown}"
            text = f"scores are not numbers and are left out: {example}"
            rows.note("not-a-score", notes.setdefault(scorer, text))


def _cost(usage: Any) -> float:
    """Add the tokens of all models that a sample called; NaN where any is not recorded."""
    total = 0
    for model in usage.values() if isinstance(usage, dict) else ():
        tokens = model.get("total_tokens") if isinstance(model, dict) else None
        if type(tokens) is not int or not 0 <= tokens < _MOST_TOKENS:
            return math.nan
        total += tokens
    return float(total) or math.nan  # whoever calls a model sends it something


def sample_scores(scores: dict[str, Any]) -> SampleScores:
    """Read the scores of a sample.

    Parameters
    ----------
    scores : dict
        By scorer, its value: a letter C, I, P or N, a word, a number, a bool, None; or a dict of
        these, whose entries become metrics ``scorer.key``.

    Returns
    -------
    scores : SampleScores
        By metric, the numbers (NaN = not scored), and what is not a number.
    """
    found = SampleScores({}, {})
    for scorer, value in scores.items():
        entries, refused = {scorer: value}, {}
        if isinstance(value, dict):
            entries = {f"{scorer}.{key}": entry for key, entry in value.items()}
        for metric, entry in entries.items():
            try:
                found.numbers[metric] = _number(entry)
            except NoSingleNumberError as error:
                refused[metric] = str(error)
        beside = len(refused) < len(entries)
        for metric, shown in refused.items():
            found.refused[metric] = Refused(scorer, shown, beside)
    return found


def _number(value: Any) -> float:
    """Read a value as Inspect's ``value_to_float`` does; what that takes for 0 is refused."""
    if isinstance(value, list):
        raise NoSingleNumberError(short(value))
    if not isinstance(value, str):
        return scalar(value)
    if value in _LETTERS:
        return _LETTERS[value]
    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise NoSingleNumberError(short(value))
    return number
