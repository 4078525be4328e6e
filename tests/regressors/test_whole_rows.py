"""What both regressors on imputed rows share: the line to `y`, anchors, and any imputer."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_sparseeval import (
    AIPWRegressor,
    AnchoredRegressor,
    CollaborativeFilteringImputer,
    CollaborativeFilteringSelector,
    ImputedScoreRegressor,
    ItemRidgeImputer,
    LowRankImputer,
    NeighborImputer,
    RandomSelector,
    StratifiedSelector,
)

RNG = np.random.default_rng(0)
SOURCES = (RNG.random((25, 14)) < np.linspace(0.2, 0.9, 14)).astype(float)
MEANS = SOURCES.mean(axis=1)
TARGETS = RNG.random((5, 14))
ANCHORS = np.array([7, 2, 9, 4, 0])

REGRESSORS = [ImputedScoreRegressor(), AIPWRegressor(random_state=0)]
every_regressor = pytest.mark.parametrize(
    "regressor", REGRESSORS, ids=[type(regressor).__name__ for regressor in REGRESSORS]
)
IMPUTERS = {
    "ridge": ItemRidgeImputer(),
    "low-rank": LowRankImputer(2),
    "neighbors": NeighborImputer(5),
    "collaborative": CollaborativeFilteringImputer(),
    "mean": SimpleImputer(),
    "keeping-mean": SimpleImputer(keep_empty_features=True),
    "nearest": KNNImputer(n_neighbors=5),
    "iterative": IterativeImputer(Ridge(10), max_iter=2, tol=10.0),
    "pipeline": make_pipeline(FunctionTransformer(), KNNImputer()),
}
every_imputer = pytest.mark.parametrize(
    "imputer", [pytest.param(imputer, id=name) for name, imputer in IMPUTERS.items()]
)


def off(X, anchors=ANCHORS):
    """Return full-width rows with results on the anchors only."""
    rows = np.full_like(X, np.nan)
    rows[:, anchors] = X[:, anchors]
    return rows


@pytest.mark.slow
@every_regressor
@every_imputer
def test_any_imputer_works_and_targets_do_not_see_each_other(regressor, imputer):
    wide = np.insert(SOURCES, 3, np.nan, axis=1)  # scikit-learn's imputers would drop it
    anchors = np.where(ANCHORS >= 3, ANCHORS + 1, ANCHORS)
    rows = np.insert(off(TARGETS), 3, np.nan, axis=1)
    rows[1, anchors[0]] = np.nan
    model = clone(regressor).set_params(imputer=imputer).fit(wide, MEANS, anchors=anchors)
    together = model.predict(rows)
    assert np.isfinite(together).all()
    assert_allclose(together, [model.predict(row[np.newaxis])[0] for row in rows])
    without = clone(model).fit(SOURCES, MEANS, anchors=ANCHORS)
    if not isinstance(regressor, AIPWRegressor):  # whose folds depend on the number of items
        assert_allclose(without.predict(np.delete(rows, 3, axis=1)), together)


@every_regressor
@every_imputer
@pytest.mark.filterwarnings("error")
def test_all_items_give_the_exact_mean(regressor, imputer):
    model = clone(regressor).set_params(imputer=imputer).fit(SOURCES, MEANS)
    assert_allclose(model.predict(TARGETS), TARGETS.mean(axis=1))
    assert_array_equal(model.anchors_, np.arange(14))


@every_regressor
def test_only_the_anchors_are_read(regressor):
    model = clone(regressor).fit(SOURCES, MEANS, anchors=ANCHORS)
    assert_array_equal(model.anchors_, ANCHORS)
    expected = model.predict(off(TARGETS))
    assert_array_equal(model.predict(TARGETS), expected)
    shuffled = clone(regressor).fit(SOURCES, MEANS, anchors=ANCHORS[::-1])
    assert_allclose(shuffled.predict(TARGETS), expected)
    free = clone(regressor).fit(SOURCES, MEANS)
    assert_allclose(free.predict(off(TARGETS)), expected)


@every_regressor
def test_a_target_of_another_unit_is_reached_by_a_line_for_each_task(regressor):
    y = np.column_stack([MEANS, 20 + 80 * MEANS])
    one = clone(regressor).fit(SOURCES, MEANS, anchors=ANCHORS)
    two = clone(regressor).fit(SOURCES, y, anchors=ANCHORS)
    assert (one.slope_, one.intercept_) == (1.0, 0.0)
    assert_allclose(two.slope_, [1, 80])
    assert_allclose(two.intercept_, [0, 20], atol=1e-9)
    estimate = one.predict(TARGETS)
    assert_allclose(two.predict(TARGETS), np.column_stack([estimate, 20 + 80 * estimate]))
    column = clone(regressor).fit(SOURCES, MEANS[:, np.newaxis], anchors=ANCHORS)
    assert column.predict(TARGETS).shape == (5, 1)


@every_regressor
def test_the_line_is_a_weighted_least_squares_fit(regressor):
    weight = RNG.integers(0, 4, 25).astype(float)
    y = 0.1 + 0.7 * MEANS + 0.05 * RNG.standard_normal(25)
    model = clone(regressor).fit(SOURCES, y, sample_weight=weight)
    expected = np.polyfit(MEANS, y, 1, w=np.sqrt(weight))
    assert_allclose([model.slope_, model.intercept_], expected)


@every_regressor
def test_sources_that_are_all_alike_give_their_mean_target(regressor):
    model = clone(regressor).fit(np.eye(4), [1.0, 2.0, 3.0, 6.0])
    assert (model.slope_, model.intercept_) == (0.0, 3.0)


@every_regressor
def test_missing_source_results_are_as_hard_as_they_are_for_others(regressor):
    ability, ease = np.meshgrid(np.linspace(0, 1, 8), np.linspace(0, 1, 10), indexing="ij")
    scores = 0.2 * ability + 0.8 * ease
    y = 100 * scores.mean(axis=1)
    scores[0, :5] = np.nan  # the weakest model without the hard half
    assert_allclose(clone(regressor).fit(scores, y).slope_, 100, rtol=0.03)
    evaluated = clone(regressor).fit(scores, np.nanmean(scores, axis=1))
    assert (evaluated.slope_, evaluated.intercept_) == (1.0, 0.0)


@every_regressor
def test_weights_reach_the_imputer_too(regressor):
    weight = np.arange(25) % 3
    weighted = clone(regressor).fit(SOURCES, MEANS, sample_weight=weight, anchors=ANCHORS)
    repeated = clone(regressor).fit(
        np.repeat(SOURCES, weight, axis=0), np.repeat(MEANS, weight), anchors=ANCHORS
    )
    plain = clone(regressor).fit(SOURCES, MEANS, anchors=ANCHORS)
    assert_allclose(weighted.predict(TARGETS), repeated.predict(TARGETS))
    assert np.abs(weighted.predict(TARGETS) - plain.predict(TARGETS)).max() > 1e-4


@every_regressor
def test_an_imputer_without_weights_takes_equal_ones_and_refuses_others(regressor):
    model = clone(regressor).set_params(imputer=KNNImputer())
    used = np.arange(25) % 5 > 0
    expected = clone(model).fit(SOURCES[used], MEANS[used], anchors=ANCHORS).predict(TARGETS)
    model.fit(SOURCES, MEANS, sample_weight=3.0 * used, anchors=ANCHORS)
    assert_allclose(model.predict(TARGETS), expected)
    with pytest.raises(ValueError, match="sample_weight is given, but the imputer KNNImputer does"):
        model.fit(SOURCES, MEANS, sample_weight=np.arange(25))


@every_regressor
def test_the_score_range_clips(regressor):
    sources = np.clip(SOURCES, 0, 0.7)
    y = 1.4 * sources.mean(axis=1)
    rows = np.linspace(0.9, 1, 14)[np.newaxis]
    assert clone(regressor).fit(sources, y).predict(rows)[0] > 1.2
    clipped = clone(regressor).set_params(score_range=(0, 1)).fit(sources, y)
    assert_array_equal(clipped.predict(rows), [1.0])


class Widening(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.hstack([np.nan_to_num(X), np.isnan(X)])


class Idle(Widening):
    def transform(self, X):
        return X


@every_regressor
@pytest.mark.parametrize(
    ("imputer", "message"),
    [
        (Widening(), r"The imputer Widening returned shape \(5, 28\) for rows of shape \(5, 14\)"),
        (SimpleImputer(add_indicator=True), None),
        (Idle(), r"The imputer Idle left \d+ results missing \(NaN\)"),
    ],
    ids=["widening", "no-indicator-of-complete-sources", "idle"],
)
def test_imputers_that_do_not_complete_the_items_are_refused(regressor, imputer, message):
    model = clone(regressor).set_params(imputer=imputer).fit(SOURCES, MEANS, anchors=ANCHORS)
    if message is None:
        assert np.isfinite(model.predict(TARGETS)).all()
    else:
        with pytest.raises(ValueError, match=message):
            model.predict(TARGETS)


@every_regressor
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_an_imputer_that_returns_frames_works(regressor, library):
    imputer = KNNImputer().set_output(transform=library)
    framed = clone(regressor).set_params(imputer=imputer).fit(SOURCES, MEANS, anchors=ANCHORS)
    plain = clone(regressor).set_params(imputer=KNNImputer()).fit(SOURCES, MEANS, anchors=ANCHORS)
    assert_array_equal(framed.predict(TARGETS), plain.predict(TARGETS))


@every_regressor
@pytest.mark.parametrize(
    ("given_to_fit", "message"),
    [
        ({"anchors": [0, 14]}, "anchors holds 14, which are not columns of X with a result"),
        ({"anchors": [-1]}, "anchors holds -1"),
        ({"anchors": [0.5]}, "dtype float64, but must be column indices"),
        ({"anchors": [[0]]}, r"shape \(1, 1\)"),
        ({"anchors": []}, "at least one integer"),
        ({"anchors": [3, 3]}, "the same item more than once"),
        ({"sample_weight": np.zeros(25)}, r"(?i)sample weights .*zero"),
    ],
)
def test_wrong_input_is_refused_with_its_value(regressor, given_to_fit, message):
    with pytest.raises(ValueError, match=message):
        clone(regressor).fit(SOURCES, MEANS, **given_to_fit)


@every_regressor
def test_models_without_any_result_are_named(regressor):
    sources = SOURCES.copy()
    sources[[4, 7]] = np.nan
    with pytest.raises(ValueError, match=r"2 models have no result \(NaN\) on any item: rows 4, 7"):
        clone(regressor).fit(sources, MEANS)
    model = clone(regressor).fit(SOURCES, MEANS, anchors=ANCHORS)
    rows = TARGETS.copy()
    rows[3, ANCHORS] = np.nan
    with pytest.raises(ValueError, match=r"1 models have no result \(NaN\) on any anchor.* rows 3"):
        model.predict(rows)


@every_regressor
@pytest.mark.parametrize(
    "selector",
    [
        RandomSelector(6, random_state=0),
        StratifiedSelector(6, random_state=0),
        CollaborativeFilteringSelector(6),
    ],
    ids=["random", "stratified", "collaborative"],
)
def test_an_anchored_regressor_serves_them(regressor, selector):
    model = AnchoredRegressor(selector, regressor).fit(SOURCES, MEANS)
    results = TARGETS[:, np.sort(model.anchors_)]
    predicted = model.predict(model.selector_.inverse_transform(results))
    given = {}
    if isinstance(regressor, AIPWRegressor) and hasattr(model, "anchor_weights_"):
        given = {"anchor_weights": model.anchor_weights_}
    own = clone(regressor).fit(SOURCES, MEANS, anchors=model.anchors_, **given)
    assert_allclose(predicted, own.predict(TARGETS))
