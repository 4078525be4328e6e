"""Logistic item curves: how likely models of each strength are to get each item right."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from sklearn_sparseeval.numerics.missing import mean_strength

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

# Strengths at which a target's results are judged, in spreads of the sources, and the standard
# deviation of what is believed of a model before it was run.
GRID = np.linspace(-6, 6, 97)
_PRIOR_SPREAD = 3.0

_LEAST_SPREAD = 0.15  # sources that are all alike still have a scale
_MEANS = 0.96, 0.02  # a mean score of 0 or 1 is not infinitely far away
_LEAST_CHANCE = 0.01  # a lapse or a guess does not settle a model's strength
_STEEPEST = 6.0
_TIED = 9  # decimals of a strength
_LARGEST_STEP, _SMALL_STEP, _MOST_STEPS = 1.0, 1e-9, 50
_MISFIT_VARIANCE = 0.3  # with few results the variance of their likelihood is badly known


class Readings(NamedTuple):
    """What the results of some models say, by the item curves."""

    theta: Array  # (n_models,), strength in spreads of the sources about their centre
    score: Array  # (n_models,), expected mean over all items
    misfit: Array  # (n_models,), -l_z: how badly the pattern of results suits the strength


class ItemCurves(NamedTuple):
    """One logistic curve per item: ``expit(intercept + slope * theta)``.

    `theta` is a model's strength: the logit of its mean score, less `centre`, over `spread`.
    """

    slope: Array  # (n_items,)
    intercept: Array  # (n_items,)
    mean_score: Array  # (len(GRID),), mean of the curves at each strength of the grid
    centre: float
    spread: float
    strength: Array  # (n_sources,), of the sources

    def expected_items(self, theta: Array) -> Array:
        """Return the expected results of models of some strengths.

        Parameters
        ----------
        theta : ndarray of shape (n_models,)
            Strengths.

        Returns
        -------
        expected : ndarray of shape (n_models, n_items)
            Between 0 and 1.
        """
        return np.asarray(expit(np.outer(theta, self.slope) + self.intercept))

    def read(self, results: Array, anchors: Indices) -> Readings:
        """Judge models by their results on the anchors.

        Parameters
        ----------
        results : ndarray of shape (n_models, n_anchors)
            Between 0 and 1, NaN = not evaluated. A model without any result gets the prior's mean.
        anchors : ndarray of shape (n_anchors,)
            Column indices of the items.

        Returns
        -------
        readings : Readings
            Strength and score are means over the posterior on `GRID`; the misfit is the
            standardised log-likelihood of [1]_ with the sign turned.

        References
        ----------
        .. [1] F. Drasgow, M. V. Levine, E. A. Williams, "Appropriateness measurement with
           polychotomous item response models and standardized indices", British Journal of
           Mathematical and Statistical Psychology 38, 67-86, 1985.
        """
        have = ~np.isnan(results)
        right, wrong = np.where(have, results, 0), np.where(have, 1 - results, 0)
        chance = expit(np.outer(GRID, self.slope[anchors]) + self.intercept[anchors])
        chance = np.clip(chance, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
        log_right, log_wrong = np.log(chance), np.log1p(-chance)
        likelihood = right @ log_right.T + wrong @ log_wrong.T
        posterior = likelihood - 0.5 * (GRID / _PRIOR_SPREAD) ** 2
        posterior = np.exp(posterior - posterior.max(axis=1, keepdims=True))
        posterior /= posterior.sum(axis=1, keepdims=True)
        theta = posterior @ GRID
        nearest = np.rint((theta - GRID[0]) / (GRID[1] - GRID[0])).astype(np.intp)
        expected = chance * log_right + (1 - chance) * log_wrong
        variance = chance * (1 - chance) * (log_right - log_wrong) ** 2
        own = have.astype(np.float64)
        gap = likelihood[np.arange(len(results)), nearest] - (own * expected[nearest]).sum(axis=1)
        scale = np.sqrt((own * variance[nearest]).sum(axis=1) + _MISFIT_VARIANCE)
        return Readings(theta, posterior @ self.mean_score, -gap / scale)


def fit_item_curves(
    X: Array,
    sample_weight: Array | None = None,
    *,
    slope_precision: float = 4.0,
    intercept_spread: float = 3.0,
    rasch: bool = True,
    n_bins: int = 30,
) -> ItemCurves:
    """Fit the curves to sources of known strength, by penalised maximum likelihood.

    The sources are binned by strength, which makes the fit a matter of milliseconds. The slope of
    an item is drawn to a common one; its intercept to the logit of its mean.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores between 0 and 1, NaN = not evaluated; every model has a result. A graded score
        counts as that share of a success.
    sample_weight : ndarray of shape (n_models,), default=None
        Positive weights; two counts as two rows.
    slope_precision : float, default=4.0
        One over the prior variance of a slope.
    intercept_spread : float, default=3.0
        Prior standard deviation of an intercept.
    rasch : bool, default=True
        Whether the common slope is that of the Rasch model, which gives a model of average items
        its own logit; else it is the mean slope of the items, which is steeper where the items
        differ much in difficulty.
    n_bins : int, default=30
        Largest number of bins; models of the same strength share one.

    Returns
    -------
    curves : ItemCurves
        Slopes are not negative. Items without a result have a curve, but do not count in the
        expected score.
    """
    weight = np.ones(len(X)) if sample_weight is None else sample_weight
    known: NDArray[np.bool_] = np.asarray(~np.isnan(X).all(axis=0))
    shrink, shift = _MEANS
    raw = logit(np.clip(mean_strength(X[:, known], weight), 0, 1) * shrink + shift)
    share = weight / weight.sum()
    centre = float(share @ raw)
    spread = max(float(np.sqrt(share @ (raw - centre) ** 2)), _LEAST_SPREAD)
    strength = np.round((raw - centre) / spread, _TIED)
    bins = _bins(strength, weight, n_bins)
    have = ~np.isnan(X)
    n_results = bins @ have
    n_right = np.clip(bins @ np.where(have, X, 0), 0, n_results)
    theta = bins @ strength / bins.sum(axis=1)
    slope, intercept = _maximise(
        theta[:, np.newaxis], n_results, n_right, slope_precision, intercept_spread**-2,
        spread, known if not rasch else None,
    )  # fmt: skip
    at_grid = expit(np.outer(GRID, slope[known]) + intercept[known]).mean(axis=1)
    return ItemCurves(slope, intercept, at_grid, centre, spread, strength)


def _bins(strength: Array, weight: Array, n_bins: int) -> Array:
    """Return the weights of the models in each bin, (n_bins, n_models)."""
    _, group = np.unique(strength, return_inverse=True)
    if group.max() >= n_bins:
        size = np.bincount(group, weights=weight)
        middle = (np.cumsum(size) - size / 2) / size.sum()
        # Rounding must not move a group that lies on the border of two bins.
        group = np.unique(np.floor(np.round(middle * n_bins, _TIED)), return_inverse=True)[1][group]
    bins = np.zeros((int(group.max()) + 1, len(strength)))
    bins[group, np.arange(len(strength))] = weight
    return bins


def _maximise(
    theta: Array, n_results: Array, n_right: Array, on_slope: float, on_level: float,
    common: float, learning: NDArray[np.bool_] | None,
) -> tuple[Array, Array]:  # fmt: skip
    """Return the slopes and intercepts of the largest penalised likelihood, by Newton's steps.

    `common` is what the slopes are drawn to; with a mask of items to be learnt from it is only
    where their mean starts.
    """
    level = logit(np.clip((n_right.sum(axis=0) + 0.5) / (n_results.sum(axis=0) + 1), 0.005, 0.995))
    slope, intercept = np.full(len(level), common), level.copy()
    for _ in range(_MOST_STEPS):
        chance = expit(theta * slope + intercept)
        miss = n_right - n_results * chance
        curvature = n_results * chance * (1 - chance)
        g_level = miss.sum(axis=0) - (intercept - level) * on_level
        g_slope = (theta * miss).sum(axis=0) - (slope - common) * on_slope
        h_level = curvature.sum(axis=0) + on_level
        h_slope = (theta**2 * curvature).sum(axis=0) + on_slope
        h_both = (theta * curvature).sum(axis=0)
        # A slope at its limit stays there while it is drawn beyond.
        held = ((slope <= 0) & (g_slope < 0)) | ((slope >= _STEEPEST) & (g_slope > 0))
        det = h_level * h_slope - h_both**2
        step_level = np.where(held, g_level / h_level, (h_slope * g_level - h_both * g_slope) / det)
        step_slope = np.where(held, 0, (h_level * g_slope - h_both * g_level) / det)
        step_level, step_slope = (
            np.clip(step, -_LARGEST_STEP, _LARGEST_STEP) for step in (step_level, step_slope)
        )
        new = np.clip(slope + step_slope, 0, _STEEPEST)
        moved = max(np.abs(new - slope).max(initial=0), np.abs(step_level).max(initial=0))
        slope, intercept = new, intercept + step_level
        if learning is not None:
            common = float(slope[learning].mean())
        if moved < _SMALL_STEP:
            break
    return slope, intercept
