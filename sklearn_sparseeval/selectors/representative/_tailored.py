"""Anchors in two stages: probes for all targets, then items of each target's own."""

from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.utils.validation import check_is_fitted

from sklearn_sparseeval._inputs import column_names
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._sklearn import Interval, StrOptions
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.partial_rows import results_in_columns, rows_of_anything
from sklearn_sparseeval.numerics.row_identity import distinct_models
from sklearn_sparseeval.numerics.score_scale import centred
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.selectors.representative._medoids import (
    manhattan_distances,
    swap_medoids,
    with_more_medoids,
)
from sklearn_sparseeval.selectors.representative._represented_items import nearest_anchor

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

_N_PROBES = 10
# All distances between items are formed for each target: 32 MiB for so many.
_MOST_ITEMS = 2048
_DECIMALS = 12  # distances that differ by less, differ by rounding


class _Sources(NamedTuple):
    """The source models as targets are compared with them."""

    scores: Array  # (n_sources, n_pool), standardised
    weight: Array  # (n_sources,)
    mean: Array  # (n_pool,), what standardised the items
    spread: Array  # (n_pool,)


class TailoredSelector(AnchorSelector):
    """Choose a few probes for all target models, and further anchors for each on its own.

    TailoredBench's two stages. Every target is run on the same probes first. What it does on them
    says which source models it is like, and the rest of its anchors are the items that represent
    the benchmark best in the eyes of those: ask :meth:`anchors_for`. As an ordinary selector it
    chooses the probes and the items that represent the benchmark to all source models.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items a target is run on, the probes among them. An int is the number itself; a
        float between 0 and 1 is a share of all items, rounded, at least one item.
    n_probes : int or "auto", default="auto"
        How many of the anchors are probes, at most `n_anchors`. "auto" is 10, as in the paper, but
        no more than half the anchors, rounded up.
    n_neighbors : int or "auto", default="auto"
        How many source models, the nearest on the probes, choose a target's anchors. "auto" is the
        mean number of source models that are nearer to a source model than two of them are to
        each other on average.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the anchors of a target of which nothing is known, in order of choice:
        the probes, then the items that represent the benchmark to all source models. Nested, for
        the same probes.
    anchor_weights_ : ndarray of shape (n_anchors,)
        Share of the items that lie nearest to each of `anchors_`; they sum to 1.
    probes_ : ndarray of shape (n_probes,)
        Column indices of the probes, ``anchors_[:n_probes]``.
    n_neighbors_ : float
        Number of source models that choose a target's anchors; a model counts by its weight.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    AnchoredRegressor : Predicts from each target's own anchors, with a regressor that reads rows.
    NeighborImputer : The estimate of TailoredBench, with ``calibration="ratio"``.

    Notes
    -----
    Items are standardised over the source models. Their distance is the sum over models of the
    absolute difference of the standardised results; that of two models is the mean of it over the
    probes that the target has a result on. Probes are k-medoids: chosen greedily, then swapped
    for as long as that lowers the sum of distances of all items to the nearest of them. Further
    anchors are added greedily, the probes staying as they are. Nothing is random; of several items
    that are as good the first listed is taken. With more than 2,048 items, so many at equal steps
    of difficulty are considered.

    A missing result (NaN) in the history counts as the item's weighted mean. Items without any
    result are never chosen.

    It departs from the released code in these points. That scales the probes with the targets'
    results, and gives all targets the same number of source models, which depends on which targets
    are in the batch; here a target's anchors depend on its own results on the probes and on the
    source models alone. The probes are part of `n_anchors`, as they have to be run too, which
    the released code's budget leaves out.

    References
    ----------
    .. [1] "TailoredBench", ACL 2025, arXiv:2502.13576.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval import TailoredSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> sources, target = X[:-1], X[-1:]
    >>> selector = TailoredSelector(n_anchors=30).fit(sources)
    >>> rows = np.full(target.shape, np.nan)
    >>> rows[:, selector.probes_] = target[:, selector.probes_]  # run the target on the probes
    >>> anchors = selector.anchors_for(rows)  # then on the rest of its anchors
    >>> anchors.shape
    (1, 30)
    >>> bool((anchors[0, :10] == selector.probes_).all())
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "n_probes": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "n_neighbors": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    }

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        n_probes: int | str = "auto",
        n_neighbors: int | str = "auto",
        missing_anchors: str = "raise",
    ) -> None:
        self.n_anchors = n_anchors
        self.n_probes = n_probes
        self.n_neighbors = n_neighbors
        self.missing_anchors = missing_anchors

    def _choose_anchors(self, X: Array, y: Array, sample_weight: Array, n_anchors: int) -> Indices:
        n_probes = self._n_probes(n_anchors)
        evaluated = np.flatnonzero(~np.isnan(X).all(axis=0))
        # The scores of a benchmark are not looked at.
        rows = distinct_models(X[:, evaluated], np.zeros((len(X), 1)), sample_weight)
        considered = _spread_out(rows.weight @ rows.X, max(_MOST_ITEMS, n_anchors))
        self._pool: Indices = evaluated[considered]
        self._sources = _standardised(rows.X[:, considered], rows.weight)
        distances = manhattan_distances(self._sources.scores, self._sources.weight)
        with one_thread():  # nearly equal distances must not depend on the machine
            probes = with_more_medoids(distances, np.arange(0), n_probes)
            self._probes: Indices = swap_medoids(distances.astype(np.float32), probes)
            medoids = with_more_medoids(distances, self._probes, n_anchors)
        self.n_neighbors_ = self._n_neighbors()
        labels = nearest_anchor(distances[medoids], medoids)
        self.anchor_weights_: Array = np.bincount(labels, minlength=n_anchors) / len(labels)
        self.probes_: Indices = self._pool[self._probes]
        return np.asarray(self._pool[medoids])

    def anchors_for(self, X: Any) -> Indices:
        """Return the anchors of each target, from its results on the probes.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_targets, n_items) or (n_targets, n_probes)
            Full-width rows, of which only the probes are read and the rest may hold anything; or
            the results on the probes, laid out in the order of the items, ``np.sort(probes_)``.
            NaN = not evaluated.

        Returns
        -------
        anchors : ndarray of shape (n_targets, n_anchors)
            Column indices, in each row those of a target in order of choice: the probes, then its
            own. They depend on no other row. A target without a result on any probe gets
            `anchors_`.

        Raises
        ------
        ValueError
            If `X` has another number of columns, or they have other names.
        """
        check_is_fitted(self)
        rank = np.argsort(np.argsort(self.probes_))
        results = self._results_on_probes(X)[:, rank]
        sources = self._sources
        probed = sources.scores[:, self._probes]
        targets = (results - sources.mean[self._probes]) / sources.spread[self._probes]
        found: dict[bytes, Indices] = {}
        anchors = []
        for target in targets:
            have = ~np.isnan(target)
            if not have.any():
                anchors.append(self.anchors_)
                continue
            natives = self._nearest(np.abs(probed[:, have] - target[have]).mean(axis=1))
            key = natives.tobytes()
            if key not in found:
                distances = manhattan_distances(sources.scores[natives], sources.weight[natives])
                found[key] = with_more_medoids(distances, self._probes, len(self.anchors_))
            anchors.append(self._pool[found[key]])
        return np.stack(anchors)

    def _n_probes(self, n_anchors: int) -> int:
        if isinstance(self.n_probes, str):
            return min(_N_PROBES, -(-n_anchors // 2))
        if self.n_probes > n_anchors:
            raise ValueError(
                f"n_probes={self.n_probes} is more than n_anchors={n_anchors}, which the probes "
                "are part of. Choose fewer probes, or more anchors."
            )
        return int(self.n_probes)

    def _n_neighbors(self) -> float:
        if not isinstance(self.n_neighbors, str):
            return float(self.n_neighbors)
        probed = self._sources.scores[:, self._probes]
        distance = np.round(cdist(probed, probed, "cityblock") / probed.shape[1], _DECIMALS)
        weight, share = self._sources.weight, self._sources.weight / self._sources.weight.sum()
        near = distance < share @ distance @ share
        return float(share @ (near @ weight))

    def _nearest(self, distance: Array) -> Indices:
        """Return the nearest source models that weigh `n_neighbors_`, and those just as near."""
        distance = np.round(distance, _DECIMALS)
        order = np.argsort(distance, kind="stable")
        mass = np.cumsum(self._sources.weight[order])
        last = min(int(np.searchsorted(mass, (1 - 1e-9) * self.n_neighbors_)), len(order) - 1)
        return np.flatnonzero(distance <= distance[order[last]])

    def _results_on_probes(self, X: Any) -> Array:
        """Return the results on the probes in the order of the items."""
        rows = rows_of_anything(X)
        items = np.sort(self.probes_)
        n_columns = rows.shape[1]
        if n_columns == self.n_features_in_:
            expected, place = np.arange(n_columns), items
        elif n_columns == len(items):
            expected, place = items, np.arange(n_columns)
        else:
            raise ValueError(
                f"X has {n_columns} columns. Give rows of all {self.n_features_in_} items, or the "
                f"results on the {len(items)} probes, in the order of the items."
            )
        names = column_names(self)
        columns = getattr(rows, "columns", None)
        if names is not None and columns is not None and list(columns) != list(names[expected]):
            raise ValueError(
                f"The columns of X are {listing(columns)}, but those expected are "
                f"{listing(names[expected])}. Give the items, or the probes, in item order."
            )
        return results_in_columns(rows, place)

    def __sklearn_tags__(self) -> Any:
        """Tell AnchoredRegressor that each model has anchors of its own."""
        return AnchorTags(anchors_for_each_model=True).added_to(super().__sklearn_tags__())


def _spread_out(difficulty: Array, n_most: int) -> Indices:
    """Return rising positions: all, or so many at equal steps of difficulty."""
    if len(difficulty) <= n_most:
        return np.arange(len(difficulty))
    order = np.argsort(np.round(difficulty / np.abs(difficulty).max(), 10), kind="stable")
    steps = np.linspace(0, len(order) - 1, n_most).round().astype(np.intp)
    return np.sort(order[steps])


def _standardised(scores: Array, weight: Array) -> _Sources:
    """Centre the items and scale them to a standard deviation of 1; constant ones become zero."""
    deviation = centred(scores, weight)
    spread = np.sqrt(weight @ deviation**2 / weight.sum())
    spread[spread == 0] = 1
    return _Sources(deviation / spread, weight, weight @ scores / weight.sum(), spread)
