"""The details that lighteval saves: one parquet file per task and run.

The formats are those of lighteval 0.13 (`lighteval/logging/evaluation_tracker.py` and
`info_loggers.py`), of its releases before 0.11 with flat columns (as texts from 0.3 to 0.7), and of
the details files of the Open LLM Leaderboard v1, which its forerunner wrote.
"""

import ast
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import (
    NOT_RECORDED,
    content_fingerprint,
    text_fingerprint,
)
from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness._results import read_as
from sklearn_sparseeval.harness.table._json_text import expect, read_json
from sklearn_sparseeval.harness.table._reading import PathLike
from sklearn_sparseeval.harness.table._rows import Rows
from sklearn_sparseeval.harness.table._values import NoSingleNumberError, scalar

if TYPE_CHECKING:
    from pandas import DataFrame

_BATCH = 256  # rows in memory at a time, and fewer where their texts may take more than this:
_BATCH_BYTES = 1 << 28
_MOST_ROWS = 2_000_000
_LONGEST_METRICS = 100_000  # characters of a row's metrics, where they are text
_CONTENT = ("query", "choices", "gold_index")
_QUESTIONS = ("example", "question", "query")  # whichever a release with flat columns wrote
_FLAT_METRICS = ("acc", "acc_norm", "mc1", "mc2", "em", "exact_match", "f1")
_NAN = re.compile(r"(?<=: )nan(?=[,}])")
_DATE = r"\d{4}-\d\d-\d\dT\d\d[-:]\d\d[-:]\d\d(?:\.\d+)?"
_DETAILS = re.compile(rf"details_(?P<task>.+)_(?P<date>{_DATE})\.parquet", re.DOTALL)
_HUB = re.compile(r"(?:.*--)?details_(?P<model>.+?)(?:_private)?")
_MODEL_KEYS = (
    "revision",
    "subfolder",
    "dtype",
    "model_dtype",
    "quantization",
    "base_model",
    "adapter_weights",
    "delta_weights",
)
_NEAR = 4  # folders: a repository of the hub, its snapshots, a commit, a date
_MMLU_OF_V1 = "hendrycksTest-"


class _Item(NamedTuple):
    """One row of a details file."""

    identifier: Any  # None where the file has none
    content_hash: int
    metrics: Any
    cost: float = math.nan


