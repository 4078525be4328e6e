"""How far a finite benchmark is from the ability it measures."""

from collections.abc import Callable, Iterator
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import mean_absolute_error
from sklearn.utils import check_array, check_random_state

from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._sklearn import Interval, check_parameters

# Draws of all items in memory at a time.
_BLOCK = 64


@check_parameters(X=["array-like"])
def benchmark_standard_error(X: ArrayLike) -> NDArray[np.float64]:
    r"""Compute the standard error of each model's score on the full benchmark.

    .. math::

        \frac{1}{\sqrt{n_m}} \sqrt{\frac{1}{n_m} \sum_{i=1}^{n_m} (x_{mi} - \bar x_m)^2}

    :math:`x_{mi}` are the results of model :math:`m` on its :math:`n_m` evaluated items. For 0/1
    results with a score :math:`p` it is :math:`\sqrt{p (1 - p) / n}`: 1.5 points for 0.65 on
    1,000 items.

    Parameters
    ----------
    X : array-like of shape (n_models, n_items)
        Score matrix; NaN = not evaluated.

    Returns
    -------
    error : ndarray of shape (n_models,)
        At least 0, in the unit of the scores: multiply that of fractions by 100 for percentage
        points. It is estimated from the results and 0 where they are all equal, as those of a
        model with a single result are.

    Raises
    ------
    ValueError
        If a model has no result at all, or a result is infinite.

    See Also
    --------
    noise_ceiling : What these errors leave to be reached by any metric.

    Notes
    -----
    The items are seen as drawn at random from a population of like items, and the standard error
    is how far the score lies from the ability, the mean over that population. It is a property
    of the benchmark, not of a prediction: differences below it are about the items that happen to
    be in it. Two models share their items, so the error of their difference is mostly smaller
    than that of two independent scores.

    References
    ----------
    .. [1] E. Miller, "Adding Error Bars to Evals: A Statistical Approach to Language Model
       Evaluations", 2024, arXiv:2411.00640.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval.metrics import benchmark_standard_error
    >>> benchmark_standard_error([[1, 0, 1, 0], [1, 1, 1, np.nan]])
    array([0.25, 0.  ])
    """
    results = _check_results(X)
    n_evaluated = np.count_nonzero(~np.isnan(results), axis=1)
    return np.asarray(np.nanstd(results, axis=1) / np.sqrt(n_evaluated))


@check_parameters(
    X=["array-like"],
    metric=[callable],
    n_draws=[Interval(Integral, 1, None, closed="left")],
    random_state=["random_state"],
)
def noise_ceiling(
    X: ArrayLike,
    metric: Callable[..., float] = mean_absolute_error,
    *,
    n_draws: int = 200,
    random_state: int | np.random.RandomState | None = None,
) -> float:
    r"""Score that knowing every model's ability would get on a benchmark of these items.

    .. math::

        \frac{1}{D} \sum_{d=1}^{D} \mathrm{metric}(y, y^{(d)}), \qquad
        y^{(d)}_m = \frac{\sum_i c^{(d)}_i x_{mi}}{\sum_i c^{(d)}_i}

    :math:`y` are the scores on all items; in draw :math:`d` the items are drawn anew with
    replacement, as many as there are, and :math:`c^{(d)}_i` says how often item :math:`i` is. The
    draw is the same for all models. Both sums are over the items that the model has a result on.

    Parameters
    ----------
    X : array-like of shape (n_models, n_items)
        Score matrix; NaN = not evaluated.

    metric : callable, default=mean_absolute_error
        Any ``metric(y_true, y_pred)`` that returns a number, such as those of this module. It is
        called with the scores on all items as `y_true` and those on the drawn items as `y_pred`.

    n_draws : int, default=200
        Number of draws, at least 1.

    random_state : int, RandomState instance or None, default=None
        Seed of the draws. Pass an int for the same result at every call.

    Returns
    -------
    ceiling : float
        Mean of the metric over the draws, in its unit: a floor for an error, a ceiling for an
        agreement. NaN if the metric is NaN in any draw.

    Raises
    ------
    ValueError
        If a model has no result at all, a result is infinite, or a draw holds no item that any
        model has a result on.

    See Also
    --------
    benchmark_standard_error : The noise of each model's score, in closed form.

    Notes
    -----
    This is the bootstrap over items: a model's score differs from that on the drawn items as its
    ability, the mean over a population of like items, differs from its score. A prediction whose
    error is near the ceiling predicts the ability as well as the benchmark measures it, and what
    is left is about the items that happen to be in it. It is not a limit for methods that see some
    of the very items: anchors that are part of the benchmark share their noise with it.

    For :func:`sklearn.metrics.mean_absolute_error` the ceiling is about :math:`\sqrt{2 / \pi}`
    times the mean of :func:`benchmark_standard_error`. For the rank metrics it says how much of a
    low value is due to models too alike for the benchmark: give it beside
    :func:`kendall_tau_score`.

    A model with few results may have none on the drawn items; it is left out of that draw.

    References
    ----------
    .. [1] B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7
       (1979).

    Examples
    --------
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> from sklearn_sparseeval.metrics import kendall_tau_score, noise_ceiling
    >>> X = load_helm_lite(task="gsm").data
    >>> f"{noise_ceiling(X, random_state=0):.4f}"
    '0.0100'
    >>> f"{noise_ceiling(X, kendall_tau_score, random_state=0):.2f}"
    '0.97'
    """
    results = _check_results(X)
    evaluated = ~np.isnan(results)
    results = np.where(evaluated, results, 0)
    scores = results.sum(axis=1) / np.count_nonzero(evaluated, axis=1)
    values = [
        float(metric(scores[has_any], drawn[has_any]))
        for drawn, has_any in _drawn_scores(results, evaluated, n_draws, random_state)
    ]
    return float(np.mean(values))


def _check_results(X: ArrayLike) -> NDArray[np.float64]:
    """Return the results as floats, or say which models have none."""
    results: NDArray[np.float64] = check_array(
        X, dtype=np.float64, order="C", ensure_all_finite="allow-nan", input_name="X"
    )
    empty = np.flatnonzero(np.isnan(results).all(axis=1))
    if len(empty):
        raise ValueError(
            f"{len(empty)} model(s) have no result at all (every item is NaN): row(s) "
            f"{listing(empty)} of X; expected a score matrix with a result in every row. Remove "
            "them."
        )
    return results


def _drawn_scores(
    results: NDArray[np.float64],
    evaluated: NDArray[np.bool_],
    n_draws: int,
    random_state: int | np.random.RandomState | None,
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """Yield each draw's scores, and which models have a result on the drawn items."""
    rng = check_random_state(random_state)
    n_models, n_items = results.shape
    # Without a gap every model's count is that of the items drawn: no second product.
    counted = None if evaluated.all() else evaluated.astype(np.float64)
    for start in range(0, n_draws, _BLOCK):
        size = min(_BLOCK, n_draws - start)
        counts = rng.multinomial(n_items, np.full(n_items, 1 / n_items), size=size)
        counts = counts.astype(np.float64)
        sums = counts @ results.T
        totals = np.full_like(sums, n_items) if counted is None else counts @ counted.T
        for draw, (row, total) in enumerate(zip(sums, totals, strict=True), start=start + 1):
            has_any = total > 0
            if not has_any.any():
                raise ValueError(
                    f"No model has a result on any item of draw {draw} of {n_draws}: X holds "
                    f"{np.count_nonzero(evaluated)} result(s) of {n_models} model(s) on {n_items} "
                    "items. Leave out the items that no model has a result on."
                )
            yield row / np.where(has_any, total, 1), has_any
