"""The container: targets by hand, a file that keeps every bit, errors that name what is wrong."""

import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sklearn_sparseeval import ResultsError, ScoreMatrix
from sklearn_sparseeval.score_matrix import ITEM_COLUMNS, has_described_items

NAN = np.nan
BIG = [2**64 - 1, None, 2**63 + 1]
KEY = b"sklearn_sparseeval"


@pytest.fixture
def data():
    values = [[1.0, 0.0, NAN], [0.1 + 0.2, NAN, -0.0], [NAN, NAN, NAN]]
    return pd.DataFrame(values, index=["acme/one", "NA", "ü"], columns=["t:0", "t:1", "u:0"])


@pytest.fixture
def matrix(data):
    return ScoreMatrix.from_frame(
        data,
        task=["t", "t", "u"],
        item=["0", "1", "0"],
        weight=[0.1, 0.3, 0.6],
        cost=[1.5, NAN, 1 / 3],
        content_hash=BIG,
        prompt_hash=[None, 1, 2**53 + 1],
        setting="version=1.0 n-shot=5",
        harness="lm_eval",
    )


def test_targets_by_hand(matrix):
    expected = pd.DataFrame(
        {
            "overall": [0.1 / 0.4, 0.1 * 0.3 / 0.7, NAN],
            "t": [0.25, 0.3, NAN],
            "u": [NAN, 0.0, NAN],
        },
        index=matrix.data.index,
    )
    pd.testing.assert_frame_equal(matrix.targets, expected)


def test_one_task_has_no_target_of_its_own(data):
    assert ScoreMatrix.from_frame(data).targets.columns.tolist() == ["overall"]
    assert ScoreMatrix.from_frame(data, task="overall").targets.columns.tolist() == ["overall"]


def test_a_task_that_does_not_count_still_has_a_score(data):
    matrix = ScoreMatrix.from_frame(data, task=["t", "t", "u"], weight=[0, 0, 1])
    assert matrix.targets["overall"].tolist()[1:2] == [0.0]
    assert matrix.targets["t"].tolist()[:1] == [0.5]


@settings(deadline=None)
@given(
    hnp.arrays(
        float, st.tuples(st.integers(1, 4), st.integers(1, 6)), elements=st.floats(0, 1)
    ).flatmap(lambda scores: st.tuples(st.just(scores), hnp.arrays(bool, scores.shape)))
)
def test_targets_are_weighted_means_of_what_is_evaluated(parts):
    scores, missing = parts
    scores[missing] = NAN
    weight = np.arange(1.0, scores.shape[1] + 1)
    matrix = ScoreMatrix.from_frame(pd.DataFrame(scores), weight=weight)
    for row, score in zip(scores, matrix.targets["overall"], strict=True):
        there = ~np.isnan(row)
        expected = np.average(row[there], weights=weight[there]) if there.any() else NAN
        np.testing.assert_allclose(score, expected, atol=1e-15)


