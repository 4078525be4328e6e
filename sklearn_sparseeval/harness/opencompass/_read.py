"""OpenCompass's results: one JSON file per model and dataset, with details per item.

The format is that of opencompass 0.5.3 (`opencompass/tasks/openicl_eval.py`, `utils/abbr.py`,
`partitioners/`).
"""

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import NOT_RECORDED, content_fingerprint
from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness._results import read_as
from sklearn_sparseeval.harness.table._json_text import expect, parse_json, read_json
from sklearn_sparseeval.harness.table._reading import PathLike
from sklearn_sparseeval.harness.table._rows import Rows
from sklearn_sparseeval.harness.table._values import NoSingleNumberError, scalar

if TYPE_CHECKING:
    from pandas import DataFrame

_START = 1 << 16  # bytes read to tell what a file is: metrics come first, then details
_FIRST_ITEM = 1 << 20
_NO_RESULTS = re.compile(r"results_.*|.*_replica\d+.*")  # of lighteval, lm-eval; a judge's answers
_FOREIGN = frozenset({"results", "eval", "config_general", "model_name", "adapter_spec"})
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)")
_PART = re.compile(r"(.+)_(\d{1,6})")
_EXAMPLE = re.compile(rb'"example_abbr"\s*:\s*"(?:[^"\\]|\\.)*_(\d{1,15})"')
_POSITION = re.compile(r".*_(\d{1,15})", re.DOTALL)
_CORRECT = ("correct", "is_correct", "cascade_correct")  # as OpenCompass looks them up
_OTHER_METRICS = re.compile(r"score|model_extract_correct|m?G-Pass@.+")
_GOLD = ("answer", "answers", "references", "reference", "refr", "ref", "gold")
_ACCURACY = re.compile(r"accuracy(?: \(\d+ runs average\))?")
_VERDICT = re.compile("[AB]")  # a judge's: A is correct, B is not


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
    return read_as("opencompass", paths, n_jobs=n_jobs, on_error=on_error, progress=progress)


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


class Item(NamedTuple):
    """What details say of one item."""

    position: int
    entry: dict[str, Any]
    has_replicas: bool  # each value is a list, of one value per replica of the dataset


def items_of(details: Any, rows: Rows) -> Iterator[Item]:
    """Find the entries of items, and the positions of these in the dataset.

    Parameters
    ----------
    details : list or dict
        The details in a results file.
    rows : Rows
        Takes notes of what is left out.

    Yields
    ------
    item : Item
        Position and entry.

    Raises
    ------
    ResultsError
        If details are of another form, or hold an item twice.
    """
    entries: Iterable[tuple[int, Any]]
    if isinstance(details, list):
        entries = enumerate(details)
    else:
        entries = _numbered(expect(details, dict, "'details'"), rows)
    seen: set[int] = set()
    kinds = set()
    for number, entry in entries:
        what = f"entry {number} of 'details'"
        label = expect(entry, dict, what).get("example_abbr")
        found = None if label is None else _POSITION.fullmatch(expect(label, str, f"{what}: name"))
        if label is not None and found is None:
            raise ResultsError(f"{what} is called {short(label)}; expected DATASET_POSITION.")
        position = number if found is None else int(found[1])
        kinds.add(found is None)
        if len(kinds) > 1:
            raise ResultsError(f"{what} has, unlike others, {'no' if found is None else 'a'} name.")
        if position in seen:
            raise ResultsError(f"'details' hold item {position} twice.")
        seen.add(position)
        yield Item(position, _flattened(entry), found is not None)


def _numbered(details: dict[str, Any], rows: Rows) -> Iterator[tuple[int, Any]]:
    """Pick the entries of details that are a dict, which holds other things beside."""
    for key, entry in details.items():
        if key.isascii() and key.isdecimal() and len(key) < 16:
            yield int(key), entry
        elif isinstance(entry, dict):
            rows.note(
                "no-position",
                "entries of 'details' were left out since their keys are not positions",
            )


def _flattened(entry: dict[str, Any]) -> dict[str, Any]:
    """Make lists of one value per replica, as OpenCompass does itself since 0.4.2."""
    replicas = entry.get("predictions")
    if not isinstance(replicas, list) or not all(isinstance(one, dict) for one in replicas):
        return entry
    keys = dict.fromkeys(key for one in replicas for key in one)
    return entry | {key: [one.get(key) for one in replicas] for key in keys}


