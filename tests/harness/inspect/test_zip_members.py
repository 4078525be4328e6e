"""Members of zip archives: each compression, damage, and sizes that are too large to be true."""

import io
import sys
import tracemalloc
import types
import zipfile
import zlib

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.inspect._log import ZipMembers

CONTENT = b'{"scores": [1, 0, 1]}' * 500
# Where a local header, and the entry of the central directory, hold what is changed below.
METHOD, CRC, PACKED_SIZE, SIZE = (8, 10), (14, 16), (18, 20), (22, 24)


def archive(content=CONTENT, method=zipfile.ZIP_DEFLATED, name="a.json"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as members:
        members.writestr(name, content)
    return packed.getvalue()


def changed(raw, where, value, width=4):
    """Change a number in both headers of an archive of one member."""
    starts = raw.index(b"PK\x03\x04"), raw.rindex(b"PK\x01\x02")
    changed = bytearray(raw)
    for start, offset in zip(starts, where, strict=True):
        changed[start + offset : start + offset + width] = value.to_bytes(width, "little")
    return bytes(changed)


def zstd_archive(content=CONTENT, packed=None):
    """Make an archive as zipfile writes it from Python 3.14 on: a stored one, declared zstd."""
    packed = zstandard.compress(content) if packed is None else packed
    raw = archive(packed, zipfile.ZIP_STORED)
    raw = changed(raw, METHOD, 93, width=2)
    return changed(changed(raw, CRC, zlib.crc32(content)), SIZE, len(content))


def write(folder, raw):
    path = folder / "x.eval"
    path.write_bytes(raw)
    return path


def read(folder, raw, name="a.json"):
    with ZipMembers(write(folder, raw)) as members:
        return members.read(name)


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_what_python_reads_is_read(tmp_path, method):
    assert read(tmp_path, archive(method=method)) == CONTENT


@pytest.mark.parametrize("content", [CONTENT, b"", b"x", bytes(3 << 20)], ids=len)
def test_zstd_is_read(tmp_path, content):
    assert read(tmp_path, zstd_archive(content)) == content


def test_zstd_in_several_frames_is_read(tmp_path):
    packed = zstandard.compress(CONTENT[:100]) + zstandard.compress(CONTENT[100:])
    assert read(tmp_path, zstd_archive(packed=packed)) == CONTENT


def test_zstd_behind_other_bytes_and_an_extra_field_is_read(tmp_path):
    info = zipfile.ZipInfo("a.json")
    info.extra = b"\xfe\xca\x04\x00abcd"
    packed = io.BytesIO()
    packed.write(b"before the archive")
    with zipfile.ZipFile(packed, "a") as members:
        members.writestr(info, zstandard.compress(CONTENT))
    raw = changed(packed.getvalue(), METHOD, 93, width=2)
    raw = changed(changed(raw, CRC, zlib.crc32(CONTENT)), SIZE, len(CONTENT))
    assert read(tmp_path, raw) == CONTENT


def test_of_two_members_of_one_name_the_last_counts(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as members:
        members.writestr("a.json", b"old")
        members.writestr("b/c.json", b"other")
        with pytest.warns(UserWarning, match="Duplicate name"):
            members.writestr("a.json", b"new")
    with ZipMembers(write(tmp_path, packed.getvalue())) as members:
        assert members.names == ["a.json", "b/c.json"]
        assert members.read("a.json") == b"new"


@pytest.mark.parametrize(
    "raw",
    [b"", b"no archive", archive()[:-30], archive()[:100], b"PK\x05\x06" + b"\xff" * 18],
    ids=["empty", "text", "cut-off-at-the-end", "cut-off-early", "end-record-only"],
)
def test_what_is_no_archive_is_told(tmp_path, raw):
    with pytest.raises(ResultsError, match="is not a zip archive, or is cut off"):
        ZipMembers(write(tmp_path, raw))


def without_local_header(raw):
    return raw.replace(b"PK\x03\x04", b"PK\x00\x00")


def encrypted(raw):
    return changed(raw, (6, 8), 1, width=2)


MIDDLE = len(zstandard.compress(CONTENT)) // 2
DAMAGES = {
    "deflate-checksum": (changed(archive(), CRC, 1), "Bad CRC-32"),
    "zstd-checksum": (changed(zstd_archive(), CRC, 1), "length or checksum is wrong"),
    "zstd-longer": (changed(zstd_archive(), SIZE, 100), "length or checksum is wrong"),
    "zstd-shorter": (changed(zstd_archive(), SIZE, 99_999), "length or checksum is wrong"),
    "deflate-shorter": (changed(archive(), SIZE, 99_999), "length or checksum is wrong"),
    "zstd-cut": (zstd_archive(packed=zstandard.compress(CONTENT)[:MIDDLE]), "is damaged|cannot"),
    "zstd-nonsense": (zstd_archive(packed=b"nonsense"), "cannot be unpacked"),
    "zstd-packed-size": (changed(zstd_archive(), PACKED_SIZE, 2**32 - 2), "is damaged|cannot"),
    "deflate-no-header": (without_local_header(archive()), "cannot be unpacked"),
    "zstd-no-header": (without_local_header(zstd_archive()), "cannot be unpacked"),
    "deflate-encrypted": (encrypted(archive()), "encrypted"),
    "zstd-encrypted": (encrypted(zstd_archive()), "cannot be unpacked"),
    "unknown-method": (changed(archive(), METHOD, 97, width=2), "compression"),
}


@pytest.mark.parametrize(("raw", "message"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_told_with_the_name_of_the_member(tmp_path, raw, message):
    with pytest.raises(ResultsError, match=message) as caught:
        read(tmp_path, raw)
    assert "'a.json'" in str(caught.value)


@pytest.mark.parametrize("size", [(64 << 20) + 1, 2**32 - 2])
@pytest.mark.parametrize("make", [archive, zstd_archive])
def test_sizes_too_large_to_be_true_are_refused_before_unpacking(tmp_path, make, size):
    with pytest.raises(ResultsError, match=rf"to {size}; expected at most {64 << 20}"):
        read(tmp_path, changed(make(), SIZE, size))


def test_a_gibibyte_is_refused_however_much_was_packed(tmp_path):
    noise = zstandard.compress(bytes(2 << 20)) + bytes(2 << 20)
    raw = changed(zstd_archive(packed=noise), SIZE, (1 << 30) + 1)
    with pytest.raises(ResultsError, match=rf"expected at most {1 << 30}"):
        read(tmp_path, raw)


@pytest.mark.parametrize("make", [archive, zstd_archive])
def test_unpacking_stops_at_the_size_that_was_declared(tmp_path, make):
    raw = changed(make(bytes(200 << 20)), SIZE, 1000)
    tracemalloc.start()
    try:
        with pytest.raises(ResultsError, match=r"a\.json"):
            read(tmp_path, raw)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


def test_missing_zstd_is_told_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(ResultsError, match=r"zstd needs zstandard, .*-sparseeval\[harness\]'"):
        read(tmp_path, zstd_archive())


class StandardZstdError(Exception):
    """As Python 3.14's compression.zstd has it: derived from Exception only."""


def standard_zstd(monkeypatch):
    """Put a stand-in for the standard library's zstd in place, which counts its calls."""
    calls = []

    def open_zstd(packed):
        calls.append(packed)
        if packed.getvalue() == b"nonsense":
            raise StandardZstdError("no frame")
        return zstandard.ZstdDecompressor().stream_reader(packed)

    module = types.SimpleNamespace(ZstdFile=open_zstd, ZstdError=StandardZstdError)
    monkeypatch.setitem(sys.modules, "compression.zstd", module)
    return calls


def test_the_standard_library_comes_first_where_it_has_zstd(tmp_path, monkeypatch):
    calls = standard_zstd(monkeypatch)
    assert read(tmp_path, zstd_archive()) == CONTENT
    assert len(calls) == 1


def test_errors_of_the_standard_library_are_told(tmp_path, monkeypatch):
    standard_zstd(monkeypatch)
    with pytest.raises(ResultsError, match=r"'a\.json' cannot be unpacked \(no frame\)"):
        read(tmp_path, zstd_archive(packed=b"nonsense"))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_changed_bytes_give_the_content_or_an_error(tmp_path_factory, data):
    raw = bytearray(data.draw(st.sampled_from([archive(), zstd_archive()])))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = write(tmp_path_factory.getbasetemp(), bytes(raw))
    try:
        with ZipMembers(path) as members:
            contents = [members.read(name) for name in members.names]
    except ResultsError:
        return
    assert contents in ([CONTENT], [])
