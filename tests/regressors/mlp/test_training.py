"""How the networks are trained: step sizes, batches, early stopping, who is told."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch.callbacks import Callback

from sklearn_sparseeval import MLPScoreRegressor
from sklearn_sparseeval.regressors.mlp import _training
from sklearn_sparseeval.regressors.mlp._score_net import TrainingStopped
from sklearn_sparseeval.regressors.mlp._training import (
    OneCycle,
    StopEarly,
    _loader_options,
    copy_weights,
    make_net,
)

FAMILIES = np.repeat(np.arange(20), 3)


class Recorder(Callback):
    """Keep what skorch says of a fit; the estimator's copy of it is the recorder itself."""

    def __init__(self):
        self.first_weights = None
        self.batches = []
        self.epochs = 0

    def __deepcopy__(self, memo):
        return self

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        self.train = X.numpy()
        self.first_weights = [w.detach().clone() for w in net.module_.parameters()]

    def on_batch_begin(self, net, batch=None, training=False, **kwargs):
        if training:
            self.batches.append(batch[0].numpy())

    def on_epoch_end(self, net, dataset_valid=None, **kwargs):
        self.epochs += 1
        self.held_out = dataset_valid


@pytest.fixture(scope="module")
def data():
    """Sixty models of twenty families; the first anchor says which family."""
    rng = np.random.default_rng(0)
    X = (rng.random((60, 8)) < rng.uniform(0.2, 0.9, size=(60, 1))).astype(float)
    y = X.mean(axis=1) + 0.1 * rng.standard_normal(60)
    X[:, 0] = FAMILIES
    return X, y


def as_tensors(X, y):
    return torch.as_tensor(X), (torch.as_tensor(y)[:, None], torch.ones(len(X)))


def test_one_cycle_by_hand():
    schedule = OneCycle(20)  # two steps up, eighteen down
    assert schedule(0) == pytest.approx(1 / 3)
    assert schedule(1) == pytest.approx(2 / 3)
    assert schedule(2) == 1
    assert schedule(11) == pytest.approx(0.5)
    assert schedule(14) == pytest.approx(0.25)  # (1 + cos(120 degrees)) / 2
    assert schedule(20) == schedule(25) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("n_steps", [1, 2, 9, 100, 1234])
def test_one_cycle_rises_then_falls_and_stays_in_its_bounds(n_steps):
    factors = np.array([OneCycle(n_steps)(step) for step in range(n_steps)])
    assert (factors > 0).all()
    assert (factors <= 1).all()
    peak = factors.argmax()
    assert (np.diff(factors[: peak + 1]) > 0).all()
    assert (np.diff(factors[peak:]) < 0).all()


@pytest.mark.parametrize("batch_size", [None, 60, 1000])
def test_one_batch_of_all_rows_is_not_shuffled(batch_size):
    options = _loader_options(60, batch_size)
    assert options["batch_size"] == options["iterator_valid__batch_size"] == -1
    assert options["iterator_train__shuffle"] is False


def test_small_batches_are_shuffled():
    options = _loader_options(60, 59)
    assert options["batch_size"] == 59
    assert options["iterator_valid__batch_size"] == -1
    assert options["iterator_train__shuffle"] is True


def test_every_row_is_seen_once_per_epoch_in_a_new_order(data):
    recorder = Recorder()
    MLPScoreRegressor(
        batch_size=25, max_iter=2, scale_inputs=False, callbacks=[recorder], random_state=0
    ).fit(*data)
    assert [len(batch) for batch in recorder.batches] == [25, 25, 10] * 2
    epochs = [np.concatenate(recorder.batches[i : i + 3]) for i in (0, 3)]
    for epoch in epochs:
        assert_array_equal(np.sort(epoch, axis=0), np.sort(data[0], axis=0))
        assert not np.array_equal(epoch, data[0])
    assert not np.array_equal(*epochs)


@pytest.mark.parametrize("batch_size", [25, None])
def test_the_step_size_follows_the_cycle_over_all_steps(data, batch_size):
    regressor = MLPScoreRegressor(batch_size=batch_size, max_iter=7, learning_rate_init=0.02)
    history = regressor.fit(*data).net_.history
    rates = [batch["event_lr"] for epoch in history for batch in epoch["batches"]]
    n_steps = 7 * (3 if batch_size else 1)
    assert_allclose(rates, [0.02 * OneCycle(n_steps)(step) for step in range(n_steps)])


def test_a_constant_step_size_is_constant(data):
    regressor = MLPScoreRegressor(learning_rate="constant", learning_rate_init=0.02, max_iter=3)
    optimizer = regressor.fit(*data).net_.optimizer_
    assert [group["lr"] for group in optimizer.param_groups] == [0.02]


@pytest.mark.parametrize(
    ("params", "eps"),
    [({"n_networks": 4}, 2.5e-5), ({"n_networks": 1}, 1e-4), ({"baseline": None}, 1e-8)],
)
def test_the_optimiser_is_the_one_described(data, params, eps):
    regressor = MLPScoreRegressor(alpha=0.03, **params)
    net = make_net(regressor, as_tensors(*data), ((), None), Callback()).initialize()
    (group,) = net.optimizer_.param_groups
    assert type(net.optimizer_) is torch.optim.AdamW
    assert group["weight_decay"] == 0.03
    assert group["eps"] == pytest.approx(eps)


def net_of(data, **params):
    regressor = MLPScoreRegressor(**params)
    return make_net(regressor, as_tensors(*data), ((), None), Callback()).initialize()


