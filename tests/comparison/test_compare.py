"""compare_estimators: one protocol for all, honest, reproducible, resumable."""

import json
from contextlib import nullcontext

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from _panels import FirstItemsRegressor
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.parallel import Parallel

from sklearn_sparseeval import (
    AnchoredRegressor,
    AnchorSelector,
    RandomSelector,
    ResidualRidgeRegressor,
    SparseRidgeSelector,
    WeightedMeanRegressor,
)
from sklearn_sparseeval.comparison import _compare, compare_estimators
from sklearn_sparseeval.datasets import load_helm_lite, make_score_matrix
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.metrics import get_scorers
from sklearn_sparseeval.splitters import FamilyShuffleSplit, StrengthSplit

MEAN = AnchoredRegressor(RandomSelector(), WeightedMeanRegressor())
RIDGE = make_pipeline(SparseRidgeSelector(), ResidualRidgeRegressor())
METHODS = {"mean": MEAN, "ridge": RIDGE}
# One metric: the ceilings of all take longer than the fits.
QUICK = {
    "n_anchors": [4, 8],
    "cv": 3,
    "random_state": 0,
    "scoring": "neg_mean_absolute_error",
}


@pytest.fixture(scope="module")
def panel():
    return make_score_matrix(60, 40, n_families=12, random_state=0)


def table(comparison):
    """What must not depend on the machine: all but the seconds."""
    return comparison.frame().drop(columns=["fit_seconds", "predict_seconds"])


class Fails(RegressorMixin, BaseEstimator):
    """Fails where there are many anchors."""

    def __init__(self, n_anchors=1, error=ValueError):
        self.n_anchors = n_anchors
        self.error = error

    def fit(self, X, y):
        if self.n_anchors > 4:
            raise self.error("too many for me")
        self.anchors_ = np.arange(self.n_anchors)
        self.mean_ = y.mean()
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


# ---- the results ----


@pytest.mark.slow
def test_a_value_is_that_of_the_method_on_the_split(panel):
    X, y = panel.data, panel.target
    cv = ShuffleSplit(3, test_size=0.3, random_state=1)
    frame = compare_estimators(METHODS, X, **QUICK | {"n_anchors": 6, "cv": cv}).frame()
    for split, (old, new) in enumerate(cv.split(X)):  # noqa: B007  (read by the query)
        method = make_pipeline(SparseRidgeSelector(6), ResidualRidgeRegressor())
        expected = mean_absolute_error(y[new], method.fit(X[old], y[old]).predict(X[new]))
        row = frame.query(
            "method == 'ridge' and split == @split and metric == 'mean_absolute_error'"
        )
        assert row["value"].item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
def test_the_frame_has_a_row_for_everything(panel):
    arguments = QUICK | {"scoring": ["neg_mean_absolute_error", "bias"]}
    comparison = compare_estimators(METHODS, panel.data, **arguments)
    frame = comparison.frame()
    keys = ["method", "n_anchors", "split", "metric"]
    assert len(frame) == 2 * 2 * 3 * 2 == len(frame[keys].drop_duplicates())
    assert list(frame) == [*keys, "value", "fit_seconds", "predict_seconds", "error"]
    assert (frame["fit_seconds"] > 0).all()
    assert frame["error"].isna().all()


@pytest.mark.slow
def test_methods_that_draw_draw_the_same(panel):
    estimators = {
        name: AnchoredRegressor(RandomSelector(), regressor)
        for name, regressor in (("a", WeightedMeanRegressor()), ("b", WeightedMeanRegressor()))
    }
    comparison = compare_estimators(estimators, panel.data, **QUICK)
    values = table(comparison).pivot(
        index=["n_anchors", "split", "metric"], columns="method", values="value"
    )
    np.testing.assert_array_equal(values["a"], values["b"])
    assert values.xs("mean_absolute_error", level="metric")["a"].nunique() == 6


@pytest.mark.slow
def test_the_given_estimators_are_not_fitted(panel):
    compare_estimators(METHODS, panel.data, **QUICK)
    assert not hasattr(MEAN, "anchors_")
    assert not hasattr(RIDGE[0], "anchors_")


