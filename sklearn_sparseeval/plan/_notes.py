"""What the library warns of, as notes of a command."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def noted(notes: list[str]) -> Iterator[None]:
    """Collect the messages of warnings, each once, in place of showing them.

    Parameters
    ----------
    notes : list of str
        Gets the messages, also when what runs inside fails.

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
                add_note(notes, str(warning.message))


def add_note(notes: list[str], message: str) -> None:
    """Add a message in one line, unless it is there.

    Parameters
    ----------
    notes : list of str
        The messages so far.
    message : str
        Another.
    """
    line = " ".join(message.split())
    if line not in notes:
        notes.append(line)


def print_notes(notes: list[str]) -> None:
    """Print the messages, a line each.

    Parameters
    ----------
    notes : list of str
        The messages.
    """
    for note in notes:
        print(f"Note: {note}")  # noqa: T201
