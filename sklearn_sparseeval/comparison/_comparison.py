"""The outcome of a comparison: tables of results, predictions, failures and differences."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata, t

from sklearn_sparseeval.comparison._run import JobResult
from sklearn_sparseeval.comparison._scoring import loss, shown_name, shown_value

if TYPE_CHECKING:
    import pandas as pd

Split = tuple[NDArray[np.intp], NDArray[np.intp]]

_KEYS = ["method", "n_anchors", "split"]


class Comparison:
    """Results of :func:`~sklearn_sparseeval.comparison.compare_estimators`.

    Made by that function; it has tables, not pictures: for those see
    :class:`~sklearn_sparseeval.displays.BudgetCurveDisplay` and its like.

    Parameters
    ----------
    results : list of JobResult
        One result per method, number of anchors and split.
    y : ndarray of shape (n_models,) or (n_models, n_tasks)
        Benchmark scores.
    splits : list of tuple of ndarray
        Rows of the source and of the target models of each split.
    scorers : list of str
        Names of the scorers.
    baseline : str
        The method that the others are compared with.
    groups : ndarray of shape (n_models,), default=None
        Family of each model.
    model_names : list, default=None
        Name of each model; row numbers by default.
    ceilings : dict of str to float, default=None
        What perfect knowledge of the models would score, by metric; see
        :func:`~sklearn_sparseeval.metrics.noise_ceiling`.

    Attributes
    ----------
    methods : list of str
        Names of the methods.
    n_anchors : list of int
        Numbers of anchors.
    metrics : list of str
        Names of the metrics.
    baseline : str
        The method that the others are compared with.
    splits : list of tuple of ndarray
        Rows of the source and of the target models of each split.

    See Also
    --------
    compare_estimators : Makes it.

    Examples
    --------
    >>> from sklearn_sparseeval.comparison import compare_estimators
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="mmlu", return_X_y=True)
    >>> comparison = compare_estimators(
    ...     ["random-mean", "sparse-ridge"], X, n_anchors=50, cv=5, random_state=0
    ... )
    >>> comparison
    Comparison of 2 methods, n_anchors [50], 5 splits; baseline 'random-mean'
    >>> table = comparison.summary("mean_absolute_error").set_index("method")
    >>> bool(table.loc["sparse-ridge", "difference"] < 0)
    True
    """

    def __init__(
        self,
        results: list[JobResult],
        *,
        y: NDArray[np.floating],
        splits: list[Split],
        scorers: list[str],
        baseline: str,
        groups: Any = None,
        model_names: list[Any] | None = None,
        ceilings: dict[str, float] | None = None,
    ) -> None:
        self.results = results
        self.methods = list(dict.fromkeys(result.method for result in results))
        self.n_anchors = sorted({result.n_anchors for result in results})
        self.metrics = [shown_name(name) for name in scorers]
        self.baseline = baseline
        self.splits = splits
        self._scorers = dict(zip(self.metrics, scorers, strict=True))
        self._y = y
        self._groups = groups
        self._model_names = model_names
        self._ceilings = ceilings or {}

    def __repr__(self) -> str:
        failed = sum(result.error is not None for result in self.results)
        return (
            f"Comparison of {len(self.methods)} methods, n_anchors {self.n_anchors}, "
            f"{len(self.splits)} splits; baseline {self.baseline!r}"
            + (f"; {failed} fits failed" if failed else "")
        )

    def frame(self) -> "pd.DataFrame":
        """Return every value, one row each.

        Returns
        -------
        frame : DataFrame
            Columns `method`, `n_anchors`, `split`, `metric`, `value` (NaN where the method
            failed or the metric is undefined), `fit_seconds`, `predict_seconds` and `error`
            (None, or what the method raised).
        """
        import pandas as pd

        rows = [
            {
                "method": result.method,
                "n_anchors": result.n_anchors,
                "split": result.split,
                "metric": metric,
                "value": shown_value(scorer, result.scores[scorer]),
                "fit_seconds": result.fit_seconds,
                "predict_seconds": result.predict_seconds,
                "error": result.error,
            }
            for result in self.results
            for metric, scorer in self._scorers.items()
        ]
        return pd.DataFrame(rows)

    def predictions(self) -> "pd.DataFrame":
        """Return every prediction, one row each.

        Returns
        -------
        frame : DataFrame
            Columns `method`, `n_anchors`, `split`, `model` (name, or row of `X`), `family` (None
            without `groups`), `y_true`, `y_pred`, and with several tasks `task`.
        """
        import pandas as pd

        tables = []
        columns: Any = ["method", "n_anchors", "split", "model", "family", "y_true", "y_pred"]
        for result in self.results:
            if result.predicted is None:
                continue
            rows = self.splits[result.split][1]
            true = self._y[rows].reshape(len(rows), -1)
            n_tasks = true.shape[1]
            rows = np.repeat(rows, n_tasks)
            columns = {
                "method": result.method,
                "n_anchors": result.n_anchors,
                "split": result.split,
                "model": rows
                if self._model_names is None
                else [self._model_names[i] for i in rows],
                "family": None if self._groups is None else self._groups[rows],
                "y_true": true.ravel(),
                "y_pred": np.ravel(result.predicted),
            }
            if self._y.ndim == 2:
                columns["task"] = np.tile(np.arange(n_tasks), len(true))
            tables.append(pd.DataFrame(columns))
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)

    def failures(self) -> "pd.DataFrame":
        """Return what failed.

        Returns
        -------
        frame : DataFrame
            Columns `method`, `n_anchors`, `split` and `error`; empty where nothing failed.
        """
        import pandas as pd

        rows = [
            (result.method, result.n_anchors, result.split, result.error)
            for result in self.results
            if result.error is not None
        ]
        return pd.DataFrame(rows, columns=[*_KEYS, "error"])

    def summary(
        self,
        metric: str = "mean_absolute_error",
        *,
        baseline: str | None = None,
        confidence_level: float = 0.95,
    ) -> "pd.DataFrame":
        """Return one row per method and number of anchors, with differences to a baseline.

        Parameters
        ----------
        metric : str, default="mean_absolute_error"
            One of ``metrics``.
        baseline : str, default=None
            The method that the others are compared with; ``self.baseline`` by default.
        confidence_level : float, default=0.95
            Of the intervals; between 0 and 1.

        Returns
        -------
        frame : DataFrame
            - `method`, `n_anchors`;
            - `mean`, `sd`: of the metric over the splits;
            - `difference`, `difference_low`, `difference_high`: mean paired difference to the
              baseline (of the size of the bias, for "bias") and its confidence interval by the
              corrected resampled t-test [1]_, which respects that the splits share source models;
              NaN for the baseline itself. An interval without 0 is a difference that another set
              of splits would show too;
            - `average_rank`: mean rank among the methods, 1 = best; a failure is last;
            - `wins`: splits in which no method is better;
            - `n_splits`, `n_failed`: splits with a value, and splits in which the method failed.
              Where the two methods of a difference lack different splits, only those count that
              both have;
            - `fit_seconds`, `predict_seconds`: means.

            ``frame.attrs`` holds `metric`, `baseline` and `confidence_level`.

        Raises
        ------
        ValueError
            If `metric` or `baseline` is not known, or `confidence_level` not between 0 and 1.

        References
        ----------
        .. [1] C. Nadeau and Y. Bengio (2003). Inference for the Generalization Error. Machine
           Learning 52, section 3, equation 9.
        """
        import pandas as pd

        baseline = self.baseline if baseline is None else baseline
        _check_among(metric, self.metrics, "metric")
        _check_among(baseline, self.methods, "baseline")
        if not 0 < confidence_level < 1:
            raise ValueError(
                f"confidence_level={confidence_level!r} is not between 0 and 1; 0.95 is usual."
            )
        tables = [self._summary_of(metric, k, baseline, confidence_level) for k in self.n_anchors]
        frame = pd.concat(tables, ignore_index=True)
        frame.attrs |= {
            "metric": metric, "baseline": baseline, "confidence_level": confidence_level
        }  # fmt: skip
        return frame

    def best(self, metric: str = "mean_absolute_error", *, n_anchors: int | None = None) -> str:
        """Return the method with the best mean among those that never failed.

        Parameters
        ----------
        metric : str, default="mean_absolute_error"
            One of ``metrics``.
        n_anchors : int, default=None
            One of ``n_anchors``; the largest by default.

        Returns
        -------
        method : str
            Its name. Whether its lead is more than chance is what :meth:`summary` says.

        Raises
        ------
        ValueError
            If `metric` or `n_anchors` is not known, every method failed somewhere, or the metric
            is undefined.
        """
        k = self.n_anchors[-1] if n_anchors is None else n_anchors
        _check_among(k, self.n_anchors, "n_anchors")
        table = self.summary(metric)
        table = table[(table["n_anchors"] == k) & (table["n_failed"] == 0) & table["mean"].notna()]
        if table.empty:
            raise ValueError(
                f"With n_anchors={k} every method failed in some split, or {metric} is undefined. "
                "See failures()."
            )
        losses = loss(self._scorers[metric], table["mean"].to_numpy())
        return str(table["method"].iloc[int(losses.argmin())])

    def greater_is_better(self, metric: str) -> bool:
        """Return whether more of a metric is better.

        Parameters
        ----------
        metric : str
            One of ``metrics``.

        Returns
        -------
        greater_is_better : bool
            False for errors; for "bias" too, of which the size counts.

        Raises
        ------
        ValueError
            If `metric` is not known.
        """
        _check_among(metric, self.metrics, "metric")
        return float(loss(self._scorers[metric], np.ones(1))[0]) < 0

    def noise_ceiling(self, metric: str) -> float | None:
        """Return what perfect knowledge of the models would score on this finite benchmark.

        Parameters
        ----------
        metric : str
            One of ``metrics``.

        Returns
        -------
        ceiling : float or None
            Mean over the splits of :func:`~sklearn_sparseeval.metrics.noise_ceiling`; None where
            it is not defined, as for scores `y` that are not row means. No method is bound
            by it, since what is predicted is the score on these very items; it says from where on
            a smaller error tells nothing about the ability of a model.

        Raises
        ------
        ValueError
            If `metric` is not known.
        """
        _check_among(metric, self.metrics, "metric")
        return self._ceilings.get(metric)

    def _summary_of(
        self, metric: str, n_anchors: int, baseline: str, confidence_level: float
    ) -> "pd.DataFrame":
        import pandas as pd

        scorer = self._scorers[metric]
        shape = (len(self.methods), len(self.splits))
        values, seconds = np.full(shape, np.nan), np.full((2, *shape), np.nan)
        failed = np.zeros(shape, dtype=bool)
        for result in self.results:
            if result.n_anchors == n_anchors:
                cell = self.methods.index(result.method), result.split
                values[cell] = shown_value(scorer, result.scores[scorer])
                seconds[:, *cell] = result.fit_seconds, result.predict_seconds
                failed[cell] = result.error is not None
        losses = loss(scorer, values)
        compared = np.abs(values) if metric == "bias" else values
        ratios = np.array([len(targets) / len(sources) for sources, targets in self.splits])
        reference = self.methods.index(baseline)
        differences = [
            corrected_difference(
                row - compared[reference] if i != reference else [],
                ratios if i != reference else [],
                confidence_level,
            )
            for i, row in enumerate(compared)
        ]
        mean, sd = (_over_splits(function, values) for function in (np.mean, _sd))
        columns = {
            "method": self.methods,
            "n_anchors": n_anchors,
            "mean": mean,
            "sd": sd,
            "difference": [d.mean for d in differences],
            "difference_low": [d.low for d in differences],
            "difference_high": [d.high for d in differences],
            "average_rank": ranks(losses).mean(axis=1),
            "wins": best(losses).sum(axis=1),
            "n_splits": (~np.isnan(values)).sum(axis=1),
            "n_failed": failed.sum(axis=1),
            "fit_seconds": _over_splits(np.mean, seconds[0]),
            "predict_seconds": _over_splits(np.mean, seconds[1]),
        }
        return pd.DataFrame(columns)


def _sd(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def _over_splits(function: Any, values: NDArray[np.float64]) -> list[float]:
    """Apply a function to what each method has; NaN where it has nothing."""
    known = [row[~np.isnan(row)] for row in values]
    return [float(function(row)) if len(row) else float("nan") for row in known]


def _check_among(value: Any, known: list[Any], name: str) -> None:
    if value not in known:
        raise ValueError(
            f"{name}={value!r} is not in this comparison; it has {', '.join(map(str, known))}."
        )


class PairedDifference(NamedTuple):
    """A mean difference and its confidence interval."""

    mean: float
    low: float
    high: float


def corrected_difference(
    differences: ArrayLike, target_ratios: ArrayLike, confidence_level: float
) -> PairedDifference:
    r"""Mean of paired differences with an interval that respects overlapping source models.

    The results of the splits are not independent, since the splits share most of their source
    models; a plain t interval is far too short. With :math:`J` differences of variance
    :math:`s^2`, the corrected standard error is

    .. math:: s \sqrt{\frac1J + \frac{n_\mathrm{targets}}{n_\mathrm{sources}}}

    Parameters
    ----------
    differences : array-like of shape (n_splits,)
        Differences between two methods, one per split; NaN where one of them has none.
    target_ratios : array-like of shape (n_splits,)
        Number of target models divided by that of source models in each split.
    confidence_level : float
        Between 0 and 1.

    Returns
    -------
    difference : PairedDifference
        All NaN without a difference; the bounds NaN with only one.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio (2003). Inference for the Generalization Error. Machine
       Learning 52, section 3, equation 9 (the corrected resampled t-test).
    """
    values = np.asarray(differences, dtype=np.float64)
    known = ~np.isnan(values)
    values, ratios = values[known], np.asarray(target_ratios, dtype=np.float64)[known]
    if not len(values):
        return PairedDifference(np.nan, np.nan, np.nan)
    mean = float(values.mean())
    if len(values) == 1:
        return PairedDifference(mean, np.nan, np.nan)
    error = values.std(ddof=1) * np.sqrt(1 / len(values) + ratios.mean())
    margin = float(t.ppf((1 + confidence_level) / 2, len(values) - 1) * error)
    return PairedDifference(mean, mean - margin, mean + margin)


def ranks(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank the methods in each split, 1 = least loss; ties share, failures share the last places.

    Parameters
    ----------
    losses : ndarray of shape (n_methods, n_splits)
        Losses; NaN where a method has none.

    Returns
    -------
    ranks : ndarray of shape (n_methods, n_splits)
        The ranks.
    """
    found: NDArray[np.float64] = rankdata(np.where(np.isnan(losses), np.inf, losses), axis=0)
    return found


def best(losses: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark in each split the methods of which none has less loss.

    Parameters
    ----------
    losses : ndarray of shape (n_methods, n_splits)
        Losses; NaN where a method has none.

    Returns
    -------
    best : ndarray of shape (n_methods, n_splits)
        The marks.
    """
    known = np.where(np.isnan(losses), np.inf, losses)
    marks: NDArray[np.bool_] = (known == known.min(axis=0)) & np.isfinite(known)
    return marks
