"""Tables of VLMEvalKit: tab-separated, JSON records, or an Excel workbook."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple
from zipfile import BadZipFile, ZipFile

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._optional import import_optional
from sklearn_sparseeval.harness.table._json_text import expect, read_json

Row = dict[str, Any]
Wanted = Callable[[str], bool]
Note = Callable[[str, str], object]

# A workbook of results unpacks to some ten times its size; one made to exhaust memory, to a
# thousand times. Its cells are as many as someone's benchmark has, not as a sheet could hold.
_UNPACKED_FREELY, _UNPACKED_RATIO, _UNPACKED_AT_MOST = 2**23, 100, 2**31
_LONGEST_TEXT = 2**18  # bytes between two tags: 32,767 characters, escaped
_MOST_COLUMNS, _MOST_ROWS = 2_000, 2_000_000
_LONGEST_RECORD = 2**30  # bytes; a row with a hundred images has a tenth of it


class Record(NamedTuple):
    """One row of the table, as it stands in the file."""

    raw: bytes
    line: int  # the number of its first line, from 1
    complete: bool  # ends with a line break, outside of quotation marks


def table_rows(path: Path, wanted: Wanted, note: Note) -> Iterator[Row]:
    """Read a table row by row, and of each row the columns wanted.

    Parameters
    ----------
    path : Path
        A file whose suffix is .tsv, .json or .xlsx.
    wanted : callable
        Tells by its name whether a column is wanted.
    note : callable
        Counts what is left out.

    Yields
    ------
    row : dict of str to object
        The cells by the name of their column: texts in a .tsv, and numbers, texts, bools and None
        in the others.

    Raises
    ------
    ResultsError
        If the file is not such a table.
    """
    yield from _READERS[path.suffix.lower()](path, wanted, note)


def _tab_rows(path: Path, wanted: Wanted, note: Note) -> Iterator[Row]:
    with path.open("rb") as file:
        rows = records(file)
        first = next(rows, None)
        if first is None:
            raise ResultsError("is empty. Was its run stopped?")
        names = header(first.raw)
        places = _places(names, wanted)
        for record in rows:
            cells = fields(record.raw)
            if _is_cut_off(record, cells, len(names)):
                note(
                    "cut-off",
                    "last rows were left out since they are cut off; was the run stopped?",
                )
                return
            if len(cells) != len(names):
                raise ResultsError(
                    f"line {record.line} has {len(cells)} cells; expected {len(names)}, one for "
                    "each column."
                )
            yield {name: cell_text(cells[place]) for name, place in places.items()}


def _is_cut_off(record: Record, cells: list[bytes], n_columns: int) -> bool:
    """Tell whether a row is what is left of a row, rather than a row without a line break."""
    if record.complete:
        return False
    later = record.raw.split(b"\n")[1:]
    if any(line.count(b"\t") == n_columns - 1 for line in later):
        raise ResultsError(
            f"line {record.line} opens a quotation that does not end before other rows begin."
        )
    return len(cells) != n_columns or not cells[-1].endswith(b'"') or cells[-1] == b'"'


def _json_rows(path: Path, wanted: Wanted, note: Note) -> Iterator[Row]:
    for number, record in enumerate(expect(read_json(path), list, "its content"), start=1):
        row = expect(record, dict, f"record {number}")
        yield {name: value for name, value in row.items() if wanted(name)}


def _sheet_rows(path: Path, wanted: Wanted, note: Note) -> Iterator[Row]:
    with path.open("rb") as file, closing(_workbook(path, file)) as book:
        if not book.worksheets:
            raise ResultsError("is a workbook without a sheet.")
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what it says of its size may be wrong
        places: dict[str, int] | None = None
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            if number > _MOST_ROWS or len(cells) > _MOST_COLUMNS:
                raise ResultsError(
                    f"has a sheet of more than {_MOST_ROWS} rows or {_MOST_COLUMNS} columns, "
                    "which is not a table of results."
                )
            if places is None:
                places = _places([str(cell) for cell in cells], wanted)
            elif any(cell is not None for cell in cells):
                yield {
                    name: cells[place] if place < len(cells) else None
                    for name, place in places.items()
                }


def _workbook(path: Path, file: BinaryIO) -> Any:
    try:
        openpyxl = import_optional("openpyxl", "Reading an Excel workbook")
    except ImportError as error:
        raise ResultsError(str(error)) from error
    _check_archive(path)
    with warnings.catch_warnings():  # of formats and extensions, which hold no score
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(file, read_only=True, data_only=True)


def _check_archive(path: Path) -> None:
    try:
        with ZipFile(path) as archive:
            _check_unpacked_size(path, sum(member.file_size for member in archive.infolist()))
            for member in archive.infolist():
                if member.filename.endswith(".xml"):
                    with archive.open(member) as stream:
                        _check_tags(stream)
    except BadZipFile as error:
        raise ResultsError(
            f"is not a valid Excel workbook ({error}). Was its run stopped?"
        ) from None


def _check_unpacked_size(path: Path, unpacked: int) -> None:
    allowed = _UNPACKED_FREELY + _UNPACKED_RATIO * path.stat().st_size
    if unpacked > min(allowed, _UNPACKED_AT_MOST):
        raise ResultsError(
            f"unpacks to {unpacked} bytes, which no workbook of results does. Run VLMEvalKit with "
            "PRED_FORMAT=tsv if it is one."
        )


def _check_tags(stream: IO[bytes]) -> None:
    """Refuse what is not XML of a sheet: a parser's time grows with the square of a tag's size."""
    while part := stream.read(_LONGEST_TEXT):
        if b">" not in part and len(part) == _LONGEST_TEXT:
            raise ResultsError("is not a valid Excel workbook (a sheet without an end of a tag).")


def _places(names: list[str], wanted: Wanted) -> dict[str, int]:
    """Find the columns that are wanted."""
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        if not wanted(name):
            continue
        if name in places:
            raise ResultsError(f"has two columns {name!r}.")
        places[name] = place
    return places


_READERS: dict[str, Callable[[Path, Wanted, Note], Iterator[Row]]] = {
    ".tsv": _tab_rows,
    ".json": _json_rows,
    ".xlsx": _sheet_rows,
}


def records(file: BinaryIO) -> Iterator[Record]:
    """Split a table into its rows; cells within quotation marks may hold tabs and line breaks.

    Parameters
    ----------
    file : binary file
        The table, from where it stands.

    Yields
    ------
    record : Record
        A row; empty lines between rows are passed over.

    Raises
    ------
    ResultsError
        If a row has more than a gigabyte.
    """
    parts: list[bytes] = []
    first, number, size, inside = 1, 0, 0, False
    while line := file.readline(_LONGEST_RECORD + 1 - size):
        number += 1
        size += len(line)
        if size > _LONGEST_RECORD:
            raise ResultsError(f"line {first} begins a row of more than {_LONGEST_RECORD} bytes.")
        parts.append(line)
        inside = _ends_inside(line, inside)
        if inside:
            continue
        raw = b"".join(parts)
        if raw.strip(b"\r\n"):
            yield Record(raw, first, raw.endswith(b"\n"))
        parts, first, size = [], number + 1, 0
    if parts:
        yield Record(b"".join(parts), first, False)


def fields(record: bytes) -> list[bytes]:
    """Split a row into its cells.

    Parameters
    ----------
    record : bytes
        The row, with or without its line break.

    Returns
    -------
    cells : list of bytes
        The cells as they stand in the file, quotation marks included.
    """
    cells: list[bytes] = []
    open_parts: list[bytes] = []
    for piece in record.rstrip(b"\r\n").split(b"\t"):
        if open_parts:
            open_parts.append(piece)
            if _is_odd(piece):
                cells.append(b"\t".join(open_parts))
                open_parts = []
        elif piece.startswith(b'"') and _is_odd(piece):
            open_parts = [piece]
        else:
            cells.append(piece)
    return [*cells, b"\t".join(open_parts)] if open_parts else cells


def cell_text(cell: bytes) -> str:
    """Read a cell.

    Parameters
    ----------
    cell : bytes
        As :func:`fields` gives it.

    Returns
    -------
    text : str
        What it holds, without quotation marks around it.

    Raises
    ------
    ResultsError
        If it is not UTF-8.
    """
    if cell.startswith(b'"'):
        cell = cell[1:].removesuffix(b'"').replace(b'""', b'"')
    try:
        return cell.decode()
    except UnicodeDecodeError as error:
        raise ResultsError(f"a cell is not UTF-8 text ({error}).") from None


def header(record: bytes) -> list[str]:
    """Read the names of the columns.

    Parameters
    ----------
    record : bytes
        The first row.

    Returns
    -------
    names : list of str
        The names, without a byte order mark.
    """
    return [cell_text(cell) for cell in fields(record.removeprefix(b"\xef\xbb\xbf"))]


def _ends_inside(line: bytes, inside: bool) -> bool:
    """Tell whether a line ends within quotation marks, which only begin at a cell's beginning."""
    if not inside and b'"' not in line:
        return False
    for piece in line.split(b"\t"):
        if inside or piece.startswith(b'"'):
            inside ^= _is_odd(piece)
    return inside


def _is_odd(piece: bytes) -> bool:
    return piece.count(b'"') % 2 == 1
