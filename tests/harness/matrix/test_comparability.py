"""Results of a task that mean different things are refused, naming both."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness.matrix import chosen_scores
from sklearn_sparseeval.harness.matrix._comparability import (
    harness_by_task,
    refuse_other_contents,
    setting_by_task,
    warn_of_scales,
)
from sklearn_sparseeval.harness.table import coded_table


def scores_of(rows, columns):
    # As objects: pandas would put integers and None through floats.
    frame = pd.DataFrame(rows, columns=["model", "task", "item", *columns], dtype=object)
    table = coded_table(frame.assign(value=1.0, metric="acc"))
    return chosen_scores(table, np.arange(len(frame)))


def with_settings(*settings):
    return scores_of(
        [(f"m{number}", "t", "0", setting) for number, setting in enumerate(settings)], ["setting"]
    )


@pytest.mark.parametrize("mixed_settings", ["raise", "warn"])
@pytest.mark.parametrize(
    ("settings", "expected"),
    [(["n-shot=5", "n-shot=5"], "n-shot=5"), (["", ""], ""), (["n-shot=5", ""], "n-shot=5")],
    ids=["one", "none recorded", "recorded for some"],
)
def test_one_setting(settings, expected, mixed_settings):
    assert setting_by_task(with_settings(*settings), mixed_settings) == {"t": expected}


def test_mixed_settings_are_refused():
    scores = with_settings("version=1.0 n-shot=5", "version=1.0 n-shot=0", "version=1.0 n-shot=5")
    with pytest.raises(ResultsError) as caught:
        setting_by_task(scores, "raise")
    assert str(caught.value) == (
        "1 task(s) were run in several settings, such as 't': 'version=1.0 n-shot=5' for 2 "
        "model(s), such as 'm0', and 'version=1.0 n-shot=0' for 1, such as 'm1'. Their scores do "
        "not mean the same. Give the results of one setting, for example "
        "results[results['setting'] != ...], or pass mixed_settings='warn' (--mixed-settings warn) "
        "to keep all."
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [(["b", "a", "b"], "b"), (["b", "a"], "a"), (["a", "c", "b", "c"], "c")],
    ids=["most models", "equal numbers: by name", "three"],
)
def test_mixed_settings_are_kept_on_demand(settings, expected):
    with pytest.warns(ResultsWarning, match=r"1 task.s. were run in several .*All are kept\."):
        assert setting_by_task(with_settings(*settings), "warn") == {"t": expected}


def test_more_than_two_settings_are_counted():
    with pytest.warns(ResultsWarning, match=r"and 2 more settings"):
        setting_by_task(with_settings("a", "b", "c", "d"), "warn")


def test_settings_may_differ_between_tasks():
    scores = scores_of([("m", "t", "0", "n-shot=5"), ("m", "u", "0", "n-shot=0")], ["setting"])
    assert setting_by_task(scores, "raise") == {"t": "n-shot=5", "u": "n-shot=0"}


@pytest.mark.parametrize(("first", "second"), [("helm", "helm"), ("helm", ""), ("", "")])
def test_one_harness(first, second):
    scores = scores_of([("a", "t", "0", first), ("b", "t", "0", second)], ["harness"])
    assert harness_by_task(scores) == {"t": first}


def test_harnesses_may_differ_between_tasks():
    scores = scores_of([("a", "t", "0", "lm_eval"), ("a", "u", "0", "inspect")], ["harness"])
    assert harness_by_task(scores) == {"t": "lm_eval", "u": "inspect"}


def test_two_harnesses_of_one_task():
    scores = scores_of([("a", "t", "0", "lm_eval"), ("b", "t", "0", "lighteval")], ["harness"])
    message = r"'t' comes from two harnesses: lighteval \(model 'b'\) and lm_eval \(model 'a'\)"
    with pytest.raises(ResultsError, match=message):
        harness_by_task(scores)


BIG = 2**64 - 1  # and BIG - 1 are one float


@pytest.mark.parametrize(
    "hashes", [[BIG, BIG, BIG], [BIG, None, BIG], [None, None, None], [None, 1, None]]
)
def test_same_contents(hashes):
    rows = [(f"m{number}", "t", "0", one) for number, one in enumerate(hashes)]
    refuse_other_contents(scores_of(rows, ["content_hash"]))  # raises nothing


def test_other_contents_name_task_item_models_and_files():
    rows = [
        (model, "t", item, content + (model == "b" and item != "0"), f"runs/{model}.jsonl")
        for model in "abc"
        for item, content in (("0", 5), ("2", BIG - 1), ("10", 7))
    ]
    scores = scores_of([*rows, ("b", "u", "0", 9, "x")], ["content_hash", "source"])
    with pytest.raises(ResultsError) as caught:
        refuse_other_contents(scores)
    assert str(caught.value).startswith(
        "Item '2' of task 't' is not the same for all models: its content for model 'b' "
        "(runs/b.jsonl) is another than for model 'a' (runs/a.jsonl); so it is for 2 of the "
        "task's 3 items."
    )
    assert re.search(r"different versions of the data set, or .*--samples", str(caught.value))


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
def test_the_one_that_differs_is_found_whatever_the_order(order):
    rows = [("a", "t", "0", 1), ("b", "t", "0", 2), ("c", "t", "0", 2)]
    scores = scores_of([rows[place] for place in order], ["content_hash"])
    with pytest.raises(ResultsError, match=r"content for model 'a' .* than for model 'b'"):
        refuse_other_contents(scores)


def test_permuted_item_numbers_of_an_unsorted_samples_list():
    # lm-eval logs docs 1, 4, 7, 10 of --samples [10, 1, 7, 4] as 10, 1, 7, 4.
    full = [("full", "t", str(doc), 100 + doc) for doc in range(12)]
    logged = zip([10, 1, 7, 4], [1, 4, 7, 10], strict=True)
    subset = [("subset", "t", str(doc_id), 100 + doc) for doc_id, doc in logged]
    with pytest.raises(ResultsError, match=r"3 of the task's 12 items"):
        refuse_other_contents(scores_of(full + subset, ["content_hash"]))


NAN = np.nan


def test_fractions_beside_percentages():
    scores = np.array([[0.0, 1.0, 40.0, 3.0], [1.0, NAN, NAN, 2.0]])
    message = r"1 task\(s\) .* such as 'arc', and 2 go beyond, such as 'rouge' up to 40:"
    with pytest.warns(ResultsWarning, match=message):
        warn_of_scales(scores, ["arc", "arc", "rouge", "judge"])


@pytest.mark.parametrize(
    "scores",
    [
        [[0.0, 1.0], [0.5, NAN]],
        [[50.0, 2.0], [NAN, 1.5]],
        [[NAN, NAN], [NAN, NAN]],
    ],
    ids=["fractions", "percentages", "nothing"],
)
def test_one_scale(scores):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_scales(np.array(scores), ["a", "b"])
