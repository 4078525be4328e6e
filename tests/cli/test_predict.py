"""``sparseeval predict`` from results on the anchors to scores."""

import json
import re
import warnings

import numpy as np
import pytest

from sklearn_sparseeval import load_plan
from sklearn_sparseeval.cli import main
from sklearn_sparseeval.plan import load_predictor

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
    """Read the table back: model, target, predicted, low, high, raw mean, and the verdict."""
    lines = printed.split("\n\n")[0].splitlines()
    header, *rows = [re.split(r"\s{2,}", line) for line in lines]
    assert header == ["model", "target", "predicted", "low", "high", "(raw mean)", "verdict"]
    return {(row[0], row[1]): [*map(float, row[2:6]), row[6]] for row in rows}


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
    assert [row[5] for row in rows] == ["?", "?"]
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
    expected, (low, high) = saved.predict(new), saved.predict_interval(new)
    verdicts = saved.applicability(new)["reason"]
    assert len(table) == 2 * 3
    for model in new.index:
        for target in ("overall", "alpha", "beta"):
            own = [n for n in names if target in ("overall", n.split(":")[0])]
            numbers = [one.loc[model, target] for one in (expected, low, high)]
            numbers.append(new.loc[model, own].mean())
            *shown, verdict = table[model, target]
            np.testing.assert_allclose(shown, 100 * np.array(numbers), atol=0.005)
            assert verdict == verdicts[model]
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
    expected, (low, high) = saved.predict(new), saved.predict_interval(new)
    for model, entry in report["models"].items():
        assert entry["ok"] is True
        assert entry["found"] == []
        assert (entry["like"], entry["reason"], entry["top_up"]) == (True, "like", 0)
        assert entry["measured"] is None
        assert entry["low"] == pytest.approx(low.loc[model].to_dict())
        assert entry["high"] == pytest.approx(high.loc[model].to_dict())
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
        regressor = type(saved.estimator.estimator_.regressor_)
        allowing = regressor.__sklearn_tags__
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(regressor, "__sklearn_tags__", _refusing(allowing))
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


@pytest.mark.parametrize("strict", [False, True])
def test_models_beyond_the_history_are_told(plans, new, write_runs, tmp_path, strict, capsys):
    write_runs(tmp_path / "run", new.iloc[:1] * 0 + 1.0)
    options = ["--strict"] if strict else []
    assert predict(plans / "wide", tmp_path / "run", *options) == (3 if strict else 0)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert f"Note: {new.index[0]!r}: stronger than every model of the history." in captured.out
    command = f"sparseeval top-up {plans / 'wide'} {tmp_path / 'run'} -n 50 -o more"
    assert captured.out.endswith(f"    {command}\n")
    assert {row[-1] for row in rows_of(captured.out).values()} == {"stronger"}


