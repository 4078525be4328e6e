"""Predicted against actual benchmark scores."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval._sklearn import check_parameters
from sklearn_sparseeval.displays._comparison_like import ComparisonLike
from sklearn_sparseeval.displays._legend import legend_below, wrapped
from sklearn_sparseeval.displays._matplotlib import FONT_SIZE, Sheet, make_sheet, set_labels
from sklearn_sparseeval.displays._metrics import UNIT
from sklearn_sparseeval.displays._selection import check_known, check_labels
from sklearn_sparseeval.displays._styles import OTHERS, group_styles, label_style, label_text
from sklearn_sparseeval.metrics._validation import check_intervals, check_scores
from sklearn_sparseeval.score_matrix import OVERALL, ScoreMatrix

if TYPE_CHECKING:
    import pandas as pd

_FAMILIES_SHOWN = 8


class ScorePredictionDisplay:
    """Predicted against actual scores, with intervals, families and verdicts.

    It is recommended to make it with :meth:`from_predictions`, :meth:`from_estimator` or
    :meth:`from_comparison`.

    Parameters
    ----------
    y_true : ndarray of shape (n_models,)
        Benchmark scores.
    y_pred : ndarray of shape (n_models,)
        Predicted benchmark scores.
    intervals : ndarray of shape (n_models, 2) or None, default=None
        Lower and upper bounds of prediction intervals.
    families : ndarray of shape (n_models,) or None, default=None
        Family of each model.
    model_names : list or None, default=None
        Name of each model; only in :meth:`frame`.
    title : str or None, default=None
        What was predicted how.
    like : ndarray of shape (n_models,) or None, default=None
        Whether the history vouches for each model.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure that was drawn on.
    ax_ : matplotlib Axes
        The axes that were drawn on.
    points_ : dict of object to matplotlib Line2D
        The points of each family that has a marker of its own, and of "others"; of None
        without families.
    intervals_ : matplotlib LineCollection or None
        The intervals.
    unlike_ : matplotlib Line2D or None
        Rings around the models that are unlike the history; None where there are none, or no
        verdicts.
    diagonal_ : matplotlib Line2D
        Where a perfect prediction lies.
    legend_ : matplotlib Legend or None
        The legend of the families, and of the rings.

    See Also
    --------
    sklearn.metrics.PredictionErrorDisplay : The same for any regressor, without families.

    Examples
    --------
    >>> from sklearn_sparseeval.displays import ScorePredictionDisplay
    >>> display = ScorePredictionDisplay.from_predictions(
    ...     [0.5, 0.6, 0.7], [0.52, 0.61, 0.69], families=["a", "a", "b"]
    ... )
    >>> round(display.mean_absolute_error, 4)
    0.0133
    >>> ax = display.plot().ax_
    """

    def __init__(
        self,
        *,
        y_true: NDArray[np.floating],
        y_pred: NDArray[np.floating],
        intervals: NDArray[np.floating] | None = None,
        families: NDArray[Any] | None = None,
        model_names: list[Any] | None = None,
        title: str | None = None,
        like: NDArray[np.bool_] | None = None,
    ) -> None:
        self.y_true = y_true
        self.y_pred = y_pred
        self.intervals = intervals
        self.families = families
        self.model_names = model_names
        self.title = title
        self.like = like

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        intervals: ArrayLike | None = None,
        families: ArrayLike | None = None,
        model_names: ArrayLike | None = None,
        title: str | None = None,
        like: ArrayLike | None = None,
    ) -> Self:
        """Take true and predicted scores as they are.

        Parameters
        ----------
        y_true : array-like of shape (n_models,)
            Benchmark scores.
        y_pred : array-like of shape (n_models,)
            Predicted benchmark scores.
        intervals : array-like of shape (n_models, 2), default=None
            Lower and upper bounds of prediction intervals; infinite where there is none.
        families : array-like of shape (n_models,), default=None
            Family of each model; None or NaN for none.
        model_names : array-like of shape (n_models,), default=None
            Name of each model.
        title : str, default=None
            What was predicted how.
        like : array-like of bool of shape (n_models,), default=None
            Whether the history vouches for each model, as
            :meth:`~sklearn_sparseeval.AnchoredIntervalRegressor.applicability` tells.

        Returns
        -------
        display : ScorePredictionDisplay
            Data only; draw it with :meth:`plot`.

        Raises
        ------
        ValueError
            If a score is missing or infinite, there are several tasks, a bound is NaN or crosses
            the other, or the lengths differ.
        """
        true, pred = check_scores(y_true, y_pred)
        if true.shape[1] > 1:
            raise ValueError(
                f"y_true has {true.shape[1]} tasks; expected one. Make a display for each column."
            )
        bounds = None if intervals is None else np.asarray(intervals, dtype=np.float64)
        if bounds is not None and bounds.shape != (len(true), 2):
            raise ValueError(
                f"intervals has shape {bounds.shape}; expected ({len(true)}, 2), a lower and an "
                "upper bound for each model."
            )
        if bounds is not None:
            check_intervals(*bounds.T)
        vouched = None if like is None else np.asarray(like)
        if vouched is not None and (vouched.shape != (len(true),) or vouched.dtype != np.bool_):
            raise ValueError(
                f"like has shape {vouched.shape} and type {vouched.dtype}; expected ({len(true)},) "
                "and bool, one verdict for each model."
            )
        known, called = (
            None if given is None else check_labels(name, given, len(true), "models")
            for name, given in {"families": families, "model_names": model_names}.items()
        )
        return cls(
            y_true=true.ravel(),
            y_pred=pred.ravel(),
            intervals=bounds,
            families=known,
            model_names=None if called is None else called.tolist(),
            title=title,
            like=vouched,
        )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        families: ArrayLike | None = None,
        title: str | None = None,
    ) -> Self:
        """Predict with a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            Fitted; its intervals are shown where it has ``predict_interval(X)``, and its verdicts
            where it has ``applicability(X)``.
        X : array-like, DataFrame or ScoreMatrix of shape (n_models, n_items)
            Rows of the target models.
        y : array-like of shape (n_models,), default=None
            Their benchmark scores; may be left out for a ScoreMatrix, which knows them.
        families : array-like of shape (n_models,), default=None
            Family of each model. By default those of a ScoreMatrix, if it knows them.
        title : str, default=None
            What was predicted how; by default the name of the estimator.

        Returns
        -------
        display : ScorePredictionDisplay
            Data only; draw it with :meth:`plot`.

        Raises
        ------
        ValueError
            If `y` is None and `X` is not a ScoreMatrix.
        """
        if isinstance(X, ScoreMatrix):
            y = X.targets[OVERALL] if y is None else y
            families = X.families if families is None else families
            X = X.data
        if y is None:
            raise ValueError("y is None; expected the benchmark scores of the models in X.")
        has_intervals = hasattr(estimator, "predict_interval")
        has_verdicts = hasattr(estimator, "applicability")
        return cls.from_predictions(
            y,
            estimator.predict(X),
            intervals=estimator.predict_interval(X) if has_intervals else None,
            families=families,
            model_names=X.index if hasattr(X, "iloc") else None,
            title=type(estimator).__name__ if title is None else title,
            like=estimator.applicability(X)["like"].to_numpy() if has_verdicts else None,
        )

    @classmethod
    def from_comparison(
        cls, comparison: ComparisonLike, *, method: str, n_anchors: int, task: int | None = None
    ) -> Self:
        """Take the predictions of one method for one number of anchors, of all splits.

        Parameters
        ----------
        comparison : Comparison
            What :func:`~sklearn_sparseeval.comparison.compare_estimators` returned.
        method : str
            A method of the comparison.
        n_anchors : int
            A number of anchors of the comparison.
        task : int, default=None
            Column of the benchmark scores; needed where there are several.

        Returns
        -------
        display : ScorePredictionDisplay
            Data only; draw it with :meth:`plot`. A model is there once for each split in which it
            was a target.

        Raises
        ------
        ValueError
            If `method`, `n_anchors` or `task` is not in the comparison, there are several tasks
            and none is given, or the method failed in every split.
        """
        results, rows = comparison.frame(), comparison.predictions()
        check_known("method", [method], results["method"])
        check_known("n_anchors", [n_anchors], results["n_anchors"])
        rows = rows[(rows["method"] == method) & (rows["n_anchors"] == n_anchors)]
        if rows.empty:
            raise ValueError(
                f"The method {method!r} failed in every split with {n_anchors} anchors, so there "
                "is no prediction to show. See failures() of the comparison."
            )
        rows = _of_task(rows, task)
        families = rows["family"].to_numpy()
        return cls.from_predictions(
            rows["y_true"],
            rows["y_pred"],
            families=None if all(family is None for family in families) else families,
            model_names=rows["model"],
            title=f"{method}, {n_anchors} anchors" + ("" if task is None else f", task {task}"),
        )

    @property
    def mean_absolute_error(self) -> float:
        """Mean absolute error of the predictions.

        Returns
        -------
        error : float
            In the unit of the scores.
        """
        return float(np.abs(self.y_pred - self.y_true).mean())

    def frame(self) -> "pd.DataFrame":
        """Return what is drawn.

        Returns
        -------
        frame : DataFrame
            Columns `model`, `family`, `y_true`, `y_pred`, with intervals `y_lower` and
            `y_upper`, with verdicts `like`.
        """
        import pandas as pd

        columns: dict[str, Any] = {
            "model": range(len(self.y_true)) if self.model_names is None else self.model_names,
            "family": self.families,
            "y_true": self.y_true,
            "y_pred": self.y_pred,
        }
        if self.intervals is not None:
            columns |= {"y_lower": self.intervals[:, 0], "y_upper": self.intervals[:, 1]}
        if self.like is not None:
            columns["like"] = self.like
        return pd.DataFrame(columns)

    @check_parameters(unit=UNIT, figsize=[tuple, None], legend=["boolean"], font_size=FONT_SIZE)
    def plot(
        self,
        ax: Any = None,
        *,
        unit: str = "points",
        legend: bool = True,
        figsize: tuple[float, float] | None = None,
        font_size: float | None = None,
    ) -> Self:
        """Draw the predictions.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes; a new figure by default.
        unit : {"points", "score"}, default="points"
            Percentages for scores that are fractions, or scores as they are.
        legend : bool, default=True
            Whether to draw a legend of the families and rings, below.
        figsize : tuple of (float, float), default=None
            Width and height of a new figure in inches.
        font_size : float, default=None
            Size of the labels in points; matplotlib's by default.

        Returns
        -------
        self : ScorePredictionDisplay
            With what was drawn as attributes.
        """
        sheet = make_sheet(
            f"{type(self).__name__}.plot", ax, ["predictions"], figsize=figsize,
            font_size=font_size, square=True,
        )  # fmt: skip
        self.figure_, self.ax_ = sheet.figure, sheet.axes[0]
        factor = 100.0 if unit == "points" else 1.0
        self._plot_diagonal(sheet, factor)
        self.intervals_ = self._plot_intervals(sheet, factor)
        self._plot_points(sheet, factor)
        self.unlike_ = self._plot_rings(sheet, factor)
        suffix = " (%)" if unit == "points" else ""
        set_labels(sheet, self.ax_, x=f"actual score{suffix}", y=f"predicted score{suffix}")
        error = factor * self.mean_absolute_error
        error_text = f"mean absolute error {error:.2f}" + " points" * (unit == "points")
        lines = [error_text] if self.title is None else [self.title, error_text]
        title = "\n".join(wrapped(line, 0.8 * sheet.width, sheet.font_size) for line in lines)
        self.ax_.set_title(title, fontsize=sheet.font_size)
        self.legend_ = self._plot_legend(sheet) if legend else None
        return self

    def _plot_legend(self, sheet: Sheet) -> Any:
        shown = {} if self.families is None else self.points_
        handles = {label_text(label): line for label, line in shown.items()}
        if self.unlike_ is not None:
            handles["unlike the history"] = self.unlike_
        return legend_below(sheet, list(handles.values()), list(handles)) if handles else None

    def _plot_rings(self, sheet: Sheet, factor: float) -> Any:
        if self.like is None or self.like.all():
            return None
        rows = np.flatnonzero(~self.like)
        (rings,) = self.ax_.plot(
            factor * self.y_true[rows], factor * self.y_pred[rows], linestyle="none", marker="o",
            markersize=0.9 * sheet.font_size, markerfacecolor="none", color="black",
            markeredgewidth=0.09 * sheet.font_size, zorder=4,
        )  # fmt: skip
        return rings

    def _plot_diagonal(self, sheet: Sheet, factor: float) -> None:
        values = factor * np.concatenate([self.y_true, self.y_pred])
        margin = 0.05 * (np.ptp(values) or 1.0)
        ends = values.min() - margin, values.max() + margin
        (self.diagonal_,) = self.ax_.plot(
            ends, ends, color="0.35", linestyle="--", linewidth=0.1 * sheet.font_size, zorder=1
        )
        self.ax_.set(xlim=ends, ylim=ends, aspect="equal")

    def _plot_intervals(self, sheet: Sheet, factor: float) -> Any:
        if self.intervals is None:
            return None
        # Bounds may be infinite: to the edge of the picture then.
        low, high = np.clip(factor * self.intervals.T, *self.ax_.get_ylim())
        return self.ax_.vlines(
            factor * self.y_true, low, high, color="0.6", linewidth=0.1 * sheet.font_size, zorder=2
        )

    def _plot_points(self, sheet: Sheet, factor: float) -> None:
        labels = [None] * len(self.y_true) if self.families is None else list(self.families)
        styles = group_styles(labels, _FAMILIES_SHOWN)
        shown = np.array([label if label in styles else OTHERS for label in labels], dtype=object)
        self.points_: dict[Any, Any] = {}
        for label in [*styles, *([OTHERS] if OTHERS in shown and OTHERS not in styles else [])]:
            rows = np.flatnonzero([other == label for other in shown])
            style = label_style(label, styles)
            (self.points_[label],) = self.ax_.plot(
                factor * self.y_true[rows], factor * self.y_pred[rows], linestyle="none",
                marker=style.marker, color=style.color, markerfacecolor=style.facecolor,
                markersize=0.4 * sheet.font_size, markeredgewidth=0.07 * sheet.font_size,
                alpha=0.8, zorder=3 if label != OTHERS else 2.5,
            )  # fmt: skip


def _of_task(rows: "pd.DataFrame", task: int | None) -> "pd.DataFrame":
    """Return the predictions of one task."""
    tasks = list(dict.fromkeys(rows["task"])) if "task" in rows else [0]
    if task is None and len(tasks) > 1:
        raise ValueError(
            f"The comparison has {len(tasks)} tasks, and a picture shows one. Give task, one of: "
            f"{', '.join(map(str, tasks))}."
        )
    check_known("task", tasks if task is None else [task], tasks)
    return rows if len(tasks) == 1 else rows[rows["task"] == task]
