"""How messages name many things in few words, and how they are given."""

import warnings
from collections.abc import Sequence

from sklearn_sparseeval.harness._errors import ResultsWarning


def listing(names: Sequence[object], most: int = 5) -> str:
    """List names in a message.

    Parameters
    ----------
    names : sequence
        What to list.
    most : int, default=5
        How many of them are shown.

    Returns
    -------
    text : str
        Their representations, and how many there are besides.
    """
    shown = ", ".join(repr(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def warn(message: str) -> None:
    """Warn of something that was left out or decided.

    Parameters
    ----------
    message : str
        The whole message.

    Warns
    -----
    ResultsWarning
        The message.
    """
    warnings.warn(message, ResultsWarning, stacklevel=3)
