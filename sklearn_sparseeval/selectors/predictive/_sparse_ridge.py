"""Anchors by forward selection and exchange on the ridge objective, in closed form."""

from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from sklearn_sparseeval._sklearn import Interval, StrOptions
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.gram import GramColumns
from sklearn_sparseeval.numerics.missing import row_means
from sklearn_sparseeval.numerics.ridge import fit_ridge
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.numerics.units import unit_factor
from sklearn_sparseeval.selectors.predictive._exchange import exchanges
from sklearn_sparseeval.selectors.predictive._quota import Quota, labelled_quota, latent_quota
from sklearn_sparseeval.selectors.predictive._ridge_path import RidgePath, RidgeProblem

Array = NDArray[np.floating]

# Penalties tried by alpha="auto", as multiples of n_anchors / n_models of the mean item's sum of
# squares: the noise of a regression on so many anchors.
_RELATIVE_ALPHAS = (0.1, 0.3, 1.0, 3.0, 10.0)

# Leave-one-out errors this close, or this small beside the mean square of `y`, are equal.
_TIED, _ROUNDING = 1e-10, 1e-26

# Of the mean item's sum of squares. Second moments of items that are copies of each other are
# singular without a penalty, and in double precision they are with a smaller one.
_LEAST_ALPHA = 1e-12

# Share of the targets' sum of squares that the components get, for shrink_to_mean = 1.
_COMPONENTS_SHARE = 0.1
# Below it (more than ten models per anchor) the components do not matter any more.
_LEAST_SHRINKAGE = 1 / 11


class _Panel(NamedTuple):
    """What the choice starts from."""

    X: NDArray[Any]
    y: Array
    sample_weight: Array
    target_weights: Array
    candidates: NDArray[np.bool_]
    included: NDArray[np.intp]
    n_anchors: int
    quota: Quota | None

    def n_models(self) -> float:
        """Return the number of models; weights that sum to one do not count as one model."""
        return max(float(self.sample_weight.sum()), len(self.X))

    def problem(
        self, gram: GramColumns, alpha: float, shrink_to_mean: float, n_components: int
    ) -> RidgeProblem:
        """Set up the regression; the leading components are targets beside `y`."""
        n_tasks = self.y.shape[1]
        targets, weights = self.y, self.target_weights
        priors = np.full(n_tasks, shrink_to_mean)
        if n_components and shrink_to_mean >= _LEAST_SHRINKAGE:
            components = gram.leading_components(n_components)
            spread = (self.target_weights * gram.products_with(self.y)[1]).sum()
            total = (self.sample_weight @ components**2).sum()
            share = _COMPONENTS_SHARE * shrink_to_mean * spread / (total or 1.0)
            targets = np.hstack([targets, components])
            weights = np.append(weights, np.full(components.shape[1], share))
            priors = np.append(priors, np.zeros(components.shape[1]))
        return RidgeProblem.of(gram, targets, weights, priors, alpha)

    def path(self, problem: RidgeProblem) -> RidgePath:
        """Start a path with the items that must be in it."""
        path = RidgePath(problem, self.candidates, self.n_anchors)
        for item in self.included.tolist():
            path.add(item, path.objectives())
        self.close_full_strata(path)
        return path

    def close_full_strata(self, path: RidgePath) -> None:
        """Keep the path out of the strata that have their anchors."""
        if self.quota is not None:
            path.close(self.quota.full(path.items))

    def leave_one_out_error(self, gram: GramColumns, anchors: NDArray[np.intp]) -> float:
        """Return the mean squared error of ridge towards the anchors' mean, in closed form."""
        results = self.X[:, anchors].astype(np.float64)
        results = np.where(np.isnan(results), gram.mean[anchors], results)
        own_mean = results.mean(axis=1)
        if self.quota is not None:
            own_mean = results @ self.quota.weights(anchors)
        residual = self.y - own_mean[:, np.newaxis]
        # The models chose the anchors: their leave-one-out error flatters small penalties.
        floor = len(anchors) / self.n_models()
        with one_thread():  # matrices this small only wait for a second thread
            fit = fit_ridge(results, residual, self.sample_weight, least_alpha=floor)
        error = float(fit.error**2 @ self.target_weights)
        return error if np.isfinite(error) else 0.0  # NaN: there is a single model


