"""SparseRidgeSelector: its objective by brute force, penalties and real models."""

import tracemalloc

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import RandomSelector, ResidualRidgeRegressor, SparseRidgeSelector
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm
from sklearn_sparseeval.estimator_checks import check_anchor_selector
from sklearn_sparseeval.numerics.gram import GramColumns
from sklearn_sparseeval.numerics.ridge import RELATIVE_ALPHAS

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
    @pytest.mark.slow
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

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", PANELS)
    @pytest.mark.parametrize("shrink_to_mean", [0.05, 0.4, 1])
    def test_path_is_greedy_ridge_towards_the_mean(self, kind, shrink_to_mean):
        scores = PANELS[kind]
        expected = _greedy(25, 5, lambda items: _objective(scores, Y, items, 2.0, shrink_to_mean))
        params = {**PLAIN, "alpha": 2.0, "shrink_to_mean": shrink_to_mean}
        assert _anchors(5, scores, Y, **params) == expected

    @pytest.mark.slow
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

    @pytest.mark.parametrize("weighted", [False, True])
    def test_the_share_of_components_is_that_of_weighted_tasks_and_models(self, weighted):
        weight = np.repeat([0.5, 1.5], 20) if weighted else np.full(40, 1.0)
        tasks, target_weights, shrink_to_mean = np.column_stack([Y, 3 * X[:, 0]]), [2.0, 0.5], 0.8
        centred = X - np.average(X, axis=0, weights=weight)
        root = np.sqrt(weight)[:, np.newaxis]
        axes = np.linalg.svd(root * centred, full_matrices=False)[2][:3]
        components = centred @ axes.T
        spread = weight @ (tasks - np.average(tasks, axis=0, weights=weight)) ** 2
        share = 0.1 * shrink_to_mean * (spread @ target_weights) / (weight @ components**2).sum()

        def objective(items):
            of_tasks = [_objective(X, t, items, 10.0, shrink_to_mean, weight) for t in tasks.T]
            of_components = [_objective(X, c, items, 10.0, weight=weight) for c in components.T]
            return np.dot(of_tasks, target_weights) + share * sum(of_components)

        params = {**PLAIN, "alpha": 10.0, "shrink_to_mean": shrink_to_mean, "n_components": 3}
        got = _anchors(6, X, tasks, weight, target_weights=target_weights, **params)
        assert got == _greedy(25, 6, objective)

    def test_components_do_not_matter_with_more_than_ten_models_per_anchor(self):
        for n_anchors, same in ((3, True), (10, False)):
            got, without = (
                _anchors(n_anchors, X, Y, n_components=n_components) for n_components in (20, 0)
            )
            assert (got == without) == same

    def test_more_components_than_there_are(self):
        assert _anchors(5, X, Y, n_components=25) == _anchors(5, X, Y, n_components=1000)

    @pytest.mark.slow
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
    return np.array([0.1, 0.3, 1, 3, 10]) * unit  # by the docstring


class TestAutomaticPenalties:
    @pytest.mark.slow
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

    @pytest.mark.slow
    @pytest.mark.parametrize("exchange", [False, True])
    def test_with_many_items_the_paths_settle_alpha(self, monkeypatch, exchange):
        monkeypatch.setattr("sklearn_sparseeval.numerics.gram._ALL_AT_ONCE", 0)
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


def _invariant_params(seed):
    return [
        {},
        {"exchange": False, "shrink_to_mean": 0.0},
        {"shrink_to_mean": 1.0, "n_components": 2},
    ][seed % 3]


def _swapping():
    """A panel on which several swaps follow the path, whatever the penalty."""
    scores = _scores(seed=20)
    target, selector = _target(scores, 20), SparseRidgeSelector(6, alpha=0.5)
    assert clone(selector).fit(scores, target).n_swaps_ >= 2
    return selector, scores, target


@pytest.mark.slow
@pytest.mark.parametrize(
    "params",
    [{}, {"exchange": False, "n_components": 0}, {"shrink_to_mean": 0.0, "alpha": 1.0}],
)
def test_the_contract_of_selectors(params):
    check_anchor_selector(SparseRidgeSelector(**params))


@pytest.mark.slow
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


@pytest.mark.slow
def test_same_anchors_in_threads():
    scores, y = load_helm_lite(task="commonsense", return_X_y=True)
    expected = [_anchors(n_anchors, scores, y) for n_anchors in (5, 30)]
    for n_jobs in (1, 2):
        got = Parallel(n_jobs=n_jobs, backend="threading")(
            delayed(_anchors)(n_anchors, scores, y) for n_anchors in (5, 30)
        )
        assert got == expected


@pytest.mark.slow
def test_cross_validation_in_processes():
    scores, y = load_helm_lite(task="commonsense", return_X_y=True)
    pipeline = make_pipeline(SparseRidgeSelector(10), ResidualRidgeRegressor())
    one, two = (cross_val_score(pipeline, scores, y, cv=3, n_jobs=n_jobs) for n_jobs in (1, 2))
    np.testing.assert_array_equal(one, two)
    assert one.min() > 0


@pytest.mark.slow
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
