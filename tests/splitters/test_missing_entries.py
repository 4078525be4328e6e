"""Entries that are not there, in every guise."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval.splitters._missing_entries import is_missing, refuse_missing


@pytest.mark.parametrize(
    "entry",
    [None, np.nan, float("nan"), np.float32("nan"), np.datetime64("NaT"), pd.NaT, pd.NA],
    ids=["none", "nan", "float", "float32", "datetime64", "pandas NaT", "pandas NA"],
)
def test_missing(entry):
    assert is_missing(entry) is True


@pytest.mark.parametrize(
    "entry",
    ["", "nan", 0, 0.0, False, np.inf, np.datetime64("1970-01-01"), datetime(1970, 1, 1), ("a",)],
    ids=["empty", "text", "0", "0.0", "false", "inf", "datetime64", "datetime", "tuple"],
)
def test_not_missing(entry):
    assert is_missing(entry) is False


def test_refusal_counts_and_points():
    refuse_missing(["a", "b"], "label", "Label them.")
    expected = r"^groups holds 2 missing label\(s\), the first at index 1\. Label them\.$"
    with pytest.raises(ValueError, match=expected):
        refuse_missing(["a", None, "b", np.nan], "label", "Label them.")
