"""What is said of the items: common hashes, mean costs, groups."""

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import ResultsWarning
from sklearn_sparseeval.harness.matrix import Choice, chosen_scores, one_score_each
from sklearn_sparseeval.harness.matrix._chosen_scores import item_names
from sklearn_sparseeval.harness.matrix._item_table import TaskFacts, item_table
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
