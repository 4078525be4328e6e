"""Messages name many things in few words."""

import pytest

from sklearn_sparseeval import ResultsWarning
from sklearn_sparseeval._errors import warn
from sklearn_sparseeval._messages import listing


@pytest.mark.parametrize(
    ("names", "most", "expected"),
    [
        (["a"], 5, "'a'"),
        (["a", "b"], 2, "'a', 'b'"),
        (["a", "b", "c"], 2, "'a', 'b' and 1 more"),
        ([1, 2], 1, "1 and 1 more"),
        ([], 3, ""),
    ],
)
def test_listing(names, most, expected):
    assert listing(names, most) == expected


def test_warning_is_of_the_kind_and_points_at_the_caller():
    def step():
        warn("3 items were left out.")

    with pytest.warns(ResultsWarning, match=r"^3 items were left out\.$") as caught:
        step()
    assert caught[0].filename == __file__
