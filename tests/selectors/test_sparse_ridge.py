"""SparseRidgeSelector: its objective by brute force, its options, and what must not matter."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import RandomSelector, ResidualRidgeRegressor, SparseRidgeSelector
from sklearn_sparseeval._gram import GramColumns
from sklearn_sparseeval._ridge import RELATIVE_ALPHAS
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm, load_zeroeval_gsm
from sklearn_sparseeval.estimator_checks import check_anchor_selector
from sklearn_sparseeval.selectors import _sparse_ridge

# Ridge regression and nothing else.
PLAIN = {"alpha": 1.0, "shrink_to_mean": 0.0, "n_components": 0, "exchange": False}


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


def _components(X, n_components):
    left, singular, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    return (left * singular)[:, :n_components]


def _objective(X, y, items, alpha, shrink_to_mean=0.0, weight=None):
    """What the docstring says: squared errors plus the distance to equal weights, by Ridge.

    Ridge on the target less the prior's prediction finds the distance of the weights to it.
    """
    results = X[:, items]
    target = y - shrink_to_mean * results.mean(axis=1)
    model = Ridge(alpha=alpha).fit(results, target, sample_weight=weight)
    errors = (target - model.predict(results)) ** 2
    return np.sum(errors if weight is None else weight * errors) + alpha * model.coef_ @ model.coef_


def _greedy(n_items, n_anchors, objective, start=()):
    items = list(start)
    while len(items) < n_anchors:
        objectives = [
            np.inf if item in items else objective([*items, item]) for item in range(n_items)
        ]
        items.append(int(np.argmin(objectives)))
    return items


X = _scores()
Y = _target(X)
GRADED = _scores(graded=True)
PANELS = {"binary": X, "graded": GRADED}


class TestObjective:
    @pytest.mark.parametrize("kind", PANELS)
    @pytest.mark.parametrize("alpha", [0.01, 1.0, 30.0])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_path_is_greedy_ridge(self, kind, alpha, weighted):
        scores = PANELS[kind]
        weight = 0.5 + np.arange(40) % 3 if weighted else None
        expected = _greedy(25, 5, lambda items: _objective(scores, Y, items, alpha, weight=weight))
        selector = _fit(5, scores, Y, weight, **{**PLAIN, "alpha": alpha})
        assert selector.anchors_.tolist() == expected
        assert selector.path_.tolist() == expected
        assert (selector.alpha_, selector.shrink_to_mean_, selector.n_swaps_) == (alpha, 0, 0)

    @pytest.mark.parametrize("kind", PANELS)
    @pytest.mark.parametrize("shrink_to_mean", [0.05, 0.4, 1])
    def test_path_is_greedy_ridge_towards_the_mean(self, kind, shrink_to_mean):
        scores = PANELS[kind]
        expected = _greedy(25, 5, lambda items: _objective(scores, Y, items, 2.0, shrink_to_mean))
        params = {**PLAIN, "alpha": 2.0, "shrink_to_mean": shrink_to_mean}
        assert _anchors(5, scores, Y, **params) == expected

    @pytest.mark.parametrize("kind", PANELS)
    @pytest.mark.parametrize("n_components", [1, 3])
    def test_components_have_a_tenth_of_the_shrinkage_as_their_share(self, kind, n_components):
        scores, shrink_to_mean = PANELS[kind], 0.8
        components = _components(scores, n_components)
        share = 0.1 * shrink_to_mean * 40 * Y.var() / (components**2).sum()

        def objective(items):
            of_components = [_objective(scores, c, items, 10.0) for c in components.T]
            return _objective(scores, Y, items, 10.0, shrink_to_mean) + share * sum(of_components)

        params = {**PLAIN, "alpha": 10.0, "shrink_to_mean": shrink_to_mean}
        got = _anchors(6, scores, Y, **{**params, "n_components": n_components})
        assert got == _greedy(25, 6, objective)
        assert got != _anchors(6, scores, Y, **params)

    def test_components_do_not_matter_with_more_than_ten_models_per_anchor(self):
        for n_anchors, same in ((3, True), (10, False)):
            got, without = (
                _anchors(n_anchors, X, Y, n_components=n_components) for n_components in (20, 0)
            )
            assert (got == without) == same

    def test_more_components_than_there_are(self):
        assert _anchors(5, X, Y, n_components=25) == _anchors(5, X, Y, n_components=1000)

    @pytest.mark.parametrize("kind", PANELS)
    @pytest.mark.parametrize("shrink_to_mean", [0.0, 0.6])
    def test_no_swap_lowers_the_objective_after_the_exchange(self, kind, shrink_to_mean):
        scores = PANELS[kind]
        params = {**PLAIN, "exchange": True, "shrink_to_mean": shrink_to_mean}
        selector = _fit(5, scores, Y, **params)
        anchors = selector.anchors_.tolist()

        def objective(items):
            return _objective(scores, Y, items, 1.0, shrink_to_mean)

        now = objective(anchors)
        assert now <= objective(selector.path_.tolist())
        for position in range(5):
            for item in set(range(25)) - set(anchors):
                assert objective([*np.delete(anchors, position), item]) >= now * (1 - 2e-6)

    def test_exchange_starts_from_the_path_and_keeps_its_order(self):
        swapped = []
        for seed in range(12):
            scores = _scores(seed=seed)
            selector = _fit(6, scores, _target(scores), alpha=0.5)
            path = _fit(6, scores, _target(scores), alpha=0.5, exchange=False)
            np.testing.assert_array_equal(selector.path_, path.anchors_)
            assert path.n_swaps_ == 0
            stayed = [item for item in path.anchors_ if item in selector.anchors_]
            assert selector.anchors_[: len(stayed)].tolist() == stayed
            assert (selector.n_swaps_ > 0) == (len(stayed) < 6)
            assert selector.n_swaps_ >= 6 - len(stayed)
            swapped.append(selector.n_swaps_ > 0)
        assert any(swapped)

    def test_finds_the_items_that_the_score_is_made_of(self):
        scores = _scores(200, 60, graded=True)
        target = scores[:, [7, 21, 40]] @ [0.5, 0.2, 0.3]
        assert sorted(_anchors(3, scores, target)) == [7, 21, 40]


class TestPath:
    @pytest.mark.parametrize("shrink_to_mean", [0.0, 0.05, 0.5, 1.0])
    @pytest.mark.parametrize("exchange", [False, True])
    def test_is_nested_for_given_penalties(self, shrink_to_mean, exchange):
        params = {"alpha": 1.0, "shrink_to_mean": shrink_to_mean, "exchange": exchange}
        longest = _fit(25, X, Y, **params).path_
        assert sorted(longest) == list(range(25))
        for n_anchors in (1, 2, 5, 11, 24):
            np.testing.assert_array_equal(
                _fit(n_anchors, X, Y, **params).path_, longest[:n_anchors]
            )

    def test_is_that_of_its_own_penalties(self):
        """As the docstring says: with the same `alpha_` and `shrink_to_mean_`."""
        selector = _fit(10, X, Y)
        same = {"alpha": selector.alpha_, "shrink_to_mean": selector.shrink_to_mean_}
        np.testing.assert_array_equal(_fit(4, X, Y, **same).path_, selector.path_[:4])


def _loss(scores, y, anchors, least):
    """Leave one model out, refit, and take the best of the penalties that are large enough."""
    results = scores[:, anchors]
    own_mean, n_models = results.mean(axis=1), len(scores)
    centred = results - results.mean(axis=0)
    unit = (centred**2).sum() / len(anchors)
    losses = []
    for alpha in RELATIVE_ALPHAS[least <= RELATIVE_ALPHAS] * unit:
        errors = []
        for i in range(n_models):
            rest = np.arange(n_models) != i
            model = Ridge(alpha=alpha).fit(results[rest], (y - own_mean)[rest])
            errors.append(model.predict(results[[i]])[0] + own_mean[i] - y[i])
        losses.append(np.mean(np.square(errors)))
    return min(losses)


def _penalties(scores, n_anchors):
    unit = n_anchors * (scores - scores.mean(axis=0)).var(axis=0).mean()
    return np.array(_sparse_ridge._RELATIVE_ALPHAS) * unit


class TestAutomaticPenalties:
    @pytest.mark.parametrize("exchange", [False, True])
    @pytest.mark.parametrize("seed", range(2))
    def test_alpha_has_the_least_leave_one_out_error(self, exchange, seed):
        scores = _scores(15, 12, seed)
        y = _target(scores, seed)
        losses = {}
        for alpha in _penalties(scores, 4):
            anchors = _anchors(4, scores, y, alpha=alpha, exchange=exchange)
            losses[tuple(anchors)] = _loss(scores, y, anchors, 4 / 15)
        assert len(losses) > 1
        got = tuple(_anchors(4, scores, y, exchange=exchange))
        assert losses[got] == pytest.approx(min(losses.values()), rel=1e-8)

    @pytest.mark.parametrize("exchange", [False, True])
    def test_with_many_items_the_paths_settle_alpha(self, monkeypatch, exchange):
        monkeypatch.setattr("sklearn_sparseeval._gram._ALL_AT_ONCE", 0)
        scores = _scores(15, 12, 1)
        y = _target(scores, 1)
        paths = {a: _fit(4, scores, y, alpha=a).path_ for a in _penalties(scores, 4)}
        losses = {a: _loss(scores, y, path, 4 / 15) for a, path in paths.items()}
        selector = _fit(4, scores, y, exchange=exchange)
        least = min(losses.values())
        best = [a for a in losses if losses[a] <= least * (1 + 1e-8)]
        assert selector.alpha_ == pytest.approx(best[0])
        expected = _anchors(4, scores, y, alpha=best[0], exchange=exchange)
        assert selector.anchors_.tolist() == expected

    def test_alpha_grows_with_the_anchors_per_model_and_the_spread_of_the_items(self):
        for scores, n_anchors in ((X, 5), (X, 12), (GRADED, 5), (100 * X, 5)):
            selector = _fit(n_anchors, scores, scores @ np.full(25, 1 / 25))
            penalties = _penalties(scores, n_anchors)
            assert np.isclose(penalties, selector.alpha_, rtol=1e-9).sum() == 1

    def test_given_penalties_are_the_automatic_ones(self):
        auto = _fit(8, X, Y)
        given = _fit(8, X, Y, alpha=auto.alpha_, shrink_to_mean=auto.shrink_to_mean_)
        np.testing.assert_array_equal(given.anchors_, auto.anchors_)
        np.testing.assert_array_equal(given.path_, auto.path_)
        assert given.n_swaps_ == auto.n_swaps_

    @pytest.mark.parametrize("n_anchors", [1, 5, 25])
    def test_shrinkage_is_the_share_of_anchors_among_anchors_and_models(self, n_anchors):
        assert _fit(n_anchors, X, Y).shrink_to_mean_ == n_anchors / (n_anchors + 40)

    def test_weights_count_as_models(self):
        weight = np.repeat([3, 1], 20)
        assert _fit(5, X, Y, weight).shrink_to_mean_ == 5 / (5 + 80)
        assert _fit(5, X, Y, weight / 80).shrink_to_mean_ == 5 / (5 + 40)

    def test_more_models_weaken_both(self):
        few, many = _fit(5, X, Y), _fit(5, np.tile(X, (20, 1)), np.tile(Y, 20))
        assert many.shrink_to_mean_ < few.shrink_to_mean_ / 10
        relative = [s.alpha_ / (n * X.var(axis=0).mean()) for s, n in ((few, 40), (many, 800))]
        assert relative[1] < relative[0]

    @pytest.mark.parametrize("alpha", [1e-300, 1e-20, 1e200])
    @pytest.mark.parametrize("shrink_to_mean", [0.0, 0.4])
    def test_extreme_penalties_still_choose(self, alpha, shrink_to_mean):
        copies = X[:8, np.arange(25) % 9]
        params = {"alpha": alpha, "shrink_to_mean": shrink_to_mean}
        selector = _fit(15, copies, copies.mean(axis=1), **params)
        assert len(np.unique(selector.anchors_)) == 15
        assert selector.alpha_ == max(alpha, 1e-12 * 8 * copies.var(axis=0).mean())


class TestListsOfItems:
    @pytest.mark.parametrize("exchange", [False, True])
    @pytest.mark.parametrize("included", [[3], [19, 4, 11], (2, 7, 9, 1, 0)])
    def test_included_items_come_first_and_stay(self, exchange, included):
        selector = _fit(5, X, Y, must_include=included, exchange=exchange)
        assert selector.anchors_[: len(included)].tolist() == list(included)
        assert selector.path_[: len(included)].tolist() == list(included)
        assert len(np.unique(selector.anchors_)) == 5

    def test_the_rest_makes_the_best_of_those_included(self):
        expected = _greedy(25, 6, lambda items: _objective(X, Y, items, 1.0), start=[19, 4])
        assert _anchors(6, X, Y, must_include=[19, 4], **PLAIN) == expected

    @pytest.mark.parametrize("exchange", [False, True])
    def test_excluded_items_are_never_chosen(self, exchange):
        excluded = _anchors(5, X, Y, exchange=exchange)
        for n_anchors in (5, 20):
            got = _anchors(n_anchors, X, Y, exclude=excluded, exchange=exchange)
            assert len(set(got)) == n_anchors
            assert not set(got) & set(excluded)

    def test_excluding_an_item_is_as_good_as_its_absence(self):
        excluded, rest = [0, 7, 8], np.delete(np.arange(25), [0, 7, 8])
        params = {"alpha": 1.0, "shrink_to_mean": 0.5, "n_components": 0}
        got = _anchors(5, X, Y, exclude=excluded, **params)
        assert got == rest[_anchors(5, X[:, rest], Y, **params)].tolist()

    def test_excluding_what_would_not_be_chosen_changes_nothing(self):
        selector = _fit(5, X, Y, alpha=1.0)
        spare = sorted(set(range(25)) - set(selector.anchors_) - set(selector.path_))
        got = _fit(5, X, Y, alpha=1.0, exclude=spare[:4])
        np.testing.assert_array_equal(got.anchors_, selector.anchors_)

    def test_items_go_by_name_in_data_frames(self):
        frame = pd.DataFrame(X, columns=[f"item {i}" for i in range(25)])
        by_index = _fit(5, X, Y, must_include=[3, 1], exclude=[4, 5])
        by_name = _fit(
            5, frame, Y, must_include=["item 3", "item 1"], exclude=pd.Index(["item 4", "item 5"])
        )
        mixed = _fit(5, frame, Y, must_include=["item 3", "item 1"], exclude=np.array([4, 5]))
        np.testing.assert_array_equal(by_name.anchors_, by_index.anchors_)
        np.testing.assert_array_equal(mixed.anchors_, by_index.anchors_)

    def test_they_may_settle_everything(self):
        assert _anchors(3, X, Y, must_include=[9, 2, 5]) == [9, 2, 5]
        got = _anchors(3, X, Y, exclude=np.setdiff1d(np.arange(25), [9, 2, 5]))
        assert sorted(got) == [2, 5, 9]

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"must_include": [1, 2, 3, 5, 6, 7]}, "must_include holds 6 items, more than n_anch"),
            ({"must_include": [1, 2], "exclude": [7, 2]}, "Item 2 is in must_include and in excl"),
            ({"must_include": [1, 4]}, "must_include holds item 4, for which no source model"),
            ({"exclude": range(5, 25)}, r"n_anchors=5 is more than the 4 items that are"),
            ({"must_include": ["a"]}, r"must_include=\['a'\] must be a list of column indices"),
            ({"exclude": [25]}, "exclude holds 25 to 25, but X has 25 items"),
            ({"must_include": 3}, "The 'must_include' parameter of SparseRidgeSelector"),
        ],
    )
    def test_errors(self, params, message):
        scores = X.copy()
        scores[:, 4] = np.nan
        with pytest.raises(ValueError, match=message):
            _fit(5, scores, Y, **params)


class TestTasks:
    tasks = np.column_stack([X[:, :12].mean(axis=1), 3 * _target(X, 1), X[:, 5:].mean(axis=1)])

    def _expected(self, weights, shrink_to_mean=0.0):
        return _greedy(
            25,
            5,
            lambda items: sum(
                weight * _objective(X, task, items, 1.0, shrink_to_mean)
                for weight, task in zip(weights, self.tasks.T, strict=True)
            ),
        )

    @pytest.mark.parametrize("shrink_to_mean", [0.0, 0.5])
    @pytest.mark.parametrize("weights", [None, [1, 1, 1], [0.2, 5, 1], (0, 1, 0)])
    def test_objective_is_the_weighted_sum_over_tasks(self, weights, shrink_to_mean):
        params = {**PLAIN, "shrink_to_mean": shrink_to_mean, "target_weights": weights}
        got = _anchors(5, X, self.tasks, **params)
        assert got == self._expected(weights or [1, 1, 1], shrink_to_mean)

    def test_weights_make_a_difference(self):
        assert self._expected([1, 1, 1]) != self._expected([100, 0, 1])

    @pytest.mark.parametrize("n_anchors", [3, 8])
    def test_a_task_without_weight_is_ignored(self, n_anchors):
        noise = np.random.default_rng(0).normal(size=(40, 1))
        tasks = np.hstack([self.tasks[:, :2], 100 * noise])
        got = _fit(n_anchors, X, tasks, target_weights=[2, 0.5, 0])
        expected = _fit(n_anchors, X, tasks[:, :2], target_weights=[2, 0.5])
        np.testing.assert_array_equal(got.anchors_, expected.anchors_)
        assert got.alpha_ == expected.alpha_

    @pytest.mark.parametrize("n_anchors", [3, 8])
    def test_a_task_with_weight_three_is_three_tasks(self, n_anchors):
        got = _fit(n_anchors, X, self.tasks, target_weights=[3, 1, 1])
        expected = _fit(n_anchors, X, self.tasks[:, [0, 0, 0, 1, 2]])
        np.testing.assert_array_equal(got.anchors_, expected.anchors_)
        assert got.alpha_ == expected.alpha_

    def test_one_column_is_one_task(self):
        np.testing.assert_array_equal(_anchors(5, X, Y[:, np.newaxis]), _anchors(5, X, Y))
        assert _anchors(5, X, Y, target_weights=[2.0]) == _anchors(5, X, Y, target_weights=[1.0])

    def test_tasks_on_one_scale_weigh_as_their_squares(self):
        """Without a prior a task times ten is a task of weight one hundred."""
        params = {"shrink_to_mean": 0.0, "alpha": 1.0}
        scaled = _anchors(5, X, self.tasks * [10, 1, 1], **params)
        assert scaled == _anchors(5, X, self.tasks, target_weights=[100, 1, 1], **params)

    @pytest.mark.parametrize("weights", [[1, 2], [1, -1, 2], [0, 0, 0], [[1, 2, 3]]])
    def test_bad_weights(self, weights):
        with pytest.raises(ValueError, match=r"target_weights=\[.* must be 3 numbers, one for"):
            _fit(5, X, self.tasks, target_weights=weights)

    def test_weights_that_are_not_finite(self):
        with pytest.raises(ValueError, match="target_weights contains NaN"):
            _fit(5, X, self.tasks, target_weights=[1, np.nan, 2])

    def test_the_default_target_is_the_mean(self):
        np.testing.assert_array_equal(_anchors(5, X), _anchors(5, X, X.mean(axis=1)))


class TestScoreTypes:
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

    @given(st.integers(0, 10_000), st.booleans())
    @settings(max_examples=10, deadline=None)
    def test_errors_in_place_of_scores_make_no_difference(self, seed, graded):
        """All items and the target mirrored, with every default."""
        scores = _scores(30, 15, seed, graded)
        y = _target(scores, seed)
        assert _anchors(5, 1 - scores, 1 - y) == _anchors(5, scores, y)

    @given(st.integers(0, 10_000))
    @settings(max_examples=10, deadline=None)
    def test_neither_units_nor_the_difficulty_of_items_matter(self, seed):
        scores = _scores(30, 15, seed, graded=True)
        y, easier = _target(scores, seed), np.random.default_rng(seed).random(15)
        expected = _fit(5, scores, y)
        percent = _fit(5, 100 * (scores + easier), 100 * y - 7)
        np.testing.assert_array_equal(percent.anchors_, expected.anchors_)
        assert percent.alpha_ == pytest.approx(1e4 * expected.alpha_)

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
        monkeypatch.setattr("sklearn_sparseeval._gram._ALL_AT_ONCE", 0)
        got = [_anchors(8, scores, Y, alpha=1.0) for scores in PANELS.values()]
        assert got == expected


class _Recorder:
    """A callback after sklearn's FitCallback protocol, which can stop one kind of task."""

    def __init__(self, stop=None, after=1):
        self.stop, self.after = stop, after
        self.begun, self.anchors = [], {}

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        self.torn_down = True

    def on_fit_task_begin(self, estimator, context):
        self.begun.append(context.task_name)

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        seen = self.anchors.setdefault(context.task_name, [])
        if context.task_name in ("penalty", "swap"):
            assert fitted_estimator.transform(X).shape == (40, 6)
            seen.append(fitted_estimator.anchors_.tolist())
        return context.task_name == self.stop and len(seen) == self.after


