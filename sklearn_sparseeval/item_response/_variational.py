"""Fit of an item response model by variational Bayes, with priors of the items learned."""

from collections.abc import Iterator
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from sklearn_sparseeval.numerics.latent_items import blocks, latent_item_features

Array = NDArray[np.floating]

# The prior is learned as if so many items of variance 1, and one average item of parameters 0, had
# been seen beside. Without the latter all would be lost where every result is right, or wrong.
_PRIOR_ITEMS = 10.0
_DEGREES_OF_FREEDOM = _PRIOR_ITEMS + 1

_SMALLEST = 1e-12  # second moment of a logit, below which its square root is not divided by


class Gaussians(NamedTuple):
    """Normal distributions over the same coordinates, one per model or per item."""

    mean: Array  # (n, n_coordinates)
    covariance: Array  # (n, n_coordinates, n_coordinates)

    @classmethod
    def from_precision(cls, precision: Array, shift: Array) -> Self:
        """Make the distributions of density ``exp(shift @ z - z @ precision @ z / 2)``.

        Parameters
        ----------
        precision : ndarray of shape (n, n_coordinates, n_coordinates)
            Inverse covariances.
        shift : ndarray of shape (n, n_coordinates)
            Precision times mean.

        Returns
        -------
        gaussians : Gaussians
            Of the same number.
        """
        covariance = np.linalg.inv(precision)
        return cls(np.einsum("nij,nj->ni", covariance, shift), covariance)

    def second_moments(self) -> Array:
        """Return the expectation of ``outer(z, z)``.

        Returns
        -------
        moments : ndarray of shape (n, n_coordinates, n_coordinates)
            Covariance plus the outer product of the mean with itself.
        """
        return self.covariance + self.mean[:, :, np.newaxis] * self.mean[:, np.newaxis, :]

    def with_constant(self) -> Self:
        """Add a last coordinate that is always 1.

        Returns
        -------
        gaussians : Gaussians
            With one coordinate more.
        """
        covariance = np.pad(self.covariance, ((0, 0), (0, 1), (0, 1)))
        return type(self)(np.pad(self.mean, ((0, 0), (0, 1)), constant_values=1.0), covariance)

    def mapped(self, matrix: Array) -> Self:
        """Return the distributions of ``matrix @ z``.

        Parameters
        ----------
        matrix : ndarray of shape (n_new, n_coordinates)
            Linear map.

        Returns
        -------
        gaussians : Gaussians
            In the new coordinates.
        """
        return type(self)(self.mean @ matrix.T, matrix @ self.covariance @ matrix.T)

    def divergence(self, mean: Array, covariance: Array) -> Array:
        """Return the Kullback-Leibler divergence of each from one and the same distribution.

        Parameters
        ----------
        mean : ndarray of shape (n_coordinates,)
            Mean of the other distribution.
        covariance : ndarray of shape (n_coordinates, n_coordinates)
            Covariance of the other distribution.

        Returns
        -------
        divergence : ndarray of shape (n,)
            In nats, 0 where the distributions are the same.
        """
        precision = np.linalg.inv(covariance)
        offset = self.mean - mean
        spread = np.einsum("ij,nji->n", precision, self.covariance)
        distance = np.einsum("ni,ij,nj->n", offset, precision, offset)
        logs = np.linalg.slogdet(covariance)[1] - np.linalg.slogdet(self.covariance)[1]
        return np.asarray((spread + distance - len(mean) + logs) / 2)

    def pooled(self, weight: Array) -> tuple[Array, Array]:
        """Return mean and covariance of their mixture.

        Parameters
        ----------
        weight : ndarray of shape (n,)
            Shares of the mixture; they sum to one.

        Returns
        -------
        mean : ndarray of shape (n_coordinates,)
            Mean of the mixture.
        covariance : ndarray of shape (n_coordinates, n_coordinates)
            Covariance of the mixture.
        """
        mean = weight @ self.mean
        offset = self.mean - mean
        covariance = np.einsum("n,nij->ij", weight, self.covariance)
        return mean, covariance + (weight[:, np.newaxis] * offset).T @ offset


class ItemResponseFit(NamedTuple):
    """Item parameters, and how they were found."""

    discriminations: Array  # (n_items, n_dimensions)
    difficulties: Array  # (n_items,)
    n_iter: int
    converged: bool
    lower_bound: float  # on the log-probability per result


