"""OpenCompass's results: one JSON file per model and dataset, with details per item.

The format is that of opencompass 0.5.3 (`opencompass/tasks/openicl_eval.py`, `utils/abbr.py`,
`partitioners/`).
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval.harness._harnesses import Harness
from sklearn_sparseeval.harness._results import read_as
from sklearn_sparseeval.harness.opencompass._details import add_scores, items_of
from sklearn_sparseeval.harness.opencompass._write import write_anchors
from sklearn_sparseeval.harness.table._json_text import expect, parse_json, read_json
from sklearn_sparseeval.harness.table._reading import PathLike
from sklearn_sparseeval.harness.table._rows import Rows

if TYPE_CHECKING:
    from pandas import DataFrame

_START = 1 << 16  # bytes read to tell what a file is: metrics come first, then details
_FIRST_ITEM = 1 << 20
_NO_RESULTS = re.compile(r"results_.*|.*_replica\d+.*")  # of lighteval, lm-eval; a judge's answers
_FOREIGN = frozenset({"results", "eval", "config_general", "model_name", "adapter_spec"})
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)")
_PART = re.compile(r"(.+)_(\d{1,6})")
_EXAMPLE = re.compile(rb'"example_abbr"\s*:\s*"(?:[^"\\]|\\.)*_(\d{1,15})"')


def read_opencompass(
    paths: PathLike | Iterable[PathLike],
    *,
    n_jobs: int | None = None,
    on_error: str = "raise",
    progress: bool | None = None,
) -> "DataFrame":
    """Read the results of OpenCompass, item by item, into a long table.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files ``results/MODEL/DATASET.json``, and folders that hold them at any depth, such as
        ``outputs/default``.
    n_jobs : int, default=None
        Number of processes that read files; -1 = as many as there are processors, None = 1.
    on_error : {"raise", "skip"}, default="raise"
        What to do about a file that cannot be read: stop, or leave it out and count it.
    progress : bool, default=None
        Whether to show a bar; None shows it on a terminal.

    Returns
    -------
    results : pandas.DataFrame
        One row per model, task, item, metric and epoch, as :func:`read_results` describes it.

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
    to_opencompass_test_ranges : Hand anchors back to OpenCompass.
    to_score_matrix : Make a score matrix of them.

    Notes
    -----
    - **model**, **task**: the abbreviations in OpenCompass's config, which name folder and file. A
      dataset that was evaluated in parts (``DATASET_0.json``, ``DATASET_1.json``) is one task.
    - **item**: the position in the dataset, from 0, whatever part of it was run. Before 0.4.1, and
      of datasets that are scored by perplexity, details number the items that were run: with a
      ``test_range`` these are other positions, which only the content hash can tell. Parts of a
      dataset are refused where details do not give positions.
    - **metric**: ``correct``, whether details call it so, ``is_correct`` or ``cascade_correct``; it
      is 0 or 1, unlike the accuracy from 0 to 100 that OpenCompass prints. Further ``score``,
      ``G-Pass@...`` and ``model_extract_correct``, where an item has them. Where nothing but a
      judge's answer is recorded, its letter (A = correct) is read as OpenCompass does, provided
      that the mean of it is the accuracy in the file.
    - **epoch**: the replica, of datasets that are repeated (``n``).
    - **content_hash**: of position and gold answer, since questions are not recorded: it tells that
      two runs numbered other items, not which items are the same. **date**: the run's folder.
      Prompts, costs and settings such as the number of shots are not recorded: keep runs of other
      configs apart.
    - Files without details are left out and counted. OpenCompass writes details with
      ``--dump-eval-details``, which is the default since 0.5.0.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from sklearn_sparseeval.harness import read_opencompass
    >>> details = [{"example_abbr": "sums_test_3", "answer": ["2"], "correct": [True]}]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = pathlib.Path(folder, "20260819_121541", "results", "acme-one")
    ...     run.mkdir(parents=True)
    ...     text = json.dumps({"accuracy": 100.0, "details": details})
    ...     _ = (run / "sums.json").write_text(text)
    ...     results = read_opencompass(folder)
    >>> results[["model", "task", "item", "metric", "value", "date"]]
          model  task item   metric  value                 date
    0  acme-one  sums    3  correct    1.0  2026-08-19T12:15:41
    """
    return read_as(HARNESS, paths, n_jobs=n_jobs, on_error=on_error, progress=progress)


def result_files(files: list[Path]) -> list[Path]:
    """Pick OpenCompass's results.

    Parameters
    ----------
    files : list of Path
        Any files.

    Returns
    -------
    files : list of Path
        Those of this format; of those that lie where OpenCompass writes them the beginning is read.
    """
    return [path for path in files if _lies_right(path) and _begins_right(path)]


def _lies_right(path: Path) -> bool:
    return (
        path.suffix == ".json"
        and path.absolute().parent.parent.name == "results"
        and _NO_RESULTS.fullmatch(path.stem) is None
        and path.is_file()
    )


def _begins_right(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(_START + 1)
    except OSError:
        return True  # it lies right; reading it says what is wrong
    if not start.lstrip().startswith(b"{"):
        return False
    if re.search(rb'"details"\s*:', start):
        return True
    if len(start) > _START:
        return False
    try:
        results = expect(parse_json(start), dict, "the file")
    except ResultsError:
        return False
    numbers = [one for one in results.values() if isinstance(one, int | float)]
    return _FOREIGN.isdisjoint(results) and (bool(numbers) or "error" in results)


def parse(path: Path) -> Rows:
    """Read the results of a model on a dataset.

    Parameters
    ----------
    path : Path
        A file ``results/MODEL/DATASET.json``.

    Returns
    -------
    rows : Rows
        Its rows.
    """
    results = expect(read_json(path), dict, "the file")
    model = path.absolute().parent
    stamp = _STAMP.fullmatch(model.parent.parent.name)
    rows = Rows(
        harness="opencompass",
        model=model.name,
        task=path.stem,
        date="" if stamp is None else "{}-{}-{}T{}:{}:{}".format(*stamp.groups()),
    )
    details = results.get("details")
    if not details:
        rows.note(
            "no-details",
            "result files were left out since they hold no details of items; run opencompass with "
            "--dump-eval-details, in a new work_dir",
        )
        return rows
    items = list(items_of(details, rows))
    rows.task = _task(path, all(one.has_replicas for one in items))
    add_scores(items, results, rows)
    return rows


def _task(path: Path, has_positions: bool) -> str:
    """Name the dataset; one that was evaluated in parts is joined.

    A dataset may well be called x_1 without being a part of x. Parts give it away: the first one
    begins at position 0, and the second one after it.
    """
    found = _PART.fullmatch(path.stem)
    if found is None or path.with_name(f"{found[1]}.json").is_file():
        return path.stem
    parts = [path.with_name(f"{found[1]}_{part}.json") for part in (0, 1)]
    if not all(part.is_file() for part in parts):
        return path.stem
    first, second = (_first_position(part) for part in parts)
    if first is None or second is None or not has_positions:
        raise ResultsError(
            f"is a part of the dataset {found[1]!r}, or a dataset of its own; its details number "
            "the items of the file, so that their positions in the dataset cannot be known. "
            "Evaluate again with NaivePartitioner, the default of opencompass's 'eval'."
        )
    return found[1] if first == 0 < second else path.stem


def _first_position(path: Path) -> int | None:
    with path.open("rb") as file:
        found = _EXAMPLE.search(file.read(_FIRST_ITEM))
    return None if found is None else int(found[1])


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
