"""Rows of one file: collected one at a time, packed into arrays."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.table import Codes, Rows


def rows_of_demo(**attributes):
    return Rows(harness="lm_eval", model="acme/one", task="demo", **attributes)


def test_what_is_not_told_has_a_neutral_value():
    rows = rows_of_demo()
    rows.add("0", "acc", 1.0)
    columns = rows.columns()
    assert columns.texts == {
        "item": ["0"],
        "metric": ["acc"],
        "filter": ["none"],
        "group": ["demo"],
    }
    assert columns.epoch.tolist() == [1]
    assert np.isnan(columns.cost).all()
    assert columns.content_hash.tolist() == columns.prompt_hash.tolist() == [0]
    assert (rows.model_args, rows.setting, rows.date) == ("", "", "")


def test_columns_hold_each_text_once():
    rows = rows_of_demo()
    for item in ("0", "1"):
        for metric in ("acc", "acc_norm"):
            rows.add(item, metric, 0.5, filter="strict", group="suite", epoch=2, cost=7.0)
    columns = rows.columns()
    assert len(rows) == 4
    assert columns.texts["item"] == ["0", "1"]
    assert columns.codes["item"].tolist() == [0, 0, 1, 1]
    assert columns.codes["metric"].tolist() == [0, 1, 0, 1]
    assert columns.texts["filter"] == ["strict"]
    assert columns.texts["group"] == ["suite"]
    assert columns.epoch.tolist() == [2] * 4
    assert columns.cost.tolist() == [7.0] * 4


def test_no_rows_are_columns_of_length_0():
    columns = rows_of_demo().columns()
    lengths = {len(getattr(columns, name)) for name in ("epoch", "value", "cost", "content_hash")}
    assert lengths == {0}


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1))
def test_hashes_keep_all_64_bits(hashes):
    rows = rows_of_demo()
    for number in hashes:
        rows.add("0", "acc", 1.0, content_hash=number, prompt_hash=2**64 - 1 - number)
    columns = rows.columns()
    assert columns.content_hash.tolist() == hashes
    assert columns.prompt_hash.tolist() == [2**64 - 1 - number for number in hashes]


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("epoch", np.int32),
        ("value", np.float64),
        ("cost", np.float32),
        ("content_hash", np.uint64),
        ("prompt_hash", np.uint64),
    ],
)
def test_columns_are_compact_and_own_their_memory(name, dtype):
    rows = rows_of_demo()
    rows.add("0", "acc", 1.0)
    column = getattr(rows.columns(), name)
    assert column.dtype == dtype
    assert column.base is None


@pytest.mark.parametrize("epoch", [0, -1, 2**31, 10**30])
def test_an_epoch_that_is_none_is_an_error_and_no_other_epoch(epoch):
    rows = rows_of_demo()
    rows.add("0", "acc", 1.0)
    rows.add("1", "acc", 1.0, epoch=epoch)
    with pytest.raises(ResultsError, match=r"has the epoch .*; expected a number from 1"):
        rows.columns()


@pytest.mark.parametrize("cost", [1e300, math.inf, -1e39, math.nan])
def test_a_cost_beyond_its_column_was_not_recorded(cost):
    rows = rows_of_demo()
    rows.add("0", "acc", 1.0, cost=cost)
    rows.add("1", "acc", 1.0, cost=3.0)
    np.testing.assert_array_equal(rows.columns().cost, [np.nan, 3.0])


@pytest.mark.parametrize("name", ["item", "metric", "filter", "group"])
def test_names_that_no_file_can_hold_are_an_error(name):
    texts = {"item": "0", "metric": "acc"} | {name: "half \ud800"}
    rows = rows_of_demo()
    rows.add(value=1.0, **texts)
    with pytest.raises(ResultsError, match=r"has the name 'half \\ud800'"):
        rows.columns()


@pytest.mark.parametrize("name", ["model", "task", "model_args", "setting", "date"])
def test_names_of_the_file_that_no_file_can_hold_are_an_error(name):
    about = {"harness": "lm_eval", "model": "acme/one", "task": "demo"} | {name: "\udfff"}
    with pytest.raises(ResultsError, match=r"has the name '\\udfff'"):
        Rows(**about).columns()


def test_equal_notes_are_counted_together():
    rows = rows_of_demo()
    for text in ("one", "other", "one"):
        rows.note("kind", text)
    rows.note("kind", "other", 3)
    rows.note("another-kind", "one")
    assert rows.notes == {
        ("kind", "one"): 2,
        ("kind", "other"): 4,
        ("another-kind", "one"): 1,
    }


@given(st.lists(st.text()))
def test_codes_give_back_the_texts(texts):
    codes = Codes()
    for text in texts:
        codes.append(text)
    known = list(codes.texts)
    assert [known[code] for code in codes.codes] == texts
    assert len(known) == len(set(texts))
