import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.vlmevalkit import _tab_separated
from sklearn_sparseeval.harness.vlmevalkit._tables import cell_text, fields, header, records


def split(content):
    """All rows of a table, as texts."""
    return [[cell_text(cell) for cell in fields(one.raw)] for one in records(io.BytesIO(content))]


# The csv module writes no zero bytes before Python 3.13.
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)
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
    monkeypatch.setattr(_tab_separated, "_LONGEST_RECORD", 10)
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
    with pytest.raises(ResultsError, match="a cell is no UTF-8 text"):
        cell_text(b"\xff")
