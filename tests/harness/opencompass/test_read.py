"""Results files are written as opencompass 0.5.3 does: mmengine.dump(..., indent=4)."""

import json
from pathlib import Path

import pandas as pd
import pytest

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness import read_opencompass
from sklearn_sparseeval.harness.opencompass import HARNESS
from sklearn_sparseeval.harness.table import COLUMNS


def make_details(correct, abbr="gsm8k", split="_test", first=0):
    """Details as BaseEvaluator.evaluate makes them of one replica."""
    return [
        {
            "example_abbr": f"{abbr}{split}_{position}",
            "pred": [str(position)],
            "answer": [str(position) if one else "?"],
            "correct": [bool(one)],
        }
        for position, one in enumerate(correct, start=first)
    ]


def make_results(correct=(1, 0), **place):
    return {
        "accuracy": 100 * sum(correct) / max(len(correct), 1),
        "details": make_details(correct, **place),
    }


@pytest.fixture
def write(tmp_path):
    """Write a results file below tmp_path."""

    def write_results(results=None, dataset="gsm8k", model="acme-one", stamp="20260819_121541"):
        folder = tmp_path / stamp / "results" / model
        folder.mkdir(parents=True, exist_ok=True)
        results = make_results() if results is None else results
        text = (
            results
            if isinstance(results, str)
            else json.dumps(results, indent=4, ensure_ascii=False)
        )
        path = folder / f"{dataset}.json"
        path.write_text(text)
        return path

    return write_results


def read(path):
    return read_opencompass(path, progress=False)


def test_reads_results(write, tmp_path):
    path = write(make_results((1, 0, 1), first=5))
    frame = read(tmp_path)
    assert tuple(frame.columns) == COLUMNS
    assert frame.iloc[0].drop(["cost", "content_hash", "prompt_hash"]).to_dict() == {
        "model": "acme-one",
        "task": "gsm8k",
        "item": "5",
        "metric": "correct",
        "filter": "none",
        "epoch": 1,
        "value": 1.0,
        "group": "gsm8k",
        "setting": "",
        "date": "2026-08-19T12:15:41",
        "harness": "opencompass",
        "source": str(path),
    }
    assert dict(zip(frame["item"].astype(str), frame["value"], strict=True)) == {
        "5": 1.0,
        "6": 0.0,
        "7": 1.0,
    }
    assert frame["cost"].isna().all()
    assert frame["content_hash"].notna().all()
    assert frame["prompt_hash"].isna().all()


def test_models_datasets_and_runs_are_told_by_their_folders(write, tmp_path):
    for model in ("one", "two"):
        for dataset in ("gsm8k", "lukaemon_mmlu_anatomy"):
            write(model=model, dataset=dataset)
    write(model="one", stamp="20260820_000000")
    frame = read_opencompass(tmp_path, n_jobs=2, progress=False)
    runs = frame[["model", "task", "date"]].astype(str).drop_duplicates()
    assert sorted(runs.itertuples(index=False, name=None)) == [
        ("one", "gsm8k", "2026-08-19T12:15:41"),
        ("one", "gsm8k", "2026-08-20T00:00:00"),
        ("one", "lukaemon_mmlu_anatomy", "2026-08-19T12:15:41"),
        ("two", "gsm8k", "2026-08-19T12:15:41"),
        ("two", "lukaemon_mmlu_anatomy", "2026-08-19T12:15:41"),
    ]
    pd.testing.assert_frame_equal(frame, read(tmp_path))


@pytest.mark.parametrize("stamp", ["my-run", "20260819", "20260819_1215411", "x20260819_121541"])
def test_a_folder_that_is_no_date_leaves_the_date_unknown(write, stamp):
    assert set(read(write(stamp=stamp))["date"]) == {""}


def test_a_relative_path_will_do(write, monkeypatch):
    path = write()
    monkeypatch.chdir(path.parent)
    frame = read(path.name)
    assert (frame["model"].iloc[0], frame["date"].iloc[0]) == ("acme-one", "2026-08-19T12:15:41")


@pytest.mark.parametrize(
    "results",
    [{"accuracy": 70.5}, {"accuracy": 70.5, "details": []}, {"accuracy": 0, "details": None}],
    ids=["absent", "empty", "null"],
)
def test_files_without_details_are_left_out_with_a_hint(write, tmp_path, results):
    write(results, "no_details")
    write()
    with pytest.warns(ResultsWarning, match="1 result files were left out since they hold no deta"):
        frame = read(tmp_path)
    assert set(frame["task"]) == {"gsm8k"}


def test_if_no_file_has_details_none_holds_a_score(write):
    path = write({"error": "prediction and references differ in length"})
    with (
        pytest.warns(ResultsWarning, match="--dump-eval-details"),
        pytest.raises(ResultsError, match="None of the 1 files"),
    ):
        read(path)


def test_a_dataset_that_was_evaluated_in_parts_is_one_task(write, tmp_path):
    # NumWorkerPartitioner.split_dataset: names get a number, positions stay those of the dataset.
    correct = [1, 0, 0, 1, 1, 0, 1]
    for part, start in enumerate(range(0, 7, 3)):
        chosen = correct[start : start + 3]
        write(make_results(chosen, abbr=f"math_{part}", first=start), f"math_{part}")
    frame = read(tmp_path)
    assert set(frame["task"]) == {"math"}
    assert list(frame["item"]) == [str(position) for position in range(7)]
    assert list(frame["value"]) == correct