def read_lighteval(
    paths: PathLike | Iterable[PathLike],
    *,
    n_jobs: int | None = None,
    on_error: str = "raise",
    progress: bool | None = None,
) -> "DataFrame":
    """Read the details that lighteval saves into a long table.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files ``details_TASK_DATE.parquet``, and folders that hold them at any depth, such as
        lighteval's ``--output-dir``, or a details repository of the Open LLM Leaderboard v1.
    n_jobs : int, default=None
        Number of processes that read files; -1 = as many as there are processors, None = 1.
    on_error : {"raise", "skip"}, default="raise"
        What to do about a file that cannot be read: stop, or leave it out and count it.
    progress : bool, default=None
        Whether to show a bar; None shows it on a terminal.

    Returns
    -------
    results : pandas.DataFrame
        One row per model, task, item and metric, as :func:`read_results` describes it.

    Raises
    ------
    ResultsError
        If no such file is there, one cannot be read, or none holds a score.

    Warns
    -----
    ResultsWarning
        For each kind of thing that was left out or decided, with how often.

    See Also
    --------
    read_results : Read any harness's results.
    to_score_matrix : Make a score matrix of them.

    Notes
    -----
    - **model**: ``config_general.model_name`` of the run's ``results_DATE.json``, which is beside
      the details or under ``results/``; models of other revisions or dtypes are told apart, other
      commits of one revision are not. Without that file, the folders name the model.
    - **task**: the name without the number of shots, such as ``mmlu:anatomy``; older releases put
      the suite before it (``leaderboard|mmlu:anatomy``). **group**: the text before the colon.
    - **item**: ``doc.id``. Rows are in a shuffled order, so their position is not used. Where a
      task has two evaluation splits, ids repeat: the second item of one id is named ``id#2``, in
      the file's order, and counted; the content hash catches where it is another for some model.
    - Files of lighteval before 0.11 and of the Open LLM Leaderboard v1 hold no ids. Their items are
      named by the number of the row, from 0, which is the same for all models as long as the data
      and the harness are; the content hash, of the question's text, catches where they are not.
    - **setting**: the number of shots, and the task's version.
    - **cost**: tokens read and written, where token ids are recorded with ids of items.
    - **content_hash**: of question, choices and gold answers. Prompts are not recorded: lighteval
      cannot run chosen items, so that no anchor run's prompts can differ.
    - Scores of corpus metrics are objects (answers and gold answers), no numbers: they are left out
      and counted.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pyarrow as pa, pyarrow.parquet as pq
    >>> from sklearn_sparseeval.harness import read_lighteval
    >>> row = {"doc": {"id": "17", "query": "1 + 1 = ?"}, "metric": {"em": 1.0}}
    >>> date = "2026-05-05T17-54-23.000001"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = pathlib.Path(folder, "details", "acme", "one", date)
    ...     run.mkdir(parents=True)
    ...     pq.write_table(pa.Table.from_pylist([row]), run / f"details_sums|5_{date}.parquet")
    ...     results = pathlib.Path(folder, "results", "acme", "one")
    ...     results.mkdir(parents=True)
    ...     path = results / f"results_{date}.json"
    ...     _ = path.write_text('{"config_general": {"model_name": "acme/one"}}')
    ...     table = read_lighteval(folder)
    >>> table[["model", "task", "item", "metric", "value", "setting"]]
          model  task item metric  value   setting
    0  acme/one  sums   17     em    1.0  n-shot=5
    """
    return read_as("lighteval", paths, n_jobs=n_jobs, on_error=on_error, progress=progress)


def result_files(files: list[Path]) -> list[Path]:
    """Pick lighteval's per-item results.

    Parameters
    ----------
    files : list of Path
        Any files.

    Returns
    -------
    files : list of Path
        Those of this format.
    """
    return [path for path in files if is_details(path)]


