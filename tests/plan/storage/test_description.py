"""What a file says of its predictor is believed only as far as it holds together."""

import pandas as pd
import pytest

from sklearn_sparseeval import PredictorError
from sklearn_sparseeval._fingerprint import fingerprint_column
from sklearn_sparseeval.plan import load_predictor
from sklearn_sparseeval.plan.storage._description import from_json, to_json

ABSENT = object()
OURS = "sklearn-sparseeval"
# Where in the description, and what is put there.
DAMAGES = [
    *((key, ABSENT) for key in (
        "format", "versions", "created", "method", "fingerprint", "targets", "best",
        "observed_range", "items", "check", "members", "items.name", "items.weight",
        "items.content_hash", "items.weight.0", "items.name.0",
    )),
    ("format", 0),
    ("format", "1"),
    ("versions", {}),
    ("versions", {OURS: "0.1.0"}),
    ("versions", {OURS: "x", "scikit-learn": "1.9"}),
    ("versions", {OURS: "0.1.0", "scikit-learn": "1"}),
    ("created", 5),
    ("n_models", 0),
    ("n_models", 1.5),
    ("n_models", True),
    ("targets", []),
    ("targets", ["a", "a", "b"]),
    ("targets", ["a", 1, "b"]),
    ("best", [1.0]),
    ("score_range", [1.0, 0.0]),
    ("score_range", [0.0, float("inf")]),
    ("score_range", 3),
    ("observed_range", [None, 1.0]),
    ("errors", {"models": ["a"], "values": [[1.0], [2.0]]}),
    ("errors", {"models": [1], "values": [[1.0, 2.0, 3.0]]}),
    ("items.name.0", "t:1"),
    ("items.task.0", 5),
    ("items.content_hash.0", 2**64),
    ("check", "text"),
]  # fmt: skip


def put(place, value):
    """Make an edit that sets an entry of the description, or takes it out."""

    def edit(described):
        *path, last = place.split(".")
        for key in path:
            described = described[key]
        last = int(last) if isinstance(described, list) else last
        if value is ABSENT:
            del described[last]
        else:
            described[last] = value

    return edit


def label(value):
    return "absent" if value is ABSENT else str(value)


@pytest.mark.parametrize(("place", "value"), DAMAGES, ids=label)
def test_a_description_that_does_not_hold_together_is_damage(place, value, forge):
    path = forge(description=put(place, value), digests=False)
    with pytest.raises(PredictorError, match=r"is damaged: its sparseeval\.json is not as expect"):
        load_predictor(path)


def test_a_description_that_is_no_object_is_damage(forge):
    with pytest.raises(PredictorError, match=r"is damaged: its sparseeval\.json"):
        load_predictor(forge(description=lambda described: []))


@pytest.mark.parametrize(
    ("edit", "match"),
    [
        (put("check", [[0.5] * 3] * 3), "its estimator now predicts other scores, off by up to"),
        (put("check", [[0.5] * 3] * 2), "its estimator is for other items"),
        (put("check", [[float("nan")] * 3] * 3), "off by up to nan"),
        (put("targets", ["overall"]), r"is damaged"),
        (put("observed_range", [0.0, 5.0]), "its estimator now predicts other scores"),
    ],
    ids=["others", "fewer", "nan", "targets", "range"],
)
def test_what_was_predicted_has_to_be_predicted_again(edit, match, forge):
    with pytest.raises(PredictorError, match=match):
        load_predictor(forge(description=edit))


@pytest.mark.parametrize(
    ("edit", "match"),
    [
        (
            put("format", 2),
            r"by sklearn-sparseeval 0\.\S+ in format 2; this version reads .* 1\. Up",
        ),
        (
            lambda d: d["versions"].update({"sklearn-sparseeval": "99.1"}),
            r"was saved by sklearn-sparseeval 99\.1, and this is .* Update: pip install --upgrade",
        ),
    ],
    ids=["format", "package"],
)
def test_newer_files_say_which_version_they_need(edit, match, forge):
    with pytest.raises(PredictorError, match=match):
        load_predictor(forge(description=edit))


def test_members_other_than_those_described_are_damage(forge):
    path = forge(schema=lambda schema: schema.update(extra=1), digests=False)
    with pytest.raises(PredictorError, match="its estimator is not the one it was saved with"):
        load_predictor(path)


def test_all_of_it_survives(saved, panel, tmp_path):
    predictor = load_predictor(saved)
    items = predictor.items.copy()
    items["content_hash"] = fingerprint_column([2**64 - 1, 0, 2**63 + 1, 1, 2, 3, 4, 5])
    items["cost"] = [1.5, float("nan"), *range(6)]
    errors = pd.DataFrame([[0.1, -0.2, float("nan")]], ["é"], predictor.targets)
    changed = predictor.__class__(
        **(vars(predictor) | {"items": items, "errors": errors, "score_range": None})
    )
    text = to_json(changed, pd.DataFrame([[0.1, 0.2, 0.3]]).to_numpy(), {})
    fields, check, other_version = from_json(tmp_path, {"sparseeval.json": text})
    pd.testing.assert_frame_equal(fields.pop("items"), items)
    pd.testing.assert_frame_equal(fields.pop("errors"), errors)
    pd.testing.assert_series_equal(fields.pop("best"), panel.targets.max(), check_names=False)
    assert check.tolist() == [[0.1, 0.2, 0.3]]
    assert other_version is None
    assert fields == {name: getattr(changed, name) for name in fields}
