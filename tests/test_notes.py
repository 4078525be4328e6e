"""A note is data: a kind that code reads, and one line that people do."""

import pytest

from sklearn_sparseeval import Note


def test_a_note_is_its_text_in_one_line():
    note = Note("odd", "two\n  lines ", "acme/one", 3)
    assert str(note) == note.text == "two lines"
    assert (note.kind, note.where, note.count) == ("odd", "acme/one", 3)


@pytest.mark.parametrize("note", [Note("a", "A."), Note("b", "B.", "somewhere", 0)])
def test_it_comes_back_from_plain_values(note):
    assert Note.from_dict(note.to_dict()) == note
    assert list(note.to_dict()) == ["kind", "text", "where", "count"]


@pytest.mark.parametrize(
    "values",
    [{}, {"kind": "a"}, {"kind": 1, "text": "A."}, {"kind": "a", "text": "A.", "count": "2"}],
)
def test_what_is_not_a_note(values):
    with pytest.raises(ValueError, match="is not a note"):
        Note.from_dict(values)


def test_notes_are_equal_by_what_they_say():
    assert len({Note("a", "A."), Note("a", "A."), Note("a", "A.", count=1)}) == 2
