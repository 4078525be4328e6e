"""What the files beside HELM's results say of a run.

The formats are those of crfm-helm 0.5.9 (2026-06): `helm/benchmark/runner.py` writes run_spec.json,
`helm/benchmark/presentation/run_display.py` instances.json.
"""

import re
from pathlib import Path
from typing import Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import NOT_RECORDED, content_fingerprint
from sklearn_sparseeval.harness.table._json_text import expect, read_json
from sklearn_sparseeval.harness.table._rows import Rows

_RUN = "run_spec.json"
_INSTANCES = "instances.json"  # helm-summarize writes it beside the results
# HELM adds these to the names of runs by itself, for models that cannot do without.
_MODEL_NEEDS = ("stop=hash", "global_prefix=nlg")


def rows_of_run(path: Path) -> Rows:
    """Find out which model was run on which task, and how.

    Parameters
    ----------
    path : Path
        The run's results.

    Returns
    -------
    rows : Rows
        No rows yet.

    Raises
    ------
    ResultsError
        If nothing names the model.
    """
    spec_path = path.with_name(_RUN)
    if not spec_path.is_file():
        return _rows_of_folder(path.absolute().parent.name)
    try:
        spec = expect(read_json(spec_path), dict, f"{_RUN} beside it")
    except ResultsError as error:
        raise ResultsError(f"cannot be read without {_RUN} beside it: {error}") from None
    name = expect(spec.get("name"), str, f"'name' in {_RUN} beside it")
    adapter = expect(spec.get("adapter_spec"), dict, f"'adapter_spec' in {_RUN} beside it")
    deployment = adapter.get("model_deployment") or ""
    expect(deployment, str, f"the deployment in {_RUN} beside it")
    model = expect(adapter.get("model") or deployment, str, f"the model in {_RUN} beside it")
    if not model:
        raise ResultsError(f"has no model in 'adapter_spec' of {_RUN} beside it.")
    task, dropped = _task(name)
    rows = Rows(
        harness="helm",
        model=model,
        task=task,
        model_args=f"deployment={deployment}" if deployment not in ("", model) else "",
        setting=_setting(adapter),
    )
    _note_dropped(rows, dropped)
    return rows


def group_of(task: str) -> str:
    """Tell which scenario a task is of.

    Parameters
    ----------
    task : str
        Name of a task.

    Returns
    -------
    group : str
        What is before its arguments.
    """
    return re.split("[:,]", task, maxsplit=1)[0]


def contents_of_run(path: Path, rows: Rows) -> dict[str, int]:
    """Fingerprint the instances' contents, where HELM wrote them to a file of their own.

    They are in scenario_state.json too, with every prompt and completion: too large to read for
    a check.

    Parameters
    ----------
    path : Path
        The run's results.
    rows : Rows
        Takes the note that the file is there and cannot be read.

    Returns
    -------
    contents : dict of str to int
        Fingerprint of each instance's content, by its id; empty without the file.
    """
    beside = path.with_name(_INSTANCES)
    if not beside.is_file():
        return {}
    try:
        instances = expect(read_json(beside), list, "it")
    except ResultsError:
        rows.note(
            "no-contents",
            f"runs' contents are not recorded since {_INSTANCES} beside them is not readable",
        )
        return {}
    contents: dict[str, int] = {}
    for instance in instances:
        if isinstance(instance, dict) and instance.get("perturbation") is None:
            contents[str(instance.get("id"))] = _content(instance)
    return contents


def _content(instance: dict[str, Any]) -> int:
    """Fingerprint the texts: paths of images and sounds are another machine's."""
    try:
        asked = instance["input"]
        answers = [[one["output"]["text"], one["tags"]] for one in instance["references"]]
        return content_fingerprint([asked["text"], asked.get("messages"), answers])
    except (KeyError, TypeError, AttributeError, RecursionError):
        return NOT_RECORDED


def _rows_of_folder(folder: str) -> Rows:
    """Take task and model from the name of the run's folder."""
    found = re.search(r"(?:^|[:,])model=([^,]+)", folder)
    if found is None:
        raise ResultsError(
            f"has no {_RUN} beside it, and its folder {folder!r} names no model; expected "
            "SCENARIO:...,model=MODEL. Copy the whole folders of the runs."
        )
    task, dropped = _task(folder)
    rows = Rows(harness="helm", model=found[1], task=task)
    rows.note(
        "model-from-folder",
        f"runs have no {_RUN}: their models were taken from the folders' names, where HELM writes "
        "'_' for '/'",
    )
    _note_dropped(rows, dropped)
    return rows


def _task(name: str) -> tuple[str, list[str]]:
    """Take the model, and what HELM added for its sake, out of a run's name."""
    scenario, _, arguments = name.partition(":")
    words = arguments.split(",") if arguments else []
    dropped: list[str] = []
    while words and words[-1] in _MODEL_NEEDS:
        dropped.append(words.pop())
    words = [one for one in words if not one.startswith(("model=", "model_deployment="))]
    return (f"{scenario}:{','.join(words)}" if words else scenario), dropped


def _note_dropped(rows: Rows, dropped: list[str]) -> None:
    if dropped:
        rows.note(
            "other-name",
            f"tasks were named without {' and '.join(sorted(dropped))}, which HELM adds to the "
            "names of runs for models that need it",
        )


def _setting(adapter: dict[str, Any]) -> str:
    known = {"method": adapter.get("method"), "n-shot": adapter.get("max_train_instances")}
    words = {
        key: "_".join(str(value).split())
        for key, value in known.items()
        if isinstance(value, str | int) and value != ""
    }
    return " ".join(f"{key}={value}" for key, value in words.items())
