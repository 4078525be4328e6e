"""Methods are told apart, also without colour, and look alike in every figure."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from sklearn_sparseeval.displays._styles import (
    OTHERS,
    OTHERS_COLOR,
    Style,
    group_styles,
    label_style,
    label_text,
    method_styles,
)

NAMES = [f"method-{number}" for number in range(141)]
STYLES = list(method_styles(NAMES).values())


def lightness(color):
    """Return L* of CIELAB: what is left of a colour in grey, from 0 to 100."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance


@pytest.mark.parametrize("n_methods", [2, 20, 140])
def test_no_two_methods_look_alike(n_methods):
    assert len({repr(style) for style in STYLES[:n_methods]}) == n_methods


def test_after_that_they_begin_again():
    assert STYLES[140] == STYLES[0]


def test_twenty_methods_differ_without_colour_and_line():
    assert len({(style.marker, style.filled) for style in STYLES[:20]}) == 20


@pytest.mark.parametrize("first", range(19))
def test_neighbours_differ_in_grey_and_in_every_other_way(first):
    one, other = STYLES[first], STYLES[first + 1]
    assert abs(lightness(one.color) - lightness(other.color)) > 12
    assert one.marker != other.marker
    assert one.linestyle != other.linestyle


@pytest.mark.parametrize("color", sorted({style.color for style in STYLES}))
def test_every_colour_is_seen_on_white(color):
    assert lightness(color) < 75


@pytest.mark.parametrize("style", STYLES[:20], ids=NAMES[:20])
def test_matplotlib_knows_the_styles(style):
    line = Line2D([0], [0], marker=style.marker, linestyle=style.linestyle, color=style.color)
    line.set_markerfacecolor(style.facecolor)
    assert to_rgb(line.get_markerfacecolor()) == to_rgb(style.color if style.filled else "white")


@given(st.lists(st.text(), unique=True, min_size=1))
def test_a_method_keeps_its_style_when_others_join(methods):
    every = method_styles([*methods, "one more \x00"])
    assert method_styles(methods) == {method: every[method] for method in methods}


@pytest.mark.parametrize(
    ("labels", "n_shown", "shown"),
    [
        ("abbccc", 6, "cba"),  # most frequent first
        ("baab", 6, "ba"),  # ties in order of appearance
        ("aabbcd", 2, "ab"),  # c and d are others
        ("aabbc", 2, "abc"),  # c alone keeps its name
        ("", 3, ""),
    ],
)
def test_frequent_labels_have_a_style_of_their_own(labels, n_shown, shown):
    styles = group_styles(list(labels), n_shown)
    assert "".join(styles) == shown
    assert list(styles.values()) == STYLES[: len(shown)]


@given(st.lists(st.sampled_from("abcdefgh")), st.integers(1, 8))
def test_others_is_never_a_single_label(labels, n_shown):
    left = set(labels) - set(group_styles(labels, n_shown))
    assert len(left) != 1


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1), st.integers(1, 8))
def test_no_label_that_is_left_out_is_more_frequent(labels, n_shown):
    styles = group_styles(labels, n_shown)
    counts = [labels.count(label) for label in styles]
    assert all(more >= fewer for more, fewer in pairwise(counts))
    assert all(labels.count(label) <= counts[-1] for label in set(labels) - set(styles))


def test_what_has_no_style_is_a_small_grey_dot():
    styles = group_styles(["a", "b"], 2)
    assert label_style("a", styles) == styles["a"]
    assert label_style(OTHERS, styles) == Style(".", True, "none", OTHERS_COLOR)


@pytest.mark.parametrize(
    ("label", "text"), [(None, "none"), ("a", "a"), (3, "3"), (("a", 1), "('a', 1)")]
)
def test_labels_in_a_legend(label, text):
    assert label_text(label) == text
