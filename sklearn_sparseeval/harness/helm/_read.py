"""HELM's results: statistics per instance, one folder per run.

The format is that of crfm-helm 0.5.9 (2026-06): `helm/benchmark/runner.py` writes the files,
`helm/benchmark/metrics/metric.py` and `statistic.py` say what is in this one.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import NOT_RECORDED
from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness._harnesses import Harness
from sklearn_sparseeval.harness._results import read_as
from sklearn_sparseeval.harness.helm._run import contents_of_run, group_of, rows_of_run
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
      of references) is no metric. An instance's statistics are gathered from all its entries; one
      with two different values is left out. A statistic without a mean is not scored.
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
    return read_as(HARNESS, paths, n_jobs=n_jobs, on_error=on_error, progress=progress)


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
                f"scores were left out since they are no single number: the mean of {metric!r} is "
                f"a {type(stat['mean']).__name__}",
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


HARNESS = Harness(
    name="helm",
    title="HELM",
    files="per_instance_stats.json, one per run",
    nothing_found=(
        f"No results of HELM are under {{paths}}; expected files named {_RESULTS}, which helm-run "
        "writes to benchmark_output/runs/SUITE/RUN/."
    ),
    result_files=result_files,
    parse=parse,
)
