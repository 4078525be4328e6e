"""A plan is written whole, replaced on demand only, and recognised again."""

import hashlib
import json
import os
import re
import zipfile

import pandas as pd
import pytest

from sklearn_sparseeval import ScoreMatrix, load_plan, make_plan


@pytest.fixture(scope="module")
def plans(history):
    matrix = ScoreMatrix.from_frame(history)
    return [make_plan(matrix, n_anchors=k, method="random-ridge", n_jobs=1) for k in (4, 5)]


@pytest.fixture
def folder(plans, tmp_path):
    plans[0].save(tmp_path / "plan")
    return tmp_path / "plan"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_written_is_read_again(plans, tmp_path):
    plans[0].save(str(tmp_path / "a" / "plan"))
    folder = tmp_path / "a" / "plan"
    assert names(folder) == sorted(plans[0].description["files"])
    loaded = load_plan(folder)
    assert list(loaded.anchors.index) == list(plans[0].anchors.index)
    listed = pd.read_csv(folder / "anchors.csv", dtype=str)
    assert list(listed["name"]) == list(plans[0].anchors.index)
    alone = load_plan(folder / "predictor.skops")
    assert list(alone.anchors.index) == list(loaded.anchors.index)
    assert alone.notes == []
    with pytest.raises(ValueError, match="Save it first"):
        alone.commands()


def test_json_is_plain_and_passes_any_console(history, tmp_path):
    matrix = ScoreMatrix.from_frame(history.rename(columns={"alpha:0": "Zoë"}))
    make_plan(matrix, n_anchors=4, method="random-ridge", n_jobs=1, name="Zoë").save(tmp_path)

    def refuse(constant):
        raise ValueError(constant)

    raw = (tmp_path / "plan.json").read_bytes()
    assert raw.isascii()
    plan = json.loads(raw, parse_constant=refuse)
    assert plan["scores"] == "Zoë"
    assert plan["share_of_tokens"] is None
    assert all(list(note) == ["kind", "text", "where", "count"] for note in plan["notes"])


def test_no_file_names_a_private_module(folder):
    for name, raw in contents(folder).items():
        if name.endswith(".skops"):
            with zipfile.ZipFile(folder / name) as archive:
                raw = b"".join(archive.read(member) for member in archive.namelist())
        assert not re.search(rb"sklearn_sparseeval(\.\w+)*\._", raw), name


@pytest.mark.parametrize("exists", [False, True])
def test_nothing_is_left_where_saving_fails(plans, tmp_path, monkeypatch, exists):
    if exists:
        (tmp_path / "plan").mkdir()

    def fail(*paths):
        raise OSError("no space")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        plans[0].save(tmp_path / "plan")
    assert names(tmp_path) == ["plan"] * exists
    assert not exists or names(tmp_path / "plan") == []


