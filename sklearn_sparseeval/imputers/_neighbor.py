"""The source models most like a target answer for it."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._sklearn import Interval, StrOptions
from sklearn_sparseeval.imputers._distances import (
    differences_between_items,
    mean_absolute_differences,
    mean_pairwise_differences,
)
from sklearn_sparseeval.imputers._source_imputer import SourceImputer, SourceModels

Array = NDArray[np.floating]

_LEAST_DISTANCE = 1e-9  # at it, a neighbour outweighs all that differ in an item
_OFFSET = 0.5  # of TailoredBench's ratio, in units of the score range


class NeighborImputer(SourceImputer):
    """Predict a target's missing results from the source models most like it.

    The neighbours of a target are the source models whose results differ least from its own on
    the items it was run on. Their weighted mean predicts the other items, after a correction by
    how the target does on the items it has.

    Parameters
    ----------
    n_neighbors : int or "auto", default=20
        Number of neighbours; all source models where there are fewer. "auto" takes, for each
        target, those that are nearer to it than two source models are to each other on average,
        on the same items, and at least the nearest: TailoredBench's native sources.
    weights : {"distance", "uniform"}, default="distance"
        How the neighbours count: by the inverse of the mean absolute difference, where those that
        do not differ at all outweigh the others, or all alike.
    calibration : {"difference", "ratio"} or None, default="difference"
        How the neighbours' mean is corrected. "difference" adds the mean difference between the
        target's results and the neighbours' mean on the target's items; "ratio" is TailoredBench's
        calibrated estimate, which corrects each item by the item nearest to it of those that the
        target has; None leaves the mean as it is, which fails for targets stronger than all
        source models.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, imputed results are clipped to it
        and scores outside it are refused. None takes the scores to be from 0 to 1 where all
        source results are, and from the least to the largest of them otherwise; then only
        ``calibration="ratio"`` clips.

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
    TailoredSelector : Chooses TailoredBench's anchors for each target.
    CollaborativeFilteringImputer : Lets all source models answer, the more alike the more.
    sklearn.impute.KNNImputer : Neighbours by Euclidean distance, without a correction.

    Notes
    -----
    A missing result (NaN) is left out: differences are over the items that both models have, and
    an item is predicted by the nearest models that have it. Source models that are as near as
    the last neighbour share its place, so the order of the models does not matter. A source model
    of weight two is two neighbours, one of weight one half is half of one. Items without any
    source result are imputed by the mean of the target's other items, as completed.

    With "ratio", an item x whose nearest observed item is c is predicted as
    ``(mean(x) + 0.5) * (result(c) + 0.5) / (mean(c) + 0.5) - 0.5``, in units of the score range,
    with the neighbours' means; the nearest item is the one with the least weighted mean absolute
    difference over the neighbours. The estimate is biased, and does not improve with more anchors
    as that by the difference does.

    TailoredBench's code differs in three points that are mended here. It clips at the upper bound
    only, so that results fall below the smallest score; the number of neighbours is one for all
    targets and depends on which are evaluated together; and the items it compares models on are
    scaled with the targets' results.

    References
    ----------
    .. [1] "TailoredBench", ACL 2025, arXiv:2502.13576 (native sources and calibrated estimate).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval import NeighborImputer
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> partial = X[-10:].copy()
    >>> partial[:, 50:] = np.nan  # run on 50 of 500 items
    >>> completed = NeighborImputer().fit(X[:-10]).transform(partial)
    >>> bool(abs(completed.mean(axis=1) - y[-10:]).mean() < 0.03)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **SourceImputer._parameter_constraints,
        "n_neighbors": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "weights": [StrOptions({"distance", "uniform"})],
        "calibration": [StrOptions({"difference", "ratio"}), None],
    }

    def __init__(
        self,
        n_neighbors: int | str = 20,
        *,
        weights: str = "distance",
        calibration: str | None = "difference",
        score_range: tuple[float, float] | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.calibration = calibration
        self.score_range = score_range

    def _learn(self, sources: SourceModels) -> None:
        self._sources = sources
        self._filled = sources.filled()
        self._have: Array = (~np.isnan(sources.scores)).astype(np.float64)
        if self._have.all():
            self._have = self._have[:, :1]  # the neighbours are the same for all items
        if isinstance(self.n_neighbors, str):
            self._spread = mean_pairwise_differences(sources.scores, sources.weight)

    def _complete(self, results: Array) -> Array:
        distances = mean_absolute_differences(results, self._sources.scores)
        return np.stack([self._answer(*pair) for pair in zip(results, distances, strict=True)])

    def _answer(self, result: Array, distance: Array) -> Array:
        """Predict all items of one target."""
        observed = np.flatnonzero(~np.isnan(result))
        n_neighbors = self._n_neighbors(distance, observed)
        # Whoever has no item in common answers where nobody else can.
        distance = np.where(np.isfinite(distance), distance, 1 + 2 * _largest(distance))
        shares = _shares(distance, self._sources.weight[:, np.newaxis] * self._have, n_neighbors)
        if self.weights == "distance":
            shares = shares / np.maximum(distance, _LEAST_DISTANCE)[:, np.newaxis]
        shares = shares / shares.sum(axis=0)
        mean = np.einsum("ij,ij->j", np.broadcast_to(shares, self._filled.shape), self._filled)
        if self.calibration == "difference":
            return np.asarray(mean + (result[observed] - mean[observed]).mean())
        if self.calibration == "ratio":
            return self._by_ratio(mean, shares.mean(axis=1), result, observed)
        return np.asarray(mean)

    def _n_neighbors(self, distance: Array, observed: NDArray[np.intp]) -> float:
        if not isinstance(self.n_neighbors, str):
            return float(self.n_neighbors)
        near = distance < self._spread[observed].mean()
        return float(self._sources.weight[near | (distance == distance.min())].sum())

    def _by_ratio(
        self, mean: Array, weight: Array, result: Array, observed: NDArray[np.intp]
    ) -> Array:
        """Return TailoredBench's calibrated estimate, between the smallest and largest score."""
        near = np.flatnonzero(weight)
        apart = differences_between_items(self._filled[near], observed, weight[near])
        nearest = observed[apart.argmin(axis=1)]
        ratio = (result[nearest] + _OFFSET) / (mean[nearest] + _OFFSET)
        return np.asarray(np.clip((mean + _OFFSET) * ratio - _OFFSET, 0, 1))


def _largest(distance: Array) -> float:
    return float(distance[np.isfinite(distance)].max())


def _shares(distance: Array, weight: Array, n_neighbors: float) -> Array:
    """Return how much of each model is among the nearest `n_neighbors`, for each item.

    Parameters
    ----------
    distance : ndarray of shape (n_models,)
        Finite.
    weight : ndarray of shape (n_models, n_items) or (n_models, 1)
        Zero where a model has no result; every item has some.
    n_neighbors : float
        Sum of the weights to take. Models of the same distance are taken in part, all alike,
        where they are too many.

    Returns
    -------
    shares : ndarray of the shape of `weight`
        At most `weight`.
    """
    _, level = np.unique(distance, return_inverse=True)
    mass = np.zeros((level.max() + 1, weight.shape[1]))
    np.add.at(mass, level, weight)
    before = np.cumsum(mass, axis=0) - mass
    taken = np.divide(n_neighbors - before, mass, out=np.zeros_like(mass), where=mass > 0)
    return np.asarray(weight * np.clip(taken, 0, 1)[level])
