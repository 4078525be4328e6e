"""Csv files of score matrices: every cell where it belongs, or a message that says which is not."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._messages import short
from sklearn_sparseeval._optional import import_pandas

if TYPE_CHECKING:
    from pandas import DataFrame

_DELIMITERS = (",", ";", "\t")
_LONGEST_CELL = 2**20


class _Layout(NamedTuple):
    """Where things stand in a file."""

    header: list[str]
    delimiter: str
    n_lines: int  # of the header
    width: int  # cells per row
    texts: dict[int, list[str]]  # columns kept as they are written


def read_csv_frame(path: Path, is_text: Any) -> "DataFrame":
    """Read a csv file whose rows are as wide as its header.

    Rows with another number of cells are refused: a file that was cut off would have scores that
    nobody gave. A comma at the end of every row is not a cell, and a header that lacks the first
    cell, as R writes it, is that of the other columns.

    Parameters
    ----------
    path : Path
        The file: in UTF-8, with commas, semicolons or tabs.
    is_text : callable
        Tells by the name of a column whether its cells are names, and kept as they are written.

    Returns
    -------
    frame : pandas.DataFrame
        The first column and those that `is_text` names hold texts, None where a cell is empty;
        the others numbers where all of their cells are.

    Raises
    ------
    ResultsError
        If the file is empty, damaged or ragged, or has two columns of one name.
    """
    pd = import_pandas(f"Reading {path}")
    try:
        layout = _scan(path, is_text)
        frame = pd.read_csv(
            path, sep=layout.delimiter, header=None, skiprows=layout.n_lines, low_memory=False,
            names=range(layout.width), index_col=False, **_exact_numbers(pd.__version__),
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, csv.Error) as error:
        if isinstance(error, ResultsError):
            raise
        raise ResultsError(f"{path} cannot be read as csv: {error}") from error
    frame = frame.iloc[:, : len(layout.header)]
    for place, cells in layout.texts.items():
        if place < frame.shape[1]:
            frame[place] = pd.Series([cell or None for cell in cells], dtype=object)
    named: DataFrame = frame.set_axis(layout.header, axis=1)
    return named


def _exact_numbers(version: str) -> dict[str, str]:
    """Return what makes pandas read numbers exactly, which from 3.1 on it does by itself."""
    major, minor = version.split(".")[:2]
    return {} if (int(major), int(minor)) >= (3, 1) else {"float_precision": "round_trip"}


def _scan(path: Path, is_text: Any) -> _Layout:
    """Read the header, the widths of all rows, and the cells of the columns of texts."""
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(_DELIMITERS, key=first.count)
            rows = csv.reader(file, delimiter=delimiter)
            header = next((row for row in rows if row), None)
            if header is None:
                raise ResultsError(f"{path} is empty; expected a header and one row per model.")
            n_lines = rows.line_num
            return _layout(path, header, delimiter, n_lines, _numbered(rows), is_text)
    finally:
        csv.field_size_limit(before)


def _numbered(rows: Any) -> Iterator[tuple[int, list[str]]]:
    return ((rows.line_num, row) for row in rows if row)


def _layout(
    path: Path,
    header: list[str],
    delimiter: str,
    n_lines: int,
    rows: Iterator[tuple[int, list[str]]],
    is_text: Any,
) -> _Layout:
    texts: dict[int, list[str]] = {0: []}
    texts |= {place: [] for place, name in enumerate(header) if place and is_text(name)}
    width, filled_up = 0, False
    for line, row in rows:
        width = width or len(row)
        if len(row) != width or abs(width - len(header)) > 1:
            what = f"the header has {len(header)}" if width == len(header) else f"others {width}"
            raise ResultsError(
                f"{path}, line {line}: the row of {short(row[0])} has {len(row)} cells, {what}. "
                "Is the file cut off, or a comma in a name without quotes? Scores that were not "
                "evaluated are empty cells, with their commas."
            )
        filled_up = filled_up or row[-1] != ""
        for place, cells in texts.items():
            cells.append(row[place] if place < len(row) else "")
    if width == len(header) + 1 and filled_up:
        header = ["", *header]
        again = {place + 1: cells for place, cells in texts.items() if place}
        if again:
            raise ResultsError(
                f"{path}: the header has no name for the first column. Write 'model' before "
                f"{short(header[1])}."
            )
    elif width == len(header) - 1 and header[-1] == "":
        header = header[:-1]
    elif width == len(header) - 1:
        raise ResultsError(
            f"{path}: the header has {len(header)} cells, all rows {width}. Expected the name of "
            "the model and a cell per item in every row."
        )
    twice = [name for name, count in Counter(header).items() if name and count > 1]
    if twice:
        raise ResultsError(f"{path} has two columns {twice[0]!r}. Expected each item once.")
    return _Layout(header, delimiter, n_lines, width or len(header), texts)