# ---- nothing leaks ----


class ClusterSelector(AnchorSelector):
    """Anchors nearest to the centres of clusters of the items, each a column of results."""

    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        centres = KMeans(n_anchors, n_init=1, random_state=0).fit(X.T).cluster_centers_
        distance = ((X.T[:, None] - centres) ** 2).sum(axis=2)
        chosen = []
        for column in distance.T:
            chosen.append(next(i for i in np.argsort(column) if i not in chosen))
        return np.array(chosen)


class PeekingSelector(ClusterSelector):
    """Clusters on every row that it was ever shown, target models of earlier splits among them."""

    seen: list = []

    def fit(self, X, y=None, sample_weight=None):
        super().fit(X, y, sample_weight)
        rows = np.vstack([X, *type(self).seen])
        rows = np.where(np.isnan(rows), np.nanmean(X, axis=0), rows)
        self.anchors_ = self._choose_anchors(rows, None, None, self.n_anchors)
        return self

    def transform(self, X):
        type(self).seen.append(np.asarray(X))
        return super().transform(X)


@pytest.mark.slow
def test_a_selector_that_peeks_gains_nothing():
    """Clustering on all rows before the split is how the released scripts leak."""
    data = load_helm_lite(task="commonsense")
    X, y = data.data[:30], data.target[:30]  # the fewer models, the more a leak gains
    cv = ShuffleSplit(8, test_size=0.4, random_state=0)
    PeekingSelector.seen.clear()
    summary = compare_estimators(
        {
            "honest": make_pipeline(ClusterSelector(), ResidualRidgeRegressor()),
            "peeking": make_pipeline(PeekingSelector(), ResidualRidgeRegressor()),
        },
        X, **QUICK | {"cv": cv, "n_anchors": 30},
    ).summary().set_index("method")["mean"]  # fmt: skip

    anchors = ClusterSelector(30).fit(X).anchors_  # the script: on the rows of all models
    leaky = []
    for old, new in cv.split(X):
        ridge = ResidualRidgeRegressor().fit(X[old][:, anchors], y[old])
        leaky.append(mean_absolute_error(y[new], ridge.predict(X[new][:, anchors])))
    # It was shown rows, those of the targets with nothing but its anchors: no gain. The script's
    # way gains a lot.
    assert [np.isnan(rows).sum() for rows in PeekingSelector.seen] == 8 * [0, 12 * 470]
    assert summary["peeking"] > summary["honest"] - 0.0005
    assert np.mean(leaky) < 0.9 * summary["honest"]


@pytest.mark.slow
def test_a_regressor_that_reads_all_items_gains_nothing(panel):
    arguments = QUICK | {"n_anchors": [5, 40], "cv": 2}
    comparison = compare_estimators({"all": FirstItemsRegressor()}, panel.data, **arguments)
    errors = comparison.summary().set_index("n_anchors")["mean"]
    assert errors[40] == pytest.approx(0, abs=1e-12)  # with all items it is the score itself
    assert errors[5] > 0.05


# ---- the same numbers, whatever the machine ----


@pytest.mark.slow
@pytest.mark.parametrize(
    "context",
    [{"n_jobs": 2}, {"backend": "threading", "n_jobs": 2}, {"backend": "multiprocessing"}],
    ids=["loky", "threads", "multiprocessing: all at once"],
)
def test_the_numbers_do_not_depend_on_the_jobs(panel, context):
    methods = METHODS | {
        "drawn": make_pipeline(RandomSelector(), RidgeCV()),
        "network": get_methods()["sparse-ridge-mlp"],
    }
    one = compare_estimators(methods, panel.data, **QUICK)
    with joblib.parallel_config(**{"n_jobs": 2} | context):
        other = compare_estimators(methods, panel.data, **QUICK)
    pd.testing.assert_frame_equal(table(one), table(other), check_exact=True)


