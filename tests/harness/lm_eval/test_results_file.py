"""The results file of a run: settings, sizes, filters, scores; read once, and again if changed."""

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.lm_eval import _results_file as _lm_eval_results_file
from sklearn_sparseeval.harness.lm_eval._model import LM_EVAL_KEYS
from sklearn_sparseeval.harness.lm_eval._results_file import groups_of_tasks, run_in_folder, run_of


@pytest.fixture
def run(tmp_path):
    def read(**content):
        path = tmp_path / "results_2026-11-22T10-41-46.232288.json"
        path.write_text(json.dumps({"model_name": "acme/one"} | content))
        return run_of(path, LM_EVAL_KEYS)

    return read


@pytest.mark.parametrize(
    ("versions", "shots", "setting"),
    [
        ({"demo": 1.0}, {"demo": 5}, "version=1.0 n-shot=5"),
        ({"demo": 1}, {"demo": 5}, "version=1.0 n-shot=5"),
        ({"demo": "1.0"}, {"demo": 5}, "version=1.0 n-shot=5"),
        ({"demo": "2 beta"}, {}, "version=2-beta"),
        ({"demo": 10**400}, {}, f"version={10**400}"),
        ({"demo": None}, {"demo": 0}, "n-shot=0"),
        ({"other": 1}, {"demo": "five"}, ""),
        (None, None, ""),
    ],
    ids=["float", "int", "text", "words", "huge", "no version", "other task", "nothing"],
)
def test_settings_are_written_in_one_way(versions, shots, setting, run):
    content = {"versions": versions, "n-shot": shots}
    assert run(**content).rows("lm_eval", "demo", "").setting == setting


PARTIAL = {("partial-task", "files cover only part of their task (--samples or --limit)"): 1}


@pytest.mark.parametrize(
    ("sizes", "config", "notes"),
    [
        ({"original": 12, "effective": 12}, {}, {}),
        ({"original": 12, "effective": 4}, {}, PARTIAL),
        ({"original": 12, "effective": 4.0}, {"limit": 4.0}, PARTIAL),
        ({"original": 12, "effective": 12}, {"limit": 100}, {}),
        (None, {"limit": 0.1}, PARTIAL),  # before 0.4.3 the sizes were not written
        (None, {"limit": None}, {}),
        ({"original": 12, "effective": 12}, {"offset": 2}, PARTIAL),  # lmms-eval
        ({"original": "12", "effective": 4}, {}, {}),
        ({"original": 12, "effective": float("nan")}, {}, {}),
        ([12, 4], {}, {}),
    ],
    ids=str,
)
def test_a_run_of_a_part_is_no_error_and_is_noted(sizes, config, notes, run):
    content = {"n-samples": {} if sizes is None else {"demo": sizes}, "config": config}
    assert run(**content).rows("lm_eval", "demo", "").notes == notes


@pytest.mark.parametrize(
    ("config", "filters"),
    [
        ({"filter_list": [{"name": "strict"}, {"name": "flexible"}]}, ("strict", "flexible")),
        ({"filter_list": None}, ()),
        ({"filter_list": "strict"}, ()),
        ({"filter_list": [{"name": "strict"}, {}]}, ()),
        ({"filter_list": ["strict"]}, ()),
        ({}, ()),
        ("text", ()),
    ],
    ids=str,
)
def test_names_of_filters_are_all_known_or_none(config, filters, run):
    assert run(configs={"demo": config}).filters == {"demo": filters}


def test_only_finite_numbers_are_scores_of_a_task(run):
    result = {"alias": "demo", "acc,none": 0.25, "acc_stderr,none": "N/A", "ppl,none": float("inf")}
    assert run(results={"demo": result, "other": None}).scores == {
        "demo": {"acc,none": 0.25},
        "other": {},
    }


@pytest.mark.parametrize(
    "key", ["results", "versions", "n-shot", "n-samples", "group_subtasks", "configs", "config"]
)
@pytest.mark.parametrize("value", [[1], "text", 5], ids=str)
def test_parts_of_another_shape_are_an_error_that_names_both_files(key, value, run):
    with pytest.raises(ResultsError) as error:
        run(**{key: value})
    message = str(error.value)
    assert message.startswith(
        "the results file of its run, results_2026-11-22T10-41-46.232288.json:"
    )
    assert f"{key!r} is" in message


@pytest.mark.parametrize("content", ["", "[]", '{"results": {'], ids=["empty", "list", "cut off"])
def test_a_broken_results_file_is_an_error(content, tmp_path):
    path = tmp_path / "results_x.json"
    path.write_text(content)
    with pytest.raises(ResultsError, match="the results file of its run, results_x"):
        run_of(path, LM_EVAL_KEYS)


def test_a_file_is_parsed_once_and_again_if_it_changes(tmp_path, monkeypatch):
    parsed = []
    real = _lm_eval_results_file.read_json
    monkeypatch.setattr(
        _lm_eval_results_file, "read_json", lambda path: parsed.append(path) or real(path)
    )
    path = tmp_path / "results_x.json"
    path.write_text('{"model_name": "acme/one"}')
    assert [run_of(path, LM_EVAL_KEYS).model.name for _ in range(57)] == ["acme/one"] * 57
    assert parsed == [path]
    path.write_text('{"model_name": "acme/two"}')
    later = time.time() + 5
    os.utime(path, (later, later))
    assert run_of(path, LM_EVAL_KEYS).model.name == "acme/two"
    assert len(parsed) == 2


def test_rows_begin_with_what_the_run_was(run):
    rows = run(config={"model_args": {"pretrained": "acme/one", "revision": "b"}}).rows(
        "lm_eval", "demo", "2026"
    )
    assert (rows.harness, rows.model, rows.model_args) == ("lm_eval", "acme/one", "revision=b")
    assert (rows.task, rows.date, len(rows)) == ("demo", "2026", 0)


def test_without_a_results_file_the_folder_names_the_model_and_it_is_noted(tmp_path, monkeypatch):
    folder = tmp_path / "acme__one"
    folder.mkdir()
    monkeypatch.chdir(folder)
    rows = run_in_folder(Path("samples.jsonl")).rows("lm_eval", "demo", "")
    assert rows.model == "acme__one"
    ((kind, text),) = rows.notes
    assert kind == "model-name"
    assert "have no results file of their run beside them" in text


def test_a_file_in_no_folder_has_no_name_of_a_model():
    with pytest.raises(ResultsError, match="has no results file"):
        run_in_folder(Path("/samples.jsonl"))


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
