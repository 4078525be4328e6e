"""Dates in every form that ChronologicalSplit takes: read alike, or refused by name."""

from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_sparseeval.splitters import ChronologicalSplit

TEXTS = ["2024-05-31", "2023-07-18"]
DAYS = [date(2024, 5, 31), date(2023, 7, 18)]
MOMENTS = [datetime(2024, 5, 31), datetime(2023, 7, 18)]
EXPECTED = np.array(TEXTS, dtype="datetime64[us]")
EAST = timezone(timedelta(hours=2))
MICROSECOND = np.timedelta64(1, "us")


def split(groups, cutoff=None):
    """Return the sources and the targets of a single split."""
    X = np.zeros((len(groups), 1))
    ((sources, targets),) = ChronologicalSplit(1, cutoff=cutoff).split(X, groups=groups)
    return sources.tolist(), targets.tolist()


def require_read_as(groups, later, earlier):
    """Check that two dates, of which the first is the later one, are read as given."""
    assert split(groups) == ([1], [0])
    assert split(groups, later) == ([1], [0])
    assert split(groups, earlier + MICROSECOND) == ([1], [0])
    with pytest.raises(ValueError, match="on, fewer than the 1 split"):
        split(groups, later + MICROSECOND)
    with pytest.raises(ValueError, match="No model is older"):
        split(groups, earlier)


@pytest.mark.parametrize(
    "groups",
    [
        TEXTS,
        tuple(DAYS),
        MOMENTS,
        [TEXTS[0], DAYS[1]],
        np.array(TEXTS),
        np.array(TEXTS, dtype=np.dtypes.StringDType()),
        np.array(TEXTS, dtype=object),
        np.array(TEXTS, dtype="datetime64[D]"),
        np.array(TEXTS, dtype="datetime64[ns]"),
        [np.datetime64(text) for text in TEXTS],
        pd.Series(TEXTS),
        pd.Series(TEXTS).astype("category"),
        pd.Series(pd.to_datetime(TEXTS), index=["b", "a"]),
        pd.DatetimeIndex(TEXTS),
        [pd.Timestamp(text) for text in TEXTS],
        pl.Series(TEXTS),
        pl.Series(DAYS),
        ["20240531", "2023-07-18T00:00"],
    ],
    ids=[
        "strings",
        "dates",
        "datetimes",
        "mixed",
        "array of strings",
        "variable-width strings",
        "objects",
        "datetime64[D]",
        "datetime64[ns]",
        "datetime64 scalars",
        "series of strings",
        "categories",
        "series of times",
        "index",
        "timestamps",
        "polars strings",
        "polars dates",
        "other ISO forms",
    ],
)
def test_dates(groups):
    require_read_as(groups, *EXPECTED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024", "2024-01-01"),
        ("2024-05", "2024-05-01"),
        ("2024-W02-1", "2024-01-08"),
        ("2024-05-31 12:30", "2024-05-31T12:30"),
        ("2024-05-31T12:30:00.000Z", "2024-05-31T12:30"),
        ("2024-05-31T01:30+02:00", "2024-05-30T23:30"),
    ],
)
def test_iso_strings(text, expected):
    day = np.datetime64(expected, "us")
    require_read_as([text, "1999"], day, np.datetime64("1999-01-01", "us"))
    assert split([day - MICROSECOND, day, day + MICROSECOND], text) == ([0], [1, 2])


@pytest.mark.parametrize(
    "groups",
    [
        [datetime(2024, 1, 1, 1, tzinfo=EAST), datetime(2024, 1, 1, tzinfo=UTC)],
        [pd.Timestamp("2024-01-01 01:00", tz=EAST), datetime(2024, 1, 1)],
        pd.Series([pd.Timestamp("2023-12-31 23:00"), pd.Timestamp("2024-01-01")]).dt.tz_localize(
            "UTC"
        ),
        ["2024-01-01T01:00+02:00", "2024-01-01"],
    ],
    ids=["two zones", "with and without", "series", "strings"],
)
def test_times_are_compared_in_utc(groups):
    later, earlier = np.array(["2024-01-01", "2023-12-31T23:00"], dtype="datetime64[us]")
    require_read_as(groups[::-1], later, earlier)


@pytest.mark.parametrize(
    ("groups", "cutoff"),
    [
        ([2024, 2023], 2024),
        ([2024.5, 2023], 2024.25),
        (np.array([3, 1], dtype=np.uint8), 2),
        (np.array([3, 1], dtype=object), 3),
        (pd.Series([3, 1], dtype="Int64"), 2),
        ([10**30, 1], 10**29),
        ([Fraction(1, 2), 0], Fraction(1, 3)),
        ([2**62 + 1, 2**62], 2**62 + 1),
    ],
    ids=["years", "mixed", "uint8", "objects", "nullable", "huge", "fractions", "nanoseconds"],
)
def test_numbers(groups, cutoff):
    assert split(groups) == ([1], [0])
    assert split(groups, cutoff) == ([1], [0])


