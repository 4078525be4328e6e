"""Paired differences between methods."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sklearn_sparseeval._sklearn import check_parameters
from sklearn_sparseeval.displays._comparison_like import ComparisonLike
from sklearn_sparseeval.displays._legend import wrapped
from sklearn_sparseeval.displays._matplotlib import FONT_SIZE, Sheet, make_sheet, set_labels
from sklearn_sparseeval.displays._metrics import UNIT, metric_factor, metric_label
from sklearn_sparseeval.displays._selection import check_known
from sklearn_sparseeval.displays._styles import method_styles

if TYPE_CHECKING:
    import pandas as pd

_LINES_PER_METHOD = 1.9  # height of a row, in units of the font size
_LINES_PER_BREAK = 0.5  # what each further line of the longest name adds to all rows
_LINES_AROUND = 7.0  # title, ticks and label
_NAMES_WIDTH = 0.4  # of the figure, or long names leave no room for the intervals


class ComparisonDisplay:
    """Differences of methods to a baseline, each with its confidence interval.

    It is recommended to make it with :meth:`from_comparison`.

    Parameters
    ----------
    differences : DataFrame
        One row per method and number of anchors, with the columns of :meth:`frame`.
    methods : list of str
        All methods of the comparison: a method looks the same in every picture of it.
    metric : str
        The metric.
    baseline : str
        The method that the others are compared with.
    confidence_level : float
        Of the intervals.
    greater_is_better : bool
        Whether more of the metric is better.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure that was drawn on.
    axes_ : ndarray of matplotlib Axes
        One per number of anchors.
    points_ : dict of (int, str) to matplotlib Line2D
        The difference of each number of anchors and method.

    See Also
    --------
    BudgetCurveDisplay : The metrics themselves.

    Examples
    --------
    >>> from sklearn_sparseeval.comparison import compare_estimators
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> from sklearn_sparseeval.displays import ComparisonDisplay
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> comparison = compare_estimators(
    ...     ["random-mean", "random-ridge", "sparse-ridge"], X, n_anchors=40, cv=5, random_state=0
    ... )
    >>> display = ComparisonDisplay.from_comparison(comparison)
    >>> sorted(display.frame()["method"])
    ['random-ridge', 'sparse-ridge']
    >>> axes = display.plot().axes_
    """

    def __init__(
        self,
        *,
        differences: "pd.DataFrame",
        methods: Sequence[str],
        metric: str,
        baseline: str,
        confidence_level: float,
        greater_is_better: bool,
    ) -> None:
        self.differences = differences
        self.methods = methods
        self.metric = metric
        self.baseline = baseline
        self.confidence_level = confidence_level
        self.greater_is_better = greater_is_better

    @classmethod
    def from_comparison(
        cls,
        comparison: ComparisonLike,
        *,
        metric: str = "mean_absolute_error",
        baseline: str | None = None,
        n_anchors: int | Sequence[int] | None = None,
        confidence_level: float = 0.95,
    ) -> Self:
        """Take the differences from a comparison.

        Parameters
        ----------
        comparison : Comparison
            What :func:`~sklearn_sparseeval.comparison.compare_estimators` returned.
        metric : str, default="mean_absolute_error"
            A metric of the comparison.
        baseline : str, default=None
            The method that the others are compared with; that of the comparison by default.
        n_anchors : int or sequence of int, default=None
            Numbers of anchors, a panel each; all by default.
        confidence_level : float, default=0.95
            Of the intervals; between 0 and 1.

        Returns
        -------
        display : ComparisonDisplay
            Data only; draw it with :meth:`plot`.

        Raises
        ------
        ValueError
            If something asked for is not in the comparison, or it has one method only.
        """
        table = comparison.summary(metric, baseline=baseline, confidence_level=confidence_level)
        methods = list(dict.fromkeys(table["method"]))
        against = table.attrs["baseline"]
        if len(methods) == 1:
            raise ValueError(
                f"The comparison has one method only, {against!r}: there is no difference to show. "
                "Compare at least two."
            )
        known = list(dict.fromkeys(table["n_anchors"]))
        asked = known if n_anchors is None else np.atleast_1d(n_anchors).tolist()
        budgets = check_known("n_anchors", asked, known)
        shown = table["n_anchors"].isin(budgets) & (table["method"] != against)
        columns = ["n_anchors", "method", "difference", "difference_low", "difference_high"]
        return cls(
            differences=table.loc[shown, [*columns, "n_splits", "n_failed"]].reset_index(drop=True),
            methods=methods,
            metric=metric,
            baseline=against,
            confidence_level=confidence_level,
            greater_is_better=comparison.greater_is_better(metric),
        )

    def frame(self) -> "pd.DataFrame":
        """Return what is drawn.

        Returns
        -------
        frame : DataFrame
            Columns `n_anchors`, `method`, `difference`, `difference_low`, `difference_high`,
            `n_splits` and `n_failed`; see
            :meth:`~sklearn_sparseeval.comparison.Comparison.summary`.
        """
        return self.differences.copy()

    @check_parameters(unit=UNIT, figsize=[tuple, None], font_size=FONT_SIZE)
    def plot(
        self,
        ax: Any = None,
        *,
        unit: str = "points",
        figsize: tuple[float, float] | None = None,
        font_size: float | None = None,
    ) -> Self:
        """Draw the differences, the best method on top.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            One per number of anchors; a new figure by default.
        unit : {"points", "score"}, default="points"
            Percentage points for errors of fractions, or errors as they are.
        figsize : tuple of (float, float), default=None
            Width and height of a new figure in inches; the height follows from the number of
            methods by default.
        font_size : float, default=None
            Size of the labels in points; matplotlib's by default.

        Returns
        -------
        self : ComparisonDisplay
            With what was drawn as attributes.
        """
        budgets = list(dict.fromkeys(self.differences["n_anchors"]))
        caller = f"{type(self).__name__}.plot"
        sheet = make_sheet(
            caller, ax, [f"{k} anchors" for k in budgets], figsize=figsize, font_size=font_size,
            lines=_LINES_AROUND + _LINES_PER_METHOD * (len(self.methods) - 1),
        )  # fmt: skip
        self.figure_ = sheet.figure
        self.axes_ = np.array(sheet.axes, dtype=object)
        self.points_: dict[tuple[int, str], Any] = {}
        order = self._order()
        for panel, n_anchors in zip(sheet.axes, budgets, strict=True):
            self._plot_budget(sheet, panel, n_anchors, order, unit)
        self._name_methods(sheet, order)
        self._label(sheet, unit)
        return self

    def _order(self) -> list[str]:
        """Return the methods from best to worst, over all numbers of anchors."""
        mean = self.differences.groupby("method", sort=False)["difference"].mean()
        best_first = mean.sort_values(
            ascending=not self.greater_is_better, na_position="last", kind="stable"
        )
        return list(best_first.index)

    def _plot_budget(
        self, sheet: Sheet, ax: Any, n_anchors: int, order: list[str], unit: str
    ) -> None:
        factor = metric_factor(self.metric, unit)
        styles = method_styles(self.methods)
        rows = self.differences[self.differences["n_anchors"] == n_anchors].set_index("method")
        ax.axvline(0, color="0.35", linewidth=0.1 * sheet.font_size, zorder=1)
        for place, method in enumerate(order):
            row, style = rows.loc[method], styles[method]
            middle, low, high = factor * row[["difference", "difference_low", "difference_high"]]
            (self.points_[n_anchors, method],) = ax.plot(
                middle, place, marker=style.marker, color=style.color, linestyle="none",
                markersize=0.6 * sheet.font_size, markerfacecolor=style.facecolor,
                markeredgewidth=0.1 * sheet.font_size, zorder=3,
            )  # fmt: skip
            ax.plot(
                [low, high], [place, place], color=style.color, solid_capstyle="butt",
                linewidth=0.15 * sheet.font_size, zorder=2,
            )  # fmt: skip
        ax.set_ylim(len(order) - 0.5, -0.5)
        # A margin on both sides of zero, so that there is room to say which side is which.
        reach = np.abs(ax.get_xlim()).max()
        left, right = ax.get_xlim()
        ax.set_xlim(min(left, -0.35 * reach), max(right, 0.35 * reach))
        sides = ("worse", "better") if self.greater_is_better else ("better", "worse")
        ax.set_title(f"{n_anchors} anchors\n← {sides[0]}   {sides[1]} →", fontsize=sheet.small)
        ax.grid(axis="x", color="0.92", linewidth=0.08 * sheet.font_size)

    def _name_methods(self, sheet: Sheet, order: list[str]) -> None:
        """Name the methods left of each row of panels, in higher rows where names are broken."""
        names = [wrapped(name, _NAMES_WIDTH * sheet.width, sheet.small) for name in order]
        for ax in sheet.axes:
            first = not sheet.ours or ax.get_subplotspec().colspan.start == 0
            ax.set_yticks(range(len(names)), names if first else [""] * len(names))
            ax.tick_params(axis="y", length=0)
        most = max(name.count("\n") for name in names)
        if sheet.ours and most:
            higher = _LINES_PER_BREAK * most * len(names) * sheet.font_size
            sheet.grow(higher * sheet.axes[0].get_gridspec().nrows)

    def _label(self, sheet: Sheet, unit: str) -> None:
        """Label the axis below the last row of panels."""
        size = "size of the " if self.metric == "bias" else ""  # see Comparison.summary
        lines = (
            f"{size}{metric_label(self.metric, unit)}",
            f"minus that of {self.baseline}, {100 * self.confidence_level:g}% interval",
        )
        label = "\n".join(wrapped(line, 0.95 * sheet.width, sheet.font_size) for line in lines)
        for ax in sheet.axes:
            set_labels(sheet, ax, x=None if sheet.ours else label)
        if sheet.ours:
            sheet.figure.supxlabel(label, fontsize=sheet.font_size)
