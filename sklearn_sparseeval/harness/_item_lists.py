"""Writes anchors as plain lists of ids, for harnesses that take them by hand or by script."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval.harness.table._natural_order import natural_key

if TYPE_CHECKING:
    from pandas import DataFrame


class HarnessRun(NamedTuple):
    """How to run anchors with one harness."""

    harness: str
    files: list[str]
    """Names of the files that were written."""
    commands: list[str]
    results: str
    """Where the commands put the results, or where the user would."""
    advice: str


def to_item_lists(
    anchors: "DataFrame", path: str | os.PathLike[str] | None = None
) -> dict[str, list[str]]:
    """List the ids of anchors by task, and perhaps write them to a file.

    Parameters
    ----------
    anchors : pandas.DataFrame
        Rows of :attr:`ScoreMatrix.items <sklearn_sparseeval.ScoreMatrix>`, such as
        ``matrix.items.iloc[model.anchors_]``; the columns ``task`` and ``item`` are read.
    path : path-like, default=None
        A JSON file to write the lists to; None writes none.

    Returns
    -------
    item_lists : dict of str to list of str
        For each task the ids of its anchors, each once; tasks and ids in natural order, in which
        "2" comes before "10".

    Raises
    ------
    ResultsError
        If `anchors` has no rows, or lacks one of the two columns.

    See Also
    --------
    to_lm_eval_samples : The same for lm-evaluation-harness, with the command that runs them.
    to_inspect_sample_ids : The same for Inspect AI.

    Notes
    -----
    The ids are what the harness calls its items: ``instance_id`` of HELM, ``doc.id`` of lighteval,
    ``doc_id`` of lmms-eval, ``id`` of OmniEvalKit, ``index`` of VLMEvalKit. Whatever runs the
    lists, check with :func:`verify_anchor_run` that exactly these items came back.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_sparseeval.harness import to_item_lists
    >>> anchors = pd.DataFrame({"task": ["gsm", "gsm", "math"], "item": ["id10", "id9", "id4"]})
    >>> to_item_lists(anchors)
    {'gsm': ['id9', 'id10'], 'math': ['id4']}
    """
    lists = {
        task: sorted(items, key=natural_key)
        for task, items in sorted(
            items_by_task(anchors).items(), key=lambda entry: natural_key(entry[0])
        )
    }
    if path is not None:
        text = json.dumps(lists, indent=1, ensure_ascii=False)
        Path(path).write_text(f"{text}\n", encoding="utf-8")
    return lists


def items_by_task(anchors: "DataFrame") -> dict[str, set[str]]:
    """Gather the ids of anchors by task.

    Parameters
    ----------
    anchors : pandas.DataFrame
        With columns ``task`` and ``item``.

    Returns
    -------
    items : dict of str to set of str
        Ids by task, in the tasks' order of appearance.

    Raises
    ------
    ResultsError
        If there are no anchors, or they lack a column.
    """
    columns: Iterable[object] = getattr(anchors, "columns", ())
    missing = [name for name in ("task", "item") if name not in columns]
    if missing:
        raise ResultsError(
            f"anchors has no column {' and no column '.join(map(repr, missing))}; expected rows of "
            "the items of a score matrix, such as matrix.items.iloc[model.anchors_]."
        )
    if not len(anchors):
        raise ResultsError("anchors has no rows; expected at least one anchor.")
    items: dict[str, set[str]] = {}
    for task, item in zip(anchors["task"], anchors["item"], strict=True):
        items.setdefault(str(task), set()).add(str(item))
    return items
