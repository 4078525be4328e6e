"""Errors of predictors are errors of values, and so caught with others."""

import pytest

from sklearn_sparseeval import persistence


def test_it_is_a_value_error():
    assert issubclass(persistence.PredictorError, ValueError)


def test_the_public_names_are_those_announced():
    assert dir(persistence) == [
        "PredictorError", "SavedPredictor", "load_predictor", "save_predictor",
    ]  # fmt: skip
    with pytest.raises(AttributeError, match="no attribute 'pickle'"):
        _ = persistence.pickle
