"""Starting sets, AIS and CIS, and the swaps that a refinement weighs against each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression, Ridge

from sklearn_sparseeval import SparseEvalSelector
from sklearn_sparseeval.numerics.ridge import leave_one_out_error
from sklearn_sparseeval.numerics.row_identity import canonical_row_order
from sklearn_sparseeval.selectors.predictive._refinement import (
    Evidence,
    Swap,
    corrected_scores,
    k_means_anchors,
    proxy_gradient,
    published_scores,
    random_anchors,
    shortlist,
)

ANCHOR_IMPORTANCE = np.array([0.5, 0.1, 0.3])
CANDIDATE_IMPORTANCE = np.array([-np.inf, 2.0, -np.inf, 5.0, -np.inf, 5.0])


def test_the_scores_own_choice_comes_first():
    assert shortlist(ANCHOR_IMPORTANCE, CANDIDATE_IMPORTANCE, set(), 1, 1) == [Swap(1, 3)]


def test_weakest_anchors_times_strongest_items():
    swaps = shortlist(ANCHOR_IMPORTANCE, CANDIDATE_IMPORTANCE, set(), 2, 2)
    assert swaps == [Swap(1, 3), Swap(1, 5), Swap(2, 3), Swap(2, 5)]


def test_refused_anchors_and_taken_items_are_left_out():
    swaps = shortlist(ANCHOR_IMPORTANCE, CANDIDATE_IMPORTANCE, {1}, 9, 9)
    assert swaps == [Swap(a, item) for a in (2, 0) for item in (3, 5, 1)]


def test_a_swap_keeps_places_and_copies():
    anchors = np.array([7, 4, 9])
    np.testing.assert_array_equal(Swap(1, 2).apply(anchors), [7, 2, 9])
    np.testing.assert_array_equal(anchors, [7, 4, 9])


# ---- AIS and CIS ----


def _evidence(seed=0, n_models=12, n_items=7, n_tasks=1, n_anchors=3):
    rng = np.random.default_rng(seed)
    return Evidence(
        X=rng.random((n_models, n_items)),
        anchors=rng.permutation(n_items)[:n_anchors],
        error=rng.normal(size=(n_models, n_tasks)),
        gradient=rng.normal(size=(n_models, n_tasks, n_anchors)),
        sample_weight=rng.integers(1, 4, size=n_models).astype(float),
    )


def _repeated(evidence):
    rows = np.repeat(np.arange(len(evidence.X)), evidence.sample_weight.astype(int))
    return Evidence(
        evidence.X[rows],
        evidence.anchors,
        evidence.error[rows],
        evidence.gradient[rows],
        np.ones(len(rows)),
    )


def _published_by_loops(evidence):
    """The formulas of the released code, one model, task and item at a time."""
    X, _, error, gradient, weight = evidence
    n_models, n_tasks, n_anchors = gradient.shape
    anchor_importance, candidate_importance = np.zeros(n_anchors), np.zeros(X.shape[1])
    for i in range(n_anchors):
        for m in range(n_models):
            slope = sum(2 * error[m, t] * gradient[m, t, i] for t in range(n_tasks)) / n_tasks
            anchor_importance[i] += weight[m] * abs(slope) / weight.sum()
    for j in range(X.shape[1]):
        for t in range(n_tasks):
            total = sum(weight[m] * (X[m, j] - 0.5) * error[m, t] for m in range(n_models))
            candidate_importance[j] += abs(total) / n_tasks
    return anchor_importance, candidate_importance


def _unexplained(column, others, ridge):
    """Norm of what a ridge regression on the others leaves of a centred column, and its size."""
    coef = np.linalg.solve(others.T @ others + ridge * np.eye(others.shape[1]), others.T @ column)
    return np.sqrt(column @ (column - others @ coef) + ridge)


def _corrected_by_projection(evidence):
    X, anchors, error, gradient, weight = evidence
    root = np.sqrt(weight)
    centred = X - np.average(X, axis=0, weights=weight)
    columns = root[:, np.newaxis] * centred
    ridge = 1e-2 * np.mean([column @ column for column in columns.T])
    anchor_importance = [
        np.average(np.abs(gradient[:, :, i]).mean(axis=1), weights=weight)
        * _unexplained(columns[:, anchor], columns[:, np.delete(anchors, i)], ridge)
        for i, anchor in enumerate(anchors)
    ]
    error = error - np.average(error, axis=0, weights=weight)
    candidate_importance = [
        np.mean([abs(np.sum(weight * centred[:, j] * e)) for e in error.T])
        / _unexplained(columns[:, j], columns[:, anchors], ridge)
        for j in range(X.shape[1])
    ]
    return anchor_importance, candidate_importance


def test_published_scores_by_hand():
    evidence = Evidence(
        X=np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]),
        anchors=np.array([0]),
        error=np.array([[0.2], [-0.4]]),
        gradient=np.array([[[0.5]], [[0.25]]]),
        sample_weight=np.ones(2),
    )
    anchor_importance, candidate_importance = published_scores(evidence)
    # (|2 * .2 * .5| + |2 * -.4 * .25|) / 2
    np.testing.assert_allclose(anchor_importance, [0.2])
    # |.5 * .2 + -.5 * -.4|, |-.5 * (.2 - .4)| and |.5 * (.2 - .4)|
    np.testing.assert_allclose(candidate_importance, [0.3, 0.1, 0.1])


@given(seed=st.integers(0, 999), n_tasks=st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_published_scores_equal_loops(seed, n_tasks):
    evidence = _evidence(seed, n_tasks=n_tasks)
    for got, expected in zip(
        published_scores(evidence), _published_by_loops(evidence), strict=True
    ):
        np.testing.assert_allclose(got, expected)


@given(seed=st.integers(0, 999), n_tasks=st.integers(1, 3), n_models=st.sampled_from([3, 12, 40]))
@settings(max_examples=20, deadline=None)
def test_corrected_scores_equal_projections(seed, n_tasks, n_models):
    evidence = _evidence(seed, n_tasks=n_tasks, n_models=n_models)
    for got, expected in zip(
        corrected_scores(evidence), _corrected_by_projection(evidence), strict=True
    ):
        np.testing.assert_allclose(got, expected)


@pytest.mark.parametrize("scores", [published_scores, corrected_scores])
def test_weights_are_repeated_rows(scores):
    for got, expected in zip(scores(_evidence()), scores(_repeated(_evidence())), strict=True):
        np.testing.assert_allclose(got, expected)


@pytest.mark.parametrize("value", [0.0, 0.1, 1.0])
def test_constant_items_give_finite_corrected_scores(value):
    evidence = _evidence()._replace(X=np.full((12, 7), value))
    for score in corrected_scores(evidence):
        assert np.isfinite(score).all()
        np.testing.assert_allclose(score, score[0] if len(score) == 7 else score, atol=1e-12)


def test_pitfall_published_anchor_importance_follows_the_error():
    """methods.md 1.2 b: without error, AIS cannot tell anchors apart; corrected, it can."""
    evidence = _evidence()._replace(error=np.zeros((12, 1)))
    evidence.gradient[:] = [0.1, 0.5, 0.9]
    np.testing.assert_array_equal(published_scores(evidence)[0], [0, 0, 0])
    X = np.tile(np.random.default_rng(0).random((12, 1)), 7)  # equal spread
    assert (np.diff(corrected_scores(evidence._replace(X=X))[0]) > 0).all()


def test_pitfall_published_candidate_importance_drifts_to_constant_items():
    """methods.md 1.2 c: with an error of non-zero mean, an item all models solve wins."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, size=(40, 6)).astype(float)
    X[:, 5] = 1
    error = 0.3 + 0.1 * (X[:, [2]] - X[:, 2].mean())  # item 2 explains all that varies
    evidence = Evidence(X, np.array([0]), error, np.ones((40, 1, 1)), np.ones(40))
    published, corrected = published_scores(evidence)[1], corrected_scores(evidence)[1]
    assert np.argmax(published) == 5
    assert published[5] == pytest.approx(0.5 * error.sum())
    assert 1 + np.argmax(corrected[1:]) == 2  # item 0 is an anchor
    assert corrected[5] == pytest.approx(0, abs=1e-12)


