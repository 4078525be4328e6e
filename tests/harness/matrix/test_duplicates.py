"""Several runs of one model and item: the newest whole one, or an error."""

import re
from itertools import product

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness.matrix import chosen_scores, without_duplicates
from sklearn_sparseeval.harness.matrix._duplicates import runs_of
from sklearn_sparseeval.harness.table import coded_table

NAN = np.nan


def run(source, date, values, *, model="m", task="t", **columns):
    """One file: values by item, or by item and epoch."""
    keys = [key if isinstance(key, tuple) else (key, 1) for key in values]
    frame = pd.DataFrame({"item": [item for item, _ in keys], "epoch": [e for _, e in keys]})
    known = {"model": model, "task": task, "source": source, "date": date, "metric": "acc"}
    return frame.assign(value=list(values.values()), **known, **columns)


def scores_of(*runs):
    table = coded_table(pd.concat(runs, ignore_index=True))
    return chosen_scores(table, np.arange(len(table.value)))


def kept(scores, duplicates="newest"):
    """Values and sources that are kept, by model, task, item and epoch."""
    left = without_duplicates(scores, duplicates)
    names = [left.describe(position) for position in range(len(left.rows))]
    table = scores.table
    return {
        (model, task, item, int(table.epoch[row])): (float(table.value[row]), source)
        for (model, task, item, source), row in zip(names, left.rows, strict=True)
    }


def values(scores):
    return {item: value for (_, _, item, _), (value, _) in kept(scores).items()}


def test_without_repeats_nothing_changes():
    scores = scores_of(run("a", "1", {"0": 1, "1": 0}), run("b", "2", {"0": 0}, model="n"))
    assert without_duplicates(scores, "newest") is scores
    assert without_duplicates(scores, "error") is scores


def test_epochs_are_no_repeats():
    scores = scores_of(run("a", "1", {("0", 1): 1, ("0", 2): 0}))
    assert without_duplicates(scores, "error") is scores


@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_of_two_whole_runs(order):
    old, new = run("z", "2026-01-01", {"0": 0, "1": 1}), run("a", "2026-02-01", {"0": 1, "1": 1})
    other = run("y", "2026-01-01", {"0": 0}, model="n")
    scores = scores_of(*[old, new, other][::order])
    message = r"^1 score.* of 1 model\(s\) were left out.* Of model 'm' on task 't' it is a, not z"
    with (
        pytest.warns(ResultsWarning, match=message),
        pytest.warns(ResultsWarning, match=r"^1 score\(s\) that are recorded more than once"),
    ):
        result = kept(scores)
    assert result == {
        ("m", "t", "0", 1): (1, "a"),
        ("m", "t", "1", 1): (1, "a"),
        ("n", "t", "0", 1): (0, "y"),
    }


def test_a_later_run_of_some_items_does_not_replace_a_whole_one():
    full = run("full", "2026-01-01", {"0": 0, "1": 0, "2": 0})
    anchors = run("anchors", "2026-02-01", {"1": 1})
    with pytest.warns(ResultsWarning, match="it is full, not anchors"):
        assert values(scores_of(full, anchors)) == {"0": 0, "1": 0, "2": 0}


def test_an_interrupted_run_does_not_replace_the_one_before():
    first, second = {str(n): 0 for n in range(9)}, {str(n): 1 for n in range(4)}
    with pytest.warns(ResultsWarning, match="4 score"):
        assert set(values(scores_of(run("a", "1", first), run("b", "2", second))).values()) == {0}


def test_runs_that_complete_each_other_give_the_newest_score_of_each_item():
    first = run("first", "1", {"0": 0, "1": 0})
    second = run("second", "2", {"1": 1, "2": 1})
    with pytest.warns(ResultsWarning, match="1 score"):
        assert values(scores_of(first, second)) == {"0": 0, "1": 1, "2": 1}


def test_the_newest_of_three():
    runs = [run(str(n), str(n), {"0": n % 2, "1": n / 4}) for n in (1, 3, 2)]
    with pytest.warns(ResultsWarning) as caught:
        assert values(scores_of(*runs)) == {"0": 1, "1": 0.75}
    assert sorted(str(one.message)[:8] for one in caught) == ["1 score(", "3 score("]


def test_whole_is_by_task_and_model():
    old = [run("old", "1", {"0": 0, "1": 0}, task=task) for task in ("t", "u")]
    new = run("new", "2", {"0": 1, "1": 1})
    with pytest.warns(ResultsWarning, match="2 score"):
        result = kept(scores_of(*old, new))
    assert [source for _, source in result.values()] == ["new", "new", "old", "old"]


