"""Anchors by gradient descent through a hard top-k, on the error of models left out."""

from collections.abc import Callable
from numbers import Integral, Real
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.utils import check_random_state

from sklearn_sparseeval._sklearn import Interval
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.row_identity import distinct_models
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.selectors.predictive._agreement_kernel import LossGradient, OutOfFoldLoss

Array = NDArray[np.floating]

_ALPHA_RANGE = (1e-4, 1e4)  # beyond it the ridge regression loses its digits


class _Epoch(NamedTuple):
    """What a step started from, and the loss there."""

    loss: float
    logits: Array  # (n_items,)
    alpha: float


class _LogitDescent:
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

    def step(self, temperature: float) -> _Epoch:
        """Evaluate the loss, then move.

        Parameters
        ----------
        temperature : float
            Of the softmax; positive.

        Returns
        -------
        epoch : _Epoch
            The loss at the logits and alpha before the move.
        """
        logits, alpha = self._parameters[:-1].copy(), float(np.exp(self._parameters[-1]))
        loss, by_gate, by_alpha = self._loss(_largest(logits, self._n_anchors), alpha)
        share = softmax(logits / temperature)
        by_logit = self._n_anchors * share * (by_gate - share @ by_gate) / temperature
        self._move(np.append(by_logit, by_alpha * alpha))
        return _Epoch(loss, logits, alpha)

    def _move(self, gradient: Array) -> None:
        self._n_steps += 1
        first, second = self._moments
        first += 0.1 * (gradient - first)
        second += 0.001 * (gradient**2 - second)
        mean = first / (1 - 0.9**self._n_steps)
        mean_square = second / (1 - 0.999**self._n_steps)
        self._parameters -= self._step_size * mean / (np.sqrt(mean_square) + 1e-8)
        self._parameters[-1] = np.clip(self._parameters[-1], *np.log(_ALPHA_RANGE))


