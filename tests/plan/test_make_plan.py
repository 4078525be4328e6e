"""From a matrix to a plan, whose errors are those of an independent loop over held-out models."""

import warnings

import numpy as np
import pandas as pd
import pytest
from _panels import FirstItemsRegressor, with_seed
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVR

from sklearn_sparseeval import (
    AnchoredIntervalRegressor,
    AnchoredRegressor,
    Note,
    NotedWarning,
    RandomSelector,
    ResidualRidgeRegressor,
    ScoreMatrix,
    SparseRidgeSelector,
    load_plan,
    make_plan,
)
from sklearn_sparseeval.datasets import load_helm_lite, make_score_matrix
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.metrics import kendall_tau_score
from sklearn_sparseeval.splitters import group_similar_models

METHODS = {
    "pipeline": make_pipeline(SparseRidgeSelector(50), ResidualRidgeRegressor()),
    "anchored": AnchoredRegressor(RandomSelector(), SVR()),
    "registered": "random-ridge",
}


def panel(n_models, n_items=40, names=None, families=None, change=None, **known):
    """A synthetic matrix; its models are called m0, m1, ... unless named."""
    scores = np.array(make_score_matrix(n_models, n_items, random_state=0).data)
    if change is not None:
        change(scores)
    frame = pd.DataFrame(scores, names or [f"m{i}" for i in range(n_models)])
    return ScoreMatrix.from_frame(frame, families=families, **known)


def plan_of(matrix, **options):
    return make_plan(matrix, **({"n_anchors": 6, "method": "random-mean", "n_jobs": 1} | options))


def kinds(plan):
    return [note.kind for note in plan.notes]


def text(plan, kind):
    (note,) = [note for note in plan.notes if note.kind == kind]
    return note.text


@pytest.fixture(scope="module")
def helm():
    """Real results: 83 models of 24 organisations on 60 items."""
    matrix = load_helm_lite(task="commonsense", as_matrix=True)
    return matrix.select(items=matrix.data.columns[:60])


@pytest.fixture(scope="module")
def new(helm):
    """Results of five middling models."""
    models = helm.targets["overall"].sort_values(kind="stable").index[40:45]
    return helm.data.loc[models]


@pytest.fixture(scope="module")
def history(helm, new):
    return helm.select(models=helm.data.index.difference(new.index, sort=False))


@pytest.fixture(scope="module", params=METHODS)
def made(request, history):
    method = METHODS[request.param]
    return request.param, make_plan(history, n_anchors=8, method=method, random_state=3, n_jobs=1)


def test_a_plan_is_the_same_after_saving(made, new, tmp_path):
    _, plan = made
    plan.save(tmp_path / "plan")
    loaded = load_plan(tmp_path / "plan")
    pd.testing.assert_frame_equal(loaded.anchors, plan.anchors, check_names=False)
    pd.testing.assert_frame_equal(loaded.errors, plan.errors, check_names=False)
    pd.testing.assert_frame_equal(loaded.summary(), plan.summary())
    results = new[list(plan.anchors.index)]
    pd.testing.assert_frame_equal(loaded.predict(results), plan.predict(results), check_exact=True)
    assert loaded.notes == plan.notes
    assert str(loaded) == str(plan)
    assert repr(loaded) == repr(plan)


def test_predictions_are_those_of_the_estimator(made, history, new):
    name, plan = made
    method = METHODS[name]
    fitted = get_methods()[method](8) if isinstance(method, str) else clone(method)
    budgets = [key for key in fitted.get_params() if key.split("__")[-1] == "n_anchors"]
    fitted = with_seed(fitted.set_params(**dict.fromkeys(budgets, 8)), 3)
    fitted.fit(history.data, history.data.mean(axis=1).to_numpy())
    table = plan.predict(new)
    np.testing.assert_allclose(table["score"], fitted.predict(new).clip(0, 1), atol=1e-12)
    anchors = getattr(fitted, "anchors_", None)
    anchors = fitted[0].anchors_ if anchors is None else anchors
    assert list(plan.anchors.index) == list(history.data.columns[anchors])
    assert len(plan.anchors) == 8


