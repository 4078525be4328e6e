"""Difficulty and discrimination of items by brute force, and the anchors among them."""

import io

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib import pyplot as plt
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import (
    AnchoredRegressor,
    RandomSelector,
    ResidualRidgeRegressor,
    SparseRidgeSelector,
    WeightedMeanRegressor,
)
from sklearn_sparseeval.datasets import load_helm_lite, make_score_matrix
from sklearn_sparseeval.displays import AnchorMapDisplay

NAN = float("nan")
# Items: good, its opposite, the same for all, not evaluated anywhere.
X = np.array([[0.0, 1, 1, NAN], [1, 0, 1, NAN], [1, 1, 1, NAN], [0, 1, 1, NAN]])
CELLS = st.one_of(st.sampled_from([0.0, 1.0, NAN]), st.floats(0, 1).map(lambda x: round(x, 3)))


class Chosen:
    """A selector that has chosen."""

    def __init__(self, *anchors):
        self.anchors_ = np.array(anchors)


def brute_force(scores, y=None):
    """Correlate every item with the mean of the model's other items, model by model."""
    found = np.zeros(scores.shape[1])
    for j in range(scores.shape[1]):
        pairs = []
        for i, row in enumerate(scores):
            rest = np.delete(row, j)
            rest = rest[~np.isnan(rest)]
            if not np.isnan(row[j]) and (y is not None or len(rest)):
                pairs.append((row[j], rest.mean() if y is None else y[i]))
        item, other = np.array(pairs).reshape(-1, 2).T
        if len(item) and np.ptp(item) > 1e-9 and np.ptp(other) > 1e-9:
            found[j] = np.corrcoef(item, other)[0, 1]
    return found


def display_of(scores, *anchors, **options):
    return AnchorMapDisplay.from_selector(Chosen(*anchors), scores, **options)


def texts(legend):
    return [text.get_text() for text in legend.get_texts()]


def test_difficulty_by_hand():
    display = display_of(X, 0)
    assert display.difficulty == pytest.approx([0.5, 0.25, 0, NAN], nan_ok=True)


def test_discrimination_by_hand():
    # Item 0: 0 1 1 0, the mean of the others: 1 .5 1 1. Deviations: -.5 .5 .5 -.5 and
    # .125 -.375 .125 .125, so the correlation is -.25 / sqrt(1 * .1875). Item 1: 1 0 1 1, the
    # others: .5 1 1 .5; deviations .25 -.75 .25 .25 and -.25 .25 .25 -.25, so -.25 / sqrt(.1875).
    display = display_of(X, 0)
    expected = [-0.25 / 0.1875**0.5, -0.25 / 0.1875**0.5, 0, 0]
    assert display.discrimination == pytest.approx(expected)
    assert display.constant.tolist() == [False, False, True, True]


def test_models_without_results_do_not_count():
    # Of item 0 models 1, 2 and 3 are known and have other results: 0 1 0 against .5 .5 1.
    scores = np.array([[1, NAN, NAN], [0, 1, 0], [1, 0, 1], [0, 1, 1.0]])
    display = display_of(scores, 0)
    assert display.discrimination[0] == pytest.approx(-0.5)
    assert display.difficulty == pytest.approx([0.5, 1 / 3, 1 / 3])  # here all results count


def test_scores_of_the_benchmark_can_be_given():
    # Item 0: 0 1 1 0 against 1 2 3 4: no correlation; item 1: 1 0 1 1.
    display = display_of(X, 0, y=[1, 2, 3, 4])
    expected = [0, np.corrcoef([1, 0, 1, 1], [1, 2, 3, 4])[0, 1], 0, 0]
    assert display.discrimination == pytest.approx(expected)


@pytest.mark.slow
@settings(deadline=None)
@given(
    arrays(float, st.tuples(st.integers(1, 7), st.integers(1, 5)), elements=CELLS), st.booleans()
)
def test_discrimination_by_brute_force(scores, with_y):
    y = np.arange(len(scores)) ** 2.0 if with_y else None
    display = display_of(scores, 0, y=y)
    np.testing.assert_allclose(display.discrimination, brute_force(scores, y), atol=1e-6)
    np.testing.assert_array_equal(display.discrimination[display.constant], 0)


@pytest.mark.slow
@settings(deadline=None)
@given(st.integers(0, 99), st.sampled_from([1e-8, 1e-3, 10, 1e6]), st.sampled_from([0, 0.1, 5]))
def test_the_scale_of_the_scores_does_not_matter(seed, scale, shift):
    scores = np.random.default_rng(seed).random((9, 6))
    scores[:, 2] = 0.1
    plain, scaled = display_of(scores, 0), display_of(scale * (scores + shift), 0)
    np.testing.assert_allclose(plain.discrimination, scaled.discrimination, atol=1e-9)
    assert plain.constant.tolist() == scaled.constant.tolist() == [i == 2 for i in range(6)]