def parse(path: Path) -> Rows:
    """Read the details of one task.

    Parameters
    ----------
    path : Path
        A file ``details_TASK_DATE.parquet``.

    Returns
    -------
    rows : Rows
        Its rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = rows_of_run(path)
    try:
        with pq.ParquetFile(path) as file:
            _add_rows(file, rows)
    except ResultsError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:  # one for texts that are not UTF-8
        raise ResultsError(f"cannot be read as parquet ({error}). Was its run stopped?") from None
    return rows


def _add_rows(file: Any, rows: Rows) -> None:
    if file.metadata.num_rows > _MOST_ROWS:
        raise ResultsError(f"holds {file.metadata.num_rows} rows; expected at most {_MOST_ROWS}.")
    schema = file.schema_arrow
    names = set(schema.names)
    for doc, metric, response in (
        ("doc", "metric", "model_response"),
        ("__doc__", "__metric__", "__model_response__"),
    ):
        if {doc, metric} <= names:
            items = _structured_items(file, rows, doc, metric, response)
            break
    else:
        items = _flat_items(file, rows, schema)
    group = group_of(rows.task)
    seen: dict[str, int] = {}
    for number, item in enumerate(items):
        name = str(number) if item.identifier is None else _name(item.identifier, number, seen)
        if seen.get(str(item.identifier), 1) > 1:
            rows.note(
                "shared-ids",
                "items share their id with another one of their file (lighteval numbers the items "
                "of each evaluation split): they were named id#2",
            )
        for metric, value in _scores(item.metrics, number, rows):
            rows.add(
                name,
                metric,
                value,
                group=group,
                cost=item.cost,
                content_hash=item.content_hash,
            )


def _name(identifier: Any, number: int, seen: dict[str, int]) -> str:
    if isinstance(identifier, bool) or not isinstance(identifier, str | int) or identifier == "":
        raise ResultsError(f"row {number} has no id but {short(identifier)}.")
    name = str(identifier)
    seen[name] = seen.get(name, 0) + 1
    return name if seen[name] == 1 else f"{name}#{seen[name]}"


def _scores(metrics: Any, number: int, rows: Rows) -> Iterator[tuple[str, float]]:
    if not isinstance(metrics, dict):
        raise ResultsError(f"row {number} has no metrics but {short(metrics)}.")
    for metric, value in metrics.items():
        try:
            yield str(metric), scalar(value)
        except NoSingleNumberError:
            _refuse(rows, str(metric), type(value).__name__)


def _refuse(rows: Rows, metric: str, kind: str, count: int = 1) -> None:
    rows.note(
        "not-a-score",
        f"scores were left out since they are not a single number: metric {metric!r} holds a "
        f"{kind}",
        count,
    )


def _structured_items(
    file: Any, rows: Rows, doc: str, metric: str, response: str
) -> Iterator[_Item]:
    """Read rows of structs, as lighteval has written them since 0.11."""
    schema = file.schema_arrow
    contents = _fields(schema, doc)
    if "id" not in contents:
        raise ResultsError(f"has no column '{doc}.id', which tells the items apart.")
    metrics = _fields(schema, metric)
    for name, kind in metrics.items():
        if not _is_score(kind):
            _refuse(rows, name, str(kind).partition("<")[0], file.metadata.num_rows)
    wanted = [f"{metric}.{name}" for name, kind in metrics.items() if _is_score(kind)]
    wanted += [f"{doc}.{name}" for name in ("id", *_CONTENT) if name in contents]
    tokens = _fields(schema, response) if response in schema.names else {}
    wanted += [f"{response}.{name}" for name in ("input_tokens", "output_tokens") if name in tokens]
    for batch in _batches(file, wanted):
        docs = batch.column(doc).to_pylist()
        scored = metric in batch.schema.names
        scores = batch.column(metric).to_pylist() if scored else [{}] * len(docs)
        costs = _costs(batch, response)
        for one, values, cost in zip(docs, scores, costs, strict=True):
            known = one or {}
            identifier = known.get("id")
            yield _Item("" if identifier is None else identifier, _content(known), values, cost)


def _batches(file: Any, wanted: list[str]) -> Iterator[Any]:
    """Read some columns, some rows at a time.

    A text that many rows share is stored once: each row may hold as much as its whole group.
    """
    # The size of a column would be a closer bound, but asking pyarrow for the metadata of a column
    # that is damaged ends the process: the exception is not handed on to Python.
    groups = [file.metadata.row_group(at) for at in range(file.metadata.num_row_groups)]
    rows = _BATCH_BYTES // max([1, *(group.total_byte_size for group in groups)])
    yield from file.iter_batches(batch_size=min(max(rows, 1), _BATCH), columns=wanted)


def _fields(schema: Any, column: str) -> dict[str, Any]:
    """Give the types of a struct's fields."""
    import pyarrow as pa

    kind = schema.field(column).type
    if not pa.types.is_struct(kind):
        raise ResultsError(f"has a column {column!r} of {short(str(kind))}; expected a struct.")
    return {kind.field(at).name: kind.field(at).type for at in range(kind.num_fields)}


def _is_score(kind: Any) -> bool:
    """Tell whether values of an arrow type can be scores, as `scalar` reads them."""
    types = _types()
    if types.is_list(kind):
        return bool(types.is_boolean(kind.value_type))
    checks = (types.is_boolean, types.is_integer, types.is_floating, types.is_null)
    return any(check(kind) for check in checks)


def _types() -> Any:
    import pyarrow as pa

    return pa.types


def _content(doc: dict[str, Any]) -> int:
    if not isinstance(doc.get("query"), str):
        return NOT_RECORDED
    gold = doc.get("gold_index")
    golds = gold if isinstance(gold, list) else [gold]
    return content_fingerprint([doc["query"], doc.get("choices") or [], golds])


