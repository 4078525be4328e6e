"""Models in order of their predicted scores, and which of them are too close to call."""

from numbers import Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_sparseeval._sklearn import Interval, check_parameters
from sklearn_sparseeval.displays._legend import legend_below, wrapped
from sklearn_sparseeval.displays._matplotlib import FONT_SIZE, Sheet, make_sheet, set_labels
from sklearn_sparseeval.displays._metrics import UNIT
from sklearn_sparseeval.displays._selection import check_labels
from sklearn_sparseeval.metrics._validation import check_intervals, check_scores

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.floating]

_DECIDED = 0.95


class RankDisplay:
    """Models in order of their predicted scores, with intervals, and brackets where too close.

    It is recommended to make it with :meth:`from_estimator` or :meth:`from_ranking`.

    Parameters
    ----------
    model_names : list
        Names of the models, the best first.
    y_pred : ndarray of shape (n_models,)
        Predicted benchmark scores.
    intervals : ndarray of shape (n_models, 2)
        Lower and upper bounds of prediction intervals.
    prob_better : ndarray of shape (n_models - 1,)
        Probability that a model scores higher than the next.
    like : ndarray of shape (n_models,) or None, default=None
        Whether the history vouches for each model.
    decided : float, default=0.95
        Two neighbours are too close to call where the probability is less.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure that was drawn on.
    ax_ : matplotlib Axes
        The axes that were drawn on.
    points_ : matplotlib Line2D
        The predicted scores.
    unlike_ : matplotlib Line2D or None
        Rings around the models that are unlike the history.
    intervals_ : matplotlib LineCollection
        The intervals.
    brackets_ : list of matplotlib Line2D
        One for each run of neighbours that are too close to call.
    legend_ : matplotlib Legend or None
        What brackets and rings are.

    See Also
    --------
    sklearn_sparseeval.AnchoredIntervalRegressor.prob_better : Where the probabilities are from.

    Examples
    --------
    >>> from sklearn_sparseeval import AnchoredIntervalRegressor
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> from sklearn_sparseeval.displays import RankDisplay
    >>> matrix = load_helm_lite(task="commonsense", as_matrix=True)
    >>> model = AnchoredIntervalRegressor(n_anchors=20, random_state=0)
    >>> model = model.fit(matrix.data.iloc[:75], matrix.targets["overall"].iloc[:75])
    >>> display = RankDisplay.from_estimator(model, matrix.data.iloc[75:])
    >>> display.frame().shape
    (8, 7)
    >>> ax = display.plot().ax_
    """

    def __init__(
        self,
        *,
        model_names: list[Any],
        y_pred: Array,
        intervals: Array,
        prob_better: Array,
        like: NDArray[np.bool_] | None = None,
        decided: float = _DECIDED,
    ) -> None:
        self.model_names = model_names
        self.y_pred = y_pred
        self.intervals = intervals
        self.prob_better = prob_better
        self.like = like
        self.decided = decided

    @classmethod
    @check_parameters(
        coverage=[Interval(Real, 0, 1, closed="neither")],
        decided=[Interval(Real, 0.5, 1, closed="both")],
    )
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        model_names: ArrayLike | None = None,
        coverage: float = 0.9,
        decided: float = _DECIDED,
    ) -> Self:
        """Rank models with a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            Fitted on one score, with ``predict_interval`` and ``prob_better``, such as an
            :class:`~sklearn_sparseeval.AnchoredIntervalRegressor`.
        X : array-like or DataFrame of shape (n_models, n_items)
            Rows of at least two models.
        model_names : array-like of shape (n_models,), default=None
            Names of the models; by default the index of `X` if it is a data frame, else their
            row numbers.
        coverage : float, default=0.9
            Of the intervals, between 0 and 1.
        decided : float, default=0.95
            Two neighbours are too close to call where the probability is less.

        Returns
        -------
        display : RankDisplay
            Data only; draw it with :meth:`plot`.

        Raises
        ------
        ValueError
            If there are fewer than two models, or several tasks.
        """
        if not hasattr(X, "shape"):
            X = np.asarray(X)
        named = X.index if model_names is None and hasattr(X, "iloc") else model_names
        n_models = X.shape[0]
        names = range(n_models) if named is None else check_labels("model_names", named, n_models,
                                                                   "models").tolist()  # fmt: skip
        predicted = np.asarray(estimator.predict(X), dtype=np.float64)
        if n_models < 2 or predicted.ndim > 1:
            raise ValueError(
                f"X has {n_models} models and the predictions have shape {predicted.shape}; "
                "expected at least 2 models, and one score for each."
            )
        order = np.argsort(-predicted, kind="stable")
        rows = X.iloc[order] if hasattr(X, "iloc") else X[order]
        verdicts = estimator.applicability(rows) if hasattr(estimator, "applicability") else None
        return cls(
            model_names=[names[row] for row in order],
            y_pred=predicted[order],
            intervals=np.asarray(estimator.predict_interval(rows, coverage=coverage)),
            prob_better=np.asarray(estimator.prob_better(rows[:-1], rows[1:])),
            like=None if verdicts is None else verdicts["like"].to_numpy(),
            decided=decided,
        )

    @classmethod
    def from_ranking(cls, ranking: "pd.DataFrame", *, decided: float = _DECIDED) -> Self:
        """Take models that were ranked.

        Parameters
        ----------
        ranking : pandas.DataFrame of shape (n_models, n_columns)
            The best model first, with columns `model`, `score`, `low`, `high`, `prob_better`
            (than the next; that of the last is not read) and perhaps `like`; such as
            :meth:`sklearn_sparseeval.Plan.rank` returns.
        decided : float, default=0.95
            Two neighbours are too close to call where the probability is less.

        Returns
        -------
        display : RankDisplay
            Data only; draw it with :meth:`plot`.

        Raises
        ------
        ValueError
            If a column is missing, a score is not finite, or bounds cross.
        """
        wanted = ["model", "score", "low", "high", "prob_better"]
        missing = [name for name in wanted if name not in ranking.columns]
        if missing or len(ranking) < 2:
            raise ValueError(
                f"ranking has {len(ranking)} rows and lacks the columns {missing}; expected at "
                f"least 2 models, with {', '.join(wanted)}."
            )
        scores, _ = check_scores(ranking["score"], ranking["score"])
        bounds = ranking[["low", "high"]].to_numpy(dtype=np.float64)
        check_intervals(*bounds.T)
        return cls(
            model_names=ranking["model"].tolist(),
            y_pred=scores.ravel(),
            intervals=bounds,
            prob_better=ranking["prob_better"].to_numpy(dtype=np.float64)[:-1],
            like=ranking["like"].to_numpy(dtype=bool) if "like" in ranking.columns else None,
            decided=decided,
        )

    @property
    def is_close(self) -> NDArray[np.bool_]:
        """Which models are too close to the next to call.

        Returns
        -------
        is_close : ndarray of shape (n_models - 1,)
            Of each model but the last.
        """
        return np.asarray(self.prob_better < self.decided)

    def frame(self) -> "pd.DataFrame":
        """Return what is drawn.

        Returns
        -------
        frame : DataFrame
            The best model first: `place` (the same for a run of models that are too close),
            `model`, `score`, `low`, `high`, `prob_better` than the next, and `like`.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "place": _places(self.is_close),
                "model": self.model_names,
                "score": self.y_pred,
                "low": self.intervals[:, 0],
                "high": self.intervals[:, 1],
                "prob_better": [*self.prob_better, np.nan],
                "like": self.like,
            }
        )

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
        """Draw the models, the best on top.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes; a new figure by default.
        unit : {"points", "score"}, default="points"
            Percentages for scores that are fractions, or scores as they are.
        legend : bool, default=True
            Whether to say below what brackets and rings are.
        figsize : tuple of (float, float), default=None
            Width and height of a new figure in inches.
        font_size : float, default=None
            Size of the labels in points; matplotlib's by default.

        Returns
        -------
        self : RankDisplay
            With what was drawn as attributes.
        """
        n_models = len(self.y_pred)
        sheet = make_sheet(
            f"{type(self).__name__}.plot", ax, ["models"], figsize=figsize, font_size=font_size,
            lines=4 + 1.7 * n_models,
        )  # fmt: skip
        self.figure_, self.ax_ = sheet.figure, sheet.axes[0]
        factor, size, rows = (
            100.0 if unit == "points" else 1.0,
            sheet.font_size,
            np.arange(n_models),
        )
        bounds = factor * self.intervals.T
        self.intervals_ = self.ax_.hlines(rows, *bounds, color="0.6", linewidth=0.15 * size)
        (self.points_,) = self.ax_.plot(
            factor * self.y_pred, rows, linestyle="none", marker="o", color="black",
            markersize=0.5 * size, zorder=3,
        )  # fmt: skip
        self.unlike_ = self._plot_rings(factor, size)
        self._plot_brackets(sheet, bounds)
        names = [wrapped(str(name), 0.35 * sheet.width, sheet.small) for name in self.model_names]
        self.ax_.set_ylim(n_models - 0.5, -0.5)
        self.ax_.set_yticks(rows, names)
        self.ax_.grid(color="0.94", linewidth=0.08 * size, axis="x")
        set_labels(sheet, self.ax_, x="predicted score" + " (%)" * (unit == "points"))
        self.legend_ = self._plot_legend(sheet) if legend else None
        return self

    def _plot_rings(self, factor: float, size: float) -> Any:
        if self.like is None or self.like.all():
            return None
        rows = np.flatnonzero(~self.like)
        (rings,) = self.ax_.plot(
            factor * self.y_pred[rows], rows, linestyle="none", marker="o", color="black",
            markersize=size, markerfacecolor="none", markeredgewidth=0.09 * size, zorder=4,
        )  # fmt: skip
        return rings

    def _plot_brackets(self, sheet: Sheet, bounds: Array) -> None:
        """Join neighbours that are too close, to the right of all intervals."""
        span = float(np.ptp(bounds)) or 1.0
        right = float(bounds.max()) + 0.06 * span
        places = np.asarray(_places(self.is_close))
        self.brackets_ = []
        for place in np.unique(places):
            rows = np.flatnonzero(places == place)
            if len(rows) == 1:
                continue
            ends, tip = (rows[0] - 0.25, rows[-1] + 0.25), right - 0.025 * span
            (bracket,) = self.ax_.plot(
                [tip, right, right, tip], [ends[0], ends[0], ends[1], ends[1]], color="#B2182B",
                linewidth=0.13 * sheet.font_size,
            )  # fmt: skip
            self.brackets_.append(bracket)

    def _plot_legend(self, sheet: Sheet) -> Any:
        handles = {}
        if self.brackets_:
            handles[f"too close to call (P < {self.decided:g})"] = self.brackets_[0]
        if self.unlike_ is not None:
            handles["unlike the history"] = self.unlike_
        return legend_below(sheet, list(handles.values()), list(handles)) if handles else None


def _places(is_close: NDArray[np.bool_]) -> list[int]:
    """Return the place of each model; neighbours that are too close share that of the first."""
    places = [1]
    for number, close in enumerate(is_close, start=2):
        places.append(places[-1] if close else number)
    return places