def test_the_old_plan_stays_where_saving_fails(folder, plans, monkeypatch):
    before = contents(folder)

    def interrupt(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("sklearn_sparseeval.plan._folder.load_predictor", interrupt)
    with pytest.raises(KeyboardInterrupt):
        plans[1].save(folder, overwrite=True)
    assert contents(folder) == before


def test_what_a_plan_no_longer_has_is_removed_if_it_is_what_the_plan_wrote(folder, plans):
    files = names(folder)
    plan = json.loads((folder / "plan.json").read_text())
    (folder / "samples.json").write_text("{}")
    (folder / "notes.txt").write_text("mine")
    (folder.parent / "outside.txt").write_text("mine")
    digests = {name: hashlib.sha256(b"{}").hexdigest() for name in ("samples.json", "notes.txt")}
    digests |= {"../outside.txt": hashlib.sha256(b"mine").hexdigest(), "..": "", "absent": ""}
    listed = [*plan["files"], *digests, 7]
    (folder / "plan.json").write_text(json.dumps(plan | {"files": listed, "digests": digests}))
    plans[1].save(folder, overwrite=True)
    assert names(folder) == sorted([*files, "notes.txt"])
    assert (folder.parent / "outside.txt").read_text() == "mine"
    assert len(load_plan(folder).anchors) == 5


def test_a_link_in_a_plan_is_replaced_and_not_followed(folder, plans):
    (folder.parent / "victim.txt").write_text("mine")
    (folder / "item_lists.json").unlink()
    (folder / "item_lists.json").symlink_to("../victim.txt")
    plans[1].save(folder, overwrite=True)
    assert (folder.parent / "victim.txt").read_text() == "mine"
    assert not (folder / "item_lists.json").is_symlink()


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_a_damaged_plan_can_be_replaced(folder, plans, content):
    (folder / "plan.json").write_text(content)
    with pytest.raises(ValueError, match=r"plan\.json is damaged\. Make the plan again"):
        load_plan(folder)
    plans[1].save(folder, overwrite=True)
    assert len(load_plan(folder).anchors) == 5


@pytest.mark.parametrize(
    "key",
    [
        "anchor_means", "anchors", "created", "cross_validation", "digests", "files", "format",
        "harnesses",
        "history", "top_ups",
        "method", "method_description", "method_source", "n_anchors", "n_items", "n_models",
        "notes", "predictor_sha256", "score_range", "scores", "seed", "share_of_items",
        "share_of_tokens", "targets", "tasks", "unit", "versions",
    ],
)  # fmt: skip
def test_a_plan_that_lacks_a_key_is_damaged(folder, key):
    plan = json.loads((folder / "plan.json").read_text())
    assert len(plan) == 27
    del plan[key]
    (folder / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(ValueError, match=r"plan\.json is damaged.* Make the plan again"):
        load_plan(folder)


def test_a_plan_of_another_version(folder):
    plan = json.loads((folder / "plan.json").read_text())
    (folder / "plan.json").write_text(json.dumps(plan | {"format": 1}))
    with pytest.raises(ValueError, match="is of format 1; this version of the package reads form"):
        load_plan(folder)


def test_files_of_two_plans_do_not_belong_together(folder, plans, tmp_path):
    plans[1].save(tmp_path / "b")
    (folder / "plan.json").replace(tmp_path / "b" / "plan.json")
    with pytest.raises(ValueError, match=r"plan\.json and .*\.skops do not belong together"):
        load_plan(tmp_path / "b")


def test_there_is_no_plan(tmp_path):
    with pytest.raises(ValueError, match=r"There is no plan .*nowhere"):
        load_plan(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"is not a plan: it holds no predictor\.skops"):
        load_plan(tmp_path)


@pytest.mark.parametrize(
    ("files", "overwrite", "complaint"),
    [
        (None, False, None),
        ([], False, None),
        (["mine.txt"], False, "other things than a plan"),
        (["mine.txt"], True, "other things than a plan"),
        (["plan.json"], False, "holds a plan already"),
        (["plan.json", "mine.txt"], True, None),
        (["predictor.skops"], False, r"overwrite=True \(--force\) to replace"),
        (["predictor.skops"], True, None),
    ],
    ids=str,
)
def test_where_a_plan_may_be_written(plans, tmp_path, files, overwrite, complaint):
    folder = tmp_path / "plan"
    if files is not None:
        folder.mkdir()
        for name in files:
            (folder / name).write_text("")
    if complaint is None:
        plans[0].save(folder, overwrite=overwrite)
        assert len(load_plan(folder).anchors) == 4
    else:
        before = contents(folder)
        with pytest.raises(ValueError, match=complaint):
            plans[0].save(folder, overwrite=overwrite)
        assert contents(folder) == before


def test_a_file_is_no_folder(plans, tmp_path):
    (tmp_path / "plan").write_text("")
    with pytest.raises(ValueError, match="is a file"):
        plans[0].save(tmp_path / "plan", overwrite=True)