def test_errors_are_those_of_the_interval_regressor(made, history):
    """Its own cross-validation is tested with it; here it is enough that it is the plan's."""
    name, plan = made
    method = METHODS[name]
    fitted = get_methods()[method](8) if isinstance(method, str) else clone(method)
    budgets = [key for key in fitted.get_params() if key.split("__")[-1] == "n_anchors"]
    fitted = with_seed(fitted.set_params(**dict.fromkeys(budgets, 8)), 3)
    X, y = history.data, history.data.mean(axis=1).to_numpy()
    groups = group_similar_models(X.to_numpy())  # families joined by copies are too large
    assert "near-identical models held out together" in plan.description["cross_validation"]
    model = AnchoredIntervalRegressor(fitted, n_folds=10, score_range=(0, 1), random_state=3)
    model.fit(X, y, groups=groups)
    np.testing.assert_allclose(plan.errors["overall"], model.held_out_predictions_ - y, atol=1e-12)
    row = plan.summary().loc["overall"]
    sizes = np.sort(plan.errors["overall"].abs())
    assert row["mean_absolute_error"] == pytest.approx(sizes.mean())
    assert row["margin_90"] == sizes[int(np.ceil(0.9 * (len(sizes) + 1))) - 1]
    assert row["kendall_tau"] == pytest.approx(kendall_tau_score(y, y + plan.errors["overall"]))
    assert (row["best_so_far"], row["worst_so_far"]) == pytest.approx((y.max(), y.min()))


@pytest.mark.parametrize("coverage", [0.5, 0.9])
def test_intervals_and_verdicts_are_those_of_the_estimator(made, new, coverage):
    plan = made[1]
    table = plan.predict(new, coverage=coverage)
    model = plan.predictor.estimator
    assert isinstance(model, AnchoredIntervalRegressor)
    np.testing.assert_array_equal(
        table[["low", "high"]], model.predict_interval(new, coverage=coverage)
    )
    verdicts = model.applicability(new)
    assert table["reason"].tolist() == verdicts["reason"].tolist()
    assert table["like"].tolist() == verdicts["like"].tolist()


def test_the_method_given_is_not_changed(made):
    assert METHODS["pipeline"][0].n_anchors == 50
    assert METHODS["anchored"].selector.random_state is None
    assert not hasattr(METHODS["pipeline"][0], "anchors_")


def test_nothing_is_read_of_a_model_but_its_anchors(history, new):
    # This one takes the mean of every result that it can see.
    plan = plan_of(history, method=FirstItemsRegressor(), n_anchors=7)
    shown = history.data.iloc[:, :7].mean(axis=1)
    own = plan.errors["overall"] + history.targets["overall"]
    # Those that seem stronger than the history are read in another way too.
    assert np.isclose(own, shown, atol=1e-12).mean() > 0.5
    assert list(plan.anchors.index) == list(history.data.columns[:7])
    others = new.columns[7:]
    lies = new.assign(**dict.fromkeys(others, -7.0))
    pd.testing.assert_frame_equal(predicted(plan, lies), predicted(plan, new))


@pytest.mark.parametrize(
    ("n_models", "given", "n_folds"),
    [(100, None, 5), (99, None, 10), (12, None, 10), (9, None, 9), (12, 4, 4), (40, 5, 5)],
)
def test_fewer_models_are_held_out_in_more_folds(n_models, given, n_folds):
    plan = plan_of(panel(n_models), folds=given, families=[str(i) for i in range(n_models)])
    said = f"{n_folds}-fold cross-validation over {n_models} models, whole families held out toget"
    assert plan.description["cross_validation"].startswith(said)
    assert plan.errors.notna().all(axis=None)
    assert plan.errors.shape == (n_models, 1)


