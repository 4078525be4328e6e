"""``sparseeval select`` from a score file to a plan."""

import json
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from _panels import with_seed

from sklearn_sparseeval import AnchoredIntervalRegressor, ScoreMatrix, load_plan, make_plan
from sklearn_sparseeval.cli import main
from sklearn_sparseeval.datasets import load_helm_lite
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.metrics import kendall_tau_score
from sklearn_sparseeval.plan import load_predictor
from sklearn_sparseeval.splitters import group_similar_models


@pytest.fixture
def matrix(history):
    tasks, items = zip(*(name.split(":") for name in history.columns), strict=True)
    known = {"task": tasks, "item": items, "harness": "lm_eval", "setting": "n-shot=0"}
    return ScoreMatrix.from_frame(history, items=known)


@pytest.fixture
def scores(matrix, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    matrix.write("scores.parquet")
    return tmp_path / "scores.parquet"


def words(value):
    return " ".join(value) if isinstance(value, list) else ""


def run(*arguments):
    fewer = [] if "--folds" in arguments else ["--folds", "3"]  # which is quicker
    return main(["select", *map(str, arguments), "--jobs", "1", *fewer])


def plan(folder="plan"):
    with open(f"{folder}/plan.json", encoding="utf-8") as file:
        return json.load(file)


def notes():
    return " ".join(note["text"] for note in plan()["notes"])


@pytest.mark.slow
def test_the_plan_holds_what_was_asked_for(scores, matrix, capsys):
    assert run("scores.parquet", "-k", "8", "-o", "plan", "--method", "sparse-ridge") == 0
    saved = load_predictor("plan/predictor.skops", matrix=matrix)
    model = with_seed(get_methods()["sparse-ridge"](8), 0)
    model.set_params(selector__target_weights=[2, 1, 1])
    model.fit(matrix.data, matrix.targets.to_numpy())
    assert list(saved.anchors.index) == list(matrix.items.index[model.anchors_])
    middling = matrix.targets["overall"].rank() <= 14  # the best are perhaps read in another way
    np.testing.assert_allclose(
        saved.predict(matrix.data)[middling],
        model.predict(matrix.data).clip(0, 1)[middling],
        atol=1e-8,
    )
    assert (saved.targets, saved.method) == (["overall", "alpha", "beta"], "sparse-ridge")
    assert saved.score_range == (0, 1)
    assert saved.n_models == 24
    anchors = pd.read_csv("plan/anchors.csv", dtype=str)
    assert list(anchors["name"]) == list(saved.anchors.index)
    lists = json.loads((scores.parent / "plan" / "item_lists.json").read_text())
    samples = json.loads((scores.parent / "plan" / "samples.json").read_text())
    assert {task: list(map(str, ids)) for task, ids in samples.items()} == lists
    named = [f"{task}:{item}" for task, items in lists.items() for item in items]
    assert sorted(named) == sorted(saved.anchors.index)
    described = plan()
    assert [anchor["name"] for anchor in described["anchors"]] == list(saved.anchors.index)
    assert sorted(described["files"]) == sorted(p.name for p in (scores.parent / "plan").iterdir())


@pytest.mark.slow
def test_the_error_is_that_of_models_held_out(scores, matrix, capsys):
    arguments = ["--seed", "5", "--folds", "4", "--method", "sparse-ridge"]
    assert run("scores.parquet", "-k", "8", "-o", "plan", *arguments) == 0
    printed = capsys.readouterr().out
    estimator = with_seed(get_methods()["sparse-ridge"](8), 5)
    estimator.set_params(selector__target_weights=[2, 1, 1])
    families = [name.split("/")[0] for name in matrix.data.index]
    groups = group_similar_models(matrix.data.to_numpy(), groups=families)
    scores = matrix.targets.to_numpy()
    around = AnchoredIntervalRegressor(estimator, n_folds=4, score_range=(0, 1), random_state=5)
    predicted = around.fit(matrix.data, scores, groups=groups).held_out_predictions_
    saved = load_predictor("plan/predictor.skops")
    np.testing.assert_allclose(saved.errors, predicted - scores, atol=1e-8)
    for target in plan()["targets"]:
        errors = saved.errors[target["target"]]
        y = matrix.targets[target["target"]]
        assert target["mean_absolute_error"] == pytest.approx(errors.abs().mean())
        # 24 errors: the ceil(25 * 0.9) = 23rd smallest.
        assert target["margin_90"] == pytest.approx(np.sort(errors.abs())[22])
        assert target["kendall_tau"] == pytest.approx(kendall_tau_score(y, y + errors))
        assert target["best_so_far"] == pytest.approx(y.max())
        row = [
            target["target"],
            str(target["n_items"]),
            str(target["n_anchors"]),
            f"{100 * target['mean_absolute_error']:.2f}",
            f"{100 * target['margin_90']:.2f}",
            f"{target['kendall_tau']:.2f}",
        ]
        assert row in [line.split() for line in printed.splitlines()]
    assert "Measured by 4-fold cross-validation over 24 models, whole families" in printed
    assert sum(target["n_anchors"] for target in plan()["targets"][1:]) == 8


@pytest.mark.slow
def test_the_readme_has_what_a_person_needs(scores, capsys):
    arguments = ["--harness-args", "--model hf --model_args pretrained=acme/new"]
    assert run("scores.parquet", "-k", "8", "-o", "plan", *arguments) == 0
    printed = capsys.readouterr().out
    readme = (scores.parent / "plan" / "README.md").read_text("utf-8")
    command = (
        "lm_eval run --model hf --model_args pretrained=acme/new --tasks alpha,beta --samples "
        "plan/samples.json --num_fewshot 0 --log_samples --output_path anchor_results"
    )
    for text in (printed, readme):
        assert command in text
        assert "sparseeval predict plan anchor_results" in text
        assert "8 of 50 items (16.0% of the items), chosen by auto" in text
        assert "cross-validation over 24 models" in text
    assert plan()["harnesses"][0]["commands"] == [command]
    for section in ("What error to expect", "When not to trust it", "The anchors"):
        assert f"\n## {section}\n" in readme
    assert "| alpha | 30 |" in readme
    assert f"```sh\n{command}\n```" in readme


@pytest.mark.slow
def test_json_is_the_plan(scores, capsys):
    assert run("scores.parquet", "-k", "8", "-o", "plan", "--json") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert json.loads(captured.out) == {"output": "plan", **plan()}


# The models predicted are those of the history, and `predict` says so, as other tests check.
@pytest.mark.filterwarnings("ignore::sklearn_sparseeval._notes.NotedWarning")
def test_it_is_make_plan(scores, matrix):
    assert run("scores.parquet", "-k", "8", "-o", "plan", "--seed", "2") == 0
    ours, made = (
        load_plan("plan"),
        make_plan(matrix, n_anchors=8, random_state=2, n_jobs=1, folds=3),
    )
    assert list(ours.anchors.index) == list(made.anchors.index)
    pd.testing.assert_frame_equal(ours.errors, made.errors, check_names=False)
    pd.testing.assert_frame_equal(ours.summary(), made.summary())
    pd.testing.assert_frame_equal(ours.predict(matrix.data), made.predict(matrix.data))
    assert ours.notes == made.notes


def test_nothing_on_disk_names_a_private_module(scores):
    assert run("scores.parquet", "-k", "8", "-o", "plan") == 0
    for path in (scores.parent / "plan").iterdir():
        raw = path.read_bytes()
        if path.suffix == ".skops":
            with zipfile.ZipFile(path) as archive:
                raw = b"".join(archive.read(name) for name in archive.namelist())
        assert not re.search(rb"sklearn_sparseeval(\.\w+)*\._", raw), path.name


@pytest.mark.slow
@pytest.mark.parametrize(("k", "n_anchors"), [("1", 1), ("0.1", 5), ("50", 50)])
def test_a_number_or_a_share_of_the_items(scores, k, n_anchors):
    assert run("scores.parquet", "-k", k, "-o", "plan") == 0
    assert plan()["n_anchors"] == n_anchors


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "targets"),
    [
        ("random-mean", ["overall"]),
        ("random-ridge", ["overall", "alpha", "beta"]),
        ("stratified-difference", ["overall", "alpha", "beta"]),
    ],
)
def test_other_methods(scores, matrix, method, targets, capsys):
    assert run("scores.parquet", "-k", "8", "-o", "plan", "--method", method, "--seed", "1") == 0
    saved = load_predictor("plan/predictor.skops")
    assert (saved.method, saved.targets) == (method, targets)
    model = with_seed(get_methods()[method](8), 1)
    y = matrix.targets[targets].to_numpy()
    model.fit(matrix.data, y if len(targets) > 1 else y[:, 0])
    expected = model.predict(matrix.data).reshape(24, -1).clip(0, 1)
    middling = matrix.targets["overall"].rank() <= 14  # the best are perhaps read in another way
    np.testing.assert_allclose(saved.predict(matrix.data)[middling], expected[middling], atol=1e-8)
    note = "The method random-mean predicts one score only"
    assert (note in capsys.readouterr().out) == (len(targets) == 1)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["helm_lite_commonsense", "csv", "npz"])
