"""A pool of workers: results in order, errors as they are, and nothing left behind by them."""

import itertools
import os
import threading
import traceback

import joblib
import pytest

from sklearn_sparseeval._parallel import results_of

JOBS = pytest.mark.parametrize("n_jobs", [None, 2])


def double(number):
    return 2 * number


def pid_of(number):
    return os.getpid()


def fail_at(number, bad):
    if number == bad:
        raise KeyError(f"no {number}")
    return number


@pytest.fixture(autouse=True)
def no_errors_in_threads(monkeypatch):
    """The pool's own threads raise where workers are killed with calls under way to them."""
    seen = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    yield
    assert seen == []


@JOBS
def test_results_come_in_the_order_of_the_calls(n_jobs):
    with results_of(((double, (one,)) for one in range(20)), n_jobs=n_jobs) as results:
        assert list(results) == [2 * one for one in range(20)]


@JOBS
def test_results_may_come_as_they_are_there(n_jobs):
    calls = ((double, (one,)) for one in range(20))
    with results_of(calls, n_jobs=n_jobs, ordered=False) as results:
        assert sorted(results) == [2 * one for one in range(20)]


@JOBS
def test_an_error_of_a_call_is_raised_where_its_result_would_be(n_jobs):
    taken = []
    calls = ((fail_at, (one, 3)) for one in range(1000))
    with (
        pytest.raises(KeyError, match="no 3") as caught,
        results_of(calls, n_jobs=n_jobs) as results,
    ):
        taken.extend(results)
    assert taken == [0, 1, 2] or taken == []
    told = "".join(traceback.format_exception(caught.value))
    assert "in fail_at" in told


def leave_with(error, calls, **options):
    """Take one result, and raise an error."""
    with results_of(calls, **options) as results:
        next(results)
        raise error


@JOBS
@pytest.mark.parametrize("ordered", [True, False])
def test_after_an_error_no_more_calls_are_made(n_jobs, ordered):
    calls = ((double, (one,)) for one in itertools.count())  # to make them all would never end
    with pytest.raises(RuntimeError, match="enough"):
        leave_with(RuntimeError("enough"), calls, n_jobs=n_jobs, ordered=ordered)


@pytest.mark.parametrize("early", ["error", "break", "closed"])
def test_the_workers_outlive_an_early_end(early):
    def taken(n):
        with results_of(((pid_of, (one,)) for one in range(10_000)), n_jobs=2) as results:
            yield from itertools.islice(results, n)
            if early == "error":
                raise RuntimeError("enough")

    def pids():
        with results_of(((pid_of, (one,)) for one in range(100)), n_jobs=2) as results:
            return set(results)

    with joblib.parallel_config("loky", idle_worker_timeout=600):
        before = pids()
        if early == "closed":
            generator = taken(5)
            next(generator)
            generator.close()
        elif early == "break":
            list(taken(3))
        else:
            with pytest.raises(RuntimeError, match="enough"):
                list(taken(3))
        after = pids()
    assert before & after
    assert os.getpid() not in after


def test_an_interrupt_is_no_reason_to_wait_nor_to_warn(recwarn):
    calls = ((double, (one,)) for one in itertools.count())
    with pytest.raises(KeyboardInterrupt):
        leave_with(KeyboardInterrupt(), calls, n_jobs=None)
    assert not [one for one in recwarn if "generator" in str(one.message)]


def test_threads_share_the_process():
    with (
        joblib.parallel_config("threading"),
        results_of([(pid_of, (0,)), (pid_of, (1,))], n_jobs=2) as results,
    ):
        assert set(results) == {os.getpid()}
