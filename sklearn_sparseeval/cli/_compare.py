"""``sparseeval compare``: which method to trust on one's own results."""

import argparse
from pathlib import Path
from typing import Any

from sklearn_sparseeval._notes import Note, noted
from sklearn_sparseeval._optional import check_installed
from sklearn_sparseeval.cli._arguments import (
    add_alignment,
    add_scores,
    positive,
    print_notes,
    read_scores,
    seed,
)
from sklearn_sparseeval.datasets import SHIPPED

# Quick ones of every kind; "all" adds those that train networks.
_METHODS = (
    "random-mean",
    "random-ridge",
    "stratified-difference",
    "sparse-ridge",
    "sparseeval-repaired",
)
_METRICS = (
    "neg_mean_absolute_error",
    "neg_percentile_absolute_error",
    "bias",
    "kendall_tau",
    "pairwise_accuracy",
    "neg_top_pick_regret",
)
_BUDGETS = (20, 50, 100)


def fill_parser(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the command.
    """
    parser.usage = "%(prog)s SCORES [options]"
    parser.description = (
        "Compare methods on the results of your own models: which chooses the best anchors "
        "and predicts the scores of held-out models best, for how many anchors? Every method "
        "is refitted on the source models of every split and sees only its anchors of the "
        "others. Prints a table and writes results.csv, summary.csv and report.html (and "
        "results.jsonl, from which a run that was stopped goes on)."
    )
    parser.epilog = (
        "Examples:\nsparseeval compare scores.csv --n-anchors 50 100\n"
        "sparseeval compare helm_lite_gsm --protocol strength --methods all"
    )
    add_scores(
        parser,
        "csv or parquet file, rows models and columns items, first column the model's name, empty "
        "cells not evaluated, a column 'family' optional; an npz file with scores and models; or "
        f"a data set that ships: {', '.join(SHIPPED)}",
    )
    add_alignment(parser)
    parser.add_argument(
        "--n-anchors", type=positive, nargs="+", metavar="K",
        help="how many items the methods may choose (default: 20 50 100, as far as that is at most "
        "half of the items)",
    )  # fmt: skip
    parser.add_argument(
        "--protocol", choices=["family", "random", "strength"], default="family",
        help="family: a quarter of the models is held out, whole families and near-duplicates "
        "together; random: a random quarter; strength: the strongest 30 %% are predicted from the "
        "weakest half (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--methods", nargs="+", default=list(_METHODS), metavar="NAME",
        help=f"methods to compare, or all (default: {' '.join(_METHODS)})",
    )  # fmt: skip
    parser.add_argument(
        "--list-methods", action=_ListMethods, nargs=0, help="say what the methods are, and exit"
    )
    parser.add_argument(
        "--baseline", metavar="NAME",
        help="the method that the others are compared with (default: the first)",
    )  # fmt: skip
    _add_run_options(parser)
    parser.set_defaults(run=run)


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add what says how it is run and where it is written."""
    parser.add_argument(
        "--repeats", type=positive, default=20, metavar="N",
        help="how many splits (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", type=positive, metavar="N",
        help="how many processes; the results do not depend on it (default: one per core)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="SEED",
        help="of the splits and every other draw (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER",
        help="where to write; a run that was stopped goes on there when started again with the "
        "same arguments (default: the name of SCORES and '-comparison')",
    )  # fmt: skip
    parser.add_argument(
        "--no-report", action="store_true", help="write no report.html (which needs matplotlib)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Compare, print the table and write the files.

    Parameters
    ----------
    arguments : argparse.Namespace
        As :func:`fill_parser` describes them.
    """
    from sklearn_sparseeval.comparison import compare_estimators, make_protocol
    from sklearn_sparseeval.comparison._table import table_lines
    from sklearn_sparseeval.methods import get_methods

    registered = get_methods()
    names = list(registered) if arguments.methods == ["all"] else arguments.methods
    _check_names(names, arguments.baseline, registered)
    check_installed("pandas", purpose="compare")
    if not arguments.no_report:
        check_installed("matplotlib", purpose="The report (--no-report leaves it out)")
    matrix = read_scores(arguments.scores, transpose=arguments.transpose)
    matrix = matrix.align(arguments.alignment)
    n_models, n_items = matrix.data.shape
    budgets = _budgets(arguments.n_anchors, n_items)
    protocol = make_protocol(
        matrix, arguments.protocol, n_splits=arguments.repeats, random_state=arguments.seed
    )
    folder = arguments.output or Path(f"{Path(arguments.scores).stem}-comparison")
    folder.mkdir(parents=True, exist_ok=True)
    title = f"{arguments.scores}: {n_models} models x {n_items} items"
    print(f"{title}.\n{protocol.description}\n")
    notes: list[Note] = list(matrix.notes)
    with noted(notes):
        comparison = compare_estimators(
            names,
            matrix,
            cv=protocol.splits,
            groups=protocol.groups,
            n_anchors=budgets,
            scoring=_METRICS,
            baseline=arguments.baseline,
            alignment=arguments.alignment,
            n_jobs=arguments.jobs or -1,
            random_state=arguments.seed,
            results_file=folder / "results.jsonl",
        )
    print("\n".join(table_lines(comparison, matrix.unit)))
    print_notes(notes)
    _write(folder, comparison)
    if not arguments.no_report:
        from sklearn_sparseeval.comparison._report import write_report

        write_report(
            folder / "report.html", comparison, matrix,
            title=title, protocol=protocol.description, notes=notes,
        )  # fmt: skip
    written = ["results.csv", "summary.csv"] + ["report.html"] * (not arguments.no_report)
    print(f"\nWritten to {folder}: {', '.join(written)}.")


class _ListMethods(argparse.Action):
    """Print the methods and exit, as --help does."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        from sklearn_sparseeval.methods import get_methods

        for method in get_methods().values():
            print(f"{method.name:<28} {method.description}\n{'':<28} {method.source}")
        parser.exit()


def _check_names(names: list[str], baseline: str | None, registered: Any) -> None:
    unknown = [name for name in names if name not in registered]
    if unknown:
        raise ValueError(
            f"--methods: there is no method {unknown[0]!r}. --list-methods lists them. (SCORES "
            "comes before --methods.)"
        )
    if baseline is not None and baseline not in names:
        raise ValueError(
            f"--baseline {baseline} is not one of the methods compared: {', '.join(names)}."
        )


def _budgets(given: list[int] | None, n_items: int) -> list[int]:
    if given is not None:
        if max(given) > n_items:
            raise ValueError(f"--n-anchors {max(given)} is more than the {n_items} items.")
        return given
    return [k for k in _BUDGETS if k <= n_items // 2] or [max(1, n_items // 10)]


def _write(folder: Path, comparison: Any) -> None:
    import pandas as pd

    from sklearn_sparseeval._files import write_whole

    results = comparison.frame().to_csv(index=False)
    write_whole(folder / "results.csv", results.encode())
    tables = [comparison.summary(metric) for metric in comparison.metrics]
    summary = pd.concat([table.assign(**table.attrs) for table in tables])
    columns = ["metric", *(name for name in summary if name != "metric")]
    write_whole(folder / "summary.csv", summary[columns].to_csv(index=False).encode())
