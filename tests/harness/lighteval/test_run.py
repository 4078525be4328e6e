"""Files are named and placed as lighteval 0.13 does, or a details repository on the hub."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.lighteval import HARNESS

DATE = "2026-05-05T17-54-23.000001"
OLD_DATE = "2023-07-19T13:48:53.093937"
DETAILS = f"details_sums|5_{DATE}.parquet"
NO_RESULTS = (
    "details files have no readable results_DATE.json: their models were named after their folders"
)


def make_results(model="acme/one", versions=None, **general):
    return json.dumps(
        {"config_general": {"model_name": model, **general}, "versions": versions or {}}
    )


@pytest.fixture
def place(tmp_path):
    """Write texts to places below tmp_path; give the first place, that of the details."""

    def write(details, **texts):
        for where, text in texts.items():
            path = tmp_path / where
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / details

    return write


def rows_of_run(path):
    """Read details of one item at a place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    row = {"doc": {"id": "1", "query": "1 + 1?"}, "metric": {"acc": 1.0}}
    pq.write_table(pa.Table.from_pylist([row]), path)
    return HARNESS.parse(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"details_sums|5_{DATE}.parquet", True),
        (f"details_math_500_{DATE}.parquet", True),
        ("details_gsm8k|5_2026-05-05T17-54-23.parquet", True),
        (f"details_harness|arc:challenge|25_{OLD_DATE}.parquet", True),
        ("details_sums|5.parquet", False),
        (f"details_sums|5_{DATE}.json", False),
        (f"results_{DATE}.parquet", False),
        (f"details_{DATE}.parquet", False),
    ],
)
def test_details_are_known_by_name(name, expected):
    path = Path("folder", name)
    assert HARNESS.result_files([path]) == [path] * expected


@pytest.mark.parametrize(
    ("name", "task", "setting", "group"),
    [
        ("sums|5", "sums", "n-shot=5", "sums"),
        ("mmlu:anatomy|0", "mmlu:anatomy", "n-shot=0", "mmlu"),
        (
            "leaderboard|mmlu:anatomy|5|0",
            "leaderboard|mmlu:anatomy",
            "n-shot=5",
            "leaderboard|mmlu",
        ),
        ("harness|arc:challenge|25", "harness|arc:challenge", "n-shot=25", "harness|arc"),
        (
            "harness|hendrycksTest-us_foreign_policy|5",
            "harness|hendrycksTest-us_foreign_policy",
            "n-shot=5",
            "harness|hendrycksTest",
        ),
        ("math_500", "math_500", "", "math_500"),
        ("7", "7", "", "7"),
    ],
)
def test_the_name_says_task_and_shots(place, name, task, setting, group):
    rows = rows_of_run(place(f"details/acme/one/{DATE}/details_{name}_{DATE}.parquet"))
    assert (rows.harness, rows.task, rows.setting, rows.date) == ("lighteval", task, setting, DATE)
    assert rows.columns().texts["group"] == [group]


def test_old_dates_are_written_as_new_ones(place):
    rows = rows_of_run(
        place(f"details_acme__one/{OLD_DATE}/details_harness|x|5_{OLD_DATE}.parquet")
    )
    assert rows.date == "2023-07-19T13-48-53.093937"


@pytest.mark.parametrize(
    ("details", "results"),
    [
        (f"details/acme/one/{DATE}/{DETAILS}", f"results/acme/one/results_{DATE}.json"),
        (f"details/one/{DATE}/{DETAILS}", f"results/one/results_{DATE}.json"),
        (f"details_x/{DATE}/{DETAILS}", f"details_x/results_{DATE}.json"),  # on the hub
        (f"details/x/{DATE}/{DETAILS}", f"details/x/results_{DATE}.json"),  # lighteval 0.1
        (f"copied/{DETAILS}", f"copied/results_{DATE}.json"),
        (
            f"details_x/{OLD_DATE}/details_sums|5_{OLD_DATE}.parquet",
            f"details_x/results_{OLD_DATE}.json",
        ),
        (
            f"details_x/{OLD_DATE}/details_sums|5_{OLD_DATE}.parquet",
            "details_x/results_2023-07-19T13-48-53.093937.json",
        ),
        (
            f"details_x/{OLD_DATE}/details_sums|5_2023-07-19T13-48-53.093937.parquet",
            f"details_x/results_{OLD_DATE}.json",
        ),
    ],
    ids=range(8),
)
def test_the_results_file_names_the_model(place, details, results):
    rows = rows_of_run(place(details, **{results: make_results("the/model")}))
    assert rows.model == "the/model"
    assert dict(rows.notes) == {}


