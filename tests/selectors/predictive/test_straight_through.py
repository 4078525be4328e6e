"""StraightThroughSelector: what it keeps, what it ignores, and that its anchors are good."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import RidgeCV

from sklearn_sparseeval import StraightThroughSelector
from sklearn_sparseeval.datasets import load_helm_lite, load_zeroeval_gsm
from sklearn_sparseeval.estimator_checks import check_anchor_selector
from sklearn_sparseeval.selectors.predictive import _straight_through
from sklearn_sparseeval.selectors.predictive._agreement_kernel import LossGradient, OutOfFoldLoss


def _scores(n_models=30, n_items=25, seed=0):
    rng = np.random.default_rng(seed)
    ability, difficulty = rng.normal(size=(n_models, 1)), rng.normal(size=n_items)
    probability = 1 / (1 + np.exp(difficulty - 2 * ability))
    return (rng.random((n_models, n_items)) < probability).astype(float)


def _selector(n_anchors=5, **params):
    return StraightThroughSelector(n_anchors, **{"max_iter": 40, "random_state": 0, **params})


X = _scores(seed=4)  # no two rows are equal
Y = X.mean(axis=1)


@pytest.fixture
def losses(monkeypatch):
    """The losses that fits create, in order."""
    made = []

    class Recorded(OutOfFoldLoss):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            made.append((self, args))

    monkeypatch.setattr(_straight_through, "OutOfFoldLoss", Recorded)
    return made


def test_the_epoch_with_the_least_loss_is_kept(losses):
    selector = _selector().fit(X)
    assert len(selector.loss_curve_) == selector.n_iter_ == 40
    assert 0 < np.argmin(selector.loss_curve_) < 39
    loss = losses[0][0](selector.anchors_, selector.alpha_).loss
    assert loss == min(selector.loss_curve_)
    np.testing.assert_array_equal(selector.anchors_, np.argsort(-selector.logits_)[:5])


def test_training_lowers_the_loss_and_temperature_and_step_size_matter():
    curves = [
        _selector(**params).fit(X).loss_curve_
        for params in ({}, {"temperature": (0.3, 0.3)}, {"learning_rate_init": 0.01})
    ]
    assert min(curves[0]) < 0.7 * curves[0][0]
    assert len({curve[0] for curve in curves}) == 1
    assert len({curve[-1] for curve in curves}) == 3


def test_temperature_moves_by_an_equal_factor(monkeypatch):
    seen = []
    step = _straight_through._LogitDescent.step
    monkeypatch.setattr(
        _straight_through._LogitDescent, "step", lambda self, t: seen.append(t) or step(self, t)
    )
    _selector(max_iter=5, temperature=[8, 0.5]).fit(X)
    np.testing.assert_allclose(seen, [8, 4, 2, 1, 0.5])


@pytest.mark.parametrize("temperature", [(1,), (1, 0.0), (1, -1), "ab", (np.nan, 1), ("1", "2")])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(ValueError, match="temperature"):
        _selector(temperature=temperature).fit(X)


@pytest.mark.parametrize("n_folds", [2, 5, 30, 1000])
def test_folds_are_as_many_as_asked_for_but_not_more_than_models(losses, n_folds):
    _selector(n_folds=n_folds, max_iter=1).fit(X)
    fold = losses[0][1][3]
    sizes = np.bincount(fold)
    assert len(sizes) == min(n_folds, 30)
    assert sizes.max() - sizes.min() <= 1


def test_copies_of_a_model_are_one_row(losses):
    repeats = np.array([1, 2, 3] * 10)
    copied = _selector().fit(np.repeat(X, repeats, axis=0))
    weighted = _selector().fit(X, sample_weight=repeats)
    assert len(losses[0][1][2]) == 30
    np.testing.assert_array_equal(copied.logits_, weighted.logits_)
    assert copied.loss_curve_ == weighted.loss_curve_
    assert copied.loss_curve_ != _selector().fit(X).loss_curve_


def test_negative_zero_is_zero():
    twin = np.where(np.arange(25) % 2 == 0, np.where(X == 0, -0.0, X), X)
    first = _selector().fit(X, Y)
    np.testing.assert_array_equal(_selector().fit(twin, Y).logits_, first.logits_)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), n_tasks=st.sampled_from([1, 2]))
def test_the_order_of_the_models_does_not_matter(seed, n_tasks):
    rng = np.random.default_rng(seed)
    scores = _scores(seed=seed)
    scores[rng.random(scores.shape) < 0.1] = np.nan
    y, weight = rng.random((30, n_tasks)), rng.random(30)
    order = rng.permutation(30)
    first = _selector(max_iter=10).fit(scores, y, weight)
    second = _selector(max_iter=10).fit(scores[order], y[order], weight[order])
    np.testing.assert_array_equal(first.logits_, second.logits_)


@pytest.mark.parametrize("n_models", [1, 2, 3])
@pytest.mark.parametrize("n_anchors", [1, 6, 25])
def test_a_handful_of_models_is_enough(n_models, n_anchors):
    selector = _selector(n_anchors).fit(X[:n_models])
    assert len(set(selector.anchors_)) == n_anchors
    assert np.isfinite(selector.logits_).all()
    assert np.isfinite(selector.alpha_)


def test_anchors_are_drawn_where_all_models_are_equal():
    chosen = [
        tuple(_selector(random_state=seed).fit(np.repeat(X[:1], 4, axis=0)).anchors_)
        for seed in (0, 1, 0)
    ]
    assert chosen[0] == chosen[2] != chosen[1]
    selector = _selector().fit(X[:1])
    assert (selector.n_iter_, selector.loss_curve_, selector.alpha_) == (0, [], 1.0)


def test_items_without_results_are_never_chosen():
    gaps = X.copy()
    gaps[:, [0, 7]] = np.nan
    selector = _selector(23).fit(gaps)
    assert sorted(selector.anchors_) == [i for i in range(25) if i not in (0, 7)]
    assert np.isneginf(selector.logits_[[0, 7]]).all()


@pytest.mark.slow
def test_the_items_that_carry_the_score_are_found():
    rng = np.random.default_rng(0)
    scores = (rng.random((60, 40)) < 0.5).astype(float)
    y = scores[:, :4].mean(axis=1)
    assert set(_selector(4, max_iter=300).fit(scores, y).anchors_) == {0, 1, 2, 3}
    two_tasks = scores[:, [10, 20]]
    assert set(_selector(2, max_iter=300).fit(scores, two_tasks).anchors_) == {10, 20}


@pytest.mark.slow
def test_anchors_predict_real_models_better_than_random_ones():
    scores, y = load_helm_lite(task="gsm", return_X_y=True)
    train, test = np.arange(83) % 4 > 0, np.arange(83) % 4 == 0

    def error(anchors):
        ridge = RidgeCV(np.logspace(-1, 4, 16)).fit(scores[train][:, anchors], y[train])
        return np.abs(ridge.predict(scores[test][:, anchors]) - y[test]).mean()

    chosen = [
        _selector(50, max_iter=300, random_state=s).fit(scores[train], y[train]) for s in (0, 1)
    ]
    drawn = [np.random.default_rng(s).permutation(1000)[:50] for s in range(20)]
    assert np.mean([error(s.anchors_) for s in chosen]) < np.mean([error(a) for a in drawn])


def test_missing_results_of_a_real_panel_are_no_obstacle():
    scores = load_zeroeval_gsm(return_X_y=True)[0]
    assert np.isnan(scores).any()
    assert len(set(_selector(20).fit(scores).anchors_)) == 20


@pytest.mark.slow
@pytest.mark.parametrize("max_iter", [1, 30])
def test_the_battery_for_selectors_passes(max_iter):
    check_anchor_selector(_selector(max_iter=max_iter))


@pytest.mark.slow
def test_torch_is_not_needed():
    code = (
        "import sys, numpy as np; from sklearn_sparseeval import StraightThroughSelector; "
        "StraightThroughSelector(2, max_iter=2).fit(np.eye(5)); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class _Recorder:
    """A callback that looks at the half-fitted selector, and stops when it has seen enough."""

    def __init__(self, stop_after):
        self.stop_after = stop_after
        self.widths = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if context.task_name == "epoch":
            self.widths.append(fitted_estimator.transform(X).shape[1])
            return len(self.widths) == self.stop_after
        return False


def test_a_callback_sees_every_epoch_and_can_stop_the_fit():
    recorder = _Recorder(stop_after=3)
    selector = _selector().set_callbacks(recorder).fit(X)
    assert recorder.widths == [5, 5, 5]
    assert selector.n_iter_ == 3
    assert selector.loss_curve_ == _selector().fit(X).loss_curve_[:3]


# ---- gradient steps, against torch's autograd and Adam ----

COST = np.array([0.3, -1.0, 0.8, 0.1, -0.2, 0.5])


def _squared_cost(anchors, alpha):
    """Sum of gate times cost, squared, plus the square of alpha less two."""
    total = COST[anchors].sum()
    return LossGradient(total**2 + (alpha - 2) ** 2, 2 * total * COST, 2 * (alpha - 2))


def test_steps_are_those_of_torch_with_a_straight_through_top_k():
    start, temperatures = np.array([0.1, 0.05, 0.0, 0.2, -0.1, 0.02]), np.geomspace(1, 0.2, 30)
    logits = torch.tensor(start, requires_grad=True)
    log_alpha = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([logits, log_alpha], lr=0.05)
    descent = _straight_through._LogitDescent(_squared_cost, start, 3, 0.05)
    for temperature in temperatures:
        soft = 3 * torch.softmax(logits / temperature, dim=0)
        hard = torch.zeros(6, dtype=torch.float64)
        hard[torch.topk(logits, 3).indices] = 1
        gates = hard + soft - soft.detach()
        loss = (gates @ torch.tensor(COST)) ** 2 + (log_alpha.exp() - 2) ** 2
        epoch = descent.step(temperature)
        np.testing.assert_allclose(epoch.loss, loss.item(), rtol=1e-6)
        np.testing.assert_allclose(epoch.logits, logits.detach().numpy(), rtol=1e-6)
        np.testing.assert_allclose(epoch.alpha, log_alpha.exp().item(), rtol=1e-6)
        adam.zero_grad()
        loss.sum().backward()
        adam.step()


def test_alpha_stays_where_the_loss_can_be_computed():
    for slope, bound in ((1.0, 1e-4), (-1.0, 1e4)):
        descent = _straight_through._LogitDescent(
            lambda anchors, alpha, slope=slope: LossGradient(0.0, np.zeros(2), slope),
            np.zeros(2), 1, 3.0,
        )  # fmt: skip
        epochs = [descent.step(1.0) for _ in range(10)]
        np.testing.assert_allclose(epochs[-1].alpha, bound)


def test_an_epoch_is_not_changed_by_later_steps():
    descent = _straight_through._LogitDescent(_squared_cost, np.zeros(6), 3, 0.05)
    first = descent.step(1.0)
    descent.step(1.0)
    assert not first.logits.any()


def test_largest_values_come_in_falling_order_and_the_first_of_equal_ones_first():
    values = np.array([1.0, 3.0, -np.inf, 3.0, 2.0])
    assert _straight_through._largest(values, 4).tolist() == [1, 3, 4, 0]
