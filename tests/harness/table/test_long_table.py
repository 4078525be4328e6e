"""The long table: files joined, each text held once, models of one name kept apart."""

import warnings

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsWarning
from sklearn_sparseeval.harness.table import COLUMNS, FileResults, LongTable, Rows


def file_results(model="acme/one", task="demo", scores=(("0", 1.0),), model_args="", **of_file):
    rows = Rows(harness="lm_eval", model=model, task=task)
    for item, score in scores:
        rows.add(item, "acc", score, content_hash=2**64 - 1)
    per_file = {"task": task, "setting": "", "date": "", "harness": "lm_eval", "source": "a.jsonl"}
    return FileResults(rows.columns(), model, model_args, per_file | of_file)


def table_of(*files):
    table = LongTable()
    for file in files:
        table.append(file)
    return table.frame()


def test_rows_of_all_files_follow_one_another():
    frame = table_of(
        file_results(task="a", scores=[("0", 1.0), ("1", 0.0)], setting="version=1", source="x"),
        file_results(task="b", scores=[]),
        file_results("acme/two", "b", [("1", 0.5)], date="2026-11-22", source="y"),
    )
    assert tuple(frame.columns) == COLUMNS
    assert frame["model"].tolist() == ["acme/one", "acme/one", "acme/two"]
    assert frame["task"].tolist() == frame["group"].tolist() == ["a", "a", "b"]
    assert frame["item"].tolist() == ["0", "1", "1"]
    assert frame["value"].tolist() == [1.0, 0.0, 0.5]
    assert frame["setting"].tolist() == ["version=1", "version=1", ""]
    assert frame["date"].tolist() == ["", "", "2026-11-22"]
    assert frame["source"].tolist() == ["x", "x", "y"]
    assert frame["content_hash"].tolist() == [2**64 - 1] * 3
    assert frame["prompt_hash"].isna().all()


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        ("epoch", "int32"),
        ("value", "float64"),
        ("cost", "float32"),
        ("content_hash", "UInt64"),
        ("prompt_hash", "UInt64"),
    ],
)
def test_numbers_have_the_types_promised(column, dtype):
    assert table_of(file_results())[column].dtype == dtype


@pytest.mark.parametrize(
    "column",
    [
        one
        for one in COLUMNS
        if one not in {"epoch", "value", "cost", "content_hash", "prompt_hash"}
    ],
)
def test_texts_are_categories(column):
    frame = table_of(file_results(), file_results("acme/two"))
    assert isinstance(frame[column].dtype, pd.CategoricalDtype)


texts = st.text(max_size=3)


@settings(max_examples=30)
@given(st.lists(st.tuples(texts, texts, st.lists(st.tuples(texts, st.floats()))), min_size=1))
def test_every_text_and_number_comes_back(files):
    frame = table_of(*(file_results(model, task, scores) for model, task, scores in files))
    expected = [(m, t, i, repr(s)) for m, t, scores in files for i, s in scores]
    columns = (frame["model"], frame["task"], frame["item"], map(repr, frame["value"].tolist()))
    assert list(zip(*columns, strict=True)) == expected


def test_models_of_one_name_and_different_arguments_are_kept_apart():
    files = [
        file_results(model_args="revision=a"),
        file_results(model_args="revision=b"),
        file_results(model_args="revision=a", task="other"),
        file_results("acme/two", model_args="revision=b"),
    ]
    with pytest.warns(ResultsWarning, match=r"2 different models are called 'acme/one'") as caught:
        names = table_of(*files)["model"].tolist()
    assert names[0] == names[2] != names[1]
    assert all(name.startswith("acme/one [") for name in names[:3])
    assert names[3] == "acme/two"
    message = str(caught[0].message)
    assert "their arguments are revision=a and revision=b" in message
    assert names[0] in message
    assert names[1] in message


@pytest.mark.parametrize(
    ("others", "more"), [([], "'acme/one':"), (["acme/two"], "'acme/one' (and 1 more such names):")]
)
def test_the_warning_counts_the_names_that_several_models_have(others, more):
    names = ["acme/one", *others]
    files = [file_results(name, model_args=args) for name in names for args in ("", "x=1")]
    with pytest.warns(ResultsWarning) as caught:
        table_of(*files)
    assert len(caught) == 1
    assert f"2 different models are called {more} their arguments are none and x=1" in str(
        caught[0].message
    )


def test_arguments_may_hold_any_text():
    files = [file_results(model_args=args) for args in ("x=\ud800", "x=é")]
    with pytest.warns(ResultsWarning, match="2 different models"):
        assert table_of(*files)["model"].nunique() == 2


def test_models_of_one_name_and_the_same_arguments_are_one():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = table_of(*(file_results(model_args="x=1", task=task) for task in "ab"))
    assert frame["model"].tolist() == ["acme/one"] * 2
