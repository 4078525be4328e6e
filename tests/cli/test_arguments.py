import argparse

import pytest

from sklearn_sparseeval.cli._arguments import positive, seed


@pytest.mark.parametrize(("read", "text", "value"), [(positive, "7", 7), (seed, "0", 0)])
def test_numbers_are_read(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (positive, "0", "0 is not at least 1"),
        (positive, "1.5", "'1.5' is not a whole number"),
        (seed, "-1", "-1 is not between 0 and"),
        (seed, str(2**32), "is not between"),
    ],
)
def test_others_are_refused(read, text, message):
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        read(text)