def _costs(batch: Any, response: str) -> list[float]:
    """Count tokens; models behind an interface that does not say them leave empty lists."""
    if response not in batch.schema.names:
        return [math.nan] * len(batch)
    costs = []
    for one in batch.column(response).to_pylist():
        known = one or {}
        read, written = (_length(known.get(f"{way}_tokens")) for way in ("input", "output"))
        costs.append(read + written if read else math.nan)
    return costs


def _length(tokens: Any) -> float:
    """Count what a list of tokens holds, or a list of such lists."""
    if not isinstance(tokens, list):
        return 0.0
    return float(sum(len(one) if isinstance(one, list) else 1 for one in tokens))


def _flat_items(file: Any, rows: Rows, schema: Any) -> Iterator[_Item]:
    """Read rows of flat columns, as lighteval wrote them before 0.11."""
    columns = _metric_columns(schema)
    question = next((name for name in _QUESTIONS if name in schema.names), None)
    rows.note(
        "no-ids",
        "details files hold no ids of items: their items are named by the number of their row"
        + ("" if question else ", and nothing tells whether that is the same item for all models"),
    )
    wanted = [*columns, *([question] if question else [])]
    for batch in _batches(file, wanted):
        texts = batch.column(question).to_pylist() if question else [None] * len(batch)
        for text, row in zip(texts, batch.select(list(columns)).to_pylist(), strict=True):
            content = text_fingerprint(text) if isinstance(text, str) else NOT_RECORDED
            yield _Item(None, content, _flat_metrics(row, columns, rows))


def _metric_columns(schema: Any) -> dict[str, str]:
    """Find the metrics in one of the three places where they have been: column to metric."""
    if "metrics" in schema.names:
        return {"metrics": ""}
    dotted = {name: name[8:] for name in schema.names if name.startswith("metrics.")}
    columns = dotted or {name: name for name in _FLAT_METRICS if name in schema.names}
    if not columns:
        raise ResultsError(
            f"has the columns {', '.join(map(repr, schema.names[:12]))}; expected 'doc' and "
            "'metric', or 'example' and 'metrics', as lighteval writes details."
        )
    return columns


def _flat_metrics(row: dict[str, Any], columns: dict[str, str], rows: Rows) -> Any:
    if "metrics" not in columns:
        return {columns[name]: value for name, value in row.items()}
    metrics = row["metrics"]
    if not isinstance(metrics, str):
        return metrics
    known = _metrics_of_text(metrics) if len(metrics) <= _LONGEST_METRICS else None
    if known is None:
        rows.note(
            "not-a-score",
            "rows were left out since their metrics are a text that is not a Python dict",
        )
    return known or {}