class Memory(RegressorMixin, BaseEstimator):
    """Predicts the share of the models learned from whose first result is the same."""

    def __init__(self, n_anchors=1):
        self.n_anchors = n_anchors

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        self.anchors_ = np.arange(self.n_anchors)
        self.seen_ = np.asarray(X)[:, 0]
        return self

    def predict(self, X):
        return np.array([np.isclose(self.seen_, row[0]).mean() for row in np.asarray(X)])


def labelled(families, copies=()):
    """A panel whose first item is another number for each family."""

    def change(scores):
        for one, other in copies:
            scores[other, 1:] = scores[one, 1:]
        scores[:, 0] = [sorted(set(families)).index(family) / 10 for family in families]

    return panel(len(families), change=change, families=families)


@pytest.mark.parametrize("folds", [None, 4])
def test_nobody_learns_from_relatives(folds):
    families = [f"org{i % 10}" for i in range(40)]
    matrix = labelled(families)
    plan = plan_of(matrix, method=Memory(), folds=folds, n_anchors=1)
    predicted = plan.errors["overall"] + matrix.targets["overall"]
    np.testing.assert_allclose(predicted, 0, atol=1e-12)
    assert "whole families held out together (10 as given" in plan.description["cross_validation"]


def test_families_of_the_names_and_given_ones():
    names = [f"org{i % 10}/m{i}" for i in range(40)]
    first = plan_of(panel(40, names=names))
    assert "together (10, the part of the names" in first.description["cross_validation"]
    other = [f"f{i % 8}" for i in range(40)]
    second = plan_of(panel(40, names=names), families=other)
    assert "together (8 as given" in second.description["cross_validation"]
    mixed = pd.Series(other, names).sample(frac=1, random_state=0)
    third = plan_of(panel(40, names=names), families=mixed)
    pd.testing.assert_frame_equal(second.errors, third.errors)


def test_copies_stay_together_across_families():
    def copy(scores):
        scores[7] = scores[2]

    plan = plan_of(panel(10, change=copy), families=[str(i) for i in range(10)])
    assert plan.description["cross_validation"].startswith("9-fold")


@pytest.mark.parametrize(
    ("families", "kind", "note"),
    [
        (["a"] * 10 + ["b"] * 2, "large-family", "10 of the 12 models are of one family"),
        (None, "no-families", "Nothing tells the families of the models"),
    ],
)
def test_relatives_on_both_sides_are_told(families, kind, note):
    plan = plan_of(panel(12), families=families)
    assert text(plan, kind).startswith(note)
    assert "the expected error is a rough figure" in text(plan, "few-models")
    said = "near-identical models held out together (12 groups)"
    assert said in plan.description["cross_validation"]


def test_copies_of_one_model_are_held_out_one_by_one():
    def copy(scores):
        scores[:11] = scores[0]

    plan = plan_of(panel(12, change=copy))
    assert "11 of the 12 models have nearly the same" in text(plan, "near-identical-models")
    assert "each model held out alone" in plan.description["cross_validation"]


