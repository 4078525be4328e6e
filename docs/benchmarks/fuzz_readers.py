"""Feeds mutated results to every reader; only ResultsError may come out, in time and memory.

    python docs/benchmarks/fuzz_readers.py --minutes 10
    python docs/benchmarks/fuzz_readers.py --case helm:7:1234     # one case again, with traceback

Each case writes a small valid folder of a format (small_results.py), mutates some of its files
(mutations.py), and reads it, by its own reader or by read_results. The table says what became of
them. Exit code 1: something else than ResultsError was raised, a case took too long or too much
memory, the process ended, or a table held what none may.
"""

import argparse
import faulthandler
import multiprocessing
import os
import random
import resource
import signal
import tempfile
import time
import traceback
import warnings
from collections import Counter, defaultdict
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mutations import FOLDER, LINK, PIPE, mutate_folder
from small_results import FORMATS

from sklearn_sparseeval import ResultsError, ResultsWarning, harness
from sklearn_sparseeval.harness.table import COLUMNS

CPU_SECONDS = 5.0
WALL_SECONDS = 60.0  # a case that waits for something takes no time of the processor
MEGABYTES = 1_000
ADDRESS_SPACE = 16 << 30
GOOD = ("read", "refused")


class TookTooLongError(BaseException):
    """No Exception: readers turn those into ResultsError."""


class WrongTableError(Exception):
    """A reader gave a table that breaks its promises."""


class Verdict(NamedTuple):
    """What became of a case."""

    outcome: str
    warned: bool
    seconds: float
    megabytes: float
    error: BaseException | None


