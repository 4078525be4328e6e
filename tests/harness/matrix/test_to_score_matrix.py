"""From the long table to the matrix: by hand, by a slow pivot, and whatever the order of rows."""

import warnings
from collections import defaultdict

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError, ResultsWarning, ScoreMatrix
from sklearn_sparseeval.datasets import load_helm_lite
from sklearn_sparseeval.harness import to_score_matrix
from sklearn_sparseeval.harness.table import COLUMNS

NAN = np.nan
BIG = 2**64 - 1


def table(rows, columns):
    """Make a long table; integers of 64 bits stay what they are."""
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    return frame.astype({"value": float})


@pytest.fixture
def results():
    """Two models on gsm8k (two filters, two epochs) and on two subjects of MMLU."""
    rows = []
    for model, shift in (("org/b", 0), ("org/a", 1)):
        for doc in range(11):
            for metric in ("acc", "acc_norm"):
                value = float((doc + shift + (metric == "acc")) % 3 == 0)
                rows.append(
                    (model, "mmlu_law", str(doc), metric, "none", 1, value, "mmlu", 100 + doc)
                )
        rows.append((model, "mmlu_art", "0", "acc", "none", 1, 1.0 - shift, "mmlu", BIG))
        for filter in ("strict", "flexible"):
            for epoch in (1, 2):
                value = float(epoch == 1 or filter == "flexible")
                rows.append(
                    (model, "gsm8k", "0", "exact_match", filter, epoch, value, "gsm8k", BIG - 1)
                )
    names = ["model", "task", "item", "metric", "filter", "epoch", "value", "group", "content_hash"]
    frame = table(rows, names).assign(cost=[float(number) for number in range(len(rows))])
    frame["prompt_hash"] = frame["content_hash"].where(frame["task"] != "mmlu_law", None)
    frame["date"] = "2026-01-01"
    frame["source"] = "runs/" + frame["model"] + "/" + frame["task"] + ".jsonl"
    return frame.assign(setting="n-shot=5", harness="lm_eval")[list(COLUMNS)]


def test_by_hand(results):
    matrix = to_score_matrix(results, filter={"gsm8k": "strict"})
    law = [f"mmlu_law:{doc}" for doc in range(11)]
    assert matrix.data.index.tolist() == ["org/a", "org/b"]
    assert matrix.data.columns.tolist() == ["gsm8k:0", "mmlu_art:0", *law]
    a = [0.5, 0.0, *[float((doc + 1) % 3 == 0) for doc in range(11)]]
    b = [0.5, 1.0, *[float(doc % 3 == 0) for doc in range(11)]]
    assert matrix.data.to_numpy().tolist() == [a, b]
    items = matrix.items
    assert items.loc["mmlu_law:10"].tolist()[:5] == ["mmlu_law", "10", "mmlu", "acc_norm", "none"]
    assert items["metric"].tolist()[:2] == ["exact_match", "acc"]
    assert items["filter"].tolist()[:2] == ["strict", "none"]
    assert [int(one) for one in items["content_hash"][:2]] == [BIG - 1, BIG]
    assert [int(one) for one in items["prompt_hash"][:2]] == [BIG - 1, BIG]
    assert items["prompt_hash"].isna()[2:].all()
    cost = results.loc[(results["task"] == "gsm8k") & (results["filter"] == "strict"), "cost"]
    assert items["cost"].iloc[0] == cost.mean()
    np.testing.assert_allclose(items["weight"], 1 / 13)
    assert set(items["setting"]) == {"n-shot=5"}
    assert set(items["harness"]) == {"lm_eval"}
    np.testing.assert_allclose(matrix.targets["overall"], [np.mean(a), np.mean(b)])
    assert matrix.targets.columns.tolist() == ["overall", "gsm8k", "mmlu_art", "mmlu_law"]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ("task", lambda own: own.mean()),
        ("group", lambda own: own["gsm8k"] / 2 + own[["mmlu_art", "mmlu_law"]].mean() / 2),
        ({"gsm8k": 1, "mmlu": 3}, lambda own: own["gsm8k"] / 4 + (own @ [0, 1, 11]) / 12 * 0.75),
    ],
    ids=["task", "group", "mapping"],
)
def test_weights(results, weights, expected):
    matrix = to_score_matrix(results, filter={"gsm*": "strict"}, weights=weights)
    for _, row in matrix.targets.iterrows():
        assert row["overall"] == pytest.approx(expected(row.drop("overall")))


