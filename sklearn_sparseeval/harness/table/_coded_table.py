"""The long table as integer codes: each distinct text once, and per row its position."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import NOT_RECORDED, fingerprint_column
from sklearn_sparseeval._messages import short
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval.harness.table._long_table import COLUMNS
from sklearn_sparseeval.harness.table._rows import NO_FILTER

Codes = NDArray[np.signedinteger[Any]]

_NAMES = ("model", "task", "item", "metric")
_REQUIRED = (*_NAMES, "value")
_DEFAULTS = {"filter": NO_FILTER, "setting": "", "date": "", "harness": "", "source": ""}
_EXACT_FLOATS = 2**53
_SMALL = 1 << 20


@dataclass(frozen=True)
class Texts:
    """A column of texts."""

    codes: Codes
    texts: list[str]

    def at(self, row: int) -> str:
        """Read one row.

        Parameters
        ----------
        row : int
            Number of the row.

        Returns
        -------
        text : str
            Its text.
        """
        code: int = self.codes[row]
        return self.texts[code]

    def ranks(self, key: Callable[[str], Any] | None = None) -> NDArray[np.int64]:
        """Rank the distinct texts.

        Parameters
        ----------
        key : callable, default=None
            What to sort by; None sorts by the texts themselves.

        Returns
        -------
        ranks : ndarray of shape (n_texts,)
            Place of each text in the sorted order, by its code.
        """
        order = sorted(
            range(len(self.texts)),
            key=lambda code: self.texts[code] if key is None else key(self.texts[code]),
        )
        ranks = np.empty(len(order), dtype=np.int64)
        ranks[order] = np.arange(len(order))
        return ranks

    def present(self) -> NDArray[np.bool_]:
        """Tell which of the texts occur in a row.

        Returns
        -------
        present : ndarray of shape (n_texts,)
            By code. A category without rows is not one of the table's.
        """
        flags = np.zeros(len(self.texts), dtype=bool)
        flags[self.codes] = True
        return flags


@dataclass(frozen=True)
class CodedTable:
    """The long table; arrays that the data frame holds in this form already are not copied.

    Parameters
    ----------
    model, task, item, metric, filter, group, setting, date, harness, source : Texts
        The columns of texts, as codes.
    epoch, value, cost : ndarray of shape (n_rows,)
        The columns of numbers.
    _frame : pandas.DataFrame
        The table itself, for its columns of fingerprints.
    """

    model: Texts
    task: Texts
    item: Texts
    metric: Texts
    filter: Texts
    group: Texts
    setting: Texts
    date: Texts
    harness: Texts
    source: Texts
    epoch: NDArray[np.integer[Any]]
    value: NDArray[np.floating[Any]]
    cost: NDArray[np.floating[Any]]
    _frame: Any

    def fingerprints(self, name: str) -> NDArray[np.uint64]:
        """Read a column of fingerprints.

        Parameters
        ----------
        name : str
            ``"content_hash"`` or ``"prompt_hash"``.

        Returns
        -------
        fingerprints : ndarray of shape (n_rows,)
            All 64 bits of each; 0 = not recorded.
        """
        if name not in self._frame:
            return np.zeros(len(self._frame), dtype=np.uint64)
        return _fingerprints(self._frame[name], name)


def coded_table(results: Any) -> CodedTable:
    """Check a long table and look at it as codes.

    Parameters
    ----------
    results : pandas.DataFrame or polars.DataFrame
        The long table, its texts categorical or not. Only model, task, item, metric and value have
        to be there; other columns than those of `COLUMNS` are ignored. Not modified.

    Returns
    -------
    table : CodedTable
        The same table.

    Raises
    ------
    ResultsError
        If it is not such a table.
    """
    frame = _as_pandas(results)
    missing = [name for name in _REQUIRED if name not in frame]
    if missing:
        raise ResultsError(
            f"The table has no column {', '.join(map(repr, missing))}, but "
            f"{', '.join(map(repr, frame.columns)) or 'none at all'}. Expected the long table that "
            f"the readers make, with the columns {', '.join(COLUMNS)}."
        )
    if not len(frame):
        raise ResultsError("The table of results has no row.")
    texts = {name: _texts(frame, name) for name in _NAMES}
    for name, default in _DEFAULTS.items():
        texts[name] = _texts(frame, name, Texts(_zeros(frame), [default]))
    return CodedTable(
        **texts,
        group=_texts(frame, "group", texts["task"]),
        epoch=_epochs(frame),
        value=_floats(frame, "value"),
        cost=_floats(frame, "cost"),
        _frame=frame,
    )


def _as_pandas(results: Any) -> Any:
    pd = import_pandas()
    if isinstance(results, pd.DataFrame):
        repeated = results.columns[results.columns.duplicated()]
        if len(repeated):
            raise ResultsError(f"The table has two columns {repeated[0]!r}. Remove one of them.")
        return results
    if type(results).__module__.split(".")[0] == "polars" and hasattr(results, "to_pandas"):
        # Extension arrays: otherwise 64-bit fingerprints with nulls would pass through floats.
        return results.to_pandas(use_pyarrow_extension_array=True)
    raise ResultsError(
        f"results is {short(results)} of type {type(results).__name__}; expected the long table "
        "that read_results makes, a pandas or polars DataFrame."
    )


def _zeros(frame: Any) -> Codes:
    """Make the codes of a column with one text only, which take no memory."""
    return np.broadcast_to(np.int8(0), len(frame))


def _texts(frame: Any, name: str, default: Texts | None = None) -> Texts:
    """Read a column of texts; where one is missing, the default's text of that row stands."""
    pd = import_pandas()
    if default is not None and name not in frame:
        return default
    column = frame[name]
    try:
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes, texts = column.array.codes, column.array.categories
        else:
            codes, texts = pd.factorize(column)
    except TypeError as error:
        raise ResultsError(f"Column {name!r} of the table holds no texts: {error}.") from error
    known = [str(text) for text in texts]
    unknown = codes < 0
    if unknown.any():
        if default is None:
            raise ResultsError(
                f"Row {int(np.argmax(unknown))} of the table has no {name}; expected one in each "
                "row."
            )
        codes = np.where(unknown, np.int64(len(known)) + default.codes, codes)
        known = known + default.texts
    return _distinct(codes, known)


