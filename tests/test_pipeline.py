"""Selector and regressor together, on real data, in the places where users put them."""

import pickle

import numpy as np
import polars as pl
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    LeaveOneGroupOut,
    cross_val_predict,
    cross_validate,
)
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import MLPScoreRegressor, SparseEvalSelector
from sklearn_sparseeval.datasets import load_helm_lite, load_zeroeval_gsm
from sklearn_sparseeval.metrics import get_scorers

MAE = "neg_mean_absolute_error"


def quick_selector(**params):
    """A selector with a linear proxy in closed form."""
    quick = {"n_anchors": 20, "proxy": Ridge(), "n_init": 1, "n_refinements": 3, "random_state": 0}
    return SparseEvalSelector(**quick | params)


def quick_pipeline(**params):
    return make_pipeline(quick_selector(**params), MLPScoreRegressor(max_iter=5, random_state=0))


@pytest.fixture(scope="module")
def helm():
    """Every fourth item of OpenbookQA as HELM ran it: 83 models of 18 families."""
    benchmark = load_helm_lite(task="commonsense", as_frame=True)
    benchmark.data = benchmark.data.iloc[:, ::4]
    return benchmark


@pytest.fixture(scope="module")
def arrays(helm):
    return helm.data.to_numpy(), helm.target.to_numpy()


@pytest.fixture(scope="module")
def pipeline(arrays):
    return quick_pipeline().fit(*arrays)


@pytest.mark.slow
def test_a_grid_search_over_families_is_the_same_in_one_process_and_in_two(arrays, helm):
    grid = {
        "sparseevalselector__n_anchors": [10, 20],
        "mlpscoreregressor__baseline": [None, "ridge"],
    }
    scorers = get_scorers(k=3)

    def search(n_jobs):
        return GridSearchCV(
            quick_pipeline(), grid, scoring=scorers, refit=MAE, cv=GroupKFold(3), n_jobs=n_jobs,
        ).fit(*arrays, groups=helm.families)  # fmt: skip

    one, two = search(1), search(2)
    timeless = [name for name in one.cv_results_ if "time" not in name]
    for name in timeless:
        assert_array_equal(one.cv_results_[name], two.cv_results_[name])
    assert {f"mean_test_{name}" for name in scorers} <= set(timeless)
    assert one.best_params_["mlpscoreregressor__baseline"] == "ridge"
    assert_array_equal(one.predict(arrays[0]), two.predict(arrays[0]))


@pytest.mark.slow
def test_the_trained_proxy_too_is_the_same_in_another_process(arrays, helm):
    selector = SparseEvalSelector(n_anchors=10, n_init=2, n_refinements=2, random_state=0)
    pipeline = make_pipeline(selector, MLPScoreRegressor(max_iter=5, random_state=0))
    options = {"groups": helm.families, "cv": GroupKFold(2), "return_estimator": True}
    runs = [cross_validate(pipeline, *arrays, n_jobs=n, **options) for n in (1, 2)]
    assert_array_equal(runs[0]["test_score"], runs[1]["test_score"])
    for one, two in zip(runs[0]["estimator"], runs[1]["estimator"], strict=True):
        assert_array_equal(one[0].anchors_, two[0].anchors_)


@pytest.mark.slow
def test_data_frames_and_arrays_give_the_same_scores(arrays, helm):
    options = {"groups": helm.families, "cv": GroupKFold(3), "scoring": get_scorers(k=3)}
    by_frame = cross_validate(quick_pipeline(), helm.data, helm.target, **options)
    by_array = cross_validate(quick_pipeline(), *arrays, **options)
    for name in options["scoring"]:
        assert_array_equal(by_frame[f"test_{name}"], by_array[f"test_{name}"])


def test_polars_goes_in_as_pandas_does(helm, pipeline, arrays):
    frame = pl.DataFrame(arrays[0], schema=list(helm.data.columns))
    fitted = quick_pipeline().fit(frame, pl.Series(arrays[1]))
    assert_array_equal(fitted.predict(frame), pipeline.predict(arrays[0]))
    assert list(fitted[0].feature_names_in_) == list(helm.data.columns)


