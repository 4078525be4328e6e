"""Tab-separated tables as VLMEvalKit writes them, split without limits on the size of a cell.

The csv module refuses cells beyond a limit that is global to the process, and a table of images
has cells of megabytes; pandas cannot hand back what it read byte for byte.
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from sklearn_sparseeval._errors import ResultsError

_LONGEST_RECORD = 2**30  # bytes; a row with a hundred images has a tenth of it


class Record(NamedTuple):
    """One row of the table, as it stands in the file."""

    raw: bytes
    line: int  # the number of its first line, from 1
    complete: bool  # ends with a line break, outside of quotation marks


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
        If it is no UTF-8.
    """
    if cell.startswith(b'"'):
        cell = cell[1:].removesuffix(b'"').replace(b'""', b'"')
    try:
        return cell.decode()
    except UnicodeDecodeError as error:
        raise ResultsError(f"a cell is no UTF-8 text ({error}).") from None


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
