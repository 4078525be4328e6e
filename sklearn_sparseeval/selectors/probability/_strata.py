"""Strata of similar items, anchors per group, and one random item from each stratum."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

_SLACK = 1e-6  # relative: what is nearer counts as a tie
_GRID = 1e-8  # relative: projections are rounded to it before they order items


def principal_strata(features: Array, n_strata: int, tie_keys: Array) -> list[Indices]:
    """Split items into strata of nearly equal size, alike inside.

    The items are ordered along the direction in which their features vary most and cut in two,
    in proportion to the number of strata each side is to hold; then each side in the same way,
    along a direction of its own. Sizes differ by one item at most.

    Parameters
    ----------
    features : ndarray of shape (n_items, n_features)
        Features, in units that make the columns comparable.
    n_strata : int
        How many strata, at most `n_items`.
    tie_keys : ndarray of shape (n_items,)
        Numbers that order the items whose features are equal but for rounding.

    Returns
    -------
    strata : list of ndarray
        Indices of each stratum's items, rising. Neighbours in the list are alike.
    """
    strata: list[Indices] = []
    waiting = [(np.arange(len(features)), n_strata)]
    while waiting:
        items, n_parts = waiting.pop()
        if n_parts == 1:
            strata.append(np.sort(items))
            continue
        order = items[np.lexsort((tie_keys[items], _projection(features[items])))]
        n_left = n_parts // 2
        cut = round(len(items) * n_left / n_parts)
        waiting += [(order[cut:], n_parts - n_left), (order[:cut], n_left)]
    return strata


def _projection(features: Array) -> Array:
    """Project on the leading principal direction, in steps that rounding does not reach."""
    local = features - features.mean(axis=0)
    position = local @ _leading_direction(local)
    step = _GRID * max(np.abs(position).max(), _SLACK * np.abs(features).max())
    return np.asarray(np.round(position / step)) if step > 0 else position


def _leading_direction(local: Array) -> Array:
    """Return the first principal direction, the same however ties and signs are computed.

    Where several directions are as good, it is the one nearest to a coordinate axis. Its entry of
    largest magnitude is positive.
    """
    values, vectors = np.linalg.eigh(local.T @ local)
    leading = vectors[:, values >= values[-1] - _SLACK * abs(values[-1])]
    projector = leading @ leading.T
    nearness = np.diag(projector)
    axis = int((nearness >= (1 - _SLACK) * nearness.max()).argmax())
    return np.asarray(projector[axis] / np.sqrt(nearness[axis]))


def anchors_per_group(sizes: Indices, n_anchors: int, allocation: str) -> Indices:
    """Share the anchors out among groups of items, at least one each.

    Parameters
    ----------
    sizes : ndarray of shape (n_groups,)
        Number of items of each group, positive.
    n_anchors : int
        How many anchors in all: at least one per group, at most one per item.
    allocation : {"proportional", "equal"}
        In proportion to `sizes`, by the largest remainder; or the same number for each group,
        where small groups are full the rest to the others.

    Returns
    -------
    counts : ndarray of shape (n_groups,)
        Anchors of each group, no more than its items. Where a single anchor could go to several
        groups, larger groups come first, then those listed first.
    """
    return (_equal_counts if allocation == "equal" else _proportional_counts)(sizes, n_anchors)


def _proportional_counts(sizes: Indices, n_anchors: int) -> Indices:
    counts = np.ones_like(sizes)
    large = np.ones(len(sizes), dtype=bool)
    while True:  # groups entitled to less than one anchor get one; the others share the rest
        n_left, n_items = n_anchors - int((~large).sum()), int(sizes[large].sum())
        small = large & (sizes * n_left < n_items)
        if not small.any():
            break
        large &= ~small
    whole, remainder = np.divmod(sizes[large] * n_left, n_items)
    order = np.lexsort((-sizes[large], -remainder))
    whole[order[: n_left - int(whole.sum())]] += 1
    counts[large] = whole
    return counts


def _equal_counts(sizes: Indices, n_anchors: int) -> Indices:
    counts = np.zeros_like(sizes)
    while n_left := n_anchors - int(counts.sum()):
        room = np.flatnonzero(counts < sizes)
        share = n_left // len(room)
        if share == 0:
            largest_first = room[np.argsort(-sizes[room], kind="stable")]
            counts[largest_first[:n_left]] += 1
            break
        counts[room] = np.minimum(sizes[room], counts[room] + share)
    return counts


def one_per_stratum(strata: list[Indices], rng: np.random.RandomState) -> Indices:
    """Draw one item from each stratum, each item with the same probability.

    Parameters
    ----------
    strata : list of ndarray
        Indices of each stratum's items.
    rng : RandomState
        Source of chance.

    Returns
    -------
    anchors : ndarray of shape (n_strata,)
        One index per stratum, in the order of the strata.
    """
    picks = rng.randint([len(items) for items in strata])
    return np.array([items[pick] for items, pick in zip(strata, picks, strict=True)], dtype=np.intp)
