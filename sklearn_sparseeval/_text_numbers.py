"""What a text says if it is a number, by one rule for all files."""

import re

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WORDS = {"true": 1.0, "false": 0.0}


def number_of_text(text: str) -> float | None:
    """Read a number as files have it, and nothing that only Python takes for one.

    Parameters
    ----------
    text : str
        A cell, or a value that was written as a text.

    Returns
    -------
    number : float or None
        1 and 0 for true and false in any case; None if it is no number: "1_0", "0x1", digits of
        other scripts, "inf".
    """
    text = text.strip()
    return float(text) if _NUMBER.fullmatch(text) else _WORDS.get(text.lower())
