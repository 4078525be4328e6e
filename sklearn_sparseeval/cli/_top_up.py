"""``sparseeval top-up``: further items for models that are unlike the history."""

import argparse
from pathlib import Path
from shlex import quote

from sklearn_sparseeval._notes import Note, noted
from sklearn_sparseeval._optional import check_installed
from sklearn_sparseeval.cli._arguments import (
    add_reading_arguments,
    positive,
    reading_options,
    seed,
)
from sklearn_sparseeval.cli._predict import unlike_models


def fill_parser(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the command.
    """
    parser.usage = "%(prog)s PLAN RESULTS... -n N -o MORE [options]"
    parser.description = (
        "Draw a random sample of further items for the models that are unlike the plan's history, "
        "and write the lists as harnesses take them. With the results on them `sparseeval predict` "
        "gives intervals that hold whatever the model. The plan keeps in mind which items were "
        "drawn."
    )
    parser.epilog = "Example: sparseeval top-up plan anchor_results -n 50 -o more"
    parser.add_argument(
        "plan", type=Path, metavar="PLAN", help="the folder that `sparseeval select` wrote"
    )
    add_reading_arguments(parser)
    parser.add_argument(
        "-n", "--n-items", type=positive, default=50, metavar="N",
        help="how many items to draw (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="MORE",
        help="the folder to write; made if it does not exist",
    )  # fmt: skip
    parser.add_argument(
        "--harness-args", metavar="TEXT",
        help="goes into the harness's commands as it is: the model and how it is run",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="SEED", help="of the draw (default: %(default)s)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object, for scripts, and no text"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Draw, write the lists, and say what to run.

    Parameters
    ----------
    arguments : argparse.Namespace
        As :func:`fill_parser` describes them.
    """
    from sklearn_sparseeval.plan import load_plan
    from sklearn_sparseeval.plan._folder import write_description
    from sklearn_sparseeval.plan._lists import check_harness_args, write_harness_files
    from sklearn_sparseeval.plan._output import json_text
    from sklearn_sparseeval.plan._summary import next_steps

    check_installed("pandas", "skops", purpose="top-up")
    notes: list[Note] = []
    with noted(notes):
        plan = load_plan(arguments.plan)
        check_harness_args(plan.predictor.items, arguments.harness_args)
        results = plan.read(arguments.results, **reading_options(arguments))
        models = unlike_models(plan.predict(results))
        items = plan.anchors.iloc[:0]
        if models:
            items = plan.top_up(n_items=arguments.n_items, random_state=arguments.seed)
    runs = []
    if models:
        arguments.output.mkdir(parents=True, exist_ok=True)
        runs = write_harness_files(items, arguments.output, arguments.harness_args)
        write_description(arguments.plan, plan.description)
    described = {
        "models": models,
        "items": list(items.index),
        "harnesses": [run._asdict() for run in runs],
    }
    if arguments.json:
        print(json_text({"plan": arguments.plan, "output": arguments.output, **described}))
        return
    if not models:
        print("No model needs a top-up: the history vouches for all of them.")
        return
    print(f"{len(items)} further items for: {', '.join(models)}.")
    print("\n".join(next_steps({"harnesses": described["harnesses"]}, arguments.plan)[:-2]))
    paths = " ".join(quote(str(path)) for path in [arguments.plan, *arguments.results])
    print(f"Then predict from both:\n    sparseeval predict {paths} MORE_RESULTS")
