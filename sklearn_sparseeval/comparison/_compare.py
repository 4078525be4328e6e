"""Many methods, one protocol, one table."""

import pickle
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from numbers import Integral, Real
from typing import Any

import joblib
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import ShuffleSplit, check_cv
from sklearn.utils import check_array, check_random_state
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from sklearn_sparseeval._methods import methods as registered_methods
from sklearn_sparseeval._sklearn import _num_samples
from sklearn_sparseeval.comparison._comparison import Comparison
from sklearn_sparseeval.comparison._results_file import ResultsFile
from sklearn_sparseeval.comparison._run import Job, JobResult, run_job
from sklearn_sparseeval.comparison._scoring import ceilings, check_scorers, shown_name
from sklearn_sparseeval.splitters import FamilyShuffleSplit

Array = NDArray[np.floating]
Split = tuple[NDArray[np.intp], NDArray[np.intp]]

_HELD_OUT = 0.25


def compare_estimators(
    estimators: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    cv: Any = 20,
    groups: ArrayLike | None = None,
    n_anchors: int | float | Iterable[int | float] = (20, 50, 100),
    scoring: Any = None,
    baseline: str | None = None,
    n_jobs: int | None = None,
    random_state: Any = None,
    results_file: Any = None,
    progress: bool | None = None,
) -> Comparison:
    """Compare methods under one protocol: same splits, same budgets, nothing leaks.

    Every method is refitted, selection included, on the source models of every split, and then
    sees of the target models the results on its own anchors and nothing else: every other cell is
    hidden before `predict`.

    Parameters
    ----------
    estimators : dict of str to estimator or callable, or list of str
        The methods by name. An estimator has a parameter `n_anchors`, its own or of one of its
        parts (a pipeline with a selector, an :class:`~sklearn_sparseeval.AnchoredRegressor`),
        and is cloned; a callable makes one: ``function(n_anchors=50)``. A list names methods of
        :func:`sklearn_sparseeval.methods`.
    X : array-like or DataFrame of shape (n_models, n_items)
        Score matrix; NaN = not evaluated. The index of a pandas frame names the models.
    y : array-like of shape (n_models,) or (n_models, n_tasks), default=None
        Benchmark scores. By default the mean of each model's evaluated items.
    cv : int, splitter or iterable of (sources, targets), default=20
        The splits over models, the same for all methods. An int is the number of random splits
        that hold out a quarter of the models, whole families of them where `groups` is given
        (:class:`~sklearn_sparseeval.splitters.FamilyShuffleSplit`).
    groups : array-like of shape (n_models,), default=None
        Family of each model, for splitters that take `groups`; shown in predictions.
    n_anchors : int, float or iterable of those, default=(20, 50, 100)
        The budgets. A float between 0 and 1 is a share of the items.
    scoring : str, list of str, or dict of str to scorer, default=None
        Metrics: names of :func:`~sklearn_sparseeval.metrics.get_scorers` or of scikit-learn, or
        scorers by name. The table shows a scorer "neg_x" as "x", with its sign turned. By
        default mean, root mean squared, 95th percentile and largest absolute error, bias,
        Kendall's tau, pairwise accuracy and the regret of the top pick.
    baseline : str, default=None
        The method that the others are compared with; the first by default.
    n_jobs : int, default=None
        Number of jobs; a job is one fit. None means 1 unless in a
        :func:`joblib.parallel_config` context, which may name "dask" or "ray" to use a cluster.
    random_state : int, RandomState instance or None, default=None
        Seeds the splits where `cv` is an int, and every `random_state` of the methods that is
        None. Within a split all methods get the same seed, so that those which draw items
        draw the same ones.
    results_file : str or Path, default=None
        A file that keeps each result as it arrives. Called again with the same arguments, after
        an interruption or with more methods or budgets, what is in the file is not run again,
        except what failed. Needs an int as `random_state`.
    progress : bool, default=None
        Whether to show a progress bar on stderr; None shows it in a terminal.

    Returns
    -------
    comparison : Comparison
        All results: :meth:`Comparison.frame`, :meth:`Comparison.summary`,
        :meth:`Comparison.predictions`, :meth:`Comparison.failures`.

    Raises
    ------
    ImportError
        If pandas is not installed.
    ValueError
        If the arguments do not fit together, or `results_file` is of another comparison.

    Warns
    -----
    UserWarning
        If a method failed, with its first error. Failures are never fatal and never hidden: they
        are counted in every summary and listed by :meth:`Comparison.failures`.

    See Also
    --------
    sklearn.model_selection.cross_validate : One estimator, no budget.
    sklearn_sparseeval.methods : Methods by name.

    Notes
    -----
    A fitted method that reads more items than `n_anchors` has failed. One in which no part
    chooses items (``anchors_`` or ``get_support``) gets rows without any result: a constant
    prediction works, anything else is no method for a budget. Parts that do not take NaN get the
    item's mean over the source models in place of a hidden cell.

    Every job computes on one thread, so results do not depend on `n_jobs`.

    Examples
    --------
    >>> from sklearn_sparseeval.comparison import compare_estimators
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> data = load_helm_lite(task="commonsense")
    >>> comparison = compare_estimators(
    ...     ["random-mean", "sparse-ridge"], data.data, groups=data.families,
    ...     n_anchors=[20, 50], cv=4, random_state=0,
    ... )
    >>> comparison.frame().shape  # 2 methods x 2 budgets x 4 splits x 8 metrics
    (64, 8)
    >>> comparison.best(n_anchors=50)
    'sparse-ridge'
    """
    _check_pandas()
    named = _check_methods(estimators)
    data, target, groups = _check_data(X, y, groups)
    budgets = _check_budgets(n_anchors, data.shape[1])
    scorers = check_scorers(scoring)
    baseline = _check_baseline(baseline, named)
    seed = _check_seed(random_state, results_file)
    splits = _splits(cv, seed, data, target, groups)
    known = _open_results(results_file, named, (data, target), splits, scorers, seed)
    jobs = [
        Job(name, k, split, _job_seed(seed, split, k))
        for split in range(len(splits))
        for k in budgets
        for name in named
    ]
    waiting = [job for job in jobs if job[:3] not in known.results]
    arriving = _run(waiting, named, (data, target), splits, scorers, n_jobs)
    for result in _with_bar(arriving, len(jobs), len(waiting), progress):
        known.add(result)
    means_of_rows = target.ndim == 1 and np.allclose(target, _row_means(data))
    comparison = Comparison(
        [known.results[job[:3]] for job in jobs],
        y=target,
        splits=splits,
        scorers=list(scorers),
        baseline=baseline,
        groups=groups,
        model_names=list(X.index) if hasattr(X, "iloc") else None,
        ceilings=ceilings(data, splits, map(shown_name, scorers)) if means_of_rows else {},
    )
    _warn_of_failures(comparison)
    return comparison


