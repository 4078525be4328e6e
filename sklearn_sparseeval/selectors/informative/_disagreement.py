"""The items on which the source models disagree most."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from sklearn_sparseeval._sklearn import Interval, StrOptions
from sklearn_sparseeval.base import AnchorSelector
from sklearn_sparseeval.numerics.score_scale import score_bounds

Array = NDArray[np.floating]

_BLOCK_CELLS = 2**22  # of float64 at a time, 32 MiB
# Of the largest disagreement: what differs by less, differs by rounding. Where even the largest
# is less than this, in units of the scores, there is no disagreement.
_TIED, _NOTHING = 1e-10, 1e-5
_ON_EDGE = 1e-9  # of the range: a score so near to the edge of a bin lies on it, and in the upper


class DisagreementSelector(AnchorSelector):
    """Choose the items on which the source models disagree most, as DISCO does.

    An item that every model passes or fails tells nothing about a new one; the items are ranked
    by how much the responses differ, and the first `n_anchors` are taken. There is no term for
    diversity: items that are copies of each other are all taken or none.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    measure : {"jensen-shannon", "entropy", "variance", "pds"}, default="jensen-shannon"
        How disagreement is measured. "jensen-shannon" takes a score as the probability of a right
        response: the entropy of the mean response less the mean entropy of the responses.
        "entropy" is that of the distribution of the responses over `n_bins` levels. "variance" is
        that of the scores. "pds", the predictive diversity score, is the sum over right and wrong
        of the largest probability that any model gives it, over two. On scores of 0 and 1, none of
        them missing, the first three rank alike, and "pds" cannot tell the items apart that are
        not unanimous.
    n_bins : int, default=10
        Number of levels of "entropy", 2 or more: graded scores are cut into so many bins of equal
        width, from the smallest score in the history to the largest. The other measures do not
        use it.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items, the greatest disagreement first. Nested: a prefix is
        the answer for fewer anchors.
    disagreement_ : ndarray of shape (n_items,)
        Disagreement on each item: entropies in bits, the variance in squared units of the
        scores. NaN for items without any result.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    SignatureRegressor : Predicts from the results on the anchors as DISCO does.
    SparseRidgeSelector : Chooses items that complement each other.

    Notes
    -----
    With weights ``w_m`` that sum to one and scores ``p_m`` of the models on an item, and ``h`` the
    entropy of a right or wrong response, "jensen-shannon" is ``h(sum w_m p_m) - sum w_m h(p_m)``,
    the mutual information between the model and its response. Scores that leave [0, 1] are
    mapped to it by their extremes.

    A missing result (NaN) counts as the item's mean response, so it adds no disagreement: entropy,
    divergence and variance are those of the models that have a result, times the share of models
    that do. Items without any result are never chosen.

    The benchmark scores `y` play no part. Items that are equally good are taken in the order of
    their variance, then of their columns.

    `sample_weight` says how much a model's response counts: with one over the number of models of
    its family, a family of near-copies has one voice.

    It departs from the released code in these points. DISCO needs each model's probabilities of
    all choices; a score is the probability of one outcome of two. Its predictive diversity score
    lacks the division by the number of outcomes, which is that of the paper here.

    The hardest and the easiest items are never chosen, so the mean over the anchors is far from
    the benchmark score, in particular for models stronger than every source: put a regressor
    behind it.

    References
    ----------
    .. [1] "DISCO", ICLR 2026, arXiv:2510.07959, propositions 1 to 3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval import DisagreementSelector
    >>> X = np.array([[1, 1, 0, 1], [1, 0, 0, 1], [1, 1, 0, 0], [1, 0, 0, 1]])
    >>> selector = DisagreementSelector(n_anchors=2).fit(X)
    >>> selector.anchors_
    array([1, 3])
    >>> selector.disagreement_.round(2)
    array([0.  , 1.  , 0.  , 0.81])
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "measure": [StrOptions({"jensen-shannon", "entropy", "variance", "pds"})],
        "n_bins": [Interval(Integral, 2, None, closed="left")],
    }

    _score_dtypes = (np.float64, np.float32, np.uint8, np.int8, np.bool_)

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        measure: str = "jensen-shannon",
        n_bins: int = 10,
        missing_anchors: str = "raise",
    ) -> None:
        self.n_anchors = n_anchors
        self.measure = measure
        self.n_bins = n_bins
        self.missing_anchors = missing_anchors

    def _choose_anchors(
        self, X: NDArray[Any], y: Array, sample_weight: Array, n_anchors: int
    ) -> NDArray[np.intp]:
        weight = sample_weight.astype(np.float64)
        low, high = float(np.nanmin(X)), float(np.nanmax(X))
        columns = [
            self._measured(X[:, block].astype(np.float64), weight, low, high)
            for block in _blocks(X)
        ]
        disagreement, variance = np.concatenate(columns, axis=1)
        self.disagreement_: Array = disagreement
        unit = max(high**2, low**2)
        keys = (
            _rounded(variance, unit),
            _rounded(disagreement, unit if self.measure == "variance" else 1.0),
        )
        order = np.lexsort(tuple(-key for key in keys))  # stable; NaN is last
        return np.asarray(order[:n_anchors])

    def _measured(self, scores: Array, weight: Array, low: float, high: float) -> Array:
        """Return disagreement and variance of some items, (2, n_items)."""
        have = ~np.isnan(scores)
        counts = weight[:, np.newaxis] * have
        total = counts.sum(axis=0)
        share = counts / np.where(total == 0, 1, total)
        smallest = np.where(have, scores, np.inf).min(axis=0)
        largest = np.where(have, scores, -np.inf).max(axis=0)
        # A missing result adds nothing; nor does the rounding of an item on which all agree.
        evaluated = np.where(smallest < largest, total / weight.sum(), 0)
        variance = _variance(np.where(have, scores, 0), share) * evaluated
        origin, top = score_bounds(np.array([low, high]))
        unit = (top - origin) or 1.0
        if self.measure == "variance":
            disagreement = variance
        elif self.measure == "entropy":
            disagreement = _entropy_of_levels(scores, share, low, high, self.n_bins) * evaluated
        elif self.measure == "pds":  # extremes, however few models have them
            disagreement = (1 + (largest - smallest) / unit) / 2
        else:
            p = np.where(have, (scores - origin) / unit, 0)
            disagreement = _divergence(p, share) * evaluated
        return np.where(total > 0, [disagreement, variance], np.nan)


