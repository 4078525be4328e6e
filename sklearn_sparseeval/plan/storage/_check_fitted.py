"""Checks of what a loaded estimator holds, where it does not check that itself.

Compiled code of scikit-learn trusts what an estimator was fitted with: the width of the input is
compared with ``n_features_in_``, and the arrays are read as if they had that width too.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_fitted(estimator: Any) -> None:
    """Check that an estimator reads no columns that it does not check.

    Parameters
    ----------
    estimator : estimator
        What was loaded; its parts are left to their own checks.

    Raises
    ------
    ValueError
        If an attribute stands in the place of a method, if a decision tree, a forest or nearest
        neighbours hold arrays of another width than they say, or if support vectors are not as
        `SVR` makes them.
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
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.tree import DecisionTreeRegressor

    if not isinstance(estimator, RandomForestRegressor):
        return
    width, members = _width(estimator), estimator.estimators_
    if type(members) is not list:
        raise ValueError("the trees of a forest are not a list")
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


def _check_support_vectors(estimator: Any) -> None:
    """Check all that libsvm reads: it takes lengths from one array and reads the others by them."""
    from sklearn.svm import SVR

    if not isinstance(estimator, SVR):
        return
    has, width = vars(estimator), _width(estimator)
    strange = sorted(set(has) - _SVR_ATTRIBUTES)
    if strange:
        raise ValueError(f"an SVR has the attribute {strange[0]}")
    n_vectors = len(_array(has, "support_vectors_", np.float64, (None, width)))
    fitted_on = has.get("shape_fit_")
    if type(fitted_on) is not tuple or [type(one) for one in fitted_on] != [int, int]:
        raise ValueError("an SVR does not say how many rows and columns it was fitted on")
    n_rows, n_columns = fitted_on
    if n_columns != width:
        raise ValueError(f"an SVR was fitted on {n_columns} columns, not {width}")
    support = _array(has, "support_", np.int32, (n_vectors,))
    counts = _array(has, "_n_support", np.int32, (2,))
    if ((support < 0) | (support >= n_rows)).any() or counts[0] != n_vectors:
        raise ValueError(f"the {n_vectors} support vectors of an SVR are of rows that do not exist")
    if counts[1] < 0 or counts[1] > n_vectors:
        raise ValueError("an SVR counts support vectors that do not exist")
    for name in ("dual_coef_", "_dual_coef_"):
        _array(has, name, np.float64, (1, n_vectors))
    for name in ("intercept_", "_intercept_"):
        _array(has, name, np.float64, (1,))
    for name in ("_probA", "_probB"):  # as long as something, they would be read
        _array(has, name, np.float64, (0,))
    _check_kernel(has)


def _check_kernel(has: dict[str, Any]) -> None:
    kernel, degree = has.get("kernel"), has.get("degree")
    if type(kernel) is not str or kernel not in _KERNELS or has.get("_sparse") is not False:
        raise ValueError(f"an SVR is of an unknown kernel, or sparse; expected one of {_KERNELS}")
    if type(degree) is not int or not 0 <= degree <= _MOST_DEGREE:
        raise ValueError(f"an SVR has a polynomial of degree {degree!r}")
    for name in ("coef0", "_gamma", "cache_size"):
        value = has.get(name)
        if not isinstance(value, int | float | np.integer | np.floating):
            raise ValueError(f"{name} of an SVR is not a number")
        if not math.isfinite(value) or (value < 0 and name != "coef0"):
            raise ValueError(f"{name} of an SVR is {value}")


def _array(
    has: dict[str, Any], name: str, dtype: type[np.generic], shape: tuple[int | None, ...]
) -> NDArray[Any]:
    """Return an array of an SVR, if it is of a type and shape, in C order, and finite."""
    array = has.get(name)
    if type(array) is not np.ndarray or array.dtype != dtype or array.ndim != len(shape):
        raise ValueError(f"{name} of an SVR is not an array of {dtype.__name__} as expected")
    sizes_fit = all(want in (None, got) for got, want in zip(array.shape, shape, strict=True))
    if not sizes_fit or not array.flags.c_contiguous or not np.isfinite(array).all():
        raise ValueError(f"{name} of an SVR has shape {array.shape}, expected {shape}, all finite")
    return array


_KERNELS = ("linear", "poly", "rbf", "sigmoid")
_MOST_DEGREE = 2**20
# An attribute can stand in the place of one of the class, such as which program of libsvm runs.
_SVR_ATTRIBUTES = frozenset(
    (
        *("C", "_dual_coef_", "_effective_probability", "_gamma", "_intercept_", "_n_support"),
        *("_num_iter", "_probA", "_probB", "_sklearn_version", "_sparse", "cache_size"),
        *("class_weight", "class_weight_", "coef0", "degree", "dual_coef_", "epsilon"),
        *("feature_names_in_", "fit_status_", "gamma", "intercept_", "kernel", "max_iter"),
        *("n_features_in_", "n_iter_", "nu", "probability", "random_state", "shape_fit_"),
        *("shrinking", "support_", "support_vectors_", "tol", "verbose"),
    )
)
_CHECKS: dict[str, Callable[[Any], None]] = {
    "tree_": _check_tree,
    "estimators_": _check_forest,
    "_fit_X": _check_neighbors,
    "support_vectors_": _check_support_vectors,
}
