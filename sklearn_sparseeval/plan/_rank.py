"""Models in the order of their scores, and which of them are too close to call."""

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval.plan._predict import LIKE, Prediction, predict_models
from sklearn_sparseeval.score_matrix import OVERALL

if TYPE_CHECKING:
    from pandas import DataFrame

    from sklearn_sparseeval.plan._predictor import SavedPredictor

Array = NDArray[np.float64]

DECIDED = 0.95


def rank(
    saved: "SavedPredictor", plan: dict[str, Any], results: Any, coverage: float
) -> "DataFrame":
    """Put models in order.

    Parameters
    ----------
    saved : SavedPredictor
        The plan's predictor.
    plan : dict
        What the plan is, as plain values.
    results : path-like, iterable of path-like, DataFrame, ScoreMatrix or AnchorRunReport
        The results.
    coverage : float
        Share of the scores that the intervals are to hold.

    Returns
    -------
    ranking : pandas.DataFrame
        As :meth:`Plan.rank` describes it.
    """
    pd = import_pandas()
    _, _, predicted = predict_models(saved, plan, results, coverage)
    score = predicted.score[OVERALL]
    models = list(score.index[np.lexsort((score.index, -score.to_numpy(dtype=np.float64)))])
    beats_next = _beats(saved, predicted, models[:-1], models[1:], coverage)
    own: Any = predicted
    frame: DataFrame = pd.DataFrame(
        {
            "model": models,
            "rank": _ranks(saved, predicted, models, beats_next, coverage),
            "score": score[models].to_numpy(dtype=np.float64),
            "low": own.low.loc[models, OVERALL].to_numpy(dtype=np.float64),
            "high": own.high.loc[models, OVERALL].to_numpy(dtype=np.float64),
            "like": own.reason[models].to_numpy() == LIKE,
            "reason": own.reason[models].to_numpy(),
            "top_up": own.top_up[models].to_numpy(),
            "prob_better": [*beats_next, math.nan][: len(models)],
            "too_close": [*(beats_next < DECIDED), False][: len(models)],
        }
    )
    return frame


def _ranks(
    saved: "SavedPredictor",
    predicted: Prediction,
    models: list[Any],
    beats_next: Array,
    coverage: float,
) -> list[int]:
    """Give models one rank that neither their first one nor the one before surely beats."""
    ranks: list[int] = []
    while len(ranks) < len(models):
        first = len(ranks)
        later = models[first + 1 :]
        beats = _beats(saved, predicted, [models[first]] * len(later), later, coverage)
        decided = (beats >= DECIDED) | (beats_next[first:] >= DECIDED)
        n_tied = int(np.argmax(decided)) if decided.any() else len(later)
        ranks += [first + 1] * (1 + n_tied)
    return ranks


def _beats(
    saved: "SavedPredictor",
    predicted: Prediction,
    first: list[Any],
    second: list[Any],
    coverage: float,
) -> Array:
    """Return the probability that models score higher than others.

    From their results on common items; with a top-up, which the other model may not have, from
    their intervals.
    """
    if not first:
        return np.empty(0)
    own: Any = predicted
    beats = saved.prob_better(predicted.rows.loc[first], predicted.rows.loc[second])
    found: Array = beats[:, saved.targets.index(OVERALL)].copy()
    z = NormalDist().inv_cdf((1 + coverage) / 2)
    spread = ((own.high - own.low)[OVERALL] / (2 * z)).astype(float)
    for number, (a, b) in enumerate(zip(first, second, strict=True)):
        if own.top_up[a] or own.top_up[b]:
            delta = own.score.loc[a, OVERALL] - own.score.loc[b, OVERALL]
            size = max(math.hypot(spread[a], spread[b]), 1e-12)
            found[number] = NormalDist().cdf(delta / size)
    return found
