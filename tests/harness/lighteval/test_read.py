"""Details are written as lighteval 0.13 does (asdict of doc, metric, model_response), or before."""

import json
import math

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness import read_lighteval
from sklearn_sparseeval.harness.lighteval import HARNESS
from sklearn_sparseeval.harness.lighteval import _read as _lighteval
from sklearn_sparseeval.harness.table import COLUMNS

DATE = "2026-05-05T17-54-23.000001"


def make_row(identifier, metric, query="1 + 1 = ?", choices=("1", "2"), gold=1, **response):
    """A detail as `asdict` makes it of lighteval.logging.info_loggers.DetailsLogger.Detail."""
    doc = {"query": query, "choices": list(choices), "gold_index": gold, "instruction": None}
    doc |= {"id": identifier, "task_name": "sums|5", "num_samples": 1, "specific": None}
    response = {"input": "Q", "input_tokens": [], "output_tokens": [], "logprobs": []} | response
    return {"doc": doc, "metric": metric, "model_response": response}


@pytest.fixture
def write(tmp_path):
    """Write a details file, and the results file of its run, below tmp_path."""

    def write_details(rows, task="sums|5", model="acme/one", results=True, schema=None):
        folder = tmp_path / "details" / model / DATE
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"details_{task}_{DATE}.parquet"
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows, schema=schema)
        pq.write_table(table, path)
        if results:
            beside = tmp_path / "results" / model / f"results_{DATE}.json"
            beside.parent.mkdir(parents=True, exist_ok=True)
            general = {"model_name": model, "model_config": {"model_name": model}}
            beside.write_text(json.dumps({"config_general": general, "versions": {task: 0}}))
        return path

    return write_details


def read(path):
    return read_lighteval(path, progress=False)


def cells(frame, metric):
    chosen = frame[frame["metric"] == metric]
    return dict(zip(chosen["item"].astype(str), chosen["value"], strict=True))


def test_reads_details(write, tmp_path):
    path = write([make_row("17", {"em": 1.0, "acc": 0}), make_row("3", {"em": 0.0, "acc": 1})])
    frame = read(tmp_path)
    assert tuple(frame.columns) == COLUMNS
    assert frame.iloc[0].drop(["cost", "content_hash", "prompt_hash"]).to_dict() == {
        "model": "acme/one",
        "task": "sums",
        "item": "17",
        "metric": "em",
        "filter": "none",
        "epoch": 1,
        "value": 1.0,
        "group": "sums",
        "setting": "n-shot=5 version=0",
        "date": DATE,
        "harness": "lighteval",
        "source": str(path),
    }
    assert cells(frame, "em") == {"17": 1.0, "3": 0.0}
    assert cells(frame, "acc") == {"17": 0.0, "3": 1.0}
    assert frame["prompt_hash"].isna().all()


def test_columns_may_be_called_as_the_documentation_says(write):
    rows = [{f"__{name}__": value for name, value in make_row("7", {"em": 1.0}).items()}]
    assert cells(read(write(rows)), "em") == {"7": 1.0}


def test_subtasks_are_a_group(write, tmp_path):
    for subject in ("anatomy", "virology"):
        write([make_row("0", {"acc": 1.0})], f"mmlu:{subject}|5")
    frame = read_lighteval(tmp_path, n_jobs=2, progress=False)
    assert set(frame["task"]) == {"mmlu:anatomy", "mmlu:virology"}
    assert set(frame["group"]) == {"mmlu"}
    pd.testing.assert_frame_equal(frame, read(tmp_path))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 1.0), (0.25, 0.25), (True, 1.0), (False, 0.0), ([True, False], 0.5)],
)
def test_numbers_and_bools_are_scores(write, value, expected):
    assert cells(read(write([make_row("0", {"m": value})])), "m") == {"0": expected}


@pytest.mark.parametrize("value", [None, math.nan], ids=["null", "nan"])
def test_a_missing_number_is_not_scored(write, value):
    frame = read(write([make_row("0", {"m": value}), make_row("1", {"m": 1.0})]))
    assert math.isnan(cells(frame, "m")["0"])
    assert cells(frame, "m")["1"] == 1.0


