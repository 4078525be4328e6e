"""Repeats become one score: their mean, the first, or one of them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.matrix import chosen_scores, one_score_each
from sklearn_sparseeval.harness.matrix._epochs import rows_of_epochs
from sklearn_sparseeval.harness.table import coded_table

NAN = np.nan


def table(cells, costs=None):
    """Values by model, item and epoch."""
    frame = pd.DataFrame(list(cells), columns=["model", "item", "epoch"])
    frame = frame.assign(value=list(cells.values()), task="t", metric="acc")
    return coded_table(frame.assign(cost=[NAN] * len(frame) if costs is None else costs))


def cells_of(table, epochs):
    rows = rows_of_epochs(table, np.arange(len(table.value)), epochs)
    return one_score_each(chosen_scores(table, rows), epochs)


@pytest.mark.parametrize(
    ("epochs", "expected"),
    [("mean", [0.5, NAN, 1]), ("first", [1, NAN, NAN]), (2, [0, NAN, 1]), (1, [1, NAN])],
)
def test_rules(epochs, expected):
    given = table(
        {("a", "0", 2): 0, ("a", "0", 1): 1, ("a", "1", 1): NAN, ("a", "1", 2): NAN}
        | {("b", "0", 2): 1, ("b", "0", 1): NAN}
        if epochs != 1
        else {("a", "0", 2): 0, ("a", "0", 1): 1, ("b", "0", 1): NAN}
    )
    _, cells = cells_of(given, epochs)
    np.testing.assert_array_equal(cells.value, expected)


def test_first_is_the_lowest_that_there_is():
    scores, cells = cells_of(table({("a", "0", 3): 0.3, ("a", "0", 7): 0.7}), "first")
    assert cells.value.tolist() == [0.3]
    assert len(scores.rows) == 1


def test_cost_is_that_of_one_epoch():
    given = table({("a", "0", 1): 0, ("a", "0", 2): 0, ("b", "0", 1): 0}, costs=[10, 30, NAN])
    np.testing.assert_array_equal(cells_of(given, "mean")[1].cost, [20, NAN])


def test_an_epoch_that_is_not_there():
    given = table({("a", "0", 1): 0, ("a", "0", 4): 0})
    with pytest.raises(
        ResultsError, match="epochs=2, but no result is of that epoch; there are 1, 4"
    ):
        cells_of(given, 2)


def test_a_selection_of_cells():
    _, cells = cells_of(table({("a", "0", 1): 0.5, ("b", "0", 1): 1}), "mean")
    chosen = cells.where(np.array([False, True]))
    assert (chosen.model.tolist(), chosen.item.tolist(), chosen.value.tolist()) == ([1], [0], [1])


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("ab"), st.sampled_from("01"), st.integers(1, 2**31 - 1)),
        st.sampled_from([0.0, 1.0, 0.25, NAN]),
        min_size=1,
    )
)
def test_means_by_hand(values):
    _, cells = cells_of(table(values), "mean")
    keys = sorted({key[:2] for key in values})
    for key, value in zip(keys, cells.value, strict=True):
        own = [one for (model, item, _), one in values.items() if (model, item) == key]
        scored = [one for one in own if not np.isnan(one)]
        np.testing.assert_equal(value, sum(scored) / len(scored) if scored else NAN)
