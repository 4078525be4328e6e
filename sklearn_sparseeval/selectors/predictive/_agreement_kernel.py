"""Out-of-fold error of kernel ridge regression on the agreement of models, and its gradient."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

Array = NDArray[np.floating]

_ROUNDING = 1e-12  # what varies by less, relative to its size, is constant


class LossGradient(NamedTuple):
    """The out-of-fold loss and its derivatives."""

    loss: float
    by_item: Array  # (n_items,), with respect to the gate of each item, chosen or not
    by_alpha: float


class OutOfFoldLoss:
    """How well a ridge regression on given anchors predicts the models it has not seen.

    Two models agree on an item by ``a b + (1 - a) (1 - b)``; the kernel is their mean agreement
    on the anchors. With an intercept that is not penalised, half of it is the product of the
    models' results, each less the item's mean, so this computes with the latter, in units of the
    items' mean variance.

    The ridge regressions of all folds come from one factorisation. With ``M`` the inverse of
    ``K + alpha / weight``, less what the intercept takes, the errors on a fold ``f`` are
    ``inv(M[f, f]) @ (M @ y)[f]``.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores without NaN, in any range.
    y : ndarray of shape (n_models, n_tasks)
        Benchmark scores; each task is standardised.
    weight : ndarray of shape (n_models,)
        Positive weights.
    fold : ndarray of shape (n_models,)
        The fold of each model, from 0; at least two folds, none of them empty.
    rank_weight : float
        Weight of the pairwise logistic loss beside the smooth L1 loss.
    """

    def __init__(
        self, X: Array, y: Array, weight: Array, fold: NDArray[np.intp], *, rank_weight: float
    ) -> None:
        share = weight / weight.sum()
        centred = X - share @ X
        spread = float(np.sqrt((share @ centred**2).mean()))
        constant = spread <= _ROUNDING * float(np.abs(X).max())
        self._X = centred / (1.0 if constant else spread)
        self._y = _standardised(y, share)
        self._weight, self._share = weight, share
        self._rank_weight = rank_weight
        self._order = _pair_order(self._y, share) if rank_weight else None
        self._n_folds = int(fold.max()) + 1
        self._rows, self._padding = _rows_of_folds(fold)

    def __call__(self, anchors: NDArray[np.intp], alpha: float) -> LossGradient:
        """Evaluate the loss and its gradient.

        Parameters
        ----------
        anchors : ndarray of shape (n_anchors,)
            Column indices, whose gates are one; all others are zero.
        alpha : float
            Penalty of the ridge regression.

        Returns
        -------
        result : LossGradient
            A change of a gate changes the kernel's sum, not its denominator `n_anchors`.
        """
        inverse = self._projected_inverse(anchors, alpha)
        dual = inverse @ self._y
        inverse_block = np.linalg.inv(self._blocks(inverse))
        error = np.empty_like(self._y)
        by_fold = inverse_block @ self._gather(dual)
        error[self._rows[~self._padding]] = by_fold[~self._padding]
        loss, by_error = self._loss(error)
        # One column per fold and task: how the loss weighs each row's dual coefficient in the
        # fold's own ridge regression, and these coefficients (zero on the fold itself).
        influence = inverse @ self._scattered(inverse_block @ self._gather(by_error))
        duals = np.tile(dual, self._n_folds) - inverse @ self._scattered(by_fold)
        by_item = -((self._X.T @ influence) * (self._X.T @ duals)).sum(axis=1) / len(anchors)
        by_alpha = -float(((influence * duals).sum(axis=1) / self._weight).sum())
        return LossGradient(loss, by_item, by_alpha)

    def _projected_inverse(self, anchors: NDArray[np.intp], alpha: float) -> Array:
        features = self._X[:, anchors]
        kernel = features @ features.T / len(anchors) + np.diag(alpha / self._weight)
        inverse: Array = cho_solve(cho_factor(kernel, lower=True), np.eye(len(kernel)))
        total = inverse.sum(axis=1)
        projected: Array = inverse - np.outer(total, total) / total.sum()
        return projected

    def _blocks(self, matrix: Array) -> Array:
        """Cut out the block of each fold; padding becomes rows of the identity."""
        used = ~self._padding
        blocks = matrix[self._rows[:, :, np.newaxis], self._rows[:, np.newaxis, :]]
        blocks = np.where(used[:, :, np.newaxis] & used[:, np.newaxis, :], blocks, 0.0)
        fold, position = np.nonzero(self._padding)
        blocks[fold, position, position] = 1.0
        return np.asarray(blocks)

    def _gather(self, values: Array) -> Array:
        """Lay out the rows by fold, (n_folds, largest fold, n_tasks)."""
        return np.where(self._padding[:, :, np.newaxis], 0.0, values[self._rows])

    def _scattered(self, by_fold: Array) -> Array:
        """Lay out one column per fold and task, zero outside the fold."""
        n_tasks = self._y.shape[1]
        columns = np.zeros((len(self._y), self._n_folds, n_tasks))
        fold, position = np.nonzero(~self._padding)
        columns[self._rows[fold, position], fold] = by_fold[fold, position]
        return columns.reshape(len(self._y), self._n_folds * n_tasks)

    def _loss(self, error: Array) -> tuple[float, Array]:
        """Return the loss, the mean over tasks, and its derivative by each error."""
        n_tasks = error.shape[1]
        size = np.abs(error)
        smooth = np.where(size < 1, 0.5 * error**2, size - 0.5)
        loss = float((self._share @ smooth).sum())
        gradient = self._share[:, np.newaxis] * np.clip(error, -1, 1)
        if self._order is not None:
            predicted = self._y - error
            for task, order in enumerate(self._order):
                column = predicted[:, task]
                lead = (column[:, np.newaxis] - column) * np.sign(order)
                loss += self._rank_weight * float((np.abs(order) * np.logaddexp(0, -lead)).sum())
                gradient[:, task] += 2 * self._rank_weight * (order * expit(-lead)).sum(axis=1)
        return loss / n_tasks, gradient / n_tasks


def _standardised(y: Array, share: Array) -> Array:
    centred = y - share @ y
    scale = np.sqrt(share @ centred**2)
    constant = scale <= _ROUNDING * np.abs(y).max(axis=0)
    return np.where(constant, 0.0, centred / np.where(constant, 1.0, scale))


def _pair_order(y: Array, share: Array) -> list[Array]:
    """Weigh each pair of models by task: positive where the first is better; sums to one."""
    orders = []
    for column in y.T:
        gap = column[:, np.newaxis] - column
        weight = np.where(np.abs(gap) < 1e-9, 0.0, np.outer(share, share))  # ties, up to rounding
        orders.append(np.sign(gap) * weight / (weight.sum() or 1.0))
    return orders


def _rows_of_folds(fold: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """List the rows of each fold, (n_folds, largest fold), and mark what is padding."""
    sizes = np.bincount(fold)
    padding = np.arange(sizes.max()) >= sizes[:, np.newaxis]
    rows = np.zeros(padding.shape, dtype=np.intp)
    rows[~padding] = np.argsort(fold, kind="stable")
    return rows, padding