@pytest.mark.parametrize(
    "groups",
    [
        ["2024", "2023", None],
        ["2024", "2023", np.nan],
        [2024, 2023, None],
        [2024.0, 2023.0, np.nan],
        [*MOMENTS, pd.NaT],
        np.array([*TEXTS, "NaT"], dtype="datetime64[D]"),
        pd.Series([*TEXTS, None]),
        pd.Series(pd.to_datetime([*TEXTS, None])),
        pd.Series([1, 2, None], dtype="Int64"),
        pl.Series([*DAYS, None]),
    ],
    ids=[
        "none",
        "nan among strings",
        "none among numbers",
        "nan",
        "NaT",
        "datetime64",
        "series of strings",
        "series of times",
        "nullable",
        "polars",
    ],
)
def test_missing_dates_are_refused(groups):
    with pytest.raises(ValueError, match=r"1 missing date\(s\), the first at index 2\. Give every"):
        split(groups)


@pytest.mark.parametrize(
    ("groups", "got"),
    [
        (["2024", "last spring"], r"groups\[1\] is 'last spring'"),
        (["2024-13"], r"groups\[0\] is '2024-13'"),
        (["31.05.2024"], r"groups\[0\] is '31.05.2024'"),
        ([""], r"groups\[0\] is ''"),
        (["2024", 2024], r"groups\[1\] is 2024"),
        ([True, False], r"groups\[0\] is True"),
        (np.array([True, False]), r"groups\[0\] is .*True"),
        (np.array([1, 2], dtype="timedelta64[ns]"), r"groups\[0\] is .*timedelta64"),
        ([timedelta(days=1)], r"groups\[0\] is datetime.timedelta"),
        (pd.Series(pd.period_range("2024-01", periods=2, freq="M")), r"groups\[0\] is Period"),
        ([1j], r"groups\[0\] is 1j"),
    ],
    ids=[
        "words",
        "month 13",
        "points",
        "empty",
        "dates and numbers",
        "truth values",
        "array of truth values",
        "durations",
        "python durations",
        "periods",
        "complex",
    ],
)
def test_what_is_not_a_date_is_named(groups, got):
    with pytest.raises(ValueError, match=got + r".*, which cannot be read as a date\. Give dates"):
        split(groups)


def test_infinite_numbers_are_refused():
    with pytest.raises(ValueError, match=r"2 date\(s\) that are not finite, the first at index 1"):
        split([1, np.inf, -np.inf])


@pytest.mark.parametrize("groups", [[[1], [2]], "2024"], ids=["column", "string"])
def test_one_date_per_model(groups):
    with pytest.raises(ValueError, match=r"groups has shape .*; expected \(n_models,\), one date"):
        split(groups)


@pytest.mark.parametrize(
    ("cutoff", "groups"),
    [
        (3, [2, 3]),
        (2024.5, [2024.4, 2024.5]),
        (Fraction(1, 2), [0.4, 0.5]),
        (date(2024, 5, 31), [EXPECTED[0] - MICROSECOND, EXPECTED[0]]),
        (np.datetime64("2024-05-31"), [EXPECTED[0] - MICROSECOND, EXPECTED[0]]),
        (pd.Timestamp("2024-05-31"), [EXPECTED[0] - MICROSECOND, EXPECTED[0]]),
    ],
    ids=["integer", "real", "fraction", "date", "datetime64", "timestamp"],
)
def test_cutoffs(cutoff, groups):
    assert split(groups, cutoff) == ([0], [1])


@pytest.mark.parametrize(
    ("cutoff", "expected"),
    [
        (np.nan, "cutoff=nan is not a date"),
        (np.inf, "cutoff=inf is not a date"),
        (pd.NaT, "cutoff=NaT is not a date"),
        (np.array([1, 2]), r"cutoff=\[1 2\] is not a date"),
        ("soon", "cutoff is 'soon', which cannot be read as a date"),
        (True, "cutoff is True, which cannot be read"),
        ([2024], r"cutoff is \[2024\], which cannot be read"),
    ],
    ids=["nan", "inf", "NaT", "array", "word", "truth value", "list"],
)
def test_bad_cutoffs(cutoff, expected):
    with pytest.raises(ValueError, match=expected):
        ChronologicalSplit(cutoff=cutoff)
