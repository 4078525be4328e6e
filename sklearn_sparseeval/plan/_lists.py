"""The anchors as each harness takes them: lists to write, commands to copy."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn_sparseeval._notes import Note

if TYPE_CHECKING:
    from pandas import DataFrame

ITEM_LISTS = "item_lists.json"
_LISTS = re.compile(r"samples(-\d+-shot|-default-shots)?\.json")


class HarnessRun(NamedTuple):
    """How to run the anchors with one harness."""

    harness: str
    files: list[str]
    commands: list[str]
    results: str  # where the commands put the results, or where the user would
    advice: str


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
    from sklearn_sparseeval.harness import to_item_lists

    to_item_lists(anchors, folder / ITEM_LISTS)
    runs = []
    for name, own in anchors.groupby("harness", sort=False, observed=True):
        harness = str(name)
        try:
            run = _WRITERS.get(harness, _advise_lists)(harness, own, folder, harness_args)
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
    from sklearn_sparseeval._errors import ResultsError
    from sklearn_sparseeval.harness import to_inspect_sample_ids, to_lm_eval_samples

    if harness_args is None:
        return []
    writers: dict[str, Any] = {"lm_eval": to_lm_eval_samples, "inspect": to_inspect_sample_ids}
    known = [name for name in items["harness"].unique() if name in writers]
    if not known:
        text = "--harness-args was not used: no command is known for the harness of these results."
        return [Note("harness-args-unused", text)]
    for name in known:
        try:
            writers[name](items[items["harness"] == name], harness_args=harness_args)
        except ResultsError:  # of an item, which need not become an anchor
            continue
    return []


def _write_lm_eval(
    harness: str, anchors: "DataFrame", folder: Path, harness_args: str | None
) -> HarnessRun:
    from sklearn_sparseeval.harness import to_lm_eval_samples

    path = folder / "samples.json"
    samples = to_lm_eval_samples(
        anchors, path, harness_args=harness_args, output_path="anchor_results"
    )
    advice = (
        "Needs lm-eval 0.4.9 or newer. Few-shot examples that are drawn at random differ from "
        "those of a full run; predict says so where it matters."
    )
    # One list for each number of shots: samples.json, or samples-0-shot.json, samples-5-shot.json.
    files = sorted(one.name for one in folder.glob("samples*.json") if _LISTS.fullmatch(one.name))
    return HarnessRun(harness, files, samples.commands, "anchor_results", advice)


def _write_inspect(
    harness: str, anchors: "DataFrame", folder: Path, harness_args: str | None
) -> HarnessRun:
    from sklearn_sparseeval.harness import to_inspect_sample_ids

    path = folder / "inspect_sample_ids.txt"
    ids = to_inspect_sample_ids(anchors, path, harness_args=harness_args, log_dir="anchor_logs")
    return HarnessRun(harness, [path.name], ids.commands, "anchor_logs", "")


def _write_opencompass(
    harness: str, anchors: "DataFrame", folder: Path, harness_args: str | None
) -> HarnessRun:
    from sklearn_sparseeval.harness import to_opencompass_test_ranges

    path = folder / "opencompass_test_ranges.py"
    to_opencompass_test_ranges(anchors, path)
    advice = f"Copy {path} beside your OpenCompass config; its first lines say what to add there."
    return HarnessRun(harness, [path.name], [], "outputs", advice)


def _advise_vlmevalkit(
    harness: str, anchors: "DataFrame", folder: Path, harness_args: str | None
) -> HarnessRun:
    task = anchors["task"].iloc[0]
    predictor = str(folder / "predictor.skops")
    advice = (
        "VLMEvalKit evaluates whole tables, so write one of the anchors for each data set, in "
        f"Python: `to_vlmevalkit_table(load_predictor({predictor!r}).anchors, '{task}.tsv', "
        f"'{task}_anchors.tsv', task={str(task)!r})`; its documentation says how to run it."
    )
    return HarnessRun(harness, [], [], "outputs", advice)


def _advise_lists(
    harness: str, anchors: "DataFrame", folder: Path, harness_args: str | None
) -> HarnessRun:
    lists = folder / ITEM_LISTS
    if harness:
        advice = (
            f"{harness} has no option for chosen items: make tasks of the items in {lists}, or run "
            "whole tasks, of which predict reads the anchors only."
        )
        return HarnessRun(harness, [], [], "RESULTS", advice)
    advice = (
        f"Run the items in {lists}, and put the results into a csv, parquet or npz file like the "
        "one that the anchors were chosen from."
    )
    return HarnessRun(harness, [], [], "RESULTS", advice)


_WRITERS: dict[str, Callable[[str, Any, Path, str | None], HarnessRun]] = {
    "lm_eval": _write_lm_eval,
    "inspect": _write_inspect,
    "opencompass": _write_opencompass,
    "vlmevalkit": _advise_vlmevalkit,
}
