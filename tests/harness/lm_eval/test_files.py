"""Which files are samples, of which task and date, and which results file is theirs."""

import json

import pytest

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.lm_eval._read import is_samples, run_of_samples, task_and_date

DATE = "2026-11-22T10-41-46.232288"
LATER = "2026-11-23T08-00-00"


@pytest.mark.parametrize(
    ("name", "task", "date"),
    [
        (f"samples_mmlu_high_school_physics_{DATE}.jsonl", "mmlu_high_school_physics", DATE),
        ("samples_a_2026-11-22T10-41-46.jsonl", "a", "2026-11-22T10-41-46"),
        ("samples_a_2024-06-16T14:34:12.5.jsonl", "a", "2024-06-16T14-34-12.5"),
        ("samples_a_2024-06-16T14:34:12.5.json", "a", "2024-06-16T14-34-12.5"),
        ("samples_a_2026-11-22.jsonl", "a", "2026-11-22"),
        ("samples_a.b-c+1@2_2026-11-22.jsonl", "a.b-c+1@2", "2026-11-22"),
        ("samples_2026-11-22_2026-11-23.jsonl", "2026-11-22", "2026-11-23"),
        ("samples_mmlu_anatomy.jsonl", "mmlu_anatomy", ""),
    ],
)
def test_the_name_of_a_file_tells_the_task_and_the_date(name, task, date, tmp_path):
    (tmp_path / name).write_text("{}")
    assert is_samples(tmp_path / name)
    assert task_and_date(name) == (task, date)


@pytest.mark.parametrize(
    "name",
    [
        f"results_{DATE}.json",
        f"samples_{DATE}.txt",
        "samples_demo.json",
        "samples.jsonl",
        "20260818_120102_samples_mme.jsonl",
        "X.json",
    ],
)
def test_other_files_are_no_samples(name, tmp_path):
    (tmp_path / name).write_text("{}")
    assert not is_samples(tmp_path / name)
    with pytest.raises(ResultsError, match="is not called samples_"):
        task_and_date(name)


@pytest.mark.parametrize(
    ("content", "samples"),
    [
        ('{"doc_id": 0, "results": 1}', True),
        ('[{"doc_id": 0}]', True),
        ("", True),  # broken, which reading it tells
        ('{"results": {}}', False),
        ('\n{\n  "results": {', False),
    ],
)
def test_a_results_file_may_be_called_as_the_samples_of_the_leaderboard(content, samples, tmp_path):
    path = tmp_path / f"samples_x_{DATE}.json"
    path.write_text(content)
    assert is_samples(path) is samples


def test_a_link_that_leads_nowhere_is_told_by_its_name(tmp_path):
    path = tmp_path / f"samples_x_{DATE}.json"
    path.symlink_to(tmp_path / "gone.json")
    assert is_samples(path)  # reading it tells what is wrong


@pytest.fixture
def model_of(tmp_path):
    def find(*names, date=DATE):
        """Write results files that name models as they are called; tell whose is found."""
        for name in names:
            content = {"results": {}, "model_name": f"model of {name}"}
            (tmp_path / name).write_text(json.dumps(content))
        return run_of_samples(tmp_path / f"samples_demo_{date}.jsonl", date).model.name

    return find


@pytest.mark.parametrize(
    "found",
    [
        f"results_{DATE}.json",
        f"X_{DATE}.json",
        f"my_results_{DATE}.json",
        f"samples_all_{DATE}.json",
        f"2026-11-22_{DATE}.json",
        f"results_{DATE.replace('T10-41-46', 'T10:41:46')}.json",
    ],
)
def test_the_results_file_is_the_one_of_the_same_date(found, model_of):
    others = [f"results_{LATER}.json", f"X_{LATER}.json", "results.json", f"x_{DATE}.txt"]
    assert model_of(found, *others) == f"model of {found}"


def test_the_file_called_results_goes_before_others_of_its_date(model_of):
    names = [f"a_{DATE}.json", f"results_{DATE}.json", f"z_{DATE}.json"]
    assert model_of(*names) == f"model of {names[1]}"


def test_a_results_file_that_appears_later_is_found(model_of, tmp_path):
    assert model_of() == tmp_path.name
    assert model_of(f"results_{DATE}.json") == f"model of results_{DATE}.json"


def test_two_files_that_could_be_it_are_an_error(model_of):
    with pytest.raises(ResultsError, match=rf"could be the results file of its run: X_{DATE}"):
        model_of(f"X_{DATE}.json", f"Y_{DATE}.json")


def test_a_file_without_a_date_belongs_to_no_run(model_of, tmp_path):
    assert model_of(f"results_{DATE}.json", date="") == tmp_path.name
