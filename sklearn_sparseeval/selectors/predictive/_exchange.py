"""Swaps between the chosen items and the rest, for as long as one lowers the ridge objective."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.selectors.predictive._ridge_path import RidgeProblem

Array = NDArray[np.floating]

_LEAST_GAIN = 1e-6  # relative: swaps that gain less are not worth another round
_BLOCK = 2048  # items


class _Fit(NamedTuple):
    """The regression on the chosen items, and what it leaves of everything else."""

    objective: float
    shares: Array  # (n_targets,), prior of each weight
    variance: Array  # (n_chosen,), diagonal of the inverse of moments + alpha
    of_items: Array  # (n_chosen, n_items), coefficients of each item on the chosen
    of_targets: Array  # (n_chosen, n_targets)
    of_sum: Array  # (n_chosen,), of the sum of the chosen
    xx: Array  # (n_items,), products of what is left: x = items, y = targets, s = sum
    xy: Array  # (n_targets, n_items)
    xs: Array  # (n_items,)
    yy: Array  # (n_targets,)
    ys: Array  # (n_targets,)
    ss: float


def _fit(problem: RidgeProblem, anchors: NDArray[np.intp]) -> _Fit:
    k, rows = len(anchors), problem.gram.rows(anchors)
    products = problem.products
    inner = rows[:, anchors]
    with one_thread():  # a matrix this small only waits for a second thread
        inverse = np.linalg.inv(inner + problem.alpha * np.eye(k))
    of_items, of_targets = inverse @ rows, inverse @ products[:, anchors].T
    sums = inner.sum(axis=0)
    of_sum = inverse @ sums
    shares = problem.prior_sums / k
    yy = problem.squares - np.einsum("ij,ji->i", products[:, anchors], of_targets)
    ys = products[:, anchors].sum(axis=1) - sums @ of_targets
    ss = float(sums.sum() - sums @ of_sum)
    return _Fit(
        float((yy - 2 * shares * ys + shares**2 * ss).sum()), shares, np.diag(inverse), of_items,
        of_targets, of_sum, problem.gram.diagonal - np.einsum("ij,ij->j", of_items, rows),
        products - of_targets.T @ rows, rows.sum(axis=0) - of_sum @ rows, yy, ys, ss,
    )  # fmt: skip


def _swap_objectives(fit: _Fit, positions: NDArray[np.intp], block: slice, alpha: float) -> Array:
    """Return the objective of every swap of an anchor for an item of the block.

    Removing an anchor adds to each product of residuals the product of the two coefficients on
    that anchor over its entry of the inverse; adding an item is a step of the forward path.
    """
    h = fit.variance[positions, np.newaxis]
    shift = fit.of_items[positions, block] / h
    xx = fit.xx[block] + fit.of_items[positions, block] * shift
    off = (fit.of_sum[positions] - 1)[:, np.newaxis]
    if fit.shares.any():
        xs = fit.xs[block] + off * shift
        ss = fit.ss + off**2 / h - alpha
    total = np.zeros_like(xx)
    for number, (of_target, share) in enumerate(
        zip(fit.of_targets[positions].T, fit.shares, strict=True)
    ):
        weight = of_target[:, np.newaxis]
        xy = fit.xy[number, block] + weight * shift
        total += fit.yy[number] + weight**2 / h
        target = xy
        if share:
            ys = fit.ys[number] + weight * off / h
            target = xy - share * (xs + xx)
            total += share**2 * (ss + 2 * xs + xx) - 2 * share * (ys + xy)
        total -= target**2 / (xx + alpha)
    return total


def _best_swap(
    problem: RidgeProblem,
    fit: _Fit,
    positions: NDArray[np.intp],
    free: NDArray[np.bool_],
    strata: tuple[NDArray[np.intp], NDArray[np.intp]] | None,
) -> tuple[float, int, int]:
    """Return objective, position and item of the best swap; the first of those that are equal.

    `strata` are those of the anchors at the positions, and of all items.
    """
    best = (np.inf, -1, -1)
    for start in range(0, len(free), _BLOCK):
        block = slice(start, start + _BLOCK)
        objectives = _swap_objectives(fit, positions, block, problem.alpha)
        objectives[:, ~free[block]] = np.inf
        if strata is not None:
            objectives[strata[0][:, np.newaxis] != strata[1][block]] = np.inf
        least = float(objectives.min())
        if least < best[0] - problem.slack():
            row, column = np.unravel_index(
                np.argmax(objectives <= least + problem.slack()), objectives.shape
            )
            best = (least, int(positions[row]), start + int(column))
    return best


def exchanges(
    problem: RidgeProblem,
    anchors: NDArray[np.intp],
    candidates: NDArray[np.bool_],
    n_fixed: int,
    strata: NDArray[np.intp] | None = None,
) -> Iterator[NDArray[np.intp]]:
    """Yield the anchors after each swap, until no swap lowers the objective.

    Parameters
    ----------
    problem : RidgeProblem
        What to minimise.
    anchors : ndarray of shape (n_anchors,)
        The starting set.
    candidates : ndarray of bool of shape (n_items,)
        Items that may come in.
    n_fixed : int
        The first so many anchors stay.
    strata : ndarray of shape (n_items,), default=None
        Labels of the items; an anchor is swapped for an item of the same label only.

    Yields
    ------
    anchors : ndarray of shape (n_anchors,)
        What stayed, in its order, then what came in.
    """
    free = candidates.copy()
    free[anchors] = False
    fit = _fit(problem, anchors)
    while free.any() and n_fixed < len(anchors):
        positions = np.arange(n_fixed, len(anchors))
        same = None if strata is None else (strata[anchors[positions]], strata)
        objective, position, item = _best_swap(problem, fit, positions, free, same)
        limit = fit.objective * (1 - _LEAST_GAIN) - problem.slack()
        if objective >= limit:
            return
        swapped = np.append(np.delete(anchors, position), item)
        fit = _fit(problem, swapped)
        if not fit.objective < limit:  # the gain was rounding, and would be found for ever
            return
        free[anchors[position]], free[item] = candidates[anchors[position]], False
        anchors = swapped
        yield anchors
