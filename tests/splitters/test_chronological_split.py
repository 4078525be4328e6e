"""Older sources, newer targets: TimeSeriesSplit, plain loops, ties, cutoffs, errors."""

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit

from sklearn_sparseeval.splitters import ChronologicalSplit


def _split(cv, dates):
    splits = cv.split(np.zeros((len(dates), 1)), groups=dates)
    return [(train.tolist(), test.tolist()) for train, test in splits]


def _stretches_by_loop(dates, first_target, n_splits):
    """Begin each stretch where as near as can be to the wanted number of models is older."""
    distinct = sorted(set(dates))
    starts = []
    for number in range(n_splits):
        wanted = first_target + (len(dates) - first_target) * number / n_splits
        best = None
        for place, day in enumerate(distinct):
            n_dates_left_after = len(distinct) - place - 1
            if day <= (starts[-1] if starts else distinct[0]):
                continue
            if n_dates_left_after < n_splits - number - 1:
                continue
            distance = abs(sum(other < day for other in dates) - wanted)
            if best is None or distance < best[0] - 1e-9:
                best = distance, day
        starts.append(best[1])
    ends = [*starts[1:], np.inf]
    return [
        (
            [model for model, day in enumerate(dates) if day < start],
            [model for model, day in enumerate(dates) if start <= day < end],
        )
        for start, end in zip(starts, ends, strict=True)
    ]


dates_with_ties = st.lists(st.integers(0, 12), min_size=6, max_size=40)