def _distinct(codes: Codes, texts: list[str]) -> Texts:
    """Give equal texts one code: categories 1 and "1" are the same."""
    first = {text: code for code, text in reversed(list(enumerate(texts)))}
    if len(first) == len(texts):
        return Texts(codes, texts)
    return Texts(np.array([first[text] for text in texts])[codes], texts)


def _floats(frame: Any, name: str) -> NDArray[np.floating[Any]]:
    """Read a column of numbers; NaN where none is recorded."""
    if name not in frame:
        return np.broadcast_to(np.float32(np.nan), len(frame))
    column = frame[name]
    if column.dtype in (np.float64, np.float32):
        numbers = column.to_numpy()
    else:
        try:
            numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise ResultsError(
                f"Column {name!r} of the table holds no numbers only: {error}. Leave NaN where "
                "there is none."
            ) from error
    infinite = np.isinf(numbers)
    if infinite.any():
        row = int(np.argmax(infinite))
        raise ResultsError(
            f"Column {name!r} of the table holds {numbers[row]} in row {row}; expected finite "
            "numbers, or NaN where there is none."
        )
    return np.asarray(numbers)


def _epochs(frame: Any) -> NDArray[np.integer[Any]]:
    if "epoch" not in frame:
        return np.broadcast_to(np.int32(1), len(frame))
    column = frame["epoch"]
    integers = column.dtype in (np.int32, np.int64)
    numbers = column.to_numpy() if integers else _floats(frame, "epoch")
    right = (numbers >= 1) & (numbers <= _EXACT_FLOATS)
    if not integers:
        right &= numbers == np.floor(numbers)
    if not right.all():
        row = int(np.argmin(right))
        raise ResultsError(
            f"Column 'epoch' of the table holds {numbers[row]} in row {row}; expected an integer "
            "from 1."
        )
    return np.asarray(numbers if integers else numbers.astype(np.int64))


def _fingerprints(column: Any, name: str) -> NDArray[np.uint64]:
    kind, missing = column.dtype.kind, column.isna()
    if missing.all():
        return np.zeros(len(column), dtype=np.uint64)
    if kind == "f":
        raise ResultsError(
            f"Column {name!r} of the table is of type {column.dtype}, which does not hold the 64 "
            "bits of a fingerprint. Keep it as pandas' UInt64 (read_parquet and to_parquet do), or "
            "drop the column if contents need not be compared."
        )
    try:
        if kind == "O":
            column = fingerprint_column(index(one) for one in column.where(~missing, NOT_RECORDED))
        elif kind == "i" and (column < 0).any():
            raise ValueError(f"{column.min()} is negative")
        return np.asarray(column.to_numpy(dtype=np.uint64, na_value=NOT_RECORDED))
    except (TypeError, ValueError, OverflowError) as error:
        raise ResultsError(
            f"Column {name!r} of the table holds no fingerprints ({error}); expected integers from "
            "1 to 2**64 - 1, or NA."
        ) from error


def compact(
    codes: NDArray[np.integer[Any]], size: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Find the codes that occur, and the place of each code among them.

    Parameters
    ----------
    codes : ndarray of shape (n_codes,)
        Integers from 0 to ``size - 1``.
    size : int
        How many different codes there could be.

    Returns
    -------
    places : ndarray of shape (n_codes,)
        Place of each code in `distinct`.
    distinct : ndarray of shape (n_distinct,)
        The codes that occur, sorted.
    """
    if size > max(_SMALL, 4 * len(codes)):  # a table of all codes would be the larger one
        distinct, places = np.unique(codes, return_inverse=True)
        return places.astype(np.int32), distinct.astype(np.int64)
    place_of = np.zeros(size, dtype=np.int32)
    place_of[codes] = 1
    distinct = np.flatnonzero(place_of)
    place_of[distinct] = np.arange(len(distinct), dtype=np.int32)
    return place_of[codes], distinct


def occurring(codes: NDArray[np.integer[Any]], size: int) -> NDArray[np.int64]:
    """List the codes that occur.

    Parameters
    ----------
    codes : ndarray of shape (n_codes,)
        Integers from 0 to ``size - 1``.
    size : int
        How many different codes there could be.

    Returns
    -------
    distinct : ndarray of shape (n_distinct,)
        The codes that occur, sorted.
    """
    if size > max(_SMALL, 4 * len(codes)):
        ordered = np.sort(codes.astype(np.int64))  # many times faster than np.unique's hashing
        first = np.ones(len(ordered), dtype=bool)
        first[1:] = ordered[1:] != ordered[:-1]
        return ordered[first]
    flags = np.zeros(size, dtype=bool)
    flags[codes] = True
    return np.flatnonzero(flags)
