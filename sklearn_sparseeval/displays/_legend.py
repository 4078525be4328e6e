"""Legends that fit: below the axes, in as many columns as the width holds."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import numpy as np

from sklearn_sparseeval.displays._matplotlib import Sheet

# In units of the font size.
_HANDLE = 3.2
_HANDLE_PAD = 0.5
_COLUMN_SPACE = 1.2
_BORDER = 0.2
_LINE = 1.45
_LEAST_COLUMN = 8  # narrower columns are not made by breaking labels

_FEWEST_CHARACTERS = 8  # in a line, however narrow


def text_width(text: str, font_size: float) -> float:
    """Return the width of the longest line of a text in points.

    Parameters
    ----------
    text : str
        The text.
    font_size : float
        In points.

    Returns
    -------
    width : float
        In points.
    """
    from matplotlib.textpath import TextPath

    lines = [line for line in text.splitlines() if line.strip()]
    return max(
        (TextPath((0, 0), line, size=font_size).get_extents().width for line in lines), default=0.0
    )


def wrapped(text: str, width: float, font_size: float) -> str:
    """Break a text into lines that are not wider than they may be.

    Parameters
    ----------
    text : str
        The text.
    width : float
        In points.
    font_size : float
        In points.

    Returns
    -------
    text : str
        With line breaks; a single word may be broken too. Lines of eight letters are not broken.
    """
    actual = text_width(text, font_size)
    if actual <= width:
        return text
    n_characters = max(_FEWEST_CHARACTERS, int(len(text) * width / actual))
    broken = "\n".join(wrap(text, n_characters))
    # A line may hold letters that are wider than most.
    while n_characters > _FEWEST_CHARACTERS and text_width(broken, font_size) > width:
        n_characters -= 1
        broken = "\n".join(wrap(text, n_characters))
    return broken


def legend_below(
    sheet: Sheet,
    handles: Sequence[Any],
    labels: Sequence[str],
    title: str | None = None,
    *,
    marker_scale: float = 1.0,
) -> Any:
    """Draw a legend below the figure, where it is ours, or else below the last of the axes.

    Parameters
    ----------
    sheet : Sheet
        Where to draw.
    handles : sequence of matplotlib Artist
        What is shown.
    labels : sequence of str
        What it is called.
    title : str or None, default=None
        Title of the legend.
    marker_scale : float, default=1.0
        How much larger markers are in the legend than in the picture.

    Returns
    -------
    legend : matplotlib Legend
        The legend.
    """
    ax = sheet.axes[-1]
    font_size = sheet.small
    width = sheet.width if sheet.ours else _axes_width(ax)
    texts, n_columns, n_lines = _columns(labels, width, font_size)
    options = {
        "handles": handles,
        "labels": texts,
        "title": None if title is None else wrapped(title, width, font_size),
        "ncols": n_columns,
        "fontsize": font_size,
        "title_fontsize": font_size,
        "frameon": False,
        "borderpad": _BORDER,
        "borderaxespad": _BORDER,
        "labelspacing": 0.25,
        "handlelength": _HANDLE,
        "handletextpad": _HANDLE_PAD,
        "columnspacing": _COLUMN_SPACE,
        "markerscale": marker_scale,
    }
    if sheet.ours:
        sheet.grow((n_lines + (title is not None)) * _LINE * font_size)
        return sheet.figure.legend(loc="outside lower center", **options)
    return ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=_below(sheet, ax),
        **options,
    )


def _columns(labels: Sequence[str], width: float, font_size: float) -> tuple[list[str], int, int]:
    """Return the labels, broken where that saves lines, the number of columns and of lines.

    One long label so takes two lines of its column, and not the columns of all others.
    """
    widths = [text_width(label, font_size) for label in labels]
    found: list[tuple[list[str], int, int]] = []
    for n_columns in range(1, len(labels) + 1):
        room = (width + (_COLUMN_SPACE - 4 * _BORDER) * font_size) / n_columns
        room -= (_HANDLE + _HANDLE_PAD + _COLUMN_SPACE) * font_size
        if n_columns > 1 and room < min(_LEAST_COLUMN * font_size, max(widths)):
            break
        texts = [
            wrapped(label, room, font_size) if wide > room else label
            for label, wide in zip(labels, widths, strict=True)
        ]
        lines = np.array([text.count("\n") + 1 for text in texts])
        n_lines = max(int(column.sum()) for column in np.array_split(lines, n_columns))
        found.append((texts, n_columns, n_lines))
    return min(found, key=lambda legend: legend[2])  # the first: of equal ones the widest columns


def _axes_width(ax: Any) -> float:
    return float(ax.get_window_extent().width / ax.figure.dpi * 72)


def _below(sheet: Sheet, ax: Any) -> Any:
    """Return the axes' own coordinates, moved down past tick labels and axis label."""
    from matplotlib.transforms import ScaledTranslation

    down = -(sheet.small + sheet.font_size + 12) / 72
    root = ax.get_figure(root=True)
    return ax.transAxes + ScaledTranslation(0, down, root.dpi_scale_trans)