def test_weights_per_item(results):
    one = pd.Series(0.0, index=[f"mmlu_law:{doc}" for doc in range(11)])
    one["mmlu_law:3"] = 2.0
    matrix = to_score_matrix(results, tasks="mmlu_law", weights=one)
    assert matrix.targets["overall"].tolist() == matrix.data["mmlu_law:3"].tolist()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"tasks": "mmlu_*"}, 12),
        ({"tasks": ["gsm8k"], "filter": "strict"}, 1),
        ({"tasks": "mmlu_law", "metric": "acc"}, 11),
    ],
    ids=["glob", "list", "metric"],
)
def test_selection(results, options, expected):
    assert to_score_matrix(results, **options).data.shape == (2, expected)


@pytest.mark.parametrize(
    ("epochs", "filter", "expected"),
    [("mean", "strict", 0.5), ("first", "strict", 1), (2, "strict", 0), (2, "flexible", 1)],
)
def test_epochs(results, epochs, filter, expected):
    matrix = to_score_matrix(results, tasks="gsm8k", filter=filter, epochs=epochs)
    assert matrix.data["gsm8k:0"].tolist() == [expected] * 2


def test_the_table_is_not_changed(results):
    categories = results.astype(dict.fromkeys(["model", "task", "item"], "category"))
    for frame in (results, categories):
        before = frame.copy(deep=True)
        to_score_matrix(frame, filter={"gsm8k": "strict"})
        pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("seed", range(3))
def test_order_of_rows_and_categories_does_not_matter(results, seed):
    expected = to_score_matrix(results, filter={"gsm8k": "strict"})
    shuffled = results.sample(frac=1, random_state=seed)
    texts = [name for name in COLUMNS if isinstance(results[name].iloc[0], str)]
    for name in texts:
        categories = np.random.default_rng(seed).permutation([*shuffled[name].unique(), "unused"])
        shuffled[name] = pd.Categorical(shuffled[name], categories)
    assert to_score_matrix(shuffled, filter={"gsm8k": "strict"}) == expected


def test_polars_and_only_the_needed_columns(results):
    needed = results.loc[
        results["task"] == "mmlu_law", ["model", "task", "item", "metric", "value"]
    ]
    expected = to_score_matrix(results, tasks="mmlu_law")
    matrix = to_score_matrix(pl.from_pandas(needed.astype({"item": int})))
    pd.testing.assert_frame_equal(matrix.data, expected.data)


def test_other_columns_are_ignored(results):
    given = results.assign(comment=[{}] * len(results))
    assert to_score_matrix(given, tasks="mmlu_law") == to_score_matrix(results, tasks="mmlu_law")


def test_one_model(results):
    own = results[results["model"] == "org/b"]
    assert to_score_matrix(own, tasks="mmlu_*").data.shape == (1, 12)


def test_a_model_of_other_tasks_is_left_out(results):
    given = results[(results["model"] == "org/a") | (results["task"] == "gsm8k")]
    with pytest.warns(
        ResultsWarning, match=r"1 of 2 models .* no score on the chosen tasks: 'org/b'"
    ):
        assert to_score_matrix(given, tasks="mmlu_law").data.index.tolist() == ["org/a"]


def test_a_model_that_was_left_out_contradicts_nobody(results):
    given = results.copy()
    wrong = (given["model"] == "org/a") & (given["item"] != "0") & (given["task"] == "mmlu_law")
    given.loc[given["model"] == "org/a", "setting"] = "n-shot=0"
    given.loc[given["model"] == "org/a", "content_hash"] = 5
    given.loc[wrong, "value"] = NAN
    with pytest.raises(ResultsError, match="several settings"):
        to_score_matrix(given, tasks="mmlu_law")
    with pytest.warns(ResultsWarning, match="1 of 2 models"):
        matrix = to_score_matrix(given, tasks="mmlu_law", min_coverage=0.5)
    assert matrix.data.shape == (1, 11)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("setting", "n-shot=0", "several settings"),
        ("harness", "inspect", "two harnesses"),
        ("content_hash", 5, "not the same for all models"),
    ],
)
def test_results_that_do_not_compare(results, column, value, message):
    results.loc[(results["model"] == "org/a") & (results["item"] == "3"), column] = value
    with pytest.raises(ResultsError, match=message):
        to_score_matrix(results, tasks="mmlu_law")


