"""The weighted mean of the anchors."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import DataConversionWarning

from sklearn_sparseeval import WeightedMeanRegressor
from sklearn_sparseeval.datasets import load_zeroeval_gsm

NAN = np.nan
X = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
Y = np.array([0.7, 0.4, 0.6])


def test_equal_weights_by_default():
    regressor = WeightedMeanRegressor().fit(X, Y)
    assert_allclose(regressor.predict(X), [2 / 3, 1 / 3, 2 / 3])
    assert_allclose(regressor.coef_, [1 / 3, 1 / 3, 1 / 3])
    assert regressor.intercept_ == 0


def test_weights_of_the_anchors_are_scaled_and_stay_with_their_columns():
    regressor = WeightedMeanRegressor().fit(X, Y, anchor_weights=[2, 1, 5])
    assert_allclose(regressor.coef_, [0.25, 0.125, 0.625])
    assert_allclose(regressor.predict(X), [0.875, 0.625, 0.375])


def test_nothing_is_learnt_from_scores_or_their_weights():
    first = WeightedMeanRegressor().fit(X, Y)
    second = WeightedMeanRegressor().fit(X[::-1], 1 - Y, sample_weight=[1, 5, 2])
    assert_array_equal(first.predict(X), second.predict(X))


def test_a_missing_result_is_left_out_of_the_mean():
    regressor = WeightedMeanRegressor().fit(X, Y, anchor_weights=[2, 1, 1])
    partial = np.array([[1.0, NAN, 0.0], [NAN, NAN, 0.4], [1.0, 0.0, 0.0]])
    assert_allclose(regressor.predict(partial), [2 / 3, 0.4, 0.5])


@given(seed=st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_predictions_are_numpys_average_of_what_is_there(seed):
    rng = np.random.default_rng(seed)
    results, weights = rng.random((5, 4)), rng.random(4) + 0.01
    results[rng.random((5, 4)) < 0.4] = NAN
    results[:, 1] = rng.random(5)
    regressor = WeightedMeanRegressor().fit(X[:, [0, 1, 2, 0]], Y, anchor_weights=weights)
    expected = [np.average(r[~np.isnan(r)], weights=weights[~np.isnan(r)]) for r in results]
    assert_allclose(regressor.predict(results), expected)


def test_training_models_may_lack_every_result():
    gaps = X.copy()
    gaps[0], gaps[:, 1] = NAN, NAN
    assert_allclose(WeightedMeanRegressor().fit(gaps, Y).predict(X), [2 / 3, 1 / 3, 2 / 3])
    assert WeightedMeanRegressor().fit(np.full((3, 3), NAN), Y).predict(X[:1]) == [2 / 3]


def test_rows_without_a_weighty_result_are_named():
    regressor = WeightedMeanRegressor().fit(X, Y, anchor_weights=[1, 1, 0])
    partial = np.array([[1.0, 0.0, NAN], [NAN, NAN, 1.0], [NAN, NAN, NAN]])
    with pytest.raises(ValueError, match=r"2 models .* any anchor of positive weight: rows 1, 2 "):
        regressor.predict(partial)


@pytest.mark.parametrize(
    ("results", "y"),
    [(X, 100 * Y), (100 * X, Y), (X, [-0.2, 0.4, 0.5]), (1 + 9 * X, Y), (X, [0, 0, 0])],
)
def test_scores_in_other_units_are_warned_of(results, y):
    with pytest.warns(UserWarning, match=r"y lies between .*, but the results .*same units"):
        WeightedMeanRegressor().fit(results, y)


def test_the_warning_names_the_ranges_and_the_callers_line():
    with pytest.warns(
        UserWarning, match=r"between 40 and 70, .* 0 and 1, .* 0\.333\d* and 0\.666"
    ) as record:
        WeightedMeanRegressor().fit(X, 100 * Y)
    assert record[0].filename == __file__


@pytest.mark.parametrize(
    ("results", "y"),
    [
        (X, Y),
        (100 * X, 100 * Y),
        (X, [0, 0.4, 1.03]),
        (X, [0, 0, 0.1]),
        (1 + 9 * X, [0.8, 3, 10.2]),
        (0 * X, [0, 0, 0]),
        (-X, -Y),
    ],
)
def test_scores_in_the_units_of_the_results_are_not(results, y):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        WeightedMeanRegressor().fit(results, y)


def test_models_of_weight_zero_are_not_looked_at():
    y = np.array([0.7, 0.4, 60])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        WeightedMeanRegressor(score_range=(0, 1)).fit(X, y, sample_weight=[1, 1, 0])
    with pytest.warns(UserWarning, match=r"same units"):
        WeightedMeanRegressor().fit(X, y)


def test_one_mean_does_not_predict_several_tasks():
    with pytest.raises(ValueError, match=r"shape \(3, 2\).*2 tasks.*ResidualRidgeRegressor"):
        WeightedMeanRegressor().fit(X, np.column_stack([Y, Y]))


def test_a_single_column_of_scores_is_flattened_with_a_warning():
    with pytest.warns(DataConversionWarning, match=r"column-vector y"):
        regressor = WeightedMeanRegressor().fit(X, Y[:, np.newaxis])
    assert regressor.predict(X).shape == (3,)


def test_predictions_are_clipped_to_the_score_range():
    regressor = WeightedMeanRegressor(score_range=(0.4, 0.9)).fit(X, Y)
    assert_allclose(regressor.predict([[1, 1, 1], [0, 0, 0], [1, 0, 1]]), [0.9, 0.4, 2 / 3])


def test_scores_outside_the_score_range_are_refused():
    with pytest.raises(ValueError, match=r"outside the score range \(0, 0.5\)"):
        WeightedMeanRegressor(score_range=(0, 0.5)).fit(X, Y)


def test_data_frames_and_series_are_taken():
    frame = pd.DataFrame(X, columns=list("abc"))
    regressor = WeightedMeanRegressor().fit(frame, pd.Series(Y))
    assert list(regressor.feature_names_in_) == ["a", "b", "c"]
    assert_allclose(regressor.predict(frame), [2 / 3, 1 / 3, 2 / 3])


def test_the_mean_of_all_items_is_the_target_of_a_real_matrix_with_gaps():
    results, y = load_zeroeval_gsm(return_X_y=True)
    assert np.isnan(results).any()
    assert_allclose(WeightedMeanRegressor().fit(results, y).predict(results), y)