@pytest.mark.slow
def test_a_backend_that_returns_all_at_once(panel, monkeypatch):
    """Such as ray's, which refuses to be a generator."""

    class AllAtOnce(Parallel):
        def __init__(self, n_jobs, return_as="list"):
            if return_as != "list":
                raise ValueError("no generators here")
            super().__init__(n_jobs=n_jobs)

    expected = table(compare_estimators(METHODS, panel.data, **QUICK))
    monkeypatch.setattr("sklearn_sparseeval._parallel.Parallel", AllAtOnce)
    pd.testing.assert_frame_equal(
        table(compare_estimators(METHODS, panel.data, **QUICK)), expected, check_exact=True
    )


@pytest.mark.slow
def test_an_int_seed_repeats_and_none_does_not(panel):
    quick = QUICK | {"random_state": None}
    tables = [table(compare_estimators({"mean": MEAN}, panel.data, **quick)) for _ in range(2)]
    assert not tables[0].equals(tables[1])
    seeded = [table(compare_estimators({"mean": MEAN}, panel.data, **QUICK)) for _ in range(2)]
    assert seeded[0].equals(seeded[1])
    state = QUICK | {"random_state": np.random.RandomState(3)}
    compare_estimators({"mean": MEAN}, panel.data, **state)


# ---- interrupted ----


def interrupted_after(n_fits, monkeypatch):
    real, done = _compare.run_job, []

    def run_job(*args):
        if len(done) == n_fits:
            raise KeyboardInterrupt
        done.append(args)
        return real(*args)

    monkeypatch.setattr(_compare, "run_job", run_job)
    return done


@pytest.mark.slow
def test_after_an_interruption_it_goes_on_where_it_was(panel, tmp_path, monkeypatch):
    expected = compare_estimators(METHODS, panel.data, **QUICK)
    path = tmp_path / "results.jsonl"
    with monkeypatch.context() as patch:
        interrupted_after(5, patch)
        with pytest.raises(KeyboardInterrupt):
            compare_estimators(METHODS, panel.data, results_file=path, **QUICK)
    assert len(path.read_text().splitlines()) == 1 + 5
    done = interrupted_after(99, monkeypatch)
    resumed = compare_estimators(METHODS, panel.data, results_file=path, **QUICK)
    assert len(done) == 12 - 5
    pd.testing.assert_frame_equal(table(resumed), table(expected), check_exact=True)
    pd.testing.assert_frame_equal(resumed.predictions(), expected.predictions(), check_exact=True)


@pytest.mark.slow
def test_more_methods_and_budgets_join_what_is_there(panel, tmp_path, monkeypatch):
    path = tmp_path / "results.jsonl"
    first = QUICK | {"n_anchors": 4, "results_file": path}
    compare_estimators({"mean": MEAN}, panel.data, **first)
    done = interrupted_after(99, monkeypatch)
    both = compare_estimators(METHODS, panel.data, results_file=str(path), **QUICK)
    assert len(done) == 12 - 3
    assert table(both).equals(table(compare_estimators(METHODS, panel.data, **QUICK)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"random_state": 1}, "the splits, random_state differ"),
        ({"scoring": "bias"}, "the scoring differ"),
        ({"cv": 4}, "the splits differ"),
        ({"y": np.arange(60.0)}, "the target differ"),
    ],
    ids=["seed", "scoring", "splits", "target"],
)
def test_other_comparisons_do_not_mix(panel, tmp_path, changes, message):
    arguments = QUICK | {"results_file": tmp_path / "results.jsonl"}
    compare_estimators({"mean": MEAN}, panel.data, **arguments)
    with pytest.raises(ValueError, match=message):
        compare_estimators({"mean": MEAN}, panel.data, **arguments | changes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (RIDGE, make_pipeline(SparseRidgeSelector(alpha=1.0), ResidualRidgeRegressor())),
        (
            lambda n_anchors: make_pipeline(RandomSelector(n_anchors), Ridge()),
            lambda n_anchors: make_pipeline(RandomSelector(n_anchors), Ridge(alpha=2)),
        ),
    ],
    ids=["estimator", "function"],
)
def test_a_changed_method_is_not_taken_for_the_old_one(panel, tmp_path, old, new):
    arguments = QUICK | {"results_file": tmp_path / "results.jsonl"}
    compare_estimators({"m": old}, panel.data, **arguments)
    compare_estimators({"m": old}, panel.data, **arguments)
    with pytest.raises(ValueError, match="method 'm' with other parameters"):
        compare_estimators({"m": new}, panel.data, **arguments)


