"""A saved predictor, and a forger who knows how such files are made."""

import hashlib
import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_sparseeval import AnchoredRegressor, RandomSelector, ScoreMatrix
from sklearn_sparseeval.datasets import make_score_matrix
from sklearn_sparseeval.plan import save_predictor


@pytest.fixture(scope="session")
def history():
    """Scores of 24 models of 8 families on 50 items; NaN nowhere."""
    panel = make_score_matrix(24, 50, random_state=3)
    models = [f"org{number % 8}/m{number}" for number in range(24)]
    items = [f"alpha:{i}" for i in range(30)] + [f"beta:{i}" for i in range(20)]
    return pd.DataFrame(np.asarray(panel.data, dtype=float), models, items)


@pytest.fixture(scope="session")
def panel():
    """Twenty models on eight items of two tasks."""
    scores = np.random.default_rng(0).integers(2, size=(20, 8)).astype(float)
    data = pd.DataFrame(scores, [f"acme/{i}" for i in range(20)], [f"t:{i}" for i in range(8)])
    return ScoreMatrix.from_frame(data, items={"task": ["a", "b"] * 4, "item": list("01234567")})


@pytest.fixture(scope="session")
def ridge(panel):
    """A predictor of three targets from three anchors."""
    estimator = AnchoredRegressor(RandomSelector(3, random_state=0), Ridge())
    return estimator.fit(panel.data, panel.targets)


@pytest.fixture
def saved(panel, ridge, tmp_path):
    """The path of its file."""
    path = tmp_path / "predictor.skops"
    save_predictor(path, ridge, panel, method="mine", score_range=(0, 1))
    return path


@pytest.fixture
def forge(saved):
    """Change the members of the file, so that its checksums are right again."""

    def change(description=None, schema=None, members=None, digests=True):
        with zipfile.ZipFile(saved) as archive:
            content = {name: archive.read(name) for name in archive.namelist()}
        for name, edit in (("sparseeval.json", description), ("schema.json", schema)):
            if edit is not None:
                parsed = json.loads(content[name])
                edited = edit(parsed)
                content[name] = json.dumps(parsed if edited is None else edited).encode()
        content |= members or {}
        described = json.loads(content["sparseeval.json"])
        if digests and isinstance(described, dict):
            described["members"] = {
                name: hashlib.sha256(one).hexdigest()
                for name, one in content.items()
                if name != "sparseeval.json"
            }
            content["sparseeval.json"] = json.dumps(described).encode()
        with zipfile.ZipFile(saved, "w") as archive:
            for name, one in content.items():
                archive.writestr(name, one)
        return saved

    return change
