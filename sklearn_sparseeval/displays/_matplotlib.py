"""Where matplotlib is imported, when it is needed, and the axes to draw on."""

from dataclasses import dataclass
from math import ceil
from numbers import Real
from typing import Any

import numpy as np

from sklearn_sparseeval._optional import import_optional
from sklearn_sparseeval._sklearn import Interval

FONT_SIZE = [Interval(Real, 0, None, closed="neither"), None]

_POINTS_PER_INCH = 72
_LEAST_PANEL_WIDTH = 2.2  # inches; below that tick labels collide
_PAD = 0.08  # inches left and right of each panel


def import_pyplot(caller: str) -> Any:
    """Import matplotlib.pyplot, or say how to install it.

    Parameters
    ----------
    caller : str
        What needs it.

    Returns
    -------
    pyplot : module
        The module ``matplotlib.pyplot``.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    return import_optional("matplotlib.pyplot", caller)


@dataclass(frozen=True)
class Sheet:
    """Axes to draw on, and the sizes that go with them."""

    figure: Any
    axes: list[Any]
    ours: bool  # then its layout and its height are ours to choose
    keeps_size: bool
    font_size: float  # points

    @property
    def small(self) -> float:
        """Size of tick labels and legends.

        Returns
        -------
        size : float
            In points.
        """
        return 0.875 * self.font_size

    @property
    def width(self) -> float:
        """Width of the figure.

        Returns
        -------
        width : float
            In points.
        """
        return float(self.figure.bbox.width / self.figure.dpi * _POINTS_PER_INCH)

    def grow(self, points: float) -> None:
        """Make room below, where the height is ours to choose.

        Parameters
        ----------
        points : float
            How much.
        """
        if self.ours and not self.keeps_size:
            width, height = self.figure.get_size_inches()
            self.figure.set_size_inches(width, height + points / _POINTS_PER_INCH)


def make_sheet(
    caller: str,
    ax: Any,
    panels: list[str],
    *,
    figsize: tuple[float, float] | None,
    font_size: float | None,
    lines: float | None = None,
    square: bool = False,
) -> Sheet:
    """Take the caller's axes, or make a figure.

    Parameters
    ----------
    caller : str
        What draws, for errors.
    ax : matplotlib Axes, array-like of Axes or None
        The caller's axes.
    panels : list of str
        What each panel shows.
    figsize : tuple of (float, float) or None
        Width and height of a figure of ours in inches. By default its width is that of
        ``rcParams["figure.figsize"]``.
    font_size : float or None
        In points. By default that of ``rcParams["font.size"]``.
    lines : float or None, default=None
        Height of a panel in units of the font size. By default it follows from its width.
    square : bool, default=False
        Whether panels are about as high as wide.

    Returns
    -------
    sheet : Sheet
        With one axes per panel.

    Raises
    ------
    ValueError
        If there is not one axes for each panel.
    """
    plt = import_pyplot(caller)
    size = float(plt.rcParams["font.size"] if font_size is None else font_size)
    if ax is not None:
        axes = _callers_axes(caller, ax, panels)
        return Sheet(axes[0].figure, axes, ours=False, keeps_size=True, font_size=size)
    width = (plt.rcParams["figure.figsize"] if figsize is None else figsize)[0]
    rows, columns = _grid(len(panels), width)
    height = (0.6 + 0.95 * min(width, 4.5)) if square else 0.3 + 0.65 * min(width / columns, 4.5)
    if lines is not None:
        height = lines * size / _POINTS_PER_INCH
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(width, rows * height) if figsize is None else figsize,
        layout="constrained",
        squeeze=False,
    )
    # Tick labels at the ends of an axis may come after the layout, and stand out a little.
    figure.get_layout_engine().set(w_pad=_PAD)
    for unused in grid.flat[len(panels) :]:
        unused.remove()
    axes = list(grid.flat[: len(panels)])
    return Sheet(figure, axes, ours=True, keeps_size=figsize is not None, font_size=size)


def set_labels(sheet: Sheet, ax: Any, *, x: str | None = None, y: str | None = None) -> None:
    """Label the axes, in the font size of the sheet whatever the rcParams are when it is drawn.

    Parameters
    ----------
    sheet : Sheet
        What `ax` belongs to.
    ax : matplotlib Axes
        What to label.
    x : str or None, default=None
        Label of the x axis.
    y : str or None, default=None
        Label of the y axis.
    """
    if x is not None:
        ax.set_xlabel(x, fontsize=sheet.font_size)
    if y is not None:
        ax.set_ylabel(y, fontsize=sheet.font_size)
    ax.tick_params(which="both", labelsize=sheet.small)
    ax.set_axisbelow(True)


def _callers_axes(caller: str, ax: Any, panels: list[str]) -> list[Any]:
    axes = list(np.ravel(np.asarray(ax, dtype=object)))
    if len(axes) != len(panels):
        raise ValueError(
            f"{caller} got {len(axes)} axes for {len(panels)} panel(s): {', '.join(panels)}. "
            "Give one axes per panel, or leave ax out for a new figure."
        )
    strange = [item for item in axes if not hasattr(item, "plot")]
    if strange:
        raise ValueError(
            f"{caller} got ax={ax!r}; expected matplotlib axes, such as those of plt.subplots()."
        )
    return axes


def _grid(n_panels: int, width: float) -> tuple[int, int]:
    """Return rows and columns, as many columns as fit and as even as can be."""
    rows = ceil(n_panels / max(1, int(width // _LEAST_PANEL_WIDTH)))
    return rows, ceil(n_panels / rows)
