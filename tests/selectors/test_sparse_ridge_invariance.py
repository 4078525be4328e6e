"""SparseRidgeSelector: what must not matter, types of scores, missing results and extremes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval import SparseRidgeSelector
from sklearn_sparseeval.datasets import load_helm_lite, load_zeroeval_gsm


def _scores(n_models=40, n_items=25, seed=0, graded=False):
    rng = np.random.default_rng(seed)
    ability, difficulty = rng.normal(size=(n_models, 1)), rng.normal(size=n_items)
    probability = 1 / (1 + np.exp(difficulty - 2 * ability))
    if graded:
        return np.clip(probability + 0.2 * rng.normal(size=probability.shape), 0, 1)
    return (rng.random((n_models, n_items)) < probability).astype(float)


def _target(X, seed=0):
    """A weighted mean of the items: unlike the plain one it makes no two of them equal."""
    return X @ np.random.default_rng(seed).dirichlet(np.ones(X.shape[1]))


def _fit(n_anchors=5, X=None, y=None, weight=None, **params):
    return SparseRidgeSelector(n_anchors, **params).fit(X, y, sample_weight=weight)


def _anchors(*args, **params):
    return _fit(*args, **params).anchors_.tolist()


X = _scores()


Y = _target(X)


GRADED = _scores(graded=True)


PANELS = {"binary": X, "graded": GRADED}


class TestScoreTypes:
    @pytest.mark.slow
    @pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.bool_, np.float32, np.int64])
    @pytest.mark.parametrize("given", [False, True])
    def test_zeros_and_ones_of_any_type_give_the_same_anchors(self, dtype, given):
        scores, y = load_helm_lite(task="math", return_X_y=True)
        target = y.astype(np.float32) if given else None
        weight = 1 + np.arange(83) % 3
        expected = _fit(12, scores, target, weight)
        got = _fit(12, scores.astype(dtype), target, weight)
        np.testing.assert_array_equal(got.anchors_, expected.anchors_)
        np.testing.assert_array_equal(got.path_, expected.path_)
        assert got.alpha_ == pytest.approx(expected.alpha_, rel=1e-6)

    @pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.bool_, np.float32])
    def test_transform_keeps_the_type(self, dtype):
        assert _fit(5, X.astype(dtype), Y).transform(X.astype(dtype)).dtype == dtype

    @pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.float32])
    def test_grades_of_any_type_give_the_same_anchors(self, dtype):
        grades = np.round(10 * GRADED)
        assert _anchors(6, grades.astype(dtype), Y) == _anchors(6, grades, Y)


class TestMissingResults:
    def test_they_count_as_the_weighted_mean_of_their_item(self):
        weight = 1.0 + np.arange(40) % 3
        for scores in (X, GRADED):
            holes = scores.copy()
            holes[np.random.default_rng(0).random(X.shape) < 0.3] = np.nan
            seen = ~np.isnan(holes)
            mean = (weight @ np.where(seen, holes, 0)) / (weight @ seen)
            filled = np.where(seen, holes, mean)
            got, expected = _fit(6, holes, Y, weight), _fit(6, filled, Y, weight)
            np.testing.assert_array_equal(got.anchors_, expected.anchors_)
            assert got.alpha_ == pytest.approx(expected.alpha_)

    def test_of_two_copies_the_one_more_models_have_seen_is_chosen(self):
        both = np.column_stack([Y, Y, X])
        both[10:, 0] = np.nan
        assert _anchors(1, both, Y) == [1]
        both[:, 1] = both[:, 0]
        both[:, 0] = Y
        assert _anchors(1, both, Y) == [0]

    def test_an_item_seen_by_few_models_must_be_much_better_than_the_rest(self):
        rare = np.column_stack([X, Y])
        rare[3:, -1] = np.nan  # perfect, as far as three models can tell
        assert 25 not in _anchors(3, rare, Y)
        rare[:, -1] = np.where(np.arange(40) < 30, Y, np.nan)
        assert 25 in _anchors(3, rare, Y)

    def test_easy_and_hard_items_are_treated_alike(self):
        """Ones in place of zeros change the sign of an item's moments and nothing else."""
        holes = X.copy()
        holes[np.random.default_rng(0).random(X.shape) < 0.3] = np.nan
        flipped = np.where(np.arange(25) % 2, holes, 1 - holes)
        params = {"shrink_to_mean": 0.0, "alpha": 1.0}
        assert _anchors(8, flipped, Y, **params) == _anchors(8, holes, Y, **params)

    @pytest.mark.parametrize("exchange", [False, True])
    def test_items_without_results_are_never_chosen(self, exchange):
        empty = np.isin(np.arange(25), [0, 3, 24, *_anchors(4, X, Y)])
        holes = np.where(empty, np.nan, X)
        for n_anchors in (1, 6, int((~empty).sum())):
            got = _anchors(n_anchors, holes, Y, exchange=exchange)
            assert len(set(got)) == n_anchors
            assert not empty[got].any()

    @pytest.mark.slow
    def test_of_real_models_count_as_the_mean_too(self):
        scores, y = load_zeroeval_gsm(return_X_y=True)
        filled = np.where(np.isnan(scores), np.nanmean(scores, axis=0), scores)
        assert np.isnan(scores).any()
        assert _anchors(15, scores, y) == _anchors(15, filled, y)


