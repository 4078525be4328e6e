"""Notes: what was decided, left out or found odd on the way to a number, as data."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Note:
    """A decision or an oddity: what kind of thing it is, and a sentence for people.

    What depends on a note depends on its `kind`, never on its wording.

    Parameters
    ----------
    kind : str
        What it is about, in lower case with hyphens, such as ``"few-models"``.
    text : str
        A whole sentence, in one line: what was found or done, and what it means.
    where : str, default=""
        The model, item, task or file concerned, if it is one.
    count : int, default=None
        How many of them, where that is counted.

    Examples
    --------
    >>> from sklearn_sparseeval import Note
    >>> print(Note("few-models", "The history has 5 models.", count=5))
    The history has 5 models.
    """

    kind: str
    text: str
    where: str = ""
    count: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", " ".join(self.text.split()))

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """Return the note as plain values.

        Returns
        -------
        note : dict
            Its four parts by name.
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, note: dict[str, Any]) -> Self:
        """Make a note of what :meth:`to_dict` returned.

        Parameters
        ----------
        note : dict
            Its parts by name.

        Returns
        -------
        note : Note
            The note.

        Raises
        ------
        ValueError
            If it is not a note.
        """
        kind, text = note.get("kind"), note.get("text")
        where, count = note.get("where", ""), note.get("count")
        if not all(isinstance(one, str) for one in (kind, text, where)):
            raise ValueError(f"{note!r} is not a note: kind, text and where have to be texts")
        if not isinstance(count, int | None):
            raise ValueError(f"{note!r} is not a note: count has to be a whole number, or none")
        return cls(str(kind), str(text), where, count)


class NotedWarning(UserWarning):
    """A warning that carries a note, for whoever collects them.

    Parameters
    ----------
    note : Note or str
        The note; a text is one of the kind "warning".
    """

    def __init__(self, note: Note | str) -> None:
        self.note = note if isinstance(note, Note) else Note("warning", str(note))
        super().__init__(self.note.text)


@contextmanager
def noted(notes: list[Note]) -> Iterator[None]:
    """Collect what is warned of as notes, each once, in place of showing it.

    Parameters
    ----------
    notes : list of Note
        Gets the notes, also when what runs inside fails. A warning without a note becomes one of
        the kind "warning".

    Yields
    ------
    None
        Nothing.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        try:
            yield
        finally:
            for warning in caught:
                found = warning.message
                note = found.note if isinstance(found, NotedWarning) else None
                add_note(notes, note or Note("warning", str(found)))


def add_note(notes: list[Note], note: Note) -> None:
    """Add a note, unless it is there.

    Parameters
    ----------
    notes : list of Note
        The notes so far.
    note : Note
        Another.
    """
    if note not in notes:
        notes.append(note)
