"""The quantile of past errors that one further error stays under with a given probability."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.floating]

N_PRIOR = 5.0  # weight of the t distribution beside the errors, in errors
_LEAST_DF = 3


def smoothed_quantile(
    errors: Array, coverage: float, *, n_prior: float = N_PRIOR, weight: Array | None = None
) -> float:
    """Return the size that one further error does not exceed with a given probability.

    It solves ``F(q) = coverage`` for the smallest q, where

    ``F(q) = (n * (S(q) + T(q / s)) / (n + 1) + n_prior * T(q / s)) / (n + n_prior)``,

    n is the sum of the weights, ``S(q)`` that of the errors of at most q, T the distribution
    function of the absolute value of Student's t with ``max(n - 1, 3)`` degrees of freedom, and s
    the root mean square of the errors, times ``sqrt(1 + 1 / n)``. So n errors count as they are,
    the further one, of which nothing is known, as the t distribution supposes it, and that counts
    as `n_prior` errors besides.

    Parameters
    ----------
    errors : ndarray of shape (n_errors,)
        Errors, of either sign; at least one.
    coverage : float
        The probability, more than 0 and less than 1.
    n_prior : float, default=5.0
        How many errors the t distribution counts as; 0 for none of it, in the place of the
        further error neither.
    weight : ndarray of shape (n_errors,), default=None
        Positive weights, such that copies of a model count as one. By default all are 1.

    Returns
    -------
    quantile : float
        Not negative. Infinite where `n_prior` is 0 and ``coverage > n / (n + 1)``.

    Notes
    -----
    With ``n_prior=0`` and equal weights it is the quantile of split conformal prediction [1]_,
    the ``ceil((n + 1) * coverage)``-th smallest absolute error: one further error that is
    exchangeable with these n does not exceed it with a probability of at least `coverage`, and of
    at most ``coverage + 1 / (n + 1)`` where no two are equal. Over the draw of n such errors, the
    probability for further ones is Beta(j, n + 1 - j) distributed, j being that number [2]_: with
    20 errors anything from .78 to .99 is usual.

    With ``n_prior > 0`` nothing is guaranteed. Where errors are few, the quantile is then not "the
    largest of 12", which is either too small or far too large, and it is finite always.

    References
    ----------
    .. [1] V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World", Springer,
       2005.
    .. [2] V. Vovk, "Conditional validity of inductive conformal predictors", Machine Learning 92,
       349-376, 2013.
    """
    sizes = np.abs(np.asarray(errors, dtype=np.float64))
    order = np.argsort(sizes, kind="stable")
    sizes = sizes[order]
    own = np.ones(len(sizes)) if weight is None else np.asarray(weight, dtype=np.float64)[order]
    n = float(own.sum())
    below = np.append(0.0, np.cumsum(own)) * n / (n + 1)  # of n + n_prior, before each error
    # Rounding must not move the quantile by a whole error.
    wanted = coverage * (n + n_prior) - 1e-9
    if n_prior == 0:
        reached = np.flatnonzero(below[1:] >= wanted)
        return float(sizes[reached[0]]) if len(reached) else float("inf")
    scale = float(np.sqrt(own @ sizes**2 / n * (1 + 1 / n)))
    if scale == 0:
        return 0.0
    t, supposed = stats.t(max(n - 1, _LEAST_DF)), n_prior + n / (n + 1)
    reached = np.flatnonzero(below[1:] + supposed * (2 * t.cdf(sizes / scale) - 1) >= wanted)
    first = int(reached[0]) if len(reached) else len(sizes)
    # Between two errors the t part alone rises: it may get there before the next error does.
    missing = float(np.clip((wanted - below[first]) / supposed, 0, 1))
    between = float(scale * t.ppf((1 + missing) / 2))
    return min(between, float(sizes[first])) if first < len(sizes) else between
