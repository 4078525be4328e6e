import ast
import json
import runpy

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError, ScoreMatrix
from sklearn_sparseeval.harness import read_opencompass, to_opencompass_test_ranges


def make_anchors(items, **columns):
    return pd.DataFrame(
        {"task": [task for task, _ in items], "item": [i for _, i in items]} | columns
    )


ANCHORS = make_anchors([("math", "10"), ("gsm8k", "7"), ("gsm8k", "1"), ("gsm8k", "4")])
RANGES = {"gsm8k": ".__len__() and [1, 4, 7]", "math": ".__len__() and [10]"}


def chosen_by_opencompass(test_range, size):
    """The positions that load_partial_dataset selects."""
    index_list = list(range(size))  # noqa: F841 - the text is evaluated behind its name
    return eval(f"index_list{test_range}")


def test_each_dataset_has_its_sorted_positions():
    assert to_opencompass_test_ranges(ANCHORS) == RANGES
    assert list(to_opencompass_test_ranges(ANCHORS)) == ["gsm8k", "math"]


def test_datasets_are_in_natural_order():
    anchors = make_anchors([("x10", "1"), ("x9", "1")])
    assert list(to_opencompass_test_ranges(anchors)) == ["x9", "x10"]


def test_positions_are_unique():
    anchors = make_anchors([("gsm8k", "7"), ("gsm8k", "7"), ("gsm8k", "07"), ("gsm8k", 3)])
    assert to_opencompass_test_ranges(anchors) == {"gsm8k": ".__len__() and [3, 7]"}


@given(positions=st.sets(st.integers(0, 199), min_size=1), size=st.integers(200, 300))
def test_opencompass_evaluates_them_to_the_positions(positions, size):
    anchors = make_anchors([("t", str(one)) for one in positions])
    test_range = to_opencompass_test_ranges(anchors)["t"]
    assert chosen_by_opencompass(test_range, size) == sorted(positions)
    # NumWorkerPartitioner.get_size, SizePartitioner._get_actual_size
    assert eval(f"len(range(size){test_range})") == len(positions)


@given(positions=st.sets(st.integers(0, 199), min_size=1), step=st.integers(1, 20))
def test_opencompass_can_split_them_among_workers(positions, step):
    test_range = to_opencompass_test_ranges(make_anchors([("t", str(one)) for one in positions]))[
        "t"
    ]
    starts = range(0, len(positions), step)  # split_dataset
    parts = [chosen_by_opencompass(f"{test_range}[{i}:{i + step}]", 200) for i in starts]
    assert [one for part in parts for one in part] == sorted(positions)


def test_anchors_are_rows_of_a_score_matrix():
    data = pd.DataFrame([[1.0, 0.0, 1.0]], index=["m"], columns=["a:0", "a:5", "b:2"])
    matrix = ScoreMatrix.from_frame(data, items={"task": ["a", "a", "b"], "item": ["0", "5", "2"]})
    assert to_opencompass_test_ranges(matrix.items.iloc[[2, 1]]) == {
        "a": ".__len__() and [5]",
        "b": ".__len__() and [2]",
    }


def test_items_that_were_read_come_back(tmp_path):
    folder = tmp_path / "results" / "acme"
    folder.mkdir(parents=True)
    details = [{"example_abbr": f"gsm8k_test_{one}", "correct": [True]} for one in (3, 9)]
    (folder / "gsm8k.json").write_text(json.dumps({"accuracy": 100, "details": details}))
    results = read_opencompass(tmp_path, progress=False)
    assert to_opencompass_test_ranges(results) == {"gsm8k": ".__len__() and [3, 9]"}


def test_json_holds_the_same(tmp_path):
    path = tmp_path / "opencompass ranges.json"
    assert to_opencompass_test_ranges(ANCHORS, path) == RANGES
    assert json.loads(path.read_text()) == RANGES


