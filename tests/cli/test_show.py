"""``sparseeval show`` says what a plan is."""

import json

import pytest

from sklearn_sparseeval.cli import main
from sklearn_sparseeval.datasets import make_score_matrix
from sklearn_sparseeval.plan import load_predictor


@pytest.fixture(scope="module")
def folder(history, write_runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("show")
    write_runs(folder / "runs", history.iloc[:8])
    scores = str(folder / "scores.parquet")
    assert main(["import", str(folder / "runs"), "-o", scores, "--jobs", "1"]) == 0
    arguments = ["-k", "8", "-o", str(folder / "plan"), "--seed", "3", "--jobs", "1"]
    assert main(["select", scores, *arguments]) == 0
    return folder


@pytest.fixture
def plan(folder):
    return json.loads((folder / "plan" / "plan.json").read_text("utf-8"))


def test_a_readable_summary(folder, plan, capsys):
    assert main(["show", str(folder / "plan")]) == 0
    printed = capsys.readouterr().out
    assert "8 of 50 items (16.0% of the items), chosen by auto from" in printed
    assert "results of 8 models." in printed
    overall = plan["targets"][0]
    assert f"{100 * overall['mean_absolute_error']:.2f}" in printed
    assert plan["cross_validation"] in printed
    assert plan["harnesses"][0]["commands"][0] in printed
    assert f"sparseeval predict {folder / 'plan'} anchor_results" in printed
    assert "with seed 3; predictions are clipped to 0 to 1." in printed
    assert f"scikit-learn {plan['versions']['scikit-learn']}" in printed
    assert len(plan["notes"]) > 1
    for note in plan["notes"]:
        assert printed.count(f"Note: {note['text']}\n") == 1


def test_the_anchors_in_order_of_choice(folder, capsys):
    assert main(["show", str(folder / "plan"), "--anchors"]) == 0
    header, *rows = (line.split() for line in capsys.readouterr().out.splitlines())
    anchors = load_predictor(folder / "plan" / "predictor.skops").anchors
    assert header == ["task", "item"]
    expected = zip(map(str, range(1, 9)), anchors["task"], anchors["item"], strict=True)
    assert rows == [list(row) for row in expected]


def test_json_is_that_of_the_plan(folder, plan, capsys):
    assert main(["show", str(folder / "plan"), "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert json.loads(captured.out) == plan


def test_a_predictor_alone_tells_what_it_knows(folder, plan, capsys):
    path = folder / "plan" / "predictor.skops"
    assert main(["show", str(path), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    for key in ("n_anchors", "n_items", "anchors", "tasks", "versions", "created", "method"):
        assert shown[key] == plan[key]
    for ours, theirs in zip(shown["targets"], plan["targets"], strict=True):
        assert ours["mean_absolute_error"] == pytest.approx(theirs["mean_absolute_error"])
        assert ours["kendall_tau"] is None
    assert main(["show", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "  ?\n" in printed
    assert f"Predict:\n    sparseeval predict {path} RESULTS" in printed
    assert "with seed" not in printed


@pytest.mark.slow
def test_scores_that_are_no_fractions(tmp_path, capsys):
    import pandas as pd

    scores = make_score_matrix(12, 30, random_state=0)
    frame = pd.DataFrame(7 * scores.data, index=pd.Index([f"m{i}" for i in range(12)], name="m"))
    frame.to_csv(tmp_path / "s.csv")
    arguments = ["-k", "5", "-o", str(tmp_path / "plan"), "--jobs", "1"]
    assert main(["select", str(tmp_path / "s.csv"), *arguments]) == 0
    capsys.readouterr()
    assert main(["show", str(tmp_path / "plan")]) == 0
    printed = capsys.readouterr().out
    assert "error: mean absolute error;" in printed
    assert "kept in the range that the history suggests" in printed


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "plan.json is damaged. Make the plan again, with select."),
        ("[]", "plan.json is damaged"),
        ("{}", "plan.json is damaged"),
        ("[" * 100_000, "plan.json is damaged"),
        ('{"format": 99}', "plan.json is of format 99; this version of the package reads format 3"),
    ],
    ids=["empty", "list", "no format", "deep", "future"],
)
def test_a_damaged_plan(folder, tmp_path, content, complaint, capsys):
    (tmp_path / "plan.json").write_text(content)
    (tmp_path / "predictor.skops").write_bytes((folder / "plan" / "predictor.skops").read_bytes())
    assert main(["show", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert complaint in error


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("nowhere", "There is no plan nowhere."),
        ("runs", "runs is not a plan: it holds no predictor"),
    ],
)
def test_a_wrong_path(folder, monkeypatch, name, complaint, capsys):
    monkeypatch.chdir(folder)
    assert main(["show", name]) == 2
    assert complaint in capsys.readouterr().err