@pytest.mark.parametrize("score", [0.1, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("n_items", [3, 50])
def test_rounding_takes_no_target_beyond_the_scores(score, n_items):
    # Without care, about half of these weights give the mean of equal scores another last bit.
    for seed in range(50):
        weight = np.random.default_rng(seed).random(n_items)
        matrix = ScoreMatrix.from_frame(pd.DataFrame([[score] * n_items]), weight=weight)
        assert matrix.targets["overall"].tolist() == [score]


def test_from_frame_fills_in_what_is_not_known(data):
    items = ScoreMatrix.from_frame(data).items
    assert list(items.columns) == list(ITEM_COLUMNS)
    assert items.index.name == "name"
    assert items["task"].tolist() == items["group"].tolist() == ["benchmark"] * 3
    assert items["item"].tolist() == ["t:0", "t:1", "u:0"]
    assert items["weight"].tolist() == [1.0] * 3
    assert items["content_hash"].dtype == "UInt64"
    assert items["content_hash"].isna().all()
    assert ScoreMatrix.from_frame(data, task=["a", "a", "b"]).items["group"].tolist() == list("aab")


def test_from_frame_makes_texts_of_names_and_floats_of_scores():
    matrix = ScoreMatrix.from_frame(pd.DataFrame([[1, 0], [0, 1]], index=[7, 8]))
    assert matrix.data.columns.tolist() == ["0", "1"]
    assert matrix.data.index.tolist() == ["7", "8"]
    assert (matrix.data.dtypes == np.float64).all()


def test_from_frame_does_not_change_the_frame(data):
    before = data.copy(deep=True)
    ScoreMatrix.from_frame(data, task=["t", "t", "u"])
    pd.testing.assert_frame_equal(data, before)


def test_file_keeps_every_bit(matrix, tmp_path):
    matrix.to_parquet(tmp_path / "scores.parquet")
    read = ScoreMatrix.from_parquet(tmp_path / "scores.parquet")
    pd.testing.assert_frame_equal(read.data, matrix.data, check_exact=True)
    pd.testing.assert_frame_equal(read.items, matrix.items, check_exact=True)
    assert read == matrix
    assert read.data.to_numpy().tobytes() == matrix.data.to_numpy().tobytes()  # -0.0 too
    hashes = read.items["content_hash"]
    assert [None if one is pd.NA else int(one) for one in hashes] == BIG
    assert int(read.items["prompt_hash"].iloc[2]) == 2**53 + 1


@pytest.mark.parametrize("columns", [["model", "model_"], ["a", "b"]], ids=["model", "other"])
def test_items_may_be_called_as_the_column_of_models(columns, tmp_path):
    matrix = ScoreMatrix.from_frame(pd.DataFrame([[1.0, 0.0]], index=["m"], columns=columns))
    matrix.to_parquet(tmp_path / "x")
    assert ScoreMatrix.from_parquet(tmp_path / "x") == matrix


def test_any_reader_sees_models_in_the_first_column(matrix, tmp_path):
    matrix.to_parquet(tmp_path / "x")
    frame = pd.read_parquet(tmp_path / "x")
    assert frame.columns.tolist() == ["model", "t:0", "t:1", "u:0"]
    assert frame["model"].tolist() == ["acme/one", "NA", "ü"]


def test_index_of_another_name(matrix, tmp_path):
    ScoreMatrix(matrix.data, matrix.items.rename_axis(None)).to_parquet(tmp_path / "x")
    assert ScoreMatrix.from_parquet(tmp_path / "x") == matrix


def test_equality(matrix, data):
    assert matrix == ScoreMatrix(matrix.data.copy(), matrix.items.copy())
    assert matrix != ScoreMatrix(matrix.data.fillna(0), matrix.items)
    assert matrix != ScoreMatrix.from_frame(data)
    assert matrix != "a matrix"


def test_file_keeps_notes(data, tmp_path):
    noted = ScoreMatrix(**vars(ScoreMatrix.from_frame(data)) | {"notes": ["1 item was left out."]})
    noted.to_parquet(tmp_path / "m.parquet")
    assert ScoreMatrix.from_parquet(tmp_path / "m.parquet").notes == ["1 item was left out."]


def test_what_is_said_of_items_may_be_longer_than_a_hundred_megabytes(tmp_path):
    data = pd.DataFrame([[1.0, 0.0]], index=["one"], columns=["t:0", "t:1"])
    matrix = ScoreMatrix.from_frame(data, setting=["x" * 110_000_000, ""])
    matrix.to_parquet(tmp_path / "m.parquet")
    assert has_described_items(tmp_path / "m.parquet")
    assert ScoreMatrix.from_parquet(tmp_path / "m.parquet") == matrix


def test_has_described_items(matrix, tmp_path):
    matrix.to_parquet(tmp_path / "own")
    matrix.data.to_parquet(tmp_path / "other")
    (tmp_path / "none").write_text("model,item")
    own = [has_described_items(tmp_path / name) for name in ("own", "other", "none", "missing")]
    assert own == [True, False, False, False]


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: None, "There is no file"),
        (lambda path: path.write_bytes(b"PAR1 nonsense"), "cannot be read as parquet"),
        (lambda path: path.write_bytes(b""), "cannot be read as parquet"),
        (
            lambda path: pd.DataFrame({"a": [1.0]}).to_parquet(path),
            "does not say what its items are",
        ),
    ],
    ids=["missing", "nonsense", "empty", "another table"],
)
def test_files_that_are_none(write, message, tmp_path):
    write(tmp_path / "x.parquet")
    with pytest.raises(ResultsError, match=message):
        ScoreMatrix.from_parquet(tmp_path / "x.parquet")


