"""Checking that a run of anchors is what was to be run."""

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval.harness.anchor_runs._findings import (
    NOTE,
    PROBLEM,
    WARNING,
    AnchorRunReport,
    Findings,
)
from sklearn_sparseeval.harness.anchor_runs._match import (
    Anchor,
    Matches,
    Reference,
    Result,
    Run,
    match_anchors,
    reference_of,
    run_of,
)
from sklearn_sparseeval.harness.table._coded_table import coded_table
from sklearn_sparseeval.score_matrix import OVERALL

if TYPE_CHECKING:
    from pandas import DataFrame

_NO_SHOTS = re.compile(r"\bn-shot=0+(?!\S)")
_SHOTS = re.compile(r"\bn-shot=0*[1-9]")
_COUNTED = (
    "missing",
    "no-results",
    "other-content",
    "other-item",
    "not-scored",
    "moved",
    "other-prompt",
    "other-wording",
    "other-setting",
    "extra",
)


def verify_anchor_run(
    results: "DataFrame", anchors: "DataFrame", *, items: "DataFrame | None" = None
) -> AnchorRunReport:
    """Check that a run of anchors holds the right items, and take their scores out of it.

    Harnesses can run other items than they were asked to, number them wrongly, or prompt in
    another way than in the full run, and say nothing of it.

    Parameters
    ----------
    results : pandas.DataFrame or polars.DataFrame
        The long table of the run, as :func:`read_results` makes it; of one model or several.
    anchors : pandas.DataFrame
        What was to be run: rows of ``ScoreMatrix.items``, such as
        ``matrix.items.iloc[model.anchors_]`` or the `anchors` of a
        :class:`~sklearn_sparseeval.SavedPredictor`.
    items : pandas.DataFrame, default=None
        All items of the benchmark, to tell a run of a whole task, and which item it was that came
        back for an anchor.

    Returns
    -------
    report : AnchorRunReport
        The scores, and what is wrong with them.

    Raises
    ------
    ResultsError
        If a table lacks a column, or the run contradicts itself.

    See Also
    --------
    to_lm_eval_samples : What to run, for lm-evaluation-harness.
    sklearn_sparseeval.SavedPredictor : Predicts from the scores.

    Notes
    -----
    An item is found by task and number. Where the harness wrote what the item holds and that
    differs, or the number is not there, it is looked for by its content; a run whose numbers are
    wrong is put right that way, and a warning says so. Except for lm-evaluation-harness, whose
    hash is of the whole document, that takes `items`, and a content that no other item has.

    Problems, after which no score should be predicted: anchors that were not run, hold other
    contents or have no score at all; another metric, filter, setting or harness than the history's.
    Warnings: some anchors without a score, items found by content, other prompts. Notes: items
    that were run besides, prompts that could not be compared.

    Several epochs are averaged; of several runs of a model the newest counts that holds
    all items, as in :func:`to_score_matrix`.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_sparseeval.harness import verify_anchor_run
    >>> anchors = pd.DataFrame(
    ...     {"task": "arc", "item": ["4", "7"], "metric": "acc"}, index=["arc:4", "arc:7"]
    ... )
    >>> results = pd.DataFrame(
    ...     {"model": "acme/one", "task": "arc", "item": ["4", "5"], "metric": "acc", "value": 1.0}
    ... )
    >>> report = verify_anchor_run(results, anchors)
    >>> print(report)
    2 anchors, 1 model(s), 0 of which can be predicted.
    Problem: Anchors that were not run: 1 of 2 ('arc:7') for 'acme/one'. Run them too, and give
    all results together.
    Note: Anchors whose contents could not be compared, since they are not recorded: 1 of 2
    ('arc:4') for 'acme/one'.
    Note: Items besides the anchors were run, which does no harm: 2 items of 'arc' (anchors: 2),
    for 'acme/one'.
    >>> report.scores
              arc:4  arc:7
    acme/one    1.0    NaN
    """
    pd = import_pandas()
    reference = reference_of(anchors, items)
    table = coded_table(results)
    run = run_of(table, reference)
    names = [anchor.name for anchor in reference.anchors]
    findings = Findings(len(names))
    values: dict[str, list[float]] = {}
    for model in run.models:
        found = _found_of_model(findings, model, reference, run)
        values[model] = [found[name].value if name in found else math.nan for name in names]
        if found and all(math.isnan(result.value) for result in found.values()):
            findings.add("none-scored", model)
    present = zip(table.task.texts, table.task.present(), strict=True)
    for task in sorted({text for text, is_there in present if is_there} - set(reference.by_task)):
        findings.add("other-tasks", name=task)
    scores = pd.DataFrame.from_dict(values, orient="index", columns=names)
    return _report(scores, findings, reference, run.warnings)


