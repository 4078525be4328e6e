import csv
import io
import json
import re
import sys
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.vlmevalkit import _tables as _vlmevalkit_tables
from sklearn_sparseeval.harness.vlmevalkit._tables import (
    cell_text,
    fields,
    header,
    records,
    table_rows,
)


def read(path, wanted=("index", "hit"), notes=None):
    notes = [] if notes is None else notes
    return list(table_rows(path, lambda name: name in wanted, lambda _, text: notes.append(text)))


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
        ("index\thit\n\udcff\t1\n", "not UTF-8"),
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
        ("[{", "not valid JSON"),
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
    with pytest.raises(ResultsError, match=r"is not a valid Excel workbook .* Was its run stopped"):
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
    with pytest.raises(ResultsError, match="which is not a table of results"):
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
    with pytest.raises(ResultsError, match=r"workbook needs openpyxl, .*-sparseeval\[harness\]'"):
        read(path)


def split(content):
    """All rows of a table, as texts."""
    return [[cell_text(cell) for cell in fields(one.raw)] for one in records(io.BytesIO(content))]


# Before Python 3.13 the csv module writes no zero bytes, and does not quote a carriage return
# before a line feed, so that nobody can tell it from the end of a line.
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=6)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=5)
)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
@given(table=TABLES, odd=st.sampled_from(["", '"', "\t", "\n", '"\t"', "\r\n"]))
def test_what_csv_wrote_is_split_as_it_was(quoting, ending, table, odd):
    table = [[cell + odd for cell in row] for row in table]
    file = io.StringIO()
    writer = csv.writer(file, delimiter="\t", quoting=quoting, lineterminator=ending)
    writer.writerows(table)
    content = file.getvalue().encode()
    assert split(content) == table
    rows = list(records(io.BytesIO(content)))
    assert b"".join(one.raw for one in rows) == content
    assert all(one.complete for one in rows)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"a\tb\n\n\r\n1\t2", [["a", "b"], ["1", "2"]]),
        (b'5" screen\t"x"\n', [['5" screen', "x"]]),  # quotation marks count at the beginning only
        (b'a\t""\n', [["a", ""]]),
        (b'"a\tb', [["a\tb"]]),
        (b'"a\nb"\tc\n', [["a\nb", "c"]]),
    ],
    ids=["empty", "blank lines", "quote within", "empty cell", "never closed", "line break"],
)
def test_rows_by_hand(content, expected):
    assert split(content) == expected


def test_records_tell_their_first_line_and_whether_they_are_whole():
    rows = list(records(io.BytesIO(b'a\n"x\ny"\n\nb\n"c\n')))
    assert [one.line for one in rows] == [1, 2, 5, 6]
    assert [one.complete for one in rows] == [True, True, True, False]


def test_a_last_row_without_a_line_break_is_incomplete():
    assert [one.complete for one in records(io.BytesIO(b"a\nb"))] == [True, False]


def test_a_row_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(_vlmevalkit_tables, "_LONGEST_RECORD", 10)
    assert len(list(records(io.BytesIO(b"123456789\n" * 3)))) == 3
    with pytest.raises(ResultsError, match="line 2 begins a row of more than 10 bytes"):
        list(records(io.BytesIO(b'1\n"2345\n6789012\n')))


def test_cells_larger_than_csv_takes_are_read_and_its_limit_is_left_alone():
    limit = csv.field_size_limit()
    assert split(b'"%s"\t1\n' % (b"x" * (limit + 1))) == [["x" * (limit + 1), "1"]]
    assert csv.field_size_limit() == limit


def test_a_byte_order_mark_is_no_part_of_the_first_name():
    assert header(b'\xef\xbb\xbf"index"\thit\n') == ["index", "hit"]


def test_a_cell_that_is_no_utf_8_is_refused():
    with pytest.raises(ResultsError, match="a cell is not UTF-8 text"):
        cell_text(b"\xff")
