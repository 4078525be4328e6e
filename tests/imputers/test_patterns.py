import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from sklearn_sparseeval.imputers._patterns import rows_by_pattern


@given(have=hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_every_row_is_in_one_group_with_its_own_items(have):
    seen = []
    patterns = set()
    for rows, items in rows_by_pattern(have):
        assert (np.diff(rows) > 0).all()
        for row in rows:
            np.testing.assert_array_equal(np.flatnonzero(have[row]), items)
        seen += rows.tolist()
        patterns.add(tuple(items.tolist()))
    assert sorted(seen) == list(range(len(have)))
    assert len(patterns) == len({tuple(row) for row in have.tolist()})


@pytest.mark.parametrize("n_items", [1, 8, 9])  # packed into one byte, or two
def test_rows_that_differ_in_the_last_item_only(n_items):
    have = np.ones((3, n_items), dtype=bool)
    have[1, -1] = False
    groups = sorted((rows.tolist(), len(items)) for rows, items in rows_by_pattern(have))
    assert groups == [([0, 2], n_items), ([1], n_items - 1)]
