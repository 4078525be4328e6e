"""Arguments that several commands take, and what they mean."""

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._notes import Note, noted

if TYPE_CHECKING:
    from sklearn_sparseeval.score_matrix import ScoreMatrix


def positive(text: str) -> int:
    """Read a whole number of at least 1.

    Parameters
    ----------
    text : str
        What the user wrote.

    Returns
    -------
    value : int
        The number.
    """
    value = _integer(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not at least 1")
    return value


def seed(text: str) -> int:
    """Read a seed.

    Parameters
    ----------
    text : str
        What the user wrote.

    Returns
    -------
    value : int
        The number, from 0 to 2**32 - 1.
    """
    value = _integer(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and 2**32 - 1")
    return value


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the results and how they are read.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the command.
    """
    parser.add_argument(
        "results", nargs="+", metavar="RESULTS",
        help="files or folders of an evaluation harness with a score per item; folders are "
        "searched with all their sub-folders",
    )  # fmt: skip
    parser.add_argument(
        "--format", default="auto", metavar="NAME",
        help="the harness that wrote them, such as lm_eval or inspect (default: recognised, file "
        "by file)",
    )  # fmt: skip
    parser.add_argument(
        "--skip-bad-files", action="store_true",
        help="leave out files that cannot be read, with a note, in place of stopping at the first",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", type=positive, metavar="N",
        help="how many processes; the result does not depend on it (default: one per core)",
    )  # fmt: skip


def reading_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return how results are read, as ``read_results`` and ``Plan.read`` take it.

    Parameters
    ----------
    arguments : argparse.Namespace
        As :func:`add_reading_arguments` describes them.

    Returns
    -------
    options : dict
        Keyword arguments.
    """
    return {
        "format": None if arguments.format == "auto" else arguments.format,
        "n_jobs": arguments.jobs or -1,
        "on_error": "skip" if arguments.skip_bad_files else "raise",
    }


def add_coverage(parser: argparse.ArgumentParser) -> None:
    """Add which share of the scores intervals are to hold.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the command.
    """
    parser.add_argument(
        "--coverage", type=_share, default=0.9, metavar="SHARE",
        help="share of the scores that the intervals are to hold (default: %(default)s)",
    )  # fmt: skip


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def add_scores(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the score matrix, and how it is to be read.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the command.
    what : str
        What it may be.
    """
    parser.add_argument("scores", metavar="SCORES", help=what)
    parser.add_argument(
        "--transpose", action="store_true",
        help="the rows of SCORES are items and its columns models",
    )  # fmt: skip


def add_alignment(parser: argparse.ArgumentParser) -> None:
    """Add what to do where results are missing.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the command.
    """
    parser.add_argument(
        "--alignment", choices=["common", "all"],
        help="where results are missing: keep the items that all models have, or all items, so "
        "that scores are means over different ones (default: refuse)",
    )  # fmt: skip


def read_scores(source: str, *, transpose: bool = False) -> "ScoreMatrix":
    """Read the score matrix that a user points to.

    Parameters
    ----------
    source : str
        A file, or the name of a data set that ships with the package.
    transpose : bool, default=False
        Whether the rows of the file are items.

    Returns
    -------
    matrix : ScoreMatrix
        The matrix.

    Raises
    ------
    ValueError
        If it is neither; it names the data sets.
    """
    from sklearn_sparseeval.datasets import SHIPPED, load_shipped
    from sklearn_sparseeval.score_matrix import ScoreMatrix

    if source in SHIPPED:
        return load_shipped(source)
    try:
        with noted([]):  # the matrix has the notes
            return ScoreMatrix.read(source, transpose=transpose)
    except ValueError as error:
        if "/" in source or "." in source:
            raise
        raise ValueError(
            f"{error} Nor is it a data set that ships with the package: {', '.join(SHIPPED)}."
        ) from None


def print_notes(notes: Iterable[Note]) -> None:
    """Print notes, a line each.

    Parameters
    ----------
    notes : iterable of Note
        The notes.
    """
    for note in notes:
        print(f"Note: {note}")
