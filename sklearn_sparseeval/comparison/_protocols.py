"""How the models are split: by family, at random, by strength."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import ShuffleSplit

from sklearn_sparseeval.score_matrix import ScoreMatrix
from sklearn_sparseeval.splitters import FamilyShuffleSplit, StrengthSplit, group_similar_models
from sklearn_sparseeval.splitters._families import find_families

PROTOCOLS = ("family", "random", "strength")
_HELD_OUT = 0.25


class Protocol(NamedTuple):
    """Splits over models, and what they are in words: made by ``make_protocol``.

    Parameters
    ----------
    splits : list of (ndarray, ndarray)
        Rows of the source and of the target models.
    groups : ndarray of shape (n_models,)
        Family of each model, or a number for its near-identical ones where none are known.
    description : str
        For people.

    Examples
    --------
    See :func:`make_protocol`.
    """

    splits: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
    groups: Any
    description: str


def make_protocol(
    matrix: ScoreMatrix, kind: str = "family", *, n_splits: int = 20, random_state: int = 0
) -> Protocol:
    """Split the models of a matrix into source and target models, as ``compare`` does.

    Parameters
    ----------
    matrix : ScoreMatrix
        The results. Families are those of the matrix, or what the models' names tell.
    kind : {"family", "random", "strength"}, default="family"
        "family" holds out a quarter of the models, whole families and near-identical models
        together; "random" a random quarter; "strength" predicts the strongest 30 % from the
        weakest half.
    n_splits : int, default=20
        How many splits.
    random_state : int, default=0
        Of the splits.

    Returns
    -------
    protocol : Protocol
        `splits`, for ``compare_estimators(cv=...)``, `groups` and a `description` for people.

    Raises
    ------
    ValueError
        If `kind` is another, or the models cannot be split so.

    See Also
    --------
    compare_estimators : Takes the splits.

    Examples
    --------
    >>> from sklearn_sparseeval.comparison import make_protocol
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> protocol = make_protocol(load_helm_lite(task="gsm", as_matrix=True), n_splits=2)
    >>> print(protocol.description)
    Protocol family: 2 splits hold out about a quarter of the models, whole families (18 as
    given; near-identical models joined, ... groups).
    """
    if kind not in PROTOCOLS:
        raise ValueError(f"kind={kind!r}; expected one of {', '.join(PROTOCOLS)}.")
    scores = matrix.data.to_numpy(dtype=np.float64)
    families, source = find_families(list(matrix.data.index), matrix.families)
    groups = group_similar_models(scores, groups=families)
    if kind == "family":
        splitter = FamilyShuffleSplit(n_splits, test_size=_HELD_OUT, random_state=random_state)
        splits = list(splitter.split(scores, groups=groups))
        joined = f"near-identical models joined, {len(np.unique(groups))} groups"
        what = f"about a quarter of the models, whole families ({source}; {joined})"
    elif kind == "random":
        shuffle = ShuffleSplit(n_splits, test_size=_HELD_OUT, random_state=random_state)
        splits = list(shuffle.split(scores))
        what = (
            "a random quarter of the models, which flatters where relatives of the held-out "
            "models stay among the sources"
        )
    else:
        strength = StrengthSplit(n_splits, random_state=random_state)
        splits = list(strength.split(scores))
        what = "the strongest 30 % of a resampled set of models, predicted from its weakest half"
    description = f"Protocol {kind}: {n_splits} splits hold out {what}."
    return Protocol(splits, groups if families is None else np.array(families), description)
