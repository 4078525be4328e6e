"""What a file says of its predictor is believed only as far as it holds together."""

import io
import json
import re
import zipfile
from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

import sklearn_sparseeval
from sklearn_sparseeval import (
    AnchoredRegressor,
    PredictorError,
    RandomSelector,
    ScoreMatrix,
    WeightedMeanRegressor,
)
from sklearn_sparseeval.plan import load_predictor, save_predictor

ABSENT = object()
OURS = "sklearn-sparseeval"
# Where in the description, and what is put there.
DAMAGES = [
    *((key, ABSENT) for key in (
        "format", "versions", "created", "method", "fingerprint", "targets", "best",
        "observed_range", "items", "item_means", "check", "members", "items.name", "items.weight",
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
    ("item_means", [0.5]),
    ("item_means", [float("nan")] * 8),
    ("item_means", "text"),
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


@pytest.mark.slow
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
            put("format", 3),
            r"by sklearn-sparseeval 0\.\S+ in format 3; this version reads format 2\. Update",
        ),
        (
            put("format", 1),
            r"by sklearn-sparseeval 0\.\S+ in the old format 1, .* Fit and save it again\.$",
        ),
        (
            lambda d: d["versions"].update({"sklearn-sparseeval": "99.1"}),
            r"was saved by sklearn-sparseeval 99\.1, and this is .* Update: pip install --upgrade",
        ),
    ],
    ids=["newer-format", "older-format", "package"],
)
def test_files_of_other_versions_say_what_they_need(edit, match, forge):
    with pytest.raises(PredictorError, match=match):
        load_predictor(forge(description=edit))


def test_members_other_than_those_described_are_damage(forge):
    path = forge(schema=lambda schema: schema.update(extra=1), digests=False)
    with pytest.raises(PredictorError, match="its estimator is not the one it was saved with"):
        load_predictor(path)


def test_all_of_it_survives(panel, ridge, tmp_path):
    hashes = [2**64 - 1, 0, 2**63 + 1, 1, 2, 3, 4, 5]
    matrix = ScoreMatrix.from_frame(
        panel.data,
        items={
            "task": ["a", "b"] * 4,
            "item": list("01234567"),
            "content_hash": hashes,
            "cost": [1.5, float("nan"), *range(6)],
        },
    )
    errors = pd.DataFrame([[0.1, -0.2, float("nan")]], ["é"], ["overall", "a", "b"])
    save_predictor(tmp_path / "p.skops", ridge, matrix, errors=errors)
    predictor = load_predictor(tmp_path / "p.skops")
    pd.testing.assert_frame_equal(predictor.items, matrix.items)
    pd.testing.assert_frame_equal(predictor.errors, errors)
    pd.testing.assert_series_equal(predictor.best, matrix.targets.max(), check_names=False)
    assert [int(one) for one in predictor.items["content_hash"].fillna(0)] == hashes
    assert predictor.score_range is None
    assert predictor.item_means is None


def described(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("sparseeval.json"))


@pytest.fixture
def mean_of_three(panel, saved):
    """The anchors of a predictor that is the mean of three items; `forge` changes its file."""
    estimator = AnchoredRegressor(RandomSelector(3, random_state=0), WeightedMeanRegressor())
    estimator.fit(panel.data + 1, panel.data.mean(axis=1) + 1)
    save_predictor(saved, estimator, ScoreMatrix.from_frame(panel.data + 1))
    return estimator.anchors_


def test_check_rows_are_low_where_their_divisor_divides(mean_of_three, saved):
    expected = [
        np.mean([1.0 if anchor % divisor == 0 else 2.0 for anchor in mean_of_three])
        for divisor in (2, 3, 5)
    ]
    assert np.ravel(described(saved)["check"]).tolist() == pytest.approx(expected)


@pytest.mark.usefixtures("mean_of_three")
def test_rounding_passes_and_more_does_not(forge):
    def add(amount):
        return lambda one: one.update(check=(np.array(one["check"]) + amount).tolist())

    load_predictor(forge(description=add(1e-6)))
    with pytest.raises(PredictorError, match=r"off by up to 0\.0001"):
        load_predictor(forge(description=add(1e-4)))


def test_a_constant_history_passes(panel, tmp_path):
    matrix = ScoreMatrix.from_frame(panel.data * 0 + 1)
    estimator = AnchoredRegressor(RandomSelector(3, random_state=0), WeightedMeanRegressor())
    save_predictor(
        tmp_path / "p.skops", estimator.fit(matrix.data, matrix.targets["overall"]), matrix
    )
    assert load_predictor(tmp_path / "p.skops").observed_range == (1.0, 1.0)


@pytest.mark.usefixtures("mean_of_three")
@pytest.mark.parametrize(
    "anchors",
    [[[0, 1, 2]], [0.0, 1.0, 2.0], [], [-1, 0, 1], [0, 1, 8]],
    ids=["table", "floats", "none", "negative", "too-large"],
)
def test_anchors_have_to_be_numbers_of_items(anchors, forge, saved):
    with zipfile.ZipFile(saved) as archive:
        schema = json.loads(archive.read("schema.json"))
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(anchors))
    name = schema["content"]["content"]["anchors_"]["file"]
    with pytest.raises(PredictorError, match=r"is for other items|cannot predict"):
        load_predictor(forge(members={name: buffer.getvalue()}))


