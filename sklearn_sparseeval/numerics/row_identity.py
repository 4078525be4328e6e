"""An order of the rows that depends on what they hold, not on where they stand."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def canonical_row_order(X: Array, y: Array, sample_weight: Array) -> NDArray[np.intp]:
    """Order rows by their content, so that a stochastic fit forgets how they were listed.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Rows.
    y : ndarray of shape (n_rows, n_outputs)
        Targets; they order rows that are equal in `X`.
    sample_weight : ndarray of shape (n_rows,)
        Weights; they order rows that are equal in `X` and `y`.

    Returns
    -------
    order : ndarray of shape (n_rows,)
        ``X[order]`` is the same for every permutation of the rows.
    """
    digests = [
        int.from_bytes(blake2b(np.ascontiguousarray(row).tobytes(), digest_size=8).digest(), "big")
        for row in X
    ]
    return np.lexsort((sample_weight, *y.T, np.array(digests, dtype=np.uint64)))
