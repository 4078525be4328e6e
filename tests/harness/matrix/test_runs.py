"""What is one run, and in which order runs come."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval.harness.matrix import chosen_scores
from sklearn_sparseeval.harness.matrix._duplicates import runs_of
from sklearn_sparseeval.harness.table import coded_table

NAN = np.nan


def runs(rows):
    """Number of each row's run, in the order given; of a model "m" on a task "t"."""
    columns = ["source", "date", "setting", "item", "epoch", "value"]
    frame = pd.DataFrame(rows, columns=columns).assign(model="m", task="t", metric="acc")
    scores = chosen_scores(coded_table(frame), np.arange(len(frame)))
    found = runs_of(scores, np.arange(len(frame)))
    of_row = np.empty(len(frame), dtype=int)
    of_row[scores.rows] = found.of_row
    return of_row.tolist(), found.partial.tolist(), found.undated.tolist()


@pytest.mark.parametrize("date", ["2026", ""])
@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (("b", "0", 2, 0.0), [0, 0]),
        (("b", "0", 1, 1.0), [0, 0]),
        (("b", "0", 1, NAN), [0, 0]),
        (("b", "1", 1, 0.0), [0, 0]),
        (("b", "0", 1, 0.0), [0, 1]),
        (("a", "1", 1, 0.0), [0, 0]),
    ],
    ids=["other epoch", "same score", "no score", "other item", "contradiction", "same file"],
)
def test_files_of_one_date(date, second, expected):
    source, *rest = second
    of_row, _, undated = runs([("a", date, "s", "0", 1, 1.0), (source, date, "s", *rest)])
    assert of_row == expected
    assert undated == [not date] * len(set(expected))


@pytest.mark.parametrize(("date", "setting"), [("2025", "s"), ("2026", "other"), ("", "s")])
def test_files_of_other_dates_or_settings_are_other_runs(date, setting):
    of_row, *_ = runs([("a", "2026", "s", "0", 1, 1.0), ("b", date, setting, "0", 2, 1.0)])
    assert len(set(of_row)) == 2


def test_a_contradiction_sets_all_files_of_the_date_apart():
    rows = [(source, "1", "s", "0", epoch, value) for source, epoch, value in
            [("c", 1, 0.0), ("a", 1, 1.0), ("b", 2, 1.0)]]  # fmt: skip
    assert runs([*rows, ("d", "2", "s", "0", 1, 1.0)])[0] == [3, 1, 2, 0]


def test_whole_runs_go_before_newer_ones():
    whole = [("a", "1", "s", item, 1, 0.0) for item in "012"]
    newest, newer = ("b", "3", "s", "0", 1, 1.0), ("c", "2", "s", "0", 1, 1.0)
    assert runs([newer, newest, *whole]) == ([2, 1, 0, 0, 0], [False, True, True], [False] * 3)


def test_files_may_be_whole_together():
    rows = [("a", "2", "s", "0", 1, 0.0), ("b", "2", "s", "1", 1, 0.0)]
    assert runs([*rows, ("c", "3", "s", "1", 1, 1.0)])[:2] == ([0, 0, 1], [False, True])


def test_a_file_is_one_run_whatever_the_dates_of_its_rows():
    rows = [("a", "1", "s", "0", 1, 0.0), ("a", "3", "s", "0", 2, 0.0)]
    assert runs([*rows, ("b", "2", "s", "0", 1, 1.0)])[0] == [0, 0, 1]


def test_other_tasks_and_models_have_runs_of_their_own():
    frame = pd.DataFrame(
        [(m, *rest) for m in "mn" for rest in product("tu", "01", "ab") if rest != ("t", "1", "b")],
        columns=["model", "task", "item", "source"],
    ).assign(metric="acc", value=lambda frame: (frame["source"] == "a") * 1.0)
    scores = chosen_scores(coded_table(frame), np.arange(len(frame)))
    at = np.flatnonzero(scores.model == 1)  # only what matters is told apart
    found = runs_of(scores, at)
    named = {
        (*scores.describe(place)[1::2], bool(found.partial[run]))
        for place, run in zip(at.tolist(), found.of_row, strict=True)
    }
    assert named == {("t", "a", False), ("t", "b", True), ("u", "a", False), ("u", "b", False)}
    assert len(found.date) == 4
