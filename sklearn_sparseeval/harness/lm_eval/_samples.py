"""The samples of lm-evaluation-harness and lmms-eval: a line per item and filter, made rows."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._messages import short
from sklearn_sparseeval._text_numbers import number_of_text
from sklearn_sparseeval.harness.lm_eval._results_file import Run
from sklearn_sparseeval.harness.table._json_text import expect, json_lines, read_json
from sklearn_sparseeval.harness.table._rows import NO_FILTER, Rows
from sklearn_sparseeval.harness.table._values import NoSingleNumberError, kind_of, scores_of

_LOG_LIKELIHOODS = {"perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte"}
_ONLY_PREDICTED = "bypass"
_TOLERANCE = 1e-5


def sample_records(path: Path, rows: Rows) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read a samples file: one JSON object per line, or one JSON list of them.

    Parameters
    ----------
    path : Path
        The file.
    rows : Rows
        Gets a note if the last line is cut off.

    Yields
    ------
    where : str
        Name of the line, such as "line 7".
    record : dict
        What it holds.

    Raises
    ------
    ResultsError
        If the file is broken elsewhere.
    """
    with path.open("rb") as file:
        is_list = file.read(64).lstrip()[:1] == b"["
    if is_list:
        for number, record in enumerate(expect(read_json(path), list, "what it holds"), start=1):
            yield f"entry {number}", expect(record, dict, f"entry {number}")
        return
    cut_off: list[int] = []
    for number, record in json_lines(path, cut_off):
        yield f"line {number}", expect(record, dict, f"line {number}")
    if cut_off:
        rows.note(
            "cut-off",
            "last lines were left out since they are cut off, as by a run that was stopped",
        )


def item_of(record: Mapping[str, Any], where: str) -> str:
    """Read which item a line is of.

    Parameters
    ----------
    record : mapping
        The line.
    where : str
        Its name.

    Returns
    -------
    item : str
        Its ``doc_id``, the item's position in the task.

    Raises
    ------
    ResultsError
        If there is none.
    """
    if "doc_id" not in record:
        raise ResultsError(
            f"{where} has no doc_id; it is {short(dict(record))}. Expected the samples that "
            "--log_samples writes."
        )
    return str(expect(record["doc_id"], int, f"doc_id in {where}"))


class Samples:
    """Gathers the lines of a samples file, and makes rows of them.

    Parameters
    ----------
    rows : Rows
        Gets the rows, and notes of what is left out.
    run : Run
        What the run was.
    """

    def __init__(self, rows: Rows, run: Run) -> None:
        self._rows = rows
        self._run = run
        self._contents: dict[str, int] = {}
        self._times: Counter[str] = Counter()
        self._lines: Counter[str | int] = Counter()
        self._found: list[tuple[str, str | int, int, int, float, list[tuple[str, float]]]] = []

    def add(
        self,
        item: str,
        label: object,
        values: Iterable[tuple[str, Any]],
        content: int,
        prompt: int,
        cost: float = math.nan,
    ) -> None:
        """Add a line.

        Parameters
        ----------
        item : str
            Which item.
        label : object
            Name of its filter; None where the file has none.
        values : iterable of (str, object)
            Its metrics and their values.
        content, prompt : int
            Fingerprints.
        cost : float, default=nan
            Tokens.
        """
        filter_name: str | int
        if label is None:
            # Filters were applied one after the other: the n-th line of an item is of the n-th
            # filter, also where the lines of several processes were joined.
            filter_name = self._times[item]
            self._times[item] += 1
        else:
            filter_name = expect(label, str, "filter")
        if self._contents.setdefault(item, content) != content:
            self._rows.note(
                "wrong-ids",
                "lines have the doc_id of one item and the contents of another. lm-eval logs wrong "
                "doc_ids where a list of --samples is not sorted; the contents' hashes are right",
            )
        self._lines[filter_name] += 1
        self._found.append((item, filter_name, content, prompt, cost, self._scores(values)))

    def finish(self, task: str) -> Rows:
        """Make the rows.

        Parameters
        ----------
        task : str
            Which task.

        Returns
        -------
        rows : Rows
            The rows.
        """
        names = self._block_names(self._run.filters.get(task, ()))
        group = self._run.groups.get(task)
        add = self._rows.add
        totals: dict[tuple[str, str], list[float]] = {}
        for item, label, content, prompt, cost, scores in self._found:
            name = names[label] if isinstance(label, int) else label
            for metric, score in scores:
                add(
                    item,
                    metric,
                    score,
                    filter=name,
                    group=group,
                    cost=cost,
                    content_hash=content,
                    prompt_hash=prompt,
                )
                totals.setdefault((metric, name), []).append(score)
        if self._is_complete(task):
            self._compare(totals, self._run.scores.get(task, {}))
        return self._rows

    def _scores(self, values: Iterable[tuple[str, Any]]) -> list[tuple[str, float]]:
        scores: list[tuple[str, float]] = []
        for metric, value in values:
            if metric in _LOG_LIKELIHOODS:
                self._rows.note(
                    "not-a-score",
                    f"scores were left out: metric {metric!r} holds log-likelihoods, and it is not "
                    "their mean",
                )
            elif metric == _ONLY_PREDICTED:
                self._rows.note(
                    "predict-only", "items were left out: --predict_only logs answers and no scores"
                )
            elif value == -1 and metric.isdigit():  # RULER: of another length than this one
                scores.append((metric, math.nan))
            else:
                self._add_score(scores, metric, value)
        return scores

    def _add_score(self, scores: list[tuple[str, float]], metric: str, value: Any) -> None:
        try:
            # Until June 2026 lm-eval wrote numbers of numpy as texts.
            number = number_of_text(value) if isinstance(value, str) else None
            scores.extend(scores_of(metric, value if number is None else number))
        except NoSingleNumberError:
            self._rows.note(
                "not-a-score",
                f"scores were left out since they are not a single number: metric {metric!r} holds "
                f"{kind_of(value)}",
            )

    def _block_names(self, declared: tuple[str, ...]) -> list[str]:
        """Name the filters of a file that does not."""
        n_blocks = max(self._times.values(), default=0)
        if n_blocks <= len(declared):
            return list(declared[:n_blocks])
        if n_blocks == 1:
            return [NO_FILTER]
        self._rows.note(
            "unnamed-filters",
            "files name no filters, as before lm-eval 0.4.7, and have several lines per item; "
            "they are called block0, block1 and so on, in the order of the task's filter_list. "
            "Where a task has fewer filters, these may be two runs in one file",
        )
        return [f"block{number}" for number in range(n_blocks)]

    def _is_complete(self, task: str) -> bool:
        """Tell whether every item that the run counted is there."""
        _, effective = self._run.sizes.get(task, (0, 0))
        complete = min(self._lines.values(), default=0) >= effective
        if not complete:
            self._rows.note(
                "lines-missing", "files hold fewer items than their run counted; lines are missing"
            )
        return complete

    def _compare(
        self, totals: Mapping[tuple[str, str], list[float]], reported: Mapping[str, float]
    ) -> None:
        """Tell of metrics whose score of the task is not the mean over its items."""
        for (metric, name), scores in totals.items():
            score = reported.get(f"{metric},{name}")
            if score is None:
                continue
            known = [one for one in scores if not math.isnan(one)]
            mean = math.fsum(known) / len(known) if known else math.nan
            if not abs(mean - score) <= _TOLERANCE * max(1.0, abs(score)):
                self._rows.note(
                    "other-average",
                    f"files have a score of metric {metric!r} that is not the mean over their "
                    "items: the harness aggregates in another way, or items are missing",
                )
