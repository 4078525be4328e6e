"""``sparseeval import``: the logs of an evaluation harness become one score matrix."""

import argparse
import os
from pathlib import Path
from shlex import quote
from typing import Any

from sklearn_sparseeval._messages import counted
from sklearn_sparseeval._notes import Note, noted
from sklearn_sparseeval._optional import check_installed
from sklearn_sparseeval.cli._arguments import add_reading_arguments, print_notes, reading_options

_TASKS_SHOWN = 25
_ANCHORS = 100  # a usual number to suggest
_WEIGHTS = {
    "item": "every item counts the same in the overall score",
    "task": "every task counts the same in the overall score, its items the same",
    "group": "every group counts the same in the overall score, and within it tasks and items",
}


def fill_parser(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the command.
    """
    parser.usage = "%(prog)s RESULTS... -o scores.parquet [options]"
    parser.description = (
        "Read the per-item results that evaluation harnesses wrote (lm-eval, Inspect, HELM, "
        "LightEval, OpenCompass, VLMEvalKit, lmms-eval, OmniEvalKit) and write one score "
        "matrix, models x items, for `sparseeval select` and `sparseeval compare`. Says what "
        "was read, which metric and filter was taken for each task, and what was left out."
    )
    parser.epilog = (
        "Examples:\nsparseeval import lm_eval_out -o scores.parquet\n"
        "sparseeval import logs -o scores.parquet --tasks 'mmlu_*' gsm8k --filter "
        "gsm8k=strict-match --weights group"
    )
    add_reading_arguments(parser)
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE",
        help="the score file to write; ends in .parquet",
    )  # fmt: skip
    _add_choices(parser)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object, for scripts, and no text"
    )
    parser.set_defaults(run=run)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    """Add what decides which numbers the matrix holds."""
    parser.add_argument(
        "--tasks", nargs="+", action="extend", metavar="TASK",
        help="only these tasks; * and ? stand for any characters (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--metric", nargs="+", action="extend", metavar="[TASK=]NAME",
        help="the metric, of all tasks or of those that match TASK (default: the only one, or the "
        "first of acc_norm, acc, exact_match, score ...)",
    )  # fmt: skip
    parser.add_argument(
        "--filter", nargs="+", action="extend", metavar="[TASK=]NAME",
        help="the filter that took the answer from the model's text, where a harness has several",
    )  # fmt: skip
    parser.add_argument(
        "--epochs", type=_epochs, default="mean", metavar="mean|first|N",
        help="what to take of the repeats of an item: their mean, the first one, or number N "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--alignment", choices=["common", "all"], default="common",
        help="common: the items that every model was evaluated on; all: every item, with empty "
        "cells (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--min-coverage", type=_share, metavar="SHARE",
        help="leave out models evaluated on a smaller share of the items, above 0 and up to 1",
    )  # fmt: skip
    parser.add_argument(
        "--duplicates", choices=["newest", "error"], default="newest",
        help="what to take where a model was run on an item several times (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--mixed-settings", choices=["raise", "warn"], default="raise",
        help="what to do with results of one task under several versions, shots and the like: "
        "stop, or use them as if they were alike, with a note (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--weights", nargs="+", default=["item"], metavar="item|task|group|NAME=WEIGHT",
        help="what the overall score weighs the same: items (micro average), tasks, or groups of "
        "tasks (macro averages); or the weight of each task or group (default: item)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> None:
    """Read, align, write and say so.

    Parameters
    ----------
    arguments : argparse.Namespace
        As :func:`fill_parser` describes them.
    """
    from sklearn_sparseeval.harness import read_results, to_score_matrix
    from sklearn_sparseeval.plan._output import json_text

    check_installed("pandas", "pyarrow", purpose="import")
    _check_output(arguments.output)
    weights = _weights(arguments.weights)
    choices = {"metric": _by_task(arguments.metric), "filter": _by_task(arguments.filter)}
    notes: list[Note] = []
    with noted(notes):
        results = read_results(arguments.results, **reading_options(arguments))
        matrix = to_score_matrix(
            results,
            tasks=arguments.tasks,
            epochs=arguments.epochs,
            duplicates=arguments.duplicates,
            alignment=arguments.alignment,
            min_coverage=arguments.min_coverage,
            weights=weights,
            mixed_settings=arguments.mixed_settings,
            **choices,
        )
    matrix.notes = notes  # with those of reading
    matrix.write(arguments.output)
    report = _report(results, matrix, arguments.output, weights, notes)
    if arguments.json:
        print(json_text(report))
    else:
        _print_report(report)


def _check_output(path: Path) -> None:
    """Refuse a path that cannot be written before hours of logs are read."""
    from sklearn_sparseeval._score_file import is_described

    if path.is_dir():
        raise ValueError(f"--output {path} is a folder. Give the name of a file in it.")
    if path.suffix.lower() != ".parquet":
        raise ValueError(
            f"--output {path} does not end in .parquet. Give a name such as "
            f"{path.with_suffix('.parquet')}; other formats cannot hold what the items are."
        )
    if not path.parent.is_dir():
        raise ValueError(f"--output {path}: there is no folder {path.parent}. Make it first.")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"--output {path}: the folder {path.parent} cannot be written to.")
    if path.exists() and not is_described(path):
        raise ValueError(
            f"--output {path} is there already, and is not a file that import wrote. Give another "
            "name, or remove it."
        )


def _report(results: Any, matrix: Any, path: Path, weights: Any, notes: list[Note]) -> Any:
    """Gather what was read and what was made of it."""
    items = matrix.items
    total = items["weight"].sum()
    tasks = [
        {
            "task": task,
            "group": own["group"].iloc[0],
            "n_items": len(own),
            "metric": own["metric"].iloc[0],
            "filter": own["filter"].iloc[0],
            "setting": own["setting"].iloc[0],
            "share_of_overall": own["weight"].sum() / total,
        }
        for task, own in items.groupby("task", sort=False, observed=True)
    ]
    return {
        "output": path,
        "n_files": results["source"].nunique(),
        "harnesses": sorted(results["harness"].unique()),
        "n_models": len(matrix.data),
        "n_items": len(items),
        "n_missing": int(matrix.data.isna().to_numpy().sum()),
        "models": list(matrix.data.index),
        "tasks": tasks,
        "weights": weights if isinstance(weights, str) else "given",
        "notes": notes,
    }


def _print_report(report: Any) -> None:
    from sklearn_sparseeval.plan._output import text_table

    tasks = report["tasks"]
    print(
        f"Read {counted(report['n_files'], 'file')} of {' and '.join(report['harnesses'])}: "
        f"{counted(report['n_models'], 'model')} x {counted(report['n_items'], 'item')} of "
        f"{counted(len(tasks), 'task')}.\n"
    )
    rows = [
        [
            task["task"], task["metric"], task["filter"], str(task["n_items"]),
            f"{task['share_of_overall']:.1%}",
        ]
        for task in tasks[:_TASKS_SHOWN]
    ]  # fmt: skip
    header = ["task", "metric", "filter", "items", "of overall"]
    print("\n".join(text_table(header, rows, left=3)))
    if len(tasks) > _TASKS_SHOWN:
        print(f"({len(tasks) - _TASKS_SHOWN} more tasks; --json lists them)")
    print(f"\nWeights: {_WEIGHTS.get(report['weights'], 'as given')}.")
    print_notes(report["notes"])
    if report["n_missing"]:
        share = report["n_missing"] / (report["n_models"] * report["n_items"])
        print(f"Missing: {report['n_missing']} of the scores ({share:.1%}), empty cells.")
    n_anchors = min(_ANCHORS, max(1, report["n_items"] // 10))
    print(
        f"Written to {report['output']}. Next: sparseeval select {quote(str(report['output']))} "
        f"-k {n_anchors} -o plan"
    )


def _by_task(given: list[str] | None) -> str | dict[str, str] | None:
    """Read ``NAME`` and ``TASK=NAME``; a task may hold '=' itself, as HELM's do."""
    if not given:
        return None
    if len(given) == 1 and "=" not in given[0]:
        return given[0]
    pairs = [text.rpartition("=") for text in given]
    named = {task: name for task, _, name in pairs if task}
    everywhere = [name for task, _, name in pairs if not task]
    if len(everywhere) > 1 or not all(name for _, _, name in pairs):
        raise ValueError(
            f"{' '.join(given)}: expected one name for all tasks, or TASK=NAME for each, as in "
            "'gsm8k=exact_match' 'mmlu_*=acc'."
        )
    return named | dict(zip("*", everywhere, strict=False))


def _weights(given: list[str]) -> str | dict[str, float]:
    if len(given) == 1 and given[0] in _WEIGHTS:
        return given[0]
    weights = {}
    for text in given:
        name, _, number = text.rpartition("=")
        try:
            weights[name] = float(number)
        except ValueError:
            name = ""
        if not name:
            raise ValueError(
                f"--weights {' '.join(given)}: expected item, task or group, or NAME=WEIGHT for "
                "every task or group, as in gsm8k=0.5 mmlu=0.5."
            )
    return weights


def _epochs(text: str) -> str | int:
    if text in ("mean", "first"):
        return text
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither mean nor first nor the number of an epoch"
        ) from None


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share above 0 and up to 1")
    return value
