"""Low rank: what is hidden is hidden, the rank that is there is found, real models."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from sklearn_sparseeval import ImputedScoreRegressor, LowRankImputer
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm
from sklearn_sparseeval.imputers import _low_rank
from sklearn_sparseeval.imputers._low_rank import LowRankModel, complete_rows


def low_rank_scores(rank, n_models=60, n_items=40, noise=0.02, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n_models, rank)) @ rng.normal(size=(rank, n_items))
    return 0.5 + 0.1 * scores + noise * rng.normal(size=scores.shape)


@pytest.fixture
def projections(monkeypatch):
    """Record what the validation hands to a projection, and what comes back."""
    calls = []

    class Recorded(LowRankModel):
        def project(self, results, alpha, fit_intercept):
            predicted = super().project(results, alpha, fit_intercept)
            calls.append((self.loadings.shape[1], results.copy(), predicted))
            return predicted

    monkeypatch.setattr(_low_rank, "LowRankModel", Recorded)
    return calls


@pytest.mark.parametrize("rank", [1, 3, 4, 6])
def test_the_rank_that_is_there_is_found(rank):
    """The released code, whose masks hide nothing, takes the smallest rank whatever the data."""
    imputer = LowRankImputer(fit_intercept=False, n_observed=0.5, random_state=0)
    imputer.fit(low_rank_scores(rank))
    assert imputer.n_components_ == rank
    assert imputer.components_.shape == (rank, 40)
    errors = imputer.validation_errors_
    assert errors.argmin() == imputer.ranks_.tolist().index(rank)
    assert errors.min() > 0.015  # the noise cannot be predicted
    assert errors.max() > 2 * errors.min()
    assert_allclose(np.sqrt(imputer.noise_variance_), 0.02, rtol=0.2)


@pytest.mark.parametrize(("n_observed", "n_kept"), [(0.1, 4), (7, 7), (0.001, 1), (400, 39)])
def test_validation_really_hides_results(projections, n_observed, n_kept):
    X = low_rank_scores(2)
    X = (X - X.min()) / (X.max() - X.min())  # so that the validation works in the same units
    imputer = LowRankImputer(n_observed=n_observed, n_folds=3, random_state=0).fit(X)
    assert len(projections) == 3 * len(imputer.ranks_)
    squares, n_hidden = np.zeros(len(imputer.ranks_)), 0
    for rank, masked, predicted in projections:
        assert ((~np.isnan(masked)).sum(axis=1) == n_kept).all()
        rows = [np.flatnonzero((row == X).any(axis=1))[0] for row in masked]  # by what is left
        hidden = np.isnan(masked)
        squares[imputer.ranks_ == rank] += ((predicted - X[rows])[hidden] ** 2).sum()
        n_hidden += hidden.sum() * (rank == 0)
    assert n_hidden == 60 * (40 - n_kept)  # every model is left out once
    assert_allclose(imputer.validation_errors_, np.sqrt(squares / n_hidden))
    assert imputer.n_components_ == imputer.ranks_[squares.argmin()]


def test_models_of_a_fold_are_not_in_its_loadings():
    """Of a direction that a single model shows, nothing can be learnt from the others."""
    X = low_rank_scores(1, noise=0.001)
    X[7] += np.where(np.arange(40) % 2, 0.3, -0.3)
    imputer = LowRankImputer(fit_intercept=False, n_observed=0.5, random_state=0).fit(X)
    assert imputer.validation_errors_.min() > 0.8 * 0.3 / np.sqrt(60)


def test_the_masks_differ_from_model_to_model_and_with_the_seed(projections):
    X = low_rank_scores(2)
    masks = []
    for seed in (0, 0, 1):
        projections.clear()
        LowRankImputer(random_state=seed).fit(X)
        masks.append(np.vstack([np.isnan(masked) for rank, masked, _ in projections if rank == 0]))
    assert_array_equal(masks[0], masks[1])
    assert (masks[0] != masks[2]).any()
    assert len(np.unique(masks[0], axis=0)) > 50


def test_copies_of_a_model_are_in_one_fold(projections):
    X = np.repeat(low_rank_scores(2, n_models=12), 3, axis=0)
    LowRankImputer(random_state=0).fit(X)
    assert sum(len(masked) for rank, masked, _ in projections if rank == 0) == 12


@pytest.mark.parametrize("n_models", [1, 2])
def test_too_few_models_for_a_choice_have_no_loadings(n_models):
    imputer = LowRankImputer(random_state=0).fit(low_rank_scores(2, n_models))
    assert imputer.n_components_ == 0
    assert_array_equal(imputer.ranks_, [0])
    assert_array_equal(imputer.validation_errors_, [np.nan])


def test_models_with_a_single_result_cannot_be_validated():
    X = np.full((12, 4), np.nan)
    X[np.arange(12), np.arange(12) % 4] = np.linspace(0, 1, 12)
    imputer = LowRankImputer(random_state=0).fit(X)
    assert imputer.n_components_ == 0
    assert np.isnan(imputer.validation_errors_).all()


def test_items_of_a_fold_alone_are_left_out_of_its_validation(projections):
    X = low_rank_scores(2)
    X[1:, 3] = np.nan  # a single model was run on it
    LowRankImputer(random_state=0).fit(X)
    assert {masked.shape[1] for _, masked, _ in projections} == {39, 40}


def test_a_given_rank_is_taken_as_far_as_there_are_models():
    X = low_rank_scores(3)
    imputer = LowRankImputer(random_state=0).fit(X)
    assert hasattr(imputer, "validation_errors_")
    imputer.set_params(n_components=5).fit(X)
    assert imputer.n_components_ == 5
    assert not hasattr(imputer, "ranks_")
    assert not hasattr(imputer, "validation_errors_")
    assert LowRankImputer(100).fit(X[:8]).n_components_ == 8


@pytest.mark.parametrize("unit", [1.0, 100.0])
def test_attributes_are_in_the_units_of_the_scores(unit):
    X = np.clip(low_rank_scores(2), 0, 1)
    X[:2] = [[0.0], [1.0]]
    imputer = LowRankImputer(3).fit(unit * X)
    expected = LowRankModel.of(X, np.ones(60), 3)
    assert_allclose(imputer.components_, unit * expected.loadings.T, atol=1e-9)
    assert_allclose(imputer.noise_variance_, unit**2 * expected.noise)
    auto = LowRankImputer(random_state=0).fit(unit * X)
    by_unit = LowRankImputer(random_state=0).fit(X).validation_errors_
    assert_allclose(auto.validation_errors_, unit * by_unit, rtol=0.2)  # other folds


def test_missing_source_results_are_completed_in_turn_with_the_loadings():
    X = low_rank_scores(2, noise=0.0)
    history = np.where(np.random.default_rng(1).random(X.shape) < 0.3, np.nan, X)
    imputer = LowRankImputer(2, fit_intercept=False, tol=1e-5).fit(history)
    assert imputer.n_iter_ > 1
    rows = np.where(np.arange(40) < 20, X[:5], np.nan)
    assert_allclose(imputer.transform(rows), X[:5], atol=0.02)
    assert LowRankImputer(2).fit(X).n_iter_ == 1


def test_a_history_that_does_not_settle_is_a_warning():
    X = low_rank_scores(3)
    X[::2, ::3] = np.nan
    with pytest.warns(ConvergenceWarning, match=r"still changed after max_iter=2 rounds"):
        LowRankImputer(2, max_iter=2, tol=0.0).fit(X)


def error(imputer, data, *, strong):
    X, y = data
    order = np.argsort(y, kind="stable")
    errors = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        shuffled = order if strong else rng.permutation(len(y))
        sources, targets = shuffled[: len(y) // 2], shuffled[-(len(y) // 4) :]
        anchors = rng.choice(X.shape[1], 50, replace=False)
        model = ImputedScoreRegressor(imputer).fit(X[sources], y[sources], anchors=anchors)
        errors.append(np.abs(model.predict(X[targets]) - y[targets]).mean())
    return np.mean(errors)


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        load_helm_lite(task="mmlu", return_X_y=True),
        load_open_llm(task="arc_challenge", return_X_y=True),
    ],
    ids=["mmlu", "arc"],
)
def test_a_level_of_its_own_saves_the_prediction_of_stronger_models(data):
    own, published = LowRankImputer(random_state=0), LowRankImputer(2, fit_intercept=False)
    assert error(own, data, strong=False) < 0.043
    assert error(published, data, strong=False) < 0.043
    assert error(own, data, strong=True) < 0.045
    assert error(published, data, strong=True) > 0.08


RNG = np.random.default_rng(0)
SCORES = RNG.random((30, 4)) @ RNG.random((4, 15)) / 4 + 0.05 * RNG.random((30, 15))
WEIGHT = np.ones(30)


def masked(X, share, seed=1):
    hidden = np.random.default_rng(seed).random(X.shape) < share
    hidden[:, 0] = False
    return np.where(hidden, np.nan, X)


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_components_and_noise_are_those_of_pca(rank):
    model = LowRankModel.of(SCORES, WEIGHT, rank)
    pca = PCA(4).fit(SCORES)
    share = 29 / 30  # scikit-learn divides by one model less
    assert_allclose(model.means, SCORES.mean(axis=0))
    squared = (model.loadings**2).sum(axis=0)
    assert_allclose(squared, pca.explained_variance_[:rank] * share)
    explained = model.loadings @ model.loadings.T
    expected = pca.components_[:rank].T * pca.explained_variance_[:rank] @ pca.components_[:rank]
    assert_allclose(explained, expected * share, atol=1e-12)
    assert_allclose(model.noise, (SCORES.var(axis=0).sum() - squared.sum()) / 15)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("alpha", [0.2, 1.0, 50.0])
def test_the_projection_minimises_penalised_squares(fit_intercept, alpha):
    model = LowRankModel.of(SCORES, WEIGHT, 3)
    rows = masked(SCORES[:5], 0.6)
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
    model = LowRankModel.of(SCORES, WEIGHT, 0)
    rows = masked(SCORES[:3], 0.5)
    level = np.nanmean(rows - model.means, axis=1, keepdims=True)
    assert_allclose(model.project(rows, 1.0, True), model.means + level)
    assert_allclose(model.project(rows, 1.0, False), np.tile(model.means, (3, 1)))


def test_blocks_make_no_difference(monkeypatch):
    model, rows = LowRankModel.of(SCORES, WEIGHT, 3), masked(SCORES, 0.5)
    expected = model.project(rows, 1.0, True)
    monkeypatch.setattr(_low_rank, "_BLOCK_CELLS", 40)  # two items, two rows at a time
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
    scores = masked(SCORES, 0.3)
    first = np.where(np.isnan(scores), 0.5, scores)
    _, n_iter, converged = complete_rows(scores, WEIGHT, first, 2, 1.0, True, max_iter, tol)
    assert (n_iter, converged) == (max_iter, False)
    assert (first[np.isnan(scores)] == 0.5).all()


def test_complete_rows_need_no_round():
    filled, n_iter, converged = complete_rows(SCORES, WEIGHT, SCORES, 2, 1.0, True, 10, 1e-3)
    assert filled is SCORES
    assert (n_iter, converged) == (1, True)
