"""``sparseeval predict`` from results on the anchors to scores."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import ScoreMatrix
from sklearn_sparseeval.cli import main
from sklearn_sparseeval.plan import load_predictor

PM = "\N{PLUS-MINUS SIGN}"
N_SOURCES = 18


@pytest.fixture(scope="module")
def plans(history, write_runs, tmp_path_factory):
    """Make plans of the first 18 models: three of imported results, and one of a csv file."""
    folder = tmp_path_factory.mktemp("plans")
    write_runs(folder / "runs", history.iloc[:N_SOURCES])
    scores = str(folder / "scores.parquet")
    assert main(["import", str(folder / "runs"), "-o", scores, "--jobs", "1"]) == 0
    csv = str(folder / "scores.csv")
    history.iloc[:N_SOURCES].rename_axis("model").to_csv(csv)
    for name, source, k, method in (
        ("plan", scores, "8", "sparse-ridge"),
        ("wide", scores, "30", "sparse-ridge"),
        ("strict", scores, "8", "random-mean"),
        ("csv", csv, "8", "sparse-ridge"),
    ):
        arguments = ["select", source, "-k", k, "-o", str(folder / name), "--method", method]
        assert main([*arguments, "--jobs", "1"]) == 0
    return folder


@pytest.fixture
def new(history):
    return history.iloc[N_SOURCES : N_SOURCES + 2]


@pytest.fixture
def saved(plans):
    return load_predictor(plans / "plan" / "predictor.skops")


def predict(*arguments):
    return main(["predict", *map(str, arguments), "--jobs", "1"])


def rows_of(printed):
    """Read the table back: model, target, predicted, margin, raw mean."""
    lines = printed.split("\n\n")[0].splitlines()
    header, *rows = [re.split(r"\s{2,}", line) for line in lines]
    assert header == ["model", "target", "predicted", PM, "(raw mean)"]
    return {(row[0], row[1]): [float(cell) for cell in row[2:]] for row in rows}


@pytest.mark.slow
def test_a_task_without_anchors_is_predicted_and_has_no_raw_mean(
    plans, new, write_runs, tmp_path, capsys
):
    arguments = ["select", str(plans / "scores.parquet"), "-k", "1", "-o", str(tmp_path / "plan")]
    assert main([*arguments, "--jobs", "1"]) == 0
    (name,) = load_predictor(tmp_path / "plan" / "predictor.skops").anchors.index
    write_runs(tmp_path / "run", new[[name]])
    capsys.readouterr()
    assert predict(tmp_path / "plan", tmp_path / "run") == 0
    (other,) = {"alpha", "beta"} - {name.split(":")[0]}
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if f" {other} " in line]
    assert [row[4] for row in rows] == ["?", "?"]
    assert all(0 < float(row[2]) < 100 for row in rows)


@pytest.mark.parametrize("whole", [True, False], ids=["whole run", "anchors only"])
def test_the_scores_are_those_of_the_predictor(
    plans, saved, new, write_runs, tmp_path, whole, capsys
):
    names = list(saved.anchors.index)
    size = None if whole else 30
    write_runs(tmp_path / "run", new if whole else new[sorted(names)], size=size)
    assert predict(plans / "plan", tmp_path / "run") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    table = rows_of(captured.out)
    expected, margin = saved.predict(new), saved.margin(0.9)
    assert len(table) == 2 * 3
    for model in new.index:
        for target in ("overall", "alpha", "beta"):
            own = [n for n in names if target in ("overall", n.split(":")[0])]
            numbers = [expected.loc[model, target], margin[target], new.loc[model, own].mean()]
            np.testing.assert_allclose(table[model, target], 100 * np.array(numbers), atol=0.005)
    assert "raw mean: of the results on the anchors, which is not an estimate" in captured.out
    assert ("Items besides the anchors were run" in captured.out) == whole
    assert "only part of their task" not in captured.out
    if not whole:  # which is what import has to say of the same files
        arguments = ["import", str(tmp_path / "run"), "-o", str(tmp_path / "s.parquet")]
        assert main([*arguments, "--jobs", "1"]) == 0
        assert "Note: 4 files cover only part of their task" in capsys.readouterr().out


def test_one_json_object_and_nothing_else(plans, saved, new, write_runs, tmp_path, capsys):
    write_runs(tmp_path / "run", new)
    assert predict(plans / "plan", tmp_path / "run", "--json") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    report = json.loads(captured.out)
    assert report["ok"] is True
    assert report["problems"] == []
    assert list(report["models"]) == list(new.index)
    expected = saved.predict(new)
    for model, entry in report["models"].items():
        assert entry["ok"] is True
        assert entry["found"] == []
        margin = saved.margin(0.9)
        for bound, sign in (("low", -1), ("high", 1)):
            edge = (expected.loc[model] + sign * margin).clip(0, 1)
            assert entry[bound] == pytest.approx(edge.to_dict())
        assert entry["predicted"] == pytest.approx(expected.loc[model].to_dict())
        assert entry["raw_means"]["overall"] == pytest.approx(
            new.loc[model, saved.anchors.index].mean()
        )
    assert report["margin_90"] == pytest.approx(saved.margin(0.9).to_dict())
    assert report["unit"] == "fraction"
    assert all(set(note) == {"kind", "text", "where", "count"} for note in report["notes"])
    assert "extra" in [note["kind"] for note in report["notes"]]


@pytest.mark.slow
def test_models_that_do_not_fit_are_named_and_the_others_predicted(
    plans, saved, new, write_runs, tmp_path, capsys
):
    names = sorted(saved.anchors.index)
    write_runs(tmp_path / "run", new.iloc[:1][names])
    write_runs(tmp_path / "run", new.iloc[1:][names[1:]])
    assert predict(plans / "plan", tmp_path / "run") == 3
    captured = capsys.readouterr()
    assert captured.err.startswith("sparseeval: problem: ")
    assert captured.err.count("\n") == 1
    assert names[0] in captured.err
    assert new.index[1] in captured.err
    assert {model for model, _ in rows_of(captured.out)} == {new.index[0]}

    assert predict(plans / "plan", tmp_path / "run", "--json") == 3
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert len(report["problems"]) == 1
    good, bad = (report["models"][model] for model in new.index)
    assert (good["ok"], bad["ok"]) == (True, False)
    assert bad["predicted"] is bad["low"] is bad["high"] is None
    assert (good["found"], bad["found"]) == ([], ["missing"])
    (problem,) = report["problems"]
    assert (problem["kind"], problem["where"], problem["count"]) == ("missing", new.index[1], 1)
    assert bad["missing"] == names[:1]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"doc": "v2"}, "other contents"),
        ({"metric": "f1"}, "f1"),
        ({"filter": "strict"}, "strict"),
    ],
    ids=["contents", "metric", "filter"],
)
def test_results_of_something_else(plans, new, write_runs, tmp_path, change, problem, capsys):
    write_runs(tmp_path / "run", new, **change)
    assert predict(plans / "plan", tmp_path / "run") == 3
    captured = capsys.readouterr()
    assert "predicted" not in captured.out
    assert problem in captured.err


def test_results_of_other_tasks(plans, new, write_runs, tmp_path, capsys):
    other = new.rename(columns=lambda name: f"gamma:{name.replace(':', '')[-1]}")
    write_runs(tmp_path / "run", other.loc[:, ~other.columns.duplicated()])
    assert predict(plans / "plan", tmp_path / "run") == 3
    assert "without any result on the tasks of the anchors" in capsys.readouterr().err


def test_other_prompts_are_a_note(plans, new, write_runs, tmp_path, capsys):
    write_runs(tmp_path / "run", new, prompt="other")
    assert predict(plans / "plan", tmp_path / "run") == 0
    assert "Note: Anchors with other prompts than in the history" in capsys.readouterr().out


@pytest.mark.parametrize(("plan", "code"), [("plan", 0), ("strict", 3)])
def test_anchors_without_a_score(plans, new, write_runs, tmp_path, plan, code, capsys):
    saved = load_predictor(plans / plan / "predictor.skops")
    results = new.astype(object)
    results.loc[new.index[0], saved.anchors.index[2]] = None
    write_runs(tmp_path / "run", results)
    if plan == "strict":  # one that cannot do without
        allowing = type(saved.estimator.regressor_).__sklearn_tags__
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(saved.estimator.regressor_), "__sklearn_tags__", _refusing(allowing))
            assert predict(plans / plan, tmp_path / "run") == code
    else:
        assert predict(plans / plan, tmp_path / "run") == code
    captured = capsys.readouterr()
    assert "Note: Anchors without a score (NaN)" in captured.out
    assert (f"{new.index[0]!r} cannot be predicted" in captured.err) == (code == 3)
    models = {model for model, _ in rows_of(captured.out)}
    assert models == set(new.index[code // 3 :])


def _refusing(tags_of):
    def tags(self):
        found = tags_of(self)
        found.input_tags.allow_nan = False
        return found

    return tags


@pytest.mark.parametrize(("value", "word"), [(1.0, "above"), (0.0, "below")])
def test_models_beyond_the_history_are_told(plans, new, write_runs, tmp_path, value, word, capsys):
    write_runs(tmp_path / "run", new.iloc[:1] * 0 + value)
    assert predict(plans / "wide", tmp_path / "run") == 0
    printed = capsys.readouterr().out
    assert re.search(f"Note: {new.index[0]}: its .*, is {word} that of every model in the", printed)


def test_nothing_is_said_of_ordinary_scores(plans, history, write_runs, tmp_path, capsys):
    middle = history.mean(axis=1).sort_values().index[12:13]
    write_runs(tmp_path / "run", history.loc[middle])
    assert predict(plans / "plan", tmp_path / "run") == 0
    assert "every model in the history" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "n_models", "n_rows"),
    [([], 2, 6), (["--no-tasks"], 2, 2), ([], 14, 14), (["--tasks"], 14, 42)],
    ids=["few", "few, none wanted", "many", "many, all wanted"],
)
def test_tasks_are_shown_if_the_list_is_short_or_they_are_wanted(
    plans, history, write_runs, tmp_path, option, n_models, n_rows, capsys
):
    write_runs(tmp_path / "run", history.iloc[:n_models])
    assert predict(plans / "plan", tmp_path / "run", *option) == 0
    printed = capsys.readouterr().out
    assert len([line for line in printed.splitlines() if line.startswith("org")]) >= n_rows
    assert ("(2 tasks not shown; --tasks shows them)" in printed) == (n_rows == n_models)


@pytest.mark.slow
def test_the_predictor_alone_will_do(plans, saved, new, write_runs, tmp_path, capsys):
    write_runs(tmp_path / "run", new)
    assert predict(plans / "plan", tmp_path / "run") == 0
    printed = rows_of(capsys.readouterr().out)
    assert predict(plans / "plan" / "predictor.skops", tmp_path / "run") == 0
    assert rows_of(capsys.readouterr().out) == printed


@pytest.mark.slow
def test_score_files_for_a_plan_of_a_score_file(plans, new, tmp_path, capsys):
    saved = load_predictor(plans / "csv" / "predictor.skops")
    anchors = new[list(saved.anchors.index)].rename_axis("model")
    anchors.iloc[:1].to_csv(tmp_path / "one.csv")
    anchors.iloc[1:].reset_index().to_parquet(tmp_path / "two.parquet")
    assert predict(plans / "csv", tmp_path / "one.csv", tmp_path / "two.parquet") == 0
    captured = capsys.readouterr()
    expected = saved.predict(new)["overall"]
    table = rows_of(captured.out)
    for model in new.index:
        assert table[model, "overall"][0] == pytest.approx(100 * expected[model], abs=0.005)
    assert "could not be compared" not in captured.out

    anchors.iloc[0, 3] = np.nan
    anchors.to_csv(tmp_path / "hole.csv")  # the ridge regression does without
    assert predict(plans / "csv", tmp_path / "hole.csv") == 0
    assert "Note: Anchors without a score (NaN): 1 of 8" in capsys.readouterr().out
    anchors.iloc[0] = np.nan
    anchors.to_csv(tmp_path / "empty.csv")
    assert predict(plans / "csv", tmp_path / "empty.csv") == 3
    captured = capsys.readouterr()
    assert f"Models without a score on any anchor (all are NaN): {new.index[0]!r}" in captured.err
    assert {model for model, _ in rows_of(captured.out)} == {new.index[1]}
    anchors.drop(columns=anchors.columns[3]).to_csv(tmp_path / "less.csv")
    assert predict(plans / "csv", tmp_path / "less.csv") == 3
    assert f"were not run: 1 of 8 ('{anchors.columns[3]}')" in capsys.readouterr().err
    assert predict(plans / "csv", tmp_path) == 2
    assert "have to be such a file too" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("plan", "results", "complaint"),
    [
        ("nowhere", "run", "There is no plan nowhere. `sparseeval select` makes one."),
        ("run", "run", "run is not a plan: it holds no predictor.skops"),
        ("text.txt", "run", "text.txt"),
        ("plan", "nowhere", "There is no file or folder nowhere."),
        ("plan", "empty", "empty"),
    ],
    ids=["no plan", "no predictor", "a text", "no results", "empty folder"],
)
def test_a_wrong_path_gets_one_line(
    plans, new, write_runs, tmp_path, monkeypatch, plan, results, complaint, capsys
):
    monkeypatch.chdir(tmp_path)
    write_runs(tmp_path / "run", new)
    (tmp_path / "text.txt").write_text("no predictor")
    (tmp_path / "empty").mkdir()
    assert predict(plans / "plan" if plan == "plan" else plan, results) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("sparseeval: error: ")
    assert captured.err.count("\n") == 1
    assert complaint in captured.err


def test_few_errors_are_told_once(history, write_runs, tmp_path, capsys):
    write_runs(tmp_path / "runs", history.iloc[:5])
    scores, plan = str(tmp_path / "s.parquet"), str(tmp_path / "plan")
    assert main(["import", str(tmp_path / "runs"), "-o", scores, "--jobs", "1"]) == 0
    assert main(["select", scores, "-k", "4", "-o", plan, "--jobs", "1"]) == 0
    capsys.readouterr()
    assert predict(plan, tmp_path / "runs") == 0
    assert capsys.readouterr().out.count("The errors of 5 models are too few") == 1


@pytest.mark.slow
def test_percentages_are_printed_as_they_are(history, tmp_path, capsys):
    frame = (100 * history).rename_axis("model")
    frame.iloc[:N_SOURCES].to_csv(tmp_path / "s.csv")
    frame.iloc[N_SOURCES:].to_csv(tmp_path / "new.csv")
    plan = tmp_path / "plan"
    assert main(["select", str(tmp_path / "s.csv"), "-k", "8", "-o", str(plan), "--jobs", "1"]) == 0
    capsys.readouterr()
    assert predict(plan, tmp_path / "new.csv") == 0
    printed = capsys.readouterr().out
    expected = load_predictor(plan / "predictor.skops").predict(frame.iloc[N_SOURCES:])
    table = rows_of(printed)
    for model, score in expected["overall"].items():
        assert table[model, "overall"][0] == pytest.approx(score, abs=5e-5)
    assert "percentage points" not in printed


def test_an_interrupted_run_is_no_crash(plans, tmp_path, monkeypatch, capsys):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("sklearn_sparseeval.harness.read_results", interrupt)
    assert predict(plans / "plan", tmp_path) == 130
    assert capsys.readouterr().err == "sparseeval: stopped\n"


def test_pandas_is_not_needed_to_say_that_it_is(plans, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        "sklearn_sparseeval._optional.find_spec",
        lambda name: None if name == "pandas" else 1,
    )
    assert predict(plans / "plan", tmp_path) == 2
    assert "predict needs pandas" in capsys.readouterr().err
    assert pd.__version__


@pytest.mark.slow
def test_a_plan_of_a_matrix_of_several_tasks_is_predicted_from_a_matrix(tmp_path, history, capsys):
    tasks, items = zip(*(name.split(":") for name in history.columns), strict=True)
    known = {"task": tasks, "item": items}
    matrix = ScoreMatrix.from_frame(history.iloc[:N_SOURCES], items=known)
    matrix.write(tmp_path / "scores.parquet")
    plan, csv = tmp_path / "plan", tmp_path / "new.csv"
    select = ["select", str(tmp_path / "scores.parquet"), "-k", "8", "-o", str(plan)]
    assert main([*select, "--jobs", "1"]) == 0
    new = history.iloc[N_SOURCES:]
    new.rename_axis("model").assign(extra=1.0).to_csv(csv)
    capsys.readouterr()
    assert predict(plan, csv, "--json") == 0
    models = json.loads(capsys.readouterr().out)["models"]
    expected = load_predictor(plan / "predictor.skops").predict(new)
    for model in new.index:
        assert models[model]["predicted"] == pytest.approx(expected.loc[model].to_dict())


def test_a_score_file_of_another_benchmark(plans, tmp_path, capsys):
    (tmp_path / "other.csv").write_text("model,q1,q2\none,1,0\n")
    assert predict(plans / "csv", tmp_path / "other.csv") == 2
    assert "none of the columns is an item of the plan, such as " in capsys.readouterr().err


def test_results_on_another_scale(plans, new, tmp_path, capsys):
    (100 * new).rename_axis("model").to_csv(tmp_path / "percent.csv")
    assert predict(plans / "csv", tmp_path / "percent.csv") == 3
    captured = capsys.readouterr()
    assert captured.err.count("another metric, or another scale?") == 2
    assert "from 0 to 100, where scores are from 0 to 1" in captured.err
    assert captured.out == ""


@pytest.mark.slow
def test_fractions_where_the_history_has_percentages(history, new, tmp_path, capsys):
    (100 * history.iloc[:N_SOURCES]).rename_axis("model").to_csv(tmp_path / "percent.csv")
    plan = tmp_path / "plan"
    select = ["select", str(tmp_path / "percent.csv"), "-k", "8", "-o", str(plan)]
    assert main([*select, "--jobs", "1"]) == 0
    new.rename_axis("model").to_csv(tmp_path / "new.csv")
    capsys.readouterr()
    assert predict(plan, tmp_path / "new.csv") == 0
    assert (
        "no result is above 1, where the history has results up to 100" in capsys.readouterr().out
    )
