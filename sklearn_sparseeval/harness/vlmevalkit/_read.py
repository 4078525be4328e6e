"""Reads the tables that VLMEvalKit's judges write."""

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import NOT_RECORDED, content_fingerprint
from sklearn_sparseeval.harness._results import read_as
from sklearn_sparseeval.harness.table._reading import PathLike
from sklearn_sparseeval.harness.table._rows import Rows
from sklearn_sparseeval.harness.table._values import NoSingleNumberError, Refusals
from sklearn_sparseeval.harness.vlmevalkit._names import (
    best_files,
    judged_siblings,
    names_its_model,
    result_name,
)
from sklearn_sparseeval.harness.vlmevalkit._scores import (
    MATCHES,
    SCORES,
    Pairs,
    is_empty,
    item_name,
    plain_text,
    score_of,
    score_of_matches,
)
from sklearn_sparseeval.harness.vlmevalkit._tables import Row, table_rows

if TYPE_CHECKING:
    from pandas import DataFrame

_GROUPS = ("category", "l2-category")
_OPTION = re.compile(r"[A-Z]")
_IS_YES_OR_NO = {"extracted", "image_path"}  # how the answers yes and no were understood
_COLUMNS = {
    *("index", "question", "answer", "prediction", MATCHES),
    *_IS_YES_OR_NO,
    *_GROUPS,
    *SCORES,
}
_NOT_JUDGED = -1
_RECORDS = re.compile(rb"\s*\[\s*\{")
_NO_ANSWER = "Failed to obtain answer"  # what VLMEvalKit writes where a model gave none


def read_vlmevalkit(
    paths: PathLike | Iterable[PathLike],
    *,
    n_jobs: int | None = None,
    on_error: str = "raise",
    progress: bool | None = None,
) -> "DataFrame":
    r"""Read the judged tables of VLMEvalKit into a long table.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files ``<model>_<dataset>_<judge>_result.xlsx`` (or .tsv, .json), and folders that hold
        them at any depth, such as ``outputs``. They have to lie in a folder called like the model,
        or in a run's folder within it, as VLMEvalKit puts them.
    n_jobs : int, default=None
        Number of processes that read files; -1 = as many as there are processors, None = 1.
    on_error : {"raise", "skip"}, default="raise"
        What to do about a file that cannot be read: stop, or leave it out and count it.
    progress : bool, default=None
        Whether to show a bar; None shows it on a terminal.

    Returns
    -------
    results : pandas.DataFrame of shape (n_scores, 15)
        The long table: one row per model, task, item, metric and filter.

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
    to_vlmevalkit_table : Writes the table of a data set's anchors.

    Notes
    -----
    ``item`` is the table's ``index``, ``metric`` the column of the score (hit, score, ...), and
    ``filter`` what the file's name says between the data set and ``_result``: the judge. Results
    of different judges are not mixed: choose one by `filter`. ``group`` is the category, else the
    l2-category. The task is the data set, also of the tables that :func:`to_vlmevalkit_table`
    makes, ``<dataset>_anchors``.

    What VLMEvalKit counts differently from a mean over rows:

    - MMBench and other circular data sets: one row per question, its hit 1 where all rotations of
      the options were answered rightly. The other rotations are not items of their own.
    - MME: beside ``score`` there is ``pair``, 1 where both questions on the image were answered
      rightly. The mean of one is MME's accuracy, of the other its accuracy+.
    - TextVQA, DocVQA and the like: ``eval_score`` is what the data set's own rule makes of the
      matches with all reference answers, not their mean, which VLMEvalKit writes beside them.
    - A score of -1 says that no answer could be judged, and is taken as not scored.

    Tables without a judge (``<model>_<dataset>.xlsx``) hold scores only where VLMEvalKit adds them
    there; they are left out where a judge's table lies beside them. Pickles are never read. For
    .xlsx files openpyxl has to be installed; PRED_FORMAT=tsv makes VLMEvalKit write text, which is
    read faster and is not cut off at 32,767 characters per cell.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_sparseeval.harness import read_vlmevalkit
    >>> run = Path(tempfile.mkdtemp()) / "acme-vl" / "T20260818-120102"
    >>> run.mkdir(parents=True)
    >>> _ = (run / "acme-vl_MMStar.tsv").write_text("index\tprediction\n0\tA\n1\tC\n")
    >>> _ = (run / "acme-vl_MMStar_gpt-4o_result.tsv").write_text(
    ...     "index\tprediction\tcategory\thit\n0\tA\tmath\t1\n1\tC\tlogic\t0\n")
    >>> results = read_vlmevalkit(run)
    >>> results[["model", "task", "item", "metric", "filter", "value", "group"]]
         model    task item metric  filter  value  group
    0  acme-vl  MMStar    0    hit  gpt-4o    1.0   math
    1  acme-vl  MMStar    1    hit  gpt-4o    0.0  logic
    """
    return read_as("vlmevalkit", paths, n_jobs=n_jobs, on_error=on_error, progress=progress)


