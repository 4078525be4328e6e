"""Lines of samples made rows: filters without names, values that are not scores, what is lost."""

import json
import math

import numpy as np
import pytest

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.lm_eval._model import ModelIdentity
from sklearn_sparseeval.harness.lm_eval._results_file import Run
from sklearn_sparseeval.harness.lm_eval._samples import Samples, item_of, sample_records
from sklearn_sparseeval.harness.table import Rows


def gather(lines, **of_run):
    """Make rows of lines (item, filter, metrics); return them as tuples, and the notes."""
    run = Run(ModelIdentity("acme/one", ""), **of_run)
    rows = run.rows("lm_eval", "demo", "")
    samples = Samples(rows, run)
    for item, label, metrics in lines:
        samples.add(item, label, metrics.items(), content=0, prompt=0)
    columns = samples.finish("demo").columns()
    names = [
        [columns.texts[name][code] for code in columns.codes[name]]
        for name in ("item", "metric", "filter")
    ]
    return list(zip(*names, columns.value.tolist(), strict=True)), [
        (text, count) for (_, text), count in rows.notes.items()
    ]


def scores_of_metric(metric, value):
    found, notes = gather([("0", "none", {"acc": 1.0, metric: value})])
    assert found[0] == ("0", "acc", "none", 1.0)
    return [(name, score) for _, name, _, score in found[1:]], notes


# Filters were applied one after the other; with two processes, each has its own documents.
ONE_PROCESS = [(doc, None, {"acc": float(block)}) for block in (0, 1) for doc in "012"]
TWO_PROCESSES = [
    (doc, None, {"acc": float(block)}) for docs in ("02", "1") for block in (0, 1) for doc in docs
]


@pytest.mark.parametrize("lines", [ONE_PROCESS, TWO_PROCESSES], ids=["one process", "two"])
@pytest.mark.parametrize(
    ("declared", "names", "noted"),
    [
        ((), ("block0", "block1"), True),
        (("only",), ("block0", "block1"), True),
        (("strict", "loose"), ("strict", "loose"), False),
        (("strict", "loose", "cut off"), ("strict", "loose"), False),
    ],
    ids=["none declared", "too few", "declared", "more declared"],
)
def test_old_logs_without_filter_are_split_where_doc_ids_start_again(lines, declared, names, noted):
    found, notes = gather(lines, filters={"demo": declared})
    assert sorted(found) == sorted(
        (doc, "acc", name, float(block)) for block, name in enumerate(names) for doc in "012"
    )
    assert [note.startswith("files name no filters") for note, _ in notes] == [True] * noted
    assert ["may be two runs in one file" in note for note, _ in notes] == [True] * noted


@pytest.mark.parametrize(
    ("declared", "name"), [((), "none"), (("get-answer",), "get-answer"), (("a", "b"), "a")]
)
def test_old_logs_of_one_block_have_one_filter(declared, name):
    found, notes = gather([("0", None, {"acc": 1.0})], filters={"demo": declared})
    assert found == [("0", "acc", name, 1.0)]
    assert notes == []


@pytest.mark.parametrize("label", [3, ["none"], True], ids=repr)
def test_a_filter_that_is_no_text_is_an_error(label):
    with pytest.raises(ResultsError, match=r"filter is .*; expected a text"):
        gather([("0", label, {"acc": 1.0})])


@pytest.mark.parametrize(
    ("metric", "values", "kind"),
    [
        ("mcc", [[0, 0], [1, 0]], "lists"),
        ("f1", [[0, 1], [1, 1]], "lists"),
        ("brier_score", [[0, "[0.28 0.26]"], [1, "[0.1 0.9]"]], "lists"),
        ("bleu", [["a b", "a"], ["c", "c"]], "lists"),
        ("answer", ["A", "B"], "texts"),
        ("judged", [{"why": "good"}, {"why": "bad"}], "dicts without a score"),
        ("ratio", [math.inf, -math.inf], "infinite numbers"),
    ],
)
def test_tuples_texts_and_infinities_are_refused_and_counted_by_metric(metric, values, kind):
    lines = [(str(doc), "none", {"acc": 1.0, metric: one}) for doc, one in enumerate(values)]
    found, notes = gather(lines)
    assert {name for _, name, _, _ in found} == {"acc"}
    reason = (
        f"scores were left out since they are not a single number: metric {metric!r} holds {kind}"
    )
    assert notes == [(reason, 2)]


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("word_perplexity", [-0.62, 5]),
        ("byte_perplexity", [-0.62, 32]),
        ("bits_per_byte", [-0.62, 32]),
        ("perplexity", -0.62),
    ],
)
def test_rolling_metrics_are_refused_with_a_message(metric, value):
    found, ((note, count),) = scores_of_metric(metric, value)
    assert (found, count) == ([], 1)
    assert f"metric {metric!r} holds log-likelihoods" in note


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([True, False, True], [("m", pytest.approx(2 / 3))]),  # as of IFEval
        (True, [("m", 1.0)]),
        ({"depth": 0.5, "why": "x", "style": 1}, [("m.depth", 0.5), ("m.style", 1.0)]),
        (None, [("m", pytest.approx(math.nan, nan_ok=True))]),
        (math.nan, [("m", pytest.approx(math.nan, nan_ok=True))]),
    ],
    ids=str,
)
def test_a_value_is_read_as_one_number_or_one_per_entry(value, found):
    assert scores_of_metric("m", value) == (found, [])


