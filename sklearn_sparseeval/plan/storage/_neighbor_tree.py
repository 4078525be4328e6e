"""The search tree of a nearest-neighbours estimator, as what it is built from.

A tree follows the numbers of its nodes unchecked, so it is not stored: building it again from the
same points gives the same tree.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_KINDS = ("BallTree", "KDTree")


class NeighborTree(NamedTuple):
    """How to build a search tree."""

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
            If there is no such kind of tree, or its metric is no name.
        """
        from sklearn import neighbors

        if self.kind not in _KINDS or not isinstance(self.metric, str):
            raise ValueError(f"there is no search tree {self.kind!r} with metric {self.metric!r}")
        build = getattr(neighbors, self.kind)
        return build(self.points, self.leaf_size, metric=self.metric, **self.metric_params)
