"""Families: those that are given or that names tell, and families as numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.splitters._missing_entries import refuse_missing


def find_families(
    models: Sequence[str], given: Sequence[str] | None = None
) -> tuple[list[str] | None, str]:
    """Find the families of models: those given, or what the names begin with.

    Parameters
    ----------
    models : sequence of str
        Names of the models.
    given : sequence of str, default=None
        Family of each model, where the user named them.

    Returns
    -------
    families : list of str or None
        Family of each model; None where nothing tells.
    source : str
        How many there are and where they are from, for people.
    """
    if given is not None:
        return list(given), f"{len(set(given))} as given"
    families = [name.rpartition("/")[0] for name in models]
    # One prefix for all is a folder or a provider, as a path is that begins with / or a dot.
    if all(families) and len(set(families)) > 1 and not any(name[0] in "/." for name in families):
        return families, f"{len(set(families))}, the part of the names before the last '/'"
    return None, "the file names none: a column 'family' would hold fine-tunes out together"


def encode_families(groups: Any) -> NDArray[np.intp]:
    """Replace the labels of families by numbers, in the order of the labels.

    Parameters
    ----------
    groups : array-like of shape (n_models,)
        Label of each model's family: strings, numbers or any hashable objects.

    Returns
    -------
    family : ndarray of shape (n_models,)
        Number of each model's family, from 0. It depends on the labels only, not on where the
        models stand, so that a seed draws the same families however the rows are sorted.

    Raises
    ------
    ValueError
        If there is not one label per model, or a label is missing.
    """
    labels = np.asarray(groups, dtype=object)
    if labels.ndim != 1:
        raise ValueError(
            f"groups has shape {labels.shape}; expected (n_models,), one family label per model."
        )
    refuse_missing(
        labels,
        "family label",
        "Give every model the label of its family, and one of its own where it has none.",
    )
    # Strings can be compared, whatever the labels are; 1 and "1" are two families.
    in_order = sorted(set(labels), key=lambda label: (str(label), type(label).__name__))
    number = {label: index for index, label in enumerate(in_order)}
    return np.array([number[label] for label in labels], dtype=np.intp)


def check_families(groups: Any, splitter: str, n_needed: int, purpose: str) -> NDArray[np.intp]:
    """Replace the labels of families by numbers, or say what is wrong with them.

    Parameters
    ----------
    groups : array-like of shape (n_models,) or None
        Label of each model's family.
    splitter : str
        Who asks, for the error.
    n_needed : int
        Fewest families that will do.
    purpose : str
        What they are needed for, for the error.

    Returns
    -------
    family : ndarray of shape (n_models,)
        Number of each model's family, from 0.

    Raises
    ------
    ValueError
        If there are no families, or too few.
    """
    if groups is None:
        raise ValueError(
            f"{splitter} needs the family of each model, but groups is None. Pass "
            "groups=families to split, cross_validate or the fit of a search; with metadata "
            "routing, params={'groups': families} to cross_validate."
        )
    family = encode_families(groups)
    n_families = int(family.max()) + 1
    if n_families < n_needed:
        raise ValueError(
            f"groups holds {n_families} distinct families, but {purpose} needs at least "
            f"{n_needed}, as no family may stand on both sides."
        )
    return family
