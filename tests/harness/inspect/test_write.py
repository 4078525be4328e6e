"""Anchors for Inspect: patterns that match their ids only, and commands that a shell takes."""

import shlex
import sys
from fnmatch import fnmatch

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError, ScoreMatrix
from sklearn_sparseeval.harness import InspectSampleIds, to_inspect_sample_ids


def anchors(*items, task="sums", **columns):
    item = pd.Series(items, dtype=object)
    return pd.DataFrame({"task": task, "item": item, **columns})


def normalised(id):
    """Write an id as Inspect compares it: whole numbers padded, as text or number."""
    if isinstance(id, str) and id.isdigit():
        id = int(id)
    return id if isinstance(id, str) else str(id).zfill(20)


def selected(patterns, ids, task="sums"):
    """List the ids that Inspect runs for a list: the task's name stripped, then fnmatch."""
    own = [pattern.removeprefix(f"{task}:") for pattern in patterns]
    return [id for id in ids if any(fnmatch(normalised(id), normalised(one)) for one in own)]


def list_of(command):
    """Take the list out of a command, as a shell splits it and Inspect splits that."""
    words = shlex.split(command)
    return [id.strip() for id in words[words.index("--sample-id") + 1].split(",")]


@pytest.mark.parametrize(
    ("item", "pattern"),
    [
        ("q/06", "q/06"),
        ("7", "7"),
        ("007", "007"),
        ("a b", "a b"),
        (" a", " a"),
        ("a ", "a[ ]"),
        ("a  ", "a [ ]"),
        ("[1]", "[[]1]"),
        ("*?", "[*][?]"),
        ("a,b", "a[! -+--~]b"),
        ("a\nb", "a[! -~]b"),
        ("\ud800", "[! -~]"),
        ("sums:1", "sums:1"),
        ("other:1", "other:1"),
        ("--limit", "--limit"),
        ("é漢", "é漢"),
        ("", ""),
    ],
    ids=ascii,
)
def test_ids_become_patterns(item, pattern):
    chosen = to_inspect_sample_ids(anchors(item))
    assert chosen.sample_ids == [f"sums:{pattern}"]
    assert list_of(chosen.commands[0]) == chosen.sample_ids
    assert selected(chosen.sample_ids, [item]) == [item]


@pytest.mark.parametrize("item", ["-3", "-0", "-123456789012345678901"])
def test_negative_numbers_are_found_as_text_and_as_number(item):
    sample_ids = to_inspect_sample_ids(anchors(item)).sample_ids
    assert selected(sample_ids, [item]) == [item]
    assert str(int(item)) != item or selected(sample_ids, [int(item)]) == [int(item)]


@pytest.mark.parametrize("special", [",", "*", "?", "[", "]", "!", "-", "+", "^", "\\", "|", "."])
def test_a_special_character_matches_no_other_that_is_printed(special):
    others = [f"x{chr(code)}y" for code in range(ord(" "), ord("~") + 1)] + ["xy", "xééy"]
    sample_ids = to_inspect_sample_ids(anchors(f"x{special}y")).sample_ids
    assert selected(sample_ids, others) == [f"x{special}y"]


@pytest.mark.parametrize("code", [0, 9, 10, 13, 0x85, 0xA0, 0x2028, 0xDFFF])
def test_what_is_not_printed_is_kept_out_of_the_list(code):
    item = f"x{chr(code)}"
    (sample_id,) = to_inspect_sample_ids(anchors(item)).sample_ids
    assert sample_id.isprintable()
    assert selected([sample_id], [item, "x", "x ", "xx", "x~"]) == [item]


@given(items=st.lists(st.text(max_size=8).filter(lambda text: not text.isdigit()), min_size=1))
def test_every_id_is_selected_through_command_and_list(items):
    chosen = to_inspect_sample_ids(anchors(*items))
    assert selected(chosen.sample_ids, items) == items
    assert [id for command in chosen.commands for id in list_of(command)] == chosen.sample_ids


TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=4)


@given(items=st.lists(TEXTS, min_size=2, unique_by=normalised))
def test_other_printed_ids_are_not_selected(items):
    sample_ids = to_inspect_sample_ids(anchors(items[0])).sample_ids
    assert selected(sample_ids, items) == items[:1]


def test_order_is_kept_and_repeats_are_not():
    table = pd.concat([anchors("b", "a", "b"), anchors("b", "1", task="other")])
    expected = ["sums:b", "sums:a", "other:b", "other:1"]
    assert to_inspect_sample_ids(table).sample_ids == expected


