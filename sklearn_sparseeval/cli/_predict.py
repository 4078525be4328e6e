"""``sparseeval predict``: the full score of models that were run on the anchors alone."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._notes import Note, noted
from sklearn_sparseeval._optional import check_installed
from sklearn_sparseeval.cli._arguments import add_reading_arguments, print_notes, reading_options

if TYPE_CHECKING:
    from pandas import DataFrame

    from sklearn_sparseeval.harness import AnchorRunReport
    from sklearn_sparseeval.plan import Plan

MISFIT = 3  # exit code
_ROWS_SHOWN = 40


def fill_parser(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the command.
    """
    parser.usage = "%(prog)s PLAN RESULTS... [options]"
    parser.description = (
        "Read the results of one or several models on a plan's anchors, check that they are "
        "results on exactly these items, and predict what the models would score on the whole "
        "benchmark. Results of whole runs do as well: the anchors are read, and nothing else. "
        "Models whose results do not fit the plan are named and not predicted."
    )
    parser.epilog = (
        "Exit codes: 0 all models were predicted; 2 a wrong argument or file; 3 results of at "
        "least one model do not fit the plan.\nExample: sparseeval predict plan anchor_results"
    )
    parser.add_argument(
        "plan", type=Path, metavar="PLAN",
        help="the folder that `sparseeval select` wrote, or the predictor.skops in it",
    )  # fmt: skip
    add_reading_arguments(parser)
    parser.add_argument(
        "--tasks", action=argparse.BooleanOptionalAction, default=None,
        help="show the score of every task too (default: if that is not a long list)",
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
        As :func:`fill_parser` describes them.

    Returns
    -------
    code : int
        0, or 3 where results of a model do not fit the plan.
    """
    from sklearn_sparseeval.plan import load_plan
    from sklearn_sparseeval.plan._output import json_text

    check_installed("pandas", "skops", purpose="predict")
    notes: list[Note] = []
    with noted(notes):
        plan = load_plan(arguments.plan)
        results = plan.read(arguments.results, **reading_options(arguments))
        report = plan.verify(results)
        notes += [*report.warnings, *report.notes]
        predictions = plan.predict(report)
    unpredicted = [note for note in notes if note.kind == "not-predicted"]
    problems = [*report.problems, *unpredicted]
    notes = [note for note in dict.fromkeys(notes) if note not in unpredicted]
    for problem in problems:
        print(f"sparseeval: problem: {problem}", file=sys.stderr)
    if arguments.json:
        print(json_text(_report(plan, arguments.plan, report, predictions, problems, notes)))
    else:
        _print_predictions(plan, predictions, show_tasks=arguments.tasks)
        print_notes(notes)
    return MISFIT if problems else 0


def _print_predictions(plan: "Plan", predictions: "DataFrame", *, show_tasks: bool | None) -> None:
    from sklearn_sparseeval.plan._output import text_table
    from sklearn_sparseeval.score_matrix import OVERALL

    known: Any = predictions[predictions["score"].notna()]
    if known.empty:
        return
    if show_tasks is None:
        show_tasks = len(known) <= _ROWS_SHOWN
    shown = known if show_tasks else known[known["target"] == OVERALL]
    margins: Any = plan.summary()["margin_90"]
    rows = [
        [
            row.model,
            row.target,
            plan.in_unit(row.score),
            plan.in_unit(margins[row.target]),
            plan.in_unit(row.raw_mean),
        ]
        for row in shown.itertuples()
    ]
    header = ["model", "target", "predicted", "±", "(raw mean)"]
    print("\n".join(text_table(header, rows, left=2)))
    if len(shown) < len(known):
        print(f"({len(margins) - 1} tasks not shown; --tasks shows them)")
    points = ", in percentage points" if plan.description["unit"] == "points" else ""
    print(
        f"\npredicted: the score on the whole benchmark{points}; ±: as far off "
        "were 90 % of the history's models when they were held out, or less; raw mean: of the "
        "results on the anchors, which is not an estimate of the score."
    )


def _report(
    plan: "Plan",
    path: Path,
    report: "AnchorRunReport",
    predictions: "DataFrame",
    problems: list[Note],
    notes: list[Note],
) -> dict[str, Any]:
    """Gather it for scripts; scores are in the units of the results, not in points."""
    models = {}
    for model, checked in report.to_dict()["models"].items():
        own = predictions[predictions["model"] == model].set_index("target")
        predicted = bool(own["score"].notna().all())
        columns = {"predicted": "score", "low": "low", "high": "high"}
        values = {key: own[name].to_dict() if predicted else None for key, name in columns.items()}
        found = [kind for kind in own["found"].iloc[0].split(", ") if kind]
        models[model] = checked | {"ok": predicted, **values, "found": found}
    return {
        "plan": path,
        "unit": "fraction" if plan.description["unit"] == "points" else "score",
        "ok": not problems,
        "models": models,
        "margin_90": plan.summary()["margin_90"].to_dict(),
        "problems": problems,
        "notes": notes,
    }
