"""Which models are held out together when the error is measured, and what that is worth."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._notes import Note
from sklearn_sparseeval.plan._margins import few_errors_note
from sklearn_sparseeval.score_matrix import OVERALL
from sklearn_sparseeval.splitters import group_similar_models
from sklearn_sparseeval.splitters._families import find_families

if TYPE_CHECKING:
    from pandas import DataFrame

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

_FEW, _FOLDS_OF_FEW, _FOLDS = 100, 10, 5
_FEW_MODELS = 30
_HARDLY_KNOWN = 10
_LEAST_SOURCES = 3  # one part in so many of the models must remain to fit on


class HeldOut(NamedTuple):
    """What is held out together, in how many folds, and what that is in words."""

    groups: Rows  # (n_models,)
    n_folds: int
    description: str
    notes: list[Note]


class _Groups(NamedTuple):
    """What is held out together."""

    labels: Rows
    description: str
    notes: list[Note]


def hold_out_groups(
    data: "DataFrame", families: Sequence[str] | None, *, folds: int | None
) -> HeldOut:
    """Find which models are relatives, to be held out together.

    Parameters
    ----------
    data : pandas.DataFrame of shape (n_models, n_items)
        The score matrix.
    families : sequence of str or None
        Family of each model; None takes what the names tell.
    folds : int or None
        How many folds; None is 5, or 10 where there are fewer than 100 models. At most one per
        group.

    Returns
    -------
    held_out : HeldOut
        The groups, and the number of folds to deal them to.
    """
    groups = _groups(data, families)
    n_models, n_groups = len(data), len(np.unique(groups.labels))
    n_folds = min(folds or (_FOLDS_OF_FEW if n_models < _FEW else _FOLDS), n_groups)
    notes = [*groups.notes, *_notes_on_folds(n_models, n_groups, n_folds, folds)]
    description = f"{n_folds}-fold cross-validation over {n_models} models, {groups.description}"
    return HeldOut(groups.labels, n_folds, description, notes)


def _notes_on_folds(
    n_models: int, n_groups: int, n_folds: int, wanted: int | None
) -> Iterator[Note]:
    if n_models < _HARDLY_KNOWN:
        yield Note(
            "few-models",
            f"With {n_models} models in the history the expected error is hardly known itself; "
            "add more models.",
            count=n_models,
        )
    elif n_models < _FEW_MODELS:
        yield Note(
            "few-models",
            f"With {n_models} models in the history the expected error is a rough figure itself; "
            f"{_FEW_MODELS} or more make a good history.",
            count=n_models,
        )
    if (few := few_errors_note(n_models, n_groups)) is not None:
        yield few
    if wanted and n_folds < wanted:
        yield Note(
            "fewer-folds",
            f"{wanted} folds are more than the {n_groups} groups of models; {n_folds} folds are "
            "used.",
            count=n_folds,
        )
    if n_folds < min(_FOLDS, n_models):
        yield Note(
            "small-share-to-fit",
            f"With {n_folds} folds, each predictor that was tested had learned from about "
            f"{1 - 1 / n_folds:.0%} of the history only; the one in the plan learns from all.",
            count=n_folds,
        )


def useless_note(errors: "DataFrame", targets: "DataFrame") -> Note | None:
    """Say so where the mean score of the other models predicts a model no worse.

    Parameters
    ----------
    errors : pandas.DataFrame of shape (n_models, n_targets)
        Of models that were held out.
    targets : pandas.DataFrame of shape (n_models, n_targets)
        Their scores.

    Returns
    -------
    note : Note or None
        Of the kind "useless-anchors".
    """
    scores = targets[OVERALL]
    error = errors[OVERALL].abs().mean()
    # Leaving a model out moves the mean away from it, by a factor of n / (n - 1).
    guess = (scores - scores.mean()).abs().mean() * len(scores) / (len(scores) - 1)
    if not error >= guess > 0:
        return None
    return Note(
        "useless-anchors",
        "These anchors tell nothing of a model that is held out: to give it the mean score of the "
        f"others has a mean absolute error of {guess:.4g}, and to predict it {error:.4g}. Add more "
        "models, or more anchors.",
    )


def as_target(scores: Array) -> Array:
    """Return scores as estimators take them: one target as a vector.

    Parameters
    ----------
    scores : ndarray of shape (n_models, n_targets)
        The targets.

    Returns
    -------
    y : ndarray of shape (n_models,) or (n_models, n_targets)
        The same.
    """
    return scores[:, 0] if scores.shape[1] == 1 else scores


def _groups(data: "DataFrame", families: Sequence[str] | None) -> _Groups:
    """Find what is held out together, as widely as leaves enough models to fit on."""
    scores = data.to_numpy()
    known, source = find_families(list(data.index), families)
    notes = []
    if known is None:
        notes.append(
            Note(
                "no-families",
                "Nothing tells the families of the models (names such as 'family/model' that are "
                "not paths and do not all begin alike, or a column 'family'), so relatives may be "
                "on both sides of the cross-validation: the expected error is that for further "
                "models like these.",
            )
        )
    else:
        groups = group_similar_models(scores, groups=known)
        if _leaves_enough(groups):
            n_groups = len(np.unique(groups))
            return _Groups(
                groups,
                f"whole families held out together ({source}; near-identical models joined, "
                f"{n_groups} groups)",
                notes,
            )
        size = int(np.bincount(groups).max())
        notes.append(
            Note(
                "large-family",
                f"{size} of the {len(data)} models are of one family, or of families joined by "
                "near-identical models, too many to hold out together. The expected error is that "
                "for further models of these families; for another family it may be larger.",
                count=size,
            )
        )
    groups = group_similar_models(scores)
    if _leaves_enough(groups):
        n_groups = len(np.unique(groups))
        held_out = f"near-identical models held out together ({n_groups} groups)"
        return _Groups(groups, held_out, notes)
    size = int(np.bincount(groups).max())
    notes.append(
        Note(
            "near-identical-models",
            f"{size} of the {len(data)} models have nearly the same results. The expected error is "
            "that for a further model like them.",
            count=size,
        )
    )
    return _Groups(
        np.arange(len(data)), "each model held out alone or with others at random", notes
    )


def _leaves_enough(groups: Rows) -> bool:
    left = len(groups) - np.bincount(groups).max()
    return bool(left >= max(2, len(groups) / _LEAST_SOURCES))