def _blocks(X: NDArray[Any]) -> list[slice]:
    step = max(1, _BLOCK_CELLS // len(X))
    return [slice(start, start + step) for start in range(0, X.shape[1], step)]


def _variance(filled: Array, share: Array) -> Array:
    """Return the weighted variance of each item over the models that have a result."""
    mean = (share * filled).sum(axis=0)
    return np.asarray((share * (filled - mean) ** 2).sum(axis=0))


def _binary_entropy(p: Array) -> Array:
    """Return the entropy, in bits, of an outcome of probability `p`."""
    return np.asarray((entr(p) + entr(1 - p)) / np.log(2))


def _divergence(filled: Array, share: Array) -> Array:
    """Return the Jensen-Shannon divergence of the models' responses on each item."""
    mean = np.clip((share * filled).sum(axis=0), 0, 1)
    within = (share * _binary_entropy(filled)).sum(axis=0)
    return np.asarray(np.maximum(_binary_entropy(mean) - within, 0))


def _entropy_of_levels(scores: Array, share: Array, low: float, high: float, n_bins: int) -> Array:
    """Return the entropy, in bits, of the distribution of the responses over levels."""
    # NaN comes last, with a share of zero.
    edges = np.linspace(low, high, n_bins + 1)[1:-1]
    level = np.digitize(scores, edges - _ON_EDGE * (high - low))
    shares = [(share * (level == number)).sum(axis=0) for number in range(n_bins)]
    return np.asarray(entr(np.minimum(shares, 1)).sum(axis=0) / np.log(2))


def _rounded(values: Array, unit: float) -> Array:
    """Round, in steps that the rounding of sums in another order does not reach."""
    step = _TIED * max(float(np.nanmax(values)), _NOTHING * unit)
    return np.asarray(np.round(values / step)) if step > 0 else values
