"""A few loadings per item, learnt from the source models, complete a target's row."""

import warnings
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, gen_batches

from sklearn_sparseeval._sklearn import Interval, RealNotInt, StrOptions
from sklearn_sparseeval.imputers._source_imputer import SourceImputer, SourceModels
from sklearn_sparseeval.numerics.latent_items import latent_item_features
from sklearn_sparseeval.numerics.row_identity import distinct_rows

Array = NDArray[np.floating]

_RANKS = (0, 1, 2, 3, 4, 6, 8, 12, 16)
_TIED = 1e-9  # errors this close are equal: the smaller rank is taken
_VALIDATION_ROUNDS = 10  # of completing the source models of the other folds
_BLOCK_CELLS = 2**22  # of float64 at a time, 32 MiB
# Relative to the mean variance of an item, and absolute, for scores from 0 to 1: what keeps the
# projection on exact loadings well defined.
_LEAST_SHARE, _LEAST_NOISE = 1e-6, 1e-12


class LowRankImputer(SourceImputer):
    """Predict a target's missing results from a low-rank model of the source models' results.

    Each item has a mean and a few loadings, the principal components of the source models. A
    target's coordinates are fitted to the results it has by a ridge regression on the loadings,
    and predict the others. Missing results of the source models are completed in the same way, in
    turn with the loadings (iterative PCA).

    Parameters
    ----------
    n_components : int or "auto", default="auto"
        Number of loadings, 0 or more. "auto" takes the one of 0, 1, 2, 3, 4, 6, 8, 12 and 16 that
        predicts hidden results of left-out source models best.
    alpha : float, default=1.0
        Penalty of a target's coordinates, positive. 1 is the posterior mean of probabilistic
        PCA, where coordinates have the variance that they have over the source models; the
        larger, the nearer to the items' means.
    fit_intercept : bool, default=True
        Whether a target has a level of its own beside its coordinates, which is not penalised.
        False is PCA as published: what the results do not tell is taken from the average source
        model, which fails for targets stronger than all of them.
    n_observed : int or float, default=0.1
        How many results a left-out source model keeps while the others are predicted, for
        ``n_components="auto"``: about what a target will have. An int is the number itself, a float
        between 0 and 1 a share of the items.
    n_folds : int, default=5
        Number of folds of source models, at least 2, for ``n_components="auto"``.
    max_iter : int, default=100
        Most rounds of completing the source models. Complete ones need none.
    tol : float, default=1e-3
        Rounds end when the completed results change by less, in the root mean square and in
        units of the results' standard deviation about the items' means. Not negative.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, imputed results are clipped to it
        and scores outside it are refused. None clips nothing.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds and what is hidden, for ``n_components="auto"``.

    Attributes
    ----------
    n_components_ : int
        Number of loadings used.
    ranks_ : ndarray of shape (n_ranks,)
        Ranks tried, as far as the number of models and items allows. Only with
        ``n_components="auto"``.
    validation_errors_ : ndarray of shape (n_ranks,)
        Root mean squared error on the hidden results for each of `ranks_`, in the units of the
        scores; NaN where a single rank is possible. Only with ``n_components="auto"``.
    components_ : ndarray of shape (`n_components_`, n_items)
        Loadings, in units of the scores: what an item's result changes by, where the coordinate
        changes by its standard deviation over the source models. Zero for items without results.
    noise_variance_ : float
        Mean variance of the results about the low-rank model, in squared units of the scores.
    n_iter_ : int
        Rounds of completing the source models; 1 where they were complete.
    item_means_ : ndarray of shape (n_items,)
        Weighted mean of the source models' results on each item; NaN where there is none.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    ImputedScoreRegressor : Predicts the benchmark score as the mean of the completed row.
    ItemRidgeImputer : Describes the items by all source models' results instead.
    sklearn.decomposition.PCA : Principal components of complete rows.

    Notes
    -----
    A target's coordinates z and level b minimise the squares of ``result - mean - b - z @
    loading`` over the items it has, plus ``alpha * noise_variance_ * z @ z``. Every target is
    projected on its own. Items without any source result are imputed by the mean of the target's
    other items, as completed.

    The rank is chosen by cross-validation over source models: those of one fold keep
    `n_observed` of their results, at random, and the others are predicted from these with the
    loadings of the other folds. Equal rows are one model with the sum of their weights, so that
    none is predicted from its copy. For this, missing results are completed with the largest rank
    and in ten rounds at most.

    In the reference code of [1]_ the masking writes into a copy of the matrix, so nothing is ever
    hidden, every rank has an error of zero, and the smallest is taken. It also decomposes all
    targets together with the source models, so that a target's score depends on the others'.

    References
    ----------
    .. [1] "How Benchmark Prediction from Fewer Data Misses the Mark", NeurIPS 2025,
       arXiv:2506.07673 (the method PCA).
    .. [2] M. E. Tipping, C. M. Bishop, "Probabilistic principal component analysis", Journal of
       the Royal Statistical Society B 61, 611-622, 1999.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval import LowRankImputer
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> partial = X[-10:].copy()
    >>> partial[:, 50:] = np.nan  # run on 50 of 500 items
    >>> imputer = LowRankImputer(random_state=0).fit(X[:-10])
    >>> completed = imputer.transform(partial)
    >>> bool(abs(completed.mean(axis=1) - y[-10:]).mean() < 0.03)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **SourceImputer._parameter_constraints,
        "n_components": [Interval(Integral, 0, None, closed="left"), StrOptions({"auto"})],
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "fit_intercept": ["boolean"],
        "n_observed": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
        ],
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components: int | str = "auto",
        *,
        alpha: float = 1.0,
        fit_intercept: bool = True,
        n_observed: int | float = 0.1,
        n_folds: int = 5,
        max_iter: int = 100,
        tol: float = 1e-3,
        score_range: tuple[float, float] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_components = n_components
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.n_observed = n_observed
        self.n_folds = n_folds
        self.max_iter = max_iter
        self.tol = tol
        self.score_range = score_range
        self.random_state = random_state

    def _learn(self, sources: SourceModels) -> None:
        for name in ("ranks_", "validation_errors_"):  # of an earlier fit with n_components="auto"
            self.__dict__.pop(name, None)
        auto = isinstance(self.n_components, str)
        rank = self._validated_rank(sources) if auto else int(self.n_components)
        rank = min(rank, *sources.scores.shape)
        self.n_components_ = rank
        completed, self.n_iter_, converged = self._completed(sources, rank, self.max_iter)
        if not converged:
            warnings.warn(
                f"The missing results of the source models still changed after max_iter="
                f"{self.max_iter} rounds. Increase max_iter, or tol={self.tol:g}.",
                ConvergenceWarning,
                stacklevel=5,
            )
        self._model = LowRankModel.of(completed, sources.weight, rank)
        self.components_: Array = np.zeros((rank, self.n_features_in_))
        self.components_[:, self._known] = self._model.loadings.T * self._span
        self.noise_variance_ = self._model.noise * self._span**2

    def _complete(self, results: Array) -> Array:
        return self._model.project(results, self.alpha, self.fit_intercept)

    def _completed(
        self, sources: SourceModels, rank: int, max_iter: int
    ) -> tuple[Array, int, bool]:
        return complete_rows(
            sources.scores, sources.weight, sources.filled(), rank,
            self.alpha, self.fit_intercept, max_iter, self.tol,
        )  # fmt: skip

    def _validated_rank(self, sources: SourceModels) -> int:
        """Choose the rank that predicts hidden results of left-out models best."""
        rng = check_random_state(self.random_state)
        # In an order of their own, so that the folds do not depend on how models are listed.
        rows, weight = distinct_rows(sources.scores, sources.weight)
        scores = sources.scores[rows]
        n_folds = min(self.n_folds, len(rows))
        n_training = len(rows) - -(-len(rows) // n_folds)
        most = min(n_training, scores.shape[1]) - 1
        self.ranks_ = np.array([rank for rank in _RANKS if rank <= max(most, 0)])
        self.validation_errors_: Array = np.full(len(self.ranks_), np.nan)
        if len(self.ranks_) == 1:
            return 0
        fold = rng.permutation(len(rows)) % n_folds
        squares, count = np.zeros(len(self.ranks_)), 0.0
        for number in range(n_folds):
            held = fold == number
            training = SourceModels(scores[~held], weight[~held])
            more, n_more = self._hidden_squares(training, scores[held], weight[held], rng)
            squares, count = squares + more, count + n_more
        if count == 0:  # no left-out model has two results
            return 0
        self.validation_errors_ = np.sqrt(squares / count) * self._span
        return int(self.ranks_[(squares <= (1 + _TIED) * squares.min()).argmax()])

    def _hidden_squares(
        self, training: SourceModels, held: Array, weight: Array, rng: np.random.RandomState
    ) -> tuple[Array, float]:
        """Return each rank's weighted sum of squares on hidden results, and their number."""
        known = ~np.isnan(training.scores).all(axis=0)
        training, held = training._replace(scores=training.scores[:, known]), held[:, known]
        masked = self._masked(held, rng)
        usable = ~np.isnan(masked).all(axis=1)
        held, masked, weight = held[usable], masked[usable], weight[usable]
        hidden = np.isnan(masked) & ~np.isnan(held)
        n_rounds = min(self.max_iter, _VALIDATION_ROUNDS)
        completed, _, _ = self._completed(training, int(self.ranks_[-1]), n_rounds)
        model = LowRankModel.of(completed, training.weight, int(self.ranks_[-1]))
        squares = np.zeros(len(self.ranks_))
        for index, rank in enumerate(self.ranks_):
            smaller = model._replace(loadings=model.loadings[:, :rank])
            predicted = smaller.project(masked, self.alpha, self.fit_intercept)
            missed = np.where(hidden, predicted - held, 0)
            squares[index] = weight @ (missed**2).sum(axis=1)
        return squares, float(weight @ hidden.sum(axis=1))

    def _masked(self, scores: Array, rng: np.random.RandomState) -> Array:
        """Return a copy in which each row keeps `n_observed` results at random, and hides one."""
        share = self.n_observed < 1  # the constraints leave floats between 0 and 1, and ints
        n_items = scores.shape[1]
        n_kept = max(1, round(self.n_observed * n_items)) if share else int(self.n_observed)
        evaluated = ~np.isnan(scores)
        keys = np.where(evaluated, rng.random_sample(scores.shape), np.inf)
        place = keys.argsort(axis=1).argsort(axis=1)
        n_kept_of_row = np.clip(evaluated.sum(axis=1) - 1, 1, n_kept)
        return np.where(place < n_kept_of_row[:, np.newaxis], scores, np.nan)


