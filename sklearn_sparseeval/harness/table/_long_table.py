"""The long table: one row per model, task, item, metric, filter and epoch."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import warn
from sklearn_sparseeval._fingerprint import NOT_RECORDED
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval.harness.table._rows import TEXTS, Codes, Columns

COLUMNS = (
    "model",
    "task",
    "item",
    "metric",
    "filter",
    "epoch",
    "value",
    "group",
    "cost",
    "content_hash",
    "prompt_hash",
    "setting",
    "date",
    "harness",
    "source",
)
_PER_FILE = ("task", "setting", "date", "harness", "source")


@dataclass
class FileResults:
    """One file, read: its rows, and what is the same for all of them.

    Parameters
    ----------
    columns : Columns
        The rows.
    model, model_args : str
        Name of the model, and what tells it from others of the name.
    per_file : dict of str to str
        Columns that have one value for all rows.
    notes : dict of (str, str) to int
        How often something was left out or decided, by kind and sentence.
    """

    columns: Columns
    model: str
    model_args: str
    per_file: dict[str, str]
    notes: dict[tuple[str, str], int] = field(default_factory=dict)


class LongTable:
    """Gathers the rows of files; each distinct text is held once, whatever the number of rows."""

    def __init__(self) -> None:
        self._texts = {name: Codes() for name in (*TEXTS, *_PER_FILE)}
        self._rows: list[dict[str, NDArray[Any]]] = []
        self._lengths: list[int] = []
        self._models: list[tuple[str, str]] = []

    def append(self, results: FileResults) -> None:
        """Add the rows of one file.

        Parameters
        ----------
        results : FileResults
            The file.
        """
        columns = results.columns
        rows: dict[str, NDArray[Any]] = {
            "epoch": columns.epoch,
            "value": columns.value,
            "cost": columns.cost,
            "content_hash": columns.content_hash,
            "prompt_hash": columns.prompt_hash,
        }
        for name in TEXTS:
            known = self._texts[name].texts
            recode = [known.setdefault(text, len(known)) for text in columns.texts[name]]
            rows[name] = np.array(recode, dtype=np.int32)[columns.codes[name]]
        for name in _PER_FILE:
            self._texts[name].append(results.per_file[name])
        self._rows.append(rows)
        self._lengths.append(len(columns.value))
        self._models.append((results.model, results.model_args))

    def frame(self) -> Any:
        """Make the data frame.

        Returns
        -------
        frame : pandas.DataFrame
            With the columns of `COLUMNS`.

        Warns
        -----
        ResultsWarning
            If several models have one name.
        """
        import pandas as pd

        names = _distinct_names(self._models)
        models = Codes()
        for name in names:
            models.append(name)
        columns: dict[str, Any] = {}
        for name in COLUMNS:
            if name in ("model", *_PER_FILE):
                codes = models if name == "model" else self._texts[name]
                per_file = np.array(codes.codes, dtype=np.int32)
                columns[name] = _categorical(np.repeat(per_file, self._lengths), codes.texts)
            elif name in TEXTS:
                columns[name] = _categorical(self._take(name), self._texts[name].texts)
            elif name.endswith("_hash"):
                numbers = self._take(name)
                columns[name] = pd.arrays.IntegerArray(numbers, numbers == NOT_RECORDED)
            else:
                columns[name] = self._take(name)
        return pd.DataFrame(columns, copy=False)

    def _take(self, name: str) -> NDArray[Any]:
        """Join a column, letting go of its parts so that memory holds it once."""
        return np.concatenate([rows.pop(name) for rows in self._rows])


def _categorical(codes: NDArray[np.int32], texts: dict[str, int]) -> Any:
    import pandas as pd

    categories = pd.Index(list(texts), dtype=object)
    return pd.Categorical.from_codes(codes, categories=categories)


def _distinct_names(models: list[tuple[str, str]]) -> list[str]:
    """Give models of one name and different arguments different names."""
    args_of: dict[str, list[str]] = {}
    for name, args in models:
        known = args_of.setdefault(name, [])
        if args not in known:
            known.append(args)
    several = {name: args for name, args in args_of.items() if len(args) > 1}
    if several:
        name, variants = next(iter(several.items()))
        more = f" (and {len(several) - 1} more such names)" if len(several) > 1 else ""
        warn(
            Note(
                "same-name",
                f"{len(variants)} different models are called {name!r}{more}: their arguments are "
                f"{' and '.join(one or 'none' for one in variants[:3])}. They are kept apart, as "
                f"{', '.join(repr(_suffixed(name, one)) for one in variants[:3])}. If they are "
                "one model, rename them in the table's column 'model'.",
                where=name,
                count=len(several),
            )
        )
    return [_suffixed(name, args) if name in several else name for name, args in models]


def _suffixed(name: str, args: str) -> str:
    return f"{name} [{hashlib.sha256(args.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}]"
