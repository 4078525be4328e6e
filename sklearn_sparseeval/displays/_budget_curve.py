"""Metrics against the number of anchors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._sklearn import StrOptions, check_parameters
from sklearn_sparseeval.displays._comparison_like import ComparisonLike
from sklearn_sparseeval.displays._legend import legend_below, wrapped
from sklearn_sparseeval.displays._matplotlib import FONT_SIZE, Sheet, make_sheet, set_labels
from sklearn_sparseeval.displays._metrics import (
    UNIT,
    direction_words,
    metric_factor,
    metric_label,
)
from sklearn_sparseeval.displays._selection import check_known
from sklearn_sparseeval.displays._styles import Style, method_styles

if TYPE_CHECKING:
    import pandas as pd

_SPREADS = {"standard_error": "standard_error", "standard_deviation": "sd"}
# Of the gap between neighbouring budgets, so that error bars do not cover each other.
_DODGE, _WIDEST = 0.03, 0.35


class BudgetCurveDisplay:
    """Error and rank correlation against the number of anchors, a line per method.

    It is recommended to make it with :meth:`from_comparison`.

    Parameters
    ----------
    curves : DataFrame
        One row per metric, method and number of anchors, with the columns of :meth:`frame`.
    methods : list of str
        All methods of the comparison, whether shown or not: a method looks the same in every
        picture of one comparison.
    greater_is_better : dict of str to bool
        For each metric, whether more of it is better.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure that was drawn on.
    axes_ : ndarray of matplotlib Axes
        One per metric.
    lines_ : dict of (str, str) to matplotlib Line2D
        The line of each metric and method.
    error_bars_ : dict of (str, str) to matplotlib LineCollection
        The spread of each metric and method.
    noise_ceilings_ : dict of str to matplotlib Line2D
        The noise ceiling of each metric that has one.
    legend_ : matplotlib Legend or None
        The legend.

    See Also
    --------
    ComparisonDisplay : Differences between methods, with intervals.

    Examples
    --------
    >>> from sklearn_sparseeval.comparison import compare_estimators
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> from sklearn_sparseeval.displays import BudgetCurveDisplay
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> comparison = compare_estimators(
    ...     ["random-mean", "sparse-ridge"], X, n_anchors=[10, 40], cv=3, random_state=0
    ... )
    >>> display = BudgetCurveDisplay.from_comparison(comparison)
    >>> display.frame()[["method", "n_anchors"]].drop_duplicates().shape
    (4, 2)
    >>> axes = display.plot().axes_
    """

    def __init__(
        self, *, curves: "pd.DataFrame", methods: Sequence[str], greater_is_better: dict[str, bool]
    ) -> None:
        self.curves = curves
        self.methods = methods
        self.greater_is_better = greater_is_better

    @classmethod
    @check_parameters(metrics=["array-like", str], methods=["array-like", None])
    def from_comparison(
        cls,
        comparison: ComparisonLike,
        *,
        metrics: str | Sequence[str] = ("mean_absolute_error", "kendall_tau"),
        methods: Sequence[str] | None = None,
    ) -> Self:
        """Take the curves from a comparison.

        Parameters
        ----------
        comparison : Comparison
            What :func:`~sklearn_sparseeval.comparison.compare_estimators` returned.
        metrics : str or sequence of str, default=("mean_absolute_error", "kendall_tau")
            Metrics of the comparison, a panel each.
        methods : sequence of str, default=None
            Methods to show; all by default.

        Returns
        -------
        display : BudgetCurveDisplay
            Data only; draw it with :meth:`plot`.

        Raises
        ------
        ValueError
            If a metric or method is not in the comparison.
        """
        rows = comparison.frame()
        asked = [metrics] if isinstance(metrics, str) else list(metrics)
        shown = check_known("metrics", asked, rows["metric"])
        every = list(dict.fromkeys(rows["method"]))
        chosen = check_known("methods", every if methods is None else list(methods), every)
        curves = _curves(rows, shown, chosen)
        curves["noise_ceiling"] = curves["metric"].map(
            {metric: _or_nan(comparison.noise_ceiling(metric)) for metric in shown}
        )
        return cls(
            curves=curves,
            methods=every,
            greater_is_better={name: bool(comparison.greater_is_better(name)) for name in shown},
        )

    def frame(self) -> "pd.DataFrame":
        """Return what is drawn.

        Returns
        -------
        frame : DataFrame
            Columns `metric`, `method`, `n_anchors`, `mean`, `sd` and `standard_error` over the
            splits with a value, `n_splits`, the number of those, `n_failed`, the number of splits
            in which the method failed, and `noise_ceiling` (NaN where there is none).
        """
        return self.curves.copy()

    @check_parameters(
        spread=[StrOptions(set(_SPREADS)), None],
        unit=UNIT,
        figsize=[tuple, None],
        legend=["boolean"],
        font_size=FONT_SIZE,
    )
    def plot(
        self,
        ax: Any = None,
        *,
        spread: str | None = "standard_error",
        unit: str = "points",
        legend: bool = True,
        figsize: tuple[float, float] | None = None,
        font_size: float | None = None,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            One per metric; a new figure by default.
        spread : {"standard_error", "standard_deviation"} or None, default="standard_error"
            Bars around the mean over the splits. The standard error is that of independent
            splits; whether two methods differ is what :class:`ComparisonDisplay` shows.
        unit : {"points", "score"}, default="points"
            Percentage points for errors of fractions, or errors as they are.
        legend : bool, default=True
            Whether to draw a legend, below. Behind a method that failed stands how often it did,
            over all its numbers of anchors: its means are over fewer splits than those of others.
        figsize : tuple of (float, float), default=None
            Width and height of a new figure in inches.
        font_size : float, default=None
            Size of the labels in points; matplotlib's by default. 8 suits a column of 3.3 inches.

        Returns
        -------
        self : BudgetCurveDisplay
            With what was drawn as attributes.
        """
        metrics = list(dict.fromkeys(self.curves["metric"]))
        sheet = make_sheet(
            f"{type(self).__name__}.plot", ax, metrics, figsize=figsize, font_size=font_size
        )
        self.figure_ = sheet.figure
        self.axes_ = np.array(sheet.axes, dtype=object)
        self.lines_: dict[tuple[str, str], Any] = {}
        self.error_bars_: dict[tuple[str, str], Any] = {}
        self.noise_ceilings_: dict[str, Any] = {}
        for panel, metric in zip(sheet.axes, metrics, strict=True):
            self._plot_metric(sheet, panel, metric, spread, unit)
        self.legend_ = self._plot_legend(sheet, spread) if legend else None
        _break_labels(sheet)
        return self

    def _plot_metric(
        self, sheet: Sheet, ax: Any, metric: str, spread: str | None, unit: str
    ) -> None:
        rows = self.curves[self.curves["metric"] == metric]
        factor = metric_factor(metric, unit)
        styles = method_styles(self.methods)
        methods = list(dict.fromkeys(rows["method"]))
        budgets = np.unique(rows["n_anchors"])
        for method, shift in zip(methods, _shifts(len(methods), budgets), strict=True):
            curve = rows[rows["method"] == method].sort_values("n_anchors")
            x = curve["n_anchors"].to_numpy() * shift
            y = factor * curve["mean"].to_numpy()
            self.lines_[metric, method] = _line(sheet, ax, x, y, styles[method])
            if spread is not None:
                bars = ax.errorbar(
                    x, y, factor * curve[_SPREADS[spread]].to_numpy(), fmt="none",
                    ecolor=styles[method].color, elinewidth=0.07 * sheet.font_size, alpha=0.5,
                    zorder=1.5,
                )  # fmt: skip
                self.error_bars_[metric, method] = bars.lines[2][0]
        ceiling = factor * rows["noise_ceiling"].iloc[0]
        if np.isfinite(ceiling):
            self.noise_ceilings_[metric] = ax.axhline(
                ceiling, color="0.35", linestyle=(0, (8, 3)), linewidth=0.1 * sheet.font_size,
                zorder=1,
            )  # fmt: skip
        if metric == "bias":
            ax.axhline(0, color="0.7", linewidth=0.1 * sheet.font_size, zorder=0.9)
        direction = direction_words(metric, self.greater_is_better[metric])
        label = f"{metric_label(metric, unit)}\n{direction}"
        set_labels(sheet, ax, x="number of anchors", y=label)
        ax.set_xscale("log")
        ax.set_xticks(budgets, [str(budget) for budget in budgets])
        ax.minorticks_off()
        ax.grid(axis="y", color="0.92", linewidth=0.08 * sheet.font_size)

    def _plot_legend(self, sheet: Sheet, spread: str | None) -> Any:
        # A failed split fails in every metric.
        failed = self.curves.groupby(["method", "metric"])["n_failed"].sum().groupby("method").max()
        lines = {
            _with_failures(method, failed[method]): line
            for (_, method), line in self.lines_.items()
        }
        if self.noise_ceilings_:
            lines["noise ceiling"] = next(iter(self.noise_ceilings_.values()))
        n_splits = int(self.curves["n_splits"].max())
        title = f"mean of {n_splits} splits"
        if spread is not None:
            title = f"mean and {spread.replace('_', ' ')} of {n_splits} splits"
        return legend_below(sheet, list(lines.values()), list(lines), title)


