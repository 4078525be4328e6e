"""Logs of Inspect of which any part is anything: rows that were there, or an error."""

import json
import zipfile

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.inspect import HARNESS

LOG = """{
    "version": 2,
    "status": "success",
    "eval": {
        "created": "2026-11-22T10:46:37+00:00",
        "task": "sums",
        "task_args": {"shots": 5},
        "model": "acme/one",
        "model_roles": {"grader": {"model": "acme/big"}},
        "dataset": {"name": "demo", "shuffled": false}
    },
    "results": {"scores": [{"name": "match"}]},
    "samples": [
        {
            "id": "a",
            "epoch": 1,
            "input": [{"role": "user", "content": [{"type": "text", "text": "Why?"}]}],
            "target": ["yes"],
            "scores": {"match": {"value": "C"}, "judge": {"value": {"a": 1.0}}},
            "model_usage": {"acme/one": {"total_tokens": 11}}
        },
        {"id": 2, "epoch": 1, "input": "Who?", "target": "me", "score": {"value": 0.5}}
    ]
}"""

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def damaged_logs(draw):
    """Make a log of which some part is anything, or is missing."""
    content = json.loads(LOG)
    for _ in range(draw(st.integers(1, 3))):
        place = content
        while True:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = draw(st.sampled_from(keys))
            if not isinstance(place[key], dict | list) or not place[key] or draw(st.booleans()):
                break
            place = place[key]
        if draw(st.booleans()):
            place[key] = draw(JSON)
        else:
            del place[key]
        if not content:
            break
    return content


@settings(max_examples=200, deadline=None)
@given(content=damaged_logs(), suffix=st.sampled_from(["json", "eval"]), cut=st.integers(0, 60))
def test_damaged_logs_give_rows_or_an_error(tmp_path_factory, content, suffix, cut):
    folder = tmp_path_factory.getbasetemp()
    path = folder / f"log.{suffix}"
    if suffix == "json":
        path.write_text(json.dumps(content))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("header.json", json.dumps(content))
            archive.writestr("summaries.json", json.dumps(content.get("samples")))
    if cut < 20:
        path.write_bytes(path.read_bytes()[: len(path.read_bytes()) - cut])
    try:
        columns = HARNESS.parse(path).columns()
    except ResultsError:
        return
    assert np.isfinite(columns.value).sum() <= 3