@pytest.mark.slow
def test_a_function_that_changes_with_the_budget_is_told_apart(panel, tmp_path):
    def method(alpha):
        return lambda n_anchors: make_pipeline(
            RandomSelector(n_anchors), Ridge(alpha if n_anchors > 4 else 1)
        )

    arguments = QUICK | {"results_file": tmp_path / "results.jsonl"}
    compare_estimators({"m": method(1)}, panel.data, **arguments)
    with pytest.raises(ValueError, match="method 'm' with other parameters"):
        compare_estimators({"m": method(200)}, panel.data, **arguments)


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [np.asfortranarray, pd.DataFrame, lambda X: X.astype(bool)],
    ids=["column order", "data frame", "bool"],
)
def test_the_same_scores_in_another_form_go_on(panel, tmp_path, monkeypatch, make):
    arguments = QUICK | {"results_file": tmp_path / "results.jsonl"}
    pipeline = make_pipeline(SparseRidgeSelector(), ResidualRidgeRegressor())
    compare_estimators({"m": pipeline}, panel.data, **arguments)
    pipeline.set_params(sparseridgeselector__n_anchors=3).fit(panel.data, panel.target)
    done = interrupted_after(99, monkeypatch)
    compare_estimators({"m": pipeline}, make(panel.data), **arguments)
    assert done == []


@pytest.mark.parametrize(
    "changes",
    [
        {
            "estimators": {
                "m": make_pipeline(FunctionTransformer(lambda X: X), RandomSelector(), Ridge())
            }
        },
        {"scoring": {"mine": lambda estimator, X, y: 0.0}},
    ],
    ids=["method", "scorer"],
)
def test_what_cannot_be_told_apart_later_cannot_be_kept(panel, tmp_path, changes):
    arguments = {"estimators": METHODS, "results_file": tmp_path / "results.jsonl"} | QUICK
    with pytest.raises(ValueError, match=r"results_file cannot be used, since .* a lambda"):
        compare_estimators(X=panel.data, **arguments | changes)


def test_another_scorer_of_the_same_name_is_told_apart(panel, tmp_path):
    arguments = QUICK | {"results_file": tmp_path / "results.jsonl"}
    for k, expectation in (
        (3, nullcontext()),
        (5, pytest.raises(ValueError, match="scoring diff")),
    ):
        with expectation:
            scoring = {"top": get_scorers(k=k)["top_k_overlap"]}
            compare_estimators({"mean": MEAN}, panel.data, **arguments | {"scoring": scoring})


@pytest.mark.slow
def test_a_method_that_cannot_travel_is_said_to(panel):
    class Local(Fails):
        def __reduce__(self):
            raise TypeError("not me")

    with pytest.raises(TypeError, match="A method cannot be sent to other processes"):
        compare_estimators({"m": Local()}, panel.data, n_jobs=2, **QUICK)


def test_a_results_file_needs_a_seed(panel, tmp_path):
    with pytest.raises(ValueError, match="needs an int of at least 0 as random_state, got None"):
        compare_estimators(METHODS, panel.data, n_anchors=5, results_file=tmp_path / "r.jsonl")


# ---- failures ----