@pytest.mark.parametrize(
    ("options", "command"),
    [
        ({}, "inspect eval TASK_FILE --model MODEL --sample-id sums:1 --log-dir anchor_logs"),
        (
            {"harness_args": "a.py b.py --model acme/one -T x='1 2'", "log_dir": "my logs"},
            "inspect eval a.py b.py --model acme/one -T x='1 2' --sample-id sums:1 "
            "--log-dir 'my logs'",
        ),
    ],
    ids=["placeholder", "given"],
)
def test_commands_say_it_all(options, command):
    assert to_inspect_sample_ids(anchors("1"), **options).commands == [command]


@pytest.mark.parametrize("log_dir", ["logs", "a b", "$HOME", "it's"])
def test_folders_are_quoted(tmp_path, log_dir):
    (command,) = to_inspect_sample_ids(anchors("1"), log_dir=tmp_path / log_dir).commands
    assert shlex.split(command)[-1] == str(tmp_path / log_dir)


@pytest.mark.parametrize(("n_ids", "n_commands"), [(1000, 1), (6000, 2), (9000, 3)])
def test_long_lists_take_several_commands_with_all_ids(n_ids, n_commands):
    chosen = to_inspect_sample_ids(anchors(*(f"question-{n:011d}" for n in range(n_ids))))
    assert len(chosen.commands) == n_commands
    assert all(len(shlex.split(command)[-3]) <= 100_000 for command in chosen.commands)
    assert [id for command in chosen.commands for id in list_of(command)] == chosen.sample_ids


def test_one_id_longer_than_a_command_stays_whole():
    chosen = to_inspect_sample_ids(anchors("a", "é" * 60_000, "b"))
    assert [list_of(command) for command in chosen.commands] == [
        ["sums:a"],
        [f"sums:{'é' * 60_000}"],
        ["sums:b"],
    ]


@pytest.mark.parametrize("as_text", [False, True])
def test_the_list_is_written_one_pattern_a_line(tmp_path, as_text):
    path = tmp_path / "ids.txt"
    chosen = to_inspect_sample_ids(
        anchors("a", "b\nc", "é\u2028", "d,e "), str(path) if as_text else path
    )
    assert path.read_bytes().decode("utf-8").splitlines() == chosen.sample_ids


def test_items_of_a_matrix_are_taken():
    data = pd.DataFrame([[1.0, 0.0]], index=["acme/one"], columns=["sums:1", "sums:2"])
    items = {"task": "sums", "item": ["1", "2"], "harness": "inspect"}
    matrix = ScoreMatrix.from_frame(data, items=items)
    table = matrix.items.astype({"task": "category", "item": "category"}).iloc[[1]]
    assert to_inspect_sample_ids(table) == InspectSampleIds(
        ["sums:2"],
        ["inspect eval TASK_FILE --model MODEL --sample-id sums:2 --log-dir anchor_logs"],
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (anchors(), "anchors has no rows; without a list, Inspect would run all samples"),
        (pd.DataFrame({"name": ["a"]}), "anchors has no column 'item' and no column 'task'"),
        (["sums:1"], "anchors has no column 'item' and no column 'task'; expected rows of Score"),
        (anchors("1", harness="lm_eval"), "anchors come from the results of 'lm_eval', whose"),
        (anchors("1²"), "Inspect fails on the id '1²', which it takes for a number"),
        (anchors("9" * (sys.get_int_max_str_digits() + 1)), "Inspect fails on the id '999"),
        (anchors("1", task="a,b"), "of the task 'a,b': the name of a task must have no comma"),
        (anchors("1", task="a:b"), "of the task 'a:b': the name of a task must have no comma"),
        (anchors("1", task=" a"), "of the task ' a': the name of a task must have"),
        (anchors("1", task="a\n"), r"of the task 'a\\n': the name of a task must have"),
        (anchors("1", task=""), "of the task '': the name of a task must have"),
        (anchors("1", "2", task=["A", "a"]), "takes the tasks 'A' and 'a' for one"),
    ],
    ids=[
        "empty", "columns", "list", "harness", "superscript", "digits", "comma", "colon", "blank",
        "newline", "unnamed", "case",
    ],
)  # fmt: skip
def test_what_inspect_cannot_be_told_is_refused(table, message):
    with pytest.raises(ResultsError, match=message):
        to_inspect_sample_ids(table)


@pytest.mark.parametrize(
    "options", [{"path": 3}, {"harness_args": ["--model"]}, {"log_dir": None}], ids=str
)
def test_parameters_are_checked(options):
    with pytest.raises(ValueError, match=f"The '{next(iter(options))}' parameter"):
        to_inspect_sample_ids(anchors("1"), **options)
