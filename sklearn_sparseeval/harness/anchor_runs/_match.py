"""What was to be run, and what of a run answers to it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import fingerprint_column
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._notes import Note, noted
from sklearn_sparseeval.harness._harnesses import harness_named
from sklearn_sparseeval.harness.matrix._chosen_scores import chosen_scores
from sklearn_sparseeval.harness.matrix._duplicates import without_duplicates
from sklearn_sparseeval.harness.matrix._epochs import one_score_each
from sklearn_sparseeval.harness.matrix._metric_choice import Choice
from sklearn_sparseeval.harness.table._coded_table import CodedTable, Texts, occurring
from sklearn_sparseeval.harness.table._natural_order import natural_key
from sklearn_sparseeval.harness.table._rows import NO_FILTER

_REQUIRED = ("task", "item", "metric")
_DEFAULTS = {"filter": NO_FILTER, "setting": "", "harness": ""}
_HASHES = ("content_hash", "prompt_hash")


class Anchor(NamedTuple):
    """An item that was to be run, as the history knows it."""

    name: str
    task: str
    item: str
    metric: str
    filter: str
    setting: str
    harness: str
    content_hash: int
    prompt_hash: int


@dataclass(frozen=True)
class Reference:
    """The anchors by task, and what is known of the other items."""

    anchors: list[Anchor]
    by_task: dict[str, list[Anchor]]
    n_items: dict[str, int]
    """Number of items of each task; empty where only the anchors are known."""
    contents: dict[str, Counter[int]]
    """Fingerprints of the items of each task, and how many items have each."""

    def holders(self, task: str) -> Counter[int] | None:
        """Count the items of a task that hold each content, where a content may be of several.

        Parameters
        ----------
        task : str
            The task.

        Returns
        -------
        holders : Counter or None
            By fingerprint; none is counted where not all items are known. None for a harness
            whose hash is of the whole item.
        """
        harness = harness_named(self.by_task[task][0].harness)
        if harness is not None and harness.hashes_whole_items:
            return None
        return self.contents[task] if self.n_items else Counter()

    def names_of(self, column: str) -> dict[str, str]:
        """Look up the metric or the filter of each task.

        Parameters
        ----------
        column : {"metric", "filter"}
            Which.

        Returns
        -------
        names : dict of str to str
            One by task.

        Raises
        ------
        ResultsError
            If the anchors of a task have several.
        """
        names: dict[str, str] = {}
        for task, anchors in self.by_task.items():
            several = sorted({getattr(anchor, column) for anchor in anchors})
            if len(several) > 1:
                raise ResultsError(
                    f"The anchors of task {task!r} have the {column}s {listing(several)}; expected "
                    "one, as in the rows of ScoreMatrix.items."
                )
            names[task] = several[0]
        return names


def reference_of(anchors: Any, items: Any) -> Reference:
    """Read the anchors and the items.

    Parameters
    ----------
    anchors : pandas.DataFrame
        Rows of ``ScoreMatrix.items``.
    items : pandas.DataFrame or None
        All of its rows.

    Returns
    -------
    reference : Reference
        What they say.

    Raises
    ------
    ResultsError
        If a column is missing, or an anchor is there twice.
    """
    known = _anchors(anchors, "anchors")
    if not known:
        raise ResultsError("anchors has no rows; expected at least one item.")
    for kind in (lambda anchor: anchor.name, lambda anchor: (anchor.task, anchor.item)):
        keys = [kind(anchor) for anchor in known]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise ResultsError(f"anchors holds {twice!r} twice; expected each anchor once.")
    by_task: dict[str, list[Anchor]] = {}
    for anchor in known:
        by_task.setdefault(anchor.task, []).append(anchor)
    n_items: dict[str, int] = {}
    contents: dict[str, Counter[int]] = {task: Counter() for task in by_task}
    others = [] if items is None else _anchors(items, "items")
    for item in others:
        n_items[item.task] = n_items.get(item.task, 0) + 1
    for item in others or known:
        if item.content_hash and item.task in contents:
            contents[item.task][item.content_hash] += 1
    return Reference(known, by_task, n_items, contents)


def _anchors(frame: Any, what: str) -> list[Anchor]:
    columns = getattr(frame, "columns", ())
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        raise ResultsError(
            f"{what} has no column {', '.join(map(repr, missing))}; expected a data frame of rows "
            "of ScoreMatrix.items, such as matrix.items.iloc[model.anchors_]."
        )
    texts = [list(map(str, frame.index)), *([str(one) for one in frame[n]] for n in _REQUIRED)]
    for name, default in _DEFAULTS.items():
        texts.append(
            [str(one) for one in frame[name]] if name in columns else [default] * len(frame)
        )
    hashes = [
        fingerprint_column(frame[name]).to_numpy(dtype=np.uint64, na_value=0).tolist()
        if name in columns
        else [0] * len(frame)
        for name in _HASHES
    ]
    return [Anchor(*row) for row in zip(*texts, *hashes, strict=True)]


class Result(NamedTuple):
    """What a run says of an item."""

    item: str
    value: float
    setting: str
    harness: str
    content_hash: int
    prompt_hash: int


class Matches(NamedTuple):
    """The results that are those of anchors, and what became of the other anchors."""

    found: dict[str, Result]  # by the anchor's name
    moved: list[str]  # of those, the anchors that were found under another number
    unchecked: list[str]  # of those, the ones whose content nobody recorded
    missing: list[str]
    mistaken: dict[str, Result]  # not the anchor's: what its number leads to


# Model -> task -> item -> result.
Results = dict[str, dict[str, dict[str, Result]]]


class Run(NamedTuple):
    """What was run."""

    models: list[str]
    results: Results
    offers: dict[tuple[str, str], dict[str, list[str]]]
    """By model and task: the metrics there are, and the filters of each."""
    warnings: list[Note]


def match_anchors(
    anchors: list[Anchor], results: dict[str, Result], holders: Mapping[int, int] | None = None
) -> Matches:
    """Find the results of anchors.

    Parameters
    ----------
    anchors : list of Anchor
        Those of one task.
    results : dict of str to Result
        Those of one model on the task, by item.
    holders : mapping of int to int, default=None
        How many items of the whole task hold each content, as far as the fingerprint sees it:
        that of a question about a picture may leave the picture out. None where it is of the
        whole item.

    Returns
    -------
    matches : Matches
        An anchor is found under its own number if the contents agree, or cannot be compared;
        else where its content is, if there are as many such results as anchors that look for one;
        with `holders`, if one anchor looks for it and no other item has it.
    """
    matches = Matches({}, [], [], [], {})
    lost: dict[int, list[Anchor]] = {}
    for anchor in anchors:
        own = results.get(anchor.item)
        if own is not None and _same_content(anchor, own):
            matches.found[anchor.name] = own
        else:
            lost.setdefault(anchor.content_hash, []).append(anchor)
    free = _by_content(results, {result.item for result in matches.found.values()})
    for content, seekers in lost.items():
        candidates = free.get(content, []) if content else []
        alone = holders is None or holders.get(content) == len(seekers) == 1
        if len(candidates) == len(seekers) and alone:
            _take(matches, seekers, candidates)
        else:
            _give_up(matches, seekers, results)
    _sort_out_unchecked(matches, anchors)
    return matches


def _same_content(anchor: Anchor, result: Result) -> bool:
    if not anchor.content_hash or not result.content_hash:
        return True
    return anchor.content_hash == result.content_hash


def _by_content(results: dict[str, Result], taken: set[str]) -> dict[int, list[Result]]:
    free: dict[int, list[Result]] = {}
    for result in results.values():
        if result.item not in taken:
            free.setdefault(result.content_hash, []).append(result)
    return free


def _take(matches: Matches, seekers: list[Anchor], candidates: list[Result]) -> None:
    """Give anchors of one content their results, in the order of their numbers."""
    seekers = sorted(seekers, key=lambda anchor: natural_key(anchor.item))
    candidates = sorted(candidates, key=lambda result: natural_key(result.item))
    for anchor, result in zip(seekers, candidates, strict=True):
        matches.found[anchor.name] = result
        matches.moved.append(anchor.name)


def _give_up(matches: Matches, seekers: list[Anchor], results: dict[str, Result]) -> None:
    for anchor in seekers:
        if anchor.item in results:
            matches.mistaken[anchor.name] = results[anchor.item]
        else:
            matches.missing.append(anchor.name)


def _sort_out_unchecked(matches: Matches, anchors: list[Anchor]) -> None:
    """Distrust numbers that could not be checked where others of the same run are wrong."""
    wrong = bool(matches.moved or matches.mistaken)
    moved = set(matches.moved)
    for anchor in anchors:
        result = matches.found.get(anchor.name)
        if result is None or anchor.name in moved:
            continue
        if anchor.content_hash and result.content_hash:
            continue
        if wrong:
            matches.mistaken[anchor.name] = matches.found.pop(anchor.name)
        else:
            matches.unchecked.append(anchor.name)


def run_of(table: CodedTable, reference: Reference) -> Run:
    """Read the scores that matter off a long table.

    Parameters
    ----------
    table : CodedTable
        The long table.
    reference : Reference
        Which tasks, metrics and filters matter.

    Returns
    -------
    run : Run
        Of several runs of a model the newest that holds its anchors, of several epochs the mean.

    Raises
    ------
    ResultsError
        If a file contradicts itself, or two runs contradict each other and none is the newer.
    """
    rows = _chosen(table, reference)
    present = zip(table.model.texts, table.model.present(), strict=True)
    models = [text for text, is_present in present if is_present]
    results: Results = {model: {} for model in models}
    told: list[Note] = []
    if len(rows):
        table = _told_apart(table, rows)
        for part in _anchors_and_others(table, rows, reference):
            told += _read(results, table, part)
    return Run(models, results, _offers(table, set(reference.by_task)), told)


def _chosen(table: CodedTable, reference: Reference) -> NDArray[np.intp]:
    """Find the rows of the anchors' metric and filter; a task without such rows has none."""
    names = []
    for column, texts in (("metric", table.metric.texts), ("filter", table.filter.texts)):
        known = set(texts)
        wanted = reference.names_of(column)
        names.append({task: name for task, name in wanted.items() if name in known})
    return Choice(*names).rows(table)


