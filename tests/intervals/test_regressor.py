"""AnchoredIntervalRegressor: what goes in, what comes out, and what it must not depend on."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import (
    AnchoredIntervalRegressor,
    AnchoredRegressor,
    DifferenceRegressor,
    ImputedScoreRegressor,
    NeighborImputer,
    ResidualRidgeRegressor,
    SparseRidgeSelector,
    StratifiedSelector,
    TailoredSelector,
    WeightedMeanRegressor,
)
from sklearn_sparseeval.datasets import make_score_matrix
from sklearn_sparseeval.metrics import get_interval_scorers

SELECTOR = SparseRidgeSelector(8, exchange=False)
QUICK = AnchoredRegressor(SELECTOR, ResidualRidgeRegressor())


def panel(n_models=40, n_items=60, seed=0):
    made = make_score_matrix(n_models, n_items, random_state=seed)
    return made.data.astype(float), made.target


X, Y = panel()
OLD, NEW = np.arange(30), np.arange(30, 40)


def quick(estimator=QUICK, **params):
    return AnchoredIntervalRegressor(estimator, n_folds=3, random_state=0, **params)


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(X[OLD], Y[OLD])


def test_shapes_and_order(fitted):
    y, bounds = fitted.predict(X[NEW]), fitted.predict_interval(X[NEW])
    assert y.shape == (10,)
    assert bounds.shape == (10, 2)
    assert (bounds[:, 0] <= y).all()
    assert (y <= bounds[:, 1]).all()
    assert bounds.min() >= 0
    assert bounds.max() <= 1


def test_more_coverage_is_wider(fitted):
    narrow, wide = (np.diff(fitted.predict_interval(X[NEW], one)) for one in (0.5, 0.95))
    assert (narrow < wide).all()


def test_the_estimators_own_prediction_for_models_within_the_sources(fitted):
    middling = np.argsort(Y)[10:25]
    own = fitted.estimator_.predict(X[middling])
    assert fitted.predict(X[middling]) == pytest.approx(own)


def test_only_the_anchors_are_read(fitted):
    rows = X[NEW].astype(object)
    rows[:, np.setdiff1d(np.arange(60), fitted.anchors_)] = "anything"
    assert (fitted.predict_interval(rows) == fitted.predict_interval(X[NEW])).all()
    assert len(fitted.anchors_) == 8
    assert (fitted.anchors_for(X[NEW]) == fitted.anchors_).all()


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_data_frames(kind, fitted):
    frame = pd.DataFrame(X, columns=[f"item {i}" for i in range(60)])
    frame = frame if kind is pd.DataFrame else kind(frame)
    model = quick().fit(frame[:30], Y[OLD])
    bounds = model.predict_interval(frame[30:])
    assert (bounds == fitted.predict_interval(X[NEW])).all()
    alone = frame[[f"item {i}" for i in fitted.anchors_[::-1]]][30:]
    assert (model.predict_interval(alone) == bounds).all()


def test_the_table_of_verdicts_has_the_models_names(fitted):
    frame = pd.DataFrame(X[NEW], index=[f"model {i}" for i in NEW])
    table = fitted.applicability(frame)
    assert list(table.columns) == ["like", "reason", "p_strength", "p_pattern"]
    assert list(table.index) == list(frame.index)
    assert (table.like == (table.reason == "like")).all()


def test_same_seed_same_bits_in_any_order(fitted):
    order = np.random.default_rng(1).permutation(OLD)
    again = quick().fit(X[order], Y[order])
    assert (again.predict_interval(X[NEW]) == fitted.predict_interval(X[NEW])).all()
    assert (again.prob_better(X[:5], X[5:10]) == fitted.prob_better(X[:5], X[5:10])).all()


def test_clone_and_pickle(fitted):
    copy = pickle.loads(pickle.dumps(fitted))
    assert (copy.predict_interval(X[NEW]) == fitted.predict_interval(X[NEW])).all()
    assert not hasattr(clone(fitted), "reader_")


def test_copies_of_a_model_count_once_in_the_calibration():
    copied = np.r_[OLD, np.repeat(3, 20)]
    model = quick().fit(X[copied], Y[copied])
    assert len(model.calibration_.once) <= 30
    assert model.calibration_.once.max() == 1


def test_copies_are_as_good_as_weights():
    weight = np.where(OLD < 5, 3.0, 1.0)
    copied = np.repeat(OLD, weight.astype(int))
    by_weight = quick().fit(X[OLD], Y[OLD], sample_weight=weight)
    by_copies = quick().fit(X[copied], Y[copied])
    assert by_weight.predict_interval(X[NEW]) == pytest.approx(by_copies.predict_interval(X[NEW]))


def test_a_weight_of_zero_is_no_model():
    weight = np.r_[np.ones(30), np.zeros(10)]
    rows, y = X.copy(), Y.copy()
    rows[30:], y[30:] = np.nan, 0.5
    model = quick().fit(rows, y, sample_weight=weight)
    assert (model.predict(X[NEW]) == quick().fit(X[OLD], Y[OLD]).predict(X[NEW])).all()


def test_missing_results_in_history_and_targets():
    rng = np.random.default_rng(0)
    gaps = np.where(rng.random(X.shape) < 0.2, np.nan, X)
    model = quick().fit(gaps[OLD], Y[OLD])
    bounds = model.predict_interval(gaps[NEW])
    assert np.isfinite(bounds).all()
    complete = np.diff(model.predict_interval(X[NEW])).mean()
    assert np.diff(bounds).mean() > complete  # fewer results


def test_too_few_results_are_said_to_be(fitted):
    rows = X[NEW].copy()
    rows[:, fitted.anchors_[3:]] = np.nan
    assert (fitted.applicability(rows).reason == "too few results").all()


def test_a_model_without_results_is_refused(fitted):
    rows = X[NEW].copy()
    rows[2, fitted.anchors_] = np.nan
    with pytest.raises(ValueError, match=r"1 models have no result .*rows 2"):
        fitted.predict(rows)


@pytest.mark.parametrize(("low", "high"), [(0, 100), (-1, 1), (1, 10)])
def test_any_score_range(low, high, fitted):
    rows, y = low + (high - low) * X, low + (high - low) * Y
    model = quick(score_range=(low, high)).fit(rows[OLD], y[OLD])
    bounds = (model.predict_interval(rows[NEW]) - low) / (high - low)
    assert bounds == pytest.approx(fitted.predict_interval(X[NEW]), abs=1e-5)


def test_scores_in_percent_of_results_that_are_shares(fitted):
    model = quick(AnchoredRegressor(SELECTOR, Ridge())).fit(X[OLD], 100 * Y[OLD])
    assert (model.scale_.low, model.scale_.high) == (pytest.approx(0), pytest.approx(100))


def test_a_score_outside_the_range_is_refused():
    with pytest.raises(ValueError, match="outside the score range"):
        quick(score_range=(0.4, 0.6)).fit(X, Y)


def test_several_tasks():
    both = np.column_stack([X[:, :30].mean(axis=1), X[:, 30:].mean(axis=1)])
    model = quick().fit(X[OLD], both[OLD])
    bounds = model.predict_interval(X[NEW])
    assert bounds.shape == (10, 2, 2)
    assert model.predict(X[NEW]).shape == (10, 2)
    assert model.prob_better(X[:3], X[3:6]).shape == (3, 2)
    macro = model.predict_macro_interval(X[NEW])
    assert (macro[:, 0] <= model.predict_macro(X[NEW])).all()
    # Errors that do not all have one sign cancel in part.
    middling = (model.applicability(X[NEW]).like & (Y[NEW] < Y[OLD].max() - 0.2)).to_numpy()
    apart = np.diff(bounds).mean(axis=1)
    assert np.diff(macro)[middling].mean() < apart[middling].mean()
    one = model.predict_macro_interval(X[NEW], task_weights=[1, 0])
    assert np.diff(one).mean() == pytest.approx(np.diff(bounds[:, 0]).mean(), rel=0.3)


@pytest.mark.parametrize("weights", [[1], [0, 0], [1, -1]])
def test_weights_of_tasks_are_checked(weights):
    model = quick().fit(X[OLD], np.column_stack([Y, Y])[OLD])
    with pytest.raises(ValueError, match="one for each task"):
        model.predict_macro(X, weights)


def test_families_are_held_out_whole():
    families = np.repeat(np.arange(10), 3)
    seen = []

    class Spy(AnchoredRegressor):
        def fit(self, X, y=None, sample_weight=None):
            seen.append({row.tobytes() for row in X})
            return super().fit(X, y, sample_weight)

    quick(Spy(SELECTOR, ResidualRidgeRegressor())).fit(X[OLD], Y[OLD], groups=families)
    assert len(seen) == 4  # three folds and all
    for family in range(10):
        rows = {row.tobytes() for row in X[OLD][families == family]}
        assert all(rows <= fold or not rows & fold for fold in seen)


def test_anchors_are_chosen_anew_in_every_fold():
    chosen = []

    class Spy(SparseRidgeSelector):
        def fit(self, X, y=None, sample_weight=None):
            super().fit(X, y, sample_weight)
            chosen.append(tuple(sorted(self.anchors_)))
            return self

    quick(AnchoredRegressor(Spy(8), ResidualRidgeRegressor())).fit(X[OLD], Y[OLD])
    assert len(chosen) == 4
    assert len(set(chosen)) > 1


def test_split_calibrates_with_models_that_chose_nothing():
    model = quick(method="split").fit(X[OLD], Y[OLD])
    assert len(model.calibration_.z) == 10
    assert model.predict_interval(X[NEW], 0.9).shape == (10, 2)
    # Ten models cannot promise 95 %.
    assert (model.predict_interval(X[NEW], 0.95) == [0, 1]).all()


@pytest.mark.parametrize("n_models", [2, 3, 8])
def test_short_histories(n_models):
    model = quick().fit(X[:n_models], Y[:n_models])
    assert np.isfinite(model.predict_interval(X[NEW])).all()
    assert ((model.prob_better(X[:3], X[3:6]) - 0.5) ** 2 <= 0.25).all()


def test_one_model_is_not_a_history():
    with pytest.raises(ValueError, match="2 are needed"):
        quick().fit(X[[0, 0, 0]], Y[[0, 0, 0]])


@pytest.mark.parametrize("coverage", [0, 1, 90, "0.9"])
def test_coverage_is_checked(coverage, fitted):
    with pytest.raises(ValueError, match="coverage="):
        fitted.predict_interval(X, coverage)


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(SELECTOR, ResidualRidgeRegressor()),
        make_pipeline(SELECTOR, Ridge()),
        AnchoredRegressor(StratifiedSelector(8), DifferenceRegressor()),
        AnchoredRegressor(StratifiedSelector(8), WeightedMeanRegressor()),
        AnchoredRegressor(TailoredSelector(8), ImputedScoreRegressor(NeighborImputer(3))),
        GridSearchCV(
            make_pipeline(SELECTOR, ResidualRidgeRegressor()),
            {"residualridgeregressor__sum_to_one": [False, True]},
            cv=2,
        ),
    ],
    ids=["pipeline", "no NaN", "difference", "mean", "own anchors", "search"],
)
def test_around_any_estimator(estimator):
    model = quick(estimator).fit(X[OLD], Y[OLD])
    bounds = model.predict_interval(X[NEW])
    assert ((bounds[:, 0] <= Y[NEW]) & (Y[NEW] <= bounds[:, 1])).mean() >= 0.7


def test_number_of_anchors_goes_to_the_estimator():
    assert len(quick(n_anchors=5).fit(X, Y).anchors_) == 5
    with pytest.raises(ValueError, match="no parameter n_anchors"):
        quick(Ridge(), n_anchors=5).fit(X, Y)


def test_what_does_not_say_which_items_it_reads_is_refused():
    with pytest.raises(ValueError, match="does not say which items it reads"):
        quick(Ridge()).fit(X, Y)


def test_the_interval_scorers_find_it():
    found = cross_validate(quick(), X, Y, cv=2, scoring=get_interval_scorers())
    assert (found["test_interval_coverage"] > 0.6).all()
    assert np.isfinite(found["test_neg_winkler"]).all()


def test_an_estimator_that_takes_groups_gets_them():
    seen = []

    class Grouped(AnchoredRegressor):
        def fit(self, X, y=None, groups=None):
            seen.append(np.asarray(groups))
            return super().fit(X, y)

    families = np.repeat(["a", "b", "c", "d", "e"], 6)
    quick(Grouped(SELECTOR, ResidualRidgeRegressor())).fit(X[OLD], Y[OLD], groups=families)
    assert len(np.unique(seen[-1])) == 5
    assert all(len(np.unique(part)) < 5 for part in seen[:-1])


def test_auto_says_what_it_decided():
    model = AnchoredIntervalRegressor(n_anchors=8, n_folds=2, random_state=0).fit(X, Y)
    assert [note.kind for note in model.notes_] == ["automatic-anchors", "automatic-regressor"]
    assert quick().fit(X, Y).notes_ == []


def test_held_out_predictions_are_in_the_order_of_the_models():
    copied = np.r_[OLD, 3, 3]
    model = quick().fit(X[copied], Y[copied])
    predicted = model.held_out_predictions_
    assert predicted.shape == (32,)
    assert predicted[3] == predicted[30] == predicted[31]
    assert 0 < np.abs(predicted - Y[copied]).mean() < 0.1
    zero = quick().fit(X[OLD], Y[OLD], sample_weight=np.r_[0, np.ones(29)])
    assert np.isnan(zero.held_out_predictions_).tolist() == [True] + [False] * 29
