"""The networks of MLPScoreRegressor as arrays."""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray


class NetArrays(NamedTuple):
    """What a fitted net needs to predict; optimiser, callbacks and history are not kept."""

    parameters: list[NDArray[np.floating]]  # weights (n_networks, n_in, n_out) and biases, in turn
    activation: str
    output_activation: str
    dropout: float

    @classmethod
    def of(cls, net: Any) -> Self:
        """Take a net apart.

        Parameters
        ----------
        net : ScoreNet
            A fitted net, on any device.

        Returns
        -------
        arrays : NetArrays
            Its weights, and what is between them.
        """
        parameters = [one.detach().cpu().numpy().copy() for one in net.module_.parameters()]
        module = net.get_params_for("module")
        return cls(parameters, module["activation"], module["output_activation"], module["dropout"])

    def restored(self) -> Any:
        """Make the net, on the CPU.

        Returns
        -------
        net : ScoreNet
            Predicts as before, and can be trained on with ``warm_start=True``.

        Raises
        ------
        ValueError
            If the weights do not fit together.
        """
        import torch

        from sklearn_sparseeval.regressors.mlp._score_net import ParallelMLP, ScoreNet, torch_seed

        weights = self.parameters[::2]
        sizes = [weight.shape[2] for weight in weights]
        module = {
            "n_features": weights[0].shape[1],
            "n_outputs": sizes[-1],
            "n_networks": weights[0].shape[0],
            "hidden_layer_sizes": tuple(sizes[:-1]),
            "activation": self.activation,
            "output_activation": self.output_activation,
            "dropout": self.dropout,
            "start_at_zero": False,
            "dtype": torch.as_tensor(weights[0]).dtype,
        }
        net = ScoreNet(
            ParallelMLP,
            **{f"module__{name}": value for name, value in module.items()},
            callbacks__print_log=None,
            train_split=None,
            verbose=0,
        )
        with torch_seed(0, "cpu"):  # the first weights are drawn, and then replaced
            net.initialize()
        parameters = list(net.module_.parameters())
        for parameter, array in zip(parameters, self.parameters, strict=True):
            if tuple(parameter.shape) != array.shape:
                raise ValueError(
                    f"the weights of a network have shape {array.shape}, where the layers before "
                    f"and after need {tuple(parameter.shape)}"
                )
            with torch.no_grad():
                parameter.copy_(torch.as_tensor(array))
        return net
