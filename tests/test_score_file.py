"""Score matrices are read from csv, parquet and npz alike; what is not a matrix is refused."""

import importlib.util
import io
import zipfile
from decimal import Decimal

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
        (
            FRAME.rename(columns={"name": "q0"}).assign(q0=[0.5, 1]),
            "first column, 'q0', holds numbers such as 0.5",
        ),
        (FRAME.assign(name=[1, 1]), "'1'"),
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
        ("scores.csv", b"", "is empty"),
        ("scores.csv", b'a,b\n"x', "the header has 2 cells, all rows 1"),
        ("scores.csv", b"a,b\n\xff,1\n", "cannot be read as csv"),
        ("scores.parquet", b"PAR1", "cannot be read as parquet"),
        ("scores.npz", b"PK", "cannot be read as npz"),
    ],
    ids=["absent", "json", "empty", "cut off", "not utf-8", "no parquet", "no npz"],
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


def test_columns_without_a_name_are_refused_unless_they_are_empty(tmp_path):
    path = tmp_path / "blank.csv"
    path.write_text("model,q1,q2,,\na,1,0,,1\n")
    with pytest.raises(ValueError, match="column 5 has no name"):
        ScoreMatrix.read(path)
    path.write_text("model,q1,q2,,\na,1,0,,\n")
    assert list(ScoreMatrix.read(path).data.columns) == ["q1", "q2"]


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


def csv_of(tmp_path, text):
    path = tmp_path / "scores.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model,a,b\nx,1,0\ny,1\n", r"line 3: the row of 'y' has 2 cells, the header has 3"),
        ("model,a,b\nx,1,0\ny,1,0,1\n", r"line 3: the row of 'y' has 4 cells"),
        ("model,a,b\nx,1\ny,1\n", "the header has 3 cells, all rows 2"),
        ("model,a,b\nx,1,0,5,6\n", r"line 2: the row of 'x' has 5 cells"),
        ('model,a,b\nx,1,0\n"y,1,0\nz,1,0\n', "has 1 cells"),
        ("a,family,b\nx,one,1,0\n", "no name for the first column"),
    ],
)
def test_rows_of_other_lengths_are_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        ScoreMatrix.read(csv_of(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        "model,a,b\nx,1,0\ny,0,0.5\n",
        "model,a,b\nx,1,0,\ny,0,0.5,\n",
        "model,a,b,\nx,1,0,\ny,0,0.5,\n",
        "model,a,b,\nx,1,0\ny,0,0.5\n",
        "a,b\nx,1,0\ny,0,0.5\n",
        "model;a;b\nx;1;0\ny;0;0.5\n",
        "model\ta\tb\nx\t1\t0\ny\t0\t0.5\n",
        "\ufeffmodel,a,b\n\nx,1,0\n\ny,0,0.5",
        "model,a,b\nx,True,FALSE\ny,false, .5 \n",
    ],
    ids=["plain", "commas", "all", "header", "R", "semicolons", "tabs", "BOM", "words"],
)
def test_one_table_in_many_forms(tmp_path, text):
    matrix = ScoreMatrix.read(csv_of(tmp_path, text))
    assert (list(matrix.data.index), list(matrix.data.columns)) == (["x", "y"], ["a", "b"])
    assert matrix.data.to_numpy().tolist() == [[1, 0], [0, 0.5]]


@pytest.mark.parametrize("cell", ["1_0", "\u0661", "0x1", "1,5", "inf", "one", "--1"])
def test_what_python_or_pandas_would_take_for_a_number(tmp_path, cell):
    path = csv_of(tmp_path, f'model,a,b\nx,"{cell}",0\ny,yes,1\n')
    with pytest.raises(ValueError, match=r"column 'a' holds .*, which is not a number"):
        ScoreMatrix.read(path)


@pytest.mark.parametrize("names", [["4.5", "4.1"], ["001", "1"], ["1e3", "1000"], ["1", "1.0"]])
def test_names_of_models_are_texts(tmp_path, names):
    text = "".join(f"{name},{row},1\n" for row, name in enumerate(names))
    assert list(ScoreMatrix.read(csv_of(tmp_path, "model,a,b\n" + text)).data.index) == names


