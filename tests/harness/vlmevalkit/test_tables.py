import json
import re
import sys
import zipfile

import pytest
from openpyxl import Workbook

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.vlmevalkit import _tables as _vlmevalkit_tables
from sklearn_sparseeval.harness.vlmevalkit._tables import table_rows


def read(path, wanted=("index", "hit"), notes=None):
    notes = [] if notes is None else notes
    return list(table_rows(path, lambda name: name in wanted, notes.append))


def write_sheet(path, lines):
    book = Workbook()
    for line in lines:
        book.active.append(line)
    book.save(path)
    return path


def edit_member(path, name, old, new, **options):
    """Change what a member of an archive holds."""
    with zipfile.ZipFile(path) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    members[name], n_changes = re.subn(old, new, members[name], **options)
    assert n_changes
    with zipfile.ZipFile(path, "w") as archive:
        for one, content in members.items():
            archive.writestr(one, content)


@pytest.mark.parametrize("suffix", [".tsv", ".TSV"])
def test_a_tab_separated_table(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    path.write_text('"index"\t"image"\t"hit"\n"1"\t"a\t""b""\n"\t"0"\n\n2\tx\t1\n')
    assert read(path) == [{"index": "1", "hit": "0"}, {"index": "2", "hit": "1"}]
    assert read(path, ("image",))[0] == {"image": 'a\t"b"\n'}


def test_json_records(tmp_path):
    path = tmp_path / "t.json"
    path.write_text(json.dumps([{"index": 1, "hit": True, "x": [1]}, {"hit": None}]))
    assert read(path) == [{"index": 1, "hit": True}, {"hit": None}]


def test_a_workbook(tmp_path):
    lines = [["index", None, "hit", "x"], [1, 2, True], [], ["b", None, 0.5], [None, None, None, 3]]
    path = write_sheet(tmp_path / "t.xlsx", lines)
    rows = [{"index": 1, "hit": True}, {"index": "b", "hit": 0.5}, {"index": None, "hit": None}]
    assert read(path) == rows


@pytest.mark.parametrize(
    ("last", "rows", "n_notes"),
    [
        ('"2"\t"1"', 2, 0),  # a whole row; only the line break is missing
        ('"2"\t"1', 1, 1),
        ('"2"\t"', 1, 1),
        ('"2"\t1', 1, 1),  # perhaps 1.5
        ('"2"', 1, 1),
        ('"2\nx', 1, 1),
        ('"2\nx\n', 1, 1),
    ],
)
def test_a_last_row_that_is_cut_off_is_left_out_and_counted(tmp_path, last, rows, n_notes):
    path, notes = tmp_path / "t.tsv", []
    path.write_text(f'"index"\t"hit"\n"1"\t"0"\n{last}')
    assert len(read(path, notes=notes)) == rows
    assert len(notes) == n_notes
    assert all(note.startswith("last rows were left out since they are cut off") for note in notes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("index\thit\n1\n2\t1\n", "line 2 has 1 cells; expected 2, one for each column"),
        ("index\thit\n1\t1\t1\n", "line 2 has 3 cells; expected 2"),
        ('index\thit\n1\t"1\n2\t1\n3\t1\n', "line 2 opens a quotation that does not end"),
        ("index\thit\thit\n", "has two columns 'hit'"),
        ("index\thit\n\udcff\t1\n", "no UTF-8"),
    ],
)
def test_broken_tab_separated_tables_are_refused(tmp_path, content, message):
    path = tmp_path / "t.tsv"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(ResultsError, match=message):
        read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[{", "no valid JSON"),
        ("{}", "its content is an empty dict; expected a list"),
        ("[1]", "record 1 is 1; expected a JSON object"),
    ],
)
def test_broken_json_tables_are_refused(tmp_path, content, message):
    path = tmp_path / "t.json"
    path.write_text(content)
    with pytest.raises(ResultsError, match=message):
        read(path)


def test_a_broken_workbook_is_refused(tmp_path):
    path = write_sheet(tmp_path / "t.xlsx", [["index"], [1]])
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ResultsError, match=r"is no valid Excel workbook .* Was its run stopped"):
        read(path)


def test_a_workbook_without_a_sheet_is_refused(tmp_path):
    path = write_sheet(tmp_path / "t.xlsx", [["index"]])
    edit_member(path, "xl/workbook.xml", rb"<sheet .*?/>", b"")
    with pytest.raises(ResultsError, match="is a workbook without a sheet"):
        read(path)


@pytest.mark.parametrize("limit", ["_MOST_ROWS", "_MOST_COLUMNS"])
def test_a_sheet_beyond_all_results_is_refused(tmp_path, monkeypatch, limit):
    path = write_sheet(tmp_path / "t.xlsx", [["index", "a", "hit"], [1, 2, 3], [2, 3, 4]])
    assert len(read(path)) == 2
    monkeypatch.setattr(_vlmevalkit_tables, limit, 2)
    with pytest.raises(ResultsError, match="which is no table of results"):
        read(path)


def test_the_size_that_a_sheet_claims_does_not_matter(tmp_path):
    path = write_sheet(tmp_path / "t.xlsx", [["index", "hit"], [1, 1]])
    edit_member(path, "xl/worksheets/sheet1.xml", b'ref="A1:B2"', b'ref="A1:XFD1048576"')
    assert read(path) == [{"index": 1, "hit": 1}]


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path):
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 20_000_000)
    with pytest.raises(ResultsError, match="unpacks to 20000000 bytes"):
        read(path)


@pytest.mark.parametrize("tag", [b"0", b"<c x='0"], ids=["no tag", "a long tag"])
def test_a_sheet_that_would_take_the_parser_forever_is_refused(tmp_path, tag):
    path = write_sheet(tmp_path / "t.xlsx", [["index"], [1]])
    edit_member(path, "xl/worksheets/sheet1.xml", rb"(?s).*", tag + b"0" * 2**20, count=1)
    with pytest.raises(ResultsError, match="a sheet without an end of a tag"):
        read(path)


def test_the_longest_cells_are_read(tmp_path):
    text = "&" * 32_767
    path = write_sheet(tmp_path / "t.xlsx", [["index", "hit"], [text, 1]])
    assert read(path) == [{"index": text, "hit": 1}]


def test_without_openpyxl_the_error_says_what_to_do(tmp_path, monkeypatch):
    path = write_sheet(tmp_path / "t.xlsx", [["index"], [1]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ResultsError, match=r"needs openpyxl.*harness\]', or .* PRED_FORMAT=tsv"):
        read(path)
