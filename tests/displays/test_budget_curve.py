"""Curves of metrics over numbers of anchors: the numbers, the lines, the words."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from sklearn_sparseeval.displays import BudgetCurveDisplay
from sklearn_sparseeval.metrics import get_scorers

MAE, TAU, BIAS = "mean_absolute_error", "kendall_tau", "bias"
ROOT2, ROOT3 = 2**0.5, 3**0.5
# Metric, method, n_anchors: mean, sd, standard error, splits with a value, failures.
BY_HAND = {
    (MAE, "a", 10): (0.12, 0.02, 0.02 / ROOT3, 3, 0),
    (MAE, "a", 40): (0.06, 0.02, 0.02 / ROOT3, 3, 0),
    (MAE, "b", 10): (0.09, 0.01 * ROOT3, 0.01, 3, 0),
    (MAE, "b", 40): (0.03, 0, 0, 3, 0),
    (MAE, "c", 10): (0.06, 0.02 / ROOT2, 0.01, 2, 1),
    (MAE, "c", 40): (0.03, 0.01, 0.01 / ROOT3, 3, 0),
    (TAU, "a", 10): (0.6, 0.1, 0.1 / ROOT3, 3, 0),
    (TAU, "a", 40): (0.8, 0.1, 0.1 / ROOT3, 3, 0),
    (TAU, "b", 10): (0.4, 0, 0, 3, 0),
    (TAU, "b", 40): (0.7, 0.2 / ROOT2, 0.1, 2, 0),  # undefined once, which is not a failure
    (TAU, "c", 10): (0.7, 0.2 / ROOT2, 0.1, 2, 1),
    (TAU, "c", 40): (0.9, 0, 0, 3, 0),
}
CEILINGS = {MAE: 0.012, TAU: 0.95}


@pytest.fixture
def display(fake):
    return BudgetCurveDisplay.from_comparison(fake)


def texts(legend):
    return [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("place", range(12))
def test_the_frame_by_hand(display, place):
    row = display.frame().iloc[place]
    (metric, method, n_anchors), expected = list(BY_HAND.items())[place]
    assert (row["metric"], row["method"], row["n_anchors"]) == (metric, method, n_anchors)
    columns = ["mean", "sd", "standard_error", "n_splits", "n_failed", "noise_ceiling"]
    assert row[columns].tolist() == pytest.approx([*expected, CEILINGS[metric]], abs=1e-12)


def test_the_frame_has_no_more_and_is_a_copy(display):
    frame = display.frame()
    assert list(frame) == [
        "metric", "method", "n_anchors", "mean", "sd", "standard_error", "n_splits", "n_failed",
        "noise_ceiling",
    ]  # fmt: skip
    assert len(frame) == 12
    frame["mean"] = 7
    assert not (display.frame()["mean"] == 7).any()


def test_without_a_noise_ceiling_there_is_nan(fake):
    assert (
        BudgetCurveDisplay.from_comparison(fake, metrics=BIAS).frame()["noise_ceiling"].isna().all()
    )


@pytest.mark.slow
@pytest.mark.parametrize("metric", [MAE, TAU, BIAS])
def test_the_frame_of_a_real_comparison(real, metric):
    frame = BudgetCurveDisplay.from_comparison(real, metrics=[metric]).frame()
    summary = real.summary(metric)
    merged = frame.merge(summary, on=["method", "n_anchors"], suffixes=("", "_of_summary"))
    assert len(merged) == len(summary) == len(frame) == 6
    for column in ("mean", "sd", "n_splits", "n_failed"):
        np.testing.assert_allclose(merged[column], merged[f"{column}_of_summary"], rtol=1e-12)
    np.testing.assert_allclose(merged["standard_error"], merged["sd"] / 2)  # four splits


@pytest.mark.slow
def test_a_real_comparison_is_drawn(real):
    display = BudgetCurveDisplay.from_comparison(real).plot()
    frame = display.frame().set_index(["metric", "method", "n_anchors"])["mean"]
    for (metric, method), line in display.lines_.items():
        factor = 100 if metric == MAE else 1
        assert line.get_ydata() == pytest.approx(
            [factor * frame[metric, method, k] for k in (5, 15)]
        )
    assert set(display.noise_ceilings_) == {MAE, TAU}


@pytest.mark.slow
@pytest.mark.parametrize(("unit", "factor"), [("points", 100), ("score", 1)])
@pytest.mark.parametrize("method", ["a", "b", "c"])
def test_the_lines_hold_the_means(display, unit, factor, method):
    display.plot(unit=unit)
    for metric, scale in ((MAE, factor), (TAU, 1)):
        expected = [scale * BY_HAND[metric, method, k][0] for k in (10, 40)]
        assert display.lines_[metric, method].get_ydata() == pytest.approx(expected)


@pytest.mark.slow
@pytest.mark.parametrize(("unit", "factor"), [("points", 100), ("score", 1)])
def test_the_noise_ceiling_is_a_line_across(display, unit, factor):
    display.plot(unit=unit)
    for metric, scale in ((MAE, factor), (TAU, 1)):
        line = display.noise_ceilings_[metric]
        assert line.get_ydata() == pytest.approx([scale * CEILINGS[metric]] * 2)
        assert list(line.get_xdata()) == [0, 1]  # of the width of the axes


@pytest.mark.slow
@pytest.mark.parametrize(("spread", "column"), [("standard_error", 2), ("standard_deviation", 1)])
def test_the_bars_are_the_spread(display, spread, column):
    display.plot(spread=spread)
    for metric, factor in ((MAE, 100), (TAU, 1)):
        for method in "abc":
            ends = [bar[:, 1] for bar in display.error_bars_[metric, method].get_segments()]
            rows = [BY_HAND[metric, method, k] for k in (10, 40)]
            expected = [[row[0] - row[column], row[0] + row[column]] for row in rows]
            np.testing.assert_allclose(ends, factor * np.array(expected))


@pytest.mark.slow
def test_without_spread_there_are_no_bars(display):
    display.plot(spread=None)
    assert display.error_bars_ == {}
    assert not any(ax.collections for ax in display.axes_)
    assert display.legend_.get_title().get_text() == "mean of 3 splits"


@pytest.mark.slow
def test_methods_stand_side_by_side(display):
    x = {key: line.get_xdata() for key, line in display.plot().lines_.items()}
    shift = 4 ** (0.03)  # 3 % of the gap between the budgets, which are at a ratio of 4
    for metric in (MAE, TAU):
        assert x[metric, "a"] == pytest.approx([10 / shift, 40 / shift])
        assert x[metric, "b"] == pytest.approx([10, 40])
        assert x[metric, "c"] == pytest.approx([10 * shift, 40 * shift])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_methods", "budgets"), [(2, (10, 15)), (20, (10,)), (20, (10, 20, 200)), (60, (10, 15))]
)
def test_many_methods_never_reach_the_next_budget(make_fake, n_methods, budgets):
    names = [f"m{number}" for number in range(n_methods)]
    values = {MAE: {(name, k): [0.1, 0.2] for name in names for k in budgets}}
    display = BudgetCurveDisplay.from_comparison(make_fake(values), metrics=MAE).plot()
    x = np.array([display.lines_[MAE, name].get_xdata() for name in names])
    assert (np.diff(x, axis=0) > 0).all()
    np.testing.assert_allclose(np.exp(np.log(x).mean(axis=0)), budgets)
    assert (x[-1, :-1] < x[0, 1:]).all()
    assert (x.max(axis=0) / x.min(axis=0) < 1.5).all()


@pytest.mark.slow
def test_a_method_alone_stands_on_its_budgets(fake):
    display = BudgetCurveDisplay.from_comparison(fake, methods=["b"]).plot()
    assert display.lines_[MAE, "b"].get_xdata() == pytest.approx([10, 40])


@pytest.mark.slow
def test_nothing_but_what_is_named_is_drawn(display):
    display.plot()
    assert list(display.lines_) == [(metric, m) for metric in (MAE, TAU) for m in "abc"]
    for ax in display.axes_:
        assert len(ax.lines) == 4  # three methods and the noise ceiling
        assert len(ax.collections) == 3


def test_the_bias_has_a_line_at_zero_and_no_ceiling(fake):
    display = BudgetCurveDisplay.from_comparison(fake, metrics=[BIAS]).plot()
    assert display.noise_ceilings_ == {}
    (ax,) = display.axes_
    (zero,) = [line for line in ax.lines if line not in display.lines_.values()]
    assert list(zero.get_ydata()) == [0, 0]
    assert display.lines_[BIAS, "b"].get_ydata() == pytest.approx([2, 0])
    assert texts(display.legend_) == ["a", "b", "c (1\xa0failed)"]


@pytest.mark.slow
def test_the_axes_are_labelled(display):
    display.plot(figsize=(9, 4))
    labels = [ax.get_ylabel() for ax in display.axes_]
    assert labels == [
        "mean absolute error (points)\nlower is better",
        "Kendall's tau\nhigher is better",
    ]
    for ax in display.axes_:
        assert ax.get_xlabel() == "number of anchors"
        assert ax.get_xscale() == "log"
        assert [label.get_text() for label in ax.get_xticklabels()] == ["10", "40"]
        assert list(ax.get_xticks()) == [10, 40]
        assert list(ax.get_xticks(minor=True)) == []


@pytest.mark.slow
def test_in_the_unit_of_the_scores_there_are_no_points(display):
    assert "points" not in display.plot(unit="score").axes_[0].get_ylabel()


@pytest.mark.slow
def test_the_legend_names_the_methods_and_the_ceiling(display):
    display.plot()
    assert texts(display.legend_) == ["a", "b", "c (1\xa0failed)", "noise ceiling"]
    assert display.legend_.get_title().get_text() == "mean and standard error of 3 splits"
    for handle, method in zip(display.legend_.legend_handles, "abc", strict=False):
        assert handle.get_marker() == display.lines_[MAE, method].get_marker()


@pytest.mark.slow
def test_the_legend_counts_failures_over_budgets_but_not_twice_over_metrics(make_fake):
    table = {("a", 10): [0.1] * 3, ("a", 40): [0.1] * 3}
    nan = float("nan")
    table |= {("b", 10): [nan, 0.1, nan], ("b", 40): [0.1, nan, 0.1]}
    display = BudgetCurveDisplay.from_comparison(make_fake({MAE: table, TAU: table}, {})).plot()
    assert texts(display.legend_)[:2] == ["a", "b (3\xa0failed)"]


@pytest.mark.slow
@pytest.mark.parametrize("spread", ["standard_deviation", "standard_error"])
def test_the_legend_says_what_the_bars_are(display, spread):
    title = display.plot(spread=spread).legend_.get_title().get_text()
    assert title == f"mean and {spread.replace('_', ' ')} of 3 splits"


@pytest.mark.slow
def test_no_legend(display):
    display.plot(legend=False)
    assert display.legend_ is None
    assert display.figure_.legends == []


@pytest.mark.slow
@pytest.mark.parametrize("methods", [["c", "a"], ["b"], ["c", "b", "a", "c"]])
def test_chosen_methods_keep_their_looks_and_the_order_asked(fake, methods):
    display = BudgetCurveDisplay.from_comparison(fake, methods=methods, metrics=[TAU]).plot()
    asked = list(dict.fromkeys(methods))
    assert list(display.frame()["method"].unique()) == asked
    assert [method for _, method in display.lines_] == asked
    every = BudgetCurveDisplay.from_comparison(fake, metrics=[TAU]).plot().lines_
    assert len({line.get_marker() for line in every.values()}) == 3
    for key, line in display.lines_.items():
        assert line.get_marker() == every[key].get_marker()
        assert line.get_color() == every[key].get_color()
        assert line.get_markerfacecolor() == every[key].get_markerfacecolor()


@pytest.mark.parametrize("metrics", [BIAS, [BIAS], (TAU, BIAS), np.array([BIAS, MAE])], ids=str)
def test_chosen_metrics_have_a_panel_each_in_the_order_asked(fake, metrics):
    display = BudgetCurveDisplay.from_comparison(fake, metrics=metrics).plot()
    asked = [metrics] if isinstance(metrics, str) else list(metrics)
    assert list(display.frame()["metric"].unique()) == asked
    assert len(display.axes_) == len(asked)
    for ax, metric in zip(display.axes_, asked, strict=True):
        assert [line for key, line in display.lines_.items() if key[0] == metric] == ax.lines[:3]


def test_a_method_that_always_failed_has_a_line_without_points(make_fake):
    nan = float("nan")
    values = {
        MAE: {
            ("a", 10): [0.1, 0.2],
            ("a", 20): [0.1, 0.2],
            ("b", 10): [nan] * 2,
            ("b", 20): [nan] * 2,
        }
    }
    display = BudgetCurveDisplay.from_comparison(make_fake(values), metrics=MAE).plot()
    rows = display.frame().query("method == 'b'")
    assert rows["n_failed"].tolist() == [2, 2]
    assert rows["n_splits"].tolist() == [0, 0]
    assert np.isnan(display.lines_[MAE, "b"].get_ydata()).all()
    display.figure_.canvas.draw()


def test_a_single_split_has_no_spread(make_fake):
    display = BudgetCurveDisplay.from_comparison(make_fake({MAE: {("a", 10): [0.1]}}), metrics=MAE)
    assert display.frame()[["sd", "standard_error"]].isna().all(axis=None)
    display.plot().figure_.canvas.draw()
    assert display.lines_[MAE, "a"].get_ydata() == pytest.approx([10])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"metrics": "nope"},
            "metrics asks for 'nope'.* 'mean_absolute_error', 'kendall_tau', 'bias'",
        ),
        ({"metrics": [TAU, "nope"]}, "metrics asks for 'nope'"),
        ({"metrics": []}, "metrics is empty"),
        ({"methods": ["a", "z"]}, r"methods asks for 'z'.* It holds: 'a', 'b', 'c'\."),
        ({"methods": []}, "methods is empty. Ask for at least one of: 'a', 'b', 'c'"),
        ({"methods": "a"}, "'methods' parameter .* must be an array-like or None. Got 'a'"),
        ({"metrics": 3}, "'metrics' parameter .* Got 3"),
    ],
)
def test_what_is_not_there_is_refused(fake, asked, message):
    with pytest.raises(ValueError, match=message):
        BudgetCurveDisplay.from_comparison(fake, **asked)


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit": "percent"},
        {"spread": "sd"},
        {"legend": "yes"},
        {"figsize": [3, 3]},
        {"font_size": 0},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_wrong_options_are_refused(display, wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"'{name}' parameter of BudgetCurveDisplay.plot"):
        display.plot(**wrong)


def test_the_callers_axes_are_drawn_on(display):
    figure, axes = plt.subplots(2, figsize=(4, 6))
    assert display.plot(axes) is display
    assert display.figure_ is figure
    assert display.axes_.tolist() == axes.tolist()
    assert all(len(ax.lines) == 4 for ax in axes)
    assert figure.get_size_inches().tolist() == [4, 6]
    assert plt.get_fignums() == [figure.number]
    assert display.legend_ is axes[-1].get_legend()


def test_one_axes_for_two_metrics_is_refused(display):
    _, ax = plt.subplots()
    message = (
        r"BudgetCurveDisplay\.plot got 1 axes for 2 panel\(s\): mean_absolute_error, kendall_tau"
    )
    with pytest.raises(ValueError, match=message):
        display.plot(ax)
    assert not ax.lines


def test_one_axes_for_one_metric(fake):
    _, ax = plt.subplots()
    assert BudgetCurveDisplay.from_comparison(fake, metrics=TAU).plot(ax).axes_.tolist() == [ax]


def test_it_can_be_drawn_again(display):
    first = display.plot().figure_
    second = display.plot(figsize=(6, 3)).figure_
    assert first is not second
    assert second.get_size_inches().tolist() == [6, 3]
    assert all(line.figure is second for line in display.lines_.values())


def test_settings_of_matplotlib_stay(display):
    before = mpl.rcParams.copy()
    display.plot(font_size=6)
    assert mpl.rcParams == before


@pytest.mark.parametrize("font_size", [6, 9])
def test_all_text_has_the_size_asked(display, font_size):
    display.plot(font_size=font_size)
    ax = display.axes_[0]
    assert ax.xaxis.label.get_fontsize() == ax.yaxis.label.get_fontsize() == font_size
    small = [*ax.get_xticklabels(), *ax.get_yticklabels(), *display.legend_.get_texts()]
    assert {text.get_fontsize() for text in small} == {0.875 * font_size}


@pytest.mark.parametrize(
    ("width", "font_size", "metrics"),
    [
        (3.3, 8, (MAE, TAU)),
        (7, None, (MAE, TAU)),
        (7, None, (MAE, TAU, BIAS)),  # panels lower than a label is long
        (3.3, 8, (BIAS,)),
    ],
)
def test_no_text_stands_out_of_the_figure(fake, outside, width, font_size, metrics):
    with mpl.rc_context({"figure.figsize": (width, 3)}):
        display = BudgetCurveDisplay.from_comparison(fake, metrics=metrics)
        display.plot(font_size=font_size)
    assert outside(display.figure_) == []


def test_a_label_longer_than_the_panel_is_broken(fake):
    display = BudgetCurveDisplay.from_comparison(fake, metrics=(MAE, TAU, BIAS))
    with mpl.rc_context({"figure.figsize": (7, 3)}):
        label = display.plot().axes_[0].get_ylabel()
    assert label.split("\n")[-1] == "lower is better"
    assert label.count("\n") == 2
    assert label.replace("\n", " ") == "mean absolute error (points) lower is better"


ERRORS = ["bias", *(name[4:] for name in get_scorers() if name.startswith("neg_"))]
OTHERS = ["kendall_tau", "pairwise_accuracy", "spearman", "top_k_overlap", "r2", "of_my_own"]


def drawn(make_fake, metric, unit):
    """Return the label of the y axis, and the height of a point of value 0.5."""
    fake = make_fake({metric: {("a", 10): [0.5, 0.5]}})
    display = BudgetCurveDisplay.from_comparison(fake, metrics=metric).plot(unit=unit)
    (line,) = display.lines_.values()
    return display.axes_[0].get_ylabel(), line.get_ydata()[0]


@pytest.mark.parametrize("metric", ERRORS)
def test_every_error_of_the_package_is_shown_in_points(make_fake, metric):
    label, height = drawn(make_fake, metric, "points")
    in_scores, as_is = drawn(make_fake, metric, "score")
    assert (height, as_is) == (50, 0.5)
    assert " ".join(label.split()).replace(" (points)", "") == " ".join(in_scores.split())
    assert "(points)" in label


@pytest.mark.parametrize("metric", OTHERS)
def test_what_is_not_an_error_has_no_unit(make_fake, metric):
    assert drawn(make_fake, metric, "points") == drawn(make_fake, metric, "score")
    assert drawn(make_fake, metric, "points")[1] == 0.5


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("bias", "bias zero is best"),
        ("kendall_tau", "Kendall's tau higher is better"),
        ("max_absolute_error", "largest absolute error lower is better"),
        ("mean_absolute_error", "mean absolute error lower is better"),
        ("of_my_own", "of my own lower is better"),
        ("pairwise_accuracy", "pairwise accuracy lower is better"),
        ("percentile_absolute_error", "high percentile of absolute errors lower is better"),
        ("root_mean_squared_error", "root mean squared error lower is better"),
        ("top_k_overlap", "top-k overlap lower is better"),
        ("top_pick_regret", "regret of the top pick lower is better"),
    ],
)
def test_metrics_are_named_in_words(make_fake, metric, words):
    """The comparison made by hand says that more is better of Kendall's tau alone."""
    assert " ".join(drawn(make_fake, metric, "score")[0].split()) == words


def test_a_bias_is_best_at_zero_whatever_the_comparison_says(make_fake):
    fake = make_fake()
    fake.greater_is_better = lambda metric: True
    display = BudgetCurveDisplay.from_comparison(fake, metrics=BIAS).plot()
    assert display.axes_[0].get_ylabel().endswith("zero is best")


@pytest.mark.parametrize(
    ("asked", "named"), [(["x"], "'x'"), (["a", "x", "y"], "'x', 'y'"), ([3], "3")]
)
def test_what_is_unknown_is_named_beside_what_is_known(fake, asked, named):
    message = (
        rf"^methods asks for {named}, which the comparison does not hold\. "
        r"It holds: 'a', 'b', 'c'\.$"
    )
    with pytest.raises(ValueError, match=message):
        BudgetCurveDisplay.from_comparison(fake, methods=asked)
