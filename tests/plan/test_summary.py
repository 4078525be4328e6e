"""A plan in words."""

from pathlib import Path

import pytest

from sklearn_sparseeval.plan._summary import (
    error_table,
    headline,
    how_measured,
    known,
    next_steps,
    readme_text,
    scaled,
)

NAN = float("nan")


def target(name="overall", **changed):
    numbers = {"mean_absolute_error": 0.0123, "margin_90": 0.045, "kendall_tau": 0.876}
    return {"target": name, "n_items": 100, "n_anchors": 10, **numbers, **changed}


def run(harness="lm_eval", commands=("lm_eval run",), results="anchor_results", advice=""):
    return {
        "harness": harness, "commands": list(commands), "results": results, "advice": advice,
    }  # fmt: skip


def plan(**changed):
    return {
        "n_anchors": 10, "n_items": 100, "n_models": 30, "share_of_items": 0.1,
        "share_of_tokens": None, "method": "sparse-ridge", "unit": "points",
        "targets": [target()], "scores": "s.parquet", "notes": ["Mind the gap."],
        "tasks": [{"task": "arc", "n_items": 100, "n_anchors": 10}], "created": "2026-11-24",
        "seed": 0, "method_description": "Ridge.", "method_source": "us",
        "versions": {"numpy": "2.4.6"}, "cross_validation": "5-fold cross-validation",
        "harnesses": [run()],
    } | changed  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "10 of 100 items (10.0% of the items), chosen by sparse-ridge from the results of 30"),
        ({"share_of_tokens": 0.08}, "(10.0% of the items, 8.0% of the tokens)"),
        ({"share_of_tokens": NAN}, "(10.0% of the items),"),
        ({"method": ""}, "items) from the results"),
    ],
    ids=["usual", "tokens", "tokens not known", "no method"],
)
def test_the_headline(changed, text):
    assert text in headline(plan(**changed))


@pytest.mark.parametrize(
    ("changed", "row", "unit"),
    [
        ({}, ["overall", "100", "10", "1.23", "4.50", "0.88"], True),
        ({"unit": "score"}, ["overall", "100", "10", "0.0123", "0.0450", "0.88"], False),
        (
            {"targets": [target(mean_absolute_error=None, margin_90=NAN, kendall_tau=None)]},
            ["overall", "100", "10", "?", "?", "?"], True,
        ),
    ],
    ids=["points", "score", "not known"],
)  # fmt: skip
def test_the_errors(changed, row, unit):
    lines = error_table(plan(**changed))
    assert lines[1].split() == row
    assert ("in percentage points" in lines[-1]) == unit


def test_many_tasks_are_cut():
    targets = [target(), *(target(f"task{i}") for i in range(30))]
    lines = error_table(plan(targets=targets))
    assert lines[26].startswith("task24 ")
    assert lines[27] == "(5 more tasks; --json lists them)"


@pytest.mark.parametrize(
    ("value", "is_known"),
    [(0.0, True), (-1, True), (None, False), (NAN, False), (float("inf"), False)],
)
def test_what_is_known(value, is_known):
    assert known(value) is is_known
    assert (scaled(value, "points") == "?") is not is_known


def test_where_the_errors_are_from():
    assert how_measured(plan()).startswith("Measured by 5-fold cross-validation; in each fold")
    assert "stored with the predictor" in how_measured(plan(cross_validation=None))


@pytest.mark.parametrize(
    ("runs", "lines"),
    [
        (
            [run()],
            ["Run the items with lm_eval:", "    lm_eval run", "Then predict:",
             "    sparseeval predict p anchor_results"],
        ),
        (
            [run(), run("inspect", ["inspect eval"], "anchor_logs", "Mind.")],
            ["Run the items with lm_eval:", "    lm_eval run", "Run the items with inspect:",
             "    inspect eval", "Mind.", "Then predict:",
             "    sparseeval predict p anchor_results anchor_logs"],
        ),
        (
            [run("", [], "RESULTS", "By hand.")],
            ["By hand.", "Then predict:", "    sparseeval predict p RESULTS"],
        ),
        ([], ["Predict:", "    sparseeval predict p RESULTS"]),
    ],
    ids=["one", "two", "by hand", "predictor alone"],
)  # fmt: skip
def test_what_to_do_next(runs, lines):
    assert next_steps(plan(harnesses=runs), Path("p")) == lines


def test_a_folder_with_a_space_can_be_pasted():
    assert "    sparseeval predict 'my plan' anchor_results" in next_steps(plan(), Path("my plan"))


def test_the_readme_says_it_all():
    text = readme_text(plan(), Path("p"))
    assert "```sh\nlm_eval run\n```" in text
    assert "```sh\nsparseeval predict p anchor_results\n```" in text
    assert "- Mind the gap.\n" in text
    assert "| arc | 100 | 10 |" in text
    assert "Ridge. (us)" in text
    assert "Mind the gap" not in readme_text(plan(notes=[]), Path("p"))
