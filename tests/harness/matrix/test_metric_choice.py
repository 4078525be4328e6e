"""Tasks, metrics and filters: chosen by rule, or an error that says what there is to choose."""

import re

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness.matrix._metric_choice import (
    DEFAULT_METRICS,
    choose,
    warn_of_other_metrics,
)
from sklearn_sparseeval.harness.table import coded_table

COLUMNS = ["model", "task", "metric", "filter"]
ROWS = [
    ("a", "arc", "acc", "none"),
    ("a", "arc", "acc_norm", "none"),
    ("a", "gsm8k", "exact_match", "strict-match"),
    ("a", "gsm8k", "exact_match", "flexible-extract"),
    ("a", "mmlu_law", "acc", "none"),
    ("a", "mmlu_art", "acc", "none"),
]


def table(rows):
    return coded_table(pd.DataFrame(rows, columns=COLUMNS).assign(item="0", value=1.0))


def metrics_of(rows, **options):
    return choose(table(rows), **{"tasks": None, "metric": None, "filter": None} | options).metrics


def test_defaults_choose_metrics_by_order_and_never_a_filter():
    with pytest.raises(ResultsError) as caught:
        choose(table(ROWS), None, None, None)
    assert str(caught.value) == (
        "1 task(s) have several filters: 'gsm8k' has 'flexible-extract', 'strict-match'. Choose "
        "one, for example: filter={'gsm8k': 'flexible-extract'} (--filter gsm8k=flexible-extract)."
    )
    choice = choose(table(ROWS), None, None, {"gsm8k": "strict-match"})
    assert choice.metrics == {
        "arc": "acc_norm",
        "gsm8k": "exact_match",
        "mmlu_art": "acc",
        "mmlu_law": "acc",
    }
    assert choice.filters == {
        "arc": "none",
        "gsm8k": "strict-match",
        "mmlu_art": "none",
        "mmlu_law": "none",
    }
    assert choice.rows(table(ROWS)).tolist() == [1, 2, 4, 5]


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ("mmlu_*", ["mmlu_art", "mmlu_law"]),
        (["mmlu_law", "arc"], ["arc", "mmlu_law"]),
        ({"m*", "mmlu_law"}, ["mmlu_art", "mmlu_law"]),
        ((name for name in ["arc"]), ["arc"]),
        (None, ["arc", "mmlu_art", "mmlu_law"]),
    ],
    ids=["glob", "names", "overlapping", "generator", "all"],
)
def test_tasks_by_name_and_glob(tasks, expected):
    rows = [row for row in ROWS if row[1] != "gsm8k"]
    assert list(metrics_of(rows, tasks=tasks)) == expected


def test_rows_of_tasks_that_are_not_chosen_are_left_out():
    given = table(ROWS)
    assert choose(given, ["mmlu_art"], None, None).rows(given).tolist() == [5]


def test_a_name_with_brackets_is_itself_and_case_counts():
    rows = [("a", "t[1]", "acc", "none"), ("a", "t1", "acc", "none"), ("a", "T1", "acc", "none")]
    assert list(metrics_of(rows, tasks="t[1]")) == ["t1", "t[1]"]
    assert list(metrics_of(rows, tasks="t1")) == ["t1"]


def test_tasks_are_in_natural_order_whatever_that_of_the_rows():
    rows = [("a", f"t{number}", "acc", "none") for number in (10, 9, 1)]
    assert list(metrics_of(rows)) == list(metrics_of(rows[::-1])) == ["t1", "t9", "t10"]


@pytest.mark.parametrize("tasks", ["hellaswag", ["arc", "hella*"]])
def test_a_pattern_without_a_match(tasks):
    with pytest.raises(
        ResultsError, match=r"No task matches 'hella.*The 4 tasks .* 'arc', 'gsm8k'"
    ):
        choose(table(ROWS), tasks, None, None)


def test_no_tasks_at_all():
    with pytest.raises(ResultsError, match="tasks is empty"):
        choose(table(ROWS), [], None, None)


def test_a_category_without_rows_is_no_task():
    frame = pd.DataFrame(ROWS, columns=COLUMNS).assign(item="0", value=1.0)
    frame = frame.astype({"task": "category"})[lambda rows: rows["task"] == "arc"]
    assert list(choose(coded_table(frame), None, None, None).metrics) == ["arc"]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("acc", "acc"),
        ({"arc": "acc"}, "acc"),
        ({"a*": "acc"}, "acc"),
        ({"*": "acc_norm", "arc": "acc"}, "acc"),  # the name goes before globs
        ({"ar*": "acc", "*": "acc_norm"}, "acc"),  # the first glob
        ({"gsm8k": "exact_match"}, "acc_norm"),  # no match: the default
    ],
    ids=["str", "name", "glob", "name before glob", "first glob", "other task"],
)
def test_metric_that_is_asked_for(metric, expected):
    chosen = metrics_of(ROWS, metric=metric, tasks="arc")
    assert chosen == {"arc": expected}