def test_matrices_of_no_harness(source, tmp_path, monkeypatch, history, capsys):
    monkeypatch.chdir(tmp_path)
    data = history
    if source == "csv":
        history.rename_axis("model").assign(family="x").to_csv("s.csv")
    elif source == "npz":
        np.savez("s.npz", scores=history, models=list(history.index), items=list(history.columns))
    else:
        data = load_helm_lite(task="commonsense", as_frame=True).data
    assert run(source if "_" in source else f"s.{source}", "-k", "8", "-o", "plan") == 0
    saved = load_predictor("plan/predictor.skops")
    assert list(saved.items.index) == list(data.columns)
    assert saved.targets == ["overall"]
    printed = capsys.readouterr().out
    assert "Run the items in plan/item_lists.json" in printed
    assert "sparseeval predict plan RESULTS" in printed
    assert ("24 of the 24 models are of one family" in printed) == (source == "csv")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "arguments", "score_range", "note"),
    [
        (lambda x: x, [], [0, 1], "All scores lie between 0 and 1 and reach both"),
        (lambda x: x, ["--score-range", "-1", "2"], [-1, 2], ""),
        (lambda x: 100 * x, [], None, "it is not known what scores are possible"),
        (lambda x: 100 * x, ["--score-range", "0", "100"], [0, 100], ""),
        (lambda x: x / 2, [], None, "it is not known what scores are possible"),
    ],
    ids=["fractions", "given", "percent", "percent given", "half"],
)
def test_the_range_of_the_scores(scores, matrix, change, arguments, score_range, note, capsys):
    ScoreMatrix(change(matrix.data), matrix.items).write("scores.parquet")
    assert run("scores.parquet", "-k", "8", "-o", "plan", *arguments) == 0
    assert plan()["score_range"] == score_range
    assert note in notes()
    assert ("score_range (--score-range" in notes()) == bool(note)
    top = matrix.data.to_numpy().max() * change(1)
    assert plan()["unit"] == ("points" if top <= 1 else "score")
    assert ("in percentage points" in capsys.readouterr().out) == (top <= 1)