def test_whole_is_about_items_not_about_epochs():
    older = run("older", "1", {("0", 1): 0, ("0", 2): 0})
    later = run("later", "2", {("0", 1): 1})
    with pytest.warns(ResultsWarning, match=r"^2 score.* it is later, not older"):
        assert kept(scores_of(older, later)) == {("m", "t", "0", 1): (1, "later")}


def test_an_older_run_of_some_items_lends_no_epochs():
    older = run("older", "1", {("0", 1): 0, ("0", 2): 0, ("0", 3): 0})
    later = run("later", "2", {("0", 1): 1, ("1", 1): 1})
    with pytest.warns(ResultsWarning, match=r"^3 score"):
        result = kept(scores_of(older, later))
    assert result == {("m", "t", "0", 1): (1, "later"), ("m", "t", "1", 1): (1, "later")}


@pytest.mark.parametrize("value", [0, 1], ids=["other value", "same value"])
def test_other_epochs_of_an_older_run_are_left_out(value):
    scores = scores_of(run("a", "1", {("0", 1): value}), run("b", "2", {("0", 2): 1}))
    with pytest.warns(ResultsWarning, match=r"^1 score.* it is b, not a"):
        assert kept(scores) == {("m", "t", "0", 2): (1, "b")}
    with pytest.raises(ResultsError, match=r"^1 score\(s\) are recorded more than once"):
        without_duplicates(scores, "error")


@pytest.mark.parametrize("date", ["1", ""])
@pytest.mark.parametrize("duplicates", ["newest", "error"])
def test_epochs_of_two_files_of_one_date_stand_side_by_side(date, duplicates):
    scores = scores_of(run("a", date, {("0", 1): 0}), run("b", date, {("0", 2): 1}))
    assert without_duplicates(scores, duplicates) is scores


@pytest.mark.parametrize("columns", [{"date": "2"}, {"date": ""}], ids=["settings", "dates"])
def test_epochs_of_two_runs_of_which_none_is_newer(columns):
    first = run("a", "2", {("0", 1): 1}, setting="n-shot=0")
    second = run("b", **columns, values={("0", 3): 0}, setting="n-shot=5")
    message = r"1 in a and 0 in b \(epochs 1 and 3\), and by their dates neither is the newer"
    with pytest.raises(ResultsError, match=message):
        without_duplicates(scores_of(first, second), "newest")


def test_a_score_goes_before_nan():
    with pytest.warns(ResultsWarning, match="1 score"):
        assert values(scores_of(run("a", "1", {"0": 1}), run("b", "2", {"0": NAN}))) == {"0": 1}
    with pytest.warns(ResultsWarning, match="same value"):
        assert np.isnan(
            values(scores_of(run("a", "1", {"0": NAN}), run("b", "2", {"0": NAN})))["0"]
        )


def test_of_files_of_one_run_a_score_goes_before_nan():
    first, second = {("0", 1): NAN, ("0", 2): 0.5}, {("0", 1): 1, ("0", 2): NAN}
    with pytest.warns(ResultsWarning, match="2 score"):
        result = kept(scores_of(run("a", "1", first), run("b", "1", second)))
    assert list(result.values()) == [(1, "b"), (0.5, "a")]


def test_no_score_is_no_doubt():
    with pytest.warns(ResultsWarning, match="1 score"):
        assert values(scores_of(run("a", "", {"0": 1}), run("b", "2", {"0": NAN}))) == {"0": 1}


def test_epochs_of_a_copy_are_compared_one_by_one():
    epochs = {("0", 1): 1, ("0", 2): 0}
    with pytest.warns(ResultsWarning) as caught:
        kept(scores_of(run("a", "1", epochs), run("b", "2", epochs)))
    assert [str(one.message)[:50] for one in caught] == [
        "2 score(s) that are recorded more than once, with "
    ]


@pytest.mark.parametrize("column", ["cost", "prompt_hash"])
def test_which_of_two_equal_rows_counts_does_not_depend_on_their_order(column):
    rows = [run("a", "1", {"0": 1}, **{column: number}) for number in (3, 5)]
    for order in (1, -1):
        with pytest.warns(ResultsWarning, match="twice in a"):
            left = without_duplicates(scores_of(*rows[::order]), "newest")
        cost, prompt = left.table.cost[left.rows], left.table.fingerprints("prompt_hash")[left.rows]
        assert 3 in (*cost.tolist(), *prompt.tolist())


