"""Both formats of Inspect's logs, their malformed kinds, and what is told of an item's content."""

import json
import zipfile

import pytest

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval._fingerprint import NOT_RECORDED
from sklearn_sparseeval.harness.inspect._log import Sample, read_log

HEADER, SUMMARIES = "header.json", "summaries.json"
SAMPLE = {"id": "a", "epoch": 1, "input": "Why?", "target": "x", "scores": {"m": {"value": "C"}}}
READ = Sample("a", 1, {"m": "C"}, False, False, None, NOT_RECORDED)


def write_json(folder, content):
    path = folder / "log.json"
    path.write_text(json.dumps(content))
    return path


def write_archive(folder, members):
    path = folder / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            archive.writestr(member, raw)
    return path


def read_sample(folder, **changes):
    """Read a log of one sample, which is changed."""
    (sample,) = read_log(write_json(folder, {"samples": [SAMPLE | changes]})).samples
    return sample


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"id": 7}, {"id": 7}),
        ({"error": "boom"}, {"has_error": True}),
        ({"error": {"message": "boom"}}, {"has_error": True}),
        ({"error": None, "invalidation": None}, {}),
        ({"invalidation": {"author": "me"}}, {"is_invalidated": True}),
        ({"model_usage": {"a": {}}}, {"usage": {"a": {}}}),
        ({"scores": {"m": 3, "n": {}}}, {"scores": {"m": 3, "n": None}}),
        ({"scores": None, "score": {"value": "I"}}, {"scores": {"88F74D2C": "I"}}),
        ({"scores": {}, "score": "unused"}, {"scores": {}}),
        ({"scores": None}, {"scores": None}),
        ({"messages": ["unused"], "events": [{"id": 1, "epoch": 2}]}, {}),
    ],
    ids=str,
)
def test_of_a_sample_what_is_needed_is_kept(tmp_path, changes, expected):
    sample = read_sample(tmp_path, **changes)
    assert sample._replace(content_hash=NOT_RECORDED) == READ._replace(**expected)
    assert sample.content_hash == read_sample(tmp_path).content_hash


@pytest.mark.parametrize("name", ["b/c[1]", "x\ny", "_epoch_1"], ids=ascii)
@pytest.mark.parametrize("form", ["{}_epoch_2.json", "{}_epoch_2/sample.json"])
def test_full_samples_are_found_whatever_their_ids(tmp_path, name, form):
    members = [
        (f"samples/{form.format(name)}", SAMPLE | {"id": name, "epoch": 2}),
        (f"samples/{name}_epoch_2/events/0.json", []),
        (HEADER, {}),
    ]
    (sample,) = read_log(write_archive(tmp_path, members)).samples
    assert (sample.id, sample.epoch) == (name, 2)


def test_the_journal_is_read_in_its_order(tmp_path):
    blocks = [(f"_journal/summaries/{n}.json", [SAMPLE | {"id": n}]) for n in (10, 9, 1, 2)]
    blocks[0][1].append(SAMPLE | {"id": 1, "scores": {}})
    path = write_archive(tmp_path, [("_journal/start.json", {"eval": {}}), *blocks])
    samples = read_log(path).samples
    assert [sample.id for sample in samples] == [1, 2, 9, 10]
    assert samples[0].scores == {}  # it was run again


@pytest.mark.parametrize("header", [{}, {"invalidated": True}], ids=["valid", "invalidated"])
def test_samples_are_read_in_full_where_some_are_invalidated(tmp_path, header):
    full = SAMPLE | {"invalidation": {"author": "me"}}
    members = [("samples/a_epoch_1.json", full), (SUMMARIES, [SAMPLE]), (HEADER, header)]
    (sample,) = read_log(write_archive(tmp_path, members)).samples
    assert sample.is_invalidated == bool(header)  # summaries do not tell


def test_a_byte_order_mark_is_passed_over(tmp_path):
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"samples": [SAMPLE]}), "utf-8-sig")
    assert len(read_log(path).samples) == 1


def test_empty_summaries_hide_no_samples_that_are_not_there(tmp_path):
    assert read_log(write_archive(tmp_path, [(HEADER, {}), (SUMMARIES, [])])).samples == []
    assert read_log(write_archive(tmp_path, [(HEADER, {})])).samples == []


def content_hash(folder, input, target="yes"):
    return read_sample(folder, input=input, target=target).content_hash


CUT = "...\n(content truncated)"
LONG = "long " * 2000
IMAGE = {"type": "image", "image": "data:image/png;base64,AAAA"}
TEXT = {"type": "text", "text": LONG}
CUT_TEXT = {"type": "text", "text": LONG[:5120] + CUT}