@pytest.mark.slow
# Where it does not fail, Fails predicts one score for all models, so that there is no order.
@pytest.mark.filterwarnings("ignore:Kendall's tau is undefined")
def test_a_failure_is_recorded_and_not_fatal(panel, tmp_path):
    path = tmp_path / "results.jsonl"
    methods = METHODS | {"bad": Fails()}
    with pytest.warns(UserWarning, match=r"'bad' failed in 3 of 6 fits; .*ValueError: too many"):
        comparison = compare_estimators(methods, panel.data, results_file=path, **QUICK)
    failures = comparison.failures()
    assert failures["method"].tolist() == ["bad"] * 3
    assert failures["n_anchors"].tolist() == [8] * 3
    summary = comparison.summary().set_index(["n_anchors", "method"])
    assert summary["n_failed"].loc[8].to_dict() == {"mean": 0, "ridge": 0, "bad": 3}
    assert summary["n_splits"].loc[8, "bad"] == 0
    assert np.isnan(summary["mean"].loc[8, "bad"])
    assert summary["average_rank"].loc[8, "bad"] == 3
    assert "3 fits failed" in repr(comparison)
    # The file says why, and what failed is run again.
    assert sum(bool(json.loads(line).get("error")) for line in path.read_text().splitlines()) == 3
    with pytest.warns(UserWarning, match="failed in 3 of 6"):
        compare_estimators(methods, panel.data, results_file=path, **QUICK)


def test_ctrl_c_stops_it(panel):
    with pytest.raises(KeyboardInterrupt):
        compare_estimators({"m": Fails(error=KeyboardInterrupt)}, panel.data, **QUICK)


# ---- splits and groups ----


@pytest.mark.slow
def test_an_int_holds_out_whole_families_where_groups_are_given(panel):
    comparison = compare_estimators({"mean": MEAN}, panel.data, groups=panel.families, **QUICK)
    expected = FamilyShuffleSplit(3, test_size=0.25, random_state=0)
    for ours, theirs in zip(
        comparison.splits, expected.split(panel.data, groups=panel.families), strict=True
    ):
        np.testing.assert_array_equal(ours[1], theirs[1])
    assert set(comparison.predictions()["family"]) <= set(panel.families)


@pytest.mark.slow
@pytest.mark.parametrize(
    "cv", [GroupKFold(3), FamilyShuffleSplit(3), [(range(40), range(40, 60))] * 3],
    ids=["folds of families", "families", "list"],
)  # fmt: skip
def test_any_splitter_will_do(panel, cv):
    comparison = compare_estimators(
        {"mean": MEAN}, panel.data, groups=panel.families, **QUICK | {"cv": cv, "n_anchors": 5}
    )
    assert len(comparison.splits) == 3
    assert comparison.failures().empty


@pytest.mark.slow
def test_sources_are_weaker_than_targets_where_the_splitter_says_so(panel):
    cv = StrengthSplit(3, random_state=0)
    for sources, targets in compare_estimators(
        {"mean": MEAN}, panel.data, **QUICK | {"cv": cv}
    ).splits:
        assert panel.target[sources].max() <= panel.target[targets].min()


@pytest.mark.slow
def test_families_that_a_splitter_does_not_hold_out_are_warned_of(panel):
    with pytest.warns(UserWarning, match="groups parameter is ignored by KFold"):
        compare_estimators(
            {"mean": MEAN}, panel.data, groups=panel.families, **QUICK | {"cv": KFold(3)}
        )


@pytest.mark.slow
def test_masks_are_rows(panel):
    new = np.arange(60) >= 45
    by_mask, by_row = (
        compare_estimators(METHODS, panel.data, **QUICK | {"cv": cv, "n_anchors": 5})
        for cv in ([(~new, new)] * 2, [(np.flatnonzero(~new), np.flatnonzero(new))] * 2)
    )
    pd.testing.assert_frame_equal(
        by_mask.summary().drop(columns=["fit_seconds", "predict_seconds"]),
        by_row.summary().drop(columns=["fit_seconds", "predict_seconds"]),
    )
    assert len(by_mask.predictions()) == len(by_row.predictions())


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ((range(60), range(40, 60)), "Split 0 of cv has 20 models on both sides, .* row 40"),
        (([], [1]), "sources of split 0"),
        (([0], []), "targets of split 0"),
        (([0.5], [1]), "sources of split 0"),
        (([0], [1, 1]), "targets once each"),
        (([0], [60]), "from row 60 to 60, but X has 60 models"),
    ],
    ids=["overlap", "no source", "no target", "floats", "twice", "beyond"],
)
def test_splits_that_are_none_are_refused(panel, split, message):
    with pytest.raises(ValueError, match=message):
        compare_estimators(METHODS, panel.data, cv=[split], n_anchors=5)