def test_corrected_scores_give_up_and_pass_over_duplicates():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, size=(60, 6)).astype(float)
    X[:, 1] = X[:, 0]
    X[:, 4] = X[:, 2]
    error = X[:, [4]] + 0.5 * X[:, [5]]  # mostly item 4, which the anchors have already
    evidence = Evidence(X, np.array([0, 1, 2]), error, np.ones((60, 1, 3)), np.ones(60))
    anchor_importance, _ = corrected_scores(evidence)
    assert anchor_importance[:2].max() < 0.2 * anchor_importance[2]  # 0 and 1 say the same
    among = Evidence(X, np.array([0, 1]), error, np.ones((60, 1, 2)), np.ones(60))
    candidate_importance = corrected_scores(among)[1]
    assert 2 + np.argmax(candidate_importance[2:]) in (2, 4)  # neither is an anchor yet


class _WithGradient:
    def __init__(self, gradient):
        self.gradient = gradient

    def input_gradient(self, X):
        return self.gradient


@pytest.mark.parametrize("n_tasks", [1, 2])
def test_gradient_of_a_linear_proxy_is_its_coefficients(n_tasks):
    rng = np.random.default_rng(0)
    X, y = rng.random((9, 3)), rng.random((9, n_tasks))
    proxy = Ridge().fit(X, y[:, 0] if n_tasks == 1 else y)
    gradient = proxy_gradient(proxy, X, n_tasks)
    assert gradient.shape == (9, n_tasks, 3)
    step = 0.1
    for i in range(3):
        moved = X + step * np.eye(3)[i]
        difference = (proxy.predict(moved) - proxy.predict(X)).reshape(9, n_tasks) / step
        np.testing.assert_allclose(gradient[:, :, i], difference)


