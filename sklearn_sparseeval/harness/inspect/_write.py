"""Anchors as Inspect AI takes them."""

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._sklearn import validate_params
from sklearn_sparseeval.harness._item_lists import HarnessRun

if TYPE_CHECKING:
    from pandas import DataFrame

_PLACEHOLDER = "TASK_FILE --model MODEL"
_LONGEST_ARGUMENT = 100_000  # bytes; Linux takes 131,071
_ID_DIGITS = 20  # Inspect pads whole numbers to that many before it compares

# Patterns of fnmatch that stand for one character. What is excluded from a comma's leaves no other
# character that is in ASCII and printed; what is excluded from an unprintable one, all of those.
_PATTERNS = {"*": "[*]", "?": "[?]", "[": "[[]", ",": "[! -+--~]"}
_UNPRINTABLE = "[! -~]"


@dataclass(frozen=True)
class InspectSampleIds:
    """Anchors as Inspect AI takes them: made by ``to_inspect_sample_ids``.

    Parameters
    ----------
    sample_ids : list of str
        What ``inspect_ai.eval(..., sample_id=sample_ids)`` takes: a pattern ``task:id`` for each
        anchor, in the order of the anchors.
    commands : list of str
        What to run in a POSIX shell: mostly one command, several where the list is too long for
        one. Together they run all anchors.

    See Also
    --------
    to_inspect_sample_ids : Makes them.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_sparseeval.harness import to_inspect_sample_ids
    >>> chosen = to_inspect_sample_ids(pd.DataFrame({"task": ["sums"], "item": ["q/07"]}))
    >>> chosen.sample_ids
    ['sums:q/07']
    """

    sample_ids: list[str]
    commands: list[str]


@validate_params(  # type: ignore[untyped-decorator]
    {
        "path": [None, str, os.PathLike],
        "harness_args": [None, str],
        "log_dir": [str, os.PathLike],
    },
    prefer_skip_nested_validation=True,
)
def to_inspect_sample_ids(
    anchors: "DataFrame",
    path: str | os.PathLike[str] | None = None,
    *,
    harness_args: str | None = None,
    log_dir: str | os.PathLike[str] = "anchor_logs",
) -> InspectSampleIds:
    """Write anchors as Inspect AI takes them, and the command that runs them.

    Parameters
    ----------
    anchors : pandas.DataFrame
        The items to run: rows of ``ScoreMatrix.items``, with the columns ``task`` and ``item``.
    path : path-like, default=None
        A text file to write the list to, one pattern a line.
    harness_args : str, default=None
        What else the command says, as you would type it: the files or names of all the tasks, the
        model, and options. None writes the placeholder ``TASK_FILE --model MODEL``.
    log_dir : path-like, default="anchor_logs"
        Where the command has Inspect write its logs.

    Returns
    -------
    chosen : InspectSampleIds
        The list, and the commands.

    Raises
    ------
    ResultsError
        If there is no anchor, one comes from another harness, or Inspect cannot be told of it: its
        task's name holds a comma, a colon or a character that is not printed, or differs from
        another's in upper and lower case only.

    See Also
    --------
    read_inspect : Reads what the commands write.
    verify_anchor_run : Checks that what was read is what was to be run.

    Notes
    -----
    Inspect takes an id for a pattern of ``fnmatch``, and splits its list at commas and strips
    blanks. Hence ``a[1]`` is written ``a[[]1]``; and a comma, a blank at the end, and what is not
    printed are written as patterns that match one such character. Inspect warns that it does not
    find such an id as it is written, and then runs it all the same.

    Inspect takes "007" and "7" for one id, and on Windows "a" and "A": where a task has both, both
    are run. A negative number is written twice, for Inspect to find it whether it is a number or a
    text. To run without these warnings or without a shell, give `sample_ids` to
    ``inspect_ai.eval``. Inspect 0.3.112 or later is needed.

    References
    ----------
    .. [1] Inspect AI, `"Options" <https://inspect.aisi.org.uk/options.html>`_.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_sparseeval.harness import to_inspect_sample_ids
    >>> anchors = pd.DataFrame({"task": ["sums", "sums"], "item": ["q/07", "a[1]"]})
    >>> chosen = to_inspect_sample_ids(anchors, harness_args="sums.py --model acme/one")
    >>> chosen.sample_ids
    ['sums:q/07', 'sums:a[[]1]']
    >>> print(chosen.commands[0])
    inspect eval sums.py --model acme/one --sample-id 'sums:q/07,sums:a[[]1]' --log-dir anchor_logs
    """
    _check(anchors)
    pairs = dict.fromkeys(zip(map(str, anchors["task"]), map(str, anchors["item"]), strict=True))
    _check_tasks({task for task, _ in pairs})
    sample_ids = [f"{task}:{pattern}" for task, item in pairs for pattern in _patterns(item)]
    if path is not None:
        Path(path).write_text("".join(f"{one}\n" for one in sample_ids), encoding="utf-8")
    start = f"inspect eval {harness_args or _PLACEHOLDER} --sample-id"
    end = f"--log-dir {shlex.quote(os.fspath(log_dir))}"
    lists = (shlex.quote(",".join(part)) for part in _parts(sample_ids))
    return InspectSampleIds(sample_ids, [f"{start} {one} {end}" for one in lists])


