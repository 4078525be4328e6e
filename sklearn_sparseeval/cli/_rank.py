"""``sparseeval rank``: models in order of their predicted scores."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._notes import Note, noted
from sklearn_sparseeval._optional import check_installed
from sklearn_sparseeval.cli._arguments import (
    add_coverage,
    add_reading_arguments,
    print_notes,
    reading_options,
)
from sklearn_sparseeval.cli._predict import MISFIT, split_notes, verdict_of

if TYPE_CHECKING:
    from pandas import DataFrame

    from sklearn_sparseeval.plan import Plan


def fill_parser(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the command.
    """
    parser.usage = "%(prog)s PLAN RESULTS... [options]"
    parser.description = (
        "Put models in order of the score that is predicted of their results on a plan's anchors. "
        "Beside each stands the probability that it scores higher than the next one; two models "
        "are too close to call where that is less than 95 %%, and share a rank."
    )
    parser.epilog = (
        "Exit codes: 0 all models were ranked; 2 a wrong argument or file; 3 results of at least "
        "one model do not fit the plan.\nExample: sparseeval rank plan anchor_results"
    )
    parser.add_argument(
        "plan", type=Path, metavar="PLAN",
        help="the folder that `sparseeval select` wrote, or the predictor.skops in it",
    )  # fmt: skip
    add_reading_arguments(parser)
    add_coverage(parser)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object, for scripts, and no text"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read, rank and print.

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

    check_installed("pandas", "skops", purpose="rank")
    notes: list[Note] = []
    with noted(notes):
        plan = load_plan(arguments.plan)
        results = plan.read(arguments.results, **reading_options(arguments))
    with noted([]):  # what is said of the results is told once
        report = plan.verify(results)
    with noted(notes):
        ranking = plan.rank(results, coverage=arguments.coverage)
    problems, notes = split_notes(report, notes)
    for problem in problems:
        print(f"sparseeval: problem: {problem}", file=sys.stderr)
    if arguments.json:
        described = {
            "plan": arguments.plan,
            "unit": "fraction" if plan.description["unit"] == "points" else "score",
            "coverage": arguments.coverage,
            "ok": not problems,
            "ranking": ranking.to_dict("records"),
            "problems": problems,
            "notes": notes,
        }
        print(json_text(described))
    else:
        _print_ranking(plan, ranking)
        print_notes(notes)
    return MISFIT if problems else 0


def _print_ranking(plan: "Plan", ranking: "DataFrame") -> None:
    from sklearn_sparseeval.plan._output import text_table

    if ranking.empty:
        return
    shared: Any = ranking["rank"].duplicated(keep=False)
    ranked: Any = ranking.itertuples()
    rows = [
        [
            f"{row.rank}{'=' if tied else ''}",
            row.model,
            plan.in_unit(row.score),
            plan.in_unit(row.low),
            plan.in_unit(row.high),
            f"{row.prob_better:.0%}" if row.prob_better == row.prob_better else "",
            verdict_of(row),
            "too close to call" if row.too_close else "",
        ]
        for row, tied in zip(ranked, shared, strict=True)
    ]
    header = ["rank", "model", "predicted", "low", "high", "beats the next", "verdict", ""]
    print("\n".join(text_table(header, rows, left=2)))
    points = ", in percentage points" if plan.description["unit"] == "points" else ""
    print(
        f"\npredicted: the score on the whole benchmark{points}; beats the next: the probability "
        "that the model scores higher than the one below it; models with one rank (=) are too "
        "close to call."
    )
