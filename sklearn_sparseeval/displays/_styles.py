"""How methods, families and groups look: alike in every figure, and distinct without colour."""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

# Ten shapes, filled for the first ten methods and hollow for the next ten.
_MARKERS = ("o", "s", "^", "D", "v", "X", "P", "<", ">", "h")

_LINES: tuple[Any, ...] = (
    "solid",
    (0, (5, 1.5)),
    (0, (1, 1.2)),
    (0, (5, 1.5, 1, 1.5)),
)

# Neighbours differ in lightness as much as in hue. Seven, so that marker, line and colour repeat
# together after 140 methods only.
_COLORS = ("#000000", "#EE7733", "#332288", "#4488CC", "#B2182B", "#DDAA33", "#228833")

OTHERS = "others"
OTHERS_COLOR = "0.6"


class Style(NamedTuple):
    """Marker, filling, line and colour."""

    marker: str
    filled: bool
    linestyle: Any
    color: str

    @property
    def facecolor(self) -> str:
        """Colour inside the marker: white where it is hollow.

        Returns
        -------
        color : str
            A colour of matplotlib.
        """
        return self.color if self.filled else "white"


def method_styles(methods: Sequence[str]) -> dict[str, Style]:
    """Give each method its style.

    Parameters
    ----------
    methods : sequence of str
        All methods of a comparison, in its order; not only those that are drawn, so that a
        method looks the same in every figure of the comparison.

    Returns
    -------
    styles : dict of str to Style
        No two alike for up to 140 methods.
    """
    return {method: _style(number) for number, method in enumerate(methods)}


def group_styles(labels: Sequence[Hashable], n_shown: int) -> dict[Any, Style]:
    """Give each frequent label its style.

    Parameters
    ----------
    labels : sequence of hashable
        One label per point.
    n_shown : int
        How many labels may have a style of their own.

    Returns
    -------
    styles : dict of hashable to Style
        The `n_shown` most frequent labels, most frequent first, ties in order of appearance. One
        of them only where it does not stand alone against "others": the label that would be all
        of the others keeps its name.
    """
    counts = Counter(labels)
    shown = counts.most_common(n_shown)
    if len(counts) == n_shown + 1:  # "others" would be one label, so it may as well be named
        shown = counts.most_common()
    return {label: _style(number) for number, (label, _) in enumerate(shown)}


def label_style(label: Any, styles: dict[Any, Style]) -> Style:
    """Return the style of a label: small grey dots for what has none.

    Parameters
    ----------
    label : hashable
        The label.
    styles : dict of hashable to Style
        What :func:`group_styles` returned.

    Returns
    -------
    style : Style
        The style.
    """
    return styles.get(label, Style(".", True, "none", OTHERS_COLOR))


def label_text(label: Any) -> str:
    """Return what a label is called in a legend.

    Parameters
    ----------
    label : hashable
        The label; None where a model or item has none.

    Returns
    -------
    text : str
        The text.
    """
    return "none" if label is None else str(label)


def _style(number: int) -> Style:
    return Style(
        marker=_MARKERS[number % len(_MARKERS)],
        filled=number // len(_MARKERS) % 2 == 0,
        linestyle=_LINES[number % len(_LINES)],
        color=_COLORS[number % len(_COLORS)],
    )
