"""Margins of a plan, and whether there are enough errors for them: from a predictor's file."""

import warnings

import pandas as pd
import pytest

from sklearn_sparseeval import ScoreMatrix, load_plan
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.plan import save_predictor


@pytest.mark.parametrize(
    ("n_errors", "expected"),
    # 90 % of 20 are the ceil(21 * 0.9) = 19th; of 5 there is none, and the largest is taken.
    [(20, 0.19), (9, 0.09), (5, 0.05)],
)
def test_margins_never_warn(history, tmp_path, n_errors, expected):
    matrix = ScoreMatrix.from_frame(history)
    model = get_methods()["random-ridge"](4).fit(matrix.data, matrix.targets["overall"])
    errors = pd.DataFrame({"overall": [-0.01 * (i + 1) for i in range(n_errors)]})
    errors.index = history.index[:n_errors]
    save_predictor(tmp_path / "p.skops", model, matrix, errors=errors)
    plan = load_plan(tmp_path / "p.skops")
    assert plan.summary().loc["overall", "margin_90"] == pytest.approx(expected)
    middle = history.mean(axis=1).sort_values().index[12]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = plan.predict(history.loc[[middle]])
    assert not [one for one in caught if "too few" in str(one.message)]
    # An estimator of one's own, saved without intervals, has none.
    assert table[["low", "high", "like"]].isna().all(axis=None)
    assert set(table["reason"]) == {""}


def test_without_errors_there_is_no_margin(history, tmp_path):
    matrix = ScoreMatrix.from_frame(history)
    model = get_methods()["random-ridge"](4).fit(matrix.data, matrix.targets["overall"])
    save_predictor(tmp_path / "p.skops", model, matrix)
    plan = load_plan(tmp_path / "p.skops")
    assert plan.errors.empty
    assert plan.summary()[["mean_absolute_error", "margin_90", "kendall_tau"]].isna().all(axis=None)
    middle = history.mean(axis=1).sort_values().index[12]
    table = plan.predict(history.loc[[middle]])
    assert table["score"].notna().all()
    assert table[["low", "high"]].isna().all(axis=None)
    assert "?" in str(plan)
