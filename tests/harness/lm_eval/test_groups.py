"""Which benchmark a task is a part of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval.harness.lm_eval._results_file import groups_of_tasks

MMLU = {
    "mmlu": ["mmlu_stem", "mmlu_other"],
    "mmlu_stem": ["mmlu_anatomy", "mmlu_physics"],
    "mmlu_other": ["mmlu_law"],
}
TASKS = ("mmlu_anatomy", "mmlu_physics", "mmlu_law")


def scored(*names, metric="acc,none"):
    return {name: {metric: 0.5, "alias": name} for name in names}


@pytest.mark.parametrize(
    "subtasks", [MMLU, dict(reversed(MMLU.items())), MMLU | {name: [] for name in TASKS}]
)
def test_nested_groups_are_the_topmost_one(subtasks):
    results = scored(*MMLU, *TASKS)
    assert groups_of_tasks(subtasks, results) == dict.fromkeys(TASKS, "mmlu")


def test_a_group_of_one_group_is_above_it():
    subtasks = {"z": ["y"], "y": ["x"], "a": ["z"]}
    results = scored("a", "x", "y", "z")
    assert groups_of_tasks(subtasks, results) == {"x": "a"}


def test_a_group_that_mixes_benchmarks_is_none():
    # As the Open LLM Leaderboard: it has scores, but none that all of its tasks have.
    subtasks = {
        "leaderboard": ["leaderboard_bbh", "leaderboard_ifeval"],
        "leaderboard_bbh": ["leaderboard_bbh_snarks", "leaderboard_bbh_navigate"],
    }
    tasks = subtasks["leaderboard_bbh"]
    results = scored("leaderboard_bbh", *tasks, metric="acc_norm,none")
    results["leaderboard_ifeval"] = {"prompt_level_strict_acc,none": 0.5}
    results["leaderboard"] = {"acc_norm,none": 0.5, "prompt_level_strict_acc,none": 0.5}
    assert groups_of_tasks(subtasks, results) == dict.fromkeys(tasks, "leaderboard_bbh")


def test_a_group_without_a_score_of_its_own_is_none():
    subtasks = {"suite": ["mmlu", "arc"], "mmlu": ["mmlu_law"]}
    results = scored("mmlu", "mmlu_law", "arc")
    results["suite"] = {"alias": "suite", " ": " "}
    assert groups_of_tasks(subtasks, results) == {"mmlu_law": "mmlu"}


@pytest.mark.parametrize("results", [{}, {"suite": None, "a": []}], ids=str)
def test_where_no_group_has_a_score_the_topmost_one_counts(results):
    subtasks = {"suite": ["a", "inner"], "inner": ["b"]}
    assert groups_of_tasks(subtasks, results) == {"a": "suite", "b": "suite"}


@pytest.mark.parametrize(
    ("subtasks", "groups"),
    [
        ({}, {}),
        ({"a": [], "b": None, "c": "text", "d": 5}, {}),
        ({"a": ["a"]}, {}),
        ({"a": ["b"], "b": ["a"]}, {}),
        ({"a": ["b", "x"], "b": ["a", "y"]}, {"x": "b", "y": "b"}),
        ({"a": ["x", 5, None, ["y"]]}, {"x": "a"}),
    ],
    ids=str,
)
def test_malformed_groups_do_no_harm(subtasks, groups):
    assert groups_of_tasks(subtasks, {}) == groups


names = st.sampled_from("abcdefgh")


@given(st.dictionaries(names, st.lists(names, max_size=4)), st.sets(names))
def test_every_task_in_a_group_has_one_that_contains_it(subtasks, with_scores):
    groups = groups_of_tasks(subtasks, scored(*with_scores))
    full = {name for name, inside in subtasks.items() if inside}
    assert full.isdisjoint(groups)
    for task, group in groups.items():
        reached, waiting = set(), [group]
        while waiting:
            one = waiting.pop()
            if one not in reached:
                reached.add(one)
                waiting += subtasks.get(one, [])
        assert task in reached
