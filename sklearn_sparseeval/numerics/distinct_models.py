"""The source models as a method that must not depend on how they are listed sees them."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.numerics.row_identity import canonical_row_order
from sklearn_sparseeval.numerics.score_scale import filled
from sklearn_sparseeval.selectors.predictive._agreement_kernel import MergedRows, merge_equal_rows

Array = NDArray[np.floating]

_ROUNDING = 1e-12  # what varies by less, relative to its size, is constant


def distinct_models(X: Array, y: Array, sample_weight: Array) -> MergedRows:
    """Order the models by what they hold, merge equal ones and fill their missing results.

    The order in which the user lists the models then matters not even by rounding, and a weight
    of two is two rows.

    Parameters
    ----------
    X : ndarray of shape (n_models, n_items)
        Scores of any real type, NaN = not evaluated.
    y : ndarray of shape (n_models, n_tasks)
        Targets.
    sample_weight : ndarray of shape (n_models,)
        Positive weights.

    Returns
    -------
    rows : MergedRows
        In double precision. A missing result is the item's weighted mean.
    """
    # Adding zero turns -0.0, which equals 0.0 but is another row to the eye of the order.
    X, y, sample_weight = (part.astype(np.float64) + 0.0 for part in (X, y, sample_weight))
    order = canonical_row_order(X, y, sample_weight)
    rows = merge_equal_rows(X[order], y[order], sample_weight[order])
    return rows._replace(X=filled(rows.X, rows.weight))


def centred(columns: Array, weight: Array) -> Array:
    """Subtract the weighted mean of each column; what is left of a constant one is zero.

    Parameters
    ----------
    columns : ndarray of shape (n_models, n_columns)
        Numbers.
    weight : ndarray of shape (n_models,)
        Positive weights.

    Returns
    -------
    centred : ndarray of shape (n_models, n_columns)
        Deviations from the means.
    """
    deviation = columns - weight @ columns / weight.sum()
    constant = np.abs(deviation).max(axis=0) <= _ROUNDING * np.abs(columns).max(axis=0)
    return np.where(constant, 0.0, deviation)
