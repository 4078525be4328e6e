"""How many abilities: those that were simulated, and the rule step by step."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

from sklearn_sparseeval.item_response import _dimensions
from sklearn_sparseeval.item_response._abilities import estimate_abilities
from sklearn_sparseeval.item_response._dimensions import choose_n_dimensions
from sklearn_sparseeval.item_response._variational import fit_item_response

LIMITS = {"max_iter": 300, "tol": 1e-5}


def simulated(n_dimensions, n_models=250, n_items=120, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n_models, n_dimensions)) @ rng.normal(size=(n_dimensions, n_items))
    right = expit(1.5 * logits + rng.normal(size=n_items))
    return (rng.random(right.shape) < right).astype(float)


@pytest.mark.parametrize("n_dimensions", [1, 2, 3])
def test_as_many_as_there_are(n_dimensions):
    chosen, losses = choose_n_dimensions(simulated(n_dimensions), np.ones(250), **LIMITS)
    assert chosen == n_dimensions
    assert list(losses) == [1, 2, 3, 5][: n_dimensions + 1]
    gains = -np.diff(list(losses.values()))
    assert (gains[:-1] > 0.01).all()
    assert gains[-1] < 0.002


def test_candidates_run_out(monkeypatch):
    monkeypatch.setattr(_dimensions, "_CANDIDATES", (1, 2))
    chosen, losses = choose_n_dimensions(simulated(3), np.ones(250), **LIMITS)
    assert chosen == 2
    assert list(losses) == [1, 2]


def test_the_loss_is_that_of_diagonals_that_no_fit_has_seen():
    X, weight = simulated(1, 30, 20), np.arange(1.0, 31.0)
    X[3, 5] = np.nan
    training = X.copy()
    for row in range(30):
        for column in range(20):
            if (row + column) % 5 == 0:
                training[row, column] = np.nan
    fit = fit_item_response(training, weight, 1, **LIMITS)
    abilities = estimate_abilities(training, fit.discriminations, fit.difficulties)
    expected = expit(abilities @ fit.discriminations.T - fit.difficulties)
    total = 0.0
    for row in range(30):
        cells = [i for i in range(20) if (row + i) % 5 == 0 and not np.isnan(X[row, i])]
        losses = [-np.log(expected[row, i] if X[row, i] else 1 - expected[row, i]) for i in cells]
        total += weight[row] * np.mean(losses)
    losses = choose_n_dimensions(X, weight, **LIMITS)[1]
    assert_allclose(losses[1], total / weight.sum())


def test_the_gain_must_exceed_its_standard_error():
    gain = np.array([0.3, -0.1, 0.4, 0.2])  # mean 0.2, standard deviation 0.187: error 0.094
    than = np.ones(4)
    assert _dimensions._clearly_less(than - gain, than, np.ones(4))
    assert not _dimensions._clearly_less(than - (gain - 0.11), than, np.ones(4))
    # Four models of weight 4 are 16 models; of weight 1/4 they are still 4.
    assert _dimensions._clearly_less(than - (gain - 0.11), than, np.full(4, 4.0))
    assert not _dimensions._clearly_less(than - (gain - 0.11), than, np.full(4, 0.25))


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 1), (2, 1)])
def test_with_too_little_to_hold_out_there_is_one(shape):
    assert choose_n_dimensions(np.ones(shape), np.ones(shape[0]), **LIMITS) == (1, {})
