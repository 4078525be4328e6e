"""The command ``sparseeval``; one file per sub-command."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from sklearn_sparseeval import __version__
from sklearn_sparseeval.cli import _compare, _demo

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, default=None
        Arguments after the program's name; None takes those of the process.

    Returns
    -------
    code : int
        Exit code: 0 when all went well, 2 for a wrong argument or file, 130 after Ctrl-C.
    """
    parser = _Parser(
        prog="sparseeval",
        description="Predict a language model's full-benchmark score from a few chosen items.",
        epilog="Example: sparseeval demo --dataset helm_lite_mmlu --n-anchors 30",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _demo.add_parser(commands)
    _compare.add_parser(commands)
    arguments = parser.parse_args(argv)
    try:
        arguments.run(arguments)
    except (OSError, ValueError) as error:
        print(f"sparseeval: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sparseeval: stopped", file=sys.stderr)
        return 130
    return 0
