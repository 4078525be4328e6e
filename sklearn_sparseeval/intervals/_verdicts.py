"""Whether the sources vouch for a model: is it stronger, weaker or odd beside them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.intervals._reader import AnchorReader, Readings
from sklearn_sparseeval.intervals._scale import ScoreScale

Array = NDArray[np.floating]

LIKE, STRONGER, WEAKER, ODD, FEW = "like", "stronger", "weaker", "odd pattern", "too few results"

# Spreads of the sources' strength beyond the strongest of them, by the mean of two readings of
# which one is too low there and the other too high.
_LEAD = 0.0
_PATTERN_LEVEL = 0.02
_WEAK_LEVEL = 0.02
_LEAST_MISFIT = 2.0  # a standardised one: what is less is no news, however few are worse
_ROUNDING = 1e-12
_LEAST_SPREAD = 0.15


class Positions(NamedTuple):
    """Where models stand beside the sources of one reader."""

    above: Array  # (n_models,), conformal p-value: share of the sources at least as strong
    below: Array  # (n_models,), at most as strong
    weakest: NDArray[np.bool_]  # (n_models,), estimated to be below all sources
    lead: Array  # (n_models, n_tasks), strength above that of the strongest source, in spreads


class Verdicts(NamedTuple):
    """What is to be said of each model."""

    like: NDArray[np.bool_]
    reason: NDArray[np.str_]
    p_strength: Array
    p_pattern: Array


class Usual(NamedTuple):
    """What is usual for models that were held out."""

    misfit: Array  # (n_held_out,)
    once: Array  # (n_held_out,), their weights
    n_results: float


def positions(reader: AnchorReader, readings: Readings, scale: ScoreScale) -> Positions:
    """Compare models with the sources of a reader.

    Parameters
    ----------
    reader : AnchorReader
        Fitted.
    readings : Readings
        Of the models, by this reader.
    scale : ScoreScale
        Of the scores.

    Returns
    -------
    positions : Positions
        By the rank of the anchors' mean and by the readings.
    """
    once, y = reader.once, reader.source_y_
    n = once.sum()
    ours, theirs = readings.mean[:, np.newaxis], reader.source_means_
    above = (1 + (theirs >= ours - _ROUNDING) @ once) / (n + 1)
    below = (1 + (theirs <= ours + _ROUNDING) @ once) / (n + 1)
    strength = scale.strength(y)
    spread = np.maximum(strength.std(axis=0), _LEAST_SPREAD)
    middle = (readings.own + readings.beyond) / 2
    lead = (scale.strength(middle) - strength.max(axis=0)) / spread
    weakest = scale.unit(readings.beyond).mean(axis=1) < scale.unit(y).mean(axis=1).min()
    return Positions(above, below, weakest, lead)


def verdicts(where: Positions, readings: Readings, usual: Usual) -> Verdicts:
    """Judge models.

    Parameters
    ----------
    where : Positions
        Beside the sources.
    readings : Readings
        Of the models.
    usual : Usual
        Of models that were held out.

    Returns
    -------
    verdicts : Verdicts
        The first of: too few results, stronger, odd pattern, weaker.
    """
    n = usual.once.sum()
    worse = (usual.misfit >= readings.misfit[:, np.newaxis] - _ROUNDING) @ usual.once
    pattern = (1 + worse) / (n + 1)
    # Of few models none may be worse: one over their number is the least that there is.
    least = (1 + _ROUNDING) / (n + 1)
    odd = (pattern <= max(_PATTERN_LEVEL, least)) & (readings.misfit > _LEAST_MISFIT)
    stronger = where.lead.mean(axis=1) > _LEAD
    weaker = (where.below <= max(_WEAK_LEVEL, least)) & where.weakest
    few = readings.n_results < usual.n_results / 2
    reason = np.select([few, stronger, odd, weaker], [FEW, STRONGER, ODD, WEAKER], default=LIKE)
    return Verdicts(reason == LIKE, reason, np.minimum(where.above, where.below), pattern)
