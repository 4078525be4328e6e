"""Random anchors: what every other selector has to beat."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_sparseeval.base import AnchorSelector

Array = NDArray[np.floating]


class RandomSelector(AnchorSelector):
    """Choose anchors at random: a simple random sample of the items.

    The baseline for every other selector, and a good choice where the target models may be unlike
    the sources: the mean over the anchors is unbiased for any model. The source models' results
    play no part, but for which items have any.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor: "raise" a ValueError
        that names the items, unless the source models had missing results there too, or "keep"
        the NaN for an imputer behind the selector.
    random_state : int, RandomState instance or None, default=None
        Seeds the draw.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items, in the order drawn. Nested: for the same items and the
        same int as `random_state`, a prefix is the answer for fewer anchors.
    anchor_weights_ : ndarray of shape (n_anchors,)
        Weight of each anchor, 1 / n_anchors.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    StratifiedSelector : Just as unbiased, with less variance.

    Notes
    -----
    Items without any result (all NaN) are never chosen. The mean of a model's results on the
    anchors is an unbiased estimate of its mean over all the other items.

    Examples
    --------
    >>> from sklearn_sparseeval import RandomSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="gsm", return_X_y=True)
    >>> selector = RandomSelector(n_anchors=50, random_state=0).fit(X)
    >>> estimate = X[:, selector.anchors_] @ selector.anchor_weights_
    >>> bool(abs(estimate - y).mean() < 0.06)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnchorSelector._parameter_constraints,
        "random_state": ["random_state"],
    }

    _score_dtypes = (np.float64, np.float32, np.uint8, np.int8, np.bool_)

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        missing_anchors: str = "raise",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_anchors = n_anchors
        self.missing_anchors = missing_anchors
        self.random_state = random_state

    def _choose_anchors(
        self, X: Array, y: Array, sample_weight: Array, n_anchors: int
    ) -> NDArray[np.intp]:
        rng = check_random_state(self.random_state)
        candidates = np.flatnonzero(~np.isnan(X).all(axis=0))
        self.anchor_weights_: Array = np.full(n_anchors, 1 / n_anchors)
        # One permutation, whatever n_anchors is, makes the answers nested.
        return np.asarray(rng.permutation(candidates)[:n_anchors])
