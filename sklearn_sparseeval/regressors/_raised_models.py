"""The source models again, as they would be if they were stronger."""

from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import column_or_1d

from sklearn_sparseeval._sklearn import Interval, StrOptions, check_parameters
from sklearn_sparseeval.numerics.item_curves import fit_item_curves
from sklearn_sparseeval.numerics.missing import mean_strength
from sklearn_sparseeval.numerics.score_scale import score_bounds
from sklearn_sparseeval.regressors._base import positive_weights, refuse_rows
from sklearn_sparseeval.regressors._whole_rows import SAME_SCORE, score_lines

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

SHIFT = (1.0, 3.0)
_ENOUGH_TWINS, _MOST_TWINS = 200, 8  # in all, and of one model
# Twins stand beyond the models that the curves were fitted to: slopes are held together firmly.
_SLOPE_PRECISION = 20.0


class RaisedModels(NamedTuple):
    """Twins of source models, from :func:`raise_models`."""

    X: Array  # (n_twins, n_items)
    y: Array  # (n_twins,) or (n_twins, n_tasks)
    model: Indices  # (n_twins,), the row of the history that each was made of


@check_parameters(
    n_twins=[StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    shift=[tuple, list],
    random_state=["random_state"],
)
def raise_models(
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    n_twins: int | str = "auto",
    shift: tuple[float, float] = SHIFT,
    random_state: int | np.random.RandomState | None = None,
) -> RaisedModels:
    """Make twins of the source models that are stronger than they are.

    A twin keeps what its model got right, and gets some of the rest right by chance: as much as
    the logistic curve of each item says of a model so much stronger. A regression that has seen
    such twins is not lost beyond the history.

    Parameters
    ----------
    X : array-like of shape (n_models, n_items)
        Score matrix of the source models; NaN = not evaluated. Every model has a result.
    y : array-like of shape (n_models,) or (n_models, n_tasks), default=None
        Benchmark scores. By default the mean of each model's results.
    sample_weight : array-like of shape (n_models,), default=None
        Weights of the models in the curves; two counts as two rows. All are positive.
    n_twins : int or "auto", default="auto"
        Twins of each model. "auto" makes about 200 in all, one to eight of each model.
    shift : tuple of (float, float), default=(1.0, 3.0)
        By how much, at least and at most, a twin is stronger than its model, in standard
        deviations of the models' strengths. The shifts of all twins are spread evenly between.
    random_state : int, RandomState instance or None, default=None
        Seeds the shifts and the results that become right.

    Returns
    -------
    twins : RaisedModels
        A named tuple: ``X``, the results of the twins, in which a missing result stays missing;
        ``y``, their scores; ``model``, the row of the history that each was made of.

    See Also
    --------
    RaisedRidgeRegressor : Learns from the history and its twins.

    Notes
    -----
    An item that was failed becomes right with probability ``(p' - p) / (1 - p)``, p and p' being
    what its curve expects of the model and of the twin, so that what is expected of the twin
    is p'. A graded result x between 0 and 1 becomes ``x + (1 - x) (p' - p) / (1 - p)`` itself.
    Scores outside [0, 1] are mapped to it by their extremes, and back.

    The score of a twin is that of its model plus what its mean result has gained, times the slope
    of the line from the models' means to `y`; that slope is 1 where `y` is the mean.

    Examples
    --------
    >>> from sklearn_sparseeval import raise_models
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="gsm", return_X_y=True)
    >>> twins = raise_models(X[y < 0.6], y[y < 0.6], random_state=0)
    >>> bool(twins.y.mean() > y[y < 0.6].mean() + 0.1)
    True
    """
    scores = check_array(X, dtype=np.float64, ensure_all_finite="allow-nan", input_name="X")
    rows, weight = positive_weights(sample_weight, scores)
    if len(rows) < len(scores):
        raise ValueError("Some sample weights are zero. Leave these models out.")
    low, high = _checked_shift(shift)
    refuse_rows(np.flatnonzero(np.isnan(scores).all(axis=1)), anchors="any item")
    rng = check_random_state(random_state)
    bounds = score_bounds(scores)
    scale = bounds[1] - bounds[0] or 1.0
    unit = (scores - bounds[0]) / scale
    curves = fit_item_curves(unit, weight, slope_precision=_SLOPE_PRECISION, rasch=False)
    n_models, each = len(scores), _number_of_twins(n_twins, len(scores))
    chance = curves.expected_items(curves.strength)
    twins = []
    for number in range(each):
        place = (rng.permutation(n_models) + 0.5) / n_models
        by = low + (high - low) * (number + place) / each
        up = 1 - (1 - curves.expected_items(curves.strength + by)) / np.maximum(1 - chance, 1e-9)
        lucky = rng.random_sample(scores.shape) < up
        raised = np.where(unit == 0, lucky, unit + (1 - unit) * np.clip(up, 0, 1))
        twins.append(np.where(np.isnan(unit), np.nan, raised) * scale + bounds[0])
    twin_scores, model = np.concatenate(twins), np.tile(np.arange(n_models), each)
    gain = np.nanmean(twin_scores, axis=1) - np.nanmean(scores, axis=1)[model]
    return RaisedModels(twin_scores, _raised_targets(scores, y, weight, gain, model), model)


def _raised_targets(
    X: Array, y: ArrayLike | None, weight: Array, gain: Array, model: Indices
) -> Array:
    means = np.nanmean(X, axis=1)
    if y is None:
        return np.asarray(means[model] + gain)
    target = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    check_consistent_length(X, target)
    columns = target if target.ndim > 1 else column_or_1d(target)[:, np.newaxis]
    known = ~np.isnan(X).all(axis=0)
    size = SAME_SCORE * float(np.nanmax(np.abs(X)))
    slope, _ = score_lines(columns, means, mean_strength(X[:, known], weight), weight, size)
    raised: Array = columns[model] + gain[:, np.newaxis] * slope
    return raised if target.ndim > 1 else raised[:, 0]


def _number_of_twins(n_twins: int | str, n_models: int) -> int:
    if not isinstance(n_twins, str):
        return int(n_twins)
    return int(np.clip(round(_ENOUGH_TWINS / n_models), 1, _MOST_TWINS))


def _checked_shift(shift: Any) -> tuple[float, float]:
    if len(shift) != 2 or not 0 <= shift[0] <= shift[1]:
        raise ValueError(
            f"shift={shift!r} must be two numbers, not negative, the smaller one first."
        )
    return float(shift[0]), float(shift[1])
