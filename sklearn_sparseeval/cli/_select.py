"""``sparseeval select``: choose anchors, fit a predictor, measure it, and write a plan."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_sparseeval._score_file import SHIPPED
from sklearn_sparseeval.cli._arguments import positive, seed
from sklearn_sparseeval.cli._optional_packages import require_packages
from sklearn_sparseeval.plan._json import json_text
from sklearn_sparseeval.plan._notes import noted, print_notes

if TYPE_CHECKING:
    from pandas import DataFrame

    from sklearn_sparseeval.methods._registry import Method
    from sklearn_sparseeval.plan._score_matrix_source import History

_METHOD = "sparse-ridge"
_LEAST_MODELS = 3
_OVERALL = "overall"


def add_parser(commands: Any) -> None:
    """Add the sub-command to the parser of ``sparseeval``.

    Parameters
    ----------
    commands : argparse sub-parsers action
        What ``add_subparsers`` returned.
    """
    parser = commands.add_parser(
        "select",
        usage="%(prog)s SCORES -k K -o PLAN [options]",
        help="choose the items to run on new models, and write what is needed for that",
        description=(
            "Choose K anchors from the results of the models so far, fit a predictor of the full "
            "score, and measure its error by cross-validation over models. Writes a folder, the "
            "plan: predictor.skops, anchors.csv, the lists of items as harnesses take them, "
            "README.md with the commands to copy and the error to expect, and plan.json for "
            "scripts."
        ),
        epilog=(
            "Examples:\nsparseeval select scores.parquet -k 100 -o plan\nsparseeval select "
            "scores.parquet -k 0.05 -o plan --harness-args '--model hf --model_args "
            "pretrained=acme/new'"
        ),
    )
    parser.add_argument(
        "scores", metavar="SCORES",
        help="what `sparseeval import` wrote; or a csv, parquet or npz file as `sparseeval "
        f"compare` takes it, or a data set that ships: {', '.join(SHIPPED)}",
    )  # fmt: skip
    parser.add_argument(
        "-k", "--n-anchors", type=_n_anchors, required=True, metavar="K",
        help="how many items to choose, or their share of all items, such as 0.05",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="PLAN",
        help="the folder to write; made if it does not exist",
    )  # fmt: skip
    parser.add_argument(
        "--force", action="store_true", help="replace a plan that is in that folder"
    )
    _add_settings(parser)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object, for scripts, and no text"
    )
    parser.set_defaults(run=run)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """Add what says how anchors are chosen and how the error is measured."""
    parser.add_argument(
        "--method", default=_METHOD, metavar="NAME",
        help="how anchors are chosen and scores predicted; `sparseeval compare` finds the best on "
        "your data, and its --list-methods lists them (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--harness-args", metavar="TEXT",
        help="goes into the harness's commands as it is: the model and how it is run",
    )  # fmt: skip
    parser.add_argument(
        "--score-range", type=float, nargs=2, metavar=("LO", "HI"),
        help="smallest and largest possible score, to which predictions are clipped (default: 0 1 "
        "if the scores lie between and reach both, else not clipped)",
    )  # fmt: skip
    parser.add_argument(
        "--folds", type=_n_folds, metavar="N",
        help="folds of the cross-validation (default: 5; of fewer than 30 models each group of "
        "relatives is one)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="SEED",
        help="of every draw, the folds included (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", type=positive, metavar="N",
        help="how many processes; the result does not depend on it (default: one per core)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> None:
    """Choose, measure, write the plan and say so.

    Parameters
    ----------
    arguments : argparse.Namespace
        As :func:`add_parser` describes them.
    """
    from sklearn_sparseeval.plan._folder import check_plan_output

    method = _method(arguments.method)
    check_plan_output(arguments.output, force=arguments.force)
    require_packages("select", "pandas", "skops")
    notes: list[str] = []
    with noted(notes):
        plan = _make_plan(arguments, method, notes)
    if arguments.json:
        print(json_text({"output": arguments.output, **plan}))
    else:
        _print_plan(plan, arguments.output)


def _make_plan(arguments: argparse.Namespace, method: "Method", notes: list[str]) -> Any:
    from sklearn_sparseeval.plan import save_predictor
    from sklearn_sparseeval.plan._folder import write_plan
    from sklearn_sparseeval.plan._lists import check_harness_args
    from sklearn_sparseeval.plan._out_of_fold import (
        fit,
        hold_out,
        note_if_useless,
        out_of_fold,
    )
    from sklearn_sparseeval.plan._plan import describe_predictor
    from sklearn_sparseeval.plan._score_matrix_source import read_history

    history = read_history(arguments.scores)
    matrix = history.matrix
    notes.extend(f"On import: {note}" for note in matrix.notes)
    _check_size(history, arguments.n_anchors)
    check_harness_args(matrix.items, arguments.harness_args, notes)
    score_range = _score_range(arguments.score_range, matrix.data, notes)
    targets = matrix.targets
    estimator = _estimator(method, arguments, targets.shape[1])
    targets = _predictable(estimator, method, targets, notes)
    held_out = hold_out(
        matrix.data, history.families, folds=arguments.folds, seed=arguments.seed, notes=notes
    )
    measured = out_of_fold(
        estimator, matrix.data, targets, held_out.splits,
        score_range=score_range, n_jobs=arguments.jobs, notes=notes,
    )  # fmt: skip
    note_if_useless(measured, notes)
    fit(estimator, matrix.data, targets.to_numpy())

    def save(path: Path) -> None:
        save_predictor(
            path, estimator, matrix,
            errors=measured.errors, method=method.name, score_range=score_range,
        )  # fmt: skip

    def describe(saved: Any) -> dict[str, Any]:
        means = matrix.data[saved.anchors.index].mean(axis=1)
        return describe_predictor(saved, measured) | {
            "anchor_means": [means.min(), means.max()],
            "scores": arguments.scores,
            "seed": arguments.seed,
            "method_description": method.description,
            "method_source": method.source,
            "cross_validation": held_out.description,
            "notes": notes,
        }

    return write_plan(arguments.output, save, describe, arguments.harness_args)


def _method(name: str) -> "Method":
    from sklearn_sparseeval.methods import get_methods

    registered = get_methods()
    if name not in registered:
        raise ValueError(
            f"--method: there is no method {name!r}. Expected one of: {', '.join(registered)}."
        )
    return registered[name]


def _estimator(method: "Method", arguments: argparse.Namespace, n_targets: int) -> Any:
    """Build the method, with a seed wherever it draws."""
    from sklearn_sparseeval.comparison._budget import with_seed

    estimator = with_seed(method(arguments.n_anchors), arguments.seed)
    if hasattr(estimator.selector, "anchors_for"):
        raise ValueError(
            f"--method {method.name} chooses anchors for each model from its results on the first "
            "few, so there is no list of anchors to run. Choose another method, or use it in "
            "Python."
        )
    if n_targets > 1 and "selector__target_weights" in estimator.get_params():
        # Else many tasks would outvote the overall score, of which each is a part.
        weights = [n_targets - 1] + [1] * (n_targets - 1)
        estimator.set_params(selector__target_weights=weights)
    return estimator


def _predictable(
    estimator: Any, method: "Method", targets: "DataFrame", notes: list[str]
) -> "DataFrame":
    """Keep the targets that the method can predict."""
    from sklearn.utils import get_tags

    if targets.shape[1] == 1 or get_tags(estimator).target_tags.multi_output:
        return targets
    notes.append(
        f"The method {method.name} predicts one score only: the overall one, and none per task."
    )
    return targets[[_OVERALL]]


def _check_size(history: "History", n_anchors: int | float) -> None:
    n_models, n_items = history.matrix.data.shape
    if n_models < _LEAST_MODELS:
        raise ValueError(
            f"The history has {n_models} models; at least {_LEAST_MODELS} are needed to fit a "
            "predictor and test it, and 30 or more make a good one."
        )
    if n_anchors > n_items:
        raise ValueError(f"--n-anchors {n_anchors} is more than the {n_items} items.")


def _score_range(
    given: list[float] | None, data: "DataFrame", notes: list[str]
) -> tuple[float, float] | None:
    """Return the range of the scores: what the user says, or what the scores leave no doubt of."""
    low, high = float(np.nanmin(data)), float(np.nanmax(data))
    if given is None:
        if (low, high) == (0, 1):
            notes.append("Scores are taken to be from 0 to 1, as those given are (--score-range).")
            return 0.0, 1.0
        notes.append(
            f"Scores are from {low:g} to {high:g}; predictions are not clipped, since it is not "
            "known what scores are possible (--score-range LO HI)."
        )
        return None
    if not given[0] <= low <= high <= given[1] or given[0] == given[1]:
        raise ValueError(
            f"--score-range {given[0]:g} {given[1]:g}: expected the smallest and the largest "
            f"possible score; the scores are from {low:g} to {high:g}."
        )
    return given[0], given[1]


def _print_plan(plan: dict[str, Any], folder: Path) -> None:
    from sklearn_sparseeval.plan._summary import (
        error_table,
        headline,
        how_measured,
        next_steps,
    )

    print(f"{headline(plan)}\n")
    print("\n".join(error_table(plan)))
    print(how_measured(plan))
    print_notes(plan["notes"])
    print(f"\nWritten to {folder}: {', '.join(plan['files'])}.")
    print("\n".join(next_steps(plan, folder)))


def _n_anchors(text: str) -> int | float:
    try:
        number = float(text)
        whole = number.is_integer() and "." not in text
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if whole:
        return positive(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(
            f"{text} is neither a whole number of items nor a share of them between 0 and 1"
        )
    return number


def _n_folds(text: str) -> int:
    value = positive(text)
    if value < 2:
        raise argparse.ArgumentTypeError(f"{value} fold leaves no model to fit on")
    return value