def test_a_metric_of_nothing_but_nulls_is_not_scored(write):
    frame = read(write([make_row("0", {"m": None, "em": 1.0})]))
    assert math.isnan(cells(frame, "m")["0"])


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"golds": ["a"], "preds": ["b"]}, "struct"),  # GenerativeCorpusMetricInput
        ([1, 2], "list"),
        ("1.0", "string"),
    ],
)
def test_what_is_no_number_is_refused_by_name_and_counted(write, value, kind):
    rows = [make_row(str(n), {"bleu": value, "em": 1.0}) for n in range(3)]
    with pytest.warns(ResultsWarning, match=f"3 scores were left out .* 'bleu' holds a {kind}"):
        frame = read(write(rows))
    assert set(frame["metric"]) == {"em"}


def test_infinite_scores_are_refused(write):
    rows = [make_row("0", {"em": math.inf}), make_row("1", {"em": 1.0})]
    with pytest.warns(ResultsWarning, match="metric 'em' holds a float"):
        assert cells(read(write(rows)), "em") == {"1": 1.0}


def test_if_no_metric_is_a_number_no_file_holds_a_score(write):
    path = write([make_row("0", {"bleu": {"golds": ["a"]}})])
    with (
        pytest.warns(ResultsWarning, match="'bleu' holds a struct"),
        pytest.raises(ResultsError, match="None of the 1 files"),
    ):
        read(path)


def test_ids_that_repeat_are_told_apart_in_order(write):
    rows = [make_row(one, {"em": v}) for one, v in (("5", 0.0), ("6", 1.0), ("5", 0.5), ("5", 1.0))]
    with pytest.warns(ResultsWarning, match="2 items share their id with another one"):
        frame = read(write(rows))
    assert cells(frame, "em") == {"5": 0.0, "6": 1.0, "5#2": 0.5, "5#3": 1.0}


@pytest.mark.parametrize("identifier", ["", None, 1.5, True])
def test_a_row_without_id_is_refused(write, identifier):
    path = write([make_row(identifier, {"em": 1.0})])
    with pytest.raises(ResultsError, match="row 0 has no id but"):
        read(path)


def test_ids_may_be_numbers(write):
    assert set(read(write([make_row(12, {"em": 1.0})]))["item"]) == {"12"}


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ({}, True),
        ({"query": "1 + 2 = ?"}, False),
        ({"choices": ("2", "1")}, False),
        ({"gold": 0}, False),
    ],
)
def test_content_is_question_choices_and_gold(write, other, is_same):
    rows = [make_row("0", {"em": 1.0}), make_row("1", {"em": 1.0}, **other)]
    hashes = read(write(rows))["content_hash"]
    assert hashes.notna().all()
    assert (hashes[0] == hashes[1]) == is_same


def test_one_gold_answer_is_a_list_of_one(write):
    first = read(write([make_row("0", {"em": 1.0}, gold=1)]))["content_hash"][0]
    assert read(write([make_row("0", {"em": 1.0}, gold=[1])]))["content_hash"][0] == first


@pytest.mark.parametrize("doc", [{"id": "0"}, {"id": "0", "query": None, "choices": ["a"]}])
def test_without_a_question_the_content_is_not_recorded(write, doc):
    frame = read(write([{"doc": doc, "metric": {"em": 1.0}}]))
    assert frame["content_hash"].isna().all()


@pytest.mark.parametrize(
    ("read_tokens", "written", "cost"),
    [
        ([1, 2, 3], [[4, 5]], 5),
        ([[1, 2, 3]], [[4], [5], [6], [7]], 7),
        ([1, 2, 3], [], 3),
        ([], [[4, 5]], math.nan),  # an interface that does not say
        (None, None, math.nan),
    ],
)
def test_cost_is_what_was_read_and_written(write, read_tokens, written, cost):
    row = make_row("0", {"em": 1.0}, input_tokens=read_tokens, output_tokens=written)
    assert read(write([row]))["cost"][0] == pytest.approx(cost, nan_ok=True)


def test_cost_is_not_recorded_without_tokens(write):
    row = make_row("0", {"em": 1.0})
    row["model_response"] = {"text": ["2"]}
    assert math.isnan(read(write([row]))["cost"][0])


def make_flat_row(metrics, example="1 + 1 = ?"):
    """A detail of lighteval before 0.11, and of the Open LLM Leaderboard v1."""
    return {
        "example": example,
        "full_prompt": f"Q: {example}",
        "metrics": metrics,
    }