def add_scores(items: list[Item], results: dict[str, Any], rows: Rows) -> None:
    """Add the scores of items.

    Parameters
    ----------
    items : list of Item
        The items of a results file.
    results : dict
        What else the file says.
    rows : Rows
        Takes the scores.
    """
    is_scored = False
    for item in items:
        content = _content(item)
        for metric, values in _metrics(item.entry):
            is_scored = True
            replicas = values if isinstance(values, list) else [values]
            for epoch, value in enumerate(replicas, start=1):
                score = _score(metric, value, rows)
                if score is not None:
                    rows.add(str(item.position), metric, score, epoch=epoch, content_hash=content)
    if not is_scored and not _add_verdicts(items, results, rows):
        rows.note(
            "no-verdicts",
            "result files were left out since their details say of no item whether it is correct",
        )


def _metrics(entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Find the scores of an item: per metric one value, or a list of one per replica."""
    found = [entry[key] for key in _CORRECT if key in entry]
    if not found and "rule_evaluation" in entry and "llm_evaluation" not in entry:
        # No item was left for the judge of a cascade, which then writes no cascade_correct.
        found = [_inside(entry["rule_evaluation"])]
    known = [values for values in found if not _is_empty(values)]
    if found:
        yield "correct", (known or found)[0]
    for key, values in entry.items():
        if _OTHER_METRICS.fullmatch(key):
            yield key, values


def _inside(evaluations: Any) -> Any:
    """Take 'correct' out of the rule's evaluations, one per replica."""
    several = evaluations if isinstance(evaluations, list) else [evaluations]
    return [one.get("correct", False) if isinstance(one, dict) else None for one in several]


def _is_empty(values: Any) -> bool:
    return all(one is None for one in values) if isinstance(values, list) else values is None


def _score(metric: str, value: Any, rows: Rows) -> float | None:
    try:
        score = scalar(value)
    except NoSingleNumberError:
        rows.note(
            "not-a-score",
            f"scores were left out since they are not a single number: {metric!r} holds a "
            f"{type(value).__name__}",
        )
        return None
    if metric == "correct" and not (math.isnan(score) or 0 <= score <= 1):
        rows.note(
            "other-scale",
            "scores 'correct' are not from 0 to 1; they were kept as the evaluator wrote them",
        )
    return score


def _add_verdicts(items: list[Item], results: dict[str, Any], rows: Rows) -> bool:
    """Read a judge's answers, if their mean is the accuracy that OpenCompass found."""
    verdicts = [_verdicts(item.entry.get("prediction")) for item in items]
    flat = [one for several in verdicts for one in several]
    key = next((key for key in results if _ACCURACY.fullmatch(key)), None)
    try:
        accuracy = scalar(results.get(key)) if key else math.nan
    except NoSingleNumberError:
        return False
    if not all(verdicts) or not flat:
        return False
    if not math.isclose(100 * sum(flat) / len(flat), accuracy, abs_tol=1e-6):
        return False
    for item, several in zip(items, verdicts, strict=True):
        content = _content(item)
        for epoch, value in enumerate(several, start=1):
            rows.add(str(item.position), "correct", value, epoch=epoch, content_hash=content)
    rows.note(
        "judge-read",
        "result files hold no scores of items but a judge's answers, which were read: A is correct",
    )
    return True


def _verdicts(answers: Any) -> list[float]:
    """Read a judge's answers on one item, one per replica; none where one is not a text."""
    several = answers if isinstance(answers, list) else [answers]
    if not all(isinstance(one, str) for one in several):
        return []
    letters = [_VERDICT.search(one) for one in several]
    return [float(one is not None and one[0] == "A") for one in letters]


def _content(item: Item) -> int:
    """Fingerprint the gold answer at its position.

    Details hold no question. The answer alone is that of many items, and must not lead from one to
    another; at one position it tells that data differ, or that positions are not comparable.
    """
    gold = next((item.entry[key] for key in _GOLD if item.entry.get(key) is not None), None)
    if item.has_replicas and isinstance(gold, list) and gold:
        gold = gold[0]
    return NOT_RECORDED if gold is None else content_fingerprint([item.position, gold])
