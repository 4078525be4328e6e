"""A Comparison is what the displays ask for, and the hand-made one of the tests is like it."""

import inspect

import pytest

from sklearn_sparseeval.comparison import Comparison
from sklearn_sparseeval.displays._comparison_like import ComparisonLike

METHODS = ["frame", "greater_is_better", "noise_ceiling", "predictions", "summary"]


def test_the_methods_are_all_that_is_asked():
    asked = {name for name in vars(ComparisonLike) if not name.startswith("_")}
    assert asked == {*METHODS, "baseline"}


@pytest.mark.parametrize("name", METHODS)
def test_a_comparison_can_be_called_as_asked(name):
    asked = inspect.signature(getattr(ComparisonLike, name)).parameters
    given = inspect.signature(getattr(Comparison, name)).parameters
    assert list(given) == list(asked)
    assert {key: given[key].kind for key in given} == {key: asked[key].kind for key in asked}


@pytest.mark.parametrize("table", ["frame", "predictions"])
def test_the_tables_made_by_hand_have_the_columns_of_real_ones(fake, real, table):
    assert set(getattr(fake, table)()) == set(getattr(real, table)())


def test_the_summary_made_by_hand_has_columns_of_a_real_one(fake, real):
    metric = "mean_absolute_error"
    assert set(fake.summary(metric)) <= set(real.summary(metric))
    assert fake.summary(metric).attrs.keys() <= real.summary(metric).attrs.keys()
    assert isinstance(real.baseline, str)
