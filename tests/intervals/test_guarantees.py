"""Coverage, verdicts and probabilities by simulation, on panels of a known law."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from sklearn_sparseeval import (
    AnchoredIntervalRegressor,
    AnchoredRegressor,
    ResidualRidgeRegressor,
    SparseRidgeSelector,
    StratifiedSelector,
    WeightedMeanRegressor,
)

QUICK = AnchoredRegressor(SparseRidgeSelector(10, exchange=False), ResidualRidgeRegressor())


def panel(n_models, n_items=80, shift=0.0, seed=0):
    """Draw right and wrong answers by a two-parameter logistic model."""
    items = np.random.default_rng(0)
    slope, level = items.uniform(0.5, 2, n_items), items.normal(0, 1.5, n_items)
    rng = np.random.default_rng(seed)
    strength = rng.normal(shift, 1, n_models)
    X = (rng.random((n_models, n_items)) < expit(np.outer(strength, slope) + level)).astype(float)
    return X, X.mean(axis=1)


def covered(y, bounds):
    return (bounds[:, 0] <= y) & (y <= bounds[:, 1])


@pytest.fixture(scope="module")
def fitted():
    X, y = panel(90)
    return AnchoredIntervalRegressor(QUICK, n_folds=4, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def beyond():
    """Fitted on weak models, with models that are stronger than all of them."""
    X, y = panel(90, shift=-2)
    model = AnchoredIntervalRegressor(QUICK, n_folds=4, random_state=0).fit(X, y)
    strong, score = panel(400, shift=2, seed=2)
    above = score > y.max() + 0.1
    return model, strong[above], score[above]


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
def test_like_models_are_covered_as_often_as_said(fitted, coverage):
    X, y = panel(600, seed=1)
    share = covered(y, fitted.predict_interval(X, coverage)).mean()
    assert share == pytest.approx(coverage, abs=0.08)


def test_stronger_models_are_said_to_be_and_covered(beyond):
    model, X, y = beyond
    assert len(y) > 50
    assert (model.applicability(X).reason == "stronger").mean() > 0.85
    assert covered(y, model.predict_interval(X)).mean() > 0.85


def test_stronger_models_are_not_drawn_back(beyond):
    model, X, y = beyond
    own = np.abs(np.clip(model.estimator_.predict(X), 0, 1) - y)
    assert np.abs(model.predict(X) - y).mean() < 0.8 * own.mean()


def test_few_like_models_are_called_unlike(fitted):
    X, _ = panel(600, seed=3)
    assert (~fitted.applicability(X).like).mean() < 0.1


def test_unlike_models_get_the_width_of_a_random_sample(beyond):
    model, X, _ = beyond
    unlike = ~model.applicability(X).like.to_numpy()
    y = model.predict(X)[unlike]
    half = stats.t.ppf(0.95, 89) * np.sqrt(np.maximum(y * (1 - y), 0.03) / (10 / (1 - 10 / 80)))
    bounds = model.predict_interval(X)[unlike]
    assert (bounds[:, 0] <= y - half + 1e-9).all()
    assert (bounds[:, 1] >= np.minimum(y + half, 1) - 1e-9).all()


def test_shuffled_models_are_odd(fitted):
    X, _ = panel(200, seed=4)
    shuffled = np.random.default_rng(0).permuted(X, axis=1)
    usual, odd = (fitted.applicability(rows).p_pattern for rows in (X, shuffled))
    assert odd.mean() < usual.mean() - 0.1
    assert stats.kstest(usual, "uniform").statistic < 0.15  # a p-value


def test_a_false_alarm_costs_little(fitted):
    X, y = panel(600, seed=5)
    own = np.abs(np.clip(fitted.estimator_.predict(X), 0, 1) - y)
    assert np.abs(fitted.predict(X) - y).mean() < 1.03 * own.mean()


def test_split_covers_at_least_as_often_as_said():
    reached = []
    mean = AnchoredRegressor(StratifiedSelector(10), WeightedMeanRegressor())
    X_new, y_new = panel(400, seed=99)
    for seed in range(8):
        X, y = panel(30, seed=seed)
        model = AnchoredIntervalRegressor(mean, method="split", random_state=seed).fit(X, y)
        reached.append(covered(y_new, model.predict_interval(X_new, 0.8)).mean())
    # Ten models calibrate: the Beta law has mean 9 / 11 and standard deviation .11.
    assert np.mean(reached) > 9 / 11 - 2.5 * 0.11 / np.sqrt(8)


def test_probabilities_mean_what_they_say(fitted):
    X, y = panel(400, seed=6)
    first, second = np.arange(200), np.arange(200, 400)
    p = fitted.prob_better(X[first], X[second])
    won, tied = y[first] > y[second], y[first] == y[second]
    sure, right = np.maximum(p, 1 - p)[~tied], np.where(p > 0.5, won, ~won)[~tied]
    assert right[sure >= 0.95].mean() >= 0.95
    assert (sure >= 0.95).mean() > 0.3
    middling = (sure >= 0.6) & (sure < 0.95)
    assert right[middling].mean() > sure[middling].mean() - 0.08


def test_probabilities_of_the_two_orders_add_to_one(fitted):
    X, _ = panel(40, seed=7)
    assert fitted.prob_better(X[:20], X[20:]) + fitted.prob_better(X[20:], X[:20]) == pytest.approx(
        1
    )
    assert fitted.prob_better(X, X) == pytest.approx(np.full(40, 0.5))


def test_the_average_of_tasks_is_covered():
    X, _ = panel(90, n_items=120)
    X_new, _ = panel(300, n_items=120, seed=8)
    tasks = np.repeat(np.arange(3), 40)
    y, y_new = (
        np.column_stack([rows[:, tasks == task].mean(axis=1) for task in range(3)])
        for rows in (X, X_new)
    )
    model = AnchoredIntervalRegressor(QUICK, n_anchors=12, n_folds=4, random_state=0).fit(X, y)
    bounds = model.predict_macro_interval(X_new)
    assert covered(y_new.mean(axis=1), bounds).mean() == pytest.approx(0.9, abs=0.06)
    assert np.diff(bounds).mean() < 0.9 * np.diff(model.predict_interval(X_new)).mean()