class _Choice(NamedTuple):
    """What one penalty leads to."""

    error: float
    problem: RidgeProblem
    path: NDArray[np.intp]
    anchors: NDArray[np.intp]
    n_swaps: int


class SparseRidgeSelector(AnchorSelector):
    """Choose the anchors from which ridge regression predicts the benchmark score best.

    Forward selection adds the item that lowers the ridge objective most, then swaps follow until
    none lowers it further. Both need second moments only, in closed form: milliseconds for
    hundreds of items, seconds for thousands of models and ten thousand items.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    alpha : "auto" or float, default="auto"
        Penalty of the regression, larger than 0, as in :class:`sklearn.linear_model.Ridge`.
        "auto" tries 0.1, 0.3, 1, 3 and 10 times n_anchors / n_models of the items' mean sum of
        squares, and takes the one whose anchors (with more than 2,048 items: whose path) have the
        least leave-one-out error, in closed form, of a ridge regression to the anchors' mean.
    shrink_to_mean : "auto" or float, default="auto"
        What the penalty draws the weights of the anchors to, between 0 and 1: to this number over
        n_anchors. 0 is ridge regression; 1 draws the prediction to the mean of the anchors, so
        that they represent the benchmark even where the regression has nothing to go by. "auto"
        is n_anchors / (n_anchors + n_models).
    n_components : int, default=5
        Number of leading principal components of the history that the anchors have to predict
        beside `y`. With few models they are a steadier guide than `y` alone. Their share of the
        objective is a tenth of `shrink_to_mean`, and none with more than ten models per anchor.
    exchange : bool or "once", default=True
        Swap anchors for other items while that lowers the objective. `anchors_` is then more
        accurate than the path, but no longer nested. "once" lets the paths settle the penalty and
        swaps for that penalty alone, in a fifth of the time; with more than 2,048 items True does
        so too.
    strata : None, "latent" or array-like of shape (n_items,), default=None
        Strata of the items, of which each gets a number of anchors, so that all kinds of items
        are represented: a safeguard where the history is short or the models to come are unlike
        it. "latent" cuts the items into strata of nearly equal size, alike in difficulty and two
        loadings; labels, one per item, are strata of your own, which get anchors in proportion to
        their numbers of items. The path takes no more, and swaps stay inside the strata.
    quota : int or "auto", default="auto"
        Anchors of each latent stratum, which there are `n_anchors` / `quota` of. "auto" is 1 with
        fewer than 100 models, else 10. Not used with labels.
    target_weights : array-like of shape (n_tasks,), default=None
        Weights of the tasks' squared errors where `y` has several columns, not negative. By
        default all are 1, so that a task on a larger scale counts for more.
    must_include : array-like of int or str, default=None
        Items that are anchors in any case: column indices, or names where `X` is a data frame.
    exclude : array-like of int or str, default=None
        Items that are never anchors, in the same form.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items: what is left of `path_`, in its order, then the items
        swapped in.
    path_ : ndarray of shape (n_anchors,)
        The forward path, after the items of `must_include`. Nested: its first j items are those
        that a path of j items has with the same `alpha_` and `shrink_to_mean_`.
    alpha_ : float
        The penalty. At least 1e-12 of the items' mean sum of squares: less is lost in rounding.
    shrink_to_mean_ : float
        What the weights were drawn to, times n_anchors.
    n_swaps_ : int
        Number of swaps made.
    strata_ : ndarray of shape (n_items,)
        Number of each item's stratum, -1 for items that are not to be chosen. Defined only with
        `strata`.
    anchor_weights_ : ndarray of shape (n_anchors,)
        Share of the items that each anchor stands for: that of its stratum over its number of
        anchors. Defined only with `strata`.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    ResidualRidgeRegressor : Ridge towards the anchors' mean, the regressor that fits these
        anchors on small panels.
    StraightThroughSelector : Learned anchors for panels of 15 to 150 models.
    StratifiedSelector : For targets unlike the source models.

    Notes
    -----
    The objective is the sum over tasks t and models m of
    ``target_weights[t] * sample_weight[m] * (y[m, t] - X[m, anchors] @ w[t] - c[t]) ** 2`` plus
    ``alpha`` times the squared distance of each w[t] to what it is drawn to.

    A missing result (NaN) in the history counts as the item's weighted mean. An item's moments
    are then those of the models that have it, shrunk by their share: the fewer models have seen
    an item, the stronger its relation to the score must be for it to be chosen, and easy and
    hard items are treated alike. Items without any result are never chosen.

    With far fewer models than anchors the objective can be met by many sets of items. The penalty
    grows with n_anchors / n_models, so that no direction is ever fitted exactly and each
    further anchor still lowers the objective; which of the last ones are taken is then mostly
    chance, and random or stratified anchors are about as good.

    Nothing is random. Items that are equally good are taken in the order of their columns. Scores
    of 0 and 1, of any dtype, are summed exactly; large panels (25 million cells) of graded
    float32 scores are kept in single precision.

    The items x items matrix is formed for up to 2,048 items only; beyond, columns are
    computed when they are needed, and memory is one copy of the scores and some ten rows of items
    per anchor.

    References
    ----------
    .. [1] A. Miller, "Subset Selection in Regression", 2nd edition, Chapman & Hall, 2002,
       chapter 3 (forward selection and sequential replacement).

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_sparseeval import ResidualRidgeRegressor, SparseRidgeSelector
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    >>> pipeline = make_pipeline(SparseRidgeSelector(n_anchors=50), ResidualRidgeRegressor())
    >>> error = pipeline.fit(X[::2], y[::2]).predict(X[1::2]) - y[1::2]
    >>> bool(abs(error).mean() < 0.025)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "alpha": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "shrink_to_mean": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="both")],
        "n_components": [Interval(Integral, 0, None, closed="left")],
        "exchange": ["boolean", StrOptions({"once"})],
        "strata": [StrOptions({"latent"}), "array-like", None],
        "quota": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "target_weights": ["array-like", None],
        "must_include": ["array-like", None],
        "exclude": ["array-like", None],
    }

    _score_dtypes = (*AnchorSelector._score_dtypes, np.uint8, np.int8, np.bool_)

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        alpha: float | str = "auto",
        shrink_to_mean: float | str = "auto",
        n_components: int = 5,
        exchange: bool | str = True,
        strata: str | ArrayLike | None = None,
        quota: int | str = "auto",
        target_weights: ArrayLike | None = None,
        must_include: ArrayLike | None = None,
        exclude: ArrayLike | None = None,
        missing_anchors: str = "raise",
    ) -> None:
        self.n_anchors = n_anchors
        self.alpha = alpha
        self.shrink_to_mean = shrink_to_mean
        self.n_components = n_components
        self.exchange = exchange
        self.strata = strata
        self.quota = quota
        self.target_weights = target_weights
        self.must_include = must_include
        self.exclude = exclude
        self.missing_anchors = missing_anchors

    def _choose_anchors(
        self, X: NDArray[Any], y: Array, sample_weight: Array, n_anchors: int
    ) -> NDArray[np.intp]:
        included, candidates = self._allowed_items(X, n_anchors)
        weight = sample_weight.astype(np.float64)
        # In the units of the results, to whose mean the regression is drawn. By one factor: tasks
        # of other sizes have other weights.
        target = y.astype(np.float64)
        target = target / unit_factor(X, row_means(X), target, weight)
        panel = _Panel(
            X, target, weight, self._task_weight(y.shape[1]), candidates, included,
            n_anchors, self._quota_of_strata(X, weight, candidates, n_anchors),
        )  # fmt: skip
        context = self._init_callback_context(max_subtasks=None)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        gram = GramColumns(X, panel.sample_weight)
        self.shrink_to_mean_ = (
            float(self.shrink_to_mean)
            if not isinstance(self.shrink_to_mean, str)
            else n_anchors / (n_anchors + panel.n_models())
        )
        problem = panel.problem(gram, 1.0, self.shrink_to_mean_, self.n_components)
        # Exchange takes longer than all the rest where columns are computed one by one: there the
        # path settles the penalty.
        each = bool(self.exchange) and self.exchange != "once" and gram.complete
        choice = self._best_choice(panel, problem, each, context)
        if self.exchange and not each:
            choice = self._exchanged(panel, choice, context)
        self.path_, self.alpha_ = choice.path, choice.problem.alpha
        self.n_swaps_ = choice.n_swaps
        for name in ("strata_", "anchor_weights_"):  # of an earlier fit with strata
            self.__dict__.pop(name, None)
        if panel.quota is not None:
            self.strata_: NDArray[np.intp] = panel.quota.labels
            self.anchor_weights_: Array = panel.quota.weights(choice.anchors)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return choice.anchors

    def _alphas(self, panel: _Panel, gram: GramColumns) -> list[float]:
        spread = float(gram.diagonal[panel.candidates].mean()) or 1.0
        if not isinstance(self.alpha, str):
            return [max(float(self.alpha), _LEAST_ALPHA * spread)]
        unit = spread * panel.n_anchors / panel.n_models()
        return [multiple * unit for multiple in _RELATIVE_ALPHAS]

    def _best_choice(
        self, panel: _Panel, problem: RidgeProblem, exchange: bool, context: Any
    ) -> _Choice:
        """Choose anchors with each penalty; return those of the least leave-one-out error."""
        choices = []
        for alpha in self._alphas(panel, problem.gram):
            task = context.subcontext(task_name="penalty", max_subtasks=None)
            task.call_on_fit_task_begin(estimator=self, X=panel.X, y=panel.y)
            path = self._grown(panel, problem._replace(alpha=alpha), task)
            choice = _Choice(0.0, problem._replace(alpha=alpha), path, path, 0)
            if exchange:
                choice = self._exchanged(panel, choice, task)
            error = panel.leave_one_out_error(problem.gram, choice.anchors)
            choices.append(choice._replace(error=error))
            if task.call_on_fit_task_end(
                estimator=self, X=panel.X, y=panel.y,
                reconstruction_attributes=lambda a=choice.anchors: {"anchors_": a},
            ):  # fmt: skip
                break
        # The first of those that differ by rounding only, as they all may with two models.
        scale = float((panel.y**2).mean(axis=0) @ panel.target_weights)
        limit = (1 + _TIED) * min(choice.error for choice in choices) + _ROUNDING * scale
        return next(choice for choice in choices if choice.error <= limit)

    def _grown(self, panel: _Panel, problem: RidgeProblem, task: Any) -> NDArray[np.intp]:
        path = panel.path(problem)
        while len(path.items) < panel.n_anchors:
            step = task.subcontext(task_name="anchor")
            step.call_on_fit_task_begin(estimator=self, X=panel.X, y=panel.y)
            path.grow()
            panel.close_full_strata(path)
            step.call_on_fit_task_end(estimator=self, X=panel.X, y=panel.y)
        return np.array(path.items, dtype=np.intp)

    def _exchanged(self, panel: _Panel, choice: _Choice, context: Any) -> _Choice:
        for anchors in exchanges(
            choice.problem, choice.anchors, panel.candidates, len(panel.included),
            None if panel.quota is None else panel.quota.labels,
        ):  # fmt: skip
            choice = choice._replace(anchors=anchors, n_swaps=choice.n_swaps + 1)
            step = context.subcontext(task_name="swap")
            step.call_on_fit_task_begin(estimator=self, X=panel.X, y=panel.y)
            if step.call_on_fit_task_end(
                estimator=self, X=panel.X, y=panel.y,
                reconstruction_attributes=lambda a=anchors: {"anchors_": a},
            ):  # fmt: skip
                break
        return choice

    def _allowed_items(
        self, X: NDArray[Any], n_anchors: int
    ) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return the items that must be chosen, and a mask of those that may."""
        names = getattr(self, "feature_names_in_", None)
        included = _checked_items(self.must_include, "must_include", X.shape[1], names)
        excluded = _checked_items(self.exclude, "exclude", X.shape[1], names)
        both = np.intersect1d(included, excluded)
        if len(both):
            raise ValueError(
                f"Item {both[0]} is in must_include and in exclude. Take it out of one of them."
            )
        if len(included) > n_anchors:
            raise ValueError(
                f"must_include holds {len(included)} items, more than n_anchors={n_anchors}. "
                "Choose more anchors, or include fewer."
            )
        candidates = np.asarray(~np.isnan(X).all(axis=0))
        empty = included[~candidates[included]]
        if len(empty):
            raise ValueError(
                f"must_include holds item {empty[0]}, for which no source model has a result."
            )
        candidates[excluded] = False
        if candidates.sum() < n_anchors:
            raise ValueError(
                f"n_anchors={n_anchors} is more than the {int(candidates.sum())} items that are "
                "neither excluded nor without any result. Choose fewer anchors, or exclude less."
            )
        return included, candidates

    def _quota_of_strata(
        self, X: NDArray[Any], weight: Array, candidates: NDArray[np.bool_], n_anchors: int
    ) -> Quota | None:
        if self.strata is None:
            return None
        if isinstance(self.strata, str):
            return latent_quota(X, weight, candidates, n_anchors, self.quota)
        return labelled_quota(self.strata, candidates, n_anchors)

    def _task_weight(self, n_tasks: int) -> Array:
        if self.target_weights is None:
            return np.ones(n_tasks)
        weight: Array = check_array(
            self.target_weights, ensure_2d=False, dtype=np.float64, input_name="target_weights"
        )
        if weight.shape != (n_tasks,) or weight.min() < 0 or not weight.any():
            raise ValueError(
                f"target_weights={self.target_weights!r} must be {n_tasks} numbers, one for each "
                "column of y, not negative and not all zero."
            )
        return weight