def described(matrix, **changes):
    items = matrix.items.reset_index()
    columns = {name: items[name].astype(object).where(items[name].notna(), None) for name in items}
    known = {"format": 1, "items": {name: column.tolist() for name, column in columns.items()}}
    return known | changes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda known: known | {"format": 2}, "is of format 2; .* reads format 1"),
        (lambda known: {"items": known["items"]}, r"damaged: .*KeyError: 'format'"),
        (lambda known: [1], r"damaged: .*TypeError"),
        (lambda known: known | {"items": {}}, "is damaged .KeyError: 'content_hash'"),
        (
            lambda known: known | {"items": known["items"] | {"name": ["x", "y", "z"]}},
            "is damaged .ValueError: items has 3 rows and data 3 columns, or their names differ",
        ),
        (
            lambda known: known | {"items": known["items"] | {"content_hash": [-1, 0, 0]}},
            "is damaged .OverflowError",
        ),
        (
            lambda known: known | {"items": known["items"] | {"task": ["t"]}},
            "is damaged .ValueError",
        ),
    ],
    ids=["format", "no format", "a list", "no columns", "names", "hash", "length"],
)
def test_files_of_other_contents(matrix, change, message, tmp_path):
    frame = matrix.data.reset_index(names="model")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    raw = json.dumps(change(described(matrix))).encode()
    pq.write_table(table.replace_schema_metadata({KEY: raw}), tmp_path / "x")
    with pytest.raises(ResultsError, match=rf"x .*{message}"):
        ScoreMatrix.from_parquet(tmp_path / "x")


def test_metadata_that_is_no_json(matrix, tmp_path):
    table = pa.Table.from_pandas(matrix.data.reset_index(names="model"), preserve_index=False)
    pq.write_table(table.replace_schema_metadata({KEY: b"\xff{"}), tmp_path / "x")
    with pytest.raises(ResultsError, match="damaged: what it says of its items cannot be read"):
        ScoreMatrix.from_parquet(tmp_path / "x")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: (m.data, m.items.iloc[:2]), "items has 2 rows and data 3 columns"),
        (lambda m: (m.data, m.items.iloc[::-1]), "or their names differ"),
        (lambda m: (m.data.set_axis(["a", "a", "b"]), m.items), "Two models are called 'a'"),
        (
            lambda m: (m.data.set_axis(list("aab"), axis=1), m.items.set_axis(list("aab"))),
            "Two items are called 'a'",
        ),
        (lambda m: (m.data, m.items.drop(columns=["cost", "group"])), "no column group, cost"),
        (lambda m: (m.data, m.items.assign(weight=[1, -2, 1])), "'t:1' has the weight -2"),
        (lambda m: (m.data, m.items.assign(weight=NAN)), "'t:0' has the weight nan"),
        (lambda m: (m.data.replace(0.0, np.inf), m.items), "model 'acme/one' on item 't:1' is inf"),
        (lambda m: (m.data, m.items.assign(task=["t", "t", "overall"])), "A task is called 'over"),
    ],
    ids=["rows", "order", "models", "items", "columns", "weight", "NaN", "infinite", "overall"],
)
def test_parts_that_do_not_fit(matrix, change, message):
    with pytest.raises(ValueError, match=message):
        ScoreMatrix(*change(matrix))


def test_columns_that_items_do_not_have(data):
    with pytest.raises(ValueError, match=re.escape("Items have no column 'wieght'; expected")):
        ScoreMatrix.from_frame(data, wieght=1)