@pytest.mark.parametrize(
    ("metric", "value", "read"),
    [("4096", -1.0, math.nan), ("4096", -1, math.nan), ("4096", 0.5, 0.5), ("mcc", -1.0, -1.0)],
)
def test_minus_1_of_ruler_means_another_length(metric, value, read):
    found, _ = scores_of_metric(metric, value)
    np.testing.assert_array_equal([score for _, score in found], [read])


def test_predict_only_runs_hold_no_score():
    found, notes = gather([("0", "none", {"bypass": None}), ("1", "none", {"bypass": None})])
    assert found == []
    assert notes == [("items were left out: --predict_only logs answers and no scores", 2)]


@pytest.mark.parametrize(
    ("filters", "n_lines", "missing"),
    [("a", 4, False), ("a", 3, True), ("ab", 8, False), ("ab", 7, True), ("", 0, True)],
)
def test_lines_that_the_run_counted_and_the_file_lacks_are_noted(filters, n_lines, missing):
    lines = [(doc, name, {"acc": 1.0}) for name in filters for doc in "0123"]
    found, notes = gather(lines[:n_lines], sizes={"demo": (4, 4)})
    assert len(found) == n_lines
    assert ["fewer items than their run counted" in note for note, _ in notes] == [True] * missing


@pytest.mark.parametrize(
    ("reported", "noted"),
    [
        ({"acc,none": 0.5}, False),
        ({"acc,none": 0.5000001}, False),
        ({"acc,none": 0.7}, True),
        ({"acc,other": 0.7, "acc_norm,none": 0.7}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_score_that_is_not_the_mean_over_items_is_noted(reported, noted):
    lines = [("0", "none", {"acc": 1.0}), ("1", "none", {"acc": 0.0}), ("2", "none", {"acc": None})]
    _, notes = gather(lines, scores={"demo": reported})
    assert ["of metric 'acc' that is not the mean" in note for note, _ in notes] == [True] * noted


@pytest.mark.parametrize("sizes", [{}, {"demo": (4, 4)}], ids=["complete", "lines missing"])
def test_a_mean_is_compared_where_all_items_are_there(sizes):
    _, notes = gather([("0", "a", {"acc": None})], sizes=sizes, scores={"demo": {"acc,a": 0.5}})
    assert len(notes) == 1
    assert ("not the mean" in notes[0][0]) is not sizes


@pytest.mark.parametrize("as_list", [False, True], ids=["lines", "list"])
def test_samples_are_lines_or_one_list(as_list, tmp_path):
    records = [{"doc_id": 0}, {"doc_id": 1}]
    path = tmp_path / "samples.json"
    lines = "\n".join(map(json.dumps, records))
    path.write_text(f"\n {json.dumps(records, indent=2)}" if as_list else f"\n {lines}")
    rows = Rows(harness="lm_eval", model="m", task="t")
    found = list(sample_records(path, rows))
    names = ["entry 1", "entry 2"] if as_list else ["line 2", "line 3"]
    assert found == list(zip(names, records, strict=True))
    assert not rows.notes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1]", "entry 1 is 1; expected a JSON object."),
        ('[{"doc_id": 0', "is not valid JSON"),
        ("5\n", "line 1 is 5; expected a JSON object."),
        ('"text"\n', "line 1 is 'text'; expected a JSON object."),
        ('{"doc_id": \n{}\n', "line 1 is not valid JSON"),
    ],
)
def test_broken_samples_are_an_error(content, message, tmp_path):
    path = tmp_path / "samples.json"
    path.write_text(content)
    with pytest.raises(ResultsError, match=message):
        list(sample_records(path, Rows(harness="lm_eval", model="m", task="t")))


@pytest.mark.parametrize("doc_id", [0, 7, -1, 10**40])
def test_the_item_is_called_by_its_doc_id(doc_id):
    assert item_of({"doc_id": doc_id}, "line 1") == str(doc_id)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"doc": 1, "target": 2}, "line 1 has no doc_id; it is a dict with keys 'doc', 'target'."),
        ({}, "line 1 has no doc_id; it is an empty dict."),
        ({"doc_id": "a"}, "doc_id in line 1 is 'a'; expected an integer."),
        ({"doc_id": True}, "doc_id in line 1 is True; expected an integer."),
        ({"doc_id": 1.5}, "doc_id in line 1 is 1.5; expected an integer."),
        ({"doc_id": None}, "doc_id in line 1 is None; expected an integer."),
    ],
    ids=str,
)
def test_an_item_without_a_number_is_an_error(record, message):
    with pytest.raises(ResultsError) as error:
        item_of(record, "line 1")
    assert str(error.value).startswith(message)
