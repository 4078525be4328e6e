"""AnchoredRegressor: what it hands to selector and regressor, and what it never looks at."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVR
from sklearn.utils import get_tags

from sklearn_sparseeval import (
    AnchorSelector,
    AnchorTags,
    DifferenceRegressor,
    MLPScoreRegressor,
)
from sklearn_sparseeval.anchored import AnchoredRegressor
from sklearn_sparseeval.methods import get_methods

CHOSEN = [5, 1, 3]  # not in item order
WEIGHTS = np.array([0.5, 0.3, 0.2])
RNG = np.random.default_rng(0)
X = RNG.random((20, 8))
Y = X @ RNG.random(8)
NAMES = [f"item{i}" for i in range(8)]
FRAME = pd.DataFrame(X, columns=NAMES, index=[f"model{i}" for i in range(20)])


class GivenSelector(AnchorSelector):
    """Chooses items in an order that is not theirs, with weights."""

    def __init__(self, n_anchors=3, *, first=5, missing_anchors="raise"):
        super().__init__(n_anchors, missing_anchors=missing_anchors)
        self.first = first

    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        self.y_seen_, self.weight_seen_ = y, sample_weight
        self.anchor_weights_ = WEIGHTS[:n_anchors]
        return [self.first, 1, 3][:n_anchors]


class UnweightedSelector(GivenSelector):
    """The same without weights."""

    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        return super()._choose_anchors(X, y, sample_weight, n_anchors) and self._forget()

    def _forget(self):
        del self.anchor_weights_
        return CHOSEN


class RecordingRegressor(RegressorMixin, BaseEstimator):
    """Keeps what it is given; takes the anchors' weights and sample weights."""

    def fit(self, X, y, sample_weight=None, anchor_weights=None):
        self.X_, self.y_, self.given_ = X, y, (sample_weight, anchor_weights)
        return self

    def predict(self, X):
        self.rows_ = X
        return np.asarray(X, dtype=float).sum(axis=1)

    def __sklearn_tags__(self):
        return AnchorTags(takes_anchor_weights=True).added_to(super().__sklearn_tags__())


class WholeRowRegressor(RecordingRegressor):
    """Learns from whole rows; predicts from what is not NaN."""

    def fit(self, X, y, anchors=None, anchor_weights=None):
        self.X_, self.given_ = X, (anchors, anchor_weights)
        return self

    def predict(self, X):
        self.rows_ = X
        return np.nansum(X, axis=1)

    def __sklearn_tags__(self):
        tags = AnchorTags(reads_whole_rows=True).added_to(super().__sklearn_tags__())
        tags.input_tags.allow_nan = True
        return tags


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def recorded(**params):
    return AnchoredRegressor(GivenSelector(**params), RecordingRegressor())


