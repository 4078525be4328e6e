"""What the name and the surroundings of a lighteval details file say of its run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval.harness.table._json_text import expect, read_json
from sklearn_sparseeval.harness.table._rows import Rows

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
