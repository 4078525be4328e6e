"""``sparseeval show``: what a plan is."""

import argparse
from pathlib import Path
from typing import Any

from sklearn_sparseeval.cli._optional_packages import require_packages
from sklearn_sparseeval.plan._json import json_text
from sklearn_sparseeval.plan._notes import noted, print_notes
from sklearn_sparseeval.plan._text_table import text_table


def add_parser(commands: Any) -> None:
    """Add the sub-command to the parser of ``sparseeval``.

    Parameters
    ----------
    commands : argparse sub-parsers action
        What ``add_subparsers`` returned.
    """
    parser = commands.add_parser(
        "show",
        usage="%(prog)s PLAN [options]",
        help="say what a plan is",
        description=(
            "Say what a plan is: its method and history, how many anchors it has per task, the "
            "error to expect, the commands to run, and the versions it was made with."
        ),
        epilog="Example: sparseeval show plan --anchors",
    )
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
    from sklearn_sparseeval.plan._folder import read_plan

    require_packages("show", "pandas", "skops")
    notes: list[str] = []
    with noted(notes):
        plan = read_plan(arguments.plan)
    plan["notes"] = list(dict.fromkeys([*plan.get("notes", []), *notes]))
    if arguments.json:
        print(json_text(plan))
        return
    if arguments.anchors:
        rows = [
            [str(number), anchor["task"], anchor["item"]]
            for number, anchor in enumerate(plan["anchors"], start=1)
        ]
        print("\n".join(text_table(["", "task", "item"], rows, left=3)))
        return
    _print_plan(plan, arguments.plan)


def _print_plan(plan: dict[str, Any], path: Path) -> None:
    from sklearn_sparseeval.plan._summary import (
        error_table,
        headline,
        how_measured,
        next_steps,
    )

    print(f"{headline(plan)}\n")
    print("\n".join(error_table(plan)))
    print(f"{how_measured(plan)}\n")
    print("\n".join(next_steps(plan, path)))
    print()
    print_notes(plan["notes"])
    bounds = plan["score_range"]
    clipped = f"clipped to {bounds[0]:g} to {bounds[1]:g}" if bounds else "not clipped"
    seed = f", with seed {plan['seed']}" if "seed" in plan else ""
    source = f" from {plan['scores']}" if "scores" in plan else ""
    print(f"Made on {plan['created']}{source}{seed}; predictions are {clipped}.")
    print(", ".join(f"{name} {version}" for name, version in plan["versions"].items()) + ".")