@pytest.mark.slow
def test_a_generator_of_splits_is_read_once_for_all_methods(panel):
    splits = KFold(2).split(panel.data)
    comparison = compare_estimators(METHODS, panel.data, **QUICK | {"cv": splits, "n_anchors": 5})
    assert comparison.summary()["n_splits"].tolist() == [2, 2]


# ---- inputs ----


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda X: X.astype(np.uint8),
        lambda X: X.tolist(),
        lambda X: pd.DataFrame(X, columns=[f"q{i}" for i in range(40)]),
        lambda X: pl.DataFrame(X, schema=[f"q{i}" for i in range(40)]),
    ],
    ids=["uint8", "list", "pandas", "polars"],
)
def test_score_matrices_of_any_kind_give_the_same(panel, make):
    expected = table(compare_estimators(METHODS, panel.data, **QUICK))
    found = table(compare_estimators(METHODS, make(panel.data), **QUICK))
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.slow
def test_the_index_of_a_frame_names_the_models(panel):
    X = pd.DataFrame(panel.data, index=panel.model_names)
    predictions = compare_estimators({"mean": MEAN}, X, **QUICK).predictions()
    truth = dict(zip(panel.model_names, panel.target, strict=True))
    assert predictions["y_true"].tolist() == [truth[name] for name in predictions["model"]]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["Int64", "boolean"])
def test_nullable_frames(panel, dtype):
    X = pd.DataFrame(panel.data.astype(int)).astype(dtype)
    X.iloc[0, 0] = pd.NA
    method = make_pipeline(SparseRidgeSelector(), ResidualRidgeRegressor())
    assert compare_estimators({"m": method}, X, **QUICK).failures().empty


@pytest.mark.slow
@pytest.mark.parametrize("name", ["y", "groups"])
def test_other_orders_of_the_models_are_refused(panel, name):
    X = pd.DataFrame(panel.data, index=panel.model_names)
    given = {"y": panel.target, "groups": panel.families}
    series = pd.Series(given[name], index=panel.model_names)
    with pytest.raises(ValueError, match=rf"{name} names the same models .*{name}.loc\[X.index"):
        compare_estimators(METHODS, X, **{name: series[::-1]}, **QUICK)
    compare_estimators({"mean": MEAN}, X, **{name: series}, **QUICK)


def test_a_model_without_results_is_one_with_y(panel):
    X = panel.data.copy()
    X[0] = np.nan
    comparison = compare_estimators(
        {"mean": MEAN}, X, panel.target, **QUICK | {"cv": [(range(1, 40), range(40, 60))]}
    )
    assert comparison.failures().empty


@pytest.mark.slow
def test_families_stay_what_they_are(panel):
    groups = [1, "1"] * 30
    comparison = compare_estimators(
        {"mean": MEAN}, panel.data, groups=groups, **QUICK | {"cv": [(range(40), range(40, 60))]}
    )
    assert set(comparison.predictions()["family"]) == {1, "1"}


@pytest.mark.slow
def test_missing_results():
    panel = make_score_matrix(40, 30, missing=0.1, random_state=0)
    method = AnchoredRegressor(SparseRidgeSelector(), ResidualRidgeRegressor())
    comparison = compare_estimators({"m": method}, panel.data, **QUICK)
    assert comparison.failures().empty
    assert comparison.predictions()["y_true"].isin(panel.target).all()


@pytest.mark.slow
def test_several_tasks(panel):
    y = np.column_stack([panel.target, panel.data[:, :10].mean(axis=1)])
    method = make_pipeline(SparseRidgeSelector(), Ridge())
    comparison = compare_estimators({"m": method}, panel.data, y, **QUICK)
    predictions = comparison.predictions()
    assert set(predictions["task"]) == {0, 1}
    np.testing.assert_array_equal(
        predictions["y_true"], y[predictions["model"], predictions["task"]]
    )
    assert comparison.noise_ceiling("mean_absolute_error") is None


