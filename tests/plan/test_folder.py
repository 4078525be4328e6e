"""A plan is written whole, replaced on demand only, and recognised again."""

import json

import pytest

from sklearn_sparseeval import ScoreMatrix
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.plan import save_predictor
from sklearn_sparseeval.plan._folder import (
    check_plan_output,
    find_predictor,
    read_plan,
    write_plan,
)
from sklearn_sparseeval.plan._plan import describe_predictor

EXTRAS = {
    "scores": "s.csv", "seed": 0, "method_description": "d", "method_source": "s", "notes": [],
    "anchor_means": [0.0, 1.0], "cross_validation": "c",
}  # fmt: skip


@pytest.fixture(scope="module")
def save(history):
    matrix = ScoreMatrix.from_frame(history)
    model = get_methods()["random-mean"](4).set_params(selector__random_state=0)
    model.fit(matrix.data, matrix.targets["overall"])
    return lambda path, method="": save_predictor(path, model, matrix, method=method)


def describe(saved):
    return describe_predictor(saved) | EXTRAS


def write(folder, save):
    return write_plan(folder, save, describe, None)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read_again(tmp_path, save):
    plan = write(tmp_path / "a" / "plan", save)
    assert names(tmp_path / "a" / "plan") == sorted(plan["files"])
    assert read_plan(tmp_path / "a" / "plan")["anchors"] == plan["anchors"]
    assert find_predictor(tmp_path / "a" / "plan").name == "predictor.skops"
    assert find_predictor(tmp_path / "a" / "plan" / "README.md").name == "README.md"


def test_nothing_is_left_where_saving_fails(tmp_path):
    def fail(path):
        path.write_bytes(b"half")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        write(tmp_path / "plan", fail)
    assert names(tmp_path) == []
    (tmp_path / "plan").mkdir()
    with pytest.raises(ValueError, match="no"):
        write(tmp_path / "plan", fail)
    assert names(tmp_path / "plan") == []


def test_the_old_plan_stays_where_saving_fails(tmp_path, save):
    write(tmp_path / "plan", save)
    before = {path.name: path.read_bytes() for path in (tmp_path / "plan").iterdir()}

    def interrupt(path):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "plan", interrupt)
    assert {path.name: path.read_bytes() for path in (tmp_path / "plan").iterdir()} == before


def test_what_a_plan_no_longer_has_is_removed(tmp_path, save):
    folder = tmp_path / "plan"
    plan = write(folder, save)
    (folder / "samples.json").write_text("{}")
    (folder / "notes.txt").write_text("mine")
    (tmp_path / "outside.txt").write_text("mine")
    listed = [*plan["files"], "samples.json", "../outside.txt", 7]
    (folder / "plan.json").write_text(json.dumps(plan | {"files": listed}))
    write(folder, save)
    assert names(folder) == sorted([*plan["files"], "notes.txt"])
    assert (tmp_path / "outside.txt").read_text() == "mine"


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_a_damaged_plan_can_be_replaced(tmp_path, save, content):
    folder = tmp_path / "plan"
    write(folder, save)
    (folder / "plan.json").write_text(content)
    check_plan_output(folder, force=True)
    write(folder, save)
    assert read_plan(folder)["n_anchors"] == 4


@pytest.mark.parametrize(
    "key",
    [
        "anchor_means", "anchors", "created", "cross_validation", "files", "format", "harnesses",
        "method", "method_description", "method_source", "n_anchors", "n_items", "n_models",
        "notes", "predictor_sha256", "score_range", "scores", "seed", "share_of_items",
        "share_of_tokens", "targets", "tasks", "unit", "versions",
    ],
)  # fmt: skip
def test_a_plan_that_lacks_a_key_is_damaged(tmp_path, save, key):
    folder = tmp_path / "plan"
    plan = write(folder, save)
    assert len(plan) == 24
    del plan[key]
    (folder / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(ValueError, match=r"plan\.json is damaged.* Make the plan again"):
        read_plan(folder)


def test_files_of_two_plans_do_not_belong_together(tmp_path, save):
    write(tmp_path / "a", save)
    write(tmp_path / "b", lambda path: save(path, method="other"))
    (tmp_path / "a" / "plan.json").replace(tmp_path / "b" / "plan.json")
    with pytest.raises(ValueError, match=r"plan\.json and .*\.skops do not belong together"):
        read_plan(tmp_path / "b")


@pytest.mark.parametrize(
    ("files", "force", "complaint"),
    [
        (None, False, None),
        ([], False, None),
        (["mine.txt"], False, "other things than a plan"),
        (["mine.txt"], True, "other things than a plan"),
        (["plan.json"], False, "holds a plan already"),
        (["plan.json", "mine.txt"], True, None),
        (["predictor.skops"], False, "--force to replace"),
        (["predictor.skops"], True, None),
    ],
    ids=str,
)
def test_where_a_plan_may_be_written(tmp_path, files, force, complaint):
    folder = tmp_path / "plan"
    if files is not None:
        folder.mkdir()
        for name in files:
            (folder / name).write_text("")
    if complaint is None:
        check_plan_output(folder, force=force)
    else:
        with pytest.raises(ValueError, match=complaint):
            check_plan_output(folder, force=force)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "plan").write_text("")
    with pytest.raises(ValueError, match="is a file"):
        check_plan_output(tmp_path / "plan", force=True)
