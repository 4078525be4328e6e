import numpy as np
import pytest

from sklearn_sparseeval import ScoreMatrix
from sklearn_sparseeval.plan._score_matrix_source import read_history


@pytest.fixture
def described(history, tmp_path):
    matrix = ScoreMatrix.from_frame(history, task=["a"] * 30 + ["b"] * 20, harness="lm_eval")
    matrix.to_parquet(tmp_path / "scores.parquet")
    return tmp_path / "scores.parquet", matrix


def test_a_file_of_import_says_what_its_items_are(described):
    path, matrix = described
    found = read_history(str(path))
    np.testing.assert_array_equal(found.matrix.data, matrix.data)
    assert list(found.matrix.items["task"]) == list(matrix.items["task"])
    assert set(found.matrix.items["harness"]) == {"lm_eval"}
    assert found.families is None


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_any_other_matrix_is_of_one_task(history, tmp_path, suffix):
    path = tmp_path / f"s.{suffix}"
    frame = history.rename_axis("model").assign(family="x").reset_index()
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    found = read_history(str(path))
    np.testing.assert_array_equal(found.matrix.data, history)
    assert list(found.matrix.data.index) == list(history.index)
    assert list(found.matrix.data.columns) == list(history.columns)
    assert set(found.matrix.items["task"]) == {"benchmark"}
    assert found.families == ["x"] * 24


def test_two_models_of_one_name(history, tmp_path):
    history.rename(index={"org1/m1": "org0/m0"}).to_csv(tmp_path / "s.csv")
    with pytest.raises(ValueError, match="Two models are called 'org0/m0'"):
        read_history(str(tmp_path / "s.csv"))


@pytest.mark.parametrize(
    ("n_models", "n_items", "said"),
    [
        (1, 50, r"model 'org0/m0' has no result on any item, so"),
        (1, 30, r"model 'org0/m0' has no result on any item of task 'a', so"),
        (3, 30, r"\(nor have 2 other models\)"),
    ],
)
def test_a_model_whose_score_nobody_knows(described, n_models, n_items, said):
    path, matrix = described
    matrix.data.iloc[:n_models, :n_items] = np.nan
    matrix.to_parquet(path)
    with pytest.raises(ValueError, match=said):
        read_history(str(path))
