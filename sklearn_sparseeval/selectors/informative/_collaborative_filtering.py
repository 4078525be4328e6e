"""The items on which models differ most, as many of each task as it has items."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.item_groups import item_groups
from sklearn_sparseeval.numerics.missing import item_means
from sklearn_sparseeval.selectors.probability._strata import anchors_per_group

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

_GRID = 1e-9  # of the largest importance: smaller differences are rounding


class CollaborativeFilteringSelector(AnchorSelector):
    """Choose the items that tell the source models apart most.

    The importance of an item is the variance of the source models' results on it. Items that all
    of them pass, or all fail, have none and are chosen only if no other is left. It is the
    shared part of the first stage of collaborative filtering, that which does not depend on the
    target.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    groups : array-like of shape (n_items,) or None, default=None
        Labels of the task that each item belongs to. Every task gets anchors in proportion to its
        number of items, at least one. By default all items are one task.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items, by falling importance; of equal ones the first listed
        comes first. Nested without `groups`.
    importances_ : ndarray of shape (n_items,)
        Importance of each item, in squared units of the scores; NaN for items without results.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    CollaborativeFilteringImputer : Predicts the other items from the models that agree on these.
    StratifiedSelector : Also takes items that are hard or easy for all, as they count too.

    Notes
    -----
    For results of 0 and 1 the importance is ``p * (1 - p)``, p being the share of models that
    pass. A missing result (NaN) counts as the item's mean over the source models that have it, so
    an item that few were run on is less important. Items without any result are never chosen.

    Anchors that are all of medium difficulty are not a sample of the items: their mean does not
    estimate the benchmark score, and they say nothing about the hard items on which strong models
    differ. Use them with an imputer or a regression on models like the target.

    The paper's formula could not be obtained and there is no released code: that the importance
    is the variance over the early models, and that items which almost all of them pass or fail
    are excluded, is in its text and its reviews; the shares of the tasks and the order of equal
    items are ours. The rest of the first stage, in which each target is run on a few items more
    that are important among the models like it, needs two runs of the target and is left out.

    References
    ----------
    .. [1] "Efficient Evaluation of LLMs via Collaborative Filtering", arXiv:2504.08781 (stage 1).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval import CollaborativeFilteringSelector
    >>> X = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 0, 0]])
    >>> CollaborativeFilteringSelector(n_anchors=2).fit(X).anchors_
    array([2, 1])
    >>> labels = ["algebra", "algebra", "algebra", "geometry"]
    >>> CollaborativeFilteringSelector(n_anchors=2, groups=labels).fit(X).anchors_
    array([2, 3])
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "groups": ["array-like", None],
    }

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        groups: ArrayLike | None = None,
        missing_anchors: str = "raise",
    ) -> None:
        self.n_anchors = n_anchors
        self.groups = groups
        self.missing_anchors = missing_anchors

    def _choose_anchors(self, X: Array, y: Array, sample_weight: Array, n_anchors: int) -> Indices:
        self.importances_ = _variances(X.astype(np.float64), sample_weight.astype(np.float64))
        step = _GRID * np.nanmax(self.importances_)
        rounded = np.round(self.importances_ / step) if step > 0 else self.importances_
        ranking = np.argsort(-rounded, kind="stable")  # NaN last
        place = np.argsort(ranking)
        groups = self._evaluated_groups(X, n_anchors)
        sizes = np.array([len(items) for items in groups])
        counts = anchors_per_group(sizes, n_anchors, "proportional")
        chosen = [
            items[np.argsort(place[items])[:count]]
            for items, count in zip(groups, counts, strict=True)
        ]
        anchors = np.concatenate(chosen)
        return np.asarray(anchors[np.argsort(place[anchors])])

    def _evaluated_groups(self, X: Array, n_anchors: int) -> list[Indices]:
        """Return the items of each task that have a result; tasks without any are left out."""
        evaluated = np.asarray(~np.isnan(X).all(axis=0))
        labels = np.zeros(X.shape[1]) if self.groups is None else self.groups
        groups = [items[evaluated[items]] for items in item_groups(labels, X.shape[1])]
        groups = [items for items in groups if len(items)]
        if len(groups) > n_anchors:
            raise ValueError(
                f"groups has labels of {len(groups)} tasks with results, but n_anchors={n_anchors} "
                f"anchors cannot give each task one. Choose at least {len(groups)} anchors, or "
                "merge tasks."
            )
        return groups


def _variances(X: Array, weight: Array) -> Array:
    """Return each item's weighted variance; missing results deviate by nothing."""
    have = ~np.isnan(X)
    scores = np.where(have, X, 0)
    total = weight @ have
    evaluated = total > 0
    means = item_means(X, weight)
    # What is left of a constant item is rounding, which would pass for a difference.
    highest, lowest = np.where(have, X, -np.inf).max(axis=0), np.where(have, X, np.inf).min(axis=0)
    deviations = np.where(have & (highest > lowest), scores - means, 0)
    variances = weight @ deviations**2 / weight.sum()
    return np.where(evaluated, variances, np.nan)
