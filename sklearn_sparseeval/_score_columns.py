"""Which columns of a table are the models' names, their families and scores, and what is none."""

import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._messages import listing, short
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval._text_numbers import number_of_text

if TYPE_CHECKING:
    from pandas import DataFrame

FAMILY_COLUMN = "family"
_NAME_COLUMNS = {"", "model", "models", "model_name", "model_id", "name", "system", "agent"}
_NAME_COLUMNS |= {"llm", "run", "method", "submission", "index", "unnamed: 0"}
_ITEM_COLUMNS = {"item", "items", "item_id", "question", "question_id", "qid", "doc_id", "prompt"}
_ITEM_COLUMNS |= {"prompt_id", "sample", "sample_id", "instance", "instance_id", "task_id", "id"}
_ITEM_COLUMNS |= {"problem", "problem_id", "example", "example_id", "test", "idx"}
_SCORE_COLUMNS = {"score", "scores", "value", "correct", "is_correct", "acc", "accuracy", "result"}
# Words in names of models; of the names of items hardly any holds one.
_MODEL_WORDS = re.compile(
    r"/|gpt|llama|qwen|mistral|mixtral|claude|gemini|gemma|phi-?\d|falcon|deepseek|command-r|grok"
    r"|[-_]\d+(?:\.\d+)?b\b|[-_](?:instruct|chat|base|sft|dpo)\b",
    re.IGNORECASE,
)


class NamedScores(NamedTuple):
    """Scores with their names."""

    scores: "DataFrame"  # models x items
    families: list[str] | None


def is_family(name: Any) -> bool:
    """Tell whether a column holds the models' families.

    Parameters
    ----------
    name : object
        Its name.

    Returns
    -------
    family : bool
        Whether it does.
    """
    return str(name).lower() == FAMILY_COLUMN


def named_scores(path: Path, frame: Any, *, transpose: bool = False) -> NamedScores:
    """Take a table apart: the first column is names, "family" families, all others scores.

    Parameters
    ----------
    path : Path
        What the table was read from.
    frame : pandas.DataFrame
        The table. Its own index is not looked at.
    transpose : bool, default=False
        Whether rows are items and columns models.

    Returns
    -------
    named : NamedScores
        Names are texts, scores floats.

    Raises
    ------
    ResultsError
        If a name is missing, a cell is not a number, there is no more than one item, or rows look
        like items.
    """
    families = None if transpose else _families(path, frame)
    frame = frame[[name for name in frame.columns if not is_family(name)]] if families else frame
    frame = _named_columns(path, frame)
    if frame.shape[1] < 2 or not len(frame):
        raise ResultsError(
            f"{path} has {frame.shape[1]} columns and {len(frame)} rows; expected the models' "
            "names in the first column and one column per item."
        )
    names = frame.iloc[:, 0]
    _refuse_long(path, frame)
    if not transpose:
        _refuse_turned(path, names, [str(name) for name in frame.columns[1:]])
    _check_names(path, names)
    columns = [
        _numbers(path, name, frame.iloc[:, 1 + i]) for i, name in enumerate(frame.columns[1:])
    ]
    made = import_pandas().DataFrame(
        np.column_stack(columns), names.astype(str).tolist(), [str(c) for c in frame.columns[1:]]
    )
    made = made.T if transpose else made
    if made.shape[1] == 1:
        raise ResultsError(
            f"{path} has one column of scores, {short(made.columns[0])}, for {len(made)} rows: one "
            "item, or the results of one model. Expected a row per model and a column per item; "
            "tables of one model each are put together by `sparseeval import`."
        )
    return NamedScores(made, families)


def _families(path: Path, frame: Any) -> list[str] | None:
    named = [name for name in frame.columns[1:] if is_family(name)]
    if len(named) > 1:
        raise ResultsError(f"{path} has the columns {named[0]!r} and {named[1]!r}; expected one.")
    if not named:
        return None
    column = frame[named[0]]
    if column.isna().any():
        model = frame.iloc[:, 0][column.isna()].iloc[0]
        raise ResultsError(f"{path}: model {model!r} has no family. Name one for every model.")
    families: list[str] = column.astype(str).tolist()
    return families


def _named_columns(path: Path, frame: Any) -> Any:
    """Leave out columns that have neither a name nor a cell; refuse those without a name."""
    unnamed = [
        place for place, name in enumerate(frame.columns)
        if place and (str(name).strip() == "" or str(name).startswith("Unnamed:"))
    ]  # fmt: skip
    filled = [place for place in unnamed if frame.iloc[:, place].notna().any()]
    if filled:
        raise ResultsError(
            f"{path}: column {filled[0] + 1} has no name. Name the item, or leave the column out."
        )
    return frame.iloc[:, [p for p in range(frame.shape[1]) if p not in set(unnamed)]]


