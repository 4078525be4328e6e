"""A random sample beside the anchors: an interval that holds for any model."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sklearn_sparseeval.intervals._reader import AnchorReader
from sklearn_sparseeval.intervals._scale import ScoreScale
from sklearn_sparseeval.numerics.proportions import wilson_limits
from sklearn_sparseeval.selectors import StratifiedSelector

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

_N_PRIOR = 5.0  # results for which the variance is binomial, whatever was seen
_LEAST_VARIANCE = 1e-9
_FEWEST = 2


class TopUp(NamedTuple):
    """Further items for models that the history does not vouch for: a stratified random sample.

    Parameters
    ----------
    items : ndarray of shape (n_items,)
        Column indices, none of them an anchor.
    weights : ndarray of shape (n_items,)
        Share of the items that are no anchors each stands for; they sum to one.

    Examples
    --------
    See :meth:`AnchoredIntervalRegressor.draw_top_up`.
    """

    items: Indices
    weights: Array


class Rest(NamedTuple):
    """What is known of the mean over all items from a top-up, in units of the results' range."""

    mean: Array  # (n_models,)
    variance: Array  # (n_models,)
    n: Array  # (n_models,), results of the top-up


def draw(reader: AnchorReader, n_items: int, seed: int) -> TopUp:
    """Draw a stratified random sample of the items that are no anchors.

    Parameters
    ----------
    reader : AnchorReader
        Fitted.
    n_items : int
        How many items.
    seed : int
        Of the draw.

    Returns
    -------
    top_up : TopUp
        Strata are items alike in difficulty and in what they load on.
    """
    rest = np.setdiff1d(reader.known_items_, reader.anchors_)
    if n_items > len(rest):
        raise ValueError(
            f"n_items={n_items} is more than the {len(rest)} items that are not anchors. Draw "
            "fewer, or run the whole benchmark."
        )
    features = reader.difference_.item_features_[rest]
    selector = StratifiedSelector(n_items, features=features, random_state=seed)
    selector.fit(np.zeros((1, len(rest))))
    return TopUp(rest[selector.anchors_], selector.anchor_weights_)


def estimate_rest(reader: AnchorReader, scores: Array, top_up: TopUp) -> Rest:
    """Estimate the mean over all items from the anchors and a random sample of the others.

    Parameters
    ----------
    reader : AnchorReader
        Fitted.
    scores : ndarray of shape (n_models, n_items)
        Full-width rows; only the anchors and the top-up are read. NaN = not evaluated.
    top_up : TopUp
        The sample.

    Returns
    -------
    rest : Rest
        By the difference estimator: what the item curves expect at the model's strength, plus the
        weighted mean of what the sample is above that. The anchors are counted as they are.
    """
    low, high = reader.bounds
    unit = np.clip((scores - low) / (high - low), 0, 1)
    anchors, items = reader.items_, np.asarray(top_up.items)
    seen = np.concatenate([anchors, items])
    curve = reader.curves_.read(unit[:, seen], seen)
    rest = np.setdiff1d(reader.known_items_, anchors)
    expected = reader.curves_.expected_items(curve.theta)
    have = ~np.isnan(unit[:, items])
    n = have.sum(axis=1)
    if (n < _FEWEST).any():
        row = int(np.flatnonzero(n < _FEWEST)[0])
        raise ValueError(
            f"Row {row} of X has {n[row]} results on the {len(items)} items of the top-up, and at "
            f"least {_FEWEST} are needed. Run the model on them first."
        )
    weights = have * np.asarray(top_up.weights)
    weights = weights / weights.sum(axis=1, keepdims=True)
    residual = np.where(have, unit[:, items] - expected[:, items], 0)
    shift = (weights * residual).sum(axis=1)
    others = np.clip(expected[:, rest].mean(axis=1) + shift, 0, 1)
    spread = np.where(have, residual - shift[:, np.newaxis], 0)
    variance = _variance(unit[:, items], others, (spread**2).sum(axis=1))
    variance = variance * np.maximum(1 - n / len(rest), 0)
    share = len(rest) / (len(rest) + len(anchors))
    known = np.nanmean(unit[:, anchors], axis=1)
    return Rest((1 - share) * known + share * others, share**2 * variance, n)


def _variance(drawn: Array, share: Array, squares: Array) -> Array:
    """Return the variance of the mean of what was drawn, above what the item curves expect.

    That the curves leave less than the binomial variance is seen on items that the model got
    wrong, if it got most of them right: with few of those the variance is drawn to the binomial
    one, so that all right answers of fifty are worth no more than fifty.
    """
    n = (~np.isnan(drawn)).sum(axis=1)
    mean = np.nanmean(drawn, axis=1)
    n_telling = n * np.minimum(mean, 1 - mean)
    expected = (n * share + 1) / (n + 2)
    binomial = expected * (1 - expected) / n
    gain = binomial / np.maximum(squares / (n - 1) / n, _LEAST_VARIANCE)
    gain = (n_telling * gain + _N_PRIOR) / (n_telling + _N_PRIOR)
    return np.asarray(binomial / gain)


def top_up_limits(
    rest: Rest, line: tuple[Array, Array, Array], scale: ScoreScale, coverage: float
) -> tuple[Array, Array, Array]:
    """Return scores and their limits.

    Parameters
    ----------
    rest : Rest
        Means over the items.
    line : tuple of ndarray
        Slope, intercept and spread per task of the line from these means to the scores.
    scale : ScoreScale
        Of the scores.
    coverage : float
        Share of the draws for which the limits are to hold the score.

    Returns
    -------
    score, low, high : ndarray of shape (n_models, n_tasks)
        Wilson's limits, with Student's t and the effective number of items.
    """
    slope, intercept, spread = line
    score = scale.clip(np.outer(rest.mean, slope) + intercept)
    width = scale.high - scale.low
    variance = (np.outer(rest.variance, slope**2) + spread**2) / width**2
    unit, n = scale.unit(score), rest.n[:, np.newaxis]
    drawn = (n * unit + 1) / (n + 2)
    n_effective = drawn * (1 - drawn) / np.maximum(variance, 1e-12)
    t = stats.t.ppf((1 + coverage) / 2, n - 1)
    low, high = wilson_limits(unit, n_effective, t)
    return score, scale.low + width * low, scale.low + width * high
