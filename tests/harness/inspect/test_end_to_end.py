"""Logs of the real Inspect AI, read; anchors chosen, run by its own command, and read back."""

import json
import math
import os
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval.harness import read_inspect, to_inspect_sample_ids, to_score_matrix
from sklearn_sparseeval.harness.inspect._log import ZipMembers

MODELS = ["one", "two", "three"]
NEW_MODEL = "four"
AWKWARD_IDS = [
    "a/b", "c[1]", "c1", "d*", "dxx", "e?", "ee", "f g", "f  g", "h,1", "h-1", "h+1", "h1", "i ",
    "i", "spell:i", "sums:1", "007", "8", "-3", "j\nk", "j k", "[!l]", "l", "]", "é", "'$HOME' `x`",
    "long", "picture",
]  # fmt: skip
CHOSEN = [
    "a/b", "c[1]", "d*", "e?", "f g", "h,1", "i ", "spell:i", "007", "-3", "j\nk", "[!l]", "]",
    "é", "'$HOME' `x`", "long", "picture",
]  # fmt: skip
VALUES = [
    "C", "I", "P", "N", "yes", "NO", "True", "false", " 0.25", "1e-3", "-2", True, False, 1, 0.75,
]  # fmt: skip
CHOSEN_NUMBERS = ["10", "2", "7"]
N_NUMBERED = 12

pytestmark = pytest.mark.real_harness

# Each model's answers follow from its name and the question, so the test can compute them.
TASKS = """
import os
import zlib

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessageUser, ContentImage, ContentText, ModelOutput, ModelUsage, get_model
)
from inspect_ai.scorer import Score, accuracy, match, mean, scorer
from inspect_ai.solver import generate

IDS = {ids!r}
VALUES = {values!r}
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="


def draw(*words):
    return zlib.crc32(" ".join(map(str, words)).encode("utf-8", "surrogatepass"))


def canned_model():
    name = os.environ["MODEL"]

    def answer(input, tools, tool_choice, config):
        right = draw(name, input[-1].text) % 3 > 0
        output = ModelOutput.from_content("mockllm", "yes" if right else "no")
        output.usage = ModelUsage(input_tokens=5, output_tokens=6, total_tokens=11)
        return output

    return get_model(f"mockllm/{{name}}", custom_outputs=answer, memoize=False)


@scorer(metrics={{"quality": [mean()], "brevity": [mean()]}})
def judge():
    async def score(state, target):
        quality = draw(os.environ["MODEL"], state.sample_id, state.epoch) % 11 / 10
        if (os.environ["MODEL"], state.sample_id) == ("four", "e?") or (
            state.sample_id == "c[1]" and state.epoch == 1
        ):
            quality = float("nan")
        return Score(value={{"quality": quality, "brevity": 0.25}})

    return score


def question(id):
    if id == "long":
        return "long " * 2000
    if id == "picture":
        content = [ContentText(text="picture"), ContentImage(image=PIXEL)]
        return [ChatMessageUser(content=content)]
    return f"Is it {{id}}?"


@task
def spell():
    samples = [Sample(id=id, input=question(id), target="yes") for id in IDS]
    return Task(
        dataset=MemoryDataset(samples),
        solver=generate(),
        scorer=[match(), judge()],
        model=canned_model(),
        epochs=2,
    )


@task
def sums(difficulty: str = "hard"):
    samples = [Sample(input=f"{{i}} + {{i}}?", target="yes") for i in range({n})]
    dataset = MemoryDataset(samples)
    return Task(dataset=dataset, solver=generate(), scorer=match(), model=canned_model())
"""

RUN_ALL = """
import json
import os
import sys
from pathlib import Path

from inspect_ai import eval
from inspect_ai.scorer import value_to_float

from canned import VALUES, spell, sums

Path("values.json").write_text(json.dumps([value_to_float()(value) for value in VALUES]))

for name in sys.argv[1:]:
    os.environ["MODEL"] = name
    for log_format in ("eval", "json"):
        options = {"log_format": log_format, "display": "none", "log_realtime": False}
        eval([spell(), sums()], log_dir=log_format, **options)
"""


