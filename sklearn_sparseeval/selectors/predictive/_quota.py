"""Strata of items with a quota of anchors each, so that chosen anchors represent all of them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval.numerics.item_groups import item_groups
from sklearn_sparseeval.numerics.latent_items import latent_item_features
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.selectors.probability._strata import anchors_per_group, principal_strata

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

_N_COMPONENTS = 2  # loadings that items of a latent stratum are alike in
_FEW_MODELS, _QUOTA = 100, 10


class Quota(NamedTuple):
    """How many anchors each stratum of the items gets."""

    labels: Indices  # (n_items,), -1 = not to be chosen
    counts: Indices  # (n_strata,)

    def full(self, anchors: list[int]) -> NDArray[np.bool_]:
        """Mark the items of the strata that have their anchors.

        Parameters
        ----------
        anchors : list of int
            Items chosen so far.

        Returns
        -------
        full : ndarray of bool of shape (n_items,)
            Items that may not be added.
        """
        labels = self.labels[anchors]
        taken = np.bincount(labels[labels >= 0], minlength=len(self.counts))
        return np.asarray((taken >= self.counts)[self.labels] & (self.labels >= 0))

    def weights(self, anchors: Indices) -> Array:
        """Return the share of the items that each anchor stands for; they sum to one.

        Parameters
        ----------
        anchors : ndarray of shape (n_anchors,)
            The items chosen.

        Returns
        -------
        weights : ndarray of shape (n_anchors,)
            Size of the anchor's stratum over its number of anchors.
        """
        own = self.labels[anchors]
        sizes = np.bincount(self.labels[self.labels >= 0], minlength=len(self.counts))
        weights = sizes[own] / np.bincount(own, minlength=len(self.counts))[own]
        return np.asarray(weights / weights.sum())


def latent_quota(
    X: NDArray[Any], sample_weight: Array, candidates: NDArray[np.bool_], n_anchors: int,
    quota: int | str,
) -> Quota:  # fmt: skip
    """Cut the items into strata alike in difficulty and in how the models differ on them.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores; NaN = not evaluated.
    sample_weight : ndarray of shape (n_models,)
        Positive weights.
    candidates : ndarray of bool of shape (n_items,)
        Items that may be chosen.
    n_anchors : int
        How many anchors in all.
    quota : int or "auto"
        About how many of each stratum. "auto" is one below 100 models, else ten.

    Returns
    -------
    quota : Quota
        Strata of nearly equal size.
    """
    if isinstance(quota, str):
        quota = 1 if max(len(X), sample_weight.sum()) < _FEW_MODELS else _QUOTA
    items = np.flatnonzero(candidates)
    with one_thread():  # a cut between near ties must not depend on the machine
        features = latent_item_features(X, sample_weight, _N_COMPONENTS)[items]
        order = np.arange(len(items), dtype=np.float64)
        strata = principal_strata(features, max(1, n_anchors // quota), order)
    return _of_strata([items[part] for part in strata], X.shape[1], n_anchors)


def labelled_quota(labels: ArrayLike, candidates: NDArray[np.bool_], n_anchors: int) -> Quota:
    """Give every group of items anchors in proportion to its size.

    Parameters
    ----------
    labels : array-like of shape (n_items,)
        Label of each item.
    candidates : ndarray of bool of shape (n_items,)
        Items that may be chosen; groups without any get no anchor.
    n_anchors : int
        How many anchors in all.

    Returns
    -------
    quota : Quota
        At least one anchor for each group.
    """
    groups = item_groups(labels, len(candidates), parameter="strata")
    strata = [group[candidates[group]] for group in groups if candidates[group].any()]
    if len(strata) > n_anchors:
        raise ValueError(
            f"strata has labels of {len(strata)} groups, but n_anchors={n_anchors} anchors cannot "
            f"give each group one. Choose at least {len(strata)} anchors, or merge groups."
        )
    return _of_strata(strata, len(candidates), n_anchors)


def _of_strata(strata: list[Indices], n_items: int, n_anchors: int) -> Quota:
    labels = np.full(n_items, -1, dtype=np.intp)
    for number, items in enumerate(strata):
        labels[items] = number
    sizes = np.array([len(items) for items in strata])
    return Quota(labels, anchors_per_group(sizes, n_anchors, "proportional"))
