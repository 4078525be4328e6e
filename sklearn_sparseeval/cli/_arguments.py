"""Types of arguments that several commands take."""

import argparse


def positive(text: str) -> int:
    """Read a whole number of at least 1.

    Parameters
    ----------
    text : str
        What the user wrote.

    Returns
    -------
    value : int
        The number.
    """
    value = _integer(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not at least 1")
    return value


def seed(text: str) -> int:
    """Read a seed.

    Parameters
    ----------
    text : str
        What the user wrote.

    Returns
    -------
    value : int
        The number, from 0 to 2**32 - 1.
    """
    value = _integer(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and 2**32 - 1")
    return value


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
