"""What is said of the items: common hashes, mean costs, groups."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness.matrix import Choice, chosen_scores, one_score_each
from sklearn_sparseeval.harness.matrix._chosen_scores import item_names
from sklearn_sparseeval.harness.matrix._item_table import TaskFacts, item_table, item_weights
from sklearn_sparseeval.harness.table import coded_table
from sklearn_sparseeval.score_matrix import ITEM_COLUMNS

BIG = 2**64 - 1
FACTS = TaskFacts(
    Choice({"t": "acc", "u": "f1"}, {"t": "none", "u": "x"}),
    {"t": "n-shot=5", "u": ""},
    {"t": "helm", "u": "inspect"},
)


def described(rows, columns, keep=None):
    # As objects: pandas would put integers and None through floats.
    frame = pd.DataFrame(rows, columns=["model", "task", "item", *columns], dtype=object)
    table = coded_table(frame.assign(value=1.0, metric="acc"))
    scores, cells = one_score_each(chosen_scores(table, np.arange(len(frame))), "mean")
    names = item_names(table, scores.items)
    keep = np.ones(len(names), dtype=bool) if keep is None else np.array(keep)
    return item_table(scores, cells, names, keep, FACTS)


def test_columns_by_task():
    items = described([("a", "u", "1"), ("a", "t", "0"), ("a", "u", "0")], [])
    assert list(items.columns) == list(ITEM_COLUMNS)
    assert items.index.tolist() == ["t:0", "u:0", "u:1"]
    assert items.index.name == "name"
    assert items["metric"].tolist() == ["acc", "f1", "f1"]
    assert items["filter"].tolist() == ["none", "x", "x"]
    assert items["setting"].tolist() == ["n-shot=5", "", ""]
    assert items["harness"].tolist() == ["helm", "inspect", "inspect"]
    assert items["weight"].tolist() == [1.0] * 3
    assert items["cost"].isna().all()
    assert items["content_hash"].isna().all()


def test_only_kept_items():
    items = described([("a", "t", "0"), ("a", "t", "1")], [], keep=[False, True])
    assert items.index.tolist() == ["t:1"]


@pytest.mark.parametrize("name", ["content_hash", "prompt_hash"])
@pytest.mark.parametrize(
    ("hashes", "expected"),
    [
        ([BIG, BIG, BIG], BIG),
        ([BIG, None, None], BIG),
        ([BIG, BIG - 1, BIG], pd.NA),  # one float, two numbers
        ([1, 2, None], pd.NA),
        ([None] * 3, pd.NA),
    ],
    ids=["same", "recorded for one", "last bit", "differ", "none"],
)
def test_common_hash(name, hashes, expected):
    items = described([(m, "t", "0", h) for m, h in zip("abc", hashes, strict=True)], [name])
    value = items[name].iloc[0]
    assert (value is expected) if expected is pd.NA else (int(value) == expected)


def test_cost_is_a_mean_over_models():
    rows = [("a", "t", "0", 1, 10.0), ("a", "t", "0", 2, 30.0), ("b", "t", "0", 1, 100.0)]
    items = described([*rows, ("c", "t", "0", 1, np.nan)], ["epoch", "cost"])
    assert items["cost"].tolist() == [60.0]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (["mmlu", "mmlu", "mmlu"], "mmlu"),
        (["t", "t", "t"], "t"),
        (["t", "t", "mmlu"], "mmlu"),  # two runs of the task alone
    ],
    ids=["same", "itself", "known to one run"],
)
def test_group(groups, expected):
    rows = [(m, "t", "0", g) for m, g in zip("abc", groups, strict=True)]
    assert described(rows, ["group"])["group"].tolist() == [expected]
    assert described(rows[::-1], ["group"])["group"].tolist() == [expected]


@pytest.mark.parametrize(
    ("groups", "expected"), [("xyy", "y"), ("zxy", "x"), ("txy", "x")], ids=["most", "name", "own"]
)
def test_groups_that_contradict_each_other(groups, expected):
    rows = [(m, "t", "0", g) for m, g in zip("abc", groups, strict=True)]
    rows += [(m, "t", "1", "w") for m in "abc"]
    with pytest.warns(ResultsWarning, match=r"^1 item\(s\) are in different groups .* item '0' of"):
        assert described(rows, ["group"])["group"].tolist() == [expected, "w"]


def test_groups_of_items_that_are_left_out_do_not_matter():
    rows = [("a", "t", "0", "x"), ("b", "t", "0", "y"), ("a", "t", "1", "w")]
    assert described(rows, ["group"], keep=[False, True])["group"].tolist() == ["w"]


TASKS = ["law", "law", "law", "art", "gsm"]
GROUPS = ["mmlu", "mmlu", "mmlu", "mmlu", "gsm"]
NAMES = ["law:0", "law:1", "law:2", "art:0", "gsm:0"]


@pytest.fixture
def items():
    return pd.DataFrame({"task": TASKS, "item": list("01200"), "group": GROUPS}, index=NAMES)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ("item", np.full(5, 1 / 5)),
        ("task", [1 / 9, 1 / 9, 1 / 9, 1 / 3, 1 / 3]),
        ("group", [1 / 12, 1 / 12, 1 / 12, 1 / 4, 1 / 2]),
        ({"mmlu": 3, "gsm": 1}, [3 / 16, 3 / 16, 3 / 16, 3 / 16, 1 / 4]),
        ({"law": 0.5, "art": 0.25, "gsm": 0.25}, [1 / 6, 1 / 6, 1 / 6, 1 / 4, 1 / 4]),
        ({"law": 0, "art": 7, "gsm": 7}, [0, 0, 0, 1 / 2, 1 / 2]),
        ([1, 0, 1, 2, 4], [1 / 8, 0, 1 / 8, 1 / 4, 1 / 2]),
        (np.array([1e308] * 5), np.full(5, 1 / 5)),
        (pl.Series([1, 1, 1, 1, 1]), np.full(5, 1 / 5)),
        (pd.Series([4, 3, 0, 2, 1, 9], index=[*NAMES[::-1], "x:0"]), [0.1, 0.2, 0, 0.3, 0.4]),
    ],
    ids=["item", "task", "group", "groups", "tasks", "zero", "list", "huge", "polars", "series"],
)
def test_by_hand(items, weights, expected):
    np.testing.assert_allclose(item_weights(weights, items), expected, rtol=1e-14)


def test_a_task_in_two_groups_counts_in_both(items):
    items["group"] = ["g", "g", "h", "h", "h"]
    # h holds tasks law, art and gsm with an item each, g the task law with two.
    expected = [1 / 4, 1 / 4, 1 / 6, 1 / 6, 1 / 6]
    np.testing.assert_allclose(item_weights("group", items), expected)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"mmlu": 1}, r"says nothing of 1 task\(s\): 'gsm'"),
        (
            {"mmlu": 1, "gsm": 1, "arc": 1},
            r"key 'arc', which is neither .*'law', 'art', 'gsm', 'mmlu'",
        ),
        ({"mmlu": 1, "gsm": 1, "law": 1}, r"gives item 'law:0' to both 'mmlu' and 'law'"),
        ({"mmlu": -1, "gsm": 1}, r"weights\['mmlu'\] is -1; expected a finite weight"),
        ({"mmlu": np.nan, "gsm": 1}, r"weights\['mmlu'\] is nan"),
        ({"mmlu": np.inf, "gsm": 1}, r"weights\['mmlu'\] is inf"),
        ({"mmlu": "much", "gsm": 1}, r"weights\['mmlu'\] is 'much'"),
        ({"mmlu": None, "gsm": 1}, r"weights\['mmlu'\] is None"),
        ({"mmlu": 0, "gsm": 0}, "0 for all items"),
        ({}, r"says nothing of 3 task\(s\)"),
        ([1, 2], r"shape \(2,\); expected \(5,\)"),
        (np.ones((5, 1)), r"shape \(5, 1\)"),
        ([1, 2, -3, 1, 1], "holds -3 for item 'law:2'"),
        ([1, 2, 3, np.nan, 1], "holds nan for item 'art:0'"),
        ([0] * 5, "0 for all items"),
        (["a"] * 5, "expected numbers"),
        (pd.Series([1.0], index=["law:0"]), "lacks 4 of the matrix's 5 items: 'law:1'"),
        (pd.Series(1.0, index=["law:0", *NAMES]), "item 'law:0' twice"),
        (pd.Series(np.ones(5)), "lacks 5 .*such as 'law:0'"),
    ],
)
def test_weights_that_do_not_fit(items, weights, message):
    with pytest.raises(ResultsError, match=message):
        item_weights(weights, items)


@given(
    st.lists(st.tuples(st.sampled_from("gh"), st.sampled_from("tuv")), min_size=1, max_size=12),
    st.sampled_from(["item", "task", "group"]),
)
def test_each_level_is_shared_alike(parts, weights):
    groups, tasks = zip(*parts, strict=True)
    items = pd.DataFrame({"task": tasks, "item": "0", "group": groups})
    result = item_weights(weights, items)
    assert result.sum() == pytest.approx(1)
    shares = items.assign(weight=result)
    levels = {"item": [], "task": ["task"], "group": ["group"]}[weights]
    if levels:
        totals = shares.groupby(levels)["weight"].sum()
        np.testing.assert_allclose(totals, 1 / len(totals))
    within = {"item": [], "task": ["task"], "group": ["group", "task"]}[weights]
    same = shares.groupby(within)["weight"].nunique() if within else shares["weight"].nunique()
    assert np.all(same == 1)
    if weights == "group":
        by_task = shares.groupby(["group", "task"])["weight"].sum()
        assert all(np.ptp(by_task[group]) < 1e-12 for group in set(groups))
