"""Errors of predicted benchmark scores and what they cost, in the unit of the scores."""

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from sklearn_sparseeval._sklearn import Interval, check_parameters
from sklearn_sparseeval.metrics._validation import (
    SCORES,
    check_model_weights,
    check_scores,
)


@check_parameters(**SCORES, sample_weight=["array-like", None])
def score_bias(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    r"""Mean signed error: do the predictions run too high or too low.

    .. math::

        \mathrm{bias} = \frac{\sum_m w_m (\hat y_m - y_m)}{\sum_m w_m}

    It lies between minus and plus the mean absolute error, 0 is best, and it has the unit of the
    scores: multiply the bias of fractions by 100 for percentage points.

    Parameters
    ----------
    y_true : array-like of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores.

    y_pred : array-like of shape (n_models,) or (n_models, n_tasks)
        Predicted benchmark scores.

    sample_weight : array-like of shape (n_models,), default=None
        Weight of each model, at least 0. By default every model counts the same.

    Returns
    -------
    bias : float
        Positive if the models are predicted too high, negative if too low. Never NaN.
        With several tasks, the uniform average of the biases of the tasks, in which biases of
        opposite sign cancel; call it per column to see them.

    Raises
    ------
    ValueError
        If a score is missing or infinite, the shapes differ, or the weights are not one finite
        number of at least 0 per model, or all 0.

    See Also
    --------
    sklearn.metrics.mean_absolute_error : Mean size of the error.
    max_absolute_error : Largest error.

    Notes
    -----
    The mean absolute error cannot tell a constant shift, which leaves the ranking as it is, from
    scatter, which does not. Report the bias beside it wherever the target models are not drawn
    like the source models: a regression towards models that are all weaker than the target is
    wrong in one direction. The split in which this shows, weak source and strong target models,
    is that of [1]_.

    References
    ----------
    .. [1] "How Benchmark Prediction from Fewer Data Misses the Mark", NeurIPS 2025,
       arXiv:2506.07673.

    Examples
    --------
    >>> from sklearn_sparseeval.metrics import score_bias
    >>> y_true = [0.50, 0.60, 0.70]
    >>> y_pred = [0.52, 0.61, 0.70]
    >>> round(score_bias(y_true, y_pred), 4)
    0.01
    >>> round(score_bias(y_true, y_pred, sample_weight=[1, 0, 0]), 4)
    0.02
    """
    true, pred = check_scores(y_true, y_pred)
    weight = check_model_weights(sample_weight, len(true))
    return float(np.average(pred - true, axis=0, weights=weight).mean())


@check_parameters(**SCORES)
def max_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Largest absolute error over the models.

    .. math::

        \max_m |\hat y_m - y_m|

    It is at least 0, 0 is best, and it has the unit of the scores: multiply the error of
    fractions by 100 for percentage points.

    Parameters
    ----------
    y_true : array-like of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores.

    y_pred : array-like of shape (n_models,) or (n_models, n_tasks)
        Predicted benchmark scores.

    Returns
    -------
    error : float
        Largest error. Never NaN. With several tasks, the uniform average of the largest errors
        of the tasks, each of which may be that of another model.

    Raises
    ------
    ValueError
        If a score is missing or infinite, or the shapes differ.

    See Also
    --------
    sklearn.metrics.max_error : The same for one task.
    sklearn.metrics.mean_absolute_error : Mean size of the error.
    percentile_absolute_error : The error that most models stay below.
    score_bias : Mean signed error.

    Notes
    -----
    Papers on benchmark prediction give the mean absolute error, and hardly any the worst model.
    This is the number for whoever has a single model to judge. It takes no weights, and it grows
    with the number of models: compare it between methods on the same models only.

    Examples
    --------
    >>> from sklearn_sparseeval.metrics import max_absolute_error
    >>> round(max_absolute_error([0.50, 0.60, 0.70], [0.52, 0.55, 0.70]), 4)
    0.05
    >>> max_absolute_error([[1, 10], [2, 20]], [[1, 14], [4, 20]])
    3.0
    """
    true, pred = check_scores(y_true, y_pred)
    return float(np.abs(pred - true).max(axis=0).mean())


@check_parameters(**SCORES, percentile=[Interval(Real, 0, 100, closed="both")])
def percentile_absolute_error(
    y_true: ArrayLike, y_pred: ArrayLike, *, percentile: float = 95.0
) -> float:
    r"""Absolute error that a given percentage of the models stay below.

    .. math::

        (1 - g)\, e_{(j)} + g\, e_{(j + 1)}, \qquad
        j + g = 1 + \frac{\mathrm{percentile}}{100} (n - 1), \quad j \in \mathbb{N},\ 0 \le g < 1

    :math:`e_{(1)} \le \dots \le e_{(n)}` are the absolute errors :math:`|\hat y_m - y_m|` of the
    :math:`n` models in ascending order; between two of them the percentile is linear. It is at
    least 0, 0 is best, and it has the unit of the scores: multiply the error of fractions by 100
    for percentage points.

    Parameters
    ----------
    y_true : array-like of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores.

    y_pred : array-like of shape (n_models,) or (n_models, n_tasks)
        Predicted benchmark scores.

    percentile : float, default=95.0
        Percentage of the models, from 0 to 100: 50 is the median absolute error, 100 the largest.

    Returns
    -------
    error : float
        Percentile of the errors. Never NaN. With several tasks, the uniform average of the
        percentiles of the tasks.

    Raises
    ------
    ValueError
        If `percentile` is not between 0 and 100, a score is missing or infinite, or the shapes
        differ.

    See Also
    --------
    sklearn.metrics.median_absolute_error : The same with ``percentile=50``.
    max_absolute_error : The same with ``percentile=100``.
    numpy.percentile : The computation, by the method "linear".

    Notes
    -----
    The largest error grows with the number of models; a percentile does not, once there are
    enough: with 20 models or fewer the 95th percentile lies between the two largest errors and
    says little more than the maximum.

    Examples
    --------
    >>> from sklearn_sparseeval.metrics import percentile_absolute_error
    >>> y_true = [0.50, 0.60, 0.70]
    >>> y_pred = [0.52, 0.55, 0.70]
    >>> round(percentile_absolute_error(y_true, y_pred), 4)
    0.047
    >>> round(percentile_absolute_error(y_true, y_pred, percentile=50), 4)
    0.02
    """
    true, pred = check_scores(y_true, y_pred)
    return float(np.percentile(np.abs(pred - true), percentile, axis=0).mean())


@check_parameters(**SCORES)
def top_pick_regret(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Score given away by picking the model that is predicted best.

    .. math::

        \max_m y_m - \frac{1}{|P|} \sum_{m \in P} y_m, \qquad
        P = \{m : \hat y_m = \max_l \hat y_l\}

    It is at least 0, 0 is best, and it has the unit of the scores: multiply the regret of
    fractions by 100 for percentage points.

    Parameters
    ----------
    y_true : array-like of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores; higher is better.

    y_pred : array-like of shape (n_models,) or (n_models, n_tasks)
        Predicted benchmark scores.

    Returns
    -------
    regret : float
        From 0 (the pick is among the best) to the range of `y_true`. Where several models are
        predicted best, one of them is drawn at random, and this is the expected regret. Never
        NaN. With several tasks, the uniform average of the regrets of the tasks, in each of
        which another model may be picked.

    Raises
    ------
    ValueError
        If a score is missing or infinite, or the shapes differ.

    See Also
    --------
    top_k_overlap_score : Share of the best models that are found; has no unit.

    Notes
    -----
    Picking the runner-up costs next to nothing where the two best are near-equal, and
    :func:`top_k_overlap_score` with ``k=1`` still says 0. The regret of one pick is a single
    draw: average it over many splits before comparing methods. A constant prediction has the
    regret of a model picked at random.

    Examples
    --------
    >>> from sklearn_sparseeval.metrics import top_pick_regret
    >>> y_true = [0.9, 0.8, 0.5]
    >>> round(top_pick_regret(y_true, [0.80, 0.85, 0.60]), 4)
    0.1
    >>> round(top_pick_regret(y_true, [0.85, 0.85, 0.60]), 4)
    0.05
    """
    true, pred = check_scores(y_true, y_pred)
    given_away = true.max(axis=0) - true
    picked = pred == pred.max(axis=0)
    return float(np.mean(given_away.mean(axis=0, where=picked)))
