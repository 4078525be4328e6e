"""What to expect of a predictor: every model predicted by anchors that others chose."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.base import clone
from tqdm.auto import tqdm

from sklearn_sparseeval._notes import Note, add_note, noted
from sklearn_sparseeval._parallel import results_of
from sklearn_sparseeval.comparison._run import predict_held_out
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.plan._margins import few_errors_note
from sklearn_sparseeval.score_matrix import OVERALL
from sklearn_sparseeval.splitters import RepeatedGroupKFold, group_similar_models
from sklearn_sparseeval.splitters._families import find_families

if TYPE_CHECKING:
    from pandas import DataFrame

Array = NDArray[np.float64]
Rows = NDArray[np.intp]
Split = tuple[Rows, Rows]

_FOLDS = 5
_FEW_MODELS = 30  # fewer, and each group is a fold: there is none to spare
_HARDLY_KNOWN = 10
_LEAST_SOURCES = 3  # one part in so many of the models must remain to fit on


class Folds(NamedTuple):
    """Folds over the models, and what they are in words."""

    splits: list[Split]
    description: str
    notes: list[Note]


class OutOfFold(NamedTuple):
    """Predictions of every model by predictors that were fitted without it."""

    errors: "DataFrame"  # models x targets: prediction minus score
    targets: "DataFrame"  # the scores
    notes: list[Note]


class _Groups(NamedTuple):
    """What is held out together."""

    labels: Rows
    description: str
    notes: list[Note]


def deal_folds(
    data: "DataFrame", families: Sequence[str] | None, *, folds: int | None, seed: int
) -> Folds:
    """Deal the models to folds, relatives to one fold.

    Parameters
    ----------
    data : pandas.DataFrame of shape (n_models, n_items)
        The score matrix.
    families : sequence of str or None
        Family of each model; None takes what the names tell.
    folds : int or None
        How many folds; None is 5, or one per group where there are few models.
    seed : int
        Of the folds.

    Returns
    -------
    folds : Folds
        The folds, and what a user has to know of them.
    """
    groups = _groups(data, families)
    n_models, n_groups = len(data), len(np.unique(groups.labels))
    wanted = folds or (n_groups if n_models < _FEW_MODELS else _FOLDS)
    n_folds = min(wanted, n_groups)
    notes = [*groups.notes, *_notes_on_folds(n_models, n_groups, n_folds, folds)]
    cv = RepeatedGroupKFold(n_folds, n_repeats=1, random_state=seed)
    description = f"{n_folds}-fold cross-validation over {n_models} models, {groups.description}"
    return Folds(list(cv.split(data, groups=groups.labels)), description, notes)


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


def out_of_fold(
    estimator: Any,
    data: "DataFrame",
    targets: "DataFrame",
    splits: list[Split],
    *,
    score_range: tuple[float, float] | None,
    n_jobs: int | None,
) -> OutOfFold:
    """Predict the models of each fold by an estimator fitted on the others, anchors included.

    Parameters
    ----------
    estimator : estimator
        Chooses anchors and predicts.
    data : pandas.DataFrame of shape (n_models, n_items)
        The score matrix.
    targets : pandas.DataFrame of shape (n_models, n_targets)
        What is predicted.
    splits : list of (sources, targets)
        Row numbers; every model is a target once.
    score_range : tuple of float or None
        Predictions are clipped to it.
    n_jobs : int or None
        How many processes. The result does not depend on it.

    Returns
    -------
    out_of_fold : OutOfFold
        Errors and scores, and what the estimator warned of.
    """
    import pandas as pd

    scores = targets.to_numpy()
    calls = [(_predict_fold, (estimator, data, scores, split)) for split in splits]
    n_jobs = min(effective_n_jobs(n_jobs), len(splits))
    predicted = np.full(scores.shape, np.nan)
    notes: list[Note] = []
    bar = tqdm(total=len(splits), desc="cross-validate", disable=not sys.stderr.isatty())
    with bar, results_of(calls, n_jobs=n_jobs) as results:
        for (_, rows), (fold, warned) in zip(splits, results, strict=True):
            bar.update()
            predicted[rows] = fold
            for note in warned:
                add_note(notes, note)
    if score_range is not None:
        predicted = predicted.clip(*score_range)
    errors = pd.DataFrame(predicted - scores, targets.index, targets.columns)
    found = OutOfFold(errors, targets, notes)
    if (useless := _useless_note(found)) is not None:
        notes.append(useless)
    return found


def _useless_note(found: OutOfFold) -> Note | None:
    """Say so where the mean score of the other models predicts a model no worse."""
    scores = found.targets[OVERALL]
    error = found.errors[OVERALL].abs().mean()
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


def _predict_fold(
    estimator: Any, data: "DataFrame", scores: Array, split: Split
) -> tuple[Array, list[Note]]:
    """Predict one fold; runs in a process of its own, so its warnings travel with it."""
    warned: list[Note] = []
    with noted(warned), one_thread():
        try:
            held_out = predict_held_out(clone(estimator), data, as_target(scores), split)
        except ValueError as error:
            raise ValueError(
                f"In the cross-validation the method fails with {len(split[0])} of the "
                f"{len(data)} models to learn from: {error}"
            ) from error
    return held_out.predicted.reshape(len(split[1]), -1), warned


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
