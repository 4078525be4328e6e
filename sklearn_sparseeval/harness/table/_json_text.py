"""JSON as harnesses write it: bare NaN, cut-off files, shapes that may not be what is expected."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._messages import short

Kind = TypeVar("Kind")

_LONGEST_LINE = 2**28


def parse_json(
    text: str | bytes, *, object_hook: Callable[[dict[str, Any]], Any] | None = None
) -> Any:
    """Parse one JSON document; NaN and Infinity are numbers, as Python writes them.

    Parameters
    ----------
    text : str or bytes
        The document; bytes are UTF-8, UTF-16 or UTF-32.
    object_hook : callable, default=None
        Is given every JSON object as soon as it is read, inner ones first; what it returns takes
        the object's place. Keeps memory small where little of an object is needed.

    Returns
    -------
    value : object
        What it holds.

    Raises
    ------
    ResultsError
        If it is not JSON, is cut off, or nests without end.
    """
    try:
        return json.loads(text, object_hook=object_hook)
    except (ValueError, RecursionError) as error:  # a JSONDecodeError, UnicodeDecodeError: both
        raise ResultsError(f"is not valid JSON ({error}). Was its run stopped?") from None


def read_json(path: Path) -> Any:
    """Read a file that holds one JSON document.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    value : object
        What it holds.

    Raises
    ------
    ResultsError
        If it is not JSON.
    """
    return parse_json(path.read_bytes())


def json_lines(path: Path, cut_off: list[int]) -> Iterator[tuple[int, Any]]:
    """Read a file of one JSON document per line, line by line.

    A broken last line without a line break is what a stopped run leaves: it is not yielded, and
    its number is noted. Any other broken line is an error.

    Parameters
    ----------
    path : Path
        The file. Empty lines are passed over.
    cut_off : list of int
        Gets the number of a last line that was cut off.

    Yields
    ------
    number : int
        Number of the line, from 1.
    value : object
        What the line holds.

    Raises
    ------
    ResultsError
        If a line other than the last is not JSON.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(iter(partial(lines.readline, _LONGEST_LINE), b""), start=1):
            if not line.strip():
                continue
            if len(line) == _LONGEST_LINE:
                raise ResultsError(
                    f"line {number} is longer than {_LONGEST_LINE:,} bytes. Is the file damaged?"
                )
            try:
                value = parse_json(line)
            except ResultsError as error:
                if line.endswith(b"\n"):
                    raise ResultsError(f"line {number} {error}") from None
                cut_off.append(number)
                return
            yield number, value


def expect(value: Any, kind: type[Kind], what: str) -> Kind:
    """Return a value of the type expected.

    Parameters
    ----------
    value : object
        A value that was read.
    kind : type
        Such as dict, list, str or int. A bool is not an int.
    what : str
        What the value is, for the message.

    Returns
    -------
    value : object
        The same.

    Raises
    ------
    ResultsError
        If it is of another type.
    """
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ResultsError(f"{what} is {short(value)}; expected {_NAMES.get(kind, kind.__name__)}.")
    return value


_NAMES: dict[type, str] = {dict: "a JSON object", list: "a list", str: "a text", int: "an integer"}
