"""``sparseeval import`` from folders of logs to one score file."""

import json
import os

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import ScoreMatrix
from sklearn_sparseeval.cli import main


@pytest.fixture
def runs(history, write_runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_runs(tmp_path / "runs", history.iloc[:3])


def words(value):
    return " ".join(value) if isinstance(value, list) else ""


def run(*arguments):
    return main(["import", *map(str, arguments), "--jobs", "1"])


def test_the_matrix_is_that_of_the_logs(runs, history, capsys):
    assert run("runs", "-o", "scores.parquet") == 0
    matrix = ScoreMatrix.read("scores.parquet")
    pd.testing.assert_frame_equal(
        matrix.data.loc[history.index[:3], history.columns], history.iloc[:3], check_names=False
    )
    printed = capsys.readouterr().out
    assert "Read 6 files of lm_eval: 3 models x 50 items of 2 tasks." in printed
    assert "\nalpha  acc     none       30       60.0%\n" in printed
    assert "\nbeta   acc     none       20       40.0%\n" in printed
    assert "Weights: every item counts the same" in printed
    assert "Next: sparseeval select scores.parquet -k 5 -o plan" in printed
    assert sorted(os.listdir()) == ["runs", "scores.parquet"]


def test_a_file_with_a_space_can_be_pasted(runs, capsys):
    assert run("runs", "-o", "my scores.parquet") == 0
    assert "Next: sparseeval select 'my scores.parquet' -k 5 -o plan" in capsys.readouterr().out


def test_one_json_object_and_nothing_else(runs, history, capsys):
    assert run("runs", "-o", "scores.parquet", "--json", "--weights", "task") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    report = json.loads(captured.out)
    assert report["output"] == "scores.parquet"
    assert (report["n_files"], report["n_models"], report["n_items"]) == (6, 3, 50)
    assert sorted(report["models"]) == sorted(history.index[:3])
    assert report["weights"] == "task"
    assert [task["share_of_overall"] for task in report["tasks"]] == pytest.approx([0.5, 0.5])
    assert report["tasks"][0] == {
        "task": "alpha",
        "group": "alpha",
        "n_items": 30,
        "metric": "acc",
        "filter": "none",
        "setting": "version=1.0 n-shot=0",
        "share_of_overall": pytest.approx(0.5),
    }
    assert report["notes"] == []


@pytest.mark.parametrize(
    ("arguments", "share"),
    [
        ([], 0.6),
        (["--weights", "item"], 0.6),
        (["--weights", "group"], 0.5),
        (["--weights", "alpha=1", "beta=3"], 0.25),
    ],
    ids=["default", "item", "group", "given"],
)
def test_weights_decide_the_overall_score(runs, history, arguments, share, capsys):
    assert run("runs", "-o", "s.parquet", *arguments) == 0
    targets = ScoreMatrix.read("s.parquet").targets.loc[history.index[:3]]
    expected = share * targets["alpha"] + (1 - share) * targets["beta"]
    np.testing.assert_allclose(targets["overall"], expected)
    assert f"alpha  acc     none       30       {share:.1%}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "n_items"),
    [
        (["--tasks", "be*"], 20),
        (["--tasks", "alpha", "--tasks", "beta"], 50),
        (["--metric", "acc", "--filter", "none"], 50),
        (["--metric", "alpha=acc", "--filter", "*=none"], 50),
        (["--metric", "alpha=acc", "acc"], 50),
        (["--epochs", "first"], 50),
        (["--epochs", "1"], 50),
        (["--format", "lm_eval"], 50),
        (["--format", "auto"], 50),
    ],
    ids=words,
)
def test_choices(runs, arguments, n_items):
    assert run("runs", "-o", "s.parquet", *arguments) == 0
    assert ScoreMatrix.read("s.parquet").data.shape == (3, n_items)


