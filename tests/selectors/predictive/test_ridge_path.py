"""Forward selection: each step's objectives equal those of a regression fitted from scratch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from sklearn_sparseeval.numerics.gram import GramColumns
from sklearn_sparseeval.selectors.predictive._ridge_path import RidgePath, RidgeProblem


def _panel(seed=0, n_models=15, n_items=9, n_targets=1, graded=False):
    rng = np.random.default_rng(seed)
    X = rng.random((n_models, n_items))
    X = X if graded else (X < 0.6).astype(float)
    y = X @ rng.random((n_items, n_targets)) / n_items + 0.1 * rng.normal(size=(n_models, 1))
    return X, y


def _problem(X, y, alpha=0.7, prior_sums=0.0, target_weights=1.0, sample_weight=None):
    weight = np.ones(len(X)) if sample_weight is None else sample_weight
    target_weights, prior_sums = (
        np.broadcast_to(np.asarray(value, dtype=float), y.shape[1])
        for value in (target_weights, prior_sums)
    )
    return RidgeProblem.of(GramColumns(X, weight), y, target_weights, prior_sums, alpha)


def _objective(X, y, items, alpha, prior_sums=0.0, target_weights=1.0, sample_weight=None):
    """Fit each target by least squares, the penalty as further rows; sum up what is left."""
    weight = np.ones(len(X)) if sample_weight is None else sample_weight
    priors, target_weights = np.zeros(y.shape[1]) + prior_sums, np.ones(y.shape[1]) * target_weights
    k, root = len(items), np.sqrt(weight)[:, np.newaxis]
    rows = np.hstack([root * X[:, items], root])
    penalty = np.sqrt(alpha) * np.eye(k, k + 1)
    total = 0.0
    for target, prior, target_weight in zip(y.T, priors, target_weights, strict=True):
        goal = np.append(root[:, 0] * target, np.full(k, np.sqrt(alpha) * prior / k))
        design = np.vstack([rows, penalty])
        residual = goal - design @ np.linalg.lstsq(design, goal)[0]
        total += target_weight * residual @ residual
    return total


def _grown(problem, n_steps, candidates=None):
    candidates = np.ones(len(problem.gram.mean), bool) if candidates is None else candidates
    path = RidgePath(problem, candidates, n_steps)
    for _ in range(n_steps):
        path.grow()
    return path.items


def test_the_oracle_is_ridge():
    X, y = _panel()
    model = Ridge(alpha=0.7).fit(X[:, [3, 5]], y[:, 0])
    left = ((y[:, 0] - model.predict(X[:, [3, 5]])) ** 2).sum() + 0.7 * model.coef_ @ model.coef_
    assert _objective(X, y, [3, 5], 0.7) == pytest.approx(left)


SETTINGS = {
    "one target": {},
    "three targets": {"n_targets": 3, "target_weights": [1.0, 0.2, 5.0]},
    "a target that does not count": {"n_targets": 2, "target_weights": [0.0, 2.0]},
    "priors of their own": {
        "n_targets": 3, "target_weights": [1.0, 0.2, 5.0], "prior_sums": [1.0, 0.0, 0.3],
    },
}  # fmt: skip


class TestObjectives:
    @pytest.mark.slow
    @pytest.mark.parametrize("setting", SETTINGS)
    @pytest.mark.parametrize("shrink_to_mean", [0.0, 0.4, 1.0])
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("graded", [False, True])
    def test_of_every_item_at_every_step_equal_brute_force(
        self, setting, shrink_to_mean, weighted, graded
    ):
        kwargs = {"prior_sums": shrink_to_mean, **SETTINGS[setting]}
        X, y = _panel(n_targets=kwargs.pop("n_targets", 1), graded=graded)
        if weighted:
            kwargs["sample_weight"] = 0.3 + np.arange(15) % 4
        path = RidgePath(_problem(X, y, **kwargs), np.ones(9, bool), 5)
        for _ in range(5):
            expected = [
                np.inf
                if item in path.items
                else _objective(X, y, [*path.items, item], 0.7, **kwargs)
                for item in range(9)
            ]
            got = path.objectives()
            np.testing.assert_allclose(got, expected, rtol=1e-9)
            assert path.grow() == np.argmin(expected)

    @pytest.mark.parametrize("shrink_to_mean", [0.0, 0.4, 1.0])
    def test_hold_for_items_that_are_not_the_best(self, shrink_to_mean):
        """As must_include adds them."""
        X, y = _panel(n_targets=2)
        path = RidgePath(_problem(X, y, prior_sums=shrink_to_mean), np.ones(9, bool), 4)
        for item in (8, 2, 5):
            path.add(item, path.objectives())
        expected = [
            np.inf
            if item in (8, 2, 5)
            else _objective(X, y, [8, 2, 5, item], 0.7, prior_sums=shrink_to_mean)
            for item in range(9)
        ]
        np.testing.assert_allclose(path.objectives(), expected, rtol=1e-9)
        assert path.items == [8, 2, 5]

    @pytest.mark.parametrize("alpha", [1e-6, 1e6])
    def test_hold_for_any_penalty(self, alpha):
        X, y = _panel(graded=True)
        path = RidgePath(_problem(X, y, alpha, 0.4), np.ones(9, bool), 4)
        path.grow()
        path.grow()
        expected = [
            np.inf if item in path.items else _objective(X, y, [*path.items, item], alpha, 0.4)
            for item in range(9)
        ]
        np.testing.assert_allclose(path.objectives(), expected, rtol=1e-7)

    def test_hold_with_more_items_than_models(self):
        X, y = _panel(n_models=4, n_items=12, graded=True)
        path = RidgePath(_problem(X, y, 0.1, 0.8), np.ones(12, bool), 12)
        for _ in range(10):
            path.grow()
        left = [item for item in range(12) if item not in path.items]
        expected = [_objective(X, y, [*path.items, item], 0.1, 0.8) for item in left]
        np.testing.assert_allclose(path.objectives()[left], expected, rtol=1e-8)

    def test_missing_results_count_as_the_mean(self):
        X, y = _panel(graded=True)
        missing = np.random.default_rng(1).random(X.shape) < 0.2
        X[missing] = np.nan
        filled = np.where(missing, np.nanmean(X, axis=0), X)
        path = RidgePath(_problem(X, y, prior_sums=0.4), np.ones(9, bool), 2)
        path.grow()
        left = [item for item in range(9) if item not in path.items]
        expected = [_objective(filled, y, [*path.items, item], 0.7, 0.4) for item in left]
        np.testing.assert_allclose(path.objectives()[left], expected, rtol=1e-9)


class TestPath:
    @pytest.mark.slow
    @given(st.integers(0, 10_000), st.sampled_from([0.0, 0.4, 1.0]), st.booleans())
    @settings(max_examples=25, deadline=None)
    def test_is_the_greedy_one(self, seed, shrink_to_mean, graded):
        X, y = _panel(seed, n_models=10, n_items=7, n_targets=2, graded=graded)
        items = []
        for got in _grown(_problem(X, y, 0.5, shrink_to_mean), 4):
            objectives = [
                np.inf if item in items else _objective(X, y, [*items, item], 0.5, shrink_to_mean)
                for item in range(7)
            ]
            assert objectives[got] <= min(objectives) * (1 + 1e-7)
            items.append(got)

    @pytest.mark.parametrize("shrink_to_mean", [0.0, 0.4, 1.0])
    def test_is_nested(self, shrink_to_mean):
        X, y = _panel(n_items=20)
        problem = _problem(X, y, prior_sums=shrink_to_mean)
        longest = _grown(problem, 20)
        assert sorted(longest) == list(range(20))
        for n_steps in range(1, 20):
            assert _grown(problem, n_steps) == longest[:n_steps]

    @pytest.mark.parametrize("shrink_to_mean", [0.0, 0.4, 1.0])
    @pytest.mark.parametrize("graded", [False, True])
    def test_takes_the_first_of_items_that_are_equal(self, shrink_to_mean, graded):
        X, y = _panel(n_models=30, graded=graded)
        problem = _problem(X, y, prior_sums=shrink_to_mean)
        alone = _grown(problem, 1)[0]
        for position in range(5):
            # Copies of the best item, the first of them in column `position`.
            rest = [item for item in range(9) if item != alone]
            copies = np.insert(X[:, rest], position, X[:, alone], axis=1)
            copies = np.hstack([copies, X[:, [alone, alone]]])
            assert _grown(_problem(copies, y, prior_sums=shrink_to_mean), 1)[0] == position

    def test_takes_the_first_of_mirrored_items(self):
        """With a prior of zero an item and its negation are equally good."""
        X, y = _panel()
        best = _grown(_problem(X, y), 1)[0]
        mirrored = np.column_stack([1 - X[:, best], X])
        assert _grown(_problem(mirrored, y), 1)[0] == 0

    @pytest.mark.parametrize("shrink_to_mean", [0.0, 1.0])
    def test_takes_items_in_order_where_the_target_is_constant_and_so_are_they(
        self, shrink_to_mean
    ):
        problem = _problem(np.full((10, 6), 0.3), np.full((10, 1), 0.7), prior_sums=shrink_to_mean)
        assert _grown(problem, 6) == [0, 1, 2, 3, 4, 5]

    def test_takes_the_first_of_copies_for_a_constant_target(self):
        X, _ = _panel(n_models=40, graded=True)
        copies = np.hstack([X, X[:, ::-1]])  # the first 9 are the first of their kind
        order = np.random.default_rng(0).permutation(40)
        target = np.full((40, 1), 0.1)
        first = _grown(_problem(copies, target, prior_sums=1.0), 3)
        assert first[0] < 9
        assert _grown(_problem(copies[order], target, prior_sums=1.0), 3) == first

    def test_leaves_out_what_is_no_candidate(self):
        X, y = _panel()
        candidates = np.ones(9, bool)
        candidates[_grown(_problem(X, y), 2)] = False
        items = _grown(_problem(X, y), int(candidates.sum()), candidates)
        assert sorted(items) == np.flatnonzero(candidates).tolist()
        assert np.isinf(RidgePath(_problem(X, y), candidates, 1).objectives()).sum() == 2

    def test_of_candidates_is_that_of_their_columns_alone(self):
        X, y = _panel()
        candidates = np.arange(9) % 3 > 0
        alone = _grown(_problem(X[:, candidates], y, prior_sums=0.4), 4)
        got = _grown(_problem(X, y, prior_sums=0.4), 4, candidates)
        assert got == np.flatnonzero(candidates)[alone].tolist()

    def test_does_not_change_the_problem(self):
        X, y = _panel()
        problem = _problem(X, y, prior_sums=0.4)
        candidates = np.ones(9, bool)
        before = [problem.products.copy(), problem.squares.copy(), problem.gram.diagonal.copy()]
        _grown(problem, 6, candidates)
        after = [problem.products, problem.squares, problem.gram.diagonal]
        for old, new in zip(before, after, strict=True):
            np.testing.assert_array_equal(new, old)
        assert candidates.all()


def test_a_weight_of_a_target_is_so_many_copies_of_it():
    X, y = _panel(n_targets=2)
    weighted = _problem(X, y, target_weights=[3.0, 1.0], prior_sums=0.4)
    repeated = _problem(X, y[:, [0, 0, 0, 1]], prior_sums=0.4)
    for n_steps in (1, 4):
        first, second = (RidgePath(p, np.ones(9, bool), 5) for p in (weighted, repeated))
        for _ in range(n_steps):
            assert first.grow() == second.grow()
        np.testing.assert_allclose(first.objectives(), second.objectives())


def test_items_beyond_the_block_that_is_computed_at_once(monkeypatch):
    """Columns that are computed when they are needed lead to the same path."""
    X, y = _panel(n_models=60, n_items=120)
    expected = _grown(_problem(X, y, prior_sums=0.4), 15)
    monkeypatch.setattr("sklearn_sparseeval.numerics.gram._ALL_AT_ONCE", 0)
    problem = _problem(X, y, prior_sums=0.4)
    assert _grown(problem, 15) == expected
    assert len(problem.gram._columns) < 120
