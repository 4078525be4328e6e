"""Logs of Inspect, of every kind and age, as the long table."""

import json
import math
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness import read_inspect
from sklearn_sparseeval.harness.inspect import HARNESS

HEADER, START, SUMMARIES = "header.json", "_journal/start.json", "summaries.json"


def sample(id, scores, epoch=1, **fields):
    """Make a sample; scores are given by scorer, as values."""
    return {
        "id": id,
        "epoch": epoch,
        "input": f"Question {id}?",
        "target": "yes",
        "scores": {name: {"value": value, "answer": "x"} for name, value in scores.items()},
        "model_usage": {"acme/one": {"input_tokens": 5, "output_tokens": 6, "total_tokens": 11}},
        **fields,
    }


def log(samples, header=(), **spec):
    """Make a log; what is given by name goes into its "eval"."""
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "created": "2026-11-22T10:46:37+00:00",
            "task": "sums",
            "task_version": 0,
            "model": "acme/one",
            "dataset": {"name": "demo", "shuffled": False},
            **spec,
        },
        **dict(header),
        "samples": samples,
    }


def write_json(folder, content, name="log.json"):
    path = folder / name
    path.write_text(json.dumps(content))
    return path


def write_archive(folder, members, name="log.eval"):
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            archive.writestr(member, raw)
    return path


def parts(content):
    return {key: value for key, value in content.items() if key != "samples"}, content["samples"]


def write_summaries(folder, content):
    header, samples = parts(content)
    full = [(f"samples/{one['id']}_epoch_{one['epoch']}.json", b"not needed") for one in samples]
    return write_archive(folder, [(START, {}), *full, (SUMMARIES, samples), (HEADER, header)])


def write_samples(folder, content):
    header, samples = parts(content)
    full = [(f"samples/{one['id']}_epoch_{one['epoch']}.json", one) for one in samples]
    return write_archive(folder, [*full, (HEADER, header)])


def write_journal(folder, content):
    """Write what is left of a run that was killed: no header, summaries in blocks."""
    header, samples = parts(content)
    blocks = [(f"_journal/summaries/{n}.json", [one]) for n, one in enumerate(samples, start=1)]
    return write_archive(folder, [(START, header), *reversed(blocks)])


WRITERS = [write_json, write_summaries, write_samples, write_journal]
every_format = pytest.mark.parametrize("write", WRITERS)


def read(folder, samples, header=(), **spec):
    return read_inspect(write_json(folder, log(samples, header, **spec)))


def values_of(table):
    return dict(zip(zip(table["item"], table["metric"], strict=True), table["value"], strict=True))


@every_format
def test_every_format_gives_the_same_rows(tmp_path, write):
    samples = [
        sample("q/1", {"match": "C", "judge": {"a": 0.5, "b": math.nan}}),
        sample("q/1", {"match": "I", "judge": {"a": 1, "b": 2}}, epoch=2),
        sample(7, {"match": "P", "judge": {"a": 0, "b": 0.25}}),
    ]
    table = read_inspect(write(tmp_path, log(samples)))
    rows = zip(table["item"], table["epoch"], table["metric"], table["value"], strict=True)
    assert [tuple(row) for row in rows] == [
        ("q/1", 1, "match", 1.0),
        ("q/1", 1, "judge.a", 0.5),
        ("q/1", 1, "judge.b", pytest.approx(math.nan, nan_ok=True)),
        ("q/1", 2, "match", 0.0),
        ("q/1", 2, "judge.a", 1.0),
        ("q/1", 2, "judge.b", 2.0),
        ("7", 1, "match", 0.5),
        ("7", 1, "judge.a", 0.0),
        ("7", 1, "judge.b", 0.25),
    ]
    for name, value in {
        "model": "acme/one",
        "task": "sums",
        "group": "sums",
        "filter": "none",
        "cost": 11.0,
        "setting": "version=0",
        "date": "2026-11-22T10:46:37+00:00",
        "harness": "inspect",
    }.items():
        assert set(table[name]) == {value}
    assert table["content_hash"].notna().all()
    assert table["content_hash"].nunique() == 2
    assert table["prompt_hash"].isna().all()


