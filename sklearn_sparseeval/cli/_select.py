"""``sparseeval select``: choose anchors, fit a predictor, measure it, and write a plan."""

import argparse
from pathlib import Path

from sklearn_sparseeval._optional import check_installed
from sklearn_sparseeval.cli._arguments import add_alignment, add_scores, positive, read_scores, seed
from sklearn_sparseeval.datasets import SHIPPED

_METHOD = "auto"


def fill_parser(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the command.
    """
    parser.usage = "%(prog)s SCORES -k K -o PLAN [options]"
    parser.description = (
        "Choose K anchors from the results of the models so far, fit a predictor of the full "
        "score, and measure its error by cross-validation over models. Writes a folder, the "
        "plan: predictor.skops, anchors.csv, the lists of items as harnesses take them, "
        "README.md with the commands to copy and the error to expect, and plan.json for "
        "scripts."
    )
    parser.epilog = (
        "Examples:\nsparseeval select scores.parquet -k 100 -o plan\nsparseeval select "
        "scores.parquet -k 0.05 -o plan --harness-args '--model hf --model_args "
        "pretrained=acme/new'"
    )
    add_scores(
        parser,
        "what `sparseeval import` wrote; or a csv, parquet or npz file as `sparseeval compare` "
        f"takes it, or a data set that ships: {', '.join(SHIPPED)}",
    )
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
    add_alignment(parser)
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
        As :func:`fill_parser` describes them.
    """
    from sklearn_sparseeval.plan import make_plan
    from sklearn_sparseeval.plan._folder import check_folder
    from sklearn_sparseeval.plan._lists import check_harness_args
    from sklearn_sparseeval.plan._output import json_text

    check_folder(arguments.output, overwrite=arguments.force)
    check_installed("pandas", "skops", purpose="select")
    matrix = read_scores(arguments.scores, transpose=arguments.transpose)
    check_harness_args(matrix.items, arguments.harness_args)
    plan = make_plan(
        matrix,
        n_anchors=arguments.n_anchors,
        method=arguments.method,
        score_range=arguments.score_range,
        alignment=arguments.alignment,
        folds=arguments.folds,
        random_state=arguments.seed,
        n_jobs=arguments.jobs or -1,
        name=arguments.scores,
    )
    plan.save(arguments.output, overwrite=arguments.force, harness_args=arguments.harness_args)
    if arguments.json:
        print(json_text({"output": arguments.output, **plan.description}))
        return
    from sklearn_sparseeval.plan._summary import next_steps

    print(plan)
    print(f"\nWritten to {arguments.output}: {', '.join(plan.description['files'])}.")
    print("\n".join(next_steps(plan.description, arguments.output)))


def _n_anchors(text: str) -> int | float:
    try:
        number = float(text)
        whole = number.is_integer() and "." not in text
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
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
