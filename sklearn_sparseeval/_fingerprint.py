"""Fingerprints of texts: the first 64 bits of SHA-256, as numbers that a table can hold."""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

NOT_RECORDED = 0  # the harness wrote nothing that could be compared
_HEX_DIGITS = re.compile(r"[0-9a-fA-F]{16}")


def text_fingerprint(text: str) -> int:
    """Compute the fingerprint of a text.

    Parameters
    ----------
    text : str
        Any text, such as a prompt.

    Returns
    -------
    fingerprint : int
        A number from 1 to 2**64 - 1.
    """
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") or 1


def content_fingerprint(content: Any) -> int:
    """Compute the fingerprint of anything that JSON can hold, whatever the order of its keys.

    Parameters
    ----------
    content : object
        Dicts, lists, texts, numbers, bools and None.

    Returns
    -------
    fingerprint : int
        A number from 1 to 2**64 - 1.
    """
    return text_fingerprint(json.dumps(content, sort_keys=True, default=str))


def hash_fingerprint(digest: object) -> int:
    """Shorten a SHA-256 digest that a harness wrote to the fingerprint of the same text.

    Parameters
    ----------
    digest : object
        64 hexadecimal digits; anything else was not recorded.

    Returns
    -------
    fingerprint : int
        A number from 1 to 2**64 - 1, or 0 where `digest` is not one.
    """
    digits = _HEX_DIGITS.match(digest) if isinstance(digest, str) else None
    return (int(digits[0], 16) or 1) if digits else NOT_RECORDED


def fingerprint_column(fingerprints: Iterable[Any]) -> Any:
    """Make a column of a data frame.

    pandas converts a list of integers and NA through floats, which do not hold 64 bits.

    Parameters
    ----------
    fingerprints : iterable of int
        Fingerprints; 0, None and NA = not recorded.

    Returns
    -------
    column : pandas.arrays.IntegerArray
        Of type UInt64; NA = not recorded.
    """
    import pandas as pd

    known = [NOT_RECORDED if one is None or one is pd.NA else int(one) for one in fingerprints]
    numbers = np.array(known, dtype=np.uint64)
    return pd.arrays.IntegerArray(numbers, numbers == NOT_RECORDED)
