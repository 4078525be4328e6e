"""``sparseeval compare`` from a file to a table, csv files and a report."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from sklearn_sparseeval.cli import main
from sklearn_sparseeval.comparison import compare_estimators
from sklearn_sparseeval.datasets import make_score_matrix
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.splitters import FamilyShuffleSplit, group_similar_models

QUICK = ["--methods", "random-mean", "sparse-ridge", "--n-anchors", "5", "10", "--repeats", "4"]


@pytest.fixture(scope="module")
def panel():
    return make_score_matrix(60, 40, families=12, random_state=0)


@pytest.fixture
def scores(panel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(panel.data, columns=panel.feature_names)
    frame.insert(0, "model", panel.model_names)
    frame.assign(family=panel.families).to_csv("scores.csv", index=False)
    return tmp_path / "scores.csv"


def run(*arguments):
    return main(["compare", *arguments, "--jobs", "1", "--no-report"])


def test_the_values_are_those_of_compare_estimators(panel, scores, tmp_path, capsys):
    assert run(str(scores), *QUICK, "--seed", "3") == 0
    printed = capsys.readouterr().out
    groups = group_similar_models(panel.data, groups=panel.families)
    splitter = FamilyShuffleSplit(4, test_size=0.25, random_state=3)
    cv = list(splitter.split(panel.data, groups=groups))
    comparison = compare_estimators(
        ["random-mean", "sparse-ridge"], panel.data, cv=cv,
        n_anchors=[5, 10], random_state=3,
    )  # fmt: skip
    folder = tmp_path / "scores-comparison"
    keys = ["method", "n_anchors", "split", "metric"]
    ours = pd.read_csv(folder / "results.csv").set_index(keys)["value"]
    theirs = comparison.frame().set_index(keys)["value"]
    pd.testing.assert_series_equal(ours, theirs.loc[ours.index])
    summary = pd.read_csv(folder / "summary.csv")
    assert set(summary["baseline"]) == {"random-mean"}
    assert set(summary["confidence_level"]) == {0.95}
    assert set(summary["metric"]) == set(ours.index.get_level_values("metric"))
    best = 100 * comparison.summary().query("n_anchors == 10")["mean"].min()
    assert f"has the smallest error, {best:.2f} points" in printed
    assert "60 models x 40 items" in printed
    assert "12 as given" in printed
    assert not (folder / "report.html").exists()


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        ("family", "about a quarter of the models, whole families (12 as given"),
        ("random", "a random quarter of the models, which flatters"),
        ("strength", "the strongest 30 % of a resampled set of models"),
    ],
)
def test_every_protocol_says_what_it_holds_out(scores, protocol, said, capsys):
    assert run(str(scores), *QUICK, "--protocol", protocol) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert f"Protocol {protocol}: 4 splits hold out {said}" in printed


def test_a_second_run_reads_what_is_there(scores, capsys, monkeypatch):
    assert run(str(scores), *QUICK, "-o", "out") == 0
    first = capsys.readouterr().out
    monkeypatch.setattr("sklearn_sparseeval.comparison._compare.run_job", None)
    assert run(str(scores), *QUICK, "-o", "out") == 0
    assert capsys.readouterr().out == first


@pytest.fixture
def asked(monkeypatch):
    """What compare_estimators is asked for, without the work."""
    seen = {}

    def compare(names, matrix, **options):
        seen.update(options, names=names)
        raise ValueError("enough")

    monkeypatch.setattr("sklearn_sparseeval.comparison.compare_estimators", compare)
    return seen


@pytest.mark.parametrize(
    ("n_items", "budgets"), [(1000, [20, 50, 100]), (120, [20, 50]), (30, [3]), (4, [1])]
)
def test_budgets_that_nobody_asked_for_fit_the_benchmark(n_items, budgets, asked, tmp_path):
    scores = np.random.default_rng(0).integers(2, size=(12, n_items))
    frame = pd.DataFrame(scores, [f"m{row}" for row in range(12)]).add_prefix("q")
    frame.rename_axis("model").to_csv(tmp_path / "scores.csv")
    arguments = [str(tmp_path / "scores.csv"), "-o", str(tmp_path / "out")]
    assert run(*arguments) == 2
    assert asked["n_anchors"] == budgets
    assert run(*arguments, "--n-anchors", "2", "3") == 2
    assert asked["n_anchors"] == [2, 3]


@pytest.mark.parametrize("given", [["--list-methods"], ["scores.csv", "--list-methods"]])
def test_the_list_of_methods(capsys, given):
    with pytest.raises(SystemExit) as stop:
        run(*given)
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    for method in get_methods().values():
        assert method.name in printed
        assert method.description in printed


def test_all_methods(scores, asked, capsys):
    assert run(str(scores), "--methods", "all") == 2
    assert asked["names"] == list(get_methods())
    assert capsys.readouterr().err == "sparseeval: error: enough\n"


class Broken(RegressorMixin, BaseEstimator):
    def __init__(self, n_anchors=1):
        self.n_anchors = n_anchors

    def fit(self, X, y):
        if self.n_anchors == 10:
            raise RuntimeError("broken")
        self.anchors_ = np.arange(self.n_anchors)
        return self

    def predict(self, X):
        return np.nanmean(X, axis=1)


def test_a_failing_method_is_noted_and_counted(scores, capsys):
    registry = {"random-mean": get_methods()["random-mean"], "sparse-ridge": Broken()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sklearn_sparseeval.comparison._arguments.get_methods", lambda: registry)
        assert run(str(scores), *QUICK) == 0
    printed = capsys.readouterr().out
    assert "Note: 'sparse-ridge' failed in 4 of 8 fits" in printed
    assert "failed in 4 splits" in printed
    assert re.search("With 10 anchors random-mean has the smallest error", printed)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nothing.csv"], "There is no file nothing.csv."),
        (["scores.csv", "--n-anchors", "41"], "--n-anchors 41 is more than the 40 items."),
        (
            ["scores.csv", "--methods", "magic"],
            "--methods: there is no method 'magic'. --list-methods lists them",
        ),
        (
            ["scores.csv", "--baseline", "magic"],
            "--baseline magic is not one of the methods compared: random-mean, random-ridge",
        ),
        (["scores.csv", "-o", "scores.csv"], "File exists"),
    ],
    ids=["no file", "too many anchors", "method", "baseline", "a file as folder"],
)
def test_a_wrong_argument_gets_one_line(scores, arguments, complaint, capsys):
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("sparseeval: error: ")
    assert error.count("\n") == 1
    assert complaint in error


@pytest.mark.parametrize(
    ("missing", "options", "message"),
    [
        ("pandas", ["--no-report"], "compare needs pandas, which is not installed. Install with"),
        ("matplotlib", [], "The report (--no-report leaves it out) needs matplotlib, which is not"),
    ],
)
def test_missing_packages_are_named_before_anything_runs(
    scores, asked, monkeypatch, missing, options, message, capsys
):
    monkeypatch.setattr(
        "sklearn_sparseeval._optional.find_spec", lambda name: None if name == missing else 1
    )
    assert main(["compare", str(scores), *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert not asked
