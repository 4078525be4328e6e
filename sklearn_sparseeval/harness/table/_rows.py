"""The rows of one results file, collected compactly."""

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import NOT_RECORDED

NO_FILTER = "none"
_LAST_EPOCH = np.iinfo(np.int32).max
_LARGEST_COST = np.finfo(np.float32).max
TEXTS = ("item", "metric", "filter", "group")


@dataclass
class Codes:
    """A column of texts: each distinct text once, and per row its position.

    Parameters
    ----------
    texts : dict of str to int
        Position by text.
    codes : list of int
        Position of each row's text.
    """

    texts: dict[str, int] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)

    def append(self, text: str) -> None:
        """Add a row.

        Parameters
        ----------
        text : str
            Its text.
        """
        self.codes.append(self.texts.setdefault(text, len(self.texts)))


class Rows:
    """What one results file says of one model on one task.

    Parameters
    ----------
    harness : str
        Which harness wrote it: the name of its reader without ``read_``.
    model : str
        Name of the model.
    task : str
        Name of the task.
    model_args : str, default=""
        What else tells this model from another of the same name, such as its revision.
    setting : str, default=""
        What must agree for results of one task to be comparable, such as its version and the
        number of shots; as words ``key=value`` separated by blanks.
    date : str, default=""
        When the run was; later ones sort after earlier ones.
    """

    def __init__(
        self,
        *,
        harness: str,
        model: str,
        task: str,
        model_args: str = "",
        setting: str = "",
        date: str = "",
    ) -> None:
        self.harness = harness
        self.model = model
        self.task = task
        self.model_args = model_args
        self.setting = setting
        self.date = date
        self.notes: Counter[tuple[str, str]] = Counter()
        self._texts = {name: Codes() for name in TEXTS}
        self._numbers: list[tuple[int, float, float]] = []
        self._hashes: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._numbers)

    def add(
        self,
        item: str,
        metric: str,
        value: float,
        *,
        filter: str = NO_FILTER,
        epoch: int = 1,
        group: str | None = None,
        cost: float = math.nan,
        content_hash: int = NOT_RECORDED,
        prompt_hash: int = NOT_RECORDED,
    ) -> None:
        """Add one score.

        Parameters
        ----------
        item : str
            Which item, unique within the task.
        metric : str
            Name of the metric.
        value : float
            The score; NaN = not scored.
        filter : str, default="none"
            How the answer was taken from the model's text, where the harness has several ways.
        epoch : int, default=1
            Which repeat, from 1.
        group : str, default=None
            The part of the benchmark that a macro average gives equal weight; None is the task.
        cost : float, default=nan
            Tokens read and written; NaN = not recorded.
        content_hash : int, default=0
            Fingerprint of the item's content; 0 = not recorded.
        prompt_hash : int, default=0
            Fingerprint of the prompt; 0 = not recorded.
        """
        texts = self._texts
        texts["item"].append(item)
        texts["metric"].append(metric)
        texts["filter"].append(filter)
        texts["group"].append(self.task if group is None else group)
        self._numbers.append((epoch, value, cost))
        self._hashes.append((content_hash, prompt_hash))

    def note(self, kind: str, text: str, count: int = 1) -> None:
        """Count something that was left out or decided; equal texts are counted together.

        Parameters
        ----------
        kind : str
            Kind of the note.
        text : str
            A sentence without its full stop, the same for all cases.
        count : int, default=1
            How many.
        """
        self.notes[kind, text] += count

    def columns(self) -> "Columns":
        """Pack the rows into arrays.

        Returns
        -------
        columns : Columns
            The same rows, compactly.

        Raises
        ------
        ResultsError
            If an epoch is not a number from 1 to 2**31 - 1, or a name is half of a character.
        """
        self._check_texts()
        numbers = np.array(self._numbers, dtype=np.float64).reshape(-1, 3)
        epochs, values, costs = numbers.T
        wrong = epochs[(epochs < 1) | (epochs > _LAST_EPOCH)]
        if len(wrong):
            raise ResultsError(f"has the epoch {wrong[0]:g}; expected a number from 1.")
        costs = np.where(np.abs(costs) <= _LARGEST_COST, costs, np.nan)
        hashes = np.array(self._hashes, dtype=np.uint64).reshape(-1, 2)
        return Columns(
            texts={name: list(codes.texts) for name, codes in self._texts.items()},
            codes={
                name: np.array(codes.codes, dtype=np.int32) for name, codes in self._texts.items()
            },
            epoch=epochs.astype(np.int32),
            value=values.copy(),
            cost=costs.astype(np.float32),
            content_hash=hashes[:, 0].copy(),
            prompt_hash=hashes[:, 1].copy(),
        )

    def _check_texts(self) -> None:
        """Refuse lone surrogates, which JSON can hold and no table can."""
        own = [self.model, self.task, self.model_args, self.setting, self.date]
        for text in (*own, *(text for codes in self._texts.values() for text in codes.texts)):
            try:
                text.encode()
            except UnicodeEncodeError:
                raise ResultsError(
                    f"has the name {text!r}, which is not valid Unicode text; expected names that "
                    "can be written to a file."
                ) from None


@dataclass
class Columns:
    """Rows as arrays, which are small and travel cheaply between processes."""

    texts: dict[str, list[str]]
    codes: dict[str, NDArray[np.int32]]
    epoch: NDArray[np.int32]
    value: NDArray[np.float64]
    cost: NDArray[np.float32]
    content_hash: NDArray[np.uint64]
    prompt_hash: NDArray[np.uint64]