def test_what_is_no_number_is_left_out_and_counted(tmp_path):
    samples = [sample(n, {"match": "C", "odd": f"no {n}", "list": [1, 2]}) for n in range(3)]
    with pytest.warns(ResultsWarning) as caught:
        table = read(tmp_path, samples)
    assert set(table["metric"]) == {"match"}
    assert sorted(str(one.message).split(";")[0] for one in caught) == [
        f"3 scores are not numbers and are left out: scorer {scorer} of task 'sums' gives {shown}"
        for scorer, shown in [("'list'", "a list of 1, 2"), ("'odd'", "'no 0'")]
    ]


def test_what_is_no_number_for_one_sample_only_is_empty_there(tmp_path):
    samples = [sample("a", {"judge": "C"}), sample("b", {"judge": "maybe"})]
    with pytest.warns(ResultsWarning, match="1 scores are not numbers .*'judge'.* gives 'maybe'"):
        table = read(tmp_path, samples)
    np.testing.assert_equal(values_of(table), {("a", "judge"): 1.0, ("b", "judge"): math.nan})


def test_reasons_beside_marks_are_left_out_without_a_word(tmp_path):
    table = read(tmp_path, [sample("a", {"judge": {"mark": 0.5, "reason": "It is good."}})])
    assert values_of(table) == {("a", "judge.mark"): 0.5}


@pytest.mark.parametrize("ids", [["007", "7", 8], ["a b", "*", "é"], [-1, 0, 10**30]], ids=str)
def test_ids_stay_as_they_are_written(tmp_path, ids):
    table = read(tmp_path, [sample(id, {"match": "C"}) for id in ids])
    assert list(table["item"]) == [str(id) for id in ids]


@every_format
def test_of_a_sample_that_was_run_again_the_last_counts(tmp_path, write):
    samples = [sample("a", {"match": "I"}), sample("b", {"match": "P"})]
    again = sample("a", {"match": "C"})
    with warnings.catch_warnings():
        # zipfile warns where the test writes the log, not where it is read.
        warnings.filterwarnings("ignore", "Duplicate name")
        path = write(tmp_path, log([*samples, again]))
    assert values_of(read_inspect(path)) == {("a", "match"): 1.0, ("b", "match"): 0.5}


ERROR = {"message": "boom", "traceback": "...", "traceback_ansi": "..."}


@every_format
@pytest.mark.parametrize("scores", [{}, {"match": "C", "judge": {"a": 1.0}}], ids=["none", "some"])
@pytest.mark.parametrize("error", ["boom", ERROR], ids=["in-summary", "in-sample"])
def test_samples_with_errors_are_not_scored(tmp_path, write, scores, error):
    samples = [sample("a", {"match": "C", "judge": {"a": 0.5}}), sample("b", scores, error=error)]
    path = write(tmp_path, log(samples, config={"score_on_error": False}))
    with pytest.warns(ResultsWarning, match="1 samples stopped with an error and count as not"):
        table = read_inspect(path)
    np.testing.assert_equal(
        values_of(table),
        {
            ("a", "match"): 1.0,
            ("a", "judge.a"): 0.5,
            ("b", "match"): math.nan,
            ("b", "judge.a"): math.nan,
        },
    )


def test_samples_with_errors_count_where_the_run_was_asked_to_score_them(tmp_path):
    samples = [sample("a", {"match": "C"}, error="boom")]
    table = read(tmp_path, samples, config={"score_on_error": True})
    assert values_of(table) == {("a", "match"): 1.0}


@pytest.mark.parametrize("write", [write_json, write_samples])
def test_invalidated_samples_are_not_scored(tmp_path, write):
    samples = [
        sample("a", {"match": "C"}),
        sample("b", {"match": "C"}, invalidation={"author": "me", "reason": "leak"}),
    ]
    path = write(tmp_path, log(samples, header={"invalidated": True}))
    with pytest.warns(ResultsWarning, match="1 samples were invalidated and count as not scored"):
        table = read_inspect(path)
    np.testing.assert_equal(values_of(table), {("a", "match"): 1.0, ("b", "match"): math.nan})


