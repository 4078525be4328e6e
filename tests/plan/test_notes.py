import warnings

import pytest

from sklearn_sparseeval.plan._notes import add_note, noted, print_notes


def test_warnings_become_notes_each_once_and_in_one_line():
    notes = ["known"]
    with noted(notes):
        warnings.warn("two\nlines", UserWarning, stacklevel=1)
        warnings.warn("two  lines", UserWarning, stacklevel=1)
        warnings.warn("known", UserWarning, stacklevel=1)
        warnings.warn("of no interest", DeprecationWarning, stacklevel=1)
    assert notes == ["known", "two lines"]


def test_notes_up_to_an_error_are_kept():
    def fail(notes):
        with noted(notes):
            warnings.warn("before", UserWarning, stacklevel=1)
            raise ValueError("stop")

    notes = []
    with pytest.raises(ValueError, match="stop"):
        fail(notes)
    assert notes == ["before"]


def test_they_are_printed_a_line_each(capsys):
    notes = []
    add_note(notes, "one")
    add_note(notes, "one")
    add_note(notes, "two")
    print_notes(notes)
    assert capsys.readouterr().out == "Note: one\nNote: two\n"