@pytest.mark.parametrize("coverage", ["0.5", "0.95"])
def test_another_coverage(plans, saved, new, write_runs, tmp_path, coverage, capsys):
    write_runs(tmp_path / "run", new)
    assert predict(plans / "plan", tmp_path / "run", "--coverage", coverage, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["coverage"] == float(coverage)
    low, _ = saved.predict_interval(new, float(coverage))
    for model, entry in report["models"].items():
        assert entry["low"] == pytest.approx(low.loc[model].to_dict())


@pytest.mark.parametrize("coverage", ["0", "1", "x"])
def test_a_coverage_that_is_none(plans, tmp_path, coverage, capsys):
    with pytest.raises(SystemExit):
        predict(plans / "plan", tmp_path, "--coverage", coverage)
    assert "--coverage" in capsys.readouterr().err


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


def test_a_model_of_the_history_is_said_to_be_one(plans, history, write_runs, tmp_path, capsys):
    middle = history.iloc[:N_SOURCES].mean(axis=1).sort_values().index[8:10]
    write_runs(tmp_path / "run", history.loc[middle])
    assert predict(plans / "plan", tmp_path / "run", "--no-tasks") == 0
    printed = capsys.readouterr().out
    assert printed.count("of the history that the plan was made from") == 1
    header, *rows = [re.split(r"\s{2,}", line) for line in printed.split("\n\n")[0].splitlines()][
        :3
    ]
    place = header.index("measured")
    for row in rows:
        assert float(row[place]) == pytest.approx(100 * history.loc[row[0]].mean(), abs=0.005)


def test_a_top_up_from_the_command_to_the_interval(plans, new, write_runs, tmp_path, capsys):
    """Predict, top up, predict both, rank: the numbers are those of the plan."""
    strong = new.set_axis(["new/a", "new/b"]) * 0 + 1.0
    strong.iloc[1, :1] = 0.0
    folder = tmp_path / "plan"
    load_plan(plans / "wide").save(folder)
    write_runs(tmp_path / "run", strong[sorted(load_plan(folder).anchors.index)])
    command = [str(folder), str(tmp_path / "run"), "-n", "12", "-o", str(tmp_path / "more")]
    assert main(["top-up", *command, "--jobs", "1", "--harness-args", "--model hf"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("12 further items for: new/a, new/b.\n")
    assert f"--samples {tmp_path / 'more' / 'samples.json'}" in printed
    samples = json.loads((tmp_path / "more" / "samples.json").read_text())
    chosen = [f"{task}:{item}" for task, items in samples.items() for item in items]
    assert len(chosen) == 12
    write_runs(tmp_path / "run2", strong[sorted(chosen)], date="2026-11-23T10-41-46.232288")
    results = [tmp_path / "run", tmp_path / "run2"]
    assert predict(folder, *results, "--strict", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    plan = load_plan(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = plan.predict(results).set_index(["model", "target"])
        ranking = plan.rank(results)
    for model, entry in report["models"].items():
        assert entry["top_up"] == 12
        for key, column in (("predicted", "score"), ("low", "low"), ("high", "high")):
            assert entry[key] == pytest.approx(table.loc[model, column].to_dict())
    arguments = [str(folder), *map(str, results), "--jobs", "1"]
    assert main(["rank", *arguments, "--json"]) == 0
    ranked = json.loads(capsys.readouterr().out)["ranking"]
    assert [row["model"] for row in ranked] == ranking["model"].tolist()
    assert [row["prob_better"] for row in ranked][:-1] == ranking["prob_better"].tolist()[:-1]
    assert main(["rank", *arguments]) == 0
    printed = capsys.readouterr().out
    assert printed.count("stronger, topped up") == 2
    assert ("too close to call" in printed.split("\n\n")[0]) == bool(ranking["too_close"].any())


def test_no_model_needs_a_top_up(plans, new, write_runs, tmp_path, capsys):
    write_runs(tmp_path / "run", new)
    command = [str(plans / "plan"), str(tmp_path / "run"), "-o", str(tmp_path / "more")]
    assert main(["top-up", *command, "--jobs", "1"]) == 0
    assert capsys.readouterr().out.startswith("No model needs a top-up")
    assert not (tmp_path / "more").exists()


def test_names_cannot_command_the_terminal_or_forge_a_row(plans, new, tmp_path, capsys):
    saved = load_predictor(plans / "csv" / "predictor.skops")
    anchors = new[list(saved.anchors.index)].iloc[:2].rename_axis("model")
    anchors.index = ["\x1b]0;owned\x07\x1b[2Jx", "bad\nopenai/gpt-9  overall  99.90"]
    anchors.rename_axis("model").to_csv(tmp_path / "new.csv")
    predict(plans / "csv", tmp_path / "new.csv")
    printed = capsys.readouterr().out
    assert not set(printed) & {"\x1b", "\x07"}
    assert r"\x1b]0;owned\x07\x1b[2Jx " in printed
    assert r"bad\nopenai/gpt-9" in printed
    assert "\nopenai/gpt-9" not in printed
