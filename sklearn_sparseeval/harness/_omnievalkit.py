"""Reads the scored data sets of OmniEvalKit."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import (
    NOT_RECORDED,
    content_fingerprint,
    text_fingerprint,
)
from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness._harnesses import Harness
from sklearn_sparseeval.harness._results import read_as
from sklearn_sparseeval.harness.table._json_text import expect, read_json
from sklearn_sparseeval.harness.table._reading import PathLike
from sklearn_sparseeval.harness.table._rows import Rows
from sklearn_sparseeval.harness.table._values import NoSingleNumberError, Refusals, scores_of

if TYPE_CHECKING:
    from pandas import DataFrame

_RESULTS = "scored_dataset.json"
_CONTENT = ("raw_instruction", "prompt_choices", "choices", "gold", "image_path")
_TIME = re.compile(r"\d\d(_\d\d){4}")  # month, day, hour, minute, second


def read_omnievalkit(
    paths: PathLike | Iterable[PathLike],
    *,
    n_jobs: int | None = None,
    on_error: str = "raise",
    progress: bool | None = None,
) -> "DataFrame":
    """Read the scored data sets of OmniEvalKit into a long table.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files ``<model>/<dataset>/scored_dataset.json``, and folders that hold them at any depth,
        such as what was given as ``--log_path``.
    n_jobs : int, default=None
        Number of processes that read files; -1 = as many as there are processors, None = 1.
    on_error : {"raise", "skip"}, default="raise"
        What to do about a file that cannot be read: stop, or leave it out and count it.
    progress : bool, default=None
        Whether to show a bar; None shows it on a terminal.

    Returns
    -------
    results : pandas.DataFrame of shape (n_scores, 15)
        The long table: one row per model, task, item and metric.

    Raises
    ------
    ResultsError
        If there is no such file, or one cannot be read.

    Warns
    -----
    ResultsWarning
        Once for each kind of thing that was left out or decided, with how often.

    See Also
    --------
    read_results : Finds out which harness wrote the files.
    to_score_matrix : Makes a score matrix of the table.
    to_item_lists : Lists the anchors' ids by task.

    Notes
    -----
    The harness is that of arXiv 2412.06693 (Now-Join-Us/OmniEvalKit); others of the same name
    write other files. Model and task are the names of the two folders above the file: the task is
    the data set, with ``_chain_of_thought`` and the like where it was not run directly. Names of
    models with an organisation (``acme/one``) are told apart from other folders only below the
    folder that the harness names for the time of the run; elsewhere the model is ``one``.

    ``item`` is the sample's ``id``, ``metric`` each key of its ``score``, ``group`` its category.
    Dates are not recorded: the folder's time has no year, so after a New Year the older run would
    be taken for the newer. MME's accuracy+, and other scores of several samples together, are in
    no sample.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from sklearn_sparseeval.harness import read_omnievalkit
    >>> folder = Path(tempfile.mkdtemp()) / "acme-one" / "mmlu"
    >>> folder.mkdir(parents=True)
    >>> samples = [{"id": "mmlu_000000", "category": "anatomy", "score": {"acc": 1.0}},
    ...            {"id": "mmlu_000001", "category": "virology", "score": {"acc": 0.0}}]
    >>> _ = (folder / "scored_dataset.json").write_text(json.dumps(samples))
    >>> results = read_omnievalkit(folder)
    >>> results[["model", "task", "item", "metric", "value", "group"]]
          model  task         item metric  value     group
    0  acme-one  mmlu  mmlu_000000    acc    1.0   anatomy
    1  acme-one  mmlu  mmlu_000001    acc    0.0  virology
    """
    return read_as("omnievalkit", paths, n_jobs=n_jobs, on_error=on_error, progress=progress)


def result_files(files: list[Path]) -> list[Path]:
    """Pick the scored data sets.

    Parameters
    ----------
    files : list of Path
        Any files.

    Returns
    -------
    files : list of Path
        Those called ``scored_dataset.json``.
    """
    return [path for path in files if path.name == _RESULTS]


def parse(path: Path) -> Rows:
    """Read one scored data set.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    rows : Rows
        Its scores.

    Raises
    ------
    ResultsError
        If it is not of the form expected.
    """
    model, task = _model_and_task(path)
    rows = Rows(harness="omnievalkit", model=model, task=task)
    refusals = Refusals(rows)
    seen: set[str] = set()
    for number, content in enumerate(expect(read_json(path), list, "its content"), start=1):
        sample = expect(content, dict, f"sample {number}")
        item = _item(sample, number)
        if item in seen:
            raise ResultsError(f"sample {number} has the id {item!r} of an earlier sample.")
        seen.add(item)
        if sample.get("score") is None:
            rows.note(
                "not-scored",
                "samples were left out since they have no score; OmniEvalKit scores a data set "
                "only if the right answer of every sample is known",
            )
            continue
        _add_scores(rows, refusals, item, sample)
    return rows


def _model_and_task(path: Path) -> tuple[str, str]:
    """Take model and task from the folders: [<time>/][<organisation>/]<model>/<task>."""
    task, model, above, top = (folder.name for folder in _four_above(path))
    has_organisation = _TIME.fullmatch(top) and not _TIME.fullmatch(above)
    return f"{above}/{model}" if has_organisation else model, task


def _four_above(path: Path) -> list[Path]:
    parents = list(path.absolute().parents)[:4]
    return [*parents, *[parents[-1]] * (4 - len(parents))]


def _item(sample: dict[str, Any], number: int) -> str:
    item = sample.get("id")
    if isinstance(item, bool) or not isinstance(item, str | int) or item == "":
        raise ResultsError(f"sample {number} has the id {short(item)}; expected a text.")
    return str(item)


def _add_scores(rows: Rows, refusals: Refusals, item: str, sample: dict[str, Any]) -> None:
    category, prompt = sample.get("category"), sample.get("prompt_instruction")
    content = {name: sample[name] for name in _CONTENT if sample.get(name) is not None}
    about: dict[str, Any] = {
        "group": category if isinstance(category, str) and category else None,
        "content_hash": content_fingerprint(content) if content else NOT_RECORDED,
        "prompt_hash": text_fingerprint(prompt) if isinstance(prompt, str) else NOT_RECORDED,
    }
    for metric, value in expect(sample["score"], dict, f"the score of item {item!r}").items():
        try:
            scores = list(scores_of(metric, value))
        except NoSingleNumberError as error:
            refusals.add(metric, error)
            continue
        for name, score in scores:
            rows.add(item, name, score, **about)


HARNESS = Harness(
    name="omnievalkit",
    title="OmniEvalKit",
    files="<model>/<dataset>/scored_dataset.json",
    nothing_found=(
        f"There is no file <model>/<dataset>/{_RESULTS} among the {{n_files}} files of {{paths}}. "
        "OmniEvalKit writes it when all samples are answered."
    ),
    result_files=result_files,
    parse=parse,
)