TURNED = pd.DataFrame(
    np.random.default_rng(0).integers(0, 2, (9, 4)), [f"q{row}" for row in range(9)]
)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(
    ("first", "columns"),
    [
        ("item", ["one", "two", "three", "four"]),
        ("", ["acme/one", "acme/two", "bolt/one", "bolt/two"]),
        ("question_id", ["gpt-4o", "Llama-3-8B", "qwen2-7b-instruct", "other"]),
        ("model", ["gpt-4o", "gpt-4", "claude-3", "gemini-pro"]),
    ],
)
def test_a_table_of_items_is_refused_and_can_be_turned(tmp_path, suffix, first, columns):
    frame = TURNED.set_axis(columns, axis=1).rename_axis(first or None)
    path = written(tmp_path / f"scores{suffix}", frame.reset_index(names=first or "name"))
    with pytest.raises(ValueError, match=r"looks turned round.*transpose=True \(--transpose\)"):
        ScoreMatrix.read(path)
    matrix = ScoreMatrix.read(path, transpose=True)
    assert list(matrix.data.index) == columns
    np.testing.assert_array_equal(matrix.data, TURNED.to_numpy().T)


@pytest.mark.parametrize("first", ["id", "model"])
def test_one_column_is_refused(tmp_path, first):
    path = csv_of(tmp_path, f"{first},score\nq0,1\nq1,0\nq2,1\n")
    with pytest.raises(ValueError, match=r"one column of scores, 'score', for 3 rows"):
        ScoreMatrix.read(path)


def test_rows_that_were_chosen_keep_their_names(tmp_path):
    frame = FRAME[FRAME.name == "acme/two"]
    assert list(frame.index) == [1]
    frame.to_parquet(tmp_path / "scores.parquet")
    assert list(ScoreMatrix.read(tmp_path / "scores.parquet").data.index) == ["acme/two"]


def test_decimals_and_gaps_of_any_type(tmp_path):
    frame = pd.DataFrame({"model": ["x", "y"], "b": [0.0, 1.0]})
    frame["a"] = [Decimal("0.25"), None]
    frame["c"] = pd.array([True, None], dtype="boolean")
    frame["d"] = pd.array([1, None], dtype="Int64")
    frame.to_parquet(tmp_path / "scores.parquet")
    matrix = ScoreMatrix.read(tmp_path / "scores.parquet")
    np.testing.assert_array_equal(
        matrix.data[list("abcd")], [[0.25, 0, 1, 1], [np.nan, 1, np.nan, np.nan]]
    )


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_flipped_bytes_are_refused_or_change_nothing(tmp_path, suffix):
    matrix = ScoreMatrix.from_frame(FRAME.set_index("name")[["q1", "q2", "q3"]])
    whole = tmp_path / f"whole{suffix}"
    matrix.write(whole)
    raw, rng = whole.read_bytes(), np.random.default_rng(0)
    flipped = tmp_path / f"flipped{suffix}"
    n_refused = 0
    for place in rng.integers(4, len(raw) - 8, 60):
        damaged = bytearray(raw)
        damaged[place] ^= int(rng.integers(1, 256))
        flipped.write_bytes(bytes(damaged))
        try:
            read = ScoreMatrix.read(flipped)
        except ValueError:
            n_refused += 1
        else:
            np.testing.assert_array_equal(read.data, matrix.data)
    assert n_refused > 10


def test_an_archive_of_other_things(tmp_path):
    with zipfile.ZipFile(tmp_path / "scores.npz", "w") as archive:
        archive.writestr("scores.npy", b"not an array")
    with pytest.raises(ValueError, match="holds what is not an array"):
        ScoreMatrix.read(tmp_path / "scores.npz")
    with (tmp_path / "scores.npz").open("wb") as file:
        np.save(file, np.eye(2))
    with pytest.raises(ValueError, match="is a single array"):
        ScoreMatrix.read(tmp_path / "scores.npz")


def test_what_does_not_fit_into_memory(tmp_path):
    header = io.BytesIO()
    shape = {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**6)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(tmp_path / "scores.npz", "w") as archive:
        archive.writestr("scores.npy", header.getvalue() + bytes(16))
    with pytest.raises(ValueError, match="does not fit into memory"):
        ScoreMatrix.read(tmp_path / "scores.npz")
