"""A score, an interval, a verdict, and the probability that one model beats another."""

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklearn_sparseeval._notes import Note
from sklearn_sparseeval._optional import import_optional
from sklearn_sparseeval._sklearn import (
    HasMethods,
    Interval,
    RealNotInt,
    StrOptions,
    _check_sample_weight,
    _fit_context,
    validate_data,
)
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.comparison._budget import prepared, with_seed
from sklearn_sparseeval.intervals._calibration import (
    Calibration,
    calibrate,
    clone_for,
    hold_out,
)
from sklearn_sparseeval.intervals._macro import macro_half_widths
from sklearn_sparseeval.intervals._pairs import PairErrors, Side, fit_pairs, prob_better
from sklearn_sparseeval.intervals._reader import AnchorReader, Readings
from sklearn_sparseeval.intervals._scale import ScoreScale, find_scale
from sklearn_sparseeval.intervals._sources import FitWeight, Sources, make_folds, order_sources
from sklearn_sparseeval.intervals._sources import split_once
from sklearn_sparseeval.intervals._top_up import TopUp, draw, estimate_rest, top_up_limits
from sklearn_sparseeval.intervals._verdicts import Positions, Verdicts, positions
from sklearn_sparseeval.numerics.missing import row_means
from sklearn_sparseeval.numerics.partial_rows import results_in_columns, rows_of_anything, spread_out
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.regressors._base import refuse_rows

if TYPE_CHECKING:
    from pandas import DataFrame

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class _Read(NamedTuple):
    """Models, read and compared with the sources."""

    readings: Readings
    where: Positions
    estimate: Array  # (n_models, n_tasks)
    verdicts: Verdicts


