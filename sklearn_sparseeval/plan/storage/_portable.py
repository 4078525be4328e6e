"""An estimator in a form that can be stored without pickle and loaded without risk.

What skops stores as it is (estimators, arrays, numbers, texts) stays; what it cannot store, or
what could crash the process when a crafted file is used, is replaced by arrays that are checked:
decision trees, search trees, torch networks.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_sparseeval._sklearn import search_tree, with_search_tree, without_callbacks
from sklearn_sparseeval.plan.storage._check_fitted import check_fitted
from sklearn_sparseeval.plan.storage._neighbor_tree import NeighborTree
from sklearn_sparseeval.plan.storage._net_arrays import NetArrays
from sklearn_sparseeval.plan.storage._text_array import TextArray
from sklearn_sparseeval.plan.storage._tree_arrays import TreeArrays

# By name, so that storing an estimator without networks does not import torch.
_TO_ARRAYS: dict[str, Callable[[Any], Any]] = {
    "numpy.ndarray": lambda array: TextArray.of(array) if array.dtype == object else array,
    "sklearn.tree._tree.Tree": TreeArrays.of,
    "sklearn_sparseeval.regressors.mlp._score_net.ScoreNet": NetArrays.of,
}
_FROM_ARRAYS = (NeighborTree, NetArrays, TextArray, TreeArrays)


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
        If it holds a tree or a network that is none, or arrays that do not fit together.
    """
    walk = _Walk(_from_arrays, vars)
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
    return value.restored() if isinstance(value, _FROM_ARRAYS) else value


def _stored_attributes(estimator: Any) -> dict[str, Any]:
    attributes = without_callbacks(vars(estimator))
    for name in ("callbacks", "memory"):  # what watches a fit, and a cache of one machine
        if name in attributes:
            attributes[name] = None
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
