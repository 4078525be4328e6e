"""Writes the table of a data set's anchors, which VLMEvalKit takes as a data set of its own."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval.harness._item_lists import HarnessRun, items_by_task
from sklearn_sparseeval.harness.table._natural_order import natural_key
from sklearn_sparseeval.harness.table._reading import PathLike
from sklearn_sparseeval.harness.vlmevalkit._names import ANCHORS
from sklearn_sparseeval.harness.vlmevalkit._scores import plain_text
from sklearn_sparseeval.harness.vlmevalkit._tables import cell_text, fields, header, records

if TYPE_CHECKING:
    from pandas import DataFrame

_ROTATION = 10**6  # what VLMEvalKit adds to the index for each rotation of the options
_CIRCULAR = ("mmbench", "ccbench", "circular", "mmcr")  # in the names of data sets with rotations
_LONGEST_REFERENCE = 64  # characters; a longer cell of the column image is an image
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_LOCAL = "_local"  # what VLMEvalKit appends where it took the images out of a large table


def to_vlmevalkit_table(
    anchors: "DataFrame", source: PathLike, path: PathLike, *, task: str
) -> int:
    r"""Write the rows of a data set that are anchors to a table that VLMEvalKit evaluates.

    Parameters
    ----------
    anchors : pandas.DataFrame
        Rows of :attr:`ScoreMatrix.items <sklearn_sparseeval.ScoreMatrix>`, such as
        ``matrix.items.iloc[model.anchors_]``; the columns ``task`` and ``item`` are read.
    source : path-like
        The data set's table, as VLMEvalKit downloaded it: ``<dataset>.tsv`` in the folder LMUData.
    path : path-like
        The table to write, in the same folder: ``<dataset>_anchors.tsv``, or with more after
        ``_anchors``.
    task : str
        Which task's anchors; the data set's name, as in the results.

    Returns
    -------
    n_rows : int
        How many rows were written; more than there are anchors where rotations belong to them.

    Raises
    ------
    ResultsError
        If an anchor is not in the table, the table cannot be read, or the new name would make
        VLMEvalKit download the data set again or evaluate it differently.

    See Also
    --------
    read_vlmevalkit : Reads the results of the run.
    verify_anchor_run : Checks that exactly the anchors came back.
    to_item_lists : Lists the anchors' ids by task.

    Notes
    -----
    Cells are copied byte for byte, and the table is never held in memory, whatever the size of its
    images. Two things that belong to an anchor come with it: all rotations of its options (MMBench
    and other circular data sets; without them its hit would be that of one rotation), and its
    image, where the row only refers to that of a row left out.

    VLMEvalKit compares the table of each data set it knows with a checksum, and downloads it anew
    if it differs: hence another name. It tells how to evaluate a data set from parts of its name
    (such as mmbench for rotations): hence the old name within the new. :func:`read_vlmevalkit`
    calls the task by the old name again.

    Run the table by the data set's own class, with all its rules, as in ``python run.py --model
    NAME --data MMStar_anchors --data-config '{"MMStar_anchors": {"class": "ImageMCQDataset",
    "dataset": "MMStar_anchors"}}'``. Averages over groups of rows, such as those of MME and
    HallusionBench, may fail on so few of them; the judged table is written before.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from sklearn_sparseeval.harness import to_vlmevalkit_table
    >>> folder = Path(tempfile.mkdtemp())
    >>> table = "index\tquestion\tA\tB\tanswer\n0\tx?\t1\t2\tA\n1\ty?\t3\t4\tB\n"
    >>> _ = (folder / "MMStar.tsv").write_text(table)
    >>> anchors = pd.DataFrame({"task": ["MMStar"], "item": ["1"]})
    >>> written = folder / "MMStar_anchors.tsv"
    >>> to_vlmevalkit_table(anchors, folder / "MMStar.tsv", written, task="MMStar")
    1
    >>> print(written.read_text(), end="")
    index  question  A  B  answer
    1      y?        3  4  B
    """
    by_task = items_by_task(anchors)
    if task not in by_task:
        raise ResultsError(
            f"No anchor is of task {task!r}; the anchors are of {listing(sorted(by_task))}."
        )
    table = _Table.open(Path(source))
    target = Path(path)
    _check_name(table.path, target)
    survey = table.survey(by_task[task])
    if survey.missing:
        missing = sorted(survey.missing, key=natural_key)
        raise ResultsError(
            f"{table.path}: {len(missing)} of the {len(by_task[task])} anchors of task {task!r} "
            f"are not in the table, such as {listing(missing)}. Is it the table that the models "
            "were evaluated on?"
        )
    images = table.images(survey.references - survey.kept)
    return _write(table, by_task[task], images, target)


@dataclass(frozen=True)
class _Survey:
    """What the first pass over a table finds."""

    kept: frozenset[str]
    references: frozenset[str]
    missing: frozenset[str]


@dataclass(frozen=True)
class _Table:
    """A table of a data set, read anew for every pass."""

    path: Path
    first: bytes
    n_columns: int
    index: int
    group: int | None
    image: int | None

    @classmethod
    def open(cls, path: Path) -> "_Table":
        if not path.is_file():
            raise ResultsError(f"There is no file {path}.")
        with path.open("rb") as file:
            first = next(records(file), None)
        try:
            names = header(first.raw) if first else []
        except ResultsError as error:
            raise ResultsError(f"{path}: {error}") from None
        if first is None or "index" not in names:
            raise ResultsError(
                f"{path} has no column 'index'; expected a table of VLMEvalKit, such as MMStar.tsv."
            )
        places = {name: place for place, name in enumerate(names)}
        group, image = places.get("g_index"), places.get("image")
        return cls(path, first.raw, len(names), places["index"], group, image)

    def rows(self) -> Iterator[tuple[bytes, list[bytes]]]:
        """Read the rows after the first, as they stand and split into cells."""
        with self.path.open("rb") as file:
            table = records(file)
            next(table)
            for record in table:
                cells = fields(record.raw)
                if len(cells) != self.n_columns:
                    raise ResultsError(
                        f"{self.path}: line {record.line} has {len(cells)} cells; expected "
                        f"{self.n_columns}, one for each column. Is the file complete?"
                    )
                yield record.raw, cells

    def names(self, cells: list[bytes]) -> set[str]:
        """Name the items that a row belongs to: its own, and that it is a rotation of."""
        names = _readings(cells[self.index])
        if self.group is not None:
            return names | _readings(cells[self.group])
        if any(word in self.path.stem.lower() for word in _CIRCULAR):
            names |= {str(int(name) % _ROTATION) for name in names if _INTEGER.fullmatch(name)}
        return names

    def reference(self, cells: list[bytes]) -> str | None:
        """Name the row whose image this one shows too, if it holds none of its own."""
        if self.image is None:
            return None
        cell = cells[self.image]
        text = cell_text(cell) if len(cell) <= 4 * _LONGEST_REFERENCE else ""
        return plain_text(text) if 0 < len(text) <= _LONGEST_REFERENCE else None

    def survey(self, items: set[str]) -> _Survey:
        """Find what belongs to the items."""
        found: set[str] = set()
        kept: set[str] = set()
        references: set[str] = set()
        for _, cells in self.rows():
            if own := self.names(cells) & items:
                found |= own
                kept |= _readings(cells[self.index])
                references |= {self.reference(cells) or ""}
        missing = frozenset(items - found)
        return _Survey(frozenset(kept), frozenset(references - {""}), missing)

    def images(self, references: frozenset[str]) -> dict[str, bytes]:
        """Take the images out of rows."""
        if not references or self.image is None:
            return {}
        images: dict[str, bytes] = {}
        for _, cells in self.rows():
            for name in _readings(cells[self.index]) & references:
                images[name] = cells[self.image]
        return images


def _write(table: _Table, items: set[str], images: dict[str, bytes], target: Path) -> int:
    partial = target.with_name(f"{target.name}.part")
    n_rows = 0
    try:
        with partial.open("wb") as file:
            file.write(table.first)
            for raw, cells in table.rows():
                if not table.names(cells) & items:
                    continue
                n_rows += 1
                image = images.get(table.reference(cells) or "")
                file.write(raw if image is None else _with_image(raw, cells, table, image))
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return n_rows


def _with_image(raw: bytes, cells: list[bytes], table: _Table, image: bytes) -> bytes:
    ending = raw[len(raw.rstrip(b"\r\n")) :]
    changed = [image if place == table.image else cell for place, cell in enumerate(cells)]
    return b"\t".join(changed) + ending


def _readings(cell: bytes) -> set[str]:
    """Name a row as the table does, and as pandas does, which takes 007 for 7."""
    text = plain_text(cell_text(cell))
    return {text, str(int(text))} if _INTEGER.fullmatch(text) else {text}


def _check_name(source: Path, target: Path) -> None:
    # The data set's own name would make VLMEvalKit download the whole table again; one without it
    # would have the table evaluated by other rules.
    start = source.stem.removesuffix(_LOCAL) + ANCHORS
    if target.suffix != ".tsv" or not target.stem.startswith(start):
        raise ResultsError(
            f"path is {target}; expected {start}.tsv, or a name that begins so: by its beginning "
            "VLMEvalKit knows how to evaluate it, and read_vlmevalkit what it is of."
        )


def advise_anchors(anchors: "DataFrame", folder: Path, harness_args: str | None) -> HarnessRun:
    """Say how to run anchors; their table can be made only of the whole one, which is not here.

    Parameters
    ----------
    anchors : pandas.DataFrame
        Rows of ``ScoreMatrix.items``.
    folder : Path
        The plan's.
    harness_args : str or None
        Not used: there is no command.

    Returns
    -------
    run : HarnessRun
        Files, commands and advice.
    """
    task = anchors["task"].iloc[0]
    predictor = str(folder / "predictor.skops")
    advice = (
        "VLMEvalKit evaluates whole tables, so write one of the anchors for each data set, in "
        f"Python: `to_vlmevalkit_table(load_predictor({predictor!r}).anchors, '{task}.tsv', "
        f"'{task}_anchors.tsv', task={str(task)!r})`; its documentation says how to run it."
    )
    return HarnessRun("vlmevalkit", [], [], "outputs", advice)