def _invariant_params(seed):
    return [
        {},
        {"exchange": False, "shrink_to_mean": 0.0},
        {"shrink_to_mean": 1.0, "n_components": 2},
    ][seed % 3]


@pytest.mark.slow
@given(st.integers(0, 10_000), st.booleans(), st.sampled_from(["free", "constant", "mean"]))
@settings(max_examples=25, deadline=None)
def test_neither_the_order_of_models_nor_repeating_them_matters(seed, graded, kind):
    """Few models and copies of items: ties everywhere, and rounding must not break them."""
    rng = np.random.default_rng(seed)
    n_models, n_items = int(rng.integers(2, 20)), int(rng.integers(4, 20))
    scores = _scores(n_models, n_items, seed, graded)[:, rng.integers(0, n_items, n_items)]
    y = {
        "free": rng.random(n_models),
        "constant": np.full(n_models, 0.1),
        "mean": scores.mean(axis=1),
    }[kind]
    n_anchors, params = int(rng.integers(1, n_items)), _invariant_params(seed)
    order, weight = rng.permutation(n_models), rng.integers(0, 4, n_models)
    weight[0] = 1
    plain, ordered = (_fit(n_anchors, scores[o], y[o], **params) for o in (slice(None), order))
    weighted = _fit(n_anchors, scores, y, weight, **params)
    repeated = _fit(n_anchors, np.repeat(scores, weight, axis=0), np.repeat(y, weight), **params)
    for one, other in ((plain, ordered), (weighted, repeated)):
        np.testing.assert_array_equal(one.path_, other.path_)
        np.testing.assert_array_equal(one.anchors_, other.anchors_)
        assert one.alpha_ == pytest.approx(other.alpha_)
        assert one.shrink_to_mean_ == pytest.approx(other.shrink_to_mean_)


class TestInvariance:
    @pytest.mark.parametrize("kind", PANELS)
    @pytest.mark.parametrize("n_anchors", [4, 12])
    def test_weights_are_repeated_models(self, kind, n_anchors):
        scores, weight = PANELS[kind], np.arange(40) % 4
        weighted = _fit(n_anchors, scores, Y, weight)
        repeated = _fit(n_anchors, np.repeat(scores, weight, axis=0), np.repeat(Y, weight))
        np.testing.assert_array_equal(weighted.anchors_, repeated.anchors_)
        assert weighted.alpha_ == pytest.approx(repeated.alpha_, rel=1e-7)

    @pytest.mark.parametrize("kind", PANELS)
    @pytest.mark.parametrize("n_anchors", [4, 12])
    def test_equal_weights_that_sum_to_one_are_no_weights(self, kind, n_anchors):
        scores = PANELS[kind]
        got, expected = (_fit(n_anchors, scores, Y, w) for w in (np.full(40, 1 / 40), None))
        np.testing.assert_array_equal(got.anchors_, expected.anchors_)
        assert 40 * got.alpha_ == pytest.approx(expected.alpha_)
        assert got.shrink_to_mean_ == expected.shrink_to_mean_

    @pytest.mark.parametrize("kind", PANELS)
    def test_weights_that_sum_to_one_are_repeated_models_for_given_penalties(self, kind):
        scores, counts = PANELS[kind], 1 + np.arange(40) % 3
        params = {"shrink_to_mean": 0.3}
        share = 1 / counts.sum()
        weighted = _anchors(8, scores, Y, counts * share, alpha=2 * share, **params)
        repeated = _anchors(
            8, np.repeat(scores, counts, axis=0), np.repeat(Y, counts),
            np.full(counts.sum(), share), alpha=2 * share, **params,
        )  # fmt: skip
        assert weighted == repeated == _anchors(8, scores, Y, counts, alpha=2.0, **params)

    @given(st.integers(0, 10_000), st.booleans())
    @settings(max_examples=10, deadline=None)
    def test_wrong_in_place_of_right_makes_no_difference_to_plain_ridge(self, seed, graded):
        """Of any items: an item and its mirror image tell the same of the target."""
        scores = _scores(30, 15, seed, graded)
        y = _target(scores, seed)
        mirrored = np.where(np.random.default_rng(seed).random(15) < 0.5, scores, 1 - scores)
        params = {"alpha": 1.0, "shrink_to_mean": 0.0}
        assert _anchors(5, mirrored, y, **params) == _anchors(5, scores, y, **params)

    @pytest.mark.slow
    @given(st.integers(0, 10_000), st.booleans())
    @settings(max_examples=10, deadline=None)
    def test_errors_in_place_of_scores_make_no_difference(self, seed, graded):
        """All items and the target mirrored, with every default."""
        scores = _scores(30, 15, seed, graded)
        y = _target(scores, seed)
        assert _anchors(5, 1 - scores, 1 - y) == _anchors(5, scores, y)

    @pytest.mark.slow
    @given(st.integers(0, 10_000))
    @settings(max_examples=10, deadline=None)
    def test_neither_units_nor_the_difficulty_of_items_matter(self, seed):
        scores = _scores(30, 15, seed, graded=True)
        y, easier = _target(scores, seed), np.random.default_rng(seed).random(15)
        expected = _fit(5, scores, y)
        percent = _fit(5, 100 * (scores + easier), 100 * y - 7)
        np.testing.assert_array_equal(percent.anchors_, expected.anchors_)
        assert percent.alpha_ == pytest.approx(1e4 * expected.alpha_)

    @pytest.mark.slow
    @given(st.integers(0, 10_000), st.booleans())
    @settings(max_examples=10, deadline=None)
    def test_anchors_move_with_the_columns(self, seed, graded):
        scores = _scores(30, 15, seed, graded)
        y = _target(scores, seed)
        order = np.random.default_rng(seed).permutation(15)
        distinct = np.unique(scores, axis=1).shape[1] == 15
        got, expected = order[_anchors(5, scores[:, order], y)], _anchors(5, scores, y)
        if distinct:
            np.testing.assert_array_equal(got, expected)
        else:  # which of the copies is a matter of the order
            np.testing.assert_array_equal(scores[:, got], scores[:, expected])

    def test_columns_that_are_computed_when_needed_make_no_difference(self, monkeypatch):
        expected = [_anchors(8, scores, Y, alpha=1.0) for scores in PANELS.values()]
        monkeypatch.setattr("sklearn_sparseeval.numerics.gram._ALL_AT_ONCE", 0)
        got = [_anchors(8, scores, Y, alpha=1.0) for scores in PANELS.values()]
        assert got == expected


