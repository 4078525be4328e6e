"""How far predictions are off: the margin that 90 % of the models held out were within."""

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import Series

    from sklearn_sparseeval.plan import SavedPredictor

_COVERAGE = 0.9
TOO_FEW = "are too few to tell what 90 % are within"
_LEAST_ERRORS = 9  # the largest of 9 errors is the margin that covers 90 % of further models


def margins(saved: "SavedPredictor") -> "Series[float]":
    """Compute the margin of each target.

    Parameters
    ----------
    saved : SavedPredictor
        The predictor.

    Returns
    -------
    margins : pandas.Series of shape (n_targets,)
        In the units of the scores; NaN where no errors are known, and the largest error where
        there are too few (:func:`few_errors_note`).
    """
    with warnings.catch_warnings():  # one per target, of which there may be many
        warnings.simplefilter("ignore", UserWarning)
        return saved.margin(_COVERAGE)


def few_errors_note(n_errors: int, n_groups: int | None = None) -> str | None:
    """Say so where there are too few errors for the margin.

    Parameters
    ----------
    n_errors : int
        How many models were held out.
    n_groups : int, default=None
        Of how many groups of relatives, held out together; None is one for each model. Relatives
        err alike, so it is the groups that count.

    Returns
    -------
    note : str or None
        A sentence; None where there are enough.
    """
    independent = n_errors if n_groups is None else n_groups
    if independent >= _LEAST_ERRORS:
        return None
    relatives = "" if independent == n_errors else "groups of "
    together = " that are held out together" if relatives else ""
    consequence = (
        "the largest error is given in its place"
        if n_errors < _LEAST_ERRORS
        else "relatives err alike, so a model of another group may be further off"
    )
    return (
        f"The errors of {independent} {relatives}models{together} {TOO_FEW}, which takes "
        f"{_LEAST_ERRORS}: {consequence}."
    )
