"""Mutations of results: bytes, JSON values, cells, members of archives, parquet columns, names."""

import copy
import io
import json
import lzma
import re
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from small_results import ZSTD, as_parquet, as_zip

# Put into the text after it was written, since Python would not write them.
RAW = {
    "@huge@": "9" * 5_000,
    "@deep@": "[" * 20_000 + "]" * 20_000,
    "@deepest@": '{"a":' * 99_999,
    "@infinite@": "1e999",
    "@nan@": "NaN",
    "@minus@": "-Infinity",
    "@half@": '"\\ud83d"',
    "@null@": '"\\u0000"',
    "@twice@": '{"a": 1, "a": 2}',
    "@long@": '"' + "x" * 300_000 + '"',
    "@many@": "[" + "0," * 20_000 + "0]",
    "@exponent@": "1e-999",
    "@digits@": "0." + "1" * 5_000,
}
ODD = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**53 + 1,
    2**64,
    -0.0,
    0.1,
    1e308,
    5e-324,
    "",
    " ",
    "\n",
    "NaN",
    "1",
    "1.0",
    "inf",
    "-",
    "\u0660",
    "é",
    "\x00",
    "a/b",
    "../..",
    [],
    {},
    [[]],
    [None],
    [True, False],
    [0, 1],
    ["a"],
    {"": 0},
    {"value": 1},
    {"score": "x"},
    *RAW,
]
WORDS = [
    b"NaN",
    b"1e999",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\r",
    b"\t",
    b'"',
    b"\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"[" * 5000,
    b"9" * 5000,
    b"\\ud800",
    b"PK\3\4",
]


def mutate_bytes(content, rng):
    at, to = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    kind = rng.randrange(9)
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:at] + content[to:]
    if kind == 2:
        return content[:to] + content[at:to] * rng.choice((1, 2, 50)) + content[to:]
    if kind == 3:
        return content[:at] + rng.choice(WORDS) + content[at:]
    if kind == 4:
        return rng.randbytes(rng.choice((0, 1, 30, 3000)))
    if kind == 5:
        return content[:at] + rng.randbytes(to - at) + content[to:]
    changed = bytearray(content)
    for _ in range(rng.choice((1, 3, 30))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def places(value, found=None):
    """List the places in a nested value, as container and key."""
    found = [] if found is None else found
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        found.append((value, key))
        if isinstance(value[key], dict | list):
            places(value[key], found)
    return found


def mutate_value(value, rng):
    """Change a nested value in some places."""
    holder = [value]
    for _ in range(rng.choice((1, 1, 2, 5))):
        container, key = rng.choice(places(holder))
        kind = rng.randrange(6)
        if kind == 0 and isinstance(container, dict):
            del container[key]
        elif kind == 1 and isinstance(container, dict):
            container[rng.choice(("", "id", "score", "é", "x" * 500))] = container.pop(key)
        elif kind == 2 and isinstance(container, list):
            container[key:key] = container[key : key + 1] * rng.choice((1, 3, 500))
        elif kind == 3:
            other, place = rng.choice(places(holder))
            container[key] = json.loads(json.dumps(other[place]))
        else:
            container[key] = copy.deepcopy(rng.choice(ODD))
        if not holder:
            holder = [None]
    return holder[0]


def mutate_json(content, rng):
    text = json.dumps(mutate_value(json.loads(content), rng))
    for name, raw in RAW.items():
        text = text.replace(f'"{name}"', raw)
    return text.encode()


def mutate_lines(content, rng):
    lines = content.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    lines[at] = mutate_json(lines[at], rng) + rng.choice((b"\n", b"\n", b"", b"\r\n"))
    return b"".join(lines)


def mutate_cells(content, rng):
    cells = content.split(b"\t")
    at = rng.randrange(len(cells))
    odd = str(rng.choice(ODD)).encode()
    cells[at] = rng.choice((odd, b'"' + odd + b'"', b'"' + odd, b"", odd + b"\n" + odd))
    return b"\t".join(cells)


def mutate_xml(content, rng):
    """Change a number or a row of a sheet, or what a workbook says of itself."""
    numbers = list(re.finditer(rb"[0-9]+", content))
    rows = list(re.finditer(rb"<row .*?</row>", content))
    if rows and rng.random() < 0.3:
        row = rng.choice(rows)
        again = row[0] * rng.choice((2, 300, 20_000)) if rng.random() < 0.5 else b"<row/>" * 300_000
        return content[: row.start()] + again + content[row.end() :]
    number = rng.choice(numbers)
    odd = rng.choice((b"0", b"-1", b"9" * 18, b"9" * 5000, b"16384", b"1048577", b"1e9", b"x", b""))
    return content[: number.start()] + odd + content[number.end() :]


def mutate_archive(content, rng):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        zstd = any(one.compress_type == ZSTD for one in archive.infolist())
        members = {} if zstd else {name: archive.read(name) for name in archive.namelist()}
    if zstd or rng.random() < 0.1:
        return mutate_bytes(content, rng)
    name = rng.choice(list(members))
    kind = rng.randrange(6)
    if kind == 0:
        del members[name]
    elif kind == 1:
        members[rng.choice(("", "../x", "header.json", "samples/../é_epoch_1.json"))] = members[
            name
        ]
    elif kind == 2:
        members[name] = rng.choice((b"[", b"0", b" ", b"<c/>")) * rng.choice((10**6, 20 * 10**6))
    elif name.endswith(".json") and kind < 5:
        members[name] = mutate_json(members[name], rng)
    elif name.endswith(".xml") and kind < 5:
        members[name] = mutate_xml(members[name], rng)
    else:
        members[name] = mutate_bytes(members[name], rng)
    return as_zip(
        members, rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, ZSTD, zipfile.ZIP_LZMA))
    )