def result_files(files: list[Path]) -> list[Path]:
    """Pick the tables that may hold scores.

    Parameters
    ----------
    files : list of Path
        Any files.

    Returns
    -------
    files : list of Path
        Tables named for the folder of their model; each once, in the format read best, and no
        predictions of which the judged table is there too.
    """
    named = [path for path in files if names_its_model(path) and _is_table(path)]
    return best_files(named)


def parse(path: Path) -> Rows:
    """Read one table.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    rows : Rows
        Its scores; none if it has no column of scores.

    Raises
    ------
    ResultsError
        If it is not of the form expected.
    """
    name = result_name(path)
    rows = Rows(harness="vlmevalkit", model=name.model, task=name.task, date=name.date)
    items = _Items(rows, name.judge)
    for number, row in enumerate(table_rows(path, _is_wanted, rows.note), start=1):
        if number == 1:
            metrics = _metrics(path, row, rows)
            if not metrics:
                return rows
        items.add(number, row, metrics)
    items.finish()
    return rows


def _is_table(path: Path) -> bool:
    """Tell tables from the JSON objects that hold averages, by how they begin."""
    if path.suffix.lower() != ".json":
        return True
    try:
        with path.open("rb") as file:
            return _RECORDS.match(file.read(256)) is not None
    except OSError:
        return True  # it is named right; reading it says what is wrong


def _is_wanted(column: str) -> bool:
    return column in _COLUMNS or _OPTION.fullmatch(column) is not None


def _metrics(path: Path, row: Row, rows: Rows) -> list[str]:
    """Find the columns of scores, unless the table is one that a judge went over elsewhere."""
    metrics = [name for name in SCORES if name in row]
    siblings = judged_siblings(path)
    if "index" not in row or not metrics:
        if "prediction" in row and not siblings:
            rows.note(
                "not-judged",
                "tables of predictions were left out since they hold no score (a column hit, "
                "score, ...); let VLMEvalKit judge them",
            )
        return []
    return [] if any(_holds_scores(sibling) for sibling in siblings) else metrics


def _holds_scores(path: Path) -> bool:
    if not _is_table(path):
        return False
    try:
        row = next(table_rows(path, _is_wanted, lambda *_: None), {})
    except ResultsError as error:
        raise ResultsError(f"{path.name} beside it {error}") from None
    return "index" in row and any(name in row for name in SCORES)


class _Items:
    """Adds the rows of a table, and what only two of them together say."""

    def __init__(self, rows: Rows, judge: str) -> None:
        self._rows = rows
        self._judge = judge
        self._refusals = Refusals(rows)
        self._seen: set[str] = set()
        self._pairs = Pairs()

    def add(self, number: int, row: Row, metrics: list[str]) -> None:
        item = item_name(row.get("index"), number)
        if item in self._seen:
            raise ResultsError(f"row {number} has the index {item!r} of an earlier row.")
        self._seen.add(item)
        prediction = row.get("prediction")
        if isinstance(prediction, str) and _NO_ANSWER in prediction:
            self._rows.note(
                "no-answer",
                "items were scored although the model gave no answer, mostly since its server "
                "failed; VLMEvalKit counts them as wrong, or guesses",
            )
        about: dict[str, Any] = {
            "group": _group(row),
            "content_hash": _content(row),
            "filter": self._judge,
        }
        for metric in metrics:
            try:
                value = self._value(metric, row)
            except NoSingleNumberError as error:
                self._refusals.add(metric, error)
                continue
            self._rows.add(item, metric, value, **about)
            if metric == "score" and "MME" in self._rows.task and row.keys() >= _IS_YES_OR_NO:
                image = _group(row) or "", plain_text(row["image_path"])
                self._pairs.add(image, item, value, about)

    def finish(self) -> None:
        for item, value, about in self._pairs.scores():
            if math.isnan(value):
                self._rows.note(
                    "no-pair",
                    "items have no metric 'pair' since their image has not two scored questions",
                )
            self._rows.add(item, "pair", value, **about)

    def _value(self, metric: str, row: Row) -> float:
        if metric == "eval_score" and MATCHES in row:
            return score_of_matches(self._rows.task, row[MATCHES])
        value = score_of(metric, row.get(metric))
        if metric == "score" and value == _NOT_JUDGED:
            self._rows.note(
                "not-scored",
                "scores of -1 are taken as not scored: VLMEvalKit writes them where it could not "
                "judge an answer",
            )
            return math.nan
        return value


def _group(row: Row) -> str | None:
    return next((plain_text(row[name]) for name in _GROUPS if not is_empty(row.get(name))), None)


def _content(row: Row) -> int:
    """Fingerprint the question, its options and its answer."""
    content = {
        name: plain_text(cell)
        for name, cell in row.items()
        if (name in ("question", "answer") or _OPTION.fullmatch(name)) and not is_empty(cell)
    }
    return content_fingerprint(content) if content else NOT_RECORDED