@pytest.mark.slow
def test_missing_results_are_used_as_the_method_can(scores, matrix):
    rng = np.random.default_rng(0)
    data = matrix.data.mask(rng.random(matrix.data.shape) < 0.1)
    ScoreMatrix(data, matrix.items).write("scores.parquet")
    assert run("scores.parquet", "-k", "8", "-o", "plan") == 0
    assert plan()["targets"][0]["mean_absolute_error"] < 0.2


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("alpha", "has no result on any item of task 'alpha' (nor have 1 other models), so"),
        (None, "has no result on any item (nor have 1 other models), so"),
    ],
    ids=["one task", "all"],
)
def test_a_score_that_is_not_known_is_an_error(scores, matrix, task, said, capsys):
    columns = slice(None) if task is None else (matrix.items["task"] == task).to_numpy()
    matrix.data.iloc[[2, 5], columns] = np.nan
    matrix.write("scores.parquet")
    assert run("scores.parquet", "-k", "8", "-o", "plan") == 2
    error = capsys.readouterr().err
    assert f"Model {matrix.data.index[2]!r} {said}" in error
    assert error.count("\n") == 1
    assert not (scores.parent / "plan").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_models", "code", "said"),
    [(2, 2, "The history has 2 models; at least 3"), (3, 0, "With 3 models in the history")],
)
def test_few_models(scores, matrix, n_models, code, said, capsys):
    ScoreMatrix(matrix.data.iloc[:n_models], matrix.items).write("scores.parquet")
    assert run("scores.parquet", "-k", "8", "-o", "plan") == code
    captured = capsys.readouterr()
    assert said in captured.out + captured.err


def test_a_method_that_needs_more_models(scores, matrix, capsys):
    ScoreMatrix(matrix.data.iloc[:4], matrix.items).write("scores.parquet")
    arguments = ["-k", "8", "-o", "plan", "--method", "disco-nearest-models"]
    assert run("scores.parquet", *arguments) == 2
    error = capsys.readouterr().err
    assert "The method disco-nearest-models fails, with all of the 4 models to learn" in error
    assert error.count("\n") == 1
    assert not (scores.parent / "plan").exists()


