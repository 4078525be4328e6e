"""Differences to a baseline: the numbers, the order, the side that is better."""

import inspect
from itertools import pairwise
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from sklearn_sparseeval.comparison import Comparison
from sklearn_sparseeval.displays import (
    BudgetCurveDisplay,
    ComparisonDisplay,
    ScorePredictionDisplay,
)

MAE, TAU, BIAS = "mean_absolute_error", "kendall_tau", "bias"
NAN = float("nan")
DRAWN = {
    ("b", 10): (-0.03, -0.05, -0.01),
    ("c", 10): (NAN, NAN, NAN),
    ("b", 40): (0.01, -0.02, 0.04),
    ("c", 40): (-0.04, -0.06, -0.02),
}


@pytest.fixture
def display(fake):
    return ComparisonDisplay.from_comparison(fake)


def names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def with_differences(make_fake, by_method, **options):
    """Make a display of one budget from a mean difference per method."""
    values = {MAE: {(name, 10): [0.1] * 3 for name in ("a", *by_method)}}
    differences = {(name, 10): (d, d - 0.01, d + 0.01) for name, d in by_method.items()}
    return ComparisonDisplay.from_comparison(make_fake(values, differences), **options)


def intervals(display, ax):
    """Return the two-ended lines, by place from the top."""
    own = [*display.points_.values()]
    lines = [line for line in ax.lines if line not in own]
    return {
        line.get_ydata()[0]: list(line.get_xdata())
        for line in lines
        if line.get_ydata()[0] == line.get_ydata()[1]
    }


def test_the_frame_is_what_the_summary_says(display):
    frame = display.frame()
    assert list(frame) == [
        "n_anchors", "method", "difference", "difference_low", "difference_high", "n_splits",
        "n_failed",
    ]  # fmt: skip
    found = {
        (row.method, row.n_anchors): (row.difference, row.difference_low, row.difference_high)
        for row in frame.itertuples()
    }
    assert found.keys() == DRAWN.keys()
    for key, values in DRAWN.items():
        assert found[key] == pytest.approx(values, nan_ok=True)
    assert frame.index.tolist() == [0, 1, 2, 3]


def test_the_frame_is_a_copy(display):
    frame = display.frame()
    frame["difference"] = 7
    assert not (display.frame()["difference"] == 7).any()


@pytest.mark.parametrize(
    ("asked", "passed"),
    [
        ({}, (MAE, None, 0.95)),
        ({"metric": TAU, "baseline": "b", "confidence_level": 0.8}, (TAU, "b", 0.8)),
    ],
)
def test_the_summary_is_asked_for_what_the_user_asks(fake, asked, passed):
    display = ComparisonDisplay.from_comparison(fake, **asked)
    assert fake.asked == passed
    assert (display.metric, display.confidence_level) == (passed[0], passed[2])
    assert display.baseline == (passed[1] or "a")
    assert display.baseline not in set(display.frame()["method"])
    assert display.greater_is_better is (passed[0] == TAU)


@pytest.mark.parametrize(
    ("n_anchors", "shown"),
    [(None, [10, 40]), (40, [40]), ([40], [40]), ((10, 40), [10, 40]), (np.array([40, 40]), [40])],
    ids=["all", "number", "list", "tuple", "array"],
)
def test_chosen_budgets_have_a_panel_each(fake, n_anchors, shown):
    display = ComparisonDisplay.from_comparison(fake, n_anchors=n_anchors).plot()
    assert list(display.frame()["n_anchors"].unique()) == shown
    titles = [ax.get_title().split("\n")[0] for ax in display.axes_]
    assert titles == [f"{k} anchors" for k in shown]


@pytest.mark.parametrize("metric", [MAE, TAU, BIAS])
def test_a_real_comparison(real, metric):
    display = ComparisonDisplay.from_comparison(real, metric=metric, baseline="random-ridge").plot()
    summary = real.summary(metric, baseline="random-ridge").set_index(["n_anchors", "method"])
    assert set(display.points_) == {
        (k, m) for k in (5, 15) for m in ("random-mean", "sparse-ridge")
    }
    factor = 1 if metric == TAU else 100
    for key, point in display.points_.items():
        assert point.get_xdata() == pytest.approx([factor * summary.loc[key, "difference"]])
    display.figure_.canvas.draw()


