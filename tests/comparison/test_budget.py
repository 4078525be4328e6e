"""A method gets so many anchors, one seed, and of the targets the anchors only."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import VotingRegressor
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import (
    AnchoredRegressor,
    ImputedScoreRegressor,
    RandomSelector,
    SparseEvalSelector,
    SparseRidgeSelector,
    TailoredSelector,
    WeightedMeanRegressor,
)
from sklearn_sparseeval.comparison._budget import (
    anchors_of,
    has_budget,
    only_items,
    personal_items,
    prepared,
    read_items,
    with_seed,
)

ITEMS = np.arange(12)


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    X = (rng.random((30, 12)) < rng.random((30, 1))).astype(float)
    return X, X.mean(axis=1)


@pytest.mark.parametrize(
    ("method", "keys"),
    [
        (RandomSelector(), ["n_anchors"]),
        (make_pipeline(RandomSelector(), Ridge()), ["randomselector__n_anchors"]),
        (AnchoredRegressor(RandomSelector(), Ridge()), ["selector__n_anchors"]),
        (
            VotingRegressor(
                [
                    ("a", AnchoredRegressor(RandomSelector(), Ridge())),
                    ("b", make_pipeline(SparseRidgeSelector(), Ridge())),
                ]
            ),
            ["a__selector__n_anchors", "b__sparseridgeselector__n_anchors"],
        ),
    ],
    ids=["selector", "pipeline", "anchored", "voting"],
)
def test_every_number_of_anchors_is_set_in_a_copy(method, keys):
    before = method.get_params()
    params = prepared(method, "m", 7, seed=3).get_params()
    assert [params[key] for key in keys] == [7] * len(keys)
    assert all(method.get_params()[key] == before[key] for key in keys)


def test_a_function_makes_the_estimator():
    made = prepared(lambda n_anchors: RandomSelector(2 * n_anchors), "m", 4, seed=5)
    assert made.get_params() == {
        "missing_anchors": "raise", "n_anchors": 8, "random_state": 5
    }  # fmt: skip


def test_a_method_without_a_number_of_anchors_is_named():
    with pytest.raises(ValueError, match=r"'plain', a Ridge, has no parameter n_anchors.*lambda"):
        prepared(Ridge(), "plain", 5, seed=0)


def test_only_open_seeds_are_set():
    pipeline = make_pipeline(RandomSelector(random_state=8), SparseEvalSelector(), Ridge())
    params = with_seed(pipeline, 5).get_params()
    assert params["randomselector__random_state"] == 8
    assert params["sparseevalselector__random_state"] == 5
    assert params["ridge__random_state"] == 5


def anchored(k, seed=0):
    return AnchoredRegressor(RandomSelector(k, random_state=seed), Ridge())


@pytest.mark.parametrize(
    ("estimator", "chosen"),
    [
        (RandomSelector(3, random_state=0), lambda e: e.anchors_),
        (anchored(3), lambda e: e.anchors_),
        (make_pipeline(RandomSelector(3, random_state=0), Ridge()), lambda e: e[0].anchors_),
        (make_pipeline("passthrough", anchored(3)), lambda e: e[1].anchors_),
        (TransformedTargetRegressor(anchored(3)), lambda e: e.regressor_.anchors_),
        (GridSearchCV(anchored(3), {}), lambda e: e.best_estimator_.anchors_),
        (
            VotingRegressor([("a", anchored(3)), ("b", anchored(4, 1))]),
            lambda e: np.union1d(e.estimators_[0].anchors_, e.estimators_[1].anchors_),
        ),
        (
            make_pipeline(
                SimpleImputer(), VarianceThreshold(), RandomSelector(3, random_state=0)
            ),
            lambda e: e[1].get_support(indices=True)[e[2].anchors_],
        ),
        # The second selector chooses among the five of the first.
        (
            make_pipeline(
                RandomSelector(5, random_state=0), RandomSelector(2, random_state=0), Ridge()
            ),
            lambda e: np.sort(e[0].anchors_)[e[1].anchors_],
        ),
        # What comes behind the selector no longer matters.
        (
            make_pipeline(RandomSelector(5, random_state=0), PCA(2), VarianceThreshold(), Ridge()),
            lambda e: e[0].anchors_,
        ),
        (
            VotingRegressor([("a", anchored(3)), ("b", DummyRegressor())]),
            lambda e: e.estimators_[0].anchors_,
        ),
    ],
    ids=[
        "selector", "anchored", "pipeline", "behind passthrough", "transformed target", "search",
        "voting", "behind a filter", "two selectors", "PCA behind", "voting with a constant",
    ],
)  # fmt: skip
def test_the_items_that_are_read_are_found(panel, estimator, chosen):
    items, allow_nan = read_items(estimator.fit(*panel), ITEMS)
    np.testing.assert_array_equal(items, np.sort(chosen(estimator)))
    assert allow_nan


@pytest.mark.parametrize(
    "estimator",
    [
        DummyRegressor(),
        Ridge(),
        make_pipeline(PCA(4), RandomSelector(2, random_state=0), Ridge()),
        make_pipeline(
            ColumnTransformer([("s", RandomSelector(2, random_state=0), [0, 1, 2])]), Ridge()
        ),
    ],
    ids=["dummy", "ridge", "behind PCA", "in a column transformer"],
)
def test_where_no_part_chooses_among_the_items_nothing_is_found(panel, estimator):
    assert read_items(estimator.fit(*panel), ITEMS) is None


CHOSEN = SparseRidgeSelector(5)


@pytest.mark.parametrize(
    ("estimator", "order_of"),
    [
        (AnchoredRegressor(CHOSEN, Ridge()), lambda one: one.anchors_),
        (make_pipeline(CHOSEN, Ridge()), lambda one: one[0].anchors_),
        (make_pipeline(SimpleImputer(), CHOSEN, Ridge()), lambda one: one[1].anchors_),
        (
            GridSearchCV(make_pipeline(CHOSEN, Ridge()), {"ridge__alpha": [1, 2]}, cv=2),
            lambda one: one.best_estimator_[0].anchors_,
        ),
        (
            TransformedTargetRegressor(make_pipeline(CHOSEN, Ridge())),
            lambda one: one.regressor_[0].anchors_,
        ),
        (
            make_pipeline(CHOSEN, SelectKBest(f_regression, k=3), Ridge()),
            lambda one: [i for i in one[0].anchors_ if i in np.sort(one[0].anchors_)[_kept(one)]],
        ),
        (
            make_pipeline(SelectKBest(f_regression, k=7), CHOSEN, Ridge()),
            lambda one: np.flatnonzero(one[0].get_support())[np.sort(one[1].anchors_)],
        ),
        (
            VotingRegressor([("a", make_pipeline(CHOSEN, Ridge()))]),
            lambda one: np.sort(one.estimators_[0][0].anchors_),
        ),
    ],
    ids=["anchored", "pipeline", "imputed", "search", "target", "two", "k-best-first", "voting"],
)
def test_anchors_are_in_the_order_of_the_selector_that_sees_the_items(panel, estimator, order_of):
    X, y = panel
    estimator.fit(X, y)
    found = anchors_of(estimator, 12)
    assert found.tolist() == list(order_of(estimator))
    assert sorted(found) == read_items(estimator, ITEMS).items.tolist()


def _kept(pipeline):
    return pipeline[1].get_support()


@pytest.mark.parametrize("estimator", [Ridge(), make_pipeline(PCA(2), CHOSEN, Ridge())])
def test_an_estimator_that_chooses_no_items_is_told(panel, estimator):
    if hasattr(estimator, "steps"):
        estimator.set_params(sparseridgeselector__n_anchors=1)
    estimator.fit(*panel)
    with pytest.raises(ValueError, match=r"does not say which items it reads: .* has anchors_ or"):
        anchors_of(estimator, 12)


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [(make_pipeline(RandomSelector(), Ridge()), True), (RandomSelector(), True), (Ridge(), False)],
    ids=["pipeline", "selector", "ridge"],
)
def test_who_has_a_budget(estimator, expected):
    assert has_budget(estimator) is expected


def test_selectors_of_scikit_learn_take_no_nan(panel):
    pipeline = make_pipeline(SelectKBest(f_regression, k=3), Ridge()).fit(*panel)
    items, allow_nan = read_items(pipeline, ITEMS)
    np.testing.assert_array_equal(items, pipeline[0].get_support(indices=True))
    assert not allow_nan


@pytest.mark.parametrize(
    "make", [np.array, pd.DataFrame, pl.DataFrame], ids=["array", "pandas", "polars"]
)
def test_everything_but_the_items_is_hidden(make):
    X = np.arange(8).reshape(2, 4)
    shown = only_items(make(X), np.array([2, 0]), np.nan)
    assert type(shown) is type(make(X))
    np.testing.assert_array_equal(
        np.asarray(shown), [[0, np.nan, 2, np.nan], [4, np.nan, 6, np.nan]]
    )
    assert X.dtype.kind == "i"


def test_each_model_may_keep_items_of_its_own():
    shown = only_items(np.arange(8).reshape(2, 4), np.array([[2, 0], [1, 1]]), np.nan)
    np.testing.assert_array_equal(shown, [[0, np.nan, 2, np.nan], [np.nan, 5, np.nan, np.nan]])


def test_anchors_that_depend_on_the_model_are_asked_for_with_the_probes_alone(panel):
    X, y = panel
    model = AnchoredRegressor(TailoredSelector(6, n_probes=3), ImputedScoreRegressor()).fit(X, y)
    items = personal_items(model, X[:5])
    probes = model.selector_.probes_
    other = 1 - X[:5]
    other[:, probes] = X[:5, probes]
    np.testing.assert_array_equal(personal_items(model, other), items)
    assert all(set(probes) < set(row) for row in items)
    assert {len(set(row)) for row in items.tolist()} == {6}


@pytest.mark.parametrize("estimator", [anchored(3), Ridge()], ids=["anchored", "ridge"])
def test_most_anchors_are_the_same_for_all_models(panel, estimator):
    assert personal_items(estimator.fit(*panel), panel[0]) is None


def test_names_stay_on_a_data_frame():
    X = pd.DataFrame([[1, 0]], index=["model"], columns=["q1", "q2"])
    shown = only_items(X, np.array([1]), np.array([0.25, 0.75]))
    pd.testing.assert_frame_equal(
        shown, pd.DataFrame([[0.25, 0.0]], index=["model"], columns=["q1", "q2"])
    )


def test_a_target_row_says_nothing_but_its_anchors(panel):
    """Whatever the hidden cells were, what the method sees is the same."""
    X, y = panel
    model = AnchoredRegressor(RandomSelector(3, random_state=0), WeightedMeanRegressor()).fit(X, y)
    items, _ = read_items(model, ITEMS)
    other = 1 - X
    other[:, items] = X[:, items]
    np.testing.assert_array_equal(only_items(X, items, np.nan), only_items(other, items, np.nan))
