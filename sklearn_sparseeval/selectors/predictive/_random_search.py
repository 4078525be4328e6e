"""The best of many random sets of items."""

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_sparseeval._sklearn import Interval, StrOptions
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.ridge import leave_one_out_error
from sklearn_sparseeval.numerics.row_identity import MergedRows, distinct_models
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.selectors.predictive._calibration_error import CalibrationError

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

_TOGETHER = 100  # sets between two looks at the callbacks
# Errors this close, or this small beside the mean square of `y`, are equal.
_TIED, _ROUNDING = 1e-10, 1e-12


class RandomSearchSelector(AnchorSelector):
    """Draw many random sets of items and keep the one that predicts the benchmark score best.

    Every set is judged by how well the source models are predicted from it, each from the others.
    It is the search that two papers start from, and what a cleverer search has to beat at the
    same price.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    n_candidates : int, default=1000
        Number of sets to draw. Both papers draw 10,000; the gain is in the first hundreds.
    criterion : {"ridge", "mean"}, default="ridge"
        What a set is judged by: the leave-one-out error of a ridge regression on its items, with
        the penalty that suits it best, or of a cubic curve from the mean over its items. "mean"
        is up to forty times as fast, and what :class:`CalibratedMeanRegressor` needs.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.
    random_state : int, RandomState instance or None, default=None
        Seeds the draws.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items, in the order drawn. Not nested.
    errors_ : ndarray of shape (n_candidates,)
        Root mean squared leave-one-out error of each set, in the units of the scores; fewer where
        a callback ended the search.
    best_error_ : float
        That of the chosen set. It is the least of many: new models are predicted less well.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    RandomSelector : The first set drawn.
    GeneticSelector : Breeds the sets instead of drawing them.
    SparseRidgeSelector : Lowers the error of ridge regression step by step.

    Notes
    -----
    With the same seed the first sets are the same for any `n_candidates`, so that more of them
    never lower the quality of the choice. For several tasks errors are averaged as squares.

    A missing result (NaN) in the history counts as the item's weighted mean. Items without any
    result are never chosen. Equal rows are left out one at a time; near-copies of a model in the
    history make every error look too good.

    It departs from the papers in these points. The search of [1]_ judges a set by the mean
    absolute error on one random quarter of the source models, after ridge regression with one of
    three penalties; that of [2]_ by the worst of five folds, after an adaptive smooth. Here every
    source model is predicted once, so that a set does not win by the luck of one split. Models
    that are to be predicted later take no part.

    References
    ----------
    .. [1] "How Benchmark Prediction from Fewer Data Misses the Mark", NeurIPS 2025,
       arXiv:2506.07673 (random search and learn).
    .. [2] "metabench", ICLR 2025, arXiv:2407.12844 (random sampling).

    Examples
    --------
    >>> from sklearn_sparseeval import RandomSearchSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="gsm", return_X_y=True)
    >>> selector = RandomSearchSelector(n_anchors=50, n_candidates=200, random_state=0).fit(X, y)
    >>> bool(selector.best_error_ < selector.errors_.mean())
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "criterion": [StrOptions({"ridge", "mean"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        n_candidates: int = 1000,
        criterion: str = "ridge",
        missing_anchors: str = "raise",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_anchors = n_anchors
        self.n_candidates = n_candidates
        self.criterion = criterion
        self.missing_anchors = missing_anchors
        self.random_state = random_state

    def _choose_anchors(self, X: Array, y: Array, sample_weight: Array, n_anchors: int) -> Indices:
        rng = check_random_state(self.random_state)
        candidates = np.flatnonzero(~np.isnan(X).all(axis=0))
        rows = distinct_models(X[:, candidates], y, sample_weight)
        errors_of = _ridge_error(rows) if self.criterion == "ridge" else CalibrationError(rows)
        scale = float(np.sqrt((rows.y**2).mean()))
        best, self.best_error_ = np.arange(0), np.inf
        errors: list[Array] = []
        context = self._init_callback_context(max_subtasks=-(-self.n_candidates // _TOGETHER))
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        with one_thread():  # which set is best must not depend on the machine
            for first in range(0, self.n_candidates, _TOGETHER):
                task = context.subcontext(task_name="sets")
                task.call_on_fit_task_begin(estimator=self, X=X, y=y)
                n_sets = min(_TOGETHER, self.n_candidates - first)
                sets = np.stack(
                    [rng.permutation(len(candidates))[:n_anchors] for _ in range(n_sets)]
                )
                errors.append(errors_of(sets))
                number = _first_of_the_least(errors[-1], scale)
                # The first of several that are equally good, as they all may be with two models.
                if errors[-1][number] < (1 - _TIED) * self.best_error_ - _ROUNDING * scale:
                    best, self.best_error_ = sets[number], float(errors[-1][number])
                if task.call_on_fit_task_end(
                    estimator=self, X=X, y=y,
                    reconstruction_attributes=lambda a=candidates[best]: {"anchors_": a},
                ):  # fmt: skip
                    break
        self.errors_: Array = np.concatenate(errors)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return np.asarray(candidates[best])


def _ridge_error(rows: MergedRows) -> Callable[[Indices], Array]:
    """Return the function that judges sets by ridge regression."""

    def errors_of(sets: Indices) -> Array:
        return np.array([leave_one_out_error(rows.X[:, s], rows.y, rows.weight) for s in sets])

    return errors_of


def _first_of_the_least(errors: Array, scale: float) -> int:
    limit = (1 + _TIED) * errors.min() + _ROUNDING * scale
    return int((errors <= limit).argmax())
