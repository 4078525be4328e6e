"""What the commands that read a harness's results have in common."""

import argparse
from typing import Any

from sklearn_sparseeval.cli._arguments import positive


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the results and how they are read.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the command.
    """
    parser.add_argument(
        "results", nargs="+", metavar="RESULTS",
        help="files or folders of an evaluation harness with a score per item; folders are "
        "searched with all their sub-folders",
    )  # fmt: skip
    parser.add_argument(
        "--format", default="auto", metavar="NAME",
        help="the harness that wrote them, such as lm_eval or inspect (default: recognised, file "
        "by file)",
    )  # fmt: skip
    parser.add_argument(
        "--skip-bad-files", action="store_true",
        help="leave out files that cannot be read, with a note, in place of stopping at the first",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", type=positive, metavar="N",
        help="how many processes; the result does not depend on it (default: one per core)",
    )  # fmt: skip


def read_given_results(arguments: argparse.Namespace) -> Any:
    """Read the results, with a bar where a person is looking.

    Parameters
    ----------
    arguments : argparse.Namespace
        As :func:`add_reading_arguments` describes them.

    Returns
    -------
    results : pandas.DataFrame
        The long table.
    """
    from sklearn_sparseeval.harness import read_results

    return read_results(
        arguments.results,
        format=None if arguments.format == "auto" else arguments.format,
        n_jobs=arguments.jobs or -1,
        on_error="skip" if arguments.skip_bad_files else "raise",
    )