def _checked_items(
    items: Any, parameter: str, n_items: int, names: NDArray[Any] | None
) -> NDArray[np.intp]:
    """Return column indices for a list of indices or names.

    Parameters
    ----------
    items : array-like of int or str, or None
        Column indices, or item names where `names` are known; None = no item.
    parameter : str
        What the user calls the list, for the error.
    n_items : int
        Number of items.
    names : ndarray of shape (n_items,) or None
        Names of the items.

    Returns
    -------
    indices : ndarray
        In the order given.

    Raises
    ------
    ValueError
        If an item is unknown or repeated.
    """
    if items is None or len(items) == 0:
        return np.arange(0)
    values = given = np.asarray(items)
    if values.ndim == 1 and values.dtype.kind in "UO" and names is not None:
        position = {name: index for index, name in enumerate(names.tolist())}
        unknown = [name for name in values.tolist() if name not in position]
        if unknown:
            raise ValueError(
                f"{parameter} names {unknown[0]!r}, which is not among the {n_items} items of X "
                f"({names[0]!r}, ...)."
            )
        values = np.array([position[name] for name in values.tolist()], dtype=np.intp)
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise ValueError(
            f"{parameter}={items!r} must be a list of column indices, or of item names where X is "
            "a data frame with names."
        )
    if values.min() < 0 or values.max() >= n_items:
        raise ValueError(
            f"{parameter} holds {values.min()} to {values.max()}, but X has {n_items} items: give "
            f"column indices from 0 to {n_items - 1}."
        )
    if len(np.unique(values)) < len(values):
        raise ValueError(f"{parameter} names an item twice: {given.tolist()}. Name each once.")
    return values.astype(np.intp)
