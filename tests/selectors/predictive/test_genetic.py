"""Anchors by a genetic algorithm: filter, search, groups of items of proven worth."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import check_random_state

from sklearn_sparseeval import CalibratedMeanRegressor, GeneticSelector, RandomSelector
from sklearn_sparseeval.datasets import load_mathvision, load_open_llm, load_zeroeval_gsm
from sklearn_sparseeval.estimator_checks import check_anchor_selector
from sklearn_sparseeval.numerics.ridge import RELATIVE_ALPHAS
from sklearn_sparseeval.numerics.row_identity import MergedRows, distinct_models
from sklearn_sparseeval.selectors.predictive import _genetic
from sklearn_sparseeval.selectors.predictive._calibration_error import CalibrationError
from sklearn_sparseeval.selectors.predictive._genetic import (
    _Breeding,
    _evolve,
    _GeneticSearch,
    _without_redundant_items,
)

QUICK = {"population_size": 20, "n_generations": 10, "n_elite": 2, "random_state": 0}


def scores(n_models=30, n_items=16, seed=0):
    rng = np.random.default_rng(seed)
    ability, easiness = rng.normal(size=(n_models, 1)), rng.normal(size=n_items)
    return 1 / (1 + np.exp(rng.normal(size=(n_models, n_items)) - ability - easiness))


def fitted(X, n_anchors=4, y=None, sample_weight=None, **params):
    return GeneticSelector(n_anchors, **{**QUICK, **params}).fit(X, y, sample_weight)


@pytest.mark.slow
@pytest.mark.parametrize(
    "params",
    [
        {"population_size": 20, "n_generations": 5, "n_elite": 2},
        {"population_size": 10, "n_generations": 3, "n_elite": 0, "n_rounds": 0},
        {"population_size": 4, "n_generations": 0, "n_elite": 1, "max_correlation": 0.2},
    ],
)
def test_the_contract_of_selectors(params):
    check_anchor_selector(GeneticSelector(**params))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_it_finds_the_best_of_all_sets(seed):
    X = scores(seed=seed)
    sets = np.array(list(combinations(range(16), 3)))
    y = X[:, :9].mean(axis=1, keepdims=True)
    errors = CalibrationError(distinct_models(X, y, np.ones(30)))(sets)
    selector = fitted(X, 3, y, population_size=60, n_generations=40, max_correlation=1.0)
    assert_array_equal(np.sort(selector.anchors_), sets[errors.argmin()])
    assert selector.best_error_ == pytest.approx(errors.min())


class TestSearch:
    def test_the_error_of_the_anchors_is_the_best_error(self):
        X = scores()
        selector = fitted(X)
        rows = distinct_models(X, X.mean(axis=1, keepdims=True), np.ones(30))
        error = CalibrationError(rows)(selector.anchors_[np.newaxis])
        assert_allclose(error, selector.best_error_)
        assert selector.error_curve_[-1] == selector.best_error_
        assert (np.diff(selector.error_curve_) <= 0).all()

    @pytest.mark.parametrize(
        ("n_generations", "n_rounds", "length"),
        [(10, 2, 11 + 6 * 6), (10, 0, 11), (7, 1, 8 + 3 * 4), (0, 2, 1 + 6)],
    )
    def test_groups_have_half_the_generations(self, n_generations, n_rounds, length):
        selector = fitted(scores(), n_generations=n_generations, n_rounds=n_rounds)
        assert len(selector.error_curve_) == length

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("population_size", "n_elite", "expected"),
        [(400, 40, (120, 12)), (200, 20, (60, 6)), (100, 10, (60, 6)), (20, 2, (20, 2))],
    )
    def test_groups_have_fewer_sets(self, population_size, n_elite, expected, monkeypatch):
        seen = []

        class Spy(_genetic._GeneticSearch):
            def run(self, pool, breeding, n_generations):
                seen.append((len(pool), breeding.size, breeding.n_elite))
                return super().run(pool, breeding, n_generations)

        monkeypatch.setattr(_genetic, "_GeneticSearch", Spy)
        sizes = {"population_size": population_size, "n_elite": n_elite}
        fitted(scores(), **sizes, n_generations=0, group_share=0.5, max_correlation=1.0)
        whole = (16, population_size, n_elite)
        assert seen == [whole, *[(8, *expected)] * 3, *[(4, *expected)] * 3]

    def test_a_group_has_at_least_the_anchors(self):
        selector = fitted(scores(), 12, group_share=0.1, max_correlation=1.0)
        assert len(set(selector.anchors_)) == 12

    def test_groups_are_the_worthiest_the_least_worthy_and_any_items(self, monkeypatch):
        pools = []

        class Spy(_genetic._GeneticSearch):
            def run(self, pool, breeding, n_generations):
                pools.append(pool)
                return super().run(pool, breeding, n_generations)

        worth = np.random.default_rng(0).permutation(16).astype(float)
        monkeypatch.setattr(_genetic, "_GeneticSearch", Spy)
        monkeypatch.setattr(_genetic, "_worth", lambda rows, sets: worth)
        fitted(scores(), n_rounds=1, max_correlation=1.0)
        whole, high, low, drawn = pools
        assert_array_equal(whole, range(16))
        assert_array_equal(high, np.sort(np.argsort(-worth)[:12]))
        assert_array_equal(low, np.sort(np.argsort(worth)[:12]))
        assert len(set(drawn)) == 12

    @pytest.mark.slow
    def test_more_generations_and_rounds_do_no_harm(self):
        X, y = load_open_llm(task="arc_challenge", return_X_y=True)
        few, many, groups = (
            fitted(X, 30, y, n_rounds=n_rounds, n_generations=n_generations).best_error_
            for n_rounds, n_generations in ((0, 10), (0, 60), (2, 60))
        )
        assert groups <= many < few

    def test_mutation_can_be_set(self):
        one = fitted(scores(), mutation_rate="auto")
        assert_array_equal(one.anchors_, fitted(scores(), mutation_rate=0.25).anchors_)
        still = fitted(scores(), mutation_rate=0.0)
        assert still.error_curve_ != one.error_curve_


class TestSeeds:
    def test_the_same_seed_finds_the_same(self):
        one, two = fitted(scores()), fitted(scores())
        assert_array_equal(one.anchors_, two.anchors_)
        assert one.error_curve_ == two.error_curve_

    def test_another_seed_searches_elsewhere(self):
        assert fitted(scores()).error_curve_ != fitted(scores(), random_state=1).error_curve_

    def test_the_order_of_the_models_changes_nothing(self):
        X = (scores(60) > 0.5).astype(float)  # many ties
        y = X[:, :7].mean(axis=1)
        order = np.random.default_rng(0).permutation(60)
        one, two = fitted(X, y=y), fitted(X[order], y=y[order])
        assert_array_equal(one.anchors_, two.anchors_)
        assert one.error_curve_ == two.error_curve_


class TestRedundantItems:
    def test_copies_are_left_out(self):
        X = scores()
        selector = fitted(np.hstack([X, X[:, ::-1], np.ones((30, 2))]), max_correlation=0.99)
        assert_array_equal(selector.pool_, range(16))
        assert selector.anchors_.max() < 16

    def test_they_come_back_where_there_are_not_enough_items(self):
        X = scores(n_items=3)
        selector = fitted(np.hstack([np.ones((30, 1)), X, X]), 6)
        assert_array_equal(selector.pool_, [1, 2, 3, 4, 5, 6])
        assert_array_equal(np.sort(selector.anchors_), [1, 2, 3, 4, 5, 6])

    def test_the_pool_is_of_items_with_results(self):
        X = scores()
        X[:, [0, 5]] = np.nan
        selector = fitted(X, max_correlation=1.0)
        assert_array_equal(selector.pool_, np.setdiff1d(np.arange(16), [0, 5]))
        assert not {0, 5} & set(selector.anchors_)


class TestWorth:
    def test_it_is_the_mean_contribution_over_the_sets_that_have_the_item(self):
        X, weight = scores(), np.random.default_rng(0).integers(1, 4, 30)
        y = X @ np.arange(32.0).reshape(16, 2)
        sets = np.array([[0, 1, 2], [0, 5, 9], [0, 1, 2]])
        total, count = np.zeros(16), np.zeros(16)
        for items in sets[:2]:  # a set that is there twice counts once
            results, scored = np.repeat(X[:, items], weight, axis=0), np.repeat(y, weight, axis=0)
            alphas = RELATIVE_ALPHAS * results.var(axis=0).sum() * len(results) / 3
            away = np.abs(results - results.mean(axis=0)).mean(axis=0)
            ridges = [RidgeCV(alphas).fit(results, task) for task in scored.T]
            total[items] += sum(np.abs(ridge.coef_) for ridge in ridges) * away
            count[items] += 1
        got = _genetic._worth(MergedRows(X, y, weight.astype(float)), sets)
        assert_allclose(got, total / np.maximum(count, 1), rtol=1e-6)

    def test_the_item_that_the_score_depends_on_most_comes_first(self):
        X = scores(200)
        y = X @ np.array([1.0, 30, 3, 10, *[0] * 12])
        selector = fitted(X[:, :4], 4, y)
        assert_array_equal(selector.anchors_, [1, 3, 2, 0])


@pytest.mark.slow
def test_all_tasks_count():
    X = scores(60)
    tasks = np.column_stack([X[:, 3], 2 * X[:, 8]])
    selector = fitted(X, 2, tasks, population_size=80, n_generations=30, max_correlation=1.0)
    rows = distinct_models(X, tasks, np.ones(60))
    sets = np.array(list(combinations(range(16), 2)))
    assert_array_equal(np.sort(selector.anchors_), sets[CalibrationError(rows)(sets).argmin()])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_elite": 20}, "n_elite=20 must be less than population_size=20"),
        ({"population_size": 1}, "The 'population_size' parameter"),
        ({"group_share": 1.0}, "The 'group_share' parameter"),
        ({"mutation_rate": "high"}, "The 'mutation_rate' parameter"),
        ({"max_correlation": 1.1}, "The 'max_correlation' parameter"),
    ],
)
def test_invalid_parameters_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        fitted(scores(), **params)


class Recorder:
    """A callback that looks at the half-fitted selector, and stops when it has seen enough."""

    def __init__(self, stop_after):
        self.stop_after = stop_after
        self.widths = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if context.task_name == "generation":
            self.widths.append(fitted_estimator.transform(X).shape[1])
            return len(self.widths) == self.stop_after
        return False


@pytest.mark.parametrize("stop_after", [3, 13, 19])
def test_a_callback_sees_every_generation_and_can_stop_the_search(stop_after):
    recorder = Recorder(stop_after)
    selector = GeneticSelector(4, **QUICK).set_callbacks(recorder).fit(scores())
    assert recorder.widths == [4] * stop_after
    assert selector.error_curve_ == fitted(scores()).error_curve_[:stop_after]


class TestRealData:
    @pytest.mark.slow
    def test_it_beats_random_anchors_behind_the_same_curve(self):
        X, y = load_open_llm(task="arc_challenge", return_X_y=True)

        def error(selector):
            model = make_pipeline(selector, CalibratedMeanRegressor())
            return abs(model.fit(X[::2], y[::2]).predict(X[1::2]) - y[1::2]).mean()

        random = np.mean([error(RandomSelector(30, random_state=seed)) for seed in range(5)])
        params = {"population_size": 60, "n_generations": 100, "random_state": 0}
        assert error(GeneticSelector(30, **params)) < 0.75 * random

    @pytest.mark.slow
    def test_the_error_of_the_search_is_too_good_for_new_models(self):
        X, y = load_mathvision(return_X_y=True)  # 16 models: any set can be made to fit
        params = {"population_size": 60, "n_generations": 40, "random_state": 0}
        selector = GeneticSelector(20, **params).fit(X[::2], y[::2])
        results = X[:, selector.anchors_]
        fitted_curve = CalibratedMeanRegressor().fit(results[::2], y[::2])
        error = np.sqrt(np.mean((fitted_curve.predict(results[1::2]) - y[1::2]) ** 2))
        assert error > 1.5 * selector.best_error_

    def test_missing_results(self):
        data = load_zeroeval_gsm()
        selector = fitted(data.data, 40, data.target)
        assert len(set(selector.anchors_)) == 40


# ---- the algorithm on problems whose best set is known ----

POOL = np.array([1, 2, 3, 5, 8, 13, 21, 34, 55, 89])
BREEDING = _Breeding(size=30, n_elite=3, tournament_size=3, mutation_rate=0.2)


def sums(sets):
    return sets.sum(axis=1).astype(float)


def generations(n, breeding=BREEDING, n_anchors=4, pool=POOL, errors_of=sums, seed=0):
    return [
        population
        for _, population in zip(
            range(n), _evolve(errors_of, pool, n_anchors, breeding, check_random_state(seed)),
            strict=False,
        )
    ]  # fmt: skip


def search(errors_of=sums, report=lambda best: False, seed=0):
    return _GeneticSearch(errors_of, 4, check_random_state(seed), report)


@pytest.mark.parametrize("n_anchors", [1, 4, 9, 10])
@pytest.mark.parametrize("mutation_rate", [0.0, 0.1, 1.0])
def test_every_set_has_so_many_items_of_the_pool(n_anchors, mutation_rate):
    for population in generations(6, BREEDING._replace(mutation_rate=mutation_rate), n_anchors):
        assert population.sets.shape == (30, n_anchors)
        assert set(population.sets.ravel()) <= set(POOL)
        assert all(len(set(items)) == n_anchors for items in population.sets)


def test_sets_have_their_own_errors_and_the_best_come_first():
    for population in generations(5):
        assert_array_equal(population.errors, sums(population.sets))
        assert (np.diff(population.errors) >= 0).all()


def test_the_elite_lives_on():
    for before, after in zip(generations(8)[:-1], generations(8)[1:], strict=True):
        best = {tuple(items) for items in before.sets[:3]}
        assert best <= {tuple(items) for items in after.sets}


def test_it_finds_the_best_set():
    assert_array_equal(generations(40)[-1].sets[0], [1, 2, 3, 5])


def test_a_large_tournament_takes_the_best_parent():
    breeding = _Breeding(size=50, n_elite=1, tournament_size=2000, mutation_rate=0.0)
    first, second = generations(2, breeding)
    assert_array_equal(second.sets, np.tile(first.sets[0], (50, 1)))


@pytest.mark.parametrize("seed", [0, 7])
def test_the_same_seed_breeds_the_same(seed):
    one, two = generations(4, seed=seed)[-1], generations(4, seed=seed)[-1]
    assert_array_equal(one.sets, two.sets)


class TestSearchInPools:
    def test_it_remembers_the_best_set_of_all_pools(self):
        searching = search()
        searching.run(POOL, BREEDING, 20)
        _, error = searching.run(POOL[4:], BREEDING, 20)
        assert error == sum([8, 13, 21, 34])
        assert_array_equal(searching.best, [1, 2, 3, 5])
        assert len(searching.error_curve) == 42

    def test_the_curve_never_rises_even_without_an_elite(self):
        searching = search()
        last, error = searching.run(POOL, BREEDING._replace(n_elite=0, mutation_rate=0.9), 30)
        assert (np.diff(searching.error_curve) <= 0).all()
        assert searching.error_curve[-1] == sums(searching.best[np.newaxis])[0] == error
        assert last.errors[0] >= error

    def test_no_generations_are_the_first_random_sets(self):
        searching = search()
        last, error = searching.run(POOL, BREEDING, 0)
        assert_array_equal(last.sets, generations(1)[0].sets)
        assert searching.error_curve == [error] == [last.errors[0]]

    def test_the_report_is_told_the_best_set_and_ends_the_search(self):
        told = []

        def report(best):
            told.append(best)
            return len(told) == 3

        searching = search(report=report)
        searching.run(POOL, BREEDING, 50)
        assert searching.stopped
        assert len(searching.error_curve) == 3
        assert_array_equal([sums(best[np.newaxis])[0] for best in told], searching.error_curve)


# ---- the filter of items that another one stands for ----


def without_means(X):
    return X - X.mean(axis=0)


def brute_force(X, max_correlation):
    kept = []
    for item in range(X.shape[1]):
        if X[:, item].any() and all(
            np.corrcoef(X[:, item], X[:, k])[0, 1] <= max_correlation for k in kept
        ):
            kept.append(item)
    return kept


@given(st.integers(0, 999), st.floats(0.0, 0.95), st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_it_equals_the_scan_item_by_item(seed, max_correlation, block):
    rng = np.random.default_rng(seed)
    X = without_means(
        rng.normal(size=(15, 3)) @ rng.normal(size=(3, 20)) + rng.normal(size=(15, 20))
    )
    X[:, [4, 9]] = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_genetic, "_BLOCK", block)
        got = _without_redundant_items(X, max_correlation, 1)
    assert_array_equal(got, brute_force(X, max_correlation))


def test_an_item_dropped_does_not_stand_for_others():
    # b is like a, and c is like b but not like a: with b out, c stays.
    angles = np.deg2rad([0, 25, 50])
    plane = np.linalg.qr(without_means(np.random.default_rng(0).normal(size=(20, 2))))[0]
    X = plane @ np.array([np.cos(angles), np.sin(angles)])
    assert_array_equal(_without_redundant_items(X, 0.8, 1), [0, 2])


def test_the_opposite_of_an_item_is_not_redundant():
    a = without_means(np.random.default_rng(0).normal(size=(20, 1)))
    assert_array_equal(_without_redundant_items(np.hstack([a, -a, a]), 0.9, 1), [0, 1])


@pytest.mark.parametrize(
    ("n_least", "expected"), [(2, [1, 3]), (3, [1, 3, 5]), (4, [1, 3, 4, 5]), (6, range(6))]
)
def test_items_come_back_the_least_redundant_first_and_constant_ones_last(n_least, expected):
    rng = np.random.default_rng(0)
    a, b, noise = (without_means(rng.normal(size=(50, 1))) for _ in range(3))
    X = np.hstack([0 * a, a, 0 * a, b, a, a + 0.3 * noise])
    assert_array_equal(_without_redundant_items(X, 0.5, n_least), expected)


def test_constant_items_alone():
    assert_array_equal(_without_redundant_items(np.zeros((4, 5)), 0.5, 3), [0, 1, 2])


def test_with_a_largest_correlation_of_one_nothing_but_constant_items_is_left_out():
    X = without_means(np.random.default_rng(0).random((9, 6)))
    X[:, 2] = 0
    assert_array_equal(_without_redundant_items(X, 1.0, 1), [0, 1, 3, 4, 5])
