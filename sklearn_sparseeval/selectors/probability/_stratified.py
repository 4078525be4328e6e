"""A probability sample of the items, one from each stratum of similar ones."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_random_state

from sklearn_sparseeval._sklearn import Interval, StrOptions
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.item_groups import item_groups
from sklearn_sparseeval.numerics.latent_items import latent_item_features
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.selectors.probability._strata import (
    anchors_per_group,
    one_per_stratum,
    principal_strata,
)

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class StratifiedSelector(AnchorSelector):
    """Draw one random anchor from each stratum of similar items.

    The items are cut into `n_anchors` strata of nearly equal size, alike in what the source models
    tell about them, and one item of each is drawn with equal chances. Weighted by the size of its
    stratum, the mean over the anchors is unbiased for any target model, however unlike the
    sources; the more the sources say about it, the smaller its variance.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    features : {"latent", "difficulty"} or array-like of shape (n_items,) or (n_items, n_columns), \
            default="latent"
        What makes items alike. "latent" is each item's difficulty (its mean score) and its
        loadings on the `n_components` main lines along which the source models differ, all in the
        units of the scores. "difficulty" is the mean score alone. Numbers are features of your
        own, without NaN; each column is scaled to a standard deviation of 1. Strings, booleans,
        objects or a categorical, one per item, are labels of groups, such as subjects: every
        group gets anchors of its own, and is cut further along the latent features.
    allocation : {"proportional", "equal"}, default="proportional"
        How many anchors each group of labels gets, at least one in either case. "proportional" to
        its number of items, by the largest remainder; "equal" gives the same number to each, as
        far as there are items, the rest to the larger groups. Without labels there is one group
        and this does not matter.
    n_components : int, default=3
        Number of loadings in the latent features; columns beyond the rank of the scores do no
        harm. Used with ``features="latent"`` and with labels.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.
    random_state : int, RandomState instance or None, default=None
        Seeds the draw, and the order of items whose features are equal.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items, in the order of the strata. Not nested: fewer anchors
        call for another fit.
    anchor_weights_ : ndarray of shape (n_anchors,)
        Share of the evaluated items that lie in each anchor's stratum; they sum to 1.
    strata_ : ndarray of shape (n_items,)
        Number of each item's stratum: ``strata_[anchors_[s]] == s``. Groups are numbered through
        in the order in which they first appear, and strata inside a group so that neighbours are
        alike. -1 for items without any result.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    RandomSelector : Draws from all items at once.

    Notes
    -----
    Strata come from cutting the items in two, again and again, across the direction in which the
    features of those at hand vary most [1]_. That the estimate is unbiased does not depend on the
    features, only on the draw [2]_: they may be wrong for a new kind of model and cost no more
    than some of the gain.

    A missing result (NaN) counts as the item's mean over the source models that have it. Items
    without any result are never chosen and not estimated: weights are shares of the others. A
    group of which no item has a result gets no anchors.

    References
    ----------
    .. [1] D. Boley, "Principal direction divisive partitioning", Data Mining and Knowledge
       Discovery 2, 325-344, 1998.
    .. [2] W. G. Cochran, "Sampling Techniques", 3rd edition, chapter 5, Wiley, 1977.

    Examples
    --------
    >>> from sklearn_sparseeval import StratifiedSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="gsm", return_X_y=True)
    >>> weak, strong = X[y < 0.5], X[y >= 0.7]
    >>> selector = StratifiedSelector(n_anchors=50, random_state=0).fit(weak)
    >>> estimate = strong[:, selector.anchors_] @ selector.anchor_weights_
    >>> bool(abs(estimate - y[y >= 0.7]).mean() < 0.05)
    True

    Subjects, each with its share of the anchors:

    >>> subjects = ["algebra"] * 700 + ["geometry"] * 300
    >>> selector = StratifiedSelector(n_anchors=20, features=subjects, random_state=0).fit(X)
    >>> int((selector.anchors_ < 700).sum())
    14
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "features": [StrOptions({"latent", "difficulty"}), "array-like"],
        "allocation": [StrOptions({"proportional", "equal"})],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    _score_dtypes = (np.float64, np.float32, np.uint8, np.int8, np.bool_)

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        features: str | ArrayLike = "latent",
        allocation: str = "proportional",
        n_components: int = 3,
        missing_anchors: str = "raise",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_anchors = n_anchors
        self.features = features
        self.allocation = allocation
        self.n_components = n_components
        self.missing_anchors = missing_anchors
        self.random_state = random_state

    def _choose_anchors(
        self, X: Array, y: Array, sample_weight: Array, n_anchors: int
    ) -> NDArray[np.intp]:
        rng = check_random_state(self.random_state)
        evaluated = np.flatnonzero(~np.isnan(X).all(axis=0))
        tie_keys = rng.random_sample(X.shape[1])
        with one_thread():  # a cut between near ties must not depend on the machine
            features, groups = self._describe(X, sample_weight, evaluated)
            counts = self._anchors_per_group(groups, n_anchors)
            strata = [
                group[items]
                for group, count in zip(groups, counts, strict=True)
                for items in principal_strata(features[group], int(count), tie_keys[group])
            ]
        self.strata_: Indices = np.full(X.shape[1], -1, dtype=np.intp)
        for number, items in enumerate(strata):
            self.strata_[items] = number
        self.anchor_weights_: Array = np.array([len(s) for s in strata]) / len(evaluated)
        return one_per_stratum(strata, rng)

    def _describe(
        self, X: Array, sample_weight: Array, evaluated: Indices
    ) -> tuple[Array, list[Indices]]:
        """Return the features of all items, and the evaluated items of each group."""
        if isinstance(self.features, str):
            n_components = self.n_components if self.features == "latent" else 0
            return latent_item_features(X, sample_weight, n_components), [evaluated]
        values = _as_array(self.features)
        if len(values) != X.shape[1]:
            raise ValueError(
                f"features has {len(values)} entries, but X has {X.shape[1]} items. Give one "
                "entry per item, in the order of the columns of X."
            )
        if values.dtype.kind not in "iuf" and values.ndim == 1:
            groups = _groups_of_equal_labels(values, evaluated)
            return latent_item_features(X, sample_weight, self.n_components), groups
        columns = check_array(values, ensure_2d=False, dtype=np.float64, input_name="features")
        return _standardised(columns.reshape(len(columns), -1), evaluated), [evaluated]

    def _anchors_per_group(self, groups: list[Indices], n_anchors: int) -> Indices:
        if len(groups) > n_anchors:
            raise ValueError(
                f"features has labels of {len(groups)} groups, but n_anchors={n_anchors} anchors "
                f"cannot give each group one. Choose at least {len(groups)} anchors, or merge "
                "groups."
            )
        sizes = np.array([len(group) for group in groups])
        return anchors_per_group(sizes, n_anchors, self.allocation)


def _as_array(features: Any) -> NDArray[Any]:
    """Return an array in which labels are objects, so that a missing one is not a string."""
    if isinstance(features, np.ndarray):
        return features
    categorical = str(getattr(features, "dtype", "")) == "category"  # of pandas; may hold numbers
    values = np.asarray(features, dtype=object if categorical else None)
    return np.asarray(features, dtype=object) if values.dtype.kind in "US" else values


def _groups_of_equal_labels(labels: NDArray[Any], evaluated: Indices) -> list[Indices]:
    """Return the evaluated items of each label, in the order of their first appearance."""
    groups = item_groups(labels, len(labels), parameter="features")
    groups = [np.intersect1d(items, evaluated) for items in groups]
    return sorted((items for items in groups if len(items)), key=lambda items: int(items[0]))


def _standardised(columns: Array, evaluated: Indices) -> Array:
    """Scale each column to mean 0 and standard deviation 1 over the evaluated items."""
    centred = columns - columns[evaluated].mean(axis=0)
    spread = centred[evaluated].std(axis=0)
    constant = spread <= 1e-12 * np.abs(columns[evaluated]).max(axis=0)
    return np.where(constant, 0.0, centred / np.where(constant, 1.0, spread))