def _open_results(
    path: Any,
    named: dict[str, Any],
    data: tuple[Any, Array],
    splits: list[Split],
    scorers: dict[str, Any],
    seed: int,
) -> ResultsFile:
    """Read the results that are there, if they are those of the same comparison."""
    header = {
        "scores": joblib.hash(np.asarray(data[0], dtype=np.float64)),
        "target": joblib.hash(data[1]),
        "splits": joblib.hash(splits),
        "scoring": joblib.hash(sorted(scorers)),
        "random_state": str(seed),
    }
    return ResultsFile(path, header, {name: _fingerprint(m) for name, m in named.items()})


def _with_bar(
    results: Iterator[JobResult], n_jobs: int, n_waiting: int, progress: bool | None
) -> Iterator[JobResult]:
    hidden = None if progress is None else not progress  # None: where there is no terminal
    done = n_jobs - n_waiting
    with tqdm(total=n_jobs, initial=done, desc="compare", unit="fit", disable=hidden) as bar:
        for result in results:
            yield result
            bar.update()


def _run(
    jobs: list[Job],
    named: dict[str, Any],
    data: tuple[Any, Array],
    splits: list[Split],
    scorers: dict[str, Any],
    n_jobs: int | None,
) -> Iterator[JobResult]:
    calls = (
        delayed(run_job)(job, named[job.method], data, splits[job.split], scorers) for job in jobs
    )
    # Beside the limit within each job: jobs in threads of this process would undo each other's.
    with threadpool_limits(1):
        try:
            parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        except ValueError:  # backends that only return all at once, such as ray's
            yield from Parallel(n_jobs=n_jobs)(calls)
        else:
            yield from parallel(calls)


def _check_pandas() -> None:
    if find_spec("pandas") is None:
        raise ImportError(
            "compare_estimators makes its tables with pandas, which is not installed. Install it "
            "with pip install 'sklearn-sparseeval[compare]'."
        )


