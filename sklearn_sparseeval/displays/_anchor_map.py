"""All items by difficulty and discrimination, and the anchors among them."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from sklearn_sparseeval._sklearn import check_parameters
from sklearn_sparseeval.displays._legend import legend_below
from sklearn_sparseeval.displays._matplotlib import FONT_SIZE, Sheet, make_sheet, set_labels
from sklearn_sparseeval.displays._selection import check_labels
from sklearn_sparseeval.displays._styles import OTHERS, group_styles, label_style, label_text
from sklearn_sparseeval.score_matrix import ScoreMatrix

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

_GROUPS_SHOWN = 6


class AnchorMapDisplay:
    """Which items were chosen: difficulty and discrimination of all, with the anchors marked.

    It is recommended to make it with :meth:`from_selector`.

    Parameters
    ----------
    difficulty : ndarray of shape (n_items,)
        One minus the mean score of the item over the models; NaN where no model has a result.
    discrimination : ndarray of shape (n_items,)
        Correlation, from -1 to 1, of the item's scores with the models' scores on the other
        items; 0 where it is undefined (`constant`).
    constant : ndarray of shape (n_items,)
        Whether all models have the same score on the item, or the same on all others.
    anchors : ndarray of shape (n_anchors,)
        Column indices of the anchors.
    groups : ndarray of shape (n_items,) or None, default=None
        A label for each item, such as its subject.
    item_names : ndarray of shape (n_items,) or None, default=None
        Names of the items; only in :meth:`frame`.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure that was drawn on.
    ax_ : matplotlib Axes
        The axes that were drawn on.
    items_ : dict of object to matplotlib Line2D
        The items of each group that has a marker of its own, and of "others"; of None without
        groups.
    anchors_ : matplotlib Line2D
        The rings around the anchors.
    legend_ : matplotlib Legend or None
        The legend.

    See Also
    --------
    sklearn_sparseeval.AnchorSelector : What chooses the anchors.

    Examples
    --------
    >>> from sklearn_sparseeval import SparseRidgeSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> from sklearn_sparseeval.displays import AnchorMapDisplay
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> selector = SparseRidgeSelector(n_anchors=20).fit(X)
    >>> display = AnchorMapDisplay.from_selector(selector, X)
    >>> int(display.frame()["anchor"].sum())
    20
    >>> ax = display.plot().ax_
    """

    def __init__(
        self,
        *,
        difficulty: Array,
        discrimination: Array,
        constant: NDArray[np.bool_],
        anchors: NDArray[np.intp],
        groups: NDArray[Any] | None = None,
        item_names: NDArray[Any] | None = None,
    ) -> None:
        self.difficulty = difficulty
        self.discrimination = discrimination
        self.constant = constant
        self.anchors = anchors
        self.groups = groups
        self.item_names = item_names

    @classmethod
    def from_selector(
        cls, selector: Any, X: Any, y: ArrayLike | None = None, *, groups: ArrayLike | None = None
    ) -> Self:
        """Take the anchors from what chose them.

        Parameters
        ----------
        selector : estimator
            A fitted selector, an :class:`~sklearn_sparseeval.AnchoredRegressor`, or a pipeline
            whose first step with anchors saw all items.
        X : array-like, DataFrame or ScoreMatrix of shape (n_models, n_items)
            Score matrix from which difficulty and discrimination are computed, usually that of
            the source models; NaN = not evaluated.
        y : array-like of shape (n_models,), default=None
            Benchmark scores that items are correlated with. By default the mean of each model's
            results on the other items.
        groups : array-like of shape (n_items,), default=None
            A label for each item, such as its subject; None or NaN for none.

        Returns
        -------
        display : AnchorMapDisplay
            Data only; draw it with :meth:`plot`.

        Raises
        ------
        ValueError
            If nothing in `selector` has anchors, or the lengths differ.
        """
        X = X.data if isinstance(X, ScoreMatrix) else X
        scores: Array = check_array(X, dtype=np.float64, ensure_all_finite="allow-nan")
        n_items = scores.shape[1]
        anchors = _anchors(selector, n_items)
        target = None if y is None else check_array(y, ensure_2d=False, dtype=np.float64)
        if target is not None and target.shape != (len(scores),):
            raise ValueError(
                f"y has shape {target.shape}; expected ({len(scores)},), one score per model of X."
            )
        discrimination, constant = _discrimination(scores, target)
        counts = (~np.isnan(scores)).sum(axis=0)
        means = np.divide(
            np.nansum(scores, axis=0), counts, out=np.full(n_items, np.nan), where=counts > 0
        )
        return cls(
            difficulty=1 - means,
            discrimination=discrimination,
            constant=constant,
            anchors=anchors,
            groups=None if groups is None else check_labels("groups", groups, n_items, "items"),
            item_names=np.asarray(X.columns) if hasattr(X, "columns") else None,
        )

    def frame(self) -> "pd.DataFrame":
        """Return what is drawn.

        Returns
        -------
        frame : DataFrame
            One row per item, with columns `item`, `group`, `difficulty`, `discrimination`,
            `constant` and `anchor`.
        """
        import pandas as pd

        n_items = len(self.difficulty)
        return pd.DataFrame(
            {
                "item": range(n_items) if self.item_names is None else self.item_names,
                "group": self.groups,
                "difficulty": self.difficulty,
                "discrimination": self.discrimination,
                "constant": self.constant,
                "anchor": np.isin(np.arange(n_items), self.anchors),
            }
        )

    @check_parameters(figsize=[tuple, None], legend=["boolean"], font_size=FONT_SIZE)
    def plot(
        self,
        ax: Any = None,
        *,
        legend: bool = True,
        figsize: tuple[float, float] | None = None,
        font_size: float | None = None,
    ) -> Self:
        """Draw the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes; a new figure by default.
        legend : bool, default=True
            Whether to draw a legend, below.
        figsize : tuple of (float, float), default=None
            Width and height of a new figure in inches.
        font_size : float, default=None
            Size of the labels in points; matplotlib's by default.

        Returns
        -------
        self : AnchorMapDisplay
            With what was drawn as attributes. The items are pixels in vector formats, so that a
            file with 14,000 of them stays small.
        """
        sheet = make_sheet(
            f"{type(self).__name__}.plot", ax, ["items"], figsize=figsize, font_size=font_size
        )
        self.figure_, self.ax_ = sheet.figure, sheet.axes[0]
        self._plot_items(sheet)
        (self.anchors_,) = self.ax_.plot(
            self.difficulty[self.anchors], self.discrimination[self.anchors], linestyle="none",
            marker="o", markersize=0.75 * sheet.font_size, markerfacecolor="none", color="black",
            markeredgewidth=0.13 * sheet.font_size, zorder=4,
        )  # fmt: skip
        set_labels(
            sheet, self.ax_, x="difficulty (1 - mean score)", y="discrimination (correlation)"
        )
        self.ax_.grid(color="0.94", linewidth=0.08 * sheet.font_size)
        self.legend_ = self._plot_legend(sheet) if legend else None
        return self

    def _plot_items(self, sheet: Sheet) -> None:
        labels = [None] * len(self.difficulty) if self.groups is None else list(self.groups)
        styles = group_styles(labels, _GROUPS_SHOWN)
        shown = np.array([label if label in styles else OTHERS for label in labels], dtype=object)
        self.items_: dict[Any, Any] = {}
        for label in [*styles, *([OTHERS] if OTHERS in shown and OTHERS not in styles else [])]:
            rows = np.flatnonzero([other == label for other in shown])
            style = label_style(OTHERS if self.groups is None else label, styles)
            (self.items_[label],) = self.ax_.plot(
                self.difficulty[rows], self.discrimination[rows], linestyle="none",
                marker=style.marker, color=style.color, markerfacecolor=style.facecolor,
                markersize=0.3 * sheet.font_size, markeredgewidth=0.06 * sheet.font_size,
                alpha=0.7, zorder=2, rasterized=True,
            )  # fmt: skip

    def _plot_legend(self, sheet: Sheet) -> Any:
        n_items = len(self.difficulty)
        n_constant = int((self.constant & ~np.isnan(self.difficulty)).sum())
        handles = {f"{len(self.anchors)} anchors": self.anchors_}
        if self.groups is None:
            handles[f"{n_items} items"] = self.items_[None]
        else:
            handles |= {label_text(label): line for label, line in self.items_.items()}
        title = (
            f"{n_constant} of {n_items} items alike for all models, at 0" if n_constant else None
        )
        return legend_below(sheet, list(handles.values()), list(handles), title, marker_scale=1.4)


def _anchors(selector: Any, n_items: int) -> NDArray[np.intp]:
    parts = [step for _, step in selector.steps] if hasattr(selector, "steps") else [selector]
    for part in parts:
        if getattr(part, "n_features_in_", n_items) != n_items:
            continue
        if hasattr(part, "anchors_"):
            return np.asarray(part.anchors_, dtype=np.intp)
        if hasattr(part, "get_support"):
            check_is_fitted(part)
            return np.asarray(part.get_support(indices=True), dtype=np.intp)
    raise ValueError(
        f"Nothing in the {type(selector).__name__} has anchors_ of the {n_items} items of X. Give "
        "a fitted selector, AnchoredRegressor or pipeline, and the matrix with all items."
    )


def _discrimination(scores: Array, y: Array | None) -> tuple[Array, NDArray[np.bool_]]:
    """Correlate each item with the models' scores on the other items, or with `y`."""
    have = ~np.isnan(scores)
    values = np.where(have, scores, 0.0)
    if y is None:
        n_others = have.sum(axis=1, keepdims=True) - have
        rest = (values.sum(axis=1, keepdims=True) - values) / np.maximum(n_others, 1)
        have &= n_others > 0
    else:
        rest = np.repeat(y[:, np.newaxis], scores.shape[1], axis=1)
    item, other = _deviations(values, have), _deviations(rest, have)
    spread = np.linalg.norm(item, axis=0) * np.linalg.norm(other, axis=0)
    constant = spread == 0
    found: Array = np.divide(
        (item * other).sum(axis=0), spread, out=np.zeros_like(spread), where=~constant
    )
    return found, constant


def _deviations(values: Array, have: NDArray[np.bool_]) -> Array:
    """Return deviations from the mean of each column, 0 where they are but rounding errors."""
    shown = np.where(have, values, 0.0)
    means = shown.sum(axis=0) / np.maximum(have.sum(axis=0), 1)
    deviations = np.where(have, shown - means, 0.0)
    rounding = 1e-12 * np.abs(shown).max(axis=0)
    return np.where(np.abs(deviations).max(axis=0) > rounding, deviations, 0.0)
