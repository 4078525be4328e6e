import pandas as pd
import pytest

from sklearn_sparseeval import ScoreMatrix
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.plan import load_predictor, save_predictor
from sklearn_sparseeval.plan._margins import few_errors_note, margins


@pytest.mark.parametrize(
    ("n_errors", "expected"),
    # 90 % of 20 are the ceil(21 * 0.9) = 19th; of 5 there is none, and the largest is taken.
    [(20, 0.19), (9, 0.09), (5, 0.05)],
)
def test_margins_never_warn(history, tmp_path, n_errors, expected):
    matrix = ScoreMatrix.from_frame(history)
    model = get_methods()["random-mean"](4).fit(matrix.data, matrix.targets["overall"])
    errors = pd.DataFrame({"overall": [-0.01 * (i + 1) for i in range(n_errors)]})
    errors.index = history.index[:n_errors]
    save_predictor(tmp_path / "p.skops", model, matrix, errors=errors)
    found = margins(load_predictor(tmp_path / "p.skops"))
    assert found["overall"] == pytest.approx(expected)
    assert (few_errors_note(n_errors) is None) == (n_errors >= 9)


def test_too_few_errors_are_told_with_their_number():
    assert few_errors_note(8).startswith("The errors of 8 models are too few")


@pytest.mark.parametrize(
    ("n_errors", "n_groups", "told"),
    [
        (8, 8, "The errors of 8 models are"),
        (8, 3, "The errors of 3 groups of models that are held out together are"),
        (40, 3, "The errors of 3 groups of models that are held out together are"),
        (40, 8, "The errors of 8 groups of models that are held out together are"),
    ],
)
def test_errors_of_a_group_count_once(n_errors, n_groups, told):
    note = few_errors_note(n_errors, n_groups)
    assert note.startswith(f"{told} too few")
    # Of 9 errors and more the margin is a quantile, which need not be the largest.
    assert ("the largest error is given in its place" in note) == (n_errors < 9)
    assert ("a model of another group may be further off" in note) == (n_errors >= 9)


@pytest.mark.parametrize(("n_errors", "n_groups"), [(9, 9), (40, 9), (40, 40)])
def test_nine_groups_are_enough(n_errors, n_groups):
    assert few_errors_note(n_errors, n_groups) is None
