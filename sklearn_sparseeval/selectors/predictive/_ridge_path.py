"""Forward selection on the ridge objective, from second moments alone."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.numerics.gram import GramColumns

Array = NDArray[np.floating]

# Differences below this share of the sums of squares are rounding.
_SLACK = 1e-10


class RidgeProblem(NamedTuple):
    """Predict targets from few items: least squares plus `alpha` times the distance to a prior.

    The prior of each of a target's weights is its prior sum over the number of items: 0 is ridge
    regression, the root of the target's weight draws the prediction to the mean of the items.
    """

    gram: GramColumns
    products: Array  # (n_targets, n_items), scaled by the square roots of the targets' weights
    squares: Array  # (n_targets,), the same
    prior_sums: Array  # (n_targets,), the same
    alpha: float

    @classmethod
    def of(
        cls, gram: GramColumns, y: Array, target_weights: Array, prior_sums: Array, alpha: float
    ) -> "RidgeProblem":
        """Set up the problem.

        Parameters
        ----------
        gram : GramColumns
            Second moments of the items.
        y : ndarray of shape (n_models, n_targets)
            Targets.
        target_weights : ndarray of shape (n_targets,)
            Weight of each target's squared errors, not negative.
        prior_sums : ndarray of shape (n_targets,)
            What the weights on the items should sum to, for each target.
        alpha : float
            Penalty, larger than 0.
        """
        root = np.sqrt(target_weights)
        products, squares = gram.products_with(y * root)
        return cls(gram, products, squares, prior_sums * root, alpha)

    def slack(self) -> float:
        """Return the difference below which two objectives are equal."""
        # What is drawn to the mean of the items has their scale, even where a target is constant.
        of_mean = float(self.prior_sums @ self.prior_sums) * float(self.gram.diagonal.mean())
        return _SLACK * (float(self.squares.sum()) + of_mean)


class RidgePath:
    """A set of items that grows by the item that lowers the objective most.

    The partial Cholesky factor of the chosen items' moments gives the objective of every further
    item in closed form; memory is that of the factor, n_steps x n_items.

    Parameters
    ----------
    problem : RidgeProblem
        What to minimise.
    candidates : ndarray of bool of shape (n_items,)
        Items that may be chosen.
    n_steps : int
        Largest number of items to be chosen.
    """

    def __init__(self, problem: RidgeProblem, candidates: NDArray[np.bool_], n_steps: int) -> None:
        n_items = len(candidates)
        self.items: list[int] = []
        self._problem = problem
        self._free = candidates.copy()
        self._factor = np.zeros((n_steps, n_items))
        # Products of what the chosen items leave unexplained, of the items (x), the targets (y)
        # and the sum of the chosen items (s).
        self._xx, self._xy = problem.gram.diagonal.copy(), problem.products.copy()
        self._xs = np.zeros(n_items)
        self._yy, self._ys, self._ss = problem.squares.copy(), np.zeros(len(self._xy)), 0.0

    def objectives(self) -> Array:
        """Return what the objective would be with each item added; infinite where it may not."""
        problem = self._problem
        shares = problem.prior_sums / (len(self.items) + 1)
        inner = self._xx + problem.alpha
        # One target at a time: there are few, and the arrays are long.
        total = np.zeros(len(inner))
        for xy, yy, ys, share in zip(self._xy, self._yy, self._ys, shares, strict=True):
            if share == 0:
                total += yy - xy * xy / inner
                continue
            target = xy - share * (self._xs + self._xx)
            total += yy - 2 * share * (ys + xy) - target * target / inner
            total += share**2 * (self._ss + 2 * self._xs + self._xx)
        total[~self._free] = np.inf
        return total

    def best(self, objectives: Array) -> int:
        """Return the item with the least objective, the first of those that are equal."""
        return int(np.argmax(objectives <= objectives.min() + self._problem.slack()))

    def add(self, item: int, objectives: Array) -> None:
        """Choose an item.

        Parameters
        ----------
        item : int
            Which.
        objectives : ndarray of shape (n_items,)
            Of all items: those with the least may be asked for next.
        """
        i, factor = len(self.items), self._factor
        moments = self._problem.gram.column(item, -objectives)
        residual = moments - factor[:i].T @ factor[:i, item]
        self._ys += self._xy[:, item]
        self._ss += 2 * self._xs[item] + self._xx[item]
        self._xs += residual
        pivot = np.sqrt(max(self._xx[item], 0.0) + self._problem.alpha)
        factor[i] = residual / pivot
        to_targets, to_sum = self._xy[:, item] / pivot, self._xs[item] / pivot
        self._xy -= to_targets[:, np.newaxis] * factor[i]
        self._xs -= to_sum * factor[i]
        self._xx = np.maximum(self._xx - factor[i] ** 2, 0)
        self._yy -= to_targets**2
        self._ys -= to_targets * to_sum
        self._ss -= to_sum**2
        self._free[item] = False
        self.items.append(item)

    def close(self, items: NDArray[np.bool_]) -> None:
        """Choose none of these items from now on.

        Parameters
        ----------
        items : ndarray of bool of shape (n_items,)
            Marks them.
        """
        self._free &= ~items

    def grow(self) -> int:
        """Choose the best item and return it."""
        objectives = self.objectives()
        item = self.best(objectives)
        self.add(item, objectives)
        return item
