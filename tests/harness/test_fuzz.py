"""A short run of docs/benchmarks/fuzz_readers.py, and any bytes in place of each file."""

import math
import random
import tempfile
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError, harness
from sklearn_sparseeval.harness import read_results

NAMES = sorted(
    name.removeprefix("read_")
    for name in harness.__all__
    if name.startswith("read_") and name != "read_results"
)
quick = settings(
    max_examples=60,
    derandomize=True,  # the script looks further
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("name", NAMES)
@quick
@given(number=st.integers(0, 2**32))
def test_mutated_results_are_read_or_refused(fuzz_readers, name, number):
    verdict = fuzz_readers.run_case(f"{name}:test:{number}")
    assert verdict.outcome in fuzz_readers.GOOD, verdict.error


@pytest.mark.parametrize("name", NAMES)
@quick
@given(content=st.binary(max_size=200), data=st.data())
def test_any_bytes_are_read_or_refused(fuzz_readers, name, content, data):
    files = dict(fuzz_readers.valid_files(name))
    path = data.draw(st.sampled_from(sorted(files)))
    start = data.draw(st.integers(0, len(files[path])))
    files[path] = files[path][:start] + content
    with tempfile.TemporaryDirectory() as folder:
        fuzz_readers.write(folder, files)
        verdict = fuzz_readers.judged(name, folder, random.Random(0))
    assert verdict.outcome in fuzz_readers.GOOD, verdict.error


@pytest.mark.parametrize("name", NAMES)
def test_valid_results_pass(fuzz_readers, write_results, name):
    verdict = fuzz_readers.judged(name, write_results(name), random.Random(0))
    assert verdict.outcome == "read"


@pytest.mark.parametrize(
    ("raised", "outcome"),
    [
        (ResultsError("x"), "refused"),
        (KeyError("x"), "failed"),
        (RecursionError("x"), "failed"),
        (UserWarning("x"), "failed"),
    ],
)
def test_only_results_errors_are_refusals(fuzz_readers, monkeypatch, raised, outcome):
    def read(name, folder, rng):
        raise raised

    monkeypatch.setattr(fuzz_readers, "read", read)
    verdict = fuzz_readers.judged("helm", "folder", random.Random(0))
    assert (verdict.outcome, verdict.error) == (outcome, raised)


@pytest.mark.parametrize("limit", ["CPU_SECONDS", "WALL_SECONDS"])
def test_a_case_without_end_is_stopped(fuzz_readers, monkeypatch, limit):
    monkeypatch.setattr(fuzz_readers, limit, 0.05)

    def read(name, folder, rng):
        while True:
            if limit == "WALL_SECONDS":
                time.sleep(1)

    monkeypatch.setattr(fuzz_readers, "read", read)
    verdict = fuzz_readers.judged("helm", "folder", random.Random(0))
    assert verdict.outcome == "slow"


def test_a_table_that_breaks_a_promise_is_found(fuzz_readers, write_results):
    table = read_results(write_results("omnievalkit"))
    fuzz_readers.check_table(table)
    for broken in (
        table.drop(columns="date"),
        table[:0],
        table.assign(value=math.inf),
        table.assign(epoch=0),
        table.assign(item=table["item"].where(table.index > 0)),
    ):
        with pytest.raises(fuzz_readers.WrongTableError):
            fuzz_readers.check_table(broken)


def test_a_case_is_the_same_each_time(fuzz_readers):
    cases = [f"vlmevalkit:x:{number}" for number in range(5)]
    first, second = ([fuzz_readers.run_case(case) for case in cases] for _ in range(2))
    assert [(one.outcome, one.warned) for one in first] == [
        (one.outcome, one.warned) for one in second
    ]
