"""Rows made up to see whether a loaded predictor predicts what it did when it was saved."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import PredictorError
from sklearn_sparseeval._optional import import_pandas

_DIVISORS = (2, 3, 5)  # row r has low results on the items whose number r's divisor divides
# Of the scores' range: another processor rounds differently, in float32 at the sixth digit.
_TOLERANCE = 1e-5


def predictions_for_check(
    estimator: Any, n_items: int, observed_range: tuple[float, float]
) -> NDArray[np.float64]:
    """Predict the scores of made-up models, whose results are low on some items, high on others.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator.
    n_items : int
        Number of items it was fitted on.
    observed_range : tuple of (float, float)
        What a low and a high result is.

    Returns
    -------
    predictions : ndarray of shape (3, n_targets)
        Predicted scores.

    Raises
    ------
    PredictorError
        If they are not finite.
    """
    low, high = observed_range
    numbers = np.arange(n_items)
    rows: Any = np.array([np.where(numbers % divisor, high, low) for divisor in _DIVISORS])
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        rows = import_pandas().DataFrame(rows, columns=names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # made-up models may well be unlike all others
        predicted = np.asarray(estimator.predict(rows), dtype=np.float64)
    if not np.isfinite(predicted).all():
        raise PredictorError(
            f"The {type(estimator).__name__} predicts a score that is not finite for a model that "
            "was evaluated on all items. Is there anything to learn in the matrix?"
        )
    return predicted.reshape(len(_DIVISORS), -1)


def check_predictions(
    path: Path,
    estimator: Any,
    fields: dict[str, Any],
    expected: NDArray[np.float64],
    other_version: str | None,
) -> None:
    """Check that an estimator belongs to its description, and predicts what it did.

    Parameters
    ----------
    path : Path
        Its file, for messages.
    estimator : object
        What was loaded.
    fields : dict
        What the file says of it.
    expected : ndarray of shape (3, n_targets)
        What it predicted when it was saved.
    other_version : str or None
        That it was saved under another version of scikit-learn, if so.

    Raises
    ------
    PredictorError
        If it does not.
    """
    n_items, targets = len(fields["items"]), fields["targets"]
    try:
        anchors = np.asarray(estimator.anchors_)
        fits = anchors.ndim == 1 and anchors.dtype.kind == "i" and len(anchors) > 0
        fits = fits and anchors.min() >= 0 and anchors.max() < n_items
        found = predictions_for_check(estimator, n_items, fields["observed_range"])
    except Exception as error:  # a crafted estimator can do anything in vain
        fault = f"its estimator cannot predict ({type(error).__name__}: {error})"
        raise PredictorError(_damaged(path, fault, other_version)) from error
    if not fits or not found.shape == expected.shape == (len(_DIVISORS), len(targets)):
        raise PredictorError(_damaged(path, "its estimator is for other items", other_version))
    low, high = fields["observed_range"]
    off = float(np.abs(found - expected).max())
    if not off <= _TOLERANCE * max(high - low, 1e-300):
        fault = f"its estimator now predicts other scores, off by up to {off:.2g}"
        raise PredictorError(_damaged(path, fault, other_version))


def _damaged(path: Path, fault: str, other_version: str | None) -> str:
    if other_version is None:
        return f"{path} is damaged: {fault}. Copy it again, or make it anew."
    return f"{path} cannot be used: {fault}. It was saved {other_version}. Fit and save it again."
