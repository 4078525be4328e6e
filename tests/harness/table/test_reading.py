"""Reading many files: which ones, in what order, what becomes of bad ones, what is told."""

import functools
import importlib.util
import os
import warnings
from pathlib import Path

import pytest

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness.table import ReadOptions, Rows, files_under, read_files


def parse(path):
    """Read a file of lines ``item score``; other lines do what they say."""
    rows = Rows(harness="demo", model=path.stem, task="task", setting="s=1", date="2026")
    for line in path.read_text().splitlines():
        item, score = line.split()
        if item == "note":
            rows.note("demo", score)
        elif item == "epoch":
            rows.add("0", "acc", 1.0, epoch=int(score))
        elif item == "raise":
            raise {
                "results": ResultsError("is bad."),
                "memory": MemoryError(),
                "denied": PermissionError(13, "Permission denied"),
            }.get(score, KeyError(score))
        else:
            rows.add(item, "acc", float(score))
    return rows


@pytest.fixture
def write(tmp_path):
    def write_file(name, content="0 1\n"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    return write_file


def test_folders_are_searched_and_hidden_ones_passed_over(write, tmp_path):
    for name in ("b/x.txt", "b/a.txt", "a/deep/er.txt", ".git/x.txt", "b/.hidden", "c.txt"):
        write(name)
    names = [path.relative_to(tmp_path).as_posix() for path in files_under(tmp_path)]
    assert names == ["c.txt", "a/deep/er.txt", "b/a.txt", "b/x.txt"]


@pytest.mark.parametrize("kind", [str, Path, os.fspath])
def test_a_path_is_of_any_kind(kind, write):
    path = write("one.txt")
    assert files_under(kind(path)) == [path]
    assert files_under(iter([kind(path)])) == [path]


def test_hidden_files_that_are_named_are_taken(write, tmp_path):
    assert files_under([write(".one.txt"), write(".logs/two.txt").parent]) == [
        tmp_path / ".one.txt",
        tmp_path / ".logs/two.txt",
    ]


def test_a_file_named_twice_is_read_once(write, tmp_path, monkeypatch):
    path = write("logs/one.txt")
    monkeypatch.chdir(tmp_path)
    assert files_under([path, path.parent, "logs", Path("logs/one.txt")]) == [Path("logs/one.txt")]


def test_linked_folders_are_followed_and_circles_are_not(write, tmp_path):
    elsewhere = write("elsewhere/one.txt").parent
    logs = write("logs/two.txt").parent
    (logs / "model").symlink_to(elsewhere)
    (logs / "again").symlink_to(logs)
    (logs / "link.txt").symlink_to(elsewhere / "one.txt")
    names = [path.relative_to(logs).as_posix() for path in files_under(logs)]
    assert names == ["link.txt", "two.txt", "model/one.txt"]


def test_a_missing_path_is_told(write, tmp_path):
    with pytest.raises(ResultsError, match=r"There is no file or folder .*missing\."):
        files_under([write("one.txt"), tmp_path / "missing"])


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_files_are_read_in_their_order(n_jobs, write):
    files = [write(f"model-{number}.txt", f"0 {number}\n1 0\n") for number in range(7)]
    frame = read_files(files, parse, ReadOptions(n_jobs=n_jobs))
    assert frame["value"].tolist()[::2] == [0, 1, 2, 3, 4, 5, 6]
    assert frame["model"].tolist()[::2] == [f"model-{number}" for number in range(7)]
    assert frame["source"].tolist()[::2] == [str(path) for path in files]
    assert set(frame["setting"]) == {"s=1"}
    assert set(frame["harness"]) == {"demo"}


def test_a_partial_is_a_parser(write):
    frame = read_files([write("one.txt")], functools.partial(parse), ReadOptions(n_jobs=2))
    assert frame["value"].tolist() == [1.0]


BAD = {
    "raise results\n": "is bad.",
    "raise other\n": "is not of the form expected (KeyError: 'other').",
    "one\n": "is not of the form expected (ValueError: not enough values to unpack",
    "epoch 0\n": "has the epoch 0; expected a number from 1.",
}


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize(("content", "message"), BAD.items(), ids=[key.strip() for key in BAD])
def test_a_bad_file_is_an_error_with_its_name_and_what_to_do(content, message, n_jobs, write):
    files = [write("good.txt"), write("bad.txt", content), *map(write, ("c.txt", "d.txt"))]
    with pytest.raises(ResultsError) as error:
        read_files(files, parse, ReadOptions(n_jobs=n_jobs))
    assert str(error.value).startswith(f"{files[1]}: {message}")
    assert "on_error='skip' (--skip-bad-files)" in str(error.value)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_bad_files_are_left_out_if_asked_and_counted(n_jobs, write):
    files = [write("a.txt"), write("b.txt", "raise results\n"), write("c.txt", "x\n")]
    with pytest.warns(ResultsWarning) as caught:
        frame = read_files(files, parse, ReadOptions(n_jobs=n_jobs, on_error="skip"))
    assert [str(one.message) for one in caught] == [
        f"2 files that cannot be read were left out; first in {files[1]}: is bad."
    ]
    assert frame["model"].tolist() == ["a"]


def test_running_out_of_memory_is_no_fault_of_a_file(write):
    with pytest.raises(MemoryError):
        read_files([write("a.txt", "raise memory\n")], parse, ReadOptions(on_error="skip"))


def test_notes_are_counted_over_all_files_and_told_once_each(write):
    contents = ["note lost\n0 1\n", "note lost\nnote lost\nnote cut\n0 1\n"]
    files = [write(f"{number}.txt", content) for number, content in enumerate(contents)]
    with pytest.warns(ResultsWarning) as caught:
        read_files(files, parse, ReadOptions())
    assert [str(one.message) for one in caught] == [
        f"3 lost; first in {files[0]}.",
        f"1 cut; in {files[1]}.",
    ]
    notes = [one.message.note for one in caught]
    assert [(note.kind, note.where, note.count) for note in notes] == [
        ("demo", str(files[0]), 3),
        ("demo", str(files[1]), 1),
    ]


@pytest.mark.parametrize(
    ("contents", "options"),
    [(["", ""], ReadOptions()), (["raise results\n"], ReadOptions(on_error="skip"))],
    ids=["empty files", "bad files"],
)
def test_files_without_a_score_are_an_error(contents, options, write):
    files = [write(f"{number}.txt", content) for number, content in enumerate(contents)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResultsWarning)
        with pytest.raises(ResultsError, match=r"None of the .* files, such as .*0\.txt, holds"):
            read_files(files, parse, options)


@pytest.mark.parametrize("on_error", ["ignore", None, True], ids=repr)
def test_what_to_do_with_bad_files_is_checked_before_any_is_read(on_error, write):
    with pytest.raises(ValueError, match=r"on_error is .*; expected 'raise' or 'skip'"):
        read_files([write("a.txt", "raise memory\n")], parse, ReadOptions(on_error=on_error))


@pytest.mark.parametrize(("progress", "shown"), [(None, False), (False, False), (True, True)])
def test_a_bar_is_shown_on_a_terminal_or_if_asked(progress, shown, write, capsys):
    read_files([write("a.txt"), write("b.txt")], parse, ReadOptions(progress=progress))
    assert ("2/2" in capsys.readouterr().err) is shown


def test_without_pandas_it_is_told_how_to_get_it(write, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        "sklearn_sparseeval._optional.find_spec",
        lambda name: None if name == "pandas" else real(name),
    )
    with pytest.raises(ImportError, match=r"pip install 'sklearn-sparseeval\[harness\]'"):
        read_files([write("a.txt", "raise memory\n")], parse, ReadOptions())


def test_what_would_be_waited_for_without_end_is_passed_over(tmp_path):
    (tmp_path / "one.txt").touch()
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "lost.json").symlink_to(tmp_path / "nothing")  # its reader tells of it
    assert [path.name for path in files_under(tmp_path)] == ["lost.json", "one.txt"]
    with pytest.raises(ResultsError, match=r"There is no file or folder .*pipe\.json"):
        files_under(tmp_path / "pipe.json")


def test_a_file_that_cannot_be_opened_is_told_as_such(write):
    with pytest.raises(ResultsError, match=r"a\.txt: cannot be opened: Permission denied\. To"):
        read_files([write("a.txt", "raise denied\n")], parse, ReadOptions())
