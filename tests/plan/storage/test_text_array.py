"""Arrays of texts are stored as numpy's own, where that keeps them as they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval.plan.storage._text_array import TextArray


@given(st.lists(st.text(max_size=5), min_size=1))
def test_texts_come_back_as_they_were(texts):
    array = np.array([*texts, None], dtype=object)[:-1]
    stored = TextArray.of(array)
    again = stored.restored() if isinstance(stored, TextArray) else stored
    assert again.dtype == object
    assert again.tolist() == texts
    assert all(type(one) is str for one in again)


@pytest.mark.parametrize(
    "values",
    [[1, "a"], [None], [np.nan, "a"], ["ends in nul\0"], []],
    ids=["number", "none", "nan", "nul", "empty"],
)
def test_other_arrays_stay_as_they_are(values):
    array = np.array(values, dtype=object)
    assert TextArray.of(array) is array


def test_tables_keep_their_shape():
    array = np.array([["a", "bcd"], ["", "e"]], dtype=object)
    stored = TextArray.of(array)
    assert stored.texts.dtype.kind == "U"
    np.testing.assert_array_equal(stored.restored(), array)