class TestExtremes:
    @pytest.mark.parametrize("kind", PANELS)
    @pytest.mark.parametrize("n_models", [1, 2, 5])
    @pytest.mark.parametrize("missing", [False, True])
    def test_far_fewer_models_than_anchors(self, kind, n_models, missing):
        scores = _scores(n_models, 60, 3, graded=kind == "graded")
        if missing:
            scores[np.random.default_rng(0).random(scores.shape) < 0.3] = np.nan
        evaluated = (~np.isnan(scores)).any(axis=0)
        got = _anchors(30, scores)
        assert len(set(got)) == 30
        assert evaluated[got].all()

    def test_one_model(self):
        """Nothing tells the items apart: the first ones."""
        for scores in PANELS.values():
            selector = _fit(4, scores[:1])
            assert selector.anchors_.tolist() == [0, 1, 2, 3]
            assert np.isfinite(selector.alpha_)

    @pytest.mark.parametrize("kind", PANELS)
    @pytest.mark.parametrize("params", [{}, {"shrink_to_mean": 0.0}, {"shrink_to_mean": 1.0}])
    def test_constant_target(self, kind, params):
        got = _anchors(10, PANELS[kind], np.full(40, 0.1), **params)
        assert len(set(got)) == 10

    @pytest.mark.parametrize("value", [0.0, 0.1, 1.0])
    @pytest.mark.parametrize("params", [{}, {"shrink_to_mean": 1.0}])
    def test_constant_items(self, value, params):
        """Not one of them before any other; among themselves the first ones."""
        assert _anchors(3, np.full((40, 6), value), Y, **params) == [0, 1, 2]
        scores = np.insert(X, [0, 10], value, axis=1)  # columns 0 and 11
        assert not {0, 11} & set(_anchors(8, scores, Y, shrink_to_mean=0.0))

    @pytest.mark.parametrize("exchange", [False, True])
    def test_all_items(self, exchange):
        selector = _fit(25, X, Y, exchange=exchange)
        assert sorted(selector.anchors_) == list(range(25))
        assert selector.n_swaps_ == 0

    def test_a_copy_adds_less_than_the_next_best_item(self):
        doubled = np.hstack([X, X])
        assert len({item % 25 for item in _anchors(10, doubled, Y, alpha=0.1)}) == 10

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"alpha": 0}, "The 'alpha' parameter of SparseRidgeSelector"),
            ({"alpha": "best"}, "The 'alpha' parameter of SparseRidgeSelector"),
            ({"shrink_to_mean": 1.1}, "The 'shrink_to_mean' parameter"),
            ({"shrink_to_mean": -0.1}, "The 'shrink_to_mean' parameter"),
            ({"n_components": -1}, "The 'n_components' parameter"),
            ({"exchange": "no"}, "The 'exchange' parameter"),
            ({"target_weights": 2.0}, "The 'target_weights' parameter"),
        ],
    )
    def test_bad_parameters(self, params, message):
        with pytest.raises(ValueError, match=message):
            _fit(5, X, Y, **params)
