"""``sparseeval show``: what a plan is."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_sparseeval._notes import Note, add_note, noted
from sklearn_sparseeval._optional import check_installed
from sklearn_sparseeval.cli._arguments import print_notes

if TYPE_CHECKING:
    from sklearn_sparseeval.plan import Plan


def fill_parser(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the command.
    """
    parser.usage = "%(prog)s PLAN [options]"
    parser.description = (
        "Say what a plan is: its method and history, how many anchors it has per task, the "
        "error to expect, the commands to run, and the versions it was made with."
    )
    parser.epilog = "Example: sparseeval show plan --anchors"
    parser.add_argument(
        "plan", type=Path, metavar="PLAN",
        help="the folder that `sparseeval select` wrote, or the predictor.skops in it",
    )  # fmt: skip
    parser.add_argument(
        "--anchors", action="store_true", help="list the anchors, in order of choice"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object, for scripts, and no text"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Read a plan and print it.

    Parameters
    ----------
    arguments : argparse.Namespace
        With `plan`, `anchors` and `json`.
    """
    from sklearn_sparseeval.plan import load_plan
    from sklearn_sparseeval.plan._output import json_text, text_table

    check_installed("pandas", "skops", purpose="show")
    warned: list[Note] = []
    with noted(warned):
        plan = load_plan(arguments.plan)
    notes = plan.notes
    for note in warned:
        add_note(notes, note)
    if arguments.json:
        print(json_text(plan.description | {"notes": notes}))
    elif arguments.anchors:
        rows = [
            [str(number), anchor["task"], anchor["item"]]
            for number, anchor in enumerate(plan.description["anchors"], start=1)
        ]
        print("\n".join(text_table(["", "task", "item"], rows, left=3)))
    else:
        _print_plan(plan, notes, arguments.plan)


def _print_plan(plan: "Plan", notes: list[Note], path: Path) -> None:
    from sklearn_sparseeval.plan._summary import error_table, headline, how_measured, next_steps

    described = plan.description
    print(f"{headline(described)}\n")
    print("\n".join(error_table(described)))
    print(f"{how_measured(described)}\n")
    print("\n".join(next_steps(described, path)))
    print()
    print_notes(notes)
    bounds = described["score_range"]
    clipped = (
        f"clipped to {bounds[0]:g} to {bounds[1]:g}"
        if bounds
        else "kept in the range that the history suggests"
    )
    seed = f", with seed {described['seed']}" if "seed" in described else ""
    source = f" from {described['scores']}" if "scores" in described else ""
    print(f"Made on {described['created']}{source}{seed}; predictions are {clipped}.")
    print(", ".join(f"{name} {version}" for name, version in described["versions"].items()) + ".")
