"""The reader for lmms-eval: dates first, metrics that are dicts, token counts."""

import hashlib
import json
import math
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness import _lmms_eval, read_lmms_eval

DATE = "20260818_120102"


def fingerprint(text):
    """The first 64 bits of SHA-256."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:16], 16)


def record(doc_id, target="Yes", **others):
    """Make a line as version 0.7.2 writes it."""
    return {
        "doc_id": doc_id,
        "target": target,
        "filtered_resps": "yes",
        "token_counts": [None],
        "doc_hash": hashlib.sha256(b"null").hexdigest(),  # the same for all items
        "input": f"<image> question {doc_id}",
    } | others


def results_content(model="acme/eyes", **others):
    return {
        "results": {},
        "group_subtasks": {"mme": []},
        "versions": {"mme": "Yaml"},
        "n-shot": {"mme": 0},
        "config": {"model": "qwen2_5_vl", "model_args": f"pretrained={model}"},
        "model_source": "qwen2_5_vl",
        "model_name": model,
    } | others


@pytest.fixture
def write(tmp_path):
    def write_run(lines, task="mme", *, date=DATE, folder="acme__eyes", results=None):
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        if results is not False:
            content = results_content() if results is None else results
            (place / f"{date}_results.json").write_text(json.dumps(content))
        path = place / f"{date}_samples_{task}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    return write_run


def read_noting(paths, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = read_lmms_eval(paths, **options)
    assert all(issubclass(one.category, ResultsWarning) for one in caught)
    return frame, [str(one.message) for one in caught]


def read_metrics(write, **metrics):
    frame, _ = read_noting(write([record(0, always=1.0, **metrics)]))
    found = dict(zip(frame["metric"], frame["value"].tolist(), strict=True))
    del found["always"]
    return found


def test_a_run_is_read_with_all_that_is_known_of_it(write, tmp_path):
    counts = [{"input_tokens": 100, "output_tokens": 7, "reasoning_tokens": 5}]
    path = write([record(0, acc=1.0, token_counts=counts), record(5, "No", acc=0.0)])
    frame = read_lmms_eval(tmp_path)
    assert frame["item"].tolist() == ["0", "5"]
    assert frame["value"].tolist() == [1.0, 0.0]
    np.testing.assert_array_equal(frame["cost"], [107.0, np.nan])
    same = {
        "model": "acme/eyes",
        "task": "mme",
        "group": "mme",
        "metric": "acc",
        "filter": "none",
        "setting": "version=Yaml n-shot=0",
        "date": "2026-08-18T12-01-02",
        "harness": "lmms_eval",
        "source": str(path),
    }
    assert frame[list(same)].drop_duplicates().to_dict("records") == [same]
    prompts = [fingerprint(f"<image> question {doc_id}") for doc_id in (0, 5)]
    assert frame["prompt_hash"].tolist() == prompts


@pytest.mark.parametrize("key", ["score", "acc", "accuracy", "correct", "is_correct"])
@pytest.mark.parametrize(("value", "score"), [(0.5, 0.5), (True, 1.0), (2, 2.0)])
def test_a_dict_with_one_score_is_that_score(key, value, score, write):
    entries = {"question_id": 7, "category": "OCR", key: value, "rating": 3}
    assert read_metrics(write, mme_perception_score=entries) == {"mme_perception_score": score}


@pytest.mark.parametrize(
    ("entries", "metrics"),
    [
        ({"score": 0.5, "correct": True, "rating": 3}, {"m.score": 0.5, "m.correct": 1.0}),
        ({"rating": 3, "iou": 0.25, "note": "x"}, {"m.rating": 3.0, "m.iou": 0.25}),
        ({"gptScore": 0.5, "answer_score": 1}, {"m.gptScore": 0.5, "m.answer_score": 1.0}),
        ({"score": "good", "rating": 3}, {"m.rating": 3.0}),
        # Numbers that say which item it is, or what was answered, are not scores.
        (
            {"question_id": 5, "questionId": 5, "ID": 5, "video_idx": 1, "rating": 2},
            {"m.rating": 2},
        ),
        ({"pred": 3, "gt": 4, "parsed_pred": 3, "correct_answer": 4, "A": 1, "5": 1}, {}),
        ({"id": "v_1", "subdomain": "Art", "answer": "B", "parsed_pred": ["A"]}, {}),
        ({}, {}),
    ],
    ids=["several scores", "others", "names", "text", "ids", "answers", "mmmu", "empty"],
)
def test_a_dict_without_one_score_gives_a_metric_per_number_that_may_be_one(
    entries, metrics, write
):
    assert read_metrics(write, m=entries) == metrics


@pytest.mark.parametrize(
    "entries",
    [{"score": None, "rating": 3.0}, {"correct": math.nan}, {"acc": None, "question_id": 7}],
    ids=str,
)
def test_a_score_that_is_missing_is_nan_and_no_other_number(entries, write):
    found = read_metrics(write, m=entries)
    assert list(found) == ["m"]
    assert math.isnan(found["m"])


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"id": "v_1", "answer": "B", "parsed_pred": ["B"]}, "dicts without a score"),
        ([{"score": 1}], "lists"),
        ("B", "texts"),
    ],
)
def test_what_holds_no_score_is_left_out_and_counted_by_metric(value, kind, write):
    path = write([record(doc, acc=1.0, mmmu_acc=value) for doc in range(2)])
    frame, notes = read_noting(path)
    assert set(frame["metric"]) == {"acc"}
    assert notes == [
        "2 scores were left out since they are not a single number: metric 'mmmu_acc' holds "
        f"{kind}; first in {path}."
    ]


@pytest.mark.parametrize(
    ("counts", "cost"),
    [
        ([{"input_tokens": 3, "output_tokens": 4}, {"input_tokens": 5}], 12.0),
        ([None, {"output_tokens": 4}], 4.0),
        ([{"reasoning_tokens": 9}], np.nan),
        ([], np.nan),
        (None, np.nan),
        ("many", np.nan),
        ([{"input_tokens": -1, "output_tokens": 10**400}], np.nan),
        ([{"input_tokens": "3"}, 3], np.nan),
    ],
    ids=str,
)
def test_the_cost_is_the_tokens_of_all_requests(counts, cost, write):
    frame = read_lmms_eval(write([record(0, acc=1.0, token_counts=counts)]))
    np.testing.assert_array_equal(frame["cost"], [cost])


def test_the_content_tells_items_apart_and_the_harnesss_constant_hash_does_not(write, tmp_path):
    first = write([record(0, "A", acc=1.0), record(1, "A", acc=1.0)], folder="a")
    write([record(0, "A", acc=1.0), record(1, "B", acc=1.0)], folder="b")
    frame = read_lmms_eval(tmp_path)
    hashes = frame["content_hash"].to_numpy()
    assert frame["source"].tolist()[:2] == [str(first)] * 2
    assert hashes[0] == hashes[2]
    assert len({hashes[0], hashes[1], hashes[3]}) == 3


@pytest.mark.parametrize("target", [None, 5, "<PIL.Image.Image size=3x4 at 0x7F00>"], ids=str)
def test_targets_that_are_no_texts_say_nothing_of_the_content(target, write):
    frame = read_lmms_eval(write([record(0, target, acc=1.0, input=["not", "text"])]))
    assert frame[["content_hash", "prompt_hash"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("configs", "names"),
    [
        ({}, ["block0", "block1"]),
        ({"mme": {"filter_list": [{"name": "strict"}, {"name": "loose"}]}}, ["strict", "loose"]),
    ],
    ids=["no names", "names in the results file"],
)
def test_filters_without_names_are_split_where_doc_ids_start_again(configs, names, write):
    lines = [record(doc, acc=float(block)) for block in (0, 1) for doc in (0, 1)]
    frame, _ = read_noting(write(lines, results=results_content(configs=configs)))
    assert frame["filter"].tolist() == [name for name in names for _ in range(2)]
    assert frame["value"].tolist() == [0.0, 0.0, 1.0, 1.0]


def test_the_group_is_the_topmost_one_and_not_the_items_category(write):
    content = results_content(
        results={"suite": {"acc,none": 1.0}, "mme": {"acc,none": 1.0}},
        group_subtasks={"suite": ["mme"], "mme": []},
    )
    frame = read_lmms_eval(write([record(0, acc={"score": 1, "category": "x"})], results=content))
    assert frame["group"].tolist() == ["suite"]


@pytest.mark.parametrize(
    ("name", "source", "read"),
    [("acme/eyes__2", "qwen", "acme/eyes__2"), ("", "qwen", "qwen fps=1")],
    ids=["named", "unnamed"],
)
def test_the_results_file_names_the_model(name, source, read, write):
    args = f"pretrained={name},fps=1" if name else "fps=1"
    content = results_content(name, model_source=source, config={"model_args": args})
    frame, _ = read_noting(write([record(0, acc=1.0)], folder="out", results=content))
    assert frame["model"].tolist() == [read]


@pytest.mark.parametrize("results", [False, {"results": {}}], ids=["missing", "without a name"])
def test_without_a_name_the_model_is_called_after_the_folder_and_it_is_noted(results, write):
    frame, notes = read_noting(write([record(0, acc=1.0)], results=results))
    assert frame["model"].tolist() == ["acme__eyes"]
    assert "have no results file of their run" in notes[0]


@pytest.mark.parametrize(
    ("name", "task", "date"),
    [
        ("20260818_120102_samples_mme.jsonl", "mme", "2026-08-18T12-01-02"),
        ("20260818_120102_samples_a_samples_b.jsonl", "a_samples_b", "2026-08-18T12-01-02"),
        ("0818_1201_samples_mmbench_en_dev.jsonl", "mmbench_en_dev", "0818_1201"),
    ],
)
def test_the_name_of_a_file_tells_the_task_and_the_date(name, task, date, write):
    path = write([record(0, acc=1.0)], results=False)
    frame, _ = read_noting(path.rename(path.with_name(name)))
    assert frame[["task", "date"]].to_numpy().tolist() == [[task, date]]


@pytest.mark.parametrize(
    "name",
    ["20260818_120102_results.json", "samples_mme_2026-11-22.jsonl", "x_samples_mme.jsonl"],
)
def test_other_files_are_passed_over(name, tmp_path):
    (tmp_path / name).write_text("{}")
    with pytest.raises(ResultsError) as error:
        read_lmms_eval(tmp_path)
    assert "There is no file <date>_samples_<task>.jsonl among the 1 files of" in str(error.value)


def test_a_file_of_another_name_is_an_error_of_the_parser(tmp_path):
    with pytest.raises(ResultsError, match="is not called <date>_samples_"):
        _lmms_eval.parse(tmp_path / "x.jsonl")


def test_an_offset_is_a_part_of_the_task(write):
    content = results_content(config={"model_args": "pretrained=a", "offset": 2, "limit": None})
    content["n-samples"] = {"mme": {"original": 4, "effective": 4}}
    frame, notes = read_noting(write([record(2, acc=1.0), record(3, acc=1.0)], results=content))
    assert len(frame) == 2
    assert [note.split(" (")[0] for note in notes] == ["1 files cover only part of their task"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"target": "Yes", "acc": 1.0}, "line 1 has no doc_id"),
        (record(0) | {"doc_id": "v_1"}, "doc_id in line 1 is 'v_1'; expected an integer."),
        (["text"] * 30, "line 1 is a list of 'text'"),
    ],
    ids=["no doc_id", "text", "list"],
)
def test_malformed_lines_are_errors_that_name_them(line, message, write):
    path = write([])
    path.write_text(" " * 64 + json.dumps(line))
    with pytest.raises(ResultsError, match=message):
        read_lmms_eval(path)


ANY_CHARACTER = st.characters(exclude_categories=())  # halves of characters among them
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(ANY_CHARACTER),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutation=st.dictionaries(st.sampled_from([*record(0), "acc", "m"]), json_values, max_size=4))
def test_whatever_a_line_holds_it_is_read_or_refused(mutation, write):
    path = write([record(0, always=1.0) | mutation])
    try:
        frame, _ = read_noting(path)
    except ResultsError as error:
        message = str(error)
    else:
        message = f"{path}"
        assert not np.isinf(frame["value"]).any()
    assert str(path) in message
