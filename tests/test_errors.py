"""Errors of predictors are errors of values, and so caught with others."""

from sklearn_sparseeval import PredictorError


def test_it_is_a_value_error():
    assert issubclass(PredictorError, ValueError)
