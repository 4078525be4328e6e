"""Labels or dates that are not there: found in any container, and refused."""

from collections.abc import Iterable
from typing import Any

from sklearn_sparseeval.numerics.missing import is_missing


def refuse_missing(entries: Iterable[Any], what: str, advice: str) -> None:
    """Raise an error that counts the missing entries of `groups`, if there are any.

    Parameters
    ----------
    entries : iterable
        The entries of `groups`, one per model.
    what : str
        What an entry is, such as "date".
    advice : str
        What to do about it: the last sentence of the error.

    Raises
    ------
    ValueError
        If an entry is missing.
    """
    missing = [index for index, entry in enumerate(entries) if is_missing(entry)]
    if missing:
        raise ValueError(
            f"groups holds {len(missing)} missing {what}(s), the first at index {missing[0]}. "
            f"{advice}"
        )