@pytest.mark.parametrize(
    ("metric", "unit", "factor"), [(MAE, "points", 100), (MAE, "score", 1), (TAU, "points", 1)]
)
def test_points_and_intervals_are_in_the_unit(fake, metric, unit, factor):
    display = ComparisonDisplay.from_comparison(fake, metric=metric).plot(unit=unit)
    order = names(display.axes_[0])
    for ax, k in zip(display.axes_, (10, 40), strict=True):
        found = intervals(display, ax)
        for place, method in enumerate(order):
            middle, low, high = (factor * value for value in DRAWN[method, k])
            point = display.points_[k, method]
            assert point.axes is ax
            assert point.get_xdata() == pytest.approx([middle], nan_ok=True)
            assert list(point.get_ydata()) == [place]
            assert found[place] == pytest.approx([low, high], nan_ok=True)


def test_nothing_else_is_drawn_but_the_line_at_zero(display):
    display.plot()
    for ax in display.axes_:
        assert len(ax.lines) == 1 + 2 * 2
        zero = ax.lines[0]
        assert list(zero.get_xdata()) == [0, 0]
        assert list(zero.get_ydata()) == [0, 1]  # of the height of the axes


@pytest.mark.parametrize(
    ("metric", "order"),
    [
        (MAE, ["low", "middle", "high"]),
        (BIAS, ["low", "middle", "high"]),
        (TAU, ["high", "middle", "low"]),
    ],
)
def test_the_best_is_on_top(make_fake, metric, order):
    display = with_differences(
        make_fake, {"middle": 0, "high": 0.2, "low": -0.1}, metric=metric
    ).plot()
    (ax,) = display.axes_
    assert names(ax) == order
    assert list(ax.get_yticks()) == [0, 1, 2]
    bottom, top = ax.get_ylim()
    assert (bottom, top) == (2.5, -0.5)  # the first on top
    assert [display.points_[10, name].get_ydata()[0] for name in order] == [0, 1, 2]


def test_the_order_is_that_over_all_budgets(display):
    # b: (-0.03 + 0.01) / 2 = -0.01; c: -0.04, from the one that is known
    display.plot()
    assert names(display.axes_[0]) == ["c", "b"]


@pytest.mark.parametrize("metric", [MAE, TAU])
def test_a_difference_that_is_not_known_comes_last(make_fake, metric):
    display = with_differences(make_fake, {"b": NAN, "c": 0.5, "d": -0.5}, metric=metric).plot()
    assert names(display.axes_[0])[-1] == "b"
    assert np.isnan(display.points_[10, "b"].get_xdata()).all()
    display.figure_.canvas.draw()


def test_equal_methods_stay_in_the_order_of_the_comparison(make_fake):
    display = with_differences(make_fake, dict.fromkeys("zyx", 0.1)).plot()
    assert names(display.axes_[0]) == ["z", "y", "x"]


@pytest.mark.parametrize(
    ("metric", "sides"),
    [(MAE, "← better   worse →"), (TAU, "← worse   better →"), (BIAS, "← better   worse →")],
)
def test_the_title_says_which_side_is_better(fake, metric, sides):
    display = ComparisonDisplay.from_comparison(fake, metric=metric).plot()
    assert [ax.get_title() for ax in display.axes_] == [f"{k} anchors\n{sides}" for k in (10, 40)]


@pytest.mark.parametrize("shift", [-0.5, 0.5, 0])
def test_there_is_room_on_both_sides_of_zero(make_fake, shift):
    display = with_differences(make_fake, {"b": shift, "c": shift + 0.02}).plot()
    left, right = display.axes_[0].get_xlim()
    assert left < 0 < right
    assert min(-left, right) >= 0.34 * max(-left, right)
    assert left < 100 * (shift - 0.01)
    assert right > 100 * (shift + 0.03)


