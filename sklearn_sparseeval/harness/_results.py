"""Reads results of whatever harness wrote them."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness._harnesses import FORMATS, read_as, recognise
from sklearn_sparseeval.harness.table._reading import PathLike, files_under

if TYPE_CHECKING:
    from pandas import DataFrame


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
        Files, and folders that hold them at any depth. Files that are no results are passed over.
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
        format = recognise(files_under(given), where)
    elif format not in FORMATS:
        raise ValueError(f"format is {format!r}; expected one of {', '.join(map(repr, FORMATS))}.")
    results = read_as(format, given, n_jobs=n_jobs, on_error=on_error, progress=progress)
    return cast("DataFrame", results)
