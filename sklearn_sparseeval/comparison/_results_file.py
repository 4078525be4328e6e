"""The file from which an interrupted comparison goes on."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from sklearn_sparseeval._files import write_whole
from sklearn_sparseeval._messages import short
from sklearn_sparseeval.comparison._run import JobResult

# One JSON object a line: first what was compared, then a line per finished job. Floats survive
# exactly; a line that was cut off when the machine stopped is dropped.
_FORMAT = "sklearn_sparseeval comparison 1"

Key = tuple[str, int, int]

# What JSON makes of the parts of a result.
_KINDS: dict[str, Any] = {
    "method": str,
    "n_anchors": int,
    "split": int,
    "scores": dict,
    "fit_seconds": int | float,
    "predict_seconds": int | float,
    "predicted": list | None,
    "error": str | None,
}


class ResultsFile:
    """A file of job results that grows as they arrive.

    Parameters
    ----------
    path : str or Path or None
        The file; None keeps nothing.
    header : dict of str to str
        What all results of the file have in common: fingerprints of data, splits and so on.
    methods : dict of (str, int) to str
        Fingerprint of each method with each number of anchors.
    scorers : iterable of str
        Names of the scores that a result has.
    """

    def __init__(
        self,
        path: Any,
        header: dict[str, str],
        methods: dict[tuple[str, int], str],
        scorers: Iterable[str] = (),
    ) -> None:
        self._path = None if path is None else Path(path)
        self._methods, self._scorers = methods, list(scorers)
        self._header = {"format": _FORMAT, **header}
        self.results: dict[Key, JobResult] = {}

    def __enter__(self) -> Self:
        """Keep the file to this process, and read what is there."""
        if self._path is None:
            return self
        self._lock = FileLock(f"{self._path}.lock", timeout=0)
        try:
            self._lock.acquire()
        except Timeout:
            raise ValueError(
                f"{self._path} is in use by another process. Wait for it, or name another file."
            ) from None
        try:
            self._open(self._path)
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        """Let other processes have the file."""
        if self._path is not None:
            self._lock.release()

    def add(self, result: JobResult) -> None:
        """Append the result of a job.

        Parameters
        ----------
        result : JobResult
            The result; kept in ``results`` too.
        """
        self.results[result.method, result.n_anchors, result.split] = result
        if self._path is not None:
            key = result.method, result.n_anchors
            record = {"fingerprint": self._methods[key], **asdict(result)}
            with self._path.open("a", encoding="utf-8", newline="\n") as stream:
                stream.write(json.dumps(record) + "\n")

    def _open(self, path: Path) -> None:
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        whole = [line for line in lines if line.endswith(b"\n")]
        first = json.dumps(self._header).encode() + b"\n"
        if not whole:
            if lines and not first.startswith(lines[0]):  # somebody's file of one line
                _parsed(path, lines[0], 1)
                self._check_header(path, {})
            write_whole(path, first)
            return
        self._check_header(path, _parsed(path, whole[0], 1))
        for number, line in enumerate(whole[1:], 2):
            self._take(path, _parsed(path, line, number), number)
        if len(whole) < len(lines):
            write_whole(path, b"".join(whole))

    def _check_header(self, path: Path, header: dict[str, Any]) -> None:
        if header.get("format") != _FORMAT:
            raise ValueError(
                f"{path} is not a results file of compare_estimators that this version can read "
                f"(its first line has format={header.get('format')!r}, expected {_FORMAT!r}). "
                "Name another file."
            )
        other = [key for key, value in self._header.items() if header.get(key) != value]
        if other:
            raise ValueError(
                f"{path} holds results of another comparison: the {', '.join(other)} differ. "
                "Give the same arguments (an int as random_state of your own splitter), or name "
                "another file."
            )

    def _take(self, path: Path, record: dict[str, Any], number: int) -> None:
        fingerprint = record.pop("fingerprint", None)
        wrong = self._wrong(record)
        if wrong:
            raise ValueError(
                f"Line {number} of {path} is not a result: {wrong}. Remove the line, or name "
                "another file."
            )
        result = JobResult(**record)
        key = result.method, result.n_anchors
        if key not in self._methods:  # left out this time
            return
        if fingerprint != self._methods[key]:
            raise ValueError(
                f"{path} holds results of a method {result.method!r} with other parameters. Give "
                "the changed method another name, or name another file."
            )
        if result.error is None:  # what failed is tried again
            self.results[*key, result.split] = result

    def _wrong(self, record: dict[str, Any]) -> str:
        """Say what is wrong with a record; nothing is a text without letters."""
        unknown = [name for name in record if name not in _KINDS]
        if unknown:
            return f"it has {short(unknown[0])}"
        for name, kinds in _KINDS.items():
            value = record.get(name)
            if not isinstance(value, kinds) or isinstance(value, bool):
                return f"{name} is {short(value)}"
        if record["split"] < 0 or record["n_anchors"] < 1:
            return f"split {record['split']} with n_anchors {record['n_anchors']}"
        scores = record["scores"]
        if record.get("error") is None and set(scores) != set(self._scorers):
            return f"its scores are {short(scores)}, expected {', '.join(self._scorers)}"
        texts = [value for value in scores.values() if not isinstance(value, int | float)]
        return f"a score is {short(texts[0])}" if texts else ""


def _parsed(path: Path, line: bytes, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"Line {number} of {path} is not JSON, so this is not a results file of "
            "compare_estimators, or a damaged one. Remove the line, or name another file."
        ) from error
    if not isinstance(record, dict):
        raise ValueError(f"Line {number} of {path} is not a result. Name another file.")
    return record
