"""SparseEval: anchors refined by swaps that a trained proxy suggests."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import check_random_state

from sklearn_sparseeval._sklearn import HasMethods, Interval, StrOptions
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.missing import filled
from sklearn_sparseeval.numerics.ridge import leave_one_out_error
from sklearn_sparseeval.numerics.row_identity import canonical_row_order
from sklearn_sparseeval.numerics.score_scale import unit_range
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.selectors.predictive._refinement import (
    Evidence,
    RefinementStep,
    Swap,
    corrected_scores,
    k_means_anchors,
    proxy_gradient,
    published_scores,
    random_anchors,
    shortlist,
)

Array = NDArray[np.floating]

# The default proxy is trained for so many gradient steps, whatever the number of models.
_FIRST_STEPS, _NEXT_STEPS, _BATCH_SIZE = 320, 80, 256

# How many anchors to give up, and items to take, are tried in each step.
_SHORTLIST = {"last": (1, 1), "best": (4, 10)}
_DEFAULT_STEPS = {"last": 10, "best": 30}
_PATIENCE = 3  # steps without an improvement


class SparseEvalSelector(AnchorSelector):
    """Choose anchors as SparseEval does: a starting set, refined by swaps that a proxy suggests.

    Each refinement step fits a proxy to predict the benchmark score from the anchors, removes the
    anchor with the lowest anchor importance score (AIS) and adds the item with the highest
    candidate importance score (CIS).

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    init : {"k-means", "random"} or array-like of shape (n_anchors,), default="k-means"
        Starting set: the items nearest to the centres of a k-means clustering of the items,
        random items, or column indices.
    n_init : int, default=10
        Number of starting sets drawn; the one with the least leave-one-out error of a ridge
        regression is refined. 1 is the paper's algorithm, whose outcome depends on the draw.
    n_refinements : int or None, default=None
        Largest number of refinement steps, one swap each. None is the paper's 10 with
        ``keep="last"``, and 30 with ``keep="best"``.
    proxy : {"mlp", "linear"} or regressor, default="mlp"
        The model whose errors and gradients guide the swaps. "mlp" is the paper's network,
        without dropout, trained in mini-batches and warm-started from step to step; "linear" is
        the paper's linear variant. A regressor must have ``input_gradient(X)`` or ``coef_``, and
        take `sample_weight` if `fit` is given any.
    importance : {"published", "corrected"}, default="published"
        "published" scores as the released code does. "corrected" takes the proxy's error out of
        AIS, and centres CIS and divides it by what the anchors leave unexplained of the item.
    keep : {"last", "best"}, default="last"
        "last" takes every swap, as the paper does. "best" tries the swaps between the weakest
        few anchors and the best few items and takes the one with the least leave-one-out error of
        a ridge regression, if that lowers the error; if not, the next step tries the next weakest
        anchors, and after three such steps in a row it stops.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.
    random_state : int, RandomState instance or None, default=None
        Seeds the starting sets and the proxy.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items: what is left of the starting set (for "k-means" by
        falling size of cluster), then the items swapped in. Not nested: fewer anchors call for
        another fit.
    refinement_ : list of RefinementStep
        One entry per step: ``anchors``, ``removed``, ``added``, ``anchor_importance`` (AIS),
        ``candidate_importance`` (CIS), ``proxy_loss``, ``validation_error`` and ``kept``.
    initial_anchors_ : ndarray of shape (n_anchors,)
        The starting set.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    MLPScoreRegressor : Predicts the benchmark score from the anchors.

    Notes
    -----
    Results that are missing (NaN) count as the item's mean over the source models that have it,
    so they neither attract nor repel. Items without any result are never chosen. Scores and
    targets outside [0, 1] are mapped to it by their smallest and largest value. The order of the
    models does not matter: rows are put into an order of their own before anything random.

    With ``n_init=1`` and the other defaults this is the algorithm of the paper's code, but for
    four things: the clustering sees training rows only; the proxy is warm-started and trained for
    hundreds of mini-batch steps instead of 2,000 full-batch epochs per swap; it has no dropout,
    which would make the anchors depend on how models are repeated; ties are broken the same way
    every time.

    References
    ----------
    .. [1] "SparseEval: Efficient Evaluation of Large Language Models by Sparse Optimization",
       ICLR 2026, arXiv:2602.07909, sections 3 and 4 (AIS and CIS) and released code.

    Examples
    --------
    >>> from sklearn_sparseeval import SparseEvalSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> selector = SparseEvalSelector(n_anchors=20, proxy="linear", random_state=0).fit(X, y)
    >>> selector.transform(X).shape
    (83, 20)
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "init": [StrOptions({"k-means", "random"}), "array-like"],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "n_refinements": [Interval(Integral, 0, None, closed="left"), None],
        "proxy": [StrOptions({"mlp", "linear"}), HasMethods(["fit", "predict"])],
        "importance": [StrOptions({"published", "corrected"})],
        "keep": [StrOptions({"last", "best"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        init: str | ArrayLike = "k-means",
        n_init: int = 10,
        n_refinements: int | None = None,
        proxy: Any = "mlp",
        importance: str = "published",
        keep: str = "last",
        missing_anchors: str = "raise",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_anchors = n_anchors
        self.init = init
        self.n_init = n_init
        self.n_refinements = n_refinements
        self.proxy = proxy
        self.importance = importance
        self.keep = keep
        self.missing_anchors = missing_anchors
        self.random_state = random_state

    def _choose_anchors(
        self, X: Array, y: Array, sample_weight: Array, n_anchors: int
    ) -> NDArray[np.intp]:
        rng = check_random_state(self.random_state)
        order = canonical_row_order(X, y, sample_weight)
        weight = sample_weight[order]
        candidates = np.flatnonzero(~np.isnan(X).all(axis=0))
        scores = filled(unit_range(X[order]), weight)
        target = unit_range(y[order])
        context = self._init_callback_context(max_subtasks=self._n_steps())
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        with one_thread():  # a choice between near ties must not depend on the machine
            anchors = self._start(scores, target, weight, candidates, n_anchors, rng)
            self.initial_anchors_ = anchors
            anchors = self._refine(scores, target, weight, candidates, anchors, rng, context)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return anchors

    def _start(
        self,
        X: Array,
        y: Array,
        weight: Array,
        candidates: NDArray[np.intp],
        n_anchors: int,
        rng: np.random.RandomState,
    ) -> NDArray[np.intp]:
        if not isinstance(self.init, str):
            return _checked_indices(self.init, candidates, n_anchors)
        best, least = np.arange(0), np.inf
        for _ in range(self.n_init):
            if self.init == "random":
                anchors = random_anchors(candidates, n_anchors, rng)
            else:
                anchors = k_means_anchors(X, weight, candidates, n_anchors, rng)
            error = leave_one_out_error(X[:, anchors], y, weight) if self.n_init > 1 else 0.0
            if error < least:
                best, least = anchors, error
        return best

    def _refine(
        self,
        X: Array,
        y: Array,
        weight: Array,
        candidates: NDArray[np.intp],
        anchors: NDArray[np.intp],
        rng: np.random.RandomState,
        context: Any,
    ) -> NDArray[np.intp]:
        """Swap anchors in place of each other, so that a warm-started proxy keeps its weights."""
        error = leave_one_out_error(X[:, anchors], y, weight) if self.keep == "best" else np.inf
        proxy = self._make_proxy(rng)
        taken = np.zeros(len(anchors), dtype=int)  # the step in which each anchor was swapped in
        refused: set[int] = set()  # positions whose anchors were tried since the last swap
        failures = 0
        self.refinement_: list[RefinementStep] = []
        for step in range(1, self._n_steps() + 1):
            if len(candidates) == len(anchors) or len(refused) == len(anchors):
                break
            task = context.subcontext(task_name="refinement")
            task.call_on_fit_task_begin(estimator=self, X=X, y=y)
            scores, loss = self._score(proxy, X, y, weight, candidates, anchors, first=step == 1)
            swaps = shortlist(*scores, refused, *_SHORTLIST[self.keep])
            swap, new_error = self._best_swap(swaps, X, y, weight, anchors)
            kept = self.keep == "last" or new_error < error
            self.refinement_.append(
                RefinementStep(
                    anchors, int(anchors[swap.position]), swap.item, *scores, loss, new_error, kept
                )
            )
            refused, failures = refused | {tried.position for tried in swaps}, failures + 1
            if kept:
                anchors, error, taken[swap.position] = swap.apply(anchors), new_error, step
                refused, failures = set(), 0
            now = anchors[np.argsort(taken, kind="stable")]
            stop = task.call_on_fit_task_end(
                estimator=self, X=X, y=y, reconstruction_attributes=lambda a=now: {"anchors_": a}
            )
            if stop or failures == _PATIENCE:
                break
        return anchors[np.argsort(taken, kind="stable")]

    def _n_steps(self) -> int:
        return _DEFAULT_STEPS[self.keep] if self.n_refinements is None else self.n_refinements

    def _score(
        self,
        proxy: Any,
        X: Array,
        y: Array,
        weight: Array,
        candidates: NDArray[np.intp],
        anchors: NDArray[np.intp],
        *,
        first: bool,
    ) -> tuple[tuple[Array, Array], float]:
        """Fit the proxy; return the importance of anchors and items, and the proxy's loss."""
        self._fit_proxy(proxy, X[:, anchors], y, weight, first=first)
        residual = np.asarray(proxy.predict(X[:, anchors])).reshape(y.shape) - y
        gradient = proxy_gradient(proxy, X[:, anchors], y.shape[1])
        anchor_importance, importance = self._swap_scores(
            Evidence(X, anchors, residual, gradient, weight)
        )
        candidate_importance = np.full(X.shape[1], -np.inf)
        candidate_importance[candidates] = importance[candidates]
        candidate_importance[anchors] = -np.inf
        loss = float(np.average((residual**2).mean(axis=1), weights=weight))
        return (anchor_importance, candidate_importance), loss

    def _best_swap(
        self, swaps: list[Swap], X: Array, y: Array, weight: Array, anchors: NDArray[np.intp]
    ) -> tuple[Swap, float]:
        if self.keep == "last":
            return swaps[0], np.nan
        errors = [leave_one_out_error(X[:, swap.apply(anchors)], y, weight) for swap in swaps]
        best = int(np.argmin(errors))
        return swaps[best], errors[best]

    def _swap_scores(self, evidence: Evidence) -> tuple[Array, Array]:
        return (corrected_scores if self.importance == "corrected" else published_scores)(evidence)

    def _make_proxy(self, rng: np.random.RandomState) -> Any:
        """Return an unfitted proxy of our own."""
        seed = rng.randint(np.iinfo(np.int32).max)
        if not isinstance(self.proxy, str):
            proxy = clone(self.proxy)
            if "random_state" in proxy.get_params() and proxy.random_state is None:
                proxy.set_params(random_state=seed)
            return proxy
        from sklearn_sparseeval.regressors import MLPScoreRegressor  # brings torch

        return MLPScoreRegressor.paper(
            linear=self.proxy == "linear",
            dropout=0.0,
            batch_size=_BATCH_SIZE,
            learning_rate_init=1e-2 if self.proxy == "linear" else 3e-3,
            learning_rate="one-cycle",
            warm_start=True,
            random_state=seed,
        )

    def _fit_proxy(self, proxy: Any, X: Array, y: Array, weight: Array, *, first: bool) -> None:
        if isinstance(self.proxy, str):
            proxy.set_params(max_iter=_epochs(_FIRST_STEPS if first else _NEXT_STEPS, len(X)))
        target = y[:, 0] if y.shape[1] == 1 else y
        if (weight == 1).all():
            proxy.fit(X, target)
        else:
            proxy.fit(X, target, sample_weight=weight)


def _epochs(n_steps: int, n_models: int) -> int:
    """Return how many epochs make so many steps of the default proxy."""
    batches = -(-n_models // _BATCH_SIZE)
    return -(-n_steps // batches)


def _checked_indices(
    init: ArrayLike, candidates: NDArray[np.intp], n_anchors: int
) -> NDArray[np.intp]:
    anchors = np.asarray(init)
    if anchors.shape != (n_anchors,):
        raise ValueError(
            f"init has shape {anchors.shape}, but n_anchors={n_anchors} asks for {n_anchors} "
            "column indices."
        )
    if len(np.unique(anchors)) < n_anchors:
        raise ValueError(f"init={init!r} names an item twice. Give {n_anchors} different indices.")
    if not np.isin(anchors, candidates).all():
        raise ValueError(
            f"init={init!r} names columns without results or out of range: "
            f"{anchors[~np.isin(anchors, candidates)].tolist()}. Give indices of evaluated items."
        )
    return anchors.astype(np.intp)
