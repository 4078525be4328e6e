"""The items on the path of the Lasso: as many as asked for, whatever the rank."""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lars_path, lasso_path

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

# Penalties of the path of several tasks, from the largest down to a thousandth of it.
_N_ALPHAS, _SMALLEST = 100, 1e-3


class LassoPath(NamedTuple):
    """The items that a Lasso path was followed to."""

    items: Indices  # in the order of their entry
    alpha: float  # the penalty at which it was left, in the units of `y` times those of the scores


def follow_lasso_path(X: Array, y: Array, n_items: int) -> LassoPath:
    """Follow the path until so many items have a coefficient, or to its end.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Centred items, each row times the root of its weight.
    y : ndarray of shape (n_rows, n_tasks)
        Centred targets, in the same way.
    n_items : int
        How many items; at least one.

    Returns
    -------
    path : LassoPath
        Items of the first solution with `n_items` coefficients other than zero; fewer where the
        path ends before.
    """
    size = np.sqrt((X**2).sum(axis=0).max()), np.sqrt((y**2).sum())
    if not all(size):  # every item is constant, or every model has the same score
        return LassoPath(np.arange(0), 0.0)
    follow = _single_task if y.shape[1] == 1 else _several_tasks
    # The path tells copies from rounding, and its end, by numbers for items of length one and
    # penalties, which it counts per row, below one.
    n_rows = len(X)
    with warnings.catch_warnings():  # a path that ends early is what the caller expects
        warnings.simplefilter("ignore", ConvergenceWarning)
        path = follow(X / size[0], y * (n_rows / size[1]), n_items)
    return path._replace(alpha=path.alpha * float(size[0] * size[1]))


def _single_task(X: Array, y: Array, n_items: int) -> LassoPath:
    n_steps = n_items
    while True:
        alpha, active, _, n_done = lars_path(
            X, y[:, 0], method="lasso", max_iter=n_steps, return_path=False, return_n_iter=True
        )
        if len(active) == n_items or n_done < n_steps:
            return LassoPath(np.array(active, dtype=np.intp), float(alpha[0]))
        # A step adds an item or drops one: so many more steps cannot add too many.
        n_steps += n_items - len(active)


def _several_tasks(X: Array, y: Array, n_items: int) -> LassoPath:
    largest = np.sqrt(((X.T @ y) ** 2).sum(axis=1).max()) / len(X)  # it leaves no item
    entry = np.full(X.shape[1], _N_ALPHAS)
    norm, coef, alpha = np.zeros(X.shape[1]), None, largest
    for number, alpha in enumerate(largest * np.geomspace(1, _SMALLEST, _N_ALPHAS)):
        _, coefs, _ = lasso_path(X, y, alphas=[alpha], coef_init=coef, tol=1e-6)
        coef = np.asfortranarray(coefs[:, :, 0])
        norm = np.sqrt((coef**2).sum(axis=0))
        entry = np.where(norm > 0, np.minimum(entry, number), _N_ALPHAS)
        if (norm > 0).sum() >= n_items:
            break
    # Between two penalties several items may have entered: the largest of them.
    chosen = np.lexsort((-norm, entry))[: min(n_items, int((norm > 0).sum()))]
    return LassoPath(chosen, float(alpha))
