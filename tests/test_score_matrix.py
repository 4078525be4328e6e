"""The container: targets by hand, a file that keeps every bit, errors that name what is wrong."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sklearn_sparseeval import Note, ResultsError, ScoreMatrix
from sklearn_sparseeval.score_matrix import ITEM_COLUMNS

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
        items={
            "task": ["t", "t", "u"],
            "item": ["0", "1", "0"],
            "weight": [0.1, 0.3, 0.6],
            "cost": [1.5, NAN, 1 / 3],
            "content_hash": BIG,
            "prompt_hash": [None, 1, 2**53 + 1],
            "setting": "version=1.0 n-shot=5",
            "harness": "lm_eval",
            "text": ["What?", None, "Why?"],
        },
        families=["acme", None, "ü & co"],
        dates=["2026-01-31", None, "2025-12-24T18:00:00"],
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
    assert ScoreMatrix.from_frame(data, items={"task": "overall"}).targets.columns.tolist() == [
        "overall"
    ]


def test_a_task_that_does_not_count_still_has_a_score(data):
    matrix = ScoreMatrix.from_frame(data, items={"task": ["t", "t", "u"], "weight": [0, 0, 1]})
    assert matrix.targets["overall"].tolist()[1:2] == [0.0]
    assert matrix.targets["t"].tolist()[:1] == [0.5]


@pytest.mark.slow
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
    matrix = ScoreMatrix.from_frame(pd.DataFrame(scores), items={"weight": weight})
    for row, score in zip(scores, matrix.targets["overall"], strict=True):
        there = ~np.isnan(row)
        expected = np.average(row[there], weights=weight[there]) if there.any() else NAN
        np.testing.assert_allclose(score, expected, atol=1e-15)


@pytest.mark.slow
@pytest.mark.parametrize("score", [0.1, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("n_items", [3, 50])
def test_rounding_takes_no_target_beyond_the_scores(score, n_items):
    # Without care, about half of these weights give the mean of equal scores another last bit.
    for seed in range(50):
        weight = np.random.default_rng(seed).random(n_items)
        matrix = ScoreMatrix.from_frame(pd.DataFrame([[score] * n_items]), items={"weight": weight})
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
    tasks = {"task": ["a", "a", "b"]}
    assert ScoreMatrix.from_frame(data, items=tasks).items["group"].tolist() == list("aab")


def test_from_frame_makes_texts_of_names_and_floats_of_scores():
    matrix = ScoreMatrix.from_frame(pd.DataFrame([[1, 0], [0, 1]], index=[7, 8]))
    assert matrix.data.columns.tolist() == ["0", "1"]
    assert matrix.data.index.tolist() == ["7", "8"]
    assert (matrix.data.dtypes == np.float64).all()


def test_from_frame_does_not_change_the_frame(data):
    before = data.copy(deep=True)
    ScoreMatrix.from_frame(data, items={"task": ["t", "t", "u"]})
    pd.testing.assert_frame_equal(data, before)


FORMATS = ["parquet", "npz"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_file_keeps_every_bit(matrix, suffix, tmp_path):
    matrix.write(tmp_path / f"scores.{suffix}")
    read = ScoreMatrix.read(str(tmp_path / f"scores.{suffix}"))
    pd.testing.assert_frame_equal(read.data, matrix.data, check_exact=True)
    pd.testing.assert_frame_equal(read.items, matrix.items, check_exact=True)
    pd.testing.assert_frame_equal(read.models, matrix.models, check_exact=True)
    assert read == matrix
    assert read.data.to_numpy().tobytes() == matrix.data.to_numpy().tobytes()  # -0.0 too
    hashes = read.items["content_hash"]
    assert [None if one is pd.NA else int(one) for one in hashes] == BIG
    assert int(read.items["prompt_hash"].iloc[2]) == 2**53 + 1


def test_a_csv_file_keeps_scores_models_and_families(tmp_path):
    scores = np.random.default_rng(0).random((20, 50))
    scores[3, 4] = NAN
    models = [f"m{row}" for row in range(20)]
    matrix = ScoreMatrix.from_frame(pd.DataFrame(scores, models), families=list("ab") * 10)
    matrix.write(tmp_path / "scores.csv")
    read = ScoreMatrix.read(tmp_path / "scores.csv")
    np.testing.assert_array_equal(read.data, scores)
    assert read.families == list("ab") * 10
    assert read == matrix


def test_a_csv_file_cannot_hold_an_item_called_family(tmp_path):
    matrix = ScoreMatrix.from_frame(pd.DataFrame([[1.0, 0.0]], ["m"], ["q", "Family"]))
    with pytest.raises(ValueError, match=r"'Family', which a csv .* Write \.parquet or \.npz"):
        matrix.write(tmp_path / "scores.csv")
    assert not (tmp_path / "scores.csv").exists()
    for suffix in FORMATS:
        matrix.write(tmp_path / f"scores.{suffix}")
        assert ScoreMatrix.read(tmp_path / f"scores.{suffix}") == matrix


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("columns", [["model", "model_"], ["a", "b"]], ids=["model", "other"])
def test_items_may_be_called_as_the_column_of_models(columns, suffix, tmp_path):
    matrix = ScoreMatrix.from_frame(pd.DataFrame([[1.0, 0.0]], index=["m"], columns=columns))
    matrix.write(tmp_path / f"x.{suffix}")
    assert ScoreMatrix.read(tmp_path / f"x.{suffix}") == matrix


def test_any_reader_sees_models_in_the_first_column(matrix, tmp_path):
    matrix.write(tmp_path / "x.parquet")
    frame = pd.read_parquet(tmp_path / "x.parquet")
    assert frame.columns.tolist() == ["model", "t:0", "t:1", "u:0"]
    assert frame["model"].tolist() == ["acme/one", "NA", "ü"]
    matrix.write(tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as archive:
        assert archive["models"].tolist() == ["acme/one", "NA", "ü"]
        np.testing.assert_array_equal(archive["scores"], matrix.data)


def test_index_of_another_name(matrix, tmp_path):
    renamed = ScoreMatrix(matrix.data, matrix.items.rename_axis(None), matrix.models)
    renamed.write(tmp_path / "x.parquet")
    assert ScoreMatrix.read(tmp_path / "x.parquet") == matrix


def test_equality(matrix, data):
    assert matrix == ScoreMatrix(matrix.data.copy(), matrix.items.copy(), matrix.models.copy())
    assert matrix != ScoreMatrix(matrix.data.fillna(0), matrix.items, matrix.models)
    assert matrix != ScoreMatrix(matrix.data, matrix.items)
    assert matrix != ScoreMatrix.from_frame(data)
    assert matrix != "a matrix"


@pytest.mark.parametrize("suffix", FORMATS)
def test_file_keeps_notes(data, suffix, tmp_path):
    notes = [Note("left-out", "1 item was left out.", "t:9", 1)]
    ScoreMatrix.from_frame(data, notes=notes).write(tmp_path / f"m.{suffix}")
    assert ScoreMatrix.read(tmp_path / f"m.{suffix}").notes == notes


def test_what_is_said_of_items_may_be_longer_than_a_hundred_megabytes(tmp_path, monkeypatch):
    whole = pq.ParquetFile

    def strict(*args, thrift_string_size_limit=1_000, **options):  # 100 MB, by default
        return whole(*args, thrift_string_size_limit=thrift_string_size_limit, **options)

    monkeypatch.setattr(pq, "ParquetFile", strict)
    monkeypatch.setattr(pq.core, "ParquetFile", strict)
    data = pd.DataFrame([[1.0, 0.0]], index=["one"], columns=["t:0", "t:1"])
    matrix = ScoreMatrix.from_frame(data, items={"setting": ["x" * 10_000, ""]})
    matrix.write(tmp_path / "m.parquet")
    assert ScoreMatrix.read(tmp_path / "m.parquet") == matrix


@pytest.mark.parametrize("name", ["scores", "scores.json", "scores.xlsx"])
def test_the_suffix_says_how_it_is_written(matrix, name, tmp_path):
    with pytest.raises(ValueError, match=r"does not end in \.csv, \.npz, \.parquet"):
        matrix.write(tmp_path / name)
    assert not list(tmp_path.iterdir())


def described(matrix):
    items = matrix.items.reset_index()
    columns = {name: items[name].astype(object).where(items[name].notna(), None) for name in items}
    known = {"format": 2, "items": {name: column.tolist() for name, column in columns.items()}}
    unknown = {"families": [None] * 3, "dates": [None] * 3, "targets": None, "notes": []}
    return known | unknown


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda known: known, None),
        (lambda known: known | {"format": 1}, "is of format 1; .* reads format 2. Import the res"),
        (lambda known: {"items": known["items"]}, r"is of format None"),
        (
            lambda known: known | {"notes": [{"kind": 1}]},
            "is damaged .ValueError: .* is not a note",
        ),
        (lambda known: known | {"notes": [1]}, "is damaged .AttributeError"),
        (lambda known: known | {"families": ["a"]}, "families has 1 values for 3 models"),
        (lambda known: known | {"dates": ["soon"] * 3}, "is damaged .*soon"),
        (lambda known: known | {"targets": {"overall": [1.0, 0.5]}}, "is damaged .ValueError"),
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
    ids=[
        "whole",
        "format",
        "no format",
        "note",
        "no note",
        "families",
        "dates",
        "targets",
        "a list",
        "no columns",
        "names",
        "hash",
        "length",
    ],
)
def test_files_of_other_contents(matrix, change, message, tmp_path):
    frame = matrix.data.reset_index(names="model")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    raw = json.dumps(change(described(matrix)))
    path, archive = tmp_path / "x.parquet", tmp_path / "x.npz"
    pq.write_table(table.replace_schema_metadata({KEY: raw.encode()}), path)
    names = {"models": list(matrix.data.index), "items": list(matrix.data.columns)}
    np.savez(archive, scores=matrix.data, description=raw, **names)
    for one in (path, archive):
        if message is None:
            assert ScoreMatrix.read(one) == ScoreMatrix(matrix.data, matrix.items)
        else:
            with pytest.raises(ResultsError, match=rf"{one.name} .*{message}"):
                ScoreMatrix.read(one)


def test_metadata_that_is_no_json(matrix, tmp_path):
    table = pa.Table.from_pandas(matrix.data.reset_index(names="model"), preserve_index=False)
    pq.write_table(table.replace_schema_metadata({KEY: b"\xff{"}), tmp_path / "x.parquet")
    with pytest.raises(ResultsError, match="damaged: what it says of its items cannot be read"):
        ScoreMatrix.read(tmp_path / "x.parquet")


@pytest.mark.parametrize(
    "columns", [{}, {"model": ["a"], "t:0": ["x"]}, {"model": ["a"], "t:1": [1.0]}], ids=str
)
def test_a_described_file_whose_scores_are_not_there(matrix, columns, tmp_path):
    table = pa.table(columns).replace_schema_metadata({KEY: json.dumps(described(matrix)).encode()})
    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(ResultsError, match=r"x\.parquet is damaged"):
        ScoreMatrix.read(tmp_path / "x.parquet")


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
        (
            lambda m: (m.data, m.items, m.models.iloc[::-1]),
            "models has 3 rows and data 3, or their",
        ),
        (
            lambda m: (m.data, m.items, m.models[["date"]]),
            "models has the columns 'date'; expected",
        ),
        (
            lambda m: (m.data, m.items, None, m.data),
            "targets has 3 rows and the columns 't:0', 't:",
        ),
    ],
    ids=[
        "rows",
        "order",
        "models",
        "items",
        "columns",
        "weight",
        "NaN",
        "infinite",
        "overall",
        "model rows",
        "model columns",
        "targets",
    ],
)
def test_parts_that_do_not_fit(matrix, change, message):
    data, items, models, targets = (*change(matrix), None, None)[:4]
    with pytest.raises(ValueError, match=message):
        ScoreMatrix(data, items, models, targets=targets)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"items": {"wieght": 1}}, "Items have no column 'wieght'; expected some of task, item"),
        ({"items": {"cost": [1, 2]}}, "items has 2 values of 'cost' for 3 items"),
        ({"items": pd.DataFrame({"cost": [1]}, ["t:0"])}, "items has no value for 't:1', 'u:0'"),
        ({"families": ["a"]}, "families has 1 values for 3 models"),
        ({"families": pd.Series({"NA": "x"})}, "families has no value for 'acme/one', 'ü'"),
        ({"families": pd.Series(list("abcd"), ["acme/one", "NA", "NA", "ü"])}, "several val"),
        ({"targets": pd.Series({"NA": 1.0})}, "targets has no value for 'acme/one', 'ü'"),
        ({"targets": pd.DataFrame({"t": 1.0}, ["acme/one", "NA", "ü"])}, "'overall' as first col"),
        ({"dates": ["yesterday", None, None]}, "yesterday"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_said_wrongly(data, arguments, message):
    with pytest.raises(ValueError, match=message):
        ScoreMatrix.from_frame(data, **arguments)


def test_what_has_no_names(data):
    with pytest.raises(TypeError, match=r"frame is a ndarray; expected .* index=models, columns="):
        ScoreMatrix.from_frame(data.to_numpy())
    with pytest.raises(TypeError, match="targets is a list; expected a pandas Series"):
        ScoreMatrix.from_frame(data, targets=[1, 2, 3])


def test_names_that_stand_among_the_scores(data):
    frame = data.rename_axis("model").reset_index().assign(family="x")
    match = "columns 'model', 'family' do not hold numbers .* names belong in the index"
    with pytest.raises(ValueError, match=match):
        ScoreMatrix.from_frame(frame)


def test_what_is_named_is_matched_by_name(data):
    items = pd.DataFrame({"cost": [3.0, 1.0, 2.0]}, ["u:0", "t:0", "t:1"])
    matrix = ScoreMatrix.from_frame(
        data,
        items=items,
        families=pd.Series({"ü": "three", "acme/one": "one", "NA": "two", "more": "four"}),
        dates=pd.Series({"ü": "2026-03-03", "NA": "2026-02-02", "acme/one": "2026-01-01"}),
        targets=pd.Series({"NA": 0.2, "ü": 0.3, "acme/one": 0.1}),
    )
    assert matrix.families == ["one", "two", "three"]
    assert matrix.items["cost"].tolist() == [1.0, 2.0, 3.0]
    assert matrix.models["date"].dt.month.tolist() == [1, 2, 3]
    assert matrix.targets["overall"].tolist() == [0.1, 0.2, 0.3]


def test_columns_of_items_are_taken_in_their_order(data):
    cost = pd.Series([1.0, 2.0, 3.0], index=[7, 8, 9])
    assert ScoreMatrix.from_frame(data, items={"cost": cost}).items["cost"].tolist() == [1, 2, 3]


def test_families_are_known_of_all_models_or_not_known(data, matrix):
    assert ScoreMatrix.from_frame(data).families is None
    assert matrix.families is None
    assert matrix.models["family"].tolist() == ["acme", None, "ü & co"]
    assert ScoreMatrix.from_frame(data, families=[1, 1, 2]).families == ["1", "1", "2"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_given_targets_are_kept(data, suffix, tmp_path):
    given = pd.DataFrame({"overall": [0.5, 0.25, 0.1], "elo": [1500, 1400, 1300]}, data.index)
    matrix = ScoreMatrix.from_frame(data, targets=given)
    pd.testing.assert_frame_equal(matrix.targets, given.astype(float))
    matrix.write(tmp_path / f"m.{suffix}")
    read = ScoreMatrix.read(tmp_path / f"m.{suffix}")
    pd.testing.assert_frame_equal(read.targets, given.astype(float), check_names=False)
    some = matrix.select(models=["ü", "NA"])
    assert some.targets["elo"].tolist() == [1300, 1400]
    assert matrix.select(items=["t:0"]).targets.columns.tolist() == ["overall"]
    with pytest.raises(ValueError, match="given targets cannot be joined"):
        matrix.join(some)


@pytest.mark.parametrize(
    ("scores", "unit"),
    [([[0, 1]], "points"), ([[0.5, NAN]], "points"), ([[0, 7]], "score"), ([[-1, 1]], "score")],
)
def test_points_are_for_fractions(scores, unit):
    assert ScoreMatrix.from_frame(pd.DataFrame(scores, dtype=float)).unit == unit


def test_some_of_the_models_and_items(matrix):
    some = matrix.select(models=["ü", "acme/one"], items=["u:0", "t:1"])
    pd.testing.assert_frame_equal(some.data, matrix.data.loc[["ü", "acme/one"], ["u:0", "t:1"]])
    assert some.items["text"].tolist()[0] == "Why?"
    assert some.models["family"].tolist() == ["ü & co", "acme"]
    assert matrix.select() == matrix
    for tasks in ("u", ["u"]):
        assert matrix.select(tasks=tasks).data.columns.tolist() == ["u:0"]
    assert matrix.select(items=["t:1", "u:0", "t:0"], tasks="t").items.index.tolist() == [
        "t:1",
        "t:0",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"models": ["acme/two"]}, "There is no model 'acme/two'; there are 'acme/one', 'NA', 'ü'"),
        ({"items": ["t:0", "t:2"]}, "There is no item 't:2'; there are 't:0', 't:1', 'u:0'"),
        ({"tasks": "v"}, "There is no task 'v'; there are 't', 'u'"),
    ],
    ids=str,
)
def test_there_is_no_such(matrix, arguments, message):
    with pytest.raises(ValueError, match=message):
        matrix.select(**arguments)


def test_parts_are_joined_to_the_whole(matrix):
    for axis, parts in {
        "models": (["acme/one"], ["NA", "ü"]),
        "items": (["t:0"], ["t:0", "t:1", "u:0"]),
    }.items():
        one, other = (matrix.select(**{axis: part}) for part in parts)
        assert one.join(other) == matrix
    assert matrix.join(matrix) == matrix


def test_what_neither_has_is_not_evaluated(matrix):
    corner = matrix.select(models=["acme/one"], items=["t:0"])
    joined = corner.join(matrix.select(models=["NA"], items=["u:0"]))
    assert joined.data.index.tolist() == ["acme/one", "NA"]
    np.testing.assert_array_equal(joined.data, [[1.0, NAN], [NAN, -0.0]])


def test_notes_of_both_are_kept_once(data):
    one, two = Note("a", "One."), Note("b", "Two.")
    first = ScoreMatrix.from_frame(data, notes=[one])
    assert first.join(ScoreMatrix.from_frame(data, notes=[two, one])).notes == [one, two]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda m: ScoreMatrix(m.data.replace(1.0, 0.5), m.items, m.models),
            "1 scores differ .* model 'acme/one' on item 't:0'",
        ),
        (
            lambda m: ScoreMatrix(m.data, m.items.assign(metric=["score", "f1", "f1"]), m.models),
            "The items 't:1', 'u:0' are described differently",
        ),
        (
            lambda m: ScoreMatrix(m.data, m.items, m.models.assign(family="other")),
            "The models 'acme/one', .* are described differently",
        ),
    ],
    ids=["scores", "items", "models"],
)
def test_contradictions_are_not_joined(matrix, change, message):
    with pytest.raises(ValueError, match=message):
        matrix.join(change(matrix))


def test_what_one_does_not_know_is_no_contradiction(matrix):
    nothing = pd.array([None] * 3, dtype="UInt64")
    items = matrix.items.assign(cost=NAN, content_hash=nothing)
    assert matrix.join(ScoreMatrix(matrix.data, items)) == matrix


def test_it_says_how_large_it_is(matrix):
    assert repr(matrix) == (
        "ScoreMatrix of 3 models of 2 families x 3 items of 2 tasks, 55.6% not evaluated"
    )
    assert repr(matrix.select(models=["acme/one"], items=["t:0"])) == (
        "ScoreMatrix of 1 model of 1 family x 1 item"
    )


def test_names_cannot_write_html():
    evil = "<script>alert(1)</script>"
    data = pd.DataFrame([[1.0, 0.0]], index=[evil], columns=["a", "b"])
    notes = [Note("odd", f"Odd: {evil}.")]
    matrix = ScoreMatrix.from_frame(data, families=[evil], items={"task": ["x", evil]}, notes=notes)
    shown = matrix._repr_html_()
    assert "<script>" not in shown
    assert shown.count("&lt;script&gt;") >= 4
    assert "1 model of 1 family x 2 items of 2 tasks" in shown


def test_models_on_a_level_have_the_same_score():
    n_items = 120
    rows = [[1.0] * 66 + [0.0] * 54, [0.0] * 54 + [1.0] * 66, ([1.0, 0.0] * 54) + [1.0] * 12]
    data = pd.DataFrame(rows, index=list("abc"), columns=[f"t:{i}" for i in range(n_items)])
    matrix = ScoreMatrix.from_frame(data, items={"weight": [1 / n_items] * n_items})
    assert matrix.targets["overall"].tolist() == [66 / n_items] * 3


HOLES = pd.DataFrame(
    [[1, 0, 1, 1], [0, 1, None, None], [1, None, 0, 1], [0, 0, 0, 0]],
    index=["a", "b", "c", "d"],
    columns=["q0", "q1", "q2", "q3"],
)


def test_missing_results_are_named_with_their_ways_out_and_prices():
    with pytest.raises(ValueError, match="2 of 4 models have no result on some of") as refused:
        ScoreMatrix.from_frame(HOLES).align()
    text = str(refused.value)
    assert "4 items: 'b' lacks 2, 'c' lacks 1." in text
    assert "keeps the 1 item that all models have" in text
    assert "leave out 1 of the 4 models, those that lack most ('b'): 3 models with 3 items" in text


def test_matrices_are_aligned_as_asked():
    matrix = ScoreMatrix.from_frame(HOLES)
    common, everything = matrix.align("common"), matrix.align("all")
    assert list(common.data.columns) == ["q0"]
    assert list(everything.data.columns) == list(HOLES.columns)
    assert everything.targets["overall"].tolist() == [0.75, 0.5, 2 / 3, 0]
    for aligned in (common, everything):
        assert [(note.kind, note.count) for note in aligned.notes] == [("missing-results", 3)]
    whole = ScoreMatrix.from_frame(HOLES.loc[["a", "d"]])
    assert whole.align() is whole
    given = ScoreMatrix.from_frame(HOLES, targets=pd.Series([1, 2, 3, 4.0], HOLES.index))
    assert given.align() is given
    with pytest.raises(ValueError, match="alignment='some'; expected"):
        matrix.align("some")


def test_without_a_common_item_there_is_nothing_to_align():
    nothing = HOLES.drop(columns="q0").drop(index=["a", "d"])
    with pytest.raises(ValueError, match="keeps the 0 items"):
        ScoreMatrix.from_frame(nothing).align("common")


LONG = pd.DataFrame(
    {
        "llm": ["b", "a", "a", "b", "a"],
        "q": [1, 1, 2, 2, 3],
        "suite": ["x", "x", "x", "x", "y"],
        "ok": ["True", "0.5", "1", None, "false"],
    }
)


def test_a_long_table_is_a_matrix():
    names = {"model": "llm", "item": "q", "score": "ok"}
    matrix = ScoreMatrix.from_long(LONG, **names)
    expected = pd.DataFrame([[1, np.nan, np.nan], [0.5, 1, 0]], ["b", "a"], ["1", "2", "3"])
    pd.testing.assert_frame_equal(matrix.data, expected)
    common = ScoreMatrix.from_long(LONG, **names, task="suite", alignment="common")
    assert common.items[["task", "item"]].to_numpy().tolist() == [["x", "1"]]
    tasks = ScoreMatrix.from_long(LONG, **names, task="suite")
    assert list(tasks.data.columns) == ["x:1", "x:2", "y:3"]
    assert tasks.items["task"].tolist() == ["x", "x", "y"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ok": ["1", "2", "yes", "0", "1"]}, "Row 3 of the table has the score 'yes'"),
        ({"q": [1, 1, 1, 2, 3]}, r"2 rows for 'a', '1'; expected one per model and item"),
        ({"llm": ["b", None, "a", "b", "a"]}, "Row 2 of the table lacks the name"),
        ({"model": "x"}, "no column 'other'; it has 'llm', 'q'"),
    ],
)
def test_long_tables_that_are_refused(change, message):
    model = "other" if "model" in change else "llm"
    with pytest.raises(ValueError, match=message):
        ScoreMatrix.from_long(LONG.assign(**change), model=model, item="q", score="ok")


def test_a_long_file_is_recognised(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("model,item,score\na,q0,1\na,q1,0\nb,q0,1\n")
    with pytest.raises(ValueError, match=r"a row per result.*ScoreMatrix\.from_long"):
        ScoreMatrix.read(path)
