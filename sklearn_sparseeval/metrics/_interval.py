"""How good prediction intervals are: do they hold, and how narrow are they."""

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval._sklearn import Interval, check_parameters
from sklearn_sparseeval.metrics._validation import (
    check_interval_scores,
    check_intervals,
    check_model_weights,
)

BOUNDS = {"y_lower": ["array-like"], "y_upper": ["array-like"]}
WEIGHT = {"sample_weight": ["array-like", None]}


@check_parameters(y_true=["array-like"], **BOUNDS, **WEIGHT)
def interval_coverage(
    y_true: ArrayLike,
    y_lower: ArrayLike,
    y_upper: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    r"""Share of the models whose score lies in its prediction interval.

    .. math::

        \frac{\sum_m w_m [l_m \le y_m \le u_m]}{\sum_m w_m}

    The intervals are closed: a score on a bound is covered.

    Parameters
    ----------
    y_true : array-like of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores.

    y_lower : array-like of shape (n_models,) or (n_models, n_tasks)
        Lower bounds; minus infinity where there is none.

    y_upper : array-like of shape (n_models,) or (n_models, n_tasks)
        Upper bounds, none below its lower bound; plus infinity where there is none.

    sample_weight : array-like of shape (n_models,), default=None
        Weight of each model, at least 0. By default every model counts the same.

    Returns
    -------
    coverage : float
        From 0 to 1, without a unit; best at the confidence level of the intervals, neither above
        nor below. Never NaN. With several tasks, the uniform average over the tasks.

    Raises
    ------
    ValueError
        If a score is missing or infinite, a bound is NaN, a lower bound is above its upper one,
        the shapes differ, or the weights are not one finite number of at least 0 per model, or
        all 0.

    See Also
    --------
    mean_interval_width : What the coverage is paid with.
    winkler_score : Both in one number.

    Notes
    -----
    With :math:`n` independent models a level :math:`c` is met up to a standard error of
    :math:`\sqrt{c (1 - c) / n}`: .90 on 40 models is anything from .80 to 1. The average hides
    where intervals fail: call it on the strongest models alone, and on models unlike the source
    models.

    Examples
    --------
    >>> from sklearn_sparseeval.metrics import interval_coverage
    >>> y_true = [0.50, 0.60, 0.70]
    >>> round(interval_coverage(y_true, [0.45, 0.61, 0.65], [0.55, 0.71, 0.70]), 4)
    0.6667
    """
    true, lower, upper = check_interval_scores(y_true, y_lower, y_upper)
    weight = check_model_weights(sample_weight, len(true))
    return _mean(((lower <= true) & (true <= upper)).astype(np.float64), weight)


@check_parameters(**BOUNDS, **WEIGHT)
def mean_interval_width(
    y_lower: ArrayLike, y_upper: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    r"""Mean width of prediction intervals.

    .. math::

        \frac{\sum_m w_m (u_m - l_m)}{\sum_m w_m}

    It is at least 0, lower is better as long as the coverage holds, and it has the unit of the
    scores: multiply the width for fractions by 100 for percentage points.

    Parameters
    ----------
    y_lower : array-like of shape (n_models,) or (n_models, n_tasks)
        Lower bounds; minus infinity where there is none.

    y_upper : array-like of shape (n_models,) or (n_models, n_tasks)
        Upper bounds, none below its lower bound; plus infinity where there is none.

    sample_weight : array-like of shape (n_models,), default=None
        Weight of each model, at least 0. By default every model counts the same.

    Returns
    -------
    width : float
        Mean width; infinite if a bound of a model of positive weight is. Never NaN. With several
        tasks, the uniform average over the tasks.

    Raises
    ------
    ValueError
        If a bound is NaN, a lower bound is above its upper one, the shapes differ, or the weights
        are not one finite number of at least 0 per model, or all 0.

    See Also
    --------
    interval_coverage : Share of the scores inside; no width means anything without it.
    winkler_score : Both in one number.

    Notes
    -----
    Split conformal intervals are infinite where there are too few models to calibrate them, at a
    level of 90 % fewer than nine. Their width is then infinite too, and not the mean of the rest.

    Examples
    --------
    >>> from sklearn_sparseeval.metrics import mean_interval_width
    >>> round(mean_interval_width([0.45, 0.60], [0.55, 0.64]), 4)
    0.07
    >>> mean_interval_width([0.45, 0.60], [0.55, float("inf")])
    inf
    """
    lower, upper = check_intervals(y_lower, y_upper)
    return _mean(upper - lower, check_model_weights(sample_weight, len(lower)))


@check_parameters(
    y_true=["array-like"],
    **BOUNDS,
    confidence_level=[Interval(Real, 0, 1, closed="neither")],
    **WEIGHT,
)
def winkler_score(
    y_true: ArrayLike,
    y_lower: ArrayLike,
    y_upper: ArrayLike,
    *,
    confidence_level: float = 0.9,
    sample_weight: ArrayLike | None = None,
) -> float:
    r"""Mean width of prediction intervals, with a penalty for the scores outside.

    .. math::

        \frac{1}{\sum_m w_m} \sum_m w_m \left((u_m - l_m)
        + \frac{2}{\alpha} \max(l_m - y_m,\ y_m - u_m,\ 0)\right), \qquad
        \alpha = 1 - \mathrm{confidence\_level}

    It is at least 0, lower is better, and it has the unit of the scores: multiply the score for
    fractions by 100 for percentage points.

    Parameters
    ----------
    y_true : array-like of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores.

    y_lower : array-like of shape (n_models,) or (n_models, n_tasks)
        Lower bounds; minus infinity where there is none.

    y_upper : array-like of shape (n_models,) or (n_models, n_tasks)
        Upper bounds, none below its lower bound; plus infinity where there is none.

    confidence_level : float, default=0.9
        Share of the scores that the intervals claim to hold, more than 0 and less than 1.

    sample_weight : array-like of shape (n_models,), default=None
        Weight of each model, at least 0. By default every model counts the same.

    Returns
    -------
    score : float
        At least the mean width, and equal to it if every score is covered; infinite if a bound of
        a model of positive weight is. Never NaN. With several tasks, the uniform average over the
        tasks.

    Raises
    ------
    ValueError
        If `confidence_level` is not between 0 and 1, a score is missing or infinite, a bound is
        NaN, a lower bound is above its upper one, the shapes differ, or the weights are not one
        finite number of at least 0 per model, or all 0.

    See Also
    --------
    interval_coverage : Share of the scores inside.
    mean_interval_width : The part that does not depend on the scores.

    Notes
    -----
    It is a proper score: on average the interval between the :math:`\alpha / 2` and the
    :math:`1 - \alpha / 2` quantile of the score has the lowest, so that neither widening nor
    narrowing intervals beyond what they claim pays. Compare it at the same level only.

    References
    ----------
    .. [1] T. Gneiting and A. E. Raftery, "Strictly Proper Scoring Rules, Prediction, and
       Estimation", Journal of the American Statistical Association 102 (2007), equation 43.
    .. [2] R. L. Winkler, "A Decision-Theoretic Approach to Interval Estimation", Journal of the
       American Statistical Association 67 (1972).

    Examples
    --------
    >>> from sklearn_sparseeval.metrics import winkler_score
    >>> round(winkler_score([0.50], [0.45], [0.55]), 4)  # covered: the width
    0.1
    >>> round(winkler_score([0.56], [0.45], [0.55]), 4)  # one point outside, 20 times
    0.3
    """
    true, lower, upper = check_interval_scores(y_true, y_lower, y_upper)
    weight = check_model_weights(sample_weight, len(true))
    outside = np.maximum(np.maximum(lower - true, true - upper), 0)
    return _mean(upper - lower + 2 / (1 - confidence_level) * outside, weight)


def _mean(values: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Average over the models that have a weight (0 times infinity is NaN), then over tasks."""
    used = weight > 0
    return float(np.average(values[used], axis=0, weights=weight[used]).mean())