@pytest.mark.parametrize(
    ("full", "summary"),
    [
        (LONG, LONG[:5120] + CUT),
        ([{"role": "user", "content": LONG}], [{"role": "user", "content": LONG[:5120] + CUT}]),
        (
            [{"id": "x", "role": "user", "content": [TEXT, IMAGE]}],
            [{"role": "user", "content": [CUT_TEXT, {"type": "text", "text": "(Image)"}]}],
        ),
        (
            [{"role": "user", "content": [{"type": "tool_use"}]}],
            [{"role": "user", "content": [{"type": "text", "text": "(Tool_use)"}]}],
        ),
    ],
    ids=["text", "message", "contents", "tool"],
)
def test_contents_agree_between_samples_and_their_summaries(tmp_path, full, summary):
    assert content_hash(tmp_path, full) == content_hash(tmp_path, summary)
    assert content_hash(tmp_path, "a", [LONG]) == content_hash(tmp_path, "a", [LONG[:5120] + CUT])


def test_contents_that_differ_have_different_hashes(tmp_path):
    contents = [
        ("a", "b"),
        ("b", "a"),
        ("a", ["b"]),
        ("ab", ""),
        ([{"role": "user", "content": "a"}], "b"),
        ([{"role": "system", "content": "a"}], "b"),
        ([{"role": "user", "content": "a"}, {"role": "user", "content": "a"}], "b"),
        (LONG[:5119] + "!", "b"),
        (LONG, "b"),
    ]
    assert len({content_hash(tmp_path, *content) for content in contents}) == len(contents)


@pytest.mark.parametrize(
    "input", [None, 3, [3], {}, [{"role": "user", "content": None}], {"type": 1}], ids=str
)
def test_contents_of_another_form_are_not_recorded(tmp_path, input):
    assert content_hash(tmp_path, input) == NOT_RECORDED


NO_EPOCH = {"id": "a", "input": "?", "scores": {}}
MALFORMED = {
    "not-a-sample": (3, "sample 1 is 3; expected a JSON object with id, epoch"),
    "no-epoch": (NO_EPOCH, "sample 1 is a dict with keys 'id', 'input', 'scores'"),
    "id-null": (SAMPLE | {"id": None}, "sample 1 has the id None; expected a text or an integer"),
    "id-bool": (SAMPLE | {"id": True}, "sample 1 has the id True; expected a text or an integer"),
    "id-float": (SAMPLE | {"id": 1.5}, "sample 1 has the id 1.5; expected a text or an integer"),
    "epoch-text": (SAMPLE | {"epoch": "1"}, "sample 1 has the epoch '1'; expected an integer from"),
    "epoch-bool": (SAMPLE | {"epoch": True}, "sample 1 has the epoch True; expected an integer"),
    "epoch-zero": (SAMPLE | {"epoch": 0}, "sample 1 has the epoch 0; expected an integer from 1"),
    "epoch-huge": (SAMPLE | {"epoch": 2**31}, "sample 1 has the epoch 2147483648; expected an int"),
}


@pytest.mark.parametrize(("sample", "message"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_samples_are_told(tmp_path, sample, message):
    with pytest.raises(ResultsError, match=message):
        read_log(write_json(tmp_path, {"samples": [sample]}))
    with pytest.raises(ResultsError, match=message):
        read_log(write_archive(tmp_path, [(HEADER, {}), (SUMMARIES, [sample])]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "its content is not valid JSON"),
        (b'{"samples": [', "its content is not valid JSON"),
        (b"[]", "its content is an empty list; expected a JSON object"),
        (b'{"samples": {"a": 1}}', "'samples' is a dict with keys 'a'; expected a list"),
        (b'{"samples": ' + b"[" * 100_000, "its content is not valid JSON"),
        (b'{"version": ' + b"9" * 5000 + b"}", "its content is not valid JSON"),
    ],
    ids=["empty", "cut", "list", "samples", "deep", "huge"],
)
def test_malformed_files_are_told(tmp_path, content, message):
    path = tmp_path / "log.json"
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=message):
        read_log(path)


MALFORMED_ARCHIVES = {
    "another": ([("a.txt", b"")], "holds neither header.json nor _journal/start.json, but a list"),
    "empty": ([], "but an empty list; expected a log of Inspect"),
    "header-list": ([(HEADER, [])], "header.json is an empty list; expected a JSON object"),
    "header-sample": (
        [(HEADER, SAMPLE)],
        "header.json is .*Sample.*; expected a JSON object",
    ),
    "header-cut": ([(HEADER, b'{"eval": {')], "header.json is not valid JSON"),
    "summaries": ([(HEADER, {}), (SUMMARIES, {})], "summaries.json is an empty dict; exp"),
    "summaries-cut": ([(HEADER, {}), (SUMMARIES, b"[{")], "summaries.json is not valid"),
    "not-utf-8": ([(HEADER, {}), (SUMMARIES, b'["\xff"]')], "summaries.json is not valid"),
    "deep": (
        [(HEADER, {}), (SUMMARIES, b"[" * 100_000)],
        "summaries.json is not valid JSON",
    ),
    "sample": (
        [(HEADER, {}), ("samples/a_epoch_1.json", {"id": "a"})],
        "samples/a_epoch_1.json is a dict with keys 'id'; expected a sample",
    ),
}


@pytest.mark.parametrize(
    ("members", "message"), MALFORMED_ARCHIVES.values(), ids=MALFORMED_ARCHIVES
)
def test_malformed_archives_are_told(tmp_path, members, message):
    with pytest.raises(ResultsError, match=message):
        read_log(write_archive(tmp_path, members))
