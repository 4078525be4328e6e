"""Files of score matrices: csv, parquet and npz, read with care and written whole."""

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._files import write_whole
from sklearn_sparseeval._optional import import_optional, import_pandas
from sklearn_sparseeval._score_columns import (
    FAMILY_COLUMN,
    is_family,
    named_scores,
    refuse_infinite,
)
from sklearn_sparseeval._score_csv import read_csv_frame

if TYPE_CHECKING:
    from pandas import DataFrame

# What else there is to say of a matrix lies in the footer of a parquet file, of which pyarrow reads
# 100 MB unless told, or in an array of an npz file.
_KEY = b"sklearn_sparseeval"
_DESCRIPTION = "description"
_LIMITS = {"thrift_string_size_limit": 2**31 - 1, "thrift_container_size_limit": 2**31 - 1}

# What the members of a damaged archive raise.
_DAMAGED = (OSError, EOFError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error)


class ScoreFile(NamedTuple):
    """What a file holds: scores with their names, and what it says of them."""

    scores: "DataFrame"  # models x items
    families: list[str] | None = None
    description: dict[str, Any] | None = None  # of a file that write_score_file wrote


def read_score_file(path: Path, *, transpose: bool = False) -> ScoreFile:
    """Read a score matrix, rows models and columns items.

    Parameters
    ----------
    path : Path
        A csv or parquet file, whose first column is the model's name and in which a column
        "family" may name its family; an npz file with arrays `scores`, `models` and perhaps
        `items` and `families`. Empty cells are NaN.
    transpose : bool, default=False
        Whether its rows are items and its columns models.

    Returns
    -------
    file : ScoreFile
        What was read.

    Raises
    ------
    ValueError
        If there is no such file, its suffix is another, or it holds anything but numbers.
    """
    readers: dict[str, Callable[[Path, bool], ScoreFile]] = {
        ".csv": _read_csv,
        ".parquet": _read_parquet,
        ".npz": _read_npz,
    }
    if path.is_dir():
        raise ValueError(
            f"{path} is a folder, not a score matrix. If it holds a harness's results, make one of "
            f"them first: sparseeval import {quote(str(path))} -o scores.parquet."
        )
    if path.suffix.lower() not in readers:
        raise ValueError(
            f"{str(path)!r} is not a file that ends in .csv, .parquet or .npz, as a score matrix "
            "does."
        )
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    try:
        file = readers[path.suffix.lower()](path, transpose)
    except MemoryError:
        raise ResultsError(
            f"{path} ({path.stat().st_size:,} bytes) does not fit into memory. Leave columns out, "
            "or read it on a larger machine."
        ) from None
    refuse_infinite(path, file.scores)
    return file


def write_score_file(
    path: Path, scores: "DataFrame", families: list[str] | None, description: dict[str, Any]
) -> None:
    """Write a score matrix, whole or not at all.

    Parameters
    ----------
    path : Path
        The file; its suffix says how.
    scores : pandas.DataFrame of shape (n_models, n_items)
        The scores.
    families : list of str or None
        Family of each model, where they are known.
    description : dict
        What else there is to say, as JSON holds it; a csv file does not.

    Raises
    ------
    ValueError
        If the suffix is another than .csv, .npz or .parquet.
    """
    writers = {".csv": _csv, ".npz": _npz, ".parquet": _parquet}
    if path.suffix.lower() not in writers:
        raise ValueError(
            f"{path} does not end in {', '.join(writers)}, which says how to write it."
        )
    write_whole(path, writers[path.suffix.lower()](scores, families, description))


def is_described(path: Path) -> bool:
    """Tell whether :func:`write_score_file` wrote a file, so that it says what its items are.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    described : bool
        Whether it does.
    """
    reader = {".npz": _npz_description, ".parquet": _parquet_description}.get(path.suffix.lower())
    try:
        return reader is not None and reader(path) is not None
    except (*_DAMAGED, ValueError):
        return False


def _csv(scores: "DataFrame", families: list[str] | None, description: dict[str, Any]) -> bytes:
    frame = scores
    named = [name for name in frame.columns if is_family(name)]
    if named:
        raise ValueError(
            f"An item is called {named[0]!r}, which a csv file would read as the models' families. "
            "Write .parquet or .npz."
        )
    if families is not None:
        frame = frame.copy(deep=False)
        frame.insert(0, FAMILY_COLUMN, families)
    text: str = frame.to_csv(index_label=_models_column(frame))
    return text.encode()


