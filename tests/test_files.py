"""A file is written whole or not at all."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval._files import write_whole


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.bin"


def test_a_file_is_replaced(path):
    write_whole(path, b"first")
    write_whole(str(path), b"second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["to_parquet", "to_feather"])
def test_what_writes_to_a_stream_can_write_the_content(name, path):
    frame = pd.DataFrame({"a": [1.5, np.nan]})
    write_whole(path, getattr(frame, name))
    pd.testing.assert_frame_equal(getattr(pd, name.replace("to", "read"))(path), frame)


def fail(*_):
    raise OSError("disk full")


def write_half(stream):
    stream.write(b"half")
    fail()


def test_what_was_there_stays_when_writing_fails(path, monkeypatch):
    write_whole(path, b"first")
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, write_half)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_does_not_exist_is_told(path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write_whole(path.parent / "nowhere" / "file.bin", b"")


def test_a_folder_is_not_replaced(path):
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(path, b"")
    assert path.is_dir()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("there", [True, False], ids=["to-a-file", "dangling"])
def test_a_link_is_replaced_and_not_followed(there, path, tmp_path):
    other = tmp_path / "other"
    if there:
        other.write_bytes(b"precious")
    path.symlink_to(other)
    write_whole(path, b"new")
    assert not path.is_symlink()
    assert path.read_bytes() == b"new"
    assert other.exists() is there
    assert not there or other.read_bytes() == b"precious"


def test_of_several_writers_one_wins(path):
    contents = [bytes([i]) * 100_000 for i in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_whole(path, content), contents))
    assert path.read_bytes() in contents
    assert list(path.parent.iterdir()) == [path]


def test_names_may_be_as_long_as_the_system_allows(tmp_path):
    path = tmp_path / ("x" * 255)
    write_whole(path, b"content")
    assert path.read_bytes() == b"content"


# Windows has no umask; the CI runs on Linux, where nothing is skipped.
@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have a umask")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(umask, mode, path):
    before = os.umask(umask)
    try:
        write_whole(path, b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path(path).stat().st_mode) == mode
