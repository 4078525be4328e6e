"""A fitted AnchoredIntervalRegressor as a file: the same numbers, no module, nothing forged."""

import zipfile

import numpy as np
import pytest

from sklearn_sparseeval import AnchoredIntervalRegressor, AutoAnchoredRegressor
from sklearn_sparseeval.plan import load_predictor, save_predictor


@pytest.fixture(scope="module")
def fitted(panel):
    model = AnchoredIntervalRegressor(AutoAnchoredRegressor(3), n_folds=3, random_state=0)
    return model.fit(panel.data, panel.targets.to_numpy())


@pytest.fixture
def saved(panel, fitted, tmp_path):
    path = tmp_path / "predictor.skops"
    save_predictor(path, fitted, panel, method="mine", score_range=(0, 1))
    return path


def test_it_gives_the_same_numbers(panel, fitted, saved):
    rows = panel.data[::-1]
    again = load_predictor(saved).estimator
    for name in ("predict", "predict_interval", "predict_macro_interval", "anchors_for"):
        np.testing.assert_array_equal(getattr(again, name)(rows), getattr(fitted, name)(rows))
    np.testing.assert_array_equal(again.applicability(rows), fitted.applicability(rows))
    np.testing.assert_array_equal(
        again.prob_better(rows[:-1], rows[1:]), fitted.prob_better(rows[:-1], rows[1:])
    )
    np.testing.assert_array_equal(again.held_out_predictions_, fitted.held_out_predictions_)
    top_up = fitted.draw_top_up(3, random_state=0)
    for mine, theirs in zip(top_up, again.draw_top_up(3, random_state=0), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(
        again.top_up_interval(rows, top_up), fitted.top_up_interval(rows, top_up)
    )
    assert again.notes_ == fitted.notes_
    assert again.notes_


def test_no_module_is_named(saved):
    with zipfile.ZipFile(saved) as archive:
        schema = archive.read("schema.json").decode()
    assert "sklearn_sparseeval." not in schema
    assert "AnchoredIntervalRegressor" in schema


def nodes(schema):
    """Every node of a schema that names a class."""
    if isinstance(schema, dict):
        yield from [schema] if "__class__" in schema else []
        for one in schema.values():
            yield from nodes(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from nodes(one)


@pytest.mark.parametrize("name", ["Calibration", "Usual", "PairErrors", "ScoreScale"])
def test_a_part_of_another_length_is_refused(forge, name):
    def shorten(schema):
        for node in nodes(schema):
            if node["__class__"] == name:
                node["content"] = node["content"][:-1]

    with pytest.raises(ValueError, match="is damaged"):
        load_predictor(forge(schema=shorten))


@pytest.mark.parametrize("column", [0, 3, 8])
def test_other_bounds_than_when_it_was_saved_are_refused(forge, column):
    def change(description):
        assert np.shape(description["check"]) == (3, 9)  # a score and two bounds for each target
        description["check"][1][column] += 0.01

    with pytest.raises(ValueError, match=r"now predicts other scores, off by up to 0\.01"):
        load_predictor(forge(description=change))