def _swapping():
    """A panel on which several swaps follow the path, whatever the penalty."""
    scores = _scores(seed=20)
    target, selector = _target(scores, 20), SparseRidgeSelector(6, alpha=0.5)
    assert clone(selector).fit(scores, target).n_swaps_ >= 2
    return selector, scores, target


class TestCallbacks:
    def test_a_task_for_each_penalty_anchor_and_swap(self):
        recorder, n_penalties = _Recorder(), len(_sparse_ridge._RELATIVE_ALPHAS)
        selector = SparseRidgeSelector(6).set_callbacks(recorder).fit(X, Y)
        assert recorder.begun[0] == "fit"
        assert recorder.begun.count("penalty") == n_penalties
        assert recorder.begun.count("anchor") == 6 * n_penalties
        assert recorder.begun.count("swap") >= selector.n_swaps_
        assert recorder.torn_down
        assert selector.anchors_.tolist() in recorder.anchors["penalty"]
        expected = [_anchors(6, X, Y, alpha=alpha) for alpha in _penalties(X, 6)]
        assert recorder.anchors["penalty"] == expected

    def test_included_items_are_no_tasks(self):
        recorder = _Recorder()
        SparseRidgeSelector(6, alpha=1.0, must_include=[1, 2]).set_callbacks(recorder).fit(X, Y)
        assert recorder.begun.count("anchor") == 4

    def test_each_swap_shows_its_anchors(self):
        selector, scores, target = _swapping()
        recorder = _Recorder()
        selector.set_callbacks(recorder).fit(scores, target)
        assert recorder.begun == ["fit", "penalty"] + ["anchor"] * 6 + ["swap"] * selector.n_swaps_
        assert recorder.anchors["swap"][-1] == selector.anchors_.tolist()
        before = selector.path_
        for after in recorder.anchors["swap"]:
            assert len(set(before) - set(after)) == 1
            before = after

    @pytest.mark.parametrize("after", [1, 2])
    def test_stop_during_the_exchange(self, after):
        selector, scores, target = _swapping()
        unstopped = _Recorder()
        clone(selector).set_callbacks(unstopped).fit(scores, target)
        stopped = clone(selector).set_callbacks(_Recorder("swap", after)).fit(scores, target)
        assert stopped.n_swaps_ == after
        assert stopped.anchors_.tolist() == unstopped.anchors["swap"][after - 1]

    @pytest.mark.parametrize("after", [1, 2])
    def test_stop_after_a_penalty(self, after):
        recorder = _Recorder("penalty", after)
        selector = SparseRidgeSelector(6).set_callbacks(recorder).fit(X, Y)
        tried = _penalties(X, 6)[:after]
        assert recorder.begun.count("penalty") == after
        assert np.isclose(tried, selector.alpha_).any()
        assert selector.anchors_.tolist() == _anchors(6, X, Y, alpha=selector.alpha_)

    def test_with_many_items_swaps_follow_the_penalties(self, monkeypatch):
        monkeypatch.setattr("sklearn_sparseeval._gram._ALL_AT_ONCE", 0)
        _, scores, target = _swapping()
        recorder = _Recorder()
        selector = SparseRidgeSelector(6).set_callbacks(recorder).fit(scores, target)
        last_penalty = len(recorder.begun) - recorder.begun[::-1].index("penalty")
        assert "swap" not in recorder.begun[:last_penalty]
        assert recorder.begun.count("swap") == selector.n_swaps_

    def test_progress_bar(self, capsys):
        SparseRidgeSelector(3).set_callbacks(ProgressBar()).fit(X, Y)
        assert "SparseRidgeSelector" in capsys.readouterr().out


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


