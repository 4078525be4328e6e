"""What a report of an anchor run shows and hands to scripts."""

import json

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import Note
from sklearn_sparseeval.harness import AnchorRunReport


@pytest.fixture
def report():
    models = ["acme/one", "acme/two"]
    return AnchorRunReport(
        scores=pd.DataFrame([[1.0, 0.0], [np.nan, np.nan]], models, ["arc:0", "arc:1"]),
        problems=[Note("missing", "Something is missing.", "acme/two", 2)],
        warnings=[Note("moved", "Something is odd.")],
        notes=[Note("extra", "Something is there besides.")],
        counts=pd.DataFrame({"missing": [0, 2], "extra": [1, 0]}, models),
        missing={"acme/two": ["arc:0", "arc:1"]},
        raw_means=pd.DataFrame({"overall": [0.5, np.nan]}, models),
        models_with_problems=["acme/two"],
    )


def test_it_reads_from_grave_to_harmless(report):
    assert str(report) == (
        "2 anchors, 2 model(s), 1 of which can be predicted.\n"
        "Problem: Something is missing.\n"
        "Warning: Something is odd.\n"
        "Note: Something is there besides."
    )
    assert repr(report) == "AnchorRunReport(2 models, 1 problems, 1 warnings)"


def test_it_is_ok_without_problems_only(report):
    assert not report.ok
    assert report.models == ["acme/one", "acme/two"]


def test_scripts_get_what_json_can_hold(report):
    assert json.loads(json.dumps(report.to_dict(), allow_nan=False)) == {
        "ok": False,
        "problems": [
            {"kind": "missing", "text": "Something is missing.", "where": "acme/two", "count": 2}
        ],
        "warnings": [{"kind": "moved", "text": "Something is odd.", "where": "", "count": None}],
        "notes": [
            {"kind": "extra", "text": "Something is there besides.", "where": "", "count": None}
        ],
        "models": {
            "acme/one": {
                "ok": True,
                "counts": {"missing": 0, "extra": 1},
                "missing": [],
                "raw_means": {"overall": 0.5},
            },
            "acme/two": {
                "ok": False,
                "counts": {"missing": 2, "extra": 0},
                "missing": ["arc:0", "arc:1"],
                "raw_means": {"overall": None},
            },
        },
    }