def _read(results: Results, table: CodedTable, rows: NDArray[np.intp]) -> list[Note]:
    """Sort rows into the results, and return what was decided on the way."""
    if not len(rows):
        return []
    told: list[Note] = []
    with noted(told):
        scores = without_duplicates(chosen_scores(table, rows), "newest")
    first = scores.rows[scores.starts_cell()]
    _, cells = one_score_each(scores, "mean")
    _fill(results, table, first, cells.value)
    return told


def _anchors_and_others(
    table: CodedTable, rows: NDArray[np.intp], reference: Reference
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Part the rows, since a newer run of the anchors alone goes before an older run of all.

    Of the anchors' rows those in the history's setting go before others, task by task.
    """
    n_items = len(table.item.texts)
    item_of = {text: code for code, text in enumerate(table.item.texts)}
    task_of = {text: code for code, text in enumerate(table.task.texts)}
    wanted = [
        task_of[anchor.task] * n_items + item_of[anchor.item]
        for anchor in reference.anchors
        if anchor.task in task_of and anchor.item in item_of
    ]
    task = table.task.codes[rows].astype(np.int64)
    is_anchor = np.isin(task * n_items + table.item.codes[rows], wanted)
    expected = {
        task_of[name]: own[0].setting for name, own in reference.by_task.items() if name in task_of
    }
    # An unknown setting agrees with none, so that then all runs are alike.
    settings = {text: code for code, text in enumerate(table.setting.texts) if text}
    code = np.array([settings.get(expected.get(one, ""), -1) for one in range(len(task_of))])
    agrees = table.setting.codes[rows] == code[task]
    run = table.model.codes[rows].astype(np.int64) * len(task_of) + task
    superseded = is_anchor & ~agrees & np.isin(run, run[is_anchor & agrees])
    return rows[is_anchor & ~superseded], rows[~is_anchor]


def _told_apart(table: CodedTable, rows: NDArray[np.intp]) -> CodedTable:
    """Give rows of one file that have one number and different contents numbers that differ.

    lm-eval writes them where the list given to ``--samples`` names an item twice. By their
    contents they are found again.
    """
    content = table.fingerprints("content_hash")[rows]
    columns = (table.model, table.task, table.item, table.source)
    codes = [column.codes[rows] for column in columns]
    order = np.lexsort((content, table.epoch[rows], *codes))
    starts = np.ones(len(order), dtype=bool)
    starts[1:] = np.diff(table.epoch[rows][order]) != 0
    for code in codes:
        starts[1:] |= np.diff(code[order]) != 0
    group, content = np.cumsum(starts), content[order]
    differs = ~starts[1:] & (content[1:] != content[:-1]) & (content[:-1] != 0)
    at = rows[order[np.isin(group, group[1:][differs])]]
    if not len(at):
        return table
    code_of = {text: code for code, text in enumerate(table.item.texts)}
    new_codes = table.item.codes.astype(np.int64)
    for row, one in zip(at.tolist(), table.fingerprints("content_hash")[at].tolist(), strict=True):
        new_codes[row] = code_of.setdefault(f"{table.item.at(row)} #{one:016x}", len(code_of))
    return replace(table, item=Texts(new_codes, list(code_of)))


def _fill(
    results: Results, table: CodedTable, rows: NDArray[np.intp], values: NDArray[np.float64]
) -> None:
    """Sort rows, one per model and item, into the results."""
    contents, prompts = (
        table.fingerprints(name)[rows].tolist() for name in ("content_hash", "prompt_hash")
    )
    for row, value, content, prompt in zip(
        rows.tolist(), values.tolist(), contents, prompts, strict=True
    ):
        item = table.item.at(row)
        own = results[table.model.at(row)].setdefault(table.task.at(row), {})
        own[item] = Result(
            item, value, table.setting.at(row), table.harness.at(row), content, prompt
        )


def _offers(table: CodedTable, tasks: set[str]) -> dict[tuple[str, str], dict[str, list[str]]]:
    """List the metrics and filters that each model has on the tasks of anchors."""
    wanted = np.array([text in tasks for text in table.task.texts])[table.task.codes]
    columns = (table.model, table.task, table.metric, table.filter)
    codes = np.zeros(int(np.count_nonzero(wanted)), dtype=np.int64)
    size = 1
    for column in columns:
        codes = codes * len(column.texts) + column.codes[wanted]
        size *= len(column.texts)
    offers: dict[tuple[str, str], dict[str, list[str]]] = {}
    for code in occurring(codes, size).tolist():
        texts: list[str] = []
        for column in reversed(columns):
            code, place = divmod(code, len(column.texts))
            texts.append(column.texts[place])
        filter, metric, task, model = texts
        offers.setdefault((model, task), {}).setdefault(metric, []).append(filter)
    return offers