@pytest.mark.slow
def test_a_margin_that_so_few_models_cannot_tell(scores, matrix, capsys):
    ScoreMatrix(matrix.data.iloc[:6], matrix.items).write("scores.parquet")
    assert run("scores.parquet", "-k", "8", "-o", "plan") == 0
    told = [note["text"] for note in plan()["notes"] if note["kind"] == "few-errors"]
    assert told == [
        "The errors of 6 models are too few to tell what 90 % are within, which takes 9: the "
        "largest error is given in its place."
    ]
    target = plan()["targets"][0]
    errors = load_predictor("plan/predictor.skops").errors["overall"]
    assert target["margin_90"] == pytest.approx(errors.abs().max())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "commands"),
    [("lm_eval", 1), ("inspect", 1), ("opencompass", 0), ("vlmevalkit", 0), ("helm", 0), ("", 0)],
)
def test_harnesses(scores, matrix, given, commands):
    matrix.items["harness"] = given
    matrix.write("scores.parquet")
    assert run("scores.parquet", "-k", "8", "-o", "plan", "--harness-args", "--model hf") == 0
    (harness,) = plan()["harnesses"]
    assert harness["harness"] == given
    assert len(harness["commands"]) == commands
    assert all("--model hf" in command for command in harness["commands"])
    assert ("--harness-args was not used" in notes()) == (not commands)


@pytest.mark.slow
def test_a_plan_is_replaced_by_force_only_and_nothing_else_is_touched(scores, capsys):
    assert run("scores.parquet", "-k", "8", "-o", "plan") == 0
    mine = scores.parent / "plan" / "results" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("keep")
    capsys.readouterr()
    assert run("scores.parquet", "-k", "9", "-o", "plan") == 2
    assert "plan holds a plan already" in capsys.readouterr().err
    assert plan()["n_anchors"] == 8
    assert run("scores.parquet", "-k", "9", "-o", "plan", "--force") == 0
    assert plan()["n_anchors"] == 9
    assert mine.read_text() == "keep"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["no.parquet", "-k", "8"], "There is no file no.parquet."),
        (["no", "-k", "8"], "'no' is not a file that ends in .csv, .parquet or .npz"),
        (["no", "-k", "9"], "Nor is it a data set that ships with the package: "),
        (["other.parquet", "-k", "8"], "other.parquet cannot be read as parquet"),
        (["scores.parquet", "-k", "51"], "n_anchors=51 is more than the 50 items."),
        (
            ["scores.parquet", "-k", "8", "--method", "magic"],
            "There is no method 'magic'. Expected an estimator, or one of: random-mean, random-",
        ),
        (["scores.parquet", "-k", "8", "--method", "tailoredbench"], "for each model from its"),
        (["scores.parquet", "-k", "8", "-o", "folder"], "holds other things than a plan"),
        (["scores.parquet", "-k", "8", "-o", "folder", "--force"], "other things than a plan"),
        (["scores.parquet", "-k", "8", "-o", "scores.parquet"], "scores.parquet is a file"),
        (["scores.parquet", "-k", "8", "--score-range", "0", "0.5"], "scores are from 0 to 1."),
        (
            ["scores.parquet", "-k", "8", "--score-range", "1", "0"],
            "score_range=1.0, 0.0; expected the smallest and the largest",
        ),
        (["scores.parquet", "-k", "8", "--harness-args", "--limit 5"], "holds --limit"),
    ],
    ids=words,
)
def test_a_wrong_argument_gets_one_line_and_leaves_no_trace(scores, arguments, complaint, capsys):
    folder = scores.parent
    (folder / "folder").mkdir()
    (folder / "folder" / "mine.txt").write_text("keep")
    (folder / "other.parquet").write_bytes(b"PAR1")
    before = sorted(folder.rglob("*"))
    assert run(*arguments, *([] if "-o" in arguments else ["-o", "plan"])) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("sparseeval: error: ")
    assert captured.err.count("\n") == 1
    assert complaint in captured.err
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["-k", "8"], "-o/--output"),
        (["-o", "plan"], "-k/--n-anchors"),
        (["-o", "plan", "-k", "few"], "'few' is not a number"),
        (["-o", "plan", "-k", "0"], "0 is not at least 1"),
        (["-o", "plan", "-k", "1.5"], "1.5 is neither a whole number of items nor a share"),
        (["-o", "plan", "-k", "1.0"], "1.0 is neither a whole number"),
        (["-o", "plan", "-k", "nan"], "nan is neither"),
        (["-o", "plan", "-k", "8", "--folds", "1"], "1 fold leaves no model to fit on"),
    ],
    ids=words,
)
def test_what_the_parser_refuses(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as stop:
        run("scores.parquet", *arguments)
    assert stop.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_missing_package_is_named(scores, monkeypatch, capsys):
    monkeypatch.setattr(
        "sklearn_sparseeval._optional.find_spec",
        lambda name: None if name == "skops" else 1,
    )
    assert run("scores.parquet", "-k", "8", "-o", "plan") == 2
    assert capsys.readouterr().err == (
        "sparseeval: error: select needs skops, which is not installed. Install with pip install "
        "'sklearn-sparseeval[harness]'.\n"
    )
