"""A plan in use: what it says, what it takes as results, and what it finds in them."""

import json
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import Ridge

from sklearn_sparseeval import (
    AnchoredRegressor,
    RandomSelector,
    ScoreMatrix,
    load_plan,
    make_plan,
)
from sklearn_sparseeval.plan import load_predictor

TASKS = ["a"] * 30 + ["b"] * 20


def matrix_of(history, *, scale=1.0, **known):
    return ScoreMatrix.from_frame(scale * history, items={"task": TASKS} | known)


def plan_of(matrix, **options):
    chosen = {"n_anchors": 8, "method": "random-ridge", "n_jobs": 1, "folds": 5}
    chosen["families"] = list(matrix.data.index)  # else so few families are worth a note each time
    return make_plan(matrix, **(chosen | options))


@pytest.fixture(scope="module")
def new(history):
    """Results of three middling models."""
    return history.loc[history.mean(axis=1).sort_values(kind="stable").index[11:14]]


@pytest.fixture(scope="module")
def matrix(history, new):
    return matrix_of(history.drop(index=new.index))


@pytest.fixture(scope="module")
def plan(matrix):
    return plan_of(matrix)


@pytest.fixture(scope="module")
def anchors(plan, new):
    return new[list(plan.anchors.index)]


@pytest.fixture(scope="module")
def expected(plan, anchors):
    return plan.predict(anchors)


def long_table(plan, rows):
    """The rows as if a harness's reader had made them."""
    items = plan.anchors[["task", "item", "metric", "filter"]]
    long = rows.rename_axis("model").reset_index().melt("model", var_name="name")
    return long.join(items, on="name").drop(columns="name").assign(epoch=1)


def test_predictions_have_a_row_for_each_model_and_target(expected, plan, new, anchors):
    columns = ["model", "target", "score", "low", "high", "like", "reason", "top_up", "measured"]
    assert list(expected) == [*columns, "raw_mean", "found"]
    assert list(expected["model"]) == [name for name in new.index for _ in range(3)]
    assert list(expected["target"]) == ["overall", "a", "b"] * 3
    overall = expected[expected["target"] == "overall"].set_index("model")
    np.testing.assert_allclose(overall["raw_mean"], anchors.mean(axis=1))
    assert (expected["found"] == "").all()
    scores = plan.predictor.predict(new)
    np.testing.assert_array_equal(expected["score"], scores.to_numpy().ravel())


@pytest.mark.parametrize(
    "form",
    ["all", "reversed", "text", "polars", "integers", "matrix", "long", "csv", "two files", "npz"],
)
def test_results_come_in_many_forms(form, plan, expected, anchors, new, tmp_path):
    mixed = anchors[anchors.columns[::-1]]
    named = anchors.rename_axis("model").reset_index()
    if form in ("csv", "two files"):
        named.iloc[:1].to_csv(tmp_path / "one.csv", index=False)
        named.iloc[1:].to_parquet(tmp_path / "two.parquet")
        named.to_csv(tmp_path / "all.csv", index=False)
    ScoreMatrix.from_frame(new).write(tmp_path / "all.npz")
    results = {
        "all": new.assign(other=7.0),
        "reversed": mixed,
        "text": mixed.assign(remark="none"),
        "polars": pl.from_pandas(named),
        "integers": anchors.astype(int),
        "matrix": ScoreMatrix.from_frame(mixed),
        "long": long_table(plan, anchors),
        "csv": str(tmp_path / "all.csv"),
        "two files": [tmp_path / "one.csv", tmp_path / "two.parquet"],
        "npz": (path for path in [tmp_path / "all.npz"]),
    }[form]
    found = plan.predict(results).set_index(["model", "target"])
    wanted = expected.set_index(["model", "target"])
    pd.testing.assert_frame_equal(found.loc[wanted.index], wanted, check_dtype=False)


def test_columns_may_be_numbers(history):
    frame = history.set_axis(range(50), axis=1)
    plan = plan_of(ScoreMatrix.from_frame(frame))
    middle = history.mean(axis=1).sort_values(kind="stable").index[11:14]
    numbers = [int(name) for name in plan.anchors.index]
    pd.testing.assert_frame_equal(
        found_of(plan, frame.loc[middle, numbers[::-1]])[0],
        found_of(plan, frame.loc[middle].rename(columns=str))[0],
    )


