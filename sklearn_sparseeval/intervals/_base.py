"""Source models validated, held out and read: what stands behind the intervals."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklearn_sparseeval._inputs import column_names
from sklearn_sparseeval._sklearn import _check_sample_weight, validate_data
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.comparison._budget import prepared, with_seed
from sklearn_sparseeval.intervals._calibration import Calibration, calibrate, clone_for, hold_out
from sklearn_sparseeval.intervals._pairs import PairErrors, fit_pairs
from sklearn_sparseeval.intervals._reader import AnchorReader, Readings
from sklearn_sparseeval.intervals._scale import find_scale
from sklearn_sparseeval.intervals._sources import (
    FitParams,
    Sources,
    make_folds,
    order_sources,
    split_once,
)
from sklearn_sparseeval.intervals._verdicts import Positions, Verdicts, positions
from sklearn_sparseeval.methods import AutoAnchoredRegressor
from sklearn_sparseeval.numerics.missing import row_means
from sklearn_sparseeval.numerics.partial_rows import rows_of_anything, spread_out
from sklearn_sparseeval.regressors._base import refuse_rows

Array = NDArray[np.floating]
Rows = NDArray[np.intp]


class Read(NamedTuple):
    """Models, read and compared with the sources."""

    readings: Readings
    where: Positions
    estimate: Array  # (n_models, n_tasks)
    verdicts: Verdicts


class AnchorReadingRegressor(MetaEstimatorMixin, RegressorMixin, BaseEstimator):
    """Base of the regressor with intervals: fits readers, calibrates, reads."""

    estimator: Any
    n_anchors: int | float | None
    method: str
    n_items: float | None
    n_folds: int | None
    score_range: tuple[float, float] | None
    n_jobs: int | None

    def _fit(self, sources: Sources, rng: np.random.RandomState) -> None:
        seed = int(rng.randint(2**31 - 1))
        bounds, scale = find_scale(sources.scores, sources.y, self.score_range)
        self._bounds, self.scale_ = bounds, scale
        no_models = FitParams(np.ones(0), False, np.arange(0)), np.ones(0)
        reader = AnchorReader(self._prepared(seed), bounds, *no_models, seed)
        split = self.method == "split"
        folds = (
            [split_once(sources.groups, rng)]
            if split
            else make_folds(sources.groups, self.n_folds, rng)
        )
        tested = reader
        if isinstance(reader.estimator, AutoAnchoredRegressor) and not split:
            # Swaps once each in the folds: all of them together would take twice the time.
            quick = clone(reader.estimator).set_params(exchange="once")
            tested = AnchorReader(quick, bounds, *no_models, seed)
        held, last = hold_out(tested, sources, folds, scale, rng, self.n_jobs)
        n_items = float(self.n_items or self.n_features_in_)
        self.calibration_: Calibration = calibrate(held, scale, guaranteed=split, n_items=n_items)
        estimate = self.calibration_.estimate(held.readings, held.where)
        self.held_out_predictions_ = self._as_given(sources, held.rows, estimate)
        self.pair_errors_: PairErrors = fit_pairs(
            held, scale.unit(estimate), scale.unit(held.y), bounds[1] - bounds[0], rng
        )
        if split:
            self.reader_ = last
            return
        everyone = np.arange(len(sources.y))
        self.reader_ = clone_for(reader, sources, everyone).fit(sources.X, sources.target)

    def _as_given(self, sources: Sources, rows: Rows, values: Array) -> Array:
        """Return values of some sources for all models as the user gave them, NaN elsewhere."""
        every = np.full((len(sources.y) + 1, values.shape[1]), np.nan)  # the last is of no source
        every[rows] = values
        return self._by_task(every[sources.places])

    def _prepared(self, seed: int) -> Any:
        """Return the estimator, with the seed and the number of anchors in their places."""
        estimator = self.estimator
        if isinstance(estimator, str):
            estimator = AutoAnchoredRegressor()
        n_anchors: Any = self.n_anchors  # a share of the items too
        if n_anchors is None:
            return with_seed(clone(estimator), seed)
        return prepared(estimator, type(estimator).__name__, n_anchors, seed)

    def _sources(
        self, X: ArrayLike, y: ArrayLike | None, groups: Any, sample_weight: Any
    ) -> Sources:
        options: dict[str, Any] = {
            "dtype": "numeric", "ensure_all_finite": "allow-nan", "ensure_min_samples": 2,
        }  # fmt: skip
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
        refuse_rows(np.flatnonzero(used & np.isnan(scores).all(axis=1)), anchors="any item")
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
        names = column_names(self)
        rows = spread_out(rows_of_anything(X), names, self.reader_.items_)
        validate_data(self, rows, reset=False, skip_check_array=True)
        return rows

    def _read(self, X: ArrayLike) -> Read:
        check_is_fitted(self)
        rows = self._rows(X)
        shown = self.reader_.shown(rows)
        results = np.asarray(shown, dtype=np.float64)[:, self.reader_.items_]
        refuse_rows(np.flatnonzero(np.isnan(results).all(axis=1)))
        readings = self.reader_.read(shown)
        where = positions(self.reader_, readings, self.scale_)
        calibration = self.calibration_
        estimate = calibration.estimate(readings, where)
        return Read(readings, where, estimate, calibration.judge(readings, where))

    def _by_task(self, values: Array) -> Array:
        return values if self._several else values[:, 0]

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what follows from the estimator's tags."""
        tags = super().__sklearn_tags__()
        auto = isinstance(self.estimator, str)
        inner = get_tags(AutoAnchoredRegressor() if auto else self.estimator)
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
