"""The lists and commands of a plan, per harness."""

import json

import pandas as pd
import pytest

from sklearn_sparseeval.plan._lists import check_harness_args, write_harness_files


def anchors(harness="lm_eval", items=("3", "1"), task="arc", setting="n-shot=0"):
    frame = pd.DataFrame({"task": task, "item": list(items)})
    return frame.assign(harness=harness, setting=setting, group=task, metric="acc")


@pytest.mark.parametrize(
    ("harness", "files", "command", "results"),
    [
        ("lm_eval", ["samples.json"], "--samples {folder}/samples.json", "anchor_results"),
        ("inspect", ["inspect_sample_ids.txt"], "--sample-id arc:3,arc:1", "anchor_logs"),
        ("opencompass", ["opencompass_test_ranges.py"], None, "outputs"),
        ("vlmevalkit", [], None, "outputs"),
        ("helm", [], None, "RESULTS"),
        ("", [], None, "RESULTS"),
    ],
)
def test_what_each_harness_gets(tmp_path, harness, files, command, results):
    (run,) = write_harness_files(anchors(harness), tmp_path, None)
    assert (run.harness, run.files, run.results) == (harness, files, results)
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"item_lists.json", *files}
    assert json.loads((tmp_path / "item_lists.json").read_text()) == {"arc": ["1", "3"]}
    if command is None:
        assert run.commands == []
        assert run.advice
    else:
        assert command.format(folder=tmp_path) in run.commands[0]


@pytest.mark.parametrize(
    ("harness", "named"),
    [
        ("opencompass", "opencompass_test_ranges.py"),
        ("vlmevalkit", "to_vlmevalkit_table(load_predictor("),
        ("helm", "helm has no option for chosen items: make tasks of the items in"),
        ("", "csv, parquet or npz file"),
    ],
)
def test_advice_where_there_is_no_command(tmp_path, harness, named):
    (run,) = write_harness_files(anchors(harness), tmp_path, None)
    assert named in run.advice
    assert str(tmp_path) in run.advice


def test_items_of_two_harnesses(tmp_path):
    both = pd.concat([anchors("lm_eval"), anchors("inspect", task="sums")], ignore_index=True)
    runs = write_harness_files(both, tmp_path, "--model hf")
    assert [run.harness for run in runs] == ["lm_eval", "inspect"]
    assert all("--model hf" in run.commands[0] for run in runs)
    assert "sums" not in runs[0].commands[0]


def test_a_list_for_each_number_of_shots(tmp_path):
    both = pd.concat([anchors(), anchors(task="gsm", setting="n-shot=5")], ignore_index=True)
    (tmp_path / "samples_of_mine.json").write_text("{}")
    (run,) = write_harness_files(both, tmp_path, None)
    assert run.files == ["samples-0-shot.json", "samples-5-shot.json"]
    assert len(run.commands) == 2


def test_anchors_that_a_harness_cannot_be_told(tmp_path):
    (run,) = write_harness_files(anchors("lm_eval", items=["q/1"]), tmp_path, None)
    assert run.commands == []
    assert "There is no list for lm_eval but" in run.advice
    assert "'q/1'" in run.advice


@pytest.mark.parametrize(
    ("harness", "given", "note"),
    [
        ("lm_eval", None, False),
        ("lm_eval", "--model hf", False),
        ("inspect", "t.py --model x", False),
        ("helm", None, False),
        ("helm", "--model hf", True),
    ],
)
def test_arguments_are_checked_before_the_work(harness, given, note):
    notes = check_harness_args(anchors(harness), given)
    assert [one.kind for one in notes] == ["harness-args-unused"] * note


def test_arguments_that_change_what_is_run_are_refused():
    with pytest.raises(ValueError, match="holds --limit"):
        check_harness_args(anchors(), "--limit 5")
    check_harness_args(anchors(items=["q/1"]), "--model hf")
