"""The scores of a run, one per model, task and item; and the anchors among them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._notes import Note, noted
from sklearn_sparseeval.harness.anchor_runs._reference import Anchor, Reference
from sklearn_sparseeval.harness.matrix._chosen_scores import chosen_scores
from sklearn_sparseeval.harness.matrix._duplicates import without_duplicates
from sklearn_sparseeval.harness.matrix._epochs import one_score_each
from sklearn_sparseeval.harness.matrix._metric_choice import Choice
from sklearn_sparseeval.harness.table._coded_table import CodedTable, Texts, occurring
from sklearn_sparseeval.harness.table._natural_order import natural_key


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
