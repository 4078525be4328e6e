"""Ridge regression across items: the source models' answers predict the target's."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._sklearn import Interval, StrOptions
from sklearn_sparseeval.imputers._source_imputer import SourceImputer, SourceModels
from sklearn_sparseeval.numerics.ridge import RELATIVE_ALPHAS, fit_ridge
from sklearn_sparseeval.numerics.row_identity import rows_by_pattern

Array = NDArray[np.floating]


class ItemRidgeImputer(SourceImputer):
    """Predict a target's missing results by ridge regression on the source models' results.

    Every item is an observation, described by the source models' results on it. For each target
    model a ridge regression with an intercept, fitted on the items it was run on, predicts the
    others. The penalty draws predictions to the mean of the target's own results, not to the
    source models, so they hold for targets stronger than all of them. It is what BenchPred calls
    AIPW.

    Parameters
    ----------
    alpha : float or "auto", default=10.0
        Penalty of the regression, positive, as in :class:`~sklearn.linear_model.Ridge` on scores
        from 0 to 1. "auto" chooses for each target the penalty with the least leave-one-out
        error over its items, of 22 from 1e-4 to 1e3 times the sum of squares that a source
        model's results have about their mean over these items, on average.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, imputed results are clipped to it
        and scores outside it are refused. None clips nothing, and takes the scores to be from 0
        to 1 where all source results are, and from the least to the largest of them otherwise.

    Attributes
    ----------
    item_means_ : ndarray of shape (n_items,)
        Weighted mean of the source models' results on each item; NaN where there is none.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    ImputedScoreRegressor : Predicts the benchmark score as the mean of the completed row.
    AIPWRegressor : Corrects that mean by residuals on items that were left out.
    LowRankImputer : Describes the items by a few loadings instead of all source models.

    Notes
    -----
    With the features X of the target's items, centred, and its results r, the prediction for an
    item of features x is ``mean(r) + (x - mean) @ inv(X.T @ X + alpha * I) @ X.T @ r``, computed
    in the smaller of the dimensions items and source models. Targets that were run on the same
    items share one decomposition. A target with a single result gets this result everywhere.

    A missing result (NaN) of a source model counts as the item's mean plus the model's mean
    deviation from such means. Items without any source result are imputed by the mean of the
    target's other items, as completed. `sample_weight` multiplies the squares of a source model's
    results in ``X @ X.T``, as that many copies of it would.

    The reference code averages the predictions of the items that were not run and adds the mean
    residual of those that were. A regression with an intercept has none on its own data, so that
    term is always zero: what it does is this imputation alone, and :class:`AIPWRegressor` is what
    its name says. It also drops the results of the items that were run, which are kept here.

    References
    ----------
    .. [1] "How Benchmark Prediction from Fewer Data Misses the Mark", NeurIPS 2025,
       arXiv:2506.07673 (the method AIPW).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval import ItemRidgeImputer
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="mmlu", return_X_y=True)
    >>> weak, strong = y < 0.6, y >= 0.7
    >>> partial = X[strong].copy()
    >>> partial[:, 60:] = np.nan  # run on 60 of 567 items
    >>> completed = ItemRidgeImputer().fit(X[weak]).transform(partial)
    >>> bool(abs(completed.mean(axis=1) - y[strong]).mean() < 0.05)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **SourceImputer._parameter_constraints,
        "alpha": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
    }

    def __init__(
        self, alpha: float | str = 10.0, *, score_range: tuple[float, float] | None = None
    ) -> None:
        self.alpha = alpha
        self.score_range = score_range

    def _learn(self, sources: SourceModels) -> None:
        self._features: Array = (sources.filled() * np.sqrt(sources.weight)[:, np.newaxis]).T
        self._total = float(sources.weight.sum())

    def _complete(self, results: Array) -> Array:
        predicted = np.empty_like(results)
        for rows, items in rows_by_pattern(~np.isnan(results)):
            observed = results[np.ix_(rows, items)].T
            features = self._features[items]
            fit = fit_ridge(features, observed, np.ones(len(items)), alphas=self._alphas(features))
            predicted[rows] = (self._features @ fit.coef + fit.intercept).T
        return predicted

    def _alphas(self, features: Array) -> Array:
        if not isinstance(self.alpha, str):
            return np.array([float(self.alpha)])
        # For each source model, so that a copy of one does not move the grid.
        squares = float(((features - features.mean(axis=0)) ** 2).sum())
        return RELATIVE_ALPHAS * (squares / self._total if squares > 0 else 1.0)
