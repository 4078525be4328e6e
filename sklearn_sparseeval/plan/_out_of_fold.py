"""What to expect of a predictor: every model predicted by anchors that others chose."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from numpy.typing import NDArray
from sklearn.base import clone
from tqdm.auto import tqdm

from sklearn_sparseeval.plan._families import find_families
from sklearn_sparseeval.plan._margins import few_errors_note
from sklearn_sparseeval.plan._notes import add_note, noted

if TYPE_CHECKING:
    from pandas import DataFrame

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

_FOLDS = 5
_FEW_MODELS = 30  # fewer, and each group is a fold: there is none to spare
_HARDLY_KNOWN = 10
_LEAST_SOURCES = 3  # one part in so many of the models must remain to fit on


class HeldOut(NamedTuple):
    """Folds over the models, and what they are in words."""

    splits: list[tuple[Rows, Rows]]
    description: str


class OutOfFold(NamedTuple):
    """Predictions of every model by predictors that were fitted without it."""

    errors: "DataFrame"  # models x targets: prediction minus score
    targets: "DataFrame"  # the scores


def hold_out(
    data: "DataFrame",
    families: Sequence[str] | None,
    *,
    folds: int | None,
    seed: int,
    notes: list[str],
) -> HeldOut:
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
    notes : list of str
        Gets what a user has to know of the folds.

    Returns
    -------
    held_out : HeldOut
        The folds.
    """
    from sklearn_sparseeval.splitters import RepeatedGroupKFold

    groups, kept_together = _groups(data, families, notes)
    n_models, n_groups = len(data), len(np.unique(groups))
    if n_models < _HARDLY_KNOWN:
        notes.append(
            f"With {n_models} models in the history the expected error is hardly known itself; "
            "add more models."
        )
    elif n_models < _FEW_MODELS:
        notes.append(
            f"With {n_models} models in the history the expected error is a rough figure itself; "
            f"{_FEW_MODELS} or more make a good history."
        )
    few = few_errors_note(n_models, n_groups)
    if few is not None:
        notes.append(few)
    wanted = folds or (n_groups if n_models < _FEW_MODELS else _FOLDS)
    n_folds = min(wanted, n_groups)
    if folds and n_folds < folds:
        notes.append(
            f"--folds {folds} is more than the {n_groups} groups of models; {n_folds} folds are "
            "used."
        )
    if n_folds < min(_FOLDS, n_models):
        notes.append(
            f"With {n_folds} folds, each predictor that was tested had learned from about "
            f"{1 - 1 / n_folds:.0%} of the history only; the one in the plan learns from all."
        )
    cv = RepeatedGroupKFold(n_folds, n_repeats=1, random_state=seed)
    description = f"{n_folds}-fold cross-validation over {n_models} models, {kept_together}"
    return HeldOut(list(cv.split(data, groups=groups)), description)


