"""AnchoredRegressor with selectors that choose anchors for each model."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.impute import KNNImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_predict

from sklearn_sparseeval import (
    AnchoredRegressor,
    AnchorSelector,
    AnchorTags,
    DifferenceRegressor,
    ImputedScoreRegressor,
    NeighborImputer,
    StratifiedSelector,
    TailoredSelector,
    WeightedMeanRegressor,
)
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm

RNG = np.random.default_rng(0)
X = RNG.random((20, 9))
Y = X @ RNG.random(9)
NAMES = [f"item{i}" for i in range(9)]
FRAME = pd.DataFrame(X, columns=NAMES)
# Probes 4 and 1; then 0 and 7 for models that do well on item 4, or 8 and 2.
WELL, BADLY = [4, 1, 0, 7], [4, 1, 8, 2]


class ForkSelector(AnchorSelector):
    """Chooses anchors by the result on one probe."""

    def __init__(self, n_anchors=4, *, missing_anchors="raise"):
        super().__init__(n_anchors, missing_anchors=missing_anchors)

    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        self.probes_ = np.array(WELL[:2])
        self.anchor_weights_ = np.full(4, 0.25)
        return WELL

    def anchors_for(self, X):
        self.rows_ = X
        return np.where(X[:, [4]] > 0.5, WELL, BADLY)

    def __sklearn_tags__(self):
        return AnchorTags(anchors_for_each_model=True).added_to(super().__sklearn_tags__())


ANCHOR_TAGS = AnchorTags(reads_whole_rows=True, takes_anchor_weights=True)


class RecordingRegressor(RegressorMixin, BaseEstimator):
    """Learns from whole rows; keeps what it is given."""

    def fit(self, X, y, anchors=None, anchor_weights=None):
        self.X_, self.given_ = X, (anchors, anchor_weights)
        return self

    def predict(self, X):
        self.rows_ = X
        return np.nansum(X, axis=1)

    def __sklearn_tags__(self):
        tags = ANCHOR_TAGS.added_to(super().__sklearn_tags__())
        tags.input_tags.allow_nan = True
        return tags


class StrictRegressor(RecordingRegressor):
    """The same, but does not say that NaN is allowed."""

    def __sklearn_tags__(self):
        return ANCHOR_TAGS.added_to(RegressorMixin.__sklearn_tags__(self))


def own_anchors(rows=X):
    return np.where(rows[:, [4]] > 0.5, WELL, BADLY)


def only_own(rows=X):
    shown = np.full(rows.shape, np.nan)
    items = own_anchors(rows)
    np.put_along_axis(shown, items, np.take_along_axis(rows, items, axis=1), axis=1)
    return shown


def recorded(selector=None, data=X):
    return AnchoredRegressor(selector or ForkSelector(), RecordingRegressor()).fit(data, Y)


class TestWhatIsRead:
    def test_each_model_shows_its_own_anchors(self):
        model = recorded()
        model.predict(X)
        assert_array_equal(model.regressor_.rows_, only_own())

    def test_the_selector_sees_the_probes_alone(self):
        model = recorded()
        model.predict(X)
        probed = np.full_like(X, np.nan)
        probed[:, [1, 4]] = X[:, [1, 4]]
        assert_array_equal(model.selector_.rows_, probed)

    @pytest.mark.parametrize("junk", [np.nan, np.inf, "not run", None])
    def test_the_other_cells_may_hold_anything(self, junk):
        table = only_own().astype(object)
        table[np.isnan(only_own())] = junk
        expected = recorded().predict(X)
        assert_array_equal(recorded().predict(table), expected)
        assert_array_equal(recorded().predict(table.tolist()), expected)
        named = recorded(data=FRAME)
        assert_array_equal(named.predict(pd.DataFrame(table, columns=NAMES)), expected)
        columns = dict(zip(NAMES, table.T.tolist(), strict=True))
        assert_array_equal(named.predict(pl.DataFrame(columns, strict=False)), expected)

    def test_rows_do_not_influence_each_other(self):
        model = recorded()
        together = model.predict(X)
        assert_allclose([model.predict(row[np.newaxis])[0] for row in X], together)

    def test_fit_gets_whole_rows_and_neither_anchors_nor_weights(self):
        model = recorded()
        assert_array_equal(model.regressor_.X_, X)
        assert model.regressor_.given_ == (None, None)
        assert_array_equal(model.anchors_, WELL)
        assert_array_equal(model.anchor_weights_, [0.25] * 4)

    def test_an_ordinary_regressor_sees_the_default_anchors(self):
        model = AnchoredRegressor(ForkSelector(), Ridge()).fit(X, Y)
        columns = X[:, np.sort(WELL)]
        assert_allclose(model.predict(X), Ridge().fit(columns, Y).predict(columns))
        assert_array_equal(model.anchors_for(X), np.tile(WELL, (20, 1)))

    def test_a_missing_result_goes_on_or_is_named(self):
        rows = X.copy()
        rows[(X[:, 4] > 0.5).argmax(), 7] = np.nan
        rows[(X[:, 4] <= 0.5).argmax(), 7] = np.nan  # not its anchor
        model = recorded()
        model.predict(rows)
        assert_array_equal(model.regressor_.rows_, only_own(rows))
        strict = AnchoredRegressor(ForkSelector(), StrictRegressor()).fit(X, Y)
        with pytest.raises(ValueError, match=r"1 of 20 models .* on 1 of 6 anchors: 7\. "):
            strict.predict(rows)
        assert_array_equal(strict.predict(X), model.predict(X))

    def test_another_selector_is_another_kind(self):
        model = recorded().set_params(selector=StratifiedSelector(3, random_state=0)).fit(X, Y)
        assert_array_equal(model.regressor_.given_[0], model.anchors_)
        assert_array_equal(model.anchors_for(X[:2]), [model.anchors_, model.anchors_])


class TestAnchorsFor:
    def test_it_is_what_predict_reads(self):
        model = recorded()
        assert_array_equal(model.anchors_for(X), own_anchors())

    def test_the_probes_are_enough(self):
        probed = np.full_like(X, np.nan)
        probed[:, [1, 4]] = X[:, [1, 4]]
        assert_array_equal(recorded().anchors_for(probed), own_anchors())
        named = recorded(data=FRAME)
        assert_array_equal(named.anchors_for(pd.DataFrame(probed, columns=NAMES)), own_anchors())

    def test_predictions_from_the_anchors_are_those_from_whole_rows(self):
        model = recorded()
        rows = np.full_like(X, np.nan)
        anchors = model.anchors_for(X)
        np.put_along_axis(rows, anchors, np.take_along_axis(X, anchors, axis=1), axis=1)
        assert_array_equal(model.predict(rows), model.predict(X))

    @pytest.mark.parametrize(
        "data", [X, FRAME, pl.DataFrame(X, schema=NAMES)], ids=["array", "pandas", "polars"]
    )
    def test_an_ordinary_selector_has_the_same_for_all(self, data):
        model = AnchoredRegressor(StratifiedSelector(3, random_state=0), WeightedMeanRegressor())
        with pytest.warns(UserWarning, match="same units"):
            model.fit(data, Y)
        assert_array_equal(model.anchors_for(data), np.tile(model.anchors_, (20, 1)))

    def test_width_and_names_are_checked(self):
        with pytest.raises(ValueError, match=r"X has 8 features, but .* expecting 9"):
            recorded().anchors_for(X[:, :8])
        with pytest.raises(ValueError, match="feature names should match"):
            recorded(data=FRAME).anchors_for(FRAME[NAMES[::-1]])


TAILORED = {
    "ratio": ImputedScoreRegressor(NeighborImputer("auto", weights="uniform", calibration="ratio")),
    "scikit-learn": ImputedScoreRegressor(KNNImputer(n_neighbors=5)),
    "difference": DifferenceRegressor(),
}


@pytest.mark.parametrize("name", TAILORED)
class TestTailoredBench:
    @pytest.mark.slow
    def test_two_runs_of_a_target(self, name):
        scores, y = load_helm_lite(task="commonsense", return_X_y=True)
        model = AnchoredRegressor(TailoredSelector(40), TAILORED[name]).fit(scores[:-8], y[:-8])
        run = np.full((8, 500), np.nan)
        probes = model.selector_.probes_
        run[:, probes] = scores[-8:, probes]
        anchors = model.anchors_for(run)
        np.put_along_axis(run, anchors, np.take_along_axis(scores[-8:], anchors, axis=1), axis=1)
        assert_array_equal((~np.isnan(run)).sum(axis=1), 40)
        predicted = model.predict(run)
        assert abs(predicted - y[-8:]).mean() < 0.06
        assert_array_equal(model.predict(scores[-8:]), predicted)
        assert_array_equal(pickle.loads(pickle.dumps(model)).predict(run), predicted)

    @pytest.mark.slow
    def test_in_a_grid_and_in_cross_validation(self, name):
        scores, y = load_helm_lite(task="math", return_X_y=True)
        scores, y = scores[:40, :120], y[:40]
        model = AnchoredRegressor(TailoredSelector(20), TAILORED[name])
        search = GridSearchCV(model, {"selector__n_probes": [3, 10]}, cv=2).fit(scores, y)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        predicted = cross_val_predict(clone(model), scores, y, cv=2)
        # Two fits, each on the other half: what a target holds off its anchors changes nothing.
        for train, test in ((slice(20), slice(20, 40)), (slice(20, 40), slice(20))):
            fitted = clone(model).fit(scores[train], y[train])
            items = fitted.anchors_for(scores[test])
            hidden = np.full((20, 120), np.nan)
            np.put_along_axis(hidden, items, np.take_along_axis(scores[test], items, 1), axis=1)
            assert_allclose(fitted.predict(hidden), predicted[test])


@pytest.mark.slow
def test_tailored_anchors_beat_random_ones_on_real_data():
    scores, y = load_open_llm(task="arc_challenge", return_X_y=True)
    sources, targets = slice(0, None, 2), slice(1, 120, 2)

    def error(selector):
        model = AnchoredRegressor(selector, TAILORED["ratio"]).fit(scores[sources], y[sources])
        return abs(model.predict(scores[targets]) - y[targets]).mean()

    random = np.mean([error(StratifiedSelector(20, random_state=seed)) for seed in range(3)])
    assert error(TailoredSelector(20)) < 0.9 * random
