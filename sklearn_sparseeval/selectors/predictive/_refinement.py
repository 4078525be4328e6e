"""The record of a refinement, and the swaps it weighs against each other."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class RefinementStep(NamedTuple):
    """One step of the refinement of :class:`~sklearn_sparseeval.SparseEvalSelector`.

    Parameters
    ----------
    anchors : ndarray of shape (n_anchors,)
        The anchors before the swap.
    removed : int
        The anchor given up.
    added : int
        The item taken instead.
    anchor_importance : ndarray of shape (n_anchors,)
        AIS of each of `anchors`.
    candidate_importance : ndarray of shape (n_items,)
        CIS of each item; -inf for items that cannot be taken.
    proxy_loss : float
        Weighted mean squared error of the proxy on the source models, before the swap.
    validation_error : float
        Leave-one-out error after the swap, on the scale of the proxy's target; NaN with
        ``keep="last"``.
    kept : bool
        Whether the swap stood.
    """

    anchors: NDArray[np.intp]
    removed: int
    added: int
    anchor_importance: Array
    candidate_importance: Array
    proxy_loss: float
    validation_error: float
    kept: bool


class Swap(NamedTuple):
    """An anchor to give up, by its position among the anchors, and an item to take instead."""

    position: int
    item: int

    def apply(self, anchors: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the anchors after the swap, the item in its predecessor's place.

        Parameters
        ----------
        anchors : ndarray of shape (n_anchors,)
            The anchors before.

        Returns
        -------
        swapped : ndarray of shape (n_anchors,)
            A new array.
        """
        swapped = anchors.copy()
        swapped[self.position] = self.item
        return swapped


def shortlist(
    anchor_importance: Array,
    candidate_importance: Array,
    refused: set[int],
    n_out: int,
    n_in: int,
) -> list[Swap]:
    """List the swaps between the weakest anchors and the strongest items, best scores first.

    Parameters
    ----------
    anchor_importance : ndarray of shape (n_anchors,)
        Low = give it up.
    candidate_importance : ndarray of shape (n_items,)
        High = take it; -inf = cannot be taken.
    refused : set of int
        Positions of anchors that are not to be given up.
    n_out : int
        Largest number of anchors.
    n_in : int
        Largest number of items.

    Returns
    -------
    swaps : list of Swap
        At most ``n_out * n_in``.
    """
    by_weakness = np.argsort(anchor_importance, kind="stable")
    weakest = [int(position) for position in by_weakness if position not in refused][:n_out]
    strongest = np.argsort(-candidate_importance, kind="stable")[:n_in]
    takeable = [int(item) for item in strongest if np.isfinite(candidate_importance[item])]
    return [Swap(position, item) for position in weakest for item in takeable]
