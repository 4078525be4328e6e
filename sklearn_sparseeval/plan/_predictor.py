"""A fitted predictor with what is needed to use it on a new model."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline

from sklearn_sparseeval._errors import PredictorError
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval._sklearn import Interval, check_parameters
from sklearn_sparseeval.anchored import AnchoredRegressor
from sklearn_sparseeval.comparison._budget import anchors_of, only_items
from sklearn_sparseeval.intervals import AnchoredIntervalRegressor, TopUp

if TYPE_CHECKING:
    from pandas import DataFrame, Series


@dataclass(frozen=True, eq=False, repr=False)
class SavedPredictor:
    """A fitted predictor, with the items it is about: what ``load_predictor`` returns.

    Parameters
    ----------
    estimator : estimator
        The fitted estimator, such as :class:`~sklearn_sparseeval.AnchoredRegressor`.
    items : pandas.DataFrame of shape (n_items, n_columns)
        What the items of the benchmark are, as in
        :class:`~sklearn_sparseeval.ScoreMatrix`; the index holds their names.
    targets : list of str
        What is predicted: "overall", and tasks.
    score_range : tuple of (float, float) or None
        Smallest and largest possible score, to which predictions are clipped; None = as they are.
    observed_range : tuple of (float, float)
        Smallest and largest result on an item in the history.
    best : pandas.Series of shape (n_targets,)
        Best score in the history, by target.
    n_models : int
        Number of models in the history.
    errors : pandas.DataFrame of shape (n_models, n_targets) or None
        Prediction minus score of each model of the history, predicted by a fit without it; None
        or NaN = not known.
    method : str
        Name of the method.
    versions : dict of str to str
        Versions of the packages it was saved under.
    fingerprint : str
        Of the matrix it was fitted on.
    created : str
        When it was saved: date and time in UTC, ISO 8601.
    item_means : ndarray of shape (n_items,), default=None
        What stands in the columns of the items that were not run, where a selector in the
        estimator does not take NaN there: mean results in the history. None = NaN.

    Raises
    ------
    PredictorError
        If the estimator chooses anchors for each model.

    See Also
    --------
    load_predictor : Reads one from a file.
    sklearn_sparseeval.harness.verify_anchor_run : Checks a run, and makes the rows for `predict`.

    Examples
    --------
    See :func:`save_predictor`.
    """

    estimator: Any
    items: "DataFrame"
    targets: list[str]
    score_range: tuple[float, float] | None
    observed_range: tuple[float, float]
    best: "Series[float]"
    n_models: int
    errors: "DataFrame | None"
    method: str
    versions: dict[str, str]
    fingerprint: str
    created: str
    item_means: "NDArray[np.float64] | None" = None

    def __post_init__(self) -> None:
        # Off its own anchors a model has no results here, and would be predicted without them.
        if _chooses_for_each_model(self.estimator):
            raise PredictorError(
                f"The {type(self.estimator).__name__} chooses anchors for each model from its "
                "results on the first few, so there is no list of anchors to run a model on, and "
                "it cannot be saved. Take another selector or method, or use it in memory: "
                "anchors_for, then predict."
            )

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(method={self.method!r}, "
            f"n_anchors={len(self.anchors)}, n_items={len(self.items)}, "
            f"targets={self.targets})"
        )

    @property
    def anchors(self) -> "DataFrame":
        """The items to run a new model on.

        Returns
        -------
        anchors : pandas.DataFrame of shape (n_anchors, n_columns)
            Rows of `items`, in order of choice; in the order of `items` where several selectors
            choose.
        """
        return self.items.iloc[anchors_of(self.estimator, len(self.items))]

    def predict(self, rows: "DataFrame") -> "DataFrame":
        """Predict the scores of new models on the full benchmark.

        Parameters
        ----------
        rows : pandas.DataFrame of shape (n_models, n_columns)
            Results of one model per row. The columns are names of items, in any order, all
            anchors among them; others are not read. NaN = not evaluated.

        Returns
        -------
        scores : pandas.DataFrame of shape (n_models, n_targets)
            Predicted scores.

        Raises
        ------
        PredictorError
            If a column of an anchor is missing or is there twice.
        ValueError
            If a result is missing (NaN) and the estimator does not allow that; it names the
            items.

        Warns
        -----
        UserWarning
            If results lie outside `observed_range`: they may be of another metric or scale.
        """
        full = self._full_width(rows)
        self._warn_of_range(full)
        predicted = np.asarray(self.estimator.predict(full)).reshape(len(full), -1)
        if self.score_range is not None:
            predicted = np.clip(predicted, *self.score_range)
        return self._by_target(predicted, rows)

    @property
    def has_intervals(self) -> bool:
        """Whether the estimator gives intervals and verdicts.

        Returns
        -------
        has_intervals : bool
            True for an :class:`~sklearn_sparseeval.AnchoredIntervalRegressor`.
        """
        return isinstance(self.estimator, AnchoredIntervalRegressor)

    @check_parameters(coverage=[Interval(Real, 0, 1, closed="neither")])
    def predict_interval(
        self, rows: "DataFrame", coverage: float = 0.9
    ) -> "tuple[DataFrame, DataFrame]":
        """Predict between which bounds each score lies.

        Parameters
        ----------
        rows : pandas.DataFrame of shape (n_models, n_columns)
            As for :meth:`predict`.
        coverage : float, default=0.9
            Share of the scores that the intervals are to hold, between 0 and 1.

        Returns
        -------
        low, high : pandas.DataFrame of shape (n_models, n_targets)
            The bounds; NaN where the estimator has no intervals.
        """
        if not self.has_intervals:
            unknown = np.full((len(rows), len(self.targets)), np.nan)
            return self._by_target(unknown, rows), self._by_target(unknown, rows)
        bounds = self.estimator.predict_interval(self._full_width(rows), coverage)
        low, high = np.moveaxis(bounds.reshape(len(rows), -1, 2), 2, 0)
        return self._by_target(low, rows), self._by_target(high, rows)

    def applicability(self, rows: "DataFrame") -> "DataFrame":
        """Tell for which models the history vouches.

        Parameters
        ----------
        rows : pandas.DataFrame of shape (n_models, n_columns)
            As for :meth:`predict`.

        Returns
        -------
        verdicts : pandas.DataFrame of shape (n_models, 4)
            As :meth:`AnchoredIntervalRegressor.applicability` returns it.

        Raises
        ------
        PredictorError
            If the estimator has no verdicts.
        """
        self._check_intervals()
        found: DataFrame = self.estimator.applicability(self._full_width(rows))
        return found.set_axis(rows.index)

    def prob_better(self, first: "DataFrame", second: "DataFrame") -> "NDArray[np.float64]":
        """Return the probabilities that the models of one frame score higher than those of another.

        Parameters
        ----------
        first, second : pandas.DataFrame of shape (n_pairs, n_columns)
            As for :meth:`predict`.

        Returns
        -------
        probability : ndarray of shape (n_pairs, n_targets)
            That the first one of each pair scores higher.

        Raises
        ------
        PredictorError
            If the estimator has no verdicts.
        """
        self._check_intervals()
        found = self.estimator.prob_better(self._full_width(first), self._full_width(second))
        return np.asarray(found).reshape(len(first), -1)

    def draw_top_up(self, n_items: int, random_state: int) -> "Series[float]":
        """Draw further items for models that the history does not vouch for.

        Parameters
        ----------
        n_items : int
            How many.
        random_state : int
            Of the draw.

        Returns
        -------
        weights : pandas.Series of shape (n_items,)
            Share of the items that are no anchors each stands for; the index holds their names.

        Raises
        ------
        PredictorError
            If the estimator has no verdicts.
        """
        self._check_intervals()
        drawn = self.estimator.draw_top_up(n_items, random_state=random_state)
        names = self.items.index[drawn.items]
        return cast("Series[float]", import_pandas().Series(drawn.weights, names))

    def predict_topped_up(
        self, rows: "DataFrame", weights: "Series[float]", coverage: float = 0.9
    ) -> "tuple[DataFrame, DataFrame, DataFrame]":
        """Predict from the anchors and a top-up.

        Parameters
        ----------
        rows : pandas.DataFrame of shape (n_models, n_columns)
            As for :meth:`predict`, with the results on the top-up too.
        weights : pandas.Series of shape (n_items,)
            What :meth:`draw_top_up` returned.
        coverage : float, default=0.9
            Share of the draws for which the bounds are to hold the score.

        Returns
        -------
        score, low, high : pandas.DataFrame of shape (n_models, n_targets)
            Scores and their bounds.
        """
        self._check_intervals()
        full = self._full_width(rows, also=list(weights.index))
        top_up = TopUp(self.items.index.get_indexer(weights.index), weights.to_numpy())
        score = np.asarray(self.estimator.top_up_predict(full, top_up)).reshape(len(rows), -1)
        bounds = self.estimator.top_up_interval(full, top_up, coverage)
        low, high = np.moveaxis(bounds.reshape(len(rows), -1, 2), 2, 0)
        return self._by_target(score, rows), self._by_target(low, rows), self._by_target(high, rows)

    def _by_target(self, values: Any, rows: "DataFrame") -> "DataFrame":
        return cast("DataFrame", import_pandas().DataFrame(values, rows.index, self.targets))

    def _check_intervals(self) -> None:
        if not self.has_intervals:
            raise PredictorError(
                f"The predictor is a {type(self.estimator).__name__} without intervals and "
                "verdicts. make_plan and `sparseeval select` make one with both."
            )

    @check_parameters(coverage=[Interval(Real, 0, 1, closed="neither")])
    def margin(self, coverage: float = 0.9) -> "Series[float]":
        """Compute how far predictions are off, from the errors of the history's models.

        Parameters
        ----------
        coverage : float, default=0.9
            Share of new models, between 0 and 1, whose score shall lie within the margin of the
            prediction.

        Returns
        -------
        margin : pandas.Series of shape (n_targets,)
            In the units of the scores; NaN where there are no errors.

        Warns
        -----
        UserWarning
            If there are too few errors for such a coverage. The margin is then the largest.

        Notes
        -----
        It is the ``ceil((n + 1) * coverage)``-th smallest of the ``n`` absolute errors [1]_. The
        coverage holds for new models that are drawn like those of the history, on average over
        histories; for a model unlike them, such as one better than all, it may not.

        References
        ----------
        .. [1] J. Lei, M. G'Sell, A. Rinaldo, R. J. Tibshirani and L. Wasserman,
           "Distribution-free predictive inference for regression", JASA 113, 2018, section 2.2.
        """
        pd = import_pandas()
        margins = {target: self._margin(target, coverage) for target in self.targets}
        return cast("Series[float]", pd.Series(margins, dtype=np.float64, name="margin"))

    def _full_width(self, rows: "DataFrame", also: Sequence[str] = ()) -> Any:
        """Return rows of all items in the order of the history, of which the anchors count."""
        if not hasattr(rows, "columns") or not hasattr(rows, "index") or not len(rows):
            raise PredictorError(
                f"rows is a {type(rows).__name__} of {len(rows)} models; expected a pandas data "
                "frame with a row for each of at least one model, and names of items as columns."
            )
        anchors = self._checked_anchors(rows)
        try:
            full = rows[[*anchors, *also]].astype(np.float64)
        except (TypeError, ValueError) as error:
            raise PredictorError(
                f"Results on anchors are not numbers ({error}); expected numbers, and NaN where a "
                "model was not evaluated."
            ) from error
        full = full.reindex(columns=list(self.items.index))
        if self.item_means is not None:
            full = only_items(full, anchors_of(self.estimator, len(self.items)), self.item_means)
        return full if hasattr(self.estimator, "feature_names_in_") else full.to_numpy()

    def _checked_anchors(self, rows: "DataFrame") -> list[str]:
        anchors = self.anchors.index
        missing = anchors.difference(rows.columns, sort=False)
        if len(missing):
            raise PredictorError(
                f"Results are missing on {len(missing)} of the {len(anchors)} anchors: "
                f"{listing(missing)}. The predictor is for {self._dataset()}. Evaluate the model "
                "on these items, or load the predictor of your benchmark."
            )
        twice = rows.columns[rows.columns.duplicated()].intersection(anchors)
        if len(twice):
            raise PredictorError(
                f"rows has several columns of one name: {listing(twice)}. Expected one column "
                "per item."
            )
        return list(anchors)

    def _dataset(self) -> str:
        """Say which benchmark this is."""
        tasks = self.items["task"].unique()
        noun = "task" if len(tasks) == 1 else f"{len(tasks)} tasks"
        return f"{len(self.items):,} items of the {noun} {listing(tasks)}"

    def _warn_of_range(self, full: Any) -> None:
        results = np.asarray(full, dtype=np.float64)
        low, high = self.observed_range
        outside = (results < low) | (results > high)
        if outside.any():
            warnings.warn(
                f"{outside.sum()} of {np.isfinite(results).sum()} results lie outside "
                f"[{low:g}, {high:g}], the range of those that the predictor was fitted on; the "
                f"first is {results[outside][0]:g}. Are they of another metric, or on another "
                "scale?",
                UserWarning,
                stacklevel=3,
            )

    def _margin(self, target: str, coverage: float) -> float:
        if self.errors is None:
            return math.nan
        sizes: NDArray[np.float64] = np.sort(self.errors[target].abs().dropna().to_numpy())
        if not len(sizes):
            return math.nan
        rank = math.ceil((len(sizes) + 1) * coverage - 1e-9)  # 0.7 * 10 may be more than 7
        if rank > len(sizes):
            needed = math.ceil(coverage / (1 - coverage) - 1e-9)
            warnings.warn(
                f"The errors of {len(sizes)} models are too few for a margin that covers "
                f"{coverage:.0%} of new models, which takes {needed}: the margin of {target!r} is "
                "the largest of them, and covers less.",
                UserWarning,
                stacklevel=4,
            )
        return float(sizes[min(rank, len(sizes)) - 1])


def _chooses_for_each_model(estimator: Any) -> bool:
    if isinstance(estimator, AnchoredIntervalRegressor):
        return _chooses_for_each_model(estimator.estimator_)
    if isinstance(estimator, AnchoredRegressor):
        return bool(estimator._personal)
    parts: list[Any] = []
    if isinstance(estimator, Pipeline):
        parts = [step for _, step in estimator.steps]
    elif isinstance(estimator, MultiOutputRegressor):
        parts = estimator.estimators_
    return any(_chooses_for_each_model(part) for part in parts)