def only_anchors(selector, X):
    off_anchors = np.ones(X.shape[1], dtype=bool)
    off_anchors[selector.anchors_] = False
    return np.where(off_anchors, np.nan, X)


def test_the_results_off_the_anchors_do_not_matter(pipeline, arrays):
    X = arrays[0]
    expected = pipeline.predict(X)
    partial = only_anchors(pipeline[0], X)
    assert np.isnan(partial).sum() == len(X) * (X.shape[1] - 20)
    assert_array_equal(pipeline.predict(partial), expected)


def test_from_results_on_the_anchors_to_a_score(pipeline, arrays):
    X = arrays[0]
    on_anchors = X[:, np.sort(pipeline[0].anchors_)]
    full = pipeline[0].inverse_transform(on_anchors)
    assert_array_equal(pipeline.predict(full), pipeline.predict(X))


def test_from_a_table_of_results_on_the_anchors_to_a_score(helm, pipeline, arrays):
    fitted = quick_pipeline().fit(helm.data, helm.target)
    table = helm.data[fitted[0].get_feature_names_out()]
    predicted = fitted.predict(fitted[0].inverse_transform(table))
    assert_array_equal(predicted, pipeline.predict(arrays[0]))


def test_a_missing_anchor_is_an_error_that_names_the_item(helm):
    fitted = quick_pipeline().fit(helm.data, helm.target)
    item = fitted[0].get_feature_names_out()[3]
    X = helm.data.copy()
    X.loc[X.index[:2], item] = np.nan
    with pytest.raises(ValueError, match=rf"2 of 83 models have no result .* '{item}'"):
        fitted.predict(X)


def test_an_imputer_takes_over_where_results_are_missing():
    zeroeval = load_zeroeval_gsm()
    assert np.isnan(zeroeval.data).any()
    pipeline = make_pipeline(
        quick_selector(missing_anchors="keep"),
        SimpleImputer(keep_empty_features=True),
        MLPScoreRegressor(max_iter=5, random_state=0),
    )
    fitted = pipeline.fit(zeroeval.data, zeroeval.target)
    new = zeroeval.data[:5].copy()
    new[:, fitted[0].anchors_[0]] = np.nan
    mean = np.nanmean(zeroeval.data[:, fitted[0].anchors_[0]])
    filled = new.copy()
    filled[:, fitted[0].anchors_[0]] = mean
    assert_allclose(fitted.predict(new), fitted.predict(filled))
    assert np.abs(fitted.predict(zeroeval.data) - zeroeval.target).mean() < 0.03


def test_clones_and_pickles_predict_alike(pipeline, arrays):
    X, y = arrays
    expected = pipeline.predict(X)
    assert_array_equal(pickle.loads(pickle.dumps(pipeline)).predict(X), expected)
    assert_array_equal(sklearn.clone(pipeline).fit(X, y).predict(X), expected)


def test_a_pandas_output_keeps_the_names_of_models_and_items(helm, pipeline, arrays):
    fitted = quick_pipeline().set_output(transform="pandas").fit(helm.data, helm.target)
    table = fitted[0].transform(helm.data)
    anchors = np.sort(fitted[0].anchors_)
    assert list(table.columns) == list(helm.data.columns[anchors])
    assert list(table.index) == list(helm.data.index)
    assert list(fitted[1].feature_names_in_) == list(table.columns)
    assert_array_equal(fitted.predict(helm.data), pipeline.predict(arrays[0]))


@pytest.mark.slow
def test_metadata_reaches_the_regressor_fold_by_fold(arrays, helm):
    X, y = arrays
    regressor = MLPScoreRegressor(
        max_iter=20, early_stopping=True, validation_fraction=0.2, random_state=0
    )
    weight = np.random.default_rng(0).uniform(0.5, 2.0, size=len(X))
    cv = GroupKFold(2)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = regressor.set_fit_request(sample_weight=True, groups=True)
        routed = make_pipeline(quick_selector().set_fit_request(sample_weight=False), routed)
        predicted = cross_val_predict(
            routed, X, y, cv=cv, params={"sample_weight": weight, "groups": helm.families}
        )
    for train, test in cv.split(X, y, helm.families):
        selector = quick_selector().fit(X[train], y[train])
        by_hand = sklearn.clone(regressor).fit(
            selector.transform(X[train]), y[train], weight[train], helm.families[train]
        )
        assert_array_equal(predicted[test], by_hand.predict(selector.transform(X[test])))


