"""Lists that lm-eval cannot misread, and commands that its own parser takes."""

import json
import os
import re
import shlex
import sys

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lm_eval._cli import HarnessCLI
from lm_eval.config.evaluate_config import EvaluatorConfig

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness import LmEvalSamples, to_lm_eval_samples

MODEL = "--model dummy --model_args pretrained=acme/one"


def anchors(*pairs, **columns):
    tasks, items = zip(*pairs, strict=True)
    return pd.DataFrame({"task": tasks, "item": items} | columns)


def as_lm_eval_reads(command):
    """Parse a command with the harness's own parser, as a shell would hand it over."""
    words = shlex.split(command)
    assert words[:2] == ["lm_eval", "run"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", words)
        return EvaluatorConfig.from_cli(HarnessCLI().parse_args())


@pytest.fixture
def chosen():
    return anchors(("t10", "10"), ("t9", "7"), ("t10", "9"), ("t10", "10"), ("t10", "0"))


def test_lists_are_sorted_by_number_and_each_item_is_named_once(chosen):
    result = to_lm_eval_samples(chosen)
    assert isinstance(result, LmEvalSamples)
    assert result.samples == {"t9": [7], "t10": [0, 9, 10]}
    assert list(result.samples) == ["t9", "t10"]
    assert all(type(one) is int for ids in result.samples.values() for one in ids)


def test_placeholder_of_the_model(chosen):
    assert to_lm_eval_samples(chosen).commands == [
        "lm_eval run --model hf --model_args pretrained=YOUR_MODEL --tasks t9,t10 "
        """--samples '{"t9": [7], "t10": [0, 9, 10]}' --log_samples --output_path anchor_results"""
    ]


@pytest.mark.parametrize("name", ["samples.json", "my samples.json", "it's.json", "-x.json"])
def test_lm_eval_reads_the_file(chosen, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = to_lm_eval_samples(chosen, name, harness_args=MODEL, output_path="the logs")
    assert json.loads((tmp_path / name).read_text()) == result.samples
    config = as_lm_eval_reads(result.commands[0])
    assert config.samples == result.samples
    assert config.tasks == list(result.samples)
    assert config.model == "dummy"
    assert config.model_args == {"pretrained": "acme/one"}
    assert config.output_path == "the logs"
    assert config.log_samples is True
    assert config.limit is None
    assert not config.cache_requests
    assert config.num_fewshot is None


def test_lm_eval_reads_the_list_without_a_file(chosen, tmp_path):
    result = to_lm_eval_samples(chosen, harness_args=MODEL, output_path=tmp_path)
    assert as_lm_eval_reads(result.commands[0]).samples == result.samples
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shots", [0, 5])
def test_shots_as_recorded(chosen, shots):
    chosen["setting"] = f"version=1.0 n-shot={shots} x"
    (command,) = to_lm_eval_samples(chosen, harness_args=MODEL).commands
    assert as_lm_eval_reads(command).num_fewshot == shots


@pytest.mark.parametrize("setting", ["", "version=2", "n-shot=None", "n-shot=-1", "n-shot"])
def test_shots_that_are_not_recorded(chosen, setting):
    chosen["setting"] = setting
    (command,) = to_lm_eval_samples(chosen, harness_args=MODEL).commands
    assert "--num_fewshot" not in command


def test_each_number_of_shots_has_its_own_command_and_file(tmp_path):
    pairs = [("gsm8k", "3"), ("mmlu", "1"), ("arc", "2"), ("old", "4")]
    settings = ["n-shot=5", "n-shot=0", "n-shot=5", "version=1"]
    path = tmp_path / "samples.json"
    result = to_lm_eval_samples(anchors(*pairs, setting=settings), path, harness_args=MODEL)
    assert result.samples == {"arc": [2], "gsm8k": [3], "mmlu": [1], "old": [4]}
    configs = [as_lm_eval_reads(command) for command in result.commands]
    assert [(config.num_fewshot, config.samples) for config in configs] == [
        (None, {"old": [4]}),
        (0, {"mmlu": [1]}),
        (5, {"arc": [2], "gsm8k": [3]}),
    ]
    assert sorted(os.listdir(tmp_path)) == [
        "samples-0-shot.json",
        "samples-5-shot.json",
        "samples-default-shots.json",
    ]


def test_shots_that_the_arguments_set(chosen):
    (command,) = to_lm_eval_samples(chosen, harness_args=f"{MODEL} -f 5").commands
    assert as_lm_eval_reads(command).num_fewshot == 5
    chosen["setting"] = "n-shot=5"
    (command,) = to_lm_eval_samples(chosen, harness_args=f"{MODEL} --num_fewshot=5").commands
    assert as_lm_eval_reads(command).num_fewshot == 5
    assert command.count("fewshot") == 1


@pytest.mark.parametrize("option", ["--num_fewshot 3", "--num_fewshot=3", "-f3", "-f 3", "--num 3"])
def test_other_shots_than_recorded(chosen, option):
    chosen["setting"] = "n-shot=5"
    with pytest.raises(ValueError, match=r"asks for 3 shots, but .* run with 5 on task 't"):
        to_lm_eval_samples(chosen, harness_args=f"{MODEL} {option}")


@pytest.mark.parametrize("option", ["--num_fewshot", "-f x", "--num_fewshot=-1"])
def test_shots_that_are_no_number(chosen, option):
    with pytest.raises(ValueError, match="expected an integer from 0"):
        to_lm_eval_samples(chosen, harness_args=f"{MODEL} {option}")


@pytest.mark.parametrize(
    ("option", "named"),
    [
        ("--cache_requests true", "--cache_requests: the cache does not know"),
        ("--cache_requests", "--cache_requests"),
        ("--cache_req=refresh", "--cache_requests"),
        ("--limit 10", "--limit: it cannot be combined"),
        ("--limit=0.1", "--limit"),
        ("--lim 5", "--limit"),
        ("-L 5", "--limit"),
        ("-L5", "--limit"),
        ("-sL5", "--limit"),
        ("'--limit' 5", "--limit"),
        ("--tasks gsm8k", "--tasks: the command names exactly"),
        ("-t gsm8k", "--tasks"),
        ("--samples x.json", "--samples"),
        ("-E x.json", "--samples"),
        ("--output_path out", "--output_path: pass output_path"),
        ("-o out", "--output_path"),
        ("--predict_only", "--predict_only: no item would be scored"),
        ("-wx", "--predict_only"),
    ],
)
def test_options_that_change_what_is_run(chosen, option, named):
    with pytest.raises(ValueError, match=f"harness_args holds {re.escape(named)}"):
        to_lm_eval_samples(chosen, harness_args=f"{MODEL} {option}")


@pytest.mark.parametrize(
    "option",
    [
        "--use_cache responses.db",
        "-c responses.db",
        "--log_samples",
        "-s",
        "--batch_size auto",
        "-b4",
        "--include_path tasks --seed -1",
        "--system_instruction 'No --limit here'",
        "--apply_chat_template",
        "--config run.yaml",
    ],
)
def test_other_options_stay_as_written(chosen, option):
    (command,) = to_lm_eval_samples(chosen, harness_args=f" {MODEL} {option} ").commands
    assert command.startswith(f"lm_eval run {MODEL} {option} --tasks t9,t10 ")


@pytest.mark.parametrize(
    ("harness_args", "message"),
    [
        ("--model hf\n--limit 5", "has a line break"),
        ("--model 'hf", "which a shell cannot read: No closing quotation"),
        ("lm_eval --model hf", "expected options of `lm_eval run` only"),
        ("   ", "expected options"),
    ],
)
def test_arguments_that_are_none(chosen, harness_args, message):
    with pytest.raises(ValueError, match=message):
        to_lm_eval_samples(chosen, harness_args=harness_args)


@pytest.mark.parametrize("name", ["null", "123", "{x}.json", '"x"'])
def test_paths_that_lm_eval_takes_for_the_list(chosen, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="would take for the list itself"):
        to_lm_eval_samples(chosen, name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("item", ["q/7", "-1", "1.0", "007", "", "1e3", "٣", " 1", "id7"])
def test_items_that_are_no_doc_id(item):
    with pytest.raises(ResultsError, match=re.escape(f"Item {item!r} of task 't' is not a doc_id")):
        to_lm_eval_samples(anchors(("t", "0"), ("t", item)))


@pytest.mark.parametrize("task", ["mmlu_*", "a,b", "a[1]", "a?", "", " "])
def test_tasks_that_cannot_be_named(task):
    with pytest.raises(ResultsError, match=r"cannot be named in --tasks"):
        to_lm_eval_samples(anchors((task, "0")))


def test_integers_are_taken_too():
    assert to_lm_eval_samples(anchors(("t", 3), ("t", 0))).samples == {"t": [0, 3]}


def test_items_of_another_harness(chosen):
    chosen["harness"] = ["lm_eval", "", "helm", "lm_eval", "helm"]
    with pytest.raises(ResultsError, match="2 of 5 anchors are from results of 'helm'"):
        to_lm_eval_samples(chosen)
    chosen["harness"] = "lm_eval"
    assert to_lm_eval_samples(chosen).samples["t9"] == [7]


def test_a_group_in_place_of_a_task():
    chosen = anchors(("mmlu", "0"), ("mmlu_law", "1"), group=["mmlu", "mmlu"])
    with pytest.raises(ResultsError, match="'mmlu' is a group, of 'mmlu_law' among others"):
        to_lm_eval_samples(chosen)
    leaves = anchors(("mmlu_art", "0"), ("mmlu_law", "1"), group=["mmlu", "mmlu"])
    assert list(to_lm_eval_samples(leaves).samples) == ["mmlu_art", "mmlu_law"]


def test_a_task_of_two_numbers_of_shots():
    chosen = anchors(("t", "0"), ("t", "1"), setting=["n-shot=0", "n-shot=5"])
    with pytest.raises(ResultsError, match="'t' was run with 0 and with 5 shots"):
        to_lm_eval_samples(chosen)


@pytest.mark.parametrize("given", [pd.DataFrame({"task": []}), [("t", "0")], None])
def test_no_rows_of_items(given):
    with pytest.raises(ResultsError, match="anchors has no column"):
        to_lm_eval_samples(given)


def test_no_anchors(chosen):
    with pytest.raises(ResultsError, match="There are no anchors"):
        to_lm_eval_samples(chosen.iloc[:0])


@pytest.mark.parametrize(
    "options", [{"path": 5}, {"harness_args": ["--model"]}, {"output_path": None}]
)
def test_wrong_types(chosen, options):
    with pytest.raises(ValueError, match=f"'{next(iter(options))}' parameter"):
        to_lm_eval_samples(chosen, **options)


@given(
    st.lists(
        st.tuples(st.sampled_from(["arc", "mmlu_a", "mmlu_b"]), st.integers(0, 10**9)), min_size=1
    )
)
def test_what_lm_eval_is_told_is_what_was_chosen(pairs):
    result = to_lm_eval_samples(anchors(*[(task, str(item)) for task, item in pairs]))
    expected = {task: sorted({item for own, item in pairs if own == task}) for task, _ in pairs}
    config = as_lm_eval_reads(result.commands[0])
    assert config.samples == result.samples == expected
    assert sorted(config.tasks) == sorted(expected)