@pytest.mark.parametrize(
    ("arguments", "shape", "said"),
    [
        ([], (3, 30), "Note: 20 of 50 items were left out"),
        (["--alignment", "all"], (3, 50), "Missing: 20 of the scores (13.3%), empty cells."),
        (["--min-coverage", "0.9"], (2, 50), "Note: 1 of 3 models were left out"),
    ],
    ids=["common", "all", "coverage"],
)
def test_models_of_different_items(runs, history, arguments, shape, said, capsys):
    folder = runs / history.index[0].replace("/", "__")
    next(folder.glob("samples_beta*")).unlink()
    assert run("runs", "-o", "s.parquet", *arguments) == 0
    assert ScoreMatrix.read("s.parquet").data.shape == shape
    assert said in capsys.readouterr().out


def test_a_bad_file_stops_it_or_is_left_out(runs, capsys):
    bad = sorted(runs.glob("*/samples_beta*"))[-1]
    bad.write_text("{not json}\n{}\n")
    assert run("runs", "-o", "s.parquet") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(bad.relative_to(runs.parent)) in error
    assert "--skip-bad-files" in error
    assert run("runs", "-o", "s.parquet", "--skip-bad-files", "--tasks", "beta") == 0
    assert "Note: 1 files that cannot be read were left out" in capsys.readouterr().out
    assert len(ScoreMatrix.read("s.parquet").data) == 2


def test_results_under_several_settings(runs, history, capsys):
    path = next(runs.glob("*/results_*"))
    path.write_text(path.read_text().replace('"alpha": 1.0', '"alpha": 2.0'))
    assert run("runs", "-o", "s.parquet") == 2
    assert "version" in capsys.readouterr().err
    assert run("runs", "-o", "s.parquet", "--mixed-settings", "warn") == 0
    assert "Note: " in capsys.readouterr().out


@pytest.mark.parametrize(("choice", "code"), [("newest", 0), ("error", 2)])
def test_two_runs_of_one_model(runs, history, write_runs, choice, code, capsys):
    again = 1 - history.iloc[:1]
    write_runs(runs, again, date="2026-11-23T10-41-46.232288")
    assert run("runs", "-o", "s.parquet", "--duplicates", choice) == code
    if code == 0:
        data = ScoreMatrix.read("s.parquet").data
        np.testing.assert_array_equal(data.loc[again.index, again.columns], again)
        assert "Note: " in capsys.readouterr().out


