"""The one way in which this package writes a file."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO


def write_whole(path: str | os.PathLike[str], content: bytes | Callable[[BinaryIO], Any]) -> None:
    """Write a file so that nobody ever sees half of it.

    Parameters
    ----------
    path : path-like
        The file. One that is there is replaced, at once and only by a whole one. A symbolic link
        is replaced too, and what it points to stays as it was.
    content : bytes or callable
        What the file shall hold, or a function that writes it to a binary stream, such as
        ``frame.to_parquet``.

    Raises
    ------
    OSError
        If the folder does not exist or cannot be written to, or `path` is a folder.

    Notes
    -----
    The content goes to a new file of a random name in the same folder, which is flushed to the
    disk and then renamed, so of several writers the last one wins, whole. If anything fails, the
    old file stays and the new one is removed. Permissions are those of any new file: the umask
    applies.
    """
    path = Path(path)
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as stream:
            if callable(content):
                content(stream)
            else:
                stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
