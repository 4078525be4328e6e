"""A decision tree as checked arrays.

A scikit-learn tree follows the numbers of its nodes without looking whether they are in range, so
that a crafted file could crash the process. Here the arrays are stored, and checked before a tree
is made of them.
"""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._sklearn import tree_from_state

_NO_CHILD = -1


class TreeArrays(NamedTuple):
    """What a tree of scikit-learn is made of."""

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
