"""Members of zip archives by name, those packed with zstd among them, within bounds."""

import io
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from sklearn_sparseeval._errors import ResultsError

_ZSTD = 93  # what zipfile calls ZIP_ZSTANDARD from Python 3.14 on
_ENCRYPTED = 0x1
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_CHUNK = 1 << 20
_ALWAYS_ALLOWED = 64 << 20
_NEVER_ALLOWED = 1 << 30
_RATIO = 1000  # logs whose samples all begin with one long prompt reach a few hundred
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # an encrypted member, or a compression that zipfile does not know
    ValueError,
)


class ZipMembers:
    """The members of a zip archive; a context manager, which closes the file.

    Parameters
    ----------
    path : Path
        The archive.

    Raises
    ------
    ResultsError
        If it is no zip archive, or is cut off.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            self._size = os.fstat(self._file.fileno()).st_size
            self._archive = zipfile.ZipFile(self._file)
        except _BROKEN as error:
            self._file.close()
            raise ResultsError(
                f"is no zip archive, or is cut off ({error}). Was its run stopped, or its copying?"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._archive.close()
        self._file.close()

    @property
    def names(self) -> list[str]:
        """List the names of the members.

        Returns
        -------
        names : list of str
            Each once, in the order of the archive.
        """
        return list(self._archive.NameToInfo)

    def read(self, name: str) -> bytes:
        """Unpack a member.

        Parameters
        ----------
        name : str
            Its name. Of several members of one name the last is read, which replaced the others.

        Returns
        -------
        content : bytes
            What it holds.

        Raises
        ------
        ResultsError
            If it is damaged, is packed in a way that cannot be read, or is too large to be true.
        """
        info = self._archive.getinfo(name)
        packed_size = min(info.compress_size, self._size)
        _check_size(info, packed_size)
        try:
            if info.compress_type == _ZSTD and not info.flag_bits & _ENCRYPTED:
                content = _unpack_zstd(self._packed(info, packed_size), info.file_size)
            else:
                with self._archive.open(info) as stream:
                    content = _read_all(stream, info.file_size)
        except _MissingZstdError:
            raise
        except _BROKEN as error:
            raise ResultsError(f"its member {name!r} cannot be unpacked ({error}).") from None
        if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
            raise ResultsError(f"its member {name!r} is damaged: its length or checksum is wrong.")
        return content

    def _packed(self, info: zipfile.ZipInfo, size: int) -> bytes:
        """Read a member as it is stored: what follows its local header."""
        self._file.seek(info.header_offset)
        header = self._file.read(_LOCAL_HEADER.size)
        signature, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        if signature != b"PK\x03\x04":
            raise zipfile.BadZipFile("nothing of that kind begins where the archive says it does")
        self._file.seek(name_length + extra_length, io.SEEK_CUR)
        return self._file.read(size)


def _check_size(info: zipfile.ZipInfo, packed_size: int) -> None:
    allowed = min(_NEVER_ALLOWED, max(_ALWAYS_ALLOWED, _RATIO * packed_size))
    if info.file_size > allowed:
        raise ResultsError(
            f"its member {info.filename!r} would unpack from {packed_size} bytes to "
            f"{info.file_size}; expected at most {allowed}."
        )


def _read_all(stream: Any, size: int) -> bytes:
    """Read to the end, or until there is more than there should be."""
    parts: list[bytes] = []
    n_bytes = 0
    while n_bytes <= size and (part := stream.read(_CHUNK)):
        parts.append(part)
        n_bytes += len(part)
    return b"".join(parts)


def _unpack_zstd(packed: bytes, size: int) -> bytes:
    zstd = _zstd()
    try:
        with zstd.open(io.BytesIO(packed)) as stream:
            return _read_all(stream, size)
    except zstd.error as error:
        raise zipfile.BadZipFile(str(error)) from None


class _Zstd(NamedTuple):
    """Whatever unpacks zstd; its errors derive from none of Python's own."""

    open: Callable[[io.BytesIO], Any]
    error: type[Exception]


class _MissingZstdError(ResultsError):
    """Nothing that unpacks zstd is installed."""


def _zstd() -> _Zstd:
    try:
        standard = import_module("compression.zstd")
    except ImportError:
        return _zstandard()
    return _Zstd(standard.ZstdFile, standard.ZstdError)


def _zstandard() -> _Zstd:
    try:
        import zstandard
    except ImportError as error:
        raise _MissingZstdError(
            "is packed with zstd, which Python reads from 3.14 on; before, it takes the package "
            "zstandard. Install it with pip install 'sklearn-sparseeval[harness]'."
        ) from error
    stream_reader = zstandard.ZstdDecompressor().stream_reader
    return _Zstd(partial(stream_reader, read_across_frames=True), zstandard.ZstdError)
