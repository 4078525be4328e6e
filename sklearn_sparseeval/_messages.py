"""How messages name things: few words for many names, and values that may be anything."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

_NAMES_SHOWN = 5
_PLAIN = (str, int, float, bool, type(None))


def listing(values: Any, most: int = _NAMES_SHOWN) -> str:
    """Name a few values and count the rest.

    Parameters
    ----------
    values : sequence
        What to list.
    most : int, default=5
        How many of them are shown.

    Returns
    -------
    text : str
        Their representations, and how many there are besides.
    """
    shown = ", ".join(repr(v.item() if hasattr(v, "item") else v) for v in values[:most])
    rest = len(values) - most
    return f"{shown} and {rest} more" if rest > 0 else shown


def counted(number: int, noun: str) -> str:
    """Write a number of things.

    Parameters
    ----------
    number : int
        How many.
    noun : str
        What, in the singular; the plural adds an s.

    Returns
    -------
    text : str
        Such as "1 model" or "2 models".
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def short(value: Any, length: int = 60) -> str:
    """Show a value in a message.

    Parameters
    ----------
    value : object
        Anything.
    length : int, default=60
        How many characters at most.

    Returns
    -------
    text : str
        Its representation, cut.
    """
    text = repr(value) if not isinstance(value, dict | list) else _shallow(value)
    return text if len(text) <= length else f"{text[: length - 3]}..."


def printable(text: str) -> str:
    """Escape what a terminal would obey, or what would begin a new line.

    Parameters
    ----------
    text : str
        A name, which may come from anybody's file.

    Returns
    -------
    text : str
        In one line, control characters written as in Python.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def _shallow(value: Any) -> str:
    """Represent a nested value without following it down, which could be deep."""
    kind = "a dict with keys" if isinstance(value, dict) else "a list of"
    first: Iterator[Any] = islice(value, 5)
    inside = [repr(one) if isinstance(one, _PLAIN) else type(one).__name__ for one in first]
    return f"{kind} {', '.join(inside)}" if inside else f"an empty {type(value).__name__}"
