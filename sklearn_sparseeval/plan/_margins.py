"""How far predictions are off: the margin that 90 % of the models held out were within."""

import warnings
from typing import TYPE_CHECKING

from sklearn_sparseeval._notes import Note

if TYPE_CHECKING:
    from pandas import Series

    from sklearn_sparseeval.plan._predictor import SavedPredictor

_COVERAGE = 0.9
_LEAST_ERRORS = 9  # the largest of 9 errors is the margin that covers 90 % of further models


def margins(saved: "SavedPredictor") -> "Series[float]":
    """Compute the margin of each target that 90 % of the models held out were within.

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


def few_errors_note(n_errors: int, n_groups: int | None = None) -> Note | None:
    """Say so where there are too few errors for a margin that covers 90 %.

    Parameters
    ----------
    n_errors : int
        How many models were held out.
    n_groups : int, default=None
        Of how many groups of relatives, held out together; None is one for each model. Relatives
        err alike, so it is the groups that count.

    Returns
    -------
    note : Note or None
        Of the kind "few-errors"; None where there are enough.
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
    return Note(
        "few-errors",
        f"The errors of {independent} {relatives}models{together} are too few to tell what 90 % "
        f"are within, which takes {_LEAST_ERRORS}: {consequence}.",
        count=independent,
    )
