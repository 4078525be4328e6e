"""The multidimensional two-parameter logistic model of item response theory."""

import warnings
from numbers import Integral, Real
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from sklearn_sparseeval._sklearn import (
    Interval,
    StrOptions,
    _check_sample_weight,
    _fit_context,
    validate_data,
)
from sklearn_sparseeval.item_response._variational import fit_item_response
from sklearn_sparseeval.numerics.latent_items import blocks
from sklearn_sparseeval.numerics.row_identity import distinct_rows
from sklearn_sparseeval.numerics.score_scale import score_bounds
from sklearn_sparseeval.numerics.threads import one_thread

Array = NDArray[np.floating]

# What n_dimensions="auto" tries; one result in so many is held out meanwhile.
_CANDIDATES, _HELD_OUT = (1, 2, 3, 5, 8), 5

_MAX_STEPS = 100
_CONVERGED = 1e-9  # change of an ability, in standard deviations of the source models
_SUFFICIENT = 1e-4  # share of the promised gain that a step must bring (Armijo's condition)
_ROUNDING = 1e-12  # relative
_LEAST_STEP = 2.0**-30


class _Likelihood(NamedTuple):
    """Penalised likelihood of the abilities of some models."""

    scores: Array  # (n_models, n_items), 0 where there is none
    known: NDArray[np.bool_]
    discriminations: Array
    difficulties: Array

    def of(self, models: NDArray[np.intp]) -> Self:
        """Return that of some of the models."""
        return self._replace(scores=self.scores[models], known=self.known[models])

    def loss(self, abilities: Array) -> Array:
        """Return the negative log of likelihood times prior, (n_models,)."""
        logits = abilities @ self.discriminations.T - self.difficulties
        lost = np.where(self.known, np.logaddexp(0, logits) - self.scores * logits, 0.0)
        return np.asarray(lost.sum(axis=1) + (abilities**2).sum(axis=1) / 2)

    def newton_step(self, abilities: Array) -> tuple[Array, Array]:
        """Return the step to the minimum of the parabola that fits, and twice what it promises."""
        n_items, n_dimensions = self.discriminations.shape
        expected = expit(abilities @ self.discriminations.T - self.difficulties)
        residual = np.where(self.known, self.scores - expected, 0.0)
        slope = residual @ self.discriminations - abilities
        weight = np.where(self.known, expected * (1 - expected), 0.0)
        squares = np.einsum("id,ie->ide", self.discriminations, self.discriminations)
        curvature = (weight @ squares.reshape(n_items, -1)).reshape(-1, n_dimensions, n_dimensions)
        curvature += np.eye(n_dimensions)
        step = np.linalg.solve(curvature, slope[:, :, np.newaxis])[:, :, 0]
        return step, (slope * step).sum(axis=1)


