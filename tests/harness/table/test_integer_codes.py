"""Codes made small agree with numpy's unique, by either way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval.harness.table import _integer_codes, compact, occurring


@pytest.mark.parametrize("small", [0, 1 << 20], ids=["by sorting", "by a table"])
@given(codes=st.lists(st.integers(0, 99), max_size=20))
def test_as_unique(small, codes):
    array = np.array(codes, dtype=np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_integer_codes, "_SMALL", small)
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
