"""Agreement of the predicted with the true order of the models."""

from collections.abc import Callable
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import hypergeom, kendalltau, rankdata

from sklearn_sparseeval._sklearn import Interval, check_parameters
from sklearn_sparseeval.metrics._undefined import warn_undefined
from sklearn_sparseeval.metrics._validation import (
    SCORES,
    check_model_weights,
    check_scores,
)


@check_parameters(**SCORES)
def kendall_tau_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Rank correlation tau-b of Kendall between true and predicted scores.

    .. math::

        \tau_b = \frac{C - D}{\sqrt{(C + D + T_y)(C + D + T_{\hat y})}}

    :math:`C` pairs of models are ordered alike by both scores and :math:`D` the other way round;
    :math:`T_y` pairs are tied in `y_true` only and :math:`T_{\hat y}` in `y_pred` only.

    Parameters
    ----------
    y_true : array-like of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores.

    y_pred : array-like of shape (n_models,) or (n_models, n_tasks)
        Predicted benchmark scores.

    Returns
    -------
    tau : float
        From -1 (reversed) to 1 (same order, same ties); 0 on average for a random order. No unit.
        With several tasks, the uniform average over the tasks. NaN if `y_true` or `y_pred` is
        constant in some task, which includes a single model: there is no order to agree with.

    Raises
    ------
    ValueError
        If a score is missing or infinite, or the shapes differ.

    Warns
    -----
    sklearn.exceptions.UndefinedMetricWarning
        If the result is NaN; the message names the task and the constant.

    See Also
    --------
    pairwise_accuracy_score : Share of pairs ordered right; takes weights.
    spearman_score : Rank correlation that counts pairs far apart more.
    scipy.stats.kendalltau : The computation, with a p-value.

    Notes
    -----
    SparseEval [1]_ reports tau-b beside the mean absolute error. It depends on the spread of the
    true scores: on a leaderboard of near-equal models it is low however small the errors are, so
    give the standard deviation of `y_true` with it. Ties are exact: round scores that should be
    equal and differ by floating-point noise.

    A hyper-parameter search ranks candidates whose score is NaN last.

    References
    ----------
    .. [1] "SparseEval", ICLR 2026, arXiv:2602.07909.
    .. [2] M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33 (1945).

    Examples
    --------
    >>> from sklearn_sparseeval.metrics import kendall_tau_score
    >>> y_true = [0.4, 0.5, 0.6, 0.7]
    >>> kendall_tau_score(y_true, [0.41, 0.58, 0.57, 0.72])
    0.666...
    """
    true, pred = check_scores(y_true, y_pred)
    taus, reasons = _correlate_tasks(true, pred, _kendall_tau)
    if reasons:
        warn_undefined("Kendall's tau", reasons, n_models=len(true))
    return float(taus.mean())


@check_parameters(**SCORES)
def spearman_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    r"""Rank correlation rho of Spearman between true and predicted scores.

    .. math::

        \rho = \frac{\sum_m (r_m - \bar r)(s_m - \bar s)}
        {\sqrt{\sum_m (r_m - \bar r)^2 \, \sum_m (s_m - \bar s)^2}}

    :math:`r_m` is the rank of model :math:`m` by `y_true` and :math:`s_m` that by `y_pred`;
    tied models share the mean of their ranks.

    Parameters
    ----------
    y_true : array-like of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores.

    y_pred : array-like of shape (n_models,) or (n_models, n_tasks)
        Predicted benchmark scores.

    Returns
    -------
    rho : float
        From -1 (reversed) to 1 (same order, same ties); 0 on average for a random order. No unit.
        With several tasks, the uniform average over the tasks. NaN if `y_true` or `y_pred` is
        constant in some task, which includes a single model: there is no order to agree with.

    Raises
    ------
    ValueError
        If a score is missing or infinite, or the shapes differ.

    Warns
    -----
    sklearn.exceptions.UndefinedMetricWarning
        If the result is NaN; the message names the task and the constant.

    See Also
    --------
    kendall_tau_score : Rank correlation that counts every wrong pair alike.
    scipy.stats.spearmanr : The same number, with a p-value.

    Notes
    -----
    DISCO [1]_ reports it. Pairs of models far apart in rank, which any method orders right, weigh
    most in it, so a leaderboard from very weak to very strong models inflates it: a rho of .987
    on 40 models goes with a tau-b of .91 to .92 only. Compare it with a rho on the same models,
    never with a tau, and give :func:`kendall_tau_score` beside it.

    Ties are exact: round scores that should be equal and differ by floating-point noise.

    References
    ----------
    .. [1] "DISCO: Diversifying Sample Condensation for Efficient Model Evaluation", ICLR 2026,
       arXiv:2510.07959.
    .. [2] C. Spearman, "The proof and measurement of association between two things", American
       Journal of Psychology 15 (1904).

    Examples
    --------
    >>> from sklearn_sparseeval.metrics import spearman_score
    >>> y_true = [0.4, 0.5, 0.6, 0.7]
    >>> spearman_score(y_true, [0.41, 0.58, 0.57, 0.72])
    0.8
    """
    true, pred = check_scores(y_true, y_pred)
    rhos, reasons = _correlate_tasks(true, pred, _spearman)
    if reasons:
        warn_undefined("Spearman's rho", reasons, n_models=len(true))
    return float(rhos.mean())


@check_parameters(**SCORES, sample_weight=["array-like", None])
def pairwise_accuracy_score(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    r"""Share of the pairs of models that the predictions order right.

    .. math::

        \frac{\sum_{y_i < y_j} w_i w_j \left([\hat y_i < \hat y_j]
        + \tfrac12 [\hat y_i = \hat y_j]\right)}{\sum_{y_i < y_j} w_i w_j}

    A pair that is tied in `y_true` has no right order and does not count; a pair that is tied in
    `y_pred` only is a coin flip and counts one half.

    Parameters
    ----------
    y_true : array-like of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores.

    y_pred : array-like of shape (n_models,) or (n_models, n_tasks)
        Predicted benchmark scores.

    sample_weight : array-like of shape (n_models,), default=None
        Weight of each model, at least 0; a pair weighs the product of its two. An integer weight
        is the same as repeating the model.

    Returns
    -------
    accuracy : float
        From 0 (reversed) to 1 (every pair right); 0.5 for constant or random predictions. No
        unit. With several tasks, the uniform average over the tasks. NaN if in some task no two
        models of positive weight differ in `y_true`.

    Raises
    ------
    ValueError
        If a score is missing or infinite, the shapes differ, or the weights are not one finite
        number of at least 0 per model, or all 0.

    Warns
    -----
    sklearn.exceptions.UndefinedMetricWarning
        If the result is NaN; the message names the task.

    See Also
    --------
    kendall_tau_score : Rank correlation, corrected for ties on both sides.
    minimum_detectable_difference : Gap from which on the pairs are ordered right.
    top_k_overlap_score : Agreement on the best models only.

    Notes
    -----
    Without ties and weights this is :math:`(1 + \tau) / 2`. TailoredBench [1]_ reports it; the
    study of micro-benchmarks [2]_ gives it by the true gap between the two models, since pairs
    of near-equal models are hard to order from any sample of items.

    It takes O(n log(n)²) time and O(n) memory. Ties are exact: round scores that should be equal
    and differ by floating-point noise.

    References
    ----------
    .. [1] TailoredBench, ACL 2025, arXiv:2502.13576.
    .. [2] "How Reliable is Language Model Micro-Benchmarking?", ICLR 2026, arXiv:2510.08730.

    Examples
    --------
    >>> from sklearn_sparseeval.metrics import pairwise_accuracy_score
    >>> y_true = [0.4, 0.5, 0.6]
    >>> pairwise_accuracy_score(y_true, [0.45, 0.45, 0.70])
    0.833...
    >>> pairwise_accuracy_score(y_true, [0.45, 0.45, 0.70], sample_weight=[1, 0, 1])
    1.0
    """
    true, pred = check_scores(y_true, y_pred)
    weight = check_model_weights(sample_weight, len(true))
    accuracies = [_pairwise_accuracy(t, p, weight) for t, p in zip(true.T, pred.T, strict=True)]
    reasons = [
        f"no two models of positive weight differ in y_true in task {task}"
        for task in np.flatnonzero(np.isnan(accuracies))
    ]
    if reasons:
        warn_undefined("Pairwise accuracy", reasons, n_models=len(true))
    return float(np.mean(accuracies))


@check_parameters(**SCORES, k=[Interval(Integral, 1, None, closed="left")])
def top_k_overlap_score(y_true: ArrayLike, y_pred: ArrayLike, *, k: int = 10) -> float:
    r"""Share of the predicted top `k` models that are among the true top `k`.

    .. math::

        \frac{|\mathrm{top}_k(y) \cap \mathrm{top}_k(\hat y)|}{k}

    Ties at the border of the top `k` do not depend on the order of the models. Tied in `y_true`,
    the models are equally good, and whichever of them fill the last places are right. Tied in
    `y_pred`, the last places are drawn at random, and the score is the expected overlap.

    Parameters
    ----------
    y_true : array-like of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores; higher is better.

    y_pred : array-like of shape (n_models,) or (n_models, n_tasks)
        Predicted benchmark scores.

    k : int, default=10
        Number of best models, at most `n_models`.

    Returns
    -------
    overlap : float
        From 0 to 1 (same top `k`); a random order has `k / n_models`, and `k = n_models` is
        always 1. No unit. With several tasks, the uniform average over the tasks. Never NaN.

    Raises
    ------
    ValueError
        If `k` is more than the number of models, a score is missing or infinite, or the shapes
        differ.

    See Also
    --------
    pairwise_accuracy_score : Agreement on the order of all models.
    top_pick_regret : What picking the model predicted best costs.
    get_scorers : Scorers for cross-validation; says what happens in folds smaller than `k`.

    Notes
    -----
    The rule for ties is that of :func:`pairwise_accuracy_score`: a tie in the truth is never
    held against the predictions, and one in the predictions alone is a coin flip. Hence
    ``y_pred = y_true`` scores 1 and a constant prediction of untied scores `k / n_models`.

    The overlap says nothing of the order within the top `k`. Compare it at the same `k` and
    number of models only.

    Examples
    --------
    >>> from sklearn_sparseeval.metrics import top_k_overlap_score
    >>> y_true = [0.9, 0.8, 0.7, 0.6]
    >>> top_k_overlap_score(y_true, [0.85, 0.60, 0.75, 0.50], k=2)
    0.5
    >>> top_k_overlap_score(y_true, [0.85, 0.75, 0.75, 0.50], k=2)
    0.75
    """
    true, pred = check_scores(y_true, y_pred)
    if k > len(true):
        raise ValueError(
            f"k={k} is more than n_models={len(true)}: there is no top {k}. "
            f"Pass k of at most {len(true)}, or the scores of more models."
        )
    return float(np.mean([_top_k_overlap(t, p, k) for t, p in zip(true.T, pred.T, strict=True)]))


def _correlate_tasks(
    y_true: NDArray[np.float64],
    y_pred: NDArray[np.float64],
    correlation: Callable[[NDArray[np.float64], NDArray[np.float64]], float],
) -> tuple[NDArray[np.float64], list[str]]:
    """Correlate the scores of each task: NaN, and the reason, where they are constant."""
    correlations = np.full(y_true.shape[1], np.nan)
    reasons = []
    for task, (t, p) in enumerate(zip(y_true.T, y_pred.T, strict=True)):
        constant = [name for name, s in (("y_true", t), ("y_pred", p)) if (s == s[0]).all()]
        if constant:
            reasons.append(f"{' and '.join(constant)} constant in task {task}")
        else:
            correlations[task] = correlation(t, p)
    return correlations, reasons


def _kendall_tau(y_true: NDArray[np.float64], y_pred: NDArray[np.float64]) -> float:
    return float(kendalltau(y_true, y_pred).statistic)


def _spearman(y_true: NDArray[np.float64], y_pred: NDArray[np.float64]) -> float:
    """Correlate the ranks; centred ones are halves, whose sums are exact, and so are 1 and -1."""
    middle = (len(y_true) + 1) / 2
    true, pred = rankdata(y_true) - middle, rankdata(y_pred) - middle
    return float(true @ pred / np.sqrt((true @ true) * (pred @ pred)))


def _pairwise_accuracy(
    y_true: NDArray[np.float64], y_pred: NDArray[np.float64], weight: NDArray[np.float64]
) -> float:
    """Weigh the pairs by the highest bit in which the ranks of their predictions differ.

    Models that share the bits above it are one group, in which the bit alone says who is
    predicted higher; so each bit costs a sort, and no pair is ever visited.
    """
    rank_true = np.unique(y_true, return_inverse=True)[1]
    rank_pred = np.unique(y_pred, return_inverse=True)[1]
    right = wrong = 0.0
    for bit in range(int(rank_pred.max()).bit_length()):
        group = rank_pred >> (bit + 1)
        high = weight * (rank_pred >> bit & 1)
        low = weight - high
        right += _pair_weight(group, rank_true, low, high)
        wrong += _pair_weight(group, rank_true, high, low)
    tied = _pair_weight(rank_pred, rank_true, weight, weight)
    total = right + wrong + tied
    return (right + tied / 2) / total if total > 0 else float("nan")


def _pair_weight(
    group: NDArray[np.intp],
    rank: NDArray[np.intp],
    worse: NDArray[np.float64],
    better: NDArray[np.float64],
) -> float:
    """Sum ``worse[i] * better[j]`` over pairs of the same group with ``rank[i] < rank[j]``."""
    cell = group * (rank.max() + 1) + rank
    order = np.argsort(cell, kind="stable")
    group, cell = group[order], cell[order]
    before = np.concatenate(([0.0], np.cumsum(worse[order])))
    beaten = before[np.searchsorted(cell, cell)] - before[np.searchsorted(group, group)]
    return float(better[order] @ beaten)


def _top_k_overlap(y_true: NDArray[np.float64], y_pred: NDArray[np.float64], k: int) -> float:
    """Compute the expected overlap when the last places of the predicted top are drawn."""
    border_true, border_pred = (np.partition(y, -k)[-k] for y in (y_true, y_pred))
    best, eligible = y_true > border_true, y_true == border_true
    picked, candidate = y_pred > border_pred, y_pred == border_pred
    n_open = k - np.count_nonzero(best)
    n_drawn = k - np.count_nonzero(picked)
    n_candidates = np.count_nonzero(candidate)

    share_drawn = n_drawn / n_candidates
    on_best = np.count_nonzero(picked & best) + share_drawn * np.count_nonzero(candidate & best)
    # Of the models on the true border no more are right than there are open places.
    drawn = np.arange(n_drawn + 1)
    chance = hypergeom.pmf(drawn, n_candidates, np.count_nonzero(candidate & eligible), n_drawn)
    on_border = np.minimum(np.count_nonzero(picked & eligible) + drawn, n_open) @ chance
    return float((on_best + on_border) / k)
