"""The score that item curves expect, against the curves themselves."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from sklearn_sparseeval import AnchoredRegressor, CurveScoreRegressor, SparseRidgeSelector
from sklearn_sparseeval.numerics.item_curves import fit_item_curves

RNG = np.random.default_rng(0)
ITEMS = RNG.normal(0, 1.2, 60)
SOURCES = (RNG.random((40, 60)) < expit(RNG.normal(0, 1, (40, 1)) + ITEMS)).astype(float)
STRONG = (RNG.random((30, 60)) < expit(2.5 + ITEMS)).astype(float)
MEANS = SOURCES.mean(axis=1)
ANCHORS = np.array([31, 4, 50, 17, 9, 22, 40, 3])


def test_the_estimate_is_the_mean_of_the_curves_at_the_strength():
    model = CurveScoreRegressor().fit(SOURCES, MEANS, anchors=ANCHORS)
    theta, score, misfit = fit_item_curves(SOURCES).read(STRONG[:, ANCHORS], ANCHORS)
    assert_allclose(model.predict(STRONG), score)
    assert_allclose(model.strengths(STRONG), theta)
    assert_allclose(model.misfits(STRONG), misfit)
    assert (model.slope_, model.intercept_) == (1.0, 0.0)


def test_percent_and_other_tasks_are_reached_by_a_line():
    y = np.column_stack([MEANS, 3 - 2 * MEANS])
    model = CurveScoreRegressor().fit(SOURCES, y, anchors=ANCHORS)
    one = CurveScoreRegressor().fit(SOURCES, MEANS, anchors=ANCHORS).predict(STRONG)
    assert_allclose(model.predict(STRONG), np.column_stack([one, 3 - 2 * one]))
    percent = CurveScoreRegressor().fit(100 * SOURCES, 100 * MEANS, anchors=ANCHORS)
    assert_allclose(percent.predict(100 * STRONG), 100 * one)


def test_only_the_anchors_are_read_and_holes_are_left_out():
    model = CurveScoreRegressor().fit(SOURCES, MEANS, anchors=ANCHORS)
    rows = np.full_like(STRONG, np.nan)
    rows[:, ANCHORS] = STRONG[:, ANCHORS]
    assert_array_equal(model.predict(rows), model.predict(STRONG))
    rows[:, ANCHORS[2:]] = np.nan
    fewer = CurveScoreRegressor().fit(SOURCES, MEANS, anchors=ANCHORS[:2])
    assert_allclose(model.predict(rows), fewer.predict(STRONG))
    rows[3] = np.nan
    with pytest.raises(ValueError, match="no result"):
        model.predict(rows)


def test_models_stronger_than_all_sources_are_reached():
    weak = np.argsort(MEANS)[:20]
    model = CurveScoreRegressor().fit(SOURCES[weak], MEANS[weak])
    miss = (model.predict(STRONG) - STRONG.mean(axis=1)).mean()
    assert abs(miss) < 0.5 * (STRONG.mean() - MEANS[weak].max())


def test_an_anchored_regressor_hands_on_whole_rows():
    model = AnchoredRegressor(SparseRidgeSelector(8), CurveScoreRegressor()).fit(SOURCES)
    alone = CurveScoreRegressor().fit(SOURCES, MEANS, anchors=model.anchors_)
    assert_allclose(model.predict(STRONG), alone.predict(STRONG))


def test_the_score_range_clips():
    model = CurveScoreRegressor(score_range=(0, 0.7)).fit(np.minimum(SOURCES, 0.7), MEANS * 0.7)
    assert model.predict(np.full((1, 60), 9.0))[0] <= 0.7
