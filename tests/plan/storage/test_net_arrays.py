"""Networks are taken apart and put together."""

import numpy as np
import pytest
import torch

from sklearn_sparseeval import MLPScoreRegressor
from sklearn_sparseeval.plan.storage._net_arrays import NetArrays

X = np.random.default_rng(0).random((40, 5))
Y = np.column_stack([X.mean(axis=1), X[:, 0]])


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"hidden_layer_sizes": (), "n_networks": 1},
        {"dropout": 0.2, "activation": "gelu"},
        {"baseline": None, "output_activation": "sigmoid", "hidden_layer_sizes": (3, 4, 5)},
    ],
    ids=["default", "linear", "dropout", "sigmoid"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_net_comes_back_as_it_was(params, dtype):
    regressor = MLPScoreRegressor(max_iter=2, random_state=0, **params)
    regressor.fit(X.astype(dtype), Y.astype(dtype))
    expected = regressor.predict(X.astype(dtype))
    gradient = regressor.input_gradient(X.astype(dtype))
    regressor.net_ = NetArrays.of(regressor.net_).restored()
    np.testing.assert_array_equal(regressor.predict(X.astype(dtype)), expected)
    np.testing.assert_array_equal(regressor.input_gradient(X.astype(dtype)), gradient)


def test_a_net_can_be_trained_on():
    regressor = MLPScoreRegressor(max_iter=2, random_state=0, warm_start=True).fit(X, Y)
    copy = MLPScoreRegressor(**regressor.get_params())
    copy.net_ = NetArrays.of(regressor.net_).restored()
    expected = regressor.fit(X, Y).predict(X)
    np.testing.assert_array_equal(copy.fit(X, Y).predict(X), expected)


def test_arrays_are_copies():
    regressor = MLPScoreRegressor(max_iter=1, random_state=0).fit(X, Y)
    arrays = NetArrays.of(regressor.net_)
    before = arrays.parameters[0].copy()
    with torch.no_grad():
        next(regressor.net_.module_.parameters()).zero_()
    np.testing.assert_array_equal(arrays.parameters[0], before)


def test_torchs_random_stream_is_left_alone():
    arrays = NetArrays.of(MLPScoreRegressor(max_iter=1, random_state=0).fit(X, Y).net_)
    before = torch.random.get_rng_state()
    arrays.restored()
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda parameters: parameters[:-1],
        lambda parameters: [*parameters, parameters[-1]],
        lambda parameters: [parameters[0], parameters[1][:, :, :-1], *parameters[2:]],
        lambda parameters: [*parameters[:2], parameters[2][:, :-1], *parameters[3:]],
        lambda parameters: [parameters[0][:1], *parameters[1:]],
        lambda parameters: [],
    ],
    ids=["short", "long", "bias", "width", "networks", "none"],
)
def test_weights_that_do_not_fit_are_refused(spoil):
    arrays = NetArrays.of(MLPScoreRegressor(max_iter=1, random_state=0).fit(X, Y).net_)
    with pytest.raises((ValueError, IndexError)):
        arrays._replace(parameters=spoil(arrays.parameters)).restored()
