"""What every metric checks of its arguments before it computes."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

SCORES: dict[str, list[Any]] = {"y_true": ["array-like"], "y_pred": ["array-like"]}


def check_scores(
    y_true: ArrayLike, y_pred: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Check that two arrays hold finite scores of the same models on the same tasks.

    Parameters
    ----------
    y_true : array-like of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores.
    y_pred : array-like of shape (n_models,) or (n_models, n_tasks)
        Predicted benchmark scores.

    Returns
    -------
    y_true : ndarray of shape (n_models, n_tasks)
        Benchmark scores, one column per task.
    y_pred : ndarray of shape (n_models, n_tasks)
        Predicted benchmark scores, one column per task.

    Raises
    ------
    ValueError
        If a score is missing or infinite, or the shapes differ.
    """
    true, pred = _check_finite(y_true, "y_true"), _check_finite(y_pred, "y_pred")
    _check_same_shape(true, pred, "y_true holds the scores", "y_pred")
    return true, pred


def check_intervals(
    y_lower: ArrayLike, y_upper: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Check that two arrays hold the lower and the upper bounds of closed intervals.

    Parameters
    ----------
    y_lower : array-like of shape (n_models,) or (n_models, n_tasks)
        Lower bounds; minus infinity where there is none.
    y_upper : array-like of shape (n_models,) or (n_models, n_tasks)
        Upper bounds; plus infinity where there is none.

    Returns
    -------
    y_lower : ndarray of shape (n_models, n_tasks)
        Lower bounds, one column per task.
    y_upper : ndarray of shape (n_models, n_tasks)
        Upper bounds, one column per task.

    Raises
    ------
    ValueError
        If a bound is NaN, the shapes differ, or an interval holds no score.
    """
    lower, upper = (
        _check_finite(bounds, name, allowed=infinity)
        for bounds, name, infinity in ((y_lower, "y_lower", -np.inf), (y_upper, "y_upper", np.inf))
    )
    _check_same_shape(lower, upper, "y_lower holds the bounds", "y_upper")
    crossed = np.argwhere(lower > upper)
    if len(crossed):
        first = tuple(int(place) for place in crossed[0])
        raise ValueError(
            f"y_lower is above y_upper in {len(crossed)} interval(s), the first at index "
            f"{first if lower.shape[1] > 1 else first[0]}: [{lower[first]:g}, {upper[first]:g}]; "
            "expected lower bounds of at most the upper ones. Exchange the two where they cross."
        )
    return lower, upper


def check_interval_scores(
    y_true: ArrayLike, y_lower: ArrayLike, y_upper: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Check that there is one interval for each finite score.

    Parameters
    ----------
    y_true : array-like of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores.
    y_lower : array-like of shape (n_models,) or (n_models, n_tasks)
        Lower bounds; minus infinity where there is none.
    y_upper : array-like of shape (n_models,) or (n_models, n_tasks)
        Upper bounds; plus infinity where there is none.

    Returns
    -------
    y_true : ndarray of shape (n_models, n_tasks)
        Benchmark scores, one column per task.
    y_lower : ndarray of shape (n_models, n_tasks)
        Lower bounds, one column per task.
    y_upper : ndarray of shape (n_models, n_tasks)
        Upper bounds, one column per task.

    Raises
    ------
    ValueError
        If a score is missing or infinite, a bound is NaN, the shapes differ, or an interval holds
        no score.
    """
    true = _check_finite(y_true, "y_true")
    lower, upper = check_intervals(y_lower, y_upper)
    _check_same_shape(true, lower, "y_true holds the scores", "y_lower")
    return true, lower, upper


def check_model_weights(sample_weight: ArrayLike | None, n_models: int) -> NDArray[np.float64]:
    """Check the weights of the models; ones if there are none.

    Parameters
    ----------
    sample_weight : array-like of shape (n_models,) or None
        Weight of each model.
    n_models : int
        Number of models.

    Returns
    -------
    weight : ndarray of shape (n_models,)
        Weight of each model.

    Raises
    ------
    ValueError
        If there is not one finite weight per model, a weight is negative, or all are 0.
    """
    if sample_weight is None:
        return np.ones(n_models)
    weight = _check_finite(sample_weight, "sample_weight")
    if weight.shape != (n_models, 1):
        raise ValueError(
            f"sample_weight has shape {np.shape(sample_weight)}; expected ({n_models},), "
            "one weight for each model of y_true."
        )
    if (weight < 0).any():
        raise ValueError(
            f"sample_weight holds negative weights (lowest: {weight.min():g}); expected weights "
            "of at least 0. Give a model that should not count the weight 0."
        )
    if not weight.any():
        raise ValueError(
            "sample_weight is 0 for every model; give at least one model a positive weight."
        )
    return weight.ravel()


def _check_finite(
    values: ArrayLike, name: str, *, allowed: float | None = None
) -> NDArray[np.float64]:
    """Return the values as float columns, or say which is the first that is not allowed."""
    array: NDArray[np.float64] = check_array(
        values,
        dtype=np.float64,
        order="C",  # sums then do not depend on the memory layout of the input
        ensure_2d=False,
        ensure_all_finite=False,
        input_name=name,
    )
    refused = ~np.isfinite(array)
    fault, expected = "not finite", "finite numbers. Leave out the models whose score is not known."
    if allowed is not None:
        refused &= array != allowed
        fault, expected = "not bounds", f"finite numbers or {allowed} where there is no bound."
    if refused.any():
        first = tuple(int(place) for place in np.argwhere(refused)[0])
        raise ValueError(
            f"{name} holds {np.count_nonzero(refused)} value(s) that are {fault}, the first at "
            f"index {first if array.ndim > 1 else first[0]}: {array[first]}; expected {expected}"
        )
    return array.reshape(len(array), -1)


def _check_same_shape(
    first: NDArray[np.float64], second: NDArray[np.float64], holder: str, other: str
) -> None:
    """Refuse two arrays that are not about the same models and tasks."""
    for axis, noun in enumerate(("model", "task")):
        if first.shape[axis] != second.shape[axis]:
            raise ValueError(
                f"{holder} of {first.shape[axis]} {noun}(s) and {other} of "
                f"{second.shape[axis]}; both must hold the same {noun}s in the same order."
            )