def test_real_scores_by_brute_force():
    scores = load_helm_lite(task="commonsense").data[:, :40]
    display = display_of(scores, 0)
    np.testing.assert_allclose(display.discrimination, brute_force(scores), atol=1e-9)
    np.testing.assert_allclose(display.difficulty, 1 - scores.mean(axis=0))
    np.testing.assert_array_equal(display.constant, np.ptp(scores, axis=0) == 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scores", "constant"),
    [
        (np.ones((3, 2)), [True, True]),
        (np.array([[0.0, 1]]), [True, True]),  # one model
        (np.array([[0.0], [1]]), [True]),  # one item: there are no others
        (np.array([[0.0, 1], [1, 1]]), [True, True]),  # the other item is constant, or this one
    ],
    ids=["constant", "one model", "one item", "two items"],
)
def test_where_the_correlation_is_undefined_it_is_zero(scores, constant):
    display = display_of(scores, 0)
    assert display.constant.tolist() == constant
    assert display.discrimination.tolist() == [0] * len(constant)
    display.plot().figure_.canvas.draw()


def test_the_frame():
    groups = ["x", "y", None, "x"]
    frame = display_of(pd.DataFrame(X, columns=list("abcd")), 3, 1, groups=groups).frame()
    assert list(frame) == ["item", "group", "difficulty", "discrimination", "constant", "anchor"]
    assert frame["item"].tolist() == list("abcd")
    assert frame["group"].fillna("none").tolist() == ["x", "y", "none", "x"]
    assert frame["anchor"].tolist() == [False, True, False, True]
    assert frame["constant"].tolist() == [False, False, True, True]
    assert frame["difficulty"].tolist() == pytest.approx([0.5, 0.25, 0, NAN], nan_ok=True)


@pytest.mark.parametrize(
    ("container", "items"),
    [
        (np.array, [0, 1, 2, 3]),
        (lambda x: x.tolist(), [0, 1, 2, 3]),
        (lambda x: pl.DataFrame(x, schema=list("abcd")), list("abcd")),
    ],
    ids=["array", "list", "polars"],
)
def test_items_are_named_where_the_matrix_names_them(container, items):
    frame = display_of(container(X), 0).frame()
    assert frame["item"].tolist() == items
    assert frame["group"].isna().all()


SELECTORS = {
    "selector": SparseRidgeSelector(6),
    "random": RandomSelector(6, random_state=0),
    "anchored": AnchoredRegressor(SparseRidgeSelector(6), WeightedMeanRegressor()),
    "pipeline": make_pipeline(SparseRidgeSelector(6), ResidualRidgeRegressor()),
    "imputer first": make_pipeline(SimpleImputer(), SparseRidgeSelector(6), Ridge()),
    "passthrough": make_pipeline("passthrough", SparseRidgeSelector(6), Ridge()),
    "of scikit-learn": SelectKBest(f_regression, k=6),
    "pipeline of scikit-learn": make_pipeline(SelectKBest(f_regression, k=6), Ridge()),
    "two selectors": make_pipeline(RandomSelector(6, random_state=0), RandomSelector(3), Ridge()),
    "pipeline with an anchored": make_pipeline(
        SimpleImputer(), AnchoredRegressor(RandomSelector(6, random_state=0), Ridge())
    ),
}


@pytest.mark.parametrize("name", SELECTORS)
def test_anchors_of_everything_that_chooses(panel, name):
    fitted = SELECTORS[name].fit(panel.data, panel.target)
    anchors = AnchorMapDisplay.from_selector(fitted, panel.data).anchors
    assert len(set(anchors.tolist())) == len(anchors) == 6
    # Nothing but these items is read.
    changed = 1 - panel.data
    changed[:, anchors] = panel.data[:, anchors]
    use = fitted.predict if hasattr(fitted, "predict") else fitted.transform
    np.testing.assert_array_equal(use(changed), use(panel.data))


def test_anchors_keep_their_order(panel):
    selector = SparseRidgeSelector(6).fit(panel.data)
    display = AnchorMapDisplay.from_selector(selector, panel.data)
    assert display.anchors.tolist() == selector.anchors_.tolist()


NO_ANCHORS = {
    "no selector": Ridge(),
    "pipeline without one": make_pipeline(SimpleImputer(), Ridge()),
    "behind components": make_pipeline(PCA(8), RandomSelector(3), Ridge()),
}


