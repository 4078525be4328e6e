"""Zip files are read within bounds."""

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest

from sklearn_sparseeval import PredictorError
from sklearn_sparseeval.plan import load_predictor, save_predictor

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
        load_predictor(path)


@pytest.mark.parametrize("absent", TEXTS)
def test_other_zip_files_are_no_predictors(absent, tmp_path):
    path = zipped(tmp_path / "p.zip", [(name, b"") for name in TEXTS if name != absent])
    with pytest.raises(PredictorError, match=f"is not a predictor: it does not hold {absent}"):
        load_predictor(path)


# zipfile warns where the test writes the damaged file, not where it is read.
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_twice_is_refused(tmp_path):
    path = zipped(tmp_path / "p.skops", [*TEXTS.items(), ("schema.json", b"[]")])
    with pytest.raises(PredictorError, match="holds a member twice"):
        load_predictor(path)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" * 100, b"\0" * 1000])
def test_what_is_no_zip_file_is_refused(content, tmp_path):
    path = tmp_path / "p.skops"
    path.write_bytes(content)
    with pytest.raises(PredictorError, match=r"is not a predictor, or is damaged"):
        load_predictor(path)


def test_folders_and_nothing_are_refused(tmp_path):
    with pytest.raises(PredictorError, match="is a folder"):
        load_predictor(tmp_path)
    with pytest.raises(PredictorError, match="There is no file"):
        load_predictor(tmp_path / "p.skops")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(compression, tmp_path):
    path = zipped(tmp_path / "p.skops", TEXTS.items(), compression=compression)
    with pytest.raises(PredictorError, match="compressed in an unknown way"):
        load_predictor(path)


@pytest.mark.parametrize("names", [("7.npy",), ("schema.json",)], ids=["array", "text"])
def test_what_would_grow_beyond_bounds_is_refused(names, tmp_path, monkeypatch):
    monkeypatch.setattr("sklearn_sparseeval.plan.storage._members.MOST_BYTES", 20_000)
    monkeypatch.setattr("sklearn_sparseeval.plan.storage._members.MOST_TEXT_BYTES", 10_000)
    members = TEXTS | dict.fromkeys(names, b"0" * 30_000)
    path = zipped(tmp_path / "p.skops", members.items(), compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1000
    with pytest.raises(PredictorError, match="is too large: unpacked"):
        load_predictor(path)


@pytest.mark.parametrize("limit", ["MOST_BYTES", "MOST_TEXT_BYTES"])
def test_what_could_not_be_loaded_for_its_size_is_not_saved(
    limit, panel, ridge, tmp_path, monkeypatch
):
    monkeypatch.setattr(f"sklearn_sparseeval.plan.storage._members.{limit}", 1000)
    with pytest.raises(PredictorError, match="is too large: unpacked"):
        save_predictor(tmp_path / "p.skops", ridge, panel)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
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
    with pytest.raises(PredictorError, match="is not a predictor, or is damaged"):
        load_predictor(path)


def test_a_member_that_ends_early_is_refused(tmp_path):
    path = zipped(tmp_path / "p.skops", [*TEXTS.items(), ("7.npy", ARRAY)])
    lying = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = lying.rfind(signature)
        lying[start + at : start + at + 4] = struct.pack("<L", len(ARRAY) + 1)
    path.write_bytes(lying)
    with pytest.raises(PredictorError, match=r"7\.npy is cut off"):
        load_predictor(path)


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
    with pytest.raises(PredictorError, match="is not a predictor, or is damaged"):
        load_predictor(path)


def test_large_headers_are_read(forge):
    array = np.zeros(1, dtype=[(f"field {i}", "<f8") for i in range(4)])
    load_predictor(forge(members={"7.npy": npy(array, version=(2, 0))}))