def out_of_fold(
    estimator: Any,
    data: "DataFrame",
    targets: "DataFrame",
    splits: list[tuple[Rows, Rows]],
    *,
    score_range: tuple[float, float] | None,
    n_jobs: int | None,
    notes: list[str],
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
        How many processes; None is one per core. The result does not depend on it.
    notes : list of str
        Gets what the estimator warned of.

    Returns
    -------
    out_of_fold : OutOfFold
        Errors and scores.
    """
    import pandas as pd

    scores = targets.to_numpy()
    calls = (delayed(_predict_fold)(estimator, data, scores, *split) for split in splits)
    n_jobs = min(effective_n_jobs(n_jobs or -1), len(splits))
    predicted = np.full(scores.shape, np.nan)
    results = Parallel(n_jobs=n_jobs, return_as="generator")(calls)
    with tqdm(total=len(splits), desc="cross-validate", disable=not sys.stderr.isatty()) as bar:
        for (_, rows), (fold, warned) in zip(splits, results, strict=True):
            bar.update()
            predicted[rows] = fold
            for message in warned:
                add_note(notes, message)
    if score_range is not None:
        predicted = predicted.clip(*score_range)
    return OutOfFold(pd.DataFrame(predicted - scores, targets.index, targets.columns), targets)


def note_if_useless(found: OutOfFold, notes: list[str]) -> None:
    """Say so where the mean score of the other models predicts a model no worse.

    Parameters
    ----------
    found : OutOfFold
        Errors and scores.
    notes : list of str
        Gets the note.
    """
    scores = found.targets["overall"]
    error = found.errors["overall"].abs().mean()
    # Leaving a model out moves the mean away from it, by a factor of n / (n - 1).
    guess = (scores - scores.mean()).abs().mean() * len(scores) / (len(scores) - 1)
    if error >= guess > 0:
        notes.append(
            "These anchors tell nothing of a model that is held out: to give it the mean score of "
            f"the others has a mean absolute error of {guess:.4g}, and to predict it {error:.4g}. "
            "Add more models, or more anchors."
        )


def fit(estimator: Any, data: "DataFrame", scores: Array) -> Any:
    """Fit an estimator, one target as a vector.

    Parameters
    ----------
    estimator : estimator
        Fitted in place.
    data : pandas.DataFrame of shape (n_models, n_items)
        The score matrix.
    scores : ndarray of shape (n_models, n_targets)
        The targets.

    Returns
    -------
    estimator : estimator
        The same.
    """
    return estimator.fit(data, scores[:, 0] if scores.shape[1] == 1 else scores)


def _predict_fold(
    estimator: Any, data: "DataFrame", scores: Array, sources: Rows, rows: Rows
) -> tuple[Array, list[str]]:
    """Predict one fold; runs in a process of its own, so its warnings travel with it."""
    warned: list[str] = []
    with noted(warned):
        try:
            fitted = fit(clone(estimator), data.iloc[sources], scores[sources])
            predicted = np.asarray(fitted.predict(data.iloc[rows]), dtype=np.float64)
        except ValueError as error:
            raise ValueError(
                f"In the cross-validation the method fails with {len(sources)} of the {len(data)} "
                f"models to learn from: {error}"
            ) from error
    return predicted.reshape(len(rows), -1), warned


def _groups(
    data: "DataFrame", families: Sequence[str] | None, notes: list[str]
) -> tuple[Rows, str]:
    """Find what is held out together, as widely as leaves enough models to fit on."""
    from sklearn_sparseeval.splitters import group_similar_models

    scores = data.to_numpy()
    known, source = find_families(list(data.index), families)
    if known is not None:
        groups = group_similar_models(scores, groups=known)
        if _leaves_enough(groups):
            n_groups = len(np.unique(groups))
            return groups, (
                f"whole families held out together ({source}; near-identical models joined, "
                f"{n_groups} groups)"
            )
        size = np.bincount(groups).max()
        notes.append(
            f"{size} of the {len(data)} models are of one family, or of families joined by "
            "near-identical models, too many to hold out together. The expected error is that for "
            "further models of these families; for another family it may be larger."
        )
    else:
        notes.append(
            "Nothing tells the families of the models (names such as 'family/model' that are no "
            "paths and do not all begin alike, or a column 'family'), so relatives may be on both "
            "sides of the cross-validation: the expected error is that for further models like "
            "these."
        )
    groups = group_similar_models(scores)
    if _leaves_enough(groups):
        return groups, f"near-identical models held out together ({len(np.unique(groups))} groups)"
    notes.append(
        f"{np.bincount(groups).max()} of the {len(data)} models have nearly the same results. "
        "The expected error is that for a further model like them."
    )
    return np.arange(len(data)), "each model held out alone or with others at random"


def _leaves_enough(groups: Rows) -> bool:
    left = len(groups) - np.bincount(groups).max()
    return bool(left >= max(2, len(groups) / _LEAST_SOURCES))
