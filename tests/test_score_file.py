"""Score matrices are read from csv, parquet and npz alike; what is not a matrix is refused."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import ScoreMatrix

NAN = float("nan")
SCORES = [[1, 0, NAN], [0.5, 1, 1]]
FRAME = pd.DataFrame(SCORES, columns=["q1", "q2", "q3"])
FRAME.insert(0, "name", ["acme/one", "acme/two"])


def written(path, frame):
    if path.suffix == ".npz":
        scores = frame[["q1", "q2", "q3"]].to_numpy()
        np.savez(
            path, scores=scores, models=np.array(frame["name"], dtype=str), items=["q1", "q2", "q3"]
        )
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return str(path)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "npz", "CSV"])
def test_the_same_matrix_from_every_format(tmp_path, suffix):
    matrix = ScoreMatrix.read(written(tmp_path / f"scores.{suffix}", FRAME))
    np.testing.assert_array_equal(matrix.data, SCORES)
    assert (matrix.data.dtypes == np.float64).all()
    assert list(matrix.data.index) == ["acme/one", "acme/two"]
    assert list(matrix.data.columns) == ["q1", "q2", "q3"]
    assert matrix.families is None


def test_names_in_the_index_of_a_parquet_file(tmp_path):
    matrix = ScoreMatrix.read(written(tmp_path / "scores.parquet", FRAME.set_index("name")))
    assert list(matrix.data.index) == ["acme/one", "acme/two"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_family_column_names_the_families(tmp_path, suffix):
    frame = FRAME.assign(family=["x", "y"])
    matrix = ScoreMatrix.read(written(tmp_path / f"scores.{suffix}", frame))
    assert matrix.families == ["x", "y"]
    assert list(matrix.data.columns) == ["q1", "q2", "q3"]


def test_families_in_npz(tmp_path):
    path = tmp_path / "scores.npz"
    np.savez(path, scores=np.eye(2, dtype=np.uint8), families=["x", "y"])
    matrix = ScoreMatrix.read(path)
    assert (matrix.families, list(matrix.data.index), list(matrix.data.columns)) == (
        ["x", "y"],
        ["0", "1"],
        ["0", "1"],
    )


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FRAME.assign(q2=["1", "yes"]), "column 'q2' holds 'yes', which is not a number"),
        (FRAME.assign(q2=pd.to_datetime(["2026-01-01"] * 2)), "column 'q2' holds"),
        (FRAME.assign(q2=[1, np.inf]), "infinite scores, .*'acme/two' on item 'q2'"),
        (FRAME[["q2", "q1"]].assign(q2=0), "first column, 'q2', holds numbers such as 0"),
        (FRAME.assign(name=[0.5, 1]), "first column, 'name', holds numbers such as 0.5"),
        (FRAME.assign(name=[1, 1]), "first column, 'name', holds numbers such as 1"),
        (FRAME.assign(name=["a", None]), "row 2 has no name"),
        (FRAME.assign(family=["x", None]), "model 'acme/two' has no family"),
        (FRAME[["name"]], "has 1 columns and 2 rows"),
        (FRAME.iloc[:0], "has 4 columns and 0 rows"),
    ],
    ids=[
        "text", "dates", "infinite", "no names", "fractions", "numbers as names", "a name missing",
        "a family missing", "no items", "no models",
    ],
)  # fmt: skip
def test_what_is_no_score_matrix_is_refused(tmp_path, frame, message):
    with pytest.raises(ValueError, match=message):
        ScoreMatrix.read(written(tmp_path / "scores.parquet", frame))


def test_a_model_may_be_called_na(tmp_path):
    frame = FRAME.assign(name=["NA", "null"], Family=["x", "y"])
    matrix = ScoreMatrix.read(written(tmp_path / "scores.csv", frame))
    assert list(matrix.data.index) == ["NA", "null"]
    assert matrix.families == ["x", "y"]


def test_numbers_can_be_names(tmp_path):
    matrix = ScoreMatrix.read(written(tmp_path / "scores.csv", FRAME.assign(name=[7, 8])))
    assert list(matrix.data.index) == ["7", "8"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("scores.csv", None, "There is no file"),
        ("scores.json", b"{}", "is not a file that ends in .csv, .parquet or .npz, as a score"),
        ("scores.csv", b"", "cannot be read as csv"),
        ("scores.csv", b'a,b\n"x', "cannot be read as csv"),
        ("scores.parquet", b"PAR1", "cannot be read as parquet"),
        ("scores.npz", b"PK", "cannot be read as npz"),
    ],
    ids=["absent", "json", "empty", "cut off", "no parquet", "no npz"],
)
def test_files_that_cannot_be_read(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        ScoreMatrix.read(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"matrix": np.eye(2)}, "holds matrix; expected a two-dimensional array of numbers"),
        ({"scores": np.ones(3)}, "expected a two-dimensional"),
        ({"scores": np.array([["a"]])}, "expected a two-dimensional"),
        ({"scores": np.eye(2), "models": ["a"]}, "`models` has 1 entries for scores of shape"),
        ({"scores": np.eye(2), "families": ["a"]}, "`families` has 1 entries"),
    ],
    ids=["other name", "one-dimensional", "text", "models", "families"],
)
def test_other_npz_files_are_refused(tmp_path, arrays, message):
    path = tmp_path / "scores.npz"
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=message):
        ScoreMatrix.read(path)


@pytest.mark.parametrize(("package", "suffix"), [("pandas", "csv"), ("pyarrow", "parquet")])
def test_a_missing_package_is_named(tmp_path, monkeypatch, package, suffix):
    path = written(tmp_path / f"scores.{suffix}", FRAME)
    there = importlib.util.find_spec
    monkeypatch.setattr(
        "sklearn_sparseeval._optional.find_spec",
        lambda name: None if name == package else there(name),
    )
    match = rf"Reading .*scores\.{suffix} needs {package}, .* 'sklearn-sparseeval\[harness\]'"
    with pytest.raises(ImportError, match=match):
        ScoreMatrix.read(path)


@pytest.mark.parametrize("item", ["q1", "NA", "7"])
def test_an_item_twice(tmp_path, item):
    path = tmp_path / "twice.csv"
    path.write_text(f"model,{item},q2,{item}\na,1,0,1\n")
    with pytest.raises(ValueError, match=f"has two columns '{item}'"):
        ScoreMatrix.read(path)


def test_columns_without_a_name_are_not_one_item(tmp_path):
    path = tmp_path / "blank.csv"
    path.write_text("model,q1,,\na,1,0,1\n")
    assert ScoreMatrix.read(path).data.shape == (1, 3)


def test_a_csv_holds_the_very_numbers_that_were_written(tmp_path):
    scores = np.random.default_rng(0).random((20, 50))
    frame = pd.DataFrame(scores, [f"m{row}" for row in range(20)]).add_prefix("q")
    frame.rename_axis("model").to_csv(tmp_path / "scores.csv")
    np.testing.assert_array_equal(ScoreMatrix.read(tmp_path / "scores.csv").data, scores)


@pytest.mark.parametrize(
    ("version", "asked"),
    [("2.2.3", True), ("3.0.0", True), ("3.1.0rc0", False), ("3.10.0", False), ("4.0", False)],
)
def test_older_pandas_is_asked_for_exact_numbers(tmp_path, monkeypatch, version, asked):
    read_csv, precisions = pd.read_csv, []

    def spy(*args, float_precision=None, **kwargs):
        precisions.append(float_precision)
        return read_csv(*args, **kwargs)

    monkeypatch.setattr(pd, "read_csv", spy)
    monkeypatch.setattr(pd, "__version__", version)
    ScoreMatrix.read(written(tmp_path / "scores.csv", FRAME))
    assert ("round_trip" in precisions) is asked


def test_a_folder_of_results(tmp_path):
    with pytest.raises(ValueError, match=r"is a folder, not .*: sparseeval import .* -o scores"):
        ScoreMatrix.read(tmp_path)


def test_families_are_texts_as_they_are(tmp_path):
    path = tmp_path / "families.csv"
    path.write_text("model,family,a,b\nm,01,1,0\nn,1,0,1\no,1.0,1,1\np,NA,0,0\n")
    assert ScoreMatrix.read(path).families == ["01", "1", "1.0", "NA"]
    path.write_text("model,family,Family,a,b\nm,x,y,1,0\nn,x,y,0,1\n")
    with pytest.raises(ValueError, match="has the columns 'family' and 'Family'; expected one"):
        ScoreMatrix.read(path)
