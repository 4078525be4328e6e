"""Where VLMEvalKit puts its files, and what their names say."""

import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval.harness.table._json_text import read_json
from sklearn_sparseeval.harness.table._rows import NO_FILTER

SUFFIXES = (".tsv", ".json", ".xlsx")  # the best first: a workbook cuts long texts
_RUN = re.compile(r"T(\d{4})(\d\d)(\d\d)(?:-(\d\d)(\d\d)(\d\d)|_G[0-9a-fA-F]*)")
_RESULT = re.compile(r"(?:^|_)results?$")
# How files that a judge, or a rule, has gone over end, beside those named for the judge itself.
_STEP = re.compile(
    r"_(?:results?|auxmatch|judge|scores?|extract|detail(?:s|ed)?|rating|verbose|per_row)$"
)
_JUDGE = (
    r"exact_matching|openai|chatgpt[\w.-]*|gpt-?[34][\w.-]*|gpt-?oss[\w.-]*|o[134]-[\w.-]*|"
    r"(?:qwen|deepseek|claude|gemini|llama|glm|mistral)[\w.-]*"
)
_NAMED_FOR_A_JUDGE = re.compile(rf"_(?:{_JUDGE})$", re.IGNORECASE)
ANCHORS = "_anchors"  # what the name of a table of anchors adds to that of the data set
_ANCHORS = re.compile(rf"(?<=.){ANCHORS}[\w.-]*$")
_LARGEST_STATUS = 2**22  # bytes


class ResultName(NamedTuple):
    """What the place and the name of a file say."""

    model: str
    dataset: str
    judge: str
    date: str

    @property
    def task(self) -> str:
        """The data set that the items are of, also where only its anchors were evaluated.

        Returns
        -------
        task : str
            Its name.
        """
        return _ANCHORS.sub("", self.dataset)


def names_its_model(path: Path) -> bool:
    """Tell whether a file is named as VLMEvalKit names its tables.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    named : bool
        Whether it is ``<model>/[<run>/]<model>_<more>`` with a suffix of a table.
    """
    start = f"{_model(path)}_"
    return path.suffix.lower() in SUFFIXES and path.stem.startswith(start) and path.stem != start


def result_name(path: Path) -> ResultName:
    """Take a file's place and name apart.

    Parameters
    ----------
    path : Path
        A file of which :func:`names_its_model` is true.

    Returns
    -------
    name : ResultName
        Model, dataset, judge ("none" where the name has none) and date of the run.

    Raises
    ------
    ResultsError
        If the name does not begin with the name of the model, which is the folder's.
    """
    model = _model(path)
    if not names_its_model(path):
        raise ResultsError(
            f"does not begin with the name of its model, which its folder says is {model!r}; "
            "expected <model>/<run>/<model>_<dataset>[_<judge>]_result.xlsx as VLMEvalKit writes "
            "it."
        )
    rest = path.stem[len(model) + 1 :]
    dataset = _dataset(path, model, rest)
    judge = _RESULT.sub("", rest[len(dataset) :].removeprefix("_"))
    return ResultName(model, dataset, judge or NO_FILTER, _date(path))


def best_files(files: Iterable[Path]) -> list[Path]:
    """Choose among files that say the same.

    Parameters
    ----------
    files : iterable of Path
        Files of which :func:`names_its_model` is true.

    Returns
    -------
    files : list of Path
        Without links to others of them, copies in another format, and predictions of which the
        judge's table is there too.
    """
    given = list(files)
    real = {os.path.realpath(path) for path in given if not path.is_symlink()}
    kept: dict[tuple[Path, str], Path] = {}
    for path in given:
        if path.is_symlink() and os.path.realpath(path) in real:
            continue
        other = kept.setdefault((path.parent, path.stem), path)
        if _rank(path) < _rank(other):
            kept[path.parent, path.stem] = path
    judged = {_prediction(path) for path in kept.values() if _RESULT.search(path.stem)}
    return [path for path in kept.values() if (path.parent, path.stem) not in judged]


def judged_siblings(path: Path) -> list[Path]:
    """List the tables that a judge may have made of this one.

    Parameters
    ----------
    path : Path
        A table of predictions, perhaps.

    Returns
    -------
    files : list of Path
        Those of the same model and dataset in the same folder.
    """
    model, dataset = result_name(path)[:2]
    longer = [
        path.with_name(f"{model}_{rest}{suffix}")
        for rest in _tables_of(path.parent, model)
        if f"{model}_{rest}".startswith(f"{path.stem}_")
        for suffix in SUFFIXES
    ]
    return [other for other in longer if other.exists() and result_name(other).dataset == dataset]


def _rank(path: Path) -> int:
    return SUFFIXES.index(path.suffix.lower())


def _prediction(path: Path) -> tuple[Path, str]:
    """Name the table of predictions that a judge's table was made of."""
    name = result_name(path)
    return path.parent, f"{name.model}_{name.dataset}"


def _model(path: Path) -> str:
    folder = path.absolute().parent
    return folder.parent.name if _RUN.fullmatch(folder.name) else folder.name


def _date(path: Path) -> str:
    # Beside its runs, a model's folder holds links to the files of the last one.
    for folder in (path.absolute().parent, Path(os.path.realpath(path)).parent):
        if run := _RUN.fullmatch(folder.name):
            year, month, day, hour, minute, second = run.groups()
            clock = f"T{hour}:{minute}:{second}" if hour else ""
            return f"{year}-{month}-{day}{clock}"
    return ""


def _dataset(path: Path, model: str, rest: str) -> str:
    """Find the dataset: what the run's status lists, or the predictions beside a judge's table."""
    beside = {
        other
        for other in _tables_of(path.parent, model)
        if not _STEP.search(other) and not _NAMED_FOR_A_JUDGE.search(other)
    }
    for known in (_datasets_of_run(path.parent), beside):
        fitting = [one for one in known if one and (rest == one or rest.startswith(f"{one}_"))]
        if fitting:
            return max(fitting, key=len)
    return _NAMED_FOR_A_JUDGE.sub("", _STEP.sub("", rest))


def _tables_of(folder: Path, model: str) -> frozenset[str]:
    """List what follows the model in the names of the tables in a folder."""
    return _listed_tables(folder, model, folder.stat().st_mtime_ns)


@lru_cache(maxsize=64)  # every file of a folder asks
def _listed_tables(folder: Path, model: str, changed: int) -> frozenset[str]:
    paths = [Path(name) for name in os.listdir(folder)]
    return frozenset(
        path.stem.removeprefix(f"{model}_")
        for path in paths
        if path.suffix.lower() in SUFFIXES and path.stem.startswith(f"{model}_")
    )


def _datasets_of_run(folder: Path) -> frozenset[str]:
    """List the datasets that a run says it evaluated."""
    status = folder / "status.json"
    if not status.is_file() or status.stat().st_size > _LARGEST_STATUS:
        return frozenset()
    return _listed_datasets(status, status.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _listed_datasets(status: Path, changed: int) -> frozenset[str]:
    try:
        content = read_json(status)
    except (OSError, ResultsError):
        return frozenset()
    datasets = content.get("datasets") if isinstance(content, dict) else None
    return frozenset(datasets) if isinstance(datasets, dict) else frozenset()
