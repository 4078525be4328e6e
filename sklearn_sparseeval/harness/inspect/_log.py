"""Inspect's two log formats, read into a header and the samples' scores."""

import io
import json
import lzma
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import NOT_RECORDED, content_fingerprint, text_fingerprint
from sklearn_sparseeval._messages import short
from sklearn_sparseeval._optional import import_optional
from sklearn_sparseeval.harness.table._json_text import expect, parse_json
from sklearn_sparseeval.harness.table._rows import Rows

_ZSTD = 93  # what zipfile calls ZIP_ZSTANDARD from Python 3.14 on
_ENCRYPTED = 0x1
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_CHUNK = 1 << 20
_ALWAYS_ALLOWED = 64 << 20
_NEVER_ALLOWED = 1 << 30
_RATIO = 1000  # logs whose samples all begin with one long prompt reach a few hundred
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # an encrypted member, or a compression that zipfile does not know
    ValueError,
)


class ZipMembers:
    """The members of a zip archive; a context manager, which closes the file.

    Parameters
    ----------
    path : Path
        The archive.

    Raises
    ------
    ResultsError
        If it is not a zip archive, or is cut off.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            self._size = os.fstat(self._file.fileno()).st_size
            self._archive = zipfile.ZipFile(self._file)
        except _BROKEN as error:
            self._file.close()
            raise ResultsError(
                f"is not a zip archive, or is cut off ({error}). Was its run stopped, or its "
                "copying?"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._archive.close()
        self._file.close()

    @property
    def names(self) -> list[str]:
        """List the names of the members.

        Returns
        -------
        names : list of str
            Each once, in the order of the archive.
        """
        return list(self._archive.NameToInfo)

    def read(self, name: str) -> bytes:
        """Unpack a member.

        Parameters
        ----------
        name : str
            Its name. Of several members of one name the last is read, which replaced the others.

        Returns
        -------
        content : bytes
            What it holds.

        Raises
        ------
        ResultsError
            If it is damaged, is packed in a way that cannot be read, or is too large to be true.
        """
        info = self._archive.getinfo(name)
        packed_size = min(info.compress_size, self._size)
        _check_size(info, packed_size)
        try:
            if info.compress_type == _ZSTD and not info.flag_bits & _ENCRYPTED:
                content = _unpack_zstd(self._packed(info, packed_size), info.file_size)
            else:
                with self._archive.open(info) as stream:
                    content = _read_all(stream, info.file_size)
        except _MissingZstdError:
            raise
        except _BROKEN as error:
            raise ResultsError(f"its member {name!r} cannot be unpacked ({error}).") from None
        if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
            raise ResultsError(f"its member {name!r} is damaged: its length or checksum is wrong.")
        return content

    def _packed(self, info: zipfile.ZipInfo, size: int) -> bytes:
        """Read a member as it is stored: what follows its local header."""
        self._file.seek(info.header_offset)
        header = self._file.read(_LOCAL_HEADER.size)
        signature, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        if signature != b"PK\x03\x04":
            raise zipfile.BadZipFile("nothing of that kind begins where the archive says it does")
        self._file.seek(name_length + extra_length, io.SEEK_CUR)
        return self._file.read(size)


def _check_size(info: zipfile.ZipInfo, packed_size: int) -> None:
    allowed = min(_NEVER_ALLOWED, max(_ALWAYS_ALLOWED, _RATIO * packed_size))
    if info.file_size > allowed:
        raise ResultsError(
            f"its member {info.filename!r} would unpack from {packed_size} bytes to "
            f"{info.file_size}; expected at most {allowed}."
        )


def _read_all(stream: Any, size: int) -> bytes:
    """Read to the end, or until there is more than there should be."""
    parts: list[bytes] = []
    n_bytes = 0
    while n_bytes <= size and (part := stream.read(_CHUNK)):
        parts.append(part)
        n_bytes += len(part)
    return b"".join(parts)


def _unpack_zstd(packed: bytes, size: int) -> bytes:
    zstd = _zstd()
    try:
        with zstd.open(io.BytesIO(packed)) as stream:
            return _read_all(stream, size)
    except zstd.error as error:
        raise zipfile.BadZipFile(str(error)) from None


class _Zstd(NamedTuple):
    """Whatever unpacks zstd; its errors derive from none of Python's own."""

    open: Callable[[io.BytesIO], Any]
    error: type[Exception]


class _MissingZstdError(ResultsError):
    """Nothing that unpacks zstd is installed."""


def _zstd() -> _Zstd:
    try:
        standard = import_module("compression.zstd")
    except ImportError:
        return _zstandard()
    return _Zstd(standard.ZstdFile, standard.ZstdError)


