"""Items by index or name, and errors that show what the user gave."""

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval.selectors.predictive._item_lists import checked_items

NAMES = np.array(["a", "b", "c", "d"], dtype=object)


@pytest.mark.parametrize("names", [None, NAMES])
@pytest.mark.parametrize("items", [None, [], (), np.array([]), np.array([], dtype=int)])
def test_no_items(items, names):
    got = checked_items(items, "exclude", 4, names)
    assert got.dtype.kind == "i"
    assert got.shape == (0,)


@pytest.mark.parametrize("names", [None, NAMES])
@pytest.mark.parametrize(
    "items", [[3, 0], (3, 0), np.array([3, 0], dtype=np.uint8), pd.Index([3, 0]), pd.Series([3, 0])]
)
def test_indices_come_back_in_their_order(items, names):
    got = checked_items(items, "exclude", 4, names)
    assert got.dtype == np.intp
    assert got.tolist() == [3, 0]


@pytest.mark.parametrize(
    "items",
    [
        ["d", "a"],
        ("d", "a"),
        np.array(["d", "a"]),
        np.array(["d", "a"], dtype=object),
        pd.Index(["d", "a"]),
        pd.Series(["d", "a"]),
    ],
)
def test_names_come_back_as_indices_in_their_order(items):
    got = checked_items(items, "exclude", 4, NAMES)
    assert got.dtype == np.intp
    assert got.tolist() == [3, 0]


def test_the_first_and_the_last_item_are_in_range():
    assert checked_items([0, 3], "exclude", 4, None).tolist() == [0, 3]


@pytest.mark.parametrize(
    ("items", "names", "message"),
    [
        (["b", "x"], NAMES, r"exclude names 'x', which is not among the 4 items of X \('a', ...\)"),
        (["b", "x"], None, r"exclude=\['b', 'x'\] must be a list of column indices, or of item"),
        ([1, "b"], NAMES, r"exclude names '1', which is not among the 4 items of X"),
        ("b", NAMES, r"exclude='b' must be a list"),
        ([1.0, 2.0], None, r"exclude=\[1.0, 2.0\] must be a list of column indices"),
        ([True, False], None, r"exclude=\[True, False\] must be a list"),
        ([[1, 2]], None, r"exclude=\[\[1, 2\]\] must be a list"),
        ([["a", "b"]], NAMES, r"exclude=\[\['a', 'b'\]\] must be a list"),
        ([0, 4], None, r"exclude holds 0 to 4, but X has 4 items: .* indices from 0 to 3"),
        ([-1, 2], None, r"exclude holds -1 to 2, but X has 4 items"),
        ([2, 1, 2], None, r"exclude names an item twice: \[2, 1, 2\]. Name each once"),
        (["b", "a", "b"], NAMES, r"exclude names an item twice: \['b', 'a', 'b'\]. Name each"),
    ],
)
def test_errors_show_what_was_given(items, names, message):
    with pytest.raises(ValueError, match=message):
        checked_items(items, "exclude", 4, names)
