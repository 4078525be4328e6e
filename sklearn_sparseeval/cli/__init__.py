"""The command ``sparseeval``; one file per sub-command."""

import argparse
import io
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

from sklearn_sparseeval._version import __version__

__all__ = ["main"]

# A command's file is imported when it is called. What each does, as --help lists it.
_COMMANDS = {
    "demo": "predict held-out models on real data",
    "import": "make one score file of an evaluation harness's results",
    "select": "choose the items to run on new models, and write what is needed for that",
    "predict": "predict full scores from results on the anchors",
    "rank": "put models in order of their predicted scores, and say which are too close to call",
    "top-up": "draw further items for models that are unlike the history",
    "show": "say what a plan is",
    "compare": "find the method to trust on your own results",
}
_EXIT_CODES = (
    "Exit codes: 0 all went well; 2 a wrong argument or file; 3 results that do not fit the plan "
    "(predict, rank), of at least one model; 130 stopped with Ctrl-C."
)


class _HelpFormatter(argparse.HelpFormatter):
    """A formatter that keeps the line breaks of what is written below the options."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = text.splitlines()
        return "\n".join(
            super(_HelpFormatter, self)._fill_text(one, width, indent) for one in lines
        )


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_HelpFormatter, **options)

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
        Exit code: 0 when all went well, 2 for a wrong argument or file, 3 where results do not fit
        the plan that they are to be predicted by, 130 after Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names that a console's code page does not have
            stream.reconfigure(errors="backslashreplace")
    parser = _Parser(
        prog="sparseeval",
        description="Predict a language model's full-benchmark score from a few chosen items.",
        epilog=(
            "From a harness's logs to a score: import, then select, then run what select says, "
            f"then predict. To see it work: sparseeval demo. {_EXIT_CODES}"
        ),
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    given = list(sys.argv[1:] if argv is None else argv)
    called = next((word for word in given if not word.startswith("-")), None)
    for name, help in _COMMANDS.items():
        command = commands.add_parser(name, help=help)
        if name == called:
            import_module(f"{__name__}._{name.replace('-', '_')}").fill_parser(command)
    arguments = parser.parse_args(given)
    try:
        code: int | None = arguments.run(arguments)
    except (ImportError, OSError, ValueError) as error:
        print(f"sparseeval: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sparseeval: stopped", file=sys.stderr)
        return 130
    return code or 0
