"""Swaps: each lowers the objective, and at the end none would, by brute force."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval.numerics.gram import GramColumns
from sklearn_sparseeval.selectors.predictive import _exchange
from sklearn_sparseeval.selectors.predictive._exchange import _fit, _swap_objectives, exchanges
from sklearn_sparseeval.selectors.predictive._ridge_path import RidgeProblem

TOO_MANY = 1000  # swaps


def _panel(seed=0, n_models=20, n_items=10, n_targets=1, graded=False):
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


def _objective(X, y, items, alpha=0.7, prior_sums=0.0, target_weights=1.0, sample_weight=None):
    """Fit each target by least squares, the penalty as further rows; sum up what is left."""
    weight = np.ones(len(X)) if sample_weight is None else sample_weight
    priors, target_weights = np.zeros(y.shape[1]) + prior_sums, np.ones(y.shape[1]) * target_weights
    k, root = len(items), np.sqrt(weight)[:, np.newaxis]
    design = np.vstack([np.hstack([root * X[:, items], root]), np.sqrt(alpha) * np.eye(k, k + 1)])
    total = 0.0
    for target, prior, target_weight in zip(y.T, priors, target_weights, strict=True):
        goal = np.append(root[:, 0] * target, np.full(k, np.sqrt(alpha) * prior / k))
        residual = goal - design @ np.linalg.lstsq(design, goal)[0]
        total += target_weight * residual @ residual
    return total


def _swapped(anchors, position, item):
    return [*np.delete(anchors, position), item]


def _every_swap(X, y, anchors, n_fixed, candidates, **kwargs):
    return [
        _objective(X, y, _swapped(anchors, position, item), **kwargs)
        for position in range(n_fixed, len(anchors))
        for item in np.flatnonzero(candidates)
        if item not in anchors
    ]


def _run(problem, anchors, candidates=None, n_fixed=0):
    candidates = np.ones(len(problem.gram.mean), bool) if candidates is None else candidates
    sets = list(islice(exchanges(problem, np.array(anchors), candidates, n_fixed), TOO_MANY))
    assert len(sets) < TOO_MANY
    return [each.tolist() for each in sets]


SETTINGS = {
    "one target": {},
    "three targets": {"n_targets": 3, "target_weights": [1.0, 0.2, 5.0]},
    "priors of their own": {
        "n_targets": 3, "target_weights": [1.0, 0.2, 5.0], "prior_sums": [1.0, 0.0, 0.3],
    },
}  # fmt: skip


class TestObjectives:
    @pytest.mark.parametrize("setting", SETTINGS)
    @pytest.mark.parametrize("shrink_to_mean", [0.0, 0.4, 1.0])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_of_a_set_and_of_every_swap_equal_brute_force(self, setting, shrink_to_mean, weighted):
        kwargs = {"prior_sums": shrink_to_mean, **SETTINGS[setting]}
        X, y = _panel(n_targets=kwargs.pop("n_targets", 1))
        if weighted:
            kwargs["sample_weight"] = 0.3 + np.arange(20) % 4
        anchors = np.array([7, 1, 4, 2])
        fit = _fit(_problem(X, y, **kwargs), anchors)
        assert fit.objective == pytest.approx(_objective(X, y, anchors, **kwargs), rel=1e-9)
        got = _swap_objectives(fit, np.array([1, 3]), slice(0, 10), 0.7)
        for row, position in enumerate([1, 3]):
            for item in (0, 3, 5, 6, 8, 9):
                expected = _objective(X, y, _swapped(anchors, position, item), **kwargs)
                assert got[row, item] == pytest.approx(expected, rel=1e-9)

    @pytest.mark.parametrize("n_anchors", [1, 12])
    @pytest.mark.parametrize("shrink_to_mean", [0.0, 0.7])
    def test_hold_for_one_anchor_and_for_more_than_models(self, n_anchors, shrink_to_mean):
        X, y = _panel(n_models=5, n_items=15, graded=True)
        anchors = np.arange(n_anchors)
        fit = _fit(_problem(X, y, prior_sums=shrink_to_mean), anchors)
        expected = _objective(X, y, anchors, prior_sums=shrink_to_mean)
        assert fit.objective == pytest.approx(expected, rel=1e-9)
        got = _swap_objectives(fit, np.array([0]), slice(0, 15), 0.7)
        for item in range(n_anchors, 15):
            swapped = _swapped(anchors, 0, item)
            expected = _objective(X, y, swapped, prior_sums=shrink_to_mean)
            assert got[0, item] == pytest.approx(expected, rel=1e-9)


class TestExchanges:
    @pytest.mark.slow
    @given(
        st.integers(0, 10_000), st.sampled_from([0.0, 0.4, 1.0]), st.booleans(), st.integers(0, 2)
    )
    @settings(max_examples=25, deadline=None)
    def test_each_takes_the_best_swap_until_none_lowers_the_objective(
        self, seed, shrink_to_mean, graded, n_fixed
    ):
        X, y = _panel(seed, n_models=12, n_items=9, n_targets=2, graded=graded)
        kwargs = {"prior_sums": shrink_to_mean, "alpha": 0.5}
        rng = np.random.default_rng(seed)
        anchors = rng.choice(9, 4, replace=False).tolist()
        candidates = rng.random(9) < 0.8
        sets = _run(_problem(X, y, **kwargs), anchors, candidates, n_fixed)
        for after in [*sets, None]:
            now = _objective(X, y, anchors, **kwargs)
            others = _every_swap(X, y, anchors, n_fixed, candidates, **kwargs)
            best = min(others, default=np.inf)
            if after is None:
                assert best >= now * (1 - 2e-6)
                break
            assert best < now
            assert _objective(X, y, after, **kwargs) == pytest.approx(best, rel=1e-8)
            anchors = after

    @given(st.integers(0, 10_000), st.integers(0, 3))
    @settings(max_examples=25, deadline=None)
    def test_keep_what_is_fixed_and_let_only_candidates_in(self, seed, n_fixed):
        X, y = _panel(seed)
        rng = np.random.default_rng(seed)
        start = rng.choice(10, 4, replace=False).tolist()
        candidates = rng.random(10) < 0.6
        for after in _run(_problem(X, y), start, candidates, n_fixed):
            assert after[:n_fixed] == start[:n_fixed]
            assert len(set(after)) == 4
            assert candidates[list(set(after) - set(start))].all()

    @given(st.integers(0, 10_000))
    @settings(max_examples=25, deadline=None)
    def test_list_what_stayed_in_its_order_then_what_came_in(self, seed):
        X, y = _panel(seed)
        before = np.random.default_rng(seed).choice(10, 4, replace=False).tolist()
        for after in _run(_problem(X, y), before):
            stayed = [item for item in before if item in after]
            assert len(stayed) == 3
            assert after[:3] == stayed
            before = after

    def test_an_anchor_that_went_comes_back_only_if_it_is_a_candidate(self):
        X, y = _panel(20, n_models=12, n_items=12, graded=True)
        problem, start = _problem(X, y, alpha=1e-3), [0, 1, 2, 3]
        assert _run(problem, start) == [[0, 1, 2, 8], [0, 1, 8, 9], [1, 8, 9, 3]]
        sets = _run(problem, start, np.arange(12) != 3)
        assert sets[:2] == [[0, 1, 2, 8], [0, 1, 8, 9]]
        assert not any(3 in after for after in sets)

    def test_the_start_is_not_changed(self):
        X, y = _panel()
        start, candidates = np.array([0, 1, 2]), np.ones(10, bool)
        assert list(exchanges(_problem(X, y), start, candidates, 0))
        np.testing.assert_array_equal(start, [0, 1, 2])
        assert candidates.all()

    def test_find_the_items_that_the_score_is_made_of(self):
        X = np.random.default_rng(0).random((40, 30))
        y = X[:, [4, 11, 25]].sum(axis=1, keepdims=True)
        sets = _run(_problem(X, y, alpha=1e-3), [0, 1, 2])
        assert sorted(sets[-1]) == [4, 11, 25]

    @pytest.mark.parametrize(
        ("anchors", "candidates", "n_fixed"),
        [
            (range(10), range(10), 0),  # nothing is left to come in
            ([0, 1, 2], [0, 1, 2], 0),
            ([0, 1, 2], [], 0),
            ([0, 1, 2], range(10), 3),  # nothing may go
        ],
    )
    def test_there_are_none_where_nothing_may_be_swapped(self, anchors, candidates, n_fixed):
        X, y = _panel()
        mask = np.isin(np.arange(10), list(candidates))
        assert _run(_problem(X, y), list(anchors), mask, n_fixed) == []

    def test_there_are_none_between_copies(self):
        X, y = _panel(graded=True)
        copies = np.hstack([X[:, :4]] * 3)
        # With a larger penalty an item and its copy could share a weight at half the price.
        assert _run(_problem(copies, y, 1e-6, prior_sums=0.4), [8, 5, 2, 11]) == []

    @pytest.mark.parametrize("block", [1, 3, 4, 1000])
    def test_blocks_of_items_make_no_difference(self, monkeypatch, block):
        X, y = _panel(n_items=30)
        expected = _run(_problem(X, y, prior_sums=0.4), [0, 1, 2, 3])
        assert len(expected) > 1
        monkeypatch.setattr(_exchange, "_BLOCK", block)
        assert _run(_problem(X, y, prior_sums=0.4), [0, 1, 2, 3]) == expected

    @pytest.mark.parametrize("block", [1, 4, 1000])
    @pytest.mark.parametrize("graded", [False, True])
    def test_the_first_of_copies_comes_in(self, monkeypatch, block, graded):
        monkeypatch.setattr(_exchange, "_BLOCK", block)
        X, y = _panel(n_models=40, graded=graded)
        copies = np.hstack([X, X[:, ::-1], X])
        for shrink_to_mean in (0.0, 0.4):
            sets = _run(_problem(copies, y, 1e-3, shrink_to_mean), [29, 28, 27])
            assert len(sets) > 0
            for before, after in zip([[29, 28, 27], *sets], sets, strict=False):
                new = after[-1]
                same = (copies == copies[:, [new]]).all(axis=0)
                assert new == np.setdiff1d(np.flatnonzero(same), before)[0]

    def test_columns_that_are_computed_when_needed_make_no_difference(self, monkeypatch):
        X, y = _panel(n_items=40)
        expected = _run(_problem(X, y, prior_sums=0.4), [0, 1, 2, 3])
        monkeypatch.setattr("sklearn_sparseeval.numerics.gram._ALL_AT_ONCE", 0)
        problem = _problem(X, y, prior_sums=0.4)
        assert _run(problem, [0, 1, 2, 3]) == expected
        assert len(problem.gram._columns) < 40

    @pytest.mark.parametrize("shrink_to_mean", [0.0, 0.4, 1.0])
    @pytest.mark.parametrize("value", [0.0, 0.1])
    @given(seed=st.integers(0, 10_000), n_models=st.integers(1, 8), graded=st.booleans())
    @settings(max_examples=25, deadline=None)
    def test_come_to_an_end_for_a_constant_target(
        self, shrink_to_mean, value, seed, n_models, graded
    ):
        """The objective then falls to zero, and rounding must not pass for a gain."""
        X, _ = _panel(seed, n_models=n_models, n_items=14, graded=graded)
        target = np.full((n_models, 1), value)
        sets = [list(range(8)), *_run(_problem(X, target, 2.0, shrink_to_mean), list(range(8)))]
        objectives = [_objective(X, target, each, 2.0, shrink_to_mean) for each in sets]
        assert (np.diff(objectives) < -1e-12).all()

    @pytest.mark.parametrize("alpha", [1e-11, 1e-8, 1e8])
    @given(seed=st.integers(0, 10_000), shrink_to_mean=st.sampled_from([0.0, 0.4]))
    @settings(max_examples=25, deadline=None)
    def test_come_to_an_end_for_any_penalty(self, alpha, seed, shrink_to_mean):
        X, y = _panel(seed, n_models=6, n_items=14)
        copies = X[:, np.random.default_rng(seed).integers(0, 14, 14)]
        _run(_problem(copies, y, alpha, shrink_to_mean), list(range(8)))
