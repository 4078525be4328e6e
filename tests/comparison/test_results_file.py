"""Results survive an interruption exactly, and are never taken for others."""

import json

import numpy as np
import pandas as pd
import pytest
from _panels import FirstItemsRegressor, answers

from sklearn_sparseeval.comparison import compare_estimators

X, Y = answers(12, 10)
SPLITS = [(np.arange(8), np.arange(8, 12)), (np.arange(4, 12), np.arange(4))]


class CountingRegressor(FirstItemsRegressor):
    """Counts its fits."""

    fits = 0

    def fit(self, X, y):
        type(self).fits += 1
        return super().fit(X, y)


class FailingRegressor(FirstItemsRegressor):
    def fit(self, X, y):
        raise RuntimeError("no luck")


class NosyRegressor(FirstItemsRegressor):
    """Looks into a results file while it is fitted."""

    def __init__(self, n_anchors=1, path=None):
        super().__init__(n_anchors)
        self.path = path

    def fit(self, X, y):
        compared(self.path)
        return super().fit(X, y)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results.jsonl"


def compared(path, methods=("a",), n_anchors=3, scoring="neg_mean_absolute_error"):
    """Compare; return the comparison and how many fits were run for it."""
    before = CountingRegressor.fits
    comparison = compare_estimators(
        dict.fromkeys(methods, CountingRegressor()), X, Y, cv=SPLITS, n_anchors=n_anchors,
        scoring=scoring, random_state=0, results_file=path,
    )  # fmt: skip
    return comparison, CountingRegressor.fits - before


@pytest.mark.slow
def test_what_is_written_is_read_exactly(path):
    written, n_fits = compared(path, "ab", [3, 7])
    read, n_more = compared(path, "ab", [3, 7])
    assert (n_fits, n_more) == (8, 0)
    pd.testing.assert_frame_equal(written.frame(), read.frame(), check_exact=True)
    pd.testing.assert_frame_equal(written.predictions(), read.predictions(), check_exact=True)


def test_without_a_path_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert compared(None)[1] == 2
    assert list(tmp_path.iterdir()) == []


def undefined(estimator, X, y):
    return float("nan")


def test_undefined_values_survive(path):
    for n_fits in (2, 0):
        comparison, n = compared(path, scoring={"undefined": undefined})
        assert n == n_fits
        assert comparison.frame()["value"].isna().all()


def test_what_failed_is_run_again(path):
    def run():
        with pytest.warns(UserWarning, match="failed in 2 of 2"):
            compare_estimators(
                {"bad": FailingRegressor()}, X, Y, cv=SPLITS, n_anchors=3, scoring="bias",
                random_state=0, results_file=path,
            )  # fmt: skip

    run()
    n_lines = len(path.read_text().splitlines())
    run()
    assert len(path.read_text().splitlines()) == n_lines + 2


@pytest.mark.slow
@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_line_that_was_cut_off_is_run_again(path, cut):
    expected = compared(path)[0]
    whole = path.read_text()
    path.write_bytes(path.read_bytes()[:-cut])
    again, n_fits = compared(path)
    assert n_fits == 1
    assert again.frame()["value"].equals(expected.frame()["value"])
    assert len(path.read_text().splitlines()) == len(whole.splitlines())
    assert compared(path)[1] == 0


@pytest.mark.slow
def test_a_header_that_was_cut_off_starts_anew(path):
    path.write_text('{"form')
    assert compared(path)[1] == 2
    assert compared(path)[1] == 0


@pytest.mark.slow
def test_methods_and_budgets_left_out_this_time_do_not_count(path):
    compared(path, "ab", [3, 5])
    comparison, n_fits = compared(path, "b", 5)
    assert n_fits == 0
    assert (comparison.methods, comparison.n_anchors) == (["b"], [5])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("model,q1\n", "Line 1 of .* is not JSON"),
        ("[1]\n", "Line 1 of .* is not a result"),
        ("{}\n", "not a results file of compare_estimators"),
        (json.dumps({"format": "sklearn_sparseeval comparison 0"}) + "\n", "this version"),
        ('{"my": "data"}', "not a results file of compare_estimators"),
        ("[1]", "Line 1 of .* is not a result"),
        ("my data", "Line 1 of .* is not JSON"),
    ],
    ids=["csv", "list", "object", "other version", "open object", "open list", "open text"],
)
def test_other_files_are_refused_and_left_alone(path, content, message):
    path.write_text(content)
    for _ in range(2):  # and free again
        with pytest.raises(ValueError, match=message):
            compared(path)
    assert path.read_text() == content


@pytest.mark.slow
def test_two_processes_do_not_share_a_file(path):
    with pytest.warns(UserWarning, match="in use by another process"):
        compare_estimators(
            {"m": NosyRegressor(path=path)}, X, Y, cv=SPLITS, n_anchors=3,
            scoring="neg_mean_absolute_error", random_state=0, results_file=path,
        )  # fmt: skip
    assert compared(path)[1] == 2  # free again


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{}\n", "Line 4 of .* is not a result: method is None"),
        ("oops\n", "Line 4 of"),
        ("[" * 100_000 + "]" * 100_000 + "\n", "Line 4 of .* is not JSON"),
    ],
    ids=["not a result", "not JSON", "deep"],
)
def test_a_damaged_line_is_named(path, line, message):
    compared(path)
    path.write_text(path.read_text() + line)
    with pytest.raises(ValueError, match=message):
        compared(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": {}}, "its scores are an empty dict, expected neg_mean_absolute_error"),
        ({"scores": {"neg_mean_absolute_error": "0.1"}}, "a score is '0.1'"),
        ({"scores": None}, "scores is None"),
        ({"split": 0.0}, "split is 0.0"),
        ({"split": -1}, "split -1"),
        ({"n_anchors": True}, "n_anchors is True"),
        ({"method": ["a"]}, "method is a list"),
        ({"predicted": "all"}, "predicted is 'all'"),
        ({"note": 1}, "it has 'note'"),
    ],
)
def test_a_line_that_is_no_result_is_named_with_its_fault(path, change, message):
    compared(path)
    lines = path.read_text().splitlines()
    lines[2] = json.dumps(json.loads(lines[2]) | change)
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(ValueError, match=f"Line 3 of .* is not a result: {message}"):
        compared(path)
