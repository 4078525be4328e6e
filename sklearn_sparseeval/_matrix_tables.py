"""The tables that a score matrix is made of, from whatever names what they hold."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from sklearn_sparseeval._fingerprint import fingerprint_column
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._optional import import_pandas

if TYPE_CHECKING:
    from pandas import DataFrame

OVERALL = "overall"
ITEM_COLUMNS = (
    "task",
    "item",
    "group",
    "metric",
    "filter",
    "weight",
    "cost",
    "content_hash",
    "prompt_hash",
    "setting",
    "harness",
)
TEXT = "text"  # a further column, where the items' texts are known
MODEL_COLUMNS = ("family", "date")
HASHES = ("content_hash", "prompt_hash")


def score_table(frame: Any) -> "DataFrame":
    """Make texts of the names and numbers of the scores.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n_models, n_items)
        Scores.

    Returns
    -------
    scores : pandas.DataFrame of shape (n_models, n_items)
        The same.
    """
    if not hasattr(frame, "set_axis"):
        raise TypeError(
            f"frame is a {type(frame).__name__}; expected a pandas data frame with the models' "
            "names as its index: pandas.DataFrame(scores, index=models, columns=items)."
        )
    columns = [str(name) for name in frame.columns]
    named = frame.set_axis(columns, axis=1).set_axis([str(name) for name in frame.index], axis=0)
    try:
        return cast("DataFrame", named.astype(np.float64))
    except (TypeError, ValueError) as error:
        texts = [name for name, kind in named.dtypes.items() if kind.kind not in "iufb"]
        raise ValueError(
            f"The columns {listing(texts)} do not hold numbers ({error}). Expected a score per "
            "item; the models' names belong in the index, their families into families=."
        ) from error


def model_table(models: list[str], families: Any = None, dates: Any = None) -> "DataFrame":
    """Make the table of the models; what is None is not known.

    Parameters
    ----------
    models : list of str
        Their names.
    families, dates : sequence, mapping or pandas.Series, default=None
        One value per model; a mapping and a Series are matched by name.

    Returns
    -------
    table : pandas.DataFrame of shape (n_models, 2)
        `family` and `date`.
    """
    pd = import_pandas()
    family = pd.Series(_by_name(families, models, "families"), models, dtype=object)
    given = pd.Series(_by_name(dates, models, "dates"), models)
    date = pd.to_datetime(given, utc=True, format="mixed")
    frame: DataFrame = pd.DataFrame(
        {
            "family": family.where(family.notna(), None),
            "date": date.dt.tz_localize(None).astype("datetime64[ns]"),
        }
    )
    return frame


def item_table(items: Any, names: list[str]) -> "DataFrame":
    """Make the table of the items from the columns that are known.

    Parameters
    ----------
    items : mapping, pandas.DataFrame or None
        Columns by name; a data frame is matched by its index.
    names : list of str
        Names of the items.

    Returns
    -------
    table : pandas.DataFrame of shape (n_items, n_columns)
        `ITEM_COLUMNS`, and texts where they are given.
    """
    pd = import_pandas()
    if hasattr(items, "columns") and hasattr(items, "loc"):
        items = items.set_axis([str(name) for name in items.index])
        _check_rows(items, names, "items")
        items = {str(name): column.loc[names].tolist() for name, column in items.items()}
    given = dict(items or {})
    unknown = [name for name in given if name not in (*ITEM_COLUMNS, TEXT)]
    if unknown:
        raise ValueError(
            f"Items have no column {', '.join(map(repr, unknown))}; expected some of "
            f"{', '.join((*ITEM_COLUMNS, TEXT))}."
        )
    for name, values in given.items():
        if not isinstance(values, str) and hasattr(values, "__len__") and len(values) != len(names):
            raise ValueError(
                f"items has {len(values)} values of {name!r} for {len(names)} items; expected one "
                "each, or one for all."
            )
    known: dict[str, Any] = {"task": "benchmark", "item": names, "metric": "score"}
    known |= {"filter": "none", "weight": 1.0, "cost": np.nan, "setting": "", "harness": ""}
    known |= {
        name: list(v) if hasattr(v, "index") and hasattr(v, "loc") else v
        for name, v in given.items()
    }
    for name in ("task", "item", "group"):
        if name in known:
            known[name] = _texts(known[name])
    known.setdefault("group", known["task"])
    for name in HASHES:
        known[name] = fingerprint_column(known.get(name, [None] * len(names)))
    columns = [*ITEM_COLUMNS, *([TEXT] if TEXT in known else [])]
    frame: DataFrame = pd.DataFrame(known, index=pd.Index(names, name="name"))[columns]
    return frame


def target_table(targets: Any, models: list[str]) -> "DataFrame | None":
    """Bring targets into the order of the models.

    Parameters
    ----------
    targets : pandas.DataFrame, pandas.Series or None
        Scores, matched by name; a Series is the overall score.
    models : list of str
        Names of the models.

    Returns
    -------
    table : pandas.DataFrame of shape (n_models, n_targets) or None
        The scores.
    """
    if targets is None:
        return None
    if not hasattr(targets, "set_axis"):
        raise TypeError(
            f"targets is a {type(targets).__name__}; expected a pandas Series or data frame, whose "
            "index names the models."
        )
    frame = targets.to_frame(OVERALL) if hasattr(targets, "to_frame") else targets
    frame = frame.set_axis([str(name) for name in frame.index])
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if not frame.columns.is_unique:
        raise ValueError(f"targets has two columns of one name: {listing(list(frame.columns))}.")
    _check_rows(frame, models, "targets")
    return cast("DataFrame", frame.loc[models].astype(np.float64))


def _texts(values: Any) -> Any:
    """Make texts of one value for all items, or of one per item."""
    if isinstance(values, str) or not hasattr(values, "__len__"):
        return str(values)
    return [str(value) for value in values]


def _by_name(values: Any, names: list[str], what: str) -> Any:
    """Return one value per name; those of a Series are matched by its index."""
    if values is None:
        return [None] * len(names)
    if isinstance(values, str):
        raise TypeError(f"{what} is the text {values!r}; expected one value per model.")
    if isinstance(values, Mapping):
        values = import_pandas().Series(dict(values), dtype=object)
    if hasattr(values, "index") and hasattr(values, "reindex"):
        named = values.set_axis([str(name) for name in values.index])
        _check_rows(named, names, what)
        return named.loc[names].to_numpy()
    values = list(values)
    if len(values) != len(names):
        raise ValueError(f"{what} has {len(values)} values for {len(names)} models.")
    return values


def _check_rows(table: Any, names: list[str], what: str) -> None:
    """Refuse a table that does not have each name once."""
    missing = [name for name in names if name not in table.index]
    if missing:
        raise ValueError(f"{what} has no value for {listing(missing)}; expected one each.")
    twice = table.index[table.index.duplicated()].intersection(names)
    if len(twice):
        raise ValueError(
            f"{what} has several values for {listing(list(twice))}; expected one each."
        )
