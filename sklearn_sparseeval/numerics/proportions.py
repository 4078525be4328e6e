"""How well a sample of the items tells the mean over all of them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]

_LEAST_LEFT = 1e-6  # a sample of all items leaves this share of the variance, not none


def effective_items(n_sampled: ArrayLike, n_items: float) -> Array:
    """Return how many items drawn with replacement are worth as much as a sample without.

    Parameters
    ----------
    n_sampled : array-like of float
        Sizes of simple random samples without replacement.
    n_items : float
        How many items there are to draw from; infinity for an unlimited supply.

    Returns
    -------
    n_effective : ndarray
        ``n_sampled / (1 - n_sampled / n_items)``: the finite-population correction.
    """
    sampled = np.asarray(n_sampled, dtype=np.float64)
    return np.asarray(sampled / np.maximum(1 - sampled / n_items, _LEAST_LEFT))


def wilson_limits(share: ArrayLike, n_effective: ArrayLike, z: ArrayLike) -> tuple[Array, Array]:
    """Return Wilson's score limits of a proportion.

    Parameters
    ----------
    share : array-like of float
        Observed shares, or means of scores between 0 and 1, for which the limits are the wider
        the less the scores spread.
    n_effective : array-like of float
        Number of independent observations, positive, not necessarily whole.
    z : array-like of float
        Quantile of the standard normal distribution, 1.645 for 90 %; or of Student's t.

    Returns
    -------
    low, high : ndarray
        Between 0 and 1, with `share` between them.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
       Journal of the American Statistical Association 22, 209-212, 1927.
    """
    p = np.clip(np.asarray(share, dtype=np.float64), 0, 1)
    n = np.asarray(n_effective, dtype=np.float64)
    quantile = np.asarray(z, dtype=np.float64)
    extra = quantile**2 / n
    centre = (p + extra / 2) / (1 + extra)
    half = np.sqrt(extra * p * (1 - p) + extra**2 / 4) / (1 + extra)
    return np.minimum(np.maximum(centre - half, 0), p), np.maximum(np.minimum(centre + half, 1), p)
