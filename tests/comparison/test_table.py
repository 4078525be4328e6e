"""The table in the terminal and the verdict, against hand-made results."""

import numpy as np
import pytest
from _panels import Result

from sklearn_sparseeval.comparison import Comparison
from sklearn_sparseeval.comparison._table import summary_rows, table_lines, verdict

NAN = float("nan")
ROWS = np.arange(8)
NOISE = [0.0, 0.004, -0.004, 0.0]


def comparison(errors):
    results = [
        Result(
            method, 10, split, {"neg_mean_absolute_error": -error, "kendall_tau": 0.5},
            fit_seconds=0.25, predict_seconds=0.0, error="E: no" if np.isnan(error) else None,
        )
        for method, values in errors.items()
        for split, error in enumerate(values)
    ]  # fmt: skip
    return Comparison(
        results,
        y=np.zeros(8),
        splits=[(ROWS[:6], ROWS[6:])] * 4,
        scorers=["neg_mean_absolute_error", "kendall_tau"],
        baseline="base",
    )


def around(error):
    return [error + noise for noise in NOISE]


MADE = comparison(
    {"base": [0.05] * 4, "good": around(0.02), "level": around(0.02)[::-1], "bad": [0.09] * 4}
)


def test_rows_are_texts_sorted_by_error():
    rows = summary_rows(MADE, 10, "points")
    assert [row["method"] for row in rows] == ["good", "level", "base", "bad"]
    assert rows[2] == {
        "method": "base", "error": "5.00", "difference": "", "tau": "0.500", "rank": "3.0",
        "wins": "0", "fit": "0.25", "n_failed": 0,
    }  # fmt: skip
    assert rows[3]["difference"] == "+4.00 [+4.00, +4.00]"


def test_other_scores_are_not_percentages():
    assert summary_rows(MADE, 10, "score")[2]["error"] == "0.05"
    assert "0.02;" in verdict(MADE, 10, "score")


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        (
            {"base": [0.05] * 4, "good": around(0.02), "level": around(0.02)[::-1]},
            "With 10 anchors good has the smallest error, 2.00 points; for all that these splits "
            "can tell, no worse: level.",
        ),
        (
            {"base": [0.05] * 4, "good": [0.02] * 4},
            "With 10 anchors good has the smallest error, 2.00 points, less than that of each "
            "other method, one at a time, beyond chance (95 %).",
        ),
        ({"base": [0.05] * 4}, "With 10 anchors base has the smallest error, 5.00 points."),
        (
            {"base": [0.05] * 4, "fails": [0.0, 0.0, NAN, 0.0]},
            "With 10 anchors base has the smallest error, 5.00 points. Left out, since they "
            "failed: fails.",
        ),
        ({"base": [0.05, 0.05, 0.05, NAN]}, "With 10 anchors every method failed in some split."),
        (
            {"base": around(0.05)} | {f"m{i}": around(0.05)[::-1] for i in range(5)},
            "With 10 anchors base has the smallest error, 5.00 points; for all that these splits "
            "can tell, no worse: m0, m1, m2 and 2 more.",
        ),
    ],
    ids=["level", "clear", "alone", "failure never wins", "all fail", "many"],
)
def test_the_verdict(errors, expected):
    assert verdict(comparison(errors), 10, "points") == expected


def test_the_table_says_all_and_fits_a_terminal():
    lines = table_lines(comparison({"base": [0.05] * 4, "fails": [0.0, 0.0, NAN, 0.0]}), "points")
    assert " ".join(lines[0].split()) == "10 anchors error against base tau rank wins fit s"
    assert lines[1].startswith("fails")
    assert lines[1].endswith("failed in 1 splits")
    assert "in percentage points" in lines[-1]
    assert "negative where the method is better" in lines[-1]
    assert all(len(line) <= 100 for line in lines[:3])
    assert "percentage" not in "".join(table_lines(MADE, "score"))