@pytest.mark.parametrize("name", NO_ANCHORS)
def test_what_has_no_anchors_among_the_items_is_refused(panel, name):
    fitted = NO_ANCHORS[name].fit(panel.data, panel.target)
    message = rf"Nothing in the {type(fitted).__name__} has anchors_ of the 60 items of X"
    with pytest.raises(ValueError, match=message):
        AnchorMapDisplay.from_selector(fitted, panel.data)


@pytest.mark.parametrize(
    "unfitted",
    [SelectKBest(), SparseRidgeSelector(3), AnchoredRegressor(RandomSelector(3), Ridge())],
    ids=lambda estimator: type(estimator).__name__,
)
def test_what_is_not_fitted_is_refused(panel, unfitted):
    with pytest.raises((NotFittedError, ValueError), match=r"not fitted|Give a fitted selector"):
        AnchorMapDisplay.from_selector(unfitted, panel.data)


def test_another_matrix_is_refused(panel):
    selector = SparseRidgeSelector(6).fit(panel.data)
    with pytest.raises(
        ValueError, match=r"has anchors_ of the 59 items of X.* matrix with all items"
    ):
        AnchorMapDisplay.from_selector(selector, panel.data[:, 1:])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": ["x"] * 3}, "groups has 3 entries for 4 items; expected one each"),
        ({"groups": [["x", "y"]] * 4}, r"groups has shape \(4, 2\); expected \(4,\)"),
        ({"y": [0.1] * 3}, r"y has shape \(3,\); expected \(4,\), one score per model of X"),
        ({"y": np.ones((4, 2))}, r"y has shape \(4, 2\); expected \(4,\)"),
        ({"y": [0.1, 0.2, 0.3, NAN]}, "Input contains NaN"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        display_of(X, 0, **options)


@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_infinite_scores_are_refused(infinite):
    scores = X.copy()
    scores[0, 0] = infinite
    with pytest.raises(ValueError, match="infinity"):
        display_of(scores, 0)


def test_items_and_rings_are_where_they_belong():
    display = display_of(X, 1, 0).plot()
    (items,) = display.items_.values()
    np.testing.assert_array_equal(items.get_xdata(), display.difficulty)
    np.testing.assert_array_equal(items.get_ydata(), display.discrimination)
    np.testing.assert_array_equal(display.anchors_.get_xdata(), display.difficulty[[1, 0]])
    np.testing.assert_array_equal(display.anchors_.get_ydata(), display.discrimination[[1, 0]])
    assert display.anchors_.get_markerfacecolor() == "none"
    assert display.anchors_.get_zorder() > items.get_zorder()
    assert items.get_color() == "0.6"
    assert items.get_rasterized()
    assert list(display.ax_.lines) == [items, display.anchors_]


def test_the_axes_are_labelled():
    ax = display_of(X, 0).plot().ax_
    labels = ax.get_xlabel(), ax.get_ylabel()
    assert labels == ("difficulty (1 - mean score)", "discrimination (correlation)")


def test_the_legend_counts():
    legend = display_of(X, 1, 0).plot().legend_
    assert texts(legend) == ["2 anchors", "4 items"]
    # The third item; the fourth has no result and is not in the picture.
    assert legend.get_title().get_text() == "1 of 4 items alike for all models, at 0"


def test_without_constant_items_the_legend_has_no_title_and_without_legend_there_is_none():
    display = display_of(X[:, :2], 0)
    assert display.plot().legend_.get_title().get_text() == ""
    assert display.plot(legend=False).legend_ is None
    assert display.figure_.legends == []


@pytest.mark.parametrize("missing", [None, NAN], ids=["None", "nan"])
def test_groups_have_markers_of_their_own(missing):
    display = display_of(X, 0, groups=["x", missing, "x", "y"]).plot()
    assert list(display.items_) == ["x", None, "y"]
    np.testing.assert_array_equal(display.items_["x"].get_xdata(), display.difficulty[[0, 2]])
    np.testing.assert_array_equal(display.items_[None].get_xdata(), display.difficulty[[1]])
    assert texts(display.legend_) == ["1 anchors", "x", "none", "y"]
    looks = {(line.get_marker(), line.get_color()) for line in display.items_.values()}
    assert len(looks) == 3


@pytest.mark.parametrize("n_groups", [6, 7, 8, 20])
def test_groups_beyond_the_most_frequent_are_others(n_groups):
    groups = [*range(6), *range(n_groups)]
    scores = np.random.default_rng(0).random((5, len(groups)))
    display = display_of(scores, 0, groups=groups).plot()
    named = n_groups if n_groups < 8 else 6
    expected = [str(number) for number in range(named)] + ["others"] * (n_groups >= 8)
    assert texts(display.legend_) == ["1 anchors", *expected]
    assert sum(len(line.get_xdata()) for line in display.items_.values()) == len(groups)
    if n_groups >= 8:
        assert display.items_["others"].get_color() == "0.6"


@pytest.mark.slow
def test_the_map_of_a_real_selection():
    data = load_helm_lite(task="mmlu")
    selector = SparseRidgeSelector(n_anchors=20).fit(data.data)
    groups = np.arange(data.data.shape[1]) % 3
    display = AnchorMapDisplay.from_selector(selector, data.data, groups=groups).plot()
    frame = display.frame()
    assert set(frame.index[frame["anchor"]]) == set(selector.anchors_.tolist())
    assert len(frame) == data.data.shape[1]
    assert frame["discrimination"].between(-1, 1).all()
    assert texts(display.legend_) == ["20 anchors", "0", "1", "2"]
    # Chosen items tell models apart better than the others do.
    means = frame.groupby("anchor")["discrimination"].mean()
    assert means[True] > means[False]


def size_of_svg(display, **options):
    stream = io.BytesIO()
    display.plot().figure_.savefig(stream, format="svg", **options)
    assert stream.getvalue().count(b"<image") == 1  # the items, all of them
    return stream.tell()


@pytest.mark.slow
@pytest.mark.parametrize("n_groups", [None, 6, 30])
def test_many_items_make_a_small_file(n_groups):
    random, n_items = np.random.default_rng(0), 14_000
    display = AnchorMapDisplay(  # scattered evenly, which compresses worst
        difficulty=random.random(n_items),
        discrimination=random.uniform(-1, 1, n_items),
        constant=np.zeros(n_items, dtype=bool),
        anchors=random.choice(n_items, 200, replace=False),
        groups=None if n_groups is None else random.integers(0, n_groups, n_items),
    )
    assert size_of_svg(display) < 700_000


@pytest.mark.slow
@pytest.mark.parametrize("n_groups", [None, 6, 30])
def test_many_items_of_a_benchmark_make_a_small_file_in_print_too(n_groups):
    scores = make_score_matrix(60, 14_000, random_state=0).data
    groups = None if n_groups is None else np.arange(14_000) % n_groups
    display = display_of(scores, *range(0, 14_000, 70), groups=groups)
    assert size_of_svg(display, dpi=200) < 1_000_000


def test_the_callers_axes_are_drawn_on():
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 4))
    display = display_of(X, 0)
    assert display.plot(left) is display
    assert (display.figure_, display.ax_) == (figure, left)
    assert display.legend_ is left.get_legend()
    assert not right.lines
    assert figure.get_size_inches().tolist() == [7, 4]


