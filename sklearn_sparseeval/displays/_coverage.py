"""How often prediction intervals hold, and how wide they are, group by group."""

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from sklearn_sparseeval._sklearn import Interval, check_parameters
from sklearn_sparseeval.displays._legend import wrapped
from sklearn_sparseeval.displays._matplotlib import FONT_SIZE, Sheet, make_sheet, set_labels
from sklearn_sparseeval.displays._metrics import UNIT
from sklearn_sparseeval.displays._selection import check_labels
from sklearn_sparseeval.displays._styles import label_text
from sklearn_sparseeval.metrics._validation import check_intervals, check_scores
from sklearn_sparseeval.numerics.proportions import wilson_limits
from sklearn_sparseeval.score_matrix import OVERALL, ScoreMatrix

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.floating]

_CONFIDENCE = 0.95  # of the limits of a coverage
_PANELS = ["coverage", "width"]


class _Groups(NamedTuple):
    """Which group each model is in."""

    labels: list[str]
    member: NDArray[np.intp]
    axis: str


class CoverageDisplay:
    """How often prediction intervals hold the score, and how wide they are, by group of models.

    An average coverage of 90 % may hide that it is 99 % for weak models and 70 % for strong ones.
    It is recommended to make it with :meth:`from_predictions` or :meth:`from_estimator`.

    Parameters
    ----------
    labels : list of str
        The groups.
    covered : ndarray of shape (n_groups,)
        Share of the models whose score lies within its interval, from 0 to 1.
    width : ndarray of shape (n_groups,)
        Mean width of the intervals.
    n_models : ndarray of shape (n_groups,)
        Number of models.
    coverage : float
        What the intervals are to cover.
    axis : str
        What the groups are.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure that was drawn on.
    axes_ : list of matplotlib Axes
        Those of the coverage and of the width.
    points_ : list of matplotlib Line2D
        The coverages and the widths.
    limits_ : matplotlib LineCollection
        Wilson limits of the coverages: what they may be in the long run, at 95 %.
    nominal_ : matplotlib Line2D
        What the intervals are to cover.

    See Also
    --------
    sklearn_sparseeval.metrics.get_interval_scorers : Coverage, width and score in one number each.

    Examples
    --------
    >>> from sklearn_sparseeval.displays import CoverageDisplay
    >>> display = CoverageDisplay.from_predictions(
    ...     [0.2, 0.4, 0.6, 0.8], [[0.1, 0.3], [0.3, 0.5], [0.5, 0.7], [0.5, 0.7]], n_bins=2
    ... )
    >>> display.frame()[["covered", "n_models"]].to_numpy().tolist()
    [[1.0, 2.0], [0.5, 2.0]]
    >>> axes = display.plot().axes_
    """

    def __init__(
        self,
        *,
        labels: list[str],
        covered: Array,
        width: Array,
        n_models: NDArray[np.intp],
        coverage: float,
        axis: str,
    ) -> None:
        self.labels = labels
        self.covered = covered
        self.width = width
        self.n_models = n_models
        self.coverage = coverage
        self.axis = axis

    @classmethod
    @check_parameters(
        n_bins=[Interval(Integral, 1, None, closed="left")],
        coverage=[Interval(Real, 0, 1, closed="neither")],
    )
    def from_predictions(
        cls,
        y_true: ArrayLike,
        intervals: ArrayLike,
        *,
        by: ArrayLike | None = None,
        n_bins: int = 3,
        coverage: float = 0.9,
        axis: str | None = None,
    ) -> Self:
        """Count how often the intervals hold.

        Parameters
        ----------
        y_true : array-like of shape (n_models,)
            Benchmark scores.
        intervals : array-like of shape (n_models, 2)
            Lower and upper bounds.
        by : array-like of shape (n_models,), default=None
            What to group by: numbers, such as the number of anchors, or labels, such as families.
            By default the scores themselves, so that strong models are told from weak ones.
        n_bins : int, default=3
            How many groups of about as many models are made of numbers that have more values.
        coverage : float, default=0.9
            What the intervals are to cover, between 0 and 1.
        axis : str, default=None
            What `by` is called.

        Returns
        -------
        display : CoverageDisplay
            Data only; draw it with :meth:`plot`.

        Raises
        ------
        ValueError
            If there are several tasks, a bound is NaN or crosses the other, or the lengths differ.
        """
        true, _ = check_scores(y_true, y_true)
        bounds = np.asarray(intervals, dtype=np.float64)
        if true.shape[1] > 1 or bounds.shape != (len(true), 2):
            raise ValueError(
                f"y_true has shape {np.shape(y_true)} and intervals {bounds.shape}; expected "
                "(n_models,) and (n_models, 2). Make a display for each task."
            )
        check_intervals(*bounds.T)
        true = true.ravel()
        groups = _groups(true, by, n_bins, axis)
        holds = (bounds[:, 0] <= true) & (true <= bounds[:, 1])
        counts = np.bincount(groups.member, minlength=len(groups.labels))
        return cls(
            labels=groups.labels,
            covered=np.bincount(groups.member, holds) / counts,
            width=np.bincount(groups.member, np.ptp(bounds, axis=1)) / counts,
            n_models=counts,
            coverage=coverage,
            axis=groups.axis,
        )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        by: Any = None,
        n_bins: int = 3,
        coverage: float = 0.9,
        axis: str | None = None,
    ) -> Self:
        """Predict intervals with a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``predict_interval(X, coverage=...)``.
        X : array-like, DataFrame or ScoreMatrix of shape (n_models, n_items)
            Rows of models that the estimator has not seen.
        y : array-like of shape (n_models,), default=None
            Their benchmark scores; may be left out for a ScoreMatrix, which knows them.
        by : array-like of shape (n_models,), default=None
            As for :meth:`from_predictions`.
        n_bins : int, default=3
            As for :meth:`from_predictions`.
        coverage : float, default=0.9
            What the intervals are to cover, between 0 and 1.
        axis : str, default=None
            What `by` is called.

        Returns
        -------
        display : CoverageDisplay
            Data only; draw it with :meth:`plot`.

        Raises
        ------
        ValueError
            If `y` is None and `X` is not a ScoreMatrix.
        """
        if isinstance(X, ScoreMatrix):
            y = X.targets[OVERALL] if y is None else y
            X = X.data
        if y is None:
            raise ValueError("y is None; expected the benchmark scores of the models in X.")
        bounds = estimator.predict_interval(X, coverage=coverage)
        return cls.from_predictions(y, bounds, by=by, n_bins=n_bins, coverage=coverage, axis=axis)

    def frame(self) -> "pd.DataFrame":
        """Return what is drawn.

        Returns
        -------
        frame : DataFrame
            One row per group: `group`, `covered`, its Wilson limits `covered_low` and
            `covered_high` at 95 %, `width` and `n_models`.
        """
        import pandas as pd

        low, high = self._limits()
        return pd.DataFrame(
            {
                "group": self.labels,
                "covered": self.covered,
                "covered_low": low,
                "covered_high": high,
                "width": self.width,
                "n_models": self.n_models,
            }
        )

    @check_parameters(unit=UNIT, figsize=[tuple, None], font_size=FONT_SIZE)
    def plot(
        self,
        ax: Any = None,
        *,
        unit: str = "points",
        figsize: tuple[float, float] | None = None,
        font_size: float | None = None,
    ) -> Self:
        """Draw coverage and width.

        Parameters
        ----------
        ax : array-like of two matplotlib Axes, default=None
            The axes; a new figure by default.
        unit : {"points", "score"}, default="points"
            Percentage points for scores that are fractions, or scores as they are.
        figsize : tuple of (float, float), default=None
            Width and height of a new figure in inches.
        font_size : float, default=None
            Size of the labels in points; matplotlib's by default.

        Returns
        -------
        self : CoverageDisplay
            With what was drawn as attributes.
        """
        sheet = make_sheet(
            f"{type(self).__name__}.plot", ax, _PANELS, figsize=figsize, font_size=font_size,
            lines=max(9, 4 + 1.7 * len(self.labels)),
        )  # fmt: skip
        self.figure_, self.axes_ = sheet.figure, sheet.axes
        size, rows = sheet.font_size, np.arange(len(self.labels))
        low, high = self._limits()
        left, right = self.axes_
        self.limits_ = left.hlines(rows, 100 * low, 100 * high, color="0.6", linewidth=0.15 * size)
        self.nominal_ = left.axvline(
            100 * self.coverage, color="0.35", linestyle="--", linewidth=0.1 * size, zorder=1
        )
        factor = 100.0 if unit == "points" else 1.0
        values = {left: 100 * self.covered, right: factor * self.width}
        self.points_ = [
            ax.plot(
                shown, rows, linestyle="none", marker="o", color="black", markersize=0.6 * size,
                zorder=3,
            )[0]
            for ax, shown in values.items()
        ]  # fmt: skip
        points = " (points)" if unit == "points" else ""
        self._label(sheet, f"covered of {100 * self.coverage:g} %", f"mean width{points}")
        left.set_xlim(right=101)
        right.set_xlim(0, 1.08 * factor * self.width.max() or 1)
        return self

    def _label(self, sheet: Sheet, *texts: str) -> None:
        rows = np.arange(len(self.labels))
        names = [
            f"{wrapped(label, 0.22 * sheet.width, sheet.small)} ({n})"
            for label, n in zip(self.labels, self.n_models, strict=True)
        ]
        for ax, text in zip(self.axes_, texts, strict=True):
            ax.set_ylim(len(rows) - 0.5, -0.5)
            ax.set_yticks(rows, names if ax is self.axes_[0] else [""] * len(rows))
            ax.grid(color="0.94", linewidth=0.08 * sheet.font_size, axis="x")
            set_labels(sheet, ax, x=text)
        set_labels(sheet, self.axes_[0], y=self.axis)

    def _limits(self) -> tuple[Array, Array]:
        z = float(stats.norm.ppf((1 + _CONFIDENCE) / 2))
        return wilson_limits(self.covered, self.n_models.astype(np.float64), z)


def _groups(true: Array, by: Any, n_bins: int, axis: str | None) -> _Groups:
    """Put models with the same label, or with numbers near each other, together."""
    labels: Any = true if by is None else check_labels("by", by, len(true), "models")
    axis = axis or ("actual score" if by is None else "group")
    numbers = [value for value in labels if isinstance(value, Real)]
    distinct = list(dict.fromkeys(labels))
    if len(numbers) < len(labels) or len(distinct) <= n_bins:
        if len(numbers) == len(labels):
            distinct = sorted(distinct)
        member = np.array([distinct.index(label) for label in labels])
        return _Groups([label_text(label) for label in distinct], member, axis)
    values = np.asarray(numbers, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    parts = [part for part in np.array_split(order, n_bins) if len(part)]
    member = np.empty(len(values), dtype=np.intp)
    for number, part in enumerate(parts):
        member[part] = number
    names = [f"{values[part].min():.3g} to {values[part].max():.3g}" for part in parts]
    return _Groups(names, member, axis)