class StraightThroughSelector(AnchorSelector):
    """Choose anchors by gradient descent on the error of models that were left out.

    Every item has a logit, and the items with the largest are the anchors. A kernel ridge
    regression on how far models agree on them predicts the models of each fold from the others;
    the gradient of its error moves all logits, those of the other items too, as if the choice
    were soft. It is DualViewEval on outcomes alone, meant for panels of 15 to 150 models.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    n_folds : int, default=5
        Number of folds, at least 2; every model is a fold of its own where there are fewer.
    rank_weight : float, default=0.05
        Weight, not negative, of the pairwise logistic loss, which asks for the right order of the
        models, beside the smooth L1 loss of the standardised scores.
    temperature : tuple of (float, float), default=(1.0, 0.1)
        First and last temperature of the softmax that stands in for the choice in the gradient,
        both positive. It moves from one to the other by an equal factor in each epoch. The lower,
        the more the gradient is about the items near the choice.
    learning_rate_init : float, default=0.05
        Step size of Adam.
    max_iter : int, default=300
        Number of epochs, one gradient step each. The paper takes 1,000, which gained nothing on
        the matrices that come with this package.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds and the first logits.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items, by falling logit. Not nested: fewer anchors call for
        another fit.
    logits_ : ndarray of shape (n_items,)
        Logit of each item in the epoch with the least loss, whose anchors are kept; minus
        infinity for items without results.
    alpha_ : float
        Penalty of the kernel ridge regression in that epoch, for a kernel in units of the items'
        mean variance.
    loss_curve_ : list of float
        Out-of-fold loss in each epoch.
    n_iter_ : int
        Number of epochs run.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    SparseEvalSelector : Swaps anchors where a proxy suggests it.

    Notes
    -----
    Results that are missing (NaN) count as the item's mean over the source models that have it,
    so they neither attract nor repel. Items without any result are never chosen. Scores may be in
    any range. Equal rows are one model with the sum of their weights, so that no fold is
    predicted from its own copies. The order of the models does not matter. Where all rows are
    equal nothing can be left out, and the anchors are drawn at random.

    On small panels the choice gains little over random anchors where the regression behind it
    shrinks towards the mean of the anchors, as ResidualRidgeRegressor does, and there are 50
    anchors or more; it gains most with few anchors and plain ridge.

    An epoch takes of the order of ``n_models**3 + n_models * n_items`` operations: one
    millisecond for 80 models and 1,000 items, seconds for 5,000 models.

    It departs from the paper in these points: there are no trajectories, so no process kernel;
    the ridge regression has an intercept that is not penalised, so that it does not matter where
    a score has its zero; the checkpoint is the one with the least out-of-fold loss, as no models
    are set aside for validation.

    References
    ----------
    .. [1] "DualViewEval", 2026, arXiv:2609.18909 (outcome-only form).

    Examples
    --------
    >>> from sklearn_sparseeval import StraightThroughSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> selector = StraightThroughSelector(n_anchors=20, max_iter=100, random_state=0).fit(X, y)
    >>> selector.transform(X).shape
    (83, 20)
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "rank_weight": [Interval(Real, 0, None, closed="left")],
        "temperature": [tuple, list],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        n_folds: int = 5,
        rank_weight: float = 0.05,
        temperature: tuple[float, float] = (1.0, 0.1),
        learning_rate_init: float = 0.05,
        max_iter: int = 300,
        missing_anchors: str = "raise",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_anchors = n_anchors
        self.n_folds = n_folds
        self.rank_weight = rank_weight
        self.temperature = temperature
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.missing_anchors = missing_anchors
        self.random_state = random_state

    def _choose_anchors(
        self, X: Array, y: Array, sample_weight: Array, n_anchors: int
    ) -> NDArray[np.intp]:
        temperatures = self._temperatures()
        rng = check_random_state(self.random_state)
        candidates = np.flatnonzero(~np.isnan(X).all(axis=0))
        rows = distinct_models(X[:, candidates], y, sample_weight)
        n_rows = len(rows.weight)
        fold = rng.permutation(n_rows) % min(self.n_folds, n_rows)
        best = _Epoch(np.inf, rng.normal(scale=0.01, size=len(candidates)), 1.0)
        self.loss_curve_: list[float] = []
        context = self._init_callback_context(max_subtasks=self.max_iter)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        if n_rows > 1:
            with one_thread():  # the last digits must not depend on the machine
                loss = OutOfFoldLoss(*rows, fold, rank_weight=self.rank_weight)
                descent = _LogitDescent(loss, best.logits, n_anchors, self.learning_rate_init)
                for temperature in temperatures:
                    task = context.subcontext(task_name="epoch")
                    task.call_on_fit_task_begin(estimator=self, X=X, y=y)
                    epoch = descent.step(temperature)
                    self.loss_curve_.append(epoch.loss)
                    best = min(best, epoch, key=attrgetter("loss"))
                    now = candidates[_largest(best.logits, n_anchors)]
                    if task.call_on_fit_task_end(
                        estimator=self,
                        X=X,
                        y=y,
                        reconstruction_attributes=lambda a=now: {"anchors_": a},
                    ):
                        break
        self.n_iter_ = len(self.loss_curve_)
        self.logits_ = np.full(X.shape[1], -np.inf)
        self.logits_[candidates] = best.logits
        self.alpha_ = best.alpha
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return _largest(self.logits_, n_anchors)

    def _temperatures(self) -> Array:
        """Return the temperature of each epoch."""
        ends = np.asarray(self.temperature)
        if ends.shape != (2,) or ends.dtype.kind not in "fiu" or not (ends > 0).all():
            raise ValueError(
                f"temperature={self.temperature!r} must be two positive numbers, the first and "
                "the last temperature, such as (1.0, 0.1)."
            )
        return np.geomspace(ends[0], ends[1], self.max_iter)


def _largest(values: Array, count: int) -> NDArray[np.intp]:
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
