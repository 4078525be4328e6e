import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError, ScoreMatrix
from sklearn_sparseeval.harness import to_item_lists


def anchors_of(*pairs):
    return pd.DataFrame(pairs, columns=["task", "item"])


def test_ids_are_sorted_with_numbers_as_numbers():
    anchors = anchors_of(
        ("b10", "10"), ("b2", "id9"), ("b10", "9"), ("b2", "id10"), ("b10", "100"), ("b10", "9")
    )
    lists = to_item_lists(anchors)
    assert lists == {"b2": ["id9", "id10"], "b10": ["9", "10", "100"]}
    assert list(lists) == ["b2", "b10"]


def test_rows_of_a_score_matrix_are_anchors():
    data = pd.DataFrame([[1.0, 0.0, 1.0]], index=["m"], columns=["t:0", "t:1", "u:0"])
    matrix = ScoreMatrix.from_frame(data, items={"task": ["t", "t", "u"], "item": ["0", "1", "0"]})
    assert to_item_lists(matrix.items.iloc[[2, 1]]) == {"t": ["1"], "u": ["0"]}


def test_numbers_become_texts():
    assert to_item_lists(pd.DataFrame({"task": ["t", "t"], "item": [10, 9]})) == {"t": ["9", "10"]}


@given(pairs=st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3)), min_size=1))
def test_no_anchor_is_lost_or_doubled(pairs):
    lists = to_item_lists(anchors_of(*pairs))
    listed = [(task, item) for task, items in lists.items() for item in items]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(pairs)
    assert to_item_lists(anchors_of(*reversed(pairs))) == lists


@pytest.mark.parametrize("as_text", [False, True])
def test_the_lists_are_written_as_json(tmp_path, as_text):
    path = tmp_path / "lists.json"
    lists = to_item_lists(anchors_of(("é", "2"), ("é", "1")), str(path) if as_text else path)
    assert json.loads(path.read_text(encoding="utf-8")) == lists == {"é": ["1", "2"]}
    assert path.read_text(encoding="utf-8").endswith("}\n")


@pytest.mark.parametrize(
    ("anchors", "message"),
    [
        (anchors_of(), "anchors has no rows"),
        (pd.DataFrame({"task": ["t"]}), "anchors has no column 'item'; expected rows of"),
        (pd.DataFrame({"x": [1]}), "no column 'task' and no column 'item'"),
        ([0, 1], "anchors has no column 'task'"),
    ],
    ids=["no rows", "no item", "neither", "no table"],
)
def test_what_are_no_anchors_is_refused(anchors, message):
    with pytest.raises(ResultsError, match=message):
        to_item_lists(anchors)