@pytest.mark.parametrize("n_splits", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("n_models", [9, 10, 23, 40])
def test_distinct_dates_split_like_a_time_series(n_models, n_splits):
    order = np.random.default_rng(n_models).permutation(n_models)
    dates = np.empty(n_models, dtype="datetime64[D]")
    dates[order] = np.datetime64("2024-01-01") + 3 * np.arange(n_models)
    if n_splits > 1:
        expected = list(TimeSeriesSplit(n_splits).split(np.zeros((n_models, 1))))
    else:  # which TimeSeriesSplit does not know: the older and the newer half
        half = (n_models + 1) // 2
        expected = [(np.arange(half), np.arange(half, n_models))]
    assert _split(ChronologicalSplit(n_splits), dates) == [
        (sorted(order[train]), sorted(order[test])) for train, test in expected
    ]


@pytest.mark.slow
@given(dates_with_ties, st.integers(1, 5))
@settings(deadline=None)
def test_ties_as_in_plain_loops(dates, n_splits):
    if len(set(dates)) <= n_splits:
        return
    first = len(dates) - n_splits * (len(dates) // (n_splits + 1))
    expected = _stretches_by_loop(dates, first, n_splits)
    assert _split(ChronologicalSplit(n_splits), dates) == expected


@pytest.mark.slow
@given(dates_with_ties, st.integers(1, 4), st.floats(0.5, 11.5))
@settings(deadline=None)
def test_cutoffs_as_in_plain_loops(dates, n_splits, cutoff):
    older = [day for day in dates if day < cutoff]
    if not older or len(set(dates) - set(older)) < n_splits:
        return
    expected = _stretches_by_loop(dates, len(older), n_splits)
    assert _split(ChronologicalSplit(n_splits, cutoff=cutoff), dates) == expected
    assert expected[0][0] == [model for model, day in enumerate(dates) if day < cutoff]


@pytest.mark.slow
@given(dates_with_ties, st.integers(1, 5), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_sources_are_strictly_older_and_stretches_consecutive(dates, n_splits, random):
    if len(set(dates)) <= n_splits:
        return
    dates = np.array(random.sample(dates, len(dates)))
    splits = _split(ChronologicalSplit(n_splits), dates)
    assert len(splits) == n_splits
    for train, test in splits:
        assert dates[train].max() < dates[test].min()
        assert train == np.flatnonzero(dates < dates[test].min()).tolist()
    for (train, test), (later_train, later_test) in pairwise(splits):
        assert sorted(train + test) == later_train
        assert dates[test].max() < dates[later_test].min()
    assert len(splits[-1][0]) + len(splits[-1][1]) == len(dates)


@pytest.mark.parametrize(
    "dates",
    [
        [3, 1, 2, 2],
        ["2024-03-01", "2023", "2024-02", "2024-02-01"],
        [date(2024, 3, 1), date(2023, 1, 1), date(2024, 2, 1), date(2024, 2, 1)],
        pd.Series(pd.to_datetime(["2024-03-01", "2023-01-01", "2024-02-01", "2024-02-01"])),
    ],
    ids=["numbers", "strings", "dates", "series"],
)
def test_by_hand(dates):
    assert _split(ChronologicalSplit(2), dates) == [([1], [2, 3]), ([1, 2, 3], [0])]
    assert _split(ChronologicalSplit(1), dates) == [([1], [0, 2, 3])]  # 1 and 3 are as near to 2


@pytest.mark.parametrize(
    ("cutoff", "expected"),
    [
        ("2024-02-01", [([1], [0, 2, 3])]),
        ("2024-02-02", [([1, 2, 3], [0])]),
        (date(2023, 6, 1), [([1], [0, 2, 3])]),
        (pd.Timestamp("2024-03-01"), [([1, 2, 3], [0])]),
        ("2024-03-01T00:00Z", [([1, 2, 3], [0])]),
    ],
    ids=["on a date", "between dates", "date", "timestamp", "time with a zone"],
)
def test_cutoff_by_hand(cutoff, expected):
    dates = ["2024-03-01", "2023", "2024-02", "2024-02-01"]
    cv = ChronologicalSplit(cutoff=cutoff)
    assert cv.get_n_splits() == 1
    assert _split(cv, dates) == expected


def test_stretches_from_a_cutoff_on():
    years = [2020, 2021, 2022, 2022, 2023, 2024, 2025]
    assert _split(ChronologicalSplit(2, cutoff=2022), years) == [
        ([0, 1], [2, 3]),
        ([0, 1, 2, 3], [4, 5, 6]),
    ]


@pytest.mark.parametrize(
    ("cv", "n_splits"),
    [
        (ChronologicalSplit(), 5),
        (ChronologicalSplit(3), 3),
        (ChronologicalSplit(cutoff=2024), 1),
        (ChronologicalSplit(2, cutoff=2024), 2),
    ],
    ids=["default", "given", "cutoff", "both"],
)
def test_number_of_splits(cv, n_splits):
    years = np.repeat(np.arange(2018, 2027), 2)
    assert cv.get_n_splits() == n_splits
    assert len(_split(cv, years)) == n_splits


@pytest.mark.parametrize(
    ("cv", "dates", "message"),
    [
        (
            ChronologicalSplit(3),
            [1, 2, 3, 3, 3],
            r"groups holds 3 distinct date\(s\), but n_splits=3 needs at least 4",
        ),
        (
            ChronologicalSplit(cutoff="2020"),
            ["2020", "2021"],
            r"No model is older than cutoff='2020': groups reaches from 2020-01-01.* to 2021",
        ),
        (
            ChronologicalSplit(cutoff=2022),
            [2020, 2021],
            r"holds 0 distinct date\(s\) from cutoff=2022 on, fewer than the 1 split\(s\) asked .*"
            "from 2020 to 2021",
        ),
        (
            ChronologicalSplit(2, cutoff=2021),
            [2020, 2021, 2021],
            r"holds 1 distinct date\(s\) from cutoff=2021 on, fewer than the 2 split\(s\)",
        ),
        (
            ChronologicalSplit(cutoff=2021),
            ["2020", "2022"],
            "cutoff=2021 cannot be compared with groups, which holds dates such as 2020-01-01",
        ),
        (
            ChronologicalSplit(cutoff="2021"),
            [2020, 2022],
            "cutoff='2021' cannot be compared with groups, which holds numbers such as 2020",
        ),
        (ChronologicalSplit(), ["2020", None], r"1 missing date\(s\), the first at index 1"),
        (ChronologicalSplit(), ["2020", "soon"], r"groups\[1\] is 'soon'"),
    ],
    ids=[
        "few dates",
        "none older",
        "none newer",
        "few newer",
        "number and dates",
        "date and numbers",
        "missing",
        "unreadable",
    ],
)
def test_dates_that_cannot_be_split(cv, dates, message):
    with pytest.raises(ValueError, match=message):
        _split(cv, dates)


@pytest.mark.parametrize("cutoff", ["soon", np.nan, True], ids=["word", "nan", "truth value"])
def test_a_cutoff_is_read_when_it_is_given(cutoff):
    with pytest.raises(ValueError, match="cutoff"):
        ChronologicalSplit(cutoff=cutoff)
