"""A score, an interval, a verdict, and the probability that one model beats another."""

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklearn_sparseeval._inputs import column_names
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval._sklearn import (
    HasMethods,
    Interval,
    RealNotInt,
    StrOptions,
    _fit_context,
    validate_data,
)
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.intervals._base import AnchorReadingRegressor, Read
from sklearn_sparseeval.intervals._macro import macro_half_widths
from sklearn_sparseeval.intervals._pairs import Side, prob_better
from sklearn_sparseeval.intervals._top_up import TopUp, draw, estimate_rest, top_up_limits
from sklearn_sparseeval.numerics.partial_rows import (
    results_in_columns,
    rows_of_anything,
    spread_out,
)
from sklearn_sparseeval.numerics.threads import one_thread

if TYPE_CHECKING:
    from pandas import DataFrame

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class AnchoredIntervalRegressor(AnchorReadingRegressor):
    """Predict benchmark scores from anchors, with intervals and a verdict on each model.

    It goes around any estimator that chooses anchors and predicts from them. In every fold of a
    cross-validation over whole groups of models the anchors are chosen anew, and the models held
    out are read by anchors that others chose; their errors make the intervals. Models that the
    history does not vouch for are told from the others, and get an estimate and an interval of
    their own.

    Parameters
    ----------
    estimator : "auto" or estimator, default="auto"
        Chooses the anchors and predicts: an :class:`AnchoredRegressor`, a pipeline that begins
        with a selector, or what a method of
        :func:`~sklearn_sparseeval.get_methods` makes. "auto" is
        :class:`AutoAnchoredRegressor`.
    n_anchors : int, float or None, default=None
        Set wherever a parameter of the estimator has that name. None leaves them as they are.
    method : {"cross", "split"}, default="cross"
        "cross" holds every model out once, and fits the estimator on all of them in the end.
        "split" lets two thirds of the models choose the anchors and fit the estimator, and one
        third calibrate: a guarantee, at some cost in error and width.
    n_items : float or None, default=None
        Number of items of the full benchmark that a score is the mean of; infinity where the
        benchmark is itself a sample. None is the number of columns of `X`.
    n_folds : int or None, default=None
        Number of folds of "cross". None is 10 with fewer than 100 models, else 5; at most one per
        group of models.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score; a `y` outside it is refused. None takes 0 and 1 where
        the scores lie between them, else the extremes of the results where the scores lie between
        those, else those on the scale of the scores. Nothing that is predicted lies outside.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds, the twins, and every parameter `random_state` of the estimator that is
        None.
    n_jobs : int or None, default=None
        How many folds are fitted at a time, in processes of their own; None is one, unless in a
        :func:`joblib.parallel_config` context. The result does not depend on it.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the anchors, in order of choice where the estimator knows it.
    notes_ : list of Note
        What the estimator decided, and why; empty where it has nothing to say.
    held_out_predictions_ : ndarray of shape (n_models,) or (n_models, n_tasks)
        Predictions of the source models, each by anchors that others chose; NaN for those that
        were not held out. What an error of cross-validation is made of.
    reader_ : estimator
        The estimator with the other readings of its anchors.
    calibration_ : tuple
        What the held-out models taught: the errors, and which patterns are usual.
    pair_errors_ : tuple
        How far the differences of two estimates were off.
    scale_ : tuple of ndarray
        Smallest and largest possible score of each task.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    sklearn_sparseeval.metrics.get_interval_scorers : Scorers of the intervals.
    AnchoredRegressor : A selector and a regressor as one estimator.
    AutoAnchoredRegressor : The estimator that "auto" stands for.
    RaisedRidgeRegressor : Half of the reading for models stronger than the history.

    Notes
    -----
    **Guaranteed.** With ``method="split"`` the interval of a further model that is exchangeable
    with those that calibrate (drawn like them, and no relative of any other) holds its score with
    a probability of at least the coverage, whatever the estimator, the number of models and the
    distribution: split conformal prediction [1]_. With fewer than ``coverage / (1 - coverage)``
    models to calibrate, 9 for 90 %, that takes the whole range. The bounds of
    :meth:`top_up_interval` need no assumption on the model: only the draw of the items is random.
    They rest on a normal approximation with Student's t and pseudo-results.

    **Measured only.** With ``method="cross"`` the intervals covered about what they should for
    models that were held out at random or by family. The intervals of models that are called
    unlike are as wide as those of a random sample of as many items, or as those of like models
    where these are wider, about an estimate whose bias is not known. The verdict sees whether a
    model is stronger or weaker than the sources, and whether its pattern of right and wrong
    answers is unusual for its strength. It cannot see what leaves no trace on the anchors, such
    as a quarter of the other items broken, or leaked: for that there is the top-up.

    **The estimate** is the estimator's own prediction for models that are no stronger than the
    sources. Beyond the strongest of them it turns, over a step of .4 standard deviations of the
    sources' strengths, into a mean of three readings of the same anchors with different biases:
    a ridge regression on the sources and stronger twins of them (:class:`RaisedRidgeRegressor`,
    three fifths of the weight), one logistic curve per item read at the model's strength, and
    :class:`DifferenceRegressor`. A model with an odd pattern keeps the estimator's prediction,
    with a wider interval.

    **The interval** is the estimate plus and minus the size of the held-out errors, relative to
    the fourth root of ``p * (1 - p)`` for a score p: a quantile that is smoothed by a t
    distribution, which counts as five models. Copies of a model count as one. For models near the
    strongest source and beyond, the upper bound is as much higher as their other reading is.

    **Several tasks** share the anchors and the verdict, and each has intervals of its own.
    :meth:`predict_macro_interval` is that of their average.

    A missing result (NaN), in `fit` or `predict`, is left to the estimator; the other readings
    leave it out, and the interval becomes wider by the square root of how many there are fewer.
    Memory is a few times that of `X` in float64, however small its own dtype is.

    References
    ----------
    .. [1] V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World", Springer,
       2005.

    Examples
    --------
    >>> from sklearn_sparseeval import AnchoredIntervalRegressor
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="gsm", return_X_y=True)
    >>> like, strong = y[:60] < 0.7, y[60:] >= 0.7
    >>> model = AnchoredIntervalRegressor(n_anchors=50, random_state=0)
    >>> model.fit(X[:60][like], y[:60][like]).predict_interval(X[60:]).shape
    (23, 2)
    >>> verdicts = model.applicability(X[60:])
    >>> bool((verdicts.reason[strong] == "stronger").mean() > 0.9)
    True

    For those that are stronger, a random sample of 50 further items:

    >>> top_up = model.draw_top_up(50, random_state=0)
    >>> low, high = model.top_up_interval(X[60:][strong], top_up).T
    >>> bool(((low <= y[60:][strong]) & (y[60:][strong] <= high)).mean() > 0.8)
    True
    """

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
        "n_jobs": [None, Integral],
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
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.n_anchors = n_anchors
        self.method = method
        self.n_items = n_items
        self.n_folds = n_folds
        self.score_range = score_range
        self.random_state = random_state
        self.n_jobs = n_jobs

    # Parameters of the user's own estimator are checked too.
    @_fit_context(prefer_skip_nested_validation=False)
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
        low = self.scale_.clip(read.estimate - half)
        high = self.scale_.clip(read.estimate + half + self._reach(read))
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
        """
        import pandas as pd

        return pd.DataFrame(self._read(X).verdicts._asdict(), index=getattr(X, "index", None))

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
        first, second = self._side(XA), self._side(XB)
        check_consistent_length(first.like, second.like)
        width, n_items = self._bounds[1] - self._bounds[0], self.calibration_.n_items
        probability = prob_better(first, second, self.pair_errors_, width=width, n_items=n_items)
        return self._by_task(probability)

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
        centre, more = read.estimate @ weights, self._reach(read) @ weights
        low, high = self.scale_.low @ weights, self.scale_.high @ weights
        return np.clip(np.stack([centre - own, centre + own + more], axis=1), low, high)

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

    def _side(self, X: ArrayLike) -> Side:
        read = self._read(X)
        return Side(read.readings, self.scale_.unit(read.estimate), read.verdicts.like)

    def _half_widths(self, read: Read, coverage: float) -> Array:
        return self.calibration_.half_widths(read.readings, read.where, read.estimate, coverage)

    def _reach(self, read: Read) -> Array:
        return self.calibration_.reach(read.readings, read.where, read.estimate)

    def _topped_up(
        self, X: ArrayLike, top_up: tuple[ArrayLike, ArrayLike], coverage: float
    ) -> tuple[Array, Array, Array]:
        check_is_fitted(self)
        self._refuse_personal()
        sample = TopUp(*(np.asarray(part) for part in top_up))
        items = np.union1d(self.reader_.items_, sample.items)
        names = column_names(self)
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
        return np.asarray(weights / weights.sum())


def _checked_coverage(coverage: Any) -> float:
    if not isinstance(coverage, Real) or not 0 < float(coverage) < 1:
        raise ValueError(f"coverage={coverage!r} must be a number between 0 and 1, such as 0.9.")
    return float(coverage)
