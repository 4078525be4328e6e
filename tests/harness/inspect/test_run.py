"""What an Inspect log says of its run: model, setting and date, each in one way."""

import hashlib
import json
import math
import tempfile
from pathlib import Path

import pytest

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.inspect import HARNESS

NAMES = {"task": "sums", "model": "acme/one"}


def run_rows(spec):
    """What is read of the log of a run without samples."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.json")
        path.write_text(json.dumps({"version": 2, "status": "success", "eval": spec}))
        return HARNESS.parse(path)


def test_names_are_those_within_the_log():
    rows = run_rows(NAMES)
    assert (rows.harness, rows.task, rows.model, rows.model_args) == (
        "inspect",
        "sums",
        "acme/one",
        "",
    )


@pytest.mark.parametrize("key", ["task", "model"])
@pytest.mark.parametrize("name", [None, "", 3, ["a"]], ids=str)
def test_runs_without_names_are_told(key, name):
    with pytest.raises(ResultsError, match=rf"'eval\.{key}' is .*; expected a name"):
        run_rows(NAMES | {key: name})


@pytest.mark.parametrize(
    "spec",
    [
        {"model_args": {"revision": "step100"}},
        {"model_args": {"peft": {"r": 8}}},
        {"model_generate_config": {"reasoning_effort": "high"}},
        {"model_generate_config": {"temperature": 0.0}},
    ],
    ids=str,
)
def test_what_makes_another_model_is_told(spec):
    assert run_rows(NAMES | spec).model_args != run_rows(NAMES).model_args


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"model_args": {"device": "cuda:1", "batch_size": 8, "revision": None}}),
        ({"model_args": {}}, {"model_args": None, "model_base_url": "http://localhost"}),
        ({"model_generate_config": {"max_connections": 9}}, {"model_generate_config": {}}),
        ({"model_generate_config": {"max_tokens": 9}}, {"model_generate_config": {"seed": 1}}),
        (
            {"model_args": {"b": 1, "a": {"y": 1, "x": 2}}},
            {"model_args": {"a": {"x": 2, "y": 1}, "b": 1}},
        ),
        (
            {"model_args": {"hook": "<function f at 0x7f12>"}},
            {"model_args": {"hook": "<function f at 0x7fAB>"}},
        ),
    ],
    ids=["device", "none", "connections", "length", "order", "address"],
)
def test_how_a_model_was_run_makes_no_other_model(first, second):
    assert run_rows(NAMES | first).model_args == run_rows(NAMES | second).model_args


TWO_WORDS = hashlib.sha256(b"two words").hexdigest()[:16]


@pytest.mark.parametrize(
    ("spec", "setting"),
    [
        ({}, "version=0"),
        ({"task_version": "2-A"}, "version=2-A"),
        ({"task_args": {"shots": 5, "cot": True}}, "version=0 arg.cot=true arg.shots=5"),
        ({"task_args": {"subject": "law", "extra": None}}, "version=0 arg.subject=law"),
        ({"task_args": {"x": ["a", "b"], "e": ""}}, 'version=0 arg.e="" arg.x=["a","b"]'),
        ({"task_args": {"n": math.nan}}, "version=0 arg.n=NaN"),
        ({"task_args": {"text": "two words"}}, f"version=0 arg.text=#{TWO_WORDS}"),
        ({"solver": "cot", "solver_args": {"n": 2}}, "version=0 solver=cot solver.n=2"),
        (
            {"model_roles": {"grader": {"model": "acme/big", "config": {}}}},
            "version=0 role.grader=acme/big",
        ),
        (
            {"model_roles": {"jury": [{"model": "a/b"}, {"model": "c/d"}], "old": "e/f"}},
            'version=0 role.jury=["a/b","c/d"] role.old=e/f',
        ),
        ({"task_args": [], "model_roles": None}, "version=0"),
    ],
    ids=str,
)  # fmt: skip
def test_setting_says_what_must_agree(spec, setting):
    assert run_rows(NAMES | spec).setting == setting


@pytest.mark.parametrize(
    "args",
    [[{"text": "x" * 41}, {"text": "x" * 42}], [{"a b": 1}, {"a c": 1}], [{"\n": 1}, {}]],
    ids=str,
)
def test_long_settings_that_differ_stay_different(args):
    settings = [run_rows(NAMES | {"task_args": one}).setting for one in args]
    assert len(set(settings)) == len(args)
    assert all(len(one.split()) == 1 + len(arg) for one, arg in zip(settings, args, strict=True))


@pytest.mark.parametrize(
    ("created", "date"),
    [
        ("2026-11-22T10:46:37+00:00", "2026-11-22T10:46:37+00:00"),
        ("2026-11-22T10:46:37-05:00", "2026-11-22T15:46:37+00:00"),
        ("2026-11-22T10:46:37Z", "2026-11-22T10:46:37+00:00"),
        ("2026-11-22T10:46:37", "2026-11-22T10:46:37"),
        ("0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00+05:00"),
        ("yesterday", "yesterday"),
        (None, ""),
    ],
)
def test_dates_sort_by_time(created, date):
    assert run_rows(NAMES | {"created": created}).date == date
