"""One job: refit, hide, predict, score; a failure is a result."""

import re
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from _panels import FirstItemsRegressor, answers
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.dummy import DummyRegressor
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import (
    AnchoredRegressor,
    ImputedScoreRegressor,
    RandomSelector,
    ResidualRidgeRegressor,
    SparseRidgeSelector,
    TailoredSelector,
    WeightedMeanRegressor,
)
from sklearn_sparseeval.comparison import compare_estimators
from sklearn_sparseeval.metrics import get_scorers, kendall_tau_score

SCORERS = {name: get_scorers()[name] for name in ("neg_mean_absolute_error", "kendall_tau")}
SPLIT = np.arange(40), np.arange(40, 60)


@pytest.fixture(scope="module")
def data():
    return answers(60, 25)


def run(method, data, *, n_anchors=5, scorers=SCORERS):
    """Return what a comparison of one method on one split says of it."""
    with warnings.catch_warnings():
        # That a failure is told is tested elsewhere.
        warnings.filterwarnings("ignore", "'m' failed in 1 of 1 fits")
        comparison = compare_estimators(
            {"m": method},
            *data,
            cv=[SPLIT],
            n_anchors=n_anchors,
            scoring=scorers,
            random_state=0,
            progress=False,
        )
    frame = comparison.frame()
    first = frame.iloc[0]
    predictions = comparison.predictions()["y_pred"].to_numpy()
    return SimpleNamespace(
        scores=dict(zip(frame["metric"], frame["value"], strict=True)),
        predicted=predictions.reshape(len(SPLIT[1]), -1).squeeze() if len(predictions) else None,
        error=first["error"],
        fit_seconds=first["fit_seconds"],
        predict_seconds=first["predict_seconds"],
    )


@pytest.mark.slow
def test_the_result_is_that_of_fitting_on_sources_and_predicting_targets(data):
    X, y = data
    result = run(AnchoredRegressor(SparseRidgeSelector(), ResidualRidgeRegressor()), data)
    by_hand = make_pipeline(SparseRidgeSelector(5), ResidualRidgeRegressor()).fit(X[:40], y[:40])
    predicted = by_hand.predict(X[40:])
    np.testing.assert_allclose(result.predicted, predicted, rtol=1e-12)
    assert result.error is None
    assert result.scores == {
        "mean_absolute_error": pytest.approx(mean_absolute_error(y[40:], predicted)),
        "kendall_tau": pytest.approx(kendall_tau_score(y[40:], predicted)),
    }
    assert result.fit_seconds > 0
    assert result.predict_seconds > 0


def test_reading_more_than_the_anchors_gains_nothing(data):
    X = data[0]
    result = run(FirstItemsRegressor(), data, n_anchors=3)
    np.testing.assert_array_equal(result.predicted, X[40:, :3].mean(axis=1))


def test_a_selector_that_takes_no_nan_gets_the_items_means(data):
    X, y = data
    method = lambda n_anchors: make_pipeline(  # noqa: E731
        SelectKBest(f_regression, k=n_anchors), Ridge()
    )
    result = run(method, data)
    expected = method(5).fit(X[:40], y[:40]).predict(X[40:])
    np.testing.assert_allclose(result.predicted, expected)


def test_a_constant_prediction_needs_no_anchors(data):
    result = run(lambda n_anchors: DummyRegressor(), data, scorers={"bias": get_scorers()["bias"]})
    assert result.predicted == pytest.approx([data[1][:40].mean()] * 20)


