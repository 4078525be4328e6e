"""``sparseeval predict``: the full score of models that were run on the anchors alone."""

import argparse
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._notes import Note, noted
from sklearn_sparseeval._optional import check_installed
from sklearn_sparseeval.cli._arguments import (
    add_coverage,
    add_reading_arguments,
    print_notes,
    reading_options,
)

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
        "Models whose results do not fit the plan are named and not predicted. Of models that are "
        "unlike the history, give the results of a top-up too (sparseeval top-up)."
    )
    parser.epilog = (
        "Exit codes: 0 all models were predicted; 2 a wrong argument or file; 3 results of at "
        "least one model do not fit the plan, or with --strict one is unlike the history and has "
        "no top-up.\nExample: sparseeval predict plan anchor_results"
    )
    parser.add_argument(
        "plan", type=Path, metavar="PLAN",
        help="the folder that `sparseeval select` wrote, or the predictor.skops in it",
    )  # fmt: skip
    add_reading_arguments(parser)
    add_coverage(parser)
    parser.add_argument(
        "--strict", action="store_true",
        help="exit with 3 where a model is unlike the history and has no top-up",
    )  # fmt: skip
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
        0; 3 where results of a model do not fit the plan, or with --strict the model does not.
    """
    from sklearn_sparseeval.plan import load_plan
    from sklearn_sparseeval.plan._output import json_text

    check_installed("pandas", "skops", purpose="predict")
    notes: list[Note] = []
    with noted(notes):
        plan = load_plan(arguments.plan)
        results = plan.read(arguments.results, **reading_options(arguments))
    with noted([]):  # what is said of the results is told once
        report = plan.verify(results)
    with noted(notes):
        predictions = plan.predict(results, coverage=arguments.coverage)
    problems, notes = split_notes(report, notes)
    for problem in problems:
        print(f"sparseeval: problem: {problem}", file=sys.stderr)
    unlike = unlike_models(predictions)
    if arguments.json:
        described = _report(plan, arguments, report, predictions)
        print(json_text(described | {"ok": not problems, "problems": problems, "notes": notes}))
    else:
        _print_predictions(plan, predictions, arguments)
        print_notes(notes)
        if unlike:
            print("\n".join(_advice(arguments, unlike)))
    return MISFIT if problems or (arguments.strict and unlike) else 0


def split_notes(report: "AnchorRunReport", notes: list[Note]) -> tuple[list[Note], list[Note]]:
    """Tell problems, for which models were not predicted, from what is only worth knowing.

    Parameters
    ----------
    report : AnchorRunReport
        Of the results.
    notes : list of Note
        All that was warned of.

    Returns
    -------
    problems, notes : list of Note
        Each once.
    """
    unpredicted = [note for note in notes if note.kind == "not-predicted"]
    problems = [*report.problems, *dict.fromkeys(unpredicted)]
    return problems, [note for note in dict.fromkeys(notes) if note not in problems]


def unlike_models(predictions: "DataFrame") -> list[str]:
    """List the models that are unlike the history and have no top-up.

    Parameters
    ----------
    predictions : pandas.DataFrame
        What :meth:`Plan.predict` returned.

    Returns
    -------
    models : list of str
        Their names.
    """
    unlike = ~predictions["like"].fillna(True).astype(bool) & (predictions["top_up"] == 0)
    return list(predictions.loc[unlike, "model"].unique())


def _advice(arguments: argparse.Namespace, unlike: list[str]) -> list[str]:
    """Say how to top up."""
    paths = " ".join(quote(str(path)) for path in [arguments.plan, *arguments.results])
    what = "this model" if len(unlike) == 1 else f"these {len(unlike)} models"
    return [
        f"\nFor an interval that holds for {what} whatever the history says, run further items:",
        f"    sparseeval top-up {paths} -n 50 -o more",
    ]


def _print_predictions(
    plan: "Plan", predictions: "DataFrame", arguments: argparse.Namespace
) -> None:
    from sklearn_sparseeval.plan._output import text_table
    from sklearn_sparseeval.score_matrix import OVERALL

    known: Any = predictions[predictions["score"].notna()]
    if known.empty:
        return
    show_tasks = arguments.tasks
    if show_tasks is None:
        show_tasks = len(known) <= _ROWS_SHOWN
    shown = known if show_tasks else known[known["target"] == OVERALL]
    has_measured = bool(shown["measured"].notna().any())
    rows = [
        [
            row.model,
            row.target,
            plan.in_unit(row.score),
            plan.in_unit(row.low),
            plan.in_unit(row.high),
            *([plan.in_unit(row.measured)] if has_measured else []),
            plan.in_unit(row.raw_mean),
            verdict_of(row),
        ]
        for row in shown.itertuples()
    ]
    measured = ["measured"] if has_measured else []
    header = ["model", "target", "predicted", "low", "high", *measured, "(raw mean)", "verdict"]
    print("\n".join(text_table(header, rows, left=2)))
    if len(shown) < len(known):
        print(f"({known['target'].nunique() - 1} tasks not shown; --tasks shows them)")
    points = ", in percentage points" if plan.description["unit"] == "points" else ""
    print(
        f"\npredicted: the score on the whole benchmark{points}; low to high: the interval that "
        f"holds it in {arguments.coverage:.0%} of the cases; "
        f"{'measured: of a model of the history; ' if has_measured else ''}raw mean: of the "
        "results on the anchors, which is not an estimate of the score; verdict: whether the "
        "history vouches for the model."
    )


def verdict_of(row: Any) -> str:
    """Write the verdict of a model.

    Parameters
    ----------
    row : named tuple
        A row of a plan's predictions or ranking.

    Returns
    -------
    text : str
        The reason, and whether a top-up was used.
    """
    return (row.reason or "?") + (", topped up" if row.top_up else "")


def _report(
    plan: "Plan", arguments: argparse.Namespace, report: "AnchorRunReport", predictions: "DataFrame"
) -> dict[str, Any]:
    """Gather it for scripts; scores are in the units of the results, not in points."""
    models = {}
    for model, checked in report.to_dict()["models"].items():
        own: Any = predictions[predictions["model"] == model].set_index("target")
        first = own.iloc[0]
        predicted = bool(own["score"].notna().all())
        columns = {"predicted": "score", "low": "low", "high": "high"}
        values = {key: own[name].to_dict() if predicted else None for key, name in columns.items()}
        has_verdict = bool(first["reason"])
        values["like"] = bool(first["like"]) if has_verdict else None
        values["reason"] = first["reason"] if has_verdict else None
        values["top_up"] = int(first["top_up"])
        in_history = bool(own["measured"].notna().any())
        values["measured"] = own["measured"].to_dict() if in_history else None
        found = [kind for kind in first["found"].split(", ") if kind]
        models[model] = checked | {"ok": predicted, **values, "found": found}
    return {
        "plan": arguments.plan,
        "unit": "fraction" if plan.description["unit"] == "points" else "score",
        "coverage": arguments.coverage,
        "models": models,
        "margin_90": plan.summary()["margin_90"].to_dict(),
    }