def test_gradient_of_a_single_target_gains_an_axis():
    gradient = np.arange(6.0).reshape(2, 3)
    got = proxy_gradient(_WithGradient(gradient), np.zeros((2, 3)), 1)
    np.testing.assert_array_equal(got, gradient[:, np.newaxis])


def test_proxy_without_gradient():
    message = r"proxy=LinearRegression\(\) has neither a method input_gradient\(X\) nor"
    with pytest.raises(TypeError, match=message):
        proxy_gradient(LinearRegression(), np.zeros((2, 3)), 1)  # not fitted: no coef_


# ---- where a refinement starts ----


def _clustered(sizes=(6, 3, 9, 4), n_models=30, seed=0):
    """Items in clear groups: graded copies of a few random answer sheets, without ties."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    X = rng.integers(0, 2, size=(n_models, len(sizes)))[:, group]
    return 0.8 * X + 0.2 * rng.random(X.shape), group


def _released_code(X, n_anchors, k_means_seed):
    """methods.md 1.1, steps 1 and 3, without the random fill."""
    vectors = (2 * X - 1).T
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors / np.where(norms == 0, 1e-10, norms)
    k_means = KMeans(n_anchors, random_state=k_means_seed, n_init="auto").fit(vectors)
    distances = np.linalg.norm(vectors[:, np.newaxis] - k_means.cluster_centers_, axis=2)
    return np.unique(distances.argmin(axis=0))


@pytest.mark.parametrize("seed", range(3))
def test_k_means_equals_the_released_code(seed):
    X, _ = _clustered(seed=seed)
    anchors = k_means_anchors(X, np.ones(30), np.arange(22), 4, np.random.RandomState(seed))
    expected = _released_code(X, 4, np.random.RandomState(seed))
    np.testing.assert_array_equal(np.sort(anchors), expected)


def test_k_means_lists_the_largest_group_first():
    X, group = _clustered()
    anchors = k_means_anchors(X, np.ones(30), np.arange(22), 4, np.random.RandomState(1))
    np.testing.assert_array_equal(group[anchors], [2, 0, 3, 1])  # of 9, 6, 4 and 3 items


def test_k_means_takes_the_item_nearest_to_the_mean_vector():
    X, group = _clustered()
    vectors = (2 * X - 1).T
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    anchors = k_means_anchors(X, np.ones(30), np.arange(22), 4, np.random.RandomState(1))
    for anchor in anchors:
        members = np.flatnonzero(group == group[anchor])
        distances = np.linalg.norm(vectors[members] - vectors[members].mean(axis=0), axis=1)
        assert distances[members == anchor] == pytest.approx(distances.min())


def test_k_means_chooses_candidates_only():
    X, group = _clustered()
    candidates = np.flatnonzero(group != 2)
    anchors = k_means_anchors(X, np.ones(30), candidates, 3, np.random.RandomState(0))
    np.testing.assert_array_equal(group[anchors], [0, 3, 1])


def test_k_means_weights_are_repeated_rows():
    X = np.random.default_rng(0).random((12, 40))
    weight = np.array([1, 1, 1, 1, 2, 2, 3, 1, 1, 12, 1, 15])
    repeated = np.repeat(X, weight, axis=0)
    for seed in range(20):
        got = k_means_anchors(X, weight, np.arange(40), 12, np.random.RandomState(seed))
        expected = k_means_anchors(
            repeated, np.ones(len(repeated)), np.arange(40), 12, np.random.RandomState(seed)
        )
        np.testing.assert_array_equal(got, expected)


def test_k_means_takes_the_first_of_two_items_equally_near():
    """Both items of a cluster of two are; rounding differs from row order to row order."""
    X, _ = _clustered(sizes=(2, 2, 2, 2))
    for seed in range(20):
        rows = np.random.default_rng(seed).permutation(30)
        anchors = k_means_anchors(X[rows], np.ones(30), np.arange(8), 4, np.random.RandomState(3))
        np.testing.assert_array_equal(np.sort(anchors), [0, 2, 4, 6])


@given(seed=st.integers(0, 99), n_anchors=st.integers(1, 10), n_distinct=st.integers(1, 10))
@settings(max_examples=20, deadline=None)
def test_duplicates_are_filled_up_by_chance(seed, n_anchors, n_distinct):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, size=(15, n_distinct)).astype(float)[:, np.arange(10) % n_distinct]
    anchors = k_means_anchors(X, np.ones(15), np.arange(10), n_anchors, np.random.RandomState(0))
    assert anchors.shape == (n_anchors,)
    assert len(np.unique(anchors)) == n_anchors
    assert set(anchors) <= set(range(10))
    found = len(np.unique(X[:, anchors], axis=1).T)
    assert found == min(n_anchors, len(np.unique(X, axis=1).T))


def test_items_of_length_zero_are_no_obstacle():
    X = np.full((5, 6), 0.5)  # 2 X - 1 is zero
    anchors = k_means_anchors(X, np.ones(5), np.arange(6), 3, np.random.RandomState(0))
    assert len(np.unique(anchors)) == 3


@given(seed=st.integers(0, 999), n_anchors=st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_random_anchors_are_different_candidates(seed, n_anchors):
    candidates = np.array([2, 3, 5, 7, 11])
    anchors = random_anchors(candidates, n_anchors, np.random.RandomState(seed))
    assert len(anchors) == len(np.unique(anchors)) == n_anchors
    assert set(anchors) <= set(candidates)


def test_random_anchors_reach_every_candidate():
    rng = np.random.RandomState(0)
    drawn = [random_anchors(np.array([2, 3, 5]), 1, rng)[0] for _ in range(60)]
    assert set(drawn) == {2, 3, 5}


def test_the_selector_takes_the_best_of_several_draws():
    """Of all the draws the one with the least leave-one-out error is refined."""
    X = np.random.default_rng(0).integers(0, 2, size=(40, 25)).astype(float)
    Y = X.mean(axis=1)
    order = canonical_row_order(X, Y[:, np.newaxis], np.ones(40))
    rng = np.random.RandomState(0)
    draws = [k_means_anchors(X[order], np.ones(40), np.arange(25), 5, rng) for _ in range(6)]
    errors = [leave_one_out_error(X[:, d], Y[:, np.newaxis], np.ones(40)) for d in draws]
    assert len({tuple(np.sort(d)) for d in draws}) > 1
    got = SparseEvalSelector(5, proxy=Ridge(), n_init=6, random_state=0).fit(X, Y).initial_anchors_
    np.testing.assert_array_equal(got, draws[np.argmin(errors)])


def test_the_selector_takes_one_draw_as_it_comes():
    X = np.random.default_rng(0).integers(0, 2, size=(40, 25)).astype(float)
    Y = X.mean(axis=1)
    order = canonical_row_order(X, Y[:, np.newaxis], np.ones(40))
    rng = np.random.RandomState(3)
    draw = k_means_anchors(X[order], np.ones(40), np.arange(25), 5, rng)
    got = SparseEvalSelector(5, proxy=Ridge(), n_init=1, random_state=3).fit(X, Y).initial_anchors_
    np.testing.assert_array_equal(got, draw)
