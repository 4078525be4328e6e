"""The scores of a run that anchors were chosen by: one result per model, task and item."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._notes import Note, noted
from sklearn_sparseeval.harness.anchor_runs._match import Result
from sklearn_sparseeval.harness.anchor_runs._reference import Reference
from sklearn_sparseeval.harness.matrix._chosen_scores import chosen_scores
from sklearn_sparseeval.harness.matrix._duplicates import without_duplicates
from sklearn_sparseeval.harness.matrix._epochs import one_score_each
from sklearn_sparseeval.harness.matrix._metric_choice import Choice
from sklearn_sparseeval.harness.table._coded_table import CodedTable, Texts
from sklearn_sparseeval.harness.table._integer_codes import occurring

# Model -> task -> item -> result.
Results = dict[str, dict[str, dict[str, Result]]]


class Run(NamedTuple):
    """What was run."""

    models: list[str]
    results: Results
    offers: dict[tuple[str, str], dict[str, list[str]]]
    """By model and task: the metrics there are, and the filters of each."""
    warnings: list[Note]


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
