"""What the errors of held-out models say about those of further models."""

from typing import Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from scipy import stats
from sklearn.base import clone

from sklearn_sparseeval._parallel import results_of
from sklearn_sparseeval.comparison._run import predict_held_out
from sklearn_sparseeval.intervals._reader import AnchorReader, Readings, stacked
from sklearn_sparseeval.intervals._scale import ScoreScale
from sklearn_sparseeval.intervals._sources import Sources
from sklearn_sparseeval.intervals._verdicts import Positions, Usual, Verdicts, positions, verdicts
from sklearn_sparseeval.numerics.conformal import N_PRIOR, smoothed_quantile
from sklearn_sparseeval.numerics.proportions import effective_items
from sklearn_sparseeval.numerics.threads import one_thread

Array = NDArray[np.floating]
Rows = NDArray[np.intp]

_MOST_HELD_OUT = 1200
_FEWEST_LIKE = 5
# How long the step from one estimate to the other is, in spreads beyond the strongest source: a
# model of the sources' kind that only seems to lead is better off with the estimator's own
# prediction. Of the steps tried, the latest and longest with which models of the strongest three
# tenths keep an error well below that of random items (docs/benchmarks/intervals.py).
_STEP = 0.4
_DOUBT = 0.5  # so many spreads below the strongest source nobody takes a model for stronger
_LEAST_DF = 3.0
_USUAL_MISFIT, _MOST_ODD = 3.0, 3.0  # a standardised one, and what more than thrice of it is worth


class HeldOut(NamedTuple):
    """Models read by anchors that others chose."""

    readings: Readings
    where: Positions  # each beside the sources of its own fold
    y: Array  # (n_held_out, n_tasks)
    rows: Rows  # (n_held_out,), of the sources
    fold: Rows  # (n_held_out,)
    once: Array  # (n_held_out,), 1 / number of models with the same results