def test_a_results_file_of_another_run_is_not_taken(place):
    other = f"results/acme/one/results_{DATE}9.json"
    rows = rows_of_run(
        place(f"details/acme/one/{DATE}/{DETAILS}", **{other: make_results("the/model")})
    )
    assert rows.model == "acme/one"
    assert dict(rows.notes) == {("model-from-folder", NO_RESULTS): 1}


@pytest.mark.parametrize(
    ("general", "model_args"),
    [
        ({}, ""),
        ({"model_config": {"revision": "main", "dtype": None, "device": "cuda"}}, ""),
        (
            {"model_config": {"revision": "step-10", "dtype": "4bit", "batch_size": 3}},
            "revision=step-10 dtype=4bit",
        ),
        ({"model_dtype": "torch.float16", "model_sha": "ab12"}, "model_dtype=torch.float16"),
        ({"model_config": "a text", "revision": 3}, ""),
    ],
)
def test_models_of_one_name_are_told_apart(place, general, model_args):
    results = {f"results/acme/one/results_{DATE}.json": make_results(**general)}
    assert (
        rows_of_run(place(f"details/acme/one/{DATE}/{DETAILS}", **results)).model_args == model_args
    )


@pytest.mark.parametrize(
    ("versions", "setting"),
    [
        ({"sums|5": 2}, "n-shot=5 version=2"),
        ({"sums": "1 b"}, "n-shot=5 version=1_b"),
        ({"sums|5": None}, "n-shot=5"),
        ({"sums|5": [1]}, "n-shot=5"),
        ({"other|5": 3}, "n-shot=5"),
        ([1], "n-shot=5"),
    ],
)
def test_the_tasks_version_is_a_part_of_the_setting(place, versions, setting):
    results = {f"results/acme/one/results_{DATE}.json": make_results(versions=versions)}
    assert rows_of_run(place(f"details/acme/one/{DATE}/{DETAILS}", **results)).setting == setting


@pytest.mark.parametrize(
    "text",
    ["[]", "{", "{}", '{"config_general": []}', '{"config_general": {"model_name": null}}'],
)
def test_a_results_file_that_names_no_model_is_passed_over(place, text):
    results = {f"results/acme/one/results_{DATE}.json": text}
    rows = rows_of_run(place(f"details/acme/one/{DATE}/{DETAILS}", **results))
    assert rows.model == "acme/one"
    assert dict(rows.notes) == {("model-from-folder", NO_RESULTS): 1}


def test_a_results_file_is_read_again_when_it_has_changed(place, tmp_path):
    where = f"results/acme/one/results_{DATE}.json"
    details = place(f"details/acme/one/{DATE}/{DETAILS}", **{where: make_results("first")})
    assert rows_of_run(details).model == "first"
    (tmp_path / where).write_text(make_results("second/one"))
    assert rows_of_run(details).model == "second/one"


@pytest.mark.parametrize(
    ("folders", "model"),
    [
        (f"details/acme/one/{DATE}", "acme/one"),
        (f"details/one/{DATE}", "one"),
        (f"details_acme__one/{DATE}", "acme/one"),
        (f"details_acme__one__v2_private/{DATE}", "acme/one__v2"),
        (
            f"datasets--open-llm-leaderboard-old--details_acme__one/snapshots/ab12/{DATE}",
            "acme/one",
        ),
        (f"details_of_mine/a/b/c/d/one/{DATE}", "one"),
        (f"one/{DATE}", "one"),
        ("one", "one"),
    ],
)
def test_without_results_the_folders_name_the_model(place, folders, model):
    rows = rows_of_run(place(f"{folders}/{DETAILS}"))
    assert rows.model == model
    assert dict(rows.notes) == {("model-from-folder", NO_RESULTS): 1}


def test_a_relative_path_will_do(place, tmp_path, monkeypatch):
    place("x", **{f"details/acme/one/{DATE}/x": ""})
    monkeypatch.chdir(tmp_path / "details" / "acme" / "one" / DATE)
    assert rows_of_run(Path(DETAILS)).model == "acme/one"


def test_a_file_that_no_folder_names_is_refused():
    with pytest.raises(ResultsError, match="and no folder names its model; expected details/MODEL"):
        HARNESS.parse(Path(os.sep, DETAILS))


def test_a_file_of_another_name_is_refused():
    with pytest.raises(ResultsError, match="is not named as lighteval names details"):
        HARNESS.parse(Path("details.parquet"))
