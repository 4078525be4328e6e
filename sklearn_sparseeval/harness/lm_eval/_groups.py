"""Which benchmark each task of a run of lm-evaluation-harness is a part of."""

from collections.abc import Mapping
from typing import Any


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
