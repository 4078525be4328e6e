"""Which anchor stands for which items, and how many they are."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class Representation(NamedTuple):
    """Anchors and what they stand for."""

    anchors: Indices  # (n_anchors,), columns of the score matrix
    weights: Array  # (n_anchors,), share of the items each stands for
    labels: Indices  # (n_items,), number of each column's anchor, -1 for columns left out

    def by_falling_weight(self) -> Self:
        """Put the anchors of most weight first; of equal ones, those listed first.

        Returns
        -------
        representation : Representation
            The same in another order.
        """
        order = np.lexsort((self.anchors, -self.weights))
        number = np.append(np.argsort(order), -1)  # the last is what label -1 becomes
        return type(self)(self.anchors[order], self.weights[order], number[self.labels])


def nearest_anchor(distance: Array, anchors: Indices) -> Indices:
    """Assign each item to the anchor nearest to it.

    Parameters
    ----------
    distance : ndarray of shape (n_anchors, n_items)
        Distances of the anchors to all items, in which ties are exact.
    anchors : ndarray of shape (n_anchors,)
        Positions of the anchors.

    Returns
    -------
    labels : ndarray of shape (n_items,)
        Number of each item's anchor. An anchor is its own, whatever else is as near; the other
        items that several anchors are equally near to are dealt out among them in turn.
    """
    tied = (distance == distance.min(axis=0)).T
    labels: Indices = tied.argmax(axis=1)
    several = tied.sum(axis=1) > 1
    several[anchors] = False
    rows = np.flatnonzero(several)
    patterns, pattern = np.unique(tied[rows], axis=0, return_inverse=True)
    for number, choices in enumerate(patterns):
        group = rows[pattern.ravel() == number]
        numbers = np.flatnonzero(choices)
        labels[group] = numbers[np.arange(len(group)) % len(numbers)]
    labels[anchors] = np.arange(len(anchors))
    return labels


def fill_by_share(labels: Indices, chosen: Indices, n_anchors: int) -> Indices:
    """Add copies of the chosen items, once every item is a copy of one.

    Each addition goes where an anchor stands for most items, by Sainte-Laguë's rule, so that a
    prefix is in proportion too.

    Parameters
    ----------
    labels : ndarray of shape (n_items,)
        Which of the chosen items each item is a copy of.
    chosen : ndarray of shape (n_chosen,)
        Positions of items that differ from each other.
    n_anchors : int
        How many to choose in all, at most `n_items`.

    Returns
    -------
    anchors : ndarray of shape (n_anchors,)
        The chosen items, then copies of them.
    """
    copied = np.isin(np.arange(len(labels)), chosen, invert=True)
    order = np.lexsort((copied, labels))  # by label, the chosen item first
    sizes = np.bincount(labels)
    rank = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    claim = sizes[labels[order]] / (2 * rank + 1)
    copies = order[rank > 0]
    copies = copies[np.lexsort((copies, -claim[rank > 0]))]
    return np.concatenate([chosen, copies])[:n_anchors]


def representation(
    n_items: int,
    items: Indices,
    anchors: Indices,
    labels: Indices,
    item_weights: Array | None = None,
) -> Representation:
    """Go from positions among the items that may be chosen to columns of the score matrix.

    Parameters
    ----------
    n_items : int
        Number of columns.
    items : ndarray of shape (n_candidates,)
        Columns of the items that may be chosen.
    anchors : ndarray of shape (n_anchors,)
        Positions of the chosen ones.
    labels : ndarray of shape (n_candidates,)
        Number of the anchor that stands for each.
    item_weights : ndarray of shape (n_candidates,), default=None
        Positive weight of each; by default all are equal.

    Returns
    -------
    representation : Representation
        In terms of columns.
    """
    total = np.bincount(labels, weights=item_weights, minlength=len(anchors))
    all_labels = np.full(n_items, -1, dtype=np.intp)
    all_labels[items] = labels
    return Representation(items[anchors], total / total.sum(), all_labels)
