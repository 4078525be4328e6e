"""The anchors as each harness takes them: lists to write, commands to copy."""

from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval.harness._harnesses import harness_named
from sklearn_sparseeval.harness._item_lists import HarnessRun, to_item_lists

if TYPE_CHECKING:
    from pandas import DataFrame

ITEM_LISTS = "item_lists.json"


def write_harness_files(
    anchors: "DataFrame", folder: Path, harness_args: str | None
) -> list[HarnessRun]:
    """Write the lists of a plan, for each harness that the anchors' results came from.

    Parameters
    ----------
    anchors : pandas.DataFrame
        The anchors, rows of the items of a score matrix.
    folder : Path
        The plan.
    harness_args : str or None
        What the commands say besides the anchors, such as the model.

    Returns
    -------
    runs : list of HarnessRun
        One per harness; those of results from no harness are called "".
    """
    to_item_lists(anchors, folder / ITEM_LISTS)
    runs = []
    for name, own in anchors.groupby("harness", sort=False, observed=True):
        harness = str(name)
        try:
            run = _write(harness, own, folder, harness_args)
        except ValueError as error:  # such as a task's name that the harness cannot be told
            advice = f"There is no list for {harness} but {folder / ITEM_LISTS}: {error}"
            run = HarnessRun(harness, [], [], "RESULTS", advice)
        runs.append(run)
    return runs


def check_harness_args(items: "DataFrame", harness_args: str | None) -> list[Note]:
    """Refuse arguments that a harness cannot take, before the work is done.

    Parameters
    ----------
    items : pandas.DataFrame
        All items of the benchmark.
    harness_args : str or None
        What the commands say besides the anchors.

    Returns
    -------
    notes : list of Note
        One if there is no command that could say it.

    Raises
    ------
    ValueError
        If they would change which items are run.
    """
    if harness_args is None:
        return []
    harnesses = {str(name): harness_named(str(name)) for name in items["harness"].unique()}
    checks = {name: one.check_args for name, one in harnesses.items() if one and one.check_args}
    if not checks:
        text = "--harness-args was not used: no command is known for the harness of these results."
        return [Note("harness-args-unused", text)]
    for name, check_args in checks.items():
        try:
            check_args(items[items["harness"] == name], harness_args)
        except ResultsError:  # of an item, which need not become an anchor
            continue
    return []


def _write(
    harness: str, anchors: "DataFrame", folder: Path, harness_args: str | None
) -> HarnessRun:
    record = harness_named(harness)
    if record is not None and record.write is not None:
        return record.write(anchors, folder, harness_args)
    lists = folder / ITEM_LISTS
    if harness:
        advice = (
            f"{harness} has no option for chosen items: make tasks of the items in {lists}, or run "
            "whole tasks, of which predict reads the anchors only."
        )
        return HarnessRun(harness, [], [], "RESULTS", advice)
    advice = (
        f"Run the items in {lists}, and put the results into a csv, parquet or npz file like the "
        "one that the plan was made from."
    )
    return HarnessRun(harness, [], [], "RESULTS", advice)