def test_many_tasks_are_cut(history, write_runs, tmp_path, capsys):
    scores = pd.DataFrame(np.eye(2, 30), ["a", "b"], [f"t{i}:0" for i in range(30)])
    write_runs(tmp_path / "runs", scores)
    assert run(tmp_path / "runs", "-o", tmp_path / "s.parquet") == 0
    printed = capsys.readouterr().out
    assert "\nt24 " in printed
    assert "\nt25 " not in printed
    assert "(5 more tasks; --json lists them)" in printed


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere", "-o", "s.parquet"], "There is no file or folder nowhere."),
        (["runs", "-o", "s.csv"], "does not end in .parquet. Give a name such as s.parquet"),
        (["runs", "-o", "runs"], "--output runs is a folder"),
        (["runs", "-o", "no/s.parquet"], "there is no folder no. Make it first."),
        (["runs", "-o", "s.parquet", "--format", "excel"], "'excel'"),
        (["runs", "-o", "s.parquet", "--tasks", "gamma"], "No task matches 'gamma'"),
        (["runs", "-o", "s.parquet", "--metric", "f1"], "no metric 'f1'"),
        (["runs", "-o", "s.parquet", "--metric", "f1", "acc"], "f1 acc: expected one name"),
        (["runs", "-o", "s.parquet", "--metric", "alpha="], "expected one name for all tasks"),
        (["runs", "-o", "s.parquet", "--weights", "fair"], "--weights fair: expected item, task"),
        (["runs", "-o", "s.parquet", "--weights", "a=b"], "or NAME=WEIGHT"),
    ],
    ids=words,
)
def test_a_wrong_argument_gets_one_line(runs, arguments, complaint, capsys):
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("sparseeval: error: ")
    assert captured.err.count("\n") == 1
    assert complaint in captured.err
    assert [path.name for path in runs.parent.iterdir()] == ["runs"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["-o", "s.parquet"], "RESULTS"),
        (["runs"], "-o/--output"),
        (["runs", "-o", "s.parquet", "--min-coverage", "2"], "2 is not a share above 0"),
        (["runs", "-o", "s.parquet", "--min-coverage", "half"], "'half' is not a number"),
        (["runs", "-o", "s.parquet", "--epochs", "last"], "'last' is neither mean nor first"),
        (["runs", "-o", "s.parquet", "--alignment", "left"], "'left'"),
    ],
    ids=words,
)
def test_what_the_parser_refuses(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    assert stop.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_failed_write_leaves_the_old_file(runs, monkeypatch, capsys):
    assert run("runs", "-o", "s.parquet") == 0
    before = (runs.parent / "s.parquet").read_bytes()

    def fail(*paths):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    assert run("runs", "-o", "s.parquet") == 2
    assert "No space left" in capsys.readouterr().err
    assert (runs.parent / "s.parquet").read_bytes() == before
    assert sorted(path.name for path in runs.parent.iterdir()) == ["runs", "s.parquet"]


@pytest.fixture
def asked(monkeypatch):
    """What the readers are asked for, without the work."""
    seen = {}

    def read(paths, **keywords):
        seen.update(keywords, paths=paths)
        return "table"

    def align(results, **keywords):
        seen.update(keywords, results=results)
        raise ValueError("enough")

    monkeypatch.setattr("sklearn_sparseeval.harness.read_results", read)
    monkeypatch.setattr("sklearn_sparseeval.harness.to_score_matrix", align)
    return seen


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ([], {"format": None, "n_jobs": -1, "on_error": "raise"}),
        (["--format", "auto"], {"format": None, "n_jobs": -1, "on_error": "raise"}),
        (
            ["--format", "helm", "--jobs", "3", "--skip-bad-files"],
            {"format": "helm", "n_jobs": 3, "on_error": "skip"},
        ),
    ],
    ids=["default", "auto", "all given"],
)
def test_what_is_asked_for_reaches_the_reader(asked, tmp_path, given, options):
    assert main(["import", "a", "b", "-o", str(tmp_path / "s.parquet"), *given]) == 2
    assert asked["paths"] == ["a", "b"]
    assert {name: asked[name] for name in options} == options


@pytest.mark.parametrize(
    ("given", "metric"),
    [
        (["mmlu:subject=anatomy=acc"], {"mmlu:subject=anatomy": "acc"}),
        (["acc", "b=f1"], {"b": "f1", "*": "acc"}),
        (["acc"], "acc"),
    ],
)
def test_a_task_may_hold_an_equals_sign(asked, tmp_path, given, metric):
    assert main(["import", "a", "-o", str(tmp_path / "s.parquet"), "--metric", *given]) == 2
    assert asked["metric"] == metric


def test_a_file_that_import_did_not_write_is_not_overwritten(history, write_runs, tmp_path, capsys):
    write_runs(tmp_path / "runs", history.iloc[:3])
    path = tmp_path / "scores.parquet"
    path.write_text("precious")
    assert main(["import", str(tmp_path / "runs"), "-o", str(path), "--jobs", "1"]) == 2
    assert "is not a file that import wrote" in capsys.readouterr().err
    assert path.read_text() == "precious"
    path.unlink()
    for _ in range(2):
        assert main(["import", str(tmp_path / "runs"), "-o", str(path), "--jobs", "1"]) == 0


@pytest.mark.slow
def test_what_was_left_out_is_still_known_when_items_are_chosen(
    history, write_runs, tmp_path, capsys
):
    write_runs(tmp_path / "runs", history.iloc[:11])
    write_runs(tmp_path / "runs", history.iloc[11:12, :40])
    scores, plan = str(tmp_path / "scores.parquet"), tmp_path / "plan"
    assert main(["import", str(tmp_path / "runs"), "-o", scores, "--jobs", "1"]) == 0
    assert main(["select", scores, "-k", "5", "-o", str(plan), "--jobs", "1"]) == 0
    assert "On import: 10 of 50 items were left out" in (plan / "README.md").read_text()
