"""Matrices that hold the same have one fingerprint, others another."""

import numpy as np
import pytest

from sklearn_sparseeval import ScoreMatrix
from sklearn_sparseeval.plan.storage._matrix_fingerprint import matrix_fingerprint


@pytest.fixture
def data(panel):
    data = panel.data.copy()
    data.iloc[0, 0] = np.nan
    data.iloc[1, 1] = 0.0
    return data


def test_it_is_sha256_and_the_same_every_time(data):
    matrix = ScoreMatrix.from_frame(data)
    assert len(matrix_fingerprint(matrix)) == 64
    assert matrix_fingerprint(matrix) == matrix_fingerprint(ScoreMatrix.from_frame(data.copy()))


def test_forms_of_nan_and_zero_and_the_layout_do_not_count(data):
    other = data.copy()
    other.iloc[1, 1] = -0.0
    values = np.array(other, order="F")
    values[0, 0] = np.frombuffer(b"\x01\0\0\0\0\0\xf8\x7f")[0]  # NaN with a payload
    other[:] = values
    expected = matrix_fingerprint(ScoreMatrix.from_frame(data))
    assert matrix_fingerprint(ScoreMatrix.from_frame(other)) == expected


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
def test_values_names_and_weights_count(data, change):
    changed, columns = change(data)
    expected = matrix_fingerprint(ScoreMatrix.from_frame(data))
    assert matrix_fingerprint(ScoreMatrix.from_frame(changed, items=columns)) != expected


def test_what_else_is_known_of_items_does_not_count(data):
    other = ScoreMatrix.from_frame(data, items={"task": "a", "metric": "acc", "cost": 5.0})
    assert matrix_fingerprint(other) == matrix_fingerprint(ScoreMatrix.from_frame(data))