ROWS = "1 details files hold no ids of items: their items are named by the number of their row"


VALUES = [(True, 1.0), (False, math.nan)]


def flat_columns(names):
    return [{"question": "1 + 1 = ?", "gold": 1} | dict(zip(names, v, strict=True)) for v in VALUES]


@pytest.mark.parametrize(
    "rows",
    [
        [make_flat_row({"acc": acc, "acc_norm": norm}) for acc, norm in VALUES],
        [make_flat_row(str({"acc": acc, "acc_norm": norm})) for acc, norm in VALUES],
        flat_columns(("metrics.acc", "metrics.acc_norm")),
        flat_columns(("acc", "acc_norm")),
    ],
    ids=["struct", "text", "dotted", "columns"],
)
def test_details_without_ids_are_named_by_row(write, rows):
    with pytest.warns(ResultsWarning, match=ROWS):
        frame = read(write(rows, "harness|arc:challenge|25"))
    assert cells(frame, "acc") == {"0": 1.0, "1": 0.0}
    assert cells(frame, "acc_norm")["0"] == 1.0
    assert math.isnan(cells(frame, "acc_norm")["1"])
    assert set(frame["metric"]) == {"acc", "acc_norm"}
    assert frame["task"][0] == "harness|arc:challenge"
    assert frame["content_hash"].nunique() == 1


def test_details_without_ids_are_checked_by_the_question(write):
    rows = [make_flat_row({"em": 1.0}, example) for example in ("a", "b", "a")]
    with pytest.warns(ResultsWarning, match=ROWS):
        hashes = read(write(rows))["content_hash"]
    assert hashes[0] == hashes[2] != hashes[1]


def test_details_without_ids_and_questions_are_said_to_be_unchecked(write):
    with pytest.warns(ResultsWarning, match="and nothing tells whether that is the same item"):
        frame = read(write([{"metrics": {"em": 1.0}}]))
    assert frame["content_hash"].isna().all()


@pytest.mark.parametrize(
    "text",
    ["{'acc': 1", "[1]", "{'acc': np.float64(1)}", "__import__('os')", "(" * 5000, "{" * 100_001],
    ids=range(6),
)
def test_metrics_that_are_no_dict_are_left_out(write, text):
    rows = [make_flat_row(text), make_flat_row("{'acc': 1}")]
    left_out = "1 rows were left out since their metrics are a text"
    with pytest.warns(ResultsWarning, match=ROWS), pytest.warns(ResultsWarning, match=left_out):
        frame = read(write(rows))
    assert cells(frame, "acc") == {"1": 1.0}


def test_metrics_in_a_text_that_are_no_number_are_refused(write):
    refused = "metric 'bleu' holds a dict"
    with pytest.warns(ResultsWarning, match=ROWS), pytest.warns(ResultsWarning, match=refused):
        frame = read(write([make_flat_row(str({"bleu": {"golds": ["nan"]}, "em": 0.5}))]))
    assert cells(frame, "em") == {"0": 0.5}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"a": 1, "b": 2}], "has the columns 'a', 'b'; expected 'doc' and 'metric', or 'example'"),
        ([{"doc": "x", "metric": {"em": 1}}], "has a column 'doc' of 'string'; expected a struct"),
        ([{"doc": {"id": "1"}, "metric": 1.0}], "has a column 'metric' of 'double'"),
        ([{"doc": {"query": "x"}, "metric": {"em": 1}}], "has no column 'doc.id'"),
        ([{"doc": {"id": "1"}, "metric": {"em": 1}, "model_response": 3}], "column 'model_resp"),
        ([make_flat_row([1])], "row 0 has no metrics but a list of 1"),
    ],
    ids=range(6),
)
def test_files_of_other_columns_are_refused_and_named(write, rows, message):
    path = write(rows)
    with pytest.raises(ResultsError, match=message) as caught:
        HARNESS.parse(path)
    assert str(path) not in str(caught.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (make_row("1", None), "has no metrics but None"),
        ({"metric": {"em": 1.0}}, "has no id but ''"),
    ],
)
def test_a_row_without_metrics_or_doc_is_refused(write, row, message):
    with pytest.raises(ResultsError, match=f"row 1 {message}"):
        read(write([make_row("0", {"em": 1.0}), row]))