class TestWhatTheRegressorIsGiven:
    def test_the_columns_of_the_anchors_in_the_order_of_the_items(self):
        model = recorded().fit(X, Y)
        assert_array_equal(model.regressor_.X_, X[:, [1, 3, 5]])
        assert_array_equal(model.regressor_.y_, Y)
        assert_array_equal(model.anchors_, CHOSEN)

    def test_weights_in_the_order_of_its_columns(self):
        model = recorded().fit(X, Y)
        assert_array_equal(model.regressor_.given_[1], [0.3, 0.2, 0.5])
        assert_array_equal(model.anchor_weights_, WEIGHTS)

    def test_a_data_frame_with_names(self):
        model = recorded().fit(FRAME, Y)
        pd.testing.assert_frame_equal(model.regressor_.X_, FRAME[["item1", "item3", "item5"]])
        model.predict(FRAME[:4])
        pd.testing.assert_frame_equal(
            model.regressor_.rows_, FRAME[["item1", "item3", "item5"]][:4]
        )
        assert_array_equal(model.feature_names_in_, NAMES)
        assert_array_equal(model.selector_.feature_names_in_, NAMES)

    def test_whole_rows_and_anchors_where_it_asks_for_them(self):
        model = AnchoredRegressor(GivenSelector(), WholeRowRegressor()).fit(X, Y)
        assert_array_equal(model.regressor_.X_, X)
        anchors, weights = model.regressor_.given_
        assert_array_equal(anchors, CHOSEN)
        assert_array_equal(weights, WEIGHTS)
        model.predict(X)
        masked = np.full_like(X, np.nan)
        masked[:, CHOSEN] = X[:, CHOSEN]
        assert_array_equal(model.regressor_.rows_, masked)

    def test_no_weights_where_the_selector_has_none(self):
        model = AnchoredRegressor(UnweightedSelector(), RecordingRegressor()).fit(X, Y)
        assert model.regressor_.given_ == (None, None)
        assert not hasattr(model, "anchor_weights_")

    def test_weights_of_an_earlier_fit_are_forgotten(self):
        model = recorded().fit(X, Y).set_params(selector=UnweightedSelector()).fit(X, Y)
        assert not hasattr(model, "anchor_weights_")

    def test_the_last_step_of_a_pipeline_gets_the_weights(self):
        pipeline = make_pipeline(
            SimpleImputer(), make_pipeline("passthrough", RecordingRegressor())
        )
        model = AnchoredRegressor(GivenSelector(), pipeline).fit(X, Y)
        assert_array_equal(model.regressor_[-1][-1].given_[1], [0.3, 0.2, 0.5])

    def test_a_pipeline_cannot_end_in_a_regressor_that_reads_whole_rows(self):
        model = AnchoredRegressor(
            GivenSelector(), make_pipeline(SimpleImputer(), WholeRowRegressor())
        )
        with pytest.raises(ValueError, match="Give that step alone as regressor"):
            model.fit(X, Y)

    def test_the_row_means_of_the_evaluated_items_by_default(self):
        missing = X.copy()
        missing[2, [0, 6]] = np.nan
        model = recorded().fit(missing)
        assert_allclose(model.regressor_.y_, np.nanmean(missing, axis=1))
        assert_allclose(model.selector_.y_seen_[:, 0], np.nanmean(missing, axis=1))
        ones = recorded().fit((X > 0.5).astype(np.int8))
        assert_allclose(ones.regressor_.y_, (X > 0.5).mean(axis=1))

    def test_an_empty_row_is_the_selectors_error(self):
        missing = X.copy()
        missing[3] = np.nan
        with pytest.raises(ValueError, match=r"1 models have no result at all .* rows 3"):
            recorded().fit(missing)

    def test_several_tasks_where_it_predicts_several(self):
        two = np.column_stack([Y, -Y])
        assert AnchoredRegressor(GivenSelector(), Ridge()).fit(X, two).predict(X).shape == (20, 2)
        with pytest.raises(ValueError, match="1d array"):
            AnchoredRegressor(GivenSelector(), LinearSVR()).fit(X, two)


class TestWhatPredictReads:
    def test_it_equals_the_regressor_on_the_columns(self):
        model = AnchoredRegressor(GivenSelector(), Ridge()).fit(X, Y)
        by_hand = Ridge().fit(X[:, [1, 3, 5]], Y).predict(X[:, [1, 3, 5]])
        assert_allclose(model.predict(X), by_hand)

    @pytest.mark.parametrize("regressor", [Ridge(), WholeRowRegressor()])
    @pytest.mark.parametrize("junk", [np.nan, np.inf, "not run", None])
    def test_the_other_columns_may_hold_anything(self, junk, regressor):
        model = AnchoredRegressor(GivenSelector(), regressor).fit(X, Y)
        named = clone(model).fit(FRAME, Y)
        expected = model.predict(X)
        table = X.astype(object)
        table[:, [0, 2, 4, 6, 7]] = junk
        assert_array_equal(model.predict(table), expected)
        assert_array_equal(model.predict(table.tolist()), expected)
        assert_array_equal(named.predict(pd.DataFrame(table, columns=NAMES)), expected)
        columns = dict(zip(NAMES, table.T.tolist(), strict=True))
        assert_array_equal(named.predict(pl.DataFrame(columns, strict=False)), expected)

    def test_rows_from_the_anchors_results_are_predicted_alike(self):
        for data in (X, FRAME, pl.DataFrame(X, schema=NAMES)):
            model = AnchoredRegressor(GivenSelector(), Ridge()).fit(data, Y)
            results = data.iloc[:, [1, 3, 5]] if hasattr(data, "iloc") else data[:, [1, 3, 5]]
            full = model.selector_.inverse_transform(results)
            assert_array_equal(model.predict(full), model.predict(data))

    def test_a_missing_result_is_an_error_that_names_items_where_the_regressor_cannot(self):
        rows = X.copy()
        rows[:2, 3] = np.nan
        for model, data, name in (
            (AnchoredRegressor(GivenSelector(), Ridge()).fit(X, Y), rows, "3"),
            (
                AnchoredRegressor(GivenSelector(missing_anchors="keep"), Ridge()).fit(FRAME, Y),
                pd.DataFrame(rows, columns=NAMES),
                "'item3'",
            ),
        ):
            with pytest.raises(
                ValueError, match=rf"2 of 20 models .* on 1 of 3 anchors: {name}\. .*put an imputer"
            ):
                model.predict(data)

    @pytest.mark.slow
    def test_a_missing_result_in_training_is_an_error_too(self):
        rows = X.copy()
        rows[7, 5] = np.nan
        with pytest.raises(ValueError, match=r"1 of 20 models .* anchors: 5\. The regressor Ridge"):
            AnchoredRegressor(GivenSelector(), Ridge()).fit(rows, Y)
        AnchoredRegressor(GivenSelector(), HistGradientBoostingRegressor()).fit(rows, Y)

    @pytest.mark.parametrize(
        "regressor",
        [
            make_pipeline("passthrough", SimpleImputer(), Ridge()),
            TransformedTargetRegressor(make_pipeline(SimpleImputer(), Ridge())),
            GridSearchCV(make_pipeline(SimpleImputer(), Ridge()), {"ridge__alpha": [1]}, cv=2),
        ],
    )
    def test_an_imputer_inside_the_regressor_takes_missing_results(self, regressor):
        model = AnchoredRegressor(GivenSelector(), regressor).fit(X, Y)
        rows, filled = X.copy(), X.copy()
        rows[:2, 3], filled[:2, 3] = np.nan, X[:, 3].mean()
        assert_allclose(model.predict(rows), model.predict(filled))
        assert get_tags(model).input_tags.allow_nan

    def test_infinite_results_on_an_anchor_are_refused(self):
        rows = X.copy()
        rows[0, 1] = np.inf
        with pytest.raises(ValueError, match="infinity"):
            recorded().fit(X, Y).predict(rows)

    def test_width_and_names_are_checked(self):
        model = recorded().fit(FRAME, Y)
        with pytest.raises(ValueError, match=r"X has 7 features, but .* expecting 8"):
            recorded().fit(X, Y).predict(X[:, :7])
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict(FRAME[NAMES[::-1]])
        with pytest.raises(ValueError, match="Reshape your data"):
            recorded().fit(X, Y).predict(X[0])

    def test_before_fit_it_says_so(self):
        with pytest.raises(NotFittedError):
            recorded().predict(X)


