"""The out-of-fold loss against ridge regressions fitted fold by fold, and its gradient."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from sklearn_sparseeval.selectors.predictive._agreement_kernel import OutOfFoldLoss

ANCHORS = np.array([6, 1, 3, 4])


def _problem(seed=0, n_models=13, n_items=9, n_tasks=2, n_folds=4):
    rng = np.random.default_rng(seed)
    X = rng.random((n_models, n_items)).round(1)
    y = X[:, :n_tasks] + rng.normal(scale=0.3, size=(n_models, n_tasks))
    y[3] = y[7]  # a tie
    return X, y, rng.integers(1, 4, n_models) / 2, rng.permutation(n_models) % n_folds


def _standardised(y, weight):
    centred = y - np.average(y, axis=0, weights=weight)
    return centred / np.sqrt(np.average(centred**2, axis=0, weights=weight))


def _mean_variance(X, weight):
    return np.average(
        (X - np.average(X, axis=0, weights=weight)) ** 2, axis=0, weights=weight
    ).mean()


def _loss_of(predicted, y, weight, rank_weight):
    """Smooth L1 and pairwise logistic loss, one error and one pair at a time."""
    n_models, n_tasks = y.shape
    total = 0.0
    for task in range(n_tasks):
        for a in range(n_models):
            e = abs(y[a, task] - predicted[a, task])
            total += weight[a] * (e**2 / 2 if e < 1 else e - 0.5) / weight.sum()
        pairs = [
            (a, b) for a in range(n_models) for b in range(n_models) if y[a, task] > y[b, task]
        ]
        pair_weight = np.array([weight[a] * weight[b] for a, b in pairs])
        lead = np.array([predicted[a, task] - predicted[b, task] for a, b in pairs])
        total += rank_weight * np.average(np.log1p(np.exp(-lead)), weights=pair_weight)
    return total / n_tasks


def _loss_by_agreement(X, y, weight, fold, gates, n_anchors, alpha, rank_weight):
    """The same from the paper's kernel, a linear system with an intercept for each fold."""
    agreement = (X * gates) @ X.T + ((1 - X) * gates) @ (1 - X).T
    kernel = agreement / 2 / n_anchors / _mean_variance(X, weight)
    y = _standardised(y, weight)
    predicted = np.empty_like(y)
    for f in range(fold.max() + 1):
        (seen,), (left_out,) = np.nonzero(fold != f), np.nonzero(fold == f)
        system = np.ones((len(seen) + 1, len(seen) + 1))
        system[:-1, :-1] = kernel[np.ix_(seen, seen)] + np.diag(alpha / weight[seen])
        system[-1, -1] = 0
        solution = np.linalg.solve(system, np.vstack([y[seen], np.zeros(y.shape[1])]))
        predicted[left_out] = kernel[np.ix_(left_out, seen)] @ solution[:-1] + solution[-1]
    return _loss_of(predicted, y, weight, rank_weight)


@pytest.mark.parametrize("n_folds", [2, 4, 13])
@pytest.mark.parametrize("rank_weight", [0.0, 0.7])
def test_loss_is_that_of_ridge_regressions_fitted_without_the_fold(n_folds, rank_weight):
    X, y, weight, fold = _problem(n_folds=n_folds)
    got = OutOfFoldLoss(X, y, weight, fold, rank_weight=rank_weight)(ANCHORS, 0.3)
    features = X[:, ANCHORS] / np.sqrt(len(ANCHORS) * _mean_variance(X, weight))
    target = _standardised(y, weight)
    predicted = np.empty_like(target)
    for f in range(n_folds):
        seen = fold != f
        ridge = Ridge(alpha=0.3).fit(features[seen], target[seen], sample_weight=weight[seen])
        predicted[~seen] = ridge.predict(features[~seen])
    assert got.loss == pytest.approx(_loss_of(predicted, target, weight, rank_weight))


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1000),
    n_folds=st.sampled_from([2, 3, 5, 13]),
    n_tasks=st.sampled_from([1, 2]),
    rank_weight=st.sampled_from([0.0, 0.5]),
    alpha=st.sampled_from([0.05, 1.0, 20.0]),
)
def test_loss_and_gradient_are_those_of_the_agreement_kernel(
    seed, n_folds, n_tasks, rank_weight, alpha
):
    X, y, weight, fold = _problem(seed, n_tasks=n_tasks, n_folds=n_folds)
    got = OutOfFoldLoss(X, y, weight, fold, rank_weight=rank_weight)(ANCHORS, alpha)
    gates = np.zeros(9)
    gates[ANCHORS] = 1

    def loss(gates, alpha):
        return _loss_by_agreement(X, y, weight, fold, gates, len(ANCHORS), alpha, rank_weight)

    def slope(change):  # where the step crosses a kink it is off a little
        return (change(1e-5) - change(-1e-5)) / 2e-5

    assert got.loss == pytest.approx(loss(gates, alpha))
    expected = slope(lambda h: loss(gates, alpha + h))
    assert got.by_alpha == pytest.approx(expected, rel=1e-3, abs=1e-6)
    for item, unit in enumerate(np.eye(9)):
        expected = slope(lambda h, unit=unit: loss(gates + h * unit, alpha))
        assert got.by_item[item] == pytest.approx(expected, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(("scale", "shift"), [(100, 0), (1, -7), (1e-9, 0), (25, 1000)])
def test_units_of_results_and_target_do_not_matter(scale, shift):
    X, y, weight, fold = _problem()
    expected = OutOfFoldLoss(X, y, weight, fold, rank_weight=0.05)(ANCHORS, 0.3)
    other = OutOfFoldLoss(X * scale + shift, y * scale + shift, weight, fold, rank_weight=0.05)
    got = other(ANCHORS, 0.3)
    assert got.loss == pytest.approx(expected.loss)
    np.testing.assert_allclose(got.by_item, expected.by_item, rtol=1e-6, atol=1e-9)


def test_nothing_but_rounding_is_nothing_to_predict():
    X, y, weight, fold = _problem()
    constant = y * 1e-15 + 1
    got = OutOfFoldLoss(X, constant, weight, fold, rank_weight=0.05)(ANCHORS, 0.3)
    assert got.loss == 0
    assert not got.by_item.any()
    got = OutOfFoldLoss(X * 1e-15 + 1, y, weight, fold, rank_weight=0.05)(ANCHORS, 0.3)
    np.testing.assert_allclose(got.by_item, 0, atol=1e-20)