class ItemResponseModel(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""Abilities of models, discriminations and difficulties of items, from their results.

    The multidimensional two-parameter logistic model: model m of abilities :math:`\theta_m` is
    right on item i with the probability

    .. math:: P_{mi} = \frac{1}{1 + \exp(b_i - a_i \cdot \theta_m)}

    of discriminations :math:`a_i` and difficulty :math:`b_i`. `fit` learns the items from the
    source models, `transform` estimates the abilities of any model from whatever items it was run
    on, and `inverse_transform` says what score abilities lead to be expected on every item.

    Parameters
    ----------
    n_dimensions : int or "auto", default="auto"
        Number of abilities. "auto" tries 1, 2, 3, 5 and 8 on the source models and stops where a
        held-out fifth of their results is no longer predicted better.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. None is (0, 1) where all source scores lie between
        them, else the smallest and the largest source score.
    max_iter : int, default=500
        Largest number of sweeps over the results.
    tol : float, default=1e-5
        The fit ends when a sweep raises the lower bound on the log-probability by less than this
        per result.

    Attributes
    ----------
    discriminations_ : ndarray of shape (n_items, n_dimensions)
        How sharply each item tells weak models from strong ones, per ability, in logits per
        standard deviation. Negative where stronger models do worse.
    difficulties_ : ndarray of shape (n_items,)
        Logit of being wrong on each item for a model of average abilities.
    n_dimensions_ : int
        Number of abilities.
    held_out_losses_ : dict of int to float
        Mean negative log-likelihood of the held-out results, in nats, for each number of abilities
        that was tried. Defined only for ``n_dimensions="auto"``.
    score_range_ : tuple of (float, float)
        Smallest and largest possible score.
    lower_bound_ : float
        Lower bound on the log-probability of the source models' results, in nats per result and
        less a constant of the prior. It rises with every sweep.
    n_iter_ : int
        Number of sweeps.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    IRTSelector : Anchors from clusters of the items' parameters.
    FisherInformationSelector : Anchors that tell most about the ability.
    IRTImputer : Fills missing results with the expected scores.
    PIRTRegressor : Predicts the benchmark score from them.

    Notes
    -----
    Abilities have a standard normal prior, the parameters :math:`(a_i, -b_i)` of the items a
    common normal prior whose mean and covariance are learned with them [1]_, from all items and, as
    a start, ten of variance 1 and an average one of parameters 0. So nothing has to be tuned: with
    a dozen source models the items are nearly alike, with hundreds each has parameters of its own,
    and dimensions that the results do not support fade. The posterior is approximated
    by independent normal distributions of every model and every item, with the quadratic bound of
    the logistic function [2]_ [3]_. Each sweep is a weighted ridge regression for every model and
    for every item. With fewer than about 50 items discriminations come out somewhat too small.

    A score between 0 and 1 enters the likelihood as that share of a right answer,
    ``x log P + (1 - x) log(1 - P)``; other ranges are brought to it first. Missing results (NaN)
    do not enter. An item without any result gets the mean of the prior: it is an average item.

    The axes are fixed: over the source models abilities have mean 0, variance 1 and no
    correlation, in the sense of the posterior; the columns of `discriminations_` are orthogonal,
    their sums of squares fall, and no column has a negative sum. Of the first ability more is
    therefore better. Nothing is random, and the order of the models does not matter. Where weights
    are smaller than 1 they are scaled up until they sum to the number of models.

    The model of tinyBenchmarks [1]_ differs in these points, on purpose:

    - its abilities of new models have no prior, and diverge where all anchors are right;
    - its code subtracts the difficulty once per dimension;
    - it turns graded scores into 0 and 1 by a threshold, which keeps their mean only.

    References
    ----------
    .. [1] F. Maia Polo et al., "tinyBenchmarks: evaluating LLMs with fewer examples", ICML 2024,
       arXiv:2402.14992 (the model and its hierarchical prior).
    .. [2] T. S. Jaakkola, M. I. Jordan, "Bayesian parameter estimation via variational methods",
       Statistics and Computing 10, 25-37, 2000.
    .. [3] A. E. Cho, C. Wang, X. Zhang, G. Xu, "Gaussian variational estimation for
       multidimensional item response theory", British Journal of Mathematical and Statistical
       Psychology 74, 52-85, 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval import ItemResponseModel
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="gsm", return_X_y=True)
    >>> model = ItemResponseModel(n_dimensions=1).fit(X[:-10])
    >>> partial = np.where(np.arange(X.shape[1]) % 10 == 0, X[-10:], np.nan)  # every tenth item
    >>> expected = model.inverse_transform(model.transform(partial))
    >>> bool(abs(expected.mean(axis=1) - y[-10:]).mean() < 0.03)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "n_dimensions": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "score_range": [tuple, list, None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
    }

    held_out_losses_: dict[int, float]

    def __init__(
        self,
        n_dimensions: int | str = "auto",
        *,
        score_range: tuple[float, float] | None = None,
        max_iter: int = 500,
        tol: float = 1e-5,
    ) -> None:
        self.n_dimensions = n_dimensions
        self.score_range = score_range
        self.max_iter = max_iter
        self.tol = tol

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn discriminations and difficulties from the results of the source models.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Score matrix of the source models; NaN = not evaluated.
        y : None
            Not used.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each source model, not negative. A weight of two counts as two equal rows,
            a weight of zero as no row.

        Returns
        -------
        self : object
            The fitted model.

        Raises
        ------
        ValueError
            If there is no result at all, or a score lies outside `score_range`.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` sweeps are not enough.
        """
        X_valid: Array = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        weight: Array = _check_sample_weight(
            sample_weight, X_valid, dtype=np.float64, ensure_non_negative=True
        )
        used = (weight > 0) & ~np.isnan(X_valid).all(axis=1)
        if not used.any():
            raise ValueError(
                "There is no result to learn from: every row of X is all NaN or has a "
                "sample_weight of 0. Give at least one model with a result."
            )
        scores, weight = X_valid[used], weight[used]
        self.score_range_: tuple[float, float] = self._resolved_score_range(scores)
        rows, weight = distinct_rows(scores, weight)
        weight *= max(1.0, len(weight) / weight.sum())  # weights that sum to one: many models
        scores = self._unit_scores(scores[rows])
        with one_thread():  # the last digits must not depend on the machine
            self._fit_items(scores, weight)
        return self

    def _fit_items(self, scores: Array, weight: Array) -> None:
        if hasattr(self, "held_out_losses_"):  # of an earlier fit with other parameters
            del self.held_out_losses_
        if isinstance(self.n_dimensions, str):
            self.n_dimensions_, self.held_out_losses_ = _choose_n_dimensions(
                scores, weight, max_iter=self.max_iter, tol=self.tol
            )
        else:
            self.n_dimensions_ = int(self.n_dimensions)
        fit = fit_item_response(
            scores, weight, self.n_dimensions_, max_iter=self.max_iter, tol=self.tol
        )
        if not fit.converged:
            warnings.warn(
                f"The fit did not converge in max_iter={self.max_iter} sweeps. Raise max_iter, or "
                f"tol={self.tol:g}.",
                ConvergenceWarning,
                stacklevel=4,
            )
        self.discriminations_: Array = fit.discriminations
        self.difficulties_: Array = fit.difficulties
        self.n_iter_: int = fit.n_iter
        self.lower_bound_: float = fit.lower_bound

    def transform(self, X: ArrayLike) -> Array:
        """Estimate the abilities of models from their results.

        They are the most probable ones under a standard normal prior: finite whatever the results,
        and 0 for a model without any.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Results; NaN = not evaluated.

        Returns
        -------
        abilities : ndarray of shape (n_models, n_dimensions)
            In standard deviations of the source models.

        Raises
        ------
        ValueError
            If a score lies outside a `score_range` that was given, or outside (0, 1) where all
            source scores lie inside. Where the range was read off other scores, a score beyond it
            counts as its nearest end.
        """
        check_is_fitted(self)
        X_valid: Array = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False
        )
        scores = self._unit_scores(X_valid)
        with one_thread():
            return _estimate_abilities(scores, self.discriminations_, self.difficulties_)

    def inverse_transform(self, X: ArrayLike) -> Array:
        """Return the expected score of models on every item.

        Parameters
        ----------
        X : array-like of shape (n_models, n_dimensions)
            Abilities.

        Returns
        -------
        expected : ndarray of shape (n_models, n_items)
            Expected scores, in the units of the `X` of `fit`.
        """
        probabilities = self._probabilities(X)
        low, high = self.score_range_
        return low + (high - low) * probabilities

    def item_information(self, X: ArrayLike) -> Array:
        r"""Return the Fisher information of every item about the abilities of models.

        The information of item i is the matrix :math:`P_{mi} (1 - P_{mi}) a_i a_i^\top`. Its only
        eigenvalue that is not zero is returned: the information about the ability in the item's
        own direction, and with one dimension the information about the ability.

        Parameters
        ----------
        X : array-like of shape (n_models, n_dimensions)
            Abilities.

        Returns
        -------
        information : ndarray of shape (n_models, n_items)
            In inverse squared standard deviations of the source models. The sum over the items of
            a test, plus 1 for the prior, is the inverse variance of the estimated ability, with
            one dimension.
        """
        probability = self._probabilities(X)
        strength = (self.discriminations_**2).sum(axis=1)
        return np.asarray(probability * (1 - probability) * strength)

    def _probabilities(self, abilities: ArrayLike) -> Array:
        check_is_fitted(self)
        checked: Array = check_array(abilities, dtype=np.float64, input_name="X")
        if checked.shape[1] != self.n_dimensions_:
            raise ValueError(
                f"X has {checked.shape[1]} columns, but the model has {self.n_dimensions_} "
                "abilities. Give one column per ability, as transform returns them."
            )
        return np.asarray(expit(checked @ self.discriminations_.T - self.difficulties_))

    def _resolved_score_range(self, scores: Array) -> tuple[float, float]:
        bounds: Any = self.score_range
        if bounds is not None:
            if len(bounds) != 2 or not bounds[0] < bounds[1]:
                raise ValueError(
                    f"score_range={bounds!r} must be two numbers, the smaller one first."
                )
            return float(bounds[0]), float(bounds[1])
        low, high = score_bounds(scores)
        return low, high if high > low else low + 1.0

    def _unit_scores(self, X: Array) -> Array:
        """Bring scores to the range from 0 to 1."""
        low, high = self.score_range_
        known = X[~np.isnan(X)]
        beyond = known[(known < low) | (known > high)]
        if len(beyond) and (self.score_range is not None or self.score_range_ == (0.0, 1.0)):
            raise ValueError(
                f"X holds scores from {known.min():g} to {known.max():g}, {len(beyond)} of them "
                f"outside the range of scores ({low:g}, {high:g}). Bring them to the units of the "
                "source models, or set score_range to the smallest and largest possible score."
            )
        return np.asarray(np.clip((X - low) / (high - low), 0.0, 1.0))

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that NaN is welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    @property
    def _n_features_out(self) -> int:
        """Return how many columns `transform` returns, for their names."""
        return int(self.n_dimensions_)


def _choose_n_dimensions(
    X: Array, sample_weight: Array, *, max_iter: int, tol: float
) -> tuple[int, dict[int, float]]:
    """Try more and more abilities, as long as held-out results are predicted better.

    A fifth of the results is held out: the same share of every row and of every column, along
    diagonals. More abilities are better when the gain per model is larger than its standard error
    over the models.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores between 0 and 1 of distinct models, in an order that does not depend on how the user
        lists them; NaN = not evaluated.
    sample_weight : ndarray of shape (n_models,)
        Positive weights; a weight of two counts as two rows.
    max_iter : int
        Largest number of sweeps of a fit.
    tol : float
        Tolerance of a fit.

    Returns
    -------
    n_dimensions : int
        The last number of abilities that was better than the one before; 1 where there is too
        little to hold out.
    losses : dict of int to float
        Mean negative log-likelihood of the held-out results for each number that was tried.
    """
    held_out = np.add.outer(np.arange(X.shape[0]), np.arange(X.shape[1])) % _HELD_OUT == 0
    held_out &= ~np.isnan(X)
    training = np.where(held_out, np.nan, X)
    rows = np.flatnonzero(~np.isnan(training).all(axis=1) & held_out.any(axis=1))
    losses: dict[int, float] = {}
    if len(rows) < 2:
        return 1, losses
    training, held_out, weight = training[rows], held_out[rows], sample_weight[rows]
    chosen, least = 1, np.full(len(rows), np.inf)
    for n_dimensions in _CANDIDATES:
        fit = fit_item_response(training, weight, n_dimensions, max_iter=max_iter, tol=tol)
        abilities = _estimate_abilities(training, fit.discriminations, fit.difficulties)
        logits = abilities @ fit.discriminations.T - fit.difficulties
        lost = np.where(held_out, np.logaddexp(0, logits) - np.nan_to_num(X[rows]) * logits, 0)
        loss = lost.sum(axis=1) / held_out.sum(axis=1)
        losses[n_dimensions] = float(np.average(loss, weights=weight))
        if n_dimensions > 1 and not _clearly_less(loss, least, weight):
            break
        chosen, least = n_dimensions, loss
    return chosen, losses


def _clearly_less(loss: Array, than: Array, weight: Array) -> bool:
    """Return whether the mean gain exceeds its standard error."""
    share = weight / weight.sum()
    gain = than - loss
    mean = share @ gain
    return bool(mean > np.sqrt(share @ (gain - mean) ** 2 / max(weight.sum(), len(weight))))


def _estimate_abilities(X: Array, discriminations: Array, difficulties: Array) -> Array:
    """Return the most probable abilities under a standard normal prior.

    The prior keeps them finite where every result is right, or wrong. Newton's method from 0,
    with steps halved until they help; every model stops on its own, so that its abilities do not
    depend on the other rows.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores between 0 and 1; NaN = not evaluated. A model without any result gets 0.
    discriminations : ndarray of shape (n_items, n_dimensions)
        Discriminations of the items.
    difficulties : ndarray of shape (n_items,)
        Difficulties of the items.

    Returns
    -------
    abilities : ndarray of shape (n_models, n_dimensions)
        Always finite.
    """
    abilities = np.zeros((len(X), discriminations.shape[1]))
    for rows in blocks(*X.shape):
        known = ~np.isnan(X[rows])
        likelihood = _Likelihood(
            np.where(known, X[rows], 0.0), known, discriminations, difficulties
        )
        abilities[rows] = _newton(likelihood)
    return abilities


def _newton(likelihood: _Likelihood) -> Array:
    abilities = np.zeros((len(likelihood.scores), likelihood.discriminations.shape[1]))
    moving = np.flatnonzero(likelihood.known.any(axis=1))
    for _ in range(_MAX_STEPS):
        if not len(moving):
            break
        step = _shortened_step(likelihood.of(moving), abilities[moving])
        abilities[moving] += step
        moving = moving[np.abs(step).max(axis=1) > _CONVERGED]
    return abilities


def _shortened_step(likelihood: _Likelihood, abilities: Array) -> Array:
    """Return Newton's step, halved for each model until it keeps what it promises."""
    step, promised = likelihood.newton_step(abilities)
    loss = likelihood.loss(abilities)
    length = np.ones((len(abilities), 1))
    open_ = np.arange(len(abilities))
    while len(open_):
        wanted = loss[open_] - _SUFFICIENT * length[open_, 0] * promised[open_]
        tried = likelihood.of(open_).loss(abilities[open_] + length[open_] * step[open_])
        open_ = open_[tried > wanted + _ROUNDING * np.abs(loss[open_])]
        length[open_] /= 2
        open_ = open_[length[open_, 0] > _LEAST_STEP]
    return np.asarray(length * step)