class _Prior(NamedTuple):
    """Normal prior of an item's discriminations and negative difficulty."""

    mean: Array
    covariance: Array

    @classmethod
    def learned(cls, items: Gaussians) -> "_Prior":
        """Return what is most probable given the items (normal-inverse-Wishart prior)."""
        n_items, size = items.mean.shape
        mean = items.mean.sum(axis=0) / (n_items + 1)
        offset = items.mean - mean
        total = items.covariance.sum(axis=0) + offset.T @ offset + np.outer(mean, mean)
        total += _PRIOR_ITEMS * np.eye(size)
        return cls(mean, total / (n_items + _DEGREES_OF_FREEDOM))

    def mapped(self, matrix: Array) -> "_Prior":
        """Return the prior of ``matrix`` times the parameters."""
        return _Prior(matrix @ self.mean, matrix @ self.covariance @ matrix.T)

    def log_density(self) -> float:
        """Return the log-density of mean and covariance under their own prior, less a constant."""
        log_determinant = np.linalg.slogdet(self.covariance)[1]
        precision = np.linalg.inv(self.covariance)
        distance = self.mean @ precision @ self.mean
        trace = _PRIOR_ITEMS * np.trace(precision)
        return float(-(_DEGREES_OF_FREEDOM * log_determinant + trace + distance) / 2)


class _Units(NamedTuple):
    """Other origin and axes of the abilities, ``old = root @ new + origin``.

    Likelihood and divergence of the items from their prior stay the same where the items and
    their prior are mapped along. The divergence of the abilities from theirs does not, and
    sweeps alone would only creep towards the best units.
    """

    origin: Array
    root: Array

    @classmethod
    def standard(cls, abilities: Gaussians, sample_weight: Array) -> "_Units":
        """Give the abilities, over all models, mean 0 and the identity as covariance."""
        mean, covariance = abilities.pooled(sample_weight / sample_weight.sum())
        return cls(mean, np.linalg.cholesky(covariance))

    @classmethod
    def best(cls, abilities: Gaussians, sample_weight: Array, prior: _Prior) -> "_Units":
        """Maximise the lower bound, in closed form."""
        n_models = sample_weight.sum()
        mean, covariance = abilities.pooled(sample_weight / n_models)
        precision = np.linalg.inv(prior.covariance)
        slopes, cross, last = precision[:-1, :-1], precision[:-1, -1], precision[-1, -1]
        origin = (n_models * mean + _PRIOR_ITEMS * cross) / (n_models + _PRIOR_ITEMS * last)
        spread = covariance + np.outer(mean - origin, mean - origin)
        prior_spread = slopes - np.outer(origin, cross) - np.outer(cross, origin)
        prior_spread += last * np.outer(origin, origin)
        total = n_models * spread + _PRIOR_ITEMS * prior_spread
        return cls(origin, np.linalg.cholesky(total / (n_models + _DEGREES_OF_FREEDOM)))

    def of(self, abilities: Gaussians) -> Gaussians:
        """Return abilities in these units."""
        centred = Gaussians(abilities.mean - self.origin, abilities.covariance)
        return centred.mapped(np.linalg.inv(self.root))

    def matrix(self) -> Array:
        """Return the map of the items' parameters that leaves every logit as it is."""
        n_dimensions = len(self.origin)
        matrix = np.eye(n_dimensions + 1)
        matrix[:n_dimensions, :n_dimensions] = self.root.T
        matrix[n_dimensions, :n_dimensions] = self.origin
        return matrix


class _Results(NamedTuple):
    """Scores between 0 and 1 less one half, and which of them there are."""

    centred: Array  # (n_models, n_items), 0 where there is none
    known: NDArray[np.bool_]  # (n_models, n_items)
    weight: Array  # (n_models,)

    def blocks(self) -> Iterator[slice]:
        """Cut the models so that the temporary arrays of each part fit into memory."""
        return blocks(*self.known.shape)


class _Sweep(NamedTuple):
    """What one pass over the results yields."""

    abilities: Gaussians
    precision: Array  # (n_items, n_dimensions + 1, n_dimensions + 1), what results tell on items
    shift: Array  # (n_items, n_dimensions + 1)
    evidence: float  # bound on the log-likelihood before the pass


def fit_item_response(
    X: Array, sample_weight: Array, n_dimensions: int, *, max_iter: int, tol: float
) -> ItemResponseFit:
    """Fit discriminations and difficulties.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores between 0 and 1 of distinct models, each with a result; NaN = not evaluated.
    sample_weight : ndarray of shape (n_models,)
        Positive weights; a weight of two counts as two rows.
    n_dimensions : int
        Number of abilities.
    max_iter : int
        Largest number of sweeps over the results.
    tol : float
        The fit ends when a sweep raises the lower bound by less than this per result.

    Returns
    -------
    fit : ItemResponseFit
        On the axes that :func:`principal_axes` says. Abilities have, in the distribution over the
        models, mean 0 and the identity as covariance matrix.
    """
    known = ~np.isnan(X)
    results = _Results(np.where(known, X - 0.5, 0.0), known, sample_weight)
    n_results = float(sample_weight @ known.sum(axis=1))
    items = _first_guess(X, sample_weight, n_dimensions)
    abilities = Gaussians(
        np.zeros((len(X), n_dimensions)), np.tile(np.eye(n_dimensions), (len(X), 1, 1))
    )
    prior = _Prior.learned(items)
    bound, converged, n_iter = -np.inf, False, 0
    while n_iter < max_iter:
        n_iter += 1
        sweep = _sweep(results, abilities, items)
        last, bound = bound, _lower_bound(sweep.evidence, abilities, sample_weight, items, prior)
        converged = bound - last < tol * n_results
        if converged:
            break
        precision = np.linalg.inv(prior.covariance)
        items = Gaussians.from_precision(
            sweep.precision + precision, sweep.shift + precision @ prior.mean
        )
        prior = _Prior.learned(items)
        units = _Units.best(sweep.abilities, sample_weight, prior)
        abilities = units.of(sweep.abilities)
        items, prior = items.mapped(units.matrix()), prior.mapped(units.matrix())
    items = items.mapped(_Units.standard(abilities, sample_weight).matrix())
    parameters = principal_axes(items.mean[:, :-1]), -items.mean[:, -1]
    return ItemResponseFit(*parameters, n_iter, bool(converged), bound / n_results)


