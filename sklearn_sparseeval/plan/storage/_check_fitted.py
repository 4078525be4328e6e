"""Checks of what a loaded estimator holds, where it does not check that itself.

Compiled code of scikit-learn trusts what an estimator was fitted with: the width of the input is
compared with ``n_features_in_``, and the arrays are read as if they had that width too.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


def check_fitted(estimator: Any) -> None:
    """Check that an estimator reads no columns that it does not check.

    Parameters
    ----------
    estimator : estimator
        What was loaded; its parts are left to their own checks.

    Raises
    ------
    ValueError
        If an attribute stands in the place of a method, or if a decision tree, a forest or nearest
        neighbours hold arrays of another width than they say.
    """
    for name in vars(estimator):  # a check that is shadowed is not made
        if callable(getattr(type(estimator), name, None)):
            kind = type(estimator).__name__
            raise ValueError(f"a {kind} has an attribute {name} in the place of its method")
    for name, check in _CHECKS.items():
        if name in vars(estimator):
            check(estimator)


def _width(estimator: Any) -> int:
    width = vars(estimator).get("n_features_in_")
    if not isinstance(width, int | np.integer):
        raise ValueError(f"a {type(estimator).__name__} does not say how many columns it reads")
    return int(width)


def _check_tree(estimator: Any) -> None:
    width = _width(estimator)
    if estimator.tree_.n_features != width:
        raise ValueError(f"a decision tree reads {estimator.tree_.n_features} columns, not {width}")


def _check_forest(estimator: Any) -> None:
    """Forests check the width of the input once, and hand it on to all of their trees."""
    from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
    from sklearn.tree import DecisionTreeRegressor

    if not isinstance(estimator, ExtraTreesRegressor | RandomForestRegressor):
        return
    width, members = _width(estimator), estimator.estimators_
    if type(members) is not list:
        raise ValueError("a forest holds no list of trees")
    for member in members:
        if not isinstance(member, DecisionTreeRegressor) or _width(member) != width:
            raise ValueError(f"a forest of {width} columns holds a tree of another number")


def _check_neighbors(estimator: Any) -> None:
    """Distances to the points are computed without a look at how wide the points are."""
    from sklearn.neighbors import KNeighborsRegressor

    if not isinstance(estimator, KNeighborsRegressor):
        return
    points, values = estimator._fit_X, vars(estimator).get("_y")
    expected = (estimator.n_samples_fit_, _width(estimator))
    tree = vars(estimator).get("_tree")
    fits = isinstance(points, np.ndarray) and points.dtype.kind in "biuf"
    fits = fits and points.shape == expected
    fits = fits and (tree is None or np.shape(tree.data) == expected)
    if not fits or len(np.atleast_1d(values)) != expected[0]:
        raise ValueError(
            f"nearest neighbours hold other points than {expected[0]} of {expected[1]} columns"
        )


_CHECKS: dict[str, Callable[[Any], None]] = {
    "tree_": _check_tree,
    "estimators_": _check_forest,
    "_fit_X": _check_neighbors,
}
