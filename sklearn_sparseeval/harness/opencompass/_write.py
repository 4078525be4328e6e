"""Hand anchors back to OpenCompass, as values of `reader_cfg.test_range`.

OpenCompass 0.5.3 evaluates the text after the list of all positions, as in
``index_list.__len__() and [1, 4, 7]`` (`openicl/icl_dataset_reader.py`); its partitioners do so
after ``range(...)``, and put ``[0:16]`` behind it.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._sklearn import check_parameters
from sklearn_sparseeval.harness._item_lists import HarnessRun
from sklearn_sparseeval.harness.table._natural_order import natural_key

if TYPE_CHECKING:
    from pandas import DataFrame

_MOST_DIGITS = 15
_HEAD = '''\
"""Anchors chosen by sklearn-sparseeval, for OpenCompass. In a config beside this file:

    with read_base():
        from .{module} import test_ranges

    datasets = [d for d in datasets if d['abbr'] in test_ranges]
    for d in datasets:
        d['reader_cfg']['test_range'] = test_ranges[d['abbr']]

Run it with a work_dir of its own. Delete .cache/dataset_size.json before the next full run.
"""

'''


@check_parameters(path=[str, os.PathLike, None])
def to_opencompass_test_ranges(
    anchors: "DataFrame", path: str | os.PathLike[str] | None = None
) -> dict[str, str]:
    """Write anchors as OpenCompass takes them: a `test_range` for each dataset.

    Parameters
    ----------
    anchors : pandas.DataFrame of shape (n_anchors, n_columns)
        Rows of ``ScoreMatrix.items``, of results that :func:`read_opencompass` read; at least the
        columns ``task`` and ``item``.
    path : path-like, default=None
        A file to write. With the suffix ``.py`` it is a part of a config, which says how to use it
        and defines ``test_ranges``; with ``.json`` it holds the same dict.

    Returns
    -------
    test_ranges : dict of str to str
        Per dataset the text for its ``reader_cfg["test_range"]``, with sorted, unique positions.

    Raises
    ------
    ResultsError
        If an item is not a position in a dataset, or is of another harness.
    ValueError
        If `path` has another suffix, or cannot be imported by a config.

    See Also
    --------
    read_opencompass : Reads the run of the anchors back.
    to_item_lists : Lists of items for any harness.

    Notes
    -----
    Each text begins with ``.__len__() and``, since OpenCompass evaluates it behind the list of all
    positions. Only datasets with anchors are to be run: without a `test_range` a dataset is run
    whole.

    Three things to know of OpenCompass 0.5.3:

    - It skips what is in its ``work_dir`` already, and reuses it: run anchors in a new one.
    - It remembers sizes of datasets in ``.cache/dataset_size.json``; with several workers, that of
      a run of anchors may cut the next full run. Delete the file afterwards.
    - A dataset that is repeated (``n`` in its config) is repeated before `test_range` is applied,
      so that a list chooses from the first replica only, which OpenCompass does not take. Set
      ``n = 1``.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_sparseeval.harness import to_opencompass_test_ranges
    >>> anchors = pd.DataFrame({"task": ["gsm8k", "gsm8k", "math"], "item": ["7", "4", "0"]})
    >>> to_opencompass_test_ranges(anchors)
    {'gsm8k': '.__len__() and [4, 7]', 'math': '.__len__() and [0]'}
    """
    target = None if path is None else _checked(Path(path))
    positions: dict[str, set[int]] = {}
    for task, item in _pairs(anchors):
        positions.setdefault(task, set()).add(_position(task, item))
    test_ranges = {
        task: f".__len__() and {sorted(positions[task])}"
        for task in sorted(positions, key=natural_key)
    }
    if target is not None:
        target.write_text(_text(target, test_ranges), encoding="utf-8")
    return test_ranges


def _pairs(anchors: Any) -> Iterator[tuple[str, str]]:
    """Go through the anchors: task and item."""
    missing = [name for name in ("task", "item") if name not in getattr(anchors, "columns", ())]
    if missing:
        raise ResultsError(
            f"anchors has no column {' and '.join(missing)}; expected a data frame of rows of "
            "ScoreMatrix.items, such as matrix.items.iloc[selector.anchors_]."
        )
    if not len(anchors):
        raise ResultsError("There are no anchors; OpenCompass would have nothing to run.")
    if "harness" in anchors:
        others = [name for name in anchors["harness"] if name not in ("", "opencompass")]
        if others:
            raise ResultsError(
                f"{len(others)} of {len(anchors)} anchors are from results of {others[0]!r}, whose "
                "items are not positions in OpenCompass's datasets. Write those with that "
                "harness's own function, and pass only anchors['harness'] == 'opencompass' here."
            )
    yield from zip(map(str, anchors["task"]), map(str, anchors["item"]), strict=True)


def _position(task: str, item: str) -> int:
    if not (item.isascii() and item.isdecimal() and len(item) <= _MOST_DIGITS):
        raise ResultsError(
            f"Item {item!r} of task {task!r} is not a position in a dataset, which OpenCompass "
            "needs; expected a number such as '17', as read_opencompass names items."
        )
    return int(item)


def _checked(path: Path) -> Path:
    if path.suffix not in (".py", ".json"):
        raise ValueError(
            f"path is {str(path)!r}; expected the suffix .py, for a part of a config, or .json."
        )
    if path.suffix == ".py" and not path.stem.isidentifier():
        raise ValueError(
            f"path is {str(path)!r}, which no config can import; expected a name of letters, "
            "digits and underscores before .py."
        )
    return path


def _text(path: Path, test_ranges: dict[str, str]) -> str:
    if path.suffix == ".json":
        return json.dumps(test_ranges, indent=2, ensure_ascii=False) + "\n"
    lines = [f"    {task!r}: {chosen!r},\n" for task, chosen in test_ranges.items()]
    return f"{_HEAD.format(module=path.stem)}test_ranges = {{\n{''.join(lines)}}}\n"


def write_anchors(anchors: "DataFrame", folder: Path, harness_args: str | None) -> HarnessRun:
    """Write anchors to a folder, and say how to run them.

    Parameters
    ----------
    anchors : pandas.DataFrame
        Rows of ``ScoreMatrix.items``.
    folder : Path
        Where to.
    harness_args : str or None
        Not used: OpenCompass is told by its config.

    Returns
    -------
    run : HarnessRun
        Files, commands and advice.
    """
    path = folder / "opencompass_test_ranges.py"
    to_opencompass_test_ranges(anchors, path)
    advice = f"Copy {path} beside your OpenCompass config; its first lines say what to add there."
    return HarnessRun("opencompass", [path.name], [], "outputs", advice)