def write(folder, files):
    for name, content in files.items():
        path = Path(folder, name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if content == FOLDER:
                path.mkdir()
            elif content == PIPE:
                os.mkfifo(path)
            elif isinstance(content, str):  # a link, to nothing or to another file
                path.symlink_to(Path(folder, content.removeprefix(LINK) or "nothing"))
            else:
                path.write_bytes(content)
        except OSError:  # a mutated name that the disk does not take
            continue


def check_table(table):
    """Raise if a table holds what none may, whatever the files held."""
    values, epochs = table["value"].to_numpy(), table["epoch"].to_numpy()
    if list(table.columns) != list(COLUMNS) or not len(table):
        raise WrongTableError(f"columns {list(table.columns)}, {len(table)} rows")
    if np.isinf(values).any() or np.isinf(table["cost"]).any() or (epochs < 1).any():
        raise WrongTableError("infinite values or costs, or an epoch below 1")
    for name in ("model", "task", "item", "metric", "filter", "group", "setting", "date"):
        if table[name].isna().any():
            raise WrongTableError(f"{name} is missing in places")
        for text in table[name].cat.categories:
            text.encode()  # what cannot be written to a file is no name


def read(name, folder, rng):
    options = {"on_error": rng.choice(("raise", "skip")), "progress": False}
    kind = rng.randrange(6)
    if kind == 0:
        return harness.read_results(folder, **options)
    if kind == 1:
        return harness.read_results(folder, format=name, **options)
    return getattr(harness, f"read_{name}")(folder, **options)


@contextmanager
def time_limits():
    """Raise TookTooLongError in what takes too long."""

    def stop(number, frame):
        raise TookTooLongError(signal.Signals(number).name)

    limits = ((signal.SIGPROF, signal.ITIMER_PROF, CPU_SECONDS),
              (signal.SIGALRM, signal.ITIMER_REAL, WALL_SECONDS))  # fmt: skip
    before = [signal.signal(number, stop) for number, _, _ in limits]
    try:
        for _, timer, seconds in limits:
            signal.setitimer(timer, seconds)
        yield
    finally:
        for (number, timer, _), handler in zip(limits, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


def judged(name, folder, rng):
    """Read a folder within the limits."""
    error, outcome, started = None, "read", time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with time_limits():
                check_table(read(name, folder, rng))
        except ResultsError as refusal:
            outcome, error = "refused", refusal
        except TookTooLongError as slow:
            outcome, error = "slow", slow
        except Exception as other:
            outcome, error = "failed", other
    seconds = time.process_time() - started
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    foreign = [one for one in caught if not issubclass(one.category, ResultsWarning)]
    if outcome in GOOD and foreign:
        outcome, error = "failed", foreign[0].message
    if outcome in GOOD and (seconds > CPU_SECONDS or megabytes > MEGABYTES):
        outcome = "slow" if seconds > CPU_SECONDS else "memory"
    return Verdict(outcome, bool(caught), seconds, megabytes, error)


@cache  # a workbook takes longer to write than to read
def valid_files(name):
    return FORMATS[name]()


def run_case(case):
    """Run a case, which its name determines: format, seed, number."""
    rng = random.Random(case)
    name = case.partition(":")[0]
    files = mutate_folder(valid_files(name), rng)
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        write(folder, files)
        return judged(name, folder, rng)


class Worker:
    """A process that runs cases, replaced when one ends it or does not end."""

    def __init__(self):
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def _start(self):
        self._pipe, other = self._context.Pipe()
        self._process = self._context.Process(target=work, args=(other,), daemon=True)
        self._process.start()
        other.close()

    def run(self, case):
        self._pipe.send(case)
        if self._pipe.poll(2 * WALL_SECONDS):
            try:
                return self._pipe.recv()
            except EOFError:
                outcome = "crashed"
        else:
            outcome = "slow"
        self._process.join(1)
        self._process.kill()
        self._process.join()
        verdict = Verdict(outcome, False, 0.0, 0.0, f"exit code {self._process.exitcode}")
        self._start()
        return verdict

    def close(self):
        self._pipe.send(None)
        self._process.join()


def work(pipe):
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    while (case := pipe.recv()) is not None:
        verdict = run_case(case)
        pipe.send(verdict._replace(error=repr(verdict.error)[:300]))


def run_all(names, seed, minutes):
    """Run cases until the time is over; gives the verdicts' counts and the bad cases."""
    counts, slowest, bad, worker = defaultdict(Counter), Counter(), [], Worker()
    number, end = 0, time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        name = names[number % len(names)]
        case = f"{name}:{seed}:{number}"
        verdict = worker.run(case)
        counts[name]["cases"] += 1
        counts[name][verdict.outcome] += 1
        counts[name]["warned"] += verdict.warned
        slowest[name] = max(slowest[name], verdict.seconds)
        if verdict.outcome not in GOOD:
            bad.append(case)
            print(f"{case}: {verdict.outcome}: {verdict.error}", flush=True)
        number += 1
    worker.close()
    return counts, slowest, bad


def print_table(counts, slowest):
    columns = ("cases", "read", "refused", "warned", "failed", "crashed", "slow", "memory")
    print(f"{'reader':<12}" + "".join(f"{name:>9}" for name in columns) + f"{'slowest':>10}")
    for name, count in counts.items():
        cells = "".join(f"{count[column]:>9}" for column in columns)
        print(f"{name:<12}{cells}{slowest[name]:>8.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=None, help="default: another one each time")
    parser.add_argument("--readers", nargs="+", choices=sorted(FORMATS), default=list(FORMATS))
    parser.add_argument("--case", help="run this one case, such as helm:7:1234")
    args = parser.parse_args()
    if args.case:
        faulthandler.enable()
        verdict = run_case(args.case)
        if verdict.error is not None:
            traceback.print_exception(verdict.error)
        print(f"{args.case}: {verdict.outcome} in {verdict.seconds:.2f} s")
        return int(verdict.outcome not in GOOD)
    seed = int.from_bytes(os.urandom(4)) if args.seed is None else args.seed
    print(f"seed {seed}, {args.minutes:g} minutes", flush=True)
    counts, slowest, bad = run_all(args.readers, seed, args.minutes)
    print_table(counts, slowest)
    print(f"{len(bad)} bad cases" + "".join(f"\n  --case {case}" for case in bad[:50]))
    return int(bool(bad))


if __name__ == "__main__":
    raise SystemExit(main())