class LowRankModel(NamedTuple):
    """A row is the items' means, plus a level, plus loadings times coordinates of variance 1."""

    means: Array  # (n_items,)
    loadings: Array  # (n_items, rank)
    variance: float  # of the rows, summed over the items

    @classmethod
    def of(cls, scores: Array, weight: Array, rank: int) -> "LowRankModel":
        """Take the leading principal components of complete rows.

        Parameters
        ----------
        scores : ndarray of shape (n_models, n_items)
            Complete results.
        weight : ndarray of shape (n_models,)
            Positive weights.
        rank : int
            How many loadings, 0 or more; those beyond the rank of the scores are zero.

        Returns
        -------
        model : LowRankModel
            Fitted.
        """
        features = latent_item_features(scores, weight, rank)
        means, loadings = features[:, 0], features[:, 1:]
        squares = np.einsum("ij,ij->i", scores - means, scores - means)
        return cls(means, loadings, float(weight @ squares / weight.sum()))

    @property
    def noise(self) -> float:
        """Variance of a result about what the loadings say.

        Returns
        -------
        noise : float
            Never quite zero.
        """
        left = max(self.variance - float((self.loadings**2).sum()), _LEAST_SHARE * self.variance)
        return max(left / len(self.means), _LEAST_NOISE)

    def project(self, results: Array, alpha: float, fit_intercept: bool) -> Array:
        """Predict all items of each row from those it has, by ridge regression on the loadings.

        Parameters
        ----------
        results : ndarray of shape (n_rows, n_items)
            NaN = not evaluated; at least one result in a row.
        alpha : float
            Penalty of the coordinates in units of the noise, positive.
        fit_intercept : bool
            Whether each row has a level of its own, without a penalty.

        Returns
        -------
        predicted : ndarray of shape (n_rows, n_items)
            Without NaN.
        """
        level = np.ones((len(self.means), int(fit_intercept)))
        design = np.hstack([level, self.loadings])
        if not design.shape[1]:
            return np.tile(self.means, (len(results), 1))
        penalty = np.full(design.shape[1], alpha * self.noise)
        penalty[: level.shape[1]] = 0
        predicted = np.empty_like(results)
        for batch in gen_batches(len(results), max(1, _BLOCK_CELLS // (1 + len(penalty) ** 2))):
            rows = results[batch]
            have = ~np.isnan(rows)
            moments = _second_moments(have, design) + np.diag(penalty)
            products = np.where(have, rows - self.means, 0) @ design
            coordinates = np.linalg.solve(moments, products[:, :, np.newaxis])[:, :, 0]
            predicted[batch] = self.means + coordinates @ design.T
        return predicted


def complete_rows(
    scores: Array,
    weight: Array,
    filled: Array,
    rank: int,
    alpha: float,
    fit_intercept: bool,
    max_iter: int,
    tol: float,
) -> tuple[Array, int, bool]:
    """Fill missing results by principal components and projection in turn.

    Parameters
    ----------
    scores : ndarray of shape (n_models, n_items)
        NaN = not evaluated.
    weight : ndarray of shape (n_models,)
        Positive weights.
    filled : ndarray of shape (n_models, n_items)
        The same with a first guess in place of NaN. Not changed.
    rank : int
        Number of components.
    alpha : float
        Penalty of the projection.
    fit_intercept : bool
        Whether each row has a level of its own.
    max_iter : int
        Most rounds.
    tol : float
        Root mean squared change of the filled results at which to stop, in units of the results'
        standard deviation about the items' means.

    Returns
    -------
    filled : ndarray of shape (n_models, n_items)
        Complete.
    n_iter : int
        Number of rounds; 1 where nothing was missing.
    converged : bool
        Whether the change became small enough.
    """
    missing = np.isnan(scores)
    if not missing.any():
        return scores, 1, True
    filled = filled.copy()
    for n_iter in range(1, max_iter + 1):
        model = LowRankModel.of(filled, weight, rank)
        guess = model.project(scores, alpha, fit_intercept)[missing]
        change = np.sqrt(np.mean((guess - filled[missing]) ** 2))
        filled[missing] = guess
        if change <= tol * np.sqrt(model.variance / len(model.means)):
            return filled, n_iter, True
    return filled, max_iter, False


def _second_moments(have: NDArray[np.bool_], design: Array) -> Array:
    """Return the design's moments over the items of each row, (n_rows, n_columns, n_columns)."""
    n_columns = design.shape[1]
    moments = np.zeros((len(have), n_columns**2))
    for items in gen_batches(len(design), max(1, _BLOCK_CELLS // (1 + n_columns**2))):
        products = design[items, :, np.newaxis] * design[items, np.newaxis]
        moments += have[:, items].astype(np.float64) @ products.reshape(-1, n_columns**2)
    return moments.reshape(-1, n_columns, n_columns)
