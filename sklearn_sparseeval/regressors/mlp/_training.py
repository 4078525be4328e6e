"""How :class:`MLPScoreRegressor` trains: skorch's loop with scikit-learn's manners."""

import math
from copy import deepcopy
from typing import Any

import torch
from skorch.callbacks import Callback, EarlyStopping, LRScheduler
from skorch.helper import predefined_split

from sklearn_sparseeval.regressors.mlp._score_net import (
    BatchDataset,
    ParallelMLP,
    ScoreNet,
    TrainingStopped,
)


def _identity(batch: Any) -> Any:
    return batch


class StopEarly(EarlyStopping):
    """skorch's early stopping, told apart from the user's Ctrl-C."""

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        try:
            super().on_epoch_end(net, **kwargs)
        except KeyboardInterrupt as stop:  # skorch's way to end a fit
            raise TrainingStopped from stop


class EpochBridge(Callback):
    """Forward skorch's epochs to a scikit-learn callback context."""

    def __init__(
        self, context: Any, estimator: Any, X: Any, y: Any, fitted: dict[str, Any]
    ) -> None:
        self.context = context
        self.estimator = estimator
        self.X = X
        self.y = y
        self.fitted = fitted  # what the estimator needs besides the net to predict

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        self.task_ = self.context.subcontext(task_name="epoch")
        self.task_.call_on_fit_task_begin(estimator=self.estimator, X=self.X, y=self.y)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        stop = self.task_.call_on_fit_task_end(
            estimator=self.estimator,
            X=self.X,
            y=self.y,
            reconstruction_attributes=lambda: {
                **self.fitted,
                "net_": net,
                "n_iter_": len(net.history),
            },
        )
        if stop:
            raise TrainingStopped

    def release(self) -> None:
        """Let go of the data and the estimator, which must not be pickled with the net."""
        self.context = self.estimator = self.X = self.y = self.task_ = None


class OneCycle:
    """Factor of the step size: up for a tenth of the steps, then down to zero as a cosine."""

    def __init__(self, n_steps: int) -> None:
        self.n_steps = n_steps

    def __call__(self, step: int) -> float:
        warm_up = max(1, self.n_steps // 10)
        if step < warm_up:
            return (step + 1) / (warm_up + 1)
        rest = (step - warm_up) / max(1, self.n_steps - warm_up)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, rest)))


def _loader_options(n_rows: int, batch_size: int | None) -> dict[str, Any]:
    """Return skorch's options for batches; one batch that holds all rows needs no shuffling."""
    full = batch_size is None or batch_size >= n_rows
    return {
        "batch_size": -1 if full else batch_size,
        "iterator_train__shuffle": not full,
        "iterator_train__collate_fn": _identity,
        "iterator_valid__collate_fn": _identity,
        "iterator_valid__batch_size": -1,
        "dataset": BatchDataset,
    }


def make_net(estimator: Any, train: Any, held_out: Any, bridge: EpochBridge) -> ScoreNet:
    """Build the skorch net that an estimator's parameters describe.

    Parameters
    ----------
    estimator : MLPScoreRegressor
        Where the parameters come from.
    train, held_out : tuple of (Tensor, tuple of (Tensor, Tensor))
        Inputs and the pair (target, weight), for training and for early stopping (or no rows).
    bridge : EpochBridge
        Hears of every epoch.

    Returns
    -------
    net : ScoreNet
        Not yet initialised.
    """
    X, (target, _) = train
    callbacks = deepcopy(estimator.callbacks) or []
    if estimator.learning_rate == "one-cycle":
        n_batches = -(-len(X) // min(estimator.batch_size or len(X), len(X)))
        schedule = OneCycle(estimator.max_iter * n_batches)
        policy = torch.optim.lr_scheduler.LambdaLR
        callbacks.append(LRScheduler(policy, lr_lambda=schedule, step_every="batch"))
    if estimator.early_stopping:
        patience = estimator.n_iter_no_change
        callbacks.append(StopEarly(patience=patience, threshold=estimator.tol, load_best=True))
    return ScoreNet(
        ParallelMLP,
        module__n_features=X.shape[1],
        module__n_outputs=target.shape[1],
        module__n_networks=estimator.n_networks,
        module__hidden_layer_sizes=tuple(estimator.hidden_layer_sizes),
        module__activation=estimator.activation,
        module__output_activation=estimator.output_activation,
        module__dropout=estimator.dropout,
        module__start_at_zero=estimator.baseline is not None,
        module__dtype=X.dtype,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=estimator.alpha,
        # From a good baseline the first gradients are tiny; Adam's own 1e-8 would blow rounding
        # noise in them up to full steps.
        optimizer__eps=1e-8 if estimator.baseline is None else 1e-4 / estimator.n_networks,
        lr=estimator.learning_rate_init,
        max_epochs=estimator.max_iter,
        train_split=predefined_split(BatchDataset(*held_out)) if len(held_out[0]) else None,
        callbacks=[*callbacks, bridge],
        # skorch makes the table of every epoch even where it prints none: a tenth of the time.
        **({} if estimator.verbose else {"callbacks__print_log": None}),
        verbose=estimator.verbose,
        device=estimator.device,
        **_loader_options(len(X), estimator.batch_size),
    )


def copy_weights(source: ScoreNet, target: ScoreNet) -> None:
    """Copy the weights of one net to another if the two have the same shape.

    Parameters
    ----------
    source, target : ScoreNet
        Initialised nets; a `target` of another shape keeps its own weights.
    """
    old, new = source.module_.state_dict(), target.module_.state_dict()
    shapes = [{name: (w.shape, w.dtype) for name, w in s.items()} for s in (old, new)]
    if shapes[0] == shapes[1]:
        target.module_.load_state_dict(old)
