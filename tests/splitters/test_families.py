"""Families as numbers: by label, in any container."""

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval.splitters._families import check_families, encode_families


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (["b", "a", "b", "c"], [1, 0, 1, 2]),
        (np.array(["b", "a", "b", "c"]), [1, 0, 1, 2]),
        (pd.Series(["b", "a", "b", "c"], index=[3, 1, 2, 0]), [1, 0, 1, 2]),
        (pd.Series(["b", "a", "b", "c"]).astype("category"), [1, 0, 1, 2]),
        (np.array([7, 3, 7]), [1, 0, 1]),
        (pd.Series([7, 3, 7], dtype="Int64"), [1, 0, 1]),
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
def test_numbers_follow_the_labels(groups, expected):
    family = encode_families(groups)
    assert family.dtype == np.intp
    assert family.tolist() == expected


def test_numbers_do_not_depend_on_the_order_of_the_models():
    rng = np.random.default_rng(0)
    groups = rng.choice(["llama", "qwen", "phi", "gemma"], size=30)
    order = rng.permutation(30)
    assert (encode_families(groups[order]) == encode_families(groups)[order]).all()


@pytest.mark.parametrize(
    "groups",
    [
        ["a", None],
        ["a", np.nan],
        [1.5, np.nan],
        pd.Series(["a", None]),
        pd.Series([1, None], dtype="Int64"),
        pd.Series(["a", None]).astype("category"),
    ],
    ids=["none", "nan among strings", "nan", "series", "nullable", "category"],
)
def test_missing_labels_are_refused(groups):
    with pytest.raises(ValueError, match=r"1 missing family label\(s\), the first at index 1\."):
        encode_families(groups)


@pytest.mark.parametrize("groups", [[["a"], ["b"]], "ab"], ids=["column", "string"])
def test_one_label_per_model(groups):
    with pytest.raises(ValueError, match=r"groups has shape .*; expected \(n_models,\), one"):
        encode_families(groups)


def test_too_few_families():
    assert check_families(["a", "b"], "Splitter", 2, "a split").tolist() == [0, 1]
    expected = "groups holds 2 distinct families, but n_splits=3 needs at least 3, as"
    with pytest.raises(ValueError, match=expected):
        check_families(["a", "b", "a"], "Splitter", 3, "n_splits=3")
