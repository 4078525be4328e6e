import json
import os

import pytest

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.vlmevalkit import _names as _vlmevalkit_names
from sklearn_sparseeval.harness.vlmevalkit._names import (
    best_files,
    judged_siblings,
    names_its_model,
    result_name,
)

RUN = "T20260818-120102"


@pytest.fixture
def place(tmp_path):
    """Make files in a folder of tmp_path, and give their paths."""

    def make(folder, *names):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            (tmp_path / folder / name).touch()
        return [tmp_path / folder / name for name in names]

    return make


@pytest.mark.parametrize(
    ("folder", "name", "expected"),
    [
        ("acme", "acme_MMStar.xlsx", True),
        (f"acme/{RUN}", "acme_MMStar.TSV", True),
        ("acme/T20240101_G1a2b3c", "acme_MMStar.json", True),
        ("acme/T20240101_G", "acme_MMStar.json", True),
        ("acme/other", "acme_MMStar.json", False),
        ("acme", "acme_MMStar.csv", False),
        ("acme", "acme_MMStar.pkl", False),
        ("acme", "acme_.tsv", False),
        ("acme", "acme.tsv", False),
        ("acme", "other_MMStar.tsv", False),
    ],
)
def test_files_are_named_for_the_folder_of_their_model(place, folder, name, expected):
    (path,) = place(folder, name)
    assert names_its_model(path) is expected


@pytest.mark.parametrize(
    ("beside", "name", "dataset", "judge"),
    [
        (["m_MMStar.xlsx"], "m_MMStar_gpt-4o_result.xlsx", "MMStar", "gpt-4o"),
        (["m_MMStar.xlsx"], "m_MMStar_somebody_new_result.xlsx", "MMStar", "somebody_new"),
        (["m_MMStar.xlsx"], "m_MMStar_result.xlsx", "MMStar", "none"),
        (["m_MMStar.xlsx"], "m_MMStar_results.tsv", "MMStar", "none"),
        (["m_MMStar.xlsx"], "m_MMStar.xlsx", "MMStar", "none"),
        (["m_MME.tsv"], "m_MME_auxmatch.tsv", "MME", "auxmatch"),
        (
            ["m_MMBench.xlsx", "m_MMBench_CN.xlsx"],
            "m_MMBench_CN_openai_result.xlsx",
            "MMBench_CN",
            "openai",
        ),
        (
            ["m_MathVista.xlsx", "m_MathVista_gpt-4o.xlsx"],
            "m_MathVista_gpt-4o_score.xlsx",
            "MathVista",
            "gpt-4o_score",
        ),
        ([], "m_MMBench_DEV_EN_openai_result.xlsx", "MMBench_DEV_EN", "openai"),
        ([], "m_MMBench_DEV_EN_exact_matching_result.xlsx", "MMBench_DEV_EN", "exact_matching"),
        ([], "m_MMVet_gpt-4-turbo_score.tsv", "MMVet", "gpt-4-turbo_score"),
        ([], "m_POPE_auxmatch.xlsx", "POPE", "auxmatch"),
        ([], "m_MMStar.tsv", "MMStar", "none"),
        ([], "m_MMStar_somebody_result.tsv", "MMStar_somebody", "none"),
    ],
)
def test_dataset_and_judge(place, beside, name, dataset, judge):
    place("m", *beside)
    (path,) = place("m", name)
    found = result_name(path)
    assert (found.model, found.dataset, found.judge) == ("m", dataset, judge)


def test_the_judge_in_a_models_name_is_none(place):
    _, path = place("my_gpt-4o", "my_gpt-4o_MMStar.tsv", "my_gpt-4o_MMStar_openai_result.tsv")
    assert result_name(path)[:3] == ("my_gpt-4o", "MMStar", "openai")


@pytest.mark.parametrize(
    "status",
    [{"datasets": {"MMStar_x": {}, "MMStar": {}}}, {"datasets": ["MMStar"]}, [], "cut"],
    ids=["listed", "no dict", "no object", "no JSON"],
)
def test_a_runs_status_knows_the_dataset(place, status):
    path, listed = place(f"m/{RUN}", "m_MMStar_x_y_result.tsv", "status.json")
    listed.write_text("{" if status == "cut" else json.dumps(status))
    known = isinstance(status, dict) and isinstance(status["datasets"], dict)
    assert result_name(path).dataset == ("MMStar_x" if known else "MMStar_x_y")


