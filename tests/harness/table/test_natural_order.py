"""Names with numbers sort as a person expects, and no two are equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval.harness.table import natural_key


@pytest.mark.parametrize(
    "expected",
    [
        ["0", "2", "10", "100"],
        ["q1", "q2a", "q2b", "q10", "r1"],
        ["", "0", "a"],
        ["007", "07", "7", "8"],
        ["a/2/b", "a/10/a"],
        ["9" * 5000, "1" + "0" * 5000],  # int() refuses these
        ["x-2", "x-10"],  # a hyphen is not a sign
    ],
    ids=["numbers", "within texts", "empty", "leading zeros", "paths", "long", "hyphens"],
)
def test_order(expected):
    backwards = expected[::-1]
    assert sorted(backwards, key=natural_key) == expected


@given(st.lists(st.text(alphabet="ab0123456789٣²-", max_size=6), unique=True))
def test_keys_are_a_total_order_of_different_texts(texts):
    keys = [natural_key(text) for text in texts]
    assert len({repr(key) for key in keys}) == len(texts)
    backwards = texts[::-1]
    assert sorted(texts, key=natural_key) == sorted(backwards, key=natural_key)


@given(st.lists(st.integers(0, 10**12)))
def test_numbers_sort_by_value(numbers):
    texts = sorted(map(str, numbers), key=natural_key)
    assert texts == [str(number) for number in sorted(numbers)]
