"""What a plan says of itself agrees with its predictor."""

import json

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import ScoreMatrix
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.plan import load_predictor, save_predictor
from sklearn_sparseeval.plan._out_of_fold import OutOfFold
from sklearn_sparseeval.plan._output import json_text
from sklearn_sparseeval.plan._plan import check_plan, describe_predictor, unit_of


@pytest.fixture
def make(history, tmp_path):
    def make(errors=None, *, scale=1.0, cost=np.nan, targets=3):
        matrix = ScoreMatrix.from_frame(scale * history, task=["a"] * 30 + ["b"] * 20, cost=cost)
        y = matrix.targets.to_numpy()
        model = get_methods()["sparse-ridge"](6).fit(matrix.data, y if targets > 1 else y[:, 0])
        save_predictor(tmp_path / "p.skops", model, matrix, errors=errors, method="m")
        return load_predictor(tmp_path / "p.skops"), matrix

    return make


def test_errors_that_are_not_known(make):
    saved, matrix = make()
    described = describe_predictor(saved)
    overall, a, b = described["targets"]
    for target in (overall, a, b):
        assert np.isnan(target["mean_absolute_error"])
        assert np.isnan(target["margin_90"])
        assert np.isnan(target["kendall_tau"])
        assert np.isnan(target["worst_so_far"])
        assert target["best_so_far"] == pytest.approx(matrix.targets[target["target"]].max())
    assert [target["n_items"] for target in (overall, a, b)] == [50, 30, 20]
    assert overall["n_anchors"] == a["n_anchors"] + b["n_anchors"] == 6
    assert [task["n_anchors"] for task in described["tasks"]] == [a["n_anchors"], b["n_anchors"]]


def test_errors_of_cross_validation(make):
    rng = np.random.default_rng(0)
    _, matrix = make()
    errors = matrix.targets * 0 + rng.normal(0, 0.1, matrix.targets.shape)
    saved, _ = make(errors)
    for target in describe_predictor(saved, OutOfFold(errors, matrix.targets))["targets"]:
        own = errors[target["target"]]
        assert target["mean_absolute_error"] == pytest.approx(own.abs().mean())
        assert target["margin_90"] == pytest.approx(np.sort(own.abs())[22])
        assert 0 < target["kendall_tau"] < 1
        assert target["worst_so_far"] == matrix.targets[target["target"]].min()


def test_one_score_for_all_models_has_no_order(make):
    saved, matrix = make(targets=1)
    targets = pd.DataFrame({"overall": 0.5}, index=matrix.data.index)
    (overall,) = describe_predictor(saved, OutOfFold(targets * 0, targets))["targets"]
    assert np.isnan(overall["kendall_tau"])
    assert len(describe_predictor(saved)["tasks"]) == 2


def test_the_share_of_tokens(make):
    saved, _ = make()
    assert np.isnan(describe_predictor(saved)["share_of_tokens"])
    cost = np.arange(1.0, 51.0)
    saved, _ = make(cost=cost)
    share = cost[saved.estimator.anchors_].sum() / cost.sum()
    assert describe_predictor(saved)["share_of_tokens"] == pytest.approx(share)


@pytest.mark.parametrize(("scale", "unit"), [(1, "points"), (0.5, "points"), (100, "score")])
def test_points_are_for_scores_from_0_to_1(make, scale, unit):
    saved, _ = make(scale=scale)
    assert unit_of(saved) == unit


@pytest.fixture
def plan(make):
    """A plan as it is read from plan.json."""
    saved, _ = make()
    extras = {
        "predictor_sha256": "0", "scores": "s.csv", "seed": 0, "method_description": "d",
        "method_source": "s", "notes": ["n"], "anchor_means": [np.nan, 1.0],
        "cross_validation": "c", "files": [],
        "harnesses": [{"harness": "lm_eval", "commands": ["c"], "advice": "", "results": "r"}],
    }  # fmt: skip
    return json.loads(json_text(describe_predictor(saved) | extras))


def test_a_whole_plan_is_taken(plan):
    check_plan(plan)
    check_plan(plan | {"score_range": [0, 1], "harnesses": []})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"n_models": "24"}, "n_models of it is a str"),
        ({"versions": []}, "versions of it is a list"),
        ({"unit": "percent"}, "unit is 'percent', not one of points, score"),
        ({"targets": []}, "targets do not hold 'overall' once"),
        ({"targets": [1]}, r"targets\[0\] is no object"),
        ({"tasks": [{"task": "a", "n_items": 1}]}, r"tasks\[0\] has no n_anchors"),
        ({"anchors": [{"name": "a", "task": "a", "item": 1}]}, r"item of anchors\[0\] is a int"),
        ({"harnesses": [{"harness": "x"}]}, r"harnesses\[0\] has no commands"),
        ({"score_range": [0]}, "score_range is .0., not two numbers"),
        ({"score_range": [0, None]}, "score_range is .0, None., not two numbers"),
        ({"anchor_means": ["a", "b"]}, "anchor_means is .*, not two numbers"),
        ({"notes": [1]}, "a note or a command is no text"),
    ],
)
def test_a_plan_of_other_kinds_is_refused(plan, changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        check_plan(plan | changes)


@pytest.mark.parametrize("key", ["target", "mean_absolute_error", "best_so_far", "worst_so_far"])
def test_a_target_that_lacks_a_key_is_refused(plan, key):
    del plan["targets"][0][key]
    with pytest.raises(ValueError, match=rf"targets\[0\] has no {key}"):
        check_plan(plan)
