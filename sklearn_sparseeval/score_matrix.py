"""A score matrix with what its items are."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import fingerprint_column
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
_HASHES = ("content_hash", "prompt_hash")
_KEY = b"sklearn_sparseeval"
_FORMAT = 1
# What is said of the items lies in the file's footer, of which pyarrow reads 100 MB unless told.
_LIMITS = {"thrift_string_size_limit": 2**31 - 1, "thrift_container_size_limit": 2**31 - 1}


@dataclass
class ScoreMatrix:
    """Scores of models on items, and what the items are: made by ``to_score_matrix``.

    Parameters
    ----------
    data : pandas.DataFrame of shape (n_models, n_items)
        The score matrix: the index holds the models, the columns the items' names (task, colon,
        item); NaN = not evaluated. What estimators take as `X`.
    items : pandas.DataFrame of shape (n_items, n_columns)
        One row per item, its index the names in the order of `data`: ``task``, ``item`` (within
        the task), ``group``, ``metric``, ``filter``, ``weight`` (in the overall score, at least
        0), ``cost`` (tokens, mean over models; NaN = not recorded), ``content_hash``,
        ``prompt_hash`` (NA = not recorded, or not the same for all models), ``setting``,
        ``harness``.
    notes : list of str, default=[]
        What was left out or decided on the way to the matrix, for whoever reads its file later.

    Attributes
    ----------
    targets : pandas.DataFrame of shape (n_models, n_targets)
        What the full benchmark says of each model: "overall", and each task where there
        are several.

    Raises
    ------
    ValueError
        If `items` does not describe the columns of `data`, a name is not unique, a score is
        infinite, or a weight is not finite or negative.

    See Also
    --------
    to_score_matrix : Makes one from a long table.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_sparseeval import ScoreMatrix
    >>> data = pd.DataFrame([[1.0, 0.0, 1.0]], index=["acme/one"], columns=["a:0", "a:1", "b:0"])
    >>> matrix = ScoreMatrix.from_frame(data, task=["a", "a", "b"], item=["0", "1", "0"])
    >>> matrix.targets.round(2)
               overall    a    b
    acme/one     0.67  0.5  1.0
    """

    data: "DataFrame"
    items: "DataFrame"
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        if list(self.items.index) != list(self.data.columns):
            raise ValueError(
                f"items has {len(self.items)} rows and data {self.data.shape[1]} columns, or their "
                "names differ; expected one row per column of data, in the same order."
            )
        for kind, names in (("items", self.data.columns), ("models", self.data.index)):
            if not names.is_unique:
                name = names[names.duplicated()][0]
                raise ValueError(f"Two {kind} are called {name!r}. Expected names that differ.")
        missing = [name for name in ITEM_COLUMNS if name not in self.items]
        if missing:
            raise ValueError(
                f"items has no column {', '.join(missing)}; expected {', '.join(ITEM_COLUMNS)}. "
                "ScoreMatrix.from_frame fills in what is not known."
            )
        tasks = set(self.items["task"])
        if OVERALL in tasks and len(tasks) > 1:
            raise ValueError(
                f"A task is called {OVERALL!r}, as the score of all tasks is. Rename the task."
            )
        self._check_numbers()

    def __eq__(self, other: object) -> bool:
        """Tell whether two matrices hold the same, NaN where NaN."""
        if not isinstance(other, ScoreMatrix):
            return NotImplemented
        return self.data.equals(other.data) and self.items.equals(other.items)

    def _check_numbers(self) -> None:
        weights = self.items["weight"].to_numpy(dtype=np.float64)
        wrong = ~(np.isfinite(weights) & (weights >= 0))
        if wrong.any():
            item = int(np.argmax(wrong))
            raise ValueError(
                f"Item {self.items.index[item]!r} has the weight {weights[item]:g}; expected "
                "finite weights of at least 0."
            )
        infinite = np.isinf(self.data.to_numpy(dtype=np.float64))
        if infinite.any():
            model, item = np.argwhere(infinite)[0]
            raise ValueError(
                f"The score of model {self.data.index[model]!r} on item "
                f"{self.data.columns[item]!r} is infinite; expected a number, or NaN where the "
                "model was not evaluated."
            )

    @classmethod
    def from_frame(cls, data: Any, **columns: Any) -> Self:
        """Make a matrix of scores that came from no harness.

        Parameters
        ----------
        data : pandas.DataFrame of shape (n_models, n_items)
            The score matrix. Names of models and items are made texts.
        **columns : sequence of length n_items
            Columns of `items`, as far as they are known; without `task` all items are of one task,
            called "benchmark", and without `weight` all weigh 1.

        Returns
        -------
        matrix : ScoreMatrix
            The matrix.

        Raises
        ------
        ValueError
            If a column is none of those of `items`, or the parts do not fit together.
        """
        pd = import_pandas()
        unknown = [name for name in columns if name not in ITEM_COLUMNS]
        if unknown:
            raise ValueError(
                f"Items have no column {', '.join(map(repr, unknown))}; expected some of "
                f"{', '.join(ITEM_COLUMNS)}."
            )
        names = [str(name) for name in data.columns]
        known: dict[str, Any] = {"task": "benchmark", "item": names, "metric": "score"}
        known |= {"filter": "none", "weight": 1.0, "cost": np.nan, "setting": "", "harness": ""}
        known |= columns
        known.setdefault("group", known["task"])
        for name in _HASHES:
            known[name] = fingerprint_column(known.get(name, [None] * len(names)))
        items = pd.DataFrame(known, index=pd.Index(names, name="name"))[list(ITEM_COLUMNS)]
        models = [str(name) for name in data.index]
        scores = data.set_axis(names, axis=1).set_axis(models, axis=0)
        return cls(scores.astype(np.float64), items)

    @property
    def targets(self) -> "DataFrame":
        """Benchmark scores of each model: overall, and by task where there are several.

        Each is the weighted mean of the items that a model was evaluated on, with the items'
        weights; NaN where there is none. A task whose items all have the weight 0, so that it does
        not count in the overall score, has a score with equal weights.

        Returns
        -------
        targets : pandas.DataFrame of shape (n_models, n_targets)
            Columns: "overall", then the tasks in the order of `items`.
        """
        pd = import_pandas()
        weights = self.items["weight"].to_numpy(dtype=np.float64)
        tasks = self.items["task"].to_numpy()
        several = pd.unique(tasks)
        means = {OVERALL: _weighted_means(self.data, weights)}
        if len(several) > 1:
            for task in several:
                own = tasks == task
                within = weights[own] if weights[own].any() else np.ones(np.count_nonzero(own))
                means[task] = _weighted_means(self.data.loc[:, own], within)
        return cast("DataFrame", pd.DataFrame(means, index=self.data.index))

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write the matrix, and what its items are, to one file.

        Any reader of parquet sees the models in the first column and one column per item.

        Parameters
        ----------
        path : path-like
            The file, by custom with the suffix .parquet.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        pd = import_pandas()
        frame = self.data.copy(deep=False)
        models = "model"
        while models in frame:  # an item may be called so
            models += "_"
        frame.insert(0, models, frame.index.astype(str))
        named = self.items.rename_axis("name").reset_index()
        items = {str(name): column.tolist() for name, column in named.items()}
        for name in _HASHES:
            items[name] = [None if one is pd.NA else one for one in items[name]]
        described = {"format": _FORMAT, "items": items, "notes": self.notes}
        table = pa.Table.from_pandas(frame, preserve_index=False)
        table = table.replace_schema_metadata({_KEY: json.dumps(described).encode()})
        pq.write_table(table, path)

    @classmethod
    def from_parquet(cls, path: str | os.PathLike[str]) -> Self:
        """Read what :meth:`to_parquet` wrote.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        matrix : ScoreMatrix
            The matrix.

        Raises
        ------
        ResultsError
            If the file is another, or of another version of the package.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        pd = import_pandas()
        if not Path(path).is_file():
            raise ResultsError(f"There is no file {path}.")
        try:
            table = pq.read_table(path, **_LIMITS)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise ResultsError(f"{path} cannot be read as parquet: {error}") from error
        columns, notes = _described_items(path, (table.schema.metadata or {}).get(_KEY))
        try:
            columns |= {name: fingerprint_column(columns[name]) for name in _HASHES}
            data = table.to_pandas()
            data = data.set_index(data.columns[0]).rename_axis(None)
            return cls(data.astype(np.float64), pd.DataFrame(columns).set_index("name"), notes)
        except (KeyError, TypeError, ValueError, OverflowError, IndexError) as error:
            raise ResultsError(
                f"{path} is damaged ({type(error).__name__}: {error}). Import the results again."
            ) from error