class TestSampleWeight:
    def test_it_goes_to_both(self):
        weight = np.arange(20) + 1.0
        model = recorded().fit(X, Y, sample_weight=weight)
        assert_array_equal(model.selector_.weight_seen_, weight)
        assert_array_equal(model.regressor_.given_[0], weight)

    def test_it_goes_to_the_last_step_of_a_pipeline(self):
        weight = np.arange(20) + 1.0
        pipeline = make_pipeline(StandardScaler(), RecordingRegressor())
        model = AnchoredRegressor(GivenSelector(), pipeline).fit(X, Y, sample_weight=weight)
        assert_array_equal(model.regressor_[-1].given_[0], weight)

    def test_it_is_never_ignored(self):
        weight = np.ones(20)
        with pytest.raises(ValueError, match="the regressor KNeighborsRegressor does not take"):
            AnchoredRegressor(GivenSelector(), KNeighborsRegressor()).fit(X, Y, weight)
        with pytest.raises(ValueError, match="the selector SelectKBest does not take"):
            AnchoredRegressor(SelectKBest(f_regression, k=3), Ridge()).fit(X, Y, weight)


class TestMetadataRouting:
    def test_other_metadata_is_refused_without_it(self):
        with pytest.raises(ValueError, match="only supported if enable_metadata_routing=True"):
            recorded().fit(X, Y, groups=np.arange(20))

    @pytest.mark.usefixtures("routing")
    def test_metadata_goes_where_it_is_requested(self):
        weight, groups = np.arange(20) + 1.0, np.arange(20) % 4
        mlp = MLPScoreRegressor(
            max_iter=3, early_stopping=True, validation_fraction=0.25, random_state=0
        )
        model = AnchoredRegressor(
            GivenSelector().set_fit_request(sample_weight=True),
            mlp.set_fit_request(groups=True, sample_weight=False),
        ).fit(X, Y, sample_weight=weight, groups=groups)
        assert_array_equal(model.selector_.weight_seen_, weight)
        by_hand = clone(mlp).fit(X[:, [1, 3, 5]], Y, groups=groups)
        assert_array_equal(model.predict(X), by_hand.predict(X[:, [1, 3, 5]]))
        ungrouped = clone(mlp).fit(X[:, [1, 3, 5]], Y)
        assert (by_hand.predict(X[:, [1, 3, 5]]) != ungrouped.predict(X[:, [1, 3, 5]])).any()

    @pytest.mark.usefixtures("routing")
    def test_metadata_is_sliced_by_fold(self):
        model = AnchoredRegressor(
            GivenSelector().set_fit_request(sample_weight=True),
            RecordingRegressor().set_fit_request(sample_weight=True),
        )
        weight = np.arange(20) + 1.0
        runs = cross_validate(
            model, X, Y, cv=GroupKFold(4), return_estimator=True, return_indices=True,
            params={"sample_weight": weight, "groups": np.arange(20) % 4},
        )  # fmt: skip
        for fitted, rows in zip(runs["estimator"], runs["indices"]["train"], strict=True):
            assert_array_equal(fitted.selector_.weight_seen_, weight[rows])
            assert_array_equal(fitted.regressor_.given_[0], weight[rows])

    @pytest.mark.usefixtures("routing")
    def test_what_nobody_asked_for_is_refused(self):
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            recorded().fit(X, Y, sample_weight=np.ones(20))

    @pytest.mark.usefixtures("routing")
    def test_a_pipeline_asks_for_the_weights_of_the_anchors(self):
        def last_step(request):
            step = RecordingRegressor().set_fit_request(sample_weight=False)
            if request is not None:
                step.set_fit_request(anchor_weights=request)
            pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), step)
            return AnchoredRegressor(GivenSelector(), pipeline).fit(X, Y).regressor_[-1]

        assert_array_equal(last_step(True).given_[1], [0.3, 0.2, 0.5])
        assert last_step(False).given_[1] is None
        with pytest.raises(UnsetMetadataPassedError, match="anchor_weights"):
            last_step(None)


