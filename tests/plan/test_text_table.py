import pytest

from sklearn_sparseeval.plan._output import text_table


@pytest.mark.parametrize(
    ("left", "lines"),
    [
        (1, ["task       n", "a       1000", "longer     7"]),
        (2, ["task    n", "a       1000", "longer  7"]),
        (0, ["  task     n", "     a  1000", "longer     7"]),
    ],
)
def test_columns_are_aligned(left, lines):
    assert text_table(["task", "n"], [["a", "1000"], ["longer", "7"]], left=left) == lines


def test_a_table_without_rows_is_its_header():
    assert text_table(["a", "b"], []) == ["a  b"]