def test_a_status_too_large_to_be_one_is_not_read(place, monkeypatch):
    path, listed = place("m", "m_MMStar_x_result.tsv", "status.json")
    listed.write_text('{"datasets": {"MMStar": {}}}')
    assert result_name(path).dataset == "MMStar"
    monkeypatch.setattr(_vlmevalkit_names, "_LARGEST_STATUS", 3)
    assert result_name(path).dataset == "MMStar_x"


@pytest.mark.parametrize(
    ("dataset", "task"),
    [
        ("MMStar_anchors", "MMStar"),
        ("MMStar_anchors_100", "MMStar"),
        ("MMStar_anchors100", "MMStar"),
        ("MMStar", "MMStar"),
        ("_anchors", "_anchors"),
    ],
)
def test_anchors_of_a_dataset_are_of_its_task(place, dataset, task):
    _, path = place("m", f"m_{dataset}.tsv", f"m_{dataset}_gpt-4o_result.tsv")
    found = result_name(path)
    assert (found.task, found.dataset, found.judge) == (task, dataset, "gpt-4o")


@pytest.mark.parametrize(
    ("folder", "date"),
    [
        (f"m/{RUN}", "2026-08-18T12:01:02"),
        ("m/T20240101_Gabcdef", "2024-01-01"),
        ("m", ""),
    ],
)
def test_the_date_is_the_runs(place, folder, date):
    (path,) = place(folder, "m_MMStar.tsv")
    assert result_name(path).date == date


def test_a_link_beside_the_runs_has_the_date_of_the_last_one(place):
    (path,) = place(f"m/{RUN}", "m_MMStar.tsv")
    link = path.parent.parent / path.name
    link.symlink_to(path)
    assert result_name(link)[0] == "m"
    assert result_name(link).date == "2026-08-18T12:01:02"
    assert best_files([link, path]) == [path]
    assert best_files([link]) == [link]


def test_a_name_without_its_model_is_refused(place):
    (path,) = place("downloads", "acme_MMStar.tsv")
    with pytest.raises(ResultsError, match=r"does not begin with .* its model.*'downloads'"):
        result_name(path)


def test_relative_paths_are_told_by_where_they_lead(place, monkeypatch):
    (path,) = place(f"m/{RUN}", "m_MMStar.tsv")
    monkeypatch.chdir(path.parent)
    assert result_name(path.relative_to(path.parent))[0] == "m"


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["m_A.xlsx", "m_A.tsv", "m_A.json"], ["m_A.tsv"]),
        (["m_A.xlsx", "m_A.json"], ["m_A.json"]),
        (["m_A.xlsx", "m_A_gpt-4o_result.xlsx"], ["m_A_gpt-4o_result.xlsx"]),
        (["m_A.xlsx", "m_A_gpt-4o.xlsx"], ["m_A.xlsx", "m_A_gpt-4o.xlsx"]),
        (
            ["m_A.tsv", "m_A_V2.tsv", "m_A_V2_gpt-4o_result.tsv"],
            ["m_A.tsv", "m_A_V2_gpt-4o_result.tsv"],
        ),
    ],
)
def test_the_best_of_files_that_say_the_same(place, names, kept):
    assert [path.name for path in best_files(place("m", *names))] == kept


def test_siblings_are_of_the_same_dataset(place):
    paths = place("m", "m_A.tsv", "m_A_V2.tsv", "m_A_gpt-4o.xlsx", "m_A_V2_gpt-4o.tsv", "m_A_x.csv")
    assert [path.name for path in judged_siblings(paths[0])] == ["m_A_gpt-4o.xlsx"]
    assert judged_siblings(paths[2]) == []


def test_files_that_come_later_are_seen(place):
    (path,) = place("m", "m_A_gpt-4o_result.tsv")
    os.utime(path.parent, ns=(1, 1))
    assert judged_siblings(path) == []
    place("m", "m_A_gpt-4o_result_verbose.tsv")
    assert len(judged_siblings(path)) == 1
