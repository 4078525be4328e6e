"""AnchorSelector: rules of fit, transform and inverse_transform, on hand-made selectors."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from sklearn_sparseeval import AnchorSelector


class FixedSelector(AnchorSelector):
    """Chooses the items it is told, and records what the base hands it."""

    def __init__(self, items=(3, 1), *, n_anchors=2, missing_anchors="raise"):
        self.items = items
        self.n_anchors = n_anchors
        self.missing_anchors = missing_anchors

    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        self.seen_ = X, y, sample_weight, n_anchors
        return list(self.items)


class FirstItemsSelector(AnchorSelector):
    """Leaves `__init__` to the base."""

    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        return np.arange(n_anchors)


X = np.array(
    [
        [1.0, 0.0, 1.0, 0.5],
        [0.0, 0.0, 1.0, 1.0],
        [1.0, 1.0, np.nan, 0.0],
    ]
)
NAMES = ["a", "b", "c", "d"]
FRAME = pd.DataFrame(X, columns=NAMES, index=["m1", "m2", "m3"])


def test_base_is_abstract():
    with pytest.raises(TypeError, match=r"abstract method '?_choose_anchors"):
        AnchorSelector()


def test_anchors_in_order_of_choice_support_in_order_of_items():
    selector = FixedSelector().fit(X)
    np.testing.assert_array_equal(selector.anchors_, [3, 1])
    assert selector.anchors_.dtype == np.intp
    np.testing.assert_array_equal(selector.get_support(), [False, True, False, True])
    np.testing.assert_array_equal(selector.transform(X), [[0, 0.5], [0, 1], [1, 0]])


def test_nan_is_welcome():
    assert get_tags(FixedSelector()).input_tags.allow_nan


@pytest.mark.parametrize("method", ["transform", "inverse_transform", "get_support"])
def test_unfitted(method):
    call = getattr(FixedSelector(), method)
    with pytest.raises(NotFittedError, match="FixedSelector"):
        call(*([] if method == "get_support" else [X]))


class TestTarget:
    def test_default_is_the_mean_of_the_evaluated_items(self):
        _, y, weight, n_anchors = FixedSelector().fit(X).seen_
        # (1 + 0 + 1 + .5) / 4, (0 + 0 + 1 + 1) / 4 and (1 + 1 + 0) / 3
        np.testing.assert_allclose(y, [[0.625], [0.5], [2 / 3]])
        np.testing.assert_array_equal(weight, [1, 1, 1])
        assert n_anchors == 2

    @pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 2)])
    def test_given_target_is_made_two_dimensional(self, shape):
        y = np.arange(np.prod(shape)).reshape(shape)
        got = FixedSelector().fit(X, y).seen_[1]
        np.testing.assert_array_equal(got, y.reshape(3, -1))
        assert got.dtype == np.float64

    @pytest.mark.parametrize(
        ("y", "message"),
        [
            ([0.1, 0.2], r"inconsistent numbers of samples: \[3, 2\]"),
            ([0.1, np.nan, 0.3], "Input y contains NaN"),
            ([0.1, np.inf, 0.3], "Input y contains infinity"),
        ],
    )
    def test_bad_target(self, y, message):
        with pytest.raises(ValueError, match=message):
            FixedSelector().fit(X, y)

    def test_float32_stays(self):
        scores, y, weight, _ = FixedSelector().fit(X.astype(np.float32), [1, 2, 3], [1, 2, 3]).seen_
        assert scores.dtype == y.dtype == weight.dtype == np.float32


class TestWeights:
    def test_rows_of_weight_zero_are_left_out(self):
        scores = X.copy()
        scores[1] = np.nan  # even without any result
        got, y, weight, _ = FixedSelector().fit(scores, sample_weight=[2, 0, 0.5]).seen_
        np.testing.assert_array_equal(got, X[[0, 2]])
        np.testing.assert_allclose(y, [[0.625], [2 / 3]])
        np.testing.assert_array_equal(weight, [2, 0.5])

    def test_all_zero(self):
        with pytest.raises(ValueError, match=r"(?i)sample weights .*zero"):
            FixedSelector().fit(X, sample_weight=[0, 0, 0])

    def test_negative(self):
        with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
            FixedSelector().fit(X, sample_weight=[1, -1, 1])

    def test_anchors_missing_only_in_rows_of_weight_zero_count_as_complete(self):
        scores = X.copy()
        scores[2, 1] = np.nan
        selector = FixedSelector().fit(scores, sample_weight=[1, 1, 0])
        with pytest.raises(ValueError, match="1 of the 2 anchors: 1"):
            selector.transform(scores)


class TestNumberOfAnchors:
    @pytest.mark.parametrize(
        ("fraction", "n_items", "expected"),
        [(0.1, 4, 1), (0.1, 20, 2), (0.26, 10, 3), (0.24, 10, 2), (0.5, 5, 2), (0.999, 7, 7)],
    )
    def test_fraction_is_rounded(self, fraction, n_items, expected):
        selector = FirstItemsSelector(fraction).fit(np.ones((2, n_items)))
        assert len(selector.anchors_) == expected

    @given(fraction=st.floats(1e-6, 1 - 1e-6), n_items=st.integers(1, 50))
    @settings(max_examples=50, deadline=None)
    def test_fraction_is_within_half_an_item_and_at_least_one(self, fraction, n_items):
        n_anchors = len(FirstItemsSelector(fraction).fit(np.ones((2, n_items))).anchors_)
        assert 1 <= n_anchors <= n_items
        assert n_anchors == 1 or abs(n_anchors - fraction * n_items) <= 0.5

    @pytest.mark.parametrize("one", [1, np.int64(1)])
    def test_one_is_a_number_not_a_share(self, one):
        assert len(FirstItemsSelector(one).fit(X).anchors_) == 1

    @pytest.mark.parametrize("n_anchors", [0, -1, 0.0, 1.0, 1.5, "all", None])
    def test_out_of_range(self, n_anchors):
        with pytest.raises(ValueError, match="The 'n_anchors' parameter of FirstItemsSelector"):
            FirstItemsSelector(n_anchors).fit(X)

    def test_more_than_items(self):
        message = r"n_anchors=5 is more than there are items: n_features=4\. Choose fewer"
        with pytest.raises(ValueError, match=message):
            FirstItemsSelector(5).fit(X)

    def test_more_than_evaluated_items(self):
        scores = X.copy()
        scores[:, [0, 2]] = np.nan
        message = r"n_anchors=3 is more than the 2 items \(of 4\) for which any source model"
        with pytest.raises(ValueError, match=message):
            FirstItemsSelector(3).fit(scores)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([1], r"^1 models have no result at all \(every item is NaN\): rows 1 of X\. Remove them"),
        ([0, 2, 3, 5, 7, 8, 9], "^7 models have no result.*: rows 0, 2, 3, 5, 7 and 2 more of X"),
    ],
)
def test_models_without_results_are_named(rows, message):
    scores = np.ones((10, 4))
    scores[rows] = np.nan
    with pytest.raises(ValueError, match=message):
        FixedSelector().fit(scores)


def test_models_without_results_are_named_by_their_row_among_all_rows():
    scores = np.ones((4, 4))
    scores[[0, 3]] = np.nan
    with pytest.raises(ValueError, match=r"^1 models.*rows 3 of X"):
        FixedSelector().fit(scores, sample_weight=[0, 1, 1, 1])


def test_infinity_is_refused():
    with pytest.raises(ValueError, match="Input X contains infinity"):
        FixedSelector().fit(np.where(np.isnan(X), np.inf, X))


class TestMissingAnchors:
    def test_missing_off_the_anchors_does_not_matter(self):
        rows = np.array([[np.nan, 0.25, np.nan, 0.75]])
        np.testing.assert_array_equal(FixedSelector().fit(X).transform(rows), [[0.25, 0.75]])

    def test_array_error_names_the_index(self):
        rows = np.ones((3, 4))
        rows[[0, 2], 3] = np.nan
        message = (
            r"^2 of 3 models have no result \(NaN\) on 1 of the 2 anchors: 3\. Evaluate these "
            "items, or set missing_anchors='keep' and put an imputer behind the selector"
        )
        with pytest.raises(ValueError, match=message):
            FixedSelector().fit(X).transform(rows)

    @pytest.mark.parametrize("output", ["default", "pandas", "polars"])
    def test_frame_error_names_the_item(self, output):
        selector = FixedSelector().set_output(transform=output).fit(FRAME)
        with pytest.raises(ValueError, match="on 2 of the 2 anchors: 'b', 'd'"):
            selector.transform(FRAME * np.nan)

    def test_frame_with_nullable_columns(self):
        rows = FRAME.fillna(0).round().astype("Int64")
        rows.iloc[1, 1] = pd.NA
        selector = FixedSelector().set_output(transform="pandas").fit(FRAME)
        with pytest.raises(ValueError, match=r"1 of 3 models .* 1 of the 2 anchors: 'b'"):
            selector.transform(rows)

    def test_none_in_an_array_of_objects(self):
        rows = np.array([[1, 0, 1, 0.5], [1, None, 1, 0.5]], dtype=object)
        with pytest.raises(ValueError, match=r"1 of 2 models .* 1 of the 2 anchors: 1"):
            FixedSelector().fit(X).transform(rows)

    def test_polars_null_is_missing(self):
        rows = pl.DataFrame({"a": [1.0], "b": [None], "c": [1.0], "d": [0.5]}).cast(pl.Float64)
        with pytest.raises(ValueError, match="1 of the 2 anchors: 'b'"):
            FixedSelector().fit(FRAME).transform(rows)

    def test_many_items_are_counted(self):
        selector = FixedSelector(range(8), n_anchors=8).fit(np.ones((2, 9)))
        with pytest.raises(ValueError, match="8 of the 8 anchors: 0, 1, 2, 3, 4 and 3 more"):
            selector.transform(np.full((1, 9), np.nan))

    def test_keep_hands_them_on(self):
        rows = np.array([[1, np.nan, 1, 0.5]])
        selector = FixedSelector(missing_anchors="keep").fit(X)
        np.testing.assert_array_equal(selector.transform(rows), [[np.nan, 0.5]])

    def test_keep_with_an_imputer_behind(self):
        selector = FixedSelector(missing_anchors="keep")
        model = make_pipeline(selector, SimpleImputer(), LinearRegression()).fit(X, [0.1, 0.2, 0.3])
        rows = np.array([[np.nan, np.nan, np.nan, 0.5]])
        filled = np.array([[np.nan, 1 / 3, np.nan, 0.5]])  # the mean of column 1
        np.testing.assert_allclose(model.predict(rows), model.predict(filled))

    def test_anchor_missing_in_the_history_is_handed_on(self):
        selector = FixedSelector((2, 0)).fit(X)  # column 2 has a NaN in X
        rows = np.array([[1, np.nan, np.nan, np.nan]])
        np.testing.assert_array_equal(selector.transform(rows), [[1, np.nan]])
        with pytest.raises(ValueError, match="1 of the 2 anchors: 0"):
            selector.transform(np.full((1, 4), np.nan))

    def test_unknown_value(self):
        with pytest.raises(ValueError, match="The 'missing_anchors' parameter of FixedSelector"):
            FixedSelector(missing_anchors="ignore").fit(X)


class TestInverseTransform:
    def test_fills_nan(self):
        full = FixedSelector().fit(X).inverse_transform([[0.25, 0.75]])
        np.testing.assert_array_equal(full, [[np.nan, 0.25, np.nan, 0.75]])

    def test_missing_results_stay_missing(self):
        full = FixedSelector().fit(X).inverse_transform([[np.nan, 1], [0, 1]])
        nan = np.nan
        np.testing.assert_array_equal(full, [[nan, nan, nan, 1], [nan, 0, nan, 1]])

    @pytest.mark.parametrize(("given", "got"), [("f4", "f4"), ("f8", "f8"), ("i8", "f8")])
    def test_dtype(self, given, got):
        full = FixedSelector().fit(X).inverse_transform(np.ones((1, 2), dtype=given))
        assert full.dtype == np.dtype(got)

    @pytest.mark.parametrize("n_columns", [1, 4])
    def test_wrong_number_of_columns(self, n_columns):
        message = f"X has {n_columns} columns, but 2 anchors were chosen from 4 items. Give one"
        with pytest.raises(ValueError, match=message):
            FixedSelector().fit(X).inverse_transform(np.ones((2, n_columns)))

    def test_infinity_is_refused(self):
        with pytest.raises(ValueError, match="infinity"):
            FixedSelector().fit(X).inverse_transform([[np.inf, 1]])

    def test_pandas_keeps_names_and_index(self):
        full = FixedSelector().fit(FRAME).inverse_transform(FRAME[["b", "d"]])
        expected = FRAME.copy()
        expected[["a", "c"]] = np.nan
        pd.testing.assert_frame_equal(full, expected)

    def test_polars_keeps_names(self):
        frame = pl.DataFrame(X, schema=NAMES)
        full = FixedSelector().fit(frame).inverse_transform(frame[["b", "d"]])
        assert isinstance(full, pl.DataFrame)
        assert full.columns == NAMES
        expected = X.copy()
        expected[:, [0, 2]] = np.nan
        np.testing.assert_array_equal(full.to_numpy(), expected)

    @pytest.mark.parametrize("library", [pd.DataFrame, lambda X, columns: pl.DataFrame(X, columns)])
    @pytest.mark.parametrize("names", [["b", "x"], ["b"], ["b", "d", "b"]])
    def test_wrong_names(self, library, names):
        if len(set(names)) < len(names) and library is not pd.DataFrame:
            names = [*names[:2], "x"]  # polars has no two columns of one name
        selector = FixedSelector().fit(FRAME)
        listing = ", ".join(map(repr, names))
        message = f"The columns of X are {listing}, but the anchors are 'b', 'd'. Give one column"
        with pytest.raises(ValueError, match=message):
            selector.inverse_transform(library(np.ones((1, len(names))), columns=names))

    @pytest.mark.parametrize("library", [pd.DataFrame, lambda X, columns: pl.DataFrame(X, columns)])
    def test_columns_of_anchors_in_any_order(self, library):
        selector = FixedSelector().fit(FRAME)
        rows = selector.inverse_transform(library(np.array([[4.0, 2.0]]), columns=["d", "b"]))
        np.testing.assert_array_equal(np.asarray(rows), [[np.nan, 2.0, np.nan, 4.0]])
        for frame in (library(np.array([[4.0, 2.0]]), columns=["d", "b"]), rows):
            np.testing.assert_array_equal(np.asarray(selector.transform(frame)), [[2.0, 4.0]])

    def test_frame_without_names_in_the_history_gives_an_array(self):
        full = FixedSelector().fit(X).inverse_transform(FRAME[["b", "d"]])
        assert isinstance(full, np.ndarray)

    def test_array_with_names_in_the_history_gives_an_array(self):
        full = FixedSelector().fit(FRAME).inverse_transform(X[:, [1, 3]])
        assert isinstance(full, np.ndarray)

    def test_leads_to_the_prediction_of_full_rows(self):
        model = make_pipeline(FixedSelector(), LinearRegression()).fit(FRAME, [0.1, 0.2, 0.4])
        results = FRAME[model[0].get_feature_names_out()]
        np.testing.assert_array_equal(
            model.predict(model[0].inverse_transform(results)), model.predict(FRAME)
        )


class TestFrames:
    @pytest.mark.parametrize("frame", [FRAME, pl.DataFrame(X, schema=NAMES)], ids=["pd", "pl"])
    def test_names(self, frame):
        selector = FixedSelector().fit(frame)
        np.testing.assert_array_equal(selector.feature_names_in_, NAMES)
        np.testing.assert_array_equal(selector.get_feature_names_out(), ["b", "d"])

    def test_generated_names(self):
        names = FixedSelector().fit(X).get_feature_names_out()
        np.testing.assert_array_equal(names, ["x1", "x3"])

    def test_pandas_output(self):
        got = FixedSelector().set_output(transform="pandas").fit(FRAME).transform(FRAME)
        pd.testing.assert_frame_equal(got, FRAME[["b", "d"]])

    def test_polars_output(self):
        frame = pl.DataFrame(X, schema=NAMES)
        got = FixedSelector().set_output(transform="polars").fit(frame).transform(frame)
        assert got.equals(frame[["b", "d"]])

    def test_other_columns_are_refused(self):
        with pytest.raises(ValueError, match="feature names should match"):
            FixedSelector().fit(FRAME).transform(FRAME[["b", "a", "c", "d"]])
