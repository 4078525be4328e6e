"""Files of score matrices: csv, parquet and npz, read with care and written whole."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._files import write_whole
from sklearn_sparseeval._optional import import_optional, import_pandas

if TYPE_CHECKING:
    from pandas import DataFrame

# What else there is to say of a matrix lies in the footer of a parquet file, of which pyarrow reads
# 100 MB unless told, or in an array of an npz file.
_KEY = b"sklearn_sparseeval"
_DESCRIPTION = "description"
_LIMITS = {"thrift_string_size_limit": 2**31 - 1, "thrift_container_size_limit": 2**31 - 1}
_FAMILY_COLUMN = "family"


class ScoreFile(NamedTuple):
    """What a file holds: scores with their names, and what it says of them."""

    scores: "DataFrame"  # models x items
    families: list[str] | None = None
    description: dict[str, Any] | None = None  # of a file that write_score_file wrote


def read_score_file(path: Path) -> ScoreFile:
    """Read a score matrix, rows models and columns items.

    Parameters
    ----------
    path : Path
        A csv or parquet file, whose first column is the model's name and in which a column
        "family" may name its family; an npz file with arrays `scores`, `models` and perhaps
        `items` and `families`. Empty cells are NaN.

    Returns
    -------
    file : ScoreFile
        What was read.

    Raises
    ------
    ValueError
        If there is no such file, its suffix is another, or it holds anything but numbers.
    """
    readers: dict[str, Callable[[Path], ScoreFile]] = {
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
    file = readers[path.suffix.lower()](path)
    infinite = np.isinf(file.scores.to_numpy(dtype=np.float64))
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise ValueError(
            f"{path} holds infinite scores, the first for model {file.scores.index[row]!r} on item "
            f"{file.scores.columns[column]!r}. Leave the cell empty if it was not evaluated."
        )
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
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def _csv(scores: "DataFrame", families: list[str] | None, description: dict[str, Any]) -> bytes:
    frame = scores
    named = [name for name in frame.columns if str(name).lower() == _FAMILY_COLUMN]
    if named:
        raise ValueError(
            f"An item is called {named[0]!r}, which a csv file would read as the models' families. "
            "Write .parquet or .npz."
        )
    if families is not None:
        frame = frame.copy(deep=False)
        frame.insert(0, _FAMILY_COLUMN, families)
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
    pq.write_table(table, stream)
    return stream.getvalue()


def _models_column(frame: "DataFrame") -> str:
    """Return the name of the first column; an item may be called "model"."""
    name = "model"
    while name in frame.columns:
        name += "_"
    return name


def _read_csv(path: Path) -> ScoreFile:
    pd = import_pandas(f"Reading {path}")
    try:
        # pandas would rename an item that is there twice.
        header = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False).iloc[0]
        frame = pd.read_csv(path, **_exact_numbers(pd.__version__))
        # Names as they are: a model may be called NA, and a family 01.
        places = [0, *(i for i, name in enumerate(header) if i and _is_family(name))]
        texts = pd.read_csv(path, usecols=places, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as csv: {error}") from error
    twice = header[header.duplicated() & (header != "")]
    if len(twice):
        raise ValueError(f"{path} has two columns {twice.iloc[0]!r}. Expected each item once.")
    for place, name in zip(places, texts.columns, strict=True):
        frame[frame.columns[place]] = texts[name].where(texts[name] != "", None)
    return _from_frame(path, frame)


def _exact_numbers(version: str) -> dict[str, str]:
    """Return what makes pandas read numbers exactly, which from 3.1 on it does by itself."""
    major, minor = version.split(".")[:2]
    return {} if (int(major), int(minor)) >= (3, 1) else {"float_precision": "round_trip"}


def _parquet_description(path: Path) -> bytes | None:
    pq = import_optional("pyarrow.parquet", f"Reading {path}")
    with pq.ParquetFile(path, **_LIMITS) as file:
        found: bytes | None = (file.schema_arrow.metadata or {}).get(_KEY)
    return found


def _read_parquet(path: Path) -> ScoreFile:
    pq = import_optional("pyarrow.parquet", f"Reading {path}")
    pd = import_pandas(f"Reading {path}")
    try:
        raw = _parquet_description(path)
        frame = pq.read_table(path, **_LIMITS).to_pandas()
    except (OSError, ValueError) as error:  # pyarrow's own errors are of these kinds
        raise ResultsError(f"{path} cannot be read as parquet: {error}") from error
    if raw is not None:
        description = _parsed(path, raw)
        if not frame.shape[1]:
            raise ResultsError(f"{path} is damaged: it has no column. Import the results again.")
        scores = frame.set_index(frame.columns[0]).rename_axis(None)
        if any(kind.kind not in "iufb" for kind in scores.dtypes):
            raise ResultsError(f"{path} is damaged: not all scores are numbers.")
        return ScoreFile(scores.astype(np.float64), description=description)
    if not isinstance(frame.index, pd.RangeIndex):  # the names went into the index
        frame = frame.reset_index()
    return _from_frame(path, frame)


def _parsed(path: Path, raw: bytes | str) -> dict[str, Any]:
    try:
        return dict(json.loads(raw))
    except (ValueError, TypeError, RecursionError) as error:
        raise ResultsError(
            f"{path} is damaged: what it says of its items cannot be read "
            f"({type(error).__name__}: {error}). Import the results again."
        ) from error


def _from_frame(path: Path, frame: Any) -> ScoreFile:
    families = None
    named = [name for name in frame.columns[1:] if _is_family(name)]
    if len(named) > 1:
        raise ValueError(f"{path} has the columns {named[0]!r} and {named[1]!r}; expected one.")
    for name in named:
        column = frame.pop(name)
        if column.isna().any():
            model = frame.iloc[:, 0][column.isna()].iloc[0]
            raise ValueError(f"{path}: model {model!r} has no family. Name one for every model.")
        families = column.astype(str).tolist()
    if frame.shape[1] < 2 or not len(frame):
        raise ValueError(
            f"{path} has {frame.shape[1]} columns and {len(frame)} rows; expected the models' "
            "names in the first column and one column per item."
        )
    names, scores = frame.iloc[:, 0], frame.iloc[:, 1:]
    _check_names(path, names)
    for column in scores.columns:
        if scores[column].dtype.kind not in "iufb":
            _refuse_text(path, column, scores[column].dropna())
    numbers = scores.to_numpy(dtype=np.float64, na_value=np.nan)
    items = [str(column) for column in scores.columns]
    made = import_pandas().DataFrame(numbers, names.astype(str).tolist(), items)
    return ScoreFile(made, families)


def _is_family(name: Any) -> bool:
    return str(name).lower() == _FAMILY_COLUMN


def _check_names(path: Path, names: Any) -> None:
    unnamed = np.flatnonzero(names.isna() | (names.astype(str) == ""))
    if len(unnamed):
        raise ValueError(f"{path}: row {unnamed[0] + 1} has no name of its model.")
    numbers = import_pandas().to_numeric(names, errors="coerce")
    if numbers.notna().all() and (numbers.duplicated().any() or (numbers % 1 != 0).any()):
        raise ValueError(
            f"{path}: the first column, {names.name!r}, holds numbers such as {names.iloc[0]}; "
            "expected the models' names. Is the column of names missing?"
        )


def _refuse_text(path: Path, column: Any, values: Any) -> None:
    numbers = import_pandas().to_numeric(values, errors="coerce")
    bad = values[numbers.isna()]
    shown = bad.iloc[0] if len(bad) else values.iloc[0] if len(values) else "nothing"
    raise ValueError(
        f"{path}: column {column!r} holds {shown!r}, which is not a number. Scores are numbers; "
        "leave a cell empty where a model was not evaluated. Names stand in the first column "
        "only, and families in a column 'family'."
    )


def _npz_description(path: Path) -> str | None:
    with np.load(path, allow_pickle=False) as archive:
        return str(archive[_DESCRIPTION]) if _DESCRIPTION in archive.files else None


def _read_npz(path: Path) -> ScoreFile:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read as npz: {error}") from error
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
    raw = arrays.get(_DESCRIPTION)
    return ScoreFile(frame, names.get("families"), None if raw is None else _parsed(path, str(raw)))