def test_what_was_verified_is_predicted_without_another_word(plan, anchors, expected):
    report = plan.verify(anchors.drop(columns=anchors.columns[0]))
    assert [note.kind for note in report.problems] == ["missing"]
    assert not report.ok
    table = plan.predict(report)  # a warning would be an error
    assert table["score"].isna().all()
    assert set(table["found"]) == {"missing"}
    pd.testing.assert_frame_equal(plan.predict(plan.verify(anchors)), expected)


def test_reading_and_predicting_are_one(plan, anchors, expected, tmp_path):
    anchors.rename_axis("model").to_csv(tmp_path / "new.csv")
    pd.testing.assert_frame_equal(plan.predict(plan.read(tmp_path / "new.csv")), expected)


def found_of(plan, rows):
    """Predict, and collect what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = plan.predict(rows)
    return table, [one.message.note for one in caught]


def test_a_model_without_an_anchor_is_not_predicted_and_the_others_are(plan, anchors, expected):
    first, *others = anchors.index
    long = long_table(plan, anchors)
    name = plan.anchors.iloc[2]
    gone = (long["model"] == first) & (long["item"] == name["item"])
    table, notes = found_of(plan, long[~gone])
    assert [(note.kind, note.where, note.count) for note in notes] == [("missing", first, 1)]
    assert f"({plan.anchors.index[2]!r})" in notes[0].text
    table = table.set_index("model")
    assert (table.loc[first, "found"] == "missing").all()
    assert table.loc[first, ["score", "low", "high"]].isna().all(axis=None)
    wanted = expected.set_index("model").loc[others]
    pd.testing.assert_frame_equal(table.loc[others], wanted, check_dtype=False)


def test_results_on_another_scale(plan, anchors):
    rows = anchors.copy()
    rows.iloc[0] *= 100
    table, notes = found_of(plan, rows)
    assert [(note.kind, note.where) for note in notes] == [("off-scale", anchors.index[0])]
    assert "has results from 0 to 100, where scores are from 0 to 1" in notes[0].text
    assert table["found"].tolist() == ["off-scale"] * 3 + [""] * 6
    assert table["score"].isna().tolist() == [True] * 3 + [False] * 6


def test_fractions_where_the_history_has_percentages(history, new):
    plan = plan_of(matrix_of(history, scale=100))
    _, notes = found_of(plan, new)
    assert [note.kind for note in notes if note.kind == "small-scale"] == ["small-scale"] * 3
    assert "no result is above 1, where the history has results up to 100" in notes[0].text


def test_models_with_a_hole_or_without_any_score(plan, anchors):
    rows = anchors.copy()
    rows.iloc[0, 1] = np.nan
    rows.iloc[1] = np.nan
    table, notes = found_of(plan, rows)  # its ridge regression does with imputed results
    assert [note.kind for note in notes] == ["none-scored", "not-scored"]
    overall = table[table["target"] == "overall"]
    assert overall["score"].isna().tolist() == [False, True, False]
    assert overall["found"].tolist() == ["not-scored", "none-scored, not-scored", ""]


def test_a_method_that_cannot_do_without_a_result(matrix, new):
    plan = plan_of(matrix, method=AnchoredRegressor(RandomSelector(), Ridge()))
    rows = new[list(plan.anchors.index)].copy()
    rows.iloc[1, 0] = np.nan
    table, notes = found_of(plan, rows)
    (note,) = (note for note in notes if note.kind == "not-predicted")
    assert note.where == new.index[1]
    assert note.text.startswith(f"{new.index[1]!r} cannot be predicted: ")
    overall = table[table["target"] == "overall"]
    assert overall["found"].tolist() == ["", "not-scored, not-predicted", ""]
    assert overall["score"].isna().tolist() == [False, True, False]


def test_models_beyond_the_history_are_told_in_one_note(matrix, new):
    value, kind = 1.0, "stronger"
    plan = plan_of(matrix, n_anchors=40)
    table, notes = found_of(plan, new * 0 + value)
    assert set(table["found"]) == set(table["reason"]) == {kind}
    assert not table["like"].any()
    assert table["score"].between(table["low"], table["high"]).all()
    assert table[["low", "high"]].stack().between(0, 1).all()
    (note,) = notes
    assert (note.kind, note.where, note.count) == (kind, "", 3)
    assert note.text.startswith(f"{new.index[0]!r}, {new.index[1]!r}, {new.index[2]!r}: {kind} th")
    assert "plan.top_up" in note.text
    (note,) = found_of(plan, new.iloc[:1] * 0 + value)[1]
    assert note.where == new.index[0]


def test_models_of_the_history_have_a_measured_score(plan, matrix, new):
    middle = matrix.targets["overall"].sort_values(kind="stable").index[9:11]
    table, notes = found_of(plan, pd.concat([new, matrix.data.loc[middle]]))
    assert [(note.kind, note.count) for note in notes] == [("in-history", 2)]
    measured = table.set_index(["model", "target"])["measured"]
    assert measured[list(new.index)].isna().all()
    for model in middle:
        for target in ("overall", "a", "b"):
            assert measured[model, target] == matrix.targets.loc[model, target]


@pytest.mark.parametrize(
    ("results", "error", "message"),
    [
        (np.ones((2, 8)), TypeError, "results is a ndarray; expected a data frame with a row per"),
        (pd.Series([1.0]), TypeError, "results is a Series; expected a data frame"),
        (None, TypeError, "results is a NoneType; expected"),
        (pd.DataFrame(np.ones((2, 3))), ValueError, "none of the columns is an item of the plan"),
        ("nowhere.csv", ValueError, r"There is no file nowhere\.csv\. The plan was made from a sc"),
    ],
    ids=["array", "series", "none", "benchmark", "file"],
)
def test_what_are_no_results(plan, results, error, message):
    with pytest.raises(error, match=message):
        plan.predict(results)


@pytest.mark.parametrize("axis", ["columns", "models"])
def test_a_name_that_stands_there_twice(plan, anchors, axis):
    both = pd.concat([anchors, anchors], axis=1 if axis == "columns" else 0)
    with pytest.raises(ValueError, match=f"results: two {axis} are called .* expected each once"):
        plan.predict(both)


def test_what_a_plan_says(plan, matrix):
    summary = plan.summary()
    assert list(summary.index) == ["overall", "a", "b"]
    assert summary["n_items"].tolist() == [50, 30, 20]
    overall, *tasks = summary["n_anchors"]
    assert overall == sum(tasks) == 8
    for target, row in summary.iterrows():
        own = plan.errors[target]
        assert row["mean_absolute_error"] == pytest.approx(own.abs().mean())
        # Of 21 errors it is number ceil(22 * 0.9) = 20.
        assert row["margin_90"] == np.sort(own.abs())[19]
        assert row["best_so_far"] == pytest.approx(matrix.targets[target].max())
        assert row["worst_so_far"] == pytest.approx(matrix.targets[target].min())
    assert repr(plan) == (
        "Plan(method='random-ridge', n_anchors=8, n_items=50, targets=['overall', 'a', 'b'])"
    )
    printed = str(plan)
    assert printed.startswith("8 of 50 items (16.0% of the items), chosen by random-ridge from the")
    assert printed.count("Note: ") == len(plan.notes)
    assert [task["n_anchors"] for task in plan.description["tasks"]] == tasks


def test_one_score_for_all_models_has_no_order(history):
    order = np.random.default_rng(0).permuted(np.tile([0.0, 1.0] * 25, (24, 1)), axis=1)
    plan = plan_of(ScoreMatrix.from_frame(pd.DataFrame(order, history.index)))
    assert np.isnan(plan.summary().loc["overall", "kendall_tau"])


def test_the_share_of_tokens(history):
    assert np.isnan(plan_of(matrix_of(history)).description["share_of_tokens"])
    cost = pd.Series(np.arange(1.0, 51.0), history.columns)
    plan = plan_of(matrix_of(history, cost=cost.tolist()))
    share = cost[plan.anchors.index].sum() / cost.sum()
    assert plan.description["share_of_tokens"] == pytest.approx(share)
    assert f"{share:.1%} of the tokens" in str(plan)


@pytest.mark.parametrize(("scale", "unit"), [(1, "points"), (0.5, "points"), (100, "score")])
def test_points_are_for_scores_from_0_to_1(history, scale, unit):
    plan = plan_of(matrix_of(history, scale=scale))
    assert plan.description["unit"] == unit
    error = plan.summary().loc["overall", "mean_absolute_error"]
    shown = f"{100 * error:.2f}" if unit == "points" else f"{error:.4f}"
    assert plan.in_unit(error) == shown
    assert shown in str(plan)


def test_commands_are_there_once_the_lists_are(history, tmp_path):
    items = [name.split(":")[1] for name in history.columns]
    known = {"item": items, "harness": "lm_eval", "setting": "n-shot=0"}
    plan = plan_of(matrix_of(history, **known))
    with pytest.raises(ValueError, match=r"Save it first, plan\.save\(folder\)"):
        plan.commands()
    plan.save(tmp_path / "plan", harness_args="--model hf")
    (command,) = plan.commands()
    assert command.startswith("lm_eval run --model hf --tasks a,b --samples ")
    assert str(tmp_path / "plan" / "samples.json") in command
    assert plan.commands("lm_eval") == load_plan(tmp_path / "plan").commands() == [command]
    with pytest.raises(ValueError, match="not made from results of 'helm', but of lm_eval"):
        plan.commands("helm")
    with pytest.raises(ValueError, match="holds --limit"):
        plan.save(tmp_path / "other", harness_args="--limit 5")
    assert not (tmp_path / "other").exists()


def test_a_matrix_of_no_harness_has_no_commands(plan, tmp_path):
    plan.save(tmp_path / "plan", harness_args="--model hf")
    assert plan.commands() == []
    assert "harness-args-unused" in [note.kind for note in plan.notes]
    assert "harness-args-unused" in [note.kind for note in load_plan(tmp_path / "plan").notes]


@pytest.fixture(scope="module")
def written(matrix, tmp_path_factory):
    """The folder of a plan, and what its plan.json holds."""
    folder = tmp_path_factory.mktemp("written")
    plan_of(matrix, method="random-mean").save(folder)
    return folder, json.loads((folder / "plan.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"n_models": "24"}, "n_models of it is a str"),
        ({"versions": []}, "versions of it is a list"),
        ({"unit": "percent"}, "unit is 'percent', not one of points, score"),
        ({"targets": []}, "targets do not hold 'overall' once"),
        ({"targets": [1]}, r"targets\[0\] is not an object"),
        ({"tasks": [{"task": "a", "n_items": 1}]}, r"tasks\[0\] has no n_anchors"),
        ({"anchors": [{"name": "a", "task": "a", "item": 1}]}, r"item of anchors\[0\] is a int"),
        ({"harnesses": [{"harness": "x"}]}, r"harnesses\[0\] has no commands"),
        ({"score_range": [0]}, "score_range is .0., not two numbers"),
        ({"score_range": [0, None]}, "score_range is .0, None., not two numbers"),
        ({"anchor_means": ["a", "b"]}, "anchor_means is .*, not two numbers"),
        ({"notes": [1]}, "a note is not an object"),
        ({"notes": [{"kind": "a"}]}, "is not a note"),
        (
            {"harnesses": [{"harness": "", "commands": [1], "advice": "", "results": ""}]},
            "a command is not a text",
        ),
        ({"score_range": [0, 1], "harnesses": []}, None),
        ({"score_range": None, "anchor_means": [None, 1.0]}, None),
    ],
    ids=str,
)
def test_a_plan_of_other_kinds_is_refused(written, changes, complaint):
    folder, content = written
    (folder / "plan.json").write_text(json.dumps(content | changes))
    if complaint is None:
        assert load_plan(folder).anchors.index.tolist() == [a["name"] for a in content["anchors"]]
    else:
        with pytest.raises(ValueError, match=rf"plan\.json is damaged \(.*{complaint}.* Make the"):
            load_plan(folder)


@pytest.mark.parametrize("key", ["target", "mean_absolute_error", "best_so_far", "worst_so_far"])
def test_a_target_that_lacks_a_key_is_refused(written, key):
    folder, content = written
    target = {name: value for name, value in content["targets"][0].items() if name != key}
    (folder / "plan.json").write_text(json.dumps(content | {"targets": [target]}))
    with pytest.raises(ValueError, match=rf"targets\[0\] has no {key}"):
        load_plan(folder)


def test_the_predictor_of_a_plan_is_a_predictor(plan, tmp_path, anchors, expected):
    plan.save(tmp_path / "plan")
    saved = load_predictor(tmp_path / "plan" / "predictor.skops")
    scores = expected[expected["target"] == "overall"]["score"]
    np.testing.assert_allclose(saved.predict(anchors)["overall"], scores)
