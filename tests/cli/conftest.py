"""Folders of results as lm-evaluation-harness writes them, made of score matrices."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval.datasets import make_score_matrix

DATE = "2026-11-22T10-41-46.232288"


def _sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="session")
def history():
    """Scores of 24 models of 8 families on two tasks, 30 and 20 items; NaN nowhere."""
    panel = make_score_matrix(24, 50, random_state=3)
    models = [f"org{number % 8}/m{number}" for number in range(24)]
    items = [f"alpha:{i}" for i in range(30)] + [f"beta:{i}" for i in range(20)]
    return pd.DataFrame(np.asarray(panel.data, dtype=float), models, items)


@pytest.fixture(scope="session")
def write_runs():
    """Return a function that writes rows of a score matrix as runs of lm-eval."""

    def write(
        folder, scores, *, date=DATE, doc="v1", prompt="p", metric="acc", filter="none", size=None
    ):
        for model, row in scores.iterrows():
            own = folder / model.replace("/", "__")
            own.mkdir(parents=True, exist_ok=True)
            by_task = {}
            for name, value in row.items():
                task, doc_id = name.split(":")
                by_task.setdefault(task, []).append((int(doc_id), value))
            tasks = dict.fromkeys(by_task)
            run = {
                "results": {},
                "versions": dict.fromkeys(tasks, 1.0),
                "n-shot": dict.fromkeys(tasks, 0),
                "model_name": model,
            }
            if size is not None:
                run["n-samples"] = {
                    task: {"original": size, "effective": len(entries)}
                    for task, entries in by_task.items()
                }
            (own / f"results_{date}.json").write_text(json.dumps(run))
            for task, entries in by_task.items():
                lines = [
                    {
                        "doc_id": doc_id,
                        "filter": filter,
                        "metrics": [metric],
                        "doc_hash": _sha(f"{task} {doc_id} {doc}"),
                        "prompt_hash": _sha(f"{task} {doc_id} {prompt}"),
                        metric: value,
                    }
                    for doc_id, value in entries
                ]
                text = "".join(json.dumps(line) + "\n" for line in lines)
                (own / f"samples_{task}_{date}.jsonl").write_text(text)
        return folder

    return write
