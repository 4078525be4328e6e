"""The results file of a run of lm-evaluation-harness or lmms-eval: what the run was."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval.harness.lm_eval._model import ModelIdentity, identify_model
from sklearn_sparseeval.harness.table._json_text import expect, read_json
from sklearn_sparseeval.harness.table._rows import Rows

PARTIAL_TASK = "partial-task"  # kind of the note of a run of chosen items


@dataclass(frozen=True)
class Run:
    """What a results file says of a run, as far as its samples need it."""

    model: ModelIdentity
    settings: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    limited: bool = False
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def rows(self, harness: str, task: str, date: str) -> Rows:
        """Begin the rows of one of the run's tasks, with what there is to note of it.

        Parameters
        ----------
        harness : str
            Which harness wrote the file.
        task : str
            Name of the task.
        date : str
            When the run was.

        Returns
        -------
        rows : Rows
            Without rows yet.
        """
        rows = Rows(
            harness=harness,
            model=self.model.name,
            task=task,
            model_args=self.model.args,
            setting=self.settings.get(task, ""),
            date=date,
        )
        if self.model.note:
            rows.note("model-name", self.model.note)
        original, effective = self.sizes.get(task, (0, 0))
        if effective < original or (self.limited and not original):
            rows.note(PARTIAL_TASK, "files cover only part of their task (--samples or --limit)")
        return rows


def run_in_folder(path: Path) -> Run:
    """Describe a run whose results file is missing.

    Parameters
    ----------
    path : Path
        File of the run's samples.

    Returns
    -------
    run : Run
        Nothing but the model's name, which is the folder's.
    """
    folder = path.absolute().parent.name  # not resolved: caches link to files named by their hash
    if not folder:
        raise ResultsError("has no results file of its run beside it, which names the model.")
    note = (
        "files have no results file of their run beside them, which names the model; the model "
        "is called after the folder. lm-eval makes such a name up, at random, where it knows none"
    )
    return Run(ModelIdentity(folder, "", note))


def run_of(path: Path, name_keys: tuple[str, ...]) -> Run:
    """Read a results file, or remember what it held.

    Parameters
    ----------
    path : Path
        The file.
    name_keys : tuple of str
        Which of ``--model_args`` name a model.

    Returns
    -------
    run : Run
        What it says.

    Raises
    ------
    ResultsError
        If it is not of the form expected.
    """
    status = path.stat()
    return _read_run(path, (status.st_mtime_ns, status.st_size), name_keys)


@lru_cache(maxsize=256)  # a run has a file of samples per task, mmlu alone 57
def _read_run(path: Path, stamp: tuple[int, int], name_keys: tuple[str, ...]) -> Run:
    try:
        content = expect(read_json(path), dict, "what it holds")
        return _described(content, name_keys)
    except ResultsError as error:
        raise ResultsError(f"the results file of its run, {path.name}: {error}") from None


def _described(content: dict[str, Any], name_keys: tuple[str, ...]) -> Run:
    results = _part(content, "results")
    config = _part(content, "config")
    offset = config.get("offset")
    skipped = offset if isinstance(offset, int) else 0  # only lmms-eval has it, and counts it in
    sizes = {task: _sizes(pair, skipped) for task, pair in _part(content, "n-samples").items()}
    return Run(
        model=identify_model(content, name_keys),
        settings=_settings(_part(content, "versions"), _part(content, "n-shot")),
        groups=groups_of_tasks(_part(content, "group_subtasks"), results),
        sizes={task: pair for task, pair in sizes.items() if pair is not None},
        limited=config.get("limit") is not None or skipped > 0,
        filters={task: _filters(one) for task, one in _part(content, "configs").items()},
        scores={task: _scores(result) for task, result in results.items()},
    )


def _part(content: dict[str, Any], key: str) -> dict[str, Any]:
    part = content.get(key)
    return {} if part is None else expect(part, dict, repr(key))


def _settings(versions: Mapping[str, Any], shots: Mapping[str, Any]) -> dict[str, str]:
    """Write what must agree between models, in one way: version 1 is version 1.0."""
    settings: dict[str, list[str]] = {}
    for task, version in versions.items():
        if isinstance(version, str | int | float):
            settings.setdefault(task, []).append(f"version={_version(version)}")
    for task, number in shots.items():
        if isinstance(number, int):
            settings.setdefault(task, []).append(f"n-shot={number}")
    return {task: " ".join(words) for task, words in settings.items()}


def _version(version: str | int | float) -> str:
    try:
        return str(float(version))
    except (ValueError, OverflowError):
        return "-".join(str(version).split())


def _sizes(pair: Any, skipped: int) -> tuple[int, int] | None:
    """Read how many items a task has, and how many of them were run."""
    if not isinstance(pair, dict):
        return None
    original, effective = pair.get("original"), pair.get("effective")
    if not isinstance(original, int) or not isinstance(effective, int | float):
        return None
    run = int(effective) if math.isfinite(effective) else original
    return original, min(run, original - skipped)


def _filters(config: Any) -> tuple[str, ...]:
    """List the names of a task's filters, in their order; none where one has no name."""
    listed = config.get("filter_list") if isinstance(config, dict) else None
    if not isinstance(listed, list):
        return ()
    names = [one.get("name") if isinstance(one, dict) else None for one in listed]
    return tuple(name for name in names if isinstance(name, str)) if all(names) else ()


def _scores(result: Any) -> dict[str, float]:
    """Read the scores of a whole task, such as ``{"acc,none": 0.6}``."""
    entries = result.items() if isinstance(result, dict) else ()
    return {
        key: value
        for key, value in entries
        if "," in key and isinstance(value, float) and math.isfinite(value)
    }


def groups_of_tasks(subtasks: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, str]:
    """Find the group that each task belongs to.

    It is the topmost one with a score of its own that is made of all its tasks, such as mmlu for
    mmlu_anatomy. A group that mixes benchmarks, such as leaderboard, has no metric that all of its
    tasks have. Where no group of a run has such a score, the topmost group counts.

    Parameters
    ----------
    subtasks : mapping of str to list of str
        ``group_subtasks`` of the results file: the groups, and what is directly in them.
    results : mapping of str to dict
        ``results`` of the results file.

    Returns
    -------
    groups : dict of str to str
        The group of each task that belongs to one.
    """
    children = {
        name: [one for one in inside if isinstance(one, str)]
        for name, inside in subtasks.items()
        if isinstance(inside, list) and inside
    }
    members = {name: _members(name, children) for name in children}
    scored = [name for name in children if _has_own_score(name, members[name], children, results)]
    groups: dict[str, str] = {}
    # A group has more members than any group in it, so that the topmost one has the last word.
    for name in sorted(scored or children, key=lambda name: (len(members[name]), name)):
        groups.update(dict.fromkeys(members[name] - children.keys(), name))
    return groups


def _members(group: str, children: Mapping[str, list[str]]) -> set[str]:
    """Collect a group, its sub-groups and the tasks of all of them."""
    found, waiting = {group}, [group]
    while waiting:
        fresh = set(children.get(waiting.pop(), ())) - found
        found |= fresh
        waiting.extend(fresh)
    return found


def _has_own_score(
    group: str,
    members: set[str],
    children: Mapping[str, list[str]],
    results: Mapping[str, Any],
) -> bool:
    common = _metrics(results.get(group))
    for task in members - children.keys():
        common &= _metrics(results.get(task))
    return bool(common)


def _metrics(result: Any) -> set[str]:
    """Name what a result holds scores of, such as ``acc,none``."""
    return {key for key in result if "," in key} if isinstance(result, dict) else set()
