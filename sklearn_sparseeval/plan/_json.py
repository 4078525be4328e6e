"""JSON for scripts: what numpy and pandas hold, as any reader of JSON takes it."""

import json
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

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