def test_mixed_settings_on_demand(results):
    results.loc[results["model"] == "org/b", "setting"] = "n-shot=0"
    with pytest.warns(ResultsWarning, match=r"1 task\(s\) were run in several settings"):
        matrix = to_score_matrix(results, tasks="mmlu_law", mixed_settings="warn")
    assert set(matrix.items["setting"]) == {"n-shot=0"}  # of as many models: the first by name


def test_alignment(results):
    given = results[~((results["model"] == "org/a") & (results["item"] == "10"))]
    given.loc[(given["model"] == "org/b") & (given["item"] == "9"), "value"] = NAN
    with pytest.warns(ResultsWarning, match="2 of 11 items were left out"):
        assert to_score_matrix(given, tasks="mmlu_law").data.columns[-1] == "mmlu_law:8"
    matrix = to_score_matrix(given, tasks="mmlu_law", alignment="all")
    assert matrix.data.isna().to_numpy()[:, -3:].tolist() == [
        [False, False, True],
        [False, True, False],
    ]
    assert not matrix.targets.isna().to_numpy().any()


def test_a_folder_of_anchor_runs_does_not_disturb_the_full_ones(results):
    full = to_score_matrix(results, tasks="mmlu_law")
    anchors = results[(results["model"] == "org/a") & results["item"].isin(["2", "5"])]
    anchors = anchors.assign(date="2026-02-01", source="anchors.jsonl", prompt_hash=1)
    anchors["value"] = 1 - anchors["value"]
    with pytest.warns(ResultsWarning, match="it is runs/org/a/mmlu_law.jsonl, not anchors.jsonl"):
        again = to_score_matrix(pd.concat([results, anchors]), tasks="mmlu_law")
    assert again == full
    with pytest.raises(ResultsError, match="recorded more than once"):
        to_score_matrix(pd.concat([results, anchors]), tasks="mmlu_law", duplicates="error")


def test_a_metric_that_only_some_models_have(results):
    given = results[(results["model"] == "org/a") | (results["metric"] != "acc_norm")]
    with pytest.warns(ResultsWarning) as caught:
        assert len(to_score_matrix(given, tasks="mmlu_law").data) == 1
    assert [str(one.message).split(",")[0] for one in caught] == [
        "1 model(s) have results on a task",
        "1 of 2 models were left out",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": "last"}, "'epochs' parameter"),
        ({"epochs": 0}, "'epochs' parameter"),
        ({"duplicates": "oldest"}, "'duplicates' parameter"),
        ({"alignment": "some"}, "'alignment' parameter"),
        ({"min_coverage": 0}, "'min_coverage' parameter"),
        ({"min_coverage": 1.5}, "'min_coverage' parameter"),
        ({"weights": "size"}, "'weights' parameter"),
        ({"weights": None}, "'weights' parameter"),
        ({"mixed_settings": "keep"}, "'mixed_settings' parameter"),
        ({"metric": 3}, "'metric' parameter"),
        ({"filter": ["strict"]}, "'filter' parameter"),
        ({"tasks": 5}, "'tasks' parameter"),
    ],
)
def test_options_that_do_not_exist(results, options, message):
    with pytest.raises(ValueError, match=message):
        to_score_matrix(results, **options)


def test_values_of_no_model_at_all(results):
    with pytest.raises(ResultsError, match="all of them are NaN"):
        to_score_matrix(results.assign(value=NAN), tasks="mmlu_law")


def epochs_of(date, items, epochs, value):
    """Make the rows of one run."""
    return pd.DataFrame(
        [("x", "t", item, "acc", epoch, value) for item in items for epoch in epochs],
        columns=["model", "task", "item", "metric", "epoch", "value"],
    ).assign(date=date, source=date)


