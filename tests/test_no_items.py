"""Columns that are no items are set aside by what they hold or are called; scales must agree."""

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import ResultsWarning, ScoreMatrix

RNG = np.random.default_rng(0)
ITEMS = pd.DataFrame(
    (RNG.random((12, 20)) < np.linspace(0.2, 0.9, 12)[:, np.newaxis]).astype(float),
    [f"m{row}" for row in range(12)],
    [f"q{column}" for column in range(20)],
)
GRADED = ITEMS * RNG.integers(1, 5, (12, 20)) / 4
MEAN = ITEMS.mean(axis=1)


@pytest.mark.parametrize(
    "column",
    [MEAN, MEAN.round(3), (100 * MEAN).round(1), ITEMS.sum(axis=1), 100 * MEAN],
    ids=["mean", "rounded", "percent", "sum", "exact percent"],
)
@pytest.mark.parametrize("place", [0, 7, 20])
def test_the_mean_of_the_others_is_no_item_whatever_it_is_called(column, place):
    frame = ITEMS.copy()
    frame.insert(place, "q99", column)
    with pytest.warns(ResultsWarning, match="'q99'; they are the mean or the sum"):
        matrix = ScoreMatrix.from_frame(frame)
    pd.testing.assert_frame_equal(matrix.data, ITEMS)
    assert [note.kind for note in matrix.notes] == ["no-items"]


def test_a_mean_over_missing_results():
    holes = ITEMS.where(RNG.random(ITEMS.shape) > 0.2)
    with pytest.warns(ResultsWarning, match="'q99'"):
        matrix = ScoreMatrix.from_frame(holes.assign(q99=holes.mean(axis=1)))
    pd.testing.assert_frame_equal(matrix.data, holes)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Average", MEAN + RNG.normal(0, 0.05, 12)),  # of more items than these
        ("overall", MEAN**2),
        ("mean_score", MEAN**2),
        ("Accuracy avg", MEAN**2),
        ("n_params", np.arange(12) * 7.0),
        ("rank", np.arange(1, 13)),
        ("year", np.full(12, 2025)),
    ],
)
def test_what_is_called_an_average_or_a_size_and_is_graded_is_no_item(name, values):
    with pytest.warns(ResultsWarning, match=f"'{name}'; by their names and values"):
        matrix = ScoreMatrix.from_frame(ITEMS.assign(**{name: values}))
    pd.testing.assert_frame_equal(matrix.data, ITEMS)


@pytest.mark.parametrize("frame", [ITEMS, GRADED, 100 * GRADED, 10 * GRADED.round(1)])
def test_items_stay(frame):
    odd = frame.rename(columns={"q3": "total", "q4": "average speed", "q5": "year of birth"})
    odd["total"] = ITEMS["q3"]  # right or wrong
    pd.testing.assert_frame_equal(ScoreMatrix.from_frame(odd).data, odd.astype(float))


def test_described_items_are_the_users_own_affair():
    frame = ITEMS.assign(average=MEAN)
    matrix = ScoreMatrix.from_frame(frame, items={"task": "a"})
    assert "average" in matrix.data


@pytest.mark.parametrize("value", [2.0**63, 1e200, -37.0, 2024.0])
def test_a_cell_on_another_scale_is_named(value):
    frame = ITEMS.copy()
    frame.loc["m4", "q7"] = value
    with pytest.raises(ValueError, match=r"Column 'q7' reaches .* \(model 'm4'\)"):
        ScoreMatrix.from_frame(frame)


def test_items_of_more_points_than_one_stay():
    frame = ITEMS.assign(q3=5 * ITEMS["q3"])
    pd.testing.assert_frame_equal(ScoreMatrix.from_frame(frame).data, frame)


def test_it_is_said_of_every_kind_of_file(tmp_path):
    frame = ITEMS.assign(average=MEAN).rename_axis("model")
    frame.to_csv(tmp_path / "s.csv")
    frame.reset_index().to_parquet(tmp_path / "s.parquet")
    names = {"models": np.array(frame.index, str), "items": np.array(frame.columns, str)}
    np.savez(tmp_path / "s.npz", scores=frame.to_numpy(), **names)
    for name in ("s.csv", "s.parquet", "s.npz"):
        with pytest.warns(ResultsWarning, match="'average'"):
            matrix = ScoreMatrix.read(tmp_path / name)
        np.testing.assert_array_equal(matrix.data, ITEMS)
