"""What the user asked to see, checked against what the comparison holds."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._sklearn import _num_samples
from sklearn_sparseeval.numerics.missing import is_missing


def check_known(name: str, asked: Sequence[Any], known: Iterable[Any]) -> list[Any]:
    """Check that all that is asked for is there.

    Parameters
    ----------
    name : str
        Name of the parameter.
    asked : sequence
        What the user gave.
    known : iterable
        What the comparison holds.

    Returns
    -------
    asked : list
        The same, without repetitions.

    Raises
    ------
    ValueError
        If something is not there, or nothing is asked for.
    """
    found = list(dict.fromkeys(known))
    unknown = [item for item in asked if item not in found]
    listed = ", ".join(map(repr, found))
    if unknown:
        raise ValueError(
            f"{name} asks for {', '.join(map(repr, unknown))}, which the comparison does not "
            f"hold. It holds: {listed}."
        )
    if not asked:
        raise ValueError(f"{name} is empty. Ask for at least one of: {listed}.")
    return list(dict.fromkeys(asked))


def check_labels(name: str, given: Any, n_expected: int, noun: str) -> NDArray[Any]:
    """Check that there is one label for each model or item.

    Parameters
    ----------
    name : str
        Name of the parameter.
    given : array-like of shape (n_expected,)
        What the user gave.
    n_expected : int
        Number of models or items.
    noun : str
        What has the labels, such as "models".

    Returns
    -------
    labels : ndarray of shape (n_expected,)
        Labels as objects; None for every kind of missing one, since NaN is not equal to itself.

    Raises
    ------
    ValueError
        If there is not one label each.
    """
    if _num_samples(given) != n_expected:
        raise ValueError(
            f"{name} has {_num_samples(given)} entries for {n_expected} {noun}; expected one each."
        )
    labels = np.asarray(given, dtype=object)
    if labels.ndim != 1:
        raise ValueError(
            f"{name} has shape {labels.shape}; expected ({n_expected},), one label each. Join "
            "several labels of one into a string."
        )
    return np.array([None if is_missing(label) else label for label in labels], dtype=object)
