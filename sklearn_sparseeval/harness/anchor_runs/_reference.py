"""What a run is compared with: the anchors, and perhaps all items of the benchmark."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import fingerprint_column
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval.harness._harnesses import harness_named
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
