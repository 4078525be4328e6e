"""The order in which a person expects names with numbers: "2" before "10"."""

import re

_DIGITS = re.compile(r"([0-9]+)")


def natural_key(text: str) -> tuple[list[tuple[int, str]], str]:
    """Make a key that sorts the numbers within texts by their value.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    key : tuple
        What to sort by; no two texts have the same.
    """
    # Longer numbers are larger. No int(): it refuses numbers of more than 4,300 digits.
    parts = _DIGITS.split(text)
    numbers = [digits.lstrip("0") for digits in parts[1::2]]
    key = [(0, parts[0])]
    for number, rest in zip(numbers, parts[2::2], strict=True):
        key += [(len(number), number), (0, rest)]
    return key, text