def _check_methods(estimators: Any) -> dict[str, Any]:
    if isinstance(estimators, str):
        estimators = [estimators]
    if not isinstance(estimators, Mapping):
        registered = registered_methods()
        unknown = [name for name in estimators if name not in registered]
        if unknown:
            raise ValueError(
                f"There is no registered method {unknown[0]!r}; there are "
                f"{', '.join(registered)}. Pass estimators of your own as a dict of names."
            )
        estimators = {name: registered[name] for name in estimators}
    if not estimators:
        raise ValueError("estimators is empty. Name at least one method.")
    for name, method in estimators.items():
        if not (hasattr(method, "fit") and hasattr(method, "get_params")) and not callable(method):
            raise TypeError(
                f"The method {name!r} is a {type(method).__name__}, neither an estimator nor a "
                "function that makes one."
            )
        if isinstance(method, type):
            raise TypeError(
                f"The method {name!r} is the class {method.__name__}; pass an instance, "
                f"{method.__name__}()."
            )
    return dict(estimators)


def _check_data(X: Any, y: ArrayLike | None, groups: Any) -> tuple[Any, Array, Any]:
    values = check_array(
        X, dtype="numeric", ensure_all_finite="allow-nan", ensure_min_samples=2, input_name="X"
    )
    data = X if hasattr(X, "columns") else values
    if y is None:
        empty = np.flatnonzero(np.isnan(np.asarray(values, dtype=np.float64)).all(axis=1))
        if len(empty):
            raise ValueError(
                f"{len(empty)} models have no result at all, the first in row {empty[0]} of X, "
                "and so no benchmark score. Remove them, or give y."
            )
        target: Array = _row_means(values)
    else:
        target = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    for name, given in {"y": target, "groups": groups}.items():
        if given is not None and _num_samples(given) != len(values):
            raise ValueError(
                f"{name} has {_num_samples(given)} entries for the {len(values)} models of X; "
                "expected one per model."
            )
    return data, target, None if groups is None else np.asarray(groups)


def _row_means(X: Any) -> Array:
    means: Array = np.nanmean(np.asarray(X, dtype=np.float64), axis=1)
    return means


def _check_budgets(n_anchors: Any, n_items: int) -> list[int]:
    given: list[Any] = [n_anchors] if isinstance(n_anchors, Real) else list(n_anchors)
    budgets = set()
    for budget in given:
        number: Any = budget if isinstance(budget, Real) else np.nan
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


def _check_baseline(baseline: str | None, named: dict[str, Any]) -> str:
    if baseline is None:
        return next(iter(named))
    if baseline not in named:
        raise ValueError(f"baseline={baseline!r} is none of the methods: {', '.join(named)}.")
    return baseline


def _splits(cv: Any, seed: int, X: Any, y: Array, groups: Any) -> list[Split]:
    if isinstance(cv, Integral):
        if int(cv) < 1:
            raise ValueError(f"cv={cv} is not a number of splits; expected at least 1.")
        splitter = ShuffleSplit if groups is None else FamilyShuffleSplit
        cv = splitter(int(cv), test_size=_HELD_OUT, random_state=seed)
    splits = list(check_cv(cv).split(X, y, groups))
    if not splits:
        raise ValueError(f"cv={cv!r} gives no split.")
    return [(np.asarray(sources), np.asarray(targets)) for sources, targets in splits]


def _check_seed(random_state: Any, results_file: Any) -> int:
    if isinstance(random_state, Integral) and int(random_state) >= 0:
        return int(random_state)
    if results_file is not None:
        raise ValueError(
            f"results_file={str(results_file)!r} needs an int of at least 0 as random_state, got "
            f"{random_state!r}: other seeds give other splits at the next call."
        )
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def _job_seed(seed: int, split: int, n_anchors: int) -> int:
    state = np.random.SeedSequence([seed, split, n_anchors]).generate_state(1)
    return int(state[0]) // 2  # scikit-learn's seeds are below 2**31 on every platform


def _fingerprint(method: Any) -> str:
    """Tell methods of other parameters apart, from one session to the next."""
    made = method if hasattr(method, "fit") else method(n_anchors=1)
    try:
        return str(joblib.hash((type(made).__qualname__, made.get_params())))
    except (pickle.PicklingError, AttributeError, TypeError):  # a lambda among the parameters
        return re.sub(r" at 0x[0-9a-f]+", "", made.__repr__(N_CHAR_MAX=10**6))


def _warn_of_failures(comparison: Comparison) -> None:
    failures = comparison.failures()
    for method, rows in failures.groupby("method", sort=False):
        warnings.warn(
            f"{method!r} failed in {len(rows)} of {comparison.n_jobs_per_method} fits; the first "
            f"error: {rows['error'].iloc[0]}. See failures() of the comparison.",
            stacklevel=3,
        )
