"""JSON as harnesses write it: whole, cut off, broken, and of another shape than expected."""

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.table import expect, json_lines, parse_json, read_json

DEEP = b"[" * 100_000 + b"]" * 100_000


def test_bare_nan_is_a_number():
    assert math.isnan(parse_json('{"value": NaN}')["value"])


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b'{"a": 1', b"\xff\xfe\xff", b"\x00", DEEP, b"1" * 5000, b'{"a" 1}'],
    ids=["empty", "brace", "cut off", "no utf-8", "nul", "deep", "huge number", "no colon"],
)
def test_what_is_no_json_is_told(text, tmp_path):
    path = tmp_path / "results.json"
    path.write_bytes(text)
    with pytest.raises(ResultsError, match="is not valid JSON"):
        read_json(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    with suppress(ResultsError):
        parse_json(content)


def read_lines(tmp_path, content):
    path = tmp_path / "samples.jsonl"
    path.write_bytes(content)
    cut_off = []
    return list(json_lines(path, cut_off)), cut_off


@pytest.mark.parametrize(
    ("content", "lines", "cut_off"),
    [
        (b'{"a": 1}\n{"a": 2}\n', [(1, {"a": 1}), (2, {"a": 2})], []),
        (b'{"a": 1}\n{"a": 2}', [(1, {"a": 1}), (2, {"a": 2})], []),
        (b'{"a": 1}\r\n\r\n\n{"a": 2}\r\n', [(1, {"a": 1}), (4, {"a": 2})], []),
        (b'\xef\xbb\xbf{"a": 1}\n', [(1, {"a": 1})], []),
        (b'{"a": 1}\n{"a": ', [(1, {"a": 1})], [2]),
        ('{"a": 1}\n{"a": "é'.encode()[:-1], [(1, {"a": 1})], [2]),
        (b'{"a": 1}\n' + bytes(512), [(1, {"a": 1})], [2]),
        (b"", [], []),
        (b"\n\n", [], []),
    ],
    ids=[
        "whole",
        "no last line break",
        "empty lines",
        "byte order mark",
        "cut off",
        "cut off within a letter",
        "zeros of a crashed disk",
        "empty",
        "only line breaks",
    ],
)
def test_lines_are_read_and_a_cut_off_last_one_is_noted(content, lines, cut_off, tmp_path):
    assert read_lines(tmp_path, content) == (lines, cut_off)


@pytest.mark.parametrize(
    "content",
    [b'{"a": 1}\n{"a": \n{"a": 3}\n', b'{"a": 1}\n{"a": \n', b'{"a": 1}\n' + DEEP + b"\n"],
    ids=["in the middle", "last one, with its line break", "deep"],
)
def test_any_other_broken_line_is_an_error_that_names_it(content, tmp_path):
    with pytest.raises(ResultsError, match=r"^line 2 is not valid JSON"):
        read_lines(tmp_path, content)


@given(
    values=st.lists(st.dictionaries(st.text(), st.integers() | st.text()), min_size=1, max_size=5),
    cut=st.integers(1, 30),
)
def test_a_file_cut_anywhere_keeps_the_lines_before_the_cut(values, cut, tmp_path_factory):
    content = "\n".join(map(json.dumps, values)).encode()[:-cut]
    lines, cut_off = read_lines(tmp_path_factory.mktemp("cut"), content)
    assert [value for _, value in lines] == values[: len(lines)]
    whole = content.count(b"\n")
    assert len(lines) >= whole
    assert len(cut_off) <= 1


@pytest.mark.parametrize(
    ("value", "kind"), [({}, dict), ([1], list), ("x", str), (3, int), (True, bool)], ids=repr
)
def test_a_value_of_the_type_expected_is_returned(value, kind):
    assert expect(value, kind, "it") is value


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ([1, 2], dict, "scores is a list of 1, 2; expected a JSON object."),
        ("x", list, "scores is 'x'; expected a list."),
        (3, str, "scores is 3; expected a text."),
        (True, int, "scores is True; expected an integer."),
        (1.5, int, "scores is 1.5; expected an integer."),
        (None, float, "scores is None; expected float."),
    ],
    ids=repr,
)
def test_a_value_of_another_type_is_told(value, kind, message):
    with pytest.raises(ResultsError) as error:
        expect(value, kind, "scores")
    assert str(error.value) == message
