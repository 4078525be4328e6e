"""Which files of lm-evaluation-harness are samples, of what, and which run they belong to."""

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval.harness.lm_eval._model import LM_EVAL_KEYS
from sklearn_sparseeval.harness.lm_eval._results_file import Run, run_in_folder, run_of

_DATE = r"\d{4}-\d\d-\d\d(?:T\d\d[-:]\d\d[-:]\d\d(?:\.\d+)?)?"
_SAMPLES = re.compile(rf"samples_(?P<task>.+?)(?:_(?P<date>{_DATE}))?\.jsonl")
_SAMPLES_JSON = re.compile(rf"samples_(?P<task>.+?)_(?P<date>{_DATE})\.json")
_RESULTS = re.compile(rf".+_(?P<date>{_DATE})\.json")
_RESULTS_START = re.compile(rb'\s*\{\s*"results"\s*:')


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