@pytest.mark.parametrize("old_items", [["0"], ["0", "1", "2"]], ids=["some items", "all items"])
def test_epochs_of_an_older_run_do_not_mix_with_the_newer(old_items):
    old = epochs_of("2026-01-01", old_items, [1, 2, 3], 0.0)
    new = epochs_of("2026-02-01", ["0", "1", "2"], [1], 1.0)
    with pytest.warns(ResultsWarning, match="it is 2026-02-01, not 2026-01-01"):
        matrix = to_score_matrix(pd.concat([old, new]))
    assert matrix.data.loc["x"].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("as_category", [False, True], ids=["texts", "categories"])
def test_a_real_matrix_comes_back(as_category):
    scores = load_helm_lite(task="mmlu", as_frame=True).data
    scores.index, scores.columns = scores.index.astype(str), scores.columns.astype(str)
    long = scores.rename_axis("model").rename_axis("item", axis=1).stack().rename("value")
    long = long.reset_index().assign(task="mmlu", metric="em").sample(frac=1, random_state=0)
    if as_category:
        long = long.astype({"model": "category", "item": "category"})
    matrix = to_score_matrix(long)
    expected = scores.sort_index()[matrix.items["item"]]
    np.testing.assert_array_equal(matrix.data.to_numpy(), expected.to_numpy())
    assert matrix.data.index.tolist() == expected.index.tolist()
    assert isinstance(matrix, ScoreMatrix)


def slow_matrix(rows, alignment, min_coverage):
    """Do what the documentation says, one dict after the other; None is an error."""
    cells, items_of = defaultdict(dict), defaultdict(set)
    for model, task, item, _, run, value in rows:
        cells[model, task, item].setdefault(run, []).append(value)
        items_of[model, task, run].add(item)
        items_of[model, task].add(item)
    matrix = {}
    for (model, task, item), values_of in cells.items():
        scored = {run: [v for v in own if not np.isnan(v)] for run, own in values_of.items()}
        best = max(
            values_of,
            key=lambda run: (
                bool(scored[run]),
                items_of[model, task, run] == items_of[model, task],
                run,  # later numbers are of later dates
            ),
        )
        if scored[best]:
            matrix[model, f"{task}:{item}"] = sum(scored[best]) / len(scored[best])
    items = {item for _, item in matrix}
    models = sorted({model for model, _ in matrix})
    share = {m: sum((m, i) in matrix for i in items) / max(1, len(items)) for m in models}
    models = [model for model in models if share[model] >= (min_coverage or 0)]
    rule = {"common": all, "all": any}[alignment]
    items = {item for item in items if models and rule((m, item) in matrix for m in models)}
    if not items:
        return None
    order = sorted(items, key=lambda name: (name.split(":")[0], int(name.split(":")[1])))
    data = [[matrix.get((model, item), NAN) for item in order] for model in models]
    return pd.DataFrame(data, index=models, columns=order)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from("tu"),
            st.sampled_from(["0", "2", "10"]),
            st.sampled_from([1, 2]),
            st.sampled_from([1, 2, 3]),  # which run
            st.sampled_from([0.0, 1.0, 0.25, NAN]),
        ),
        min_size=1,
        max_size=40,
        unique_by=lambda row: row[:5],
    ),
    st.sampled_from(["common", "all"]),
    st.sampled_from([None, 0.5, 0.8]),
    st.randoms(),
)
def test_as_the_slow_pivot(rows, alignment, min_coverage, random):
    columns = ["model", "task", "item", "epoch", "run", "value"]
    frame = table(random.sample(rows, len(rows)), columns).assign(metric="acc")
    frame["date"] = frame["run"].map("2026-01-0{}".format)
    frame["source"] = frame["run"].map({1: "z", 2: "a", 3: "m"})
    in_two_files = (frame["run"] == 3) & ((frame["item"] == "2") == (frame["epoch"] == 2))
    frame.loc[in_two_files, "source"] = "b"
    expected = slow_matrix(rows, alignment, min_coverage)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResultsWarning)
        if expected is None:
            with pytest.raises(ResultsError):
                to_score_matrix(frame, alignment=alignment, min_coverage=min_coverage)
        else:
            matrix = to_score_matrix(frame, alignment=alignment, min_coverage=min_coverage)
            pd.testing.assert_frame_equal(matrix.data, expected, check_exact=False, rtol=1e-14)
            again = frame.sample(frac=1, random_state=0)
            assert matrix == to_score_matrix(again, alignment=alignment, min_coverage=min_coverage)
