"""Many methods, one protocol, one table."""

import pickle
import warnings
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import joblib
import numpy as np
import sklearn
from numpy.typing import ArrayLike, NDArray
from tqdm.auto import tqdm

from sklearn_sparseeval._optional import check_installed
from sklearn_sparseeval._parallel import results_of
from sklearn_sparseeval._version import __version__
from sklearn_sparseeval.comparison._arguments import (
    check_baseline,
    check_budgets,
    check_data,
    check_methods,
    check_seed,
    check_splits,
)
from sklearn_sparseeval.comparison._budget import prepared
from sklearn_sparseeval.comparison._comparison import Comparison
from sklearn_sparseeval.comparison._results_file import ResultsFile
from sklearn_sparseeval.comparison._run import Job, JobResult, run_job
from sklearn_sparseeval.comparison._scoring import ceilings, check_scorers, shown_name
from sklearn_sparseeval.numerics.missing import row_means
from sklearn_sparseeval.numerics.threads import one_thread

Array = NDArray[np.floating]
Split = tuple[NDArray[np.intp], NDArray[np.intp]]


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
    alignment: Literal["common", "all"] | None = None,
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
        :func:`sklearn_sparseeval.get_methods`.
    X : array-like, DataFrame or ScoreMatrix of shape (n_models, n_items)
        Score matrix; NaN = not evaluated. The index of a pandas frame names the models.
    y : array-like of shape (n_models,) or (n_models, n_tasks), default=None
        Benchmark scores. By default the overall score of a ScoreMatrix, else the mean of each
        model's evaluated items.
    cv : int, splitter or iterable of (sources, targets), default=20
        The splits over models, the same for all methods. An int is the number of random splits
        that hold out a quarter of the models, whole families of them where `groups` is given
        (:class:`~sklearn_sparseeval.splitters.FamilyShuffleSplit`).
    groups : array-like of shape (n_models,), default=None
        Family of each model, for splitters that take `groups`; shown in predictions. By default
        those of a ScoreMatrix, if it knows them.
    n_anchors : int, float or iterable of those, default=(20, 50, 100)
        The budgets. A float between 0 and 1 is a share of the items.
    scoring : str, list of str, or dict of str to scorer, default=None
        Metrics: names of :func:`~sklearn_sparseeval.metrics.get_scorers` or of scikit-learn, or
        scorers by name. The table shows a scorer "neg_x" as "x", with its sign turned. By
        default mean, root mean squared, 95th percentile and largest absolute error, bias,
        Kendall's tau, pairwise accuracy and the regret of the top pick.
    baseline : str, default=None
        The method that the others are compared with; the first by default.
    alignment : {"common", "all"}, default=None
        What to do where results are missing and `y` is not given, so that benchmark scores would
        be means over different items: "common" keeps the items that all models have, "all"
        takes the mean of what each has, None refuses.
    n_jobs : int, default=None
        Number of jobs; a job is one fit. None means 1 unless in a
        :func:`joblib.parallel_config` context, which may name "dask" or "ray" to use a cluster.
    random_state : int, RandomState instance or None, default=None
        Seeds the splits where `cv` is an int, and every parameter `random_state` of the methods
        that is None (not those of splitters, or of estimators in a `param_grid`). Within a split
        all methods get the same seed, so that those which draw items draw the same ones.
    results_file : str or Path, default=None
        A file that keeps each result as it arrives. Called again with the same arguments, after
        an interruption or with more methods or budgets, what is in the file is not run again,
        except what failed. Needs an int as `random_state`, and methods without lambdas in them.
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
        If the arguments do not fit together, results are missing and neither `y` nor `alignment`
        is given, or `results_file` is of another comparison.

    Warns
    -----
    UserWarning
        If a method failed, with its first error. Failures are never fatal and never hidden: they
        are counted in every summary and listed by :meth:`Comparison.failures`.

    See Also
    --------
    sklearn.model_selection.cross_validate : One estimator, no budget.
    sklearn_sparseeval.get_methods : Methods by name.

    Notes
    -----
    A fitted method that reads more items than `n_anchors` has failed; it may read fewer. One
    without a budget, in which no part chooses items (``anchors_`` or ``get_support``), gets rows
    without any result: a constant prediction works, anything else is not a method for a budget.
    Parts that do not take NaN get the item's mean over the source models in place of a hidden
    cell.

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
    (128, 8)
    >>> comparison.best(n_anchors=50)
    'sparse-ridge'
    """
    check_installed("pandas", purpose="compare_estimators")
    named = check_methods(estimators)
    data, target, groups = check_data(X, y, groups, alignment)
    budgets = check_budgets(n_anchors, data.shape[1])
    scorers = check_scorers(scoring)
    baseline = check_baseline(baseline, named)
    seed = check_seed(random_state, results_file)
    splits = check_splits(cv, seed, data, target, groups)
    jobs = [
        Job(name, k, split, _job_seed(seed, split, k))
        for split in range(len(splits))
        for k in budgets
        for name in named
    ]
    kept = _results_file(results_file, named, budgets, (data, target), splits, scorers, seed)
    with kept as known:
        waiting = [job for job in jobs if job[:3] not in known.results]
        arriving = _run(waiting, named, (data, target), splits, scorers, n_jobs)
        for result in _with_bar(arriving, len(jobs), len(waiting), progress):
            known.add(result)
    own_means = row_means(np.asarray(data, dtype=np.float64))
    means_of_rows = target.ndim == 1 and np.allclose(target, own_means, equal_nan=True)
    comparison = Comparison(
        [known.results[job[:3]] for job in jobs],
        y=target,
        splits=splits,
        scorers=list(scorers),
        baseline=baseline,
        groups=groups,
        model_names=list(data.index) if hasattr(data, "iloc") else None,
        ceilings=ceilings(data, splits, map(shown_name, scorers)) if means_of_rows else {},
    )
    _warn_of_failures(comparison)
    return comparison


def _results_file(
    path: Any,
    named: dict[str, Any],
    budgets: list[int],
    data: tuple[Any, Array],
    splits: list[Split],
    scorers: dict[str, Any],
    seed: int,
) -> ResultsFile:
    """Say what the results of the file must have in common with these."""
    if path is None:
        return ResultsFile(None, {}, {})
    header = {
        "versions": f"sklearn_sparseeval {__version__}, scikit-learn {sklearn.__version__}",
        "scores": joblib.hash(np.ascontiguousarray(data[0], dtype=np.float64)),
        "target": joblib.hash(np.ascontiguousarray(data[1])),
        "splits": joblib.hash(splits),
        "scoring": _fingerprint("scoring", scorers),
        "random_state": str(seed),
    }
    methods = {
        (name, k): _fingerprint(f"the method {name!r}", prepared(method, name, k, seed=0))
        for name, method in named.items()
        for k in budgets
    }
    return ResultsFile(path, header, methods, scorers)


def _fingerprint(what: str, content: Any) -> str:
    """Tell things apart, from one session to the next."""
    try:
        return str(joblib.hash(content))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            f"results_file cannot be used, since {what} holds something that cannot be told from "
            f"others later, such as a lambda: {error}. Use functions and classes of a module."
        ) from error


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
    calls = ((run_job, (job, named[job.method], data, splits[job.split], scorers)) for job in jobs)
    # Beside the limit within each job: jobs in threads of this process would undo each other's.
    with one_thread():
        try:
            with results_of(calls, n_jobs=n_jobs, ordered=False) as results:
                yield from results
        except pickle.PicklingError as error:
            raise TypeError(
                f"A method cannot be sent to other processes: {error.__cause__ or error}. Define "
                "its classes in a module, or leave n_jobs at 1."
            ) from error


def _job_seed(seed: int, split: int, n_anchors: int) -> int:
    state = np.random.SeedSequence([seed, split, n_anchors]).generate_state(1)
    return int(state[0]) // 2  # scikit-learn's seeds are below 2**31 on every platform


def _warn_of_failures(comparison: Comparison) -> None:
    failures = comparison.failures()
    n_fits = len(comparison.n_anchors) * len(comparison.splits)
    for method, rows in failures.groupby("method", sort=False):
        warnings.warn(
            f"{method!r} failed in {len(rows)} of {n_fits} fits; the first "
            f"error: {rows['error'].iloc[0]}. See failures() of the comparison.",
            stacklevel=3,
        )