def test_fewer_groups_than_folds():
    plan = plan_of(panel(12), families=[str(i // 3) for i in range(12)], folds=6)
    assert plan.description["cross_validation"].startswith("4-fold")
    said = "6 folds are more than the 4 groups of models; 4 folds are used."
    assert text(plan, "fewer-folds") == said
    assert "had learned from about 75% of the history only" in text(plan, "small-share-to-fit")


def test_errors_of_relatives_count_once():
    plan = plan_of(panel(40), families=[str(i % 3) for i in range(40)])
    assert text(plan, "few-errors") == (
        "The errors of 3 groups of models that are held out together are too few to tell what 90 % "
        "are within, which takes 9: relatives err alike, so a model of another group may be "
        "further off."
    )
    assert text(plan, "small-share-to-fit").startswith("With 3 folds, each predictor")


@pytest.mark.parametrize(
    ("n_models", "told"),
    [(8, "hardly known"), (9, "hardly known"), (10, "a rough figure"), (29, "a rough figure")],
)
def test_an_error_that_is_hardly_known(n_models, told):
    plan = plan_of(panel(n_models), families=[str(i) for i in range(n_models)])
    said = text(plan, "few-models")
    assert said.startswith(f"With {n_models} models in the history the expected error is")
    assert told in said
    assert ("few-errors" in kinds(plan)) == (n_models < 9)
    if n_models < 9:
        assert "the largest error is given in its place" in text(plan, "few-errors")
        largest = plan.errors["overall"].abs().max()
        assert plan.summary().loc["overall", "margin_90"] == largest


def test_enough_is_not_noted():
    families = [str(i) for i in range(30)]
    plan = plan_of(panel(30), families=families, method="sparse-ridge", n_anchors=15)
    assert kinds(plan) == ["score-range"]


class Wild(FirstItemsRegressor):
    """Predicts far out of range, and warns of it."""

    def predict(self, X):
        warnings.warn("wild", UserWarning, stacklevel=1)
        return np.full(len(X), 7.0)


class Low(FirstItemsRegressor):
    """Predicts the least score."""

    def predict(self, X):
        return np.zeros(len(X))


@pytest.mark.parametrize(("score_range", "bounds"), [(None, (0, 1)), ((-5, 5), (-5, 5))])
def test_nothing_is_outside_the_range(score_range, bounds):
    matrix = panel(10)
    plan = plan_of(matrix, method=Wild(), score_range=score_range)
    assert (plan.errors["overall"] + matrix.targets["overall"]).between(*bounds).all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = plan.predict(matrix.data)
    assert table[["score", "low", "high"]].stack().between(*bounds).all()
    assert [note.text for note in plan.notes if note.kind == "warning"] == ["wild"]


def test_anchors_that_tell_nothing_are_told():
    plan = plan_of(panel(10), method=Low())
    assert "These anchors tell nothing of a model" in text(plan, "useless-anchors")


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        (1, "between 0 and 1 and reach both"),
        (
            100,
            "what scores are possible; predictions and intervals stay between 0 and 100.",
        ),
    ],
)
def test_the_range_is_what_the_scores_leave_no_doubt_of(scale, said):
    matrix = panel(12)
    plan = plan_of(ScoreMatrix.from_frame(scale * matrix.data))
    assert said in text(plan, "score-range")
    assert plan.in_unit(scale * 0.5) == ("50.00" if scale == 1 else "50.0000")
    assert plan.in_unit(float("nan")) == "?"
    assert "score-range" not in kinds(plan_of(matrix, score_range=(0, 1)))


@pytest.mark.parametrize(
    ("method", "targets"),
    [("random-mean", ["overall"]), ("random-ridge", ["overall", "even", "odd"])],
)
def test_tasks_are_predicted_where_the_method_can(method, targets):
    known = {"task": ["even", "odd"] * 20}
    plan = plan_of(panel(12, items=known), method=method)
    assert list(plan.summary().index) == list(plan.errors) == targets
    assert ("one-target" in kinds(plan)) == (len(targets) == 1)


def test_the_overall_score_counts_as_much_as_all_tasks():
    tasks = {"task": ["a", "b", "c", "a"] * 10}
    matrix = panel(12, items=tasks)
    selector = plan_of(matrix, method="sparse-ridge").predictor.estimator.estimator_.selector
    assert selector.target_weights == [3, 1, 1, 1]
    mine = AnchoredRegressor(SparseRidgeSelector(target_weights=[1, 1, 1, 1]), Ridge())
    given = plan_of(matrix, method=mine).predictor.estimator.estimator_.selector
    assert given.target_weights == [1, 1, 1, 1]
    alone = plan_of(panel(12), method="sparse-ridge").predictor.estimator.estimator_.selector
    assert alone.target_weights is None


def test_notes_of_the_matrix_are_told_as_of_import():
    plan = plan_of(panel(12, notes=[Note("left-out", "Two items were left out.", "t", 2)]))
    assert plan.notes[0] == Note("left-out", "On import: Two items were left out.", "t", 2)


def test_a_share_of_the_items():
    assert len(plan_of(panel(12), n_anchors=0.1).anchors) == 4
    assert len(plan_of(panel(12), n_anchors=0.001).anchors) == 1
    assert len(plan_of(panel(12), n_anchors=np.int64(5)).anchors) == 5


def test_an_estimator_that_knows_how_many_items_it_wants():
    method = make_pipeline(SelectKBest(f_regression, k=5), Ridge())
    matrix = panel(12)
    plan = plan_of(matrix, method=method)
    assert len(plan.anchors) == 5
    fitted = clone(method).fit(matrix.data, matrix.targets["overall"])
    expected = fitted.predict(matrix.data).clip(0, 1)
    np.testing.assert_allclose(predicted(plan, matrix.data)["score"], expected)


def test_it_does_not_depend_on_the_number_of_processes(history):
    one, two = (plan_of(history, method="sparse-ridge", n_jobs=n_jobs) for n_jobs in (1, 2))
    pd.testing.assert_frame_equal(one.errors, two.errors)
    assert one.notes == two.notes


def test_the_name_stands_in_the_readme(tmp_path):
    plan = plan_of(panel(12), name="our bench")
    plan.save(tmp_path / "plan")
    assert "# Anchors of our bench\n" in (tmp_path / "plan" / "README.md").read_text("utf-8")
    assert plan_of(panel(12)).description["scores"] == "12 models x 40 items"


def test_names_cannot_write_html():
    evil = "<script>alert(1)</script>"
    matrix = panel(12, items={"task": ["x", evil] * 20}, notes=[Note("odd", f"See {evil}.")])
    shown = plan_of(matrix, method="random-ridge")._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "6 of 40 items" in shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_anchors": 0}, r"n_anchors=0; expected a whole number of items, or a share"),
        ({"n_anchors": 41}, r"n_anchors=41 is more than the 40 items\."),
        ({"n_anchors": 1.5}, r"n_anchors=1\.5; expected"),
        ({"n_anchors": True}, r"n_anchors=True; expected"),
        ({"n_anchors": "8"}, r"n_anchors='8'; expected"),
        ({"n_anchors": float("nan")}, r"n_anchors=nan; expected"),
        ({"method": "magic"}, r"There is no method 'magic'\. Expected an estimator, or one of: ra"),
        ({"method": "tailoredbench"}, "tailoredbench chooses anchors for each model from its"),
        ({"method": SVR()}, "The estimator, a SVR, does not say which items it reads"),
        ({"families": ["a"]}, "families has 1 values for 12 models"),
        ({"folds": 1}, "folds=1; expected a whole number of at least 2"),
        ({"random_state": None}, "random_state=None; expected a whole number"),
        ({"score_range": (0, 0.5)}, r"score_range=0, 0\.5; expected .* the scores are from 0 to 1"),
        ({"score_range": (1, 0)}, "score_range=1, 0; expected"),
        ({"score_range": 5}, "score_range=5; expected"),
        ({"score_range": (0, "a")}, "score_range=0, 'a'; expected"),
    ],
    ids=str,
)
def test_what_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        plan_of(panel(12), **options)


