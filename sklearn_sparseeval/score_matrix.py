"""The noun of the package: scores of models on items, with what models and items are."""

import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, cast

import numpy as np

from sklearn_sparseeval._errors import ResultsError, ResultsWarning
from sklearn_sparseeval._fingerprint import fingerprint_column
from sklearn_sparseeval._long_scores import wide_scores
from sklearn_sparseeval._matrix_tables import (
    HASHES,
    MODEL_COLUMNS,
    TEXT,
    item_table,
    model_table,
    score_table,
    target_table,
)
from sklearn_sparseeval._matrix_tables import ITEM_COLUMNS as ITEM_COLUMNS
from sklearn_sparseeval._matrix_tables import OVERALL as OVERALL
from sklearn_sparseeval._messages import counted, listing
from sklearn_sparseeval._missing_results import missing_results
from sklearn_sparseeval._no_items import set_aside
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval._score_file import read_score_file, write_score_file

if TYPE_CHECKING:
    from pandas import DataFrame

_FORMAT = 2


class ScoreMatrix:
    """Scores of models on items, with what is known of the models and the items.

    Most matrices come from :meth:`from_frame`, :meth:`read`, a loader
    (``load_helm_lite(task="gsm", as_matrix=True)``) or
    :func:`~sklearn_sparseeval.harness.to_score_matrix`.

    Parameters
    ----------
    data : pandas.DataFrame of shape (n_models, n_items)
        The scores: the index holds the models' names, the columns the items'; NaN = not
        evaluated. What estimators take as `X`.
    items : pandas.DataFrame of shape (n_items, n_columns)
        One row per item, its index the names in the order of `data`: ``task``, ``item`` (within
        the task), ``group``, ``metric``, ``filter``, ``weight`` (in the overall score, at least
        0), ``cost`` (of one run, such as tokens; NaN = not known), ``content_hash``,
        ``prompt_hash`` (NA = not recorded, or not the same for all models), ``setting``,
        ``harness``; and ``text`` where it is known.
    models : pandas.DataFrame of shape (n_models, 2), default=None
        One row per model, its index the names in the order of `data`: ``family`` (None = not
        known) and ``date`` (NaT = not known). None: nothing is known.
    targets : pandas.DataFrame of shape (n_models, n_targets), default=None
        What the full benchmark says of each model, "overall" first, where that is something else
        than the weighted mean of the items. None: those means.
    notes : sequence of Note, default=()
        What was left out or decided on the way to the matrix, for whoever reads its file later.

    Attributes
    ----------
    data, items, models : pandas.DataFrame
        As given.
    notes : list of Note
        As given.

    Raises
    ------
    ValueError
        If `items`, `models` or `targets` do not describe the columns and rows of `data`, a name is
        not unique, a score is infinite, or a weight is not finite or negative.

    See Also
    --------
    make_plan : Chooses anchors from a matrix.
    sklearn_sparseeval.harness.to_score_matrix : Makes one of a harness's results.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_sparseeval import ScoreMatrix
    >>> data = pd.DataFrame([[1.0, 0.0, 1.0]], index=["acme/one"], columns=["a:0", "a:1", "b:0"])
    >>> matrix = ScoreMatrix.from_frame(data, items={"task": ["a", "a", "b"]})
    >>> matrix.targets.round(2)
               overall    a    b
    acme/one     0.67  0.5  1.0
    >>> matrix
    ScoreMatrix of 1 model x 3 items of 2 tasks
    """

    def __init__(
        self,
        data: "DataFrame",
        items: "DataFrame",
        models: "DataFrame | None" = None,
        *,
        targets: "DataFrame | None" = None,
        notes: Sequence[Note] = (),
    ) -> None:
        self.data = data
        self.items = items
        self.models = model_table(list(data.index)) if models is None else models
        self.notes = list(notes)
        self._given_targets = targets
        self._check_names()
        _check_numbers(data, items)
        _check_targets(data, targets)

    def __eq__(self, other: object) -> bool:
        """Tell whether two matrices hold the same, NaN where NaN; notes do not count."""
        if not isinstance(other, ScoreMatrix):
            return NotImplemented
        return (
            self.data.equals(other.data)
            and self.items.equals(other.items)
            and self.models.equals(other.models)
            and self.targets.equals(other.targets)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Say how large the matrix is."""
        n_tasks = self.items["task"].nunique()
        tasks = f" of {counted(n_tasks, 'task')}" if n_tasks > 1 else ""
        n_missing = int(self.data.isna().to_numpy().sum())
        missing = f", {n_missing / self.data.size:.1%} not evaluated" if n_missing else ""
        n_families = self.models["family"].nunique()
        families = f" of {n_families} famil{'y' if n_families == 1 else 'ies'}" * bool(n_families)
        return (
            f"{type(self).__name__} of {counted(len(self.data), 'model')}{families} x "
            f"{counted(len(self.items), 'item')}{tasks}{missing}"
        )

    def _repr_html_(self) -> str:
        """Show the matrix in a notebook: what it is, and each model's scores."""
        import html

        scores = self.targets
        if self.families is not None:
            scores = scores.copy(deep=False)
            scores.insert(0, "family", self.models["family"])
        notes = "".join(f"<li>{html.escape(note.text)}</li>" for note in self.notes)
        table = scores.to_html(max_rows=10, max_cols=10, float_format="{:.4g}".format)
        return f"<p>{html.escape(repr(self))}</p>{table}" + (notes and f"<ul>{notes}</ul>")

    def _check_names(self) -> None:
        if list(self.items.index) != list(self.data.columns):
            raise ValueError(
                f"items has {len(self.items)} rows and data {self.data.shape[1]} columns, or their "
                "names differ; expected one row per column of data, in the same order."
            )
        if list(self.models.index) != list(self.data.index):
            raise ValueError(
                f"models has {len(self.models)} rows and data {len(self.data)}, or their names "
                "differ; expected one row per row of data, in the same order."
            )
        for kind, names in (("items", self.data.columns), ("models", self.data.index)):
            other = [name for name in names if not isinstance(name, str)]
            if other:
                raise TypeError(
                    f"The names of {kind} have to be texts, and {other[0]!r} is not. "
                    "ScoreMatrix.from_frame makes them texts."
                )
            if not names.is_unique:
                name = names[names.duplicated()][0]
                raise ValueError(f"Two {kind} are called {name!r}. Expected names that differ.")
        missing = [name for name in ITEM_COLUMNS if name not in self.items]
        if missing:
            raise ValueError(
                f"items has no column {', '.join(missing)}; expected {', '.join(ITEM_COLUMNS)}. "
                "ScoreMatrix.from_frame fills in what is not known."
            )
        again = self.items.duplicated(["task", "item"])
        if again.any():
            twice = self.items[again].iloc[0]
            raise ValueError(
                f"Two items are called {twice['item']!r} in task {twice['task']!r}, where nothing "
                "tells them apart. Give each its own name in the column 'item'."
            )
        if list(self.models.columns) != list(MODEL_COLUMNS):
            raise ValueError(
                f"models has the columns {listing(list(self.models.columns))}; expected "
                f"{' and '.join(MODEL_COLUMNS)}. ScoreMatrix.from_frame takes families and dates."
            )
        tasks = set(self.items["task"])
        if OVERALL in tasks and len(tasks) > 1:
            raise ValueError(
                f"A task is called {OVERALL!r}, as the score of all tasks is. Rename the task."
            )

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        families: Any = None,
        items: Any = None,
        dates: Any = None,
        targets: Any = None,
        notes: Sequence[Note] = (),
    ) -> Self:
        """Make a matrix of a data frame of scores.

        Without `items`, columns that are no items are set aside, with a note and a
        :class:`ResultsWarning`: the mean or sum of the others, and what is called an average or
        a model's size, rank or date and holds more than zeros and ones.

        Parameters
        ----------
        frame : pandas.DataFrame of shape (n_models, n_items)
            The scores: rows are models, by the names in the index; columns are items. Names are
            made texts. NaN = not evaluated.
        families : sequence, mapping or pandas.Series of length n_models, default=None
            Family of each model, such as its organisation; a mapping and a Series are matched by
            name.
        items : mapping or pandas.DataFrame, default=None
            What is known of the items: columns of `items`, by name, each a value for all or
            a sequence of one per item. Without ``task`` all items are of one task, called
            "benchmark"; without ``weight`` all weigh 1. A data frame is matched by its index.
        dates : sequence or pandas.Series of length n_models, default=None
            Date of each model, as :func:`pandas.to_datetime` takes it; a Series is matched by
            name.
        targets : pandas.DataFrame or pandas.Series, default=None
            Benchmark scores that are not the means of the items, matched by the models' names; a
            Series is the overall score.
        notes : sequence of Note, default=()
            What the reader of the matrix has to know.

        Returns
        -------
        matrix : ScoreMatrix
            The matrix.

        Raises
        ------
        TypeError
            If `frame` or `targets` has no names.
        ValueError
            If a column of `frame` does not hold numbers or is on another scale than the rest, one
            of `items` is unknown, a name is missing in what is matched by name, or the parts do
            not fit together.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame([[1, 0], [1, 1]], index=["acme/one", "acme/two"])
        >>> ScoreMatrix.from_frame(frame, families=["acme", "acme"])
        ScoreMatrix of 2 models of 1 family x 2 items
        """
        scores = score_table(frame)
        if items is None:
            scores, found = set_aside(scores)
            notes = [*notes, *found]
            for note in found:
                warnings.warn(ResultsWarning(note), stacklevel=2)
        models, names = list(scores.index), list(scores.columns)
        return cls(
            scores,
            item_table(items, names),
            model_table(models, families, dates),
            targets=target_table(targets, models),
            notes=notes,
        )

    @classmethod
    def from_long(
        cls,
        frame: Any,
        *,
        model: str = "model",
        item: str = "item",
        score: str = "score",
        task: str | None = None,
        families: Any = None,
        alignment: Literal["common", "all"] = "all",
    ) -> Self:
        """Make a matrix of a table with one row per result.

        Parameters
        ----------
        frame : pandas.DataFrame of shape (n_results, n_columns)
            One row per model and item; other columns are not looked at.
        model, item, score : str, default="model", "item", "score"
            Names of the columns that hold the models' names, the items' and the scores: numbers,
            texts of numbers or truth values; nothing = not evaluated.
        task : str, default=None
            Name of a column of the items' tasks, within which items are counted.
        families : sequence, mapping or pandas.Series, default=None
            Family of each model, as in :meth:`from_frame`.
        alignment : {"common", "all"}, default="all"
            Whether to keep the items that all models have, or all, as :meth:`align` does.

        Returns
        -------
        matrix : ScoreMatrix
            Models and items in the order of their first rows.

        Raises
        ------
        ValueError
            If there is no such column, a name is missing, a score is not a number, or there are
            two rows for one model and item.

        Examples
        --------
        >>> import pandas as pd
        >>> from sklearn_sparseeval import ScoreMatrix
        >>> results = pd.DataFrame({
        ...     "llm": ["one", "one", "two", "two"],
        ...     "question": ["q1", "q2", "q1", "q2"],
        ...     "correct": [True, False, True, True],
        ... })
        >>> matrix = ScoreMatrix.from_long(results, model="llm", item="question", score="correct")
        >>> matrix.targets["overall"].tolist()
        [0.5, 1.0]
        """
        scores, items = wide_scores(frame, model, item, score, task)
        made = cls.from_frame(scores, families=families, items=items or {"item": list(scores)})
        return cast("Self", made.align(alignment))

    @property
    def families(self) -> list[str] | None:
        """The family of each model.

        Returns
        -------
        families : list of str or None
            In the order of `data`; None where that of any model is not known.
        """
        known = self.models["family"]
        return None if known.isna().any() else [str(family) for family in known]

    @property
    def unit(self) -> str:
        """The unit in which scores are shown.

        Returns
        -------
        unit : {"points", "score"}
            Percentage points for scores from 0 to 1, other scores as they are.
        """
        parts = [self.data] if self._given_targets is None else [self.data, self._given_targets]
        lows, highs = ([getattr(part, end)(axis=None) for part in parts] for end in ("min", "max"))
        return "points" if min(lows) >= 0 and max(highs) <= 1 else "score"

    @property
    def targets(self) -> "DataFrame":
        """Benchmark scores of each model: overall, and by task where there are several.

        Each is the weighted mean of the items that a model was evaluated on, with the items'
        weights; NaN where there is none. A task whose items all have the weight 0, so that it does
        not count in the overall score, has a score with equal weights. Where targets were given,
        it is those.

        Returns
        -------
        targets : pandas.DataFrame of shape (n_models, n_targets)
            Columns: "overall", then the tasks in the order of `items`.
        """
        if self._given_targets is not None:
            return self._given_targets
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

    def select(
        self,
        *,
        models: Iterable[str] | None = None,
        items: Iterable[str] | None = None,
        tasks: str | Iterable[str] | None = None,
    ) -> "ScoreMatrix":
        """Take some of the models and items.

        Parameters
        ----------
        models : iterable of str, default=None
            Names of models, in the order wanted; None takes all.
        items : iterable of str, default=None
            Names of items, in the order wanted; None takes all.
        tasks : str or iterable of str, default=None
            Take the items of these tasks only.

        Returns
        -------
        matrix : ScoreMatrix
            A new matrix. Given targets stay those of the full benchmark, unless items are left
            out.

        Raises
        ------
        ValueError
            If there is no such model, item or task.
        """
        rows = _chosen(models, self.data.index, "model")
        columns = _chosen(items, self.data.columns, "item")
        if tasks is not None:
            wanted = [tasks] if isinstance(tasks, str) else list(tasks)
            _chosen(wanted, self.items["task"].unique(), "task")
            inside = set(self.items.index[self.items["task"].isin(wanted)])
            columns = [name for name in columns if name in inside]
        same_items = len(columns) == self.data.shape[1]
        given = self._given_targets if same_items else None
        return ScoreMatrix(
            self.data.loc[rows, columns],
            self.items.loc[columns],
            self.models.loc[rows],
            targets=None if given is None else given.loc[rows],
            notes=self.notes,
        )

    def align(self, alignment: Literal["common", "all"] | None = None) -> "ScoreMatrix":
        """See to it that all models are scored by the same items, or say that they are not.

        Parameters
        ----------
        alignment : {"common", "all"}, default=None
            "common" keeps the items that all models have a score on. "all" keeps every item: the
            scores are then means over different items. None refuses where any score is missing.

        Returns
        -------
        matrix : ScoreMatrix
            The matrix itself where nothing is missing or its targets were given; else one with a
            note of what was done.

        Raises
        ------
        ValueError
            If scores are missing and `alignment` is None, or there is no common item. It says
            which models lack how many items, and what each way out costs.

        Examples
        --------
        >>> import pandas as pd
        >>> from sklearn_sparseeval import ScoreMatrix
        >>> frame = pd.DataFrame([[1, 0, 1], [1, 0, None]], index=["one", "two"])
        >>> matrix = ScoreMatrix.from_frame(frame)
        >>> matrix.align("common")
        ScoreMatrix of 2 models x 2 items
        """
        if alignment not in (None, "common", "all"):
            raise ValueError(f"alignment={alignment!r}; expected 'common', 'all' or None.")
        missing = self.data.isna()
        if self._given_targets is not None or not missing.any(axis=None):
            return self
        what, ways = missing_results(missing)
        common = list(self.data.columns[~missing.any()])
        if alignment is None or (alignment == "common" and not common):
            raise ValueError(f"{what} {ways}")
        if alignment == "common":
            text = f"{what} Only the {counted(len(common), 'item')} that all have were kept."
            aligned = self.select(items=common)
        else:
            text = f"{what} Each model's score is the mean over what it has (alignment 'all')."
            aligned = self.select()
        note = Note("missing-results", text, count=int(missing.to_numpy().sum()))
        aligned.notes = [*self.notes, note]
        return aligned

    def join(self, other: "ScoreMatrix") -> "ScoreMatrix":
        """Put two matrices together: the models and items of both, NaN where neither has a score.

        Parameters
        ----------
        other : ScoreMatrix
            Further models on the same items, further items of the same models, or both.

        Returns
        -------
        matrix : ScoreMatrix
            Models and items in the order of this one, then those that `other` alone has. Targets
            are the means of the joined items.

        Raises
        ------
        ValueError
            If both have a score of one model on one item and the scores differ, an item is said to
            be two different things, or either has targets of its own.
        """
        if self._given_targets is not None or other._given_targets is not None:
            raise ValueError(
                "A matrix with given targets cannot be joined: the score on the joined benchmark "
                "is not known. Make both without targets."
            )
        for what, ours, theirs in (
            ("item", self.items, other.items),
            ("model", self.models, other.models),
        ):
            shared = ours.index.intersection(theirs.index)
            columns = [name for name in ours.columns if name in theirs.columns]
            same = _equal_rows(ours.loc[shared, columns], theirs.loc[shared, columns])
            if not same.all():
                raise ValueError(
                    f"The {what}s {listing(list(shared[~same]))} are described differently in the "
                    "two matrices. Rename them in one, or make the descriptions equal."
                )
        both = self.data.reindex(index=other.data.index, columns=other.data.columns)
        differ = (both != other.data) & both.notna() & other.data.notna()
        if differ.to_numpy().any():
            model, item = np.argwhere(differ.to_numpy())[0]
            raise ValueError(
                f"{int(differ.to_numpy().sum())} scores differ in the two matrices, the first of "
                f"model {differ.index[model]!r} on item {differ.columns[item]!r}. Leave one out."
            )
        models = [*self.data.index, *other.data.index.difference(self.data.index, sort=False)]
        names = [*self.data.columns, *other.data.columns.difference(self.data.columns, sort=False)]
        data = self.data.combine_first(other.data).reindex(index=models, columns=names)
        items = _together(self.items, other.items)
        about = _together(self.models, other.models)
        notes = [*self.notes, *(note for note in other.notes if note not in self.notes)]
        return ScoreMatrix(data, items, about, notes=notes)

    @classmethod
    def read(cls, path: str | os.PathLike[str], *, transpose: bool = False) -> Self:
        """Read a matrix from a file.

        Parameters
        ----------
        path : path-like
            A csv or parquet file, whose first column is the model's name, in which a column
            "family" may name its family, and all others are items; an npz file with arrays
            `scores`, `models` and perhaps `items` and `families`; or what :meth:`write` wrote.
            Empty cells are NaN.
        transpose : bool, default=False
            Whether rows are items and columns models, in a file that :meth:`write` did not write.

        Returns
        -------
        matrix : ScoreMatrix
            The matrix. Of a file that :meth:`write` did not write, and of a csv file, it is not
            known what the items are, so all are of one task.

        Raises
        ------
        ValueError
            If there is no such file, its suffix is another, it is damaged, or it holds anything
            but numbers.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from sklearn_sparseeval.datasets import load_helm_lite
        >>> matrix = load_helm_lite(task="gsm", as_matrix=True)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "gsm.parquet")
        ...     matrix.write(path)
        ...     ScoreMatrix.read(path) == matrix
        True
        """
        path = Path(path)
        file = read_score_file(path, transpose=transpose)
        if file.description is None:
            return cls.from_frame(file.scores, families=file.families)
        return cls._from_description(path, file.scores, file.description)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the matrix to one file, whole or not at all.

        Parameters
        ----------
        path : path-like
            The file. The suffix says how: .parquet and .npz hold everything; .csv holds scores,
            models and families. Any reader of the format sees the models in the first column (an
            array `models`), and one column per item.

        Raises
        ------
        ValueError
            If the suffix is another.
        """
        write_score_file(Path(path), self.data, self.families, self._description())

    def _description(self) -> dict[str, Any]:
        """Return all but the scores, as JSON holds it."""
        pd = import_pandas()
        items = {str(name): column.tolist() for name, column in self.items.items()}
        for name in (*HASHES, TEXT):
            if name in items:
                items[name] = [None if pd.isna(one) else one for one in items[name]]
        items["name"] = [str(name) for name in self.items.index]
        given = self._given_targets
        return {
            "format": _FORMAT,
            "items": items,
            "families": [None if pd.isna(one) else str(one) for one in self.models["family"]],
            "dates": [None if pd.isna(one) else one.isoformat() for one in self.models["date"]],
            "targets": None if given is None else {str(k): v.tolist() for k, v in given.items()},
            "notes": [note.to_dict() for note in self.notes],
        }

    @classmethod
    def _from_description(cls, path: Path, data: "DataFrame", described: dict[str, Any]) -> Self:
        pd = import_pandas()
        version = described.get("format")
        if version != _FORMAT:
            raise ResultsError(
                f"{path} is of format {version!r}; this version of the package reads format "
                f"{_FORMAT}. Import the results again."
            )
        try:
            columns = dict(described["items"])
            columns |= {name: fingerprint_column(columns[name]) for name in HASHES}
            items = pd.DataFrame(columns).set_index("name")
            given = described["targets"]
            targets = None if given is None else pd.DataFrame(given, data.index)
            notes = [Note.from_dict(note) for note in described["notes"]]
            models = model_table(list(data.index), described["families"], described["dates"])
            return cls(data.astype(np.float64), items, models, targets=targets, notes=notes)
        except (
            AttributeError, KeyError, TypeError, ValueError, OverflowError, IndexError,
        ) as error:  # fmt: skip
            raise ResultsError(
                f"{path} is damaged ({type(error).__name__}: {error}). Import the results again."
            ) from error


def _check_numbers(data: "DataFrame", items: "DataFrame") -> None:
    weights = items["weight"].to_numpy(dtype=np.float64)
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        item = int(np.argmax(wrong))
        raise ValueError(
            f"Item {items.index[item]!r} has the weight {weights[item]:g}; expected finite weights "
            "of at least 0."
        )
    infinite = np.isinf(data.to_numpy(dtype=np.float64))
    if infinite.any():
        model, item = np.argwhere(infinite)[0]
        raise ValueError(
            f"The score of model {data.index[model]!r} on item {data.columns[item]!r} is infinite; "
            "expected a number, or NaN where the model was not evaluated."
        )


def _check_targets(data: "DataFrame", targets: "DataFrame | None") -> None:
    if targets is None:
        return
    if list(targets.index) != list(data.index) or list(targets.columns)[:1] != [OVERALL]:
        raise ValueError(
            f"targets has {len(targets)} rows and the columns {listing(list(targets.columns))}; "
            f"expected one row per model, in the order of data, and {OVERALL!r} as first column."
        )


def _chosen(wanted: Iterable[str] | None, names: Any, what: str) -> list[Any]:
    if wanted is None:
        return list(names)
    chosen, known = list(wanted), set(names)
    missing = [name for name in chosen if name not in known]
    if missing:
        raise ValueError(
            f"There is no {what} {listing(missing)}; there are {listing(list(names))}."
        )
    return chosen


def _equal_rows(ours: "DataFrame", theirs: "DataFrame") -> Any:
    """Tell which rows say the same; what one of them does not know does not count."""
    unknown = ours.isna() | theirs.isna()
    left, right = (table.astype(object).mask(unknown, 0) for table in (ours, theirs))
    return (left == right).all(axis=1).to_numpy(dtype=bool)


def _weighted_means(data: "DataFrame", weights: Any) -> Any:
    # Sums depend on the layout in memory, in the last bit.
    scores = np.ascontiguousarray(data.to_numpy(dtype=np.float64))
    # Equal weights become 1 each: whole numbers add up exactly, so that models on a level stay so.
    weights = weights / (weights.max(initial=0.0) or 1.0)
    evaluated = ~np.isnan(scores)
    totals = evaluated @ weights
    sums = np.where(evaluated, scores, 0.0) @ weights
    means = np.divide(sums, totals, out=np.full(len(scores), np.nan), where=totals > 0)
    # A mean lies within what it is of; rounding would put that of all 1 a little above 1.
    lowest = np.where(evaluated, scores, np.inf).min(axis=1, initial=np.inf)
    highest = np.where(evaluated, scores, -np.inf).max(axis=1, initial=-np.inf)
    return np.clip(means, lowest, highest)


def _together(ours: "DataFrame", theirs: "DataFrame") -> "DataFrame":
    """Join two tables of descriptions; what one does not know is what the other says."""
    pd = import_pandas()
    shared = ours.index.intersection(theirs.index)
    ours = ours.copy()
    for name in ours.columns.intersection(theirs.columns):
        unknown = shared[ours.loc[shared, name].isna()]
        if len(unknown):
            ours.loc[unknown, name] = theirs.loc[unknown, name]
    for name in theirs.columns.difference(ours.columns, sort=False):
        ours[name] = theirs[name].reindex(ours.index)
    joined: DataFrame = pd.concat([ours, theirs.drop(shared)])
    return joined
