"""The formats that results come in, and how to tell them apart."""

from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from sklearn_sparseeval._errors import ResultsError


class Format(NamedTuple):
    """A format of results: its reader is ``read_<name>``, in the module ``_<name>``."""

    name: str
    harness: str
    files: str


FORMATS = {
    one.name: one
    for one in (
        Format(
            "lm_eval",
            "lm-evaluation-harness",
            "samples_<task>_<date>.jsonl, written with --log_samples",
        ),
        Format("inspect", "Inspect AI", "<date>_<task>_<id>.eval or .json"),
        Format("helm", "HELM", "per_instance_stats.json, one per run"),
        Format(
            "lighteval",
            "lighteval",
            "details_<task>_<date>.parquet, written with --save-details",
        ),
        Format(
            "opencompass",
            "OpenCompass",
            "results/<model>/<dataset>.json with details, as --dump-eval-details writes them",
        ),
        Format(
            "vlmevalkit",
            "VLMEvalKit",
            "<model>/<run>/<model>_<dataset>_<judge>_result.xlsx, .tsv or .json",
        ),
        Format(
            "lmms_eval",
            "lmms-eval",
            "<date>_samples_<task>.jsonl, written with --log_samples",
        ),
        Format("omnievalkit", "OmniEvalKit", "<model>/<dataset>/scored_dataset.json"),
    )
}


def read_as(name: str, paths: list[Any], **options: Any) -> Any:
    """Read results of a known format.

    Parameters
    ----------
    name : str
        Name of the format.
    paths : list of path-like
        Files and folders.
    **options : object
        Other parameters of the reader.

    Returns
    -------
    results : pandas.DataFrame
        The long table.
    """
    return getattr(_module(name), f"read_{name}")(paths, **options)


def recognise(files: list[Path], where: str) -> str:
    """Find the one format that files are of.

    Parameters
    ----------
    files : list of Path
        All files; those that no format claims do not matter.
    where : str
        Where they lie, for messages.

    Returns
    -------
    name : str
        Name of the format.

    Raises
    ------
    ResultsError
        If no format claims a file, or several do.
    """
    claimed = {name: claims for name in FORMATS if (claims := _module(name).result_files(files))}
    if len(claimed) == 1:
        return next(iter(claimed))
    if not claimed:
        raise ResultsError(_nothing_found(files, where))
    counts = "; ".join(
        f"{len(claims)} of {FORMATS[name].harness}, such as {claims[0]}"
        for name, claims in claimed.items()
    )
    first = next(iter(claimed))
    raise ResultsError(
        f"{where} holds results of several harnesses: {counts}. Give the folders of one, or say "
        f"which to read: format={first!r} (--format {first})."
    )


def _module(name: str) -> Any:
    inside = f"_{name}" if name in ("lmms_eval", "omnievalkit") else f"{name}._read"
    return import_module(f"sklearn_sparseeval.harness.{inside}")


def _nothing_found(files: list[Path], where: str) -> str:
    known = "; ".join(f"{one.harness} ({one.name}): {one.files}" for one in FORMATS.values())
    if not files:
        found = "It holds no file."
    else:
        shown = ", ".join(str(path) for path in files[:3])
        more = f" and {len(files) - 3} more" if len(files) > 3 else ""
        found = f"Found: {shown}{more}."
    return f"{where} holds no results per item. Expected files like {known}. {found}"