@pytest.mark.parametrize("scores", [{}, None], ids=["empty", "null"])
def test_samples_without_a_score_are_counted(tmp_path, scores):
    samples = [sample("a", {"match": "C"}), sample("b", {}) | {"scores": scores}]
    with pytest.warns(ResultsWarning, match="1 samples have no score; in"):
        table = read(tmp_path, samples)
    np.testing.assert_equal(values_of(table), {("a", "match"): 1.0, ("b", "match"): math.nan})


@pytest.mark.parametrize("status", ["error", "cancelled", "started"])
def test_what_unfinished_runs_hold_is_read(tmp_path, status):
    path = write_json(tmp_path, log([sample("a", {"match": "C"})]) | {"status": status})
    with pytest.warns(ResultsWarning, match=f"1 logs .* did not end well \\(status '{status}'\\)"):
        assert len(read_inspect(path)) == 1


def test_models_of_one_name_and_other_arguments_are_kept_apart(tmp_path):
    for n, args in enumerate([{}, {"device": "cpu"}, {"revision": "step100"}]):
        write_json(tmp_path, log([sample("a", {"match": "C"})], model_args=args), f"{n}.json")
    with pytest.warns(ResultsWarning, match="2 different models are called 'acme/one'"):
        models = list(read_inspect(tmp_path)["model"])
    assert models[0] == models[1] != models[2]


def test_a_run_that_was_killed_did_not_end_well(tmp_path):
    content = log([sample("a", {"match": "C"})])
    del content["status"]
    with pytest.warns(ResultsWarning, match="status 'started'"):
        assert len(read_inspect(write_journal(tmp_path, content))) == 1


@pytest.mark.parametrize("samples", [[], None], ids=["empty", "null"])
def test_logs_without_samples_are_counted(tmp_path, samples):
    write_json(tmp_path, log(samples), "a.json")
    write_json(tmp_path, log([sample("a", {"match": "C"})]), "b.json")
    with pytest.warns(ResultsWarning, match=r"1 logs hold no samples; in .*a\.json"):
        assert len(read_inspect(tmp_path)) == 1


@pytest.mark.parametrize(
    ("results", "name"),
    [
        ({"scorer": {"name": "match"}}, "match"),
        ({"scores": [{"name": "includes"}]}, "includes"),
        ({"scores": [None, {}, {"name": "second"}]}, "second"),
        ({"scores": 1}, "score"),
        (None, "score"),
    ],
    ids=str,
)
def test_old_logs_have_one_score_without_a_name(tmp_path, results, name):
    old = sample("a", {})
    del old["scores"]
    old["score"] = {"value": "C", "answer": "2"}
    table = read(tmp_path, [old], header={"results": results})
    assert values_of(table) == {("a", name): 1.0}


SHUFFLED = {"dataset": {"name": "demo", "shuffled": True}}


def test_numbers_for_ids_in_shuffled_datasets_are_told(tmp_path):
    with pytest.warns(ResultsWarning, match="1 logs are of shuffled datasets"):
        read(tmp_path, [sample(1, {"match": "C"})], **SHUFFLED)


@pytest.mark.parametrize("spec", [SHUFFLED, {"dataset": None}, {"dataset": {}}], ids=str)
def test_texts_for_ids_are_fine_however_the_dataset_is(tmp_path, spec):
    assert len(read(tmp_path, [sample("1", {"match": "C"})], **spec)) == 1


TEN, FIVE = {"total_tokens": 10}, {"total_tokens": 5}


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"acme/one": TEN}, 10.0),
        ({"acme/one": TEN, "acme/grader": FIVE}, 15.0),
        ({"acme/one": TEN, "acme/grader": {}}, math.nan),
        ({"acme/one": {"total_tokens": -1}}, math.nan),
        ({"acme/one": {"total_tokens": 10**400}}, math.nan),
        ({"acme/one": {"total_tokens": 0}}, math.nan),
        ({"acme/one": 3}, math.nan),
        ({}, math.nan),
        (None, math.nan),
    ],
    ids=lambda value: str(value)[:40],
)
def test_cost_is_the_tokens_of_all_models(tmp_path, usage, cost):
    table = read(tmp_path, [sample("a", {"match": "C"}, model_usage=usage)])
    np.testing.assert_equal(table["cost"].to_numpy(), np.float32([cost]))


