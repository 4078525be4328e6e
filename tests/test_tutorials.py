"""The tutorials run as they stand, with the real harnesses, and print what they say they print.

Then the score that was printed is computed anew from the matrix and the harness's own files.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import ResidualRidgeRegressor, ScoreMatrix

pytestmark = pytest.mark.real_harness

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(
    r"^\.\. code-block:: (?P<language>\w+)\n(?:    :caption: (?P<caption>\S+)\n)?\n"
    r"(?P<text>(?:(?:    .*)?\n)+)",
    re.MULTILINE,
)


class Block(NamedTuple):
    """A block of code of a page."""

    language: str
    caption: str | None
    text: str


class Tutorial(NamedTuple):
    """A tutorial that was run: where, its blocks, and what each printed (None: not run)."""

    folder: Path
    blocks: list[Block]
    printed: list[str | None]


def blocks_of(page):
    blocks = []
    for found in BLOCK.finditer((DOCS / page).read_text()):
        text = "\n".join(line[4:] for line in found["text"].rstrip().splitlines())
        blocks.append(Block(found["language"], found["caption"], text))
    return blocks


def run_tutorial(page, folder):
    """Write the files and run the commands of a page, in one folder and in their order."""
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": binaries, "COLUMNS": "100"}
    exported, blocks, printed = "", blocks_of(page), []
    for block in blocks:
        printed.append(None)
        if block.language == "python":
            (folder / block.caption).write_text(block.text + "\n")
        elif block.language == "sh" and not block.text.startswith("pip install"):
            command = f"set -e\n{exported}\n{block.text}"
            done = subprocess.run(
                ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True
            )
            assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
            printed[-1] = done.stdout
            exported += "".join(re.findall(r"^export .*\n", block.text + "\n", re.MULTILINE))
    return Tutorial(folder, blocks, printed)


def check_output(tutorial):
    """Compare each block of output with what the commands before it printed."""
    n_compared = 0
    for position, block in enumerate(tutorial.blocks):
        if block.language != "text":
            continue
        printed = " ".join((tutorial.printed[position - 1] or "").split())
        for piece in block.text.split("..."):
            assert " ".join(piece.split()) in printed
        n_compared += 1
    return n_compared


def command_in_plan(tutorial, program):
    """Find the command that the page runs, and check that the plan has it as it is."""
    lines = [line for block in tutorial.blocks for line in block.text.splitlines()]
    (command,) = [line for line in lines if line.startswith(program)]
    assert command in (tutorial.folder / "plan" / "README.md").read_text()


def score_by_hand(tutorial, results):
    """Fit the regressor on the history's anchors anew, and predict from `results` by item name."""
    matrix = ScoreMatrix.read(tutorial.folder / "scores.parquet")
    anchors = sorted(
        pd.read_csv(tutorial.folder / "plan" / "anchors.csv")["name"],
        key=list(matrix.data.columns).index,
    )
    assert set(anchors) == set(results)
    regressor = ResidualRidgeRegressor()
    regressor.fit(matrix.data[anchors].to_numpy(), matrix.data.mean(axis=1).to_numpy())
    (score,) = regressor.predict(np.array([[results[name] for name in anchors]]))
    return score


def predicted(tutorial, run):
    """Let the command print the score as JSON."""
    command = [sys.executable, "-m", "sklearn_sparseeval", "predict", "plan", run, "--json"]
    done = subprocess.run(command, cwd=tutorial.folder, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


# One test for each page: a second one may be run by another process, which runs the page again.
def test_the_lm_eval_tutorial(tmp_path):
    lm_eval = run_tutorial("lm_eval_tutorial.rst", tmp_path)
    assert check_output(lm_eval) == 3
    command_in_plan(lm_eval, "lm_eval run")
    results = {}
    for path in (lm_eval.folder / "anchor_results").rglob("samples_*.jsonl"):
        task = path.name.split("_")[1]
        for line in path.read_text().splitlines():
            record = json.loads(line)
            results[f"{task}:{record['doc_id']}"] = record["acc"]
    assert len(results) == 50
    by_hand = score_by_hand(lm_eval, results)
    printed = predicted(lm_eval, "anchor_results")["models"]["lab9/new"]["predicted"]
    assert printed["overall"] == pytest.approx(by_hand)


# In a process of its own: importing inspect_ai changes zipfile for the whole process.
READ_LOG = """
import json, sys
from inspect_ai.log import read_eval_log
samples = read_eval_log(sys.argv[1]).samples
print(json.dumps({sample.id: sample.scores["match"].value for sample in samples}))
"""


def test_the_inspect_tutorial(tmp_path):
    inspect = run_tutorial("inspect_tutorial.rst", tmp_path)
    assert check_output(inspect) >= 3
    command_in_plan(inspect, "inspect eval quiz.py --sample-id")
    (path,) = (inspect.folder / "anchor_logs").glob("*.eval")
    done = subprocess.run(
        [sys.executable, "-c", READ_LOG, path], capture_output=True, text=True, check=True
    )
    letters = json.loads(done.stdout)
    results = {f"quiz:{item}": {"C": 1.0, "I": 0.0}[letter] for item, letter in letters.items()}
    assert len(results) == 30
    by_hand = score_by_hand(inspect, results)
    printed = predicted(inspect, "anchor_logs")["models"]["mockllm/new-model"]["predicted"]
    assert printed["overall"] == pytest.approx(by_hand)
