"""What holds for every imputer: observed results stay, targets do not see each other, no NaN."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklearn_sparseeval import (
    CollaborativeFilteringImputer,
    ItemRidgeImputer,
    LowRankImputer,
    NeighborImputer,
)

RNG = np.random.default_rng(0)
ABILITY, EASE = RNG.normal(size=(24, 1)), RNG.normal(size=12)
MATRIX = (RNG.random((24, 12)) < 1 / (1 + np.exp(-ABILITY - EASE))).astype(float)
SOURCES, TARGETS = MATRIX[:18], MATRIX[18:]
HISTORY = np.where(RNG.random(SOURCES.shape) < 0.2, np.nan, SOURCES)

IMPUTERS = {
    "ridge": ItemRidgeImputer(),
    "ridge-auto": ItemRidgeImputer("auto"),
    "low-rank": LowRankImputer(random_state=0, max_iter=500),
    "pca": LowRankImputer(3, fit_intercept=False, max_iter=500),
    "neighbors": NeighborImputer(5),
    "tailored": NeighborImputer("auto", weights="uniform", calibration="ratio"),
    "plain": NeighborImputer(3, calibration=None),
    "collaborative": CollaborativeFilteringImputer(),
    "tasks": CollaborativeFilteringImputer(groups=np.arange(12) % 3, temperature=0.05),
    "similar": CollaborativeFilteringImputer(center=False),
}
every_imputer = pytest.mark.parametrize(
    "imputer", [pytest.param(imputer, id=name) for name, imputer in IMPUTERS.items()]
)


def partial(X, seed=0, share=0.5):
    """Return the rows with so many results hidden at random, at least one kept in each."""
    rng = np.random.default_rng(seed)
    hidden = rng.random(X.shape) < share
    hidden[np.arange(len(X)), rng.integers(X.shape[1], size=len(X))] = False
    return np.where(hidden, np.nan, X)


def fitted(imputer, X=SOURCES, **params):
    return clone(imputer).set_params(**params).fit(X)


@every_imputer
@pytest.mark.parametrize("history", [SOURCES, HISTORY], ids=["complete", "incomplete"])
def test_observed_results_stay_and_no_nan_is_left(imputer, history):
    rows = partial(TARGETS)
    completed = fitted(imputer, history).transform(rows)
    observed = ~np.isnan(rows)
    assert_array_equal(completed[observed], rows[observed])
    assert np.isfinite(completed).all()
    assert np.isnan(rows).any()  # transform has not written into it


@pytest.mark.slow
@every_imputer
@settings(max_examples=15, deadline=None)
@given(
    rows=hnp.arrays(float, (3, 12), elements=st.sampled_from([0.0, 0.25, 1.0, np.nan])),
    sources=hnp.arrays(float, (5, 12), elements=st.sampled_from([0.0, 0.5, 1.0])),
    shared=st.booleans(),
)
def test_a_target_does_not_depend_on_the_other_targets(imputer, rows, sources, shared):
    rows[:, 0] = [0, 1, 0.5]
    if shared:
        rows[:, np.isnan(rows).any(axis=0)] = np.nan
    model = fitted(imputer, sources)
    together = model.transform(rows)
    assert np.isfinite(together).all()
    assert_array_equal(together[~np.isnan(rows)], rows[~np.isnan(rows)])
    alone = [model.transform(row[np.newaxis])[0] for row in rows]
    assert_allclose(together, alone, rtol=1e-9, atol=1e-9)
    assert_allclose(model.transform(rows[::-1]), together[::-1], rtol=1e-9, atol=1e-9)


@every_imputer
def test_complete_rows_come_back_as_they_are(imputer):
    assert_array_equal(fitted(imputer).transform(TARGETS), TARGETS)


@every_imputer
def test_the_order_of_the_models_does_not_matter(imputer):
    rows, order = partial(TARGETS), np.random.default_rng(1).permutation(len(SOURCES))
    expected = fitted(imputer, HISTORY).transform(rows)
    assert_allclose(fitted(imputer, HISTORY[order]).transform(rows), expected, atol=1e-8)


@pytest.mark.slow
@every_imputer
@pytest.mark.parametrize("history", [SOURCES, HISTORY], ids=["complete", "incomplete"])
def test_a_weight_of_two_is_two_rows_and_zero_is_none(imputer, history):
    weight = np.arange(len(history)) % 4
    rows = partial(TARGETS)
    weighted = clone(imputer).fit(history, sample_weight=weight).transform(rows)
    repeated = fitted(imputer, np.repeat(history, weight, axis=0)).transform(rows)
    assert_allclose(weighted, repeated, atol=1e-8)
    plain = fitted(imputer, history).transform(rows)
    assert np.abs(weighted - plain).max() > 1e-3


@every_imputer
def test_other_units_give_the_same_imputations(imputer):
    rows = partial(TARGETS)
    expected = 20 + 80 * fitted(imputer).transform(rows)
    assert_allclose(fitted(imputer, 20 + 80 * SOURCES).transform(20 + 80 * rows), expected)
    stated = fitted(imputer, 20 + 80 * SOURCES, score_range=(20, 100))
    assert_allclose(stated.transform(20 + 80 * rows), np.clip(expected, 20, 100))


@every_imputer
def test_graded_scores_and_awkward_items(imputer):
    rng = np.random.default_rng(3)
    X = rng.random((20, 12))
    X[:, 2:5], X[:, 6:9] = [0.0, 1.0, 0.3], X[:, [5]]
    rows = partial(X[15:])
    completed = fitted(imputer, X[:15]).transform(rows)
    assert np.isfinite(completed).all()
    assert np.abs(completed - 0.5).max() < 1.5
    constant = fitted(imputer, np.full((4, 12), 0.3)).transform(partial(np.full((2, 12), 0.3)))
    assert_allclose(constant, 0.3)


@every_imputer
@pytest.mark.parametrize("n_models", [1, 2, 3])
def test_few_source_models_are_enough(imputer, n_models):
    completed = fitted(imputer, SOURCES[:n_models]).transform(partial(TARGETS))
    assert np.isfinite(completed).all()


@every_imputer
def test_items_without_a_source_result_get_the_mean_of_the_completed_row(imputer):
    groups = {} if getattr(imputer, "groups", None) is None else {"groups": np.arange(13) % 3}
    wide = np.column_stack([SOURCES[:, :7], np.full(len(SOURCES), np.nan), SOURCES[:, 7:]])
    rows = np.column_stack([partial(TARGETS)[:, :7], np.full(6, np.nan), partial(TARGETS)[:, 7:]])
    rows[2, 7] = 0.77  # run by a target alone
    model = fitted(imputer, wide, **groups)
    completed = model.transform(rows)
    known = np.arange(13) != 7
    others = np.arange(6) != 2
    assert_allclose(completed[others, 7], completed[np.ix_(others, known)].mean(axis=1))
    assert completed[2, 7] == 0.77
    if not groups:
        assert_allclose(completed[:, known], fitted(imputer).transform(rows[:, known]))
    assert_array_equal(np.isnan(model.item_means_), ~known)
    assert_allclose(model.item_means_[known], SOURCES.mean(axis=0))


@every_imputer
def test_only_such_an_item_is_missing(imputer):
    groups = {} if getattr(imputer, "groups", None) is None else {"groups": np.arange(13) % 3}
    wide = np.column_stack([SOURCES, np.full(len(SOURCES), np.nan)])
    rows = np.column_stack([TARGETS, np.full(len(TARGETS), np.nan)])
    completed = fitted(imputer, wide, **groups).transform(rows)
    assert_allclose(completed[:, 12], TARGETS.mean(axis=1))


@every_imputer
def test_the_score_range_clips_what_is_imputed(imputer):
    strong = np.full((1, 12), np.nan)
    strong[0, :3] = 1.0
    sources = np.clip(SOURCES, 0, 0.4)
    completed = fitted(imputer, sources, score_range=(0.0, 1.0)).transform(strong)
    assert completed.min() >= 0
    assert completed.max() <= 1


@every_imputer
def test_single_precision_is_kept(imputer):
    rows = partial(TARGETS)
    completed = fitted(imputer, SOURCES.astype(np.float32)).transform(rows.astype(np.float32))
    assert completed.dtype == np.float32
    assert_allclose(completed, fitted(imputer).transform(rows), rtol=1e-5, atol=1e-5)


@every_imputer
@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_frames_keep_the_names_of_the_items(imputer, library):
    names = [f"question-{item}" for item in range(12)]
    frame = library.DataFrame(dict(zip(names, partial(TARGETS).T, strict=True)))
    sources = library.DataFrame(dict(zip(names, SOURCES.T, strict=True)))
    model = clone(imputer).set_output(transform=library.__name__).fit(sources)
    completed = model.transform(frame)
    assert list(completed.columns) == names == list(model.get_feature_names_out())
    assert_allclose(completed.to_numpy(), fitted(imputer).transform(partial(TARGETS)))


@every_imputer
def test_clones_pickles_and_refits_impute_alike(imputer):
    rows = partial(TARGETS)
    model = fitted(imputer)
    expected = model.transform(rows)
    assert_array_equal(pickle.loads(pickle.dumps(model)).transform(rows), expected)
    assert_array_equal(model.fit(1 - HISTORY).fit(SOURCES).transform(rows), expected)


@every_imputer
def test_rows_without_any_result_are_named(imputer):
    rows = partial(TARGETS)
    rows[[1, 4]] = np.nan
    with pytest.raises(
        ValueError, match=r"2 models have no result \(NaN\) on any item .*: rows 1, 4"
    ):
        fitted(imputer).transform(rows)
    history = HISTORY.copy()
    history[[3, 5]] = np.nan
    with pytest.raises(ValueError, match=r"no result \(NaN\) on any item: rows 3, 5 of X"):
        fitted(imputer, history)
    weight = np.ones(len(history))
    weight[[3, 5]] = 0
    assert clone(imputer).fit(history, sample_weight=weight).n_features_in_ == 12


@every_imputer
@pytest.mark.parametrize(
    ("score_range", "message"),
    [
        ((1.0, 0.0), "must be two numbers, the smaller one first"),
        ((0.0, 0.5, 1.0), r"score_range=\(0.0, 0.5, 1.0\) must be two numbers"),
        ((0.0, 0.5), r"X lies between 0 and 1, outside the score range \(0.0, 0.5\)"),
        ((0.5, 1.0), r"outside the score range \(0.5, 1.0\)"),
    ],
)
def test_a_wrong_score_range_is_refused(imputer, score_range, message):
    with pytest.raises(ValueError, match=message):
        fitted(imputer, score_range=score_range)


@every_imputer
def test_targets_in_other_units_are_refused_where_the_range_is_known(imputer):
    model = fitted(imputer, score_range=(0, 1))
    with pytest.raises(ValueError, match=r"X lies between 0 and 100, outside .* \(0, 1\)"):
        model.transform(100 * partial(TARGETS))


def test_weights_that_are_all_zero_are_refused_where_scikit_learn_takes_them(monkeypatch):
    monkeypatch.setattr(
        "sklearn_sparseeval.imputers._source_imputer._check_sample_weight",
        lambda sample_weight, X, **kwargs: np.asarray(sample_weight, dtype=float),
    )
    with pytest.raises(ValueError, match=r"All sample weights are zero\. Give at least one"):
        ItemRidgeImputer().fit(SOURCES, sample_weight=np.zeros(len(SOURCES)))


@every_imputer
def test_weights_that_are_all_zero_and_unfitted_imputers_are_refused(imputer):
    with pytest.raises(ValueError, match=r"(?i)sample weights .*zero"):
        clone(imputer).fit(SOURCES, sample_weight=np.zeros(len(SOURCES)))
    with pytest.raises(NotFittedError):
        clone(imputer).transform(TARGETS)