@pytest.mark.parametrize("order", [1, -1])
def test_copies_of_a_file_count_once(order):
    runs = [run(source, "1", {"0": 1, "1": 0}) for source in "ab"]
    scores = scores_of(*runs[::order])
    with pytest.warns(ResultsWarning) as caught:
        result = kept(scores)
    assert {source for _, source in result.values()} == {"a"}
    assert [str(one.message) for one in caught] == [
        "2 score(s) that are recorded more than once, with the same value, were taken once, such "
        "as that of model 'm' on item '0' of task 't': in a and in b."
    ]


@pytest.mark.parametrize("content", [None, 7])
def test_rows_that_one_file_repeats_count_once(content):
    row = run("a", "1", {"0": 1}, content_hash=pd.array([content], dtype="UInt64"))
    bare = run("a", "1", {"0": 1}, content_hash=pd.array([None], dtype="UInt64"))
    with pytest.warns(ResultsWarning, match=r"2 score.*twice in a\.$"):
        left = without_duplicates(scores_of(bare, row, bare), "newest")
    assert left.table.fingerprints("content_hash")[left.rows].tolist() == [content or 0]


@pytest.mark.parametrize(("first", "second"), [(0, 1), (NAN, 1), (0.5, NAN)])
def test_a_file_that_contradicts_itself(first, second):
    scores = scores_of(run("runs/a", "1", {"0": first}), run("runs/a", "1", {"0": second}))
    message = (
        r"runs/a holds scores .* and .* for item '0' of task 't' \(model 'm'\)\. Is it the log"
    )
    with pytest.raises(ResultsError, match=message):
        without_duplicates(scores, "newest")


@pytest.mark.parametrize("second", [1, 0])
def test_a_file_with_two_contents_of_one_item_says_why(second):
    # What lm-eval 0.4.13 logs for --samples '{"t": [5, 5, 0]}': docs 0 and 5, both as 5.
    def hashed(value, number):
        return run("a", "1", {"5": value}, content_hash=pd.array([number], dtype="UInt64"))

    scores = scores_of(hashed(1, 2**64 - 1), hashed(1, None), hashed(second, 2**64 - 2))
    with pytest.raises(ResultsError, match=r"a holds rows about different contents.*--samples"):
        without_duplicates(scores, "newest")


@pytest.mark.parametrize(("one", "other"), [("2026", "2026"), ("", ""), ("", "2026"), ("2026", "")])
@pytest.mark.parametrize("extra", [{}, {"1": 1}], ids=["whole", "both partial"])
def test_different_scores_of_which_none_is_newer(one, other, extra):
    rest = {"2": 1} if extra else {}
    scores = scores_of(run("a", one, {"0": 1} | extra), run("b", other, {"0": 0} | rest))
    with pytest.raises(ResultsError, match=r"two scores on item '0' of task 't', [01] in [ab] and"):
        without_duplicates(scores, "newest")


def test_a_whole_run_needs_no_date():
    with pytest.warns(ResultsWarning, match="it is a, not b"):
        assert values(scores_of(run("a", "", {"0": 1, "1": 1}), run("b", "", {"0": 0}))) == {
            "0": 1,
            "1": 1,
        }


def test_doubt_about_older_runs_does_not_matter():
    runs = [run("a", "1", {"0": 0}), run("b", "1", {"0": 0.5}), run("c", "2", {"0": 1})]
    with pytest.warns(ResultsWarning, match="2 score"):
        assert values(scores_of(*runs)) == {"0": 1}


@pytest.mark.parametrize("value", [0, 1], ids=["other value", "same value"])
def test_error_if_asked_for(value):
    scores = scores_of(run("a", "1", {"0": 1}), run("b", "2", {"0": value}))
    message = re.escape("1 score(s) are recorded more than once, such as that of model 'm' on item")
    with pytest.raises(ResultsError, match=message):
        without_duplicates(scores, "error")


def test_many_models_are_counted():
    runs = [
        run(f"{model}-{date}", str(date), {"0": date, "1": date}, model=model)
        for model in "abc"
        for date in (0, 1)
    ]
    with pytest.warns(ResultsWarning, match=r"^6 score\(s\) of 3 model\(s\)"):
        result = kept(scores_of(*runs))
    assert {source for _, source in result.values()} == {"a-1", "b-1", "c-1"}


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
