"""Random families held out, a share of the models."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sklearn_sparseeval._sklearn import Interval, RealNotInt, check_parameters
from sklearn_sparseeval.splitters._families import check_families
from sklearn_sparseeval.splitters._model_splitter import Masks, ModelSplitter


class FamilyShuffleSplit(ModelSplitter):
    """Hold out whole families, drawn at random, until a share of the models is out.

    The targets are new to the sources: no target shares a family (an organisation, a base model)
    with a source. :class:`~sklearn.model_selection.GroupShuffleSplit` does that too, but draws a
    share of the *families*; where they differ in size, as on every leaderboard, a quarter of the
    families is now a tenth, now half of the models.

    Parameters
    ----------
    n_splits : int, default=10
        Number of splits.
    test_size : float or int, default=0.25
        How many models are to be targets: a float between 0 and 1 is a share of all models, an
        int their number. It is met as nearly as the families allow, see Notes.
    random_state : int, RandomState instance or None, default=None
        Determines the order of the families. Pass an int for the same splits at each call. The
        families drawn depend on their labels only, not on the order of the models.

    See Also
    --------
    RepeatedGroupKFold : Every model is a target equally often.
    group_similar_models : Families for a panel whose families are not known.
    sklearn.model_selection.GroupShuffleSplit : A share of the families.

    Notes
    -----
    The families come in random order, and the first few of them are the targets: as many as bring
    the number of target models nearest to the wanted one (the fewer, if two are equally near), at
    least one family and never all. So each family has the same chance to be the first one out,
    large ones included, and a family larger than the wanted number is held out as a whole where
    it comes first.

    `split` takes the families as `groups`; under metadata routing it requests them by itself.

    References
    ----------
    .. [1] F. Maia Polo et al. (2024). tinyBenchmarks: evaluating LLMs with fewer examples. ICML.
       arXiv:2402.14992. Holds out whole organisations on HELM.

    Examples
    --------
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> from sklearn_sparseeval.splitters import FamilyShuffleSplit
    >>> gsm = load_helm_lite(task="gsm")
    >>> split = FamilyShuffleSplit(n_splits=3, test_size=0.25, random_state=0)
    >>> for sources, targets in split.split(gsm.data, groups=gsm.families):
    ...     print(len(targets), *sorted(set(gsm.families[targets])))
    17 AlephAlpha databricks google microsoft snowflake
    20 microsoft mistralai openai
    20 mistralai openai writer
    """

    __metadata_request__split = {"groups": True}

    @check_parameters(
        n_splits=[Interval(Integral, 1, None, closed="left")],
        test_size=[
            Interval(RealNotInt, 0, 1, closed="neither"),
            Interval(Integral, 1, None, closed="left"),
        ],
        random_state=["random_state"],
    )
    def __init__(
        self,
        n_splits: int = 10,
        *,
        test_size: float | int = 0.25,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_splits = n_splits
        self.test_size = test_size
        self.random_state = random_state

    def _iter_masks(self, X: Any, y: Any, groups: Any) -> Masks:
        family = check_families(groups, "FamilyShuffleSplit", 2, "a split")
        n_wanted = self._resolve_test_size(len(family))
        sizes = np.bincount(family)
        rng = check_random_state(self.random_state)
        for _ in range(self.n_splits):
            order = rng.permutation(len(sizes))
            n_targets = np.cumsum(sizes[order])[:-1]  # of the first, the first two, ...
            n_families_out = np.abs(n_targets - n_wanted).argmin() + 1
            targets = np.isin(family, order[:n_families_out])
            yield ~targets, targets

    def _resolve_test_size(self, n_models: int) -> float:
        if self.test_size < 1:  # the constraints leave floats between 0 and 1, and ints
            return self.test_size * n_models
        if self.test_size >= n_models:
            raise ValueError(
                f"test_size={self.test_size} leaves none of the {n_models} models as a source. "
                "Hold out fewer models, or give a share between 0 and 1."
            )
        return self.test_size
