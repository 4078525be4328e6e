"""Folds that keep relatives together, and errors of predictors that did not see the model."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from sklearn_sparseeval.datasets import make_score_matrix
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.plan._out_of_fold import (
    OutOfFold,
    hold_out,
    note_if_useless,
    out_of_fold,
)


def frame(n_models, n_items=40, names=None, seed=0):
    scores = make_score_matrix(n_models, n_items, random_state=seed).data
    return pd.DataFrame(scores, index=names or [f"m{i}" for i in range(n_models)])


def folds(data, families=None, n_folds=None):
    notes = []
    held_out = hold_out(data, families, folds=n_folds, seed=0, notes=notes)
    return held_out, notes


def check_partition(splits, n_models):
    tested = np.concatenate([targets for _, targets in splits])
    assert sorted(tested) == list(range(n_models))
    for sources, targets in splits:
        assert sorted([*sources, *targets]) == list(range(n_models))


@pytest.mark.parametrize(
    ("n_models", "given", "n_folds"),
    [(40, None, 5), (30, None, 5), (29, None, 29), (12, None, 12), (12, 4, 4), (40, 10, 10)],
)
def test_few_models_are_held_out_one_by_one(n_models, given, n_folds):
    held_out, _ = folds(frame(n_models), [str(i) for i in range(n_models)], given)
    assert len(held_out.splits) == n_folds
    check_partition(held_out.splits, n_models)
    assert f"{n_folds}-fold cross-validation over {n_models} models" in held_out.description


@pytest.mark.parametrize("given", [True, False])
def test_families_stay_together(given):
    names = [f"org{i % 10}/m{i}" for i in range(40)]
    families = [f"org{i % 10}" for i in range(40)]
    data = frame(40, names=None if given else names)
    held_out, notes = folds(data, families if given else None)
    check_partition(held_out.splits, 40)
    for sources, targets in held_out.splits:
        assert not {i % 10 for i in sources} & {i % 10 for i in targets}
    assert "whole families held out together (10" in held_out.description
    assert notes == []


def test_copies_stay_together_across_families():
    data = frame(20)
    data.iloc[13] = data.iloc[2]
    held_out, _ = folds(data, [str(i) for i in range(20)])
    assert len(held_out.splits) == 19
    for _, targets in held_out.splits:
        assert (2 in targets) == (13 in targets)


@pytest.mark.parametrize(
    ("families", "note", "description"),
    [
        (["a"] * 10 + ["b"] * 2, "10 of the 12 models are of one family", "near-identical models"),
        (None, "Nothing tells the families of the models", "near-identical models"),
    ],
    ids=["one large family", "no family"],
)
def test_relatives_on_both_sides_are_told(families, note, description):
    held_out, notes = folds(frame(12), families)
    assert notes[0].startswith(note)
    assert [one.split(" the expected error is ")[1][:12] for one in notes[1:]] == ["a rough figu"]
    assert f"{description} held out together (12 groups)" in held_out.description
    check_partition(held_out.splits, 12)


def test_copies_of_one_model_are_held_out_one_by_one():
    data = frame(12)
    data.iloc[:11] = data.iloc[[0] * 11].to_numpy()
    held_out, notes = folds(data)
    assert any("11 of the 12 models have nearly the same results" in note for note in notes)
    assert "each model held out alone" in held_out.description
    check_partition(held_out.splits, 12)


def test_fewer_groups_than_folds():
    held_out, notes = folds(frame(12), [str(i // 3) for i in range(12)], 6)
    assert len(held_out.splits) == 4
    assert "--folds 6 is more than the 4 groups of models; 4 folds are used." in notes
    assert any("had learned from about 75% of the history only" in note for note in notes)


def test_errors_of_relatives_count_once():
    _, notes = folds(frame(40), [str(i % 3) for i in range(40)])
    (few,) = [note for note in notes if "too few" in note]
    assert few.startswith("The errors of 3 groups of models that are held out together are")
    assert any(note.startswith("With 3 folds, each predictor") for note in notes)


@pytest.mark.parametrize("form", ["/models/{}/m{}", "./out{}/m{}", "acme/m{}{}"])
def test_paths_and_one_prefix_are_told_to_be_no_families(form):
    names = [form.format(i % 2, i) for i in range(40)]
    held_out, notes = folds(frame(40, names=names), None)
    (note,) = notes
    assert note.startswith("Nothing tells the families of the models")
    assert "that are no paths and do not all begin alike" in note
    assert "near-identical models held out together (40 groups)" in held_out.description


@pytest.mark.parametrize(
    ("n_models", "told"),
    [(9, ["hardly known"]), (10, ["a rough figure"]), (29, ["a rough figure"]), (30, [])],
)
def test_an_error_that_is_hardly_known(n_models, told):
    _, notes = folds(frame(n_models), [str(i) for i in range(n_models)])
    assert len(notes) == len(told)
    for note, words in zip(notes, told, strict=True):
        assert note.startswith(f"With {n_models} models in the history the expected error is")
        assert words in note


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("n_targets", [1, 3])
def test_every_model_is_predicted_by_a_fit_without_it(n_targets, n_jobs):
    data = frame(20)
    columns = ["overall", "a", "b"][:n_targets]
    halves = [data, data.iloc[:, :20], data.iloc[:, 20:]][:n_targets]
    targets = pd.DataFrame({c: h.mean(axis=1) for c, h in zip(columns, halves, strict=True)})
    splits = folds(data, None, 4)[0].splits
    estimator = get_methods()["sparse-ridge"](8)
    found = out_of_fold(estimator, data, targets, splits, score_range=None, n_jobs=n_jobs, notes=[])
    y = targets.to_numpy() if n_targets > 1 else targets["overall"].to_numpy()
    for sources, rows in splits:
        fitted = get_methods()["sparse-ridge"](8).fit(data.iloc[sources], y[sources])
        expected = fitted.predict(data.iloc[rows]) - y[rows]
        np.testing.assert_allclose(
            found.errors.iloc[rows].to_numpy().reshape(expected.shape), expected, atol=1e-12
        )
    assert list(found.errors.columns) == columns
    assert not hasattr(estimator, "anchors_")


class Wild(RegressorMixin, BaseEstimator):
    """Predicts far out of range, and warns of it."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        import warnings

        warnings.warn("wild", UserWarning, stacklevel=1)
        return np.full(len(X), 7.0)


@pytest.mark.parametrize(("score_range", "predicted"), [(None, 7), ((0, 1), 1)])
def test_predictions_are_clipped_as_the_predictor_will(score_range, predicted):
    data = frame(10)
    targets = data.mean(axis=1).to_frame("overall")
    notes = []
    splits = folds(data, None, 5)[0].splits
    found = out_of_fold(
        Wild(), data, targets, splits, score_range=score_range, n_jobs=1, notes=notes
    )
    np.testing.assert_allclose(found.errors["overall"], predicted - targets["overall"])
    assert notes == ["wild"]


@pytest.mark.parametrize(
    ("scores", "error", "told"),
    # The mean of the other three is off by 4/3 of the deviation, 0.2: by 0.2667 on average.
    [
        ([0.3, 0.3, 0.7, 0.7], 0.26, False),
        ([0.3, 0.3, 0.7, 0.7], 0.27, True),
        ([0.5] * 4, 0, False),
    ],
)
def test_anchors_that_tell_nothing(scores, error, told):
    targets = pd.DataFrame({"overall": scores})
    notes = []
    note_if_useless(OutOfFold(targets * 0 - error, targets), notes)
    assert len(notes) == told
    assert not told or "mean absolute error of 0.2667, and to predict it 0.27" in notes[0]
