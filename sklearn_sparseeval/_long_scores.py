"""From one row per result to one row per model."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_sparseeval._messages import counted, listing, short
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval._text_numbers import number_of_text

if TYPE_CHECKING:
    from pandas import DataFrame


def wide_scores(
    frame: Any, model: str, item: str, score: str, task: str | None
) -> tuple["DataFrame", dict[str, list[str]]]:
    """Make a matrix of a long table.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per model and item.
    model, item, score : str
        Names of the columns.
    task : str or None
        Name of the column of the items' tasks.

    Returns
    -------
    scores : pandas.DataFrame of shape (n_models, n_items)
        Models and items in the order of their first rows; NaN = not there.
    items : dict of str to list of str
        ``task`` and ``item`` of each column, where there are tasks.
    """
    pd = import_pandas()
    columns = [name for name in (model, item, score, task) if name is not None]
    unknown = [name for name in columns if name not in frame.columns]
    if unknown:
        known = listing(list(frame.columns), 12)
        raise ValueError(f"The table has no column {listing(unknown)}; it has {known}.")
    named = [name for name in columns if name != score]
    empty = frame[named].isna().any(axis=1)
    if empty.any():
        row = int(np.flatnonzero(empty)[0])
        raise ValueError(f"Row {row + 1} of the table lacks the name of its model, item or task.")
    keys = pd.DataFrame({name: frame[name].astype(str) for name in named})
    twice = keys.duplicated(keep=False)
    if twice.any():
        first = keys[twice].iloc[0]
        n_rows = int((keys == first).all(axis=1).sum())
        raise ValueError(
            f"The table has {counted(n_rows, 'row')} for {listing(list(first))}; expected one per "
            "model and item. Keep one of them, or their mean, first."
        )
    names = keys[item] if task is None else keys[task] + ":" + keys[item]
    table = pd.DataFrame({"model": keys[model], "item": names, "score": _numbers(frame[score])})
    wide = table.pivot(index="model", columns="item", values="score")
    order = names.drop_duplicates()
    wide = wide.loc[table["model"].drop_duplicates(), order]
    scores: DataFrame = wide.rename_axis(index=None, columns=None)
    if task is None:
        return scores, {}
    own = keys.loc[order.index]
    return scores, {"task": own[task].tolist(), "item": own[item].tolist()}


def _numbers(column: Any) -> Any:
    if column.dtype.kind in "iufb":
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    numbers = np.full(len(column), np.nan)
    for place in np.flatnonzero(column.notna()):
        value = column.iloc[place]
        number = number_of_text(str(value))
        if number is None:
            raise ValueError(
                f"Row {place + 1} of the table has the score {short(value)}; expected a number, or "
                "nothing where the model was not evaluated."
            )
        numbers[place] = number
    return numbers