def _refuse_long(path: Path, frame: Any) -> None:
    """Refuse a table with a row per result, and say how it is read."""
    called = {str(name).strip().lower(): name for name in frame.columns}
    items = [called[name] for name in called if name in _ITEM_COLUMNS]
    models = [called[name] for name in called if name in _NAME_COLUMNS - {""}]
    scores = [called[name] for name in called if name in _SCORE_COLUMNS]
    if items and models and scores and frame[models[0]].duplicated().any():
        raise ResultsError(
            f"{path} looks like a table with a row per result: it has the columns {models[0]!r}, "
            f"{items[0]!r} and {scores[0]!r}. Expected a row per model. In Python: "
            f"ScoreMatrix.from_long(pandas.read_csv({str(path)!r}), model={models[0]!r}, "
            f"item={items[0]!r}, score={scores[0]!r}).write('scores.parquet')."
        )


def _refuse_turned(path: Path, names: Any, items: list[str]) -> None:
    """Refuse a table whose rows are items, as far as its names tell."""
    said = str(names.name).strip().lower()
    texts = names.dropna().astype(str)
    rows = texts.str.contains(_MODEL_WORDS).mean() if len(texts) else 0.0
    columns = np.mean([_MODEL_WORDS.search(item) is not None for item in items])
    like_models = columns >= 0.5 and rows < 0.2 and len(items) > 1
    items_first = said in _ITEM_COLUMNS and (len(items) == 1 or len(names) > len(items))
    if like_models or (items_first and rows < 0.2):
        if len(items) == 1:
            return  # the results of one model, which is said where they are refused
        why = f"the first column is called {names.name!r}" if said in _ITEM_COLUMNS else ""
        seen = f"columns have names such as {items[0]!r}" if like_models else ""
        raise ResultsError(
            f"{path} looks turned round, with a row per item and a column per model: "
            f"{' and '.join(part for part in (why, seen) if part)}. Expected a row per model. Turn "
            "it with transpose=True (--transpose); if its rows are models, call the first column "
            "'model' and let no column's name look like a model's."
        )


def _check_names(path: Path, names: Any) -> None:
    unnamed = np.flatnonzero(names.isna() | (names.astype(str).str.strip() == ""))
    if len(unnamed):
        raise ResultsError(f"{path}: row {unnamed[0] + 1} has no name in the first column.")
    if str(names.name).strip().lower() in _NAME_COLUMNS - {""}:
        return  # what is called a model is one, be its name 4.5
    numbers = import_pandas().to_numeric(names, errors="coerce")
    if numbers.notna().all() and (numbers.duplicated().any() or (numbers % 1 != 0).any()):
        raise ResultsError(
            f"{path}: the first column, {names.name!r}, holds numbers such as {names.iloc[0]}; "
            "expected the models' names. Is the column of names missing? If these are names, "
            "call the column 'model'."
        )


def _numbers(path: Path, name: Any, column: Any) -> NDArray[np.float64]:
    """Return the scores of a column, NaN where a cell is empty."""
    if column.dtype.kind in "iufb":
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    numbers = np.full(len(column), np.nan)
    for place in np.flatnonzero(column.notna()):
        value = _number(column.iloc[place])
        if value is None:
            raise ResultsError(
                f"{path}: column {name!r} holds {short(column.iloc[place])}, which is not a "
                "number. Scores are numbers; leave a cell empty where a model was not evaluated. "
                "Names stand in the first column only, and families in a column 'family'."
            )
        numbers[place] = value
    return numbers


def _number(value: Any) -> float | None:
    """Return what a cell says if that is a number, by one rule for all kinds of files."""
    if isinstance(value, str):
        return number_of_text(value)
    if isinstance(value, bool | int | float | Decimal | np.number | np.bool_):
        return float(value)
    return None


def refuse_infinite(path: Path, scores: "DataFrame") -> None:
    """Refuse infinite scores.

    Parameters
    ----------
    path : Path
        What they were read from.
    scores : pandas.DataFrame of shape (n_models, n_items)
        The scores.
    """
    infinite = np.isinf(scores.to_numpy(dtype=np.float64))
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        cell = listing([scores.index[row]]), listing([scores.columns[column]])
        raise ResultsError(
            f"{path} holds infinite scores, the first for model {cell[0]} on item {cell[1]}. Leave "
            "the cell empty if it was not evaluated."
        )