def test_a_part_of_a_config_defines_the_ranges_and_says_how_to_use_them(tmp_path):
    path = tmp_path / "opencompass_anchors.py"
    assert to_opencompass_test_ranges(ANCHORS, str(path)) == RANGES
    assert runpy.run_path(str(path))["test_ranges"] == RANGES
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert "from .opencompass_anchors import test_ranges" in docstring

    uses = docstring[docstring.index("datasets = ") : docstring.index("Run it")]
    datasets = [{"abbr": abbr, "reader_cfg": {}} for abbr in ("gsm8k", "mbpp", "math")]
    config = {"datasets": datasets, "test_ranges": RANGES}
    exec("\n".join(line.removeprefix("    ") for line in uses.splitlines()), config)
    assert config["datasets"] == [
        {"abbr": "gsm8k", "reader_cfg": {"test_range": RANGES["gsm8k"]}},
        {"abbr": "math", "reader_cfg": {"test_range": RANGES["math"]}},
    ]


@pytest.mark.parametrize("suffix", [".py", ".json"])
def test_names_of_datasets_are_written_safely(tmp_path, suffix):
    task = "it's \"a\" {name}\\\n'''é"
    path = tmp_path / f"anchors{suffix}"
    ranges = to_opencompass_test_ranges(make_anchors([(task, "1")]), path)
    text = path.read_text(encoding="utf-8")
    read = json.loads(text) if suffix == ".json" else runpy.run_path(str(path))["test_ranges"]
    assert read == ranges == {task: ".__len__() and [1]"}


@pytest.mark.parametrize("item", ["id7", "-1", "1.0", "", "7 ", "٣", "1" * 16, "3:4"])
def test_items_that_are_no_positions_are_refused(item):
    anchors = make_anchors([("gsm8k", "1"), ("gsm8k", item)])
    with pytest.raises(ResultsError) as caught:
        to_opencompass_test_ranges(anchors)
    assert f"Item {item!r} of task 'gsm8k' is not a position" in str(caught.value)


@pytest.mark.parametrize(
    ("anchors", "message"),
    [
        (pd.DataFrame({"task": ["a"]}), "anchors has no column item; expected a data frame of"),
        (pd.DataFrame(), "anchors has no column task and item"),
        ([("a", "1")], "anchors has no column task and item"),
        (make_anchors([]), "There are no anchors; OpenCompass"),
        (
            make_anchors([("a", "1"), ("b", "2")], harness=["opencompass", "lm_eval"]),
            "1 of 2 anchors are from results of 'lm_eval', whose items are not pos",
        ),
    ],
    ids=range(5),
)
def test_anchors_of_another_form_are_refused(anchors, message):
    with pytest.raises(ResultsError, match=message):
        to_opencompass_test_ranges(anchors)


@pytest.mark.parametrize("harness", ["opencompass", ""])
def test_anchors_of_opencompass_or_no_harness_are_taken(harness):
    anchors = make_anchors([("a", "1")], harness=[harness])
    assert to_opencompass_test_ranges(anchors) == {"a": ".__len__() and [1]"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("anchors.yaml", "expected the suffix .py, for a part of a config, or .json"),
        ("anchors", "expected the suffix .py"),
        ("my-anchors.py", "which no config can import"),
        ("1.py", "which no config can import"),
    ],
)
def test_files_that_no_config_can_use_are_refused(tmp_path, name, message):
    with pytest.raises(ValueError, match=message):
        to_opencompass_test_ranges(ANCHORS, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_path_of_another_type_is_refused():
    with pytest.raises(ValueError, match="'path' parameter"):
        to_opencompass_test_ranges(ANCHORS, 3)


def test_nothing_is_written_if_an_item_is_refused(tmp_path):
    with pytest.raises(ResultsError, match="not a position"):
        to_opencompass_test_ranges(make_anchors([("a", "x")]), tmp_path / "anchors.json")
    assert not list(tmp_path.iterdir())
