"""Many multivariate normal distributions at once."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


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