class Fails(FirstItemsRegressor):
    def __init__(self, n_anchors=1, at="fit", error=None):
        super().__init__(n_anchors)
        self.at = at
        self.error = error

    def fit(self, X, y):
        if self.at == "fit":
            raise self.error or RuntimeError("no luck")
        return super().fit(X, y)

    def predict(self, X):
        if self.at == "predict":
            raise RuntimeError("no luck")
        if self.at == "shape":
            return np.zeros(3)
        if self.at == "wide":
            return np.zeros((2, 10))
        return np.full(len(X), np.nan)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "error"),
    [
        (Fails(at="fit"), "RuntimeError: no luck"),
        (Fails(at="predict"), "RuntimeError: no luck"),
        (Fails(at="shape"), r"returned an array of shape \(3,\) for targets of shape \(20,\)"),
        (Fails(at="wide"), r"of shape \(2, 10\)"),
        (Fails(at="nan"), "20 of 20 predictions are not finite"),
        (lambda n_anchors: Ridge(), "Input X contains NaN"),
        (lambda n_anchors: RandomSelector(n_anchors), "no attribute 'predict'"),
        (
            make_pipeline(PCA(9), RandomSelector(random_state=0), Ridge()),
            "The Pipeline has a parameter n_anchors, but which items it reads is not known",
        ),
        (
            lambda n_anchors: AnchoredRegressor(RandomSelector(9), Ridge()),
            "reads 9 of 25 items, but n_anchors=5",
        ),
        (
            GridSearchCV(
                AnchoredRegressor(RandomSelector(random_state=0), WeightedMeanRegressor()),
                {"selector__n_anchors": [20]},
            ),
            "reads 20 of 25 items",
        ),
    ],
    ids=[
        "fit",
        "predict",
        "shape",
        "wide",
        "nan",
        "no anchors",
        "no regressor",
        "no items",
        "fixed",
        "search",
    ],
)
def test_a_failure_is_recorded(data, method, error):
    result = run(method, data)
    assert re.search(error, result.error)
    assert result.predicted is None
    assert set(result.scores) == {"mean_absolute_error", "kendall_tau"}
    assert np.isnan(list(result.scores.values())).all()


def test_ctrl_c_is_no_failure(data):
    with pytest.raises(KeyboardInterrupt):
        run(Fails(error=KeyboardInterrupt()), data)


class Counts(FirstItemsRegressor):
    """Counts its predictions, and has more than predict to be scored by."""

    predictions = 0
    colour = "green"

    def predict(self, X):
        Counts.predictions += 1
        return np.zeros(len(X))


def test_scorers_see_the_fitted_estimator_and_predict_once(data):
    Counts.predictions = 0
    scorers = {
        **SCORERS,
        "neg_max_absolute_error": get_scorers()["neg_max_absolute_error"],
        "colour": lambda estimator, X, y: float(estimator.colour == "green"),
        "unknown": lambda estimator, X, y: float(hasattr(estimator, "__len__")),
    }
    del scorers["kendall_tau"]  # undefined for a constant
    result = run(Counts(), data, scorers=scorers)
    assert Counts.predictions == 1
    assert (result.scores["colour"], result.scores["unknown"]) == (1, 0)


@pytest.mark.slow
def test_anchors_of_each_model_s_own_count_towards_the_budget(data):
    X = data[0]
    method = AnchoredRegressor(TailoredSelector(n_probes=3), ImputedScoreRegressor())
    result = run(method, data, n_anchors=8)
    assert result.error is None
    fitted = clone(method).set_params(selector__n_anchors=8).fit(X[:40], data[1][:40])
    np.testing.assert_allclose(result.predicted, fitted.predict(X[40:]))
    fixed = run(lambda n_anchors: clone(method).set_params(selector__n_anchors=9), data)
    assert "reads 9 of 25 items, but n_anchors=5" in fixed.error


@pytest.mark.slow
def test_a_column_vector_is_a_prediction(data):
    class Column(FirstItemsRegressor):
        def predict(self, X):
            return super().predict(X)[:, np.newaxis]

    np.testing.assert_array_equal(
        run(Column(), data).predicted, run(FirstItemsRegressor(), data).predicted
    )


def test_a_method_that_cannot_be_made_has_failed(data):
    result = run(lambda n_anchors: 1 / 0, data)
    assert result.error == "ZeroDivisionError: division by zero"


def test_several_tasks(data):
    X, y = data
    targets = np.column_stack([y, X[:, 0]])
    method = AnchoredRegressor(SparseRidgeSelector(), Ridge())
    result = run(method, (X, targets))
    assert np.shape(result.predicted) == (20, 2)
