"""Near-duplicates found by their results, joined into groups."""

from collections.abc import Iterator
from itertools import accumulate, repeat
from math import ceil, comb
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.utils import check_array, check_consistent_length, gen_batches

from sklearn_sparseeval._sklearn import Interval, RealNotInt, check_parameters
from sklearn_sparseeval.splitters._families import encode_families

Array = NDArray[np.floating]
Rows = NDArray[np.intp]
Pairs = tuple[Rows, Rows]

_BLOCK_CELLS = 2**22  # 32 MiB of float64 for each temporary array
_BLOCK_ROWS = 1024
_ROUNDING = 1e-6  # a similarity that misses the threshold by no more, as in float32, reaches it
_CANCELLATION = 1e-9  # above the error of a mean fourth power that is a difference of larger ones
_FLOAT32_ITEMS = 2**22  # up to here float32 counts the results of a row exactly


class _Results(NamedTuple):
    """A score matrix, or some rows of it, in units of its range."""

    values: Array  # 0 where not evaluated
    evaluated: NDArray[np.bool_]
    two_valued: bool  # all values are 0 or 1


@check_parameters(
    X=["array-like"],
    threshold=[Interval(Real, 0, 1, closed="right")],
    groups=["array-like", None],
    min_overlap=[
        Interval(RealNotInt, 0, 1, closed="right"),
        Interval(Integral, 1, None, closed="left"),
    ],
)
def group_similar_models(
    X: ArrayLike,
    threshold: float = 0.98,
    *,
    groups: ArrayLike | None = None,
    min_overlap: float | int = 0.5,
) -> NDArray[np.intp]:
    r"""Group the models whose results are nearly the same: fine-tunes, merges, copies.

    A copy of a target among the sources makes any method look good. Splits by organisation miss
    the copies that cross organisations, and many panels name no organisation. The groups found
    here are the `groups` of a split.

    Two models are similar where

    .. math::

        1 - \frac{1}{|I_{ab}| \, R} \sum_{i \in I_{ab}} |x_{ai} - x_{bi}| \ge \text{threshold}

    with :math:`I_{ab}` the items evaluated for both and :math:`R` the range of `X`, its largest
    less its smallest score. For right and wrong answers the left side is the share of items on
    which the two agree.

    Parameters
    ----------
    X : array-like of shape (n_models, n_items)
        Score matrix; NaN = not evaluated.
    threshold : float, default=0.98
        Smallest similarity that joins two models, in (0, 1], up to a rounding error of 1e-6. With
        1 only equal rows are joined. Read the Notes before lowering it.
    groups : array-like of shape (n_models,), default=None
        Families that are known: models of one family are joined whatever their results. By
        default none is known.
    min_overlap : float or int, default=0.5
        Fewest items that must be evaluated for both of two models to compare them: a float in
        (0, 1] is a share of all items, rounded up, an int a number of items. Models with less in
        common are not similar, as a few equal results are not evidence.

    Returns
    -------
    labels : ndarray of shape (n_models,)
        Group of each model, integers from 0 in order of first appearance. A model that is like no
        other is a group of its own.

    Raises
    ------
    ValueError
        If `X` holds infinite values, `min_overlap` is more than the number of items, or there is
        not one label per model in `groups`.

    See Also
    --------
    FamilyShuffleSplit : Hold out a share of the models in whole groups.
    RepeatedGroupKFold : Cross-validate over groups.

    Notes
    -----
    Groups are connected components: two models stand in one group if a chain of similar models,
    or of models of one family, leads from one to the other, however unlike they are themselves.

    Strong models on an easy benchmark agree without being related. Two independent models of
    accuracies p and q, on items of equal difficulty, agree on a share p q + (1 - p)(1 - q):
    two of 50 % on 50 %, two of 95 % on 90.5 %, two of 99 % on 98 %; where easy items are
    easy for all, on more. So read the threshold against the accuracies, and look at the groups:
    a large one of the strongest models, of many organisations, says that it is too low. On
    ``load_helm_lite(task="commonsense")`` the largest group has 2 models at 0.98, but 17 from 7
    organisations at 0.95, and 44 of the 83 models at 0.9. Chance also reaches further where
    there are few items. The reverse holds too: a model that was fine-tuned further is soon below
    0.98, so names that tell of an origin are worth giving as `groups`.

    Rows are compared in blocks by matrix products, so memory stays in proportion to `X`. For
    two-valued scores these count the items on which rows differ. For other scores they give the
    sums of the squares and of the fourth powers of the differences, hence by Hölder's inequality
    a lower bound on the sum of the absolute ones; pairs that it does not rule out are compared
    item by item.

    Examples
    --------
    >>> from sklearn_sparseeval.splitters import group_similar_models
    >>> X = [[1, 0, 1, 1], [0, 0, 1, 0], [1, 0, 1, 1], [1, 1, 0, 1]]
    >>> group_similar_models(X)
    array([0, 1, 0, 2])
    >>> group_similar_models(X, groups=["a", "b", "c", "b"])
    array([0, 1, 0, 1])

    Two rows of HELM Lite are equal, though the models are from two companies:

    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> mmlu = load_helm_lite(task="mmlu")
    >>> labels = group_similar_models(mmlu.data, threshold=1)
    >>> print(len(labels), len(set(labels)))
    83 82
    """
    scores: Array = check_array(X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan")
    labels = np.arange(len(scores))
    if groups is not None:
        check_consistent_length(scores, groups)
        labels = encode_families(groups)
    n_common = _resolve_min_overlap(min_overlap, scores.shape[1])
    results = _prepare(scores)
    largest_gap = 1 - threshold + _ROUNDING
    for first, second in _near_pairs(results, largest_gap, n_common):
        if results.two_valued:
            labels = _join(labels, first, second)
        else:
            labels = _join_similar(labels, first, second, results, largest_gap)
    return _by_first_appearance(labels)


def _resolve_min_overlap(min_overlap: float | int, n_items: int) -> int:
    if isinstance(min_overlap, int | np.integer):
        if min_overlap > n_items:
            raise ValueError(
                f"min_overlap={min_overlap} is more than there are items ({n_items}), so no two "
                "models could be compared. Lower it, or give a share between 0 and 1."
            )
        return int(min_overlap)
    return max(1, ceil(min_overlap * n_items - 1e-9))  # 0.07 * 100 is a little more than 7


def _prepare(scores: Array) -> _Results:
    evaluated = ~np.isnan(scores)
    low = scores.min(where=evaluated, initial=np.inf)
    high = scores.max(where=evaluated, initial=-np.inf)
    two_valued = bool(((scores == low) | (scores == high) | ~evaluated).all())
    if two_valued:
        exact = np.float32 if scores.shape[1] <= _FLOAT32_ITEMS else np.float64
        return _Results((scores == high).astype(exact), evaluated, two_valued)
    scaled = (scores.astype(np.float64) - low) / (high - low)
    return _Results(np.where(evaluated, scaled, 0), evaluated, two_valued)


def _near_pairs(results: _Results, largest_gap: float, n_common: int) -> Iterator[Pairs]:
    """Yield, block by block, the pairs of rows that matrix products do not tell apart."""
    n_models, n_items = results.values.shape
    n_rows = min(max(1, _BLOCK_CELLS // n_items), _BLOCK_ROWS)
    blocks = list(gen_batches(n_models, n_rows))
    for number, rows in enumerate(blocks):
        one = _powers(results, rows)
        for others in blocks[number:]:
            other = one if others is rows else _powers(results, others)
            overlap = _sum_of_powers(one, other, 0)
            near = _may_be_similar(one, other, overlap, largest_gap) & (overlap >= n_common)
            first, second = np.nonzero(near)
            first, second = first + rows.start, second + others.start
            once = first < second
            yield first[once], second[once]


def _powers(results: _Results, rows: slice) -> list[Array]:
    """Return the powers of the values from the zeroth, which is 1 where evaluated, else 0."""
    values, highest = results.values[rows], 2 if results.two_valued else 4
    evaluated = results.evaluated[rows].astype(values.dtype)
    return list(accumulate(repeat(values, highest), np.multiply, initial=evaluated))


def _sum_of_powers(one: list[Array], other: list[Array], exponent: int) -> Array:
    """Sum a power of the differences of any two rows, by the binomial theorem."""
    complete = bool(one[0].all() and other[0].all())
    total = np.zeros((len(one[0]), len(other[0])))
    for k in range(exponent + 1):
        left, right = one[exponent - k], other[k]
        if complete and k == 0:  # the product with ones is a sum
            product = left.sum(axis=1, keepdims=True)
        elif complete and k == exponent:
            product = right.sum(axis=1)
        else:
            product = left @ right.T
        total += (-1) ** k * comb(exponent, k) * product
    return total


def _may_be_similar(
    one: list[Array], other: list[Array], overlap: Array, largest_gap: float
) -> NDArray[np.bool_]:
    """Compare the sum of the absolute differences, or a lower bound on it, with what is allowed."""
    allowed = largest_gap * overlap
    squares = _sum_of_powers(one, other, 2)
    if len(one) == 3:  # 0 or 1: the squares are the absolute differences
        near: NDArray[np.bool_] = squares <= allowed
        return near
    fourth_powers = _sum_of_powers(one, other, 4) + _CANCELLATION * overlap
    near = squares**3 <= allowed**2 * fourth_powers
    return near


def _join_similar(
    labels: Rows, first: Rows, second: Rows, results: _Results, largest_gap: float
) -> Rows:
    """Join those pairs that are similar item by item and not yet in one group."""
    for chunk in gen_batches(len(first), max(1, _BLOCK_CELLS // results.values.shape[1])):
        one, other = first[chunk], second[chunk]
        apart = labels[one] != labels[other]
        one, other = one[apart], other[apart]
        shared = results.evaluated[one] & results.evaluated[other]
        gaps = np.abs(results.values[one] - results.values[other])
        similar = gaps.sum(axis=1, where=shared) <= largest_gap * shared.sum(axis=1)
        labels = _join(labels, one[similar], other[similar])
    return labels


def _join(labels: Rows, first: Rows, second: Rows) -> Rows:
    """Make one group of any two groups that a pair of rows connects."""
    n_groups = int(labels.max()) + 1
    edges = (np.ones(len(first)), (labels[first], labels[second]))
    graph = coo_array(edges, shape=(n_groups, n_groups))
    joined: Rows = connected_components(graph, directed=False)[1][labels]
    return joined


def _by_first_appearance(labels: Rows) -> Rows:
    _, first, group = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[group]