def _zstandard() -> _Zstd:
    try:
        zstandard = import_optional("zstandard", "Reading a log packed with zstd")
    except ImportError as error:
        raise _MissingZstdError(str(error)) from error
    stream_reader = zstandard.ZstdDecompressor().stream_reader
    return _Zstd(partial(stream_reader, read_across_frames=True), zstandard.ZstdError)


# Summaries in a log hold at most that much of each text of a sample's input and target, and
# pictures, sounds and the like by their type only. Full samples are cut alike before their
# fingerprint is taken, so that it does not depend on the format of the log.
_TEXT_LENGTH = 5120
UNNAMED_SCORER = "88F74D2C"  # Inspect's own stand-in, where it reads a log that has one score
_HEADER = "header.json"
_START = "_journal/start.json"
_SUMMARIES = "summaries.json"
_JOURNAL_SUMMARY = re.compile(r"_journal/summaries/(\d{1,9})\.json")
_SAMPLE = re.compile(r"samples/.+_epoch_\d+(\.json|/sample\.json)", re.DOTALL)
_LONGEST_WORD = 40
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

# How and where a model was run, or what a task asks of every model: not which model it is.
_MEANS_NAMES = """
    adaptive_connections api_key attempt_timeout base_url batch batch_size cache cache_dir
    cache_prompt data_parallel_size device device_map download_dir enforce_eager extra_headers
    fail_on_refusal gpu_memory_utilization host logprobs max_batch_size max_connections
    max_num_seqs max_retries max_tokens pipeline_parallel_size port prompt_logprobs
    reasoning_summary seed stop_seqs stream_idle_timeout swap_space tensor_parallel_size timeout
    top_logprobs trust_remote_code
"""
_MEANS = frozenset(_MEANS_NAMES.split())


class Sample(NamedTuple):
    """What is kept of a sample; of it, only `id` and `epoch` have been checked."""

    id: Any
    epoch: Any
    scores: Any  # by scorer, the value
    has_error: bool
    is_invalidated: bool
    usage: Any
    content_hash: int


class InspectLog(NamedTuple):
    """A log: what was run, and the samples in the order of the log, each id and epoch once."""

    header: dict[str, Any]
    samples: list[Sample]


def read_log(path: Path) -> InspectLog:
    """Read a log.

    Parameters
    ----------
    path : Path
        A zip archive with the suffix .eval, or a JSON file.

    Returns
    -------
    log : InspectLog
        The log.

    Raises
    ------
    ResultsError
        If it is not a log of Inspect.
    """
    if path.suffix == ".eval":
        with ZipMembers(path) as members:
            header, samples = _read_archive(members)
    else:
        header = _parse(path.read_bytes(), dict, "its content")
        samples = header.pop("samples", None) or []
    return InspectLog(header, _current(expect(samples, list, "'samples'")))


def _read_archive(members: ZipMembers) -> tuple[dict[str, Any], list[Any]]:
    names = members.names
    name = next((name for name in (_HEADER, _START) if name in names), None)
    if name is None:
        raise ResultsError(
            f"holds neither {_HEADER} nor {_START}, but {short(names)}; expected a log of Inspect."
        )
    header = _parse(members.read(name), dict, name)
    return header, list(_archived_samples(members, names, bool(header.get("invalidated"))))


def _archived_samples(
    members: ZipMembers, names: list[str], some_are_invalidated: bool
) -> Iterator[Any]:
    """Read the samples from where it is cheapest; summaries do not say which are invalidated."""
    full = [name for name in names if _SAMPLE.fullmatch(name)]
    journal = sorted(
        (int(match[1]), name) for name in names if (match := _JOURNAL_SUMMARY.fullmatch(name))
    )
    if full and (some_are_invalidated or not (journal or _SUMMARIES in names)):
        yield from (_parse(members.read(name), Sample, name) for name in full)
        return
    summaries = [_SUMMARIES] if _SUMMARIES in names else [name for _, name in journal]
    for name in summaries:
        yield from _parse(members.read(name), list, name)


def _parse(content: bytes, kind: type[Any], name: str) -> Any:
    try:
        value = parse_json(content, object_hook=_shrink)
    except ResultsError as error:
        raise ResultsError(f"{name} {error}") from None
    if kind is Sample and not isinstance(value, Sample):
        raise ResultsError(f"{name} is {short(value)}; expected a sample with an id and an epoch.")
    return expect(value, kind, name)


def _shrink(value: dict[str, Any]) -> dict[str, Any] | Sample:
    """Keep of a sample what is needed, as soon as it is read: transcripts are large."""
    if not value.keys() >= {"id", "epoch", "input"}:
        return value
    scores = value.get("scores")
    if scores is None and "score" in value:  # as logs of early 2024 have it
        scores = {UNNAMED_SCORER: value["score"]}
    if isinstance(scores, dict):
        scores = {
            name: score.get("value") if isinstance(score, dict) else score
            for name, score in scores.items()
        }
    return Sample(
        value["id"],
        value["epoch"],
        scores,
        value.get("error") is not None,
        value.get("invalidation") is not None,
        value.get("model_usage"),
        _content_hash(value["input"], value.get("target")),
    )


