"""The networks against plain torch layers, and skorch's manners."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from skorch.callbacks import Callback
from torch import nn

from sklearn_sparseeval.regressors.mlp._score_net import (
    ACTIVATIONS,
    BatchDataset,
    ParallelMLP,
    ScoreNet,
    TrainingStopped,
    forward,
    jacobian,
    torch_seed,
    torch_single_thread,
)

X = torch.rand(7, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def make_module(**changes):
    options = {
        "n_features": 5,
        "n_outputs": 2,
        "n_networks": 3,
        "hidden_layer_sizes": (4, 6),
        "activation": "gelu",
        "output_activation": "identity",
        "dropout": 0.0,
        "start_at_zero": False,
        "dtype": torch.float64,
    }
    with torch_seed(0, "cpu"):
        return ParallelMLP(**options | changes)


def make_net(callbacks=(), max_epochs=1, **changes):
    module = make_module(**changes)
    net = ScoreNet(
        module, max_epochs=max_epochs, verbose=0, train_split=None, dataset=BatchDataset,
        batch_size=-1, iterator_train__collate_fn=lambda batch: batch, callbacks=list(callbacks),
    )  # fmt: skip
    return net.initialize()


def separate_network(module, number, activation, output_activation):
    """Rebuild one of the parallel networks from torch's own layers."""
    layers = []
    for layer in module.layers:
        if hasattr(layer, "weight"):
            n_in, n_out = layer.weight.shape[1:]
            linear = nn.Linear(n_in, n_out, dtype=torch.float64)
            linear.weight.data = layer.weight[number].detach().T
            linear.bias.data = layer.bias[number, 0].detach()
            layers += [linear, ACTIVATIONS[activation]()]
    layers[-1] = nn.Sigmoid() if output_activation == "sigmoid" else nn.Identity()
    return nn.Sequential(*layers)


@pytest.mark.parametrize("output_activation", ["identity", "sigmoid"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_parallel_networks_equal_separate_ones(activation, output_activation):
    module = make_module(activation=activation, output_activation=output_activation)
    output = module(X)
    assert output.shape == (7, 3, 2)
    for number in range(3):
        alone = separate_network(module, number, activation, output_activation)
        torch.testing.assert_close(output[:, number], alone(X))


def test_networks_start_from_different_weights_in_the_range_of_torch():
    module = make_module(hidden_layer_sizes=(1000,))
    first, last = (layer for layer in module.layers if hasattr(layer, "weight"))
    for layer, n_in in ((first, 5), (last, 1000)):
        for values in (layer.weight, layer.bias):
            assert values.abs().max() <= 1 / math.sqrt(n_in)
    assert first.weight.abs().max() > 0.99 / math.sqrt(5)
    assert not torch.equal(first.weight[0], first.weight[1])


def test_starting_at_zero_predicts_zero_but_can_learn():
    module = make_module(start_at_zero=True)
    assert not module(X).any()
    module(X).sum().backward()
    assert module.layers[-1].weight.grad.any()


def test_no_hidden_layer_is_a_linear_model():
    module = make_module(hidden_layer_sizes=())
    assert [type(layer).__name__ for layer in module.layers] == ["_ParallelLinear"]


def test_dropout_acts_in_training_only():
    net = make_net(dropout=0.5)
    assert sum(isinstance(layer, nn.Dropout) for layer in net.module_.layers) == 2
    with torch_seed(0, "cpu"):
        net.module_.train()
        assert not torch.equal(net.module_(X), net.module_(X))
    torch.testing.assert_close(forward(net, X.numpy()), forward(net, X.numpy()), rtol=0, atol=0)


def test_a_batch_is_fetched_by_one_index():
    target, weight = torch.arange(14.0).reshape(7, 2), torch.arange(7.0)
    rows, (targets, weights) = BatchDataset(X, (target, weight)).__getitems__([6, 0])
    assert torch.equal(rows, X[[6, 0]])
    assert targets.tolist() == [[12, 13], [0, 1]]
    assert weights.tolist() == [6, 0]


def test_the_loss_by_hand():
    prediction = torch.tensor([[[1.0], [3.0]], [[0.0], [2.0]]])  # two rows, two networks
    target, weight = torch.tensor([[0.0], [1.0]]), torch.tensor([0.5, 1.5])
    # rows: (1 + 9) / 2 = 5 and (1 + 1) / 2 = 1; weighted mean (0.5 * 5 + 1.5 * 1) / 2
    assert make_net().get_loss(prediction, (target, weight)).item() == pytest.approx(2.0)


def test_the_prediction_is_the_mean_over_networks():
    net = make_net()
    expected = net.module_(X).mean(dim=1)
    torch.testing.assert_close(forward(net, X.numpy()), expected.detach())


def test_the_jacobian_of_a_linear_model_is_its_mean_weight():
    net = make_net(hidden_layer_sizes=())
    weight = net.module_.layers[0].weight.detach().mean(dim=0).T  # (n_outputs, n_features)
    torch.testing.assert_close(jacobian(net, X.numpy()), weight.expand(7, 2, 5))


class Raiser(Callback):
    def __init__(self, error):
        self.error = error

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            raise self.error

    def on_train_end(self, net, **kwargs):
        net.ended_ = True


def train(net):
    net.run_training(X, (torch.zeros(7, 2, dtype=torch.float64), torch.ones(7)))


def test_training_can_be_stopped_on_purpose():
    net = make_net([Raiser(TrainingStopped())], max_epochs=5)
    train(net)
    assert len(net.history) == 2
    assert net.ended_


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_training_swallows_nothing_else(error):
    net = make_net([Raiser(error())], max_epochs=5)
    with pytest.raises(error):
        train(net)


def test_a_seeded_block_draws_what_its_seed_says_and_leaves_no_trace():
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    with torch_seed(42, "cpu"):
        assert torch.get_num_threads() == 1
        drawn = torch.rand(3)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert torch.equal(drawn, torch.rand(3, generator=torch.Generator().manual_seed(42)))


def interrupt():
    torch.set_num_threads(1)
    raise KeyboardInterrupt


@pytest.mark.parametrize("block", [lambda: torch_seed(0, "cpu"), torch_single_thread])
def test_an_error_inside_a_block_leaves_no_trace_either(block):
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(KeyboardInterrupt), block():
            interrupt()
        assert torch.get_num_threads() == 2
        with block():  # the lock is free again
            pass
    finally:
        torch.set_num_threads(threads)


def test_inference_draws_nothing_from_the_global_stream():
    net = make_net(dropout=0.5)
    state = torch.get_rng_state()
    forward(net, X.numpy())
    jacobian(net, X.numpy())
    assert_array_equal(np.asarray(torch.get_rng_state()), np.asarray(state))
