"""The file from which an interrupted comparison goes on."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from sklearn_sparseeval.comparison._run import JobResult

# One JSON object a line: first what was compared, then a line per finished job. Floats survive
# exactly; a line that was cut off when the machine stopped is dropped.
_FORMAT = "sklearn_sparseeval comparison 1"

Key = tuple[str, int, int]


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
    """

    def __init__(
        self, path: Any, header: dict[str, str], methods: dict[tuple[str, int], str]
    ) -> None:
        self._path = None if path is None else Path(path)
        self._methods = methods
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
        if not whole:
            path.write_bytes(json.dumps(self._header).encode() + b"\n")
            return
        self._check_header(path, _parsed(path, whole[0], 1))
        for number, line in enumerate(whole[1:], 2):
            self._take(path, _parsed(path, line, number))
        if len(whole) < len(lines):
            path.write_bytes(b"".join(whole))

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

    def _take(self, path: Path, record: dict[str, Any]) -> None:
        fingerprint = record.pop("fingerprint", None)
        try:
            result = JobResult(**record)
        except TypeError as error:
            raise ValueError(f"{path} holds a line that is not a result: {record}.") from error
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


def _parsed(path: Path, line: bytes, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise ValueError(
            f"Line {number} of {path} is not JSON, so this is not a results file of "
            "compare_estimators, or a damaged one. Remove the line, or name another file."
        ) from error
    if not isinstance(record, dict):
        raise ValueError(f"Line {number} of {path} is not a result. Name another file.")
    return record
