"""Reading many files in bounded memory, in parallel, with a bar; what was left out is counted."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tqdm.auto import tqdm

from sklearn_sparseeval._errors import ResultsError, warn
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval._parallel import results_of
from sklearn_sparseeval.harness.table._long_table import FileResults, LongTable
from sklearn_sparseeval.harness.table._rows import Rows

PathLike = str | os.PathLike[str]
Parser = Callable[[Path], Rows]


class ReadOptions(NamedTuple):
    """How files are read.

    Parameters
    ----------
    n_jobs : int or None, default=None
        How many processes.
    on_error : {"raise", "skip"}, default="raise"
        What to do with files that cannot be read.
    progress : bool or None, default=None
        Whether to show a bar; None shows it in a terminal.
    """

    n_jobs: int | None = None
    on_error: str = "raise"
    progress: bool | None = None


_EMPTY_FILES = ("empty-files", "files are empty, as those of runs that died")
_MOST_BLANKS = 2**16
_POINTER = b"version https://git-lfs"
_POINTER_MESSAGE = "is a Git LFS pointer, not the file itself. Run `git lfs pull` first."
_MOST_REASONS = 3
_BAD_FILES = ("bad-files", "files that cannot be read were left out")


class _Failure(NamedTuple):
    message: str


def files_under(paths: PathLike | Iterable[PathLike]) -> list[Path]:
    """List the files that paths name, those in folders and their sub-folders among them.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files and folders. Hidden files and folders are passed over, unless named.

    Returns
    -------
    files : list of Path
        Each file once, sorted.

    Raises
    ------
    ResultsError
        If a path does not exist.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    files: dict[str, Path] = {}
    for path in map(Path, given):
        if path.is_dir():
            files.update((os.path.abspath(file), file) for file in _walk(path))
        elif path.exists() and not _is_special(path):
            files[os.path.abspath(path)] = path
        else:
            raise ResultsError(f"There is no file or folder {path}.")
    return list(files.values())


def _walk(folder: Path) -> Iterator[Path]:
    """List the files of a folder; links to folders are followed, each folder once."""
    seen: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files = (Path(parent, name) for name in sorted(names) if not name.startswith("."))
        yield from (file for file in files if not _is_special(file))


def _is_special(path: Path) -> bool:
    """Tell pipes and the like, which may be waited for without end, from files and broken links."""
    return path.exists() and not path.is_file()


def read_files(files: list[Path], parse: Parser, options: ReadOptions) -> Any:
    """Read files into the long table.

    Parameters
    ----------
    files : list of Path
        What to read; at least one.
    parse : callable
        Reads one file into its rows. Has to be a function of a module, or a partial of one.
    options : ReadOptions
        How.

    Returns
    -------
    frame : pandas.DataFrame
        The long table.

    Raises
    ------
    ResultsError
        If a file cannot be read (unless ``on_error="skip"``), or none holds a score.

    Warns
    -----
    ResultsWarning
        Once for each kind of thing that was left out or decided, with how often.
    """
    _check_options(options)
    import_pandas("Reading a harness's results")
    table, notes, n_rows = LongTable(), _Notes(), 0
    hidden = not sys.stderr.isatty() if options.progress is None else not options.progress
    calls = ((_read_one, (parse, path)) for path in files)
    bar = tqdm(total=len(files), desc="read", unit="file", disable=hidden)
    with bar, results_of(calls, n_jobs=options.n_jobs) as outputs:
        for path, result in zip(files, outputs, strict=True):
            bar.update()
            if isinstance(result, _Failure):
                if options.on_error == "raise":
                    raise ResultsError(
                        f"{path}: {result.message} To leave such files out, pass on_error='skip' "
                        "(--skip-bad-files)."
                    )
                notes.add(_BAD_FILES, 1, f"{path}: {result.message}")
                continue
            for note, count in result.notes.items():
                notes.add(note, count, str(path))
            n_rows += len(result.columns.value)
            table.append(result)
    notes.warn()
    if not n_rows:
        raise ResultsError(
            f"None of the {len(files)} files, such as {files[0]}, holds a score.{notes.reasons()}"
        )
    return table.frame()


def _check_options(options: ReadOptions) -> None:
    if options.on_error not in ("raise", "skip"):
        raise ValueError(f"on_error is {options.on_error!r}; expected 'raise' or 'skip'.")


def _read_one(parse: Parser, path: Path) -> FileResults | _Failure:
    # A results file is foreign input: whatever a parser stumbles on is that file's fault, and has
    # to be told with its name. Interrupts and out-of-memory are nobody's file.
    try:
        rows = parse(path)
        if not len(rows) and _is_blank(path):
            rows.note(*_EMPTY_FILES)
        columns = rows.columns()
    except ResultsError as error:
        return _Failure(_POINTER_MESSAGE if _is_pointer(path) else str(error))
    except MemoryError:
        raise
    except OSError as error:
        return _Failure(f"cannot be opened: {error.strerror or error}.")
    except Exception as error:
        return _Failure(f"is not of the form expected ({type(error).__name__}: {error}).")
    per_file = {
        "task": rows.task,
        "setting": rows.setting,
        "date": rows.date,
        "harness": rows.harness,
        "source": str(path),
    }
    return FileResults(columns, rows.model, rows.model_args, per_file, dict(rows.notes))


def _is_blank(path: Path) -> bool:
    """Tell whether a file holds nothing but blanks, as what a run leaves that died."""
    return path.stat().st_size < _MOST_BLANKS and not path.read_bytes().strip()


def _is_pointer(path: Path) -> bool:
    """Tell whether a file only says where Git LFS keeps the real one."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(_POINTER)) == _POINTER
    except OSError:
        return False


class _Notes:
    """Counts what was left out, over all files."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], str] = {}

    def add(self, note: tuple[str, str], count: int, where: str) -> None:
        self._counts[note] += count
        self._first.setdefault(note, where.rstrip("."))

    def reasons(self) -> str:
        """Say why nothing is left, as far as files told."""
        texts = [
            f"{count} {note[1]}; first in {self._first[note]}."
            for note, count in self._counts.items()
        ]
        return "".join(f" {text}" for text in texts[:_MOST_REASONS])

    def warn(self) -> None:
        for (kind, text), count in self._counts.items():
            where = self._first[kind, text]
            first = "first " if count > 1 else ""
            warn(Note(kind, f"{count} {text}; {first}in {where}.", where, count))
