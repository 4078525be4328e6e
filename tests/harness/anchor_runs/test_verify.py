"""A run of anchors is compared with what was to be run."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError, ScoreMatrix
from sklearn_sparseeval.harness import verify_anchor_run

ONE, TWO = "acme/one", "acme/two"
SETTING = "version=1.0 n-shot=5"
# Contents of a task's items differ from those of another's, and are larger than a float holds.
BASE = {"arc": 2**63 + 1, "gsm8k": 2**62 + 1}


def hashes(numbers):
    """A column of fingerprints; 0 = not recorded."""
    return pd.array([one or pd.NA for one in map(int, numbers)], dtype="UInt64")


def benchmark(**columns):
    """Six items of arc and four of gsm8k, in lm-eval."""
    tasks = ["arc"] * 6 + ["gsm8k"] * 4
    numbers = [*range(6), *range(4)]
    names = [f"{task}:{number}" for task, number in zip(tasks, numbers, strict=True)]
    known = {
        "task": tasks,
        "item": list(map(str, numbers)),
        "metric": ["acc"] * 6 + ["exact_match"] * 4,
        "filter": ["none"] * 6 + ["strict-match"] * 4,
        "setting": SETTING,
        "harness": "lm_eval",
        "content_hash": [BASE[t] + n for t, n in zip(tasks, numbers, strict=True)],
        "prompt_hash": [2**61 + n for n in range(10)],
    }
    data = pd.DataFrame(np.zeros((1, 10)), columns=names)
    return ScoreMatrix.from_frame(data, items=known | columns).items


ITEMS = benchmark()
ANCHORS = ITEMS.loc[["arc:4", "gsm8k:1", "arc:1", "arc:5"]]


def results_of(items, model=ONE, **columns):
    """A long table of a model that was run on items; its score on the i-th is i / 10."""
    rows = items.drop(columns=["weight"]).reset_index(drop=True)
    known = {
        "model": model,
        "epoch": 1,
        "value": np.arange(len(rows)) / 10,
        "date": "2026-11-24",
        "source": "samples.jsonl",
    }
    return rows.assign(**(known | columns))


def joined(*tables):
    return pd.concat(tables, ignore_index=True)


def told(report):
    """All that a report says, on one line."""
    return " ".join(texts([*report.problems, *report.warnings, *report.notes]))


def texts(notes):
    return [str(note) for note in notes]


def test_a_run_of_exactly_the_anchors_is_well():
    run = results_of(ANCHORS.iloc[::-1])
    report = verify_anchor_run(run, ANCHORS, items=ITEMS)
    assert (report.problems, report.warnings, report.notes) == ([], [], [])
    assert report.ok
    assert list(report.scores.columns) == list(ANCHORS.index)
    assert report.scores.loc[ONE].tolist() == [0.3, 0.2, 0.1, 0.0]
    assert report.raw_means.loc[ONE].to_dict() == pytest.approx(
        {"overall": 0.15, "arc": 0.4 / 3, "gsm8k": 0.2}
    )
    assert not report.counts.to_numpy().any()


def test_one_task_has_one_raw_mean():
    anchors = ANCHORS[ANCHORS["task"] == "arc"]
    report = verify_anchor_run(results_of(anchors), anchors)
    assert list(report.raw_means.columns) == ["overall"]


def test_several_models_are_told_apart():
    run = joined(results_of(ANCHORS), results_of(ANCHORS.iloc[:3], TWO))
    report = verify_anchor_run(run, ANCHORS)
    assert report.models == [ONE, TWO]
    assert report.models_with_problems == [TWO]
    assert report.missing == {TWO: ["arc:5"]}
    assert not report.ok
    assert texts(report.problems) == [
        "Anchors that were not run: 1 of 4 ('arc:5') for 'acme/two'. Run them too, and give all "
        "results together."
    ]
    (problem,) = report.problems
    assert (problem.kind, problem.where, problem.count) == ("missing", TWO, 1)
    assert report.counts["missing"].to_dict() == {ONE: 0, TWO: 1}
    assert np.isnan(report.scores.loc[TWO, "arc:5"])


def test_many_models_make_one_sentence():
    run = joined(*[results_of(ANCHORS.iloc[:3], f"acme/{number}") for number in range(5)])
    (problem,) = texts(verify_anchor_run(run, ANCHORS).problems)
    assert "for 'acme/2'; and so for 2 more models." in problem


def test_a_model_without_results_on_the_tasks():
    other = results_of(ANCHORS.assign(task="hellaswag"), TWO)
    report = verify_anchor_run(joined(results_of(ANCHORS), other), ANCHORS)
    assert texts(report.problems) == [
        "Models without any result on the tasks of the anchors: 'acme/two'. Are the tasks called "
        "otherwise?"
    ]
    assert report.missing == {TWO: list(ANCHORS.index)}
    assert report.counts.loc[TWO, "missing"] == 4
    assert texts(report.notes) == [
        "Tasks without anchors, whose results were not used: 'hellaswag'."
    ]


def test_results_of_nothing_wanted_are_no_crash():
    report = verify_anchor_run(results_of(ANCHORS.assign(task="hellaswag")), ANCHORS)
    assert report.scores.isna().all(axis=None)
    assert report.models_with_problems == [ONE]


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (ITEMS, "all 6 items of 'arc' (anchors: 3), all 4 items of 'gsm8k' (anchors: 1),"),
        (None, "6 items of 'arc' (anchors: 3), 4 items of 'gsm8k' (anchors: 1),"),
    ],
    ids=["items-known", "anchors-known"],
)
def test_whole_tasks_do_no_harm(items, said):
    report = verify_anchor_run(results_of(ITEMS), ANCHORS, items=items)
    assert report.ok
    assert not report.warnings
    (note,) = texts(report.notes)
    assert note.startswith(f"Items besides the anchors were run, which does no harm: {said}")
    assert "names with an empty list" in note
    assert report.counts.loc[ONE, "extra"] == 6
    assert report.scores.loc[ONE, "arc:4"] == 0.4


def test_advice_for_lm_eval_is_for_lm_eval_only():
    items = ITEMS.assign(harness="inspect")
    report = verify_anchor_run(results_of(items), items.loc[ANCHORS.index])
    assert "lm-eval" not in told(report)


def test_an_unscored_anchor_is_a_warning():
    run = results_of(ANCHORS)
    run.loc[0, "value"] = np.nan
    report = verify_anchor_run(run, ANCHORS)
    assert report.ok
    assert texts(report.warnings) == [
        "Anchors without a score (NaN): 1 of 4 ('arc:4') for 'acme/one'. They count as not "
        "evaluated, which not every predictor allows."
    ]
    assert report.counts.loc[ONE, "not_scored"] == 1


def test_a_model_without_any_score_is_a_problem():
    report = verify_anchor_run(results_of(ANCHORS, value=np.nan), ANCHORS)
    assert texts(report.problems) == [
        "Models without a score on any anchor (all are NaN): 'acme/one'."
    ]
    assert np.isnan(report.raw_means.loc[ONE, "overall"])


def unsorted_samples():
    """What lm-eval logs for --samples {"arc": [4, 1, 5]}: docs 1, 4, 5 under the numbers 4, 1, 5.

    The fingerprints are those of what was run.
    """
    run = results_of(ITEMS.loc[["arc:1", "arc:4", "arc:5", "gsm8k:1"]])
    return run.assign(item=["4", "1", "5", "1"])


@pytest.mark.parametrize("items", [ITEMS, None], ids=["items-known", "anchors-known"])
def test_wrong_numbers_are_put_right_by_content(items):
    report = verify_anchor_run(unsorted_samples(), ANCHORS, items=items)
    assert report.ok
    assert report.scores.loc[ONE].to_dict() == {
        "arc:4": 0.1,
        "gsm8k:1": 0.3,
        "arc:1": 0.0,
        "arc:5": 0.2,
    }
    (warning,) = texts(report.warnings)
    assert "under other numbers: 2 of 4 ('arc:4', 'arc:1') for 'acme/one'." in warning
    assert "lm-eval writes wrong numbers" in warning
    assert report.counts.loc[ONE, "moved"] == 2
    assert report.counts.loc[ONE, "extra"] == 0


def test_a_number_given_to_two_items_is_put_right_by_content():
    run = results_of(ITEMS.loc[["arc:1", "arc:4", "arc:5", "gsm8k:1"]])
    run = run.assign(item=["4", "4", "5", "1"])
    again = run.assign(metric="acc_norm", value=9.0)  # of another metric, and not looked at
    report = verify_anchor_run(joined(run, again), ANCHORS)
    assert report.ok
    assert report.scores.loc[ONE, ["arc:1", "arc:4"]].tolist() == [0.0, 0.1]
    assert report.counts.loc[ONE, "moved"] == 2


def test_numbers_of_a_subset_are_put_right_by_content():
    # A derived task that keeps some rows only: doc_id is the position among them.
    run = results_of(ANCHORS.sort_values(["task", "item"])).assign(item=["0", "1", "2", "0"])
    report = verify_anchor_run(run, ANCHORS)
    assert report.ok
    assert report.scores.loc[ONE].tolist() == [0.1, 0.3, 0.0, 0.2]
    assert report.counts.loc[ONE, "moved"] == 4


def test_wrong_numbers_without_contents_to_go_by_are_a_problem():
    anchors = ANCHORS.copy()
    anchors["content_hash"] = hashes([BASE["arc"] + 4, 0, BASE["arc"] + 1, 0])
    report = verify_anchor_run(unsorted_samples(), anchors, items=ITEMS)
    # Two of arc are moved, so the number of the third is not to be believed.
    assert report.counts.loc[ONE, ["moved", "other_content"]].tolist() == [2, 1]
    assert "leads to another item of the benchmark: 1 of 4 ('arc:5')" in str(report.problems[0])
    assert "run again with a sorted list" in str(report.problems[0])
    assert np.isnan(report.scores.loc[ONE, "arc:5"])
    assert report.scores.loc[ONE, "gsm8k:1"] == 0.3


def test_another_version_of_the_data_is_a_problem():
    run = results_of(ANCHORS)
    run["content_hash"] = hashes([7, *run["content_hash"][1:]])
    report = verify_anchor_run(run, ANCHORS, items=ITEMS)
    (problem,) = texts(report.problems)
    assert problem.startswith(
        "Anchors with other contents than in the history: 1 of 4 ('arc:4') for 'acme/one'. Was "
        "another version of the data set used?"
    )
    assert np.isnan(report.scores.loc[ONE, "arc:4"])
    assert report.scores.loc[ONE].notna().sum() == 3


def test_equal_contents_are_exchangeable():
    items = ITEMS.copy()
    items["content_hash"] = hashes([5, 5, 6, 7, 8, 9, 0, 0, 0, 0])
    anchors = items.loc[["arc:0", "arc:1", "arc:2"]]
    run = results_of(anchors, value=[0.1, 0.2, 0.3]).assign(item=["1", "2", "0"])
    report = verify_anchor_run(run, anchors)
    # Number 1 holds what is arc:1's content as well as arc:0's, so it stays; the others are moved.
    assert report.scores.loc[ONE].to_dict() == {"arc:0": 0.2, "arc:1": 0.1, "arc:2": 0.3}


def test_equal_contents_are_given_in_the_order_of_their_numbers():
    items = ITEMS.iloc[:3].assign(item=["2", "10", "7"], content_hash=hashes([5, 5, 6]))
    run = results_of(items, value=[0.3, 0.7, 0.6]).assign(item=["3", "7", "8"])
    # Number 7 is an anchor's and 3 is not, so that they are not read in this order.
    scores = verify_anchor_run(run, items).scores.loc[ONE]
    assert scores.tolist() == [0.3, 0.7, 0.6]


@pytest.mark.parametrize(
    ("contents", "known", "found"),
    [([5, 6, 7, 8], True, True), ([5, 5, 7, 8], True, False), ([5, 6, 7, 8], False, False)],
    ids=["of one item", "of two items", "of items nobody knows"],
)
def test_a_content_may_be_of_several_items_where_pictures_are_left_out(contents, known, found):
    items = ITEMS.iloc[:4].assign(harness="vlmevalkit", content_hash=hashes(contents))
    other = results_of(items.iloc[[0]], value=0.7).assign(item="3")
    report = verify_anchor_run(other, items.iloc[[0]], items=items if known else None)
    assert (report.scores.loc[ONE, "arc:0"] == 0.7) == found
    assert report.missing == ({} if found else {ONE: ["arc:0"]})


def test_a_content_that_is_there_more_often_than_wanted_is_not_guessed():
    run = joined(
        results_of(ITEMS.loc[["arc:1", "arc:5"]]),
        results_of(ITEMS.loc[["arc:4", "arc:4"]]).assign(item=["2", "3"], value=[0.0, 1.0]),
    )
    anchors = ANCHORS[ANCHORS["task"] == "arc"]
    report = verify_anchor_run(run, anchors)
    assert report.missing == {ONE: ["arc:4"]}


@pytest.mark.parametrize("bare", ["results", "anchors"])
def test_without_fingerprints_numbers_are_believed_and_a_note_says_so(bare):
    run, anchors = results_of(ANCHORS), ANCHORS
    hashes = ["content_hash", "prompt_hash"]
    if bare == "results":
        run = run.drop(columns=hashes)
    else:
        anchors = anchors.drop(columns=hashes)
    report = verify_anchor_run(run, anchors)
    assert report.ok
    assert report.scores.loc[ONE].tolist() == [0.0, 0.1, 0.2, 0.3]
    assert texts(report.notes) == [
        "Anchors whose contents could not be compared, since they are not recorded: 4 of 4 "
        "('arc:4', 'arc:1', 'arc:5' and 1 more) for 'acme/one'."
    ]


def test_other_prompts_are_a_warning_with_what_to_do():
    run = results_of(ANCHORS)
    run["prompt_hash"] = hashes([run["prompt_hash"][0], 1, 2, 3])
    report = verify_anchor_run(run, ANCHORS)
    assert report.ok
    (warning,) = texts(report.warnings)
    assert warning.startswith(
        "Anchors with other prompts than in the history: 3 of 4 ('arc:1', 'arc:5', 'gsm8k:1') for "
    )
    for advice in ("--num_fewshot 0", "sampler: first_n", "with the same --samples"):
        assert advice in warning
    assert report.counts.loc[ONE, "other_prompt"] == 3


@pytest.mark.parametrize(
    ("setting", "level"),
    [("version=1.0 n-shot=5", "warnings"), ("version=1.0 n-shot=0", "notes"), ("", "notes")],
    ids=["five-shot", "zero-shot", "unknown"],
)
def test_prompts_that_cannot_be_compared_are_told_and_matter_most_with_examples(setting, level):
    anchors = ANCHORS.assign(setting=setting, prompt_hash=hashes([0] * 4))
    run = results_of(ANCHORS.assign(setting=setting))
    report = verify_anchor_run(run, anchors)
    assert report.ok
    (text,) = texts([*report.warnings, *report.notes])
    assert texts(getattr(report, level)) == [text]
    assert "prompts could not be compared" in text
    assert ("examples" in text) is (level == "warnings")


def test_another_setting_is_a_problem_that_names_both():
    run = results_of(ANCHORS.assign(setting="version=1.0 n-shot=0"))
    report = verify_anchor_run(run, ANCHORS)
    assert texts(report.problems) == [
        "Other settings than in the history: 'arc' ran with 'version=1.0 n-shot=0', not "
        "'version=1.0 n-shot=5', 'gsm8k' ran with 'version=1.0 n-shot=0', not 'version=1.0 "
        "n-shot=5', for 'acme/one'. Evaluate in the history's setting."
    ]
    assert report.counts.loc[ONE, "other_setting"] == 4


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"metric": "f1"}, "'arc' has the metric 'f1', not 'acc',"),
        ({"filter": "regex"}, "'arc' has the filter 'regex', not 'none',"),
    ],
    ids=["metric", "filter"],
)
def test_the_anchors_metric_and_filter_have_to_be_there(changed, said):
    run = results_of(ANCHORS)
    run.loc[run["task"] == "arc", list(changed)] = list(changed.values())
    report = verify_anchor_run(run, ANCHORS)
    (problem,) = texts(report.problems)
    assert said in problem
    assert report.scores.loc[ONE].isna().tolist() == [True, False, True, True]
    assert report.missing == {}


def test_another_harness_is_a_problem():
    report = verify_anchor_run(results_of(ANCHORS.assign(harness="helm")), ANCHORS)
    (problem,) = texts(report.problems)
    assert "'arc' ran under 'helm', not 'lm_eval'," in problem
    assert report.scores.isna().all(axis=None)


def test_epochs_are_averaged():
    run = joined(*[results_of(ANCHORS, epoch=e, value=[e, 0, np.nan, e]) for e in (1, 2)])
    scores = verify_anchor_run(run, ANCHORS).scores.loc[ONE]
    assert scores.iloc[[0, 1, 3]].tolist() == [1.5, 0.0, 1.5]
    assert np.isnan(scores.iloc[2])


def test_the_newest_run_counts_and_a_warning_says_so():
    old = results_of(ANCHORS, date="2026-11-23", source="old.jsonl", value=0.9)
    report = verify_anchor_run(joined(results_of(ANCHORS), old), ANCHORS)
    assert report.scores.loc[ONE].tolist() == [0.0, 0.1, 0.2, 0.3]
    assert "another run says otherwise" in str(report.warnings[0])


def test_runs_that_contradict_each_other_are_refused():
    other = results_of(ANCHORS, source="other.jsonl", value=0.9)
    with pytest.raises(ResultsError, match="by their dates neither is the newer"):
        verify_anchor_run(joined(results_of(ANCHORS), other), ANCHORS)


@pytest.mark.parametrize(
    ("anchors", "match"),
    [
        (ANCHORS.drop(columns="metric"), "anchors has no column 'metric'"),
        (["arc:4"], "anchors has no column 'task', 'item', 'metric'"),
        (ANCHORS.iloc[:0], "anchors has no rows"),
        (ANCHORS.iloc[[0, 1, 0]], "anchors holds 'arc:4' twice"),
        (ANCHORS.assign(item="4", task="arc"), r"anchors holds \('arc', '4'\) twice"),
        (ANCHORS.assign(metric=["acc", "em", "f1", "acc"]), r"arc' have the metrics 'acc', 'f1'"),
    ],
    ids=["no-metric", "no-frame", "empty", "name-twice", "item-twice", "metrics"],
)
def test_anchors_have_to_be_rows_of_a_matrix(anchors, match):
    with pytest.raises(ResultsError, match=match):
        verify_anchor_run(results_of(ANCHORS), anchors)


def test_results_have_to_be_a_long_table():
    with pytest.raises(ResultsError, match="has no column 'value'"):
        verify_anchor_run(results_of(ANCHORS).drop(columns="value"), ANCHORS)


def test_nothing_given_is_changed():
    run, anchors = results_of(ANCHORS), ANCHORS.copy()
    before = run.copy()
    verify_anchor_run(run, anchors, items=ITEMS)
    pd.testing.assert_frame_equal(run, before)
    pd.testing.assert_frame_equal(anchors, ANCHORS)


@given(st.permutations(range(6)), st.sets(st.integers(0, 5), min_size=1))
def test_any_numbering_gives_the_scores_of_the_right_items(numbering, chosen):
    items = ITEMS[ITEMS["task"] == "arc"]
    anchors = items.iloc[sorted(chosen)]
    run = results_of(items).assign(item=[str(number) for number in numbering])
    report = verify_anchor_run(run, anchors, items=items)
    assert report.ok
    assert report.scores.loc[ONE].tolist() == [number / 10 for number in sorted(chosen)]


def test_a_newer_run_of_the_anchors_goes_before_an_older_run_of_all():
    old = results_of(ITEMS, value=0.0, date="2026-01-01", source="old.jsonl")
    new = results_of(ANCHORS, value=1.0, date="2026-03-01", source="new.jsonl")
    report = verify_anchor_run(joined(old, new), ANCHORS, items=ITEMS)
    assert report.scores.loc[ONE].tolist() == [1.0] * 4
    assert report.ok


def test_a_run_in_the_setting_of_the_history_goes_before_others():
    other = results_of(ITEMS, value=0.0, date="2026-09-01", source="other.jsonl")
    other["setting"] = "version=1.0 n-shot=0"
    right = results_of(ANCHORS, value=1.0, date="2026-03-01", source="right.jsonl")
    report = verify_anchor_run(joined(other, right), ANCHORS, items=ITEMS)
    assert report.scores.loc[ONE].tolist() == [1.0] * 4
    assert report.ok


def test_other_prompts_without_examples_are_another_wording():
    anchors = ANCHORS.assign(setting="version=1.0 n-shot=0")
    run = results_of(anchors).assign(prompt_hash=hashes([1, 2, 3, 4]))
    report = verify_anchor_run(run, anchors)
    assert report.ok
    assert report.counts.loc[ONE, "other_prompt"] == 4
    assert "where no examples are drawn: 4 of 4" in told(report)
    assert "--apply_chat_template" in told(report)


def test_where_the_history_names_no_setting_the_newest_run_counts():
    old = results_of(ITEMS, value=0.0, date="2026-01-01", source="old.jsonl", setting="")
    new = results_of(ANCHORS, value=1.0, date="2026-03-01", source="new.jsonl")
    report = verify_anchor_run(joined(old, new), ANCHORS.assign(setting=""), items=ITEMS)
    assert report.scores.loc[ONE].tolist() == [1.0] * 4
