"""The one reader behind those of all harnesses, and how their files are told apart."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness._harnesses import NAMES, Harness, all_harnesses, harness_named
from sklearn_sparseeval.harness.table._reading import PathLike, ReadOptions, files_under, read_files

if TYPE_CHECKING:
    from pandas import DataFrame


def read_as(
    name: str,
    paths: PathLike | Iterable[PathLike],
    *,
    n_jobs: int | None,
    on_error: str,
    progress: bool | None,
) -> "DataFrame":
    """Read results of a known harness into the long table.

    Parameters
    ----------
    name : str
        Name of the harness.
    paths : path-like or iterable of path-like
        Files and folders.
    n_jobs : int or None
        Number of processes that read files.
    on_error : {"raise", "skip"}
        What to do about a file that cannot be read.
    progress : bool or None
        Whether to show a bar.

    Returns
    -------
    results : pandas.DataFrame
        The long table.

    Raises
    ------
    ResultsError
        If there is no file of this harness, or one cannot be read.
    ValueError
        If there is no harness of that name.
    """
    harness = harness_named(name)
    if harness is None:
        raise ValueError(f"format is {name!r}; expected one of {', '.join(map(repr, NAMES))}.")
    given = paths if isinstance(paths, str | os.PathLike) else list(paths)
    files = files_under(given)
    results = harness.result_files(files)
    if not results:
        shown = short(str(given) if isinstance(given, os.PathLike) else given, 200)
        raise ResultsError(harness.nothing_found.format(n_files=len(files), paths=shown))
    options = ReadOptions(n_jobs, on_error, progress)
    return cast("DataFrame", read_files(results, harness.parse, options))


def read_results(
    paths: PathLike | Iterable[PathLike],
    *,
    format: str | None = None,
    n_jobs: int | None = None,
    on_error: str = "raise",
    progress: bool | None = None,
) -> "DataFrame":
    """Read the results of any known evaluation harness into a long table.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files, and folders that hold them at any depth. Files that are not results are passed over.
    format : {"lm_eval", "inspect", "helm", "lighteval", "opencompass", "vlmevalkit", \
            "lmms_eval", "omnievalkit"}, default=None
        Which harness wrote them; None finds out.
    n_jobs : int, default=None
        Number of processes that read files; -1 = as many as there are processors, None = 1.
    on_error : {"raise", "skip"}, default="raise"
        What to do about a file that cannot be read: stop, or leave it out and count it.
    progress : bool, default=None
        Whether to show a bar; None shows it on a terminal.

    Returns
    -------
    results : pandas.DataFrame of shape (n_scores, 15)
        The long table, one row per model, task, item, metric, filter and epoch. Columns:

        model, task, item, metric, filter
            Names; `item` is unique within its task, and `filter` is how the answer was taken from
            the model's text, "none" where the harness has no ways to choose from.
        epoch
            Which repeat, from 1.
        value
            The score; NaN = not scored.
        group
            The part of the benchmark that a macro average weighs equally.
        cost
            Tokens read and written; NaN = not recorded.
        content_hash, prompt_hash
            Fingerprints of the item and of the prompt; NA = not recorded.
        setting
            What must agree for results of one task to be comparable, such as the number of shots.
        date
            When the run was.
        harness
            The format.
        source
            The file.

    Raises
    ------
    ResultsError
        If there are no results, they are of several harnesses, or a file cannot be read.

    Warns
    -----
    ResultsWarning
        Once for each kind of thing that was left out or decided, with how often.

    See Also
    --------
    to_score_matrix : Makes a score matrix of the table.
    read_lm_eval : Reads results of lm-evaluation-harness.
    read_inspect : Reads logs of Inspect AI.
    read_helm : Reads results of HELM.
    read_lighteval : Reads details of lighteval.
    read_opencompass : Reads results of OpenCompass.
    read_vlmevalkit : Reads judged tables of VLMEvalKit.
    read_lmms_eval : Reads samples of lmms-eval.
    read_omnievalkit : Reads scored data sets of OmniEvalKit.

    Notes
    -----
    A format is told by the names and places of files; where those leave it open, by how the files
    begin.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from sklearn_sparseeval.harness import read_results
    >>> folder = Path(tempfile.mkdtemp()) / "acme-one" / "mmlu"
    >>> folder.mkdir(parents=True)
    >>> samples = [{"id": "mmlu_0", "score": {"acc": 1.0}}, {"id": "mmlu_1", "score": {"acc": 0}}]
    >>> _ = (folder / "scored_dataset.json").write_text(json.dumps(samples))
    >>> read_results(folder)[["harness", "model", "task", "item", "metric", "value"]]
           harness     model  task    item metric  value
    0  omnievalkit  acme-one  mmlu  mmlu_0    acc    1.0
    1  omnievalkit  acme-one  mmlu  mmlu_1    acc    0.0
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if format is None:
        where = str(given[0]) if len(given) == 1 else short([str(path) for path in given])
        format = recognise(files_under(given), where).name
    return read_as(format, given, n_jobs=n_jobs, on_error=on_error, progress=progress)


def recognise(files: list[Path], where: str) -> Harness:
    """Find the one harness that files are of.

    Parameters
    ----------
    files : list of Path
        All files; those that no harness claims do not matter.
    where : str
        Where they lie, for messages.

    Returns
    -------
    harness : Harness
        Its record.

    Raises
    ------
    ResultsError
        If no harness claims a file, or several do.
    """
    harnesses = all_harnesses()
    claimed = {one: claims for one in harnesses if (claims := one.result_files(files))}
    if len(claimed) == 1:
        return next(iter(claimed))
    if not claimed:
        raise ResultsError(_nothing_found(harnesses, files, where))
    counts = "; ".join(
        f"{len(claims)} of {one.title}, such as {claims[0]}" for one, claims in claimed.items()
    )
    first = next(iter(claimed)).name
    raise ResultsError(
        f"{where} holds results of several harnesses: {counts}. Give the folders of one, or say "
        f"which to read: format={first!r} (--format {first})."
    )


def _nothing_found(harnesses: list[Harness], files: list[Path], where: str) -> str:
    known = "; ".join(f"{one.title} ({one.name}): {one.files}" for one in harnesses)
    if not files:
        found = "It holds no file."
    else:
        shown = ", ".join(str(path) for path in files[:3])
        more = f" and {len(files) - 3} more" if len(files) > 3 else ""
        found = f"Found: {shown}{more}."
    return f"{where} holds no results per item. Expected files like {known}. {found}"
