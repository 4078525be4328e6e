"""Which tasks, and which metric and filter of each, make the matrix."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import ResultsError, warn
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval.harness.table._coded_table import CodedTable, Texts, occurring
from sklearn_sparseeval.harness.table._natural_order import natural_key

Names = str | Mapping[str, str] | None
# Task -> metric -> filters, sorted.
Recorded = dict[str, dict[str, list[str]]]

# Per-item scores for which higher is better, the most telling first. The two long ones are what
# HELM shows of its mathematical tasks; exact_match, which it records too, says nothing there.
DEFAULT_METRICS = (
    "acc_norm",
    "acc",
    "final_number_exact_match",
    "math_equiv_chain_of_thought",
    "exact_match",
    "score",
    "accuracy",
    "correct",
    "hit",
    "quasi_exact_match",
    "extractive_match",
    "pass@1",
    "prompt_level_strict_acc",
)


@dataclass(frozen=True)
class Choice:
    """One metric and one filter per chosen task.

    Parameters
    ----------
    metrics, filters : dict of str to str
        By task.
    """

    metrics: dict[str, str]
    filters: dict[str, str]

    def rows(self, table: CodedTable) -> NDArray[np.intp]:
        """Find the rows of the table that hold the chosen scores.

        Parameters
        ----------
        table : CodedTable
            The table that was chosen from.

        Returns
        -------
        rows : ndarray of shape (n_chosen,)
            Their numbers, ascending.
        """
        # -2 is the code of no text, so tasks that were not chosen have no such row.
        metric = _code_by_task(table.task, table.metric, self.metrics)[table.task.codes]
        chosen = metric == table.metric.codes
        filter = _code_by_task(table.task, table.filter, self.filters)[table.task.codes]
        chosen &= filter == table.filter.codes
        return np.flatnonzero(chosen)


def choose(
    table: CodedTable, tasks: str | Iterable[str] | None, metric: Names, filter: Names
) -> Choice:
    """Choose the tasks, and a metric and a filter for each of them.

    Parameters
    ----------
    table : CodedTable
        The long table.
    tasks : str, iterable of str or None
        Names or globs; None chooses all.
    metric : str, mapping of str to str, or None
        A name for all tasks, or globs of tasks and their names; None, and tasks that no glob
        matches: the only one, else the first of `DEFAULT_METRICS` that there is.
    filter : str, mapping of str to str, or None
        Likewise; None: the only one.

    Returns
    -------
    choice : Choice
        The names by task.

    Raises
    ------
    ResultsError
        If a name or glob fits nothing, or several metrics or filters are left.
    """
    recorded = _recorded(table)
    chosen = _matching_tasks(list(recorded), tasks)
    metrics = _choose_names(
        "metric", metric, {task: list(recorded[task]) for task in chosen}, list(recorded)
    )
    filters = _choose_names(
        "filter",
        filter,
        {task: recorded[task][name] for task, name in metrics.items()},
        list(recorded),
    )
    return Choice(metrics, filters)


def warn_of_other_metrics(table: CodedTable, choice: Choice, rows: NDArray[np.intp]) -> None:
    """Warn of models that have scores on a task, but none of the metric and filter chosen.

    Parameters
    ----------
    table : CodedTable
        The long table.
    choice : Choice
        What was chosen.
    rows : ndarray of shape (n_chosen,)
        The rows that hold it.

    Warns
    -----
    ResultsWarning
        If there are such models, with their number.
    """
    n_models, size = len(table.model.texts), len(table.task.texts) * len(table.model.texts)
    pairs = table.task.codes.astype(np.int64) * n_models + table.model.codes
    others = np.setdiff1d(occurring(pairs, size), occurring(pairs[rows], size))
    lacking = [
        (table.task.texts[pair // n_models], table.model.texts[pair % n_models])
        for pair in others
        if table.task.texts[pair // n_models] in choice.metrics
    ]
    if lacking:
        task, model = min(lacking)
        n_lacking = len({model for _, model in lacking})
        warn(
            Note(
                "other-metric",
                f"{n_lacking} model(s) have results on a task, but none of the metric and filter "
                "that "
                f"were chosen for it, such as {model!r} on task {task!r}: metric "
                f"{choice.metrics[task]!r}, filter {choice.filters[task]!r}. If all models have "
                f"another, choose it: metric={{{task!r}: NAME}} (--metric {task}=NAME).",
                count=n_lacking,
            )
        )


def _recorded(table: CodedTable) -> Recorded:
    """List the metrics and filters of each task, tasks in natural order."""
    n_metrics, n_filters = len(table.metric.texts), len(table.filter.texts)
    size = len(table.task.texts) * n_metrics * n_filters
    codes = table.task.codes.astype(np.int64)
    codes *= n_metrics
    codes += table.metric.codes
    codes *= n_filters
    codes += table.filter.codes
    found: list[tuple[str, str, str]] = []
    for code in occurring(codes, size).tolist():
        pair, filter = divmod(code, n_filters)
        task, metric = divmod(pair, n_metrics)
        found.append(
            (table.task.texts[task], table.metric.texts[metric], table.filter.texts[filter])
        )
    found.sort(key=lambda one: (natural_key(one[0]), one[1:]))
    recorded: Recorded = {}
    for task, metric, filter in found:
        recorded.setdefault(task, {}).setdefault(metric, []).append(filter)
    return recorded


def _matching_tasks(there: list[str], tasks: str | Iterable[str] | None) -> list[str]:
    if tasks is None:
        return there
    patterns = [tasks] if isinstance(tasks, str) else [str(pattern) for pattern in tasks]
    matched: set[str] = set()
    for pattern in patterns:
        own = [task for task in there if _fits(task, pattern)]
        if not own:
            raise ResultsError(
                f"No task matches {pattern!r}. The {len(there)} tasks of the results are "
                f"{listing(there, 20)}."
            )
        matched.update(own)
    if not matched:
        raise ResultsError("tasks is empty; expected at least one name or glob, or None for all.")
    return [task for task in there if task in matched]


def _fits(task: str, pattern: str) -> bool:
    return task == pattern or fnmatchcase(task, pattern)


def _choose_names(
    what: str, wanted: Names, offers: dict[str, list[str]], there: list[str]
) -> dict[str, str]:
    """Choose one of the names that each task offers."""
    if isinstance(wanted, Mapping):
        for pattern in wanted:
            if not any(_fits(task, str(pattern)) for task in there):
                raise ResultsError(
                    f"{what} has the key {pattern!r}, which matches no task. The {len(there)} "
                    f"tasks of the results are {listing(there, 20)}."
                )
    names: dict[str, str | None] = {}
    unmet: dict[str, str] = {}
    for task, offered in offers.items():
        name = _wanted_name(wanted, task)
        if name is None:
            names[task] = _default_name(what, offered)
        elif name in offered:
            names[task] = name
        else:
            unmet[task] = name
    if unmet:
        raise _unmet_error(what, unmet, offers)
    open_tasks = [task for task, name in names.items() if name is None]
    if open_tasks:
        raise _open_error(what, open_tasks, offers)
    return {task: name for task, name in names.items() if name is not None}


def _wanted_name(wanted: Names, task: str) -> str | None:
    """Look up a task: its own name first, then the first glob that matches."""
    if not isinstance(wanted, Mapping):
        return wanted
    if task in wanted:
        return wanted[task]
    return next((name for key, name in wanted.items() if fnmatchcase(task, str(key))), None)


def _default_name(what: str, offered: list[str]) -> str | None:
    if len(offered) == 1:
        return offered[0]
    if what == "filter":
        return None
    return next((name for name in DEFAULT_METRICS if name in offered), None)


def _unmet_error(what: str, unmet: dict[str, str], offers: dict[str, list[str]]) -> ResultsError:
    task, name = next(iter(unmet.items()))
    having = [task for task, names in offers.items() if name in names]
    wanted = repr(name) if len(set(unmet.values())) == 1 else "that was asked for"
    message = f"{len(unmet)} task(s) have no {what} {wanted}: {_offers(list(unmet), offers)}. "
    if having:
        return ResultsError(
            f"{message}To ask for {name!r} only where there is one: {_call(what, having, name)}."
        )
    return ResultsError(f"{message}For example: {_call(what, [task], offers[task][0])}.")


def _open_error(what: str, tasks: list[str], offers: dict[str, list[str]]) -> ResultsError:
    first = tasks[0]
    name = offers[first][0]
    reason = f", of which none is usual ({', '.join(DEFAULT_METRICS)})" if what == "metric" else ""
    alike = [task for task in tasks if name in offers[task]]
    if all(name in names for names in offers.values()):
        call = f"{what}={name!r} (--{what} {shlex.quote(name)})"
    else:
        call = _call(what, alike, name)
    return ResultsError(
        f"{len(tasks)} task(s) have several {what}s{reason}: {_offers(tasks, offers)}. Choose one, "
        f"for example: {call}."
    )


def _offers(tasks: list[str], offers: dict[str, list[str]]) -> str:
    texts = [f"{task!r} has {listing(offers[task], 12)}" for task in tasks[:5]]
    more = f"; and {len(tasks) - 5} more" if len(tasks) > 5 else ""
    return "; ".join(texts) + more


def _call(what: str, tasks: list[str], name: str) -> str:
    """Write the argument that chooses a name, in Python and for the command line."""
    shown = tasks[:3]
    entries = ", ".join(f"{task!r}: {name!r}" for task in shown)
    options = " ".join(shlex.quote(f"{task}={name}") for task in shown)
    more = f" and so on for {len(tasks) - 3} more tasks" if len(tasks) > 3 else ""
    return f"{what}={{{entries}}} (--{what} {options}){more}"


def _code_by_task(tasks: Texts, texts: Texts, names: dict[str, str]) -> NDArray[np.int32]:
    code_of = {text: code for code, text in enumerate(texts.texts)}
    return np.array(
        [code_of[names[task]] if task in names else -2 for task in tasks.texts], dtype=np.int32
    )