def test_the_version_is_named_where_it_is_to_blame(forge):
    def older(described):
        described["versions"]["scikit-learn"] = "1.0.2"
        described["check"][0][0] += 1

    match = r"cannot be used: .* It was saved under scikit-learn 1\.0\.2, and this is 1.*Fit and"
    with pytest.raises(PredictorError, match=match):
        load_predictor(forge(description=older))


def test_versions_are_those_installed(saved):
    found = load_predictor(saved).versions
    assert found[OURS] == sklearn_sparseeval.__version__
    assert found["numpy"] == version("numpy")
    assert set(found) == {OURS, "python", "scikit-learn", "numpy", "scipy", "skops", "torch"}


@pytest.mark.parametrize(
    ("then", "here", "advice"),
    [
        ("0.1.0", "0.1.0", None),
        ("0.1.7", "0.1.0", None),
        ("0.1.0", "0.1.9.dev3", None),
        ("1.0", "1.4.2", None),
        ("0.2.0", "0.1.0", "pip install --upgrade 'sklearn-sparseeval>=0.2.0'"),
        ("1.5.1", "1.4.2", "pip install --upgrade 'sklearn-sparseeval>=1.5.1'"),
        ("2.0", "1.4.2", "pip install --upgrade 'sklearn-sparseeval>=2.0'"),
        ("0.1.0", "0.2.0", "pip install 'sklearn-sparseeval==0.1.0'"),
        ("0.9", "1.0", "pip install 'sklearn-sparseeval==0.9'"),
        ("1.9", "2.0", "pip install 'sklearn-sparseeval==1.9'"),
    ],
)
def test_a_series_reads_its_own_files(then, here, advice, monkeypatch, forge):
    path = forge(description=lambda one: one["versions"].update({OURS: then}))
    monkeypatch.setattr("sklearn_sparseeval._version.__version__", here)
    if advice is None:
        assert load_predictor(path).versions[OURS] == then
        return
    match = f"was saved by {OURS} {re.escape(then)}, and this is {re.escape(here)}.*"
    with pytest.raises(PredictorError, match=match + re.escape(advice)):
        load_predictor(path)


def test_scikit_learn_is_compared_by_its_minor_version(forge):
    here = version("scikit-learn")
    major, minor = here.split(".")[:2]

    def under(then):
        return forge(description=lambda one: one["versions"].update({"scikit-learn": then}))

    load_predictor(under(f"{major}.{minor}.99"))  # warnings are errors here
    match = re.escape(f"was saved under scikit-learn 1.2.2, and this is {here}")
    with pytest.warns(UserWarning, match=match):
        load_predictor(under("1.2.2"))


@pytest.mark.parametrize("text", ["", "x", "1", "9" * 100, "1." + "9" * 100])
def test_what_is_not_a_version_is_damage(text, forge):
    path = forge(description=lambda one: one["versions"].update({OURS: text}))
    with pytest.raises(PredictorError, match=r"is damaged: .* is not a version"):
        load_predictor(path)


@pytest.fixture
def gaps(panel):
    data = panel.data.copy()
    data.iloc[0, 0] = np.nan
    data.iloc[1, 1] = 0.0
    return data


@pytest.fixture
def of_gaps(gaps, tmp_path):
    """The file of a predictor for a history with a gap."""
    matrix = ScoreMatrix.from_frame(gaps)
    regressor = make_pipeline(SimpleImputer(), Ridge())
    estimator = AnchoredRegressor(RandomSelector(3, random_state=0), regressor)
    save_predictor(tmp_path / "p.skops", estimator.fit(gaps, matrix.targets), matrix)
    return tmp_path / "p.skops"


def test_the_fingerprint_is_sha256_and_the_same_every_time(gaps, of_gaps):
    assert re.fullmatch("[0-9a-f]{64}", described(of_gaps)["fingerprint"])
    load_predictor(of_gaps, matrix=ScoreMatrix.from_frame(gaps.copy()))


def test_forms_of_nan_and_zero_and_the_layout_do_not_count(gaps, of_gaps):
    other = gaps.copy()
    other.iloc[1, 1] = -0.0
    values = np.array(other, order="F")
    values[0, 0] = np.frombuffer(b"\x01\0\0\0\0\0\xf8\x7f")[0]  # NaN with a payload
    other[:] = values
    load_predictor(of_gaps, matrix=ScoreMatrix.from_frame(other))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: (data.mask(data == 0, 0.5), {}),
        lambda data: (data.fillna(0), {}),
        lambda data: (data.rename(index={"acme/3": "acme/33"}), {}),
        lambda data: (data.rename(columns={"t:3": "t:33"}), {}),
        lambda data: (data.iloc[::-1], {}),
        lambda data: (data.iloc[:, :-1], {}),
        lambda data: (data, {"weight": np.arange(8.0)}),
    ],
    ids=["values", "nan", "model", "item", "order", "fewer", "weights"],
)
def test_values_names_and_weights_count(change, gaps, of_gaps):
    data, columns = change(gaps)
    with pytest.raises(PredictorError, match="was fitted on another matrix"):
        load_predictor(of_gaps, matrix=ScoreMatrix.from_frame(data, items=columns))


def test_what_else_is_known_of_items_does_not_count(gaps, of_gaps):
    known = {"task": "a", "metric": "acc", "cost": 5.0}
    load_predictor(of_gaps, matrix=ScoreMatrix.from_frame(gaps, items=known))
