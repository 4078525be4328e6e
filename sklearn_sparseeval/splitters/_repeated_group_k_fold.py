"""Folds of whole families, partitioned anew in each repeat."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_sparseeval._sklearn import Interval, check_parameters
from sklearn_sparseeval.splitters._families import check_families
from sklearn_sparseeval.splitters._model_splitter import Masks, ModelSplitter

_LOWEST_FACTOR = 0.5  # on the size of a family in the order of the families


class RepeatedGroupKFold(ModelSplitter):
    """Cross-validate over families in folds of like numbers of models, several times.

    Each repeat deals the families to the folds anew at random; within a repeat every model is a
    target once. :class:`~sklearn.model_selection.GroupKFold` balances the number of models but
    knows one partition only, or with ``shuffle=True`` draws partitions but balances the number of
    *families*, so that on a leaderboard one of five folds may hold two fifths of the models.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2 and at most the number of families.
    n_repeats : int, default=10
        Number of partitions.
    random_state : int, RandomState instance or None, default=None
        Determines the partitions. Pass an int for the same splits at each call. The partitions
        depend on the labels of the families and their sizes, not on the order of the models.

    See Also
    --------
    FamilyShuffleSplit : A random share of the models, in whole families.
    group_similar_models : Families for a panel whose families are not known.
    sklearn.model_selection.GroupKFold : One partition.

    Notes
    -----
    The families come one by one, and each goes to the fold with the fewest models so far (the
    first of equals). Large families tend to come first, so that small ones can fill the gaps: the
    order is that of the sizes, descending, each multiplied by a random factor between 1/2 and 1.
    A strict order by size would be hardly better balanced, but put the same large families
    together in every repeat. Two folds never differ by more models than the largest family has,
    and none is empty. A family larger than a fold ought to be makes a large fold whatever is
    done: see the sizes with ``numpy.unique(families, return_counts=True)``.

    The splits come repeat by repeat: ``numpy.reshape(scores, (n_repeats, n_splits))`` has the folds
    of a partition in a row.

    `split` takes the families as `groups`; under metadata routing it requests them by itself.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> from sklearn_sparseeval.splitters import RepeatedGroupKFold
    >>> arc = load_open_llm(task="arc_challenge")
    >>> cv = RepeatedGroupKFold(n_splits=4, n_repeats=3, random_state=0)
    >>> splits = cv.split(arc.data, groups=arc.families)
    >>> np.reshape([len(targets) for _, targets in splits], (3, 4))
    array([[55, 55, 54, 54],
           [55, 55, 54, 54],
           [55, 55, 54, 54]])
    """

    __metadata_request__split = {"groups": True}

    @check_parameters(
        n_splits=[Interval(Integral, 2, None, closed="left")],
        n_repeats=[Interval(Integral, 1, None, closed="left")],
        random_state=["random_state"],
    )
    def __init__(
        self,
        n_splits: int = 5,
        *,
        n_repeats: int = 10,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_splits = n_splits
        self.n_repeats = n_repeats
        self.random_state = random_state

    def _count_splits(self) -> int:
        return int(self.n_splits) * self.n_repeats

    def _iter_masks(self, X: Any, y: Any, groups: Any) -> Masks:
        family = check_families(
            groups, "RepeatedGroupKFold", self.n_splits, f"n_splits={self.n_splits}"
        )
        sizes = np.bincount(family)
        rng = check_random_state(self.random_state)
        for _ in range(self.n_repeats):
            fold = self._deal(sizes, rng)[family]
            for number in range(self.n_splits):
                yield fold != number, fold == number

    def _deal(self, sizes: NDArray[np.intp], rng: np.random.RandomState) -> NDArray[np.intp]:
        """Give each family, large ones early, to the fold that has the fewest models so far."""
        fold = np.empty(len(sizes), dtype=np.intp)
        n_models = np.zeros(self.n_splits, dtype=np.intp)
        blurred = sizes * rng.uniform(_LOWEST_FACTOR, 1, size=len(sizes))
        for family in np.argsort(-blurred):
            fold[family] = n_models.argmin()
            n_models[fold[family]] += sizes[family]
        return fold
