"""Anchors from the path of the Lasso."""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lars_path, lasso_path

from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.row_identity import distinct_models
from sklearn_sparseeval.numerics.score_scale import centred
from sklearn_sparseeval.numerics.threads import one_thread

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

# Penalties of the path of several tasks, from the largest down to a thousandth of it.
_N_ALPHAS, _SMALLEST = 100, 1e-3


class _LassoPath(NamedTuple):
    """The items that a Lasso path was followed to."""

    items: Indices  # in the order of their entry
    alpha: float  # the penalty at which it was left, in the units of `y` times those of the scores


class LassoSelector(AnchorSelector):
    """Choose the items that the Lasso regresses the benchmark score on.

    The path of the Lasso is followed from the largest penalty down until exactly `n_anchors`
    items have a coefficient other than zero. Where it ends before, as it does with fewer models
    than anchors, another path over the items that are left goes on.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items, in the order in which they entered the path. Nested
        as far as no item has left the path again.
    alpha_ : float
        Penalty at which the first path was left, in the units of
        :class:`~sklearn.linear_model.Lasso`: a Lasso with it, on all items, has the anchors of
        that path.
    n_paths_ : int
        Number of paths followed: 1 where the first one led to all anchors.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    SparseRidgeSelector : Chooses for a regression that is not shrunk by the choice itself.
    sklearn.linear_model.LassoLars : The regression of the path, with all its items.

    Notes
    -----
    The objective is that of the Lasso with an intercept, with weights of the models: items are
    not scaled, so items on which the models differ much come first. For several tasks it is that
    of :class:`~sklearn.linear_model.MultiTaskLasso`, on a grid of 100 penalties; where several
    items enter between two of them, those of the largest coefficients are taken.

    At most ``n_models - 1`` items, and at most the rank of the scores, can have a coefficient. A
    path also passes by the copies of its items. The further paths see the items that no path has
    taken yet, and regress the same scores on them: their items are the next best stand-ins.
    Items that tell nothing about the scores come last, those that vary most first.

    A missing result (NaN) in the history counts as the item's weighted mean. Items without any
    result are never chosen. Nothing is random.

    It departs from the baseline of the paper in these points. That takes the solution of a fixed
    grid of 1,000 penalties, from 1e-4 to 10, with at most `n_anchors` coefficients: often fewer
    items than asked for, and none at all where every penalty leaves more. It predicts with the
    coefficients of the Lasso, which are shrunk for the sake of the choice; here any regressor
    is fitted to the anchors anew.

    References
    ----------
    .. [1] B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, "Least angle regression", The Annals
       of Statistics 32, 407-499, 2004.
    .. [2] "How Benchmark Prediction from Fewer Data Misses the Mark", NeurIPS 2025,
       arXiv:2506.07673 (the Lasso as a baseline).

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_sparseeval import LassoSelector, ResidualRidgeRegressor
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    >>> pipeline = make_pipeline(LassoSelector(n_anchors=50), ResidualRidgeRegressor())
    >>> error = pipeline.fit(X[::2], y[::2]).predict(X[1::2]) - y[1::2]
    >>> bool(abs(error).mean() < 0.025)
    True
    """

    def __init__(self, n_anchors: int | float = 0.1, *, missing_anchors: str = "raise") -> None:
        super().__init__(n_anchors, missing_anchors=missing_anchors)

    def _choose_anchors(self, X: Array, y: Array, sample_weight: Array, n_anchors: int) -> Indices:
        candidates = np.flatnonzero(~np.isnan(X).all(axis=0))
        rows = distinct_models(X[:, candidates], y, sample_weight)
        root, total = np.sqrt(rows.weight)[:, np.newaxis], float(rows.weight.sum())
        scores, target = (root * centred(part, rows.weight) for part in (rows.X, rows.y))
        anchors: list[int] = []
        left = np.arange(len(candidates))
        self.n_paths_ = 0
        with one_thread():  # an item that enters must not depend on the machine
            while len(anchors) < n_anchors:
                distinct = left[_first_of_copies(scores[:, left])]
                path = _follow_lasso_path(scores[:, distinct], target, n_anchors - len(anchors))
                if not self.n_paths_:
                    self.alpha_ = path.alpha / total
                if not len(path.items):
                    break
                self.n_paths_ += 1
                anchors += distinct[path.items].tolist()
                left = np.setdiff1d(left, distinct[path.items])
        spread = np.round((scores[:, left] ** 2).sum(axis=0) / total, 12)
        anchors += left[np.argsort(-spread, kind="stable")].tolist()
        return candidates[anchors[:n_anchors]]


def _first_of_copies(columns: Array) -> Indices:
    """Return the rising positions of the columns that no earlier column equals."""
    first: dict[bytes, int] = {}
    for position, column in enumerate(np.ascontiguousarray(columns.T)):
        first.setdefault(column.tobytes(), position)
    return np.array(list(first.values()), dtype=np.intp)


def _follow_lasso_path(X: Array, y: Array, n_items: int) -> _LassoPath:
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
    path : _LassoPath
        Items of the first solution with `n_items` coefficients other than zero; fewer where the
        path ends before.
    """
    size = np.sqrt((X**2).sum(axis=0).max()), np.sqrt((y**2).sum())
    if not all(size):  # every item is constant, or every model has the same score
        return _LassoPath(np.arange(0), 0.0)
    follow = _single_task if y.shape[1] == 1 else _several_tasks
    # The path tells copies from rounding, and its end, by numbers for items of length one and
    # penalties, which it counts per row, below one.
    n_rows = len(X)
    with warnings.catch_warnings():  # a path that ends early is what the caller expects
        warnings.simplefilter("ignore", ConvergenceWarning)
        path = follow(X / size[0], y * (n_rows / size[1]), n_items)
    return path._replace(alpha=path.alpha * float(size[0] * size[1]))


def _single_task(X: Array, y: Array, n_items: int) -> _LassoPath:
    n_steps = n_items
    while True:
        alpha, active, _, n_done = lars_path(
            X, y[:, 0], method="lasso", max_iter=n_steps, return_path=False, return_n_iter=True
        )
        if len(active) == n_items or n_done < n_steps:
            return _LassoPath(np.array(active, dtype=np.intp), float(alpha[0]))
        # A step adds an item or drops one: so many more steps cannot add too many.
        n_steps += n_items - len(active)


def _several_tasks(X: Array, y: Array, n_items: int) -> _LassoPath:
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
    return _LassoPath(chosen, float(alpha))
