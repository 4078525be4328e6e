"""What compare_estimators checks of its arguments before anything runs."""

from collections.abc import Iterator, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import ShuffleSplit, check_cv
from sklearn.utils import _safe_indexing, check_array, check_random_state

from sklearn_sparseeval._inputs import refuse_other_order, without_mask
from sklearn_sparseeval._sklearn import _num_samples
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.numerics.missing import row_means
from sklearn_sparseeval.score_matrix import OVERALL, ScoreMatrix
from sklearn_sparseeval.splitters import FamilyShuffleSplit

Array = NDArray[np.floating]
Split = tuple[NDArray[np.intp], NDArray[np.intp]]

_HELD_OUT = 0.25


def check_methods(estimators: Any) -> dict[str, Any]:
    """Return the methods by name.

    Parameters
    ----------
    estimators : dict of str to estimator or callable, str, or iterable of str
        What the user gave.

    Returns
    -------
    methods : dict of str to estimator or callable
        The methods.
    """
    if hasattr(estimators, "fit"):
        raise TypeError(
            f"estimators is a {type(estimators).__name__}; expected a dict of names, such as "
            "{'mine': estimator}."
        )
    if not isinstance(estimators, Mapping):
        registered = get_methods()
        names = [estimators] if isinstance(estimators, str) else list(estimators)
        unknown = [name for name in names if name not in registered]
        if unknown:
            raise ValueError(
                f"There is no registered method {unknown[0]!r}; there are "
                f"{', '.join(registered)}. Pass estimators of your own as a dict of names."
            )
        estimators = {name: registered[name] for name in names}
    if not estimators:
        raise ValueError("estimators is empty. Name at least one method.")
    for name, method in estimators.items():
        _check_method(name, method)
    return dict(estimators)


def _check_method(name: Any, method: Any) -> None:
    if not isinstance(name, str):
        raise TypeError(f"The name {name!r} of a method is a {type(name).__name__}, no str.")
    if isinstance(method, type):
        raise TypeError(
            f"The method {name!r} is the class {method.__name__}; pass an instance, "
            f"{method.__name__}()."
        )
    if not (hasattr(method, "fit") and hasattr(method, "get_params")) and not callable(method):
        raise TypeError(
            f"The method {name!r} is a {type(method).__name__}, neither an estimator nor a "
            "function that makes one."
        )


def check_data(X: Any, y: Any, groups: Any, alignment: Any = None) -> tuple[Any, Array, Any]:
    """Return the score matrix, the benchmark scores and the families, checked.

    Parameters
    ----------
    X : array-like, DataFrame or ScoreMatrix of shape (n_models, n_items)
        Score matrix.
    y : array-like or None
        Benchmark scores; None takes the overall score of a ScoreMatrix, else the mean.
    groups : array-like or None
        Families; None takes those of a ScoreMatrix.
    alignment : {"common", "all"} or None, default=None
        What to do where results are missing and `y` is None; None refuses.

    Returns
    -------
    data : ndarray or DataFrame of shape (n_models, n_items)
        Numbers, in a data frame where they came in one.
    target : ndarray of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores.
    groups : ndarray of shape (n_models,) or None
        Families.
    """
    if isinstance(X, ScoreMatrix):
        X = X.align(alignment) if y is None else X
        y = X.targets[OVERALL] if y is None else y
        groups = X.families if groups is None else groups
        X = X.data
    X = without_mask(X)
    values = check_array(
        X, dtype="numeric", ensure_all_finite="allow-nan", ensure_min_samples=2, input_name="X"
    )
    if values.dtype.kind not in "iufb":
        raise ValueError(f"X holds {values.dtype}; expected numbers, NaN = not evaluated.")
    if y is None:
        empty = np.flatnonzero(np.isnan(values.astype(np.float64)).all(axis=1))
        if len(empty):
            raise ValueError(
                f"{len(empty)} models have no result at all, the first in row {empty[0]} of X, "
                "and so no benchmark score. Remove them, or give y."
            )
        X, values = _aligned(X, values, alignment)
        target: Array = row_means(values.astype(np.float64, copy=False))
    else:
        target = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    for name, given in {"y": y, "groups": groups}.items():
        if given is not None:
            _check_models(name, given, X)
    if isinstance(groups, list | tuple):  # None and NaN stay what they are
        groups = np.array(groups, dtype=object)
    return _like(X, values), target, None if groups is None else np.asarray(groups)


def _aligned(X: Any, values: Any, alignment: Any) -> tuple[Any, Any]:
    """Keep the items that all models have, if so asked; refuse means over different items."""
    missing = np.isnan(values.astype(np.float64))
    if not missing.any() or alignment == "all":
        return X, values
    common = np.flatnonzero(~missing.any(axis=0))
    if alignment == "common" and len(common):
        return _safe_indexing(X, common, axis=1), values[:, common]
    n_models = int(missing.any(axis=1).sum())
    raise ValueError(
        f"{n_models} of the {len(values)} models have no result on some items, so the means that "
        "stand for their benchmark scores would be over different items. Give y; or choose "
        f"alignment='common', which keeps the {len(common)} items of {values.shape[1]} that all "
        "models have, or alignment='all', the mean of what each model has."
    )


