"""Any frame of the right columns is looked at as codes; a wrong one is refused by name."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.table import _coded_table, coded_table, compact, occurring

BIG = [2**64 - 1, 2**63 + 1, 2**53 + 1]


def frame(**columns):
    known = {"model": ["b", "a", "b"], "task": "t", "item": ["0", "1", "2"], "metric": "acc"}
    return pd.DataFrame(known | {"value": [1.0, 0.0, np.nan]} | columns)


def texts(column):
    return [column.at(row) for row in range(len(column.codes))]


def hashes(values):
    numbers = np.array([value or 0 for value in values], dtype=np.uint64)
    return pd.arrays.IntegerArray(numbers, numbers == 0)


def test_defaults_of_a_table_from_elsewhere():
    table = coded_table(frame())
    assert texts(table.model) == ["b", "a", "b"]
    assert texts(table.filter) == ["none"] * 3
    assert texts(table.group) == texts(table.task) == ["t"] * 3
    for column in (table.setting, table.date, table.harness, table.source):
        assert texts(column) == [""] * 3
    assert table.epoch.tolist() == [1, 1, 1]
    np.testing.assert_array_equal(table.value, [1, 0, np.nan])
    assert np.isnan(table.cost).all()
    assert table.fingerprints("content_hash").tolist() == [0, 0, 0]


@pytest.mark.parametrize("dtype", ["category", "object", "str", "string[pyarrow]"])
def test_texts_of_any_type(dtype):
    table = coded_table(frame().astype(dict.fromkeys(["model", "task", "item"], dtype)))
    assert texts(table.model) == ["b", "a", "b"]
    assert texts(table.item) == ["0", "1", "2"]


def test_categorical_codes_are_not_copied():
    given = frame(model=pd.Categorical(["b", "a", "b"]))
    assert np.shares_memory(coded_table(given).model.codes, given["model"].array.codes)
    assert np.shares_memory(coded_table(given).value, given["value"].to_numpy())


def test_integers_and_equal_texts_are_one_item():
    table = coded_table(frame(item=pd.Series([1, "1", 0], dtype=object)))
    assert texts(table.item) == ["1", "1", "0"]
    assert table.item.codes[0] == table.item.codes[1]
    mixed = frame(item=pd.Categorical([1, "1", 0], categories=[1, "1", 0]))
    assert (
        coded_table(mixed).item.codes.tolist() == coded_table(mixed).item.codes[[1, 0, 2]].tolist()
    )


def test_ranks_and_presence():
    model = coded_table(frame(model=pd.Categorical(["b", "a", "b"], ["b", "c", "a"]))).model
    assert model.ranks().tolist() == [1, 2, 0]
    assert model.ranks(key=lambda text: -ord(text)).tolist() == [1, 0, 2]
    assert model.present().tolist() == [True, False, True]


def test_missing_texts_of_optional_columns_get_the_default():
    given = frame(
        group=["g", None, None],
        filter=pd.Categorical(["x", None, "x"]),
        setting=[None, "s", None],
        task=["t", "u", "t"],
    )
    table = coded_table(given)
    assert texts(table.group) == ["g", "u", "t"]
    assert texts(table.filter) == ["x", "none", "x"]
    assert texts(table.setting) == ["", "s", ""]


@pytest.mark.parametrize("name", ["model", "task", "item", "metric"])
def test_missing_names_are_refused(name):
    given = frame(**{name: ["x", None, "y"]})
    with pytest.raises(ResultsError, match=rf"Row 1 of the table has no {name}"):
        coded_table(given)


@pytest.mark.parametrize(
    ("drop", "named"), [(["value"], "'value'"), (["task", "metric"], "'task', 'metric'")]
)
def test_missing_columns_are_listed(drop, named):
    with pytest.raises(ResultsError, match=rf"no column {named}, but 'model'.*model, task, item"):
        coded_table(frame().drop(columns=drop))


def test_a_frame_of_other_columns():
    with pytest.raises(ResultsError, match=r"but none at all\. Expected the long table"):
        coded_table(pd.DataFrame())


def test_empty_table():
    with pytest.raises(ResultsError, match="has no row"):
        coded_table(frame().iloc[:0])


def test_two_columns_of_one_name():
    given = pd.concat([frame(), frame()[["task"]]], axis=1)
    with pytest.raises(ResultsError, match="two columns 'task'"):
        coded_table(given)


@pytest.mark.parametrize("results", [[1, 2], None, {"model": ["a"]}, np.zeros((2, 2))])
def test_no_frame(results):
    with pytest.raises(ResultsError, match=rf"of type {type(results).__name__}; expected"):
        coded_table(results)


def test_lists_are_no_texts():
    given = frame(item=pd.Series([[1], [2], [3]], dtype=object))
    with pytest.raises(ResultsError, match="'item' of the table holds no texts"):
        coded_table(given)


@pytest.mark.parametrize(
    "values",
    [
        [1, 0, 1],
        [True, False, True],
        pd.array([1.0, 0.0, None], dtype="Float64"),
        pd.Series([1, 0.0, None], dtype=object),
        np.array([1, 0, np.nan], dtype=np.float32),
    ],
    ids=["int", "bool", "Float64", "object", "float32"],
)
def test_numbers_of_any_type(values):
    value = coded_table(frame(value=values)).value
    assert value[:2].tolist() == [1.0, 0.0]


def test_values_that_are_no_numbers():
    with pytest.raises(ResultsError, match="'value' of the table holds no numbers only"):
        coded_table(frame(value=["C", "I", "C"]))


@pytest.mark.parametrize("name", ["value", "cost"])
def test_infinite_numbers(name):
    with pytest.raises(ResultsError, match=rf"'{name}' of the table holds -inf in row 2"):
        coded_table(frame(**{name: [0.0, 1.0, -np.inf]}))


@pytest.mark.parametrize("dtype", ["int32", "int64", "float64", "Int64", "uint8"])
def test_epochs_of_any_type(dtype):
    given = frame(epoch=pd.Series([1, 2, 3]).astype(dtype))
    assert coded_table(given).epoch.tolist() == [1, 2, 3]
    assert coded_table(given).epoch.dtype.kind == "i"


@pytest.mark.parametrize(
    "epochs", [[1.0, 1.5, 1.0], [1, 0, 1], [1.0, np.nan, 1.0], [1, -3, 1], [1.0, 1e300, 1.0]]
)
def test_epochs_that_are_none(epochs):
    with pytest.raises(ResultsError, match=r"'epoch' of the table holds .* in row 1; expected"):
        coded_table(frame(epoch=epochs))


@pytest.mark.parametrize(
    "column",
    [
        hashes([BIG[0], None, BIG[2]]),
        pd.array([BIG[0], None, BIG[2]], dtype="uint64[pyarrow]"),
        pd.Series([BIG[0], None, BIG[2]], dtype=object),
        pd.Series([BIG[0], np.nan, BIG[2]], dtype=object),
        np.array([BIG[0], 0, BIG[2]], dtype=np.uint64),
    ],
    ids=["UInt64", "arrow", "object", "object with NaN", "uint64"],
)
def test_all_64_bits_of_fingerprints(column):
    table = coded_table(frame(content_hash=column))
    assert table.fingerprints("content_hash").tolist() == [BIG[0], 0, BIG[2]]
    assert table.fingerprints("content_hash").dtype == np.uint64


@pytest.mark.parametrize("column", [[np.nan] * 3, [None] * 3, pd.array([None] * 3, dtype="UInt64")])
def test_fingerprints_of_which_none_is_recorded(column):
    table = coded_table(frame(prompt_hash=column))
    assert table.fingerprints("prompt_hash").tolist() == [0, 0, 0]


def test_integers_without_sign():
    table = coded_table(frame(content_hash=np.array([1, 2, 3])))
    assert table.fingerprints("content_hash").tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([1e18, np.nan, 3.0], "float64, which does not hold the 64 bits"),
        ([-1, 2, 3], "-1 is negative"),
        (["ab", "cd", None], "holds no fingerprints"),
        (pd.Series([1.5, 2, 3], dtype=object), "holds no fingerprints"),
        (pd.Series([2**64, 2, 3], dtype=object), "holds no fingerprints"),
    ],
    ids=["float", "negative", "text", "fraction", "more than 64 bits"],
)
def test_fingerprints_that_are_none(column, message):
    table = coded_table(frame(content_hash=column))
    with pytest.raises(ResultsError, match=message):
        table.fingerprints("content_hash")


def test_polars():
    given = pl.DataFrame(
        {
            "model": pl.Series(["b", "a", "b"], dtype=pl.Categorical),
            "task": ["t", "t", "t"],
            "item": [0, 1, 2],
            "metric": ["acc"] * 3,
            "value": [1.0, None, 0.5],
            "content_hash": pl.Series([BIG[0], None, BIG[1]], dtype=pl.UInt64),
        }
    )
    table = coded_table(given)
    assert texts(table.model) == ["b", "a", "b"]
    assert texts(table.item) == ["0", "1", "2"]
    np.testing.assert_array_equal(table.value, [1.0, np.nan, 0.5])
    assert table.fingerprints("content_hash").tolist() == [BIG[0], 0, BIG[1]]


@pytest.mark.parametrize("small", [0, 1 << 20], ids=["by sorting", "by a table"])
@given(codes=st.lists(st.integers(0, 99), max_size=20))
def test_as_unique(small, codes):
    array = np.array(codes, dtype=np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_coded_table, "_SMALL", small)
        places, distinct = compact(array, 100)
        there = occurring(array, 100)
    expected = sorted(set(codes))
    assert distinct.tolist() == there.tolist() == expected
    assert [expected[place] for place in places] == codes


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
def test_small_integer_types(dtype):
    places, distinct = compact(np.array([3, 1, 3], dtype=dtype), 4)
    assert places.tolist() == [1, 0, 1]
    assert distinct.tolist() == [1, 3]


def test_huge_range_takes_no_memory_for_it():
    places, distinct = compact(np.array([10**15, 5, 10**15]), 10**15 + 1)
    assert places.tolist() == [1, 0, 1]
    assert distinct.tolist() == occurring(np.array([10**15, 5]), 10**15 + 1).tolist()
