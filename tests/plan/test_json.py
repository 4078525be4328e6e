import json
from pathlib import Path

import numpy as np
import pytest

from sklearn_sparseeval.plan._output import json_text


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (np.float64(0.5), 0.5),
        (np.int64(3), 3),
        (np.array([[1.0, np.nan]]), [[1.0, None]]),
        (float("inf"), None),
        (True, True),
        (None, None),
        (("a", Path("b") / "c"), ["a", "b/c"]),
        ({1: {"x": float("nan")}}, {"1": {"x": None}}),
        ("Zoë", "Zoë"),
    ],
    ids=str,
)
def test_any_reader_of_json_can_read_it(value, read):
    def refuse(constant):
        raise ValueError(constant)

    assert json.loads(json_text(value), parse_constant=refuse) == read


def test_letters_pass_through_any_console():
    assert json_text("Zoë") == '"Zo\\u00eb"'
