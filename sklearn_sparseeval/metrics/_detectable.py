"""The smallest gap between two models that the predictions order right."""

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.isotonic import isotonic_regression

from sklearn_sparseeval._sklearn import Interval, check_parameters
from sklearn_sparseeval.metrics._undefined import warn_undefined
from sklearn_sparseeval.metrics._validation import SCORES, check_scores

# Pairs in memory at a time, and bins that may be counted at all.
_BLOCK, _MOST_BINS = 2**20, 10**6

# Rounding must not decide: how far below the edge of a bin (in bins) a gap still lies on it, and
# how far below the probability an agreement still reaches it.
_EDGE, _TOLERANCE = 1e-6, 1e-12


@check_parameters(
    **SCORES,
    probability=[Interval(Real, 0.5, 1, closed="right")],
    bin_width=[Interval(Real, 0, None, closed="neither")],
)
def minimum_detectable_difference(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    probability: float = 0.8,
    bin_width: float = 0.005,
) -> float:
    r"""Smallest gap between two models from which on the predictions order them right.

    The pairs of models go into bins by their true gap, :math:`B_0 = (0, w/2)` and
    :math:`B_j = [(j - \frac12) w, (j + \frac12) w)`, with :math:`w` the `bin_width`. The agreement
    of a bin is the share of its pairs that are ordered right,

    .. math::

        a_j = \frac{1}{|B_j|} \sum_{y_m - y_l \in B_j} \left([\hat y_m > \hat y_l]
        + \tfrac12 [\hat y_m = \hat y_l]\right)

    and :math:`\tilde a` its isotonic regression on the gap: the agreement made to rise, in which
    a bin weighs as many as it has pairs, so that an empty bin has no say. The result is the
    centre of the first bin that reaches the `probability`:

    .. math::

        \min \{ j w : |B_j| > 0,\ \tilde a_j \ge \mathrm{probability} \}

    Parameters
    ----------
    y_true : array-like of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores.

    y_pred : array-like of shape (n_models,) or (n_models, n_tasks)
        Predicted benchmark scores.

    probability : float, default=0.8
        Agreement to reach, more than 0.5 (chance) and at most 1.

    bin_width : float, default=0.005
        Width of the bins, in the unit of the scores: half a percentage point for fractions. Pass
        0.5 for scores in percent.

    Returns
    -------
    difference : float
        A multiple of `bin_width`, at least 0, lower is better, in the unit of the scores. It is 0
        if even the closest pairs are ordered right; a gap that no pair has is never the result.
        With several tasks, the uniform average over the tasks. NaN if in some task no bin reaches
        the `probability`, or no two models differ in `y_true`.

    Raises
    ------
    ValueError
        If the scores span more than a million bins, a score is missing or infinite, the shapes
        differ, or `probability` or `bin_width` is out of range.

    Warns
    -----
    sklearn.exceptions.UndefinedMetricWarning
        If the result is NaN; the message names the task.

    See Also
    --------
    pairwise_accuracy_score : Share of all pairs ordered right, whatever their gap.
    benchmark_standard_error : Noise of the full scores, and so of the gaps.

    Notes
    -----
    This is the minimum detectable ability difference (MDAD) of [1]_, with its bins, its centres
    and its probability. There the first bin that reaches the probability counts, on agreements
    averaged over 50 trials, which rise by themselves. In one trial a bin holds a few pairs, and
    the first lucky one would decide: for the mean of 25 random items of ARC-Challenge the first
    bin says 2.0 points with 20 models, 6.0 with 50 and 8.1 with 218, the isotonic regression 7.9,
    8.5 and 8.3; the agreements averaged over 100 trials say 8.5 either way. Even so the standard
    deviation over trials is 3.4 points with 20 models and 2.7 with 50: average it over splits, or
    pool the predictions of all models (:func:`sklearn.model_selection.cross_val_predict`).

    Ties are those of :func:`pairwise_accuracy_score`: a pair tied in `y_true` does not count, and
    one tied in `y_pred` only is a coin flip. A gap that equals the edge of a bin up to rounding
    lies in the upper one.

    It takes O(n²) time, under a second for 5,000 models, and O(n) memory beyond a fixed block.

    References
    ----------
    .. [1] G. Yauney, S. S. Warraich and S. Swayamdipta, "How Reliable is Language Model
       Micro-Benchmarking?", ICLR 2026, arXiv:2510.08730, equations 4 and 5.

    Examples
    --------
    >>> from sklearn_sparseeval.metrics import minimum_detectable_difference
    >>> y_true = [0.50, 0.51, 0.53, 0.56]
    >>> y_pred = [0.52, 0.50, 0.53, 0.57]  # the pair one point apart is the wrong way round
    >>> minimum_detectable_difference(y_true, y_pred)
    0.02
    """
    true, pred = check_scores(y_true, y_pred)
    differences, reasons = [], []
    for task, (t, p) in enumerate(zip(true.T, pred.T, strict=True)):
        n_right, n_pairs = _agreement_by_gap(t, p, bin_width)
        differences.append(_first_bin(n_right, n_pairs, probability) * bin_width)
        if not n_pairs.any():
            reasons.append(f"no two models differ in y_true in task {task}")
        elif np.isnan(differences[-1]):
            reasons.append(f"no gap has an agreement of probability={probability:g} in task {task}")
    if reasons:
        warn_undefined(
            "The minimum detectable difference",
            reasons,
            n_models=len(true),
            advice="It takes models that differ, and predictions that order those far apart right.",
        )
    return float(np.mean(differences))


