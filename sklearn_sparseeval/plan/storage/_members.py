"""The zip file around a predictor: read within bounds, written whole or not at all."""

import io
import math
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sklearn_sparseeval._errors import PredictorError
from sklearn_sparseeval._messages import short

DESCRIPTION = "sparseeval.json"
SCHEMA = "schema.json"
_ARRAY = re.compile(r"[0-9]+\.npy")
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Deflate can blow a file up a thousandfold, and texts grow again when they are parsed.
MOST_BYTES = 2**30
MOST_TEXT_BYTES = 2**26
_CHUNK = 2**18
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_members(path: Path) -> dict[str, bytes]:
    """Read all members of a predictor's file, and make sure that they are what they say.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    members : dict of str to bytes
        Content by name: the description, the schema and arrays, nothing else.

    Raises
    ------
    PredictorError
        If there is no such file, it is not a zip file, is damaged, holds anything else, or would
        grow beyond all bounds.
    """
    if path.is_dir():
        raise PredictorError(f"{path} is a folder; expected the file of a predictor in it.")
    if not path.is_file():
        raise PredictorError(f"There is no file {path}.")
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _check_names([info.filename for info in infos], path)
            check_size({info.filename: info.file_size for info in infos}, path)
            members = {info.filename: _read(archive, info) for info in infos}
    except PredictorError:
        raise
    except Exception as error:  # a foreign file: zipfile and zlib raise a dozen types
        raise PredictorError(
            f"{path} is not a predictor, or is damaged ({type(error).__name__}: {error}); expected "
            "a file that save_predictor wrote. Copy it again, or make it anew."
        ) from error
    return members


def check_size(sizes: Mapping[str, int], path: Path) -> None:
    """Check that members have the sizes that a predictor's can have.

    Parameters
    ----------
    sizes : mapping of str to int
        Bytes of each member, unpacked.
    path : Path
        The file, for the message.

    Raises
    ------
    PredictorError
        If they are too large.
    """
    texts, total = sizes[DESCRIPTION] + sizes[SCHEMA], sum(sizes.values())
    for size, most, part in ((texts, MOST_TEXT_BYTES, "its texts"), (total, MOST_BYTES, "it")):
        if size > most:
            raise PredictorError(
                f"{path} is too large: unpacked, {part} would take {size / 2**20:,.0f} MiB of at "
                f"most {most / 2**20:,.0f}. Take a method that keeps less of the history, such as "
                "sparse-ridge, or fewer items."
            )


def pack(members: Mapping[str, bytes], path: Path) -> bytes:
    """Pack members into a compressed zip file that :func:`read_members` will take.

    Parameters
    ----------
    members : mapping of str to bytes
        Content by name.
    path : Path
        Where it will be written, for messages.

    Returns
    -------
    archive : bytes
        A zip file.

    Raises
    ------
    PredictorError
        If it would be too large.
    """
    check_size({name: len(content) for name, content in members.items()}, path)
    return _zipped(members, zipfile.ZIP_DEFLATED)


def plain_archive(members: Mapping[str, bytes]) -> bytes:
    """Pack members into a zip file without compression.

    Parameters
    ----------
    members : mapping of str to bytes
        Content by name.

    Returns
    -------
    archive : bytes
        A zip file whose reader gets these very bytes.
    """
    return _zipped(members, zipfile.ZIP_STORED)


def _check_names(names: list[str], path: Path) -> None:
    for needed in (DESCRIPTION, SCHEMA):
        if needed not in names:
            raise PredictorError(
                f"{path} is not a predictor: it does not hold {needed}. Expected a file that "
                "save_predictor or `sparseeval select` wrote."
            )
    arrays = set(names) - {DESCRIPTION, SCHEMA}
    strange = sorted(name for name in arrays if not _ARRAY.fullmatch(name))
    if strange or len(arrays) + 2 < len(names):
        what = short(strange[0]) if strange else "a member twice"
        raise PredictorError(f"{path} holds {what}, which no predictor does. Make it anew.")


def _zipped(members: Mapping[str, bytes], compression: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Read one member, by and by: what it says of its size is not to be believed."""
    if info.compress_type not in _COMPRESSIONS:
        raise zipfile.BadZipFile(f"{info.filename} is compressed in an unknown way")
    chunks: list[bytes] = []
    with archive.open(info) as stream:
        while chunk := stream.read(_CHUNK):
            chunks.append(chunk)
    content = b"".join(chunks)
    if len(content) != info.file_size:
        raise zipfile.BadZipFile(f"{info.filename} is cut off")
    if _ARRAY.fullmatch(info.filename):
        _check_array(content)
    return content


def _check_array(content: bytes) -> None:
    """Check that an array is as large as it says, before room is made for it."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"an array is of the unknown format {version}")
    shape, _, dtype = _HEADERS[version](stream)
    expected = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or min(shape, default=0) < 0 or len(content) - stream.tell() != expected:
        raise ValueError(f"an array of shape {shape} and type {dtype} does not have its size")