def has_described_items(path: str | os.PathLike[str]) -> bool:
    """Tell whether a parquet file was written by :meth:`ScoreMatrix.to_parquet`.

    Parameters
    ----------
    path : path-like
        A file.

    Returns
    -------
    described : bool
        Whether it says what its items are.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, **_LIMITS) as file:
            return _KEY in (file.schema_arrow.metadata or {})
    except (pa.ArrowException, OSError, ValueError):
        return False


def _described_items(path: Any, raw: bytes | None) -> tuple[dict[str, Any], list[str]]:
    if raw is None:
        raise ResultsError(
            f"{path} does not say what its items are; expected a file that `sparseeval import` or "
            "ScoreMatrix.to_parquet wrote."
        )
    try:
        described = json.loads(raw)
        version, items = described["format"], described["items"]
        notes = [str(note) for note in described.get("notes", [])]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ResultsError(
            f"{path} is damaged: what it says of its items cannot be read "
            f"({type(error).__name__}: {error}). Import the results again."
        ) from error
    if version != _FORMAT:
        raise ResultsError(
            f"{path} is of format {version!r}; this version of the package reads format {_FORMAT}. "
            "Import the results again."
        )
    return dict(items), notes


def _weighted_means(data: "DataFrame", weights: Any) -> Any:
    scores = data.to_numpy(dtype=np.float64)
    evaluated = ~np.isnan(scores)
    totals = evaluated @ weights
    sums = np.where(evaluated, scores, 0.0) @ weights
    means = np.divide(sums, totals, out=np.full(len(scores), np.nan), where=totals > 0)
    # A mean lies within what it is of; rounding would put that of all 1 a little above 1.
    lowest = np.where(evaluated, scores, np.inf).min(axis=1, initial=np.inf)
    highest = np.where(evaluated, scores, -np.inf).max(axis=1, initial=-np.inf)
    return np.clip(means, lowest, highest)
