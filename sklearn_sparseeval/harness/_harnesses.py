"""The harnesses that are known: a record of each, which its own module fills in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pandas import DataFrame

    from sklearn_sparseeval.harness._item_lists import HarnessRun
    from sklearn_sparseeval.harness.table._rows import Rows

# A line for each: where, in this package, its record HARNESS is. The order is that of messages.
_MODULES = {
    "lm_eval": "lm_eval",
    "inspect": "inspect",
    "helm": "helm",
    "lighteval": "lighteval",
    "opencompass": "opencompass",
    "vlmevalkit": "vlmevalkit",
    "lmms_eval": "_lmms_eval",
    "omnievalkit": "_omnievalkit",
}
NAMES = tuple(_MODULES)


@dataclass(frozen=True, eq=False)
class Harness:
    """What is to be known of an evaluation harness.

    Parameters
    ----------
    name : str
        What its results say in the column ``harness``; its reader is ``read_<name>``.
    title : str
        What people call it.
    files : str
        What its files of results are called, and how it is made to write them.
    nothing_found : str
        What to say if there are none; ``{n_files}`` and ``{paths}`` stand for what was given.
    result_files : callable
        Picks its files out of any.
    parse : callable
        Reads one file into rows. Has to be a function of a module, to be sent to other processes.
    write : callable, default=None
        Writes anchors, of which it gets the data frame, to a folder; further gets what the commands
        say besides the anchors, or None. Gives a `HarnessRun`. None if the harness has no option
        for chosen items.
    check_args : callable, default=None
        Raises ValueError for what a command must not say of items; None if it has no commands.
    hashes_whole_items : bool, default=False
        Whether a content hash is of all that the item holds, so that it proves which one it is.
        That of a question about a picture may leave the picture out.
    as_planned : frozenset of str, default=frozenset()
        Kinds of the notes that a run of chosen items raises although all is well.
    hints : mapping of str to str, default={}
        What to say besides of a finding in a run of anchors, by its kind.
    """

    name: str
    title: str
    files: str
    nothing_found: str
    result_files: Callable[[list[Path]], list[Path]]
    parse: "Callable[[Path], Rows]"
    write: "Callable[[DataFrame, Path, str | None], HarnessRun] | None" = None
    check_args: "Callable[[DataFrame, str], None] | None" = None
    hashes_whole_items: bool = False
    as_planned: frozenset[str] = frozenset()
    hints: Mapping[str, str] = field(default_factory=dict)


def harness_named(name: str) -> Harness | None:
    """Look up a harness.

    Parameters
    ----------
    name : str
        Its name, as in the column ``harness`` of results.

    Returns
    -------
    harness : Harness or None
        Its record; None if it is not known.
    """
    if name not in _MODULES:
        return None
    module = import_module(f"sklearn_sparseeval.harness.{_MODULES[name]}")
    return cast("Harness", module.HARNESS)


def all_harnesses() -> list[Harness]:
    """List the harnesses that are known.

    Returns
    -------
    harnesses : list of Harness
        Their records, in the order of messages.
    """
    return [harness for name in NAMES if (harness := harness_named(name)) is not None]
