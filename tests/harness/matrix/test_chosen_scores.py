"""Rows sorted by model, item and epoch; models and items in their order; names that differ."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.matrix import chosen_scores
from sklearn_sparseeval.harness.matrix._chosen_scores import item_names
from sklearn_sparseeval.harness.table import coded_table

COLUMNS = ["model", "task", "item", "epoch", "value"]


def scores_of(rows, at=None):
    table = coded_table(pd.DataFrame(rows, columns=COLUMNS).assign(metric="acc"))
    return chosen_scores(table, np.arange(len(rows)) if at is None else np.array(at))


def test_order_by_hand():
    rows = [
        ("b", "t10", "0", 1, 0.0),
        ("b", "t9", "10", 1, 0.1),
        ("b", "t9", "9", 2, 0.2),
        ("b", "t9", "9", 1, 0.3),
        ("a", "t10", "0", 1, 0.4),
    ]
    scores = scores_of(rows)
    assert scores.models == ["a", "b"]
    assert item_names(scores.table, scores.items) == ["t9:9", "t9:10", "t10:0"]
    assert scores.rows.tolist() == [4, 3, 2, 1, 0]
    assert scores.model.tolist() == [0, 1, 1, 1, 1]
    assert scores.item.tolist() == [2, 0, 0, 1, 2]
    assert scores.starts_cell().tolist() == [True, True, False, True, True]
    assert [scores.table.task.texts[code] for code in scores.task([0, 1])] == ["t10", "t9"]
    assert scores.describe(0) == ("a", "t10", "0", "")


def test_models_without_a_chosen_row_stay_and_items_go():
    scores = scores_of([("b", "t", "0", 1, 1.0), ("a", "t", "1", 1, 1.0)], at=[0])
    assert scores.models == ["a", "b"]
    assert scores.model.tolist() == [1]
    assert item_names(scores.table, scores.items) == ["t:0"]


def test_without_models():
    scores = scores_of([(model, "t", "0", 1, 1.0) for model in "cab"])
    left = scores.without_models(np.array([True, False, True]))
    assert left.models == ["a", "c"]
    assert left.model.tolist() == [0, 1]
    assert [left.describe(row)[0] for row in range(2)] == ["a", "c"]
    assert scores.without_models(np.ones(3, dtype=bool)) is scores


@pytest.mark.parametrize("rows", [[("a", "x:y", "z"), ("a", "x", "y:z")]])
def test_two_items_of_one_name(rows):
    scores = scores_of([(*row, 1, 1.0) for row in [*rows, ("a", "x", "ok")]])
    with pytest.raises(ResultsError) as caught:
        item_names(scores.table, scores.items)
    assert str(caught.value) == (
        "Item 'y:z' of task 'x' and item 'z' of task 'x:y' would both be called 'x:y:z'. Rename "
        "one of the tasks in the table's column 'task'."
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from(["t1", "t2", "t10"]),
            st.sampled_from(["0", "5", "10"]),
            st.sampled_from([1, 2, 2**31 - 1]),
        ),
        unique=True,
        min_size=1,
    ),
    st.randoms(),
)
def test_the_order_does_not_depend_on_that_of_the_rows(keys, random):
    def labels(rows):
        scores = scores_of(rows)
        epochs = scores.table.epoch[scores.rows].tolist()
        return [(*scores.describe(row)[:3], epochs[row]) for row in range(len(rows))]

    rows = [(*key, 1.0) for key in keys]
    shuffled = random.sample(rows, len(rows))
    expected = sorted(keys, key=lambda key: (key[0], int(key[1][1:]), int(key[2]), key[3]))
    assert labels(rows) == labels(shuffled) == expected
