"""Reading of a user's score matrix: csv, parquet, npz, or a data set that ships."""

from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHIPPED: dict[str, tuple[str, dict[str, str]]] = {
    **{
        f"helm_lite_{task}": ("load_helm_lite", {"task": task})
        for task in ("gsm", "mmlu", "commonsense", "math", "med_qa")
    },
    **{
        f"open_llm_{task}": ("load_open_llm", {"task": task})
        for task in ("arc_challenge", "ifeval")
    },
    "zeroeval_gsm": ("load_zeroeval_gsm", {}),
    "mathvision": ("load_mathvision", {}),
}
_FAMILY_COLUMN = "family"


@dataclass
class ScoreTable:
    """A score matrix with its names."""

    scores: NDArray[np.float64]
    models: list[str]
    items: list[str]
    families: list[str] | None


def read_scores(source: str) -> ScoreTable:
    """Read a score matrix, rows models and columns items.

    Parameters
    ----------
    source : str
        Path of a csv or parquet file, whose first column is the model's name and in which a column
        "family" may name its family; of an npz file with arrays `scores`, `models` and perhaps
        `items` and `families`; or the name of a shipped data set. Empty cells are NaN.

    Returns
    -------
    table : ScoreTable
        What was read.

    Raises
    ------
    ValueError
        If there is no such file, its suffix is another, or it holds anything but numbers.
    """
    if source in SHIPPED:
        return _shipped(source)
    path = Path(source)
    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".npz": _read_npz}
    if path.is_dir():
        raise ValueError(
            f"{source} is a folder, and no score matrix. If it holds a harness's results, make one "
            f"of them first: sparseeval import {quote(source)} -o scores.parquet."
        )
    if path.suffix.lower() not in readers:
        raise ValueError(
            f"{source!r} is no csv, parquet or npz file, nor a data set that ships with the "
            f"package ({', '.join(SHIPPED)})."
        )
    if not path.is_file():
        raise ValueError(f"There is no file {source}.")
    table = readers[path.suffix.lower()](path)
    infinite = np.isinf(table.scores)
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise ValueError(
            f"{source} holds infinite scores, the first for model {table.models[row]!r} on item "
            f"{table.items[column]!r}. Leave the cell empty if it was not evaluated."
        )
    return table


def _shipped(name: str) -> ScoreTable:
    from sklearn_sparseeval import datasets

    loader, options = SHIPPED[name]
    bunch = getattr(datasets, loader)(**options)
    return ScoreTable(
        bunch.data,
        bunch.model_names.tolist(),
        bunch.feature_names.tolist(),
        bunch.families.tolist(),
    )


def _read_csv(path: Path) -> ScoreTable:
    pd = _import_pandas(path)
    try:
        # pandas would rename an item that is there twice.
        header = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False).iloc[0]
        frame = pd.read_csv(path, **_exact_numbers(pd.__version__))
        # Names as they are: a model may be called NA.
        names = pd.read_csv(path, usecols=[0], dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as csv: {error}") from error
    twice = header[header.duplicated() & (header != "")]
    if len(twice):
        raise ValueError(f"{path} has two columns {twice.iloc[0]!r}. Expected each item once.")
    frame[frame.columns[0]] = names.iloc[:, 0]
    return _from_frame(path, frame)


def _exact_numbers(version: str) -> dict[str, str]:
    """Return what makes pandas read numbers exactly, which from 3.1 on it does by itself."""
    major, minor = version.split(".")[:2]
    return {} if (int(major), int(minor)) >= (3, 1) else {"float_precision": "round_trip"}


def _read_parquet(path: Path) -> ScoreTable:
    pd = _import_pandas(path)
    try:
        frame = pd.read_parquet(path)
    except ImportError as error:
        raise ValueError(
            f"Reading {path} needs pyarrow. Install it with "
            "pip install 'sklearn-sparseeval[compare]', or give a csv file."
        ) from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as parquet: {error}") from error
    if not isinstance(frame.index, pd.RangeIndex):  # the names went into the index
        frame = frame.reset_index()
    return _from_frame(path, frame)


def _from_frame(path: Path, frame: Any) -> ScoreTable:
    families = None
    for name in [name for name in frame.columns[1:] if str(name).lower() == _FAMILY_COLUMN]:
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
    unnamed = np.flatnonzero(names.isna() | (names.astype(str) == ""))
    if len(unnamed):
        raise ValueError(f"{path}: row {unnamed[0] + 1} has no name of its model.")
    numbers = _import_pandas(path).to_numeric(names, errors="coerce")
    if numbers.notna().all() and (numbers.duplicated().any() or (numbers % 1 != 0).any()):
        raise ValueError(
            f"{path}: the first column, {names.name!r}, holds numbers such as {names.iloc[0]}; "
            "expected the models' names. Is the column of names missing?"
        )
    for column in scores.columns:
        if scores[column].dtype.kind not in "iufb":
            values = scores[column].dropna()
            numbers = _import_pandas(path).to_numeric(values, errors="coerce")
            bad = values[numbers.isna()]
            shown = bad.iloc[0] if len(bad) else values.iloc[0] if len(values) else "nothing"
            raise ValueError(
                f"{path}: column {column!r} holds {shown!r}, no number. Scores are numbers; leave "
                "a cell empty where a model was not evaluated. Names stand in the first column "
                "only, and families in a column 'family'."
            )
    return ScoreTable(
        scores.to_numpy(dtype=np.float64, na_value=np.nan),
        names.astype(str).tolist(),
        [str(column) for column in scores.columns],
        families,
    )


def _read_npz(path: Path) -> ScoreTable:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError) as error:
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
    for key, expected in (("models", 0), ("items", 1), ("families", 0)):
        if key in names and len(names[key]) != scores.shape[expected]:
            raise ValueError(
                f"{path}: `{key}` has {len(names[key])} entries for scores of shape {scores.shape}."
            )
    return ScoreTable(
        scores.astype(np.float64), names["models"], names["items"], names.get("families")
    )


def _import_pandas(path: Path) -> Any:
    try:
        import pandas as pd
    except ImportError as error:
        raise ValueError(
            f"Reading {path} needs pandas. Install it with "
            "pip install 'sklearn-sparseeval[compare]', or give an npz file."
        ) from error
    return pd