def mutate_parquet(content, rng):
    rows = mutate_value(pq.read_table(io.BytesIO(content)).to_pylist(), rng)
    return as_parquet(rows)


NOT_OF_ITS_FORMAT = (
    ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RuntimeError,
    NotImplementedError, OSError, EOFError, pa.ArrowException, zipfile.BadZipFile, lzma.LZMAError,
    zlib.error,
)  # fmt: skip
MUTATORS = {
    ".json": mutate_json,
    ".jsonl": mutate_lines,
    ".tsv": mutate_cells,
    ".eval": mutate_archive,
    ".xlsx": mutate_archive,
    ".parquet": mutate_parquet,
}
LINK, FOLDER, PIPE = "link:", "folder", "pipe"  # in place of what a file holds
NAMES = ("x", "é", "a b", "a\nb", "\udcff", "[1]", "%00", "CON", "-", "samples_x.jsonl", "x" * 200)


def mutate_folder(files, rng):
    """Change some files of a folder: mostly what they hold, sometimes what they are."""
    files = dict(files)
    for _ in range(rng.choice((1, 1, 2, 4))):
        path = rng.choice(list(files))
        if isinstance(files[path], str):
            continue
        kind = rng.randrange(20)
        if kind == 0 and len(files) > 1:
            del files[path]
        elif kind == 1:
            parts = path.split("/")
            parts[rng.randrange(len(parts))] = rng.choice(NAMES)
            files["/".join(parts)] = files.pop(path)
        elif kind == 2:
            files[path] = files[rng.choice(list(files))]
        elif kind == 3:
            name = path.rpartition("/")
            files[f"{name[0]}-copy/{name[2]}"] = files[path]
        elif kind == 4:
            files[path] = rng.choice((LINK, f"{LINK}{rng.choice(list(files))}", FOLDER, PIPE))
        elif kind < 8:
            files[path] = mutate_bytes(files[path], rng)
        else:
            try:
                files[path] = MUTATORS[Path(path).suffix](files[path], rng)
            except NOT_OF_ITS_FORMAT:
                files[path] = mutate_bytes(files[path], rng)  # no longer of its format
    return files
