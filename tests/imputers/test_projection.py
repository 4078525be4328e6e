import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.decomposition import PCA

from sklearn_sparseeval.imputers import _projection
from sklearn_sparseeval.imputers._projection import LowRankModel, complete_rows

RNG = np.random.default_rng(0)
X = RNG.random((30, 4)) @ RNG.random((4, 15)) / 4 + 0.05 * RNG.random((30, 15))
WEIGHT = np.ones(30)


def masked(X, share, seed=1):
    hidden = np.random.default_rng(seed).random(X.shape) < share
    hidden[:, 0] = False
    return np.where(hidden, np.nan, X)


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_components_and_noise_are_those_of_pca(rank):
    model = LowRankModel.of(X, WEIGHT, rank)
    pca = PCA(4).fit(X)
    share = 29 / 30  # scikit-learn divides by one model less
    assert_allclose(model.means, X.mean(axis=0))
    squared = (model.loadings**2).sum(axis=0)
    assert_allclose(squared, pca.explained_variance_[:rank] * share)
    explained = model.loadings @ model.loadings.T
    expected = pca.components_[:rank].T * pca.explained_variance_[:rank] @ pca.components_[:rank]
    assert_allclose(explained, expected * share, atol=1e-12)
    assert_allclose(model.noise, (X.var(axis=0).sum() - squared.sum()) / 15)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("alpha", [0.2, 1.0, 50.0])
def test_the_projection_minimises_penalised_squares(fit_intercept, alpha):
    model = LowRankModel.of(X, WEIGHT, 3)
    rows = masked(X[:5], 0.6)
    predicted = model.project(rows, alpha, fit_intercept)
    for row, got in zip(rows, predicted, strict=True):
        have = ~np.isnan(row)
        # Least squares with the penalty as three more observations of zero.
        design = np.vstack([model.loadings[have], np.sqrt(alpha * model.noise) * np.eye(3)])
        level = np.append(np.ones(have.sum()), np.zeros(3))[:, np.newaxis]
        design = np.hstack([level, design]) if fit_intercept else design
        target = np.append(row[have] - model.means[have], np.zeros(3))
        best = np.linalg.lstsq(design, target, rcond=None)[0]
        everywhere = np.hstack([np.ones((15, 1)), model.loadings])[:, -len(best) :]
        assert_allclose(got, model.means + everywhere @ best)


def test_without_loadings_a_row_is_its_level_or_nothing():
    model = LowRankModel.of(X, WEIGHT, 0)
    rows = masked(X[:3], 0.5)
    level = np.nanmean(rows - model.means, axis=1, keepdims=True)
    assert_allclose(model.project(rows, 1.0, True), model.means + level)
    assert_allclose(model.project(rows, 1.0, False), np.tile(model.means, (3, 1)))


def test_blocks_make_no_difference(monkeypatch):
    model, rows = LowRankModel.of(X, WEIGHT, 3), masked(X, 0.5)
    expected = model.project(rows, 1.0, True)
    monkeypatch.setattr(_projection, "_BLOCK_CELLS", 40)  # two items, two rows at a time
    assert_allclose(model.project(rows, 1.0, True), expected)


def test_completing_recovers_a_matrix_of_low_rank():
    exact = RNG.random((40, 2)) @ RNG.random((2, 25))
    scores = masked(exact, 0.3)
    missing = np.isnan(scores)
    first = np.where(missing, np.nanmean(scores, axis=0), scores)
    filled, n_iter, converged = complete_rows(scores, np.ones(40), first, 2, 1.0, False, 500, 1e-6)
    assert converged
    assert 1 < n_iter < 500
    assert_allclose(filled[~missing], exact[~missing])
    error = np.abs(filled - exact)[missing]
    assert error.max() < 0.01
    assert np.abs(first - exact)[missing].mean() > 20 * error.mean()


@pytest.mark.parametrize(("max_iter", "tol"), [(3, 0.0), (1, 1e-3)])
def test_completing_ends_after_max_iter(max_iter, tol):
    scores = masked(X, 0.3)
    first = np.where(np.isnan(scores), 0.5, scores)
    _, n_iter, converged = complete_rows(scores, WEIGHT, first, 2, 1.0, True, max_iter, tol)
    assert (n_iter, converged) == (max_iter, False)
    assert (first[np.isnan(scores)] == 0.5).all()


def test_complete_rows_need_no_round():
    filled, n_iter, converged = complete_rows(X, WEIGHT, X, 2, 1.0, True, 10, 1e-3)
    assert filled is X
    assert (n_iter, converged) == (1, True)