def test_weights_reach_the_selector_too(arrays):
    X, y = arrays
    weight = np.arange(len(X)) % 3
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(
            quick_selector().set_fit_request(sample_weight=True),
            MLPScoreRegressor(max_iter=5).set_fit_request(sample_weight=False, groups=False),
        ).fit(X, y, sample_weight=weight)
    by_hand = quick_selector().fit(X, y, sample_weight=weight)
    assert_array_equal(pipeline[0].anchors_, by_hand.anchors_)


def test_weights_go_by_step_without_routing(arrays):
    X, y = arrays
    weight = np.arange(len(X)) % 3 + 1.0
    pipeline = quick_pipeline().fit(X, y, mlpscoreregressor__sample_weight=weight)
    inputs = quick_selector().fit_transform(X, y)
    by_hand = MLPScoreRegressor(max_iter=5, random_state=0).fit(inputs, y, sample_weight=weight)
    assert_array_equal(pipeline.predict(X), by_hand.predict(inputs))


def test_a_transformed_target_is_predicted_in_its_own_units(pipeline, arrays):
    X, y = arrays
    percent = TransformedTargetRegressor(
        quick_pipeline(), func=lambda score: score / 100, inverse_func=lambda score: score * 100
    ).fit(X, 100 * y)
    assert_allclose(percent.predict(X), 100 * pipeline.predict(X), rtol=1e-7)
    partial = only_anchors(percent.regressor_[0], X)
    assert_array_equal(percent.predict(partial), percent.predict(X))


def test_several_benchmarks_are_predicted_at_once(arrays):
    X, _ = arrays
    parts = np.column_stack([X[:, :60].mean(axis=1), X[:, 60:].mean(axis=1)])
    fitted = quick_pipeline().fit(X[::2], parts[::2])
    error = np.abs(fitted.predict(X[1::2]) - parts[1::2]).mean(axis=0)
    assert error.shape == (2,)
    assert (error < 0.08).all()


def test_without_scores_the_selector_takes_the_mean(arrays):
    X, _ = arrays
    assert_array_equal(
        quick_selector().fit(X).anchors_, quick_selector().fit(X, X.mean(axis=1)).anchors_
    )


def test_anchors_are_chosen_from_training_rows_only(arrays, helm):
    X, y = arrays
    train, test = next(GroupKFold(3).split(X, y, helm.families))
    changed = X.copy()
    changed[test] = 1 - changed[test]
    results = [quick_pipeline().fit(data[train], y[train]) for data in (X, changed)]
    assert_array_equal(results[0][0].anchors_, results[1][0].anchors_)
    assert_array_equal(results[0].predict(X), results[1].predict(X))


@pytest.mark.slow
def test_unseen_families_are_predicted_far_better_than_by_the_mean():
    gsm = load_helm_lite(task="gsm")
    families = np.unique(gsm.families, return_inverse=True)[1] % 3  # three folds of whole families
    pipeline = make_pipeline(
        SparseEvalSelector(n_anchors=50, n_refinements=2, n_init=3, random_state=0),
        MLPScoreRegressor(random_state=0),
    )
    options = {"groups": families, "cv": LeaveOneGroupOut()}
    predicted = cross_val_predict(pipeline, gsm.data, gsm.target, **options)
    by_mean = [gsm.target[families != family].mean() for family in families]
    error = np.abs(predicted - gsm.target).mean()
    assert error < 0.3 * np.abs(by_mean - gsm.target).mean()
    beaten = np.abs(predicted - gsm.target) < np.abs(by_mean - gsm.target)
    assert beaten.mean() > 0.8
