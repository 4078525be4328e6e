"""64-bit fingerprints of texts, of contents, and of the digests that harnesses write."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval._fingerprint import (
    NOT_RECORDED,
    content_fingerprint,
    fingerprint_column,
    hash_fingerprint,
    text_fingerprint,
)


def test_the_fingerprint_of_a_text_is_the_start_of_its_sha_256():
    # The digest of "abc" is in FIPS 180-2, appendix B.1.
    assert text_fingerprint("abc") == 0xBA7816BF8F01CFEA


@given(st.text(st.characters(exclude_categories=())))  # lone surrogates, unknown to UTF-8, too
def test_a_text_and_its_digest_have_one_fingerprint(text):
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    assert 1 <= text_fingerprint(text) < 2**64
    assert hash_fingerprint(digest) == text_fingerprint(text)


def test_lone_surrogates_have_a_fingerprint():
    assert text_fingerprint("\ud800") != text_fingerprint("\ud801")


@pytest.mark.parametrize(
    "digest",
    [None, 5, "", "abc", "x" * 64, "-" + "1" * 63, "0x" + "1" * 62, "1_" * 32, " " + "1" * 63],
    ids=repr,
)
def test_what_is_no_digest_was_not_recorded(digest):
    assert hash_fingerprint(digest) == NOT_RECORDED


def test_digests_of_zeros_are_not_taken_for_missing():
    assert hash_fingerprint("0" * 64) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": [2, 3]}, {"b": [2, 3], "a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        (["a", "b"], ["b", "a"], False),
        (None, "null", False),
        ({"a": float("nan")}, {"a": float("nan")}, True),
    ],
    ids=["order of keys", "value", "order of a list", "none and its text", "nan"],
)
def test_contents_are_compared_whatever_the_order_of_keys(one, other, same):
    assert (content_fingerprint(one) == content_fingerprint(other)) == same


@pytest.mark.slow
@given(st.lists(st.none() | st.integers(0, 2**64 - 1)))
def test_a_column_holds_all_64_bits(fingerprints):
    column = fingerprint_column(fingerprints)
    assert column.dtype == pd.UInt64Dtype()
    back = [None if one is pd.NA else int(one) for one in column]
    assert back == [one or None for one in fingerprints]


def test_a_column_takes_what_a_column_gives():
    column = fingerprint_column([2**64 - 1, pd.NA, np.uint64(7)])
    assert list(fingerprint_column(column)) == [2**64 - 1, pd.NA, 7]