@pytest.mark.parametrize(
    ("firsts", "tasks"),
    [
        ({"x_0": 0, "x_1": 0}, {"x_0", "x_1"}),  # two datasets
        ({"x_0": 3, "x_1": 5}, {"x_0", "x_1"}),  # two datasets, of which parts were run
        ({"x_0": 0, "x_1": 2, "x": 0}, {"x", "x_0", "x_1"}),  # the whole is there
        ({"x_0": 0}, {"x_0"}),
        ({"x_1": 5}, {"x_1"}),
        ({"x_500": 0}, {"x_500"}),
        ({"x_0": 0, "x_1": 2, "x_2": 4}, {"x"}),
    ],
    ids=range(7),
)
def test_numbers_at_the_end_of_names_are_parts_only_where_positions_go_on(
    write, tmp_path, firsts, tasks
):
    for dataset, first in firsts.items():
        write(make_results(abbr=dataset, first=first), dataset)
    assert set(read(tmp_path)["task"]) == tasks


NUMBERED = {"details": {"type": "PPL", "0": {"correct": True, "references": "A"}}}


@pytest.mark.parametrize("labelled", [[], [0], [1]], ids=["none", "first", "second"])
def test_parts_whose_positions_are_unknown_are_refused(write, tmp_path, labelled):
    for part in (0, 1):
        results = make_results(abbr=f"math_{part}", first=2 * part)
        write(results if part in labelled else NUMBERED, f"math_{part}")
    with pytest.raises(ResultsError, match=r"math_\d\.json: is a part of the dataset 'math', or a"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"accuracy": 3, "details": [', "is not valid JSON"),
        ('{"accuracy": 3, "details": ' + "[" * 100_000, "is not valid JSON"),
        ('{"details": "none"}', "'details' is 'none'; expected a JSON object"),
        ('{"details": 3.5}', "'details' is 3.5; expected a JSON object"),
    ],
    ids=["cut-off", "deep", "text", "number"],
)
def test_files_of_another_form_are_refused_and_named(write, text, message):
    path = write(text)
    with pytest.raises(ResultsError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_list_is_no_results_file(write):
    path = write("[]")
    with pytest.raises(ResultsError, match="the file is an empty list; expected a JSON object"):
        HARNESS.parse(path)


def test_bad_files_can_be_skipped(write, tmp_path):
    write()
    write('{"accuracy": 3, "details": [', "cut_off")
    with pytest.warns(ResultsWarning, match="1 files that cannot be read were left out"):
        frame = read_opencompass(tmp_path, on_error="skip", progress=False)
    assert set(frame["task"]) == {"gsm8k"}


def test_a_folder_without_results_says_what_is_looked_for(tmp_path):
    with pytest.raises(ResultsError, match=r"No results of OpenCompass are under .*results/MODEL"):
        read(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '{"accuracy": 71.5, "details": {}}',
        '{\n    "accuracy": 71.5\n}',
        '{"error": "no predictions"}',
        ' {"pass@1": 1, "humaneval_plus": 2}',
        '{"accuracy": 71.5, "details": [' + " " * (1 << 16),  # too long to be parsed here
    ],
    ids=range(5),
)
def test_results_are_known_by_place_and_beginning(write, text):
    path = write(text)
    assert HARNESS.result_files([path]) == [path]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "",
        "\x00\xff",
        '"details"',
        "{",
        '{"a": "b"}',
        '{"results": {}, "start_time": 3.5}',  # of lm-eval
        '{"version": 2, "status": "success", "eval": {}}',  # of Inspect
        '{"config_general": {}, "n": 1}',  # of lighteval
        '{"0": {"origin_prompt": "x", "prediction": "A", "gold": "y"}}',  # a judge's answers
        '{"a": 1, "b": "' + "x" * (1 << 16) + '"}',
    ],
    ids=range(11),
)
def test_other_files_in_that_place_are_passed_over(write, text):
    assert HARNESS.result_files([write(text)]) == []


@pytest.mark.parametrize(
    "name",
    [
        "results_2026-05-05T17-54-23.1.json",  # of lighteval
        "gsm8k_replica0.json",
        "gsm8k_llm_judge_replica12.json",
        "gsm8k.jsonl",
    ],
)
def test_names_that_are_no_datasets_are_passed_over(write, name):
    path = write()
    assert HARNESS.result_files([path.rename(path.with_name(name))]) == []


@pytest.mark.parametrize("place", ["gsm8k.json", "acme/gsm8k.json", "results/gsm8k.json"])
def test_files_elsewhere_are_passed_over(tmp_path, place):
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(make_results()))
    assert HARNESS.result_files([path]) == []


def test_a_folder_of_that_name_is_no_file(tmp_path):
    path = tmp_path / "results" / "acme" / "gsm8k.json"
    path.mkdir(parents=True)
    assert HARNESS.result_files([path]) == []


def test_a_file_that_cannot_be_opened_is_reported_by_reading_it(write, monkeypatch):
    path = write()

    def refuse(*args, **kwargs):
        raise PermissionError("no permission")

    monkeypatch.setattr(Path, "open", refuse)
    assert HARNESS.result_files([path]) == [path]
    with pytest.raises(ResultsError, match="cannot be opened: no permission"):
        read(path)
