"""Abilities of models, given the parameters of the items."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from sklearn_sparseeval.numerics.latent_items import blocks

Array = NDArray[np.floating]

_MAX_STEPS = 100
_CONVERGED = 1e-9  # change of an ability, in standard deviations of the source models
_SUFFICIENT = 1e-4  # share of the promised gain that a step must bring (Armijo's condition)
_ROUNDING = 1e-12  # relative
_LEAST_STEP = 2.0**-30


def estimate_abilities(X: Array, discriminations: Array, difficulties: Array) -> Array:
    """Return the most probable abilities under a standard normal prior.

    The prior keeps them finite where every result is right, or wrong. Newton's method from 0,
    with steps halved until they help; every model stops on its own, so that its abilities do not
    depend on the other rows.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores between 0 and 1; NaN = not evaluated. A model without any result gets 0.
    discriminations : ndarray of shape (n_items, n_dimensions)
        Discriminations of the items.
    difficulties : ndarray of shape (n_items,)
        Difficulties of the items.

    Returns
    -------
    abilities : ndarray of shape (n_models, n_dimensions)
        Always finite.
    """
    abilities = np.zeros((len(X), discriminations.shape[1]))
    for rows in blocks(*X.shape):
        known = ~np.isnan(X[rows])
        likelihood = _Likelihood(
            np.where(known, X[rows], 0.0), known, discriminations, difficulties
        )
        abilities[rows] = _newton(likelihood)
    return abilities


class _Likelihood(NamedTuple):
    """Penalised likelihood of the abilities of some models."""

    scores: Array  # (n_models, n_items), 0 where there is none
    known: NDArray[np.bool_]
    discriminations: Array
    difficulties: Array

    def of(self, models: NDArray[np.intp]) -> Self:
        """Return that of some of the models."""
        return self._replace(scores=self.scores[models], known=self.known[models])

    def loss(self, abilities: Array) -> Array:
        """Return the negative log of likelihood times prior, (n_models,)."""
        logits = abilities @ self.discriminations.T - self.difficulties
        lost = np.where(self.known, np.logaddexp(0, logits) - self.scores * logits, 0.0)
        return np.asarray(lost.sum(axis=1) + (abilities**2).sum(axis=1) / 2)

    def newton_step(self, abilities: Array) -> tuple[Array, Array]:
        """Return the step to the minimum of the parabola that fits, and twice what it promises."""
        n_items, n_dimensions = self.discriminations.shape
        expected = expit(abilities @ self.discriminations.T - self.difficulties)
        residual = np.where(self.known, self.scores - expected, 0.0)
        slope = residual @ self.discriminations - abilities
        weight = np.where(self.known, expected * (1 - expected), 0.0)
        squares = np.einsum("id,ie->ide", self.discriminations, self.discriminations)
        curvature = (weight @ squares.reshape(n_items, -1)).reshape(-1, n_dimensions, n_dimensions)
        curvature += np.eye(n_dimensions)
        step = np.linalg.solve(curvature, slope[:, :, np.newaxis])[:, :, 0]
        return step, (slope * step).sum(axis=1)


def _newton(likelihood: _Likelihood) -> Array:
    abilities = np.zeros((len(likelihood.scores), likelihood.discriminations.shape[1]))
    moving = np.flatnonzero(likelihood.known.any(axis=1))
    for _ in range(_MAX_STEPS):
        if not len(moving):
            break
        step = _shortened_step(likelihood.of(moving), abilities[moving])
        abilities[moving] += step
        moving = moving[np.abs(step).max(axis=1) > _CONVERGED]
    return abilities


def _shortened_step(likelihood: _Likelihood, abilities: Array) -> Array:
    """Return Newton's step, halved for each model until it keeps what it promises."""
    step, promised = likelihood.newton_step(abilities)
    loss = likelihood.loss(abilities)
    length = np.ones((len(abilities), 1))
    open_ = np.arange(len(abilities))
    while len(open_):
        wanted = loss[open_] - _SUFFICIENT * length[open_, 0] * promised[open_]
        tried = likelihood.of(open_).loss(abilities[open_] + length[open_] * step[open_])
        open_ = open_[tried > wanted + _ROUNDING * np.abs(loss[open_])]
        length[open_] /= 2
        open_ = open_[length[open_, 0] > _LEAST_STEP]
    return np.asarray(length * step)