@pytest.mark.parametrize("method", [None, 7, "random-mean".split])
def test_a_method_is_a_name_or_an_estimator(method):
    with pytest.raises(TypeError, match="expected the name of a registered method, or an estima"):
        plan_of(panel(12), method=method)


def test_a_frame_is_not_a_matrix():
    with pytest.raises(TypeError, match=r"matrix is a DataFrame; .* by ScoreMatrix\.from_frame"):
        plan_of(panel(12).data)


def test_two_models_are_too_few():
    with pytest.raises(ValueError, match="history has 2 models; at least 3 are needed"):
        plan_of(panel(2))


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ([0], slice(None), r"Model 'm0' has no result on any item, so"),
        ([3], slice(0, None, 2), r"Model 'm3' has no result on any item of task 'even', so"),
        ([2, 5, 6], slice(1, None, 2), r"'m2' .* 'odd' \(nor have 2 other models\), so"),
    ],
)
def test_a_model_whose_score_nobody_knows(rows, columns, said):
    def hide(scores):
        scores[rows, columns] = np.nan

    with pytest.raises(ValueError, match=said):
        plan_of(panel(12, change=hide, items={"task": ["even", "odd"] * 20}))


class NeedsMany(FirstItemsRegressor):
    def fit(self, X, y):
        if len(X) < 12:
            raise ValueError("I need 12 models")
        return super().fit(X, y)