def hold_out(
    reader: AnchorReader,
    sources: Sources,
    folds: list[tuple[Rows, Rows]],
    scale: ScoreScale,
    rng: np.random.RandomState,
    n_jobs: int | None = None,
) -> tuple[HeldOut, AnchorReader]:
    """Choose anchors anew in every fold, and read the models that are held out.

    Parameters
    ----------
    reader : AnchorReader
        Not fitted.
    sources : Sources
        The history.
    folds : list of (ndarray, ndarray)
        Rows to fit on and rows held out.
    scale : ScoreScale
        Of the scores.
    rng : RandomState
        Draws the models to hold out where there are very many.
    n_jobs : int or None, default=None
        How many folds at a time, in processes of their own.

    Returns
    -------
    held_out : HeldOut
        In the order of the folds.
    reader : AnchorReader
        That of the last fold.
    """
    most = max(_MOST_HELD_OUT // len(folds), 1)
    calls = []
    for fitted, out in folds:
        out = np.sort(rng.permutation(out)[:most])
        own = clone_for(reader, sources, fitted)
        calls.append((_hold_out_fold, (own, sources.X, sources.target, (fitted, out), scale)))
    parts, wheres, rows = [], [], []
    with results_of(calls, n_jobs=min(effective_n_jobs(n_jobs), len(calls))) as results:
        for fold_reader, readings, fold_where, tested in results:
            last = fold_reader
            parts.append(readings)
            wheres.append(fold_where)
            rows.append(tested)
    where = Positions(*(np.concatenate(one) for one in zip(*wheres, strict=True)))
    every = np.concatenate(rows)
    if not len(every):
        raise ValueError(
            "No model that was held out has a result on any of the anchors that the others chose. "
            "Evaluate the models on more of the items, or choose more anchors."
        )
    fold = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
    held = HeldOut(stacked(parts), where, sources.y[every], every, fold, sources.once[every])
    return held, last


def _hold_out_fold(
    own: AnchorReader, X: Any, target: Array, split: tuple[Rows, Rows], scale: ScoreScale
) -> tuple[AnchorReader, Readings, Positions, Rows]:
    """Read the models of one fold; in a process of its own perhaps."""
    with one_thread():
        found = predict_held_out(own, X, target, split)
        readings = own.read(found.shown, found.predicted)
        tested = np.flatnonzero(readings.n_results > 0)
        readings = readings.take(tested)
        return own, readings, positions(own, readings, scale), split[1][tested]


def clone_for(reader: AnchorReader, sources: Sources, rows: Rows) -> AnchorReader:
    """Make a reader to be fitted on some of the sources."""
    given, once = sources.fit_params(rows), sources.once[rows]
    return AnchorReader(clone(reader.estimator), reader.bounds, given, once, reader.seed)


class Calibration(NamedTuple):
    """How estimates are made of readings, and how far they were off."""

    scale: ScoreScale
    usual: Usual
    z: Array  # (n_accepted, n_tasks), errors in units of their usual size
    sizes: Array  # (n_accepted, n_tasks), these usual sizes
    once: Array  # (n_accepted,)
    guaranteed: bool
    n_items: float

    def estimate(self, readings: Readings, where: Positions) -> Array:
        """Return the scores, in the range, per model and task."""
        return _estimate(readings, where, self.scale)

    def judge(self, readings: Readings, where: Positions) -> Verdicts:
        """Judge models by the errors and patterns that are usual."""
        return verdicts(where, readings, self.usual)

    def quantiles(self, coverage: float) -> Array:
        """Return the factor of the usual size that a share of the errors stays under, per task."""
        n_prior = 0.0 if self.guaranteed else N_PRIOR
        return np.array(
            [smoothed_quantile(z, coverage, n_prior=n_prior, weight=self.once) for z in self.z.T]
        )

    def half_widths(
        self, readings: Readings, where: Positions, estimate: Array, coverage: float
    ) -> Array:
        """Return how far a score may be from its estimate, per model and task."""
        few = np.clip(readings.n_results, 1, self.usual.n_results)
        fewer = np.sqrt(self.usual.n_results / few)[:, np.newaxis]
        like = self.quantiles(coverage) * self.scale.error_size(estimate) * fewer
        is_like = self.judge(readings, where).like[:, np.newaxis]
        share = np.where(is_like, share_beyond(where), 1.0)
        more = np.maximum(self.binomial(readings, estimate, coverage) - like, 0)
        return np.asarray(like + share * more)

    def reach(self, readings: Readings, where: Positions, estimate: Array) -> Array:
        """Return how much higher the upper bound is, per model and task.

        A model that may be stronger than the sources may score what the reading for such says,
        however little of that is in the estimate.
        """
        maybe = np.clip(1 + where.lead / _DOUBT, 0, 1)
        return np.asarray(maybe * np.maximum(self.scale.clip(readings.beyond) - estimate, 0))

    def binomial(self, readings: Readings, estimate: Array, coverage: float) -> Array:
        """Return the half-width of a random sample of as many items, wider for odd patterns."""
        n_effective = effective_items(np.maximum(readings.n_results, 1), self.n_items)
        df = max(self.usual.once.sum() - 1, _LEAST_DF)  # a short history describes the items badly
        z = stats.t.ppf((1 + coverage) / 2, df)
        spread = self.scale.result_spread(estimate) / np.sqrt(n_effective)[:, np.newaxis]
        return np.asarray(z * spread * self._oddness(readings)[:, np.newaxis])

    def _oddness(self, readings: Readings) -> Array:
        """Return by how much results suit the item curves worse than they usually do, or one.

        Where the curves do not hold, no reading of the anchors can be trusted.
        """
        return np.asarray(np.clip(readings.misfit / _USUAL_MISFIT, 1.0, _MOST_ODD))


def calibrate(held: HeldOut, scale: ScoreScale, *, guaranteed: bool, n_items: float) -> Calibration:
    """Learn from models that were held out.

    Parameters
    ----------
    held : HeldOut
        The models.
    scale : ScoreScale
        Of the scores.
    guaranteed : bool
        Whether all of them calibrate, and nothing else is learned from them: what split conformal
        prediction asks for.
    n_items : float
        Number of items that a score is the mean of.

    Returns
    -------
    calibration : Calibration
        Of the models that are accepted as like the sources, otherwise.
    """
    readings = held.readings
    usual = Usual(readings.misfit, held.once, float(readings.n_results.mean()))
    accepted = np.ones(len(held.y), dtype=bool)
    if not guaranteed:
        like = verdicts(held.where, readings, usual).like
        accepted = like if like.sum() >= _FEWEST_LIKE else accepted
    estimate = _estimate(readings, held.where, scale)
    sizes = scale.error_size(estimate)[accepted]
    z = (estimate - held.y)[accepted] / sizes
    return Calibration(scale, usual, z, sizes, held.once[accepted], guaranteed, float(n_items))


def share_beyond(where: Positions) -> Array:
    """Return the weight of the reading for stronger models.

    Parameters
    ----------
    where : Positions
        Of the models.

    Returns
    -------
    share : ndarray of shape (n_models, n_tasks)
        0 up to the strength of the strongest source, 1 well beyond.
    """
    return np.asarray(np.clip(where.lead / _STEP, 0, 1))


def _estimate(readings: Readings, where: Positions, scale: ScoreScale) -> Array:
    share = share_beyond(where)
    return scale.clip((1 - share) * readings.own + share * readings.beyond)
