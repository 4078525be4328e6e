"""Top-ups and rankings of a plan: its numbers are those of the interval regressor."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import ScoreMatrix, TopUp, load_plan, make_plan
from sklearn_sparseeval.datasets import make_score_matrix
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.plan import save_predictor


def found_of(call, *arguments, **options):
    """Call, and collect what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call(*arguments, **options)
    return result, [one.message.note for one in caught]


@pytest.fixture(scope="module")
def scores():
    panel = make_score_matrix(44, 90, random_state=5)
    data = pd.DataFrame(np.asarray(panel.data, dtype=float))
    order = data.mean(axis=1).sort_values(kind="stable").index
    data = data.loc[order].set_axis([f"org{i}/m" for i in range(44)])
    return data.set_axis([f"i{j}" for j in range(90)], axis=1)


@pytest.fixture(scope="module")
def new(scores):
    """Three middling models, and two that get everything right but four items."""
    strong = pd.DataFrame(1.0, ["new/x", "new/y"], scores.columns)
    strong.iloc[0, ::25] = 0.0
    strong.iloc[1, 3::25] = 0.0
    return pd.concat([scores.iloc[[15, 20, 25]], strong])


@pytest.fixture(scope="module")
def plan(scores, new):
    matrix = ScoreMatrix.from_frame(scores.drop(index=new.index[:3]).iloc[:-4])
    return make_plan(matrix, n_anchors=20, method="random-ridge", random_state=1)


@pytest.fixture(scope="module")
def topped(plan, new):
    """A copy of the plan that knows a top-up, and its items."""
    twin = type(plan)(plan.predictor, {**plan.description, "top_ups": []})
    items, _ = found_of(twin.top_up, new, n_items=12, random_state=4)
    return twin, items


def shown(plan, new, *items):
    return new[[*plan.anchors.index, *(name for one in items for name in one.index)]]


def test_a_top_up_is_of_items_that_are_no_anchors(topped, new):
    plan, items = topped
    assert len(items) == 12
    assert not set(items.index) & set(plan.anchors.index)
    assert list(items.columns) == list(plan.anchors.columns)
    drawn = plan.predictor.estimator.draw_top_up(12, random_state=4)
    assert list(items.index) == list(plan.predictor.items.index[drawn.items])
    (known,) = plan.description["top_ups"]
    assert known["weights"] == drawn.weights.tolist()
    found_of(plan.top_up, n_items=12, random_state=4)
    assert len(plan.description["top_ups"]) == 1


def test_models_like_the_history_need_none(plan, new):
    items = plan.top_up(new.iloc[:3], n_items=12)
    assert items.empty
    assert plan.description["top_ups"] == []


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_a_topped_up_model_has_the_interval_of_the_top_up(topped, new, coverage):
    plan, items = topped
    table, notes = found_of(plan.predict, shown(plan, new, items), coverage=coverage)
    alone, _ = found_of(plan.predict, shown(plan, new), coverage=coverage)
    model = plan.predictor.estimator
    columns = plan.predictor.items.index
    (known,) = plan.description["top_ups"]
    top_up = TopUp(columns.get_indexer(items.index), np.array(known["weights"]))
    assert table["reason"].tolist() == ["like"] * 3 + ["stronger"] * 2
    assert table["top_up"].tolist() == [0, 0, 0, 12, 12]
    pd.testing.assert_frame_equal(table.iloc[:3], alone.iloc[:3])
    strong = new.iloc[3:]
    np.testing.assert_array_equal(table["score"][3:], model.top_up_predict(strong, top_up))
    bounds = model.top_up_interval(strong, top_up, coverage)
    np.testing.assert_array_equal(table[["low", "high"]][3:], bounds)
    assert [note.kind for note in notes if note.kind.startswith("stronger")] == [
        "stronger-topped-up"
    ]


def test_a_part_of_a_top_up_is_not_used(topped, new):
    plan, items = topped
    table, notes = found_of(plan.predict, shown(plan, new, items.iloc[:-1]))
    assert (table["top_up"] == 0).all()
    (note,) = (note for note in notes if note.kind == "top-up-incomplete")
    assert note.count == 2


