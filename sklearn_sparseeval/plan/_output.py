"""How results are written: tables for people at a terminal, JSON for scripts."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from sklearn_sparseeval._messages import printable
from sklearn_sparseeval._notes import Note


def json_text(value: Any) -> str:
    """Write a value as indented JSON.

    Parameters
    ----------
    value : object
        Dicts, lists, arrays, texts, paths and numbers. What is not a finite number is null: JSON
        knows no NaN.

    Returns
    -------
    text : str
        The document, without a final line break.
    """
    return json.dumps(_plain(value), indent=2, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Note):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """Align rows of texts in columns.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        As many texts each.
    left : int, default=1
        How many columns, from the first, are aligned left; the others right.

    Returns
    -------
    lines : list of str
        The header and the rows, without blanks at their ends.
    """
    table = [[printable(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    lines = []
    for row in table:
        cells = [
            f"{text:<{width}}" if column < left else f"{text:>{width}}"
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
