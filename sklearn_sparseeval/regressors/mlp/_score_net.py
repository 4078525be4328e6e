"""The networks behind :class:`MLPScoreRegressor`, and skorch taught scikit-learn's manners."""

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import RLock
from typing import Any

import numpy as np
import torch
from skorch import NeuralNetRegressor
from skorch.dataset import Dataset
from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "identity": nn.Identity,
}


class _ParallelLinear(nn.Module):
    """One linear layer for each of several networks, computed as one batched product."""

    def __init__(self, n_networks: int, n_in: int, n_out: int, dtype: torch.dtype) -> None:
        super().__init__()
        bound = 1 / math.sqrt(n_in)  # torch.nn.Linear's own initial range
        self.weight = nn.Parameter(
            torch.empty(n_networks, n_in, n_out, dtype=dtype).uniform_(-bound, bound)
        )
        self.bias = nn.Parameter(
            torch.empty(n_networks, 1, n_out, dtype=dtype).uniform_(-bound, bound)
        )

    def forward(self, X: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, X, self.weight)


class ParallelMLP(nn.Module):
    """Several fully connected networks of one shape; they share nothing but the batches."""

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        n_networks: int,
        hidden_layer_sizes: tuple[int, ...],
        activation: str,
        output_activation: str,
        dropout: float,
        start_at_zero: bool,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.n_networks = n_networks
        layers: list[nn.Module] = []
        n_in = n_features
        for n_out in hidden_layer_sizes:
            layers += [_ParallelLinear(n_networks, n_in, n_out, dtype), ACTIVATIONS[activation]()]
            if dropout:
                layers.append(nn.Dropout(dropout))
            n_in = n_out
        last = _ParallelLinear(n_networks, n_in, n_outputs, dtype)
        if start_at_zero:  # the first prediction is then exactly the baseline's
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
        layers.append(last)
        if output_activation == "sigmoid":
            layers.append(nn.Sigmoid())
        self.layers = nn.Sequential(*layers)

    def forward(self, X: Tensor) -> Tensor:
        """Return the predictions of every network, (n_rows, n_networks, n_outputs)."""
        output: Tensor = self.layers(X.expand(self.n_networks, *X.shape))
        return output.transpose(0, 1)


class BatchDataset(Dataset):
    """Fetch a whole batch by one index instead of row by row."""

    def __getitems__(self, indices: Any) -> tuple[Tensor, tuple[Tensor, ...]]:
        rows = torch.as_tensor(indices)
        return self.X[rows], tuple(part[rows] for part in self.y)


class TrainingStopped(Exception):
    """Raised to leave skorch's training loop early and on purpose."""


class ScoreNet(NeuralNetRegressor):
    """A skorch net whose ``y`` is the pair (target, weight); weights average to one."""

    def get_loss(
        self, y_pred: Tensor, y_true: Any, X: Any = None, training: bool = False
    ) -> Tensor:
        target, weight = (part.to(y_pred.device) for part in y_true)
        squared = (y_pred - target.unsqueeze(1)) ** 2
        loss: Tensor = (weight * squared.mean(dim=(1, 2))).mean()
        return loss

    def run_training(self, X: Tensor, y: tuple[Tensor, Tensor]) -> None:
        """Run the training loop; unlike skorch's ``partial_fit``, let Ctrl-C through."""
        self.notify("on_train_begin", X=X, y=y)
        with suppress(TrainingStopped):
            self.fit_loop(X, y)
        self.notify("on_train_end", X=X, y=y)


# torch's default generator and its thread count belong to the whole process.
_TORCH_LOCK = RLock()  # a callback may predict in the middle of a fit


@contextmanager
def torch_seed(seed: int, device: str) -> Iterator[None]:
    """Seed torch inside the block; leave the caller's random stream and threads untouched.

    One thread, because the order of a parallel sum depends on their number: with it a fit would
    differ between ``n_jobs=1`` and ``n_jobs=2``.
    """
    cuda = [torch.device(device)] if device.startswith("cuda") else []
    with _TORCH_LOCK, _single_thread(), torch.random.fork_rng(devices=cuda):
        torch.manual_seed(seed)
        yield


@contextmanager
def torch_single_thread() -> Iterator[None]:
    """Compute on one thread, for results that do not depend on the number of cores."""
    with _TORCH_LOCK, _single_thread():
        yield


@contextmanager
def _single_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def forward(net: ScoreNet, X: np.ndarray[Any, Any]) -> Tensor:
    """Return the mean prediction of the networks, dropout off, without skorch's data loader.

    The loader's iterators draw from torch's global random stream, even to predict.
    """
    dtype = next(net.module_.parameters()).dtype
    output: Tensor = net.evaluation_step((torch.as_tensor(X, dtype=dtype), None))
    return output.mean(dim=1)


def jacobian(net: ScoreNet, X: np.ndarray[Any, Any]) -> Tensor:
    """Return the mean prediction's derivatives, (n_rows, n_outputs, n_features), dropout off."""
    dtype = next(net.module_.parameters()).dtype
    rows = torch.as_tensor(X, dtype=dtype, device=net.device).requires_grad_()
    net.module_.eval()
    outputs = net.module_(rows).mean(dim=1)
    return torch.stack(
        [
            torch.autograd.grad(outputs[:, task].sum(), rows, retain_graph=True)[0]
            for task in range(outputs.shape[1])
        ],
        dim=1,
    )