def test_a_response_may_be_missing(write):
    path = write(
        [make_row("0", {"em": 1.0}) | {"model_response": None}, make_row("1", {"em": 0.0})]
    )
    assert cells(read(path), "em") == {"0": 1.0, "1": 0.0}


@pytest.mark.parametrize("keep", [0, 4, 100, -1], ids=["empty", "magic", "part", "almost"])
def test_files_that_were_cut_off_are_refused(write, keep):
    path = write([make_row("0", {"em": 1.0})])
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ResultsError, match="cannot be read as parquet") as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_texts_that_are_no_utf_8_are_refused(write):
    table = pa.table({"metrics.acc": [1.0], "example": pa.array([b"\xff"]).view(pa.string())})
    with pytest.raises(ResultsError, match=r"cannot be read as parquet .*can't decode byte 0xff"):
        read(write(table))


@pytest.mark.parametrize("nth", range(2))
def test_damaged_statistics_do_not_end_the_process(write, nth):
    path = write([make_row("0", {"em": 1.0})])
    content = path.read_bytes()
    at = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for _ in range(nth + 1):
        at = content.index(b"\x25\x02", at + 1)  # in the schema: may be missing
    path.write_bytes(content[:at] + b"\x25\x00" + content[at + 2 :])
    with pytest.raises(ResultsError, match=r"cannot be read as parquet .* histogram size"):
        read(path)


def test_bad_files_can_be_skipped(write, tmp_path):
    write([make_row("0", {"em": 1.0})])
    write([{"a": 1}], "other|0")
    with pytest.warns(ResultsWarning, match="1 files that cannot be read were left out"):
        frame = read_lighteval(tmp_path, on_error="skip", progress=False)
    assert set(frame["task"]) == {"sums"}


def test_too_many_rows_are_refused(write, monkeypatch):
    monkeypatch.setattr(_lighteval, "_MOST_ROWS", 1)
    path = write([make_row(str(n), {"em": 1.0}) for n in range(2)])
    with pytest.raises(ResultsError, match="holds 2 rows; expected at most 1"):
        read(path)


@pytest.mark.parametrize("size", [1 << 28, 100_000, 1], ids=["usual", "small", "single"])
def test_rows_are_read_in_batches(write, monkeypatch, size):
    monkeypatch.setattr(_lighteval, "_BATCH_BYTES", size)
    rows = [make_row(str(n), {"em": float(n % 2)}, query="q" * n) for n in range(600)]
    frame = read(write(rows))
    assert cells(frame, "em") == {str(n): float(n % 2) for n in range(600)}


def test_a_folder_without_details_says_what_is_looked_for(tmp_path):
    with pytest.raises(ResultsError, match=r"No details of lighteval are under .*--save-details"):
        read(tmp_path)


def test_result_files_are_known_by_name(write, tmp_path):
    path = write([make_row("0", {"em": 1.0})])
    assert HARNESS.result_files(
        [path, tmp_path / "results.parquet", path.with_suffix(".json")]
    ) == [path]


ODD = st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=3)
ODD_ROW = st.fixed_dictionaries(
    {},
    optional={
        "doc": st.fixed_dictionaries({"id": st.text(max_size=2)}, optional={"query": st.text()}),
        "metric": st.dictionaries(st.sampled_from(["em", "a.b", ""]), ODD | st.lists(ODD)),
        "metrics": st.dictionaries(st.sampled_from(["em", "acc"]), ODD) | ODD,
        "acc": ODD,
        "example": ODD,
        "model_response": st.fixed_dictionaries({"input_tokens": st.lists(st.integers(0, 9))}),
    },
)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(ODD_ROW, max_size=3))
def test_any_table_is_read_or_refused(rows, tmp_path_factory):
    try:
        table = pa.Table.from_pylist(rows)
    except (pa.ArrowException, TypeError, ValueError):
        return
    path = tmp_path_factory.mktemp("m") / f"details_t|0_{DATE}.parquet"
    try:
        pq.write_table(table, path)
    except pa.ArrowException:
        return
    try:
        found = HARNESS.parse(path)
    except ResultsError:
        return
    assert len(found.columns().value) == len(found)
