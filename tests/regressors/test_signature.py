"""Regressions across models on their signatures."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Lasso, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import LinearSVR
from sklearn.utils import get_tags

from sklearn_sparseeval import (
    AnchoredRegressor,
    DisagreementSelector,
    RandomSelector,
    ResidualRidgeRegressor,
    SignatureRegressor,
)
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm, load_zeroeval_gsm
from sklearn_sparseeval.numerics.row_identity import canonical_row_order

NAN = np.nan
# Those of the paper, quick and with a seed.
REGRESSORS = {
    "forest": RandomForestRegressor(10, random_state=0),
    "neighbours": KNeighborsRegressor(3),
    "ridge": Ridge(10.0),
    "lasso": Lasso(1e-4),
    "boosting": GradientBoostingRegressor(n_estimators=10, random_state=0),
}


def panel(n_models=30, n_anchors=8, seed=0):
    rng = np.random.default_rng(seed)
    X = 1 / (1 + np.exp(rng.normal(size=(n_models, n_anchors)) - rng.normal(size=(n_models, 1))))
    return X, X.mean(axis=1)


class TestComposition:
    @pytest.mark.parametrize("name", REGRESSORS)
    @pytest.mark.parametrize("n_components", [None, 3, 0.8])
    def test_it_is_the_regressor_on_the_components(self, name, n_components):
        X, y = panel()
        model = SignatureRegressor(REGRESSORS[name], n_components=n_components).fit(X, y)
        order = canonical_row_order(X, y[:, np.newaxis], np.ones(30))  # a bootstrap depends on it
        signatures = X
        if n_components is not None:
            signatures = PCA(n_components, svd_solver="full").fit(X[order]).transform(X)
        inner = clone(REGRESSORS[name]).fit(signatures[order], y[order])
        assert_allclose(model.predict(X), inner.predict(signatures))

    def test_the_released_dimension_is_cut_to_what_there_is(self):
        X, y = panel(5, 8)
        assert SignatureRegressor(Ridge(), n_components=256).fit(X, y).pca_.n_components_ == 5
        X, y = panel(30, 8)
        assert SignatureRegressor(Ridge(), n_components=256).fit(X, y).pca_.n_components_ == 8
        assert SignatureRegressor(Ridge()).fit(X, y).pca_ is None

    @pytest.mark.parametrize("n_components", [2, 0.9])
    def test_models_that_are_all_alike_have_no_components(self, n_components):
        X, y = np.full((4, 5), 0.3), np.array([0.2, 0.4, 0.6, 0.8])
        regressor = SignatureRegressor(Ridge(), n_components=n_components).fit(X, y)
        assert regressor.pca_ is None
        assert_allclose(regressor.predict(X), 0.5)
        one = SignatureRegressor(Ridge(), n_components=n_components).fit(X[:1], y[:1])
        assert_allclose(one.predict(X), 0.2)

    def test_components_are_those_of_the_source_models_alone(self):
        X, y = panel()
        regressor = SignatureRegressor(Ridge(), n_components=2).fit(X[:20], y[:20])
        together = regressor.predict(X[20:])
        alone = [regressor.predict(row[np.newaxis])[0] for row in X[20:]]
        assert_allclose(together, alone)
        assert_allclose(regressor.pca_.mean_, X[:20].mean(axis=0))


class TestPresets:
    def test_random_forest(self):
        regressor = SignatureRegressor.random_forest(50, n_components=4, random_state=3)
        assert isinstance(regressor, SignatureRegressor)
        assert regressor.n_components == 4
        params = regressor.regressor.get_params()
        assert (params["n_estimators"], params["random_state"]) == (50, 3)

    @pytest.mark.slow
    def test_it_is_also_the_default(self):
        X, y = panel()
        default = SignatureRegressor(random_state=0).fit(X, y)
        assert default.regressor is None
        preset = SignatureRegressor.random_forest(random_state=0).fit(X, y)
        assert_array_equal(default.predict(X), preset.predict(X))
        other = SignatureRegressor(random_state=1).fit(X, y)
        assert (other.predict(X) != default.predict(X)).any()

    @pytest.mark.parametrize("n_neighbors", [1, 4])
    def test_nearest_models_average_the_scores_of_the_nearest_signatures(self, n_neighbors):
        X, y = panel()
        regressor = SignatureRegressor.nearest_models(n_neighbors).fit(X[:20], y[:20])
        for row, got in zip(X[20:], regressor.predict(X[20:]), strict=True):
            nearest = np.argsort(np.linalg.norm(X[:20] - row, axis=1))[:n_neighbors]
            assert got == pytest.approx(y[nearest].mean())

    def test_the_released_neighbour_is_one_by_cosine(self):
        X, y = panel()
        regressor = SignatureRegressor.nearest_models(1, metric="cosine").fit(X[:20], y[:20])
        unit = X / np.linalg.norm(X, axis=1, keepdims=True)
        nearest = (unit[20:] @ unit[:20].T).argmax(axis=1)
        assert_array_equal(regressor.predict(X[20:]), y[nearest])

    def test_more_neighbours_than_models_are_an_error_with_both_numbers(self):
        X, y = panel(3)
        with pytest.raises(ValueError, match=r"n_neighbors = 5, n_samples_fit = 3"):
            SignatureRegressor.nearest_models().fit(X, y).predict(X)

    @pytest.mark.parametrize(
        "make", [SignatureRegressor.random_forest, SignatureRegressor.nearest_models],
        ids=["forest", "neighbours"],
    )  # fmt: skip
    def test_they_are_cloned_and_searched_like_any(self, make):
        regressor = make(n_components=2)
        assert clone(regressor).get_params().keys() == regressor.get_params().keys()
        assert regressor.set_params(n_components=3).n_components == 3


class TestBeyondTheSources:
    """A forest and neighbours average what they have seen."""

    @pytest.mark.parametrize("name", ["forest", "neighbours"])
    def test_no_prediction_leaves_the_range_of_the_source_scores(self, name):
        X, y = load_helm_lite(task="gsm", return_X_y=True)
        order = np.argsort(y)
        weak, strong = order[:40], order[-25:]
        anchors = DisagreementSelector(50).fit(X[weak]).anchors_
        regressor = SignatureRegressor(REGRESSORS[name]).fit(X[weak][:, anchors], y[weak])
        predicted = regressor.predict(X[strong][:, anchors])
        assert predicted.max() <= y[weak].max() < y[strong].min()

    @pytest.mark.slow
    def test_a_regression_on_the_residual_leaves_it(self):
        X, y = load_helm_lite(task="gsm", return_X_y=True)
        order = np.argsort(y)
        weak, strong = order[:40], order[-25:]
        anchors = RandomSelector(100, random_state=0).fit(X).anchors_

        def error(regressor):
            fitted = regressor.fit(X[weak][:, anchors], y[weak])
            return abs(fitted.predict(X[strong][:, anchors]) - y[strong]).mean()

        forest = SignatureRegressor.random_forest(random_state=0)
        assert error(ResidualRidgeRegressor()) < 0.5 * error(forest)


class TestMissingResults:
    @pytest.mark.parametrize("name", REGRESSORS)
    @pytest.mark.parametrize("n_components", [None, 3])
    def test_any_regressor_can_follow(self, name, n_components):
        X, y = panel()
        regressor = SignatureRegressor(REGRESSORS[name], n_components=n_components).fit(X, y)
        row = X[:1].copy()
        row[0, [1, 4]] = NAN
        have = [0, 2, 3, 5, 6, 7]
        filled = row.copy()
        deviation = (row[0, have] - X[:, have].mean(axis=0)).mean()
        filled[0, [1, 4]] = X[:, [1, 4]].mean(axis=0) + deviation
        assert_allclose(regressor.predict(row), regressor.predict(filled))

    def test_those_of_the_source_models_are_filled_in_the_same_way(self):
        X, y = panel()
        gaps = X.copy()
        gaps[2, 5] = NAN
        means = np.nanmean(gaps, axis=0)
        filled = gaps.copy()
        filled[2, 5] = means[5] + np.nanmean(gaps[2] - means)
        got, expected = (SignatureRegressor(Ridge()).fit(rows, y) for rows in (gaps, filled))
        assert_allclose(got.regressor_.coef_, expected.regressor_.coef_)

    def test_rows_and_anchors_without_any_are_named(self):
        X, y = panel()
        gaps = X.copy()
        gaps[[3, 17]] = NAN
        with pytest.raises(ValueError, match=r"2 models have no result .* rows (3, 17|17, 3) of X"):
            SignatureRegressor(Ridge()).fit(gaps, y)
        frame = pd.DataFrame(X, columns=list("abcdefgh")).assign(c=NAN)
        with pytest.raises(ValueError, match=r"1 of the 8 anchors have no result .*: 'c'"):
            SignatureRegressor(Ridge()).fit(frame, y)

    def test_real_data(self):
        data = load_zeroeval_gsm()
        disco = AnchoredRegressor(
            DisagreementSelector(100), SignatureRegressor.random_forest(random_state=0)
        )
        disco.fit(data.data[::2], data.target[::2])
        assert abs(disco.predict(data.data[1::2]) - data.target[1::2]).mean() < 0.06


@pytest.mark.parametrize("name", REGRESSORS)
def test_the_order_of_the_models_does_not_matter(name):
    X, y = panel()
    order = np.random.default_rng(0).permutation(30)
    one, two = (
        SignatureRegressor(REGRESSORS[name]).fit(X[rows], y[rows])
        for rows in (np.arange(30), order)
    )
    assert_array_equal(one.predict(X), two.predict(X))


def test_several_tasks_where_the_regressor_allows():
    X, y = panel()
    tasks = np.column_stack([y, 1 - y])
    assert SignatureRegressor.nearest_models(3).fit(X, tasks).predict(X).shape == (30, 2)
    assert get_tags(SignatureRegressor()).target_tags.multi_output
    assert not get_tags(SignatureRegressor(LinearSVR())).target_tags.multi_output
    with pytest.raises(ValueError, match="1d array"):
        SignatureRegressor(LinearSVR()).fit(X, tasks)


class Median(BaseEstimator):
    """Has no more than a regressor needs."""

    def fit(self, X, y):
        self.median_ = np.median(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.median_)


def test_fit_and_predict_are_enough():
    X, y = panel()
    assert_array_equal(SignatureRegressor(Median()).fit(X, y).predict(X[:2]), np.median(y))
    assert not get_tags(SignatureRegressor(Median())).regressor_tags.poor_score


def test_the_range_of_the_scores_clips():
    X, y = panel()
    regressor = SignatureRegressor(Ridge(), score_range=(0, 1)).fit(X, y)
    assert_array_equal(regressor.predict([[9.0] * 8, [-9.0] * 8]), [1, 0])
    with pytest.raises(ValueError, match="outside the score range"):
        regressor.set_params(score_range=(0.4, 0.5)).fit(X, y)


def test_weights_of_models_are_refused_rather_than_ignored():
    X, y = panel()
    model = AnchoredRegressor(RandomSelector(4, random_state=0), SignatureRegressor())
    with pytest.raises(ValueError, match="the regressor SignatureRegressor does not take"):
        model.fit(X, y, sample_weight=np.ones(30))


def test_fit_leaves_the_users_regressor_alone():
    X, y = panel()
    ridge = Ridge()
    fitted = SignatureRegressor(ridge).fit(X, y)
    assert not hasattr(ridge, "coef_")
    assert fitted.regressor_ is not ridge


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"regressor": PCA()}, "The 'regressor' parameter"),
        ({"n_components": 0}, "The 'n_components' parameter"),
        ({"n_components": 1.5}, "The 'n_components' parameter"),
        ({"regressor": Ridge(alpha=-1)}, "The 'alpha' parameter of Ridge"),
    ],
)
def test_invalid_parameters_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        SignatureRegressor(**params).fit(*panel())


@pytest.mark.slow
def test_disco_beats_a_signature_of_random_items_on_real_data():
    X, y = load_open_llm(task="arc_challenge", return_X_y=True)

    def error(selector):
        model = AnchoredRegressor(selector, SignatureRegressor.random_forest(random_state=0))
        return abs(model.fit(X[::2], y[::2]).predict(X[1::2]) - y[1::2]).mean()

    random = np.mean([error(RandomSelector(20, random_state=seed)) for seed in range(4)])
    assert error(DisagreementSelector(20)) < 0.95 * random
