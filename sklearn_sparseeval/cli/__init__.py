"""The command ``sparseeval``; one file per sub-command."""

import argparse
import io
import os
import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from importlib import import_module
from typing import Any, NoReturn, TextIO

from sklearn_sparseeval._messages import printable
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
    "(predict, rank), of at least one model; 130 stopped with Ctrl-C; 141 nobody read the output."
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


class _Escaped(io.TextIOBase):
    """A stream to which control characters go as Python writes them.

    Names and notes come from anybody's files, and a terminal obeys what is in them.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, of whose control characters only ends of lines and tabs are left."""
        parts = re.split(r"([\n\t]+)", text)
        self._stream.write("".join(p if p.isspace() else printable(p) for p in parts))
        return len(text)

    def flush(self) -> None:
        """Flush what was written."""
        self._stream.flush()


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
        the plan that they are to be predicted by, 130 after Ctrl-C, 141 where the output is
        closed before its end, as by ``head``.
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
    try:
        with redirect_stdout(_Escaped(sys.stdout)):
            try:
                arguments = parser.parse_args(given)
                code: int | None = arguments.run(arguments)
            finally:
                sys.stdout.flush()  # here a closed pipe can still be told from other errors
    except BrokenPipeError:  # whoever reads has seen enough
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (ImportError, OSError, ValueError) as error:
        print(f"sparseeval: error: {printable(' '.join(str(error).split()))}", file=sys.stderr)
        return 2
    except MemoryError as error:
        print(f"sparseeval: error: out of memory {printable(str(error))}".strip(), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sparseeval: stopped", file=sys.stderr)
        return 130
    return code or 0