MALFORMED = {
    "no-model": (log([], model=None), "'eval.model' is None; expected a name"),
    "no-sample": (log([3]), "sample 1 is 3; expected a JSON object with id, epoch"),
    "no-scores": (
        log([sample("a", {}) | {"scores": ["C"]}]),
        "'scores' of sample 'a' is a list of 'C'; expected a JSON object",
    ),
    "id": (log([sample("\ud800", {"m": 1})]), "has the name '\\ud800', which is not valid Unicode"),
    "task": (log([], task="\ud800"), "has the name '\\ud800', which is not valid Unicode"),
}


@pytest.mark.parametrize(("content", "message"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_logs_are_told_with_their_path(tmp_path, content, message):
    path = write_json(tmp_path, content)
    with pytest.raises(ResultsError) as caught:
        read_inspect(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_a_log_has_to_say_what_was_run(tmp_path):
    with pytest.raises(ResultsError, match="'eval' is an empty list; expected a JSON object"):
        HARNESS.parse(write_json(tmp_path, log([]) | {"eval": []}))


def test_a_cut_off_archive_is_told_or_left_out(tmp_path):
    whole = write_summaries(tmp_path, log([sample("a", {"match": "C"})]))
    cut = tmp_path / "cut.eval"
    cut.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(ResultsError, match=r"cut\.eval: is not a zip archive, or is cut off"):
        read_inspect(tmp_path)
    with pytest.warns(ResultsWarning, match="1 files that cannot be read were left out"):
        assert len(read_inspect(tmp_path, on_error="skip")) == 1


@pytest.mark.parametrize(
    ("name", "content", "is_log"),
    [
        ("a.eval", b"anything", True),
        ("a.json", b'{"version":2,"status":"success","eval":{}}', True),
        ("b.json", b'\xef\xbb\xbf\n{ "version" : 1, "status" : "error", "eval" : {', True),
        ("c.json", b'{"version": 2, "status": "done", "eval": {}}', False),
        ("d.json", b'{"results": {}, "version": 2, "status": "success", "eval": {}}', False),
        ("e.json", b"", False),
        ("f.json", b" " * 600 + b'{"version":2,"status":"success","eval":{}}', False),
        ("g.jsonl", b'{"version":2,"status":"success","eval":{}}', False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_logs_are_recognised(tmp_path, name, content, is_log):
    path = tmp_path / name
    path.write_bytes(content)
    assert HARNESS.result_files([path]) == [path] * is_log


def test_folders_without_logs_are_told(tmp_path):
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(ResultsError, match="no log of Inspect among the 1 files given; expected"):
        read_inspect(tmp_path)


def test_several_processes_give_the_same_table(tmp_path):
    for number in range(3):
        content = log([sample("a", {"match": "C"})], model=f"acme/{number}")
        write_json(tmp_path, content, f"{number}.json")
    pd.testing.assert_frame_equal(read_inspect(tmp_path), read_inspect(tmp_path, n_jobs=2))


SCALARS = st.sampled_from(["C", "I", "P", "N", 0.5, 1, True, None, math.nan])
SCORES = st.fixed_dictionaries({"match": SCALARS, "judge": st.dictionaries(st.text(), SCALARS)})


@settings(max_examples=50, deadline=None)
@given(
    scores=st.dictionaries(
        st.tuples(st.text("ab/[*é", min_size=1) | st.integers(), st.integers(1, 9)),
        SCORES,
        min_size=1,
    ).filter(lambda scores: len({(str(id), epoch) for id, epoch in scores}) == len(scores))
)
def test_formats_agree_on_whatever_they_hold(tmp_path_factory, scores):
    content = log([sample(id, values, epoch) for (id, epoch), values in scores.items()])
    folder = tmp_path_factory.getbasetemp()
    tables = [
        read_inspect(write(folder, content)).drop(columns="source")
        for write in (write_json, write_summaries, write_samples)
    ]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])
    assert len(tables[0]) >= len(scores)


@pytest.mark.parametrize("target", ["nothing", "log.json"])
def test_a_link_to_nothing_is_no_log(tmp_path, target):
    link = tmp_path / "log.json"
    link.symlink_to(tmp_path / target)
    assert HARNESS.result_files([link]) == []
