"""Zip files are read within bounds, and written whole or not at all."""

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest

from sklearn_sparseeval import PredictorError
from sklearn_sparseeval.plan import load_predictor
from sklearn_sparseeval.plan.storage import _members as members_module
from sklearn_sparseeval.plan.storage._members import pack, plain_archive, read_members, write_whole

TEXTS = {"sparseeval.json": b"{}", "schema.json": b"{}"}


def npy(array, **options):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, **options)
    return buffer.getvalue()


ARRAY = npy(np.arange(12.0).reshape(3, 4))


def zipped(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def test_what_is_packed_is_read(tmp_path):
    path = tmp_path / "p.skops"
    members = TEXTS | {"123.npy": ARRAY, "7.npy": npy(np.zeros(0, dtype="U5"))}
    for pack_it in (lambda: pack(members, path), lambda: plain_archive(members)):
        path.write_bytes(pack_it())
        assert read_members(path) == members


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("evil.py", "holds 'evil.py', which no predictor does"),
        ("../7.npy", "holds '../7.npy'"),
        ("7.npz", "holds '7.npz'"),
        ("\u0667.npy", "holds"),
        ("7.npy\n", "holds"),
    ],
    ids=["script", "path", "npz", "digits", "newline"],
)
def test_members_of_other_names_are_refused(name, match, tmp_path):
    path = zipped(tmp_path / "p.skops", [*TEXTS.items(), (name, ARRAY)])
    with pytest.raises(PredictorError, match=match):
        read_members(path)


@pytest.mark.parametrize("absent", TEXTS)
def test_other_zip_files_are_no_predictors(absent, tmp_path):
    path = zipped(tmp_path / "p.zip", [(name, b"") for name in TEXTS if name != absent])
    with pytest.raises(PredictorError, match=f"is no predictor: it does not hold {absent}"):
        read_members(path)


# zipfile warns where the test writes the damaged file, not where it is read.
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_twice_is_refused(tmp_path):
    path = zipped(tmp_path / "p.skops", [*TEXTS.items(), ("schema.json", b"[]")])
    with pytest.raises(PredictorError, match="holds a member twice"):
        read_members(path)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" * 100, b"\0" * 1000])
def test_what_is_no_zip_file_is_refused(content, tmp_path):
    path = tmp_path / "p.skops"
    path.write_bytes(content)
    with pytest.raises(PredictorError, match=r"is no predictor, or a damaged one"):
        load_predictor(path)


def test_folders_and_nothing_are_refused(tmp_path):
    with pytest.raises(PredictorError, match="is a folder"):
        read_members(tmp_path)
    with pytest.raises(PredictorError, match="There is no file"):
        read_members(tmp_path / "p.skops")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(compression, tmp_path):
    path = zipped(tmp_path / "p.skops", TEXTS.items(), compression=compression)
    with pytest.raises(PredictorError, match="compressed in an unknown way"):
        read_members(path)


@pytest.mark.parametrize("names", [("7.npy",), ("schema.json",)], ids=["array", "text"])
def test_what_would_grow_beyond_bounds_is_refused(names, tmp_path, monkeypatch):
    monkeypatch.setattr(members_module, "MOST_BYTES", 20_000)
    monkeypatch.setattr(members_module, "MOST_TEXT_BYTES", 10_000)
    members = TEXTS | dict.fromkeys(names, b"0" * 30_000)
    path = zipped(tmp_path / "p.skops", members.items(), compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1000
    with pytest.raises(PredictorError, match="is too large: unpacked"):
        read_members(path)
    with pytest.raises(PredictorError, match="is too large: unpacked"):
        pack(members, path)


@pytest.mark.parametrize(
    ("held", "announced"), [(50_000_000, 10), (10, 1000)], ids=["bomb", "cut-off"]
)
def test_a_member_has_the_size_it_says(held, announced, tmp_path):
    path = zipped(tmp_path / "p.skops", TEXTS.items())
    bomb = b"0" * held
    with zipfile.ZipFile(path, "a", compression=zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("7.npy", bomb)
    lying = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        start = lying.rfind(signature)
        lying[start + at : start + at + 4] = struct.pack("<L", zlib.crc32(bomb[:announced]))
        lying[start + at + 8 : start + at + 12] = struct.pack("<L", announced)
    path.write_bytes(lying)
    with pytest.raises(PredictorError, match="is no predictor, or a damaged one"):
        read_members(path)


def test_a_member_that_ends_early_is_refused(tmp_path):
    path = zipped(tmp_path / "p.skops", [*TEXTS.items(), ("7.npy", ARRAY)])
    lying = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = lying.rfind(signature)
        lying[start + at : start + at + 4] = struct.pack("<L", len(ARRAY) + 1)
    path.write_bytes(lying)
    with pytest.raises(PredictorError, match=r"7\.npy is cut off"):
        read_members(path)


def header(shape, descr="'<f8'"):
    """The header of an array that says what it likes."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        ARRAY[:-1],
        ARRAY + b"0",
        b"\x93NUMPY\x03\x00" + ARRAY[8:],
        header("(1000000000000000,)"),
        header("(-1,)"),
        header("(2, 4611686018427387904)"),
        header("(0,)", "'|O'"),
        header("(1,)", "'nonsense'"),
        header("[" * 60),
        npy(np.array([1], dtype=object), allow_pickle=True),
    ],
    ids=[
        "empty", "short", "long", "version", "huge", "negative", "overflow", "objects", "dtype",
        "nested", "pickle",
    ],
)  # fmt: skip
def test_arrays_have_the_size_they_say(content, tmp_path):
    path = zipped(tmp_path / "p.skops", [*TEXTS.items(), ("7.npy", content)])
    with pytest.raises(PredictorError, match="is no predictor, or a damaged one"):
        read_members(path)


def test_large_headers_are_read(tmp_path):
    array = np.zeros(1, dtype=[(f"field {i}", "<f8") for i in range(4)])
    path = zipped(tmp_path / "p.skops", [*TEXTS.items(), ("7.npy", npy(array, version=(2, 0)))])
    assert "7.npy" in read_members(path)


def test_a_file_is_written_whole(tmp_path):
    path = tmp_path / "p.skops"
    write_whole(path, b"first")
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_there_stays_when_writing_fails(tmp_path, monkeypatch):
    path = tmp_path / "p.skops"
    write_whole(path, b"first")

    def fail(descriptor):
        raise OSError("disk full")

    monkeypatch.setattr(members_module.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write_whole(tmp_path / "nowhere" / "p.skops", b"")