def _first_guess(X: Array, sample_weight: Array, n_dimensions: int) -> Gaussians:
    """Read the items off the leading singular vectors of the scores, a logit being 4 times a score.

    That is the slope of the logit where it is least, at a score of one half.
    """
    features = latent_item_features(X, sample_weight, n_dimensions)
    known = sample_weight @ ~np.isnan(X)
    share = (features[:, 0] * known + 0.5) / (known + 1)
    mean = np.column_stack([4 * features[:, 1:], logit(share)])
    return Gaussians(mean, np.tile(0.1 * np.eye(n_dimensions + 1), (len(mean), 1, 1)))


def _sweep(results: _Results, abilities: Gaussians, items: Gaussians) -> _Sweep:
    """Update the abilities, and add up what the results then tell about the items.

    The log-likelihood of a logit z is at least ``(x - 1/2) z - log(2 cosh(c / 2)) -
    w(c) (z**2 - c**2) / 2``, which is quadratic in z, for every c; the best is the root of the
    expectation of ``z**2``.
    """
    n_items, size = items.mean.shape
    moments = items.second_moments()
    flat = moments.reshape(n_items, -1)
    means, covariances = np.empty_like(abilities.mean), np.empty_like(abilities.covariance)
    precision, shift, evidence = np.zeros_like(flat), np.zeros_like(items.mean), 0.0
    for rows in results.blocks():
        centred, known = results.centred[rows], results.known[rows]
        weight = results.weight[rows, np.newaxis]
        old = Gaussians(abilities.mean[rows], abilities.covariance[rows]).with_constant()
        squares = old.second_moments().reshape(-1, size**2) @ flat.T
        root = np.sqrt(np.maximum(squares, _SMALLEST))
        decay = np.exp(-root)
        curvature = np.where(known, (1 - decay) / (1 + decay) / (2 * root), 0.0)
        log_cosh = np.where(known, root / 2 + np.log1p(decay), 0.0)
        evidence += float((weight * (centred * (old.mean @ items.mean.T) - log_cosh)).sum())
        new = _abilities(centred, curvature, items.mean, moments)
        means[rows], covariances[rows] = new
        full = new.with_constant()
        precision += (weight * curvature).T @ full.second_moments().reshape(-1, size**2)
        shift += (weight * centred).T @ full.mean
    return _Sweep(
        Gaussians(means, covariances), precision.reshape(n_items, size, size), shift, evidence
    )


def _abilities(centred: Array, curvature: Array, item_mean: Array, moments: Array) -> Gaussians:
    """Return the posterior of the abilities, with a standard normal prior."""
    n_dimensions = item_mean.shape[1] - 1
    squares = moments[:, :n_dimensions, :n_dimensions].reshape(len(moments), -1)
    precision = (curvature @ squares).reshape(-1, n_dimensions, n_dimensions)
    shift = centred @ item_mean[:, :n_dimensions] - curvature @ moments[:, :n_dimensions, -1]
    return Gaussians.from_precision(precision + np.eye(n_dimensions), shift)


def _lower_bound(
    evidence: float, abilities: Gaussians, sample_weight: Array, items: Gaussians, prior: _Prior
) -> float:
    n_dimensions = abilities.mean.shape[1]
    lost = sample_weight @ abilities.divergence(np.zeros(n_dimensions), np.eye(n_dimensions))
    lost += items.divergence(prior.mean, prior.covariance).sum()
    return float(evidence - lost + prior.log_density())


def principal_axes(discriminations: Array) -> Array:
    """Turn the axes of the abilities so that each tells the items apart more than the next.

    Parameters
    ----------
    discriminations : ndarray of shape (n_items, n_dimensions)
        On any orthogonal axes.

    Returns
    -------
    turned : ndarray of shape (n_items, n_dimensions)
        Columns are orthogonal, their sums of squares fall, and no column has a negative sum.
    """
    _, vectors = np.linalg.eigh(discriminations.T @ discriminations)
    turned = discriminations @ vectors[:, ::-1]
    return np.asarray(turned * np.where(turned.sum(axis=0) < 0, -1.0, 1.0))
