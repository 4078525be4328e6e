"""Gradient descent on logits, through a choice of the k largest that is hard going forward."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from sklearn_sparseeval.selectors.predictive._agreement_kernel import LossGradient

Array = NDArray[np.floating]

_ALPHA_RANGE = (1e-4, 1e4)  # beyond it the ridge regression loses its digits


class Epoch(NamedTuple):
    """What a step started from, and the loss there."""

    loss: float
    logits: Array  # (n_items,)
    alpha: float


class LogitDescent:
    """Adam on the logits of all items and on the logarithm of alpha, which starts at one.

    The anchors have the largest logits, and the loss sees them alone: their gates are one, all
    others zero. The gradient is that of ``n_anchors * softmax(logits / temperature)`` in their
    place: the straight-through estimator.

    Parameters
    ----------
    loss : callable
        Takes the anchors and alpha, returns a LossGradient.
    logits : ndarray of shape (n_items,)
        First logits.
    n_anchors : int
        How many items are chosen.
    step_size : float
        Step size of Adam.
    """

    def __init__(
        self,
        loss: Callable[[NDArray[np.intp], float], LossGradient],
        logits: Array,
        n_anchors: int,
        step_size: float,
    ) -> None:
        self._loss = loss
        self._n_anchors = n_anchors
        self._step_size = step_size
        self._parameters = np.append(logits, 0.0)  # the last is the logarithm of alpha
        self._moments = np.zeros((2, len(self._parameters)))
        self._n_steps = 0

    def step(self, temperature: float) -> Epoch:
        """Evaluate the loss, then move.

        Parameters
        ----------
        temperature : float
            Of the softmax; positive.

        Returns
        -------
        epoch : Epoch
            The loss at the logits and alpha before the move.
        """
        logits, alpha = self._parameters[:-1].copy(), float(np.exp(self._parameters[-1]))
        loss, by_gate, by_alpha = self._loss(largest(logits, self._n_anchors), alpha)
        share = softmax(logits / temperature)
        by_logit = self._n_anchors * share * (by_gate - share @ by_gate) / temperature
        self._move(np.append(by_logit, by_alpha * alpha))
        return Epoch(loss, logits, alpha)

    def _move(self, gradient: Array) -> None:
        self._n_steps += 1
        first, second = self._moments
        first += 0.1 * (gradient - first)
        second += 0.001 * (gradient**2 - second)
        mean = first / (1 - 0.9**self._n_steps)
        mean_square = second / (1 - 0.999**self._n_steps)
        self._parameters -= self._step_size * mean / (np.sqrt(mean_square) + 1e-8)
        self._parameters[-1] = np.clip(self._parameters[-1], *np.log(_ALPHA_RANGE))


def largest(values: Array, count: int) -> NDArray[np.intp]:
    """Return the indices of the largest values, the largest first.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        Of equal values the first counts as larger.
    count : int
        How many.

    Returns
    -------
    indices : ndarray of shape (count,)
        Where the largest values are.
    """
    return np.argsort(-values, kind="stable")[:count]