def test_results_of_items_that_were_not_drawn_are_not_read(plan, new):
    everything, _ = found_of(plan.predict, new)
    anchors, _ = found_of(plan.predict, shown(plan, new))
    pd.testing.assert_frame_equal(everything, anchors)


def test_a_saved_plan_knows_its_top_ups(topped, new, tmp_path):
    plan, items = topped
    plan.save(tmp_path / "plan")
    again = load_plan(tmp_path / "plan")
    rows = shown(plan, new, items)
    before, after = (found_of(one.predict, rows)[0] for one in (plan, again))
    pd.testing.assert_frame_equal(before, after, check_exact=True)
    first, second = (found_of(one.rank, rows)[0] for one in (plan, again))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


@pytest.mark.parametrize(
    "change",
    [
        {"items": ["nothing"]},
        {"weights": [1.0] * 12},
        {"weights": [-1.0] + [2 / 11] * 11},
        {"weights": ["a"] * 12},
        {"anchor": True},
    ],
    ids=str,
)
def test_a_forged_top_up_is_refused(topped, tmp_path, change):
    plan, _ = topped
    plan.save(tmp_path / "plan")
    path = tmp_path / "plan" / "plan.json"
    content = json.loads(path.read_text("utf-8"))
    (drawn,) = content["top_ups"]
    if change.pop("anchor", False):
        drawn["items"][0] = content["anchors"][0]["name"]
    drawn |= change
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(ValueError, match=r"plan\.json is damaged \(top_ups\[0\] is not a list"):
        load_plan(tmp_path / "plan")


@pytest.mark.parametrize("n_items", [1, 0, 2.5, True, 71])
def test_what_cannot_be_drawn(plan, n_items):
    with pytest.raises(ValueError, match=f"n_items={n_items}"):
        plan.top_up(n_items=n_items)


def test_the_ranking_is_that_of_the_scores(plan, new):
    rows = shown(plan, new)
    table, _ = found_of(plan.predict, rows)
    ranking, _ = found_of(plan.rank, rows)
    ordered = table.sort_values(["score", "model"], ascending=[False, True])
    for column in ("model", "score", "low", "high", "reason"):
        assert ranking[column].tolist() == ordered[column].tolist()
    models = ranking["model"].tolist()
    beats = plan.predictor.estimator.prob_better(new.loc[models[:-1]], new.loc[models[1:]])
    np.testing.assert_array_equal(ranking["prob_better"][:-1], beats)
    assert np.isnan(ranking["prob_better"].iloc[-1])
    assert ranking["too_close"].tolist() == [*(beats < 0.95), False]


def test_ties_end_where_the_first_or_the_one_before_is_better(plan, scores):
    rows = scores.iloc[2::4]
    ranking, _ = found_of(plan.rank, rows)
    models, ranks = ranking["model"].tolist(), ranking["rank"].tolist()

    def beats(a, b):
        found = plan.predictor.estimator.prob_better(rows.loc[[models[a]]], rows.loc[[models[b]]])
        return found.item() >= 0.95

    expected, first = [], 0
    for place in range(len(models)):
        if place and (beats(first, place) or beats(place - 1, place)):
            first = place
        expected.append(first + 1)
    assert ranks == expected
    assert 1 < len(set(ranks)) < len(ranks)


def test_no_model_has_no_ranking(plan, new):
    ranking, _ = found_of(plan.rank, shown(plan, new).iloc[:1] * np.nan)
    assert ranking.empty


def test_a_predictor_without_verdicts_cannot_rank(scores, tmp_path):
    matrix = ScoreMatrix.from_frame(scores)
    model = get_methods()["random-ridge"](9).fit(matrix.data, matrix.targets["overall"])
    save_predictor(tmp_path / "p.skops", model, matrix)
    with pytest.raises(ValueError, match="without intervals and verdicts"):
        load_plan(tmp_path / "p.skops").rank(scores.iloc[:2])