def test_weights_are_copied_between_nets_of_one_shape(data):
    old, new = (net_of(data, baseline=None, hidden_layer_sizes=(5,)) for _ in range(2))
    copy_weights(old, new)
    for a, b in zip(old.module_.parameters(), new.module_.parameters(), strict=True):
        assert torch.equal(a, b)
        assert a.data_ptr() != b.data_ptr()


@pytest.mark.parametrize("change", ["width", "depth", "networks", "dtype"])
def test_a_net_of_another_shape_keeps_its_weights(data, change):
    old = net_of(data, baseline=None, hidden_layer_sizes=(5,))
    X, y = (part.astype(np.float32) for part in data) if change == "dtype" else data
    new = net_of(
        (X, y),
        baseline=None,
        hidden_layer_sizes={"width": (6,), "depth": (5, 5)}.get(change, (5,)),
        n_networks=2 if change == "networks" else 4,
    )
    before = [w.detach().clone() for w in new.module_.parameters()]
    copy_weights(old, new)
    for a, b in zip(before, new.module_.parameters(), strict=True):
        assert torch.equal(a, b)


def early_stopper(recorder=None, **params):
    options = {
        "baseline": None, "early_stopping": True, "validation_fraction": 0.25, "max_iter": 400,
        "learning_rate": "constant", "learning_rate_init": 0.02, "n_iter_no_change": 5,
        "scale_inputs": False, "callbacks": [recorder] if recorder else None, "random_state": 0,
    }  # fmt: skip
    return MLPScoreRegressor(**options | params)


@pytest.mark.slow
def test_early_stopping_holds_out_whole_families(data):
    recorder = Recorder()
    early_stopper(recorder).fit(*data, groups=FAMILIES)
    train, held_out = recorder.train[:, 0], recorder.held_out.X.numpy()[:, 0]
    assert len(np.unique(held_out)) == 5
    assert not set(train) & set(held_out)
    assert_array_equal(np.sort(np.concatenate([train, held_out])), FAMILIES)


def test_without_groups_early_stopping_holds_out_rows(data):
    recorder = Recorder()
    early_stopper(recorder).fit(*data)
    assert (len(recorder.train), len(recorder.held_out.X)) == (45, 15)


def test_rows_of_weight_zero_are_neither_trained_on_nor_held_out(data):
    recorder = Recorder()
    weight = (FAMILIES < 12).astype(float)
    early_stopper(recorder).fit(*data, sample_weight=weight, groups=FAMILIES)
    seen = np.concatenate([recorder.train, recorder.held_out.X.numpy()])[:, 0]
    assert_array_equal(np.sort(seen), FAMILIES[FAMILIES < 12])


def test_early_stopping_restores_the_best_weights(data):
    recorder = Recorder()
    regressor = early_stopper(recorder).fit(*data)
    curve = regressor.validation_loss_curve_
    assert len(curve) == regressor.n_iter_ < 400
    assert curve[-1] > min(curve)
    X, (target, weight) = recorder.held_out.X, recorder.held_out.y
    with torch.no_grad():
        output = regressor.net_.module_.eval()(X)
    loss = (weight * ((output - target[:, None]) ** 2).mean(dim=(1, 2))).mean()
    assert float(loss) == pytest.approx(min(curve))


def test_early_stopping_waits_as_long_as_it_is_told(data):
    regressor = early_stopper(learning_rate_init=1e-9, n_iter_no_change=6).fit(*data)
    assert regressor.n_iter_ == 1 + 6  # the first epoch sets the mark, six do not beat it


def test_early_stopping_is_off_by_default(data):
    regressor = MLPScoreRegressor(max_iter=3).fit(*data)
    assert regressor.validation_loss_curve_ is None
    assert regressor.n_iter_ == len(regressor.loss_curve_) == 3


def test_our_early_stop_is_told_apart_from_ctrl_c(data):
    net = net_of(data)
    stop = StopEarly(monitor="train_loss", patience=1, sink=lambda message: None)
    stop.initialize().on_train_begin(net)
    net.history.new_epoch()
    for key, value in {"epoch": 1, "train_loss": math.inf}.items():
        net.history.record(key, value)
    with pytest.raises(TrainingStopped) as stopped:
        stop.on_epoch_end(net)
    assert not isinstance(stopped.value, KeyboardInterrupt)


def test_the_callbacks_of_the_user_are_copied(data):
    class Counter(Callback):
        n_epochs = 0

        def on_epoch_end(self, net, **kwargs):
            self.n_epochs += 1

    counter = Counter()
    regressor = MLPScoreRegressor(callbacks=[counter], max_iter=3).fit(*data)
    assert counter.n_epochs == 0
    assert regressor.callbacks == [counter]
    (copied,) = (c for _, c in regressor.net_.callbacks_ if isinstance(c, Counter))
    assert copied.n_epochs == 3


def test_the_bridge_stops_when_it_is_asked_to():
    class Context:
        def subcontext(self, **kwargs):
            return self

        def call_on_fit_task_begin(self, **kwargs):
            self.begun = kwargs

        def call_on_fit_task_end(self, **kwargs):
            return True

    context = Context()
    bridge = _training.EpochBridge(context, "estimator", "X", "y", {})
    bridge.on_epoch_begin(None)
    assert context.begun == {"estimator": "estimator", "X": "X", "y": "y"}
    with pytest.raises(TrainingStopped):
        bridge.on_epoch_end(None)
