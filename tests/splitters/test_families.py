"""Families by label, in any container, wherever a splitter takes them."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval.splitters import (
    FamilyShuffleSplit,
    RepeatedGroupKFold,
    group_similar_models,
)


def scores(n_models):
    """No two models are similar."""
    return np.random.default_rng(0).integers(0, 2, size=(n_models, 200)).astype(float)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (["b", "a", "b", "c"], [0, 1, 0, 2]),
        (np.array(["b", "a", "b", "c"]), [0, 1, 0, 2]),
        (pd.Series(["b", "a", "b", "c"], index=[3, 1, 2, 0]), [0, 1, 0, 2]),
        (pd.Series(["b", "a", "b", "c"]).astype("category"), [0, 1, 0, 2]),
        (np.array([7, 3, 7]), [0, 1, 0]),
        (pd.Series([7, 3, 7], dtype="Int64"), [0, 1, 0]),
        ([1, "1", 1], [0, 1, 0]),
        ([True, "x", True], [0, 1, 0]),
        ([frozenset("a"), "z", frozenset("a")], [0, 1, 0]),
    ],
    ids=[
        "list",
        "array",
        "series",
        "category",
        "integers",
        "nullable",
        "number and its digits",
        "truth values",
        "objects",
    ],
)
def test_equal_labels_are_one_family(groups, expected):
    assert group_similar_models(scores(len(groups)), groups=groups).tolist() == expected


@pytest.mark.parametrize(
    "splitter",
    [FamilyShuffleSplit(random_state=0), RepeatedGroupKFold(n_splits=2, random_state=0)],
    ids=["shuffle", "k-fold"],
)
class TestSplitters:
    def test_the_draw_does_not_depend_on_the_order_of_the_models(self, splitter):
        rng = np.random.default_rng(0)
        groups = rng.choice(["llama", "qwen", "phi", "gemma"], size=30)
        order = rng.permutation(30)
        for (_, one), (_, other) in zip(
            splitter.split(scores(30), groups=groups),
            splitter.split(scores(30), groups=groups[order]),
            strict=True,
        ):
            assert set(order[other]) == set(one)

    @pytest.mark.parametrize(
        "label",
        [
            "",
            "nan",
            0,
            0.0,
            False,
            np.inf,
            np.datetime64("1970-01-01"),
            datetime(1970, 1, 1),
            ("a",),
        ],
        ids=["empty", "text", "0", "0.0", "false", "inf", "datetime64", "datetime", "tuple"],
    )
    def test_labels_that_look_empty_are_labels(self, splitter, label):
        groups = np.empty(4, dtype=object)
        groups[:] = ["b", "c", "d", "e"]
        groups[1] = label
        for sources, targets in splitter.split(scores(4), groups=groups):
            assert sorted([*sources, *targets]) == [0, 1, 2, 3]

    @pytest.mark.parametrize(
        "groups",
        [
            ["a", None],
            ["a", np.nan],
            ["a", np.float32("nan")],
            ["a", np.datetime64("NaT")],
            ["a", pd.NaT],
            ["a", pd.NA],
            [1.5, np.nan],
            pd.Series(["a", None]),
            pd.Series([1, None], dtype="Int64"),
            pd.Series(["a", None]).astype("category"),
        ],
        ids=[
            "none",
            "nan among strings",
            "float32",
            "NaT",
            "pandas NaT",
            "pandas NA",
            "nan",
            "series",
            "nullable",
            "category",
        ],
    )
    def test_missing_labels_are_refused(self, splitter, groups):
        with pytest.raises(
            ValueError, match=r"1 missing family label\(s\), the first at index 1\."
        ):
            next(splitter.split(scores(2), groups=groups))

    def test_missing_labels_are_counted(self, splitter):
        expected = r"^groups holds 2 missing family label\(s\), the first at index 1\. Give every"
        with pytest.raises(ValueError, match=expected):
            next(splitter.split(scores(4), groups=["a", None, "b", np.nan]))

    @pytest.mark.parametrize("groups", [[["a"], ["b"]], np.zeros((2, 3))], ids=["column", "table"])
    def test_one_label_per_model(self, splitter, groups):
        with pytest.raises(ValueError, match=r"groups has shape .*; expected \(n_models,\), one"):
            next(splitter.split(scores(2), groups=groups))
