"""``sparseeval predict``: the full score of models that were run on the anchors alone."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval.cli._optional_packages import require_packages
from sklearn_sparseeval.cli._reading_arguments import add_reading_arguments
from sklearn_sparseeval.plan._json import json_text
from sklearn_sparseeval.plan._notes import noted, print_notes
from sklearn_sparseeval.plan._summary import scaled
from sklearn_sparseeval.plan._text_table import text_table

if TYPE_CHECKING:
    from sklearn_sparseeval.plan._predict import AnchorPredictions

MISFIT = 3  # exit code
_ROWS_SHOWN = 40
_OVERALL = "overall"


def add_parser(commands: Any) -> None:
    """Add the sub-command to the parser of ``sparseeval``.

    Parameters
    ----------
    commands : argparse sub-parsers action
        What ``add_subparsers`` returned.
    """
    parser = commands.add_parser(
        "predict",
        usage="%(prog)s PLAN RESULTS... [options]",
        help="predict full scores from results on the anchors",
        description=(
            "Read the results of one or several models on a plan's anchors, check that they are "
            "results on exactly these items, and predict what the models would score on the whole "
            "benchmark. Results of whole runs do as well: the anchors are read, and nothing else. "
            "Models whose results do not fit the plan are named and not predicted."
        ),
        epilog=(
            "Exit codes: 0 all models were predicted; 2 a wrong argument or file; 3 results of at "
            "least one model do not fit the plan.\nExample: sparseeval predict plan anchor_results"
        ),
    )
    parser.add_argument(
        "plan", type=Path, metavar="PLAN",
        help="the folder that `sparseeval select` wrote, or the predictor.skops in it",
    )  # fmt: skip
    add_reading_arguments(parser)
    parser.add_argument(
        "--tasks", action=argparse.BooleanOptionalAction, default=None,
        help="show the score of every task too (default: if that is no long list)",
    )  # fmt: skip
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object, for scripts, and no text"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read, check, predict and print.

    Parameters
    ----------
    arguments : argparse.Namespace
        As :func:`add_parser` describes them.

    Returns
    -------
    code : int
        0, or 3 where results of a model do not fit the plan.
    """
    from sklearn_sparseeval.plan import load_predictor
    from sklearn_sparseeval.plan._anchor_results import read_anchor_results
    from sklearn_sparseeval.plan._folder import find_predictor, read_plan
    from sklearn_sparseeval.plan._predict import predict_models

    require_packages("predict", "pandas", "skops")
    predictor = find_predictor(arguments.plan)
    notes: list[str] = []
    with noted(notes):
        plan = read_plan(arguments.plan)
        saved = load_predictor(predictor)
        results = read_anchor_results(saved, arguments, notes)
        predictions = predict_models(saved, plan, results, notes)
    for problem in predictions.problems:
        print(f"sparseeval: problem: {' '.join(problem.split())}", file=sys.stderr)
    if arguments.json:
        print(json_text(_report(predictions, arguments.plan, plan["unit"], notes)))
    else:
        _print_predictions(predictions, plan["unit"], show_tasks=arguments.tasks)
        print_notes(notes)
    return MISFIT if predictions.problems else 0


def _print_predictions(
    predictions: "AnchorPredictions", unit: str, *, show_tasks: bool | None
) -> None:
    scores = predictions.scores
    # A task may have no anchor: then it is predicted from those of others, and has no raw mean.
    raw = predictions.report.raw_means.reindex(columns=scores.columns)
    if scores.empty:
        return
    if show_tasks is None:
        show_tasks = scores.size <= _ROWS_SHOWN
    targets = list(scores.columns) if show_tasks else [_OVERALL]
    rows = [
        [
            model,
            target,
            scaled(scores.loc[model, target], unit),
            scaled(predictions.margins[target], unit),
            scaled(raw.loc[model, target], unit),
        ]
        for model in scores.index
        for target in targets
    ]
    header = ["model", "target", "predicted", "±", "(raw mean)"]
    print("\n".join(text_table(header, rows, left=2)))
    if len(targets) < scores.shape[1]:
        print(f"({scores.shape[1] - 1} tasks not shown; --tasks shows them)")
    points = ", in percentage points" if unit == "points" else ""
    print(
        f"\npredicted: the score on the whole benchmark{points}; ±: as far off "
        "were 90 % of the history's models when they were held out, or less; raw mean: of the "
        "results on the anchors, which is no estimate of the score."
    )


def _report(
    predictions: "AnchorPredictions", plan: Path, unit: str, notes: list[str]
) -> dict[str, Any]:
    """Gather it for scripts; scores are in the units of the results, not in points."""
    report = predictions.report.to_dict()
    models = {
        model: checked
        | {
            "ok": model in predictions.scores.index,
            "predicted": (
                predictions.scores.loc[model].to_dict()
                if model in predictions.scores.index
                else None
            ),
        }
        for model, checked in report["models"].items()
    }
    return {
        "plan": plan,
        "unit": "fraction" if unit == "points" else "score",
        "ok": not predictions.problems,
        "models": models,
        "margin_90": predictions.margins.to_dict(),
        "problems": predictions.problems,
        "notes": notes,
    }