def test_a_method_that_fails_in_the_cross_validation():
    match = "NeedsMany fails, with all of the 12 models to learn from or .* folds: I need 12 models"
    with pytest.raises(ValueError, match=match):
        plan_of(panel(12), method=NeedsMany())


def predicted(plan, results):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotedWarning)  # of models beyond the history
        return plan.predict(results)


def test_targets_on_another_scale_are_not_clipped_to_that_of_the_items():
    data = panel(30).data
    percent = 100 * data.mean(axis=1)
    plan = plan_of(ScoreMatrix.from_frame(data, targets=percent), method="random-ridge")
    assert plan.predictor.score_range is None
    assert plan.description["unit"] == "score"
    scores = predicted(plan, data)["score"].to_numpy()
    expected = plan.predictor.estimator.predict(data)
    np.testing.assert_allclose(scores, expected, rtol=1e-12)
    assert scores.max() > 1
    with pytest.raises(ValueError, match="score_range=0, 1; expected the smallest"):
        plan_of(ScoreMatrix.from_frame(data, targets=percent), score_range=(0, 1))


def test_families_by_name_are_the_same_as_in_order():
    matrix = panel(12)
    families = [f"f{i % 4}" for i in range(12)]
    by_name = dict(zip(reversed(matrix.data.index), reversed(families), strict=True))
    plans = [plan_of(matrix, families=given) for given in (families, by_name, pd.Series(by_name))]
    for plan in plans[1:]:
        pd.testing.assert_frame_equal(plan.errors, plans[0].errors)
    with pytest.raises(TypeError, match="families is the text 'abcdefghijkl'"):
        plan_of(matrix, families="abcdefghijkl")
    with pytest.raises(ValueError, match="families has no family for 'm1'; expected one each"):
        plan_of(matrix, families=["a", None, *"bcdefghijk"])


def test_families_of_some_models_only_are_told():
    matrix = panel(12, families=["a"] * 6 + [None] * 6)
    assert "6 of the 12 models have no family" in text(plan_of(matrix), "families-unknown")


def test_names_that_are_numbers_become_texts(tmp_path):
    data = panel(12).data.set_axis(range(40), axis=1)
    matrix = ScoreMatrix.from_frame(data, items={"task": [1] * 20 + [2] * 20})
    plan = plan_of(matrix, method="random-ridge")
    plan.save(tmp_path / "plan")
    again = load_plan(tmp_path / "plan")
    pd.testing.assert_frame_equal(predicted(again, data), predicted(plan, data))
    assert list(plan.summary().index) == ["overall", "1", "2"]
    with pytest.raises(TypeError, match="names of items have to be texts, and 0 is not"):
        ScoreMatrix(data, matrix.items.set_axis(range(40)))


def test_items_that_nothing_tells_apart_are_refused():
    with pytest.raises(ValueError, match="Two items are called 'q' in task 'benchmark'"):
        ScoreMatrix.from_frame(panel(5).data, items={"item": ["q"] * 40})


def test_a_margin_is_that_of_the_errors_whatever_the_file_says():
    matrix = panel(12)
    plan = plan_of(matrix)
    honest = predicted(plan, matrix.data)
    plan.description["targets"][0]["margin_90"] = -5.0
    pd.testing.assert_frame_equal(predicted(plan, matrix.data), honest)
