"""The metrics as scorers for cross-validation and hyper-parameter search."""

import warnings
from collections.abc import Callable
from numbers import Integral

from numpy.typing import ArrayLike
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import make_scorer, mean_absolute_error, root_mean_squared_error

from sklearn_sparseeval._sklearn import Interval, _num_samples, check_parameters
from sklearn_sparseeval.metrics._error import (
    max_absolute_error,
    percentile_absolute_error,
    score_bias,
    top_pick_regret,
)
from sklearn_sparseeval.metrics._rank import (
    kendall_tau_score,
    pairwise_accuracy_score,
    spearman_score,
    top_k_overlap_score,
)


@check_parameters(k=[Interval(Integral, 1, None, closed="left")])
def get_scorers(*, k: int = 10) -> dict[str, Callable[..., float]]:
    """Return scorers for ``scoring=`` of cross-validation and hyper-parameter search.

    Higher is better for every scorer but ``"bias"``, which is to be read and not maximised.

    Parameters
    ----------
    k : int, default=10
        Number of best models of ``"top_k_overlap"``. A fold must hold more than `k` models.

    Returns
    -------
    scorers : dict of str to callable
        A new dict, of which a part may be used alone:

        - ``"neg_mean_absolute_error"``: minus :func:`sklearn.metrics.mean_absolute_error`;
        - ``"neg_root_mean_squared_error"``: minus
          :func:`sklearn.metrics.root_mean_squared_error`, what metabench and EssenceBench report
          instead; never in one table with the mean absolute error;
        - ``"neg_percentile_absolute_error"``: minus :func:`percentile_absolute_error`, the 95th
          percentile;
        - ``"neg_max_absolute_error"``: minus :func:`max_absolute_error`;
        - ``"bias"``: :func:`score_bias` with its sign, positive if predicted too high, 0 best;
        - ``"kendall_tau"``: :func:`kendall_tau_score`;
        - ``"spearman"``: :func:`spearman_score`;
        - ``"pairwise_accuracy"``: :func:`pairwise_accuracy_score`;
        - ``"top_k_overlap"``: :func:`top_k_overlap_score`;
        - ``"neg_top_pick_regret"``: minus :func:`top_pick_regret`.

        The errors, the bias and the regret have the unit of the scores, the other scorers none.

    Raises
    ------
    ValueError
        If `k` is not an integer of at least 1 (an ``InvalidParameterError``).

    Warns
    -----
    sklearn.exceptions.UndefinedMetricWarning
        By a scorer, not by this function: when its score is NaN.

    See Also
    --------
    sklearn.metrics.make_scorer : How a scorer is made from a metric.
    sklearn.metrics.get_scorer : Scorers of scikit-learn by name.
    get_interval_scorers : Scorers for prediction intervals.

    Notes
    -----
    A scorer sees one fold. In a fold of at most `k` models every model is in the top `k`, so
    ``"top_k_overlap"`` is NaN with a warning instead of a 1 that no method has earned. With few
    models per fold the rank scores are coarse too: predict all models out of fold with
    :func:`sklearn.model_selection.cross_val_predict` and call the metric once.

    That is the way to :func:`minimum_detectable_difference`, which is not among the scorers: a
    fold of 20 models has 190 pairs for a hundred bins, and a single fold without an answer would
    make the mean over the folds NaN.

    ``refit="bias"`` would choose the candidate that predicts highest. Choose by
    ``"neg_mean_absolute_error"`` and read the bias of the winner.

    All scorers pickle, so ``n_jobs`` may be more than 1. The two mean errors, the bias and the
    pairwise accuracy take ``sample_weight`` where metadata routing requests it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import cross_validate
    >>> from sklearn_sparseeval.metrics import get_scorers
    >>> rng = np.random.default_rng(0)
    >>> X = (rng.random((60, 200)) < rng.random((60, 1))).astype(float)  # 60 models, 200 items
    >>> results = cross_validate(
    ...     Ridge(), X[:, :20], X.mean(axis=1), scoring=get_scorers(k=3), cv=3
    ... )
    >>> f"{results['test_pairwise_accuracy'].mean():.2f}"
    '0.86'
    """
    return {
        "neg_mean_absolute_error": make_scorer(mean_absolute_error, greater_is_better=False),
        "neg_root_mean_squared_error": make_scorer(
            root_mean_squared_error, greater_is_better=False
        ),
        "neg_percentile_absolute_error": make_scorer(
            percentile_absolute_error, greater_is_better=False
        ),
        "neg_max_absolute_error": make_scorer(max_absolute_error, greater_is_better=False),
        "bias": make_scorer(score_bias),
        "kendall_tau": make_scorer(kendall_tau_score),
        "spearman": make_scorer(spearman_score),
        "pairwise_accuracy": make_scorer(pairwise_accuracy_score),
        "top_k_overlap": make_scorer(_top_k_overlap_of_fold, k=k),
        "neg_top_pick_regret": make_scorer(top_pick_regret, greater_is_better=False),
    }


def _top_k_overlap_of_fold(y_true: ArrayLike, y_pred: ArrayLike, *, k: int) -> float:
    """Top-k overlap, undefined where every model of the fold is in the top k."""
    n_models = _num_samples(y_true)
    if n_models > k:
        return top_k_overlap_score(y_true, y_pred, k=k)
    warnings.warn(
        f"Top-k overlap is undefined and NaN is returned: with k={k} and n_models={n_models} in "
        "the fold every model is in the top k. Use get_scorers with a smaller k, or fewer folds.",
        UndefinedMetricWarning,
        stacklevel=2,
    )
    return float("nan")
