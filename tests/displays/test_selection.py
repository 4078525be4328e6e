"""What is asked for is there, or the error says what is; labels are one each."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval.displays._selection import check_known, check_labels


@given(st.lists(st.integers(0, 9), min_size=1), st.data())
def test_what_is_known_comes_back_once_in_the_order_asked(known, data):
    asked = data.draw(st.lists(st.sampled_from(known), min_size=1))
    found = check_known("n_anchors", asked, known)
    assert set(found) == set(asked)
    assert [asked.index(item) for item in found] == sorted(asked.index(item) for item in found)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("asked", "named"),
    [(["x"], "'x'"), (["a", "x", "y"], "'x', 'y'"), ([3], "3")],
)
def test_what_is_unknown_is_named_beside_what_is_known(asked, named):
    with pytest.raises(
        ValueError,
        match=rf"^methods asks for {named}, which the comparison does not hold\. "
        r"It holds: 'a', 'b'\.$",
    ):
        check_known("methods", asked, ["a", "b", "a"])


def test_nothing_is_asked_for():
    with pytest.raises(ValueError, match=r"metrics is empty\. Ask for at least one of: 'a', 'b'"):
        check_known("metrics", [], ["a", "b"])


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b", "a"],
        ("a", "b", "a"),
        np.array(["a", "b", "a"]),
        pd.Series(["a", "b", "a"], index=[5, 6, 7]),
        pd.Series(["a", "b", "a"], dtype="category"),
        pl.Series(["a", "b", "a"]),
    ],
    ids=["list", "tuple", "array", "pandas", "categorical", "polars"],
)
def test_labels_of_any_container(labels):
    found = check_labels("families", labels, 3, "models")
    assert found.dtype == object
    assert found.tolist() == ["a", "b", "a"]


@pytest.mark.parametrize(
    "missing",
    [None, np.nan, float("nan"), pd.NA, pd.NaT, np.float32("nan")],
    ids=["None", "the nan of numpy", "another nan", "NA", "NaT", "float32"],
)
def test_every_kind_of_missing_label_is_none(missing):
    labels = pd.Series(["a", missing, "b"], dtype=object)
    assert check_labels("groups", labels, 3, "items").tolist() == ["a", None, "b"]
    assert check_labels("groups", ["a", missing, "b"], 3, "items").tolist() == ["a", None, "b"]


def test_a_name_that_reads_like_a_missing_one_stays():
    assert check_labels("families", ["nan", "None"], 2, "models").tolist() == ["nan", "None"]


def test_numbers_stay_numbers():
    assert check_labels("groups", [1.5, np.nan, 2], 3, "items").tolist() == [1.5, None, 2]


@pytest.mark.parametrize("n_labels", [0, 2, 4])
def test_too_few_or_too_many_labels(n_labels):
    message = rf"families has {n_labels} entries for 3 models; expected one each\."
    with pytest.raises(ValueError, match=message):
        check_labels("families", ["a"] * n_labels, 3, "models")


@pytest.mark.parametrize(
    "labels", [[("a", "b"), ("c", "d")], np.zeros((2, 1))], ids=["pairs", "2d"]
)
def test_several_labels_of_one(labels):
    with pytest.raises(ValueError, match=r"groups has shape \(2, \d\); expected \(2,\), one label"):
        check_labels("groups", labels, 2, "items")