@pytest.mark.parametrize(
    ("options", "unit", "name", "against"),
    [
        ({}, "points", "mean absolute error (points)", "a, 95%"),
        ({}, "score", "mean absolute error", "a, 95%"),
        ({"metric": TAU, "baseline": "b"}, "points", "Kendall's tau", "b, 95%"),
        ({"metric": BIAS}, "points", "size of the bias (points)", "a, 95%"),
        ({"confidence_level": 0.975}, "score", "mean absolute error", "a, 97.5%"),
        ({"confidence_level": 0.57}, "score", "mean absolute error", "a, 57%"),
    ],
)
def test_the_label_says_what_is_shown(fake, options, unit, name, against):
    display = ComparisonDisplay.from_comparison(fake, **options).plot(unit=unit)
    assert display.figure_.get_supxlabel() == f"{name}\nminus that of {against} interval"
    assert {ax.get_xlabel() for ax in display.axes_} == {""}


def test_methods_are_named_once_per_row_of_panels(display):
    display.plot(figsize=(7, 3))
    first, second = display.axes_
    assert names(first) == ["c", "b"]
    assert names(second) == ["", ""]
    with mpl.rc_context({"figure.figsize": (3.3, 3)}):
        display.plot()
    assert [names(ax) for ax in display.axes_] == [["c", "b"]] * 2


def test_methods_look_as_in_every_picture_of_the_comparison(fake):
    display = ComparisonDisplay.from_comparison(fake, baseline="b").plot()
    curves = BudgetCurveDisplay.from_comparison(fake).plot().lines_
    for (_, method), point in display.points_.items():
        line = curves[MAE, method]
        assert point.get_marker() == line.get_marker()
        assert point.get_color() == line.get_color()
        assert point.get_markerfacecolor() == line.get_markerfacecolor()


def test_the_callers_axes_are_drawn_on(display):
    figure, axes = plt.subplots(2, 1, figsize=(5, 4))
    assert display.plot(list(axes)) is display
    assert display.axes_.tolist() == axes.tolist()
    assert display.figure_ is figure
    assert figure.get_size_inches().tolist() == [5, 4]
    for ax in axes:  # each stands for itself
        assert names(ax) == ["c", "b"]
        assert ax.get_xlabel().endswith("minus that of a, 95% interval")
    assert figure.get_supxlabel() == ""
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("n_axes", [1, 3])
def test_the_wrong_number_of_axes_is_refused(display, n_axes):
    _, axes = plt.subplots(n_axes)
    message = rf"ComparisonDisplay\.plot got {n_axes} axes for 2 panel\(s\): 10 anchors, 40 anchors"
    with pytest.raises(ValueError, match=message):
        display.plot(axes)


def test_the_height_follows_from_the_number_of_methods(make_fake):
    few, many = (
        with_differences(make_fake, {f"m{i}": 0.1 * i for i in range(n)}).plot().figure_
        for n in (2, 20)
    )
    grown = many.get_size_inches()[1] - few.get_size_inches()[1]
    assert grown == pytest.approx(18 * 1.9 * 10 / 72)


LONG = "SparseRidgeSelector + ResidualRidgeRegressor of a paper"


@pytest.mark.parametrize("n_methods", [1, 18])
def test_long_names_are_broken_and_leave_half_of_a_column_to_the_intervals(
    make_fake, outside, n_methods
):
    differences = {LONG: 0.5, **{f"m{i}": 0.1 * i for i in range(n_methods)}}
    with mpl.rc_context({"figure.figsize": (3.3, 3)}):
        display = with_differences(make_fake, differences).plot(font_size=8)
    (ax,) = display.axes_
    assert outside(display.figure_) == []
    assert ax.get_window_extent().width > 0.5 * display.figure_.bbox.width
    (long,) = [name for name in names(ax) if "\n" in name]
    assert long.replace("\n", " ") == LONG
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    for upper, lower in pairwise(boxes):
        assert upper.y0 >= lower.y1


@pytest.mark.parametrize(("width", "n_rows"), [(3.3, 2), (7, 1)])
def test_broken_names_make_every_row_of_panels_higher(make_fake, width, n_rows):
    heights = []
    for name in ("b", LONG):
        values = {MAE: {(m, k): [0.1] * 3 for m in ("a", name) for k in (10, 40)}}
        with mpl.rc_context({"figure.figsize": (width, 3)}):
            display = ComparisonDisplay.from_comparison(make_fake(values, {})).plot(font_size=16)
        heights.append(display.figure_.get_size_inches()[1])
    n_breaks = names(display.axes_[0])[0].count("\n")
    assert n_breaks > 0
    assert heights[1] - heights[0] == pytest.approx(n_rows * 0.5 * n_breaks * 16 / 72)


