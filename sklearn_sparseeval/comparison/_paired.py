"""Differences between two methods over the same splits."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata, t


class PairedDifference(NamedTuple):
    """A mean difference and its confidence interval."""

    mean: float
    low: float
    high: float


def corrected_difference(
    differences: ArrayLike, target_ratios: ArrayLike, confidence_level: float
) -> PairedDifference:
    r"""Mean of paired differences with an interval that respects overlapping source models.

    The results of the splits are not independent, since the splits share most of their source
    models; a plain t interval is far too short. With :math:`J` differences of variance
    :math:`s^2`, the corrected standard error is

    .. math:: s \sqrt{\frac1J + \frac{n_\mathrm{targets}}{n_\mathrm{sources}}}

    Parameters
    ----------
    differences : array-like of shape (n_splits,)
        Differences between two methods, one per split; NaN where one of them has none.
    target_ratios : array-like of shape (n_splits,)
        Number of target models divided by that of source models in each split.
    confidence_level : float
        Between 0 and 1.

    Returns
    -------
    difference : PairedDifference
        All NaN without a difference; the bounds NaN with only one.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio (2003). Inference for the Generalization Error. Machine
       Learning 52, section 3, equation 9 (the corrected resampled t-test).
    """
    values = np.asarray(differences, dtype=np.float64)
    known = ~np.isnan(values)
    values, ratios = values[known], np.asarray(target_ratios, dtype=np.float64)[known]
    if not len(values):
        return PairedDifference(np.nan, np.nan, np.nan)
    mean = float(values.mean())
    if len(values) == 1:
        return PairedDifference(mean, np.nan, np.nan)
    error = values.std(ddof=1) * np.sqrt(1 / len(values) + ratios.mean())
    margin = float(t.ppf((1 + confidence_level) / 2, len(values) - 1) * error)
    return PairedDifference(mean, mean - margin, mean + margin)


def ranks(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank the methods in each split, 1 = least loss; ties share, failures share the last places.

    Parameters
    ----------
    losses : ndarray of shape (n_methods, n_splits)
        Losses; NaN where a method has none.

    Returns
    -------
    ranks : ndarray of shape (n_methods, n_splits)
        The ranks.
    """
    found: NDArray[np.float64] = rankdata(np.where(np.isnan(losses), np.inf, losses), axis=0)
    return found


def best(losses: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark in each split the methods of which none has less loss.

    Parameters
    ----------
    losses : ndarray of shape (n_methods, n_splits)
        Losses; NaN where a method has none.

    Returns
    -------
    best : ndarray of shape (n_methods, n_splits)
        The marks.
    """
    known = np.where(np.isnan(losses), np.inf, losses)
    marks: NDArray[np.bool_] = (known == known.min(axis=0)) & np.isfinite(known)
    return marks