@lru_cache(maxsize=4096)  # few texts are distinct: {'acc': 0}, {'acc': 1}
def _metrics_of_text(text: str) -> dict[Any, Any] | None:
    """Read metrics that were saved as `str` of a dict; literals only, nothing is run."""
    try:
        value = ast.literal_eval(_NAN.sub("None", text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


@dataclass(frozen=True)
class _Run:
    """What a results file says of a run."""

    model: str
    model_args: str
    versions: dict[str, Any]


def is_details(path: Path) -> bool:
    """Tell by its name whether a file holds lighteval's details of a task.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    details : bool
        Whether it is called ``details_TASK_DATE.parquet``.
    """
    return _DETAILS.fullmatch(path.name) is not None


def rows_of_run(path: Path) -> Rows:
    """Find out which model was run on which task, how and when.

    Parameters
    ----------
    path : Path
        A details file.

    Returns
    -------
    rows : Rows
        No rows yet.
    """
    found = _DETAILS.fullmatch(path.name)
    if found is None:
        raise ResultsError(
            "is not named as lighteval names details; expected details_TASK|SHOTS_DATE.parquet."
        )
    path = path.absolute()
    full_name, date = found["task"], found["date"]
    task, shots = _task_and_shots(full_name)
    run = _run_of(path, date)
    words: dict[str, Any] = {"n-shot": shots}
    if run is not None:
        words["version"] = run.versions.get(full_name, run.versions.get(task))
    rows = Rows(
        harness="lighteval",
        model=_model_of_folders(path) if run is None else run.model,
        task=task,
        model_args="" if run is None else run.model_args,
        setting=" ".join(
            f"{key}={'_'.join(str(value).split())}"
            for key, value in words.items()
            if isinstance(value, int | str) and value != ""
        ),
        date=date.replace(":", "-"),
    )
    if run is None:
        rows.note(
            "model-from-folder",
            "details files have no readable results_DATE.json: their models were named after "
            "their folders",
        )
    return rows


def group_of(task: str) -> str:
    """Tell which benchmark a task is a part of.

    Parameters
    ----------
    task : str
        Name of a task.

    Returns
    -------
    group : str
        The text before the colon, as lighteval averages tasks; the subjects of MMLU on the Open
        LLM Leaderboard v1, whose names have none, are one group too.
    """
    before, found, _ = task.partition(_MMLU_OF_V1)
    return before + _MMLU_OF_V1[:-1] if found else task.partition(":")[0]


def _task_and_shots(full_name: str) -> tuple[str, str]:
    """Split "suite|task|shots|flag", of which a release leaves out the first, the last or both."""
    parts = full_name.split("|")
    shots = ""
    while len(parts) > 1 and parts[-1].isdecimal():
        shots = parts.pop()
    return "|".join(parts), shots


def _run_of(path: Path, date: str) -> _Run | None:
    for results in _results_files(path, date):
        if results.is_file():
            state = results.stat()
            return _read_run(results, state.st_mtime_ns, state.st_size)
    return None


def _results_files(path: Path, date: str) -> Iterator[Path]:
    """List where the results file of a details file may be, beginning with where lighteval does."""
    dates = dict.fromkeys((date, path.parent.name, date.replace(":", "-")))
    folders = [path.parent.parent, path.parent]
    under = _under_details(path)
    if under is not None:
        root, model = under
        folders.insert(0, root.joinpath("results", *model))
    for folder in folders:
        yield from (folder / f"results_{one}.json" for one in dates)


def _under_details(path: Path) -> tuple[Path, tuple[str, ...]] | None:
    """Split OUT/details/MODEL/DATE/FILE, where the model's name may be several folders."""
    parts = path.parent.parts
    if "details" not in parts:
        return None
    at = len(parts) - 1 - parts[::-1].index("details")
    return Path(*parts[:at]), parts[at + 1 : -1]


@lru_cache(maxsize=16)
def _read_run(path: Path, _changed: int, _size: int) -> _Run | None:
    """Read a results file; all tasks of a run share one. None where it does not name a model."""
    try:
        results = expect(read_json(path), dict, "it")
        general = expect(results.get("config_general"), dict, "'config_general'")
        model = expect(general.get("model_name"), str, "'model_name'")
    except ResultsError:
        return None
    versions = results.get("versions")
    config = general.get("model_config")
    config = {**general, **config} if isinstance(config, dict) else general
    known = {
        key: config[key]
        for key in _MODEL_KEYS
        if isinstance(config.get(key), str | bool) and config[key] not in ("", "main", False)
    }
    return _Run(
        model=model,
        model_args=" ".join(f"{key}={value}" for key, value in known.items()),
        versions=versions if isinstance(versions, dict) else {},
    )


def _model_of_folders(path: Path) -> str:
    """Name the model after the folders, which lighteval and its pushes to the hub name after it."""
    under = _under_details(path)
    if under is not None and under[1]:
        return "/".join(under[1])
    folders = [folder.name for folder in path.parents]
    for folder in folders[:_NEAR]:
        found = _HUB.fullmatch(folder)
        if found is not None:
            return found["model"].replace("__", "/", 1)
    name = folders[1] if re.fullmatch(_DATE, folders[0]) and len(folders) > 1 else folders[0]
    if not name:
        raise ResultsError(
            "has no results_DATE.json, and no folder names its model; expected "
            "details/MODEL/DATE/ as lighteval writes it. Give the path from 'details' on."
        )
    return name