class TestAsAnEstimator:
    @pytest.mark.parametrize("regressor", [Ridge(), DifferenceRegressor()])
    def test_clones_and_pickles_predict_alike(self, regressor):
        model = AnchoredRegressor(GivenSelector(), regressor).fit(X, Y)
        expected = model.predict(X)
        assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), expected)
        assert_array_equal(clone(model).fit(X, Y).predict(X), expected)

    def test_fit_leaves_the_users_estimators_alone(self):
        selector, regressor = GivenSelector(), Ridge()
        AnchoredRegressor(selector, regressor).fit(X, Y)
        assert not hasattr(selector, "anchors_")
        assert not hasattr(regressor, "coef_")

    def test_selectors_of_scikit_learn_plug_in(self):
        model = AnchoredRegressor(SelectKBest(f_regression, k=3), Ridge()).fit(X, Y)
        items = model.selector_.get_support(indices=True)
        assert_array_equal(model.anchors_, items)
        rows = np.full_like(X, np.nan)
        rows[:, items] = X[:, items]
        assert_array_equal(model.predict(rows), model.predict(X))

    def test_tags_follow_from_both(self):
        tags = get_tags(AnchoredRegressor(GivenSelector(), DifferenceRegressor()))
        assert tags.input_tags.allow_nan
        assert tags.target_tags.multi_output
        assert tags.regressor_tags.poor_score
        assert not tags.target_tags.required
        plain = get_tags(AnchoredRegressor(GivenSelector(), LinearSVR()))
        assert not plain.input_tags.allow_nan
        assert not plain.target_tags.multi_output
        assert not plain.regressor_tags.poor_score
        blind = get_tags(AnchoredRegressor(SelectKBest(), DifferenceRegressor()))
        assert not blind.input_tags.allow_nan

    @pytest.mark.parametrize(
        "params", [{"selector": Ridge()}, {"regressor": "ridge"}, {"memory": 3}]
    )
    def test_estimators_of_the_wrong_kind_are_refused(self, params):
        with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
            recorded().set_params(**params).fit(X, Y)

    def test_parameters_of_the_users_estimators_are_checked(self):
        with pytest.raises(ValueError, match="The 'alpha' parameter of Ridge"):
            AnchoredRegressor(GivenSelector(), Ridge(alpha=-1)).fit(X, Y)

    def test_score_is_that_of_a_regressor(self):
        model = AnchoredRegressor(GivenSelector(), Ridge()).fit(X, Y)
        error = ((model.predict(X) - Y) ** 2).mean()
        assert_allclose(model.score(X, Y), 1 - error / Y.var())


@pytest.mark.parametrize("method", ["random-ridge", "lasso", "random-mean", "low-rank"])
def test_a_model_without_a_result_is_refused_by_every_kind_of_method(method):
    rng = np.random.default_rng(0)
    scores = (rng.random((20, 24)) < 0.5).astype(float)
    model = get_methods()[method](5)
    model.set_params(**{k: 0 for k in model.get_params() if k.endswith("random_state")})
    with pytest.raises(ValueError, match="have no result"):
        model.fit(scores).predict(np.full((2, 24), np.nan))