def _content_hash(*content: Any) -> int:
    try:
        return content_fingerprint([_texts(one) for one in content])
    except TypeError:  # not as Inspect writes it, so there is nothing to compare
        return NOT_RECORDED


def _texts(content: Any) -> Any:
    """Take the texts of a sample's input or target: a text, a list of texts, or messages."""
    if isinstance(content, str):
        return content[:_TEXT_LENGTH]
    if isinstance(content, list):
        return [_texts(one) for one in content]
    if isinstance(content, dict) and isinstance(content.get("role"), str):
        return [content["role"], _texts(content.get("content"))]
    if isinstance(content, dict) and isinstance(content.get("type"), str):
        is_text = content["type"] == "text"
        return _texts(content.get("text") if is_text else f"({content['type'].capitalize()})")
    raise TypeError(type(content).__name__)


def _current(samples: list[Any]) -> list[Sample]:
    """Drop what was run again: of an id and epoch the last counts, as it does for Inspect."""
    known: dict[tuple[str, Any], Sample] = {}
    for number, sample in enumerate(samples, start=1):
        if not isinstance(sample, Sample):
            raise ResultsError(
                f"sample {number} is {short(sample)}; expected a JSON object with id, epoch, "
                "input, target and scores."
            )
        if not isinstance(sample.id, str) and type(sample.id) is not int:
            raise ResultsError(
                f"sample {number} has the id {short(sample.id)}; expected a text or an integer."
            )
        if type(sample.epoch) is not int or not 1 <= sample.epoch < 1 << 31:
            raise ResultsError(
                f"sample {number} has the epoch {short(sample.epoch)}; expected an integer from 1."
            )
        known[str(sample.id), sample.epoch] = sample
    return list(known.values())


def run_rows(spec: dict[str, Any]) -> Rows:
    """Start the rows of a log.

    Parameters
    ----------
    spec : dict
        What the log holds under "eval".

    Returns
    -------
    rows : Rows
        No rows yet, but what is the same for all of them.

    Raises
    ------
    ResultsError
        If the model or the task has no name.
    """
    return Rows(
        harness="inspect",
        model=_name(spec, "model"),
        task=_name(spec, "task"),
        model_args=_model_args(spec),
        setting=_setting(spec),
        date=_date(spec.get("created")),
    )


def _name(spec: dict[str, Any], key: str) -> str:
    name = spec.get(key)
    if not isinstance(name, str) or not name:
        raise ResultsError(f"'eval.{key}' is {short(name)}; expected a name.")
    return name


def _model_args(spec: dict[str, Any]) -> str:
    """Write what tells models of one name apart, in one way."""
    return " ".join(
        word
        for key in ("model_args", "model_generate_config")
        for word in _words("", {k: v for k, v in _dict(spec, key).items() if k not in _MEANS})
    )


def _setting(spec: dict[str, Any]) -> str:
    roles = {role: _models(config) for role, config in _dict(spec, "model_roles").items()}
    words = [
        *_words("", {"version": spec.get("task_version", 0)}),
        *_words("arg.", _dict(spec, "task_args")),
        *_words("", {"solver": spec.get("solver")}),
        *_words("solver.", _dict(spec, "solver_args")),
        *_words("role.", roles),
    ]
    return " ".join(words)


def _dict(spec: dict[str, Any], key: str) -> dict[str, Any]:
    value = spec.get(key)
    return value if isinstance(value, dict) else {}


def _models(config: Any) -> Any:
    """Name the model, or the models, of a role."""
    configs = config if isinstance(config, list) else [config]
    names = [one.get("model") if isinstance(one, dict) else one for one in configs]
    return names[0] if len(names) == 1 else names


def _words(prefix: str, values: dict[str, Any]) -> list[str]:
    """Write values as words ``key=value`` without blanks; long ones as their fingerprint."""
    known = {key: value for key, value in sorted(values.items()) if value is not None}
    return [f"{prefix}{_word(key)}={_word(value)}" for key, value in known.items()]


def _word(value: Any) -> str:
    is_text = isinstance(value, str) and value
    text = value if is_text else json.dumps(value, sort_keys=True, separators=(",", ":"))
    text = _ADDRESS.sub("", text)  # of a function, which is another one in each run
    if len(text) > _LONGEST_WORD or " " in text or not text.isprintable():
        return f"#{text_fingerprint(text):016x}"
    return text


def _date(created: Any) -> str:
    """Write a time in UTC, so that later times sort after earlier ones."""
    if not isinstance(created, str):
        return ""
    try:
        time = datetime.fromisoformat(created)
        return (time.astimezone(UTC) if time.tzinfo else time).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return created