def test_several_axes_are_refused():
    _, axes = plt.subplots(1, 2)
    message = r"AnchorMapDisplay\.plot got 2 axes for 1 panel\(s\): items"
    with pytest.raises(ValueError, match=message):
        display_of(X, 0).plot(axes)


@pytest.mark.parametrize(
    "wrong", [{"legend": 2}, {"figsize": [3, 3]}, {"font_size": 0}], ids=lambda w: next(iter(w))
)
def test_wrong_options_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"'{name}' parameter of AnchorMapDisplay.plot"):
        display_of(X, 0).plot(**wrong)


def test_settings_of_matplotlib_stay():
    before = mpl.rcParams.copy()
    display_of(X, 0, groups=list("xyzx")).plot(font_size=6)
    assert mpl.rcParams == before


@pytest.mark.slow
@pytest.mark.parametrize(("width", "font_size"), [(3.3, 8), (7, None)])
def test_no_text_stands_out_of_the_figure(outside, width, font_size):
    groups = [f"a subject with a rather long name {letter}" for letter in "xyzx"]
    with mpl.rc_context({"figure.figsize": (width, 3)}):
        display = display_of(X, 0, groups=groups).plot(font_size=font_size)
    assert outside(display.figure_) == []


def test_a_score_matrix_names_its_items():
    matrix = load_helm_lite(task="commonsense", as_matrix=True)
    selector = SparseRidgeSelector(5).fit(matrix.data)
    frame = AnchorMapDisplay.from_selector(selector, matrix).frame()
    assert list(frame["item"]) == list(matrix.data.columns)
    assert list(frame["item"][frame["anchor"]]) == sorted(
        matrix.data.columns[selector.anchors_], key=list(matrix.data.columns).index
    )