def _curves(rows: "pd.DataFrame", metrics: list[str], methods: list[str]) -> "pd.DataFrame":
    """Summarise the splits of each metric, method and number of anchors."""
    rows = rows[rows["metric"].isin(metrics) & rows["method"].isin(methods)]
    keys = ["metric", "method", "n_anchors"]
    grouped = rows.assign(failed=rows["error"].notna()).groupby(keys, sort=False)
    curves = grouped.agg(
        mean=("value", "mean"),
        sd=("value", "std"),
        n_splits=("value", "count"),
        n_failed=("failed", "sum"),
    ).reset_index()
    curves.insert(5, "standard_error", curves["sd"] / np.sqrt(curves["n_splits"]))
    places = {name: place for names in (metrics, methods) for place, name in enumerate(names)}
    return curves.sort_values(
        keys,
        key=lambda column: column if column.name == "n_anchors" else column.map(places),
        ignore_index=True,
    )


def _with_failures(method: str, n_failed: int) -> str:
    """Say of a method that is averaged over fewer splits than others that it is."""
    return f"{method} ({n_failed}\N{NO-BREAK SPACE}failed)" if n_failed else method


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _line(sheet: Sheet, ax: Any, x: Any, y: Any, style: Style) -> Any:
    (line,) = ax.plot(
        x, y, color=style.color, linestyle=style.linestyle, linewidth=0.12 * sheet.font_size,
        marker=style.marker, markersize=0.5 * sheet.font_size, markerfacecolor=style.facecolor,
        markeredgewidth=0.09 * sheet.font_size,
    )  # fmt: skip
    return line


def _break_labels(sheet: Sheet) -> None:
    """Break labels of the y axis that are longer than their panel is high."""
    if sheet.ours:
        sheet.figure.draw_without_rendering()  # only then is it known how high a panel is
    for ax in sheet.axes:
        height = 72 * ax.get_window_extent().height / sheet.figure.dpi
        name, _, direction = ax.get_ylabel().rpartition("\n")
        set_labels(sheet, ax, y=f"{wrapped(name, height, sheet.font_size)}\n{direction}")


def _shifts(n_methods: int, budgets: NDArray[Any]) -> NDArray[np.float64]:
    """Return by what each method's numbers of anchors are multiplied to stand side by side."""
    gap = np.log(1.5) if len(budgets) == 1 else float(np.diff(np.log(budgets)).min())
    half = 0.5 * gap * min(_DODGE * (n_methods - 1), _WIDEST)
    shifts: NDArray[np.float64] = np.exp(np.linspace(-half, half, n_methods))
    return shifts