class AnchoredIntervalRegressor(MetaEstimatorMixin, RegressorMixin, BaseEstimator):
    """TODO."""

    _parameter_constraints: dict[str, list[Any]] = {
        "estimator": [StrOptions({"auto"}), HasMethods(["fit", "predict"])],
        "n_anchors": [
            None,
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
        ],
        "method": [StrOptions({"cross", "split"})],
        "n_items": [None, Interval(Real, 1, None, closed="left")],
        "n_folds": [None, Interval(Integral, 2, None, closed="left")],
        "score_range": [tuple, list, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any = "auto",
        *,
        n_anchors: int | float | None = None,
        method: str = "cross",
        n_items: float | None = None,
        n_folds: int | None = None,
        score_range: tuple[float, float] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.n_anchors = n_anchors
        self.method = method
        self.n_items = n_items
        self.n_folds = n_folds
        self.score_range = score_range
        self.random_state = random_state

    # Parameters of the user's own estimator are checked too.
    @_fit_context(prefer_skip_nested_validation=False)  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Choose the anchors, and learn from held-out models how far predictions are off.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Score matrix of the source models; NaN = not evaluated.
        y : array-like of shape (n_models,) or (n_models, n_tasks), default=None
            Benchmark scores. By default the mean of each model's evaluated items, which is biased
            where results are not missing at random: then give `y`.
        groups : array-like of shape (n_models,), default=None
            Family of each model; families are held out whole. Models with nearly the same results
            (:func:`~sklearn_sparseeval.splitters.group_similar_models`) are held out together in
            any case, as long as that leaves enough models to fit on.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each source model in the fit of the estimator. In the calibration models
            count alike, and copies of one model count as one.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If there are fewer than two models, or `y` lies outside `score_range`.
        """
        sources = self._sources(X, y, groups, sample_weight)
        with one_thread():  # the same bits whatever runs beside it
            self._fit(sources, check_random_state(self.random_state))
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Predict benchmark scores from the results on the anchors.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Full-width rows of which only the anchors are read; the rest may hold anything. Or a
            data frame of the anchors' columns alone, by their names, in any order.

        Returns
        -------
        y : ndarray of shape (n_models,) or (n_models, n_tasks)
            Predicted scores, inside the score range.

        Raises
        ------
        ValueError
            If a model has no result on any anchor, or one is missing that the estimator needs.
        """
        return self._by_task(self._read(X).estimate)

    def predict_interval(self, X: ArrayLike, coverage: float = 0.9) -> Array:
        """Predict between which bounds each score lies.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            As for :meth:`predict`.
        coverage : float, default=0.9
            Share of the scores that the intervals are to hold, more than 0 and less than 1.

        Returns
        -------
        bounds : ndarray of shape (n_models, 2) or (n_models, n_tasks, 2)
            The lower and the upper bound, inside the score range.
        """
        read = self._read(X)
        half = self._half_widths(read, _checked_coverage(coverage))
        low, high = (self.scale_.clip(read.estimate + sign * half) for sign in (-1, 1))
        return np.stack([self._by_task(low), self._by_task(high)], axis=-1)

    def applicability(self, X: ArrayLike) -> "DataFrame":
        """Tell for which models the history vouches, before anyone trusts the numbers.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            As for :meth:`predict`.

        Returns
        -------
        table : pandas.DataFrame
            One row per model, with the index of `X` if that is a data frame with one:

            - ``like``: whether the model is like those held out, as far as its results tell;
            - ``reason``: "like", or the first that is true of "too few results" (fewer than half
              of the usual number), "stronger", "odd pattern" and "weaker";
            - ``p_strength``: share of the source models that are at least as strong on the
              anchors, or at most, whichever is smaller;
            - ``p_pattern``: share of the held-out models whose right and wrong answers suit their
              strength as badly.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        pandas = import_optional("pandas", "The table of verdicts")
        verdicts = self._read(X).verdicts
        table: DataFrame = pandas.DataFrame(verdicts._asdict(), index=getattr(X, "index", None))
        return table

    def prob_better(self, XA: ArrayLike, XB: ArrayLike) -> Array:
        """Return the probability that the models of one matrix score higher than those of another.

        Parameters
        ----------
        XA : array-like of shape (n_pairs, n_items)
            The first model of each pair, as for :meth:`predict`.
        XB : array-like of shape (n_pairs, n_items)
            The second one.

        Returns
        -------
        probability : ndarray of shape (n_pairs,) or (n_pairs, n_tasks)
            That the first one scores higher. Call a pair decided from .95, and at most .05.
        """
        sides = []
        for X in (XA, XB):
            read = self._read(X)
            estimate = self.scale_.unit(read.estimate)
            sides.append(Side(read.readings, estimate, read.verdicts.like))
        check_consistent_length(sides[0].like, sides[1].like)
        width = self._bounds[1] - self._bounds[0]
        return self._by_task(
            prob_better(*sides, self.pair_errors_, width=width, n_items=self.calibration_.n_items)
        )

    def predict_macro(self, X: ArrayLike, task_weights: ArrayLike | None = None) -> Array:
        """Predict the average over the tasks.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            As for :meth:`predict`.
        task_weights : array-like of shape (n_tasks,), default=None
            Weights of the tasks, not negative; scaled to sum to one. By default all are equal.

        Returns
        -------
        y : ndarray of shape (n_models,)
            Predicted averages.
        """
        return np.asarray(self._read(X).estimate @ self._checked_task_weights(task_weights))

    def predict_macro_interval(
        self, X: ArrayLike, coverage: float = 0.9, task_weights: ArrayLike | None = None
    ) -> Array:
        """Predict between which bounds the average over the tasks lies.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            As for :meth:`predict`.
        coverage : float, default=0.9
            Share of the averages that the intervals are to hold.
        task_weights : array-like of shape (n_tasks,), default=None
            As for :meth:`predict_macro`.

        Returns
        -------
        bounds : ndarray of shape (n_models, 2)
            From the correlations of the tasks' errors out of fold. For models that are unlike the
            history, as wide as if the errors of all tasks had one sign.
        """
        coverage = _checked_coverage(coverage)
        weights = self._checked_task_weights(task_weights)
        read = self._read(X)
        half = self._half_widths(read, coverage)
        sizes = self.scale_.error_size(read.estimate)
        own = macro_half_widths(
            self.calibration_, sizes, half, read.verdicts.like, weights, coverage
        )
        centre = read.estimate @ weights
        low, high = self.scale_.low @ weights, self.scale_.high @ weights
        return np.clip(np.stack([centre - own, centre + own], axis=1), low, high)

    def draw_top_up(
        self, n_items: int, random_state: int | np.random.RandomState | None = None
    ) -> TopUp:
        """Draw further items to run a model on that the history does not vouch for.

        Parameters
        ----------
        n_items : int
            How many.
        random_state : int, RandomState instance or None, default=None
            Of the draw.

        Returns
        -------
        top_up : TopUp
            Column indices `items` and their `weights`, for :meth:`top_up_interval`: a stratified
            random sample of the items that are no anchors.

        Raises
        ------
        ValueError
            If there are fewer items left, or models have anchors of their own.
        """
        check_is_fitted(self)
        self._refuse_personal()
        return draw(self.reader_, n_items, check_random_state(random_state).randint(2**31 - 1))

    def top_up_predict(self, X: ArrayLike, top_up: tuple[ArrayLike, ArrayLike]) -> Array:
        """Predict scores from the anchors and a random sample of the other items.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Full-width rows with results on the anchors and the top-up; the rest is not read.
        top_up : TopUp
            What :meth:`draw_top_up` returned.

        Returns
        -------
        y : ndarray of shape (n_models,) or (n_models, n_tasks)
            Predicted scores.
        """
        return self._by_task(self._topped_up(X, top_up, 0.9)[0])

    def top_up_interval(
        self, X: ArrayLike, top_up: tuple[ArrayLike, ArrayLike], coverage: float = 0.9
    ) -> Array:
        """Predict bounds that hold for any model, from a random sample beside the anchors.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Full-width rows with results on the anchors and the top-up; the rest is not read.
        top_up : TopUp
            What :meth:`draw_top_up` returned.
        coverage : float, default=0.9
            Share of the draws for which the bounds are to hold the score.

        Returns
        -------
        bounds : ndarray of shape (n_models, 2) or (n_models, n_tasks, 2)
            Only the draw is random, whatever the model. Where a score is not the mean over the
            items, the spread of the sources about the line from that mean to the score is added.
        """
        _, low, high = self._topped_up(X, top_up, _checked_coverage(coverage))
        return np.stack([self._by_task(low), self._by_task(high)], axis=-1)

    def anchors_for(self, X: ArrayLike) -> Indices:
        """Return the anchors of each model: the items to run it on.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Full-width rows, of which only the probes are read, where the estimator has anchors
            for each model.

        Returns
        -------
        anchors : ndarray of shape (n_models, n_anchors)
            Column indices, in order of choice.
        """
        check_is_fitted(self)
        rows = self._rows(X)
        if AnchorTags.of(self.reader_).anchors_for_each_model:
            return self.reader_.anchors_for(rows)
        return np.tile(self.anchors_, (len(rows), 1))

    @property
    def estimator_(self) -> Any:
        """The fitted estimator.

        Returns
        -------
        estimator : estimator
            What `estimator` says, fitted on all source models; with ``method="split"`` on those
            that do not calibrate.
        """
        return self.reader_.estimator_

    @property
    def anchors_(self) -> Indices:
        """The anchors.

        Returns
        -------
        anchors : ndarray of shape (n_anchors,)
            Column indices, in order of choice where the estimator knows it.
        """
        return self.reader_.anchors_

    @property
    def probes_(self) -> Indices:
        """The items that every model is run on before its own anchors are known.

        Returns
        -------
        probes : ndarray of shape (n_probes,)
            Column indices. Defined only where the estimator chooses anchors for each model.
        """
        return self.reader_.probes_

    @property
    def notes_(self) -> list[Note]:
        """What the estimator decided and why.

        Returns
        -------
        notes : list of Note
            Empty where it has nothing to say.
        """
        return list(getattr(self.reader_.estimator_, "notes_", []))

    def _fit(self, sources: Sources, rng: np.random.RandomState) -> None:
        seed = int(rng.randint(2**31 - 1))
        bounds, scale = find_scale(sources.scores, sources.y, self.score_range)
        self._bounds, self.scale_ = bounds, scale
        reader = AnchorReader(
            self._prepared(seed), bounds, FitWeight(np.ones(0), False), np.ones(0), seed
        )
        split = self.method == "split"
        folds = (
            [split_once(sources.groups, rng)]
            if split
            else make_folds(sources.groups, self.n_folds, rng)
        )
        held, last = hold_out(reader, sources, folds, scale, rng)
        n_items = float(self.n_items or self.n_features_in_)
        self.calibration_: Calibration = calibrate(
            held, scale, guaranteed=split, n_items=n_items
        )
        estimate = scale.unit(self.calibration_.estimate(held.readings, held.where))
        unit = held._replace(y=scale.unit(held.y))
        self.pair_errors_: PairErrors = fit_pairs(unit, estimate, bounds[1] - bounds[0], rng)
        if split:
            self.reader_ = last
            return
        everyone = np.arange(len(sources.y))
        self.reader_ = clone_for(reader, sources, everyone).fit(sources.X, sources.target)

    def _prepared(self, seed: int) -> Any:
        """Return the estimator, with the seed and the number of anchors in their places."""
        estimator = self.estimator
        if isinstance(estimator, str):
            estimator = _auto_estimator()
        if self.n_anchors is None:
            return with_seed(clone(estimator), seed)
        return prepared(estimator, type(estimator).__name__, self.n_anchors, seed)

    def _sources(
        self, X: ArrayLike, y: ArrayLike | None, groups: Any, sample_weight: Any
    ) -> Sources:
        options = {"dtype": "numeric", "ensure_all_finite": "allow-nan", "ensure_min_samples": 2}
        if y is None:
            scores = validate_data(self, X, **options)
            target = row_means(scores, empty=np.nan)
        else:
            several = get_tags(self).target_tags.multi_output
            scores, target = validate_data(
                self, X, y, **options, multi_output=several, y_numeric=True
            )
        weight = sample_weight
        if weight is not None:
            weight = _check_sample_weight(
                weight, scores, dtype=np.float64, ensure_non_negative=True
            )
        if groups is not None:
            check_consistent_length(scores, groups)
        used = np.ones(len(scores), dtype=bool) if weight is None else weight > 0
        refuse_rows(
            np.flatnonzero(used & np.isnan(scores).all(axis=1)), anchors="any item"
        )
        self._several = target.ndim > 1
        numbers, target = scores.astype(np.float64), target.astype(np.float64)
        handed = X if hasattr(self, "feature_names_in_") else numbers
        sources = order_sources(handed, numbers, target.reshape(len(target), -1), weight, groups)
        if len(sources.y) < 2:
            raise ValueError(
                f"X has {len(sources.y)} models that differ and have a weight (n_samples="
                f"{len(scores)}), and at least 2 are needed: some to fit on, others to hold out."
            )
        return sources

    def _rows(self, X: ArrayLike) -> Any:
        names = getattr(self, "feature_names_in_", None)
        rows = spread_out(rows_of_anything(X), names, self.reader_.items_)
        validate_data(self, rows, reset=False, skip_check_array=True)
        return rows

    def _read(self, X: ArrayLike) -> _Read:
        check_is_fitted(self)
        rows = self._rows(X)
        readings = self.reader_.read(self.reader_.shown(rows))
        where = positions(self.reader_, readings, self.scale_)
        calibration = self.calibration_
        estimate = calibration.estimate(readings, where)
        return _Read(readings, where, estimate, calibration.judge(readings, where))

    def _half_widths(self, read: _Read, coverage: float) -> Array:
        return self.calibration_.half_widths(read.readings, read.where, read.estimate, coverage)

    def _topped_up(
        self, X: ArrayLike, top_up: tuple[ArrayLike, ArrayLike], coverage: float
    ) -> tuple[Array, Array, Array]:
        check_is_fitted(self)
        self._refuse_personal()
        sample = TopUp(*(np.asarray(part) for part in top_up))
        items = np.union1d(self.reader_.items_, sample.items)
        names = getattr(self, "feature_names_in_", None)
        rows = spread_out(rows_of_anything(X), names, items)
        validate_data(self, rows, reset=False, skip_check_array=True)
        scores = np.full((len(rows), self.n_features_in_), np.nan)
        scores[:, items] = results_in_columns(rows, items)
        rest = estimate_rest(self.reader_, scores, sample)
        return top_up_limits(rest, self.reader_.line_, self.scale_, coverage)

    def _refuse_personal(self) -> None:
        if AnchorTags.of(self.reader_).anchors_for_each_model:
            raise ValueError(
                "The estimator chooses anchors for each model, so there is no top-up for all. "
                "Take an estimator with the same anchors for every model."
            )

    def _checked_task_weights(self, task_weights: ArrayLike | None) -> Array:
        check_is_fitted(self)
        n_tasks = len(self.scale_.low)
        if task_weights is None:
            return np.full(n_tasks, 1 / n_tasks)
        weights = np.asarray(task_weights, dtype=np.float64)
        if weights.shape != (n_tasks,) or not (weights >= 0).all() or not weights.sum() > 0:
            raise ValueError(
                f"task_weights={task_weights!r} must be {n_tasks} numbers, one for each task, not "
                "negative and not all zero."
            )
        return weights / weights.sum()

    def _by_task(self, values: Array) -> Array:
        return values if self._several else values[:, 0]

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what follows from the estimator's tags."""
        tags = super().__sklearn_tags__()
        inner = get_tags(_auto_estimator() if isinstance(self.estimator, str) else self.estimator)
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        tags.input_tags.positive_only = inner.input_tags.positive_only
        tags.target_tags.required = False
        tags.target_tags.positive_only = inner.target_tags.positive_only
        tags.target_tags.multi_output = inner.target_tags.multi_output
        tags.regressor_tags.poor_score = True
        tags.non_deterministic = inner.non_deterministic
        own = False
        if not isinstance(self.estimator, str):
            own = AnchorTags.of(self.estimator).anchors_for_each_model
        return AnchorTags(anchors_for_each_model=own).added_to(tags)


def _auto_estimator() -> Any:
    from sklearn_sparseeval.anchored import AnchoredRegressor
    from sklearn_sparseeval.regressors import ResidualRidgeRegressor
    from sklearn_sparseeval.selectors import SparseRidgeSelector

    return AnchoredRegressor(SparseRidgeSelector(), ResidualRidgeRegressor())


def _checked_coverage(coverage: float) -> float:
    if not isinstance(coverage, Real) or not 0 < coverage < 1:
        raise ValueError(f"coverage={coverage!r} must be a number between 0 and 1, such as 0.9.")
    return float(coverage)
