"""Running many calls in a pool of workers, which an error or an early end leaves in order.

joblib kills its workers where it is stopped early. Calls that are still on their way to them then
raise a KeyError in a thread of the pool, whose traceback a user sees. So nothing here makes joblib
stop early: an error travels as a result, no further calls are given out, and those that were are
waited for.
"""

import os
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sklearn.utils.parallel import Parallel, delayed

Call = tuple[Callable[..., Any], tuple[Any, ...]]


class _Raised(NamedTuple):
    """What a call raised."""

    error: Exception


class _Feed:
    """Hands calls out one by one, until it is stopped."""

    def __init__(self, calls: Iterable[Call]) -> None:
        self._calls = iter(calls)
        self._pid = os.getpid()
        self.is_stopped = False

    def __iter__(self) -> Iterator[Any]:
        for function, arguments in self._calls:
            if self.is_stopped:
                return
            yield delayed(_guarded)(self._pid, function, arguments)


@contextmanager
def results_of(
    calls: Iterable[Call], *, n_jobs: int | None, ordered: bool = True
) -> Iterator[Iterator[Any]]:
    """Run calls in a pool of workers, and hand out their results as they come.

    Parameters
    ----------
    calls : iterable of (callable, tuple)
        Functions of a module, and their arguments. They are taken when a worker is about to be
        free, perhaps in another thread.
    n_jobs : int or None
        How many at a time, as joblib takes it.
    ordered : bool, default=True
        Whether results come in the order of the calls, or as soon as they are there.

    Yields
    ------
    results : iterator
        What the calls return. An exception that one of them raises is raised when it is reached.
        Where the block is left before all results were taken, no further call is made; those that
        are under way are waited for, unless the user interrupts.
    """
    feed = _Feed(calls)
    return_as = "generator" if ordered else "generator_unordered"
    try:
        parallel = Parallel(n_jobs=n_jobs, return_as=return_as)
    except ValueError:  # backends that only return all at once, such as ray's
        parallel = Parallel(n_jobs=n_jobs)
    outputs = iter(parallel(feed))
    try:
        yield _values(outputs)
    except KeyboardInterrupt:
        feed.is_stopped = True
        _stop_at_once(outputs)
        raise
    finally:
        feed.is_stopped = True
        deque(outputs, maxlen=0)


def _guarded(pid: int, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        return function(*arguments)
    except Exception as error:
        if os.getpid() != pid:  # a traceback cannot travel
            error.add_note(f"In a worker process:\n{traceback.format_exc()}")
        return _Raised(error)


def _values(outputs: Iterator[Any]) -> Iterator[Any]:
    for output in outputs:
        if isinstance(output, _Raised):
            raise output.error
        yield output


def _stop_at_once(outputs: Any) -> None:
    """Kill the workers, without a warning that they were."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        if isinstance(outputs, Generator):  # a list is complete already
            outputs.close()
