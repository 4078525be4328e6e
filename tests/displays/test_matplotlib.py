"""matplotlib is imported when it is needed, and axes are the caller's or fit the panels."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from sklearn_sparseeval.displays import ScorePredictionDisplay
from sklearn_sparseeval.displays._matplotlib import (
    FONT_SIZE,
    Sheet,
    import_pyplot,
    make_sheet,
    set_labels,
)

DEFAULT = {"figsize": None, "font_size": None}


def modules_after(statement):
    """Return the top-level modules of a fresh interpreter that has run `statement`."""
    program = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=600
    )
    return set(run.stdout.split())


def test_importing_the_displays_imports_no_more_than_scikit_learn():
    loaded = modules_after("import sklearn_sparseeval.displays")
    assert "sklearn_sparseeval" in loaded
    # scikit-learn imports pandas where it is installed; that is its own business.
    more = loaded - modules_after("import sklearn.metrics")
    assert not more & {"matplotlib", "pandas", "polars", "torch", "skorch"}


def test_pyplot_is_that_of_matplotlib():
    assert import_pyplot("anything") is plt


def test_without_matplotlib_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    display = ScorePredictionDisplay.from_predictions([0.1, 0.2], [0.1, 0.3])
    message = (
        r"^ScorePredictionDisplay\.plot needs matplotlib, which is not installed\. "
        r"Install with pip install 'sklearn-sparseeval\[compare\]'\.$"
    )
    with pytest.raises(ImportError, match=message):
        display.plot()
    assert len(display.frame()) == 2  # the data is there without it


@pytest.mark.parametrize("size", [6, 10.0])
def test_the_font_size_is_that_of_matplotlib_by_default(size):
    with mpl.rc_context({"font.size": size}):
        sheet = make_sheet("x.plot", None, ["a"], **DEFAULT)
    assert sheet.font_size == size
    assert sheet.small == 0.875 * size


@pytest.mark.parametrize(
    ("size", "valid"), [(8, True), (7.5, True), (None, True), (0, False), (-1, False), ("8", False)]
)
def test_which_font_sizes_are_valid(size, valid):
    assert (size is None or FONT_SIZE[0].is_satisfied_by(size)) is valid


@pytest.mark.parametrize("size", [0, -2, "large"])
def test_a_wrong_font_size_is_refused(size):
    display = ScorePredictionDisplay.from_predictions([0.1, 0.2], [0.1, 0.3])
    with pytest.raises(ValueError, match=f"'font_size' parameter .* Got {size!r} instead"):
        display.plot(font_size=size)


@pytest.mark.parametrize(
    ("n_panels", "width", "rows", "columns"),
    [
        (1, 3.3, 1, 1),
        (2, 3.3, 2, 1),  # a column of a paper
        (2, 7, 1, 2),
        (3, 7, 1, 3),
        (4, 7, 2, 2),  # as even as can be
        (5, 7, 2, 3),
        (2, 1.5, 2, 1),  # narrower than any panel should be
    ],
)
def test_panels_stand_side_by_side_where_the_width_allows(n_panels, width, rows, columns):
    with mpl.rc_context({"figure.figsize": (width, 1)}):
        sheet = make_sheet("x.plot", None, [str(i) for i in range(n_panels)], **DEFAULT)
    assert sheet.ours
    assert not sheet.keeps_size
    assert sheet.axes == sheet.figure.axes  # what is not used is gone
    assert len(sheet.axes) == n_panels
    assert sheet.axes[0].get_subplotspec().get_gridspec().get_geometry() == (rows, columns)
    assert sheet.width == pytest.approx(72 * width)


def test_the_height_follows_from_the_width_the_lines_or_the_shape():
    with mpl.rc_context({"figure.figsize": (4, 1)}):
        sheets = {
            "width": make_sheet("x.plot", None, ["a"], **DEFAULT),
            "square": make_sheet("x.plot", None, ["a"], square=True, **DEFAULT),
            "lines": make_sheet("x.plot", None, ["a", "b", "c"], lines=18, **DEFAULT),
        }
    heights = {name: sheet.figure.get_size_inches()[1] for name, sheet in sheets.items()}
    assert heights["width"] < heights["square"]
    assert heights["square"] == pytest.approx(4, rel=0.15)
    rows = 3  # of 18 lines of 10 points
    assert heights["lines"] == pytest.approx(rows * 18 * 10 / 72)


def test_a_size_that_the_caller_gives_is_kept():
    sheet = make_sheet("x.plot", None, ["a", "b"], figsize=(5, 2), font_size=9)
    sheet.grow(100)
    assert sheet.keeps_size
    assert sheet.font_size == 9
    assert sheet.figure.get_size_inches().tolist() == [5, 2]


def test_a_figure_of_ours_grows():
    sheet = make_sheet("x.plot", None, ["a"], **DEFAULT)
    width, height = sheet.figure.get_size_inches()
    sheet.grow(36)
    assert sheet.figure.get_size_inches().tolist() == pytest.approx([width, height + 0.5])


@pytest.mark.parametrize("container", [list, tuple, np.array])
def test_the_callers_axes_are_used_in_their_order(container):
    figure, axes = plt.subplots(1, 2)
    size = figure.get_size_inches().tolist()
    sheet = make_sheet("x.plot", container(axes[::-1]), ["a", "b"], **DEFAULT)
    assert sheet.axes == [axes[1], axes[0]]
    assert sheet.figure is figure
    assert not sheet.ours
    sheet.grow(100)
    assert figure.get_size_inches().tolist() == size
    assert len(plt.get_fignums()) == 1


def test_axes_of_a_grid_are_used_row_by_row():
    _, axes = plt.subplots(2, 2)
    sheet = make_sheet("x.plot", axes, ["a", "b", "c", "d"], **DEFAULT)
    assert sheet.axes == [axes[0, 0], axes[0, 1], axes[1, 0], axes[1, 1]]


@pytest.mark.parametrize(("n_axes", "panels"), [(1, ["a", "b"]), (3, ["a", "b"]), (2, ["a"])])
def test_the_wrong_number_of_axes_is_refused(n_axes, panels):
    _, axes = plt.subplots(1, n_axes)
    message = (
        rf"^x\.plot got {n_axes} axes for {len(panels)} panel\(s\): {', '.join(panels)}\. "
        r"Give one axes per panel, or leave ax out for a new figure\.$"
    )
    with pytest.raises(ValueError, match=message):
        make_sheet("x.plot", axes, panels, **DEFAULT)


@pytest.mark.parametrize("strange", ["ax", 3, object()], ids=["text", "number", "object"])
def test_what_is_no_axes_is_refused(strange):
    with pytest.raises(ValueError, match=r"x\.plot got ax=.*; expected matplotlib axes"):
        make_sheet("x.plot", strange, ["a"], **DEFAULT)


@pytest.mark.parametrize(
    ("given", "shown"), [({"x": "X"}, ("X", "")), ({"y": "Y"}, ("", "Y")), ({}, ("", ""))]
)
def test_labels_have_the_size_of_the_sheet(given, shown):
    figure, ax = plt.subplots()
    sheet = Sheet(figure, [ax], ours=False, keeps_size=True, font_size=16)
    set_labels(sheet, ax, **given)
    assert (ax.get_xlabel(), ax.get_ylabel()) == shown
    labels = [label for label in (ax.xaxis.label, ax.yaxis.label) if label.get_text()]
    assert {label.get_fontsize() for label in labels} <= {16}
    assert {label.get_fontsize() for label in ax.get_xticklabels()} == {14}