@pytest.mark.slow
def test_get_methods_by_name(panel):
    comparison = compare_estimators(["random-mean", "sparse-ridge"], panel.data, **QUICK)
    assert comparison.methods == ["random-mean", "sparse-ridge"]
    assert compare_estimators("random-mean", panel.data, **QUICK).methods == ["random-mean"]


@pytest.mark.slow
def test_a_share_of_the_items_is_a_budget(panel):
    comparison = compare_estimators(
        {"m": MEAN}, panel.data, **QUICK | {"n_anchors": [0.2, 8, 0.001]}
    )
    assert comparison.n_anchors == [1, 8]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"estimators": {}}, ValueError, "estimators is empty"),
        ({"estimators": ["sparse-bridge"]}, ValueError, "no registered method 'sparse-bridge'"),
        ({"estimators": {"m": 3}}, TypeError, "'m' is a int, neither"),
        ({"estimators": {"m": Ridge}}, TypeError, r"pass an instance, Ridge\(\)"),
        ({"n_anchors": 41}, ValueError, "41; expected integers from 1 to .* 40"),
        ({"n_anchors": [5, 0]}, ValueError, "holds 0"),
        ({"n_anchors": 1.5}, ValueError, "holds 1.5"),
        ({"n_anchors": ["5"]}, ValueError, "holds '5'"),
        ({"n_anchors": []}, ValueError, "n_anchors is empty"),
        ({"n_anchors": None}, ValueError, "holds None"),
        ({"n_anchors": True}, ValueError, "holds True"),
        ({"estimators": MEAN}, TypeError, "estimators is a AnchoredRegressor; expected a dict"),
        ({"estimators": {3: MEAN}}, TypeError, "name 3 of a method is a int"),
        ({"X": np.full((3, 3), np.datetime64("2026-01-01"))}, ValueError, "expected numbers"),
        (
            {"baseline": "best"},
            ValueError,
            "baseline='best' is not one of the methods: mean, ridge",
        ),
        ({"y": np.zeros(5)}, ValueError, "y has 5 entries for the 60 models"),
        ({"groups": ["a"] * 7}, ValueError, "groups has 7 entries for the 60 models"),
        ({"cv": 0}, ValueError, "cv=0 is not a number of splits"),
        ({"cv": []}, ValueError, "gives no split"),
        ({"scoring": "luck"}, ValueError, "'luck' is not a scorer"),
        ({"X": [[1, np.inf], [0, 1]]}, ValueError, "infinity"),
        ({"X": [[np.nan, np.nan], [0, 1]]}, ValueError, "1 models have no result.*row 0"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else None,
)
def test_wrong_arguments_are_refused_before_anything_runs(
    panel, monkeypatch, changes, error, message
):
    arguments = {"estimators": METHODS, "X": panel.data} | QUICK | changes
    monkeypatch.setattr(_compare, "run_job", None)
    with pytest.raises(error, match=message):
        compare_estimators(**arguments)


def test_without_pandas_it_says_what_to_install(panel, monkeypatch):
    for module in ("comparison._compare", "_optional"):
        monkeypatch.setattr(
            f"sklearn_sparseeval.{module}.find_spec", lambda name: None, raising=False
        )
    with pytest.raises(ImportError, match=r"sklearn-sparseeval\[harness\]"):
        compare_estimators(METHODS, panel.data)


@pytest.mark.slow
@pytest.mark.parametrize("progress", [True, False, None])
def test_the_bar_is_shown_on_request(panel, capsys, progress):
    compare_estimators({"mean": MEAN}, panel.data, progress=progress, **QUICK)
    assert ("6/6" in capsys.readouterr().err) == (progress is True)


@pytest.mark.slow
def test_on_real_data_chosen_anchors_beat_random_ones():
    data = load_helm_lite(task="mmlu")
    comparison = compare_estimators(
        ["random-ridge", "sparse-ridge"],
        data.data,
        groups=data.families,
        **QUICK | {"n_anchors": 50, "cv": 6},
    )
    assert comparison.best() == "sparse-ridge"
    assert comparison.summary().set_index("method").loc["sparse-ridge", "difference"] < -0.002