def test_one_method_is_no_comparison(make_fake):
    message = "The comparison has one method only, 'a': there is no difference to show"
    with pytest.raises(ValueError, match=message):
        with_differences(make_fake, {})


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"metric": "nope"}, "metric='nope' is not in this comparison; it has mean_absolute_error"),
        ({"baseline": "nope"}, "baseline='nope' is not in this comparison; it has random-mean"),
        ({"n_anchors": 7}, r"n_anchors asks for 7, .* It holds: 5, 15\."),
        ({"n_anchors": [5, 7]}, r"n_anchors asks for 7, .* It holds: 5, 15\."),
        ({"n_anchors": []}, "n_anchors is empty. Ask for at least one of: 5, 15"),
        ({"confidence_level": 95}, "confidence_level=95 is not between 0 and 1"),
    ],
)
def test_what_is_not_there_is_refused(real, asked, message):
    with pytest.raises(ValueError, match=message):
        ComparisonDisplay.from_comparison(real, **asked)


@pytest.mark.parametrize(
    "wrong",
    [{"unit": "percent"}, {"figsize": [3, 3]}, {"font_size": -1}],
    ids=lambda w: next(iter(w)),
)
def test_wrong_options_are_refused(display, wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"'{name}' parameter of ComparisonDisplay.plot"):
        display.plot(**wrong)


def test_settings_of_matplotlib_stay(display):
    before = mpl.rcParams.copy()
    display.plot(font_size=6)
    assert mpl.rcParams == before


@pytest.mark.parametrize(("width", "font_size"), [(3.3, 8), (7, None)])
@pytest.mark.parametrize("baseline", ["a", "stratified-residual-ridge-of-a-long-name"])
def test_no_text_stands_out_of_the_figure(make_fake, outside, width, font_size, baseline):
    fake = make_fake()
    fake.baseline = baseline
    with mpl.rc_context({"figure.figsize": (width, 3)}):
        display = ComparisonDisplay.from_comparison(fake).plot(font_size=font_size)
    assert outside(display.figure_) == []
    words = display.figure_.get_supxlabel().replace("\n", "").replace(" ", "")
    assert f"minusthatof{baseline},95%interval" in words


# What all displays together ask of a comparison.
METHODS = ["frame", "greater_is_better", "noise_ceiling", "predictions", "summary"]


def test_displays_ask_for_nothing_else(real):
    bare = SimpleNamespace(
        baseline=real.baseline, **{name: getattr(real, name) for name in METHODS}
    )
    for display, asked in (
        (BudgetCurveDisplay, {}),
        (ComparisonDisplay, {}),
        (ScorePredictionDisplay, {"method": "random-ridge", "n_anchors": 5}),
    ):
        got, expected = (
            display.from_comparison(comparison, **asked).plot().frame()
            for comparison in (bare, real)
        )
        pd.testing.assert_frame_equal(got, expected)


@pytest.mark.parametrize("name", METHODS)
def test_the_comparison_made_by_hand_is_asked_like_a_real_one(fake, name):
    by_hand = inspect.signature(getattr(fake, name)).parameters
    given = inspect.signature(getattr(Comparison, name)).parameters
    assert list(given)[1:] == list(by_hand)
    assert all(given[key].kind == by_hand[key].kind for key in by_hand)


@pytest.mark.parametrize("table", ["frame", "predictions"])
def test_the_tables_made_by_hand_have_the_columns_of_real_ones(fake, real, table):
    assert set(getattr(fake, table)()) == set(getattr(real, table)())


def test_the_summary_made_by_hand_has_columns_of_a_real_one(fake, real):
    assert set(fake.summary(MAE)) <= set(real.summary(MAE))
    assert fake.summary(MAE).attrs.keys() <= real.summary(MAE).attrs.keys()
    assert isinstance(real.baseline, str)