def _check(anchors: "DataFrame") -> None:
    missing = {"task", "item"}.difference(getattr(anchors, "columns", ()))
    if missing:
        raise ResultsError(
            f"anchors has no column {' and no column '.join(map(repr, sorted(missing)))}; expected "
            "rows of ScoreMatrix.items."
        )
    if not len(anchors):
        raise ResultsError("anchors has no rows; without a list, Inspect would run all samples.")
    harnesses = set(map(str, anchors["harness"])) if "harness" in anchors else set()
    others = sorted(harnesses - {"inspect", ""})
    if others:
        raise ResultsError(
            f"anchors come from the results of {' and '.join(map(repr, others))}, whose items have "
            "other ids; expected anchors from results that read_inspect read."
        )


def _check_tasks(tasks: set[str]) -> None:
    known: dict[str, str] = {}
    for task in sorted(tasks):
        if re.search(r"[,:]|^\s", task) or not task.isprintable() or not task:
            raise ResultsError(
                f"Inspect cannot be told to run samples of the task {task!r}: the name of a task "
                "must have no comma, no colon, no blank in front, and be printable. Name the task "
                "otherwise, with Task(name=...), and run it for all models again."
            )
        other = known.setdefault(task.lower(), task)
        if other != task:
            raise ResultsError(
                f"Inspect takes the tasks {other!r} and {task!r} for one; expected names that "
                "differ in more than upper and lower case."
            )


def _patterns(item: str) -> Iterator[str]:
    """Yield the patterns that match an id, as Inspect compares them."""
    if item.isdigit() and not _is_whole_number(item):
        raise ResultsError(
            f"Inspect fails on the id {item!r}, which it takes for a number; expected another id."
        )
    characters = [_PATTERNS.get(one, one) if one.isprintable() else _UNPRINTABLE for one in item]
    if item.endswith(" "):
        characters[-1] = "[ ]"
    yield "".join(characters)
    if re.fullmatch(r"-[0-9]+", item):
        yield item.zfill(_ID_DIGITS)


def _is_whole_number(text: str) -> bool:
    """Tell whether Python reads a text of digits: no superscripts, and not thousands of them."""
    try:
        int(text)
    except ValueError:
        return False
    return True


def _parts(sample_ids: list[str]) -> Iterator[list[str]]:
    """Split a list into parts that a command line can take, as few as need be."""
    part: list[str] = []
    length = 0
    for one in sample_ids:
        added = len(one.encode()) + 1
        if part and length + added > _LONGEST_ARGUMENT:
            yield part
            part, length = [], 0
        part.append(one)
        length += added
    yield part


def write_anchors(anchors: "DataFrame", folder: Path, harness_args: str | None) -> HarnessRun:
    """Write anchors to a folder, and say how to run them.

    Parameters
    ----------
    anchors : pandas.DataFrame
        Rows of ``ScoreMatrix.items``.
    folder : Path
        Where to.
    harness_args : str or None
        What the commands say besides the anchors, such as the model.

    Returns
    -------
    run : HarnessRun
        Files, commands and advice.
    """
    path = folder / "inspect_sample_ids.txt"
    ids = to_inspect_sample_ids(anchors, path, harness_args=harness_args, log_dir="anchor_logs")
    return HarnessRun("inspect", [path.name], ids.commands, "anchor_logs", "")


def check_args(anchors: "DataFrame", harness_args: str) -> None:
    """Refuse arguments that would change which items are run.

    Parameters
    ----------
    anchors : pandas.DataFrame
        Rows of ``ScoreMatrix.items``.
    harness_args : str
        What the commands would say besides the anchors.

    Raises
    ------
    ValueError
        If they would, or an anchor cannot be run.
    """
    to_inspect_sample_ids(anchors, harness_args=harness_args)