def _check_models(name: str, given: Any, X: Any) -> None:
    n_models, n_given = _num_samples(X), _num_samples(given)
    if n_given != n_models:
        raise ValueError(
            f"{name} has {n_given} entries for the {n_models} models of X; expected one per model."
        )
    refuse_other_order(X, **{name: given})


def _like(X: Any, values: NDArray[Any]) -> Any:
    """Return checked values in a data frame where they came in one."""
    if hasattr(X, "iloc"):
        return type(X)(values, index=X.index, columns=X.columns)
    return type(X)(values, schema=list(X.columns)) if hasattr(X, "columns") else values


def check_budgets(n_anchors: Any, n_items: int) -> list[int]:
    """Return the numbers of anchors, sorted.

    Parameters
    ----------
    n_anchors : int, float or iterable of those
        What the user gave.
    n_items : int
        Number of items.

    Returns
    -------
    budgets : list of int
        The numbers, each once.
    """
    given = np.atleast_1d(np.asarray(n_anchors, dtype=object)).tolist()
    budgets = set()
    for budget in given:
        number: Any = 0 if budget is True or not isinstance(budget, Real) else budget
        share = not isinstance(budget, Integral) and 0 < number < 1
        if not share and not (isinstance(budget, Integral) and 1 <= number <= n_items):
            raise ValueError(
                f"n_anchors holds {budget!r}; expected integers from 1 to the number of items, "
                f"{n_items}, or shares between 0 and 1."
            )
        budgets.add(max(1, round(number * n_items)) if share else int(number))
    if not budgets:
        raise ValueError("n_anchors is empty. Give at least one number of anchors.")
    return sorted(budgets)


def check_baseline(baseline: str | None, named: dict[str, Any]) -> str:
    """Return the name of the baseline.

    Parameters
    ----------
    baseline : str or None
        What the user gave; None takes the first method.
    named : dict
        The methods.

    Returns
    -------
    baseline : str
        The name.
    """
    if baseline is None:
        return next(iter(named))
    if baseline not in named:
        raise ValueError(f"baseline={baseline!r} is not one of the methods: {', '.join(named)}.")
    return baseline


def check_splits(cv: Any, seed: int, X: Any, y: Array, groups: Any) -> list[Split]:
    """Return the splits, the same for all methods.

    Parameters
    ----------
    cv : int, splitter or iterable
        What the user gave.
    seed : int
        Seeds the splits of an int.
    X, y, groups : array-like
        Handed to the splitter.

    Returns
    -------
    splits : list of tuple of ndarray
        Rows of the source and of the target models of each split; disjoint, and not empty.
    """
    if isinstance(cv, Integral):
        if int(cv) < 1:
            raise ValueError(f"cv={cv} is not a number of splits; expected at least 1.")
        splitter = ShuffleSplit if groups is None else FamilyShuffleSplit
        cv = splitter(int(cv), test_size=_HELD_OUT, random_state=seed)
    splits = list(check_cv(cv).split(X, y, groups))
    if not splits:
        raise ValueError(f"cv={cv!r} gives no split.")
    return [
        (_rows("sources", sources, number, len(y)), _rows("targets", targets, number, len(y)))
        for number, (sources, targets) in enumerate(_disjoint(splits))
    ]


def _disjoint(splits: list[Any]) -> Iterator[Any]:
    for number, (sources, targets) in enumerate(splits):
        shared = np.intersect1d(_as_indices(sources), _as_indices(targets))
        if len(shared):
            raise ValueError(
                f"Split {number} of cv has {len(shared)} models on both sides, the first in row "
                f"{shared[0]}. A target model must not be a source too."
            )
        yield sources, targets


def _as_indices(side: Any) -> NDArray[Any]:
    rows = np.asarray(list(side) if isinstance(side, range) else side)
    return np.flatnonzero(rows) if rows.dtype.kind == "b" else rows


def _rows(what: str, side: Any, number: int, n_models: int) -> NDArray[np.intp]:
    rows = _as_indices(side)
    unique = len(np.unique(rows)) == len(rows) or what == "sources"
    if rows.ndim != 1 or rows.dtype.kind not in "iu" or not len(rows) or not unique:
        raise ValueError(
            f"The {what} of split {number} of cv are {side!r}; expected row numbers, at least "
            "one, and targets once each."
        )
    if rows.min() < 0 or rows.max() >= n_models:
        raise ValueError(
            f"The {what} of split {number} of cv run from row {rows.min()} to {rows.max()}, but X "
            f"has {n_models} models."
        )
    return rows.astype(np.intp)


def check_seed(random_state: Any, results_file: Any) -> int:
    """Return a number that all draws follow from.

    Parameters
    ----------
    random_state : int, RandomState or None
        What the user gave.
    results_file : str, Path or None
        A file needs a seed that is the same at the next call.

    Returns
    -------
    seed : int
        The number.
    """
    if isinstance(random_state, Integral) and int(random_state) >= 0:
        return int(random_state)
    if results_file is not None:
        raise ValueError(
            f"results_file={str(results_file)!r} needs an int of at least 0 as random_state, got "
            f"{random_state!r}: other seeds give other splits at the next call."
        )
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
