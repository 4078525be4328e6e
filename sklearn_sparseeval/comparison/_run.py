"""One method, one number of anchors, one split: fit, predict, score."""

import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import check_scoring

from sklearn_sparseeval._sklearn import _safe_indexing
from sklearn_sparseeval.comparison._budget import (
    has_budget,
    only_items,
    personal_items,
    prepared,
    read_items,
)
from sklearn_sparseeval.numerics.missing import item_means
from sklearn_sparseeval.numerics.threads import one_thread


class Job(NamedTuple):
    """What to run; the first three say which results it gives."""

    method: str
    n_anchors: int
    split: int
    seed: int


@dataclass
class JobResult:
    """What came out of one job."""

    method: str
    n_anchors: int
    split: int
    scores: dict[str, float] = field(default_factory=dict)
    fit_seconds: float = float("nan")
    predict_seconds: float = float("nan")
    predicted: list[Any] | None = None
    error: str | None = None


class _Predicted:
    """A fitted estimator whose predictions on the target models are known already."""

    def __init__(self, estimator: Any, predicted: NDArray[np.floating]) -> None:
        self._estimator = estimator
        self._predicted = predicted

    def predict(self, X: Any) -> NDArray[np.floating]:
        return self._predicted

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # let copy and pickle see that there is none
            raise AttributeError(name)
        return getattr(self._estimator, name)

    def __sklearn_tags__(self) -> Any:
        return self._estimator.__sklearn_tags__()


def run_job(
    job: Job,
    method: Any,
    data: tuple[Any, NDArray[np.floating]],
    split: tuple[NDArray[np.intp], NDArray[np.intp]],
    scorers: dict[str, Any],
) -> JobResult:
    """Refit a method on the source models of a split and score it on the targets.

    Parameters
    ----------
    job : Job
        What to run.
    method : estimator or callable
        The method; see ``prepared``.
    data : tuple of (X, y)
        Score matrix and benchmark scores of all models.
    split : tuple of ndarray
        Rows of the source and of the target models.
    scorers : dict of str to callable
        Scorers ``(estimator, X, y) -> float``.

    Returns
    -------
    result : JobResult
        With an error text instead of scores where the method failed.
    """
    result = JobResult(job.method, job.n_anchors, job.split)
    try:
        # Before the limit, which does not reach the libraries that this imports.
        estimator = prepared(method, job.method, job.n_anchors, job.seed)
        # One thread, so that sums do not depend on how many jobs run beside this one.
        with one_thread():
            _fit_and_score(result, estimator, data, split, scorers)
    # Any exception is a result of the comparison; Ctrl-C is not.
    except Exception as error:
        result.error = f"{type(error).__name__}: {error}"
        result.scores = dict.fromkeys(scorers, float("nan"))
        result.predicted = None
    return result


def _fit_and_score(
    result: JobResult, estimator: Any, data: Any, split: Any, scorers: dict[str, Any]
) -> None:
    X, y = data
    held_out = predict_held_out(estimator, X, y, split, n_anchors=result.n_anchors)
    result.fit_seconds, result.predict_seconds = held_out.fit_seconds, held_out.predict_seconds
    result.predicted = held_out.predicted.tolist()
    known = _Predicted(estimator, held_out.predicted)
    scoring = check_scoring(known, scoring=scorers, raise_exc=True)
    scores = scoring(known, held_out.shown, y[split[1]])
    result.scores = {name: float(value) for name, value in scores.items()}


class HeldOut(NamedTuple):
    """What became of the target models of a split."""

    predicted: NDArray[np.float64]  # as the targets' scores
    shown: Any  # the target rows as the method saw them
    fit_seconds: float
    predict_seconds: float


def predict_held_out(
    estimator: Any,
    X: Any,
    y: NDArray[np.floating],
    split: tuple[NDArray[np.intp], NDArray[np.intp]],
    *,
    n_anchors: int | None = None,
) -> HeldOut:
    """Fit on the source models and predict the targets from their anchors, hiding all else.

    Parameters
    ----------
    estimator : estimator
        Fitted in place.
    X : {ndarray, DataFrame} of shape (n_models, n_items)
        Score matrix of all models.
    y : ndarray of shape (n_models,) or (n_models, n_targets)
        Benchmark scores of all models.
    split : tuple of ndarray
        Rows of the source and of the target models.
    n_anchors : int, default=None
        How many items the estimator may read of a model; None allows any number.

    Returns
    -------
    held_out : HeldOut
        The predictions.

    Raises
    ------
    ValueError
        If it is not known which items the estimator reads, it reads more than it may, or it
        predicts anything but a finite number for each score.
    """
    sources, targets = split
    X_source, X_target = (_safe_indexing(X, rows) for rows in split)
    start = time.perf_counter()
    estimator.fit(X_source, y[sources])
    fit_seconds = time.perf_counter() - start
    shown = _seen(estimator, X_source, X_target, n_anchors or X.shape[1])
    start = time.perf_counter()
    predicted = np.asarray(estimator.predict(shown), dtype=np.float64)
    predict_seconds = time.perf_counter() - start
    return HeldOut(_checked(predicted, y[targets]), shown, fit_seconds, predict_seconds)


def _seen(estimator: Any, X_source: Any, X_target: Any, n_anchors: int) -> Any:
    """Return the target rows as the method may see them: its anchors and nothing else."""
    n_items = X_target.shape[1]
    personal = personal_items(estimator, X_target)
    if personal is not None:
        _check_budget(max(len(set(row)) for row in personal.tolist()), n_anchors, n_items)
        return only_items(X_target, personal, np.nan)
    read = read_items(estimator, np.arange(n_items))
    if read is None:
        if has_budget(estimator):
            raise ValueError(
                f"The {type(estimator).__name__} has a parameter n_anchors, but which items it "
                "reads is not known: no part that sees the items themselves has anchors_ or "
                "get_support. Put the selector first in a pipeline, or use AnchoredRegressor."
            )
        return only_items(X_target, np.empty(0, dtype=np.intp), np.nan)
    _check_budget(len(read.items), n_anchors, n_items)
    if read.allow_nan:
        return only_items(X_target, read.items, np.nan)
    means = item_means(np.asarray(X_source, dtype=np.float64), empty=0)
    return only_items(X_target, read.items, means)


def _check_budget(n_read: int, n_anchors: int, n_items: int) -> None:
    if n_read > n_anchors:
        raise ValueError(
            f"The fitted estimator reads {n_read} of {n_items} items, but n_anchors={n_anchors} "
            "was asked for. Let every selector in it take n_anchors, or share them."
        )


def _checked(predicted: NDArray[np.float64], y: NDArray[np.floating]) -> NDArray[np.float64]:
    column = {(len(y),), (len(y), 1)}
    if predicted.shape != y.shape and not {predicted.shape, y.shape} <= column:
        raise ValueError(
            f"predict returned an array of shape {predicted.shape} for targets of shape {y.shape}."
        )
    bad = np.count_nonzero(~np.isfinite(predicted))
    if bad:
        raise ValueError(f"{bad} of {predicted.size} predictions are not finite.")
    return predicted.reshape(y.shape)