class Runs(NamedTuple):
    folder: Path
    environment: dict[str, str]

    def call(self, command, **kwargs):
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            **kwargs,
        )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return a folder with the full runs of all models, in both formats."""
    folder = tmp_path_factory.mktemp("inspect")
    tasks = TASKS.format(ids=AWKWARD_IDS, n=N_NUMBERED, values=VALUES)
    (folder / "canned.py").write_text(tasks, "utf-8")
    (folder / "run_all.py").write_text(RUN_ALL)
    environment = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(folder),
        "MODEL": NEW_MODEL,
    }
    runs = Runs(folder, environment)
    runs.call([sys.executable, "run_all.py", *MODELS])
    return runs


@pytest.fixture(scope="module")
def history(runs):
    return read_inspect(runs.folder / "eval")


@pytest.fixture(scope="module")
def matrix(history):
    return to_score_matrix(history, metric={"spell": "judge.quality"})


@pytest.fixture(scope="module")
def anchors(matrix):
    chosen = [f"spell:{id}" for id in CHOSEN] + [f"sums:{id}" for id in CHOSEN_NUMBERS]
    return matrix.items.loc[chosen]


@pytest.fixture(scope="module")
def commands(anchors):
    return to_inspect_sample_ids(anchors, harness_args="canned.py --display plain").commands


@pytest.fixture(scope="module")
def anchor_run(runs, commands):
    """Run the anchors with a new model by the command, exactly as it was written."""
    for command in commands:
        runs.call(command, shell=True)
    return read_inspect(runs.folder / "anchor_logs")


def draw(*words):
    return zlib.crc32(" ".join(map(str, words)).encode())


def expected_values(model, id, epoch):
    """Compute by hand what the scorers give a model on a sample of the task `spell`."""
    question = f"Is it {id}?"
    question = {"long": "long " * 2000, "picture": "picture"}.get(id, question)
    unscored = (model, id) == (NEW_MODEL, "e?") or (id, epoch) == ("c[1]", 1)
    quality = math.nan if unscored else draw(model, id, epoch) % 11 / 10
    return {
        "match": float(draw(model, question) % 3 > 0),
        "judge.quality": quality,
        "judge.brevity": 0.25,
    }


def expected_table(models, ids, numbers):
    rows = [
        (f"mockllm/{model}", "spell", id, metric, epoch, value)
        for model in models
        for id in ids
        for epoch in (1, 2)
        for metric, value in expected_values(model, id, epoch).items()
    ]
    rows += [
        (f"mockllm/{model}", "sums", i, "match", 1, float(draw(model, sum_of(i)) % 3 > 0))
        for model in models
        for i in numbers
    ]
    return sorted_table(pd.DataFrame(rows, columns=[*KEY, "value"]))


def sum_of(id):
    return f"{int(id) - 1} + {int(id) - 1}?"


KEY = ["model", "task", "item", "metric", "epoch"]


def sorted_table(table, columns=(*KEY, "value")):
    """Bring a long table into an order of its own, as plain columns."""
    plain = table[list(columns)].astype({**dict.fromkeys(KEY, object), "epoch": np.int64})
    return plain.sort_values(KEY, ignore_index=True)


def repack(path, folder, keep):
    """Write a log again, deflated, with some of its members; return the new file."""
    folder.mkdir(exist_ok=True)
    with (
        ZipMembers(path) as old,
        zipfile.ZipFile(folder / path.name, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in filter(keep, old.names):
            new.writestr(name, old.read(name))


def test_full_runs_are_read_whole(history):
    numbers = [str(1 + i) for i in range(N_NUMBERED)]
    expected = expected_table(MODELS, AWKWARD_IDS, numbers)
    pd.testing.assert_frame_equal(sorted_table(history), expected)


def test_logs_are_packed_with_zstd_and_hold_summaries(runs):
    for path in (runs.folder / "eval").iterdir():
        with zipfile.ZipFile(path) as archive:
            assert {info.compress_type for info in archive.infolist()} == {93}
            assert "summaries.json" in archive.namelist()


@pytest.mark.parametrize("column", ["cost", "content_hash", "setting"])
def test_both_formats_agree(runs, history, column):
    others = read_inspect(runs.folder / "json")
    columns = [*KEY, "value", "group", column]
    pd.testing.assert_frame_equal(
        sorted_table(others, columns), sorted_table(history, columns), check_categorical=False
    )


@pytest.mark.parametrize(
    "keep",
    [
        pytest.param(lambda name: True, id="everything"),
        pytest.param(lambda name: name != "summaries.json", id="journal-of-summaries"),
        pytest.param(lambda name: name.startswith(("samples/", "header")), id="samples-only"),
        pytest.param(lambda name: name in ("header.json", "summaries.json"), id="summaries-only"),
    ],
)
def test_deflated_logs_agree_whatever_they_hold(runs, history, keep, tmp_path):
    for path in (runs.folder / "eval").iterdir():
        repack(path, tmp_path / "deflated", keep)
    columns = [*KEY, "value", "content_hash", "cost", "setting", "date"]
    pd.testing.assert_frame_equal(
        sorted_table(read_inspect(tmp_path / "deflated"), columns),
        sorted_table(history, columns),
        check_categorical=False,
    )


def test_what_tells_items_apart_and_what_they_cost(history):
    spell = history[history["task"] == "spell"]
    assert spell["content_hash"].notna().all()
    assert spell["content_hash"].nunique() == len(AWKWARD_IDS)
    assert (history["cost"] == 11).all()
    assert set(history.loc[history["task"] == "sums", "setting"]) == {
        "version=0 arg.difficulty=hard"
    }


def test_matrix_is_the_mean_over_the_scored_epochs(matrix):
    assert matrix.data.shape == (len(MODELS), len(AWKWARD_IDS) + N_NUMBERED)
    for model in MODELS:
        for id in AWKWARD_IDS:
            both = [expected_values(model, id, epoch)["judge.quality"] for epoch in (1, 2)]
            score = matrix.data.loc[f"mockllm/{model}", f"spell:{id}"]
            assert score == pytest.approx(np.nanmean(both))


def test_the_command_runs_exactly_the_anchors(anchor_run, commands):
    assert len(commands) == 1
    expected = expected_table([NEW_MODEL], CHOSEN, CHOSEN_NUMBERS)
    pd.testing.assert_frame_equal(sorted_table(anchor_run), expected)


def test_anchor_runs_have_the_contents_of_the_full_runs(anchor_run, anchors):
    for row in anchor_run.itertuples():
        assert anchors.loc[f"{row.task}:{row.item}", "content_hash"] == row.content_hash


def test_the_list_in_python_runs_exactly_the_anchors(runs, anchors, tmp_path):
    path = tmp_path / "ids.txt"
    to_inspect_sample_ids(anchors, path)
    code = f"""
from pathlib import Path
from inspect_ai import eval
from canned import spell, sums
ids = Path({str(path)!r}).read_text("utf-8").splitlines()
eval([spell(), sums()], sample_id=ids, log_dir={str(tmp_path / "logs")!r}, display="none")
"""
    runs.call([sys.executable, "-c", code])
    expected = expected_table([NEW_MODEL], CHOSEN, CHOSEN_NUMBERS)
    pd.testing.assert_frame_equal(sorted_table(read_inspect(tmp_path / "logs")), expected)


def test_values_are_read_as_inspect_reads_them(runs):
    converted = json.loads((runs.folder / "values.json").read_text())
    samples = [
        {"id": at, "epoch": 1, "input": "", "target": "", "scores": {"it": {"value": value}}}
        for at, value in enumerate(VALUES)
    ]
    log = {"version": 2, "status": "success", "eval": {"task": "t", "model": "m"}}
    path = runs.folder / "values_log.json"
    path.write_text(json.dumps(log | {"samples": samples}))
    assert converted == read_inspect(path)["value"].tolist()
