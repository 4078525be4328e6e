"""Results survive an interruption exactly, and are never taken for others."""

import json

import numpy as np
import pytest

from sklearn_sparseeval.comparison._results_file import ResultsFile
from sklearn_sparseeval.comparison._run import JobResult

HEADER = {"scores": "abc", "random_state": "0"}
METHODS = {("a", 5): "one", ("b", 7): "two", ("b", 5): "two"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results.jsonl"


def result(method="a", n_anchors=5, split=0, **values):
    values = {"scores": {"bias": 0.1 + 0.2}, "predicted": [1 / 3, [0.1]]} | values
    return JobResult(method, n_anchors, split, fit_seconds=1e-9, predict_seconds=0.5, **values)


def opened(path, header=HEADER, methods=METHODS):
    """Open and close a file; tests go on with what was read."""
    with ResultsFile(path, header, methods) as file:
        return file


def test_what_is_written_is_read_exactly(path):
    written = [result(), result("b", 7, 3)]
    first = opened(path)
    for one in written:
        first.add(one)
    assert list(opened(path).results.values()) == written == list(first.results.values())


def test_without_a_path_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    known = opened(None)
    known.add(result())
    assert ("a", 5, 0) in known.results
    assert list(tmp_path.iterdir()) == []


def test_undefined_values_survive(path):
    opened(path).add(result(scores={"kendall_tau": float("nan")}))
    assert np.isnan(opened(path).results["a", 5, 0].scores["kendall_tau"])


def test_what_failed_is_run_again(path):
    opened(path).add(result(error="RuntimeError: no luck"))
    assert opened(path).results == {}


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_line_that_was_cut_off_is_dropped(path, cut):
    first = opened(path)
    first.add(result())
    first.add(result(split=1))
    path.write_bytes(path.read_bytes()[:-cut])
    again = opened(path)
    assert list(again.results) == [("a", 5, 0)]
    again.add(result(split=2))
    assert list(opened(path).results) == [("a", 5, 0), ("a", 5, 2)]


def test_a_header_that_was_cut_off_starts_anew(path):
    path.write_text('{"form')
    opened(path).add(result())
    assert list(opened(path).results) == [("a", 5, 0)]


def test_methods_left_out_this_time_do_not_count(path):
    opened(path).add(result("b"))
    assert opened(path, methods={("a", 5): "one"}).results == {}


@pytest.mark.parametrize(
    ("header", "methods", "message"),
    [
        ({**HEADER, "scores": "other"}, METHODS, "the scores differ"),
        ({"scores": "x", "random_state": "1"}, METHODS, "the scores, random_state differ"),
        (HEADER, {("a", 5): "changed"}, "method 'a' with other parameters"),
    ],
    ids=["data", "data and seed", "method"],
)
def test_results_of_another_comparison_are_refused(path, header, methods, message):
    opened(path).add(result())
    with pytest.raises(ValueError, match=message):
        opened(path, header, methods)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("model,q1\n", "Line 1 of .* is no JSON"),
        ("[1]\n", "Line 1 of .* is no result"),
        ("{}\n", "no results file of compare_estimators"),
        (json.dumps({"format": "sklearn_sparseeval comparison 0"}) + "\n", "this version"),
    ],
    ids=["csv", "list", "object", "other version"],
)
def test_other_files_are_refused_and_left_alone(path, content, message):
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        opened(path)
    assert path.read_text() == content


def test_a_budget_left_out_this_time_does_not_count(path):
    opened(path).add(result("b", 7))
    assert opened(path, methods={("b", 5): "two"}).results == {}


def test_two_processes_do_not_share_a_file(path):
    with (
        ResultsFile(path, HEADER, METHODS),
        pytest.raises(ValueError, match="in use by another process"),
        ResultsFile(path, HEADER, METHODS),
    ):
        pass
    opened(path)  # free again


def test_a_refused_file_is_free_again(path):
    path.write_text("[1]\n")
    for _ in range(2):
        with pytest.raises(ValueError, match="Line 1"):
            opened(path)


def test_a_line_that_is_no_result_is_refused(path):
    opened(path)
    path.write_text(path.read_text() + "{}\n")
    with pytest.raises(ValueError, match="holds a line that is no result"):
        opened(path)


def test_a_damaged_line_is_named(path):
    opened(path).add(result())
    path.write_text(path.read_text() + "oops\n")
    with pytest.raises(ValueError, match="Line 3 of"):
        opened(path)
