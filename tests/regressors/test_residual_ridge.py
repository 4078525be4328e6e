"""Ridge on the residual of the anchors' mean: scikit-learn's fit, refits, and real data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from sklearn_sparseeval import ResidualRidgeRegressor
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm, load_zeroeval_gsm
from sklearn_sparseeval.numerics.ridge import RELATIVE_ALPHAS

NAN = np.nan


def _panel(n_models=40, n_anchors=8, *, seed=0):
    """Models of different ability on anchors of different difficulty, and noisy scores."""
    rng = np.random.default_rng(seed)
    ability, difficulty = rng.uniform(0.2, 0.9, (n_models, 1)), rng.uniform(-0.3, 0.3, n_anchors)
    X = (rng.random((n_models, n_anchors)) < ability - difficulty).astype(float)
    return X, np.clip(ability.ravel() + 0.03 * rng.standard_normal(n_models), 0, 1)


def _mean_eigenvalue(features):
    return ((features - features.mean(axis=0)) ** 2).sum() / features.shape[1]


@pytest.fixture(scope="module")
def panel():
    return _panel()


@pytest.mark.parametrize("anchor_weights", [None, [1, 2, 3, 4, 0, 1, 1, 1]])
def test_a_given_penalty_is_that_of_ridge_on_the_residual(panel, anchor_weights):
    X, y = panel
    mean = np.average(X, axis=1, weights=anchor_weights)
    by_hand = Ridge(alpha=3.0).fit(X, y - mean)
    regressor = ResidualRidgeRegressor(alphas=[3.0]).fit(X, y, anchor_weights=anchor_weights)
    assert_allclose(regressor.predict(X), by_hand.predict(X) + mean)
    assert regressor.alpha_ == 3
    assert regressor.intercept_ == pytest.approx(by_hand.intercept_)
    share = np.full(8, 1 / 8) if anchor_weights is None else np.array(anchor_weights) / 13
    assert_allclose(regressor.coef_, by_hand.coef_ + share)


@pytest.mark.parametrize("anchor_weights", [None, [1, 2, 3, 4, 0, 1, 1, 1]])
def test_with_sum_to_one_the_features_are_centred_by_row(panel, anchor_weights):
    X, y = panel
    mean = np.average(X, axis=1, weights=anchor_weights)
    centred = X - mean[:, np.newaxis]
    by_hand = Ridge(alpha=3.0).fit(centred, y - mean)
    regressor = ResidualRidgeRegressor(alphas=[3.0], sum_to_one=True)
    regressor.fit(X, y, anchor_weights=anchor_weights)
    assert_allclose(regressor.predict(X), by_hand.predict(centred) + mean)
    assert_allclose(X @ regressor.coef_ + regressor.intercept_, regressor.predict(X))


def test_weights_of_models_are_those_of_ridge(panel):
    X, y = panel
    weight = 0.5 + np.arange(40) % 4
    by_hand = Ridge(alpha=3.0).fit(X, y - X.mean(axis=1), sample_weight=weight)
    regressor = ResidualRidgeRegressor(alphas=[3.0]).fit(X, y, sample_weight=weight)
    assert_allclose(regressor.predict(X), by_hand.predict(X) + X.mean(axis=1))


@pytest.mark.slow
@pytest.mark.parametrize("sum_to_one", [False, True])
def test_the_penalty_has_the_least_error_of_brute_force_refits(panel, sum_to_one):
    X, y = panel
    X, y = X[:15], y[:15]
    mean = X.mean(axis=1)
    features = X - mean[:, np.newaxis] * sum_to_one
    alphas = RELATIVE_ALPHAS * _mean_eigenvalue(features)
    errors = [
        np.sqrt(np.mean((cross_val_predict(Ridge(alpha), features, y - mean, cv=LeaveOneOut())
                         - (y - mean)) ** 2))
        for alpha in alphas
    ]  # fmt: skip
    regressor = ResidualRidgeRegressor(least_alpha=0, sum_to_one=sum_to_one).fit(X, y)
    assert regressor.alpha_ == pytest.approx(alphas[np.argmin(errors)])
    assert regressor.best_error_ == pytest.approx(np.min(errors))


def test_best_error_is_the_error_of_leaving_whole_fits_out(panel):
    X, y = panel
    regressor = ResidualRidgeRegressor(alphas=[2.0]).fit(X, y)
    left_out = cross_val_predict(regressor, X, y, cv=LeaveOneOut())
    assert regressor.best_error_ == pytest.approx(np.sqrt(np.mean((left_out - y) ** 2)))


def test_the_automatic_floor_is_anchors_per_model():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 20))
    y = X @ rng.normal(size=20)  # without noise the smallest penalty is the best
    floor = RELATIVE_ALPHAS[RELATIVE_ALPHAS >= 20 / 50][0]
    for least_alpha, expected in (("auto", floor), (0, RELATIVE_ALPHAS[0]), (9.0, 10.0)):
        regressor = ResidualRidgeRegressor(least_alpha=least_alpha).fit(X, y)
        assert regressor.alpha_ == pytest.approx(expected * _mean_eigenvalue(X))
    twice = ResidualRidgeRegressor().fit(X, y, sample_weight=np.full(50, 2.0))
    floor_of_twice = RELATIVE_ALPHAS[RELATIVE_ALPHAS >= 20 / 100][0]
    assert twice.alpha_ == pytest.approx(floor_of_twice * 2 * _mean_eigenvalue(X))


def test_weights_that_sum_to_one_are_not_a_single_model(panel):
    X, y = panel
    plain = ResidualRidgeRegressor().fit(X, y)
    scaled = ResidualRidgeRegressor().fit(X, y, sample_weight=np.full(40, 1 / 40))
    assert_allclose(scaled.predict(X), plain.predict(X))


def test_a_grid_of_ones_own_has_no_floor_unless_it_is_asked_for():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 20))
    y = X @ rng.normal(size=20)
    alphas = np.array([1e-6, 1.0, 100.0])
    assert ResidualRidgeRegressor(alphas=alphas).fit(X, y).alpha_ == 1e-6
    floor = 1.1 / _mean_eigenvalue(X)
    assert ResidualRidgeRegressor(alphas=alphas, least_alpha=floor).fit(X, y).alpha_ == 100


@given(seed=st.integers(0, 999), c=st.floats(-3, 3), weighted=st.booleans())
@settings(max_examples=30, deadline=None)
def test_sum_to_one_shifts_predictions_as_results_are_shifted(seed, c, weighted):
    X, y = _panel(20, 6, seed=seed)
    weights = np.random.default_rng(seed).random(6) if weighted else None
    regressor = ResidualRidgeRegressor(sum_to_one=True).fit(X, y, anchor_weights=weights)
    assert regressor.coef_.sum() == pytest.approx(1, abs=1e-12)
    assert_allclose(regressor.predict(X + c), regressor.predict(X) + c, atol=1e-10)


@pytest.mark.slow
@given(seed=st.integers(0, 999), sum_to_one=st.booleans(), with_gaps=st.booleans())
@settings(max_examples=30, deadline=None)
def test_weights_are_repeated_rows_in_any_order(seed, sum_to_one, with_gaps):
    rng = np.random.default_rng(seed)
    X, y = _panel(20, 6, seed=seed)
    if with_gaps:
        X[rng.random(X.shape) < 0.2] = NAN
        X[:, seed % 6] = 1 - X[::-1, seed % 6]
        X[np.isnan(X[:, seed % 6]), seed % 6] = 0
    weight = rng.integers(0, 3, size=20)
    weight[:2] = 1
    rows = rng.permutation(np.repeat(np.arange(20), weight))
    regressor = ResidualRidgeRegressor(sum_to_one=sum_to_one)
    got = regressor.fit(X, y, sample_weight=weight).predict(X)
    alpha, error = regressor.alpha_, regressor.best_error_
    regressor.fit(X[rows], y[rows])
    assert_allclose(got, regressor.predict(X), rtol=1e-7, atol=1e-12)
    assert alpha == pytest.approx(regressor.alpha_)
    assert error == pytest.approx(regressor.best_error_, abs=1e-12)


@pytest.mark.parametrize("sum_to_one", [False, True])
@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_scores_in_percent_get_the_same_fit(panel, sum_to_one, factor):
    X, y = panel
    regressor = ResidualRidgeRegressor(sum_to_one=sum_to_one)
    expected = factor * regressor.fit(X, y).predict(X)
    assert_allclose(regressor.fit(factor * X, factor * y).predict(factor * X), expected)


@pytest.mark.parametrize("sum_to_one", [False, True])
def test_each_task_is_a_fit_of_its_own(panel, sum_to_one):
    X, y = panel
    tasks = np.column_stack([y, y**2, np.random.default_rng(1).random(40)])
    regressor = ResidualRidgeRegressor(least_alpha=0, sum_to_one=sum_to_one)
    together = ResidualRidgeRegressor(least_alpha=0, sum_to_one=sum_to_one).fit(X, tasks)
    for task in range(3):
        alone = regressor.fit(X, tasks[:, task])
        assert_allclose(together.predict(X)[:, task], alone.predict(X))
        assert_allclose(together.coef_[task], alone.coef_)
        assert together.intercept_[task] == pytest.approx(alone.intercept_)
        assert together.alpha_[task] == pytest.approx(alone.alpha_)
        assert together.best_error_[task] == pytest.approx(alone.best_error_)
    assert len(set(together.alpha_)) > 1


def test_shapes_follow_those_of_the_scores(panel):
    X, y = panel
    single = ResidualRidgeRegressor().fit(X, y)
    assert single.coef_.shape == (8,)
    assert isinstance(single.intercept_, float)
    assert isinstance(single.alpha_, float)
    assert isinstance(single.best_error_, float)
    column = ResidualRidgeRegressor().fit(X, y[:, np.newaxis])
    assert column.coef_.shape == (1, 8)
    assert column.intercept_.shape == column.alpha_.shape == column.best_error_.shape == (1,)
    assert column.predict(X).shape == (40, 1)


def test_missing_results_are_filled_before_the_regression(panel):
    X, y = panel
    gaps = X.copy()
    gaps[0, [1, 2]], gaps[5, 3] = NAN, NAN
    means = np.nanmean(gaps, axis=0)
    filled = gaps.copy()
    for row, columns in ((0, [1, 2]), (5, [3])):
        filled[row, columns] = means[columns] + np.nanmean(gaps[row] - means)
    regressor = ResidualRidgeRegressor().fit(gaps, y)
    expected = ResidualRidgeRegressor().fit(filled, y)
    assert_allclose(regressor.coef_, expected.coef_)
    assert_allclose(regressor.predict(gaps), expected.predict(filled))
    assert np.isnan(gaps[0, 1])


def test_models_without_results_and_anchors_without_results_are_named(panel):
    X, y = panel
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    empty_row, empty_column = frame.copy(), frame.copy()
    empty_row.iloc[[3, 7]] = NAN
    empty_column["c"] = NAN
    with pytest.raises(ValueError, match=r"2 models .* rows 3, 7 of X"):
        ResidualRidgeRegressor().fit(empty_row, y)
    with pytest.raises(ValueError, match=r"1 of the 8 anchors have no result in training.*'c'"):
        ResidualRidgeRegressor().fit(empty_column, y)
    with pytest.raises(ValueError, match=r"2 models .* rows 3, 7 of X"):
        ResidualRidgeRegressor().fit(frame, y).predict(empty_row)
    weight = np.ones(40)
    weight[3] = 0  # no row at all, and those behind it keep their numbers
    with pytest.raises(ValueError, match=r"1 models .* rows 7 of X"):
        ResidualRidgeRegressor().fit(empty_row, y, sample_weight=weight)


@pytest.mark.parametrize("alphas", [[1.0, 0.0], [-1.0], [[1.0, 2.0]]])
def test_penalties_must_be_positive(panel, alphas):
    with pytest.raises(ValueError, match=r"list of penalties larger than zero"):
        ResidualRidgeRegressor(alphas=alphas).fit(*panel)


@pytest.mark.parametrize("alphas", [[1.0, NAN], [1.0, np.inf], []])
def test_penalties_must_be_finite(panel, alphas):
    with pytest.raises(ValueError, match=r"alphas contains|0 sample"):
        ResidualRidgeRegressor(alphas=alphas).fit(*panel)


def test_predictions_are_clipped_to_the_score_range(panel):
    X, y = panel
    free = ResidualRidgeRegressor().fit(X, y).predict(2 * X - 0.5)
    clipped = ResidualRidgeRegressor(score_range=(0, 1)).fit(X, y).predict(2 * X - 0.5)
    assert free.min() < 0
    assert free.max() > 1
    assert_allclose(clipped, np.clip(free, 0, 1))
    with pytest.raises(ValueError, match=r"outside the score range"):
        ResidualRidgeRegressor(score_range=(0, 1)).fit(X, 100 * y)


@pytest.mark.parametrize("sum_to_one", [False, True])
@pytest.mark.parametrize("value", [0.1, 0.7])
def test_scores_that_are_the_mean_of_the_anchors_are_met(sum_to_one, value):
    X, _ = _panel()
    regressor = ResidualRidgeRegressor(sum_to_one=sum_to_one).fit(X, X.mean(axis=1))
    assert_allclose(regressor.coef_, np.full(8, 1 / 8), rtol=1e-12)
    # The largest penalty: nothing speaks for a smaller one.
    features = X - X.mean(axis=1, keepdims=True) * sum_to_one
    assert regressor.alpha_ == pytest.approx(1000 * _mean_eigenvalue(features))
    shifted = ResidualRidgeRegressor(sum_to_one=sum_to_one).fit(X, X.mean(axis=1) - value)
    assert shifted.intercept_ == pytest.approx(-value)
    assert shifted.alpha_ == pytest.approx(regressor.alpha_)


@pytest.mark.parametrize("n_anchors", [1, 3])
def test_anchors_that_agree_have_no_differences_to_learn_from(n_anchors):
    rng = np.random.default_rng(0)
    X = np.repeat(rng.random((20, 1)), n_anchors, axis=1)  # their mean is off by rounding
    y = rng.random(20)
    weights = rng.random(n_anchors)
    regressor = ResidualRidgeRegressor(sum_to_one=True).fit(X, y, anchor_weights=weights)
    assert_allclose(regressor.coef_, weights / weights.sum())
    assert regressor.intercept_ == pytest.approx((y - X[:, 0]).mean())


def test_a_single_model_moves_the_mean_to_its_score():
    regressor = ResidualRidgeRegressor().fit([[1.0, 0.0]], [0.7])
    assert_allclose(regressor.predict([[1, 0], [1, 1]]), [0.7, 1.2])
    assert np.isnan(regressor.best_error_)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("load", "task"),
    [(load_helm_lite, "gsm"), (load_helm_lite, "mmlu"), (load_open_llm, "arc_challenge")],
)
@pytest.mark.parametrize("sum_to_one", [False, True])
def test_models_stronger_than_all_sources_are_predicted_far_better_than_by_ridge(
    load, task, sum_to_one
):
    X, y = load(task=task, return_X_y=True)
    order = np.argsort(y, kind="stable")
    sources, targets = order[: len(y) // 2], order[-int(0.3 * len(y)) :]
    errors = {"plain": [], "residual": []}
    for seed in range(5):
        anchors = np.random.default_rng(seed).choice(X.shape[1], 50, replace=False)
        regressors = {"plain": RidgeCV(), "residual": ResidualRidgeRegressor(sum_to_one=sum_to_one)}
        for name, regressor in regressors.items():
            regressor.fit(X[sources][:, anchors], y[sources])
            predicted = regressor.predict(X[targets][:, anchors])
            errors[name].append(np.abs(predicted - y[targets]).mean())
    assert np.mean(errors["residual"]) < 0.7 * np.mean(errors["plain"])


def test_real_gaps_cost_little_accuracy():
    X, y = load_zeroeval_gsm(return_X_y=True)
    anchors = np.random.default_rng(0).choice(X.shape[1], 60, replace=False)
    results = X[:, anchors]
    assert np.isnan(results).any()
    predicted = ResidualRidgeRegressor().fit(results[::2], y[::2]).predict(results[1::2])
    assert np.abs(predicted - y[1::2]).mean() < 0.06
