"""Legends stand below the axes and are not wider than the figure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt

from sklearn_sparseeval.displays._legend import legend_below, text_width, wrapped
from sklearn_sparseeval.displays._matplotlib import make_sheet, set_labels

WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=1, max_size=12)


def sheet_of(width, n_panels=1, **options):
    figsize = options.pop("figsize", None)
    with plt.rc_context({"figure.figsize": (width, 3)}):
        return make_sheet(
            "x.plot", None, ["panel"] * n_panels, figsize=figsize, font_size=8, **options
        )


def lines_of(ax, n_lines):
    return [ax.plot([0, 1], [0, number])[0] for number in range(n_lines)]


def box(legend):
    legend.figure.canvas.draw()
    return legend.get_window_extent()


@pytest.mark.parametrize("text", ["", " ", "\n \n"])
def test_nothing_has_no_width(text):
    assert text_width(text, 10) == 0


@pytest.mark.parametrize("size", [5, 10, 20])
def test_the_width_is_in_proportion_to_the_size(size):
    assert text_width("random-ridge", size) == pytest.approx(
        size * text_width("random-ridge", 1), rel=0.05
    )


def test_the_widest_line_counts():
    wide, narrow = "a wide line of text", "narrow"
    assert text_width(f"{narrow}\n{wide}\n\n", 9) == text_width(wide, 9)


def test_the_width_is_that_of_the_drawn_text():
    figure = plt.figure(dpi=72)  # a pixel is a point
    text = figure.text(0, 0, "stratified-residual-ridge", fontsize=40)
    drawn = text.get_window_extent(figure.canvas.get_renderer()).width
    assert text_width(text.get_text(), 40) == pytest.approx(drawn, rel=0.05)


@settings(max_examples=20, deadline=None)
@given(WORDS)
def test_a_text_that_fits_stays(words):
    text = " ".join(words)
    assert wrapped(text, text_width(text, 8) + 1, 8) == text


@settings(max_examples=20, deadline=None)
@given(WORDS, st.integers(60, 300))
def test_breaking_loses_no_letter(words, width):
    text = " ".join(words)
    found = wrapped(text, width, 8)
    assert "".join(found.split()) == "".join(text.split())


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.text("iIlmMwW", min_size=1, max_size=20), min_size=1, max_size=8),
    st.integers(80, 200),
)
def test_no_line_is_too_wide(words, width):
    assert text_width(wrapped(" ".join(words), width, 8), 8) <= width


def test_a_long_word_is_broken():
    found = wrapped("a" * 100, 100, 8)
    assert found.count("\n") > 2
    assert text_width(found, 8) <= 100


def test_a_line_keeps_a_few_letters_however_narrow():
    assert wrapped("abcdefghijkl", 1, 8) == "abcdefgh\nijkl"


@pytest.mark.parametrize("width", [3.3, 7])
@pytest.mark.parametrize("n_labels", [1, 5, 20])
def test_a_legend_of_ours_stands_below_within_the_figure(width, n_labels):
    sheet = sheet_of(width)
    labels = [f"method-number-{number}" for number in range(n_labels)]
    legend = legend_below(sheet, lines_of(sheet.axes[0], n_labels), labels, "a title")
    found = box(legend)
    assert [text.get_text() for text in legend.get_texts()] == labels
    assert legend.get_title().get_text() == "a title"
    assert found.x0 >= 0
    assert found.y0 >= 0
    assert found.x1 <= sheet.figure.bbox.x1
    label = sheet.axes[0].get_tightbbox(sheet.figure.canvas.get_renderer())
    assert found.y1 <= label.y0


@pytest.mark.parametrize(("width", "n_columns"), [(2.2, 1), (3.3, 2), (7, 4)])
def test_as_many_columns_as_fit(width, n_columns):
    sheet = sheet_of(width)
    labels = [f"method-{number:06d}" for number in range(8)]
    legend = legend_below(sheet, lines_of(sheet.axes[0], 8), labels)
    assert legend._ncols == n_columns


@pytest.mark.parametrize(("n_labels", "n_columns"), [(5, 5), (6, 3), (9, 5), (11, 4)])
def test_no_column_is_nearly_empty(n_labels, n_columns):
    sheet = sheet_of(7)  # where five columns would fit
    labels = [f"method-{number:06d}" for number in range(n_labels)]
    legend = legend_below(sheet, lines_of(sheet.axes[0], n_labels), labels)
    assert legend._ncols == n_columns


@pytest.mark.parametrize(("width", "n_columns"), [(3.3, 2), (7, 4)])
def test_one_long_label_does_not_take_the_columns_of_the_others(width, n_columns):
    sheet = sheet_of(width)
    long = "SparseRidgeSelector + ResidualRidgeRegressor"
    labels = [*(f"method-{number:06d}" for number in range(15)), long]
    legend = legend_below(sheet, lines_of(sheet.axes[0], 16), labels)
    found = [text.get_text() for text in legend.get_texts()]
    assert legend._ncols == n_columns
    assert found[:-1] == labels[:-1]
    assert found[-1].replace("\n", " ") == long
    assert box(legend).x0 >= 0
    assert box(legend).x1 <= sheet.figure.bbox.x1


def test_labels_that_fit_are_not_broken_to_make_more_columns():
    sheet = sheet_of(7)
    labels = ["a method", "another method"]
    legend = legend_below(sheet, lines_of(sheet.axes[0], 2), labels)
    assert [text.get_text() for text in legend.get_texts()] == labels


def test_short_labels_stand_in_many_columns():
    sheet = sheet_of(7)
    legend = legend_below(sheet, lines_of(sheet.axes[0], 10), list("abcdefghij"))
    assert legend._ncols == 10


def test_the_figure_grows_with_the_legend():
    heights = []
    for n_labels, title in ((1, None), (1, "title"), (12, "title")):
        sheet = sheet_of(3.3)
        before = sheet.figure.get_size_inches()[1]
        labels = [f"a-rather-long-method-{number}" for number in range(n_labels)]
        legend_below(sheet, lines_of(sheet.axes[0], n_labels), labels, title)
        heights.append(sheet.figure.get_size_inches()[1] - before)
    assert 0 < heights[0] < heights[1] < heights[2]


def test_a_size_that_the_caller_gave_stays():
    sheet = sheet_of(7, figsize=(5, 3))
    legend_below(sheet, lines_of(sheet.axes[0], 2), ["a", "b"])
    assert sheet.figure.get_size_inches().tolist() == [5, 3]


def test_long_labels_and_titles_are_broken():
    sheet = sheet_of(2.2)
    long = "an estimator whose name says everything about it and more"
    legend = legend_below(sheet, lines_of(sheet.axes[0], 1), [long], f"title of {long}")
    (text,) = legend.get_texts()
    assert text.get_text().replace("\n", " ") == long
    assert "\n" in text.get_text()
    assert "\n" in legend.get_title().get_text()
    assert box(legend).width <= sheet.figure.bbox.width


def test_without_a_title_there_is_none():
    sheet = sheet_of(3.3)
    legend = legend_below(sheet, lines_of(sheet.axes[0], 1), ["a"])
    assert legend.get_title().get_text() == ""


@pytest.mark.parametrize("scale", [1, 2.5])
def test_markers_are_as_large_as_asked(scale):
    sheet = sheet_of(3.3)
    lines = sheet.axes[0].plot([0], [0], marker="o", markersize=4)
    legend = legend_below(sheet, lines, ["a"], marker_scale=scale)
    assert legend.legend_handles[0].get_markersize() == 4 * scale


@pytest.mark.parametrize("nested", [False, True])
def test_a_legend_in_the_callers_figure_stands_below_the_last_axes(nested):
    figure = plt.figure(figsize=(7, 4))
    parent = figure.subfigures(1, 2)[0] if nested else figure
    axes = parent.subplots(1, 2)
    sheet = make_sheet("x.plot", axes, ["a", "b"], figsize=None, font_size=8)
    for ax in axes:
        set_labels(sheet, ax, x="x")
    legend = legend_below(sheet, lines_of(axes[1], 2), ["one", "two"])
    figure.canvas.draw()
    assert legend is axes[1].get_legend()
    assert legend.get_window_extent().y1 <= axes[1].xaxis.label.get_window_extent().y0
    assert figure.get_size_inches().tolist() == [7, 4]
