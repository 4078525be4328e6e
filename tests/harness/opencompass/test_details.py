"""Details are made as opencompass 0.5.3 makes them, and as its releases before 0.4.2 did."""

import json
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.opencompass import HARNESS


def evaluate(*replicas, abbr="gsm8k", flat=True, **of_item):
    """Group what an evaluator found in each replica, as BaseEvaluator.evaluate does."""
    details = []
    for position in range(len(replicas[0])):
        found = [replica[position] for replica in replicas]
        detail = {"example_abbr": f"{abbr}_test_{position}", **of_item}
        if flat:
            for one in found:
                for key, value in one.items():
                    detail.setdefault(key, []).append(value)
        else:
            detail["predictions"] = found
        details.append(detail)
    return details


def scored(details, **results):
    """Rows as (item, metric, epoch, value), and notes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "results", "m", "t.json")
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({**results, "details": details}))
        rows = HARNESS.parse(path)
    columns = rows.columns()
    texts = {
        name: [columns.texts[name][code] for code in codes] for name, codes in columns.codes.items()
    }
    found = list(zip(texts["item"], texts["metric"], columns.epoch, columns.value, strict=True))
    return found, {text: count for (_, text), count in rows.notes.items()}, columns.content_hash


def values(details, **results):
    return {item: value for item, _, _, value in scored(details, **results)[0]}


@pytest.mark.parametrize("key", ["correct", "is_correct", "cascade_correct"])
@pytest.mark.parametrize("right", [True, 1, 1.0])
def test_each_name_for_correct_is_read(key, right):
    found, notes, _ = scored(evaluate([{"pred": "2", key: right}, {"pred": "3", key: False}]))
    assert found == [("0", "correct", 1, 1.0), ("1", "correct", 1, 0.0)]
    assert notes == {}


def test_names_are_looked_up_in_the_order_of_opencompass():
    replica = [
        {"is_correct": True, "correct": False},
        {"is_correct": True, "correct": None},
        {"cascade_correct": True, "is_correct": False},
    ]
    assert values(evaluate(replica)) == {"0": 0.0, "1": 1.0, "2": 0.0}


def test_an_item_without_a_verdict_is_not_scored():
    assert math.isnan(values(evaluate([{"correct": None}]))["0"])


@pytest.mark.parametrize("flat", [True, False], ids=["since-0.4.2", "0.4.1"])
def test_replicas_are_epochs(flat):
    found, _, _ = scored(
        evaluate(
            [{"correct": True}, {"correct": False}],
            [{"correct": False}, {"correct": False}],
            flat=flat,
        )
    )
    assert found == [
        ("0", "correct", 1, 1.0),
        ("0", "correct", 2, 0.0),
        ("1", "correct", 1, 0.0),
        ("1", "correct", 2, 0.0),
    ]


def test_the_numbers_of_an_item_over_replicas_are_metrics():
    details = evaluate([{"correct": True}], **{"G-Pass@2_0.5": 0.25, "mG-Pass@2": 0.125})
    assert scored(details)[0] == [
        ("0", "correct", 1, 1.0),
        ("0", "G-Pass@2_0.5", 1, 0.25),
        ("0", "mG-Pass@2", 1, 0.125),
    ]


def test_scores_are_a_metric():
    found, notes, _ = scored(evaluate([{"pred": "x", "answer": "y", "score": 0.75}]))
    assert found == [("0", "score", 1, 0.75)]
    assert notes == {}


@pytest.mark.parametrize(
    ("abbr", "position"),
    [
        ("gsm8k_test_17", "17"),
        ("gsm8k_17", "17"),  # a dataset without splits
        ("lukaemon_mmlu_anatomy_test_0", "0"),
        ("math_500_3", "3"),
        ("x\n_007", "7"),
    ],
)
def test_the_position_is_the_number_at_the_end_of_the_name(abbr, position):
    assert list(values([{"example_abbr": abbr, "correct": [True]}])) == [position]


def test_details_of_a_cascade_that_needed_no_judge():
    # CascadeEvaluator writes cascade_correct only if it asked the judge about some item.
    replica = [
        {"rule_evaluation": {"pred": "1", "correct": True, "evaluation_method": "rule"}},
        {"rule_evaluation": {"pred": "2", "evaluation_method": "rule"}},
        {"rule_evaluation": None},
    ]
    found = values(evaluate(replica))
    assert (found["0"], found["1"]) == (1.0, 0.0)
    assert math.isnan(found["2"])
    assert values([{"rule_evaluation": {"correct": True}}]) == {"0": 1.0}


def test_details_of_a_cascade_with_a_judge():
    judged = {"prediction": "A", "llm_correct": True}
    replica = [
        {"rule_evaluation": {"correct": True}, "cascade_correct": True},
        {
            "rule_evaluation": {"correct": False},
            "llm_evaluation": judged,
            "cascade_correct": True,
        },
        {"rule_evaluation": {"correct": False}, "llm_evaluation": judged},  # unfinished
    ]
    assert values(evaluate(replica)) == {"0": 1.0, "1": 1.0}


def judge(*answers):
    """Details of GenericLLMEvaluator with generic_llmjudge_postprocess."""
    return [
        {"origin_prompt": "Is it right?", "prediction": answer, "gold": str(position)}
        for position, answer in enumerate(answers)
    ]


JUDGED = "result files hold no scores of items but a judge's answers, which were read: A is correct"
NOTHING = "result files were left out since their details say of no item whether it is correct"


def test_a_judges_answers_are_read_if_their_mean_is_the_accuracy():
    details = evaluate(judge("A", "B", "It is A.", "cannot say"))
    found, notes, hashes = scored(details, accuracy=50.0, f1=0.6)
    assert [value for *_, value in found] == [1.0, 0.0, 1.0, 0.0]
    assert notes == {JUDGED: 1}
    assert hashes.all()


def test_a_judges_answers_on_replicas_are_epochs():
    details = evaluate(judge("A", "B"), judge("A", "A"))
    found, _, _ = scored(details, **{"accuracy (2 runs average)": 75.0})
    assert found == [
        ("0", "correct", 1, 1.0),
        ("0", "correct", 2, 1.0),
        ("1", "correct", 1, 0.0),
        ("1", "correct", 2, 1.0),
    ]


@pytest.mark.parametrize(
    ("answers", "results"),
    [
        (("A", "B"), {"accuracy": 49.0}),
        (("A", "B"), {"accuracy": "50.0"}),
        (("A", "B"), {"accuracy": 10**400}),
        (("A", "B"), {"accuracy": None}),
        (("A", "B"), {"accuracy_given_attempted": 50.0}),
        (("A", "B"), {}),
        (("A", None), {"accuracy": 50.0}),
        (("A", 3), {"accuracy": 50.0}),
    ],
    ids=range(8),
)
def test_a_judges_answers_that_do_not_give_the_accuracy_are_left_out(answers, results):
    found, notes, _ = scored(evaluate(judge(*answers)), **results)
    assert found == []
    assert notes == {NOTHING: 1}


def format_details(correct, kind="GEN"):
    """Details as OpenICLEvalTask.format_details writes them; before 0.4.1 there were no others."""
    details = {}
    for position, one in enumerate(correct):
        details["type"] = kind
        details[str(position)] = {
            "prompt": "What is 1 + 1?",
            "origin_prediction": "It is 2.",
            "predictions": "2",
            "references": "2",
        }
        if one is not None:
            details[str(position)]["correct"] = one
    return details


@pytest.mark.parametrize("kind", ["GEN", "PPL"])
def test_numbered_details_are_read(kind):
    found, notes, hashes = scored(format_details([True, False], kind))
    assert found == [("0", "correct", 1, 1.0), ("1", "correct", 1, 0.0)]
    assert notes == {}
    assert hashes.all()


def test_numbered_details_without_scores_are_left_out():
    assert scored(format_details([None, None]))[1] == {NOTHING: 1}


def test_what_a_model_extracted_is_a_metric_of_its_own():
    details = {"0": {"correct": False, "model_extract_correct": True}}
    assert scored(details)[0] == [
        ("0", "correct", 1, 0.0),
        ("0", "model_extract_correct", 1, 1.0),
    ]


def test_a_list_without_names_is_numbered():
    # Before 0.4.1 an evaluator's own details stayed where formatting them failed.
    found, _, _ = scored([{"pred": "1", "answer": "1", "correct": True}, {"correct": False}])
    assert found == [("0", "correct", 1, 1.0), ("1", "correct", 1, 0.0)]


@pytest.mark.parametrize("key", ["0_1_2", "", "-1", "٣", "9" * 16])
def test_entries_whose_keys_are_no_positions_are_left_out(key):
    found, notes, _ = scored({key: {"correct": True}, "3": {"correct": False}})
    assert found == [("3", "correct", 1, 0.0)]
    assert notes == {"entries of 'details' were left out since their keys are not positions": 1}


def test_what_else_a_dict_of_details_holds_is_passed_over():
    found, notes, _ = scored({"type": "GEN", "pass@1": [1], "0": {"correct": True}})
    assert (len(found), notes) == (1, {})


@pytest.mark.parametrize(
    ("value", "kind"),
    [("yes", "str"), ({"a": 1}, "dict"), ([1, 2], "list"), (math.inf, "float"), (10**400, "int")],
)
def test_scores_that_are_no_number_are_refused_by_name(value, kind):
    found, notes, _ = scored(evaluate([{"correct": value}, {"correct": True}]))
    assert found == [("1", "correct", 1, 1.0)]
    message = f"scores were left out since they are not a single number: 'correct' holds a {kind}"
    assert notes == {message: 1}


@pytest.mark.parametrize("value", [66.7, -1])
def test_scores_beyond_the_usual_range_are_kept_and_counted(value):
    found, notes, _ = scored(evaluate([{"correct": value}, {"correct": True}]))
    assert [one for *_, one in found] == [value, 1.0]
    assert list(notes.values()) == [1]
    assert "not from 0 to 1" in next(iter(notes))


@pytest.mark.parametrize("key", ["answer", "answers", "references", "refr", "ref", "gold"])
def test_the_gold_answer_at_its_position_is_the_content(key):
    def hashes(*golds):
        return list(scored(evaluate([{"correct": True, key: gold} for gold in golds]))[2])

    first, second = hashes("A", "A"), hashes("A", "B")
    assert first[0] == second[0] == scored([{"correct": True, key: "A"}])[2][0]
    assert first[1] != second[1]
    assert first[0] != first[1]  # the same answer to another question
    assert hashes(["A"])[0] != first[0]


@pytest.mark.parametrize("gold", [None, []])
def test_without_a_gold_answer_the_content_is_not_recorded(gold):
    assert not scored([{"correct": True, "answer": None, "gold": None}])[2].any()
    details = [{"example_abbr": "x_0", "correct": [True], "answer": gold}]
    assert scored(details)[2].any() == (gold is not None)


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ([3], "entry 0 of 'details' is 3; expected a JSON object"),
        ({"4": "x"}, "entry 4 of 'details' is 'x'; expected a JSON object"),
        (
            [{"example_abbr": "gsm8k"}],
            "entry 0 of 'details' is called 'gsm8k'; expected DATASET_POS",
        ),
        ([{"example_abbr": f"x_{'1' * 20}"}], "entry 0 of 'details' is called"),
        ([{"example_abbr": 3}], "entry 0 of 'details': name is 3; expected a text"),
        ([{"example_abbr": "x_1"}, {"example_abbr": "x_1"}], "'details' hold item 1 twice"),
        ({"1": {}, "01": {}}, "'details' hold item 1 twice"),
        ([{"example_abbr": "x_1"}, {}], "entry 1 of 'details' has, unlike others, no name"),
        ([{}, {"example_abbr": "x_1"}], "entry 1 of 'details' has, unlike others, a name"),
        ("x", "'details' is 'x'; expected a JSON object"),
    ],
    ids=range(10),
)
def test_details_of_another_form_are_refused(details, message):
    with pytest.raises(ResultsError) as caught:
        scored(details)
    assert message in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
KEYS = ["correct", "is_correct", "score", "predictions", "prediction", "gold", "rule_evaluation"]
ODD_ENTRY = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4).flatmap(
    lambda entry: st.just(entry) | st.just({**entry, "example_abbr": f"x_{len(entry)}"})
)
ODD_DETAILS = st.lists(ODD_ENTRY | JSON, max_size=4) | st.dictionaries(
    st.sampled_from(["0", "1", "type", "x"]), ODD_ENTRY | JSON
)


@settings(max_examples=200, deadline=None)
@given(details=ODD_DETAILS | JSON, accuracy=JSON)
def test_any_json_is_read_or_refused(details, accuracy, tmp_path_factory):
    path = tmp_path_factory.mktemp("results") / "x.json"
    path.write_text(json.dumps({"accuracy": accuracy, "details": details}))
    try:
        rows = HARNESS.parse(path)
    except ResultsError:
        return
    assert len(rows.columns().value) == len(rows)
