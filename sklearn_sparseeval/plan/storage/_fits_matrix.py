"""Whether an estimator was fitted on a matrix, as far as its predictions tell."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import PredictorError
from sklearn_sparseeval.comparison._budget import anchors_of
from sklearn_sparseeval.plan._predictor import SavedPredictor
from sklearn_sparseeval.score_matrix import ScoreMatrix

Array = NDArray[np.float64]

_MOST_SPREADS = 3.0  # a mean absolute error beyond so many spreads of the scores is of other units
_N_ORDERS, _LIKE_CHANCE = 20, 0.9
_LEAST_ORDER_MATTERS = 0.25


def check_fits_matrix(predictor: SavedPredictor, matrix: ScoreMatrix) -> None:
    """Compare the predictions of the matrix's own models with their scores.

    Parameters
    ----------
    predictor : SavedPredictor
        Made of an estimator that is said to be fitted on the matrix.
    matrix : ScoreMatrix
        The matrix.

    Raises
    ------
    PredictorError
        If the predictions are in other units than the scores.

    Warns
    -----
    UserWarning
        If an estimator that knows no names of its items does no better on these items than with
        the items shuffled: it seems to have been fitted on columns in another order.
    """
    estimator, scores = predictor.estimator, matrix.targets[predictor.targets].to_numpy()
    values = matrix.data.to_numpy(dtype=np.float64)
    rows = ~np.isnan(scores).any(axis=1)
    if rows.sum() < 3 or np.isnan(values[rows]).any():
        return
    values, scores = values[rows], scores[rows]
    named = hasattr(estimator, "feature_names_in_")
    try:
        found = _off(estimator, matrix.data[rows] if named else values, scores)
    except ValueError:  # what cannot predict is found out where it is read back
        return
    spread = float(scores.std(axis=0).mean())
    if found > _MOST_SPREADS * max(spread, 1e-3 * float(np.abs(scores).max())):
        raise PredictorError(
            f"The estimator's predictions of the models of matrix are {found:.3g} off their "
            f"scores on average, which spread by {spread:.3g}: it was fitted on other units or "
            "another matrix. Fit it on matrix.data and matrix.targets."
        )
    if not named and _is_like_chance(estimator, values, scores):
        warnings.warn(
            "The estimator predicts the models of matrix no better than with the items shuffled. "
            "It knows no names of items: was it fitted on columns in another order? Fit it on "
            "matrix.data.",
            UserWarning,
            stacklevel=3,
        )


def _off(estimator: Any, values: Any, scores: Array) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        predicted = np.asarray(estimator.predict(values), dtype=np.float64)
    return float(np.abs(predicted.reshape(len(scores), -1) - scores).mean())


def _is_like_chance(estimator: Any, values: Array, scores: Array) -> bool:
    """Tell whether the order of the items matters to an estimator, and this one is not its own."""
    rng = np.random.default_rng(0)
    n_items = values.shape[1]
    anchors = anchors_of(estimator, n_items)
    own, moved = _off(estimator, values, scores), values.copy()
    moved[:, anchors] = values[:, np.roll(anchors, 1)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        change = np.abs(
            np.asarray(estimator.predict(moved)) - np.asarray(estimator.predict(values))
        ).mean()
    if change <= _LEAST_ORDER_MATTERS * own:
        return False  # a mean of its anchors, whichever they are
    shuffled = [
        _off(estimator, values[:, rng.permutation(n_items)], scores) for _ in range(_N_ORDERS)
    ]
    return own > _LIKE_CHANCE * float(np.median(shuffled))
