"""HELM's results: statistics per instance, one folder per run.

The format is that of crfm-helm 0.5.9 (2026-06): `helm/benchmark/runner.py` writes the files,
`helm/benchmark/metrics/metric.py` and `statistic.py` say what is in this one.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import NOT_RECORDED, content_fingerprint
from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness._results import read_as
from sklearn_sparseeval.harness.table._json_text import expect, read_json
from sklearn_sparseeval.harness.table._reading import PathLike
from sklearn_sparseeval.harness.table._rows import Rows
from sklearn_sparseeval.harness.table._values import NoSingleNumberError, scalar

if TYPE_CHECKING:
    from pandas import DataFrame

_RESULTS = "per_instance_stats.json"
_MOST_TRIALS = 100_000

# What HELM counts about every request, whatever the scenario: no score of an answer.
_BOOKKEEPING = frozenset(
    {
        "batch_size",
        "inference_denoised_runtime",
        "inference_idealized_runtime",
        "inference_runtime",
        "max_num_completion_tokens",
        "num_bytes",
        "num_completion_tokens",
        "num_completions",
        "num_instances",
        "num_output_tokens",
        "num_perplexity_tokens",
        "num_prompt_tokens",
        "num_references",
        "num_requests",
        "num_train_instances",
        "num_train_trials",
        "predicted_index",
        "prompt_truncated",
        "training_co2_cost",
        "training_energy_cost",
    }
)
_READ, _WRITTEN = "num_prompt_tokens", "num_output_tokens"
_FINISH = "finish_reason_"
_RUN = "run_spec.json"
_INSTANCES = "instances.json"  # helm-summarize writes it beside the results
# HELM adds these to the names of runs by itself, for models that cannot do without.
_MODEL_NEEDS = ("stop=hash", "global_prefix=nlg")


def read_helm(
    paths: PathLike | Iterable[PathLike],
    *,
    n_jobs: int | None = None,
    on_error: str = "raise",
    progress: bool | None = None,
) -> "DataFrame":
    """Read the results of HELM runs into a long table.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files ``per_instance_stats.json``, and folders that hold them at any depth, such as
        ``benchmark_output/runs/my-suite``.
    n_jobs : int, default=None
        Number of processes that read files; -1 = as many as there are processors, None = 1.
    on_error : {"raise", "skip"}, default="raise"
        What to do about a file that cannot be read: stop, or leave it out and count it.
    progress : bool, default=None
        Whether to show a bar; None shows it on a terminal.

    Returns
    -------
    results : pandas.DataFrame
        One row per model, task, item, metric and epoch, as :func:`read_results` describes it.

    Raises
    ------
    ResultsError
        If no such file is there, one cannot be read, or none holds a score.

    Warns
    -----
    ResultsWarning
        For each kind of thing that was left out or decided, with how often.

    See Also
    --------
    read_results : Read any harness's results.
    to_score_matrix : Make a score matrix of them.

    Notes
    -----
    - **model**: ``adapter_spec.model`` of ``run_spec.json``; runs on different deployments of one
      model are told apart.
    - **task**: the run's name without its model; **group**: the scenario, such as ``mmlu``.
    - **item**: ``instance_id``, which does not depend on how many instances were evaluated.
    - **metric**: the name of a statistic; where a run holds several splits, name and split, such as
      ``exact_match.valid``. What HELM counts about requests (tokens, times, reasons to stop, number
      of references) is not a metric. An instance's statistics are gathered from all its entries;
      one with two different values is left out. A statistic without a mean is not scored.
    - **epoch**: 1 + ``train_trial_index``, which are repeats with other few-shot examples.
    - **cost**: tokens of the prompts and of the outputs.
    - **content_hash**: of input and references in ``instances.json``, which ``helm-summarize``
      writes beside the results; not recorded without it.
    - Prompts and dates are not recorded.
    - Instances that were perturbed, or are of the split "train", are left out and counted.

    References
    ----------
    Liang et al., *Holistic Evaluation of Language Models*, TMLR 2023, arXiv:2211.09110.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> from sklearn_sparseeval.harness import read_helm
    >>> stat = {"name": {"name": "exact_match", "split": "test"}, "count": 1, "mean": 1.0}
    >>> entry = {"instance_id": "id7", "train_trial_index": 0, "stats": [stat]}
    >>> spec = {"name": "boolq:model=acme_one", "adapter_spec": {"model": "acme/one"}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = pathlib.Path(folder, "runs", "suite", "boolq:model=acme_one")
    ...     run.mkdir(parents=True)
    ...     _ = (run / "run_spec.json").write_text(json.dumps(spec))
    ...     _ = (run / "per_instance_stats.json").write_text(json.dumps([entry]))
    ...     results = read_helm(folder)
    >>> results[["model", "task", "item", "metric", "epoch", "value"]]
          model   task item       metric  epoch  value
    0  acme/one  boolq  id7  exact_match      1    1.0
    """
    return read_as("helm", paths, n_jobs=n_jobs, on_error=on_error, progress=progress)


def result_files(files: list[Path]) -> list[Path]:
    """Pick HELM's per-instance results.

    Parameters
    ----------
    files : list of Path
        Any files.

    Returns
    -------
    files : list of Path
        Those of this format.
    """
    return [path for path in files if path.name == _RESULTS]


def parse(path: Path) -> Rows:
    """Read the results of one run.

    Parameters
    ----------
    path : Path
        A file ``per_instance_stats.json``.

    Returns
    -------
    rows : Rows
        Its rows.
    """
    rows = rows_of_run(path)
    instances = _Instances(rows)
    for number, entry in enumerate(expect(read_json(path), list, "the file"), start=1):
        what = f"entry {number}"
        instances.add(expect(entry, dict, what), what)
    instances.write(contents_of_run(path, rows))
    return rows


@dataclass
class _Instance:
    """What all entries of one instance in one trial say."""

    scores: dict[tuple[str, str], float | None]  # by metric and split; None = two values
    tokens: dict[str, float]


class _Instances:
    """Gathers statistics: each metric object of a run wrote an entry of its own per instance."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._instances: dict[tuple[str, int], _Instance] = {}

    def add(self, entry: dict[str, Any], what: str) -> None:
        """Add the statistics of one entry."""
        instance = entry.get("instance_id")
        if not isinstance(instance, str) or not instance:
            raise ResultsError(f"{what} has no 'instance_id' but {short(instance)}.")
        trial = expect(entry.get("train_trial_index"), int, f"'train_trial_index' of {what}")
        if not 0 <= trial < _MOST_TRIALS:
            raise ResultsError(f"'train_trial_index' of {what} is {short(trial)}; expected 0, 1, …")
        stats = expect(entry.get("stats"), list, f"'stats' of {what}")
        if entry.get("perturbation") is not None:
            self._rows.note("perturbed", "entries of perturbed instances were left out")
            return
        gathered = self._instances.setdefault((instance, trial), _Instance({}, {}))
        for stat in stats:
            self._add_stat(gathered, expect(stat, dict, f"a statistic of {what}"), what)

    def _add_stat(self, gathered: _Instance, stat: dict[str, Any], what: str) -> None:
        name = expect(stat.get("name"), dict, f"the name of a statistic of {what}")
        metric = expect(name.get("name"), str, f"the name of a statistic of {what}")
        split = expect(name.get("split") or "", str, f"the split of {metric!r} of {what}")
        if metric in (_READ, _WRITTEN):
            # The sum: where a request is made per reference, the mean is that of one request.
            gathered.tokens.setdefault(metric, _count(stat.get("sum")))
        if metric in _BOOKKEEPING or metric.startswith(_FINISH):
            return
        if name.get("perturbation") is not None:
            self._rows.note("perturbed", "statistics of perturbed instances were left out")
            return
        if split == "train":
            self._rows.note("train-split", "scores of instances of the split 'train' were left out")
            return
        try:
            value = scalar(stat.get("mean"))
        except NoSingleNumberError:
            self._rows.note(
                "not-a-score",
                f"scores were left out since they are not a single number: the mean of {metric!r} "
                f"is a {type(stat['mean']).__name__}",
            )
            return
        known = gathered.scores.setdefault((metric, split), value)
        if known is not None and not _same(known, value):
            gathered.scores[metric, split] = value if math.isnan(known) else None

    def write(self, contents: dict[str, int]) -> None:
        """Make rows of all instances."""
        rows = self._rows
        several = len({split for one in self._instances.values() for _, split in one.scores}) > 1
        group = group_of(rows.task)
        for (item, trial), instance in self._instances.items():
            tokens = instance.tokens
            for (metric, split), value in instance.scores.items():
                if value is None:
                    rows.note(
                        "two-values",
                        f"scores were left out since entries of one instance give {metric!r} "
                        "different values",
                    )
                    continue
                rows.add(
                    item,
                    f"{metric}.{split or 'no-split'}" if several else metric,
                    value,
                    epoch=trial + 1,
                    group=group,
                    cost=tokens.get(_READ, math.nan) + tokens.get(_WRITTEN, math.nan),
                    content_hash=contents.get(item, NOT_RECORDED),
                )


def _same(known: float, value: float) -> bool:
    """Tell whether a second value adds nothing: it is the same, or not scored."""
    return known == value or math.isnan(value)


def _count(tokens: Any) -> float:
    """Read a number of tokens; NaN where there is none."""
    try:
        return scalar(tokens)
    except NoSingleNumberError:
        return math.nan


def rows_of_run(path: Path) -> Rows:
    """Find out which model was run on which task, and how.

    Parameters
    ----------
    path : Path
        The run's results.

    Returns
    -------
    rows : Rows
        No rows yet.

    Raises
    ------
    ResultsError
        If nothing names the model.
    """
    spec_path = path.with_name(_RUN)
    if not spec_path.is_file():
        return _rows_of_folder(path.absolute().parent.name)
    try:
        spec = expect(read_json(spec_path), dict, f"{_RUN} beside it")
    except ResultsError as error:
        raise ResultsError(f"cannot be read without {_RUN} beside it: {error}") from None
    name = expect(spec.get("name"), str, f"'name' in {_RUN} beside it")
    adapter = expect(spec.get("adapter_spec"), dict, f"'adapter_spec' in {_RUN} beside it")
    deployment = adapter.get("model_deployment") or ""
    expect(deployment, str, f"the deployment in {_RUN} beside it")
    model = expect(adapter.get("model") or deployment, str, f"the model in {_RUN} beside it")
    if not model:
        raise ResultsError(f"has no model in 'adapter_spec' of {_RUN} beside it.")
    task, dropped = _task(name)
    rows = Rows(
        harness="helm",
        model=model,
        task=task,
        model_args=f"deployment={deployment}" if deployment not in ("", model) else "",
        setting=_setting(adapter),
    )
    _note_dropped(rows, dropped)
    return rows


def group_of(task: str) -> str:
    """Tell which scenario a task is of.

    Parameters
    ----------
    task : str
        Name of a task.

    Returns
    -------
    group : str
        What is before its arguments.
    """
    return re.split("[:,]", task, maxsplit=1)[0]


def contents_of_run(path: Path, rows: Rows) -> dict[str, int]:
    """Fingerprint the instances' contents, where HELM wrote them to a file of their own.

    They are in scenario_state.json too, with every prompt and completion: too large to read for
    a check.

    Parameters
    ----------
    path : Path
        The run's results.
    rows : Rows
        Takes the note that the file is there and cannot be read.

    Returns
    -------
    contents : dict of str to int
        Fingerprint of each instance's content, by its id; empty without the file.
    """
    beside = path.with_name(_INSTANCES)
    if not beside.is_file():
        return {}
    try:
        instances = expect(read_json(beside), list, "it")
    except ResultsError:
        rows.note(
            "no-contents",
            f"runs' contents are not recorded since {_INSTANCES} beside them is not readable",
        )
        return {}
    contents: dict[str, int] = {}
    for instance in instances:
        if isinstance(instance, dict) and instance.get("perturbation") is None:
            contents[str(instance.get("id"))] = _content(instance)
    return contents


def _content(instance: dict[str, Any]) -> int:
    """Fingerprint the texts: paths of images and sounds are another machine's."""
    try:
        asked = instance["input"]
        answers = [[one["output"]["text"], one["tags"]] for one in instance["references"]]
        return content_fingerprint([asked["text"], asked.get("messages"), answers])
    except (KeyError, TypeError, AttributeError, RecursionError):
        return NOT_RECORDED


def _rows_of_folder(folder: str) -> Rows:
    """Take task and model from the name of the run's folder."""
    found = re.search(r"(?:^|[:,])model=([^,]+)", folder)
    if found is None:
        raise ResultsError(
            f"has no {_RUN} beside it, and its folder {folder!r} names no model; expected "
            "SCENARIO:...,model=MODEL. Copy the whole folders of the runs."
        )
    task, dropped = _task(folder)
    rows = Rows(harness="helm", model=found[1], task=task)
    rows.note(
        "model-from-folder",
        f"runs have no {_RUN}: their models were taken from the folders' names, where HELM writes "
        "'_' for '/'",
    )
    _note_dropped(rows, dropped)
    return rows


def _task(name: str) -> tuple[str, list[str]]:
    """Take the model, and what HELM added for its sake, out of a run's name."""
    scenario, _, arguments = name.partition(":")
    words = arguments.split(",") if arguments else []
    dropped: list[str] = []
    while words and words[-1] in _MODEL_NEEDS:
        dropped.append(words.pop())
    words = [one for one in words if not one.startswith(("model=", "model_deployment="))]
    return (f"{scenario}:{','.join(words)}" if words else scenario), dropped


def _note_dropped(rows: Rows, dropped: list[str]) -> None:
    if dropped:
        rows.note(
            "other-name",
            f"tasks were named without {' and '.join(sorted(dropped))}, which HELM adds to the "
            "names of runs for models that need it",
        )


def _setting(adapter: dict[str, Any]) -> str:
    known = {"method": adapter.get("method"), "n-shot": adapter.get("max_train_instances")}
    words = {
        key: "_".join(str(value).split())
        for key, value in known.items()
        if isinstance(value, str | int) and value != ""
    }
    return " ".join(f"{key}={value}" for key, value in words.items())
