"""Twins of source models: what is kept, what rises, and by how much on average."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from sklearn_sparseeval import raise_models
from sklearn_sparseeval.numerics.item_curves import fit_item_curves

RNG = np.random.default_rng(0)
ITEMS = RNG.normal(0, 1.2, 50)
X = (RNG.random((40, 50)) < expit(RNG.normal(0, 1, (40, 1)) + ITEMS)).astype(float)
HOLES = np.where(RNG.random(X.shape) < 0.1, np.nan, X)


def test_what_was_right_stays_right_and_what_was_missing_stays_missing():
    twins = raise_models(HOLES, n_twins=2, random_state=0)
    before = HOLES[twins.model]
    assert_array_equal(np.bincount(twins.model), np.full(40, 2))
    assert_array_equal(np.isnan(twins.X), np.isnan(before))
    assert np.nanmin(twins.X - before) == 0
    assert set(np.unique(twins.X[~np.isnan(twins.X)])) == {0, 1}


def test_twins_score_on_average_what_the_curves_expect():
    """A model that the curves describe has twins that they describe; checked in the mean."""
    twins = raise_models(X, n_twins=20, shift=(1.5, 1.5), random_state=0)
    curves = fit_item_curves(X, slope_precision=20.0, rasch=False)
    now, then = curves.expected_items(curves.strength), curves.expected_items(curves.strength + 1.5)
    expected = X + (1 - X) * (then - now) / (1 - now)
    assert_allclose(twins.X.reshape(20, 40, 50).mean(axis=(0, 2)), expected.mean(axis=1), atol=0.04)
    assert_allclose(twins.X.mean(), expected.mean(), atol=0.01)


def test_graded_results_rise_without_chance_and_percent_are_the_same():
    graded = 0.1 + 0.7 * expit(RNG.normal(0, 1, (30, 1)) + ITEMS)
    graded[0, 0], graded[0, 1] = 0, 1  # the scale is that of shares
    one, two = (raise_models(graded, shift=(1, 1), n_twins=1, random_state=s).X for s in (0, 1))
    assert_allclose(one[1:], two[1:])
    assert (one[1:] > graded[1:]).all()
    assert one.max() <= 1
    percent = raise_models(100 * graded, shift=(1, 1), n_twins=1, random_state=0)
    assert_allclose(percent.X, 100 * one)


def test_the_score_gains_what_the_results_gain_in_units_of_y():
    y = np.column_stack([X.mean(axis=1), 50 - 20 * X.mean(axis=1)])
    twins = raise_models(X, y, random_state=0)
    gain = twins.X.mean(axis=1) - X.mean(axis=1)[twins.model]
    assert_allclose(twins.y - y[twins.model], np.outer(gain, [1, -20]), atol=1e-9)
    assert_allclose(raise_models(X, y[:, 1], random_state=0).y, twins.y[:, 1])
    assert_allclose(raise_models(X, random_state=0).y, twins.X.mean(axis=1))


@pytest.mark.parametrize(("n_models", "each"), [(10, 8), (40, 5), (130, 2), (448, 1)])
def test_about_two_hundred_twins(n_models, each):
    assert len(raise_models(np.resize(X, (n_models, 50))).X) == each * n_models


def test_what_is_refused():
    with pytest.raises(ValueError, match="must be two numbers, not negative"):
        raise_models(X, shift=(2, 1))
    with pytest.raises(ValueError, match="weights are zero"):
        raise_models(X, sample_weight=np.arange(40))
    with pytest.raises(ValueError, match="no result"):
        raise_models(np.vstack([X, np.full(50, np.nan)]))
