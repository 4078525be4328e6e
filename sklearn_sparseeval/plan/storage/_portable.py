"""An estimator in a form that can be stored without pickle and loaded without risk.

What skops stores as it is (estimators, arrays, numbers, texts) stays; what it cannot store, or
what could crash the process when a crafted file is used, is replaced by arrays that are checked:
decision trees, search trees, torch networks.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from sklearn_sparseeval._sklearn import (
    search_tree,
    tree_from_state,
    with_search_tree,
    without_callbacks,
)
from sklearn_sparseeval.plan.storage._check_fitted import check_fitted

_TREE_KINDS = ("BallTree", "KDTree")
_NO_CHILD = -1
_OF_ONE_MACHINE = ("callbacks", "memory", "n_jobs")
_PLAIN = (str, int, float, bool, type(None))


def portable(estimator: Any) -> Any:
    """Make a copy of an estimator that can be stored.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator; it is not changed, and shares its arrays with the copy.

    Returns
    -------
    copy : estimator
        It cannot predict before it is `restored`. Callbacks and caches stay behind.
    """
    return _Walk(_to_arrays, _stored_attributes).copy(estimator)


def restored(estimator: Any) -> Any:
    """Undo :func:`portable`.

    Parameters
    ----------
    estimator : object
        What was loaded; nothing is known of it.

    Returns
    -------
    copy : object
        The estimator, ready to predict.

    Raises
    ------
    ValueError
        If arrays that a tree, a network or support vectors are made of do not fit together.
    """
    walk = _Walk(_from_arrays, _loaded_attributes)
    copy = walk.copy(estimator)
    for made in walk.estimators:
        check_fitted(made)
    return copy


class _Walk:
    """Copies estimators, lists, tuples and dicts all the way down; shares everything else."""

    def __init__(
        self, replace: Callable[[Any], Any], attributes: Callable[[Any], dict[str, Any]]
    ) -> None:
        self._replace = replace
        self._attributes = attributes
        self._copies: dict[int, tuple[Any, Any]] = {}  # with the originals, which keeps the ids
        self.estimators: list[Any] = []

    def copy(self, value: Any) -> Any:
        if id(value) in self._copies:
            return self._copies[id(value)][1]
        replaced = self._replace(value)
        if replaced is not value:
            return self._known(value, replaced)
        if isinstance(value, BaseEstimator):
            return self._copy_estimator(value)
        if type(value) is list:
            return self._known(value, [self.copy(one) for one in value])
        if type(value) is dict:
            return self._known(value, {key: self.copy(one) for key, one in value.items()})
        if isinstance(value, tuple):
            copies = [self.copy(one) for one in value]
            named = hasattr(value, "_fields")
            return self._known(value, type(value)(*copies) if named else tuple(copies))
        return value

    def _copy_estimator(self, value: Any) -> Any:
        copy = self._known(value, object.__new__(type(value)))
        self.estimators.append(copy)
        for name, one in self._attributes(value).items():
            vars(copy)[name] = self.copy(one)
        return copy

    def _known(self, value: Any, copy: Any) -> Any:
        self._copies[id(value)] = (value, copy)
        return copy


def _to_arrays(value: Any) -> Any:
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    return _TO_ARRAYS.get(name, lambda same: same)(value)


def _from_arrays(value: Any) -> Any:
    # What stands in an array of objects or in a set would be used without having been checked.
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        raise ValueError("an array holds objects that are not texts")
    if isinstance(value, set) and not all(isinstance(one, _PLAIN) for one in value):
        raise ValueError("a set holds anything but texts and numbers")
    return value.restored() if isinstance(value, _FROM_ARRAYS) else value


def _loaded_attributes(estimator: Any) -> dict[str, Any]:
    """Leave out what is of one machine: what watches a fit, a cache, a number of processes."""
    attributes = without_callbacks(vars(estimator))
    return attributes | {name: None for name in _OF_ONE_MACHINE if name in attributes}


def _stored_attributes(estimator: Any) -> dict[str, Any]:
    attributes = _loaded_attributes(estimator)
    found = search_tree(estimator)
    if found is None:
        return attributes
    tree, points = found
    recipe = NeighborTree(
        type(tree).__name__,
        np.asarray(points),
        estimator.leaf_size,
        estimator.effective_metric_,
        estimator.effective_metric_params_,
    )
    return with_search_tree(attributes, recipe)


class NeighborTree(NamedTuple):
    """How to build the search tree of a nearest-neighbours estimator.

    A tree follows the numbers of its nodes unchecked, so it is not stored: building it again from
    the same points gives the same tree.
    """

    kind: str  # "KDTree" or "BallTree"
    points: NDArray[np.float64]
    leaf_size: int
    metric: str
    metric_params: dict[str, Any]

    def restored(self) -> Any:
        """Build the tree.

        Returns
        -------
        tree : KDTree or BallTree
            The same tree as before.

        Raises
        ------
        ValueError
            If there is no such kind of tree, or its metric is not a name.
        """
        from sklearn import neighbors

        if self.kind not in _TREE_KINDS or not isinstance(self.metric, str):
            raise ValueError(f"there is no search tree {self.kind!r} with metric {self.metric!r}")
        build = getattr(neighbors, self.kind)
        return build(self.points, self.leaf_size, metric=self.metric, **self.metric_params)


class TreeArrays(NamedTuple):
    """What a decision tree of scikit-learn is made of, checked before a tree is made of it.

    A tree follows the numbers of its nodes without looking whether they are in range, so that a
    crafted file could crash the process.
    """

    n_features: int
    n_classes: NDArray[np.intp]  # (n_outputs,)
    nodes: NDArray[np.void]  # (n_nodes,), with fields
    values: NDArray[np.float64]  # (n_nodes, n_outputs, n_classes)

    @classmethod
    def of(cls, tree: Any) -> Self:
        """Take a tree apart.

        Parameters
        ----------
        tree : sklearn.tree._tree.Tree
            The tree of a fitted decision tree.

        Returns
        -------
        arrays : TreeArrays
            All that it holds.
        """
        state = tree.__getstate__()
        return cls(tree.n_features, np.array(tree.n_classes), state["nodes"], state["values"])

    def restored(self) -> Any:
        """Make the tree, if it is one.

        Returns
        -------
        tree : sklearn.tree._tree.Tree
            The tree.

        Raises
        ------
        ValueError
            If a node names a child or a feature that does not exist.
        """
        nodes, n_nodes = self.nodes, len(self.nodes)
        left, right, feature = (nodes[name] for name in ("left_child", "right_child", "feature"))
        inner = np.flatnonzero(left != _NO_CHILD)
        for child in (left[inner], right[inner]):
            if ((child <= inner) | (child >= n_nodes)).any():
                raise ValueError("a node of a decision tree names a child that does not exist")
        if ((feature[inner] < 0) | (feature[inner] >= self.n_features)).any():
            raise ValueError("a node of a decision tree names a feature that does not exist")
        if not n_nodes or self.n_classes.ndim != 1 or not (self.n_classes >= 1).all():
            raise ValueError("a decision tree has no nodes, or outputs without classes")
        depth = np.zeros(n_nodes, dtype=np.intp)
        for node in inner:  # parents come before their children
            depth[left[node]] = depth[right[node]] = depth[node] + 1
        state = {
            "max_depth": int(depth.max()),
            "node_count": n_nodes,
            "nodes": nodes,
            "values": self.values,
        }
        return tree_from_state(self.n_features, self.n_classes, state)


class NetArrays(NamedTuple):
    """What a network of MLPScoreRegressor needs to predict.

    Its optimiser, callbacks and history are not kept.
    """

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


class TextArray(NamedTuple):
    """An array of Python strings, which numpy holds as objects; skops would store each alone."""

    texts: NDArray[np.str_]

    @classmethod
    def of(cls, array: NDArray[Any]) -> Self | NDArray[Any]:
        """Convert an array of texts.

        Parameters
        ----------
        array : ndarray of object
            Any array of objects.

        Returns
        -------
        array : TextArray or ndarray
            As it was if it holds anything but texts, or one that numpy would shorten.
        """
        if not array.size or not all(isinstance(one, str) for one in array.flat):
            return array
        texts = array.astype(np.str_)
        return cls(texts) if (texts == array).all() else array

    def restored(self) -> NDArray[Any]:
        """Make the array of Python strings.

        Returns
        -------
        array : ndarray of object
            The texts.
        """
        return np.asarray(self.texts).astype(np.str_).astype(object)


# By name, so that storing an estimator without networks does not import torch.
_TO_ARRAYS: dict[str, Callable[[Any], Any]] = {
    "numpy.ndarray": lambda array: TextArray.of(array) if array.dtype == object else array,
    "sklearn.tree._tree.Tree": TreeArrays.of,
    "sklearn_sparseeval.regressors.mlp._score_net.ScoreNet": NetArrays.of,
}
_FROM_ARRAYS = (NeighborTree, NetArrays, TextArray, TreeArrays)