def _npz(scores: "DataFrame", families: list[str] | None, description: dict[str, Any]) -> bytes:
    arrays = {
        "scores": scores.to_numpy(),
        "models": np.array(list(scores.index)),
        "items": np.array(list(scores.columns)),
        _DESCRIPTION: np.array(json.dumps(description)),
    }
    if families is not None:
        arrays["families"] = np.array(families)
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def _parquet(scores: "DataFrame", families: list[str] | None, description: dict[str, Any]) -> bytes:
    pa = import_optional("pyarrow", "Writing a parquet file")
    pq = import_optional("pyarrow.parquet", "Writing a parquet file")
    frame = scores.copy(deep=False)
    frame.insert(0, _models_column(frame), frame.index.astype(str))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata({_KEY: json.dumps(description).encode()})
    stream = io.BytesIO()
    pq.write_table(table, stream, write_page_checksum=True)
    return stream.getvalue()


def _models_column(frame: "DataFrame") -> str:
    """Return the name of the first column; an item may be called "model"."""
    name = "model"
    while name in frame.columns:
        name += "_"
    return name


def _read_csv(path: Path, transpose: bool) -> ScoreFile:
    named = named_scores(path, read_csv_frame(path, is_family), transpose=transpose)
    return ScoreFile(*named)


def _parquet_description(path: Path) -> bytes | None:
    pq = import_optional("pyarrow.parquet", f"Reading {path}")
    with pq.ParquetFile(path, **_LIMITS) as file:
        found: bytes | None = (file.schema_arrow.metadata or {}).get(_KEY)
    return found


def _read_parquet(path: Path, transpose: bool) -> ScoreFile:
    pq = import_optional("pyarrow.parquet", f"Reading {path}")
    pa = import_optional("pyarrow", f"Reading {path}")
    import_pandas(f"Reading {path}")
    try:
        raw = _parquet_description(path)
        frame = pq.read_table(path, page_checksum_verification=True, **_LIMITS).to_pandas()
    except (OSError, ValueError, TypeError, KeyError, IndexError, pa.ArrowException) as error:
        raise ResultsError(f"{path} cannot be read as parquet: {error}") from error
    if raw is not None:
        description = _parsed(path, raw)
        if not frame.shape[1]:
            raise ResultsError(f"{path} is damaged: it has no column. Import the results again.")
        scores = frame.set_index(frame.columns[0]).rename_axis(None)
        if any(kind.kind not in "iufb" for kind in scores.dtypes):
            raise ResultsError(f"{path} is damaged: not all scores are numbers.")
        return ScoreFile(scores.astype(np.float64), description=description)
    # Names may have gone into the index; numbers without a name are left of rows that were chosen.
    numbered = frame.index.nlevels == 1 and frame.index.name is None
    if not (numbered and frame.index.dtype.kind in "iu"):
        frame = frame.reset_index()
    return ScoreFile(*named_scores(path, frame, transpose=transpose))


def _parsed(path: Path, raw: bytes | str) -> dict[str, Any]:
    try:
        return dict(json.loads(raw))
    except (ValueError, TypeError, RecursionError) as error:
        raise ResultsError(
            f"{path} is damaged: what it says of its items cannot be read "
            f"({type(error).__name__}: {error}). Import the results again."
        ) from error


def _npz_description(path: Path) -> str | None:
    with path.open("rb") as stream:
        archive = np.load(stream, allow_pickle=False)
        return str(archive[_DESCRIPTION]) if _DESCRIPTION in archive.files else None


def _read_npz(path: Path, transpose: bool) -> ScoreFile:
    try:
        with path.open("rb") as stream:  # numpy leaves files open that it cannot read
            archive = np.load(stream, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ResultsError(f"{path} is a single array; expected an archive with `scores`.")
            arrays = {name: archive[name] for name in archive.files}
        if any(isinstance(array, bytes) for array in arrays.values()):
            raise ResultsError(f"{path} is damaged: it holds what is not an array.")
    except (*_DAMAGED, ValueError) as error:
        if isinstance(error, ResultsError):
            raise
        raise ResultsError(
            f"{path} cannot be read as npz: {str(error) or type(error).__name__}"
        ) from error
    scores = arrays.get("scores")
    if scores is None or scores.ndim != 2 or scores.dtype.kind not in "iufb":
        raise ValueError(
            f"{path} holds {', '.join(sorted(arrays)) or 'nothing'}; expected a two-dimensional "
            "array of numbers `scores`, with `models` and perhaps `items` and `families`."
        )
    names = {}
    for key, expected in (("models", scores.shape[0]), ("items", scores.shape[1])):
        names[key] = arrays.get(key, np.arange(expected)).astype(str).tolist()
    if "families" in arrays:
        names["families"] = arrays["families"].astype(str).tolist()
    for key, axis in (("models", 0), ("items", 1), ("families", 0)):
        if key in names and len(names[key]) != scores.shape[axis]:
            raise ValueError(
                f"{path}: `{key}` has {len(names[key])} entries for scores of shape {scores.shape}."
            )
    pd = import_pandas(f"Reading {path}")
    frame = pd.DataFrame(scores.astype(np.float64), names["models"], names["items"])
    frame = frame.T if transpose else frame
    raw = arrays.get(_DESCRIPTION)
    return ScoreFile(frame, names.get("families"), None if raw is None else _parsed(path, str(raw)))