def _agreement_by_gap(
    y_true: NDArray[np.float64], y_pred: NDArray[np.float64], bin_width: float
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Count the pairs ordered right and all pairs in each bin, a block of models at a time."""
    order = np.argsort(y_true, kind="stable")
    true, pred = y_true[order], y_pred[order]
    n_bins = _bin_numbers(true[-1:] - true[0], bin_width)[0] + 1
    n_right, n_pairs = np.zeros(n_bins), np.zeros(n_bins, dtype=np.intp)
    step = max(1, _BLOCK // len(true))
    for start in range(0, len(true), step):
        worse, better = np.s_[start : start + step, np.newaxis], np.s_[np.newaxis, start:]
        gap = true[better] - true[worse]
        differ = gap > 0  # the models are in ascending order, so every pair differs once
        bins = _bin_numbers(gap[differ], bin_width)
        right = (pred[better] > pred[worse]) + 0.5 * (pred[better] == pred[worse])
        n_pairs += np.bincount(bins, minlength=n_bins)
        n_right += np.bincount(bins, weights=right[differ], minlength=n_bins)
    return n_right, n_pairs


def _bin_numbers(gap: NDArray[np.float64], bin_width: float) -> NDArray[np.intp]:
    """Return the bin of each gap, or say that there would be too many bins."""
    with np.errstate(over="ignore"):
        bins = np.floor(gap / bin_width + 0.5 + _EDGE)
    if bins.max(initial=0) >= _MOST_BINS:
        raise ValueError(
            f"bin_width={bin_width:g} divides the gaps of up to {gap.max():g} into more than "
            f"{_MOST_BINS} bins; expected a width in the unit of the scores. Pass a larger "
            "bin_width, such as a two hundredth of the range that scores may have."
        )
    return bins.astype(np.intp)


def _first_bin(
    n_right: NDArray[np.float64], n_pairs: NDArray[np.intp], probability: float
) -> float:
    """Return the first bin in which the rising agreement reaches the probability, or NaN."""
    filled = np.flatnonzero(n_pairs)
    if not len(filled):
        return float("nan")
    weight = n_pairs[filled].astype(np.float64)
    agreement = isotonic_regression(n_right[filled] / weight, sample_weight=weight)
    reached = filled[agreement >= probability - _TOLERANCE]
    return float(reached[0]) if len(reached) else float("nan")
