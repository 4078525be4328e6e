import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from sklearn_sparseeval.numerics.item_groups import item_groups


@pytest.mark.parametrize(
    "labels",
    [
        ["b", "a", "b", "c", "a"],
        np.array([3, 1, 3, 2, 1]),
        np.array(["b", 1, "b", 2.5, 1], dtype=object),
        pd.Series(["b", "a", "b", "c", "a"], dtype="category"),
        pd.Series(["b", "a", "b", "c", "a"], index=list("vwxyz")),
        [True, (1, 2), True, "c", (1, 2)],
    ],
    ids=["list", "numbers", "objects", "categorical", "series", "hashable"],
)
def test_groups_are_in_the_order_of_their_first_item(labels):
    groups = item_groups(labels, 5)
    assert len(groups) == 3
    for got, expected in zip(groups, ([0, 2], [1, 4], [3]), strict=True):
        assert_array_equal(got, expected)
        assert got.dtype == np.intp


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA], ids=["None", "NaN", "NA"])
def test_a_missing_label_is_refused(missing):
    with pytest.raises(
        ValueError, match=r"tasks has no label .* for 2 of 3 items, the first at pos"
    ):
        item_groups(["a", missing, missing], 3, parameter="tasks")


def test_the_number_of_labels_must_be_that_of_the_items():
    with pytest.raises(ValueError, match="groups has 3 labels, but X has 4 items"):
        item_groups(["a", "b", "c"], 4)
