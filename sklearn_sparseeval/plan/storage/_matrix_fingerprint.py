"""The fingerprint of a training matrix, by which a predictor knows its own."""

import hashlib
import json

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.score_matrix import ScoreMatrix


def matrix_fingerprint(matrix: ScoreMatrix) -> str:
    """Compute the fingerprint of a score matrix.

    Parameters
    ----------
    matrix : ScoreMatrix
        Its scores, names of models, names of items and weights count; what else is known of the
        items does not.

    Returns
    -------
    fingerprint : str
        SHA-256, as 64 hexadecimal digits; the same on every machine.
    """
    digest = hashlib.sha256()
    for names in (matrix.data.index, matrix.data.columns):
        digest.update(json.dumps([str(name) for name in names]).encode())
    for values in (matrix.data.to_numpy(), matrix.items["weight"].to_numpy()):
        digest.update(_bytes_of(np.asarray(values, dtype=np.float64)))
    return digest.hexdigest()


def _bytes_of(values: NDArray[np.float64]) -> bytes:
    """Return little-endian bytes that equal values share: NaN and zero have several forms."""
    return np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8").tobytes()