def _found_of_model(
    findings: Findings, model: str, reference: Reference, run: Run
) -> dict[str, Result]:
    """Find the results of a model on the anchors, and add what is wrong with them."""
    found: dict[str, Result] = {}
    if not any((model, task) in run.offers for task in reference.by_task):
        findings.add("no-results", model, number=len(reference.anchors))
        return found
    for task, wanted in reference.by_task.items():
        there = run.results[model].get(task, {})
        if _not_comparable(findings, model, wanted[0], there, run):
            continue
        matches = match_anchors(wanted, there, reference.holders(task))
        _compare(findings, model, wanted, matches, reference)
        _note_extra(findings, model, task, there, matches, reference)
        found |= matches.found
    return found


def _not_comparable(
    findings: Findings, model: str, anchor: Anchor, there: dict[str, Result], run: Run
) -> bool:
    """Say whether a task was scored in another way than its anchors: then no item is matched."""
    task = anchor.task
    offer = run.offers.get((model, task))
    if offer is not None and not there:
        what, wanted, names = "metric", anchor.metric, list(offer)
        if anchor.metric in offer:
            what, wanted, names = "filter", anchor.filter, offer[anchor.metric]
        name = f"{task!r} has the {what} {listing(names)}, not {wanted!r}"
        findings.add("other-scores", model, name)
        return True
    harnesses = {result.harness for result in there.values()} - {anchor.harness, ""}
    if harnesses and anchor.harness:
        name = f"{task!r} ran under {listing(sorted(harnesses))}, not {anchor.harness!r}"
        findings.add("other-harness", model, name)
        return True
    return False


def _compare(
    findings: Findings, model: str, wanted: list[Anchor], matches: Matches, reference: Reference
) -> None:
    """Add what is wrong with the anchors of a task."""
    settings: Counter[tuple[str, str]] = Counter()
    for anchor in wanted:
        name, task = anchor.name, anchor.task
        result = matches.found.get(name)
        if name in matches.mistaken:
            other = matches.mistaken[name]
            known = other.content_hash in reference.contents[task]
            kind = "other-item" if known else "other-content"
            findings.add(kind, model, name, harness=other.harness)
        elif result is None:
            findings.add("missing", model, name)
        else:
            for kind in _faults(anchor, result):
                findings.add(kind, model, name, harness=result.harness)
            if anchor.setting and result.setting and anchor.setting != result.setting:
                settings[result.setting, anchor.setting] += 1
    for name in matches.moved:
        findings.add("moved", model, name, harness=matches.found[name].harness)
    for name in matches.unchecked:
        findings.add("unchecked", model, name)
    for (now, then), number in settings.items():
        name = f"{wanted[0].task!r} ran with {now!r}, not {then!r}"
        findings.add("other-setting", model, name, number=number)


def _faults(anchor: Anchor, result: Result) -> list[str]:
    """List what is the matter with the result of an anchor that was found."""
    faults = ["not-scored"] if math.isnan(result.value) else []
    if anchor.prompt_hash and result.prompt_hash:
        kind = "other-wording" if _NO_SHOTS.search(result.setting) else "other-prompt"
        faults += [kind] if anchor.prompt_hash != result.prompt_hash else []
    elif result.prompt_hash:
        faults.append("prompt-unknown" if _SHOTS.search(result.setting) else "wording-unknown")
    return faults


def _note_extra(
    findings: Findings,
    model: str,
    task: str,
    there: dict[str, Result],
    matches: Matches,
    reference: Reference,
) -> None:
    """Add the items that were run besides the anchors of a task."""
    read = {result.item for part in (matches.found, matches.mistaken) for result in part.values()}
    if len(read) == len(there):
        return
    every = "all " if len(there) == reference.n_items.get(task) else ""
    findings.add(
        "extra",
        model,
        f"{every}{len(there):,} items of {task!r} (anchors: {len(reference.by_task[task])})",
        harness=next(iter(there.values())).harness,
        number=len(there) - len(read),
    )


def _report(
    scores: "DataFrame",
    findings: Findings,
    reference: Reference,
    told: list[Note],
) -> AnchorRunReport:
    pd = import_pandas()
    models = list(scores.index)
    columns = {
        kind.replace("-", "_"): [findings.number(kind, model) for model in models]
        for kind in _COUNTED
    }
    counts = pd.DataFrame(columns, index=scores.index)
    counts["other_content"] += counts.pop("other_item")
    counts["missing"] += counts.pop("no_results")
    counts["other_prompt"] += counts.pop("other_wording")
    means = {OVERALL: scores.mean(axis=1)}
    if len(reference.by_task) > 1:
        for task, anchors in reference.by_task.items():
            means[task] = scores[[anchor.name for anchor in anchors]].mean(axis=1)
    faulty = findings.models(PROBLEM)
    missing = dict(findings.names("missing"))
    missing |= {model: list(scores.columns) for model in findings.names("no-results")}
    return AnchorRunReport(
        scores=scores,
        problems=findings.notes(PROBLEM),
        warnings=[*findings.notes(WARNING), *told],
        notes=findings.notes(NOTE),
        counts=counts,
        missing=missing,
        raw_means=pd.DataFrame(means, index=scores.index),
        models_with_problems=[model for model in models if model in faulty],
        found={model: findings.kinds(model) for model in models},
    )