@pytest.mark.parametrize(
    "params",
    [{}, {"exchange": False, "n_components": 0}, {"shrink_to_mean": 0.0, "alpha": 1.0}],
)
def test_the_contract_of_selectors(params):
    check_anchor_selector(SparseRidgeSelector(**params))


def test_anchors_beat_random_ones_by_a_fifth_on_real_models():
    scores, y = load_open_llm(task="arc_challenge", return_X_y=True)
    errors = {"sparse": [], "random": []}
    splits = ShuffleSplit(3, test_size=0.5, random_state=0).split(scores)
    for seed, (train, test) in enumerate(splits):
        pipelines = {
            "sparse": make_pipeline(SparseRidgeSelector(20), ResidualRidgeRegressor()),
            "random": make_pipeline(
                RandomSelector(20, random_state=seed), RidgeCV(np.logspace(-3, 3, 13))
            ),
        }
        for name, pipeline in pipelines.items():
            got = pipeline.fit(scores[train], y[train]).predict(scores[test])
            errors[name].append(abs(got - y[test]).mean())
    assert np.mean(errors["sparse"]) < 0.8 * np.mean(errors["random"])


def test_same_anchors_in_threads():
    scores, y = load_helm_lite(task="commonsense", return_X_y=True)
    expected = [_anchors(n_anchors, scores, y) for n_anchors in (5, 30)]
    for n_jobs in (1, 2):
        got = Parallel(n_jobs=n_jobs, backend="threading")(
            delayed(_anchors)(n_anchors, scores, y) for n_anchors in (5, 30)
        )
        assert got == expected


def test_cross_validation_in_processes():
    scores, y = load_helm_lite(task="commonsense", return_X_y=True)
    pipeline = make_pipeline(SparseRidgeSelector(10), ResidualRidgeRegressor())
    one, two = (cross_val_score(pipeline, scores, y, cv=3, n_jobs=n_jobs) for n_jobs in (1, 2))
    np.testing.assert_array_equal(one, two)
    assert one.min() > 0


def test_small_scores_are_never_copied_to_double_precision(monkeypatch):
    """The peak: single precision twice, each column computed, and some rows per anchor."""
    rng = np.random.default_rng(0)
    scores = (rng.random((400, 6000)) < rng.random((400, 1))).astype(np.uint8)
    y = scores[:, ::7].mean(axis=1)
    columns, products = [], GramColumns._products

    def counted(self, items):
        columns.extend(items)
        return products(self, items)

    monkeypatch.setattr(GramColumns, "_products", counted)
    tracemalloc.start()
    try:
        _fit(20, scores, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    row = 6000 * 8
    assert len(columns) < 6000 / 4
    assert peak < 2 * 4 * scores.size + row * (len(columns) + 8 * 20)
