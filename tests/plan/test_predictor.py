"""A predictor says what it is, predicts, and says how far it is off."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import (
    AnchoredRegressor,
    ImputedScoreRegressor,
    NeighborImputer,
    PredictorError,
    RandomSelector,
    TailoredSelector,
)
from sklearn_sparseeval.plan import SavedPredictor, load_predictor


def predictor_of(estimator, panel, **changes):
    """Put an estimator into a predictor, without a file."""
    fields = {
        "estimator": estimator,
        "items": panel.items,
        "targets": ["overall", "a", "b"],
        "score_range": None,
        "observed_range": (0.0, 1.0),
        "best": panel.targets.max(),
        "n_models": 20,
        "errors": None,
        "method": "mine",
        "versions": {},
        "fingerprint": "",
        "created": "",
    }
    return SavedPredictor(**(fields | changes))


@pytest.fixture
def predictor(ridge, panel):
    return predictor_of(ridge, panel)


def test_it_says_what_it_is(predictor):
    assert repr(predictor) == (
        "SavedPredictor(method='mine', n_anchors=3, n_items=8, targets=['overall', 'a', 'b'])"
    )


def test_anchors_are_rows_of_items_in_order_of_choice(predictor, panel, ridge):
    pd.testing.assert_frame_equal(predictor.anchors, panel.items.iloc[ridge.anchors_])


@pytest.mark.parametrize("layout", ["all", "anchors", "reversed", "with-text", "integers"])
def test_columns_are_found_by_name(layout, predictor, panel, ridge):
    anchors = list(predictor.anchors.index)
    rows = {
        "all": panel.data,
        "anchors": panel.data[anchors],
        "reversed": panel.data[panel.data.columns[::-1]],
        "with-text": panel.data[anchors].assign(remark="none", other=np.inf),
        "integers": panel.data[anchors].astype(int),
    }[layout]
    predicted = predictor.predict(rows)
    np.testing.assert_array_equal(predicted, ridge.predict(panel.data))
    assert list(predicted.index) == list(panel.data.index)
    assert list(predicted.columns) == ["overall", "a", "b"]


def test_names_of_items_stay_as_they_were(predictor, panel):
    predictor.predict(panel.data)
    assert predictor.items.index.name == "name"


def test_one_target_makes_one_column(panel):
    estimator = AnchoredRegressor(RandomSelector(3, random_state=0), Ridge())
    estimator.fit(panel.data.to_numpy(), panel.targets["overall"])
    one = predictor_of(estimator, panel, targets=["overall"])
    assert one.predict(panel.data).shape == (20, 1)


def test_predictions_are_clipped_to_the_range_of_scores(ridge, panel):
    low, high = 0.4, 0.6
    clipped = predictor_of(ridge, panel, score_range=(low, high)).predict(panel.data)
    np.testing.assert_array_equal(clipped, np.clip(ridge.predict(panel.data), low, high))
    assert clipped.min(axis=None) == low


def test_missing_anchors_are_named_with_the_benchmark(predictor, panel):
    first, *others = predictor.anchors.index
    with pytest.raises(PredictorError) as raised:
        predictor.predict(panel.data[others])
    assert str(raised.value) == (
        f"Results are missing on 1 of the 3 anchors: '{first}'. The predictor is for 8 items of "
        "the 2 tasks 'a', 'b'. Evaluate the model on these items, or load the predictor of your "
        "benchmark."
    )


def test_a_single_task_is_named(ridge, panel):
    items = panel.items.assign(task="arc")
    with pytest.raises(PredictorError, match=r"is for 8 items of the task 'arc'\."):
        predictor_of(ridge, panel, items=items).predict(panel.data[[]])


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        (lambda data, anchors: data.to_numpy(), "rows is a ndarray of 20 models"),
        (lambda data, anchors: data.iloc[:0], "rows is a DataFrame of 0 models"),
        (lambda data, anchors: data[[*anchors, anchors[0]]], "several columns of one name: 't:"),
        (lambda data, anchors: data.astype(str) + "x", "Results on anchors are not numbers"),
    ],
    ids=["array", "empty", "twice", "texts"],
)
def test_rows_of_another_form_are_refused(rows, match, predictor, panel):
    with pytest.raises(PredictorError, match=match):
        predictor.predict(rows(panel.data, list(predictor.anchors.index)))


def test_a_missing_result_is_the_estimators_business(predictor, panel):
    rows = panel.data.copy()
    rows.loc["acme/3", predictor.anchors.index[0]] = np.nan
    with pytest.raises(ValueError, match=r"no result \(NaN\) on 1 of 3 anchors"):
        predictor.predict(rows)
    regressor = make_pipeline(SimpleImputer(), Ridge())
    allows = AnchoredRegressor(RandomSelector(3, random_state=0), regressor)
    allows.fit(panel.data, panel.targets)
    predicted = predictor_of(allows, panel).predict(rows)
    np.testing.assert_array_equal(predicted, allows.predict(rows))


@pytest.mark.parametrize("value", [85.0, -1.0], ids=["above", "below"])
def test_results_on_another_scale_are_told(value, predictor, panel):
    rows = panel.data.iloc[:2].copy()
    rows.loc["acme/1", predictor.anchors.index[1]] = value
    match = rf"1 of 6 results lie outside \[0, 1\], .* the first is {value:g}\. Are they of another"
    with pytest.warns(UserWarning, match=match):
        predictor.predict(rows)


def test_a_selector_that_takes_no_nan_gets_the_means_off_the_anchors(panel):
    estimator = make_pipeline(SelectKBest(f_regression, k=3), Ridge())
    estimator.fit(panel.data, panel.targets["overall"])
    means = panel.data.mean().to_numpy()
    predictor = predictor_of(estimator, panel, targets=["overall"], item_means=means)
    anchors = panel.items.index[estimator[0].get_support()]
    assert list(predictor.anchors.index) == list(anchors)
    predicted = predictor.predict(panel.data[anchors])
    np.testing.assert_array_equal(predicted["overall"], estimator.predict(panel.data))


def test_anchors_of_each_models_own_are_refused(panel):
    estimator = AnchoredRegressor(TailoredSelector(4), ImputedScoreRegressor(NeighborImputer()))
    estimator.fit(panel.data, panel.targets)
    match = "AnchoredRegressor chooses anchors for each model .* and it cannot be saved"
    with pytest.raises(PredictorError, match=match):
        predictor_of(estimator, panel)


def test_a_regressor_that_reads_the_same_anchors_of_all_is_not_refused(panel):
    estimator = AnchoredRegressor(TailoredSelector(4), Ridge()).fit(panel.data, panel.targets)
    predictor = predictor_of(estimator, panel)
    only = predictor.predict(panel.data[predictor.anchors.index])
    np.testing.assert_array_equal(only, estimator.predict(panel.data))


def errors_of(values):
    return pd.DataFrame({"overall": values, "a": np.nan, "b": np.array(values) * 2})


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [(0.1, 0.01), (0.5, 0.05), (0.7, 0.07), (0.85, 0.09), (0.9, 0.09)],
)
def test_the_margin_is_the_conformal_quantile(coverage, expected, ridge, panel):
    # Of nine sizes 0.01 to 0.09 it is number ceil(10 * coverage).
    errors = errors_of([0.05, -0.01, 0.03, -0.09, 0.02, 0.06, -0.07, 0.08, 0.04])
    margin = predictor_of(ridge, panel, errors=errors).margin(coverage)
    assert margin["overall"] == pytest.approx(expected)
    assert margin["b"] == pytest.approx(2 * expected)
    assert np.isnan(margin["a"])


def test_errors_that_are_not_known_do_not_count(ridge, panel):
    errors = errors_of([0.1, np.nan, -0.2, np.nan, 0.3])
    assert predictor_of(ridge, panel, errors=errors).margin(0.75)["overall"] == 0.3


def test_too_few_errors_give_the_largest_and_a_warning(ridge, panel):
    predictor = predictor_of(ridge, panel, errors=errors_of([0.1, -0.3, 0.2]), targets=["overall"])
    match = r"errors of 3 models are too few for a margin that covers 90% .* which takes 9: the mar"
    with pytest.warns(UserWarning, match=match):
        assert predictor.margin()["overall"] == 0.3


def test_without_errors_there_is_no_margin(predictor):
    assert predictor.margin().isna().tolist() == [True] * 3


@pytest.mark.parametrize("coverage", [0, 1, 1.5, -0.1, "0.9", None])
def test_coverage_is_a_share(coverage, predictor):
    with pytest.raises(ValueError, match="coverage"):
        predictor.margin(coverage)


@pytest.mark.slow
@given(st.lists(st.floats(0, 1), min_size=19, max_size=40), st.floats(0.05, 0.95))
def test_the_margin_covers_as_many_of_the_errors_as_promised(sizes, coverage):
    errors = pd.DataFrame({"overall": sizes})
    items = pd.DataFrame({"task": []})
    bare = dict.fromkeys(SavedPredictor.__dataclass_fields__)
    predictor = SavedPredictor(**bare | {"errors": errors, "items": items, "targets": ["overall"]})
    margin = predictor.margin(coverage)["overall"]
    assert (np.array(sizes) <= margin).sum() >= coverage * (len(sizes) + 1) - 1e-6
    assert margin in sizes


@pytest.mark.slow
def test_what_is_loaded_is_the_same_predictor(saved, ridge, panel):
    loaded = load_predictor(saved)
    expected = np.clip(ridge.predict(panel.data), 0, 1)
    np.testing.assert_array_equal(loaded.predict(panel.data), expected)
