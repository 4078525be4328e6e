"""Predicted against actual scores: the numbers, the points, what is refused."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib import pyplot as plt
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyRegressor
from sklearn.metrics import mean_absolute_error

from sklearn_sparseeval import (
    AnchoredRegressor,
    ResidualRidgeRegressor,
    SparseRidgeSelector,
    WeightedMeanRegressor,
)
from sklearn_sparseeval.datasets import load_helm_lite
from sklearn_sparseeval.displays import ScorePredictionDisplay

INF = float("inf")
TRUE, PRED = [0.2, 0.5, 0.8], [0.3, 0.45, 0.8]  # mean absolute error 0.05
FAMILIES = ["x", "y", "x"]


class WithIntervals(BaseEstimator):
    """Predicts the first item, give or take a tenth."""

    def predict(self, X):
        return np.asarray(X)[:, 0]

    def predict_interval(self, X):
        return self.predict(X)[:, np.newaxis] + [-0.1, 0.1]


def display_of(**options):
    return ScorePredictionDisplay.from_predictions(TRUE, PRED, **options)


def points(display):
    return {label: np.transpose(line.get_data()) for label, line in display.points_.items()}


def texts(legend):
    return [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize(
    "container",
    [list, np.array, pd.Series, pl.Series, lambda values: np.array(values)[:, np.newaxis]],
    ids=["list", "array", "pandas", "polars", "column"],
)
def test_scores_of_any_container(container):
    display = ScorePredictionDisplay.from_predictions(container(TRUE), container(PRED))
    assert display.y_true.tolist() == TRUE
    assert display.y_pred.tolist() == PRED
    assert display.mean_absolute_error == pytest.approx(0.05)


@given(st.data())
def test_the_error_is_that_of_scikit_learn(data):
    n_models = data.draw(st.integers(1, 9))
    true, pred = (data.draw(arrays(float, n_models, elements=st.floats(0, 1))) for _ in range(2))
    found = ScorePredictionDisplay.from_predictions(true, pred).mean_absolute_error
    assert found == pytest.approx(mean_absolute_error(true, pred))


def test_the_frame_of_scores_alone():
    frame = display_of().frame()
    assert list(frame) == ["model", "family", "y_true", "y_pred"]
    assert frame["family"].isna().all()
    assert frame.drop(columns="family").to_numpy().T.tolist() == [[0, 1, 2], TRUE, PRED]


def test_the_frame_of_all_there_is():
    bounds = [[0.1, 0.4], [0.4, 0.6], [-INF, INF]]
    frame = display_of(intervals=bounds, families=FAMILIES, model_names=list("uvw")).frame()
    assert list(frame) == ["model", "family", "y_true", "y_pred", "y_lower", "y_upper"]
    assert frame["model"].tolist() == ["u", "v", "w"]
    assert frame["family"].tolist() == FAMILIES
    assert frame[["y_lower", "y_upper"]].to_numpy().tolist() == bounds


@pytest.mark.parametrize(("unit", "factor"), [("points", 100), ("score", 1)])
def test_a_point_per_model(unit, factor):
    display = display_of().plot(unit=unit)
    assert list(display.points_) == [None]
    np.testing.assert_allclose(points(display)[None], factor * np.transpose([TRUE, PRED]))
    assert display.intervals_ is None
    assert display.legend_ is None


@pytest.mark.parametrize(("unit", "factor"), [("points", 100), ("score", 1)])
def test_the_diagonal_goes_from_corner_to_corner(unit, factor):
    display = display_of().plot(unit=unit)
    ends = pytest.approx([factor * 0.17, factor * 0.83])  # a margin of 5 % of 0.6
    assert display.diagonal_.get_xdata() == ends
    assert display.diagonal_.get_ydata() == ends
    assert display.ax_.get_xlim() == display.ax_.get_ylim() == ends
    assert display.ax_.get_aspect() == 1


@pytest.mark.parametrize("score", [0.0, 0.5])
def test_equal_scores_have_a_picture_too(score):
    display = ScorePredictionDisplay.from_predictions([score], [score]).plot()
    assert display.ax_.get_xlim() == pytest.approx((100 * score - 0.05, 100 * score + 0.05))
    display.figure_.canvas.draw()


@pytest.mark.parametrize(("unit", "factor"), [("points", 100), ("score", 1)])
def test_intervals_stand_on_the_actual_scores(unit, factor):
    display = display_of(intervals=[[0.25, 0.35], [0.4, 0.5], [0.7, 0.81]]).plot(unit=unit)
    segments = display.intervals_.get_segments()
    np.testing.assert_allclose(
        [s[:, 0] for s in segments], factor * np.repeat(TRUE, 2).reshape(3, 2)
    )
    np.testing.assert_allclose(
        [s[:, 1] for s in segments], factor * np.array([[0.25, 0.35], [0.4, 0.5], [0.7, 0.81]])
    )


@pytest.mark.parametrize(
    ("bounds", "shown"),
    [
        ([-INF, INF], (0.17, 0.83)),
        ([-INF, 0.5], (0.17, 0.5)),
        ([-5, 7], (0.17, 0.83)),
        ([0.6, 9], (0.6, 0.83)),
    ],
)
def test_intervals_end_at_the_edge_of_the_picture(bounds, shown):
    display = display_of(intervals=[bounds] * 3).plot(unit="score")
    for segment in display.intervals_.get_segments():
        assert tuple(segment[:, 1]) == pytest.approx(shown)
    assert display.frame()[["y_lower", "y_upper"]].to_numpy().tolist() == [bounds] * 3
    assert display.ax_.get_ylim() == pytest.approx((0.17, 0.83))


def test_families_have_markers_of_their_own():
    display = display_of(families=FAMILIES).plot(unit="score")
    found = points(display)
    np.testing.assert_allclose(found["x"], [[0.2, 0.3], [0.8, 0.8]])
    np.testing.assert_allclose(found["y"], [[0.5, 0.45]])
    lines = display.points_.values()
    assert len({(line.get_marker(), line.get_color()) for line in lines}) == 2
    assert texts(display.legend_) == ["x", "y"]


@pytest.mark.parametrize(
    "families",
    [
        ["x", None, np.nan],
        pd.Series(["x", None, None]),
        pd.Series(["x", pd.NA, None], dtype="string"),
    ],
    ids=["list", "pandas", "nullable"],
)
def test_models_without_a_family_are_drawn_too(families):
    display = display_of(families=families).plot(unit="score")
    np.testing.assert_allclose(points(display)[None], [[0.5, 0.45], [0.8, 0.8]])
    assert texts(display.legend_) == ["none", "x"]
    assert display.frame()["family"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize("n_families", [8, 9, 10, 30])
def test_families_beyond_the_most_frequent_are_others(n_families):
    families = np.concatenate([np.repeat(range(8), 2), range(n_families)])
    scores = np.linspace(0.1, 0.9, len(families))
    display = ScorePredictionDisplay.from_predictions(scores, scores, families=families).plot()
    with_name = n_families if n_families < 10 else 8
    labels = [str(number) for number in range(with_name)] + ["others"] * (n_families >= 10)
    assert texts(display.legend_) == labels
    assert sum(map(len, points(display).values())) == len(families)
    if n_families >= 10:
        others = display.points_["others"]
        assert len(others.get_xdata()) == n_families - 8
        assert others.get_color() == "0.6"
        assert others.get_zorder() < display.points_[0].get_zorder()


def test_a_family_may_be_called_others():
    display = display_of(families=["others", "x", "others"]).plot()
    assert texts(display.legend_) == ["others", "x"]
    assert sum(map(len, points(display).values())) == 3


@pytest.mark.parametrize(
    ("title", "unit", "shown"),
    [
        (None, "points", "mean absolute error 5.00 points"),
        (None, "score", "mean absolute error 0.05"),
        ("my method", "points", "my method\nmean absolute error 5.00 points"),
    ],
)
def test_the_title_has_the_error(title, unit, shown):
    assert display_of(title=title).plot(unit=unit).ax_.get_title() == shown


@pytest.mark.parametrize(("unit", "suffix"), [("points", " (%)"), ("score", "")])
def test_the_axes_are_labelled(unit, suffix):
    ax = display_of().plot(unit=unit).ax_
    labels = ax.get_xlabel(), ax.get_ylabel()
    assert labels == (f"actual score{suffix}", f"predicted score{suffix}")


def test_no_legend():
    display = display_of(families=FAMILIES).plot(legend=False)
    assert display.legend_ is None
    assert display.figure_.legends == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"families": ["x"]}, "families has 1 entries for 3 models; expected one each"),
        ({"model_names": list("uvwx")}, "model_names has 4 entries for 3 models"),
        ({"families": [("x", "y")] * 3}, r"families has shape \(3, 2\); expected \(3,\)"),
        ({"intervals": [0.1, 0.2, 0.3]}, r"intervals has shape \(3,\); expected \(3, 2\)"),
        ({"intervals": [[0.1, 0.2]]}, r"intervals has shape \(1, 2\); expected \(3, 2\)"),
        ({"intervals": [[0.3, 0.1]] * 3}, r"y_lower is above y_upper in 3 interval\(s\)"),
        ({"intervals": [[np.nan, 0.1]] * 3}, r"y_lower holds 3 value\(s\) that are not bounds"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        display_of(**options)


@pytest.mark.parametrize(
    ("true", "pred", "message"),
    [
        ([0.1, np.nan], [0.1, 0.2], "y_true holds 1 value.* not finite"),
        ([0.1, 0.2], [0.1, INF], "y_pred holds 1 value.* not finite"),
        ([0.1, 0.2], [0.1], r"y_true holds the scores of 2 model\(s\) and y_pred of 1"),
        (np.ones((3, 2)), np.ones((3, 2)), "y_true has 2 tasks; expected one. Make a display for"),
    ],
    ids=["nan", "infinite", "length", "tasks"],
)
def test_scores_that_are_none_are_refused(true, pred, message):
    with pytest.raises(ValueError, match=message):
        ScorePredictionDisplay.from_predictions(true, pred)


@pytest.mark.parametrize(
    "wrong", [{"unit": "percent"}, {"legend": 2}, {"figsize": [3, 3]}, {"font_size": 0}],
    ids=lambda wrong: next(iter(wrong)),
)  # fmt: skip
def test_wrong_options_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"'{name}' parameter of ScorePredictionDisplay.plot"):
        display_of().plot(**wrong)


def test_from_an_estimator(panel):
    X, y = panel.data, panel.target
    method = AnchoredRegressor(SparseRidgeSelector(8), WeightedMeanRegressor()).fit(X[:40], y[:40])
    display = ScorePredictionDisplay.from_estimator(method, X[40:], y[40:], families=[1] * 8)
    np.testing.assert_array_equal(display.y_pred, method.predict(X[40:]))
    np.testing.assert_array_equal(display.y_true, y[40:])
    assert (display.intervals, display.model_names) == (None, None)
    assert display.title == "AnchoredRegressor"
    assert display.families.tolist() == [1] * 8


@pytest.mark.parametrize(
    ("frame", "names"),
    [(None, None), ("pandas", ["u", "v"]), ("polars", None)],
    ids=["array", "pandas", "polars"],
)
def test_an_estimator_with_intervals(frame, names):
    X = np.array([[0.2, 1], [0.6, 0]])
    if frame == "pandas":
        X = pd.DataFrame(X, index=["u", "v"])
    if frame == "polars":
        X = pl.DataFrame(X, schema=["a", "b"])
    display = ScorePredictionDisplay.from_estimator(WithIntervals(), X, [0.3, 0.5], title="mine")
    np.testing.assert_allclose(display.intervals, [[0.1, 0.3], [0.5, 0.7]])
    assert display.title == "mine"
    assert display.model_names == names


def test_an_estimator_may_be_any_of_scikit_learn():
    estimator = DummyRegressor().fit(np.ones((2, 3)), [0.2, 0.4])
    display = ScorePredictionDisplay.from_estimator(estimator, np.ones((2, 3)), [0.3, 0.5])
    assert display.y_pred == pytest.approx([0.3, 0.3])


@pytest.mark.parametrize(
    ("method", "n_anchors", "n_rows"), [("a", 10, 9), ("b", 40, 9), ("c", 10, 6)]
)
def test_from_a_comparison(fake, method, n_anchors, n_rows):
    display = ScorePredictionDisplay.from_comparison(fake, method=method, n_anchors=n_anchors)
    frame = display.frame()
    assert len(frame) == n_rows  # three targets, once for each split without a failure
    np.testing.assert_allclose(frame["y_pred"] - frame["y_true"], 0.1 / n_anchors)
    assert frame["model"].tolist() == ["model-0", "model-1", "model-2"] * (n_rows // 3)
    assert frame["family"].tolist() == ["even", "odd", "even"] * (n_rows // 3)
    assert display.title == f"{method}, {n_anchors} anchors"
    assert display.mean_absolute_error == pytest.approx(0.1 / n_anchors)


def test_a_comparison_without_families(make_fake):
    fake = make_fake(families=False)
    display = ScorePredictionDisplay.from_comparison(fake, method="a", n_anchors=10)
    assert display.families is None
    assert display.plot().legend_ is None


@pytest.mark.parametrize("task", [0, 1])
def test_one_of_several_tasks(make_fake, task):
    display = ScorePredictionDisplay.from_comparison(
        make_fake(n_tasks=2), method="a", n_anchors=10, task=task
    )
    assert display.y_true.tolist() == pytest.approx([t + 0.01 * task for t in TRUE] * 3)
    assert display.y_pred - display.y_true == pytest.approx(0.01 + 0.01 * task)
    assert display.title == f"a, 10 anchors, task {task}"


@pytest.mark.parametrize("n_tasks", [None, 1])
def test_a_single_task_need_not_be_named(make_fake, n_tasks):
    fake = make_fake(n_tasks=n_tasks)
    displays = [
        ScorePredictionDisplay.from_comparison(fake, method="a", n_anchors=10, task=task)
        for task in (None, 0)
    ]
    assert [len(display.y_true) for display in displays] == [9, 9]


@pytest.mark.parametrize(
    ("n_tasks", "asked", "message"),
    [
        (None, {"method": "z"}, r"method asks for 'z'.* It holds: 'a', 'b', 'c'\."),
        (None, {"n_anchors": 20}, r"n_anchors asks for 20.* It holds: 10, 40\."),
        (None, {"task": 1}, r"task asks for 1.* It holds: 0\."),
        (2, {"task": 2}, r"task asks for 2.* It holds: 0, 1\."),
        (2, {}, r"The comparison has 2 tasks, and a picture shows one. Give task, one of: 0, 1\."),
    ],
)
def test_what_is_not_in_the_comparison_is_refused(make_fake, n_tasks, asked, message):
    with pytest.raises(ValueError, match=message):
        ScorePredictionDisplay.from_comparison(
            make_fake(n_tasks=n_tasks), **{"method": "a", "n_anchors": 10} | asked
        )


def test_a_method_that_always_failed_is_not_called_unknown(make_fake):
    values = {"mean_absolute_error": {("a", 10): [0.1], ("b", 10): [np.nan]}}
    message = "The method 'b' failed in every split with 10 anchors, so there is no prediction"
    with pytest.raises(ValueError, match=message):
        ScorePredictionDisplay.from_comparison(make_fake(values), method="b", n_anchors=10)


@pytest.mark.parametrize("n_anchors", [5, 15])
def test_a_real_comparison(real, panel, n_anchors):
    display = ScorePredictionDisplay.from_comparison(
        real, method="sparse-ridge", n_anchors=n_anchors
    ).plot()
    rows = real.predictions().query("method == 'sparse-ridge' and n_anchors == @n_anchors")
    np.testing.assert_array_equal(display.y_pred, rows["y_pred"])
    assert sum(map(len, points(display).values())) == len(rows)
    assert set(display.families) <= set(panel.families)
    table = real.frame().query(
        "method == 'sparse-ridge' and n_anchors == @n_anchors and metric == 'mean_absolute_error'"
    )
    sizes = [len(targets) for _, targets in real.splits]
    assert display.mean_absolute_error == pytest.approx(np.average(table["value"], weights=sizes))


def test_the_callers_axes_are_drawn_on():
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 4))
    display = display_of(families=FAMILIES)
    assert display.plot(right) is display
    assert display.ax_ is right
    assert display.figure_ is figure
    assert (display.legend_, left.lines[:]) == (right.get_legend(), [])
    assert figure.get_size_inches().tolist() == [7, 4]


def test_several_axes_are_refused():
    _, axes = plt.subplots(1, 2)
    message = r"ScorePredictionDisplay\.plot got 2 axes for 1 panel\(s\): predictions"
    with pytest.raises(ValueError, match=message):
        display_of().plot(axes)


def test_settings_of_matplotlib_stay():
    before = mpl.rcParams.copy()
    display_of(families=FAMILIES, intervals=[[0, 1]] * 3).plot(font_size=6)
    assert mpl.rcParams == before


@pytest.mark.parametrize(("width", "font_size"), [(3.3, 8), (7, None)])
@pytest.mark.parametrize(
    "title", ["mine", "a-stratified-selector-with-a-residual-ridge, 100 anchors"]
)
def test_no_text_stands_out_of_the_figure(outside, width, font_size, title):
    with mpl.rc_context({"figure.figsize": (width, 3)}):
        display = display_of(families=FAMILIES, title=title).plot(font_size=font_size)
    assert outside(display.figure_) == []
    assert display.ax_.get_title().replace("\n", " ").startswith(title)


@pytest.mark.parametrize(
    "families",
    [
        ["a", "b", "a"],
        ("a", "b", "a"),
        np.array(["a", "b", "a"]),
        pd.Series(["a", "b", "a"], index=[5, 6, 7]),
        pd.Series(["a", "b", "a"], dtype="category"),
        pl.Series(["a", "b", "a"]),
    ],
    ids=["list", "tuple", "array", "pandas", "categorical", "polars"],
)
def test_families_of_any_container(families):
    assert display_of(families=families).frame()["family"].tolist() == ["a", "b", "a"]


@pytest.mark.parametrize(
    "missing",
    [None, np.nan, float("nan"), pd.NA, pd.NaT, np.float32("nan")],
    ids=["None", "the nan of numpy", "another nan", "NA", "NaT", "float32"],
)
def test_every_kind_of_missing_family_is_none(missing):
    for families in (["a", missing, "b"], pd.Series(["a", missing, "b"], dtype=object)):
        assert display_of(families=families).families.tolist() == ["a", None, "b"]


def test_a_family_that_reads_like_a_missing_one_stays_and_numbers_stay_numbers():
    assert display_of(families=["nan", "None", "a"]).families.tolist() == ["nan", "None", "a"]
    assert display_of(families=[1.5, np.nan, 2]).families.tolist() == [1.5, None, 2]


@pytest.mark.parametrize("n_families", [0, 2, 4])
def test_too_few_or_too_many_families(n_families):
    message = rf"families has {n_families} entries for 3 models; expected one each\."
    with pytest.raises(ValueError, match=message):
        display_of(families=["a"] * n_families)


def test_a_score_matrix_brings_scores_families_and_names():
    matrix = load_helm_lite(task="commonsense", as_matrix=True)
    sources, targets = matrix.data.index[:60], matrix.select(models=matrix.data.index[60:])
    model = AnchoredRegressor(SparseRidgeSelector(20), ResidualRidgeRegressor())
    model.fit(matrix.data.loc[sources], matrix.targets["overall"].loc[sources])
    frame = ScorePredictionDisplay.from_estimator(model, targets).frame()
    assert list(frame["model"]) == list(targets.data.index)
    assert list(frame["family"]) == targets.families
    np.testing.assert_allclose(frame["y_true"], targets.data.mean(axis=1), rtol=1e-12)
    with pytest.raises(ValueError, match="y is None; expected the benchmark scores"):
        ScorePredictionDisplay.from_estimator(model, targets.data)


def test_rings_around_models_that_are_unlike():
    display = display_of(like=[True, False, True], families=FAMILIES).plot()
    np.testing.assert_allclose(np.ravel(display.unlike_.get_data()), [50, 45])
    assert texts(display.legend_) == ["x", "y", "unlike the history"]
    assert display.frame()["like"].tolist() == [True, False, True]
    plt.close(display.figure_)


def test_no_rings_where_all_are_like():
    display = display_of(like=[True] * 3).plot()
    assert display.unlike_ is None
    assert display.legend_ is None
    plt.close(display.figure_)


@pytest.mark.parametrize("like", [[True], [1, 0, 1], [[True], [True], [False]]])
def test_verdicts_that_are_none(like):
    with pytest.raises(ValueError, match=r"expected .3,. and bool"):
        display_of(like=like)


def test_verdicts_of_an_estimator():
    class WithVerdicts(WithIntervals):
        def applicability(self, X):
            return pd.DataFrame({"like": self.predict(X) > 0.4})

    display = ScorePredictionDisplay.from_estimator(WithVerdicts(), np.c_[TRUE, PRED], TRUE)
    assert display.like.tolist() == [False, True, True]