def test_a_metric_that_a_task_does_not_have():
    with pytest.raises(ResultsError) as caught:
        metrics_of(ROWS, metric="acc")
    assert str(caught.value) == (
        "1 task(s) have no metric 'acc': 'gsm8k' has 'exact_match'. To ask for 'acc' only where "
        "there is one: metric={'arc': 'acc', 'mmlu_art': 'acc', 'mmlu_law': 'acc'} "
        "(--metric arc=acc mmlu_art=acc mmlu_law=acc)."
    )


def test_a_metric_that_no_task_has():
    with pytest.raises(ResultsError, match=r"'arc' has 'acc', 'acc_norm'.*example: metric=\{'arc'"):
        metrics_of(ROWS, metric="accuracy")


def test_several_metrics_that_tasks_do_not_have():
    with pytest.raises(ResultsError, match=r"2 task\(s\) have no metric that was asked for"):
        metrics_of(ROWS, metric={"arc": "em", "mmlu_art": "f1"})


@pytest.mark.parametrize("what", ["metric", "filter"])
def test_a_key_without_a_task(what):
    with pytest.raises(ResultsError, match=rf"{what} has the key 'gsm', which matches no task"):
        metrics_of(ROWS, **{what: {"gsm": "x"}})


def test_a_key_of_a_task_that_was_not_chosen_does_no_harm():
    assert metrics_of(ROWS, tasks="arc", metric={"mmlu_*": "acc"}) == {"arc": "acc_norm"}


@pytest.mark.parametrize("metric", DEFAULT_METRICS)
def test_usual_metrics_are_found_among_others(metric):
    rows = [("a", "t", "a_strange_one", "none"), ("a", "t", metric, "none")]
    assert metrics_of(rows) == {"t": metric}


def test_the_only_metric_may_have_any_name():
    assert metrics_of([("a", "t", "strange", "none")]) == {"t": "strange"}


def test_several_unusual_metrics():
    rows = [("a", task, metric, "none") for task in ("t", "u") for metric in ("f1", "bleu")]
    with pytest.raises(ResultsError, match=r"2 task.* none is usual \(acc_norm, .*metric='bleu' "):
        metrics_of(rows)
    with pytest.raises(ResultsError, match=re.escape("metric={'t': 'bleu'} (--metric t=bleu)")):
        metrics_of([*rows, ("a", "v", "acc", "none")], tasks=["t", "v"])


def test_filters_are_those_of_the_chosen_metric():
    rows = [("a", "t", "acc", "x"), ("a", "t", "acc_norm", "y")]
    assert choose(table(rows), None, None, None).filters == {"t": "y"}
    assert choose(table(rows), None, "acc", None).filters == {"t": "x"}


def test_a_filter_for_all_tasks_has_to_be_in_all():
    with pytest.raises(ResultsError, match=re.escape("--filter gsm8k=strict-match")):
        choose(table(ROWS), None, None, "strict-match")


def test_long_lists_are_cut_and_names_quoted():
    rows = [("a", f"my task {n}", m, "none") for n in range(9) for m in ("f1", "bleu")]
    rows.append(("a", "z", "acc", "none"))
    with pytest.raises(ResultsError) as caught:
        metrics_of(rows)
    assert "; and 4 more. Choose one" in str(caught.value)
    assert "--metric 'my task 0=bleu' 'my task 1=bleu'" in str(caught.value)
    assert "and so on for 6 more tasks" in str(caught.value)


def test_models_with_another_metric_only_are_told():
    rows = [("a", "t", "acc_norm", "none"), ("b", "t", "acc", "none"), ("c", "t", "acc", "none")]
    given = table([*rows, ("d", "other", "acc", "none")])
    choice = choose(given, "t", None, None)
    with pytest.warns(
        ResultsWarning, match=r"^2 model.*such as 'b' on task 't': metric 'acc_norm'"
    ):
        warn_of_other_metrics(given, choice, choice.rows(given))


def test_nothing_is_told_where_all_have_it():
    given = table(ROWS)
    choice = choose(given, ["arc"], None, None)
    warn_of_other_metrics(given, choice, choice.rows(given))  # a warning would be an error
    assert np.array_equal(choice.rows(given), [1])
