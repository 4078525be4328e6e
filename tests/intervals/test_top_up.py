"""The top-up: a random sample whose interval holds for any model."""

import numpy as np
import pytest

from sklearn_sparseeval import (
    AnchoredIntervalRegressor,
    AnchoredRegressor,
    ImputedScoreRegressor,
    NeighborImputer,
    ResidualRidgeRegressor,
    SparseRidgeSelector,
    TailoredSelector,
)
from sklearn_sparseeval.datasets import make_score_matrix
from sklearn_sparseeval.intervals import TopUp

MADE = make_score_matrix(40, 120, random_state=0)
X, Y = MADE.data.astype(float), MADE.target
QUICK = AnchoredRegressor(SparseRidgeSelector(10, exchange=False), ResidualRidgeRegressor())


@pytest.fixture(scope="module")
def model():
    return AnchoredIntervalRegressor(QUICK, n_folds=2, random_state=0).fit(X[:30], Y[:30])


def test_the_sample_holds_no_anchor(model):
    top_up = model.draw_top_up(20, random_state=0)
    assert len(set(top_up.items.tolist())) == 20
    assert not set(top_up.items.tolist()) & set(model.anchors_.tolist())
    assert top_up.weights.sum() == pytest.approx(1)
    assert (model.draw_top_up(20, random_state=0).items == top_up.items).all()
    assert (model.draw_top_up(20, random_state=1).items != top_up.items).any()


def test_every_item_that_is_no_anchor_has_the_same_chance(model):
    drawn = np.concatenate([model.draw_top_up(22, random_state=seed).items for seed in range(60)])
    counts = np.bincount(drawn, minlength=120)
    counts = np.delete(counts, model.anchors_)
    expected = 60 * 22 / 110
    assert counts.sum() == 60 * 22
    assert counts.var() < 2 * expected
    assert counts.min() > 0


def test_the_estimate_is_unbiased_whatever_the_model(model):
    # One item of each of two strata, in every way there is: the mean estimate is the score, but
    # for the strength, which is read from the items that were drawn too.
    rng = np.random.default_rng(0)
    odd = np.where(np.arange(120) < 30, 0.0, X[35])
    others = np.setdiff1d(np.arange(120), model.anchors_)
    strata = np.array_split(rng.permutation(others), 2)
    weights = np.array([len(strata[0]), len(strata[1])]) / len(others)
    estimates = [
        model.top_up_predict(odd[np.newaxis], TopUp(np.array([first, second]), weights))[0]
        for first in strata[0][::6]
        for second in strata[1][::6]
    ]
    spread = np.std(estimates) / np.sqrt(len(estimates))
    sampled = np.concatenate([strata[0][::6], strata[1][::6]])
    share = len(others) / 120
    known = odd[model.anchors_].mean()
    truth = share * odd[sampled].mean() + (1 - share) * known
    assert np.mean(estimates) == pytest.approx(truth, abs=4 * spread + 0.06)


def test_all_other_items_leave_nothing_to_guess(model):
    top_up = model.draw_top_up(110, random_state=0)
    rows = X[30:]
    assert model.top_up_predict(rows, top_up) == pytest.approx(rows.mean(axis=1))
    assert np.diff(model.top_up_interval(rows, top_up)).max() < 0.01


@pytest.mark.parametrize("kind", ["like", "broken", "leaked", "shuffled"])
def test_it_covers_models_of_any_kind(model, kind):
    rng = np.random.default_rng(0)
    rows = X[30:].copy()
    if kind == "broken":
        rows[:, 20:50] = 0
    elif kind == "leaked":
        rows[rng.random(rows.shape) < 0.4] = 1
    elif kind == "shuffled":
        rows = rng.permuted(rows, axis=1)
    covered = []
    for seed in range(12):
        low, high = model.top_up_interval(rows, model.draw_top_up(30, random_state=seed)).T
        covered.append((low <= rows.mean(axis=1)) & (rows.mean(axis=1) <= high))
    assert np.mean(covered) >= 0.8


def test_all_right_answers_do_not_make_a_model_perfect(model):
    others = np.setdiff1d(np.arange(120), model.anchors_)
    wrong = np.random.default_rng(0).choice(others, size=5, replace=False)
    row = np.ones((1, 120))
    row[0, wrong] = 0
    covered = []
    for seed in range(120):
        top_up = model.draw_top_up(20, random_state=seed)
        low, high = model.top_up_interval(row, top_up)[0]
        covered.append(low <= row.mean() <= high)
        if row[0, top_up.items].all():  # a third of the draws
            assert high > 0.99
    assert np.mean(covered) >= 0.88


def test_only_anchors_and_sample_are_read(model):
    top_up = model.draw_top_up(20, random_state=0)
    rows = X[30:].astype(object)
    hidden = np.setdiff1d(np.arange(120), np.concatenate([model.anchors_, top_up.items]))
    rows[:, hidden] = "anything"
    bounds = model.top_up_interval(rows, top_up)
    assert (bounds == model.top_up_interval(X[30:], top_up)).all()


def test_missing_results_are_left_out(model):
    top_up = model.draw_top_up(30, random_state=0)
    rows = X[30:].copy()
    rows[:, top_up.items[:15]] = np.nan
    wide = np.diff(model.top_up_interval(rows, top_up))
    assert wide.mean() > 1.2 * np.diff(model.top_up_interval(X[30:], top_up)).mean()
    rows[:, top_up.items[1:]] = np.nan
    with pytest.raises(ValueError, match="Row 0 of X has 0 results on the 30 items of the top-up"):
        model.top_up_predict(rows, top_up)


def test_a_score_that_is_not_the_mean_gets_the_spread_about_the_line():
    noise = np.random.default_rng(0).normal(0, 0.05, size=40)
    noisy = np.clip(Y + noise, 0, 1)
    model = AnchoredIntervalRegressor(QUICK, n_folds=2, random_state=0).fit(X[:30], noisy[:30])
    bounds = model.top_up_interval(X[30:], model.draw_top_up(110, random_state=0))
    assert 0.08 < np.diff(bounds).mean() < 0.3


def test_too_many_items_are_refused(model):
    with pytest.raises(ValueError, match="more than the 110 items that are not anchors"):
        model.draw_top_up(111)


def test_no_top_up_where_models_have_anchors_of_their_own():
    own = AnchoredRegressor(TailoredSelector(8), ImputedScoreRegressor(NeighborImputer(3)))
    model = AnchoredIntervalRegressor(own, n_folds=2, random_state=0).fit(X[:30], Y[:30])
    with pytest.raises(ValueError, match="anchors for each model"):
        model.draw_top_up(10)
